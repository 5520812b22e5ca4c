//! Mail servers against a host that answers as it is told to.

use core::time::Duration;

use reglet_sdk_std::error::Kind;
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::{Context, Error, Timestamp, smtp};

const START: Timestamp = Timestamp::from_unix(1_800_000_000, 0);
const STARTTLS: &str = r#"{"connected":true,"banner":"220 \"mail\"","tls":true,"response_time_ms":42,
    "tls_version":"TLS 1.3","tls_cipher_suite":"TLS_AES_128_GCM_SHA256","tls_server_name":"mail.example.com"}"#;

fn with<T>(answers: &[&str], connect: impl FnOnce() -> T) -> (T, Calls) {
    let mock = Mock::new().clock(START);
    answers.iter().fold(mock, |mock, answer| mock.answer("smtp_connect", *answer)).run(connect)
}

fn send(answer: &str) -> (Result<smtp::Connected, Error>, Calls) {
    with(&[answer], || smtp::connect("mail.example.com", 25).send(&Context::default()))
}

#[test]
fn the_request_has_all_that_was_set() {
    let context = Context::default().with_request_id("check-17");
    let plain = smtp::connect("mail.example.com", 587).timeout(Duration::from_micros(250_001));
    for (connect, security) in [
        (plain.clone(), r#""tls":false,"use_tls":false,"starttls":false,"use_starttls":false"#),
        (plain.clone().tls(), r#""tls":true,"use_tls":true,"starttls":false,"use_starttls":false"#),
        (plain.clone().starttls(), r#""tls":false,"use_tls":false,"starttls":true,"use_starttls":true"#),
        (plain.starttls().tls(), r#""tls":true,"use_tls":true,"starttls":false,"use_starttls":false"#),
    ] {
        let (_, calls) = with(&[STARTTLS], || connect.send(&context));
        let request = [
            r#"{"host":"mail.example.com","port":"587","#,
            security,
            r#","context":{"request_id":"check-17","timeout_ms":251},"timeout_ms":251}"#,
        ];
        assert_eq!(calls.requests, [("smtp_connect", request.concat())]);
    }
}

#[test]
fn the_answer_is_in_the_standard_librarys_types() {
    let server = send(STARTTLS).0.unwrap();
    assert_eq!((server.banner(), server.response_time()), ("220 \"mail\"".into(), Duration::from_millis(42)));
    let tls = server.tls().unwrap();
    assert_eq!((tls.version(), tls.cipher_suite()), ("TLS 1.3".into(), "TLS_AES_128_GCM_SHA256".into()));
    assert_eq!(tls.server_name(), "mail.example.com");
    assert!(server.connected() && server.tls_version() == *"TLS 1.3");
}

#[test]
fn what_the_host_does_not_tell_is_absent() {
    let server = send(r#"{"connected":true,"latency_ms":7}"#).0.unwrap();
    assert_eq!((server.banner(), server.response_time()), ("".into(), Duration::from_millis(7)));
    assert!(server.tls().is_none());
    let server = send(r#"{"connected":true,"tls_version":"TLS 1.2"}"#).0.unwrap();
    assert_eq!(server.tls().unwrap().version(), "TLS 1.2");
}

#[test]
fn both_dialects_are_spoken_where_that_is_asked_for() {
    let refusal = r#"{"error":"VALIDATION_ERROR","message":"failed to unmarshal request: x","code":400}"#;
    let connect = smtp::connect("mail.example.com", 587).starttls();
    let (server, calls) =
        with(&[refusal, STARTTLS], || connect.clone().in_either_dialect().send(&Context::default()));
    assert!(server.is_ok());
    assert!(calls.requests[1].1.starts_with(r#"{"host":"mail.example.com","port":587,"#), "{calls:?}");

    let (server, calls) = with(&[refusal, STARTTLS], || connect.send(&Context::default()));
    assert_eq!((server.unwrap_err().kind(), calls.unused), (Kind::Validation, 1));
}

#[test]
fn ipv6_addresses_travel_without_brackets() {
    for host in ["2001:db8::1", "[2001:db8::1]"] {
        let (_, calls) = with(&[STARTTLS], || smtp::connect(host, 25).send(&Context::default()));
        assert!(calls.requests[0].1.starts_with(r#"{"host":"2001:db8::1","port":"25""#), "{calls:?}");
    }
}

#[test]
fn errors_are_those_of_the_host() {
    for (answer, text) in [
        (
            r#"{"connected":false,"error":{"type":"network","code":"STARTTLS_FAILED","message":"no"}}"#,
            "network: no [STARTTLS_FAILED]",
        ),
        (r#"{"error":{"type":"timeout","code":"TIMEOUT","message":"late"}}"#, "timeout: late [TIMEOUT]"),
        (
            r#"{"error":{"type":"capability","code":"CAPABILITY_DENIED","message":"denied"}}"#,
            "capability: denied [CAPABILITY_DENIED]",
        ),
        (
            r#"{"error":"VALIDATION_ERROR","message":"network capability denied: x:25","code":400}"#,
            "capability: network capability denied: x:25 [VALIDATION_ERROR]",
        ),
        (r#"{"connected":false}"#, "network: SMTP connection failed [smtp_connect]"),
        ("null", "network: SMTP connection failed [smtp_connect]"),
        ("", "wire format decode failed for smtp_connect: host returned no data [wire_format]"),
    ] {
        assert_eq!(send(answer).0.unwrap_err().to_string(), text);
    }
}

#[test]
fn an_answer_that_breaks_the_protocol_is_an_error() {
    for answer in ["[]", "{", r#"{"connected":1}"#, r#"{"connected":true,"banner":7}"#] {
        let error = send(answer).0.unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Internal, "wire_format"), "{answer}: {error}");
    }
}

#[test]
fn a_context_that_has_ended_connects_nowhere() {
    let late = Context::default().with_deadline(START).on_clock();
    for (context, code) in [(Context::default().canceled(), "CANCELED"), (late, "DEADLINE_EXCEEDED")] {
        let (server, calls) = with(&[STARTTLS], || smtp::connect("mail.example.com", 25).send(&context));
        let error = server.unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Timeout, code));
        assert_eq!((calls.functions(), calls.unused), (Vec::new(), 1));
    }
}
