//! HTTP: requests that are built up, and answers that are read in place.
//!
//! ```
//! use core::time::Duration;
//! use reglet_sdk_std::{Context, Error, http};
//!
//! fn is_healthy(url: &str, context: &Context<'_>) -> Result<bool, Error> {
//!     let response = http::get(url)
//!         .header("Accept", "text/plain")
//!         .timeout(Duration::from_secs(5))
//!         .send(context)?
//!         .error_for_status()?;
//!     Ok(response.text()?.contains("status: ok"))
//! }
//! ```
//!
//! A listing that comes page by page, from a server that wants to know who asks:
//!
//! ```
//! use reglet_sdk_std::mock::Mock;
//! use reglet_sdk_std::{Context, Error, http};
//!
//! fn repositories(token: &str, context: &Context<'_>) -> Result<Vec<String>, Error> {
//!     let mut names = Vec::new();
//!     for page in 1.. {
//!         let response = http::get("https://api.example.com/repositories?sort=name")
//!             .query("page", page)
//!             .bearer_auth(token)
//!             .send(context)?
//!             .error_for_status()?;
//!         let found: Vec<String> = response.json()?;
//!         if found.is_empty() {
//!             break;
//!         }
//!         names.extend(found);
//!     }
//!     Ok(names)
//! }
//!
//! let mock = Mock::new().http(200, r#"["a","b"]"#).http(200, r#"["c"]"#).http(200, "[]");
//! let (names, calls) = mock.run(|| repositories("abc", &Context::default()));
//! assert_eq!(names?, ["a", "b", "c"]);
//! assert!(calls.requests[2].1.contains("?sort=name&page=3"));
//! # Ok::<(), Error>(())
//! ```
//!
//! Several requests that have something in common share a [`Client`]. [`Check`] is a check that is ready to be used.
//! The core's own [`Request`] borrows all that it is made of; [`RequestBuilder`] owns it.
//!
//! # Bytes
//!
//! A plugin that sends a request takes 17 KB more than an empty one. On top of that come 4 KB for
//! [retries](Client::retries), 6 KB for JSON out and in with one type each, 3 KB for a [query](RequestBuilder::query),
//! 1 KB for a [token](RequestBuilder::bearer_auth), 3 KB for a [password](RequestBuilder::basic_auth), 18 KB for a
//! [`Check`] (5 of them for SHA-256), and 50 KB for types of the crate `http` converted out and in.

mod auth;
mod check;
#[cfg(feature = "http")]
mod convert;
mod debug;
mod query;
mod request;
mod response;
mod retry;
mod rules;

pub use check::Check;
pub use reglet_sdk_core::http::*;
pub use request::RequestBuilder;
pub use response::{MAX_BODY, Response, Truncated};

use alloc::borrow::Cow;
use core::time::Duration;

use reglet_sdk_core::{Context, Error};

use crate::call::milliseconds;
use retry::Retries;

/// A `GET` request.
pub fn get(url: &str) -> RequestBuilder {
    request("GET", url)
}

/// A `HEAD` request.
pub fn head(url: &str) -> RequestBuilder {
    request("HEAD", url)
}

/// A `POST` request.
pub fn post(url: &str) -> RequestBuilder {
    request("POST", url)
}

/// A `PUT` request.
pub fn put(url: &str) -> RequestBuilder {
    request("PUT", url)
}

/// A `DELETE` request.
pub fn delete(url: &str) -> RequestBuilder {
    request("DELETE", url)
}

/// A request with any method.
pub fn request(method: impl Into<Cow<'static, str>>, url: &str) -> RequestBuilder {
    RequestBuilder::new(Client::new(), method.into(), url)
}

/// What several requests have in common.
///
/// ```
/// use core::time::Duration;
/// use reglet_sdk_std::{Context, Error, http};
///
/// fn both_are_up(context: &Context<'_>) -> Result<bool, Error> {
///     let client = http::Client::new().timeout(Duration::from_secs(5)).header("Accept", "text/html").retries(2);
///     let first = client.get("https://a.example").send(context)?;
///     let second = client.get("https://b.example").max_redirects(0).send(context)?;
///     Ok(first.is_success() && second.is_success())
/// }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Client {
    headers: Vec<(String, String)>,
    timeout_ms: Option<u32>,
    max_redirects: Option<u32>,
    allow_truncated: bool,
    retries: Option<Retries>,
    any_method: bool,
    /// How to send, if not in the dialect of the wire. Were it no pointer, each plugin would have the code for both.
    send: Option<Send>,
}

type Send = fn(&Request<'_>, &Context<'_>) -> Result<Answer, Error>;

impl Client {
    /// A client that leaves everything to the host.
    pub const fn new() -> Self {
        Self {
            headers: Vec::new(),
            timeout_ms: None,
            max_redirects: None,
            allow_truncated: false,
            retries: None,
            any_method: false,
            send: None,
        }
    }

    /// Adds a header field to all requests, but for those that have one of that name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Has all requests carry this token, but for those that have an `Authorization` of their own: see
    /// [`RequestBuilder::bearer_auth`].
    ///
    /// ```
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, http::Client};
    ///
    /// let client = Client::new().bearer_auth("abc");
    /// let (_, calls) = Mock::new().http(200, "").run(|| client.get("https://a.example").send(&Context::default()));
    /// assert!(calls.requests[0].1.contains(r#""Authorization":["Bearer abc"]"#));
    /// ```
    pub fn bearer_auth(mut self, token: &str) -> Self {
        auth::authorize(&mut self.headers, auth::bearer(token));
        self
    }

    /// Has all requests carry this user's name and password, but for those that have an `Authorization` of their own:
    /// see [`RequestBuilder::basic_auth`].
    ///
    /// ```
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, http::Client};
    ///
    /// let client = Client::new().basic_auth("root", "toor");
    /// let (_, calls) = Mock::new().http(200, "").run(|| client.get("https://a.example").send(&Context::default()));
    /// assert!(calls.requests[0].1.contains(r#""Authorization":["Basic cm9vdDp0b29y"]"#));
    /// ```
    pub fn basic_auth(mut self, user: &str, password: &str) -> Self {
        auth::authorize(&mut self.headers, auth::basic(user, password));
        self
    }

    /// Sets the time that each attempt may take, in whole milliseconds rounded up. Without it, hosts take thirty
    /// seconds.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout_ms = Some(milliseconds(limit));
        self
    }

    /// Sets how many redirects are followed; 0 for none. Without it, hosts follow up to ten.
    pub const fn max_redirects(mut self, redirects: u32) -> Self {
        self.max_redirects = Some(redirects);
        self
    }

    /// Takes the first [`MAX_BODY`] bytes of a larger body for an answer all the same, which is otherwise an error.
    /// [`Response::is_truncated`] tells.
    pub const fn allow_truncated(mut self) -> Self {
        self.allow_truncated = true;
        self
    }

    /// Has requests that failed sent again up to so many times, but for a `POST`, which is never repeated unless that is
    /// [asked for](Self::retry_any_method); nor is any other method than `GET`, `HEAD`, `OPTIONS`, `TRACE`, `PUT` and
    /// `DELETE`, which do no harm when they are repeated.
    ///
    /// It waits 200 milliseconds at first, and then twice as long each time, up to 30 seconds. That is for errors of the network and of time, but for those of a name that does not exist, and for the
    /// status 429, 502, 503 and 504, whose `Retry-After` in seconds is waited for if it is longer. A server that asks
    /// for more than 30 seconds is not asked again. What comes last is the result, and so is what came before a pause
    /// that would end after the context. It makes the plugin import WASI's clock and `poll_oneoff`.
    ///
    /// Under a mock it really waits, unless that has a clock, which is put forward instead:
    ///
    /// ```
    /// use core::time::Duration;
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, Timestamp, http::Client};
    ///
    /// let start = Timestamp::from_unix(1_800_000_000, 0);
    /// Mock::new().clock(start).http(503, "").http(200, "").run(|| {
    ///     let response = Client::new().retries(2).get("https://example.com").send(&Context::default()).unwrap();
    ///     assert_eq!(response.status(), 200);
    ///     assert_eq!(Timestamp::now().unwrap(), start.saturating_add(Duration::from_millis(200)));
    /// });
    /// ```
    pub const fn retries(mut self, retries: u32) -> Self {
        self.retries = Some(Retries::new(retries));
        self
    }

    /// Has [retries](Self::retries) repeat requests of all methods, also `POST` and `PATCH`, which the server may then
    /// have done more than once: an answer that got lost does not tell whether it has.
    ///
    /// ```
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, http::Client};
    ///
    /// let client = Client::new().retries(2).retry_any_method();
    /// let mock = Mock::new().http(503, "").http(201, "");
    /// let (response, _) = mock.run(|| client.post("https://example.com").send(&Context::default()));
    /// assert_eq!(response?.status(), 201);
    /// # Ok::<(), reglet_sdk_std::Error>(())
    /// ```
    pub const fn retry_any_method(mut self) -> Self {
        self.any_method = true;
        self
    }

    /// Sends requests also where the host understands headers only in the dialect of the Go SDK's own hosts: see
    /// [`Request::send_in_either_dialect`].
    pub fn in_either_dialect(mut self) -> Self {
        self.send = Some(|request, context| request.send_in_either_dialect(context));
        self
    }

    /// A `GET` request.
    pub fn get(&self, url: &str) -> RequestBuilder {
        self.request("GET", url)
    }

    /// A `HEAD` request.
    pub fn head(&self, url: &str) -> RequestBuilder {
        self.request("HEAD", url)
    }

    /// A `POST` request.
    pub fn post(&self, url: &str) -> RequestBuilder {
        self.request("POST", url)
    }

    /// A `PUT` request.
    pub fn put(&self, url: &str) -> RequestBuilder {
        self.request("PUT", url)
    }

    /// A `DELETE` request.
    pub fn delete(&self, url: &str) -> RequestBuilder {
        self.request("DELETE", url)
    }

    /// A request with any method.
    pub fn request(&self, method: impl Into<Cow<'static, str>>, url: &str) -> RequestBuilder {
        RequestBuilder::new(self.clone(), method.into(), url)
    }
}
