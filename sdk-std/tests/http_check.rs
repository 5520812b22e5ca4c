//! The ready-made check, as a plugin runs it.

use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::plugin;
use reglet_sdk_std::prelude::*;
use serde_json::json;

struct Site;

impl Plugin for Site {
    const METADATA: Metadata = Metadata::new("site", "1.0.0", "Checks a site");
    type Config<'a> = http::Check<'a>;

    fn check(check: http::Check<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
        check.run(context)
    }
}

fn run(config: &str, answer: &str) -> (serde_json::Value, Calls) {
    let mock = Mock::new().answer("http_request", answer);
    let (outcome, calls) = mock.run(|| plugin::observe::<Site>(config.as_bytes()));
    (serde_json::from_slice(&outcome).unwrap(), calls)
}

const HI: &str = r#"{"status_code":200,"headers":{"A":["b","c"],"D":["e"]},"body":"aGk=","proto":"HTTP/1.1",
    "latency_ms":7}"#;

fn hi_data() -> serde_json::Value {
    json!({
        "status_code": 200,
        "response_time_ms": 7,
        "protocol": "HTTP/1.1",
        "headers": {"A": ["b", "c"], "D": ["e"]},
        "body_sha256": "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4",
        "body_size": 2,
        "body_length": 2,
        "body": "hi",
        "body_truncated": false,
    })
}

#[test]
fn a_good_answer_is_described() {
    let config = r#"{"url":"http://a","expected_status":200,"expected_body_contains":"i"}"#;
    let (outcome, calls) = run(config, HI);
    assert_eq!(outcome["status"], "success");
    assert_eq!(outcome["message"], "HTTP GET request successful: 200");
    assert_eq!(outcome["data"], hi_data());
    let request = concat!(
        r#"{"method":"GET","url":"http://a","follow_redirects":true,"max_redirects":10,"#,
        r#""context":{"timeout_ms":30000},"timeout_ms":30000}"#
    );
    assert_eq!(calls.requests, [("http_request", request.to_owned())]);
}

#[test]
fn what_is_configured_is_sent() {
    let config = r#"{"url":"http://a","method":"POST","headers":{"X":"\u0041"},"body":"hello","timeout_ms":5,
        "max_redirects":3}"#;
    let (outcome, calls) = run(config, r#"{"status_code":404}"#);
    let expected = concat!(
        r#"{"method":"POST","url":"http://a","headers":{"X":["A"]},"body":"aGVsbG8=","#,
        r#""follow_redirects":true,"max_redirects":3,"context":{"timeout_ms":5},"timeout_ms":5}"#
    );
    assert_eq!(calls.requests[0].1, expected);
    assert_eq!(outcome["message"], "HTTP POST request successful: 404");
    assert_eq!(outcome["data"], json!({"status_code": 404, "response_time_ms": 0, "protocol": ""}));
}

#[test]
fn redirects_are_not_followed_if_they_should_not_be() {
    let (_, calls) = run(r#"{"url":"http://a","follow_redirects":false}"#, HI);
    assert!(calls.requests[0].1.contains(r#""follow_redirects":false,"max_redirects":0,"#));
}

#[test]
fn another_status_is_a_failure() {
    let (outcome, _) = run(r#"{"url":"http://a","expected_status":204,"expected_body_contains":"x"}"#, HI);
    assert_eq!(outcome["status"], "failure");
    assert_eq!(outcome["message"], "HTTP status mismatch: expected 204, got 200");
    let mut data = hi_data();
    data["expected_status"] = 204.into();
    data["actual_status"] = 200.into();
    assert_eq!(outcome["data"], data);
}

#[test]
fn a_body_without_the_text_is_a_failure() {
    let (outcome, _) = run(r#"{"url":"http://a","expected_body_contains":"ih"}"#, HI);
    assert_eq!(outcome["status"], "failure");
    assert_eq!(outcome["message"], "HTTP body mismatch: expected to contain 'ih'");
    let mut data = hi_data();
    data["expected_body_contains"] = "ih".into();
    assert_eq!(outcome["data"], data);
}

#[test]
fn an_empty_text_is_in_every_body() {
    for answer in [HI, r#"{"status_code":200}"#] {
        let (outcome, _) = run(r#"{"url":"http://a","expected_body_contains":""}"#, answer);
        assert_eq!(outcome["status"], "success");
    }
}

#[test]
fn the_start_of_the_body_ends_with_a_whole_character() {
    for (length, body, cut) in
        [(0, "", true), (1, "a", true), (2, "a", true), (3, "aü", true), (4, "aüb", false), (9, "aüb", false)]
    {
        let config = format!(r#"{{"url":"http://a","body_preview_length":{length}}}"#);
        let (outcome, _) = run(&config, r#"{"status_code":200,"body":"YcO8Yg=="}"#);
        let data = &outcome["data"];
        assert_eq!((&data["body"], &data["body_truncated"]), (&body.into(), &cut.into()), "{length}");
        assert_eq!((&data["body_size"], &data["body_length"]), (&4.into(), &4.into()));
    }
}

#[test]
fn two_hundred_bytes_are_shown_by_default() {
    let mock = Mock::new().http(200, [b'x'; 300]);
    let (outcome, _) = mock.run(|| plugin::observe::<Site>(br#"{"url":"http://a"}"#));
    let outcome: serde_json::Value = serde_json::from_slice(&outcome).unwrap();
    assert_eq!(outcome["data"]["body"], "x".repeat(200));
    assert_eq!(outcome["data"]["body_truncated"], true);
}

#[test]
fn a_body_that_is_no_text_is_shown_as_well_as_it_can_be() {
    let (outcome, _) = run(r#"{"url":"http://a"}"#, r#"{"status_code":200,"body":"Z3L8bg=="}"#);
    assert_eq!(outcome["data"]["body"], "gr\u{fffd}n");
    let bytes = r#"{"status_code":200,"body":"gICAgICA"}"#;
    let (outcome, _) = run(r#"{"url":"http://a","body_preview_length":4}"#, bytes);
    assert_eq!(outcome["data"]["body"], "\u{fffd}".repeat(4));
}

#[test]
fn an_error_of_the_host_stays_what_it_is() {
    let detail = r#"{"message":"m","type":"timeout","code":"TIMEOUT","is_timeout":true}"#;
    let (outcome, _) = run(r#"{"url":"http://a"}"#, &[r#"{"error":"#, detail, "}"].concat());
    assert_eq!(outcome["status"], "error");
    assert_eq!(outcome["error"], serde_json::from_str::<serde_json::Value>(detail).unwrap());
}

#[test]
fn a_configuration_that_is_wrong_is_refused_without_asking_the_host() {
    for (config, kind, code) in [
        (r#"{"url":""}"#, "config", "MISSING_URL"),
        ("{}", "config", "MISSING_URL"),
        (r#"{"url":"http://a","expected_status":99}"#, "config", "expected_status"),
        (r#"{"url":"http://a","headers":{"X":1}}"#, "config", "headers.X"),
        (r#"{"url":"a"}"#, "validation", "invalid_url"),
        (r#"{"url":"http://a","headers":{"X":"\n"}}"#, "validation", "invalid_header"),
        (r#"{"url":"http://a","method":""}"#, "validation", "invalid_method"),
    ] {
        let (outcome, calls) = run(config, HI);
        let error = &outcome["error"];
        assert_eq!((&error["type"], &error["code"]), (&kind.into(), &code.into()), "{config}: {outcome}");
        assert_eq!(calls.requests.len(), 0, "{config}");
    }
}

#[test]
fn its_default_is_a_configuration_that_says_nothing() {
    assert_eq!(http::Check::default(), http::Check::from_json(b"{}").unwrap());
}
