//! A streaming writer: what is written stands in the buffer at once, and no tree is built.

use alloc::vec::Vec;

use super::{Encode, Value};
use crate::text::Decimal;

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
        Self { out: Vec::with_capacity(capacity) }
    }

    /// Goes on with what has been written elsewhere.
    pub(crate) const fn from(out: Vec<u8>) -> Self {
        Self { out }
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
        self.out.extend_from_slice(b"}");
    }

    /// Opens an array.
    pub fn begin_array(&mut self) {
        self.raw(b"[");
    }

    /// Closes the innermost array.
    pub fn end_array(&mut self) {
        self.out.extend_from_slice(b"]");
    }

    /// Writes the key of an object's next member; its value comes next.
    pub fn key(&mut self, key: &str) {
        self.string(key);
        self.out.extend_from_slice(b":");
    }

    /// Writes a member of an object.
    pub fn member(&mut self, key: &str, value: impl Encode) {
        self.key(key);
        value.encode(self);
    }

    /// Writes a member whose key and value stood in another document.
    pub(crate) fn raw_member(&mut self, key: &[u8], value: Value<'_>) {
        self.raw(b"\"");
        self.out.extend_from_slice(key);
        self.out.extend_from_slice(b"\":");
        value.encode(self);
    }

    /// Writes a string.
    pub fn string(&mut self, text: &str) {
        self.raw(b"\"");
        let mut plain = text.as_bytes();
        loop {
            let special = plain.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
            let (before, rest) = plain.split_at_checked(special.unwrap_or(plain.len())).unwrap_or_default();
            self.out.extend_from_slice(before);
            let Some((&byte, rest)) = rest.split_first() else { break };
            let digit = |value: u8| if value < 10 { value + b'0' } else { value + (b'a' - 10) };
            self.out.extend_from_slice(&match byte {
                b'"' | b'\\' => [b'\\', byte, 0, 0, 0, 0],
                _ => [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)],
            });
            if byte >= 0x20 {
                self.out.truncate(self.out.len() - 4);
            }
            plain = rest;
        }
        self.out.extend_from_slice(b"\"");
    }

    /// Writes an integer.
    pub fn integer(&mut self, value: i64) {
        self.decimal(value < 0, value.unsigned_abs());
    }

    /// Writes an integer that is not negative.
    pub fn unsigned(&mut self, value: u64) {
        self.decimal(false, value);
    }

    fn decimal(&mut self, negative: bool, magnitude: u64) {
        self.raw(Decimal::new(negative, magnitude).as_str().as_bytes());
    }

    /// Writes a value that is already JSON, after a comma where one is needed.
    ///
    /// What is written is the caller's to answer for: nothing checks it.
    pub fn raw(&mut self, json: &[u8]) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.extend_from_slice(b",");
        }
        self.out.extend_from_slice(json);
    }
}
