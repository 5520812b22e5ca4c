//! `http_request`, as Go has it.

use super::*;
use reglet_sdk_core::http::{Answer, Received, Request};

fn send() -> Result<Answer, Error> {
    Request::get(&"http://127.0.0.1:1/").send(&Context::default())
}

#[test]
fn reports_what_hosts_refuse() {
    let own = [
        (
            r#"{"error":{"code":"REQUEST_FAILED","message":"Get \"ftp://x/\": unsupported protocol scheme \"ftp\""},"status_code":0}"#,
            None,
            "REQUEST_FAILED",
            r#"Get "ftp://x/": unsupported protocol scheme "ftp""#,
        ),
        (
            r#"{"error":{"code":"INVALID_REQUEST","message":"URL is required"},"status_code":0}"#,
            None,
            "INVALID_REQUEST",
            "URL is required",
        ),
    ];
    reports_errors("http_request", Kind::Network, &own, || send().map(drop));
}

#[test]
fn reads_what_hosts_answer() {
    // What the guests in Go reported, from an answer in both dialects.
    let answer =
        r#"{"headers":{"A":["b"]},"body":"aGk=","proto":"HTTP/1.1","status_code":200,"latency_ms":0}"#;
    let found = Mock::new().answer("http_request", answer).run(send).0.expect(answer);
    assert_eq!(
        (found.status_code(), found.body(), found.proto().to_string()),
        (200, b"hi".as_slice(), "HTTP/1.1".into())
    );
    assert_eq!(found.header("a").map(|value| value.to_string()).as_deref(), Some("b"));
}

#[test]
fn reads_what_guests_send() {
    let read = |request: &'static str| Received::read(request.as_bytes()).expect(request);
    let wire = read(r#"{"headers":{"X-A":["1"]},"method":"GET","url":"http://127.0.0.1:1/","context":{}}"#);
    assert_eq!((&*wire.method, &*wire.url), ("GET", "http://127.0.0.1:1/"));
    assert_eq!(wire.headers.0, [("X-A".into(), vec!["1".into()])]);
    let body = read(r#"{"method":"GET","url":"u","body":"aGk=","context":{"timeout_ms":5}}"#);
    assert_eq!((&*body.body, body.timing.timeout_ms), (b"hi".as_slice(), Some(5)));
}
