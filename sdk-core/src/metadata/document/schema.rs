//! The schema of a configuration as JSON (`docs/protocol.md#config-schema`).

use super::Document;
use crate::config::{Object, Property, Schema};
use crate::metadata::{Service, same};

/// The structs that a configuration is made of.
pub(super) struct Structs<'a> {
    /// The configuration itself, if it is one of them.
    root: Option<&'a Object>,
    /// All others.
    list: [Option<&'a Object>; 64],
    len: usize,
}

impl<'a> Structs<'a> {
    pub(super) const fn none() -> Self {
        Self { root: None, list: [None; 64], len: 0 }
    }

    const fn of(root: &'a Object) -> Self {
        let mut structs = Self { root: Some(root), ..Self::none() };
        structs.collect(root);
        structs
    }

    /// Adds those that the fields of a struct are made of.
    pub(super) const fn collect(&mut self, object: &'a Object) {
        let mut at = 0;
        while at < object.structs.len() {
            if let Some(part) = object.structs[at]
                && !self.has(part.name, part.place)
            {
                assert!(self.len < self.list.len(), "a config may be made of 64 structs");
                self.list[self.len] = Some(part);
                self.len += 1;
                self.collect(part);
            }
            at += 1;
        }
    }

    /// Whether one has this name, wherever it is declared.
    pub(super) const fn names(&self, name: &str) -> bool {
        let mut at = 0;
        while at < self.len {
            if let Some(object) = self.list[at]
                && same(object.name, name)
            {
                return true;
            }
            at += 1;
        }
        false
    }

    const fn has(&self, name: &str, place: &str) -> bool {
        if let Some(root) = self.root
            && is(root, name, place)
        {
            return true;
        }
        let mut at = 0;
        while at < self.len {
            if let Some(object) = self.list[at]
                && is(object, name, place)
            {
                return true;
            }
            at += 1;
        }
        false
    }

    const fn is_root(&self, name: &str) -> bool {
        match self.root {
            Some(root) => same(root.name, name),
            None => false,
        }
    }
}

const fn is(object: &Object, name: &str, place: &str) -> bool {
    let is = same(object.name, name);
    assert!(!is || same(object.place, place), "two structs of a config have the same name");
    is
}

/// Whether a part with this schema may be anything.
const fn is_any(schema: &Schema) -> bool {
    matches!(schema, Schema::Any | Schema::Json(_))
}

impl<const N: usize> Document<N> {
    /// The schema of a configuration alone.
    ///
    /// ```
    /// use reglet_sdk_core::config;
    /// use reglet_sdk_core::json::FromValue;
    /// use reglet_sdk_core::metadata::Document;
    ///
    /// config! {
    ///     pub struct Config {
    ///         port: u16,
    ///     }
    /// }
    ///
    /// const LEN: usize = Document::<0>::config_schema(Config::SCHEMA).len();
    /// static SCHEMA: Document<LEN> = Document::config_schema(Config::SCHEMA);
    /// assert!(SCHEMA.bytes().ends_with(br#""type":"object","required":["port"]}"#));
    /// ```
    #[must_use]
    pub const fn config_schema(config: &Schema) -> Self {
        let mut out = Self::new();
        out.root(config);
        out
    }

    /// The schema of a whole configuration.
    pub(super) const fn root(&mut self, schema: &Schema) {
        match schema {
            Schema::Object(root) => {
                let structs = Structs::of(root);
                self.begin(&structs, &[]);
                self.object(root, &structs);
                self.raw("}");
            }
            Schema::Json(json) => self.compact(json),
            _ => self.raw("{}"),
        }
    }

    /// What a schema starts with. Operations whose input is described in JSON bring their own definitions.
    pub(super) const fn begin(&mut self, structs: &Structs<'_>, services: &[Service]) {
        self.raw("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",");
        let mut first = true;
        let mut at = 0;
        while at < structs.len
            && let Some(object) = structs.list[at]
        {
            self.raw(if first { "\"$defs\":{" } else { "," });
            first = false;
            self.string(object.name);
            self.raw(":{");
            self.object(object, structs);
            self.raw("}");
            at += 1;
        }
        self.json_definitions(&mut first, structs, services);
        if !first {
            self.raw("},");
        }
    }

    const fn object(&mut self, object: &Object, structs: &Structs<'_>) {
        self.raw("\"properties\":{");
        let mut first = true;
        let mut at = 0;
        while at < object.properties.len() {
            self.separate(&mut first);
            self.string(object.properties[at].name);
            self.raw(":");
            self.property(&object.properties[at], structs);
            at += 1;
        }
        self.raw("},\"additionalProperties\":false,\"type\":\"object\"");
        first = true;
        at = 0;
        while at < object.properties.len() {
            if object.properties[at].required {
                if first {
                    self.raw(",\"required\":[");
                }
                self.separate(&mut first);
                self.string(object.properties[at].name);
            }
            at += 1;
        }
        if !first {
            self.raw("]");
        }
    }

    pub(super) const fn property(&mut self, property: &Property, structs: &Structs<'_>) {
        let (title, description) = match property.description {
            [title, description @ ..] => match title.as_bytes() {
                [b' ', b'#', b' ', ..] => (title.split_at(3).1, description),
                _ => ("", property.description),
            },
            [] => ("", property.description),
        };
        let is_bare = title.is_empty() && description.is_empty() && !property.secret;
        if is_any(property.schema) && is_bare {
            return self.raw("true");
        }
        self.raw("{");
        let mut first = is_any(property.schema);
        self.inner(property.schema, structs);
        self.limits(&mut first, property);
        if !title.is_empty() {
            self.keyword(&mut first, "title");
            self.string(title);
        }
        if !description.is_empty() {
            self.keyword(&mut first, "description");
            self.raw("\"");
            self.lines(description);
            self.raw("\"");
        }
        if let Some(default) = property.default {
            self.keyword(&mut first, "default");
            self.literal(default);
        }
        if !property.examples.is_empty() {
            self.keyword(&mut first, "examples");
            self.raw("[");
            let mut first = true;
            let mut at = 0;
            while at < property.examples.len() {
                self.separate(&mut first);
                self.literal(property.examples[at]);
                at += 1;
            }
            self.raw("]");
        }
        if property.secret {
            self.keyword(&mut first, "writeOnly");
            self.raw("true");
        }
        self.raw("}");
    }

    const fn limits(&mut self, first: &mut bool, property: &Property) {
        if !property.choices.is_empty() {
            self.keyword(first, "enum");
            self.list(property.choices);
        }
        let (max, min) = match property.schema {
            Schema::String => ("maxLength", "minLength"),
            Schema::Array(_) => ("maxItems", "minItems"),
            Schema::Map(_) => ("maxProperties", "minProperties"),
            _ => ("maximum", "minimum"),
        };
        if property.bounds.max != i64::MAX {
            self.keyword(first, max);
            self.integer(property.bounds.max);
        }
        if property.bounds.min != i64::MIN {
            self.keyword(first, min);
            self.integer(property.bounds.min);
        }
    }

    const fn keyword(&mut self, first: &mut bool, keyword: &str) {
        self.separate(first);
        self.string(keyword);
        self.raw(":");
    }

    /// The schema of what another one is made of.
    const fn part(&mut self, schema: &Schema, structs: &Structs<'_>) {
        if is_any(schema) {
            return self.raw("true");
        }
        self.raw("{");
        self.inner(schema, structs);
        self.raw("}");
    }

    /// The keywords that say what type a value has.
    const fn inner(&mut self, schema: &Schema, structs: &Structs<'_>) {
        match schema {
            Schema::Any | Schema::Json(_) => {}
            Schema::Boolean => self.raw("\"type\":\"boolean\""),
            Schema::Integer => self.raw("\"type\":\"integer\""),
            Schema::Number => self.raw("\"type\":\"number\""),
            Schema::String => self.raw("\"type\":\"string\""),
            Schema::OneOf(choices) => {
                self.raw("\"type\":\"string\",\"enum\":");
                self.list(choices);
            }
            Schema::Array(items) => {
                self.raw("\"items\":");
                self.part(items, structs);
                self.raw(",\"type\":\"array\"");
            }
            Schema::Fixed(items, len) => {
                self.inner(&Schema::Array(items), structs);
                self.raw(",\"maxItems\":");
                self.integer(*len as i64);
                self.raw(",\"minItems\":");
                self.integer(*len as i64);
            }
            Schema::Map(Schema::Any | Schema::Json(_)) => self.raw("\"type\":\"object\""),
            Schema::Map(values) => {
                self.raw("\"additionalProperties\":");
                self.part(values, structs);
                self.raw(",\"type\":\"object\"");
            }
            Schema::Object(object) => self.object(object, structs),
            Schema::Reference { name, place } => {
                assert!(
                    structs.has(name, place),
                    "`#[recursive]` is for a field that leads back to a struct around it"
                );
                self.raw("\"$ref\":\"#");
                if !structs.is_root(name) {
                    self.raw("/$defs/");
                    self.escaped(name);
                }
                self.raw("\"");
            }
        }
    }

    /// A doc comment: each line loses the space after its slashes.
    pub(super) const fn lines(&mut self, lines: &[&str]) {
        let mut started = false;
        let mut at = 0;
        while at < lines.len() {
            if started {
                self.raw("\\n");
            }
            // What follows a title starts with an empty line.
            started |= !lines[at].is_empty();
            match lines[at].as_bytes() {
                [b' ', rest @ ..] => self.escaped_bytes(rest),
                line => self.escaped_bytes(line),
            }
            at += 1;
        }
    }

    /// A Rust literal as JSON. Those that can be defaults differ only in the digits' separators.
    const fn literal(&mut self, literal: &str) {
        let literal = literal.as_bytes();
        let is_string = matches!(literal, [b'"', ..]);
        let mut at = 0;
        while at < literal.len() {
            if literal[at] != b'_' || is_string {
                self.byte(literal[at]);
            }
            at += 1;
        }
    }
}
