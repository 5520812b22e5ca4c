//! What the facades have in common: a record with attributes of which only the types are known.

use core::fmt::{self, Write};
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use reglet_sdk_core::json::Writer;
use reglet_sdk_core::log::{self, Attr, Level, MAX_TEXT, Value};

/// Whether records say where they were made.
static LOCATION: AtomicBool = AtomicBool::new(false);

/// Has the records of the facades say where in the source they were made, as the attributes `file` and `line`; at
/// first they don't. The core's macros never do.
///
/// ```
/// use reglet_sdk_std::log;
/// # use reglet_sdk_std::mock::Mock;
///
/// log::show_location(true);
/// # log::install();
/// # let ((), calls) = Mock::new().run(|| tracing::info!("checked"));
/// # assert!(calls.logs[0].contains(r#"{"key":"line","type":"int64","value":""#));
/// ```
pub fn show_location(location: bool) {
    LOCATION.store(location, Relaxed);
}

/// The value of an attribute.
#[derive(Clone, Debug)]
#[cfg_attr(
    not(any(feature = "log-kv", feature = "tracing")),
    expect(dead_code, reason = "there are no attributes")
)]
pub(crate) enum Field {
    Bool(bool),
    I64(i64),
    U64(u64),
    F64(f64),
    /// Text of the kind `string`, `error` or `any`.
    Text(&'static str, String),
}

#[cfg(any(feature = "log-kv", feature = "tracing"))]
impl Field {
    /// A string, of which no more is kept than a record shows.
    pub(crate) fn string(text: &str) -> Self {
        Self::Text("string", start(text, MAX_KEPT).to_owned())
    }

    /// A value of another type, which can only be shown. That it is an error, its key tells.
    pub(crate) fn shown(key: &str, text: fmt::Arguments<'_>) -> Self {
        Self::Text(if matches!(key, "err" | "error") { "error" } else { "any" }, format(text))
    }

    /// An integer of more than 64 bits, unless it fits into them. No decimals: those alone would take 2 KB.
    #[cfg(feature = "tracing")]
    pub(crate) fn wide(key: &str, is_negative: bool, magnitude: u128) -> Self {
        let sign = if is_negative { "-" } else { "" };
        match (u64::try_from(magnitude), is_negative) {
            (Ok(value), false) => Self::U64(value),
            (Ok(value), true) if value <= i64::MIN.unsigned_abs() => {
                Self::I64(0_i64.wrapping_sub_unsigned(value))
            }
            _ => Self::shown(key, format_args!("{sign}{magnitude:#x}")),
        }
    }
}

impl Value for Field {
    fn kind(&self) -> &'static str {
        match self {
            Self::Bool(value) => value.kind(),
            Self::I64(value) => value.kind(),
            Self::U64(value) => value.kind(),
            Self::F64(value) => value.kind(),
            Self::Text(kind, _) => kind,
        }
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        match self {
            Self::Bool(value) => value.write_text(out),
            Self::I64(value) => value.write_text(out),
            Self::U64(value) => value.write_text(out),
            Self::F64(value) => value.write_text(out),
            Self::Text(_, value) => value.write_text(out),
        }
    }
}

/// Where a record comes from.
pub(crate) struct Source<'a> {
    pub(crate) target: &'a str,
    pub(crate) file: Option<&'a str>,
    pub(crate) line: Option<u32>,
}

/// Sends a record whose level is enabled.
pub(crate) fn send<'a>(
    level: Level,
    message: &str,
    fields: impl Iterator<Item = (&'a str, &'a Field)>,
    source: &Source<'_>,
) {
    let line = source.line.map(i64::from);
    let mut attrs: Vec<Attr<'_>> = fields.map(|(key, value)| Attr::new(key, value)).collect();
    attrs.push(Attr::new("target", &source.target));
    if LOCATION.load(Relaxed) {
        attrs.extend(source.file.as_ref().map(|file| Attr::new("file", file)));
        attrs.extend(line.as_ref().map(|line| Attr::new("line", line)));
    }
    log::send(level.as_str(), None, &message, &attrs);
}

/// Bytes of a text that are kept: more than a record shows, so that one which is cut is marked.
const MAX_KEPT: usize = MAX_TEXT + 4;

/// The first characters of a text.
fn start(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or(text)
}

/// Formats a text, of which no more is made than a record shows.
pub(crate) fn format(text: fmt::Arguments<'_>) -> String {
    /// Fails when it is full, which ends the formatting.
    struct Start(String);

    impl Write for Start {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let part = start(text, MAX_KEPT - self.0.len());
            self.0.push_str(part);
            if part.len() < text.len() { Err(fmt::Error) } else { Ok(()) }
        }
    }

    let mut out = Start(String::new());
    let _ = out.write_fmt(text);
    out.0
}
