//! What went wrong, in the shape in which it travels (`docs/protocol.md#errordetail`).
//!
//! For what goes wrong most often, [`Error`] has a function that gives it the text, the type and the code that every
//! Reglet SDK gives it (`docs/protocol.md#guest-errors`). Texts are [`Piece`]s, and one that is empty is left out.
//! The cause comes last. If it is an error itself it is kept whole, and what it says about time and absence holds for
//! the new error too (`docs/protocol.md#r1`).
//!
//! ```
//! use reglet_sdk_core::Error;
//! use reglet_sdk_core::error::Kind;
//!
//! let cause = Error::timeout("read", "192.0.2.1:53", core::time::Duration::from_millis(1500));
//! let error = Error::dns("example.com", "MX", "192.0.2.1", &cause);
//! assert_eq!(
//!     error.message(),
//!     "dns lookup for example.com (MX) via 192.0.2.1 failed: timeout: read timeout after 1.5s (target: 192.0.2.1:53) [read]"
//! );
//! assert_eq!((error.kind(), &*error.code(), error.is_timeout()), (Kind::Timeout, "dns_MX", true));
//! assert_eq!(error.cause(), Some(cause));
//! ```

mod from;
mod guest;
mod reply;
mod text;

#[cfg(feature = "serde")]
pub(crate) use from::Displayed;
pub use guest::{Required, Stderr};

use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::fmt;

use crate::abi::Buffer;
use crate::base64::Base64;
use crate::json::{self, Encode, Expected, Field, Slot, Value, Writer};
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

const MESSAGE: &[Field; 1] = &any("message");
const TYPE: &[Field; 1] = &any("type");
const CODE: &[Field; 1] = &any("code");
const STACK: &[Field; 1] = &any("stack");
const WRAPPED: &[Field; 1] = &any("wrapped");
const DETAILS: &[Field; 1] = &any("details");
const IS_TIMEOUT: &[Field; 1] = &any("is_timeout");
const IS_NOT_FOUND: &[Field; 1] = &any("is_not_found");

const fn any(name: &'static str) -> [Field; 1] {
    [Field::new(name, &Expected::ANY, false)]
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

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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

    /// Sets the code.
    #[must_use]
    pub fn with_code(self, code: &str) -> Self {
        let mut out = Writer::new();
        out.text(&code);
        self.and(CODE, out.as_bytes())
    }

    /// Sets the error that led to this one. If that is a timeout or about what does not exist, this one is too.
    #[must_use]
    pub fn with_source(mut self, source: &Self) -> Self {
        if source.is_timeout() {
            self = self.with_timeout();
        }
        if source.is_not_found() {
            self = self.with_not_found();
        }
        self.and(WRAPPED, &source.0.json)
    }

    /// Marks it as a matter of time.
    #[must_use]
    pub fn with_timeout(self) -> Self {
        self.and(IS_TIMEOUT, b"true")
    }

    /// Marks it as about something that does not exist.
    #[must_use]
    pub fn with_not_found(self) -> Self {
        self.and(IS_NOT_FOUND, b"true")
    }

    /// Sets the stack, which is text or bytes of any sort. On the wire it is base64.
    ///
    /// ```
    /// use reglet_sdk_core::Error;
    ///
    /// let error = Error::internal("out of luck").with_stack(b"at the end");
    /// assert_eq!(error.get("stack").text()?, "YXQgdGhlIGVuZA==");
    /// # Ok::<(), reglet_sdk_core::json::Error>(())
    /// ```
    #[must_use]
    pub fn with_stack(self, stack: &[u8]) -> Self {
        let mut out = Writer::new();
        Base64::from(stack).encode(&mut out);
        self.and(STACK, out.as_bytes())
    }

    /// Adds a member to the `details`. A key that is added twice is there twice, and readers take the last one.
    ///
    /// ```
    /// use reglet_sdk_core::Error;
    ///
    /// let error = Error::internal("out of luck").with_detail("attempts", 3);
    /// assert_eq!(error.details().get("attempts").integer()?, 3);
    /// # Ok::<(), reglet_sdk_core::json::Error>(())
    /// ```
    #[must_use]
    pub fn with_detail(self, key: &str, value: impl Encode) -> Self {
        let mut out = Writer::new();
        match self.details().raw() {
            [details @ .., b'}'] => out.append(details.trim_ascii_end()),
            _ => out.begin_object(),
        }
        out.member(key, value);
        out.end_object();
        self.and(DETAILS, out.as_bytes())
    }

    /// Sets a member, in place of what there was.
    #[inline(never)]
    fn and(self, field: &'static [Field; 1], value: &[u8]) -> Self {
        let json = &*self.0.json;
        let old = member(json, field);
        let mut out = Writer::new();
        if old.is_empty() {
            if let [detail @ .., b'}'] = json {
                out.append(detail.trim_ascii_end());
            }
            out.key(field[0].name);
            out.append(value);
            out.plain("}");
        } else {
            let start = old.as_ptr().addr() - json.as_ptr().addr();
            out.append(json.get(..start).unwrap_or_default());
            out.append(value);
            out.append(json.get(start + old.len()..).unwrap_or_default());
        }
        Self::from_detail(out)
    }

    /// Its type. Of a code that a host has put in its place, what the code speaks of (`docs/protocol.md#r4`).
    #[must_use]
    pub fn kind(&self) -> Kind {
        let name = self.type_name();
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name);
        kind.unwrap_or_else(|| match &*name {
            "TIMEOUT" => Kind::Timeout,
            "SSRF_BLOCKED" | "CAPABILITY_DENIED" => Kind::Capability,
            "INVALID_REQUEST" | "VALIDATION_ERROR" => Kind::Validation,
            "execution" => Kind::Exec,
            code if is_code(code) => Kind::Network,
            _ => Kind::Other,
        })
    }

    /// Its type by name, also where that is one that only the host knows.
    #[must_use]
    pub fn type_name(&self) -> Cow<'_, str> {
        self.text(TYPE)
    }

    /// Its code, also where a host has put it in place of the type; or an empty string.
    #[must_use]
    pub fn code(&self) -> Cow<'_, str> {
        let code = self.text(CODE);
        if !code.is_empty() {
            return code;
        }
        let name = self.type_name();
        if is_code(&name) { name } else { code }
    }

    /// What happened.
    #[must_use]
    pub fn message(&self) -> Cow<'_, str> {
        self.text(MESSAGE)
    }

    /// Whether something took too long. Not every host marks such errors, so type and code count as well.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.has(IS_TIMEOUT, b"true")
            || self.has(TYPE, b"\"timeout\"")
            || self.has(TYPE, b"\"TIMEOUT\"")
            || self.has(CODE, b"\"TIMEOUT\"")
    }

    /// Whether something does not exist. Not every host marks such errors, so the code counts as well.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        let code = b"\"HOST_NOT_FOUND\"";
        self.has(IS_NOT_FOUND, b"true") || self.has(CODE, code) || self.has(TYPE, code)
    }

    /// The error that led to this one.
    #[must_use]
    pub fn cause(&self) -> Option<Self> {
        match member(&self.0.json, WRAPPED) {
            wrapped @ [b'{', ..] => {
                let mut out = Writer::new();
                out.append(wrapped);
                Some(Self::from_detail(out))
            }
            _ => None,
        }
    }

    /// What else is known about it, an object; absent if there is nothing.
    #[must_use]
    pub fn details(&self) -> Value<'_> {
        match member(&self.0.json, DETAILS) {
            details @ [b'{', ..] => Value::at(details),
            _ => Value::ABSENT,
        }
    }

    /// Any member of the detail, such as `stack`, which is base64 text or a list of byte numbers
    /// (`docs/protocol.md#errordetail`).
    #[must_use]
    pub fn get(&self, key: &str) -> Value<'_> {
        Value::at(&self.0.json).get(key)
    }

    /// The message as it stands in the detail, if there is one.
    pub(crate) fn raw_message(&self) -> Option<&[u8]> {
        raw_string(&self.0.json, MESSAGE)
    }

    /// Whether the member that the field names is this one.
    #[inline(never)]
    fn has(&self, field: &'static [Field; 1], value: &[u8]) -> bool {
        member(&self.0.json, field) == value
    }

    fn text(&self, field: &'static [Field; 1]) -> Cow<'_, str> {
        Value::at(member(&self.0.json, field)).string_or_empty().decode()
    }

    fn from_detail(json: Writer<'static>) -> Self {
        Self(Box::new(Detail { json: json.into_buffer() }))
    }
}

/// The member that the field names, if it is a string that is not empty.
#[cold]
#[inline(never)]
fn raw_string<'a>(object: &'a [u8], field: &'static [Field; 1]) -> Option<&'a [u8]> {
    let raw = member(object, field);
    matches!(raw, [b'"', _, .., b'"']).then_some(raw)
}

/// The member that the field names, as it stands there; empty if there is none.
fn member<'a>(object: &'a [u8], field: &'static [Field; 1]) -> &'a [u8] {
    let mut found = [Slot::default()];
    let _ = json::object(object, field, &mut found);
    let [Slot { raw, .. }] = found;
    raw
}

impl Encode for Error {
    fn encode(&self, out: &mut Writer<'_>) {
        out.raw(&self.0.json);
    }
}

/// Whether a type is a code that a host has put in its place: types are in lower case.
fn is_code(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    fn json(error: &Error) -> String {
        let mut out = Writer::new();
        error.encode(&mut out);
        String::from_utf8(out.into_bytes()).unwrap()
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

    #[test]
    fn sets_members_of_what_the_host_sent() {
        for (host, set) in [
            (r#"{ "Code" : "a" , "x":{"code":"c"} }"#, r#"{ "Code" : "b" , "x":{"code":"c"} }"#),
            (r#"{"code":1,"code":"a"}"#, r#"{"code":1,"code":"b"}"#),
            (r#"{"code":null}"#, r#"{"code":null,"code":"b"}"#),
            (r#"{"x":[1] }"#, r#"{"x":[1],"code":"b"}"#),
            ("{ }", r#"{"code":"b"}"#),
        ] {
            let mut out = Writer::new();
            out.append(host.as_bytes());
            let error = Error::from_detail(out).with_code("b");
            assert_eq!((json(&error).as_str(), &*error.code()), (set, "b"));
        }
    }

    #[test]
    fn counts_the_type_timeout_as_a_timeout() {
        let error = Error::new(Kind::Network, "m").and(TYPE, b"\"timeout\"");
        assert!(error.is_timeout() && error.get("is_timeout").is_none());
        assert!(!Error::new(Kind::Network, "timeout").is_timeout());
    }

    #[test]
    fn adds_details_to_those_of_the_host() {
        let error = Error::internal("m");
        assert!(error.details().is_none());
        for (host, all) in [
            ("{}", r#"{"a":1}"#),
            ("{ }", r#"{"a":1}"#),
            (r#"{"A": [] }"#, r#"{"A": [],"a":1}"#),
            ("5", r#"{"a":1}"#),
        ] {
            let error = error.clone().and(DETAILS, host.as_bytes()).with_detail("a", 1);
            assert_eq!(error.details().raw(), all.as_bytes());
        }
        assert_eq!(
            json(&error.with_detail("q\"", "é\n")),
            r#"{"message":"m","type":"internal","code":"","details":{"q\"":"é\u000a"}}"#
        );
    }
}
