//! What is sent.

use std::net::TcpListener;

use serde_json::json;

use crate::server::{Seen, Server, ok};
use crate::{
    HOST, allow, ask, ask_server, assert_fails, assert_message, assert_status, base64_of, body, get,
};

#[test]
fn a_bare_request_is_a_get_that_tells_who_asks() {
    let server = Server::start(ok);
    let answer = get(&server, "/a/b?c=d#fragment");
    assert_status(&answer, 200);
    assert_eq!(body(&answer), b"hello");
    let seen = server.seen_once();
    assert_eq!((&*seen.method, &*seen.target), ("GET", "/a/b?c=d"));
    let expected = [
        ("Host", format!("127.0.0.1:{}", server.port())),
        ("Connection", "close".into()),
        ("User-Agent", concat!("Reglet/", env!("CARGO_PKG_VERSION")).into()),
        ("Accept-Encoding", "gzip".into()),
    ];
    assert_eq!(seen.headers, expected.map(|(name, value)| (name.to_owned(), value)));
}

#[test]
fn methods_are_sent_in_capitals() {
    let server = Server::start(ok);
    for (method, sent) in [("", "GET"), ("put", "PUT"), ("Purge", "PURGE"), ("head", "HEAD")] {
        assert_status(&ask_server(&server, &json!({"method": method, "url": server.url("/")})), 200);
        assert_eq!(server.seen().pop().unwrap().method, sent);
    }
}

#[test]
fn what_is_no_method_is_refused() {
    let server = Server::start(ok);
    for method in ["BAD METHOD", "a\r\nb", "é", "connect"] {
        let answer = ask_server(&server, &json!({"method": method, "url": server.url("/")}));
        assert_fails(&answer, "validation", "INVALID_REQUEST");
        assert_message(&answer, &format!("net/http: invalid method {method:?}"));
    }
    assert!(server.seen().is_empty());
}

#[test]
fn headers_come_in_both_dialects() {
    let server = Server::start(ok);
    let headers =
        json!({"x-list": ["a", "b"], "X-One": "c", "user-agent": "me", "x-text": " é\t", "X-None": []});
    assert_status(&ask_server(&server, &json!({"url": server.url("/"), "headers": headers})), 200);
    let seen = server.seen_once();
    for (name, expected) in [
        ("X-List", &["a", "b"][..]),
        ("X-One", &["c"]),
        ("User-Agent", &["me"]),
        ("X-Text", &["é"]),
        ("X-None", &[]),
    ] {
        let fields = seen.headers.iter().filter(|field| field.0 == name);
        assert_eq!(fields.map(|field| &*field.1).collect::<Vec<_>>(), expected, "{name}");
    }
}

#[test]
fn no_agent_is_named_if_the_guest_wants_none() {
    let server = Server::start(ok);
    get_with(&server, "User-Agent", "");
    assert_eq!(server.seen_once().header("User-Agent"), None);
}

#[test]
fn headers_about_the_connection_are_the_hosts_own() {
    let server = Server::start(ok);
    let headers = json!({
        "Host": "evil.test", "Content-Length": "1", "Transfer-Encoding": "chunked", "Trailer": "X", "TE": "trailers",
        "Connection": "keep-alive", "Keep-Alive": "timeout=5", "Proxy-Connection": "x", "Upgrade": "websocket",
    });
    let request = json!({"method": "POST", "url": server.url("/"), "headers": headers, "body": "aGk="});
    assert_status(&ask_server(&server, &request), 200);
    let seen = server.seen_once();
    let mut names: Vec<_> = seen.headers.iter().map(|field| &*field.0).collect();
    names.sort_unstable();
    assert_eq!(names, ["Accept-Encoding", "Connection", "Content-Length", "Host", "User-Agent"]);
    assert_eq!(seen.header("Host"), Some(&*format!("127.0.0.1:{}", server.port())));
    assert_eq!((seen.header("Connection"), &*seen.body), (Some("close"), &b"hi"[..]));
}

#[test]
fn header_fields_that_would_break_out_of_their_line_are_refused() {
    let server = Server::start(ok);
    for name in ["", "a b", "a\r\nb", "a:", "é"] {
        let answer = get_with(&server, name, "v");
        assert_fails(&answer, "validation", "INVALID_REQUEST");
        assert_message(&answer, &format!("net/http: invalid header field name {name:?}"));
    }
    for value in ["a\r\nb: c", "a\0", "a\n"] {
        let answer = get_with(&server, "X-A", value);
        assert_fails(&answer, "validation", "INVALID_REQUEST");
        assert_message(&answer, "net/http: invalid header field value for \"X-A\"");
    }
    assert!(server.seen().is_empty());
}

fn get_with(server: &Server, name: &str, value: &str) -> serde_json::Value {
    ask_server(server, &json!({"url": server.url("/"), "headers": {name: [value]}}))
}

#[test]
fn the_number_of_header_fields_is_limited() {
    let server = Server::start(ok);
    let request = |count| json!({"url": server.url("/"), "headers": {"X": vec!["v"; count]}});
    assert_status(&ask_server(&server, &request(1024)), 200);
    assert_fails(&ask_server(&server, &request(1025)), "validation", "INVALID_REQUEST");
}

#[test]
fn bodies_are_sent_whole_and_with_their_length() {
    let server = Server::start(|seen: &Seen| ok(seen));
    let bytes: Vec<u8> = (0..=255).cycle().take(1 << 20).collect();
    for (method, sent, len) in [
        ("POST", &bytes[..], Some("1048576")),
        ("GET", b"x", Some("1")),
        ("POST", b"", Some("0")),
        ("PUT", b"", Some("0")),
        ("GET", b"", None),
        ("DELETE", b"", None),
    ] {
        let request = json!({"method": method, "url": server.url("/"), "body": base64_of(sent)});
        assert_status(&ask_server(&server, &request), 200);
        let seen = server.seen().pop().unwrap();
        assert!(seen.body == sent, "{method} with {} bytes", sent.len());
        assert_eq!(
            (seen.header("Content-Length"), seen.header("Transfer-Encoding")),
            (len, None),
            "{method}"
        );
    }
}

#[test]
fn user_and_password_of_the_url_become_credentials() {
    let server = Server::start(ok);
    let url = server.url("/").replace("http://", "http://us%65r:p%40ss%3A@");
    assert_status(&ask_server(&server, &json!({"url": url})), 200);
    let given = json!({"url": url, "headers": {"authorization": "Bearer t"}});
    assert_status(&ask_server(&server, &given), 200);
    let expected = format!("Basic {}", base64_of(b"user:p@ss:"));
    let seen = server.seen();
    assert_eq!(seen[0].header("Authorization"), Some(&*expected));
    assert_eq!(seen[0].header("Host"), Some(&*format!("127.0.0.1:{}", server.port())));
    assert_eq!(seen[1].header("Authorization"), Some("Bearer t"));
}

#[test]
fn the_grants_are_asked_about_the_host_that_is_meant() {
    for (host, meant) in [
        ("BÜCHER.test", "xn--bcher-kva.test"),
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("granted.test@127.0.0.1", "127.0.0.1"),
        ("127.0.0.1\\@granted.test", "127.0.0.1"),
    ] {
        let answer = ask(&allow(&[("granted.test", 80)]), &json!({"url": format!("http://{host}/")}));
        assert_fails(&answer, "capability", "CAPABILITY_DENIED");
        assert_message(&answer, &format!("network capability denied: {meant}:80"));
    }
    let answer = ask(&allow(&[]), &json!({"url": "https://example.test/"}));
    assert_message(&answer, "network capability denied: example.test:443");
}

#[test]
fn an_ipv6_address_stands_in_brackets() {
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let port = listener.local_addr().unwrap().port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let seen = Seen::read(&mut stream).unwrap();
        std::io::Write::write_all(&mut stream, &ok(&seen)).unwrap();
        seen
    });
    let answer = ask(&allow(&[("::1", port)]), &json!({"url": format!("http://[0::1]:{port}/")}));
    assert_status(&answer, 200);
    assert_eq!(server.join().unwrap().header("Host"), Some(&*format!("[::1]:{port}")));
}

#[test]
fn other_schemes_are_refused_in_the_words_of_go() {
    for (url, message) in [
        ("ftp://x/", "unsupported protocol scheme \"ftp\""),
        ("file:///etc/passwd", "unsupported protocol scheme \"file\""),
        ("localhost:80/x", "unsupported protocol scheme \"localhost\""),
        ("/path", "unsupported protocol scheme \"\""),
        ("http://", "http: no Host in request URL"),
    ] {
        let answer = ask(&allow(&[]), &json!({"url": url}));
        assert_fails(&answer, "network", "REQUEST_FAILED");
        assert_message(&answer, &format!("Get \"{url}\": {message}"));
    }
}

#[test]
fn what_is_no_url_is_an_invalid_request() {
    for url in ["http://[::1", "http://a b/", "http://x:99999/", "http://1.2.3.4.5/"] {
        let answer = ask(&allow(&[]), &json!({"url": url}));
        assert_fails(&answer, "validation", "INVALID_REQUEST");
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.starts_with(&format!("parse {url:?}: ")), "{message}");
    }
}

#[test]
fn a_request_that_can_t_be_read_is_refused_and_not_sent() {
    let server = Server::start(ok);
    let url = server.url("/");
    for request in [
        "".into(),
        "[]".into(),
        "{}".into(),
        r#"{"url": ""}"#.into(),
        format!(r#"{{"url": "{url}""#),
        format!(r#"{{"url": ["{url}"]}}"#),
        format!(r#"{{"url": "{url}", "headers": []}}"#),
        format!(r#"{{"url": "{url}", "headers": {{"A": 1}}}}"#),
        format!(r#"{{"url": "{url}", "headers": {{"A": [1]}}}}"#),
        format!(r#"{{"url": "{url}", "body": "?"}}"#),
        format!(r#"{{"url": "{url}", "method": 1}}"#),
        format!(r#"{{"url": "{url}", "max_redirects": -1}}"#),
        format!(r#"{{"url": "{url}", "follow_redirects": "no"}}"#),
        format!(r#"{{"url": "{url}", "timeout_ms": "soon"}}"#),
        format!(r#"{{"url": "{url}", "context": ""}}"#),
    ] {
        let answer = HOST.invoke(&crate::grants(&[server.port()]), "http_request", request.as_bytes());
        let answer = serde_json::from_slice(&answer).unwrap();
        assert_fails(&answer, "validation", "INVALID_REQUEST");
        assert!(answer["error"]["message"].as_str().unwrap().starts_with("http_request: "), "{answer}");
    }
    assert!(server.seen().is_empty());
}
