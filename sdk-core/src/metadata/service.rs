//! Services and their operations, as a plugin declares them with [`services!`](crate::services!).

use super::{is_recursive, member, same};
use crate::config::Schema;
use crate::json::{self, FromValue};
use crate::{Context, Error, Outcome};

/// A group of operations.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Service {
    /// One to 64 of `a-z 0-9 _`.
    pub name: &'static str,
    /// The lines of its doc comment.
    pub description: &'static [&'static str],
    /// What it can do; at least one.
    pub operations: &'static [Operation],
}

impl Service {
    /// A service with its operations.
    ///
    /// # Panics
    ///
    /// When the plugin is compiled: the name is not allowed, or there is no operation, or one twice.
    ///
    /// ```compile_fail,E0080
    /// # use reglet_sdk_core::metadata::{Operation, Service};
    /// # use reglet_sdk_core::prelude::*;
    /// # fn connect((): (), _: &Context<'_>) -> Result<Outcome, Error> { Ok(Outcome::success("")) }
    /// const CONNECT: Operation = Operation::new("connect", &[], connect);
    /// const TCP: Service = Service::new("tcp", &[], &[CONNECT, CONNECT]);
    /// ```
    #[must_use]
    pub const fn new(
        name: &'static str,
        description: &'static [&'static str],
        operations: &'static [Operation],
    ) -> Self {
        assert!(is_name(name), "a service's name is 1 to 64 of a-z 0-9 _");
        assert!(!operations.is_empty(), "a service has at least one operation");
        let mut at = 0;
        while at < operations.len() {
            let mut other = 0;
            while other < at {
                assert!(
                    !same(operations[at].name, operations[other].name),
                    "a service has an operation twice"
                );
                other += 1;
            }
            at += 1;
        }
        Self { name, description, operations }
    }
}

/// Something that a plugin can be asked to do.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Operation {
    /// One to 64 of `a-z 0-9 _`, as Go's SDK makes such names (`docs/protocol.md#v3`).
    pub name: &'static str,
    /// The lines of its doc comment.
    pub description: &'static [&'static str],
    /// What it reads from the configuration.
    pub input: Shape,
    /// What the data of its outcome is.
    pub output: Option<Shape>,
    /// How it is used.
    pub examples: &'static [Example],
}

impl Operation {
    /// An operation that a function carries out.
    ///
    /// # Panics
    ///
    /// When the plugin is compiled: the name is not allowed, or the function takes something else than `()` or a type
    /// whose fields are known, from [`config!`](crate::config!) or from a schema in JSON; or the type has a field
    /// `service` or `operation`, which are the names of what is called, or its schema in JSON refers to itself as a
    /// whole.
    ///
    /// ```compile_fail,E0080
    /// # use reglet_sdk_core::metadata::Operation;
    /// # use reglet_sdk_core::prelude::*;
    /// # fn connect(_: Str<'_>, _: &Context<'_>) -> Result<Outcome, Error> { Ok(Outcome::success("")) }
    /// const CONNECT: Operation = Operation::new("connect", &[], connect);
    /// ```
    ///
    /// ```compile_fail,E0080
    /// # use reglet_sdk_core::metadata::Operation;
    /// # use reglet_sdk_core::prelude::*;
    /// config! {
    ///     /// What to reach.
    ///     pub struct Target {
    ///         /// Taken.
    ///         service: u32,
    ///     }
    /// }
    /// # fn connect(_: Target, _: &Context<'_>) -> Result<Outcome, Error> { Ok(Outcome::success("")) }
    /// const CONNECT: Operation = Operation::new("connect", &[], connect);
    /// ```
    #[must_use]
    pub const fn new<I: FromValue<'static>>(
        name: &'static str,
        description: &'static [&'static str],
        _: fn(I, &Context<'_>) -> Result<Outcome, Error>,
    ) -> Self {
        assert!(is_name(name), "an operation's name is 1 to 64 of a-z 0-9 _");
        match I::SCHEMA {
            Schema::Object(object) => {
                let mut at = 0;
                while at < object.properties.len() {
                    let name = object.properties[at].name;
                    let taken = same(name, "service") || same(name, "operation");
                    assert!(!taken, "an operation's input has a field named service or operation");
                    at += 1;
                }
            }
            Schema::Json(schema) => {
                assert!(
                    !is_recursive(schema),
                    "an operation's input is described in JSON, and contains itself"
                );
                if let Some(properties) = member(schema, "properties") {
                    let taken =
                        member(properties, "service").is_some() || member(properties, "operation").is_some();
                    assert!(!taken, "an operation's input has a field named service or operation");
                }
            }
            _ => assert!(
                I::IGNORES,
                "an operation's input is declared with config!, has a schema in JSON, or is ()"
            ),
        }
        Self { name, description, input: Shape::of::<I>(), output: None, examples: &[] }
    }

    /// Says what the data of the outcome is.
    ///
    /// # Panics
    ///
    /// When the plugin is compiled: it is no object.
    #[must_use]
    pub const fn returns(mut self, output: Shape) -> Self {
        assert!(
            matches!(output.schema, Schema::Object(_) | Schema::Map(_) | Schema::Json(_) | Schema::Any),
            "the data of an outcome is an object: what `->` names is declared with config! or serde_config!"
        );
        self.output = Some(output);
        self
    }

    /// Shows how it is used.
    #[must_use]
    pub const fn shown_by(mut self, examples: &'static [Example]) -> Self {
        self.examples = examples;
        self
    }
}

/// What JSON a type is read from.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Its schema.
    pub schema: &'static Schema,
    /// Whether a document can be read as one.
    pub accepts: fn(&'static [u8]) -> Result<(), json::Error>,
}

impl Shape {
    /// The shape of a type.
    #[must_use]
    pub const fn of<T: FromValue<'static>>() -> Self {
        Self { schema: T::SCHEMA, accepts: |document| json::read::<T>(document).map(|_| ()) }
    }
}

/// How an operation is used: an input, and what comes of it.
///
/// ```
/// use reglet_sdk_core::metadata::Example;
///
/// const EXAMPLES: [Example; 2] = [
///     Example::new("https", r#"{"host": "example.com"}"#)
///         .described("A web server")
///         .output(r#"{"port": 443}"#),
///     Example::new("nowhere", r#"{"host": "nowhere.invalid"}"#).error("no such host"),
/// ];
/// ```
///
/// `plugin::check_examples` (native only) tests that they fit the types of their operation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Example {
    /// What it is called.
    pub name: &'static str,
    /// What it shows; may be empty.
    pub description: &'static str,
    /// The operation's part of the configuration, as JSON.
    pub input: &'static str,
    /// The data of the outcome, as JSON.
    pub output: Option<&'static str>,
    /// A part of the message that the outcome or its error has; empty if it is none.
    pub error: &'static str,
}

impl Example {
    /// An example of which only the input is given.
    #[must_use]
    pub const fn new(name: &'static str, input: &'static str) -> Self {
        Self { name, description: "", input, output: None, error: "" }
    }

    /// Says what it shows.
    #[must_use]
    pub const fn described(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Says what the data of the outcome is.
    #[must_use]
    pub const fn output(mut self, json: &'static str) -> Self {
        self.output = Some(json);
        self
    }

    /// Says what goes wrong.
    #[must_use]
    pub const fn error(mut self, text: &'static str) -> Self {
        self.error = text;
        self
    }
}

/// Whether Go's SDK could have made the name of an operation.
const fn is_name(name: &str) -> bool {
    let name = name.as_bytes();
    let mut at = 0;
    while at < name.len() {
        if !matches!(name[at], b'a'..=b'z' | b'0'..=b'9' | b'_') {
            return false;
        }
        at += 1;
    }
    1 <= at && at <= 64
}
