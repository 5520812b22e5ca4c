//! UTF-8, checked by a hundred bytes of code; `core`'s check is faster on long texts, and takes 700.

use alloc::string::String;
use alloc::vec::Vec;

use crate::json::plain;

/// The bytes as text, if they are UTF-8.
#[must_use]
pub fn utf8(bytes: &[u8]) -> Option<&str> {
    // UTF-8 never has this byte.
    check(bytes, 0xFF)
}

/// The bytes as a string of its own, if they are UTF-8.
pub(crate) fn into_string(bytes: Vec<u8>) -> Option<String> {
    utf8(&bytes)?;
    // SAFETY: they have just been checked.
    Some(unsafe { String::from_utf8_unchecked(bytes) })
}

/// The inside of a JSON string as text, if it is UTF-8 and has no escapes.
pub(crate) fn verbatim(bytes: &[u8]) -> Option<&str> {
    check(bytes, b'\\')
}

/// The bytes as text, if they are UTF-8 without this byte, which is none that stands for itself in a JSON string.
fn check(bytes: &[u8], without: u8) -> Option<&str> {
    let mut rest = bytes;
    loop {
        rest = rest.get(plain(rest)..)?;
        match rest.first() {
            None => break,
            Some(byte) if *byte == without => return None,
            Some(_) => rest = rest.get(utf8_len(rest)?..)?,
        }
    }
    // SAFETY: at each step there was ASCII, or `utf8_len` has found a whole, well-formed sequence, from the first byte to the
    // last.
    Some(unsafe { core::str::from_utf8_unchecked(bytes) })
}

/// How many bytes the character takes that the bytes start with.
#[must_use]
pub fn utf8_len(bytes: &[u8]) -> Option<usize> {
    let (&lead, rest) = bytes.split_first()?;
    if lead < 0x80 {
        return Some(1);
    }
    let len = lead.leading_ones() as usize;
    // The smallest code that needs as many bytes: fewer could not say it.
    let least = *[0x80, 0x800, 0x1_0000].get(len.wrapping_sub(2))?;
    let mut code = u32::from(lead) & 0x7F >> len;
    for &byte in rest.get(..len - 1)? {
        if byte & 0xC0 != 0x80 {
            return None;
        }
        code = code << 6 | u32::from(byte & 0x3F);
    }
    // No surrogates, and nothing too large.
    (code >= least && char::from_u32(code).is_some()).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_over_only_what_is_utf_8() {
        for text in ["", "plain", "gr\u{fc}\u{df}e \u{1f600} \\ \""] {
            assert_eq!(into_string(text.into()).as_deref(), Some(text));
        }
        for bytes in [&b"\xff"[..], b"a\xc3", b"\xed\xa0\x80", b"plain, and then \xe2\x82"] {
            assert_eq!(into_string(bytes.into()), None);
        }
    }

    #[test]
    fn accepts_every_character() {
        // Miri is a thousand times slower.
        for character in ('\0'..=char::MAX).step_by(if cfg!(miri) { 9973 } else { 1 }) {
            let mut bytes = [0; 4];
            let text = character.encode_utf8(&mut bytes);
            assert_eq!(utf8(text.as_bytes()), Some(&*text));
        }
    }

    #[test]
    fn agrees_with_core_on_all_short_sequences_around_the_borders() {
        const BORDERS: [u8; 22] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED,
            0xEF, 0xF0, 0xF3, 0xF4, 0xF5, 0xFF,
        ];
        let mut all: Vec<Vec<u8>> = Vec::from([Vec::new()]);
        for _ in 0..if cfg!(miri) { 2 } else { 4 } {
            let longer = all.iter().flat_map(|start| {
                BORDERS.iter().map(|byte| start.iter().chain([byte]).copied().collect::<Vec<u8>>())
            });
            all = longer.collect();
            for bytes in &all {
                assert_eq!(utf8(bytes), str::from_utf8(bytes).ok(), "{bytes:x?}");
            }
        }
    }
}
