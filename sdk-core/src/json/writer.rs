//! A streaming writer: what is written stands in the buffer at once, and no tree is built.

use alloc::vec::Vec;

use super::{Encode, Value};
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
pub struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// An empty document.
    #[must_use]
    pub const fn new() -> Self {
        Self { out: Vec::new() }
    }

    /// An empty document in a buffer of this size, in bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let mut out = Self::new();
        // `Vec::with_capacity` is one more way to allocate, and nothing else in a plugin needs it.
        out.out.reserve(capacity);
        out
    }

    /// The document.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.out
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
        self.text(&key);
        self.append(b":");
    }

    /// Writes a member of an object.
    pub fn member(&mut self, key: &str, value: impl Encode) {
        self.key(key);
        value.encode(self);
    }

    /// Writes a member whose key and value stood in another document.
    pub(crate) fn raw_member(&mut self, key: &[u8], value: Value<'_>) {
        self.raw(b"\"");
        self.append(key);
        self.append(b"\":");
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
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.append(b",");
        }
        self.append(json);
    }

    /// Appends bytes as they are.
    #[inline(never)]
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// Appends text that needs no escapes, or JSON with its punctuation: with many keys that are always the same,
    /// a literal takes less room than the calls that would write it.
    pub(crate) fn plain(&mut self, text: &str) {
        self.append(text.as_bytes());
    }

    /// Appends text to a string that is open, with JSON's escapes where JSON demands them.
    pub(crate) fn escape(&mut self, text: &str) {
        let mut rest = text.as_bytes();
        loop {
            let plain =
                rest.iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count();
            let (plain, special) = rest.split_at_checked(plain).unwrap_or_default();
            self.append(plain);
            let [byte, after @ ..] = special else { return };
            if *byte >= 0x20 {
                self.append(&[b'\\', *byte]);
            } else {
                let digit = b"0123456789abcdef".get(usize::from(byte & 15)).unwrap_or(&b'0');
                self.append(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), *digit]);
            }
            rest = after;
        }
    }

    /// Appends an integer in decimal.
    pub(crate) fn digits(&mut self, negative: bool, magnitude: u64) {
        if negative {
            self.append(b"-");
        }
        if magnitude >= 10 {
            self.digits(false, magnitude / 10);
        }
        self.append(&[b'0' + (magnitude % 10) as u8]);
    }
}
