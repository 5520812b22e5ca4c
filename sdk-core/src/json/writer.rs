//! A streaming writer: what is written stands in the buffer at once, and no tree is built.

use alloc::vec::Vec;
use core::mem::MaybeUninit;

use super::Encode;
use super::scan::{extent, plain};
use crate::abi::Buffer;
use crate::text::Piece;

/// Writes JSON into a buffer that it owns. Commas set themselves.
///
/// ```
/// use reglet_sdk_core::json::Writer;
///
/// let mut out = Writer::new();
/// out.begin_object();
/// out.member("name", "Grüße");
/// out.member("ports", [80_u16, 443].as_slice());
/// out.end_object();
/// assert_eq!(out.into_bytes(), r#"{"name":"Grüße","ports":[80,443]}"#.as_bytes());
/// ```
#[derive(Debug, Default)]
pub struct Writer<'stack> {
    out: Buffer<'stack>,
}

impl<'stack> Writer<'stack> {
    /// An empty document.
    #[must_use]
    pub const fn new() -> Self {
        Self { out: Buffer::new() }
    }

    /// An empty document that moves to the heap when it outgrows this block.
    #[must_use]
    pub const fn on(stack: &'stack mut [MaybeUninit<u8>]) -> Self {
        Self { out: Buffer::on(stack) }
    }

    /// An empty document in a buffer of this size, in bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { out: Buffer::with_capacity(capacity) }
    }

    /// What has been written so far.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.out
    }

    /// Opens an object.
    pub fn begin_object(&mut self) {
        self.raw(b"{");
    }

    /// Closes the innermost object.
    pub fn end_object(&mut self) {
        self.append(b"}");
    }

    /// Opens an array.
    pub fn begin_array(&mut self) {
        self.raw(b"[");
    }

    /// Closes the innermost array.
    pub fn end_array(&mut self) {
        self.append(b"]");
    }

    /// Writes the key of an object's next member; its value comes next.
    pub fn key(&mut self, key: &str) {
        #[cfg(target_feature = "simd128")]
        if plain(key.as_bytes()) == key.len() {
            let start: &[u8] = if self.needs_comma() { b",\"" } else { b"\"" };
            return self.out.append_all([start, key.as_bytes(), b"\":"]);
        }
        self.raw(b"\"");
        self.escape(key);
        self.append(b"\":");
    }

    /// Writes a member of an object.
    pub fn member(&mut self, key: &str, value: impl Encode) {
        self.key(key);
        value.encode(self);
    }

    /// Writes a string.
    pub fn text(&mut self, text: &dyn Piece) {
        self.raw(b"\"");
        text.write(self);
        self.append(b"\"");
    }

    /// Writes an integer.
    pub fn integer(&mut self, value: i64) {
        self.raw(b"");
        self.digits(value < 0, value.unsigned_abs());
    }

    /// Writes an integer that is not negative.
    pub fn unsigned(&mut self, value: u64) {
        self.raw(b"");
        self.digits(false, value);
    }

    /// Writes a value that is already JSON, after a comma where one is needed.
    ///
    /// What is written is the caller's to answer for: nothing checks it.
    pub fn raw(&mut self, json: &[u8]) {
        if self.needs_comma() {
            self.append(b",");
        }
        self.append(json);
    }

    fn needs_comma(&self) -> bool {
        !matches!(self.out.last(), None | Some(b'{' | b'[' | b':'))
    }

    /// Appends bytes as they are.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        self.out.append(bytes);
    }

    /// Takes back what was written after so many bytes.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.out.truncate(len);
    }

    /// Puts bytes in the place of others.
    pub(crate) fn put(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.out.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Appends text that needs no escapes, or JSON with its punctuation: with many keys that are always the same,
    /// a literal takes less room than the calls that would write it.
    pub(crate) fn plain(&mut self, text: &str) {
        self.append(text.as_bytes());
    }

    /// Appends text to a string that is open, with JSON's escapes where JSON demands them.
    pub(crate) fn escape(&mut self, text: &str) {
        self.string(text.as_bytes(), false);
    }

    /// Appends JSON that came from elsewhere, or a part of it. In strings, what is no character becomes U+FFFD: a
    /// surrogate without its other half, and each byte that is not UTF-8.
    pub(crate) fn repaired(&mut self, json: &[u8]) {
        self.string(json, true);
    }

    #[cfg_attr(not(target_feature = "simd128"), inline(never))]
    fn string(&mut self, text: &[u8], raw: bool) {
        // What is not written yet, and how much of it will be written as it is.
        let mut rest = text;
        let mut kept = 0;
        loop {
            kept += plain(rest.get(kept..).unwrap_or_default());
            let (head, special) = rest.split_at_checked(kept).unwrap_or_default();
            let Some(&byte) = special.first() else { return self.append(rest) };
            let mut skipped = 1;
            if raw {
                let len = if matches!(byte, b'\\' | 0x80..) { extent(special) } else { 1 };
                if len > 0 {
                    kept += len as usize;
                    continue;
                }
                skipped = len.unsigned_abs().max(1);
                self.append(head);
                self.plain("\u{fffd}");
            } else if byte >= 0x7F {
                kept += 1;
                continue;
            } else {
                self.append(head);
                if byte >= 0x20 {
                    self.append(&[b'\\', byte]);
                } else {
                    let digit = b"0123456789abcdef".get(usize::from(byte & 15)).unwrap_or(&b'0');
                    self.append(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), *digit]);
                }
            }
            rest = special.get(skipped..).unwrap_or_default();
            kept = 0;
        }
    }

    /// Appends an integer in decimal.
    pub(crate) fn digits(&mut self, negative: bool, magnitude: u64) {
        let mut text = [b'0'; 20];
        let start = decimal(magnitude, &mut text);
        if negative {
            self.append(b"-");
        }
        self.append(text.get(start.min(19)..).unwrap_or_default());
    }
}

/// Puts a number's digits at the end of a text of zeros, and returns where they start.
#[inline(never)]
pub(crate) fn decimal(mut number: u64, text: &mut [u8]) -> usize {
    let mut start = text.len();
    // Two at a time, which halves the divisions.
    #[cfg(target_feature = "simd128")]
    while number >= 10
        && let Some([tens, ones]) = text.get_mut(..start).and_then(<[u8]>::last_chunk_mut)
    {
        let pair;
        (number, pair) = match u32::try_from(number) {
            Ok(small) => (u64::from(small / 100), small % 100),
            Err(_) => (number / 100, (number % 100) as u32),
        };
        *tens = b'0' + (pair / 10) as u8;
        *ones = b'0' + (pair % 10) as u8;
        start -= 2;
    }
    while number != 0
        && let Some(digit) = text.get_mut(start.wrapping_sub(1))
    {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        start -= 1;
    }
    start
}

impl Writer<'static> {
    /// The document.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out.into()
    }

    pub(crate) fn into_buffer(self) -> Buffer<'static> {
        self.out
    }
}
