//! The check against a host that answers as it is told to.

use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::plugin;
use tcp_check::TcpCheck;

const TLS: &str = r#"{"connected":true,"tls":true,"tls_version":"TLS 1.2","response_time_ms":42}"#;

fn check(config: &str, answer: &str) -> (String, Calls) {
    let mock = Mock::new().answer("tcp_connect", answer);
    let (outcome, calls) = mock.run(|| plugin::observe::<TcpCheck>(config.as_bytes()));
    (String::from_utf8(outcome).unwrap(), calls)
}

#[test]
fn a_version_that_is_recent_enough_is_a_success() {
    let (outcome, calls) = check(r#"{"host":"example.com","port":443,"tls":true,"timeout_s":2}"#, TLS);
    assert_eq!(
        outcome,
        concat!(
            r#"{"timestamp":"0001-01-01T00:00:00.000000000Z","status":"success","#,
            r#""message":"connected over TLS 1.2","data":{"milliseconds":42}}"#
        )
    );
    let request = concat!(
        r#"{"host":"example.com","port":"443","tls":true,"use_tls":true,"#,
        r#""context":{"timeout_ms":2000},"timeout_ms":2000}"#
    );
    assert_eq!(calls.requests, [("tcp_connect", request.to_owned())]);
    assert_eq!(calls.logs.len(), 1);
}

#[test]
fn a_version_that_is_too_old_is_a_failure() {
    let config = r#"{"host":"example.com","port":443,"tls":true,"min_tls_version":"TLS 1.3"}"#;
    let (outcome, _) = check(config, TLS);
    assert!(outcome.contains(r#""status":"failure","message":"TLS 1.2 is older than TLS 1.3""#), "{outcome}");
    let (outcome, _) = check(config, r#"{"connected":true,"tls_version":"TLS 1.3"}"#);
    assert!(outcome.contains(r#""status":"success","message":"connected over TLS 1.3""#), "{outcome}");
}

#[test]
fn without_tls_it_need_only_answer() {
    let connected = r#"{"connected":true}"#;
    let (outcome, calls) = check(r#"{"host":"::1","port":22}"#, connected);
    assert!(outcome.contains(r#""status":"success","message":"connected""#), "{outcome}");
    assert!(calls.requests[0].1.contains(r#""tls":false"#), "{calls:?}");
    let (outcome, _) = check(r#"{"host":"::1","port":22,"tls":true}"#, connected);
    assert!(outcome.contains(r#""status":"failure","message":"connected without TLS""#), "{outcome}");
}

#[test]
fn an_error_of_the_host_is_passed_on() {
    for (kind, code) in
        [("network", "CONNECTION_REFUSED"), ("timeout", "TIMEOUT"), ("capability", "CAPABILITY_DENIED")]
    {
        let error = format!(r#""error":{{"message":"m","type":"{kind}","code":"{code}"}}"#);
        let (outcome, _) =
            check(r#"{"host":"example.com","port":443}"#, &format!(r#"{{"connected":false,{error}}}"#));
        assert!(
            outcome.contains(r#""status":"error","message":"m","#) && outcome.contains(&error),
            "{outcome}"
        );
    }
}

#[test]
fn a_configuration_that_breaks_a_rule_is_an_error() {
    for (config, field) in [
        ("{}", "host"),
        (r#"{"host":"example.com"}"#, "port"),
        (r#"{"host":"example.com","port":0}"#, "port"),
        (r#"{"host":"example.com","port":443,"min_tls_version":"TLS 1.1"}"#, "min_tls_version"),
        (r#"{"host":"example.com","port":443,"timeout_s":61}"#, "timeout_s"),
    ] {
        let (outcome, calls) = check(config, TLS);
        assert!(outcome.contains(&format!(r#""type":"config","code":"{field}""#)), "{outcome}");
        assert_eq!(calls.unused, 1);
    }
}
