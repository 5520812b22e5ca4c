//! The ready-made check of mail servers.

use reglet_sdk_std::Context;
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::smtp::Check;

/// The outcome, the error or what is wrong with the configuration; and what the check asked.
fn check(config: &str, answer: &str) -> (String, Calls) {
    let run = || match Check::from_json(config.as_bytes()) {
        Ok(check) => match check.run(&Context::default()) {
            Ok(outcome) => String::from_utf8(outcome.into_json()).unwrap(),
            Err(error) => error.to_string(),
        },
        Err(error) => error.describe(config.as_bytes()),
    };
    Mock::new().answer("smtp_connect", answer).run(run)
}

#[test]
fn reports_what_go_reports() {
    let config = r#"{"host":"mail.example.com","port":587,"use_starttls":true}"#;
    let answer = r#"{"connected":true,"tls":true,"banner":"220 mail","response_time_ms":42,
        "tls_version":"TLS 1.3","tls_cipher_suite":"TLS_AES_128_GCM_SHA256","tls_server_name":"mail.example.com"}"#;
    let (outcome, calls) = check(config, answer);
    assert_eq!(
        outcome,
        concat!(
            r#"{"timestamp":"0001-01-01T00:00:00.000000000Z","status":"success","#,
            r#""message":"SMTP connection successful to mail.example.com:587","data":{"connected":true,"#,
            r#""latency_ms":42,"address":"mail.example.com:587","banner":"220 mail","tls_version":"TLS 1.3","#,
            r#""tls_cipher_suite":"TLS_AES_128_GCM_SHA256","tls_server_name":"mail.example.com"}}"#
        )
    );
    let request = concat!(
        r#"{"host":"mail.example.com","port":"587","tls":false,"use_tls":false,"starttls":true,"#,
        r#""use_starttls":true,"context":{"timeout_ms":30000},"timeout_ms":30000}"#
    );
    assert_eq!(calls.requests, [("smtp_connect", request.to_owned())]);
}

#[test]
fn leaves_out_what_the_host_does_not_tell() {
    let (outcome, calls) = check(r#"{"host":"::1","port":25,"timeout_ms":250}"#, r#"{"connected":true}"#);
    let data = r#""data":{"connected":true,"latency_ms":0,"address":"[::1]:25"}}"#;
    assert!(outcome.ends_with(data), "{outcome}");
    assert!(calls.requests[0].1.contains(r#""use_tls":false,"starttls":false"#), "{calls:?}");
    assert!(calls.requests[0].1.ends_with(r#""timeout_ms":250}"#), "{calls:?}");
}

#[test]
fn lets_tls_come_before_starttls() {
    let config = r#"{"host":"mail.example.com","port":465,"use_tls":true,"use_starttls":true}"#;
    let (_, calls) = check(config, r#"{"connected":true}"#);
    assert!(calls.requests[0].1.contains(r#""use_tls":true,"starttls":false"#), "{calls:?}");
}

#[test]
fn needs_a_host_and_a_port() {
    for (config, error) in [
        ("null", "config: host is required [MISSING_HOST]"),
        (r#"{"port":25}"#, "config: host is required [MISSING_HOST]"),
        (r#"{"host":"mail.example.com"}"#, "config: port is required [MISSING_PORT]"),
        (
            r#"{"host":"mail.example.com","port":0}"#,
            "config: invalid port: 0 (must be 1-65535) [INVALID_PORT]",
        ),
    ] {
        let (said, calls) = check(config, r#"{"connected":true}"#);
        assert_eq!((&*said, calls.unused), (error, 1), "{config}");
    }
}

#[test]
fn has_the_errors_of_the_host() {
    let config = r#"{"host":"mail.example.com","port":25}"#;
    let answer = r#"{"connected":false,"error":{"type":"timeout","code":"TIMEOUT","message":"late"}}"#;
    assert_eq!(check(config, answer).0, "timeout: late [TIMEOUT]");
    let answer = r#"{"connected":false}"#;
    assert_eq!(check(config, answer).0, "network: SMTP connection failed [smtp_connect]");
}

#[test]
fn its_default_is_a_configuration_that_says_nothing() {
    assert_eq!(Check::default(), Check::from_json(b"{}").unwrap());
}
