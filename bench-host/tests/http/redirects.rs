//! Where redirects lead.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};

use crate::server::{Seen, Server, answer, ok};
use crate::{
    allow, ask, ask_server, assert_fails, assert_message, assert_status, base64_of, body, get, grants,
};

/// A server that sends those who ask for `/` to another place, and greets all others.
fn leading(status: &'static str, location: impl Into<String>) -> Server {
    let location = format!("Location: {}", location.into());
    Server::start(move |seen| match &*seen.target {
        "/" => answer(status, &[&location], "moved"),
        _ => ok(seen),
    })
}

fn methods(server: &Server) -> Vec<(String, String, Vec<u8>)> {
    server.seen().into_iter().map(|seen| (seen.method, seen.target, seen.body)).collect()
}

#[test]
fn after_301_302_and_303_a_page_is_got_without_the_body() {
    for status in ["301 Moved Permanently", "302 Found", "303 See Other"] {
        for (method, next) in [("GET", "GET"), ("HEAD", "HEAD"), ("POST", "GET"), ("DELETE", "GET")] {
            let server = leading(status, "/next");
            let request = json!({
                "method": method, "url": server.url("/"), "body": base64_of(b"hi"),
                "headers": {"Content-Type": "text/plain", "X-Other": "x"},
            });
            assert_status(&ask_server(&server, &request), 200);
            let [first, second] = <[Seen; 2]>::try_from(server.seen()).unwrap();
            assert_eq!((&*first.method, &*first.body), (method, &b"hi"[..]));
            assert_eq!((&*second.method, &*second.target, &*second.body), (next, "/next", &b""[..]));
            assert_eq!((second.header("Content-Type"), second.header("Content-Length")), (None, None));
            assert_eq!(second.header("X-Other"), Some("x"));
        }
    }
}

#[test]
fn after_307_and_308_the_request_is_repeated() {
    for status in ["307 Temporary Redirect", "308 Permanent Redirect"] {
        let server = leading(status, "/next");
        let headers = json!({"Content-Type": "text/plain"});
        let request =
            json!({"method": "PUT", "url": server.url("/"), "body": base64_of(b"hi"), "headers": headers});
        assert_status(&ask_server(&server, &request), 200);
        let put = |target: &str| ("PUT".to_owned(), target.to_owned(), b"hi".to_vec());
        assert_eq!(methods(&server), [put("/"), put("/next")]);
        assert_eq!(server.seen()[1].header("Content-Type"), Some("text/plain"));
    }
}

#[test]
fn locations_may_be_relative() {
    for (location, target) in [
        ("next", "/a/next"),
        ("/next", "/next"),
        ("../next?q#f", "/next?q"),
        ("?q", "/a/b?q"),
        ("ä", "/a/%C3%A4"),
    ] {
        let line = format!("Location: {location}");
        let server = Server::start(move |seen| match &*seen.target {
            "/a/b" => answer("302 Found", &[&line], ""),
            _ => ok(seen),
        });
        assert_status(&get(&server, "/a/b"), 200);
        assert_eq!(server.seen()[1].target, target);
    }
}

/// A server whose every page leads to the next one.
fn endless() -> Server {
    Server::start(|seen| {
        let page: u32 = seen.target.trim_start_matches('/').parse().unwrap();
        answer("302 Found", &[&format!("Location: /{}", page + 1)], "")
    })
}

#[test]
fn a_loop_ends_after_ten_redirects() {
    let server = endless();
    let answer = get(&server, "/1");
    assert_fails(&answer, "network", "TOO_MANY_REDIRECTS");
    assert_message(&answer, "Get \"/12\": stopped after 10 redirects");
    assert_eq!(server.seen().len(), 11);
}

#[test]
fn the_guest_says_how_many_redirects_are_followed() {
    for (redirects, requests) in [(0, 11), (1, 2), (3, 4), (20, 21), (1_000, 51)] {
        let server = endless();
        let answer = ask_server(&server, &json!({"url": server.url("/1"), "max_redirects": redirects}));
        assert_fails(&answer, "network", "TOO_MANY_REDIRECTS");
        assert_eq!(server.seen().len(), requests);
    }
    let server = leading("302 Found", "/next");
    assert_status(&ask_server(&server, &json!({"url": server.url("/"), "max_redirects": 1})), 200);
}

#[test]
fn a_redirect_that_is_not_followed_is_an_answer() {
    let server = leading("302 Found", "/next");
    let answer = ask_server(&server, &json!({"url": server.url("/"), "follow_redirects": false}));
    assert_status(&answer, 302);
    assert_eq!((&answer["headers"]["Location"], &*body(&answer)), (&json!(["/next"]), &b"moved"[..]));
    // As our guests say it.
    let request = json!({"url": server.url("/"), "follow_redirects": false, "max_redirects": 0});
    assert_status(&ask_server(&server, &request), 302);
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn what_leads_nowhere_is_an_answer() {
    for (status, code, headers) in [
        ("302 Found", 302, &[][..]),
        ("302 Found", 302, &["Location: "]),
        ("300 Multiple Choices", 300, &["Location: /next"]),
        ("305 Use Proxy", 305, &["Location: /next"]),
        ("201 Created", 201, &["Location: /next"]),
    ] {
        let server = Server::start(move |_| answer(status, headers, "here"));
        let answer = get(&server, "/");
        assert_status(&answer, code);
        assert_eq!((server.seen().len(), &*body(&answer)), (1, &b"here"[..]));
    }
}

#[test]
fn a_port_without_a_grant_is_never_connected_to() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = target.local_addr().unwrap().port();
    let server = leading("302 Found", format!("http://127.0.0.1:{port}/"));
    let answer = get(&server, "/");
    assert_fails(&answer, "capability", "CAPABILITY_DENIED");
    assert_message(&answer, &format!("network capability denied: 127.0.0.1:{port}"));
    assert_eq!((&answer["status_code"], &answer["headers"]), (&json!(0), &Value::Null));
    assert_nobody_came(&target);
}

#[test]
fn a_host_without_a_grant_is_never_connected_to() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = target.local_addr().unwrap().port();
    for location in [format!("http://localhost:{port}/"), format!("//localhost:{port}/")] {
        let server = leading("307 Temporary Redirect", location);
        let answer = ask(&grants(&[server.port(), port]), &json!({"url": server.url("/")}));
        assert_fails(&answer, "capability", "CAPABILITY_DENIED");
        assert_message(&answer, &format!("network capability denied: localhost:{port}"));
        assert_nobody_came(&target);
    }
}

#[test]
fn a_wide_grant_does_not_open_this_machine_to_a_redirect() {
    let target = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = target.local_addr().unwrap().port();
    for host in ["localhost", "127.0.0.1", "2130706433", "[::ffff:127.0.0.1]", "[::1]"] {
        let server = leading("302 Found", format!("http://{host}:{port}/"));
        let granted = Grants::default().network("*", &port.to_string()).unwrap();
        let granted = granted.network("127.0.0.1", &server.port().to_string()).unwrap();
        let answer = ask(&Arc::new(granted), &json!({"url": server.url("/")}));
        assert_fails(&answer, "capability", "SSRF_BLOCKED");
        assert_nobody_came(&target);
    }
}

fn assert_nobody_came(target: &TcpListener) {
    target.set_nonblocking(true).unwrap();
    assert_eq!(target.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn a_host_with_a_grant_is_reached() {
    let target = Server::start(ok);
    let server = leading("302 Found", target.url("/next"));
    let answer = ask(&grants(&[server.port(), target.port()]), &json!({"url": server.url("/")}));
    assert_status(&answer, 200);
    assert_eq!(target.seen_once().target, "/next");
}

#[test]
fn secrets_do_not_follow_to_another_domain() {
    let headers =
        json!({"Authorization": "a", "cookie": ["c", "d"], "WWW-Authenticate": "w", "X-Other": "x"});
    let names = ["Authorization", "Cookie", "Www-Authenticate"];
    let target = Server::start(ok);
    let granted = |server: &Server| {
        allow(&[("127.0.0.1", server.port()), ("localhost", target.port()), ("127.0.0.1", target.port())])
    };

    let server = leading("302 Found", target.url("/"));
    let request = json!({"url": server.url("/"), "headers": headers});
    assert_status(&ask(&granted(&server), &request), 200);
    let seen = target.seen().pop().unwrap();
    assert_eq!(names.map(|name| seen.header(name)), [Some("a"), Some("c"), Some("w")]);

    let server = leading("302 Found", format!("http://localhost:{}/", target.port()));
    let request = json!({"url": server.url("/"), "headers": headers});
    assert_status(&ask(&granted(&server), &request), 200);
    let seen = target.seen().pop().unwrap();
    assert_eq!(names.map(|name| seen.header(name)), [None; 3]);
    assert_eq!(seen.header("X-Other"), Some("x"));
}

#[test]
fn credentials_of_the_url_stay_with_its_host() {
    let target = Server::start(ok);
    let server = leading("302 Found", format!("http://localhost:{}/", target.port()));
    let url = server.url("/").replace("http://", "http://user:pw@");
    let granted = allow(&[("127.0.0.1", server.port()), ("localhost", target.port())]);
    assert_status(&ask(&granted, &json!({"url": url})), 200);
    assert!(server.seen_once().header("Authorization").is_some());
    assert_eq!(target.seen_once().header("Authorization"), None);
    assert_eq!(target.seen_once().header("Referer"), Some(&*server.url("/")));
}

#[test]
fn the_referer_is_the_page_before() {
    let server = Server::start(|seen| match &*seen.target {
        "/1?a" => answer("302 Found", &["Location: /2"], ""),
        "/2" => answer("302 Found", &["Location: /3"], ""),
        _ => ok(seen),
    });
    assert_status(&get(&server, "/1?a#b"), 200);
    let seen = server.seen();
    let referers: Vec<_> = seen.iter().map(|seen| seen.header("Referer")).collect();
    assert_eq!(referers, [None, Some(&*server.url("/1?a")), Some(&*server.url("/2"))]);
    let request = json!({"url": server.url("/2"), "headers": {"Referer": "given"}});
    assert_status(&ask_server(&server, &request), 200);
    assert!(server.seen()[3..].iter().all(|seen| seen.header("Referer") == Some("given")));
}

#[test]
fn a_location_that_http_can_t_get_to_is_an_error() {
    for (location, message) in [
        ("ftp://x/", "Get \"ftp://x/\": unsupported protocol scheme \"ftp\""),
        ("file:///etc/passwd", "Get \"file:///etc/passwd\": unsupported protocol scheme \"file\""),
        ("javascript:alert(1)", "Get \"javascript:alert(1)\": unsupported protocol scheme \"javascript\""),
    ] {
        let server = leading("302 Found", location);
        let answer = get(&server, "/");
        assert_fails(&answer, "network", "REQUEST_FAILED");
        assert_message(&answer, message);
    }
    let server = leading("302 Found", "http://[::1/");
    let answer = get(&server, "/");
    assert_fails(&answer, "network", "REQUEST_FAILED");
    let expected = format!(
        "Get \"{}\": failed to parse Location header \"http://[::1/\": invalid IPv6 address",
        server.url("/")
    );
    assert_message(&answer, &expected);
}
