//! An error as text: `type: message [code]: cause` (`docs/protocol.md#errordetail`).

use core::fmt;

use super::Error;
use crate::json::{self, Expected, Field, Kind, Slot, Value, Writer};
use crate::text;
use crate::text::Piece;

/// Causes that a text tells of. The stack of a plugin is small, and who reports an error may nest it as deep as JSON
/// goes.
const MAX_CAUSES: u32 = 8;

const FIELDS: &[Field; 4] = &[
    Field::new("type", &Expected::ANY, false),
    Field::new("message", &Expected::ANY, false).at(1),
    Field::new("code", &Expected::ANY, false).at(2),
    Field::new("wrapped", &Expected::ANY, false).at(3),
];

/// `type: message [code]: cause`. An empty type, `internal` and an empty code are left out, and so is the cause where
/// the message ends with it.
impl Piece for Error {
    fn write(&self, out: &mut Writer<'_>) {
        write(Value::at(&self.0.json), MAX_CAUSES, out);
    }

    fn error(&self) -> Option<&Error> {
        Some(self)
    }
}

fn write(detail: Value<'_>, causes: u32, out: &mut Writer<'_>) {
    let mut found = [Slot::default(); 4];
    let _ = json::object(detail.raw(), FIELDS, &mut found);
    let [kind, message, code, cause] = found.map(|slot| Value::at(slot.raw));
    let [kind, message, code] = [kind, message, code].map(Value::string_or_empty);
    if !matches!(kind.raw(), b"" | b"internal") {
        kind.write(out);
        out.plain(": ");
    }
    message.write(out);
    if !code.is_empty() {
        out.plain(" [");
        code.write(out);
        out.plain("]");
    }
    if cause.kind() == Kind::Object && causes > 0 {
        let mut text = Writer::new();
        write(cause, causes - 1, &mut text);
        // Our own messages do. With every level that told it again, the text would be twice as long.
        if !message.raw().ends_with(text.as_bytes()) {
            out.plain(": ");
            out.append(text.as_bytes());
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&text![self], f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Without a `source`, for the causes are kept as JSON; [`Error::cause`] tells the next one.
impl core::error::Error for Error {}
