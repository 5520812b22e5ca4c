//! JSON Schema as constants.

use crate::json::{Bounds, Expected};
use crate::metadata::{is_object, same};

/// A JSON Schema, as a constant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Schema {
    /// Any value.
    Any,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// A string.
    String,
    /// One of certain strings.
    OneOf(&'static [&'static str]),
    /// A list of elements of one schema.
    Array(&'static Self),
    /// A list of so many elements of one schema.
    Fixed(&'static Self, usize),
    /// An object with any keys, and values of one schema.
    Map(&'static Self),
    /// An object with certain properties.
    Object(Object),
    /// The [`Object`] with this name, declared at this place, that is defined elsewhere.
    Reference {
        /// Its name.
        name: &'static str,
        /// Where it is declared.
        place: &'static str,
    },
    /// A whole schema in JSON, an object. As a part of another schema it stands for any value.
    Json(&'static str),
}

impl Schema {
    /// A schema that is there in JSON already, such as one that a tool has made.
    ///
    /// # Panics
    ///
    /// When the plugin is compiled: it is not an object.
    ///
    /// ```compile_fail,E0080
    /// const SCHEMA: reglet_sdk_core::config::Schema = reglet_sdk_core::config::Schema::json("[]");
    /// ```
    #[must_use]
    pub const fn json(json: &'static str) -> Self {
        assert!(is_object(json), "a schema in JSON is an object");
        Self::Json(json)
    }

    /// One of some strings.
    ///
    /// # Panics
    ///
    /// When the plugin is compiled: one is empty, is there twice, or would need escapes in JSON.
    #[must_use]
    pub const fn one_of(choices: &'static [&'static str]) -> Self {
        let mut at = 0;
        while at < choices.len() {
            assert!(!choices[at].is_empty(), "a choice may not be empty");
            assert!(is_plain(choices[at].as_bytes()), "a choice may not need escapes in JSON");
            assert!(!lists(choices.split_at(at).0, choices[at]), "a choice is there twice");
            at += 1;
        }
        Self::OneOf(choices)
    }

    /// The object that it is, if it is one.
    #[must_use]
    pub const fn object(&'static self) -> Option<&'static Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }
}

/// The schema of a struct: an object with these properties and no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Object {
    /// The name of the struct.
    pub name: &'static str,
    /// Where it is declared, which tells it apart from others of its name.
    pub place: &'static str,
    /// Its fields, in order.
    pub properties: &'static [Property],
    /// The structs that its fields are made of, but for those that lead back to a struct around it.
    pub structs: &'static [Option<&'static Self>],
}

impl Object {
    /// The same, if its keys are told apart without regard to case, as they are read (`docs/protocol.md#j1`).
    ///
    /// # Panics
    ///
    /// When the plugin is compiled: they are not.
    #[must_use]
    pub const fn checked(self) -> Self {
        let mut at = 1;
        while at < self.properties.len() {
            let mut before = 0;
            while before < at {
                let [one, other] = [self.properties[before].name, self.properties[at].name];
                assert!(
                    !one.as_bytes().eq_ignore_ascii_case(other.as_bytes()),
                    "two fields have names that are the same but for case"
                );
                before += 1;
            }
            at += 1;
        }
        self
    }
}

/// A property of an object's schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    /// The key.
    pub name: &'static str,
    /// The lines of its doc comment.
    pub description: &'static [&'static str],
    /// What its value must be.
    pub schema: &'static Schema,
    /// Bounds of the value, or of its length.
    pub bounds: Bounds,
    /// The strings that are allowed; all of them, if there are none here.
    pub choices: &'static [&'static str],
    /// The default, as the Rust literal that it was declared with.
    pub default: Option<&'static str>,
    /// Examples, as Rust literals.
    pub examples: &'static [&'static str],
    /// Whether it is not to be shown.
    pub secret: bool,
    /// Whether it must be there.
    pub required: bool,
}

impl Property {
    /// The same, if its type, its rules, its default and its examples go together.
    ///
    /// # Panics
    ///
    /// When the plugin is compiled: they do not.
    #[must_use]
    pub const fn checked(self, of_type: &Expected, mistakes: &Mistakes) -> Self {
        let Bounds { min, max } = self.bounds;
        assert!(min <= max, "{}", mistakes.no_value);
        let fits = (min == i64::MIN || of_type.admits(min)) && (max == i64::MAX || of_type.admits(max));
        assert!(fits, "{}", mistakes.beyond);
        let mut at = 0;
        while at < self.choices.len() {
            assert!(is_plain(self.choices[at].as_bytes()), "{}", mistakes.choice);
            at += 1;
        }
        let bounds = Bounds {
            min: if min == i64::MIN { of_type.min } else { min },
            max: if max == i64::MAX { of_type.max } else { max },
        };
        if let Some(default) = self.default {
            assert!(self.admits(default, bounds), "{}", mistakes.default);
        }
        at = 0;
        while at < self.examples.len() {
            assert!(self.admits(self.examples[at], bounds), "{}", mistakes.example);
            at += 1;
        }
        self
    }

    const fn admits(&self, literal: &str, Bounds { min, max }: Bounds) -> bool {
        match (Literal::parse(literal), self.schema) {
            (Literal::String(text), Schema::String) => {
                self.is_choice(text) && min <= characters(text) && characters(text) <= max
            }
            (Literal::String(text), Schema::OneOf(choices)) => lists(choices, text),
            (Literal::Number { floor, ceil }, Schema::Integer) if floor != ceil => false,
            (Literal::Number { floor, ceil }, Schema::Integer | Schema::Number) => {
                // A bound at the end of `i64` is none.
                (min == i64::MIN || min as i128 <= floor) && (max == i64::MAX || ceil <= max as i128)
            }
            (Literal::EmptyList, Schema::Array(_) | Schema::Map(_)) => min <= 0,
            (Literal::Boolean, Schema::Boolean) => true,
            _ => false,
        }
    }

    const fn is_choice(&self, text: &str) -> bool {
        self.choices.is_empty() || lists(self.choices, text)
    }
}

/// What may be wrong with a field, in words that name it.
#[doc(hidden)]
#[derive(Debug)]
pub struct Mistakes {
    pub no_value: &'static str,
    pub beyond: &'static str,
    pub choice: &'static str,
    pub default: &'static str,
    pub example: &'static str,
}

/// What a Rust literal stands for, as far as rules are about it.
enum Literal<'a> {
    Boolean,
    /// The whole numbers below and above.
    Number {
        floor: i128,
        ceil: i128,
    },
    String(&'a str),
    EmptyList,
}

impl<'a> Literal<'a> {
    const fn parse(literal: &'a str) -> Self {
        match literal.as_bytes() {
            b"true" | b"false" => Self::Boolean,
            b"[]" => Self::EmptyList,
            [b'"', inner @ .., b'"'] => {
                assert!(is_plain(inner), "a default or an example may not need escapes in JSON");
                Self::String(literal.split_at(1).1.split_at(inner.len()).0)
            }
            [b'-', number @ ..] => {
                let (floor, ceil) = Self::magnitude(number);
                Self::Number { floor: -ceil, ceil: -floor }
            }
            number => {
                let (floor, ceil) = Self::magnitude(number);
                Self::Number { floor, ceil }
            }
        }
    }

    /// The whole numbers around a number that is written as it would be in JSON, but for the separators of its digits.
    const fn magnitude(text: &[u8]) -> (i128, i128) {
        let mut whole = 0_i128;
        let mut above = 0;
        let mut fraction = false;
        let mut at = 0;
        while at < text.len() {
            match text[at] {
                b'_' => {}
                b'.' if !fraction && at > 0 && at + 1 < text.len() => fraction = true,
                b'0'..=b'9' if fraction => {
                    if text[at] != b'0' {
                        above = 1;
                    }
                }
                b'0'..=b'9' if at == 0 || text[0] != b'0' => whole = whole * 10 + (text[at] - b'0') as i128,
                _ => panic!(
                    "a default or an example is a string, a number in decimal digits, `true`, `false`, or `[]`"
                ),
            }
            at += 1;
        }
        (whole, whole + above)
    }
}

const fn lists(choices: &[&str], text: &str) -> bool {
    let mut at = 0;
    while at < choices.len() {
        if same(choices[at], text) {
            return true;
        }
        at += 1;
    }
    false
}

const fn is_plain(text: &[u8]) -> bool {
    let mut at = 0;
    while at < text.len() {
        if matches!(text[at], b'"' | b'\\' | 0..0x20) {
            return false;
        }
        at += 1;
    }
    true
}

const fn characters(text: &str) -> i64 {
    let text = text.as_bytes();
    let mut count = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at] & 0xC0 != 0x80 {
            count += 1;
        }
        at += 1;
    }
    count
}
