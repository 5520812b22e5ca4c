//! Configurations that the crate `garde` checks.

use core::ops::Deref;

use garde::{Report, Validate};

use crate::Error;
use crate::config::Schema;
use crate::json::{self, Encode, Expected, Field, FromValue, Slot, Value, Writer};

/// A configuration that obeys the rules which `derive(garde::Validate)` gives its type.
///
/// Bounds, lengths and choices are in `config!` already. This is for rules that go beyond: patterns, fields that
/// depend on each other, functions of the author's own. `T` is a type of `serde_config!` or `config!`, and keeps its
/// schema.
///
/// A broken rule is an error of type `config`: its code is the path, in the names that the fields have in Rust. If
/// there are several, the details have all of them: `{"errors":[{"field":"port","message":"lower than 1"},…]}`.
///
/// ```
/// use garde::Validate;
/// use reglet_sdk_std::config::Valid;
/// use reglet_sdk_std::prelude::*;
/// use serde::Deserialize;
///
/// #[derive(Deserialize, Validate)]
/// struct Config {
///     #[garde(length(min = 1))]
///     host: String,
///     #[garde(range(min = 1))]
///     port: u16,
/// }
/// serde_config!(Config);
///
/// struct Port;
///
/// impl Plugin for Port {
///     const METADATA: Metadata = Metadata::new("port", "1.0.0", "Checks a port");
///     type Config<'a> = Valid<Config>;
///
///     fn check(config: Valid<Config>, _: &Context<'_>) -> Result<Outcome, Error> {
///         Ok(Outcome::success(text!["port ", config.port]))
///     }
/// }
///
/// let outcome = reglet_sdk_std::plugin::observe::<Port>(br#"{"host": "a", "port": 0}"#);
/// let outcome = String::from_utf8(outcome).unwrap();
/// assert!(outcome.contains("config validation failed for field 'port': lower than 1"));
/// ```
///
/// It takes 12.8 KB of the plugin with two rules, and 19.7 KB with four kinds of rules and `dive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Valid<T>(T);

impl<T> Valid<T> {
    /// The configuration.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Valid<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<'a, T: FromValue<'a> + Validate<Context: Default>> FromValue<'a> for Valid<T> {
    const SCHEMA: &'static Schema = T::SCHEMA;
    const EXPECTED: Expected = Expected::described("a value that its rules allow");
    const WALKS: bool = true;

    fn from_slot(slot: &Slot<'a>, field: &'static Field) -> Result<Self, json::Error> {
        let read = T::from_slot(slot, field)?;
        match read.validate() {
            Ok(()) => Ok(Self(read)),
            Err(_) => Err(json::Error::new(field, Value::parse(slot.raw)?)),
        }
    }

    fn from_config(document: &'a [u8]) -> Result<Self, Error> {
        let read = T::from_config(document)?;
        match read.validate() {
            Ok(()) => Ok(Self(read)),
            Err(report) => Err(refused(&report)),
        }
    }
}

#[cfg(feature = "schemars")]
impl<T: schemars::JsonSchema> schemars::JsonSchema for Valid<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> std::borrow::Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

#[cold]
fn refused(report: &Report) -> Error {
    let mut broken = report.iter();
    let error = match broken.next() {
        Some((path, rule)) => Error::config(path.to_string(), rule.message()),
        None => Error::config("", "a rule is broken"),
    };
    if broken.next().is_some() { error.with_detail("errors", All(report)) } else { error }
}

/// All rules that are broken.
struct All<'a>(&'a Report);

impl Encode for All<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.begin_array();
        for (path, rule) in self.0.iter() {
            out.begin_object();
            out.member("field", &*path.to_string());
            out.member("message", rule.message());
            out.end_object();
        }
        out.end_array();
    }
}
