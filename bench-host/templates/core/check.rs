//! The check against a host that answers as it is told to.

use my_plugin::Check;
use reglet_sdk_core::mock::{Calls, Mock};
use reglet_sdk_core::plugin;

/// The outcome of the check, and what the plugin asked its host for.
fn check(config: &str, mock: Mock) -> (String, Calls) {
    let (outcome, calls) = mock.run(|| plugin::observe::<Check>(config.as_bytes()));
    (String::from_utf8(outcome).unwrap(), calls)
}

#[test]
fn a_port_that_answers_is_a_success() {
    let answer = r#"{"connected":true,"response_time_ms":7}"#;
    let mock = Mock::new().answer("tcp_connect", answer);
    let (outcome, calls) = check(r#"{"host":"example.com"}"#, mock);
    assert!(outcome.contains(r#""status":"success""#), "{outcome}");
    assert!(outcome.contains(r#""milliseconds":7"#), "{outcome}");
    assert!(calls.requests[0].1.contains(r#""port":"443""#), "{calls:?}");
}

#[test]
fn a_port_that_does_not_answer_is_an_error() {
    let answer = r#"{"connected":false,"error":{"message":"refused","type":"network"}}"#;
    let mock = Mock::new().answer("tcp_connect", answer);
    let (outcome, _) = check(r#"{"host":"example.com"}"#, mock);
    assert!(
        outcome.contains(r#""status":"error","message":"refused""#),
        "{outcome}"
    );
}

#[test]
fn with_a_bad_configuration_the_host_is_not_asked() {
    let (outcome, calls) = check(r#"{"host":"example.com","port":0}"#, Mock::new());
    assert!(
        outcome.contains("expected a whole number from 1 to 65535, got a number"),
        "{outcome}"
    );
    assert!(calls.requests.is_empty(), "{calls:?}");
}
