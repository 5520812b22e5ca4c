//! From and to the types of the crate `http`.
#![cfg(feature = "http")]

use http::{HeaderValue, Method, Request, Version, header};
use reglet_sdk_std::error::Kind;
use reglet_sdk_std::http::{Client, RequestBuilder, Response, get};
use reglet_sdk_std::mock::Mock;
use reglet_sdk_std::{Context, Error};

fn answered(answer: &str) -> Response {
    let mock = Mock::new().answer("http_request", answer);
    mock.run(|| get("https://example.com").send(&Context::default())).0.unwrap()
}

/// What the host gets of a request, or why it gets nothing.
fn sent<B: Into<Vec<u8>>>(request: Request<B>) -> Result<String, Error> {
    let mock = Mock::new().answer("http_request", r#"{"status_code":204}"#);
    let (result, calls) =
        mock.run(|| RequestBuilder::try_from(request).and_then(|request| request.send(&Context::default())));
    result.map(|_| calls.requests[0].1.clone())
}

#[test]
fn a_request_keeps_its_method_url_headers_and_body() {
    let request = Request::builder().method(Method::PATCH).uri("https://example.com/a?b");
    let request = request.header("X", "1").header("Y", "2").header("X", "3").body(*b"hello").unwrap();
    assert_eq!(
        sent(request).unwrap(),
        concat!(
            r#"{"method":"PATCH","url":"https://example.com/a?b","headers":{"x":["1","3"],"y":["2"]},"#,
            r#""body":"aGVsbG8=","context":{}}"#
        )
    );
}

#[test]
fn a_header_that_is_no_text_is_refused_without_being_shown() {
    let value = HeaderValue::from_bytes(b"hidden\xFF").unwrap();
    let request = Request::get("http://a").header(header::AUTHORIZATION, value).body("").unwrap();
    let error = sent(request).unwrap_err();
    assert_eq!((error.kind(), &*error.code()), (Kind::Validation, "invalid_header"));
    assert_eq!(error.message(), "invalid header 'authorization': its value is not UTF-8");
}

#[test]
fn a_url_without_a_host_is_refused_when_it_is_sent() {
    assert_eq!(sent(Request::get("/a").body("").unwrap()).unwrap_err().code(), "invalid_url");
}

#[test]
fn a_response_keeps_its_status_version_headers_and_body() {
    for (proto, version) in [
        ("HTTP/1.0", Version::HTTP_10),
        ("HTTP/1.1", Version::HTTP_11),
        ("HTTP/2.0", Version::HTTP_2),
        ("HTTP/3.0", Version::HTTP_3),
        ("", Version::HTTP_11),
    ] {
        let answer = format!(
            r#"{{"status_code":418,"headers":{{"A":["1","2"]}},"proto":"{proto}","body":"aGVsbG8="}}"#
        );
        let response = http::Response::try_from(answered(&answer)).unwrap();
        assert_eq!((response.status().as_u16(), response.version()), (418, version));
        let values: Vec<_> = response.headers().get_all("a").iter().collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!(response.body(), b"hello");
    }
}

#[test]
fn a_response_with_headers_that_http_does_not_allow_is_an_error() {
    for headers in [r#"{"a b":["1"]}"#, r#"{"A":["1\n2"]}"#] {
        let response = answered(&format!(r#"{{"status_code":200,"headers":{headers}}}"#));
        let error = http::Response::try_from(response).unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Internal, "wire_format"));
    }
}

#[test]
fn a_request_becomes_one_of_the_crate_http_with_all_that_would_be_sent() {
    let client = Client::new().header("Accept", "text/html").header("X", "0");
    let request = client.post("http://a/b?c").header("X", "1").header("X", "2").json(&[1]);
    let request = Request::try_from(request).unwrap();
    assert_eq!((request.method(), &*request.uri().to_string()), (&Method::POST, "http://a/b?c"));
    for (name, expected) in
        [("x", &["1", "2"] as &[&str]), ("accept", &["text/html"]), ("content-type", &["application/json"])]
    {
        let values: Vec<_> = request.headers().get_all(name).iter().collect();
        assert_eq!(values, expected);
    }
    assert_eq!(request.body(), b"[1]");
}

#[test]
fn a_request_that_http_does_not_allow_becomes_none() {
    for request in [get("http://a b"), get("http://a").header("a b", ""), get("http://a").header("a", "\n")] {
        let error = Request::try_from(request).unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Validation, "invalid_request"));
    }
    let error = Request::try_from(get("http://a").json(&f64::NAN)).unwrap_err();
    assert_eq!(error.kind(), Kind::Internal);
}
