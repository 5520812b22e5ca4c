//! Configurations: rules of garde, and the helpers of Go.

use reglet_sdk_std::config::go;
use reglet_sdk_std::json::Value;

#[cfg(feature = "garde")]
mod rules {
    use garde::Validate;
    use reglet_sdk_std::config::Valid;
    use reglet_sdk_std::json::{FromValue, Value, read};
    use reglet_sdk_std::plugin::observe;
    use reglet_sdk_std::prelude::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize, Validate)]
    struct Config {
        #[garde(length(min = 1), custom(no_space))]
        host: String,
        #[garde(dive)]
        #[serde(default)]
        ports: Vec<Port>,
    }

    #[derive(Debug, Deserialize, Validate)]
    struct Port {
        #[garde(range(min = 1))]
        number: u16,
    }

    serde_config!(Config, schema: r#"{"type": "object"}"#);

    fn no_space(host: &str, (): &()) -> garde::Result {
        if host.contains(' ') { Err(garde::Error::new("has a \"space\"")) } else { Ok(()) }
    }

    struct Check;

    impl Plugin for Check {
        const METADATA: Metadata = Metadata::new("check", "1.0.0", "Checks rules");
        type Config<'a> = Valid<Config>;

        fn check(config: Valid<Config>, _: &Context<'_>) -> Result<Outcome, Error> {
            let ports = config.ports.len();
            Ok(Outcome::success(text![config.into_inner().host, " ", ports]))
        }
    }

    fn outcome(config: &str) -> String {
        let outcome = String::from_utf8(observe::<Check>(config.as_bytes())).unwrap();
        outcome.split_once(',').unwrap().1.to_owned()
    }

    #[test]
    fn a_config_that_obeys_its_rules_reaches_the_check() {
        assert_eq!(
            outcome(r#"{"host":"a","ports":[{"number":1}]}"#),
            r#""status":"success","message":"a 1","data":{}}"#
        );
    }

    #[test]
    fn a_broken_rule_is_a_config_error_at_its_path() {
        assert_eq!(
            outcome(r#"{"host":"a","ports":[{"number":1},{"number":0}]}"#),
            concat!(
                r#""status":"error","message":"config validation failed for field 'ports[1].number': lower than 1","#,
                r#""error":{"message":"config validation failed for field 'ports[1].number': lower than 1","#,
                r#""type":"config","code":"ports[1].number"},"data":{}}"#
            )
        );
    }

    #[test]
    fn all_broken_rules_are_in_the_details() {
        let outcome = outcome(r#"{"host":" ","ports":[{"number":0}]}"#);
        assert!(outcome.contains(r#""type":"config","code":"host""#), "{outcome}");
        assert!(
            outcome.contains(concat!(
                r#""details":{"errors":[{"field":"host","message":"has a \"space\""},"#,
                r#"{"field":"ports[0].number","message":"lower than 1"}]}"#
            )),
            "{outcome}"
        );
    }

    #[test]
    fn a_value_of_another_type_is_found_before_the_rules() {
        let outcome = outcome(r#"{"host":"","ports":[{"number":-1}]}"#);
        assert!(outcome.contains(r#""code":"ports[0].number"}"#), "{outcome}");
        assert!(outcome.contains("expected a whole number from 0 to 65535, got a number"), "{outcome}");
    }

    #[test]
    fn rules_hold_wherever_it_is_read() {
        let document = br#"{"host":""}"#;
        assert_eq!(
            read::<Valid<Config>>(document).unwrap_err().describe(document),
            "expected a value that its rules allow, got an object"
        );
        assert!(read::<Valid<Config>>(br#"{"host":"a"}"#).is_ok());
    }

    #[test]
    fn the_schema_is_that_of_the_type() {
        assert_eq!(Valid::<Config>::SCHEMA, Config::SCHEMA);
    }

    config! {
        /// Declared, with a rule that goes beyond.
        pub struct Range {
            first: u16,
            last: u16,
        }
    }

    impl Validate for Range {
        type Context = ();

        fn validate_into(&self, (): &(), _: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
            if self.first > self.last {
                report.append(garde::Path::empty(), garde::Error::new("ends before it begins"));
            }
        }
    }

    #[test]
    fn a_rule_of_the_whole_has_no_path() {
        let error = Valid::<Range>::from_config(br#"{"first":2,"last":1}"#).unwrap_err();
        assert_eq!(error.message(), "config validation failed: ends before it begins");
        assert_eq!(error.code(), "");
        assert!(
            Value::parse(b"{}").is_ok() && Valid::<Range>::from_config(br#"{"first":1,"last":1}"#).is_ok()
        );
    }
}

const CONFIG: &[u8] =
    br#"{"s": "a\n", "e": "", "i": 3, "f": 3.9, "b": true, "l": ["x", "y"], "m": ["x", 1]}"#;

fn config() -> Value<'static> {
    Value::parse(CONFIG).unwrap()
}

#[test]
fn helpers_of_go_give_what_is_there() {
    let config = config();
    assert_eq!(go::get_string(config, "s").as_deref(), Some("a\n"));
    assert_eq!((go::get_int(config, "i"), go::get_float(config, "i")), (Some(3), Some(3.0)));
    assert_eq!((go::get_float(config, "f"), go::get_int(config, "f")), (Some(3.9), None));
    assert_eq!((go::get_bool(config, "b"), go::get_bool(config, "s")), (Some(true), None));
    assert_eq!(go::get_string_slice(config, "l"), Some(vec!["x".into(), "y".into()]));
    assert_eq!(go::get_string_slice(config, "m"), None);
}

#[test]
fn helpers_of_go_fall_back_on_defaults() {
    let config = config();
    assert_eq!(go::get_string_default(config, "x", "d"), "d");
    assert_eq!(go::get_int_default(config, "s", 5), 5);
    assert_eq!(go::get_float_default(config, "x", 1.5), 1.5);
    assert!(!go::get_bool_default(config, "x", false));
    assert_eq!(go::optional_string(config, "s", "d"), "a\n");
    assert_eq!(go::optional_int(config, "x", 5), 5);
}

#[test]
fn helpers_of_go_fail_with_the_texts_of_go() {
    let config = config();
    for (error, text) in [
        (go::must_get_string(config, "x").err(), "required string field 'x' is missing or not a string"),
        (go::must_get_int(config, "x").err(), "required int field 'x' is missing or not a number"),
        (go::must_get_float(config, "x").err(), "required float field 'x' is missing or not a number"),
        (go::must_get_bool(config, "x").err(), "required bool field 'x' is missing or not a boolean"),
    ] {
        let error = error.unwrap();
        assert_eq!(error.message(), ["config validation failed for field 'x': ", text].concat());
        assert_eq!((&*error.type_name(), &*error.code()), ("config", "x"));
    }
    assert_eq!(go::require_string(config, "x").unwrap_err().message(), "missing required field: x");
    for key in ["e", "i"] {
        let error = go::require_string(config, key).unwrap_err();
        assert_eq!(error.message(), format!("field {key} must be non-empty string"));
    }
    assert_eq!(go::require_string(config, "s").unwrap(), "a\n");
}
