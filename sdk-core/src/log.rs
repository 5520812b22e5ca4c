//! Log records, handed to the host through `log_message` (`docs/protocol.md#log_message`).
//!
//! The macros are for a message and attributes that are known where they are written, the function [`record`] for
//! those that are put together. With the call's [`Context`], a record also tells which call it belongs to.
//!
//! ```
//! use core::time::Duration;
//! use reglet_sdk_core::{Context, Error, log, text};
//!
//! fn report(context: &Context<'_>, host: &str, error: &Error) {
//!     log::debug!("connecting");
//!     log::info!("connected", host = host, tls = true, took = Duration::from_millis(12));
//!     log::warn!(context: context, text!["no answer from ", host], attempt = 2, error = error);
//! }
//! ```
//!
//! Attributes of a record below the level that is [sent](enabled) are not even evaluated. A message is no format string:
//! braces in a literal do not compile.
//!
//! ```compile_fail,E0080
//! # use reglet_sdk_core::log;
//! let host = "example.com";
//! log::info!("connecting to {host}");
//! ```
//!
//! # Bounds
//!
//! A message, a key or a value of more than [`MAX_TEXT`] bytes is cut at a character, and marked with `…`. Whole
//! records stay below [`MAX_RECORD`]: one that has grown to half a [`MAX_RECORD`] takes no further attributes, and its
//! last one is then called `…`. A record that is sent is put together on the stack as long as it is short.

mod float;
mod value;

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicI8, Ordering::Relaxed};

use crate::context::Context;
use crate::host;
use crate::json::{Encode, Writer};

#[doc(inline)]
pub use crate::{__log_debug as debug, __log_error as error, __log_info as info, __log_warn as warn};
pub use value::{Typed, Value};

/// Bytes that a message, a key or a value may take, in UTF-8, without counting how JSON escapes it.
pub const MAX_TEXT: usize = 1024;

/// Bytes that no record exceeds.
pub const MAX_RECORD: usize = 32 * 1024;

/// How much a record matters; the numbers are those of Go's `log/slog`.
///
/// Hosts also read levels in between, such as `ERROR+2`, and take them for the one below.
///
/// ```
/// use reglet_sdk_core::log::Level;
///
/// assert!(Level::Warn > Level::Info);
/// assert_eq!(Level::Warn as i8, 4);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum Level {
    /// Each step; on the wire `DEBUG-4`, as Go's programs write it.
    Trace = -8,
    /// For those who look for a fault.
    Debug = -4,
    /// What happens.
    Info = 0,
    /// What may become an error.
    Warn = 4,
    /// What went wrong.
    Error = 8,
}

impl Level {
    /// The level on the wire.
    ///
    /// ```
    /// # use reglet_sdk_core::log::Level;
    /// assert_eq!(Level::Warn.as_str(), "WARN");
    /// ```
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "DEBUG-4",
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

static LEVEL: AtomicI8 = AtomicI8::new(Level::Info as i8);

/// Sets the lowest level that is sent; at first `Info`.
///
/// ```
/// use reglet_sdk_core::log::{self, Level};
///
/// log::set_level(Level::Warn);
/// assert!(!log::enabled(Level::Info) && log::enabled(Level::Error));
/// ```
pub fn set_level(level: Level) {
    LEVEL.store(level as i8, Relaxed);
}

/// Whether records of this level are sent.
///
/// ```
/// use reglet_sdk_core::log::{self, Level};
///
/// assert!(log::enabled(Level::Info) && !log::enabled(Level::Debug));
/// ```
#[must_use]
pub fn enabled(level: Level) -> bool {
    level as i8 >= LEVEL.load(Relaxed)
}

/// Logs at the given level, if that is [`enabled`].
///
/// ```
/// use reglet_sdk_core::log::{self, Attr, Level};
/// # use reglet_sdk_core::mock::Mock;
///
/// # let ((), calls) = Mock::new().run(|| {
/// let ports = [80_u16, 443];
/// let attrs = ports.each_ref().map(|port| Attr::new("port", port));
/// log::record(Level::Info, None, &"found open", &attrs);
/// # });
/// # assert!(calls.logs[0].contains(r#"{"key":"port","type":"uint64","value":"443"}"#));
/// ```
pub fn record(level: Level, context: Option<&Context<'_>>, message: &dyn Value, attrs: &[Attr<'_>]) {
    if enabled(level) {
        send(level.as_str(), context, message, attrs);
    }
}

/// A typed attribute of a record.
///
/// ```
/// use reglet_sdk_core::log::{self, Attr, Level};
///
/// let server = [Attr::new("host", &"example.com"), Attr::new("port", &443)];
/// // A group, which hosts get as `[host=example.com port=443]`.
/// log::info!("connecting", server = server);
/// ```
#[derive(Clone, Copy)]
pub struct Attr<'a> {
    key: &'a str,
    kind: &'static str,
    value: &'a dyn Value,
}

impl<'a> Attr<'a> {
    /// An attribute of the value's type.
    ///
    /// ```
    /// # use reglet_sdk_core::log::Attr;
    /// let days = 89;
    /// let attr = Attr::new("days_remaining", &days);
    /// ```
    #[must_use]
    pub fn new(key: &'a str, value: &'a impl Value) -> Self {
        Self { key, kind: value.kind(), value }
    }
}

/// Sends a record whatever its level.
#[doc(hidden)]
#[inline(never)]
pub fn send(level: &'static str, context: Option<&Context<'_>>, message: &dyn Value, attrs: &[Attr<'_>]) {
    let mut stack = [MaybeUninit::uninit(); 512];
    let mut out = Writer::on(&mut stack);
    out.plain("{\"timestamp\":\"0001-01-01T00:00:00Z\",\"level\":\"");
    out.plain(level);
    out.plain("\",\"message\":\"");
    message.write_text(&mut out);
    out.plain("\",\"attrs\":[");
    for attr in attrs {
        out.raw(b"{\"key\":\"");
        if out.as_bytes().len() > MAX_RECORD / 2 {
            out.plain("…\"}");
            break;
        }
        attr.key.write_text(&mut out);
        out.plain("\",\"type\":\"");
        out.plain(attr.kind);
        out.plain("\",\"value\":\"");
        attr.value.write_text(&mut out);
        out.plain("\"}");
    }
    match context {
        Some(context) => tag(context, &mut out),
        None => out.plain("],\"context\":{}}"),
    }
    host::log_message(out.as_bytes());
}

/// Ends a record with its context, unless that is too long.
fn tag(context: &Context<'_>, out: &mut Writer<'_>) {
    let mut stack = [MaybeUninit::uninit(); 128];
    let mut written = Writer::on(&mut stack);
    context.encode(&mut written);
    let written = written.as_bytes();
    out.plain("],\"context\":");
    out.append(if written.len() > MAX_TEXT { b"{}" } else { written });
    out.plain("}");
}

/// Lets nobody write a message as for `format!`, whose braces would be sent as they are.
#[doc(hidden)]
pub const fn assert_plain(message: &str) {
    let message = message.as_bytes();
    let mut at = 0;
    while at < message.len() {
        assert!(
            message[at] != b'{',
            "a message is no format string: write text![\"port \", port], or an attribute"
        );
        at += 1;
    }
}

/// A record of the level, made only if that is sent.
#[doc(hidden)]
#[macro_export]
macro_rules! __log {
    ($level:ident, context: $context:expr, $message:literal $($rest:tt)*) => {{
        const { $crate::log::assert_plain($message) };
        $crate::__log!($level, context: $context, ($message) $($rest)*)
    }};
    ($level:ident, $message:literal $($rest:tt)*) => {{
        const { $crate::log::assert_plain($message) };
        $crate::__log!($level, ($message) $($rest)*)
    }};
    ($level:ident, context: $context:expr, $message:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__log!(@send $level, ::core::option::Option::Some($context), $message, $($key = $value),*)
    };
    ($level:ident, $message:expr $(, $key:ident = $value:expr)* $(,)?) => {
        $crate::__log!(@send $level, ::core::option::Option::None, $message, $($key = $value),*)
    };
    (@send $level:ident, $context:expr, $message:expr, $($key:ident = $value:expr),*) => {
        if $crate::log::enabled($crate::log::Level::$level) {
            $crate::log::send(
                $crate::log::Level::$level.as_str(),
                $context,
                &$message,
                &[$($crate::log::Attr::new(const { $crate::config::key(::core::stringify!($key)) }, &$value)),*],
            );
        }
    };
    ($level:ident, $($other:tt)*) => {
        ::core::compile_error!(
            "a record is a message and its attributes, as in `log::info!(\"checked\", port = config.port)`; `context: …` stands \
             before the message, which is no format string: write text![\"port \", port], or an attribute"
        )
    };
}

/// Logs at the level `Debug`: a message, then attributes as `key = value`.
///
/// ```
/// # use reglet_sdk_core::log;
/// # let (attempt, left) = (2, core::time::Duration::from_millis(1_500));
/// log::debug!("trying again", attempt = attempt, left = left);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __log_debug {
    ($($record:tt)*) => { $crate::__log!(Debug, $($record)*) };
}

/// Logs at the level `Info`: a message, then attributes as `key = value`.
///
/// ```
/// # use reglet_sdk_core::{Context, log, text};
/// # let (context, host, days) = (Context::default(), "example.com", 89);
/// log::info!("certificate checked", days_remaining = days);
/// log::info!(text!["the certificate of ", host, " is fine"]);
/// // With the context of the call.
/// log::info!(context: &context, "certificate checked", days_remaining = days);
/// ```
///
/// A message is no format string. What looks like one does not compile:
///
/// ```compile_fail
/// # use reglet_sdk_core::log;
/// # let days = 89;
/// log::info!("{} more days", days);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __log_info {
    ($($record:tt)*) => { $crate::__log!(Info, $($record)*) };
}

/// Logs at the level `Warn`: a message, then attributes as `key = value`.
///
/// ```
/// # use reglet_sdk_core::log;
/// # let host = "example.com";
/// log::warn!("the certificate ends soon", host = host);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __log_warn {
    ($($record:tt)*) => { $crate::__log!(Warn, $($record)*) };
}

/// Logs at the level `Error`: a message, then attributes as `key = value`.
///
/// ```
/// # use reglet_sdk_core::{Error, log};
/// # let error = Error::internal("no route");
/// log::error!("the check failed", error = error);
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __log_error {
    ($($record:tt)*) => { $crate::__log!(Error, $($record)*) };
}
