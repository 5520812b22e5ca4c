//! The entry points, as Go has it.

use super::*;

config! {
    /// A configuration.
    struct Config {
        /// What to do.
        mode: Option<String>,
        /// How often.
        count: u32 = 1,
    }
}

struct Observed;

impl Plugin for Observed {
    const METADATA: Metadata = Metadata::new("observed", "1.0.0", "Says what it was told");
    type Config<'a> = Config;

    fn check(config: Config, _: &Context<'_>) -> Result<Outcome, Error> {
        Ok(Outcome::success(config.mode.unwrap_or_default()).data("count", config.count))
    }
}

fn outcome(config: &str) -> serde_json::Value {
    serde_json::from_slice(&observe::<Observed>(config.as_bytes())).expect("an outcome is JSON")
}

#[test]
fn takes_the_configs_that_hosts_pass() {
    for (config, mode) in [(r#"{"mode":"x"}"#, json!("x")), ("{}", json!("")), ("null", json!(""))] {
        let outcome = outcome(config);
        assert_eq!(outcome["status"], "success", "{config}");
        assert_eq!(outcome["message"], mode);
    }
}

#[test]
fn answers_bad_configs_with_an_error() {
    for (config, message) in [
        ("", "failed to parse config: unexpected end of JSON input"),
        ("[]", "failed to parse config: "),
        ("1", "failed to parse config: "),
        ("\"x\"", "failed to parse config: "),
        ("{bad", "failed to parse config: invalid character"),
    ] {
        let outcome = outcome(config);
        assert_eq!((&outcome["status"], &outcome["error"]["type"]), (&json!("error"), &json!("internal")));
        let found = outcome["error"]["message"].as_str().expect("it has a message");
        assert!(found.starts_with(message), "{config}: {found}");
    }
}

#[test]
fn takes_whole_numbers_as_go_does() {
    for (number, count) in
        [("0", Some(0)), ("4294967295", Some(u32::MAX)), ("-0", Some(0)), ("null", Some(1))]
    {
        assert_eq!(
            outcome(&format!(r#"{{"Count":{number}}}"#))["data"]["count"].as_u64(),
            count.map(u64::from)
        );
    }
    for number in ["1.5", "1e3", "4294967296", "-1", "1e+21", "\"1\"", "true", "[]"] {
        let outcome = outcome(&format!(r#"{{"count":{number}}}"#));
        assert_eq!(
            (&outcome["error"]["type"], &outcome["error"]["code"]),
            (&json!("config"), &json!("count")),
            "{number}"
        );
    }
}
