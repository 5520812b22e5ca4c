//! Requests, as a host gets them, and answers, as a host gives them.

use core::time::Duration;

use reglet_sdk_std::context::Cancellation;
use reglet_sdk_std::error::Kind;
use reglet_sdk_std::http::{self, Client, RequestBuilder, Response, Truncated};
use reglet_sdk_std::json::Reader;
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::{Context, Error, Timestamp, text, time};

const NO_CONTENT: &str = r#"{"status_code":204}"#;

fn send(request: &RequestBuilder, answer: impl AsRef<[u8]>) -> (Result<Response, Error>, Calls) {
    Mock::new().answer("http_request", answer).run(|| request.send(&Context::default()))
}

/// The request, as the host gets it.
fn sent(request: &RequestBuilder) -> String {
    let (response, calls) = send(request, NO_CONTENT);
    response.unwrap();
    let [(_, request)] = <[_; 1]>::try_from(calls.requests).unwrap();
    request
}

fn answered(answer: impl AsRef<[u8]>) -> Response {
    send(&http::get("https://example.com"), answer).0.unwrap()
}

/// An answer with this body.
fn answered_with(body: impl AsRef<[u8]>) -> Response {
    Mock::new().http(200, body).run(|| http::get("https://example.com").send(&Context::default())).0.unwrap()
}

fn refused(answer: impl AsRef<[u8]>) -> Error {
    send(&http::get("https://example.com"), answer).0.unwrap_err()
}

/// Why a request is not sent.
fn invalid(request: &RequestBuilder) -> Error {
    let (response, calls) = Mock::new().run(|| request.send(&Context::default()));
    let error = response.unwrap_err();
    assert_eq!((calls.requests.len(), error.kind()), (0, Kind::Validation), "{error}");
    error
}

#[test]
fn a_plain_request_leaves_everything_to_the_host() {
    assert_eq!(sent(&http::get("http://a")), r#"{"method":"GET","url":"http://a","context":{}}"#);
}

#[test]
fn each_function_has_its_method() {
    let client = Client::new();
    for (method, request, same) in [
        ("GET", http::get("http://a"), client.get("http://a")),
        ("HEAD", http::head("http://a"), client.head("http://a")),
        ("POST", http::post("http://a"), client.post("http://a")),
        ("PUT", http::put("http://a"), client.put("http://a")),
        ("DELETE", http::delete("http://a"), client.delete("http://a")),
        ("PATCH", http::request("PATCH", "http://a"), client.request(String::from("PATCH"), "http://a")),
    ] {
        assert!(sent(&request).starts_with(&format!(r#"{{"method":"{method}","#)));
        assert_eq!(sent(&request), sent(&same));
    }
}

#[test]
fn everything_that_is_set_reaches_the_host() {
    let request = http::post("https://example.com/a?b")
        .header("X", "1")
        .header("x", "2")
        .body("hello")
        .timeout(Duration::from_micros(1_500_001))
        .max_redirects(3);
    assert_eq!(
        sent(&request),
        concat!(
            r#"{"method":"POST","url":"https://example.com/a?b","headers":{"X":["1","2"]},"body":"aGVsbG8=","#,
            r#""follow_redirects":true,"max_redirects":3,"context":{"timeout_ms":1501},"timeout_ms":1501}"#
        )
    );
    assert!(sent(&http::get("http://a").max_redirects(0)).contains(r#""follow_redirects":false"#));
}

#[test]
fn the_context_travels_along() {
    let context = Context::default().with_request_id("check-17").with_timeout(250);
    let mock = Mock::new().answer("http_request", NO_CONTENT);
    let (_, calls) = mock.run(|| http::get("http://a").timeout(Duration::from_secs(9)).send(&context));
    let request = &calls.requests[0].1;
    assert!(request.ends_with(r#""context":{"request_id":"check-17","timeout_ms":250},"timeout_ms":250}"#));
}

#[test]
fn a_request_takes_what_its_client_has_and_may_differ() {
    let client = Client::new()
        .header("Accept", "text/html")
        .header("User-Agent", "agent")
        .timeout(Duration::from_secs(1))
        .max_redirects(1);
    let request = client.get("http://a").header("accept", "text/plain").max_redirects(2);
    assert_eq!(
        sent(&request),
        concat!(
            r#"{"method":"GET","url":"http://a","headers":{"accept":["text/plain"],"User-Agent":["agent"]},"#,
            r#""follow_redirects":true,"max_redirects":2,"context":{"timeout_ms":1000},"timeout_ms":1000}"#
        )
    );
    let request = client.get("http://a").timeout(Duration::from_secs(2));
    assert!(
        sent(&request).ends_with(r#""max_redirects":1,"context":{"timeout_ms":2000},"timeout_ms":2000}"#)
    );
}

/// The URL that a host gets.
fn url(request: &RequestBuilder) -> String {
    let request: serde_json::Value = serde_json::from_str(&sent(request)).unwrap();
    request["url"].as_str().unwrap().to_owned()
}

#[test]
fn a_query_is_put_where_it_belongs() {
    for (given, sent) in [
        ("http://a", "http://a?x=1&y=2&x=3"),
        ("http://a/b", "http://a/b?x=1&y=2&x=3"),
        ("http://a?", "http://a?x=1&y=2&x=3"),
        ("http://a?b", "http://a?b&x=1&y=2&x=3"),
        ("http://a?x=0&", "http://a?x=0&x=1&y=2&x=3"),
        ("http://a#top?b", "http://a?x=1&y=2&x=3#top?b"),
        ("http://a?b#", "http://a?b&x=1&y=2&x=3#"),
        ("http://a/ü?ä#ö", "http://a/ü?ä&x=1&y=2&x=3#ö"),
    ] {
        assert_eq!(url(&http::get(given).query("x", 1).query("y", 2).query("x", 3)), sent);
    }
}

#[test]
fn a_query_is_encoded_as_forms_are() {
    let ascii: String = (0..=0x7F).map(char::from).collect();
    let encoded = concat!(
        "%00%01%02%03%04%05%06%07%08%09%0A%0B%0C%0D%0E%0F%10%11%12%13%14%15%16%17%18%19%1A%1B%1C%1D%1E%1F",
        "+%21%22%23%24%25%26%27%28%29*%2B%2C-.%2F0123456789%3A%3B%3C%3D%3E%3F",
        "%40ABCDEFGHIJKLMNOPQRSTUVWXYZ%5B%5C%5D%5E_%60abcdefghijklmnopqrstuvwxyz%7B%7C%7D%7E%7F"
    );
    assert_eq!(url(&http::get("http://a").query(&ascii, &*ascii)), format!("http://a?{encoded}={encoded}"));
    assert_eq!(url(&http::get("http://a").query("ü", "€😀")), "http://a?%C3%BC=%E2%82%AC%F0%9F%98%80");
    assert_eq!(url(&http::get("http://a").query("", "")), "http://a?=");
}

#[test]
fn a_query_takes_what_a_text_takes() {
    let request = http::get("http://a")
        .query("a", String::from("b"))
        .query("c", -1)
        .query("d", text!["e", 2])
        .query("f", Some("g"))
        .query("h", None::<&str>);
    assert_eq!(url(&request), "http://a?a=b&c=-1&d=e2&f=g&h=");
}

#[test]
fn who_asks_is_told_once() {
    let client = Client::new().header("authorization", "old").basic_auth("old", "").bearer_auth("new");
    let new = r#""headers":{"Authorization":["Bearer new"]}"#;
    for request in [
        client.get("http://a"),
        http::get("http://a").header("authorization", "old").basic_auth("old", "").bearer_auth("new"),
        Client::new().basic_auth("old", "").get("http://a").bearer_auth("new"),
    ] {
        assert!(sent(&request).contains(new), "{}", sent(&request));
    }
    // The example of RFC 7617.
    let basic = r#""headers":{"Authorization":["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]}"#;
    for request in [
        client.get("http://a").basic_auth("Aladdin", "open sesame"),
        Client::new().basic_auth("Aladdin", "open sesame").get("http://a"),
    ] {
        assert!(sent(&request).contains(basic), "{}", sent(&request));
    }
}

#[test]
fn a_token_that_would_end_its_line_is_refused_and_not_shown() {
    let error = invalid(&http::get("http://a").bearer_auth("hidden\n"));
    assert_eq!(error.message(), "invalid header 'Authorization': its value has a control character");
}

#[test]
fn json_goes_out_with_its_type_unless_there_is_another() {
    let request = http::post("http://a").json(&[1, 2]).json(&[1, 2]);
    assert!(sent(&request).contains(r#""headers":{"Content-Type":["application/json"]},"body":"WzEsMl0=""#));
    let other = r#""headers":{"content-type":["application/ld+json"]},"body""#;
    for request in [
        http::post("http://a").header("content-type", "application/ld+json").json(&[1, 2]),
        http::post("http://a").json(&[1, 2]).header("content-type", "application/ld+json"),
        Client::new().header("content-type", "application/ld+json").post("http://a").json(&[1, 2]),
    ] {
        assert!(sent(&request).contains(other), "{request:?}");
    }
}

#[test]
fn what_is_no_json_is_not_sent() {
    let request = http::post("http://a").json(&f64::NAN);
    let (response, calls) = Mock::new().run(|| request.send(&Context::default()));
    assert_eq!((response.unwrap_err().kind(), calls.requests.len()), (Kind::Internal, 0));
    assert!(sent(&request.clone().json(&[1, 2])).contains(r#""body":"WzEsMl0=""#));
    assert!(sent(&request.body("hello")).contains(r#""body":"aGVsbG8=""#));
}

#[test]
fn a_method_or_a_header_that_http_does_not_allow_is_refused() {
    for method in ["", "G T", "GET\r\n", "GÉT"] {
        assert_eq!(invalid(&http::request(method, "http://a")).code(), "invalid_method", "{method:?}");
    }
    for name in ["", "a b", "a:", "a\r\nb", "ä"] {
        let error = invalid(&http::get("http://a").header(name, "hidden"));
        assert_eq!(error.code(), "invalid_header", "{name:?}");
        assert!(!error.to_string().contains("hidden"));
    }
    for value in ["hidden\r\nX: y", "hidden\0", "\u{7f}hidden"] {
        let error = invalid(&http::get("http://a").header("X-Token", value));
        assert_eq!(error.code(), "invalid_header");
        assert_eq!(error.message(), "invalid header 'X-Token': its value has a control character");
    }
    assert_eq!(invalid(&Client::new().header("a b", "").get("http://a")).code(), "invalid_header");
}

#[test]
fn header_values_may_be_any_text() {
    for value in ["", "a\tb", "a \"b\"", "grün"] {
        sent(&http::get("http://a").header("X", value));
    }
}

#[test]
fn urls_of_all_kinds_are_sent() {
    for url in [
        "http://a",
        "HTTPS://A.example:443/b?c=d#e",
        "http://a:65535?b",
        "http://a:/b",
        "http://192.0.2.1/",
        "http://[::1]",
        "http://[2001:db8::192.0.2.1]:8080/a",
        "http://user:pa@ss@a/b@c:d",
        "http://bücher.example/ü",
    ] {
        assert!(sent(&http::get(url)).contains(&format!(r#""url":"{url}""#)), "{url}");
    }
}

#[test]
fn bad_urls_are_refused_with_what_is_wrong() {
    let scheme = "it does not begin with http:// or https://";
    let host = "it has no host";
    let character = "it has a space or a control character";
    let port = "its port is no number from 1 to 65535";
    let address = "what stands in brackets is no IPv6 address";
    for (url, flaw) in [
        ("", scheme),
        ("example.com/a", scheme),
        ("ftp://a", scheme),
        ("http:/a", scheme),
        ("http://", host),
        ("https:///a", host),
        ("http://:80", host),
        ("http://a b", character),
        ("http://a/\n", character),
        ("http://a:0", port),
        ("http://a:65536/", port),
        ("http://a:+1/", port),
        ("http://[::1]8", port),
        ("http://2001:db8::1/", "an IPv6 address must stand in brackets"),
        ("http://[::1", address),
        ("http://[::g]", address),
        ("http://[192.0.2.1]", address),
    ] {
        let error = invalid(&http::get(url));
        assert_eq!(error.message(), format!("invalid URL '{url}': {flaw}"));
        assert_eq!(error.code(), "invalid_url");
    }
}

#[test]
fn errors_do_not_show_the_password_of_a_url() {
    let request = http::get("https://user:hid@den@example.com/a@b");
    let error = send(&request, r#"{"status_code":404}"#).0.unwrap().error_for_status().unwrap_err();
    assert_eq!(error.message(), "http GET https://***@example.com/a@b failed with status 404: client error");
    for (url, shown) in [("user:hidden@example.com", "***@example.com"), ("http://hidden@/", "http://***@/")]
    {
        let error = invalid(&http::get(url));
        assert!(error.message().starts_with(&format!("invalid URL '{shown}': ")), "{error}");
    }
}

#[test]
fn a_context_that_is_over_asks_nobody() {
    let request = http::get("http://a");
    let ended = |context: &Context<'_>| {
        let error = request.send(context).unwrap_err();
        (error.kind(), error.code().into_owned())
    };
    let (enough, check) = (Cancellation::new(), Context::default());
    enough.cancel();
    let mock = Mock::new().clock(Timestamp::from_unix(1_800_000_000, 0));
    let (errors, calls) = mock.run(|| {
        let late = check.within(Duration::from_secs(3));
        time::sleep(Duration::from_secs(3));
        [ended(&check.canceled()), ended(&check.with_cancellation(&enough)), ended(&late)]
    });
    let expected = ["CANCELED", "CANCELED", "DEADLINE_EXCEEDED"];
    assert_eq!(errors, expected.map(|code| (Kind::Timeout, code.to_owned())));
    assert_eq!(calls.requests.len(), 0);
}

#[test]
fn an_error_of_the_host_is_kept_whole() {
    let detail = r#"{"message":"dial","type":"network","code":"CONNECTION_REFUSED","details":{"a":1}}"#;
    let error = refused([r#"{"status_code":0,"error":"#, detail, "}"].concat());
    assert_eq!(
        (error.kind(), &*error.code(), &*error.message()),
        (Kind::Network, "CONNECTION_REFUSED", "dial")
    );
    assert_eq!(error.details().get("a").integer().unwrap(), 1);
    let error = refused(r#"{"error":{"message":"m","type":"timeout","code":"TIMEOUT"}}"#);
    assert!(error.is_timeout());
}

#[test]
fn a_denial_is_one_in_both_shapes() {
    for answer in [
        r#"{"error":{"message":"network capability denied: a:80","type":"capability","code":"x"}}"#,
        r#"{"error":"VALIDATION_ERROR","message":"network capability denied: a:80","code":400}"#,
    ] {
        let error = refused(answer);
        assert_eq!((error.kind(), &*error.message()), (Kind::Capability, "network capability denied: a:80"));
    }
}

#[test]
fn an_envelope_is_an_error_with_its_text() {
    let error = refused(r#"{"error":"INTERNAL_ERROR","message":"out of luck","code":500}"#);
    assert_eq!(
        (error.kind(), &*error.code(), &*error.message()),
        (Kind::Internal, "INTERNAL_ERROR", "out of luck")
    );
}

#[test]
fn an_answer_that_breaks_the_protocol_is_an_error() {
    for answer in [
        "",
        "null",
        "{}",
        "[]",
        "{",
        r#"{"status_code":"200"}"#,
        r#"{"status_code":99}"#,
        r#"{"status_code":1000}"#,
        r#"{"status_code":-200}"#,
        r#"{"status_code":65736}"#,
        r#"{"status_code":200,"body":"A?=="}"#,
        r#"{"status_code":200,"headers":{"A":[1]}}"#,
    ] {
        let error = refused(answer);
        assert_eq!((error.kind(), &*error.code()), (Kind::Internal, "wire_format"), "{answer}: {error}");
    }
}

#[test]
fn an_answer_is_read_in_full() {
    let response = answered(
        r#"{"status_code":299,"headers":{"Set-Cookie":["a=\u0062","c=d"],"Server":["x"]},"proto":"HTTP/2.0",
            "latency_ms":12,"body":"AP8="}"#,
    );
    assert_eq!((response.status(), response.is_success(), response.is_truncated()), (299, true, false));
    assert_eq!((response.protocol().as_ref(), response.latency()), ("HTTP/2.0", Duration::from_millis(12)));
    let headers: Vec<_> = response.headers().map(|(name, value)| format!("{name}: {value}")).collect();
    assert_eq!(headers, ["Set-Cookie: a=b", "Set-Cookie: c=d", "Server: x"]);
    assert_eq!(response.header("set-cookie").as_deref(), Some("a=b"));
    assert_eq!(response.header("cookie"), None);
    assert_eq!(response.body(), [0, 255]);
    assert_eq!(response.into_body(), [0, 255]);
}

#[test]
fn an_answer_may_have_no_body() {
    let response = answered(NO_CONTENT);
    assert_eq!((response.body(), response.text(), response.latency()), (&b""[..], Ok(""), Duration::ZERO));
    assert_eq!(response.into_body(), b"");
}

#[test]
fn only_errors_of_client_and_server_are_errors() {
    for (status, success, reason) in [
        (100, false, None),
        (199, false, None),
        (200, true, None),
        (300, false, None),
        (399, false, None),
        (400, false, Some("client error")),
        (499, false, Some("client error")),
        (500, false, Some("server error")),
        (999, false, Some("server error")),
    ] {
        let response = answered(format!(r#"{{"status_code":{status}}}"#));
        assert_eq!(response.is_success(), success, "{status}");
        match (response.error_for_status(), reason) {
            (Ok(response), None) => assert_eq!(response.status(), status),
            (Err(error), Some(reason)) => {
                let code = format!("http_{status}");
                assert_eq!((error.kind(), &*error.code()), (Kind::Network, &*code));
                assert!(error.message().ends_with(reason), "{error}");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn text_is_text_only() {
    let response = answered_with("grün");
    assert_eq!(response.text(), Ok("grün"));
    let response = answered_with(b"gr\xFCn");
    let error = response.text().unwrap_err();
    assert_eq!((error.kind(), &*error.code()), (Kind::Validation, "invalid_utf8"));
    assert_eq!(error.message(), "the response body of https://example.com is not UTF-8");
    assert_eq!(response.body(), b"gr\xFCn");
}

#[test]
fn json_borrows_from_the_body() {
    let response = answered_with(r#"["ab"]"#);
    let [text]: [&str; 1] = response.json().unwrap();
    assert_eq!(text, "ab");
    assert!(response.body().as_ptr_range().contains(&text.as_ptr()));
}

#[test]
fn json_of_another_form_is_an_error_that_says_where() {
    let error = answered_with(r#"[1,"a"]"#).json::<Vec<u8>>().unwrap_err();
    assert_eq!((error.kind(), &*error.code()), (Kind::Validation, "invalid_json"));
    assert!(
        error.message().contains("https://example.com (status 200, no content type): [1]: expected "),
        "{error}"
    );
    assert_eq!(error.cause().unwrap().code(), "[1]");
    let error = answered(NO_CONTENT).json::<Vec<u8>>().unwrap_err();
    assert_eq!(error.code(), "invalid_json");
}

#[test]
fn an_error_of_json_tells_its_cause_once() {
    let error = answered_with(r#"[1,"a"]"#).json::<Vec<u8>>().unwrap_err();
    let text = error.during("reading the answer").to_string();
    assert_eq!(text.matches("[1]: expected").count(), 1, "{text}");
    assert!(
        text.starts_with("validation: reading the answer: invalid JSON in the response body of "),
        "{text}"
    );
}

#[test]
fn an_error_of_json_says_what_came_without_showing_it() {
    let response = answered(
        r#"{"status_code":502,"headers":{"content-type":["text/html; charset=\"x\""]},"body":"PGgxPg=="}"#,
    );
    let error = response.json::<Vec<u8>>().unwrap_err();
    let message = "invalid JSON in the response body of https://example.com \
                   (status 502, content type text/html; charset=\"x\"): invalid character at byte 0";
    assert_eq!((&*error.code(), &*error.message()), ("invalid_json", message));
    let error = response.invalid_json(Reader::new(response.body()).event().unwrap_err());
    assert!(error.message().contains("(status 502, content type text/html"), "{error}");
    assert!(!error.to_string().contains("h1"), "{error}");
}

#[test]
fn an_error_of_the_status_has_the_start_of_the_body() {
    let failed = |body: &[u8]| {
        let (response, _) =
            Mock::new().http(500, body).run(|| http::get("http://a").send(&Context::default()));
        response.unwrap().error_for_status().unwrap_err()
    };
    for (body, shown) in [
        (&b"out of luck"[..], "out of luck".to_owned()),
        (&[b'x'; 201], "x".repeat(200)),
        (&[[b'x'; 199].as_slice(), "ü".as_bytes()].concat(), "x".repeat(199)),
        (b"gr\xFCn", "gr\u{fffd}n".to_owned()),
    ] {
        assert_eq!(failed(body).details().get("body").text().unwrap(), shown);
    }
    assert!(failed(b"").details().is_none());
}

#[test]
fn debugging_shows_no_secrets() {
    let client = Client::new().basic_auth("hidden", "").retries(2);
    let request = client
        .post("https://user:hidden@example.com/a")
        .bearer_auth("hidden")
        .header("X-Token", "hidden")
        .body("hidden");
    let answer = r#"{"status_code":200,"headers":{"Set-Cookie":["hidden"]},"body":"aGlkZGVu"}"#;
    let response = send(&request, answer).0.unwrap();
    let shown = format!("{client:?} {request:?} {response:?}");
    for hidden in ["hidden", "aGlkZGVu", "aGlkZGVuOg==", "104, 105"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
    for part in ["https://***@example.com/a", "Authorization", "X-Token", "Set-Cookie", "POST", "200"] {
        assert!(shown.contains(part), "{shown}");
    }
}

const CUT: &str = r#"{"status_code":200,"body":"YWJj","body_truncated":true}"#;

#[test]
fn a_cut_body_is_an_error() {
    let error = refused(CUT);
    assert_eq!((error.kind(), &*error.code()), (Kind::Validation, "body_truncated"));
    let message =
        "response body too large: https://example.com has sent more than the 3 bytes that were read";
    assert_eq!(error.message(), message);
    assert_eq!(error.details().get("bytes_read").integer().unwrap(), 3);
    assert_eq!(error.details().get("limit").integer().unwrap(), 10_485_760);
}

#[test]
fn a_cut_body_is_there_for_those_who_allow_it() {
    let client = Client::new().allow_truncated();
    for request in [http::get("http://a").allow_truncated(), client.get("http://a")] {
        let response = send(&request, CUT).0.unwrap();
        assert!(response.is_truncated());
        let Truncated { response } = response.complete().unwrap_err();
        assert_eq!(response.body(), b"abc");
        assert_eq!(Error::from(Truncated { response }).code(), "body_truncated");
        assert!(send(&request, NO_CONTENT).0.unwrap().complete().is_ok());
    }
}

#[test]
fn an_error_comes_before_a_cut_body() {
    let error = refused(r#"{"body_truncated":true,"error":{"message":"m","type":"timeout"}}"#);
    assert_eq!(error.kind(), Kind::Timeout);
}

#[test]
fn a_request_can_be_sent_again() {
    let request = http::get("http://a").header("X", "1");
    let mock = Mock::new().answer("http_request", NO_CONTENT).answer("http_request", NO_CONTENT);
    let (_, calls) = mock.run(|| {
        request.send(&Context::default()).unwrap();
        request.send(&Context::default()).unwrap();
    });
    assert_eq!(calls.requests[0], calls.requests[1]);
}

#[test]
fn a_request_in_either_dialect_is_sent_again_where_the_first_is_not_understood() {
    let refused =
        r#"{"error":"VALIDATION_ERROR","message":"failed to unmarshal request: json: x","code":400}"#;
    let mock = Mock::new().answer("http_request", refused).answer("http_request", r#"{"status_code":204}"#);
    let request = http::get("http://a").header("A", "b").in_either_dialect();
    let (response, calls) = mock.run(|| request.send(&Context::default()));
    assert_eq!(response.unwrap().status(), 204);
    assert!(calls.requests[0].1.contains(r#""headers":{"A":["b"]}"#), "{calls:?}");
    assert!(calls.requests[1].1.contains(r#""headers":{"A":"b"}"#), "{calls:?}");
}
