//! From and to the types of the crate `http`.

use reglet_sdk_core::Error;
use reglet_sdk_core::error::Kind;
use reglet_sdk_core::text;

use super::{Client, RequestBuilder, Response};

/// The version and the extensions are left out: hosts speak the version that they choose. A body of bytes is moved.
///
/// ```
/// use reglet_sdk_std::mock::Mock;
/// use reglet_sdk_std::{Context, Error, http::RequestBuilder};
///
/// fn ask(context: &Context<'_>) -> Result<http::Response<Vec<u8>>, Error> {
///     let request = http::Request::put("https://example.com").header("X", "1").body("data").unwrap();
///     RequestBuilder::try_from(request)?.send(context)?.try_into()
/// }
///
/// let mock = Mock::new().http(201, "Hello");
/// let (response, _) = mock.run(|| ask(&Context::default()));
/// let response = response?;
/// assert_eq!((response.status(), response.body().as_slice()), (http::StatusCode::CREATED, &b"Hello"[..]));
/// # Ok::<(), Error>(())
/// ```
///
/// # Errors
///
/// A header's value is not UTF-8. Of type `validation`, code `invalid_header`.
impl<B: Into<Vec<u8>>> TryFrom<::http::Request<B>> for RequestBuilder {
    type Error = Error;

    fn try_from(request: ::http::Request<B>) -> Result<Self, Error> {
        let (head, body) = request.into_parts();
        let method = String::from(head.method.as_str());
        let mut converted = Client::new().request(method, &head.uri.to_string()).body(body);
        for (name, value) in &head.headers {
            let value = core::str::from_utf8(value.as_bytes()).map_err(|_| {
                let message = text!["invalid header '", name.as_str(), "': its value is not UTF-8"];
                Error::new(Kind::Validation, message).with_code("invalid_header")
            })?;
            converted = converted.header(name.as_str(), value);
        }
        Ok(converted)
    }
}

/// What only a client of this SDK knows is left out, such as the limit of time.
///
/// ```
/// use reglet_sdk_std::http::post;
///
/// let request = http::Request::try_from(post("https://example.com/a").header("X", "1").body("data"))?;
/// assert_eq!((request.method(), request.uri().path()), (&http::Method::POST, "/a"));
/// assert_eq!((&request.headers()["X"], request.body().as_slice()), (&"1".parse().unwrap(), &b"data"[..]));
/// # Ok::<(), reglet_sdk_std::Error>(())
/// ```
///
/// # Errors
///
/// Its body is no JSON, though it should be; or of type `validation`, code `invalid_request`, HTTP does not allow it.
impl TryFrom<RequestBuilder> for ::http::Request<Vec<u8>> {
    type Error = Error;

    fn try_from(request: RequestBuilder) -> Result<Self, Error> {
        let mut builder = ::http::Request::builder().method(&*request.method).uri(&request.url);
        for (name, value) in request.fields() {
            builder = builder.header(name, value);
        }
        let RequestBuilder { body, failed, .. } = request;
        if let Some(error) = failed {
            return Err(error);
        }
        builder.body(body).map_err(|error| {
            Error::new(Kind::Validation, text!["invalid request: ", error.to_string()])
                .with_code("invalid_request")
        })
    }
}

/// The body is moved, as by [`Response::into_body`].
///
/// # Errors
///
/// The host's answer has header fields that HTTP does not allow. Of type `internal`, code `wire_format`.
impl TryFrom<Response> for ::http::Response<Vec<u8>> {
    type Error = Error;

    fn try_from(response: Response) -> Result<Self, Error> {
        let mut builder = ::http::Response::builder().status(response.status());
        if let Some(version) = version(&response.protocol()) {
            builder = builder.version(version);
        }
        for (name, value) in response.headers() {
            builder = builder.header(&*name, &*value);
        }
        let wrong = |error: ::http::Error| Error::wire_format("http_request", error.to_string());
        builder.body(response.into_body()).map_err(wrong)
    }
}

fn version(protocol: &str) -> Option<::http::Version> {
    Some(match protocol {
        "HTTP/0.9" => ::http::Version::HTTP_09,
        "HTTP/1.0" => ::http::Version::HTTP_10,
        "HTTP/1.1" => ::http::Version::HTTP_11,
        "HTTP/2" | "HTTP/2.0" => ::http::Version::HTTP_2,
        "HTTP/3" | "HTTP/3.0" => ::http::Version::HTTP_3,
        _ => return None,
    })
}
