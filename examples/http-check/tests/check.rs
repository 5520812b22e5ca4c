//! The check against a host that answers as it is told to.

use http_check::HttpCheck;
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::plugin;

/// `status: ok` and a line break, as text.
const HEALTHY: &str = r#"{"status_code":200,"headers":{"Content-Type":["text/plain"]},"body":"c3RhdHVzOiBvawo=",
    "latency_ms":7}"#;

const CONFIG: &str = r#"{"url":"http://localhost/health","contains":"status: ok"}"#;

/// The outcome of the check, and what the plugin asked for.
fn check(config: &str, answer: &str) -> (String, Calls) {
    check_with(Mock::new().answer("http_request", answer), config)
}

fn check_with(mock: Mock, config: &str) -> (String, Calls) {
    let (outcome, calls) = mock.run(|| plugin::observe::<HttpCheck>(config.as_bytes()));
    (String::from_utf8(outcome).unwrap(), calls)
}

/// An outcome without its time, which the host puts in.
fn outcome(status: &str, rest: &str) -> String {
    format!(r#"{{"timestamp":"0001-01-01T00:00:00.000000000Z","status":"{status}",{rest}}}"#)
}

#[test]
fn a_page_as_expected_is_a_success() {
    let (result, calls) = check(CONFIG, HEALTHY);
    let data =
        r#""data":{"status_code":200,"response_time_ms":7,"content_type":"text/plain","body_length":11}"#;
    assert_eq!(result, outcome("success", &format!(r#""message":"the page is as expected",{data}"#)));
    let request = r#"{"method":"GET","url":"http://localhost/health","context":{"timeout_ms":10000},"timeout_ms":10000}"#;
    assert_eq!(calls.requests, [("http_request", request.to_owned())]);
}

#[test]
fn the_log_tells_what_is_done() {
    let (_, calls) = check(CONFIG, HEALTHY);
    for (record, parts) in calls.logs.iter().zip([
        ["asking", r#""key":"url","type":"string","value":"http://localhost/health""#],
        ["answered", r#""key":"bytes","type":"uint64","value":"11""#],
        ["compared", r#""key":"text","type":"bool","value":"true""#],
    ]) {
        for part in parts {
            assert!(record.contains(part), "{record}");
        }
    }
    assert_eq!(calls.logs.len(), 3);
}

#[test]
fn another_status_is_a_failure() {
    let config = r#"{"url":"http://localhost/health","expected_status":204,"timeout_ms":5}"#;
    let (result, calls) = check_with(Mock::new().http(200, "status: ok"), config);
    assert!(result.contains(r#""status":"failure","message":"the page has another status""#), "{result}");
    assert!(calls.requests[0].1.ends_with(r#""timeout_ms":5}"#), "{calls:?}");
}

#[test]
fn a_page_without_the_text_is_a_failure() {
    let config = r#"{"url":"http://localhost/health","contains":"status: down"}"#;
    let (result, _) = check_with(Mock::new().http(200, "status: ok"), config);
    assert!(result.contains(r#""status":"failure","message":"the page lacks the text""#), "{result}");
}

#[test]
fn a_page_may_be_empty_and_have_no_type() {
    let (result, _) = check_with(Mock::new().http(200, ""), r#"{"url":"http://localhost/health"}"#);
    let data = r#""data":{"status_code":200,"response_time_ms":0,"content_type":null,"body_length":0}"#;
    assert!(result.contains(r#""status":"success""#) && result.contains(data), "{result}");
}

#[test]
fn an_error_of_the_host_is_passed_on() {
    let detail = r#"{"message":"dial \"x\"","type":"network","code":"CONNECTION_REFUSED"}"#;
    let (result, calls) = check(CONFIG, &format!(r#"{{"status_code":0,"error":{detail}}}"#));
    assert_eq!(result, outcome("error", &format!(r#""message":"dial \"x\"","error":{detail},"data":{{}}"#)));
    assert_eq!(calls.logs.len(), 1);
}

#[test]
fn a_denial_of_any_host_is_one() {
    let denial = "network capability denied: localhost:80";
    let (result, _) =
        check(CONFIG, &format!(r#"{{"error":"VALIDATION_ERROR","message":"{denial}","code":400}}"#));
    assert!(result.contains(&format!(r#""message":"{denial}","type":"capability""#)), "{result}");
}

#[test]
fn a_body_that_can_not_be_searched_is_an_error() {
    for (answer, code) in [
        (r#"{"status_code":200,"body":"c3RhdHVz","body_truncated":true}"#, "body_truncated"),
        (r#"{"status_code":200,"body":"/w=="}"#, "invalid_utf8"),
        (r#"{"status_code":200,"body":"?"}"#, "wire_format"),
    ] {
        let (result, _) = check(CONFIG, answer);
        assert!(result.contains(r#""status":"error""#), "{result}");
        assert!(result.contains(&format!(r#""code":"{code}""#)), "{result}");
    }
}

#[test]
fn without_a_url_the_host_is_not_asked() {
    for (config, code) in [
        ("{}", "url"),
        (r#"{"url":""}"#, "url"),
        (r#"{"url":"localhost/health"}"#, "invalid_url"),
        (r#"{"url":"http://localhost","expected_status":600}"#, "expected_status"),
        (r#"{"url":"http://localhost","timeout_ms":0}"#, "timeout_ms"),
    ] {
        let (result, calls) = check(config, HEALTHY);
        assert!(result.contains(&format!(r#""code":"{code}""#)), "{config}: {result}");
        assert_eq!(calls.requests.len(), 0);
    }
}
