//! `tcp_connect`, as Go has it.

use super::*;

fn send() -> Result<tcp::Connection, Error> {
    tcp::Request::new(&"127.0.0.1", 1).timeout_ms(5000).send(&Context::default())
}

#[test]
fn reports_what_hosts_refuse() {
    let own = [
        (
            r#"{"error":{"code":"CONNECTION_FAILED","message":"dial tcp: address ::1:1: too many colons in address"},"connected":false}"#,
            None,
            "CONNECTION_FAILED",
            "dial tcp: address ::1:1: too many colons in address",
        ),
        (
            r#"{"error":{"code":"CONNECTION_REFUSED","message":"dial tcp 127.0.0.1:1: connect: connection refused"},"connected":false}"#,
            None,
            "CONNECTION_REFUSED",
            "dial tcp 127.0.0.1:1: connect: connection refused",
        ),
        (
            r#"{"error":{"code":"TLS_ERROR","message":"tls: failed to verify certificate: x509: certificate signed by unknown authority"},"latency_ms":55,"connected":false}"#,
            None,
            "TLS_ERROR",
            "tls: failed to verify certificate: x509: certificate signed by unknown authority",
        ),
        (
            r#"{"error":{"code":"CONNECTION_FAILED","message":"read tcp 127.0.0.1:37822-\u003e127.0.0.1:38689: read: connection reset by peer"},"latency_ms":1,"connected":false}"#,
            None,
            "CONNECTION_FAILED",
            "read tcp 127.0.0.1:37822->127.0.0.1:38689: read: connection reset by peer",
        ),
        (
            r#"{"error":{"code":"SSRF_BLOCKED","message":"localhost/loopback addresses blocked"},"connected":false}"#,
            None,
            "SSRF_BLOCKED",
            "localhost/loopback addresses blocked",
        ),
        (
            r#"{"error":{"code":"INVALID_REQUEST","message":"host is required"},"connected":false}"#,
            None,
            "INVALID_REQUEST",
            "host is required",
        ),
        (
            r#"{"error":{"code":"INVALID_REQUEST","message":"invalid port: 70000"},"connected":false}"#,
            None,
            "INVALID_REQUEST",
            "invalid port: 70000",
        ),
        // The answer of zeros.
        (r#"{"connected":false}"#, None, "tcp_connect", "TCP connection failed"),
        ("{}", None, "tcp_connect", "TCP connection failed"),
        ("null", None, "tcp_connect", "TCP connection failed"),
    ];
    reports_errors("tcp_connect", Kind::Network, &own, || send().map(drop));
}

#[test]
fn reads_what_hosts_answer() {
    let connection =
        |answer: &'static str| Mock::new().answer("tcp_connect", answer).run(send).0.expect(answer);

    let plain = connection(r#"{"remote_addr":"127.0.0.1:8080","connected":true}"#);
    assert_eq!(plain.remote_addr(), *"127.0.0.1:8080");
    assert!(plain.tls_version().is_empty() && !plain.tls() && plain.response_time_ms() == 0);
    assert_eq!(plain.not_after().map_err(|error| error.kind()), Err(Kind::Internal));

    let executor = connection(
        r#"{"remote_addr":"127.0.0.1:8443","tls_version":"TLS 1.3","tls_cipher_suite":"TLS_AES_128_GCM_SHA256","tls_cert_subject":"O=Acme Co","tls_cert_issuer":"O=Acme Co","tls_cert_expiry":"2084-01-29T16:00:00Z","latency_ms":3,"connected":true}"#,
    );
    assert_eq!(executor.not_after().expect("it is there"), at("2084-01-29T16:00:00Z"));
    assert_eq!(executor.response_time_ms(), 3);
    for (found, expected) in [
        (executor.tls_version(), "TLS 1.3"),
        (executor.tls_cipher_suite(), "TLS_AES_128_GCM_SHA256"),
        (executor.tls_cert_subject(), "O=Acme Co"),
        (executor.tls_cert_issuer(), "O=Acme Co"),
    ] {
        assert_eq!(found, *expected);
    }

    let cli = connection(
        r#"{"tls_cert_not_after":"2084-01-29T17:00:00.5+01:00","error":null,"tls_version":"TLS 1.2","local_addr":"[::1]:5","tls_server_name":"a.test","remote_addr":"[::1]:443","address":"a.test:443","response_time_ms":12,"tls":true,"connected":true}"#,
    );
    assert_eq!(cli.not_after().expect("it is there"), at("2084-01-29T16:00:00.5Z"));
    assert_eq!((cli.response_time_ms(), cli.tls()), (12, true));
    for (found, expected) in [
        (cli.local_addr(), "[::1]:5"),
        (cli.remote_addr(), "[::1]:443"),
        (cli.address(), "a.test:443"),
        (cli.tls_server_name(), "a.test"),
    ] {
        assert_eq!(found, *expected);
    }
}

#[test]
fn asks_as_go_guests_do_and_adds_what_executors_read() {
    let ((), calls) = Mock::new().answer("tcp_connect", "").run(|| drop(send()));
    let mut request: serde_json::Value = serde_json::from_str(&calls.requests[0].1).expect("it is JSON");
    assert_eq!(request.as_object_mut().and_then(|request| request.remove("use_tls")), Some(json!(false)));
    // Go's guests leave the context empty; some hosts look for the limit of other functions nowhere else.
    let limit = json!({"timeout_ms": 5000});
    assert_eq!(request, json!({"host":"127.0.0.1","port":"1","context":limit,"timeout_ms":5000,"tls":false}));
}

#[test]
fn reads_what_guests_send() {
    let read = |request: &'static str| tcp::Received::read(request.as_bytes()).expect(request);
    let sent = read(r#"{"host":"127.0.0.1","port":"1","context":{},"timeout_ms":5000,"tls":false}"#);
    assert_eq!((&*sent.host, sent.port, sent.tls), ("127.0.0.1", 1, false));
    assert_eq!(sent.timing.timeout_ms, Some(5000));
    assert_eq!((sent.timing.deadline, sent.timing.canceled, &*sent.timing.request_id), (None, false, ""));

    let executor = read(r#"{"host":"127.0.0.1","port":1,"context":{},"tls":false}"#);
    assert_eq!((&*executor.host, executor.port, executor.timing.timeout_ms), ("127.0.0.1", 1, None));
    assert!(read(r#"{"host":"h","port":443,"use_tls":true}"#).tls);

    let timed = read(
        r#"{"host":"h","port":"25","tls":true,"context":{"deadline":"2026-11-22T08:13:50.545397485Z","timeout_ms":2999}}"#,
    );
    assert_eq!((timed.tls, timed.timing.timeout_ms), (true, Some(2999)));
    assert_eq!(timed.timing.deadline, Some(at("2026-11-22T08:13:50.545397485Z")));

    let canceled = read(
        r#"{"host":"h","port":"1","context":{"deadline":"2024-01-02T03:04:05Z","Canceled":true,"timeout_ms":5}}"#,
    );
    assert!(canceled.timing.canceled);
    for nothing in ["null", "{}", r#"{"deadline":null}"#] {
        let request = format!(r#"{{"host":"h","port":"1","context":{nothing}}}"#);
        let received = tcp::Received::read(request.as_bytes()).expect(&request);
        assert_eq!(received.timing.deadline, None);
    }
}

#[test]
fn refuses_requests_that_go_hosts_refuse() {
    for request in [
        r#"{"host":"","port":"","context":{},"tls":false}"#,
        r#"{"host":"","port":1,"context":1}"#,
        r#"{"host":"h","port":70000,"context":1}"#,
        r#"{"host":"h","port":"1","context":{"timeout_ms":1.5}}"#,
        r#"{"host":"h","port":"1","context":{"timeout_ms":1e3}}"#,
        r#"{"host":"h","port":"1","context":{"deadline":""}}"#,
        r#"{"host":"h","port":"1","context":{"canceled":"true"}}"#,
        "{bad",
        "",
        "null",
    ] {
        assert!(tcp::Received::read(request.as_bytes()).is_err(), "{request}");
    }
    // Go's executors read on where the context is of another kind, and so let requests past their own checks.
    for context in ["1", "\"\"", "[]"] {
        let request = format!(r#"{{"host":"127.0.0.1","port":1,"context":{context}}}"#);
        assert!(tcp::Received::read(request.as_bytes()).is_err(), "{request}");
    }
}
