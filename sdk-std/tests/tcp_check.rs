//! The ready-made check of connections.

use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::tcp::Check;
use reglet_sdk_std::{Context, Timestamp};

const START: Timestamp = Timestamp::from_unix(1_800_000_000, 0);
const TLS: &str = r#"{"connected":true,"tls":true,"remote_addr":"192.0.2.1:443","local_addr":"192.0.2.2:5",
    "response_time_ms":42,"tls_version":"TLS 1.3","tls_cipher_suite":"TLS_AES_128_GCM_SHA256",
    "tls_server_name":"example.com","tls_cert_subject":"CN=example.com","tls_cert_issuer":"CN=Example CA",
    "tls_cert_not_after":"2027-01-25T08:00:00Z"}"#;

/// The outcome, the error or what is wrong with the configuration; and what the check asked.
fn check_at(time: Timestamp, config: &str, answer: &str) -> (String, Calls) {
    let run = || match Check::from_json(config.as_bytes()) {
        Ok(check) => match check.run(&Context::default()) {
            Ok(outcome) => String::from_utf8(outcome.into_json()).unwrap(),
            Err(error) => error.to_string(),
        },
        Err(error) => error.describe(config.as_bytes()),
    };
    Mock::new().clock(time).answer("tcp_connect", answer).run(run)
}

fn check(config: &str, answer: &str) -> (String, Calls) {
    check_at(START, config, answer)
}

#[test]
fn reports_what_go_reports() {
    let (outcome, calls) = check(
        r#"{"host":"example.com","port":22,"timeout_ms":250}"#,
        r#"{"connected":true,"remote_addr":"192.0.2.1:22"}"#,
    );
    assert_eq!(
        outcome,
        concat!(
            r#"{"timestamp":"0001-01-01T00:00:00.000000000Z","status":"success","#,
            r#""message":"TCP connection successful","data":{"connected":true,"response_time_ms":0,"#,
            r#""address":"example.com:22","remote_addr":"192.0.2.1:22"}}"#
        )
    );
    let request = concat!(
        r#"{"host":"example.com","port":"22","tls":false,"use_tls":false,"#,
        r#""context":{"timeout_ms":250},"timeout_ms":250}"#
    );
    assert_eq!(calls.requests, [("tcp_connect", request.to_owned())]);
}

#[test]
fn reports_what_is_known_about_tls() {
    let (outcome, calls) = check(r#"{"host":"example.com","port":443,"tls":true}"#, TLS);
    let data = concat!(
        r#""data":{"connected":true,"response_time_ms":42,"address":"example.com:443","#,
        r#""remote_addr":"192.0.2.1:443","local_addr":"192.0.2.2:5","tls":true,"tls_version":"TLS 1.3","#,
        r#""tls_cipher_suite":"TLS_AES_128_GCM_SHA256","tls_server_name":"example.com","#,
        r#""tls_cert_subject":"CN=example.com","tls_cert_issuer":"CN=Example CA","#,
        r#""tls_cert_not_after":"2027-01-25T08:00:00Z","tls_cert_days_remaining":10}}"#
    );
    assert!(outcome.ends_with(data), "{outcome}");
    let end = r#""tls":true,"use_tls":true,"context":{"timeout_ms":5000},"timeout_ms":5000}"#;
    assert!(calls.requests[0].1.ends_with(end), "{calls:?}");
}

#[test]
fn counts_no_days_where_the_clock_does_not_keep_time() {
    let wrong = Timestamp::from_unix(1_640_995_200, 0);
    let (outcome, _) = check_at(wrong, r#"{"host":"example.com","port":443,"tls":true}"#, TLS);
    assert!(outcome.ends_with(r#""tls_cert_not_after":"2027-01-25T08:00:00Z"}}"#), "{outcome}");
}

#[test]
fn takes_only_the_version_of_tls_that_is_expected() {
    let config = |version: &str| {
        format!(r#"{{"host":"example.com","port":443,"tls":true,"expected_tls_version":"{version}"}}"#)
    };
    assert!(check(&config("TLS 1.3"), TLS).0.contains(r#""status":"success""#));

    let (outcome, _) = check(&config("TLS 1.2"), TLS);
    let failure = concat!(
        r#""status":"failure","message":"TLS version mismatch: expected TLS 1.2, got TLS 1.3","#,
        r#""data":{"expected_tls_version":"TLS 1.2","connected":true,"#
    );
    assert!(outcome.contains(failure), "{outcome}");

    let (outcome, _) = check(&config("TLS 1.2"), r#"{"connected":true}"#);
    assert!(outcome.contains("TLS version mismatch: expected TLS 1.2, got no TLS"), "{outcome}");
    let (refusal, calls) = check(&config("SSL 3.0"), TLS);
    let rule = "expected_tls_version: expected one of TLS 1.2, TLS 1.3, got a string";
    assert_eq!((&*refusal, calls.unused), (rule, 1));
}

#[test]
fn needs_a_host_and_a_port() {
    for (config, error) in [
        ("{}", "config: host is required [MISSING_HOST]"),
        (r#"{"host":"","port":22}"#, "config: host is required [MISSING_HOST]"),
        (r#"{"host":"example.com"}"#, "config: port is required [MISSING_PORT]"),
        (r#"{"host":"example.com","port":null}"#, "config: port is required [MISSING_PORT]"),
        (r#"{"host":"example.com","port":0}"#, "config: invalid port: 0 (must be 1-65535) [INVALID_PORT]"),
        (
            r#"{"host":"example.com","port":65536}"#,
            "config: invalid port: 65536 (must be 1-65535) [INVALID_PORT]",
        ),
    ] {
        let (said, calls) = check(config, TLS);
        assert_eq!((&*said, calls.unused), (error, 1), "{config}");
    }
}

#[test]
fn brackets_ipv6_addresses_in_what_it_reports() {
    for host in ["::1", "[::1]"] {
        let (outcome, calls) = check(&format!(r#"{{"host":"{host}","port":22}}"#), r#"{"connected":true}"#);
        assert!(outcome.contains(r#""address":"[::1]:22""#), "{outcome}");
        assert!(calls.requests[0].1.starts_with(r#"{"host":"::1""#), "{calls:?}");
    }
}

#[test]
fn has_the_errors_of_the_host() {
    let answer = r#"{"connected":false,"error":{"code":"CONNECTION_REFUSED","message":"refused"}}"#;
    let config = r#"{"host":"example.com","port":22}"#;
    assert_eq!(check(config, answer).0, "network: refused [CONNECTION_REFUSED]");
    let answer = r#"{"connected":false}"#;
    assert_eq!(check(config, answer).0, "network: TCP connection failed [tcp_connect]");
}

#[test]
fn its_default_is_a_configuration_that_says_nothing() {
    assert_eq!(Check::default(), Check::from_json(b"{}").unwrap());
}
