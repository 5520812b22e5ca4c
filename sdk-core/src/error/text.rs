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
/// the message ends with it, or with a colon and the cause's own message; then its cause comes next.
impl Piece for Error {
    fn write(&self, out: &mut Writer<'_>) {
        write(Value::at(&self.0.json), MAX_CAUSES, out);
    }

    fn error(&self) -> Option<&Error> {
        Some(self)
    }
}

fn write(detail: Value<'_>, mut causes: u32, out: &mut Writer<'_>) {
    let [kind, message, code, mut cause] = members(detail);
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
    while cause.kind() == Kind::Object && causes > 0 {
        causes -= 1;
        let [_, told, _, next] = members(cause);
        let before = message.raw().strip_suffix(told.string_or_empty().raw());
        if !before.is_some_and(|step| step.ends_with(b": ")) {
            let mut text = Writer::new();
            write(cause, causes, &mut text);
            // Our own messages do. With every level that told it again, the text would be twice as long.
            if !message.raw().ends_with(text.as_bytes()) {
                out.plain(": ");
                out.append(text.as_bytes());
            }
            return;
        }
        cause = next;
    }
}

/// Type, message, code and cause.
fn members(detail: Value<'_>) -> [Value<'_>; 4] {
    let mut found = [Slot::default(); 4];
    let _ = json::object(detail.raw(), FIELDS, &mut found);
    found.map(|slot| Value::at(slot.raw))
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
