//! Limits of time.

use core::time::Duration;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, mpsc};
use std::thread;
use std::time::Instant;

use reglet_bench_host::Host;
use serde_json::json;

use crate::server::{Seen, Server, answer};
use crate::{ask_host, ask_server, assert_fails, assert_message, base64_of, grants};

/// Talks until the client closes, or for far too long.
fn until_closed(stream: &mut TcpStream, mut talk: impl FnMut(&mut TcpStream) -> std::io::Result<()>) -> bool {
    let start = Instant::now();
    stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    while start.elapsed() < Duration::from_secs(5) {
        let closed = matches!(stream.read(&mut [0; 64]), Ok(0)) || talk(stream).is_err();
        if closed {
            return true;
        }
    }
    false
}

#[test]
fn a_server_that_is_too_slow_is_left() {
    let drips: [(&str, &[u8], &[u8]); 6] = [
        ("says nothing", b"", b""),
        ("drips a head", b"HTTP/1.1 200 OK\r\nX: ", b"x"),
        ("never has enough hints", b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        ("drips a body", b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        ("drips chunks", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        ("stops within a body", b"HTTP/1.1 200 OK\r\n\r\nhello", b""),
    ];
    thread::scope(|scope| {
        for (what, first, drip) in drips {
            scope.spawn(move || {
                let (sender, closed) = mpsc::channel();
                let server = Server::talking(move |_, stream| {
                    let _ = stream.write_all(first);
                    sender.send(until_closed(stream, |stream| stream.write_all(drip))).unwrap();
                });
                let start = Instant::now();
                let answer = ask_server(&server, &json!({"url": server.url("/"), "timeout_ms": 300}));
                assert!(start.elapsed() < Duration::from_secs(2), "the server {what}");
                assert_timeout(&answer);
                assert!(closed.recv().unwrap(), "the connection outlived the call: the server {what}");
            });
        }
    });
}

#[track_caller]
fn assert_timeout(answer: &serde_json::Value) {
    assert_fails(answer, "timeout", "TIMEOUT");
    assert_eq!(answer["error"]["is_timeout"], true);
}

#[test]
fn a_server_that_does_not_read_is_left() {
    let body = vec![b'x'; 8 << 20];
    let (over, is_over) = mpsc::channel();
    let (sender, came) = mpsc::channel();
    let is_over = Mutex::new(is_over);
    let server = Server::raw(move |stream| {
        is_over.lock().unwrap().recv().unwrap();
        // Ends with what had been sent by then.
        let mut bytes = Vec::new();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let _ = stream.read_to_end(&mut bytes);
        sender.send(bytes.len()).unwrap();
    });
    let request =
        json!({"method": "POST", "url": server.url("/"), "timeout_ms": 300, "body": base64_of(&body)});
    assert_timeout(&ask_server(&server, &request));
    over.send(()).unwrap();
    let came = came.recv().unwrap();
    assert!(came < body.len(), "all of the body was sent after the call had ended");
}

#[test]
fn a_timeout_tells_what_was_asked_and_how_long_it_took() {
    let server = Server::talking(|_, stream| assert!(until_closed(stream, |_| Ok(()))));
    let url = server.url("/redirect");
    let answer = ask_server(&server, &json!({"url": url, "context": {"timeout_ms": 100}}));
    assert_message(&answer, &format!("Get \"{url}\": context deadline exceeded (timeout after 100ms)"));
}

#[test]
fn all_hops_share_one_limit() {
    let server = Server::talking(|seen: &Seen, stream| {
        thread::sleep(Duration::from_millis(100));
        let next = format!("Location: {}x", seen.target);
        let _ = stream.write_all(&answer("302 Found", &[&next], ""));
    });
    let start = Instant::now();
    let request = json!({"url": server.url("/"), "timeout_ms": 350, "max_redirects": 50});
    assert_timeout(&ask_server(&server, &request));
    assert!(start.elapsed() < Duration::from_secs(2));
    assert!((2..6).contains(&server.seen().len()), "{}", server.seen().len());
}

#[test]
fn the_time_of_the_check_is_a_limit_too() {
    let host = Host::builder().call_timeout(Duration::from_millis(200)).build().unwrap();
    let server = Server::talking(|_, stream| assert!(until_closed(stream, |_| Ok(()))));
    assert_timeout(&ask_host(&host, &grants(&[server.port()]), &json!({"url": server.url("/")})));
}

#[test]
fn a_request_that_the_guest_has_given_up_is_not_sent() {
    let server = Server::start(crate::server::ok);
    let answer = ask_server(&server, &json!({"url": server.url("/"), "context": {"canceled": true}}));
    assert_fails(&answer, "internal", "CANCELED");
    assert!(server.seen().is_empty());
}

#[test]
fn a_body_without_end_ends_at_its_limit() {
    let server = Server::talking(|_, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while stream.write_all(&[b'x'; 100_000]).is_ok() {}
    });
    let answer = ask_server(&server, &json!({"url": server.url("/")}));
    assert_eq!((&answer["status_code"], &answer["body_truncated"]), (&json!(200), &json!(true)));
}

#[test]
fn a_call_in_a_check_that_is_over_is_not_made_and_says_that_no_time_was_left() {
    let host = Host::builder().call_timeout(Duration::ZERO).build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let url = format!("http://{address}/");
    for _ in 0..100 {
        let answer = ask_host(&host, &grants(&[address.port()]), &json!({"url": url}));
        assert_message(&answer, &format!("Get \"{url}\": context deadline exceeded (no time was left)"));
    }
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
