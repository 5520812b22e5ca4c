//! Heads of answers.

use serde_json::{Value, json};

use crate::server::{Server, answer};
use crate::{ask_server, assert_fails, assert_status, body, get_raw};

#[test]
fn all_of_the_answer_is_passed_on() {
    let headers = ["x-a-b: 1", "SET-COOKIE: a", "Set-Cookie: b", "etag: \"x\"", "X-Text: \u{e9}"];
    let answer = get_raw(answer("404 Not Found", &headers, "gone"));
    assert_status(&answer, 404);
    assert_eq!(body(&answer), b"gone");
    assert_eq!(answer["proto"], "HTTP/1.1");
    assert!(answer["latency_ms"].as_u64().unwrap() >= 1);
    let expected = json!({
        "X-A-B": ["1"], "Set-Cookie": ["a", "b"], "Etag": ["\"x\""], "X-Text": ["\u{e9}"], "Content-Length": ["4"],
    });
    assert_eq!(answer["headers"], expected);
    assert_eq!(answer["body_truncated"], Value::Null);
}

#[test]
fn bytes_that_are_no_utf_8_do_no_harm() {
    let answer = get_raw(b"HTTP/1.1 200 OK\r\nX: a\xFFb\r\nContent-Length: 0\r\n\r\n");
    assert_status(&answer, 200);
    assert_eq!(answer["headers"]["X"], json!(["a\u{FFFD}b"]));
}

#[test]
fn http_1_0_is_understood() {
    let answer = get_raw("HTTP/1.0 200 OK\r\nX: y\r\n\r\nuntil the end");
    assert_status(&answer, 200);
    assert_eq!((&answer["proto"], &*body(&answer)), (&json!("HTTP/1.0"), &b"until the end"[..]));
}

#[test]
fn what_comes_before_the_answer_is_ignored() {
    let early = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
    let answer = get_raw(
        [&b"HTTP/1.1 100 Continue\r\n\r\n"[..], early.as_bytes(), &answer("200 OK", &[], "x")].concat(),
    );
    assert_status(&answer, 200);
    assert_eq!((&answer["headers"], &*body(&answer)), (&json!({"Content-Length": ["1"]}), &b"x"[..]));
}

#[test]
fn some_answers_have_no_body_whatever_their_headers_say() {
    for (method, head) in [
        ("HEAD", "200 OK\r\nContent-Length: 5"),
        ("HEAD", "200 OK\r\nTransfer-Encoding: chunked"),
        ("HEAD", "200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5"),
        ("GET", "101 Switching Protocols\r\nConnection: upgrade"),
        ("GET", "204 No Content\r\nContent-Length: 5"),
        ("GET", "304 Not Modified\r\nContent-Length: 5"),
        ("GET", "304 Not Modified\r\nContent-Encoding: gzip"),
        ("GET", "200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0"),
    ] {
        let server = Server::start(move |_| format!("HTTP/1.1 {head}\r\n\r\n").into());
        let answer = ask_server(&server, &json!({"method": method, "url": server.url("/")}));
        assert_status(&answer, head[..3].parse().unwrap());
        assert_eq!((&answer["body"], &answer["body_truncated"]), (&Value::Null, &Value::Null), "{head}");
        let is_coded = head.contains("gzip");
        assert_eq!(answer["headers"]["Content-Encoding"].is_array(), is_coded, "{head}");
    }
}

#[test]
fn an_answer_may_have_256_header_fields() {
    // With the length of the body.
    for (fields, fits) in [(255, true), (256, false), (300, false), (20_000, false)] {
        let lines: Vec<_> = (0..fields).map(|at| format!("X-{at}: v")).collect();
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let answer = get_raw(answer("200 OK", &lines, ""));
        if fits {
            assert_status(&answer, 200);
            assert_eq!(answer["headers"].as_object().unwrap().len(), fields + 1);
        } else {
            assert_fails(&answer, "network", "RESPONSE_HEADERS_TOO_LARGE");
            assert_eq!((&answer["status_code"], &answer["headers"]), (&json!(0), &Value::Null));
        }
    }
}

#[test]
fn an_answer_may_have_64_kib_of_headers() {
    let others = "X: \r\n".len() + "Content-Length: 0\r\n".len();
    for (len, fits) in [(65_536, true), (65_537, false), (131_072, false), (5 << 20, false)] {
        let line = format!("X: {}", "v".repeat(len - others));
        let answer = get_raw(answer("200 OK", &[&line], ""));
        if fits {
            assert_status(&answer, 200);
        } else {
            assert_fails(&answer, "network", "RESPONSE_HEADERS_TOO_LARGE");
        }
    }
}

#[test]
fn the_limits_hold_for_redirects_too() {
    let line = format!("X: {}", "v".repeat(65_536));
    let answer = get_raw(answer("302 Found", &[&line, "Location: /"], ""));
    assert_fails(&answer, "network", "RESPONSE_HEADERS_TOO_LARGE");
}

#[test]
fn how_the_body_came_is_not_told() {
    let answer = get_raw(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2;ext=1\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n",
    );
    assert_status(&answer, 200);
    assert_eq!((&answer["headers"], &*body(&answer)), (&Value::Null, &b"hello"[..]));
}
