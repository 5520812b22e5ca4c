//! What went wrong, in the shape in which it travels (`docs/protocol.md#errordetail`).

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use crate::abi::Buffer;
use crate::json::{self, Encode, Expected, Field, Slot, Str, Value, Writer};
use crate::text::Piece;

/// An error of a check or of a host function.
///
/// A check that returns one answers with status `error` and this detail. It is kept as the JSON that it is on
/// the wire: so one that came from the host is passed on with everything that the host said.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Detail>);

/// Boxed, for results are passed on far more often than errors are made.
#[derive(Clone, PartialEq, Eq)]
struct Detail {
    /// An object. Where a key stands there twice, the last one counts, as everywhere in this protocol.
    json: Buffer<'static>,
}

/// The `type` of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// A peer could not be reached, or the connection failed.
    Network,
    /// Something took too long.
    Timeout,
    /// The configuration is wrong.
    Config,
    /// The plugin panicked.
    Panic,
    /// The plugin was not granted what it asked for.
    Capability,
    /// A command failed.
    Exec,
    /// Data does not have the form that it must have.
    Validation,
    /// Anything else, and everything that should not happen.
    Internal,
    /// A type that only the host knows; [`Error::type_name`] tells it.
    Other,
}

impl Kind {
    const ALL: [Self; 8] = [
        Self::Network,
        Self::Timeout,
        Self::Config,
        Self::Panic,
        Self::Capability,
        Self::Exec,
        Self::Validation,
        Self::Internal,
    ];

    /// The `type` on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::Config => "config",
            Self::Panic => "panic",
            Self::Capability => "capability",
            Self::Exec => "exec",
            Self::Validation => "validation",
            Self::Internal => "internal",
            Self::Other => "other",
        }
    }
}

impl Error {
    /// An error without a code.
    #[must_use]
    #[cold]
    pub fn new(kind: Kind, message: impl Piece) -> Self {
        let error = Self::write(kind, b"", |out| message.write(out));
        if kind == Kind::Timeout { error.with_timeout() } else { error }
    }

    /// An error with a message that `message` writes.
    pub(crate) fn write(kind: Kind, code: &[u8], message: impl FnOnce(&mut Writer<'_>)) -> Self {
        let mut out = Self::begin();
        message(&mut out);
        Self::end(&mut out, kind.as_str(), code)
    }

    #[cold]
    #[inline(never)]
    fn begin() -> Writer<'static> {
        let mut out = Writer::new();
        out.plain("{\"message\":\"");
        out
    }

    /// Ends what [`write`](Self::write) has started. The code is as it stands in JSON.
    #[cold]
    #[inline(never)]
    fn end(out: &mut Writer<'static>, kind: &'static str, code: &[u8]) -> Self {
        out.plain("\",\"type\":\"");
        out.plain(kind);
        out.plain("\",\"code\":\"");
        out.repaired(code);
        out.plain("\"}");
        Self::from_detail(core::mem::take(out))
    }

    /// A failure that has no better type.
    #[must_use]
    #[cold]
    pub fn internal(message: impl Piece) -> Self {
        Self::new(Kind::Internal, message)
    }

    /// A configuration that breaks a rule; `field` is the path of the value, or empty.
    #[must_use]
    #[cold]
    pub fn config(field: &str, reason: impl Piece) -> Self {
        Self::write(Kind::Config, field.as_bytes(), |out| {
            out.plain("config validation failed");
            if !field.is_empty() {
                out.plain(" for field '");
                out.escape(field);
                out.plain("'");
            }
            out.plain(": ");
            reason.write(out);
        })
    }

    /// An answer of the host function `function` that breaks the protocol.
    #[must_use]
    #[cold]
    pub fn wire_format(function: &str, reason: impl Piece) -> Self {
        let mut out = Self::begin();
        out.plain("wire format decode failed for ");
        out.escape(function);
        out.plain(": ");
        reason.write(&mut out);
        Self::end(&mut out, Kind::Internal.as_str(), b"wire_format")
    }

    /// Sets the code.
    #[must_use]
    pub fn with_code(self, code: &str) -> Self {
        self.and("code", code)
    }

    /// Sets the error that led to this one, which is about time or absence if that one is.
    #[must_use]
    pub fn with_source(mut self, source: &Self) -> Self {
        if source.is_timeout() {
            self = self.with_timeout();
        }
        if source.is_not_found() {
            self = self.with_not_found();
        }
        self.and("wrapped", source)
    }

    /// Marks it as a matter of time.
    #[must_use]
    pub fn with_timeout(self) -> Self {
        self.and("is_timeout", true)
    }

    /// Marks it as about something that does not exist.
    #[must_use]
    pub fn with_not_found(self) -> Self {
        self.and("is_not_found", true)
    }

    /// Sets a member, in place of what there was.
    fn and(self, key: &str, value: impl Encode) -> Self {
        let mut out = Writer::new();
        out.begin_object();
        for (name, old) in Value::at(&self.0.json).members().into_iter().flatten() {
            if !name.eq_ignore_ascii_case(key.as_bytes()) {
                out.raw_member(name, old);
            }
        }
        out.member(key, value);
        out.end_object();
        Self::from_detail(out)
    }

    /// Its type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        let name = self.type_name();
        Kind::ALL.into_iter().find(|kind| kind.as_str() == name).unwrap_or(Kind::Other)
    }

    /// Its type by name, also where that is one that only the host knows.
    #[must_use]
    pub fn type_name(&self) -> Cow<'_, str> {
        self.text("type")
    }

    /// Its code, or an empty string.
    #[must_use]
    pub fn code(&self) -> Cow<'_, str> {
        self.text("code")
    }

    /// What happened.
    #[must_use]
    pub fn message(&self) -> Cow<'_, str> {
        self.text("message")
    }

    /// Whether something took too long.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.get("is_timeout").boolean().unwrap_or_default()
    }

    /// Whether something does not exist.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.get("is_not_found").boolean().unwrap_or_default()
    }

    /// The error that led to this one.
    #[must_use]
    pub fn cause(&self) -> Option<Self> {
        let wrapped = self.get("wrapped");
        (wrapped.kind() == json::Kind::Object)
            .then(|| Self(Box::new(Detail { json: Vec::from(wrapped.raw()).into() })))
    }

    /// Any member of the detail, such as `details`.
    #[must_use]
    pub fn get(&self, key: &str) -> Value<'_> {
        Value::at(&self.0.json).get(key)
    }

    /// The message as it stands in the detail, if there is one.
    pub(crate) fn raw_message(&self) -> Option<&[u8]> {
        raw_string(&self.0.json, const { &[Field::new("message", &Expected::ANY, false)] })
    }

    fn text(&self, key: &str) -> Cow<'_, str> {
        self.get(key).text().unwrap_or_default()
    }

    fn from_detail(json: Writer<'static>) -> Self {
        Self(Box::new(Detail { json: json.into_buffer() }))
    }

    /// The error that a host reported under the key `error` of an answer.
    ///
    /// A detail without a type gets the type `otherwise`.
    #[cold]
    pub(crate) fn from_reply(function: &str, error: &[u8], message: &[u8], otherwise: &'static str) -> Self {
        match error {
            [detail @ .., b'}'] => {
                let mut out = Writer::new();
                out.repaired(detail);
                if raw_string(error, const { &[Field::new("type", &Expected::ANY, false)] }).is_none() {
                    out.member("type", otherwise);
                }
                out.end_object();
                Self::from_detail(out)
            }
            [b'"', name @ .., b'"'] => {
                Self::from_envelope(Str::new(name), Value::at(message).string_or_empty())
            }
            _ => Self::wire_format(function, "error is neither an object nor a string"),
        }
    }

    /// An envelope has no type: it shows in its name, and denials in their text.
    fn from_envelope(name: Str<'_>, message: Str<'_>) -> Self {
        // Every denial speaks of a capability or of capabilities. `str::contains` would bring 3 KB of algorithm.
        let mut last = 0;
        let mut denied = false;
        for byte in message.raw() {
            last = last << 8 | u64::from(*byte);
            denied |= last == u64::from_be_bytes(*b"capabili");
        }
        let kind = match name.raw().first() {
            _ if denied => Kind::Capability,
            Some(b'V') => Kind::Validation,
            _ => Kind::Internal,
        };
        Self::write(kind, name.raw(), |out| message.write(out))
    }
}

/// The member that the field names, if it is a string that is not empty.
#[cold]
#[inline(never)]
fn raw_string<'a>(object: &'a [u8], field: &'static [Field; 1]) -> Option<&'a [u8]> {
    let mut found = [Slot::default()];
    let _ = json::object(object, field, &mut found);
    let [Slot { raw, .. }] = found;
    matches!(raw, [b'"', _, .., b'"']).then_some(raw)
}

impl Encode for Error {
    fn encode(&self, out: &mut Writer<'_>) {
        out.raw(&self.0.json);
    }
}

/// The text that Go's SDKs give: `type: message [code]: cause`, without an empty or internal type.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.type_name();
        if !matches!(&*kind, "" | "internal") {
            write!(f, "{kind}: ")?;
        }
        f.write_str(&self.message())?;
        let code = self.code();
        if !code.is_empty() {
            write!(f, " [{code}]")?;
        }
        match self.cause() {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::{String, ToString};

    fn reply(answer: &str) -> Error {
        let answer = Value::parse(answer.as_bytes()).unwrap();
        Error::from_reply("f", answer.get("error").raw(), answer.get("message").raw(), "network")
    }

    fn json(error: &Error) -> String {
        let mut out = Writer::new();
        error.encode(&mut out);
        String::from_utf8(out.into_bytes()).unwrap()
    }

    #[test]
    fn passes_the_hosts_detail_on_as_it_came() {
        let detail = r#"{"wrapped":{"message":"w","type":"dns","code":""},"details":{"a":1},"message":"m",
            "type":"timeout","code":"c","is_timeout":true}"#;
        let error = reply(&[r#"{"error":"#, detail, "}"].concat());
        assert_eq!(json(&error), detail);
        assert_eq!((error.kind(), error.is_timeout(), error.is_not_found()), (Kind::Timeout, true, false));
        assert_eq!(error.to_string(), "timeout: m [c]: dns: w");
    }

    #[test]
    fn gives_a_detail_without_type_the_type_of_its_function() {
        let error = reply(r#"{"error":{"code":"CONNECTION_REFUSED","message":"dial \"x\""}}"#);
        assert_eq!(json(&error), r#"{"code":"CONNECTION_REFUSED","message":"dial \"x\"","type":"network"}"#);
        assert_eq!(json(&reply(r#"{"error":{}}"#)), r#"{"type":"network"}"#);
    }

    #[test]
    fn reads_envelopes() {
        let envelope = |name: &str, message: &str| {
            reply(&alloc::format!(r#"{{"error":"{name}","message":"{message}","code":400}}"#))
        };
        let denied = envelope("VALIDATION_ERROR", "network capability denied: example.com:443");
        assert_eq!((denied.kind(), &*denied.code()), (Kind::Capability, "VALIDATION_ERROR"));
        assert_eq!(denied.message(), "network capability denied: example.com:443");
        assert_eq!(envelope("VALIDATION_ERROR", "x").kind(), Kind::Validation);
        assert_eq!(envelope("INTERNAL_ERROR", "panic: x").kind(), Kind::Internal);
    }

    #[test]
    fn says_which_kind_of_error_can_not_be_read() {
        let error = reply(r#"{"error":5}"#);
        assert_eq!(error.kind(), Kind::Internal);
        assert_eq!(
            error.message(),
            "wire format decode failed for f: error is neither an object nor a string"
        );
    }

    #[test]
    fn carries_flags_from_its_source() {
        let source = Error::new(Kind::Timeout, "slow");
        let error = Error::new(Kind::Network, "m").with_code("c").with_source(&source);
        assert_eq!(
            json(&error),
            concat!(
                r#"{"message":"m","type":"network","code":"c","is_timeout":true,"#,
                r#""wrapped":{"message":"slow","type":"timeout","code":"","is_timeout":true}}"#
            )
        );
    }
}
