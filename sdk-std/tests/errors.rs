//! Errors on their way to the host.

use core::time::Duration;

use reglet_sdk_std::error::Kind;
use reglet_sdk_std::mock::Mock;
use reglet_sdk_std::plugin::observe;
use reglet_sdk_std::prelude::*;

struct Reads;

impl Plugin for Reads {
    const METADATA: Metadata = Metadata::new("reads", "1.0.0", "Reads a file");
    type Config<'a> = ();

    fn check((): (), _: &Context<'_>) -> Result<Outcome, Error> {
        let text = std::fs::read_to_string("/no/such/file").during("reading the list")?;
        Ok(Outcome::success(text))
    }
}

#[test]
fn an_error_of_std_ends_a_check_with_its_type_code_cause_and_flags() {
    let outcome = String::from_utf8(observe::<Reads>(b"{}")).unwrap();
    for part in [
        r#""status":"error","message":"reading the list: No such file"#,
        r#""type":"internal","code":"not_found","is_not_found":true,"wrapped":{"message":"No such file"#,
    ] {
        assert!(outcome.contains(part), "{outcome}");
    }
}

#[test]
fn what_the_host_said_is_kept_within() {
    let answer =
        r#"{"error":{"message":"no","type":"policy","code":"P1","details":{"rule":7},"is_timeout":true}}"#;
    let (error, _) = Mock::new().answer("tcp_connect", answer).run(|| {
        let request = tcp::Request::new(&"a", 1);
        request.send(&Context::default()).during(text!["asking ", "a"]).map(|_| ()).unwrap_err()
    });
    assert_eq!(error.message(), "asking a: no");
    assert_eq!((&*error.type_name(), &*error.code(), error.is_timeout()), ("policy", "P1", true));
    assert_eq!(error.cause().unwrap().details().get("rule").integer().unwrap(), 7);
}

#[test]
fn steps_add_up() {
    let cause = Error::timeout("read", "", Duration::from_secs(1));
    let result: Result<(), Error> = Err(cause).during("first").during("then");
    let error = result.unwrap_err();
    assert_eq!(error.message(), "then: first: read timeout after 1s");
    assert!(error.is_timeout() && error.cause().and_then(|error| error.cause()).is_some());
}

#[test]
fn a_text_tells_what_the_message_ends_with_once() {
    let cause = Error::new(Kind::Validation, "score: expected a number").with_code("score");
    let told =
        Error::new(Kind::Validation, "invalid JSON: score: expected a number").with_code("invalid_json");
    let error = told.with_source(&cause).during("reading the answer");
    let text = "validation: reading the answer: invalid JSON: score: expected a number [invalid_json]";
    assert_eq!(error.to_string(), text);
    let untold = Error::internal("out").with_source(&cause).during("looking");
    assert_eq!(untold.to_string(), "looking: out: validation: score: expected a number [score]");
    let silent = Error::internal("out").with_source(&Error::internal("").with_code("E7"));
    assert_eq!(silent.to_string(), "out:  [E7]");
}

#[test]
fn a_variable_that_is_not_set_is_not_found() {
    let read = || -> Result<String, Error> { Ok(std::env::var("NO_SUCH_VARIABLE_IS_SET")?) };
    let error = read().unwrap_err();
    assert_eq!((error.kind(), &*error.code(), error.is_not_found()), (Kind::Validation, "not_found", true));
}
