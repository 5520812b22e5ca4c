//! `smtp_connect`, as Go has it.

use super::*;
use reglet_sdk_core::smtp::{Connection, Received, Request};

fn send() -> Result<Connection, Error> {
    Request::new(&"127.0.0.1", 1).send(&Context::default())
}

#[test]
fn reports_what_hosts_refuse() {
    let own = [
        (
            r#"{"error":{"code":"STARTTLS_FAILED","message":"502 no"},"connected":false}"#,
            None,
            "STARTTLS_FAILED",
            "502 no",
        ),
        (r#"{"connected":false}"#, None, "smtp_connect", "SMTP connection failed"),
    ];
    reports_errors("smtp_connect", Kind::Network, &own, || send().map(drop));
}

#[test]
fn reads_what_hosts_answer() {
    let answer = r#"{"connected":true}"#;
    let plain = Mock::new().answer("smtp_connect", answer).run(send).0.expect(answer);
    assert!(plain.banner().is_empty() && plain.connected() && !plain.tls());
}

#[test]
fn reads_what_guests_send() {
    let request =
        r#"{"host":"127.0.0.1","port":"1","context":{},"timeout_ms":30000,"tls":false,"starttls":false}"#;
    let read = Received::read(request.as_bytes()).expect(request);
    assert_eq!((&*read.host, read.port, read.tls, read.starttls), ("127.0.0.1", 1, false, false));
    assert_eq!(read.timing.timeout_ms, Some(30_000));
}
