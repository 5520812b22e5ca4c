//! Looking values up by path, in configurations that are not declared.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use super::float::Float;
use super::{Kind, Str, Value};
use crate::error::Error;
use crate::text;

/// A type that [`Value::require`], [`Value::optional`] and [`Value::get_or`] give.
///
/// Strings, `i64` and `u64` (whole numbers, also written `3.0`; Go's helpers would cut 3.9 down to 3), `f64`, `bool`,
/// and lists of strings.
pub trait Get<'a>: Sized {
    /// What messages call it: `string`.
    const NAME: &'static str;
    /// What its value must be: `a string`.
    const KIND: &'static str;

    /// The value, if it is of this type.
    fn get(value: Value<'a>) -> Option<Self>;
}

impl<'a> Value<'a> {
    /// The value at a path such as `targets[2].port`, or the absent one.
    ///
    /// ```
    /// use reglet_sdk_core::json::Value;
    ///
    /// let config = Value::parse(br#"{"targets": [{"port": 22}, {"port": 443}]}"#)?;
    /// assert_eq!(config.find("targets[1].port").integer()?, 443);
    /// assert!(config.find("targets[2].port").is_none());
    /// # Ok::<(), reglet_sdk_core::json::Error>(())
    /// ```
    #[must_use]
    pub fn find(self, path: &str) -> Self {
        let mut value = self;
        let mut rest = path;
        while !rest.is_empty() {
            let is_index = rest.starts_with('[');
            let start = usize::from(is_index || rest.starts_with('.'));
            let len = rest.bytes().skip(start).position(|byte| matches!(byte, b'.' | b'['));
            let (step, after) =
                rest.split_at_checked(len.map_or(rest.len(), |len| start + len)).unwrap_or_default();
            value = match (is_index, step.as_bytes()) {
                (true, [_, digits @ .., b']']) if !digits.is_empty() => value.nth(digits),
                (true, _) => Self::ABSENT,
                (false, _) => value.get(step.get(start..).unwrap_or_default()),
            };
            rest = after;
        }
        value
    }

    fn nth(self, digits: &[u8]) -> Self {
        let Some(Ok(index)) = Value::at(digits).whole().map(usize::try_from) else { return Self::ABSENT };
        self.elements()
            .ok()
            .and_then(|mut elements| elements.nth(index))
            .map_or(Self::ABSENT, |(_, value)| value)
    }

    /// The value at a path, if there is one of this type.
    #[must_use]
    pub fn optional<T: Get<'a>>(self, path: &str) -> Option<T> {
        T::get(self.find(path))
    }

    /// The value at a path, or this one if there is none of its type.
    #[must_use]
    pub fn get_or<T: Get<'a>>(self, path: &str, default: T) -> T {
        self.optional(path).unwrap_or(default)
    }

    /// The value at a path.
    ///
    /// ```
    /// use reglet_sdk_core::json::{Str, Value};
    ///
    /// let config = Value::parse(br#"{"host": "example.com", "port": "443"}"#)?;
    /// assert_eq!(config.require::<Str>("host").unwrap(), *"example.com");
    /// assert_eq!(config.get_or("retries", 3_i64), 3);
    /// assert_eq!(
    ///     config.require::<i64>("port").unwrap_err().message(),
    ///     "config validation failed for field 'port': required int field 'port' is missing or not a number"
    /// );
    /// # Ok::<(), reglet_sdk_core::json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// There is none of this type; the error is of the type `config`, and its code is the path
    /// (`docs/protocol.md#r3`).
    pub fn require<T: Get<'a>>(self, path: &str) -> Result<T, Error> {
        self.optional(path).ok_or_else(|| missing(path, T::NAME, T::KIND))
    }
}

#[cold]
fn missing(path: &str, name: &'static str, kind: &'static str) -> Error {
    Error::config(path, text!["required ", name, " field '", path, "' is missing or not ", kind])
}

impl<'a> Get<'a> for Str<'a> {
    const NAME: &'static str = "string";
    const KIND: &'static str = "a string";

    fn get(value: Value<'a>) -> Option<Self> {
        value.string().ok()
    }
}

impl<'a> Get<'a> for Cow<'a, str> {
    const NAME: &'static str = "string";
    const KIND: &'static str = "a string";

    fn get(value: Value<'a>) -> Option<Self> {
        value.text().ok()
    }
}

impl<'a> Get<'a> for String {
    const NAME: &'static str = "string";
    const KIND: &'static str = "a string";

    fn get(value: Value<'a>) -> Option<Self> {
        value.text().ok().map(Cow::into_owned)
    }
}

impl<'a> Get<'a> for i64 {
    const NAME: &'static str = "int";
    const KIND: &'static str = "a number";

    fn get(value: Value<'a>) -> Option<Self> {
        if value.kind() == Kind::Number { value.whole() } else { None }
    }
}

impl<'a> Get<'a> for u64 {
    const NAME: &'static str = "int";
    const KIND: &'static str = "a number";

    fn get(value: Value<'a>) -> Option<Self> {
        value.unsigned()
    }
}

impl<'a> Get<'a> for f64 {
    const NAME: &'static str = "float";
    const KIND: &'static str = "a number";

    fn get(value: Value<'a>) -> Option<Self> {
        Float::parse(value.raw())
    }
}

impl<'a> Get<'a> for bool {
    const NAME: &'static str = "bool";
    const KIND: &'static str = "a boolean";

    fn get(value: Value<'a>) -> Option<Self> {
        value.boolean().ok()
    }
}

/// Only if all of its elements are strings.
impl<'a> Get<'a> for Vec<Str<'a>> {
    const NAME: &'static str = "string list";
    const KIND: &'static str = "a list of strings";

    fn get(value: Value<'a>) -> Option<Self> {
        value.elements().ok()?.map(|(_, element)| element.string().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &[u8] = br#"{"s": "a\nb", "i": 3.0, "f": 3.9, "b": false, "l": ["x", "y"], "m": ["x", 1],
        "n": null, "deep": [[], [{"a.b": 0, "ab": {"c": 7}}]], "large": 18446744073709551615}"#;

    fn config() -> Value<'static> {
        Value::parse(CONFIG).unwrap()
    }

    #[test]
    fn gives_values_of_their_type() {
        let config = config();
        assert_eq!(config.optional::<String>("s").as_deref(), Some("a\nb"));
        assert_eq!(config.optional::<Cow<'_, str>>("S").as_deref(), Some("a\nb"));
        assert_eq!((config.optional("i"), config.optional("f")), (Some(3_i64), Some(3.9)));
        assert_eq!((config.optional("large"), config.optional::<i64>("large")), (Some(u64::MAX), None));
        assert_eq!((config.optional::<i64>("f"), config.optional::<f64>("i")), (None, Some(3.0)));
        assert_eq!((config.optional("b"), config.get_or("n", true)), (Some(false), true));
        assert_eq!(config.optional::<Vec<Str<'_>>>("l").map(|list| list.len()), Some(2));
        assert_eq!(config.optional::<Vec<Str<'_>>>("m"), None);
        assert_eq!((config.optional::<i64>("s"), config.optional::<f64>("x")), (None, None));
        assert_eq!((config.get_or("s", 5_i64), config.get_or("x", 1.5)), (5, 1.5));
    }

    #[test]
    fn goes_down_paths() {
        let config = config();
        assert_eq!(config.optional("deep[1][0].ab.c"), Some(7_i64));
        assert_eq!(config.find("").raw(), CONFIG);
        for path in [
            "deep[0][0]",
            "deep[2]",
            "deep[x]",
            "deep[]",
            "deep[1",
            "deep[-1]",
            "deep.a",
            "deep[1][0].a.b",
            "s.x",
            "s[0]",
            ".",
        ] {
            assert!(config.find(path).is_none(), "{path}");
        }
    }

    #[test]
    fn says_what_is_required() {
        let message = |error: Error| {
            assert_eq!((error.type_name(), error.code()), ("config".into(), "x.y".into()));
            error.message().into_owned()
        };
        let config = config();
        for (error, text) in [
            (
                config.require::<Str<'_>>("x.y").err(),
                "required string field 'x.y' is missing or not a string",
            ),
            (config.require::<i64>("x.y").err(), "required int field 'x.y' is missing or not a number"),
            (config.require::<f64>("x.y").err(), "required float field 'x.y' is missing or not a number"),
            (config.require::<bool>("x.y").err(), "required bool field 'x.y' is missing or not a boolean"),
        ] {
            let prefix = "config validation failed for field 'x.y': ";
            assert_eq!(message(error.unwrap()), [prefix, text].concat());
        }
    }
}
