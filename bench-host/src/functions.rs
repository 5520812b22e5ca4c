//! The functions that a host offers to its plugins: those of the protocol, and the embedder's own.

use core::any::Any;
use core::fmt;
use core::future::Future;
use core::panic::AssertUnwindSafe;
use core::time::Duration;
use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::time::Instant;

use reglet_sdk_core::error::{Error, Kind};
use reglet_sdk_core::grants::Grants;
use reglet_sdk_core::json::{self, Encode, Writer};
use reglet_sdk_core::wire::Timing;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::cancel::Cancel;
use crate::denials::Denials;
use crate::host::{Failed, Shared};
use crate::log::printable;
use crate::outcome;
use crate::services;

/// What a function answers: JSON, or an error that becomes the answer's `error`.
pub type Answer = Result<Vec<u8>, Error>;

/// A function, from the bytes of the request to those of the answer.
type Function = dyn Fn(&Call<'_>, &[u8]) -> Answer + Send + Sync;

/// Functions by their names, as plugins import them from `reglet_host`.
///
/// ```
/// use reglet_bench_host::{Functions, Host};
/// use reglet_sdk_core::Error;
///
/// #[derive(serde::Deserialize)]
/// struct Request {
///     name: String,
/// }
///
/// let functions = Functions::all()
///     .with("greet", |_, request: Request| Ok::<_, Error>(format!("hello {}", request.name)))
///     .wrapped(|call, request, next| {
///         println!("{} calls {}", call.plugin(), call.function());
///         next(call, request)
///     });
/// let host = Host::builder().functions(functions).build()?;
/// let answer = host.invoke(&Default::default(), "greet", br#"{"name": "you"}"#);
/// assert_eq!(answer, br#""hello you""#);
/// # Ok::<(), reglet_bench_host::Error>(())
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct Functions(BTreeMap<Arc<str>, Arc<Function>>);

impl Functions {
    /// No functions but `log_message`, which every host has.
    pub fn none() -> Self {
        Self::default()
    }

    /// All functions of the protocol.
    pub fn all() -> Self {
        Self::network().and(Self::mail()).and(Self::commands()).and(Self::filter())
    }

    /// `dns_lookup`, `http_request` and `tcp_connect`.
    pub fn network() -> Self {
        Self::none()
            .with_bytes("dns_lookup", services::dns::answer)
            .with_bytes("http_request", services::http::answer)
            .with_bytes("tcp_connect", services::tcp::answer)
    }

    /// `smtp_connect`.
    pub fn mail() -> Self {
        Self::none().with_bytes("smtp_connect", services::smtp::answer)
    }

    /// `exec_command`.
    pub fn commands() -> Self {
        Self::none().with_bytes("exec_command", services::exec::answer)
    }

    /// `ssrf_check`. It needs no grant, so that plugins learn by it what names resolve to, and name servers learn
    /// which names plugins ask for: leave it out where that is too much.
    pub fn filter() -> Self {
        Self::none().with_bytes("ssrf_check", services::ssrf::answer)
    }

    /// Adds a function with typed request and answer, in place of one of the same name.
    ///
    /// It runs on the thread of the check, and nothing ends it from outside: what takes time asks the call how much is
    /// [left](Call::time_left), or runs in [`Call::wait`].
    pub fn with<Q: DeserializeOwned, A: Serialize>(
        self,
        name: &str,
        function: impl Fn(&Call<'_>, Q) -> Result<A, Error> + Send + Sync + 'static,
    ) -> Self {
        self.with_bytes(name, move |call, request| {
            let request = serde_json::from_slice(request)
                .map_err(|error| call.invalid(&printable(&error.to_string())))?;
            serde_json::to_vec(&function(call, request)?)
                .map_err(|error| Error::internal(format!("the answer can't be written: {error}")))
        })
    }

    /// Adds a function from bytes to bytes, in place of one of the same name. The host's own `log_message` stays.
    ///
    /// An answer without bytes reaches the plugin as 0, which those of this SDK take for an error.
    pub fn with_bytes(
        mut self,
        name: &str,
        function: impl Fn(&Call<'_>, &[u8]) -> Answer + Send + Sync + 'static,
    ) -> Self {
        self.0.insert(name.into(), Arc::new(function));
        self
    }

    /// Whether there is a function of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Adds other functions, in place of those of the same names.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Puts something around each of the functions that are there so far: it is called in their place, and may call
    /// the function that it gets, with that request or another one.
    pub fn wrapped(
        self,
        middleware: impl Fn(&Call<'_>, &[u8], &dyn Fn(&Call<'_>, &[u8]) -> Answer) -> Answer
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let middleware = Arc::new(middleware);
        let wrap = |(name, function): (Arc<str>, Arc<Function>)| {
            let middleware = Arc::clone(&middleware);
            let wrapped: Arc<Function> = Arc::new(move |call, request| middleware(call, request, &*function));
            (name, wrapped)
        };
        Self(self.0.into_iter().map(wrap).collect())
    }

    /// The names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(|name| &**name)
    }

    /// Has a request answered; a function that panics answers with an error.
    pub(crate) fn answer(&self, call: &Call<'_>, request: &[u8]) -> Vec<u8> {
        let answer = match self.0.get(call.function) {
            Some(function) => catch_unwind(AssertUnwindSafe(|| function(call, request)))
                .unwrap_or_else(|panic| Err(panicked(&*panic))),
            None => {
                let message = format!("unknown host function: {}", printable(call.function));
                Err(Error::internal(message).with_code("NOT_FOUND"))
            }
        };
        let limit = call.host.limits.answer;
        match answer {
            Ok(answer) if answer.len() <= limit => answer,
            Ok(answer) => {
                let (function, len) = (printable(call.function), answer.len());
                let message =
                    format!("the answer of {function} has {len} bytes, more than the limit of {limit} bytes");
                failed(&Error::internal(message).with_code("RESPONSE_TOO_LARGE"))
            }
            Err(error) => {
                call.tell_of(&error);
                failed(&error)
            }
        }
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// An answer that holds nothing but an error.
pub(crate) fn failed(error: &Error) -> Vec<u8> {
    let mut out = Writer::new();
    out.begin_object();
    out.member("error", error);
    out.end_object();
    out.into_bytes()
}

#[cold]
fn panicked(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let text = printable(text.unwrap_or("of unknown kind"));
    Error::internal(format!("panic: {text}")).with_code("INTERNAL_ERROR")
}

/// A call of a function: who calls, what it may do, and how long it may take.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub(crate) plugin: &'a str,
    pub(crate) function: &'a str,
    pub(crate) host: &'a Shared,
    pub(crate) grants: &'a Arc<Grants>,
    pub(crate) cancel: &'a Cancel,
    pub(crate) denials: &'a Denials,
    /// What was left of the check's time when the plugin called.
    pub(crate) time: Duration,
    pub(crate) began: Instant,
}

impl<'a> Call<'a> {
    /// Name of the plugin.
    #[must_use]
    pub fn plugin(&self) -> &'a str {
        self.plugin
    }

    /// Name of the function.
    #[must_use]
    pub fn function(&self) -> &'a str {
        self.function
    }

    /// What the plugin may do. A function that reaches out of the sandbox asks first.
    #[must_use]
    pub fn grants(&self) -> &'a Arc<Grants> {
        self.grants
    }

    /// What is left of the check's time, in whole milliseconds.
    #[must_use]
    pub fn time_left(&self) -> Duration {
        in_milliseconds(self.time.saturating_sub(self.began.elapsed()))
    }

    /// Calls another function of the host, with the same grants and the time that is left; the answer is what a plugin
    /// would get.
    #[must_use]
    pub fn invoke(&self, function: &str, request: &[u8]) -> Vec<u8> {
        self.host.functions.answer(&Call { function, ..*self }, request)
    }

    /// Whether the embedder has cancelled the check.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Does the work on the host's own threads, and waits for it no longer than `limit`, than the check's time lasts,
    /// and than until the check is cancelled. Work that is not waited for any more is dropped, and where no time is
    /// left, none is begun.
    ///
    /// All plugins share these threads, so the work must not block; what does goes to `tokio::task::spawn_blocking`.
    ///
    /// # Errors
    ///
    /// It was not done in time, or panicked.
    pub fn wait<T: Send + 'static>(
        &self,
        limit: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Failed> {
        self.host.wait(limit.min(self.time_left()), self.cancel, work)
    }

    /// An error that says that the request can't be read.
    #[must_use]
    pub fn invalid(&self, reason: &str) -> Error {
        invalid(&format!("{}: {reason}", self.function))
    }

    /// Reads a request.
    pub(crate) fn read<'r, T>(
        &self,
        request: &'r [u8],
        read: impl FnOnce(&'r [u8]) -> Result<T, json::Error>,
    ) -> Result<T, Error> {
        read(request).map_err(|error| self.invalid(&printable(&error.describe(request))))
    }

    /// The time that a request leaves: the smallest limit it names, or else its deadline, but never more than `most`
    /// and than the check has left.
    ///
    /// # Errors
    ///
    /// The plugin has given up already.
    pub(crate) fn limit(&self, timing: &Timing<'_>, most: Duration) -> Result<Duration, Error> {
        if timing.canceled {
            return Err(Error::internal("the request is canceled already").with_code("CANCELED"));
        }
        Ok(time_limit(timing, most).min(self.time_left()))
    }

    /// Tells the embedder of an error in the answer if it is a denial: the plugin may keep it to itself.
    pub(crate) fn tell_of(&self, error: &Error) {
        if error.kind() == Kind::Capability {
            self.denied(printable(&error.message()));
        }
    }

    /// Tells the embedder that the plugin was denied something.
    pub(crate) fn denied(&self, message: String) {
        self.denials.tell(self.host, self.plugin, message);
    }

    /// Writes an answer.
    #[allow(clippy::unused_self, reason = "it reads as a sentence")]
    pub(crate) fn write(&self, response: &impl Encode) -> Vec<u8> {
        let mut out = Writer::with_capacity(1024);
        response.encode(&mut out);
        out.into_bytes()
    }
}

/// An error that says that a request can't be read.
#[cold]
pub(crate) fn invalid(message: &str) -> Error {
    Error::new(Kind::Validation, message).with_code("INVALID_REQUEST")
}

fn time_limit(timing: &Timing<'_>, most: Duration) -> Duration {
    let own = match (timing.timeout_ms, timing.deadline) {
        (Some(timeout), _) => Duration::from_millis(timeout.into()),
        (None, Some(deadline)) => in_milliseconds(deadline.saturating_duration_since(outcome::now())),
        (None, None) => most,
    };
    own.min(most)
}

/// In whole milliseconds, since messages show it; what is left of one counts as one.
fn in_milliseconds(time: Duration) -> Duration {
    Duration::from_millis(u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Host;
    use reglet_sdk_core::Timestamp;

    #[test]
    fn functions_that_call_others_get_no_more_time_than_the_check_has() {
        let functions = Functions::none()
            .with_bytes("left", |call, _| Ok(call.time_left().as_nanos().to_string().into()))
            .with_bytes("outer", |call, _| {
                let failed = call.wait(Duration::MAX, core::future::pending::<()>());
                assert_eq!(failed, Err(Failed::TimedOut));
                Ok(call.invoke("left", b""))
            });
        let host =
            Host::builder().functions(functions).call_timeout(Duration::from_millis(50)).build().unwrap();
        assert_eq!(host.invoke(&Arc::default(), "outer", b""), b"0");
    }

    #[test]
    fn a_request_never_gets_more_time_than_the_host_allows() {
        let most = Duration::from_secs(5);
        let limit = |timeout_ms, deadline| {
            time_limit(&Timing { timeout_ms, deadline, ..Timing::default() }, most).as_millis()
        };
        let hours = |hours: i64| Some(Timestamp::from_unix(outcome::now().unix_seconds() + hours * 3600, 0));
        assert_eq!(limit(None, None), 5_000);
        assert_eq!(limit(Some(200), None), 200);
        assert_eq!(limit(Some(60_000), None), 5_000);
        assert_eq!(limit(None, hours(1)), 5_000);
        assert_eq!(limit(None, hours(-1)), 0);
        assert_eq!(limit(Some(200), hours(-1)), 200);
        let ahead = |millis| Some(outcome::now().saturating_add(Duration::from_millis(millis)));
        assert!((1..=900).contains(&limit(None, ahead(900))));
        assert!((1..=4_900).contains(&limit(None, ahead(4_900))));
        assert_eq!(in_milliseconds(Duration::from_nanos(1)), Duration::from_millis(1));
        assert_eq!(in_milliseconds(Duration::from_millis(1)), Duration::from_millis(1));
    }
}
