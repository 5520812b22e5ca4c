//! `exec_command`, as Go has it.

use super::*;
use reglet_sdk_core::exec::{Output, Received, Request};

fn send() -> Result<Output, Error> {
    Request::new(&"/bin/echo").args(&[&"hi"]).send(&Context::default())
}

#[test]
fn reports_what_hosts_refuse() {
    let own = [(
        r#"{"error":{"code":"EXECUTION_FAILED","message":"fork/exec /no/such: no such file or directory"},"stdout":"","stderr":"","exit_code":0}"#,
        None,
        "EXECUTION_FAILED",
        "fork/exec /no/such: no such file or directory",
    )];
    reports_errors("exec_command", Kind::Exec, &own, || send().map(drop));
}

#[test]
fn reads_what_hosts_answer() {
    for (answer, stdout, code, timeout) in [
        (r#"{"stdout":"hi\n","stderr":"","duration_ms":4,"exit_code":0}"#, "hi\n", 0, false),
        (r#"{"stdout":"","stderr":"","duration_ms":1,"exit_code":3}"#, "", 3, false),
        (
            r#"{"stdout":"a\ufffd\u0000b","stderr":"","duration_ms":3,"exit_code":0}"#,
            "a\u{fffd}\0b",
            0,
            false,
        ),
        (
            r#"{"stdout":"x\n","stderr":"","duration_ms":10003,"exit_code":-1,"is_timeout":true}"#,
            "x\n",
            -1,
            true,
        ),
    ] {
        let output = Mock::new().answer("exec_command", answer).run(send).0.expect(answer);
        assert_eq!(
            (output.stdout().to_string(), output.exit_code(), output.is_timeout()),
            (stdout.into(), code, timeout)
        );
    }
}

#[test]
fn reads_what_guests_send() {
    let read = |request: &'static str| Received::read(request.as_bytes()).expect(request);
    let deadline = r#"{"args":["hi"],"command":"/bin/echo","context":{"deadline":"2026-11-22T08:13:50.545397485Z","timeout_ms":2999}}"#;
    assert_eq!((read(deadline).args.len(), read(deadline).timing.timeout_ms), (1, Some(2999)));
    let none = read(r#"{"args":null,"command":"/bin/true","context":{}}"#);
    assert_eq!((&*none.command, none.args.len()), ("/bin/true", 0));
}
