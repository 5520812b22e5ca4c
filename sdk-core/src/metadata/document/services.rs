//! Services in the manifest, and the schema of a configuration that names one of their operations.

use super::Document;
use super::json::{self, Members};
use super::schema::Structs;
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
        let mut first = true;
        let mut at = 0;
        while let Some(field) = Input::field(operation, at) {
            if first {
                self.raw(",\"input_fields\":[");
            }
            self.separate(&mut first);
            self.key(&field);
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

    /// The schema of the configuration: the names of the service and the operation, and the fields of all operations.
    /// A field that operations declare differently may be any of what they say (`docs/protocol.md#v2`).
    pub(super) const fn calls(&mut self, services: &[Service]) {
        let mut structs = Structs::none();
        let mut at = 0;
        while let Some(operation) = nth(services, at) {
            if let Schema::Object(input) = operation.input.schema {
                structs.collect(input);
            }
            at += 1;
        }
        self.begin(&structs, services);
        self.raw("\"properties\":{\"service\":{\"type\":\"string\",\"enum\":[");
        let mut first = true;
        at = 0;
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
            let mut number = 0;
            while let Some(field) = Input::field(operation, number) {
                if !declared_before(services, at, field.name) {
                    self.raw(",");
                    self.key(&field);
                    self.raw(":");
                    self.forms(services, at, &field, &structs);
                }
                number += 1;
            }
            at += 1;
        }
        self.raw("},\"additionalProperties\":false,\"type\":\"object\"");
        self.required(services, at);
        self.raw("}");
    }

    /// A field as it is declared by the operations from the `at`th on, which is the first to have it.
    const fn forms(&mut self, services: &[Service], at: usize, field: &Input, structs: &Structs<'_>) {
        let mut forms = 0;
        let mut other = at + 1;
        while let Some(operation) = nth(services, other) {
            if let Some(form) = find(operation, field.name)
                && !alike(&form, field, structs)
            {
                forms += 1;
            }
            other += 1;
        }
        if forms == 0 {
            return self.form(field, structs);
        }
        self.raw("{\"anyOf\":[");
        let mut first = true;
        other = at;
        while let Some(operation) = nth(services, other) {
            if let Some(form) = find(operation, field.name)
                && (other == at || !alike(&form, field, structs))
            {
                self.separate(&mut first);
                self.form(&form, structs);
            }
            other += 1;
        }
        self.raw("]}");
    }

    /// What every configuration must have: the names where there is a choice, and what all `count` operations need.
    const fn required(&mut self, services: &[Service], count: usize) {
        let mut first = true;
        if count > 1 {
            first = false;
            self.raw(",\"required\":[\"service\",\"operation\"");
        }
        if let Some(operation) = nth(services, 0) {
            let mut number = 0;
            while let Some(field) = Input::field(operation, number) {
                let mut needed = 0;
                while let Some(operation) = nth(services, needed)
                    && let Some(Input { required: true, .. }) = find(operation, field.name)
                {
                    needed += 1;
                }
                if needed == count {
                    if first {
                        self.raw(",\"required\":[");
                    }
                    self.separate(&mut first);
                    self.key(&field);
                }
                number += 1;
            }
        }
        if !first {
            self.raw("]");
        }
    }

    /// The definitions of operations whose input is described in JSON. Those of one name must be the same.
    pub(super) const fn json_definitions(
        &mut self,
        first: &mut bool,
        structs: &Structs<'_>,
        services: &[Service],
    ) {
        let mut at = 0;
        while let Some(operation) = nth(services, at) {
            let mut members = Members::of(definitions(operation));
            while let Some((name, schema)) = members.next() {
                assert!(!structs.names(name), "two structs of a config have the same name");
                let mut before = 0;
                while before < at {
                    if let Some(other) = nth(services, before)
                        && let Some(other) = json::member(definitions(other), name)
                    {
                        assert!(same(other, schema), "two structs of a config have the same name");
                        break;
                    }
                    before += 1;
                }
                if before == at {
                    self.raw(if *first { "\"$defs\":{" } else { "," });
                    *first = false;
                    self.raw("\"");
                    self.raw(name);
                    self.raw("\":");
                    self.compact(schema);
                }
            }
            at += 1;
        }
    }

    const fn key(&mut self, field: &Input) {
        match field.form {
            Form::Declared(_) => self.string(field.name),
            Form::Json(_) => {
                // With the escapes that it has.
                self.raw("\"");
                self.raw(field.name);
                self.raw("\"");
            }
        }
    }

    const fn form(&mut self, field: &Input, structs: &Structs<'_>) {
        match field.form {
            Form::Declared(property) => self.property(property, structs),
            Form::Json(schema) => self.compact(schema),
        }
    }
}

/// A field of an operation's input.
struct Input {
    name: &'static str,
    required: bool,
    form: Form,
}

enum Form {
    Declared(&'static Property),
    Json(&'static str),
}

impl Input {
    /// The field with this number.
    const fn field(operation: &Operation, number: usize) -> Option<Self> {
        match operation.input.schema {
            Schema::Object(object) if number < object.properties.len() => {
                let property = &object.properties[number];
                let Property { name, required, .. } = *property;
                Some(Self { name, required, form: Form::Declared(property) })
            }
            Schema::Json(schema) => {
                let mut properties = Members::of(member_or_empty(schema, "properties"));
                let mut at = 0;
                while let Some((name, form)) = properties.next() {
                    if at == number {
                        let required = json::lists(member_or_empty(schema, "required"), name);
                        return Some(Self { name, required, form: Form::Json(form) });
                    }
                    at += 1;
                }
                None
            }
            _ => None,
        }
    }
}

const fn member_or_empty(object: &'static str, key: &str) -> &'static str {
    match json::member(object, key) {
        Some(value) => value,
        None => "",
    }
}

const fn definitions(operation: &Operation) -> &'static str {
    match operation.input.schema {
        Schema::Json(schema) => member_or_empty(schema, "$defs"),
        _ => "",
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

const fn find(operation: &Operation, name: &str) -> Option<Input> {
    let mut at = 0;
    while let Some(field) = Input::field(operation, at) {
        if same(field.name, name) {
            return Some(field);
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
const fn alike(a: &Input, b: &Input, structs: &Structs<'_>) -> bool {
    const SPACE: usize = 2048;
    let (mut left, mut right) = (Document::<SPACE>::new(), Document::<SPACE>::new());
    left.form(a, structs);
    right.form(b, structs);
    let mut at = 0;
    while at < left.len && at < SPACE && left.bytes[at] == right.bytes[at] {
        at += 1;
    }
    at == left.len && at == right.len
}
