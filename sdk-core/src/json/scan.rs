//! The scanner: walks over JSON and checks its grammar.
//!
//! Its functions take a position in the text and return the next one, so that everything stays in registers.
//! A negative position is a failure: `!n` for a byte that may not stand at `n`, or [`TOO_DEEP`].

use super::error::{Error, Expected};
use super::{MAX_DEPTH, Value};

pub(super) type Position = isize;

/// The document is nested too deep.
const TOO_DEEP: Position = Position::MIN;

/// A position as an index; one far beyond every text for a failure.
pub(super) const fn index(at: Position) -> usize {
    at as usize
}

/// The byte at a position; 0, which no document may contain, at the end.
pub(super) fn byte(text: &[u8], at: Position) -> u8 {
    text.get(index(at)).copied().unwrap_or(0)
}

/// What a failure was.
#[cold]
pub(super) fn error(text: &[u8], failure: Position) -> Error {
    let expected = if failure == TOO_DEEP { Expected::SHALLOW } else { Expected::JSON };
    Error::at(expected, text.get(index(!failure)..).unwrap_or_default())
}

/// Walks over a whole document, or what is left of one.
pub(super) fn end(text: &[u8], at: Position) -> Result<(), Error> {
    if at < 0 {
        return Err(error(text, at));
    }
    let at = blank(text, at);
    if index(at) < text.len() { Err(error(text, !at)) } else { Ok(()) }
}

/// Walks over white space.
pub(super) fn blank(text: &[u8], mut at: Position) -> Position {
    while matches!(byte(text, at), b' ' | b'\t' | b'\n' | b'\r') {
        at += 1;
    }
    at
}

/// Walks over one value of any kind, which starts at `at`. It goes down into containers by recursion.
pub(super) fn value(text: &[u8], at: Position, depth: u32) -> Position {
    let first = byte(text, at);
    match first {
        b'"' => string(text, at),
        b'{' | b'[' if depth == MAX_DEPTH => TOO_DEEP,
        b'{' | b'[' => walk(
            Members { text, at: at + 1, of_object: first == b'{', depth: depth + 1, state: State::First },
            &[],
            &mut [],
        ),
        b'a'..=b'z' => word(text, at),
        _ => number(text, at),
    }
}

/// Walks over the members or elements that are left, to the end of the container. Values whose keys are among
/// the names, without regard to ASCII case, are put into `found`, unless they are `null`.
pub(super) fn walk<'a>(mut members: Members<'a>, names: &[&str], found: &mut [Value<'a>]) -> Position {
    while let Some((key, value)) = members.step() {
        for (name, slot) in names.iter().zip(&mut *found) {
            if key.len() == name.len()
                && key.eq_ignore_ascii_case(name.as_bytes())
                && !matches!(value, [b'n', ..])
            {
                *slot = Value::at(value);
            }
        }
    }
    members.at
}

/// A walk over the members of an object or the elements of an array.
#[derive(Clone, Debug)]
pub(super) struct Members<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: Position,
    pub(super) of_object: bool,
    pub(super) depth: u32,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    First,
    Later,
    Closed,
}

impl<'a> Members<'a> {
    /// The raw text of the next key, empty in an array, and the value. After the last, `at` is behind the
    /// container; after a failure it is negative.
    pub(super) fn step(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        if self.state == State::Closed || self.at < 0 {
            return None;
        }
        let text = self.text;
        let mut at = blank(text, self.at);
        if byte(text, at) == if self.of_object { b'}' } else { b']' } {
            self.state = State::Closed;
            self.at = at + 1;
            return None;
        }
        if self.state == State::Later {
            if byte(text, at) != b',' {
                self.at = !at;
                return None;
            }
            at = blank(text, at + 1);
        }
        self.state = State::Later;
        let mut key: &[u8] = &[];
        if self.of_object {
            let end = string(text, at);
            let colon = blank(text, end);
            if end < 0 || byte(text, colon) != b':' {
                self.at = if end < 0 { end } else { !colon };
                return None;
            }
            key = text.get(index(at) + 1..index(end) - 1)?;
            at = blank(text, colon + 1);
        }
        self.at = value(text, at, self.depth);
        if self.at < 0 {
            return None;
        }
        Some((key, text.get(index(at)..index(self.at))?))
    }
}

fn string(text: &[u8], mut at: Position) -> Position {
    if byte(text, at) != b'"' {
        return !at;
    }
    loop {
        at += 1;
        // Most of a string is plain: a tight loop for that.
        let rest = text.get(index(at)..).unwrap_or_default();
        at += rest.iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count()
            as Position;
        match byte(text, at) {
            b'"' => return at + 1,
            b'\\' => {
                at += 1;
                let escape = byte(text, at);
                let digits = if escape == b'u' { 4 } else { 0 };
                if digits == 0 && !matches!(escape, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') {
                    return !at;
                }
                for _ in 0..digits {
                    at += 1;
                    if !byte(text, at).is_ascii_hexdigit() {
                        return !at;
                    }
                }
            }
            _ => return !at,
        }
    }
}

fn word(text: &[u8], at: Position) -> Position {
    let mut end = at;
    while byte(text, end).is_ascii_lowercase() {
        end += 1;
    }
    match text.get(index(at)..index(end)) {
        Some(b"true" | b"false" | b"null") => end,
        _ => !at,
    }
}

fn number(text: &[u8], at: Position) -> Position {
    let start = at + Position::from(byte(text, at) == b'-');
    let mut at = digits(text, start);
    if byte(text, start) == b'0' {
        at = start + 1;
    }
    if at >= 0 && byte(text, at) == b'.' {
        at = digits(text, at + 1);
    }
    if at >= 0 && byte(text, at) | 0x20 == b'e' {
        at += 1 + Position::from(matches!(byte(text, at + 1), b'+' | b'-'));
        at = digits(text, at);
    }
    at
}

/// Walks over one or more digits.
fn digits(text: &[u8], start: Position) -> Position {
    let mut at = start;
    while byte(text, at).is_ascii_digit() {
        at += 1;
    }
    if at > start { at } else { !at }
}
