//! Log records, built on the stack and handed to the host through `log_message`.
//!
//! ```
//! use reglet_sdk_core::log::{self, Attr};
//!
//! log::info("connected", &[Attr::text("tls_version", "TLS 1.3"), Attr::integer("days", 89)]);
//! ```

use core::sync::atomic::{AtomicI8, Ordering::Relaxed};

use crate::host;
use crate::text::Decimal;

/// Bytes that a record may take as JSON.
pub const MAX_RECORD: usize = 1024;

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
///
/// A message or a value that is too long is cut, and marked with `…`; so are attributes that do not fit.
pub fn record(level: Level, message: &str, attrs: &[Attr<'_>]) {
    if !enabled(level) {
        return;
    }
    let mut record = Record(heapless::Vec::new());
    record.put(r#"{"timestamp":"0001-01-01T00:00:00Z","context":{},"level":""#);
    record.put(level.as_str());
    record.member(r#"","message":""#, message, MAX_MESSAGE);
    let mut open = r#"","attrs":[{"key":""#;
    for attr in attrs {
        let start = record.0.len();
        record.attr(open, attr);
        open = r#"},{"key":""#;
        if record.0.len() > MAX_RECORD - MARK {
            record.0.truncate(start);
            record.attr(open, &Attr::text("…", "attributes that do not fit"));
            break;
        }
    }
    record.put(if attrs.is_empty() { r#""}"# } else { "}]}" });
    host::log_message(&record.0);
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

/// Bytes of a record that its message may take.
const MAX_MESSAGE: usize = 700;

/// Bytes at the end of a record that are kept for the mark that attributes are missing.
const MARK: usize = 100;

/// A record in the making, on the stack: a plugin whose heap is full can still say so.
struct Record(heapless::Vec<u8, MAX_RECORD>);

impl Record {
    fn put(&mut self, json: &str) {
        // What does not fit is noticed by the length that is reached.
        let _ = self.0.extend_from_slice(json.as_bytes());
    }

    /// Puts `open`, and then text of which about `limit` bytes are kept.
    fn member(&mut self, open: &str, text: &str, limit: usize) {
        const LONGEST_ESCAPE: usize = 6;
        self.put(open);
        let end = (self.0.len() + limit).min(MAX_RECORD - 32);
        for byte in text.bytes() {
            let starts_character = byte & 0xC0 != 0x80;
            if starts_character && self.0.len() + LONGEST_ESCAPE > end {
                return self.put("…");
            }
            if byte < 0x20 || byte == b'"' || byte == b'\\' {
                self.put("\\u00");
                let digit = |value: u8| if value < 10 { value + b'0' } else { value + (b'a' - 10) };
                let _ = self.0.extend_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
            } else {
                let _ = self.0.push(byte);
            }
        }
    }

    fn attr(&mut self, open: &str, attr: &Attr<'_>) {
        self.member(open, attr.key, MAX_MESSAGE);
        self.put(r#"","type":""#);
        self.put(attr.kind);
        let digits;
        let value = match attr.value {
            AttrValue::Text(text) => text,
            AttrValue::Integer(value) => {
                digits = Decimal::new(value < 0, value.unsigned_abs());
                digits.as_str()
            }
        };
        self.member(r#"","value":""#, value, MAX_MESSAGE);
        self.put("\"");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Value;
    use crate::mock::Mock;
    use alloc::string::String;
    use alloc::vec::Vec;

    /// The record as the host gets it.
    fn logged(message: &str, attrs: &[Attr<'_>]) -> String {
        let ((), calls) = Mock::new().run(|| info(message, attrs));
        let [record] = calls.logs.try_into().unwrap();
        assert!(record.len() <= MAX_RECORD, "{} bytes", record.len());
        record
    }

    #[test]
    fn writes_what_go_reads() {
        assert_eq!(
            logged("say \"hi\"\n", &[Attr::text("k", "é"), Attr::integer("n", -5), Attr::boolean("b", true)]),
            concat!(
                r#"{"timestamp":"0001-01-01T00:00:00Z","context":{},"level":"INFO","message":"say \u0022hi\u0022\u000a","#,
                r#""attrs":[{"key":"k","type":"string","value":"é"},{"key":"n","type":"int64","value":"-5"},"#,
                r#"{"key":"b","type":"bool","value":"true"}]}"#
            )
        );
    }

    #[test]
    fn cuts_and_marks_what_is_too_long() {
        for unit in ["x", "é", "😀", "\n", "\u{1}", "\""] {
            let record = logged(&unit.repeat(2000), &[Attr::text("k", "v")]);
            let record = Value::parse(record.as_bytes()).unwrap();
            let message = record.get("message").text().unwrap();
            assert!(message.ends_with('…') && message.len() > 80, "{unit:?}: {message}");
            assert_eq!(record.get("attrs").elements().unwrap().count(), 1);
        }
    }

    #[test]
    fn says_when_attributes_are_left_out() {
        let long = "v".repeat(300);
        let attrs: Vec<_> = (0..5).map(|_| Attr::text("key", &long)).collect();
        let record = logged("m", &attrs);
        let record = Value::parse(record.as_bytes()).unwrap();
        let keys: Vec<_> =
            record.get("attrs").elements().unwrap().map(|(_, attr)| attr.get("key").text().unwrap()).collect();
        assert_eq!(keys, ["key", "key", "…"]);
        let record = logged("m", &[Attr::text("key", &"v".repeat(5000))]);
        assert!(Value::parse(record.as_bytes()).is_ok(), "{record}");
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
