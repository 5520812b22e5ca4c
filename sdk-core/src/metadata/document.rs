//! Metadata, manifest and schema as JSON constants: a plugin carries the bytes, and no code that makes them.

mod capabilities;
mod json;
mod schema;
mod services;

pub(crate) use json::{is_object, is_recursive, member};

use super::{MIN_HOST_VERSION, Metadata, SDK_VERSION};
use crate::config::Schema;

/// The documents of a plugin, made by [`export_plugin!`](crate::export_plugin!) when it is compiled.
#[derive(Clone, Copy, Debug)]
pub struct Documents {
    /// What `describe` returns.
    pub metadata: &'static [u8],
    /// What `manifest` returns. The schema is a part of it.
    pub manifest: &'static [u8],
    /// What `schema` returns.
    pub schema: &'static [u8],
}

/// JSON in the making, in a constant. With `N` = 0 it only counts.
#[derive(Clone, Copy, Debug)]
pub struct Document<const N: usize> {
    bytes: [u8; N],
    len: usize,
    /// Where the schema starts and ends in a manifest.
    schema: (usize, usize),
}

impl<const N: usize> Document<N> {
    const fn new() -> Self {
        Self { bytes: [0; N], len: 0, schema: (0, 0) }
    }

    /// How many bytes the document takes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing has been written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The document.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; N] {
        &self.bytes
    }

    /// The schema, which is a part of the manifest.
    #[must_use]
    pub const fn schema(&self) -> &[u8] {
        self.schema_in(&self.bytes)
    }

    /// The schema in a copy of the manifest's bytes.
    #[must_use]
    pub const fn schema_in<'a>(&self, manifest: &'a [u8; N]) -> &'a [u8] {
        manifest.split_at(self.schema.1).0.split_at(self.schema.0).1
    }

    /// The metadata of older hosts.
    #[must_use]
    pub const fn metadata(plugin: &Metadata) -> Self {
        let mut out = Self::new();
        out.raw("{");
        out.about(plugin);
        out.raw(",\"capabilities\":[");
        out.patterns(plugin.capabilities);
        out.raw("]}");
        out
    }

    /// The manifest of newer hosts, which contains the schema of the configuration.
    #[must_use]
    pub const fn manifest(plugin: &Metadata, config: &Schema) -> Self {
        let mut out = Self::new();
        out.raw("{\"services\":{");
        out.services(plugin.services);
        out.raw("},");
        out.about(plugin);
        out.raw(",\"config_schema\":");
        let start = out.len;
        if plugin.services.is_empty() {
            out.root(config);
        } else {
            out.calls(plugin.services);
        }
        out.schema = (start, out.len);
        out.raw(",\"capabilities\":{");
        out.grants(plugin.capabilities);
        out.raw("}}");
        out
    }

    const fn about(&mut self, plugin: &Metadata) {
        let members = [
            ("name", plugin.name),
            ("version", plugin.version),
            ("description", plugin.description),
            ("sdk_version", SDK_VERSION),
            ("min_host_version", MIN_HOST_VERSION),
        ];
        let mut at = 0;
        while at < members.len() {
            if at > 0 {
                self.raw(",");
            }
            self.string(members[at].0);
            self.raw(":");
            self.string(members[at].1);
            at += 1;
        }
    }

    const fn integer(&mut self, value: i64) {
        let mut magnitude = value.unsigned_abs();
        let mut digits = [0; 20];
        let mut start = digits.len();
        loop {
            start -= 1;
            digits[start] = b'0' + (magnitude % 10) as u8;
            magnitude /= 10;
            if magnitude == 0 {
                break;
            }
        }
        if value < 0 {
            self.byte(b'-');
        }
        while start < digits.len() {
            self.byte(digits[start]);
            start += 1;
        }
    }

    const fn list(&mut self, items: &[&str]) {
        self.raw("[");
        self.items(&mut true, items);
        self.raw("]");
    }

    const fn items(&mut self, first: &mut bool, items: &[&str]) {
        let mut at = 0;
        while at < items.len() {
            self.separate(first);
            self.string(items[at]);
            at += 1;
        }
    }

    const fn separate(&mut self, first: &mut bool) {
        if !*first {
            self.byte(b',');
        }
        *first = false;
    }

    const fn string(&mut self, text: &str) {
        self.byte(b'"');
        self.escaped(text);
        self.byte(b'"');
    }

    const fn escaped(&mut self, text: &str) {
        self.escaped_bytes(text.as_bytes());
    }

    const fn escaped_bytes(&mut self, bytes: &[u8]) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut at = 0;
        while at < bytes.len() {
            match bytes[at] {
                byte @ (b'"' | b'\\') => {
                    self.byte(b'\\');
                    self.byte(byte);
                }
                byte @ 0..0x20 => {
                    self.raw("\\u00");
                    self.byte(HEX[(byte >> 4) as usize]);
                    self.byte(HEX[(byte & 15) as usize]);
                }
                byte => self.byte(byte),
            }
            at += 1;
        }
    }

    const fn raw(&mut self, text: &str) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            self.byte(bytes[at]);
            at += 1;
        }
    }

    const fn byte(&mut self, byte: u8) {
        if self.len < N {
            self.bytes[self.len] = byte;
        }
        self.len += 1;
    }
}
