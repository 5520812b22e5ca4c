//! The check against a host that answers as it is told to.

use my_plugin::Check;
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::plugin;

/// The outcome of the check, and what the plugin asked its host for.
fn check(config: &str, mock: Mock) -> (String, Calls) {
    let (outcome, calls) = mock.run(|| plugin::observe::<Check>(config.as_bytes()));
    (String::from_utf8(outcome).unwrap(), calls)
}

#[test]
fn a_page_with_the_expected_status_is_a_success() {
    let (outcome, calls) = check(
        r#"{"url":"http://localhost/"}"#,
        Mock::new().http(200, "hello"),
    );
    assert!(outcome.contains(r#""status":"success""#), "{outcome}");
    assert_eq!(calls.functions(), ["http_request"]);
}

#[test]
fn another_status_is_a_failure() {
    let (outcome, _) = check(r#"{"url":"http://localhost/"}"#, Mock::new().http(404, ""));
    assert!(outcome.contains(r#""status":"failure""#), "{outcome}");
    assert!(
        outcome.contains("http://localhost/ has the status 404"),
        "{outcome}"
    );
}

#[test]
fn with_a_bad_configuration_the_host_is_not_asked() {
    let (outcome, calls) = check(r#"{"url":"http://x","expected_status":7}"#, Mock::new());
    assert!(
        outcome.contains("expected a whole number from 100 to 599, got a number"),
        "{outcome}"
    );
    assert!(calls.requests.is_empty(), "{calls:?}");
}
