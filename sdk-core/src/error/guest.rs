//! The errors that every Reglet SDK has a name for, with their exact texts (`docs/protocol.md#guest-errors`).

use core::time::Duration;

use super::{Error, Kind};
use crate::heap::LimitExceeded;
use crate::json::{Str, Writer};
use crate::text;
use crate::text::Piece;

/// Bytes of a command's error output that its error shows.
const MAX_STDERR: usize = 4096;

/// What a configuration must have, for [`Error::required`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    /// A string.
    String,
    /// An integer.
    Int,
    /// A number.
    Float,
    /// `true` or `false`.
    Bool,
}

/// What a command wrote to its standard error, for [`Error::exec`]: text, or a [`Str`]. It is no [`Piece`], so that
/// it is cut before it is copied: it may be as large as the plugin's memory.
#[derive(Clone, Copy, Debug)]
pub struct Stderr<'a>(Output<'a>);

#[derive(Clone, Copy, Debug)]
enum Output<'a> {
    Text(&'a str),
    Json(Str<'a>),
}

impl<'a, T: AsRef<str> + ?Sized> From<&'a T> for Stderr<'a> {
    fn from(text: &'a T) -> Self {
        Self(Output::Text(text.as_ref()))
    }
}

impl<'a> From<Str<'a>> for Stderr<'a> {
    fn from(string: Str<'a>) -> Self {
        Self(Output::Json(string))
    }
}

impl Error {
    /// Something failed on the network, of type `network`: `network connect failed for example.com:443: …`. The
    /// operation is the code.
    #[must_use]
    #[cold]
    pub fn network(operation: impl Piece, target: impl Piece, cause: impl Piece) -> Self {
        let target = given(" for ", &target, "");
        Self::of(Kind::Network, &text!["network ", operation, " failed", target, ": ", cause], &operation)
            .caused_by(&cause)
    }

    /// Something took too long, of type `timeout`: `connect timeout after 1.5s (target: example.com)`. The operation
    /// is the code.
    #[must_use]
    #[cold]
    pub fn timeout(operation: impl Piece, target: impl Piece, after: Duration) -> Self {
        let target = given(" (target: ", &target, ")");
        Self::of(Kind::Timeout, &text![operation, " timeout after ", after, target], &operation)
            .with_timeout()
    }

    /// The plugin lacks a capability, of type `capability`: `missing capability: exec (pattern: /bin/ls)`. What it
    /// lacks is the code.
    #[must_use]
    #[cold]
    pub fn capability(required: impl Piece, pattern: impl Piece) -> Self {
        let pattern = given(" (pattern: ", &pattern, ")");
        Self::of(Kind::Capability, &text!["missing capability: ", required, pattern], &required)
    }

    /// The configuration breaks a rule, of type `config`: `config validation failed for field 'port': …`. The field,
    /// or the path to it, is the code.
    #[must_use]
    #[cold]
    pub fn config(field: impl Piece, cause: impl Piece) -> Self {
        let mut raw = Writer::new();
        field.write(&mut raw);
        Self::config_raw(raw.as_bytes(), cause)
    }

    /// The same for a field as it stands in JSON, for every plugin makes these of its fields.
    #[cold]
    pub(crate) fn config_raw(field: &[u8], cause: impl Piece) -> Self {
        Self::write(Kind::Config, field, |out| {
            out.plain("config validation failed");
            if !field.is_empty() {
                out.plain(" for field '");
                out.append(field);
                out.plain("'");
            }
            out.plain(": ");
            cause.write(out);
        })
        .caused_by(&cause)
    }

    /// The configuration lacks a field, or has something else there (`docs/protocol.md#r3`); a
    /// [`config`](Self::config) error.
    #[must_use]
    #[cold]
    pub fn required(what: Required, field: impl Piece) -> Self {
        let (name, article) = match what {
            Required::String => ("string", "a string"),
            Required::Int => ("int", "a number"),
            Required::Float => ("float", "a number"),
            Required::Bool => ("bool", "a boolean"),
        };
        Self::config(&field, text!["required ", name, " field '", field, "' is missing or not ", article])
    }

    /// A command ended with an exit code that it should not have, of type `exec`: `command 'ls' exited with code 2: …`.
    /// The code is `exit_2`. Of what it wrote to its standard error, about 4 KiB are shown, and `…` marks a cut.
    #[must_use]
    #[cold]
    pub fn exec<'a>(command: impl Piece, exit_code: i32, stderr: impl Into<Stderr<'a>>) -> Self {
        let Stderr(stderr) = stderr.into();
        let stderr = given(": ", &stderr, "");
        let message = text!["command '", command, "' exited with code ", exit_code, stderr];
        Self::of(Kind::Exec, &message, &text!["exit_", exit_code])
    }

    /// A command could not be run, of type `exec`: `failed to execute 'ls': …`. The code is `exit_0`.
    #[must_use]
    #[cold]
    pub fn exec_failed(command: impl Piece, cause: impl Piece) -> Self {
        Self::of(Kind::Exec, &text!["failed to execute '", command, "': ", cause], &"exit_0")
            .caused_by(&cause)
    }

    /// A name could not be resolved: `dns lookup for example.com (MX) via 192.0.2.1 failed: …`. The code is `dns_MX`.
    /// Of type `timeout` if the cause is a timeout, else `network`.
    #[must_use]
    #[cold]
    pub fn dns(
        hostname: impl Piece,
        record_type: impl Piece,
        nameserver: impl Piece,
        cause: impl Piece,
    ) -> Self {
        let nameserver = given(" via ", &nameserver, "");
        let message =
            text!["dns lookup for ", hostname, " (", record_type, ")", nameserver, " failed: ", cause];
        Self::of(reached(&cause), &message, &text!["dns_", record_type]).caused_by(&cause)
    }

    /// An HTTP request failed: `http GET https://example.com failed with status 500: …`. The code is `http_500`; a
    /// status of 0 means that there was no answer. Of type `timeout` if the cause is a timeout, else `network`.
    #[must_use]
    #[cold]
    pub fn http(method: impl Piece, url: impl Piece, status: u16, cause: impl Piece) -> Self {
        let number = (status != 0).then_some(status);
        let number = given(" with status ", &number, "");
        let message = text!["http ", method, " ", url, " failed", number, ": ", cause];
        Self::of(reached(&cause), &message, &text!["http_", status]).caused_by(&cause)
    }

    /// A connection failed: `tcp connect to example.com:443 (tcp) failed: …`. The code is `tcp_connect`. Of type
    /// `timeout` if the cause is a timeout, else `network`.
    #[must_use]
    #[cold]
    pub fn tcp(network: impl Piece, address: impl Piece, cause: impl Piece) -> Self {
        let message = text!["tcp connect to ", address, " (", network, ") failed: ", cause];
        Self::of(reached(&cause), &message, &"tcp_connect").caused_by(&cause)
    }

    /// A schema could not be made, of type `validation` and code `schema`: `schema error for type Config: …`.
    #[must_use]
    #[cold]
    pub fn schema(type_name: impl Piece, cause: impl Piece) -> Self {
        let name = given(" for type ", &type_name, "");
        Self::of(Kind::Validation, &text!["schema error", name, ": ", cause], &"schema").caused_by(&cause)
    }

    /// Memory has run out, of type `internal` and code `memory_limit`.
    #[must_use]
    #[cold]
    pub fn memory(exceeded: LimitExceeded) -> Self {
        let LimitExceeded { requested, current, limit } = exceeded;
        let requested = text!["requested ", requested, " bytes"];
        let current = text!["current ", current, " bytes"];
        let limit = text!["limit ", limit, " bytes"];
        let message = text!["memory allocation failed: ", requested, ", ", current, ", ", limit];
        Self::of(Kind::Internal, &message, &"memory_limit")
    }

    /// An answer of the host function `function` breaks the protocol, of type `internal` and code `wire_format`:
    /// `wire format decode failed for tcp_connect: …`.
    #[must_use]
    #[cold]
    pub fn wire_format(function: &str, cause: impl Piece) -> Self {
        let mut out = Self::begin();
        out.plain("wire format decode failed for ");
        out.escape(function);
        out.plain(": ");
        cause.write(&mut out);
        Self::end(&mut out, Kind::Internal.as_str(), b"wire_format").caused_by(&cause)
    }

    /// The same for an operation other than `decode`, on whatever `name` stands for.
    #[must_use]
    #[cold]
    pub fn wire_format_in(operation: impl Piece, name: impl Piece, cause: impl Piece) -> Self {
        let message = text!["wire format ", operation, " failed for ", name, ": ", cause];
        Self::of(Kind::Internal, &message, &"wire_format").caused_by(&cause)
    }

    /// An error with a code that is put together.
    fn of(kind: Kind, message: &dyn Piece, code: &dyn Piece) -> Self {
        let mut raw = Writer::new();
        code.write(&mut raw);
        Self::write(kind, raw.as_bytes(), |out| message.write(out))
    }

    /// Keeps the cause, if it is an error.
    fn caused_by(self, cause: &impl Piece) -> Self {
        match cause.error() {
            Some(cause) => self.with_source(cause),
            None => self,
        }
    }
}

impl Piece for Output<'_> {
    fn write(&self, out: &mut Writer<'_>) {
        let whole = match self {
            Self::Text(text) => {
                let shown = text.get(..text.floor_char_boundary(MAX_STDERR)).unwrap_or(text);
                out.escape(shown);
                shown.len() == text.len()
            }
            Self::Json(string) => {
                let shown = string.start(MAX_STDERR);
                shown.write(out);
                shown == *string
            }
        };
        if !whole {
            out.plain("…");
        }
    }
}

/// The type of an error on the way to another machine.
fn reached(cause: &impl Piece) -> Kind {
    if cause.error().is_some_and(Error::is_timeout) { Kind::Timeout } else { Kind::Network }
}

/// A text with what stands around it; nothing if it is empty.
struct Given<'a> {
    before: &'static str,
    text: &'a dyn Piece,
    after: &'static str,
}

fn given<'a>(before: &'static str, text: &'a dyn Piece, after: &'static str) -> Given<'a> {
    Given { before, text, after }
}

impl Piece for Given<'_> {
    fn write(&self, out: &mut Writer<'_>) {
        let mut text = Writer::new();
        self.text.write(&mut text);
        if !text.as_bytes().is_empty() {
            out.plain(self.before);
            out.append(text.as_bytes());
            out.plain(self.after);
        }
    }
}
