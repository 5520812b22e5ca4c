//! What plugins log, as the embedder gets it.

use core::fmt;
use std::borrow::Cow;

use reglet_sdk_core::json::{Error, Value};

/// Attributes of a record that are read; more are left out.
const MAX_ATTRS: usize = 64;

/// Bytes of a record's message, or of one value, that are shown.
const MAX_TEXT: usize = 4096;

/// A record that a plugin logged, or a warning of the host about a plugin.
///
/// As text it is one line without control characters; the fields are as the plugin sent them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LogRecord<'a> {
    /// Name of the plugin.
    pub plugin: &'a str,
    /// Who speaks.
    pub source: Source,
    /// How much it matters.
    pub level: Level,
    /// What happened.
    pub message: Cow<'a, str>,
    /// Names and values, in order; the first 64.
    pub attrs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    /// A bit for each attribute that is shown without quotes: a number, a time or the like.
    pub(crate) plain: u64,
}

/// Who logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The plugin, through `log_message`.
    Plugin,
    /// The host, about the plugin.
    Host,
}

/// How much a record matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For those who look for a fault.
    Debug,
    /// What happens.
    Info,
    /// What may become an error.
    Warn,
    /// What went wrong.
    Error,
}

impl Level {
    /// The level on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warn => "WARN",
            Self::Error => "ERROR",
        }
    }

    /// Reads a level as Go writes it, such as `WARN` or `ERROR+2`; what it can't read is `Info`.
    fn parse(text: &str) -> Self {
        let (name, offset) = match text.find(['+', '-']) {
            Some(at) => text.split_at(at),
            None => (text, "0"),
        };
        let levels = [(Self::Debug, -4), (Self::Info, 0), (Self::Warn, 4), (Self::Error, 8)];
        let base = levels.iter().find(|(level, _)| level.as_str().eq_ignore_ascii_case(name));
        let (Some((_, base)), Ok(offset)) = (base, offset.parse::<i32>()) else { return Self::Info };
        let number = offset.saturating_add(*base);
        levels.iter().rev().find(|(_, least)| number >= *least).map_or(Self::Debug, |(level, _)| *level)
    }
}

impl<'a> LogRecord<'a> {
    /// Reads what a plugin passed to `log_message`. What is no record is taken as text.
    pub(crate) fn read(plugin: &'a str, bytes: &'a [u8]) -> Self {
        let record = Self {
            plugin,
            source: Source::Plugin,
            level: Level::Info,
            message: Cow::Borrowed(""),
            attrs: Vec::new(),
            plain: 0,
        };
        record.clone().fill(bytes).unwrap_or_else(|_| {
            let bytes = bytes.get(..MAX_TEXT).unwrap_or(bytes);
            Self { message: Cow::Owned(printable(&String::from_utf8_lossy(bytes))), ..record }
        })
    }

    fn fill(mut self, bytes: &'a [u8]) -> Result<Self, Error> {
        let [level, message, attrs] = Value::parse(bytes)?.fields(&["level", "message", "attrs"])?;
        self.level = Level::parse(&text(level)?);
        self.message = text(message)?;
        if !attrs.is_none() {
            for (at, (_, attr)) in attrs.elements()?.take(MAX_ATTRS).enumerate() {
                let [key, kind, value] = attr.fields(&["key", "type", "value"])?;
                let (key, value) = (text(key)?, text(value)?);
                // Whatever else the type may be: it is no reason to fail.
                if kind.text().is_ok_and(|kind| is_plain(&kind, &value)) {
                    self.plain |= 1 << at;
                }
                self.attrs.push((key, value));
            }
        }
        Ok(self)
    }
}

impl LogRecord<'_> {
    /// Makes an event of `tracing` of it. The names of attributes are not known beforehand, so they are one field.
    /// Subscribers print messages as they are, so this one is made harmless.
    pub(crate) fn emit(&self) {
        macro_rules! event {
            ($level:ident) => {
                tracing::event!(
                    target: "reglet_plugin",
                    tracing::Level::$level,
                    plugin = self.plugin,
                    source = ?self.source,
                    attrs = ?self.attrs,
                    "{}",
                    printable(&self.message),
                )
            };
        }
        match self.level {
            Level::Debug => event!(DEBUG),
            Level::Info => event!(INFO),
            Level::Warn => event!(WARN),
            Level::Error => event!(ERROR),
        }
    }
}

impl fmt::Display for LogRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.level.as_str(), printable(self.plugin), printable(&self.message))?;
        for (at, (key, value)) in self.attrs.iter().enumerate() {
            let key = printable(key);
            if self.plain & 1 << at == 0 {
                write!(f, " {key}={:?}", cut(value))?;
            } else {
                write!(f, " {key}={value}")?;
            }
        }
        Ok(())
    }
}

/// Whether a value needs no quotes: it is of another type than text, and looks like it.
fn is_plain(kind: &str, value: &str) -> bool {
    let is_part = |char: char| char.is_alphanumeric() || "+-.:".contains(char);
    matches!(kind, "int64" | "uint64" | "float64" | "bool" | "duration" | "time")
        && (1..=64).contains(&value.len())
        && value.chars().all(is_part)
}

/// The text without control characters, and cut, so that no plugin draws on a terminal or fills it.
pub(crate) fn printable(text: &str) -> String {
    let shown = cut(text);
    let mut out = String::with_capacity(shown.len());
    for char in shown.chars() {
        if char.is_control() {
            out.extend(char.escape_default());
        } else {
            out.push(char);
        }
    }
    if shown.len() < text.len() {
        out.push('…');
    }
    out
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_TEXT)).unwrap_or_default()
}

/// A string that may be missing.
fn text(value: Value<'_>) -> Result<Cow<'_, str>, Error> {
    if value.is_none() { Ok(Cow::Borrowed("")) } else { value.text() }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use super::*;

    #[derive(Clone, Default)]
    struct Collector(Arc<Mutex<String>>);

    impl Visit for Collector {
        fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
            *self.0.lock().unwrap() += &format!(" {field}={value:?}");
        }
    }

    impl Subscriber for Collector {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &Event<'_>) {
            let metadata = event.metadata();
            *self.0.lock().unwrap() += &format!("{} {}", metadata.level(), metadata.target());
            event.record(&mut self.clone());
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[test]
    fn a_record_becomes_an_event_with_level_message_and_attributes() {
        let collector = Collector::default();
        let record =
            br#"{"level":"WARN","message":"slow","attrs":[{"key":"ms","type":"int64","value":"90"}]}"#;
        tracing::subscriber::with_default(collector.clone(), || LogRecord::read("p", record).emit());
        assert_eq!(
            *collector.0.lock().unwrap(),
            r#"WARN reglet_plugin message=slow plugin="p" source=Plugin attrs=[("ms", "90")]"#
        );
    }

    #[test]
    fn an_event_draws_nothing_on_a_terminal() {
        let collector = Collector::default();
        let record = br#"{"message":"a\u001b[2J\nb"}"#;
        tracing::subscriber::with_default(collector.clone(), || LogRecord::read("p", record).emit());
        assert!(!collector.0.lock().unwrap().contains(char::is_control));
    }
}
