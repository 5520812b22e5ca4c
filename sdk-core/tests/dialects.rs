//! Requests in the two dialects, and when the second one is tried.

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::mock::{Calls, Mock};
use reglet_sdk_core::{Context, Error, http, smtp, tcp};

/// How the hosts of the Go SDK answer what they can't read.
const NOT_UNDERSTOOD: &str = r#"{"error":"VALIDATION_ERROR","message":"failed to unmarshal request: json: cannot unmarshal string into Go struct field TCPConnectRequest.port of type int","code":400}"#;

fn requests(calls: &Calls) -> Vec<&str> {
    calls.requests.iter().map(|(_, request)| request.as_str()).collect()
}

#[test]
fn a_connection_is_asked_for_again_in_the_other_dialect() {
    let mock = Mock::new().answer("tcp_connect", NOT_UNDERSTOOD).answer(
        "tcp_connect",
        r#"{"connected":true,"latency_ms":7,"tls_cert_expiry":"2027-01-01T00:00:00Z"}"#,
    );
    let request = tcp::Request::new(&"example.com", 443).tls().timeout_ms(100);
    let (connection, calls) = mock.run(|| request.send_in_either_dialect(&Context::default()).unwrap());
    assert_eq!(
        requests(&calls),
        [
            r#"{"host":"example.com","port":"443","tls":true,"use_tls":true,"context":{"timeout_ms":100},"timeout_ms":100}"#,
            r#"{"host":"example.com","port":443,"tls":true,"use_tls":true,"context":{"timeout_ms":100},"timeout_ms":100}"#,
        ]
    );
    assert_eq!(connection.response_time_ms(), 7);
    assert_eq!(connection.tls_cert_not_after().decode(), "2027-01-01T00:00:00Z");
}

#[test]
fn a_mail_server_is_asked_for_again_in_the_other_dialect() {
    let mock = Mock::new()
        .answer("smtp_connect", NOT_UNDERSTOOD)
        .answer("smtp_connect", r#"{"connected":true,"banner":"220 hi"}"#);
    let request = smtp::Request::new(&"mail.example.com", 587).starttls();
    let (server, calls) = mock.run(|| request.send_in_either_dialect(&Context::default()).unwrap());
    assert_eq!(
        requests(&calls),
        [
            concat!(
                r#"{"host":"mail.example.com","port":"587","tls":false,"use_tls":false,"#,
                r#""starttls":true,"use_starttls":true,"context":{}}"#
            ),
            concat!(
                r#"{"host":"mail.example.com","port":587,"tls":false,"use_tls":false,"#,
                r#""starttls":true,"use_starttls":true,"context":{}}"#
            ),
        ]
    );
    assert_eq!(server.banner().decode(), "220 hi");
}

#[test]
fn headers_are_sent_again_in_the_other_dialect() {
    let mock = Mock::new()
        .answer("http_request", NOT_UNDERSTOOD)
        .answer("http_request", r#"{"status_code":200,"headers":{"A":["x"]}}"#);
    let (_, calls) = mock.run(|| {
        let request = http::Request::get(&"http://h/").header("A", &"x").header("B", &1).header("a", &"y");
        request.send_in_either_dialect(&Context::default()).unwrap()
    });
    assert_eq!(
        requests(&calls),
        [
            r#"{"method":"GET","url":"http://h/","headers":{"A":["x","y"],"B":["1"]},"context":{}}"#,
            r#"{"method":"GET","url":"http://h/","headers":{"A":"x, y","B":"1"},"context":{}}"#,
        ]
    );
}

#[test]
fn nothing_is_asked_again_for_any_other_reason() {
    for answer in [
        r#"{"error":"VALIDATION_ERROR","message":"network capability denied: example.com:443","code":400}"#,
        r#"{"error":"INTERNAL_ERROR","message":"failed to unmarshal request: x","code":500}"#,
        r#"{"error":{"message":"failed to unmarshal request: x","type":"internal","code":""}}"#,
        r#"{"connected":false}"#,
        "{",
    ] {
        let request = tcp::Request::new(&"example.com", 443);
        let (result, calls) = Mock::new()
            .answer("tcp_connect", answer)
            .run(|| request.send_in_either_dialect(&Context::default()));
        assert!(result.is_err());
        assert_eq!(calls.requests.len(), 1, "{answer}");
    }
}

#[test]
fn without_being_told_to_nothing_is_asked_again() {
    let send = || -> Result<tcp::Connection, Error> {
        tcp::Request::new(&"example.com", 443).send(&Context::default())
    };
    let (result, calls) = Mock::new().answer("tcp_connect", NOT_UNDERSTOOD).run(send);
    assert_eq!(result.unwrap_err().kind(), Kind::Validation);
    assert_eq!(calls.requests.len(), 1);
}

#[test]
fn a_host_reads_requests_of_both_dialects() {
    for document in [
        r#"{"host":"h","port":"587","tls":false,"starttls":true,"context":{"timeout_ms":50},"timeout_ms":90}"#,
        r#"{"host":"h","port":587,"use_starttls":true,"timeout_ms":50}"#,
    ] {
        let received = smtp::Received::read(document.as_bytes()).unwrap();
        assert_eq!(
            (&*received.host, received.port, received.tls, received.starttls),
            ("h", 587, false, true)
        );
        assert_eq!(received.timing.timeout_ms, Some(50));
    }
}
