//! Outcomes of a plugin that reports errors as Go plugins do.

use reglet_sdk_core::plugin::{Errors, observe};
use reglet_sdk_core::prelude::*;

config! {
    /// What to say.
    pub struct Config<'a> {
        /// It.
        message: Str<'a>,
    }
}

struct InGo;

impl Plugin for InGo {
    const METADATA: Metadata = Metadata::new("in-go", "1.0.0", "Fails");
    const ERRORS: Errors = Errors::AsInGo;
    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
        Err(Error::network("connect", "a:1", config.message).with_detail("port", 1))
    }
}

fn outcome(config: &str) -> String {
    let outcome = String::from_utf8(observe::<InGo>(config.as_bytes())).unwrap();
    outcome.split_once(',').unwrap().1.to_owned()
}

#[test]
fn an_error_of_the_check_is_a_failure_with_its_text() {
    assert_eq!(
        outcome(r#"{"message":"\"no\""}"#),
        r#""status":"failure","message":"network connect failed for a:1: \"no\"","data":{}}"#
    );
}

#[test]
fn a_value_that_breaks_a_rule_is_a_failure() {
    assert_eq!(
        outcome("{}"),
        concat!(
            r#""status":"failure","message":"config validation failed for field 'message': "#,
            r#"expected a string, got nothing","data":{}}"#
        )
    );
}

#[test]
fn a_config_that_can_not_be_read_is_an_error() {
    assert!(outcome("[").starts_with(r#""status":"error","message":"failed to parse config: "#));
}

fn fail(config: Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
    InGo::check(config, context)
}

services! {
    /// Fails as well.
    struct Services;

    const ERRORS: Errors = Errors::AsInGo;
    const METADATA: Metadata = Metadata::new("in-go", "1.0.0", "Fails");

    /// Failures.
    failures {
        /// Fails.
        fail,
    }
}

#[test]
fn services_report_errors_in_the_same_way_if_they_say_so() {
    let outcome = String::from_utf8(observe::<Services>(br#"{"message":"no"}"#)).unwrap();
    assert!(outcome.contains(r#""status":"failure","message":"network connect failed"#), "{outcome}");
}
