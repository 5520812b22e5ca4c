//! The check against a host that answers as it is told to.

use dns_check::DnsCheck;
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::{Timestamp, plugin};

const CONFIG: &str = r#"{"hostname":"service.example","expected":"192.0.2.1"}"#;

fn check(config: &str, answers: &[&str]) -> (String, Calls) {
    let mock = Mock::new().clock(Timestamp::from_unix(1_800_000_000, 0));
    let mock = answers.iter().fold(mock, |mock, answer| mock.answer("dns_lookup", *answer));
    let (outcome, calls) = mock.run(|| plugin::observe::<DnsCheck>(config.as_bytes()));
    (String::from_utf8(outcome).unwrap(), calls)
}

#[test]
fn a_record_that_is_there_is_a_success() {
    let (outcome, calls) = check(CONFIG, &[r#"{"records":["192.0.2.7","192.0.2.1"]}"#]);
    assert_eq!(
        outcome,
        concat!(
            r#"{"timestamp":"0001-01-01T00:00:00.000000000Z","status":"success","#,
            r#""message":"service.example has the record 192.0.2.1","#,
            r#""data":{"records":["192.0.2.7","192.0.2.1"]}}"#
        )
    );
    let request =
        r#"{"hostname":"service.example","type":"A","context":{"timeout_ms":2000},"timeout_ms":2000}"#;
    assert_eq!(calls.requests, [("dns_lookup", request.to_owned())]);
    assert_eq!(calls.logs.len(), 1);
}

#[test]
fn mail_exchangers_are_compared_by_name() {
    let config = concat!(
        r#"{"hostname":"service.example","record_type":"MX","expected":"mail.service.example.","#,
        r#""nameserver":"127.0.0.1:5353"}"#
    );
    let (outcome, calls) = check(config, &[r#"{"mx_records":[{"host":"mail.service.example.","pref":10}]}"#]);
    assert!(outcome.contains(r#""status":"success""#), "{outcome}");
    assert!(calls.requests[0].1.contains(r#""type":"MX","nameserver":"127.0.0.1:5353""#), "{calls:?}");
}

#[test]
fn a_record_that_is_not_there_is_a_failure() {
    for answer in ["{}", r#"{"records":["192.0.2.7","192.0.2.10"]}"#] {
        let (outcome, _) = check(CONFIG, &[answer]);
        let failure = r#""status":"failure","message":"service.example lacks the record 192.0.2.1","#;
        assert!(outcome.contains(failure), "{outcome}");
    }
}

#[test]
fn a_name_that_does_not_exist_is_a_failure() {
    let answer = r#"{"error":{"type":"network","code":"LOOKUP_FAILED","message":"no","is_not_found":true}}"#;
    let (outcome, _) = check(CONFIG, &[answer]);
    assert!(
        outcome.contains(r#""status":"failure","message":"service.example does not exist","#),
        "{outcome}"
    );
}

#[test]
fn a_server_that_does_not_answer_is_asked_again() {
    let late = r#"{"error":{"type":"timeout","code":"TIMEOUT","message":"late"}}"#;
    let (outcome, calls) = check(CONFIG, &[late, late, r#"{"records":["192.0.2.1"]}"#]);
    assert!(outcome.contains(r#""status":"success""#), "{outcome}");
    assert_eq!(calls.requests.len(), 3);

    let (outcome, calls) = check(CONFIG, &[late; 3]);
    assert!(outcome.contains(r#""status":"error","message":"late""#), "{outcome}");
    assert!(outcome.contains(r#""details":{"hostname":"service.example","record_type":"A"}"#), "{outcome}");
    assert_eq!(calls.requests.len(), 3);
}

#[test]
fn a_denial_is_an_error() {
    let answer = r#"{"error":{"type":"capability","code":"CAPABILITY_DENIED","message":"denied"}}"#;
    let (outcome, calls) = check(CONFIG, &[answer]);
    assert!(outcome.contains(r#""type":"capability","code":"CAPABILITY_DENIED""#), "{outcome}");
    assert_eq!(calls.requests.len(), 1);
}

#[test]
fn a_configuration_that_breaks_a_rule_is_an_error() {
    for (config, field) in [
        ("{}", "hostname"),
        (r#"{"hostname":"service.example"}"#, "expected"),
        (r#"{"hostname":"service.example","expected":""}"#, "expected"),
        (r#"{"hostname":"service.example","expected":"x","record_type":"SRV"}"#, "record_type"),
    ] {
        let (outcome, calls) = check(config, &["{}"]);
        let code = format!(r#""type":"config","code":"{field}""#);
        assert!(outcome.contains(&code), "{outcome}");
        assert_eq!(calls.unused, 1);
    }
}
