//! A host for tests: scripted answers, recorded calls. Only on targets other than wasm.
//!
//! ```
//! use reglet_sdk_core::mock::Mock;
//! use reglet_sdk_core::{Context, tcp};
//!
//! let mock = Mock::new().answer("tcp_connect", r#"{"connected":true,"remote_addr":"192.0.2.1:443"}"#);
//! let (remote, calls) = mock.run(|| {
//!     let connection = tcp::Request::new(&"example.com", 443).send(&Context::default()).unwrap();
//!     connection.remote_addr().decode().into_owned()
//! });
//! assert_eq!(remote, "192.0.2.1:443");
//! assert_eq!(calls.functions(), ["tcp_connect"]);
//! ```

use alloc::collections::VecDeque;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::cell::RefCell;
use core::time::Duration;

use crate::Timestamp;
use crate::base64::{self, Base64};
use crate::error::Error;
use crate::json::{Value, Writer};
use crate::text;

std::thread_local! {
    static MOCK: RefCell<Option<Mock>> = const { RefCell::new(None) };
}

/// The host of one test. It is strict: a call that no answer was scripted for is an error for the plugin, and then
/// ends the test, whatever the plugin makes of it.
#[derive(Debug, Default)]
pub struct Mock {
    answers: VecDeque<(&'static str, Vec<u8>)>,
    clock: Option<Timestamp>,
    calls: Calls,
    /// What is wrong with the first call that was not scripted.
    unscripted: Option<String>,
}

/// What a plugin has asked of its host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Names and requests, in order.
    pub requests: Vec<(&'static str, String)>,
    /// Log records, as JSON.
    pub logs: Vec<String>,
    /// Answers that nobody asked for.
    pub unused: usize,
}

impl Calls {
    /// The names of the functions that were called, in order.
    #[must_use]
    pub fn functions(&self) -> Vec<&'static str> {
        self.requests.iter().map(|(name, _)| *name).collect()
    }

    /// The body of the request with this index among [all](Self::requests), empty if it had none; `None` if there is
    /// no such request, or it is not one of `http_request`.
    ///
    /// ```
    /// use reglet_sdk_core::mock::Mock;
    /// use reglet_sdk_core::{Context, http};
    ///
    /// let (answer, calls) = Mock::new().http(201, "made").run(|| {
    ///     http::Request::post(&"https://example.com", &"text/plain", b"hello").send(&Context::default()).unwrap()
    /// });
    /// assert_eq!((answer.status_code(), answer.body()), (201, &b"made"[..]));
    /// assert_eq!(calls.http_body(0).as_deref(), Some(&b"hello"[..]));
    /// ```
    #[must_use]
    pub fn http_body(&self, index: usize) -> Option<Vec<u8>> {
        let ("http_request", request) = self.requests.get(index)? else { return None };
        let body = Value::at(request.as_bytes()).get("body").string_or_empty();
        let mut body = body.decode().into_owned().into_bytes();
        let len = base64::decode(&mut body).ok()?;
        body.truncate(len);
        Some(body)
    }
}

impl Mock {
    /// A host that answers nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Scripts the next answer. Answers are given in order, each to a call of its function.
    #[must_use]
    pub fn answer(mut self, function: &'static str, answer: impl AsRef<[u8]>) -> Self {
        self.answers.push_back((function, answer.as_ref().to_vec()));
        self
    }

    /// Scripts the next answer as that of a web server: with this status and this body, and without header fields. One
    /// that has these is an [`answer`](Self::answer) of `http_request`, whose body is base64.
    #[must_use]
    pub fn http(self, status: u16, body: impl AsRef<[u8]>) -> Self {
        let mut answer = Writer::new();
        answer.begin_object();
        answer.member("status_code", status);
        answer.member("body", Base64::from(body.as_ref()));
        answer.end_object();
        self.answer("http_request", answer.as_bytes())
    }

    /// Scripts the next answer as an error, as a host reports it.
    ///
    /// ```
    /// use reglet_sdk_core::error::Kind;
    /// use reglet_sdk_core::mock::Mock;
    /// use reglet_sdk_core::{Context, Error, tcp};
    ///
    /// let denied = Error::new(Kind::Capability, "network capability denied: example.com:443");
    /// let (answer, _) = Mock::new()
    ///     .fails("tcp_connect", &denied)
    ///     .run(|| tcp::Request::new(&"example.com", 443).send(&Context::default()));
    /// assert_eq!(answer.unwrap_err(), denied);
    /// ```
    #[must_use]
    pub fn fails(self, function: &'static str, error: &Error) -> Self {
        let mut answer = Writer::new();
        answer.begin_object();
        answer.member("error", error);
        answer.end_object();
        self.answer(function, answer.as_bytes())
    }

    /// Stops the clock at a time. It goes on only by what the plugin [sleeps](crate::time::sleep).
    #[must_use]
    pub fn clock(mut self, time: Timestamp) -> Self {
        self.clock = Some(time);
        self
    }

    /// Runs `test` on this thread with this host, and returns what it returned and what it asked for.
    ///
    /// # Panics
    ///
    /// A host function was called that no answer was scripted for, or not the one that was next.
    #[track_caller]
    pub fn run<R>(self, test: impl FnOnce() -> R) -> (R, Calls) {
        /// Puts back what there was before, also when the test panics.
        struct Guard(Option<Mock>);
        impl Drop for Guard {
            fn drop(&mut self) {
                MOCK.replace(self.0.take());
            }
        }
        let guard = Guard(MOCK.replace(Some(self)));
        let result = test();
        let mock = MOCK.take().unwrap_or_default();
        drop(guard);
        if let Some(unscripted) = mock.unscripted {
            panic!("{unscripted}");
        }
        (result, Calls { unused: mock.answers.len(), ..mock.calls })
    }
}

/// Answers a call of a host function.
pub(crate) fn call(function: &'static str, request: &[u8]) -> Result<Vec<u8>, Error> {
    MOCK.with_borrow_mut(|mock| {
        let Some(mock) = mock else {
            return Err(Error::internal(text![function, " was called outside of mock::Mock::run"]));
        };
        let request = String::from_utf8_lossy(request).into_owned();
        mock.calls.requests.push((function, request.clone()));
        let unscripted = match mock.answers.pop_front() {
            Some((name, answer)) if name == function => {
                return if answer.is_empty() { Err(crate::host::no_data(function)) } else { Ok(answer) };
            }
            Some((name, _)) => {
                text!["the mock expected a call of ", name, ", not of ", function, ": ", request].to_string()
            }
            None => text!["the mock has no answer for ", function, ": ", request].to_string(),
        };
        mock.unscripted.get_or_insert_with(|| unscripted.clone());
        Err(Error::internal(unscripted))
    })
}

/// Keeps a log record.
pub(crate) fn log(record: &[u8]) {
    MOCK.with_borrow_mut(|mock| {
        if let Some(mock) = mock {
            mock.calls.logs.push(String::from_utf8_lossy(record).into_owned());
        }
    });
}

/// The time at which the clock was stopped.
pub(crate) fn clock() -> Option<Timestamp> {
    MOCK.with_borrow(|mock| mock.as_ref().and_then(|mock| mock.clock))
}

/// Moves the clock on, if it was stopped.
pub(crate) fn sleep(duration: Duration) -> bool {
    MOCK.with_borrow_mut(|mock| {
        let clock = mock.as_mut().and_then(|mock| mock.clock.as_mut());
        clock.map(|clock| *clock = clock.saturating_add(duration)).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Context, tcp};

    fn connect() -> bool {
        tcp::Request::new(&"a", 1).send(&Context::default()).is_ok()
    }

    #[test]
    fn a_mock_within_another_leaves_that_as_it_was() {
        let (_, calls) = Mock::new().answer("tcp_connect", "{}").run(|| {
            let (_, inner) = Mock::new().answer("tcp_connect", "{}").run(connect);
            assert_eq!(inner.requests.len(), 1);
            crate::log::info!("between");
            connect()
        });
        assert_eq!((calls.requests.len(), calls.logs.len(), calls.unused), (1, 1, 0));
    }

    #[test]
    #[should_panic(expected = r#"the mock has no answer for tcp_connect: {"host":"a","port":"1""#)]
    fn a_call_without_an_answer_ends_the_test_whatever_the_plugin_makes_of_it() {
        Mock::new().run(connect);
    }

    #[test]
    #[should_panic(expected = "the mock expected a call of dns_lookup, not of tcp_connect")]
    fn so_does_a_call_of_another_function() {
        Mock::new().answer("dns_lookup", "{}").answer("tcp_connect", "{}").run(|| (connect(), connect()));
    }
}
