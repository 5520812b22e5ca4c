//! Services in the manifest, and the schema of a configuration that names one of their operations.

use super::Document;
use crate::config::{Property, Schema};
use crate::metadata::{Example, Operation, Service, same};

impl<const N: usize> Document<N> {
    /// The members of `services` (`docs/protocol.md#manifest`), in the order in which they were declared.
    pub(super) const fn services(&mut self, services: &[Service]) {
        let mut first = true;
        let mut at = 0;
        while at < services.len() {
            let service = &services[at];
            self.separate(&mut first);
            self.string(service.name);
            self.raw(":");
            self.named(service.name, service.description);
            self.raw(",\"operations\":[");
            let mut first_operation = true;
            let mut operation = 0;
            while operation < service.operations.len() {
                self.separate(&mut first_operation);
                self.operation(&service.operations[operation]);
                operation += 1;
            }
            self.raw("]}");
            at += 1;
        }
    }

    const fn operation(&mut self, operation: &Operation) {
        self.named(operation.name, operation.description);
        let fields = properties(operation);
        let mut first = true;
        let mut at = 0;
        while at < fields.len() {
            if first {
                self.raw(",\"input_fields\":[");
            }
            self.separate(&mut first);
            self.string(fields[at].name);
            at += 1;
        }
        if !first {
            self.raw("]");
        }
        if let Some(output) = operation.output {
            self.raw(",\"output_schema\":");
            self.root(output.schema);
        }
        first = true;
        at = 0;
        while at < operation.examples.len() {
            if first {
                self.raw(",\"examples\":[");
            }
            self.separate(&mut first);
            self.example(&operation.examples[at]);
            at += 1;
        }
        if !first {
            self.raw("]");
        }
        self.raw("}");
    }

    /// An object up to its description.
    const fn named(&mut self, name: &str, description: &[&str]) {
        self.raw("{\"name\":");
        self.string(name);
        self.raw(",\"description\":\"");
        self.lines(description);
        self.raw("\"");
    }

    const fn example(&mut self, example: &Example) {
        self.raw("{\"name\":");
        self.string(example.name);
        if !example.description.is_empty() {
            self.raw(",\"description\":");
            self.string(example.description);
        }
        self.raw(",\"input\":");
        self.compact(example.input);
        if let Some(output) = example.output {
            self.raw(",\"expected_output\":");
            self.compact(output);
        }
        if !example.error.is_empty() {
            self.raw(",\"expected_error\":");
            self.string(example.error);
        }
        self.raw("}");
    }

    /// JSON that the author wrote, without the white space between its tokens. Its strings and brackets must close,
    /// so that it can't spoil the document around it.
    const fn compact(&mut self, json: &str) {
        let json = json.as_bytes();
        let mut quoted = false;
        let mut depth = 0_usize;
        let mut at = 0;
        while at < json.len() {
            match json[at] {
                b'\\' if quoted && at + 1 < json.len() => {
                    self.byte(b'\\');
                    at += 1;
                }
                b'"' => quoted = !quoted,
                b'{' | b'[' if !quoted => depth += 1,
                b'}' | b']' if !quoted => {
                    assert!(depth > 0, "an example's JSON closes more than it opens");
                    depth -= 1;
                }
                _ => {}
            }
            if quoted || !matches!(json[at], b' ' | b'\t' | b'\r' | b'\n') {
                self.byte(json[at]);
            }
            at += 1;
        }
        assert!(!quoted && depth == 0 && !json.is_empty(), "an example's JSON is not complete");
    }

    /// The schema of the configuration: the names of the service and the operation, and the fields of all operations.
    /// A field that operations declare differently may be any of what they say (`docs/protocol.md#v2`).
    pub(super) const fn calls(&mut self, services: &[Service]) {
        self.raw("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"properties\":{");
        self.raw("\"service\":{\"type\":\"string\",\"enum\":[");
        let mut first = true;
        let mut at = 0;
        while at < services.len() {
            self.separate(&mut first);
            self.string(services[at].name);
            at += 1;
        }
        self.raw("]},\"operation\":{\"type\":\"string\",\"enum\":[");
        first = true;
        at = 0;
        while let Some(operation) = nth(services, at) {
            if !named_before(services, at, operation.name) {
                self.separate(&mut first);
                self.string(operation.name);
            }
            at += 1;
        }
        self.raw("]}");
        at = 0;
        while let Some(operation) = nth(services, at) {
            let fields = properties(operation);
            let mut field = 0;
            while field < fields.len() {
                if !declared_before(services, at, fields[field].name) {
                    self.raw(",");
                    self.string(fields[field].name);
                    self.raw(":{");
                    self.forms(services, at, &fields[field]);
                    self.raw("}");
                }
                field += 1;
            }
            at += 1;
        }
        self.raw("},\"additionalProperties\":false,\"type\":\"object\"");
        self.required(services, at);
        self.raw("}");
    }

    /// A field as it is declared by the operations from the `at`th on, which is the first to have it.
    const fn forms(&mut self, services: &[Service], at: usize, field: &Property) {
        let mut forms = 0;
        let mut other = at;
        while let Some(operation) = nth(services, other) {
            if let Some(form) = find(operation, field.name)
                && !alike(form, field)
            {
                forms += 1;
            }
            other += 1;
        }
        if forms == 0 {
            return self.property(field);
        }
        self.raw("\"anyOf\":[");
        let mut first = true;
        other = at;
        while let Some(operation) = nth(services, other) {
            if let Some(form) = find(operation, field.name)
                && (other == at || !alike(form, field))
            {
                self.separate(&mut first);
                self.raw("{");
                self.property(form);
                self.raw("}");
            }
            other += 1;
        }
        self.raw("]");
    }

    /// What every configuration must have: the names where there is a choice, and what all `count` operations need.
    const fn required(&mut self, services: &[Service], count: usize) {
        let mut first = true;
        if count > 1 {
            first = false;
            self.raw(",\"required\":[\"service\",\"operation\"");
        }
        if let Some(operation) = nth(services, 0) {
            let fields = properties(operation);
            let mut field = 0;
            while field < fields.len() {
                let mut needed = 0;
                while let Some(operation) = nth(services, needed)
                    && let Some(Property { required: true, .. }) = find(operation, fields[field].name)
                {
                    needed += 1;
                }
                if needed == count {
                    if first {
                        self.raw(",\"required\":[");
                    }
                    self.separate(&mut first);
                    self.string(fields[field].name);
                }
                field += 1;
            }
        }
        if !first {
            self.raw("]");
        }
    }
}

/// The operation with this number, counted over all services.
const fn nth(services: &[Service], mut number: usize) -> Option<&Operation> {
    let mut at = 0;
    while at < services.len() {
        let operations = services[at].operations;
        if number < operations.len() {
            return Some(&operations[number]);
        }
        number -= operations.len();
        at += 1;
    }
    None
}

const fn properties(operation: &Operation) -> &'static [Property] {
    match operation.input.schema {
        Schema::Object(properties) => properties,
        _ => &[],
    }
}

const fn find(operation: &Operation, name: &str) -> Option<&'static Property> {
    let properties = properties(operation);
    let mut at = 0;
    while at < properties.len() {
        if same(properties[at].name, name) {
            return Some(&properties[at]);
        }
        at += 1;
    }
    None
}

const fn named_before(services: &[Service], before: usize, name: &str) -> bool {
    let mut at = 0;
    while at < before
        && let Some(operation) = nth(services, at)
    {
        if same(operation.name, name) {
            return true;
        }
        at += 1;
    }
    false
}

const fn declared_before(services: &[Service], before: usize, name: &str) -> bool {
    let mut at = 0;
    while at < before
        && let Some(operation) = nth(services, at)
    {
        if find(operation, name).is_some() {
            return true;
        }
        at += 1;
    }
    false
}

/// Whether two fields have the same schema, which shows in what is written for them.
const fn alike(a: &Property, b: &Property) -> bool {
    const SPACE: usize = 2048;
    let (mut left, mut right) = (Document::<SPACE>::new(), Document::<SPACE>::new());
    left.property(a);
    right.property(b);
    let mut at = 0;
    while at < left.len && at < SPACE && left.bytes[at] == right.bytes[at] {
        at += 1;
    }
    at == left.len && at == right.len
}
