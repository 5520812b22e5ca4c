//! The scanner: walks over JSON and checks its grammar.
//!
//! Its functions take a position in the text and return the next one, so that everything stays in registers.
//! A negative position is a failure: `!n` for a byte that may not stand at `n`, or [`TOO_DEEP`].

use super::error::{Error, Expected};
use super::{MAX_DEPTH, Value};

pub(super) type Position = isize;

/// The document is nested too deep.
const TOO_DEEP: Position = Position::MIN;

/// What stands between two positions; nothing if there is nothing.
pub(super) fn between(text: &[u8], start: Position, end: Position) -> &[u8] {
    text.get(start as usize..end as usize).unwrap_or_default()
}

/// The byte at a position; 0, which no document may contain, at the end and for a failure.
pub(super) fn byte(text: &[u8], at: Position) -> u8 {
    text.get(at as usize).copied().unwrap_or(0)
}

/// What a failure was.
#[cold]
#[inline(never)]
pub(super) fn error(text: &[u8], failure: Position) -> Error {
    let expected = if failure == TOO_DEEP { Expected::SHALLOW } else { Expected::JSON };
    Error::at(expected, text.get(!failure as usize..).unwrap_or_default())
}

/// Walks over a whole document, or what is left of one.
pub(super) fn end(text: &[u8], at: Position) -> Result<(), Error> {
    let rest = blank(text, at);
    match rest {
        ..0 => Err(error(text, rest)),
        _ if (rest as usize) < text.len() => Err(error(text, !rest)),
        _ => Ok(()),
    }
}

/// Walks over white space.
pub(super) fn blank(text: &[u8], mut at: Position) -> Position {
    while matches!(byte(text, at), b' ' | b'\t' | b'\n' | b'\r') {
        at += 1;
    }
    at
}

/// Walks over one value of any kind, which starts at `at`. Of its members, those whose keys are among the names,
/// without regard to ASCII case, are put into `found`, unless they are `null`.
pub(super) fn value<'a>(
    text: &'a [u8],
    mut at: Position,
    names: &[&str],
    found: &mut [Value<'a>],
) -> Position {
    // What closes the containers around the innermost one, so that nesting takes no stack.
    let mut outer = [0; MAX_DEPTH as usize];
    let mut depth = 0;
    let mut closer = 0;
    let mut key: &[u8] = &[];
    let mut start = at;
    loop {
        // Here stands a value, behind its key if it is a member.
        if depth == 1 {
            start = at;
        }
        if closer == b'}' {
            let end = string(text, at);
            let colon = blank(text, end);
            if byte(text, colon) != b':' {
                return if end < 0 { end } else { !colon };
            }
            let value = blank(text, colon + 1);
            if depth == 1 {
                key = between(text, at + 1, end - 1);
                start = value;
            }
            at = value;
        }
        match byte(text, at) {
            b'"' => at = string(text, at),
            open @ (b'{' | b'[') => {
                let Some(slot) = outer.get_mut(depth) else { return TOO_DEEP };
                *slot = closer;
                depth += 1;
                // Both closing brackets come two places after the opening ones.
                closer = open + 2;
                at = blank(text, at + 1);
                if byte(text, at) != closer {
                    continue;
                }
            }
            b'a'..=b'z' => at = word(text, at),
            _ => at = number(text, at),
        }
        // Here it has ended, and so may the containers that it stands in.
        loop {
            if depth == 1 {
                keep(key, between(text, start, at), names, found);
            }
            if depth == 0 || at < 0 {
                return at;
            }
            at = blank(text, at);
            let next = byte(text, at);
            at += 1;
            if next == b',' {
                at = blank(text, at);
                break;
            }
            if next != closer {
                return -at;
            }
            depth -= 1;
            closer = outer.get(depth).copied().unwrap_or(0);
        }
    }
}

/// Puts a member where it belongs.
fn keep<'a>(key: &[u8], value: &'a [u8], names: &[&str], found: &mut [Value<'a>]) {
    for (name, slot) in names.iter().zip(found) {
        if same(key, name.as_bytes()) && !matches!(value, [b'n', ..]) {
            *slot = Value::at(value);
        }
    }
}

/// Whether two keys are the same but for their case. The method of slices is made for longer ones.
fn same(key: &[u8], name: &[u8]) -> bool {
    let mut pairs = key.iter().zip(name);
    key.len() == name.len() && pairs.all(|(a, b)| a.eq_ignore_ascii_case(b))
}

/// Walks over a string.
pub(super) fn string(text: &[u8], mut at: Position) -> Position {
    if byte(text, at) != b'"' {
        return !at;
    }
    loop {
        at += 1;
        match byte(text, at) {
            b'"' => return at + 1,
            b'\\' => match escape(text, at + 1) {
                failure @ ..0 => return failure,
                last => at = last,
            },
            ..0x20 => return !at,
            _ => {}
        }
    }
}

/// Walks to the last byte of an escape, behind its backslash.
#[inline(never)]
fn escape(text: &[u8], at: Position) -> Position {
    if byte(text, at) != b'u' {
        let plain = matches!(byte(text, at), b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't');
        return if plain { at } else { !at };
    }
    for digit in at + 1..at + 5 {
        if !byte(text, digit).is_ascii_hexdigit() {
            return !digit;
        }
    }
    at + 4
}

fn word(text: &[u8], at: Position) -> Position {
    let word: &[u8] = match byte(text, at) {
        b't' => b"true",
        b'f' => b"false",
        _ => b"null",
    };
    let end = at + word.len() as Position;
    if between(text, at, end) == word { end } else { !at }
}

fn number(text: &[u8], at: Position) -> Position {
    let start = at + Position::from(byte(text, at) == b'-');
    let mut at = digits(text, start);
    if byte(text, start) == b'0' {
        at = start + 1;
    }
    if byte(text, at) == b'.' {
        at = digits(text, at + 1);
    }
    if byte(text, at) | 0x20 == b'e' {
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
