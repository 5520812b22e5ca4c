//! What goes wrong, and what it is called.

use reglet_bench_host::loopback::ClosedPort;
use serde_json::{Value, json};

use crate::server::Server;
use crate::{allow, ask, ask_server, assert_fails, assert_message, get_raw, grants};

#[test]
fn a_closed_port_refuses_the_connection() {
    let closed = ClosedPort::take().unwrap();
    let (port, url) = (closed.port(), format!("http://127.0.0.1:{}", closed.port()));
    let answer = ask(&grants(&[port]), &json!({"url": url, "method": "DELETE"}));
    assert_fails(&answer, "network", "CONNECTION_REFUSED");
    let message = format!("Delete \"{url}\": dial tcp 127.0.0.1:{port}: connect: connection refused");
    assert_message(&answer, &message);
    assert_eq!(answer["status_code"], 0);
    assert!(answer["latency_ms"].as_u64().unwrap() >= 1);
}

#[test]
fn a_name_that_does_not_exist_is_not_found() {
    let answer = ask(&allow(&[("nosuch.invalid", 80)]), &json!({"url": "http://nosuch.invalid/"}));
    assert_fails(&answer, "network", "HOST_NOT_FOUND");
    assert_eq!(answer["error"]["is_not_found"], true);
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("Get \"http://nosuch.invalid/\": "), "{message}");
    assert!(message.ends_with("no such host"), "{message}");
}

#[test]
fn without_a_grant_nothing_is_sent() {
    let server = Server::start(crate::server::ok);
    let answer = ask(&allow(&[]), &json!({"url": server.url("/")}));
    assert_fails(&answer, "capability", "CAPABILITY_DENIED");
    assert_message(&answer, &format!("network capability denied: 127.0.0.1:{}", server.port()));
    assert!(server.seen().is_empty());
}

#[test]
fn words_of_the_url_do_not_decide_what_went_wrong() {
    for path in ["/redirect", "/timeout", "/no such host", "/connection refused"] {
        let server = Server::start(|_| Vec::new());
        let url = server.url(path);
        let answer = ask_server(&server, &json!({"url": url}));
        assert_fails(&answer, "network", "REQUEST_FAILED");
        assert_message(&answer, &format!("Get \"{url}\": EOF"));
        assert_eq!((&answer["error"]["is_timeout"], &answer["status_code"]), (&Value::Null, &json!(0)));
    }
}

#[test]
fn what_is_no_http_is_malformed() {
    for bytes in ["SSH-2.0-OpenSSH_9.9\r\n", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\na b: c\r\n\r\n"] {
        let answer = get_raw(bytes);
        assert_fails(&answer, "network", "REQUEST_FAILED");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains("\": malformed HTTP response: "), "{message}");
    }
}

#[test]
fn answers_that_contradict_themselves_are_malformed() {
    for headers in ["Content-Length: 1\r\nContent-Length: 2", "Content-Length: -1", "Content-Length: 1x"] {
        let answer = get_raw(format!("HTTP/1.1 200 OK\r\n{headers}\r\n\r\nx"));
        assert_fails(&answer, "network", "REQUEST_FAILED");
    }
}

#[test]
fn passwords_do_not_get_into_messages() {
    let closed = ClosedPort::take().unwrap();
    let url = format!("http://user:secret@127.0.0.1:{}/", closed.port());
    let answer = ask(&grants(&[closed.port()]), &json!({"url": url}));
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.contains("user:xxxxx@127.0.0.1") && !message.contains("secret"), "{message}");
}

#[test]
fn messages_are_one_line_and_not_too_long() {
    let answer = ask(&grants(&[]), &json!({"url": format!("ftp://x/\u{1b}[31m{}", "a".repeat(100_000))}));
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.len() < 5_000 && !message.contains(char::is_control), "{message}");
}
