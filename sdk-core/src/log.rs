//! Log records, handed to the host through `log_message`.
//!
//! ```
//! use reglet_sdk_core::log::{self, Attr};
//!
//! log::info("connected", &[Attr::text("tls_version", "TLS 1.3"), Attr::integer("days", 89)]);
//! ```

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicI8, Ordering::Relaxed};

use crate::host;
use crate::json::Writer;
use crate::text::Piece;

/// Bytes that a message or a value may take. A longer one is cut, and marked with `…`.
pub const MAX_TEXT: usize = 1024;

/// How much a record matters; the numbers are those of Go's `log/slog`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i8)]
pub enum Level {
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
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }
}

static LEVEL: AtomicI8 = AtomicI8::new(Level::Info as i8);

/// Sets the lowest level that is sent; at first `Info`.
pub fn set_level(level: Level) {
    LEVEL.store(level as i8, Relaxed);
}

/// Whether records of this level are sent. What is costly to say is best asked first.
#[must_use]
pub fn enabled(level: Level) -> bool {
    level as i8 >= LEVEL.load(Relaxed)
}

/// Logs at the level `Debug`.
pub fn debug(message: &str, attrs: &[Attr<'_>]) {
    record(Level::Debug, message, attrs);
}

/// Logs at the level `Info`.
pub fn info(message: &str, attrs: &[Attr<'_>]) {
    record(Level::Info, message, attrs);
}

/// Logs at the level `Warn`.
pub fn warn(message: &str, attrs: &[Attr<'_>]) {
    record(Level::Warn, message, attrs);
}

/// Logs at the level `Error`.
pub fn error(message: &str, attrs: &[Attr<'_>]) {
    record(Level::Error, message, attrs);
}

/// Logs at the given level, if that is [`enabled`].
pub fn record(level: Level, message: &str, attrs: &[Attr<'_>]) {
    if enabled(level) {
        send(level.as_str(), &Cut(message), attrs);
    }
}

/// Sends a record whatever its level.
#[inline(never)]
pub(crate) fn send(level: &'static str, message: &dyn Piece, attrs: &[Attr<'_>]) {
    let mut stack = [MaybeUninit::uninit(); 512];
    let mut out = Writer::on(&mut stack);
    out.plain("{\"timestamp\":\"0001-01-01T00:00:00Z\",\"context\":{},\"level\":\"");
    out.plain(level);
    out.plain("\",\"message\":\"");
    message.write(&mut out);
    out.plain("\",\"attrs\":[");
    for attr in attrs {
        out.raw(b"{\"key\":\"");
        out.escape(attr.key);
        out.plain("\",\"type\":\"");
        out.plain(attr.kind);
        out.plain("\",\"value\":\"");
        attr.value.write(&mut out);
        out.plain("\"}");
    }
    out.plain("]}");
    host::log_message(out.as_bytes());
}

/// A typed attribute of a record.
#[derive(Clone, Copy, Debug)]
pub struct Attr<'a> {
    key: &'a str,
    kind: &'static str,
    value: AttrValue<'a>,
}

/// On the wire each value is a string, whatever its type.
#[derive(Clone, Copy, Debug)]
enum AttrValue<'a> {
    Text(&'a str),
    Integer(i64),
}

impl Piece for AttrValue<'_> {
    fn write(&self, out: &mut Writer<'_>) {
        match self {
            Self::Text(text) => Cut(text).write(out),
            Self::Integer(value) => value.write(out),
        }
    }
}

impl<'a> Attr<'a> {
    /// A string.
    #[must_use]
    pub const fn text(key: &'a str, value: &'a str) -> Self {
        Self { key, kind: "string", value: AttrValue::Text(value) }
    }

    /// An integer.
    #[must_use]
    pub const fn integer(key: &'a str, value: i64) -> Self {
        Self { key, kind: "int64", value: AttrValue::Integer(value) }
    }

    /// A yes or no.
    #[must_use]
    pub const fn boolean(key: &'a str, value: bool) -> Self {
        Self { key, kind: "bool", value: AttrValue::Text(if value { "true" } else { "false" }) }
    }

    /// The text of an error.
    #[must_use]
    pub const fn error(key: &'a str, message: &'a str) -> Self {
        Self { key, kind: "error", value: AttrValue::Text(message) }
    }
}

/// Text that is cut, and marked, where it is too long.
struct Cut<'a>(&'a str);

impl Piece for Cut<'_> {
    fn write(&self, out: &mut Writer<'_>) {
        let mut end = MAX_TEXT;
        while let Some(byte) = self.0.as_bytes().get(end) {
            // A byte that continues a character can't be the first of what is left out.
            if byte & 0xC0 != 0x80 {
                self.0.get(..end).unwrap_or_default().write(out);
                return "…".write(out);
            }
            end -= 1;
        }
        self.0.write(out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Value;
    use crate::mock::Mock;
    use alloc::string::String;

    /// The record as the host gets it.
    fn logged(message: &str, attrs: &[Attr<'_>]) -> String {
        let ((), calls) = Mock::new().run(|| info(message, attrs));
        let [record] = calls.logs.try_into().unwrap();
        record
    }

    #[test]
    fn writes_what_go_reads() {
        assert_eq!(
            logged("say \"hi\"\n", &[Attr::text("k", "é"), Attr::integer("n", -5), Attr::boolean("b", true)]),
            concat!(
                r#"{"timestamp":"0001-01-01T00:00:00Z","context":{},"level":"INFO","message":"say \"hi\"\u000a","#,
                r#""attrs":[{"key":"k","type":"string","value":"é"},"#,
                r#"{"key":"n","type":"int64","value":"-5"},{"key":"b","type":"bool","value":"true"}]}"#
            )
        );
    }

    #[test]
    fn cuts_and_marks_what_is_too_long() {
        for unit in ["x", "é", "€", "😀", "\n"] {
            let record = logged(&unit.repeat(MAX_TEXT), &[Attr::text("k", &unit.repeat(MAX_TEXT + 1))]);
            let record = Value::parse(record.as_bytes()).unwrap();
            let message = record.get("message").text().unwrap();
            if unit.len() > 1 {
                assert!(message.ends_with('…'), "{unit:?}");
            } else {
                assert_eq!(message, unit.repeat(MAX_TEXT));
            }
            assert!((MAX_TEXT - 3..=MAX_TEXT + 3).contains(&message.len()), "{unit:?}: {}", message.len());
        }
    }

    #[test]
    fn sends_only_levels_that_are_enabled() {
        let ((), calls) = Mock::new().run(|| {
            debug("no", &[]);
            warn("yes", &[]);
        });
        assert_eq!(calls.logs.len(), 1);
    }
}
