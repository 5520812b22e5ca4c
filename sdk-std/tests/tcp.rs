//! Connections against a host that answers as it is told to.

use core::time::Duration;
use std::time::SystemTime;

use reglet_sdk_std::error::Kind;
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::{Context, Error, Timestamp, tcp, time};

const START: Timestamp = Timestamp::from_unix(1_800_000_000, 0);
const TLS: &str = r#"{"connected":true,"tls":true,"address":"example.com:443","remote_addr":"192.0.2.1:443",
    "local_addr":"[2001:db8::2]:50000","response_time_ms":42,"tls_version":"TLS 1.3",
    "tls_cipher_suite":"TLS_AES_128_GCM_SHA256","tls_server_name":"example.com",
    "tls_cert_subject":"CN=example.com","tls_cert_issuer":"CN=Example CA",
    "tls_cert_not_after":"2027-01-25T07:59:59Z"}"#;

fn with<T>(answers: &[&str], connect: impl FnOnce() -> T) -> (T, Calls) {
    let mock = Mock::new().clock(START);
    answers.iter().fold(mock, |mock, answer| mock.answer("tcp_connect", *answer)).run(connect)
}

fn send(answer: &str) -> (Result<tcp::Connected, Error>, Calls) {
    with(&[answer], || tcp::connect("example.com", 443).send(&Context::default()))
}

#[test]
fn the_request_has_all_that_was_set() {
    let context = Context::default().with_request_id("check-17");
    let (_, calls) = with(&[TLS], || {
        tcp::connect("example.com", 443).tls().timeout(Duration::from_micros(250_001)).send(&context)
    });
    let request = concat!(
        r#"{"host":"example.com","port":"443","tls":true,"use_tls":true,"#,
        r#""context":{"request_id":"check-17","timeout_ms":251},"timeout_ms":251}"#
    );
    assert_eq!(calls.requests, [("tcp_connect", request.to_owned())]);

    let (_, calls) = send(TLS);
    let request = r#"{"host":"example.com","port":"443","tls":false,"use_tls":false,"context":{}}"#;
    assert_eq!(calls.requests[0].1, request);
}

#[test]
fn the_answer_is_in_the_standard_librarys_types() {
    let connection = send(TLS).0.unwrap();
    assert_eq!(connection.remote_addr(), Some("192.0.2.1:443".parse().unwrap()));
    assert_eq!(connection.local_addr(), Some("[2001:db8::2]:50000".parse().unwrap()));
    assert_eq!(connection.response_time(), Duration::from_millis(42));
    let tls = connection.tls().unwrap();
    assert_eq!((tls.version(), tls.cipher_suite()), ("TLS 1.3".into(), "TLS_AES_128_GCM_SHA256".into()));
    assert_eq!(tls.server_name(), "example.com");
    assert_eq!((tls.subject(), tls.issuer()), ("CN=example.com".into(), "CN=Example CA".into()));
    let end = SystemTime::from(START) + Duration::from_secs(10 * 86_400 - 1);
    assert_eq!((tls.not_after().unwrap(), tls.days_remaining(START).unwrap()), (end, 9));
    assert_eq!(tls.days_remaining(Timestamp::from_unix(1_800_864_000, 0)).unwrap(), -1);
}

#[test]
fn the_answer_is_there_as_the_host_wrote_it_too() {
    let connection = send(TLS).0.unwrap();
    assert!(connection.address() == *"example.com:443" && connection.tls_version() == *"TLS 1.3");
    assert_eq!(connection.not_after().unwrap().rfc3339(), "2027-01-25T07:59:59Z");
}

#[test]
fn what_the_host_does_not_tell_is_absent() {
    let connection = send(r#"{"connected":true,"remote_addr":"somewhere"}"#).0.unwrap();
    assert_eq!((connection.remote_addr(), connection.local_addr()), (None, None));
    assert_eq!(connection.response_time(), Duration::ZERO);
    assert!(connection.tls().is_none());

    let connection = send(r#"{"connected":true,"tls":true}"#).0.unwrap();
    let tls = connection.tls().unwrap();
    assert_eq!(tls.version(), "");
    assert_eq!(tls.not_after().unwrap_err().code(), "wire_format");
    assert_eq!(tls.days_remaining(START).unwrap_err().code(), "wire_format");
}

#[test]
fn the_answer_of_the_go_sdks_own_hosts_is_understood() {
    let answer = r#"{"connected":true,"remote_addr":"192.0.2.1:443","latency_ms":7,"tls_version":"TLS 1.2",
        "tls_cert_expiry":"2027-01-25T08:00:00Z"}"#;
    let connection = send(answer).0.unwrap();
    assert_eq!(connection.response_time(), Duration::from_millis(7));
    let tls = connection.tls().unwrap();
    assert_eq!((tls.version(), tls.days_remaining(START).unwrap()), ("TLS 1.2".into(), 10));
}

#[test]
fn both_dialects_are_spoken_where_that_is_asked_for() {
    let refusal = concat!(
        r#"{"error":"VALIDATION_ERROR","message":"failed to unmarshal request: json: cannot "#,
        r#"unmarshal string into Go struct field TCPConnectRequest.port of type int","code":400}"#
    );
    let connect = tcp::connect("example.com", 443).tls();
    let (connection, calls) =
        with(&[refusal, TLS], || connect.clone().in_either_dialect().send(&Context::default()));
    assert!(connection.is_ok());
    assert!(calls.requests[1].1.starts_with(r#"{"host":"example.com","port":443,"tls":true,"use_tls":true"#));

    let (connection, calls) = with(&[refusal, TLS], || connect.send(&Context::default()));
    let error = connection.unwrap_err();
    assert_eq!((error.kind(), &*error.code(), calls.unused), (Kind::Validation, "VALIDATION_ERROR", 1));
}

#[test]
fn ipv6_addresses_travel_without_brackets() {
    for host in ["2001:db8::1", "[2001:db8::1]"] {
        let (_, calls) = with(&[TLS], || tcp::connect(host, 22).send(&Context::default()));
        assert!(calls.requests[0].1.starts_with(r#"{"host":"2001:db8::1","port":"22""#), "{calls:?}");
    }
    for (address, host, port) in [
        ("[2001:db8::1]:22", "2001:db8::1", 22),
        ("example.com:65535", "example.com", 65535),
        ("192.0.2.1:1", "192.0.2.1", 1),
    ] {
        let (_, calls) = with(&[TLS], || tcp::connect_to(address).unwrap().tls().send(&Context::default()));
        let start = format!(r#"{{"host":"{host}","port":"{port}","tls":true"#);
        assert!(calls.requests[0].1.starts_with(&start), "{calls:?}");
    }
}

#[test]
fn an_address_that_is_none_is_an_error_that_shows_it() {
    for address in ["", "example.com", "::1:443", "example.com:0", "example.com:https", "[::1]"] {
        let error = tcp::connect_to(address).unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Validation, "INVALID_ADDRESS"));
        assert!(error.message().starts_with(&format!("invalid address '{address}': expected ")), "{error}");
    }
}

#[test]
fn errors_are_those_of_the_host() {
    for (answer, text) in [
        (
            r#"{"connected":false,"error":{"type":"network","code":"CONNECTION_REFUSED","message":"refused"}}"#,
            "network: refused [CONNECTION_REFUSED]",
        ),
        (
            r#"{"connected":false,"error":{"code":"TIMEOUT","message":"dial tcp: i/o timeout"}}"#,
            "network: dial tcp: i/o timeout [TIMEOUT]",
        ),
        (
            r#"{"error":{"type":"capability","code":"CAPABILITY_DENIED","message":"denied"}}"#,
            "capability: denied [CAPABILITY_DENIED]",
        ),
        (
            r#"{"error":"VALIDATION_ERROR","message":"network capability denied: x:443","code":400}"#,
            "capability: network capability denied: x:443 [VALIDATION_ERROR]",
        ),
        (r#"{"connected":false}"#, "network: TCP connection failed [tcp_connect]"),
        ("", "wire format decode failed for tcp_connect: host returned no data [wire_format]"),
    ] {
        assert_eq!(send(answer).0.unwrap_err().to_string(), text);
    }
    let late = r#"{"error":{"type":"timeout","code":"TIMEOUT","message":"late","details":{"a":1}}}"#;
    let error = send(late).0.unwrap_err();
    assert!(error.is_timeout());
    assert_eq!(error.details().get("a").integer(), Ok(1));
}

#[test]
fn an_answer_that_breaks_the_protocol_is_an_error() {
    for answer in ["[]", "{", r#"{"connected":1}"#, r#"{"connected":true,"tls_version":7}"#, "{\"error\":5}"]
    {
        let error = send(answer).0.unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Internal, "wire_format"), "{answer}: {error}");
    }
    // To Go programs this is an empty object.
    assert_eq!(send("null").0.unwrap_err().to_string(), "network: TCP connection failed [tcp_connect]");
}

#[test]
fn a_context_that_has_ended_connects_nowhere() {
    let late = Context::default().with_deadline(START).on_clock();
    for (context, code) in [(Context::default().canceled(), "CANCELED"), (late, "DEADLINE_EXCEEDED")] {
        let (connection, calls) = with(&[TLS], || tcp::connect("example.com", 443).send(&context));
        let error = connection.unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Timeout, code));
        assert_eq!((calls.functions(), calls.unused), (Vec::new(), 1));
    }
}

#[test]
fn a_context_tells_each_call_what_is_left() {
    let (_, calls) = with(&[TLS, TLS], || {
        let context = Context::default().within(Duration::from_secs(3));
        let connect = tcp::connect("example.com", 443).timeout(Duration::from_secs(9));
        assert!(connect.send(&context).is_ok());
        time::sleep(Duration::from_secs(2));
        assert!(connect.send(&context).is_ok());
        time::sleep(Duration::from_secs(1));
        assert_eq!(connect.send(&context).unwrap_err().code(), "DEADLINE_EXCEEDED");
    });
    let [(_, first), (_, second)] = &calls.requests[..] else { panic!("{calls:?}") };
    assert!(first.ends_with(r#""timeout_ms":3000},"timeout_ms":3000}"#), "{first}");
    assert!(second.ends_with(r#""timeout_ms":1000},"timeout_ms":1000}"#), "{second}");
}
