//! Bodies of answers.

use std::io::Write;
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::server::{Server, answer};
use crate::{HOST, ask_server, assert_fails, assert_message, assert_status, body, get, get_raw, grants};

const LIMIT: usize = 10 << 20;

fn gzip(parts: &[&[u8]]) -> Vec<u8> {
    gzip_at(Compression::fast(), parts)
}

fn gzip_at(level: Compression, parts: &[&[u8]]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    parts.iter().for_each(|part| encoder.write_all(part).unwrap());
    encoder.finish().unwrap()
}

/// Coded, but in hardly any time.
fn stored(body: &[u8]) -> Vec<u8> {
    gzip_at(Compression::none(), &[body])
}

fn chunked(headers: &str, body: &[u8]) -> Vec<u8> {
    let mut out = format!("HTTP/1.1 200 OK\r\n{headers}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in body.chunks(100_000) {
        write!(out, "{:X}\r\n", chunk.len()).unwrap();
        out.extend_from_slice(chunk);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"0\r\n\r\n");
    out
}

const CODED: &str = "Content-Encoding: gzip\r\n";

/// Puts a body into an answer.
type Frame = fn(&[u8]) -> Vec<u8>;

/// How a body gets over the wire.
const FRAMINGS: [(&str, Frame); 4] = [
    ("with its length", |body| answer("200 OK", &[], body)),
    ("in chunks", |body| chunked("", body)),
    ("until the end", |body| [b"HTTP/1.1 200 OK\r\n\r\n", body].concat()),
    ("as gzip in chunks", |body| chunked(CODED, &stored(body))),
];

/// Gets a page without parsing it, which takes long for these; what comes after the body, and its length.
fn get_large(bytes: Vec<u8>) -> (usize, String) {
    let server = Server::start(move |_| bytes.clone());
    let request = json!({"url": server.url("/")}).to_string();
    let answer = HOST.invoke(&grants(&[server.port()]), "http_request", request.as_bytes());
    let answer = String::from_utf8(answer).unwrap();
    let (_, body) = answer.split_once(r#""body":""#).unwrap();
    let (body, rest) = body.split_once('"').unwrap();
    (body.len() / 4 * 3 - (body.len() - body.trim_end_matches('=').len()), rest.into())
}

#[test]
fn a_body_is_cut_at_10_mib_and_not_before_however_it_comes() {
    let bytes: &Vec<u8> = &(0..=250).cycle().take(LIMIT + 1).collect();
    thread::scope(|scope| {
        for (framing, frame) in FRAMINGS {
            scope.spawn(move || {
                for len in [LIMIT, LIMIT + 1] {
                    let (got, rest) = get_large(frame(&bytes[..len]));
                    assert_eq!(got, len.min(LIMIT), "{len} bytes {framing}");
                    let truncated = rest.contains(r#""body_truncated":true"#);
                    assert_eq!(truncated, len > LIMIT, "{len} bytes {framing}: {rest}");
                    assert!(!rest.contains("error"), "{len} bytes {framing}: {rest}");
                }
            });
        }
    });
    let (got, rest) = get_large(chunked(CODED, &stored(&bytes[..LIMIT - 1])));
    assert!(got == LIMIT - 1 && !rest.contains("truncated"), "{rest}");
}

#[test]
fn a_small_body_arrives_unchanged_however_it_comes() {
    let bytes: Vec<u8> = (0..=255).cycle().take(70_000).collect();
    for (framing, frame) in FRAMINGS {
        let answer = get_raw(frame(&bytes));
        assert_status(&answer, 200);
        assert!(body(&answer) == bytes, "{framing}");
    }
}

#[test]
fn a_gzip_bomb_is_cut() {
    let zeros = vec![0; 1 << 20];
    let bomb = gzip(&vec![&zeros[..]; 256]);
    let (len, rest) = get_large(answer("200 OK", &["Content-Encoding: gzip"], bomb));
    assert!(len == LIMIT && rest.contains(r#""body_truncated":true"#));
}

#[test]
fn gzip_that_the_guest_did_not_ask_for_is_undone_and_not_told() {
    let server = Server::start(|_| answer("200 OK", &["content-encoding: GZIP", "X: y"], gzip(&[b"hello"])));
    let answer = get(&server, "/");
    assert_status(&answer, 200);
    assert_eq!((&answer["headers"], &*body(&answer)), (&json!({"X": ["y"]}), &b"hello"[..]));
}

#[test]
fn gzip_that_the_guest_asked_for_is_its_own_matter() {
    let server = Server::start(|_| answer("200 OK", &["Content-Encoding: gzip"], gzip(&[b"hello"])));
    for (name, value, sent) in [("Accept-Encoding", "gzip", Some("gzip")), ("range", "bytes=0-", None)] {
        let answer = ask_server(&server, &json!({"url": server.url("/"), "headers": {name: value}}));
        assert_status(&answer, 200);
        assert_eq!(body(&answer), gzip(&[b"hello"]));
        assert_eq!(answer["headers"]["Content-Encoding"], json!(["gzip"]));
        assert_eq!(server.seen().pop().unwrap().header("Accept-Encoding"), sent);
    }
}

#[test]
fn other_codings_are_left_alone() {
    let answer = get_raw(answer("200 OK", &["Content-Encoding: br"], "?"));
    assert_status(&answer, 200);
    assert_eq!((&answer["headers"]["Content-Encoding"], &*body(&answer)), (&json!(["br"]), &b"?"[..]));
}

#[test]
fn gzip_may_have_several_parts_and_none() {
    let parts = [gzip(&[b"hel"]), gzip(&[b"lo"])].concat();
    assert_eq!(body(&get_raw(answer("200 OK", &["Content-Encoding: gzip"], parts))), b"hello");
    let answer = get_raw(chunked(CODED, b""));
    assert_status(&answer, 200);
    assert_eq!(answer["body"], Value::Null);
}

#[test]
fn a_body_that_can_t_be_read_leaves_status_and_headers() {
    let coded = gzip(&[b"hello"]);
    let mut wrong_sum = coded.clone();
    let at = wrong_sum.len() - 5;
    wrong_sum[at] ^= 1;
    let as_gzip = |bytes: &[u8]| answer("200 OK", &["Content-Encoding: gzip"], bytes);
    for (bytes, message) in [
        (as_gzip(b"no gzip at all"), "gzip: invalid gzip header"),
        (as_gzip(&coded[..coded.len() - 9]), "gzip: unexpected EOF"),
        (as_gzip(&wrong_sum), "gzip: corrupt gzip stream does not have a matching checksum"),
        (as_gzip(&[&coded[..], b"and no more gzip"].concat()), "gzip: invalid gzip header"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello".into(), "unexpected EOF"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".into(), "unexpected EOF"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel".into(), "unexpected EOF"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n".into(),
            "Invalid chunk body CR",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5x\r\nhello".into(), "Invalid"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n".into(),
            "invalid chunk size",
        ),
    ] {
        let mut with_header = bytes.clone();
        let at = "HTTP/1.1 200 OK\r\n".len();
        with_header.splice(at..at, *b"X: y\r\n");
        let answer = get_raw(with_header);
        assert_fails(&answer, "network", "READ_BODY_FAILED");
        assert_eq!((&answer["status_code"], &answer["headers"]["X"]), (&json!(200), &json!(["y"])));
        assert_eq!((&answer["proto"], &answer["body"]), (&json!("HTTP/1.1"), &Value::Null));
        let text = answer["error"]["message"].as_str().unwrap();
        assert!(text.contains(&format!("failed to read response body: {message}")), "{text}");
    }
}

#[test]
fn the_message_about_a_body_names_the_request() {
    let server = Server::start(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx".into());
    let url = server.url("/page");
    let answer = ask_server(&server, &json!({"method": "post", "url": url}));
    assert_message(&answer, &format!("Post \"{url}\": failed to read response body: unexpected EOF"));
}
