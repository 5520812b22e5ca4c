//! The configuration of a check: one declaration for the struct, its defaults, its rules and its schema.

mod schema;

use core::fmt;

#[doc(hidden)]
pub use schema::Mistakes;
pub use schema::{Object, Property, Schema};

/// Declares the configuration of a check.
///
/// One declaration gives the struct, its decoding with defaults and rules, and its JSON Schema as a constant
/// ([`FromValue::SCHEMA`](crate::json::FromValue::SCHEMA)). A field with a default, and an `Option`, may be missing or
/// `null`; every other field is required. What breaks a rule is an error that names its place, such as
/// `targets[2].port`, and never shows a value. Keys that no field has are ignored.
///
/// ```
/// use reglet_sdk_core::config;
/// use reglet_sdk_core::json::Str;
/// use std::borrow::Cow;
///
/// config! {
///     /// What to connect to.
///     pub struct Config<'a> {
///         /// In this order.
///         #[length(1..=8)]
///         targets: Vec<Target<'a>>,
///         /// Time limit in milliseconds.
///         timeout_ms: Option<u32>,
///     }
/// }
///
/// config! {
///     /// One of them.
///     pub struct Target<'a> {
///         /// Host name or IP address.
///         #[length(1..=253)]
///         host: Cow<'a, str>,
///         /// TCP port.
///         #[range(1..=65535)]
///         #[examples(443, 8443)]
///         port: u16 = 443,
///         /// How to speak to it.
///         protocol: Protocol = "tls",
///         /// What to log in with.
///         #[secret]
///         token: Option<Str<'a>>,
///     }
/// }
///
/// config! {
///     /// The ways to speak to a server.
///     pub enum Protocol {
///         Tcp = "tcp",
///         Tls = "tls",
///     }
/// }
///
/// let config = Config::from_json(br#"{"targets": [{"host": "example.com"}]}"#)?;
/// let target = &config.targets[0];
/// assert_eq!((&*target.host, target.port, target.token), ("example.com", 443, None));
/// assert_eq!(target.protocol, Protocol::Tls);
///
/// let document = br#"{"targets": [{"host": "example.com"}, {"host": "example.org", "port": 0}]}"#;
/// let error = Config::from_json(document).unwrap_err();
/// assert_eq!(
///     error.describe(document),
///     "targets[1].port: expected a whole number from 1 to 65535, got a number"
/// );
/// # Ok::<(), reglet_sdk_core::json::Error>(())
/// ```
///
/// What was declared can also be [written](crate::json::Encode), such as a list of results in the data of an outcome,
/// unless a field is `#[secret]` or `#[recursive]`.
///
/// # Types
///
/// | type | takes | schema |
/// |---|---|---|
/// | `bool` | `true`, `false` | `boolean` |
/// | `u8` to `u64`, `i8` to `i64` | whole numbers, also written `3.0` | `integer` |
/// | `f32`, `f64` | numbers; reading them takes 1.5 KB of the plugin | `number` |
/// | `Cow<'a, str>`, `String`, [`Str<'a>`](crate::json::Str) | strings: borrowed unless escaped; copied; as they stand there | `string` |
/// | `Option<T>` | a `T`, or nothing, or `null` | that of `T` |
/// | `Vec<T>`, `[T; 3]` | lists | `array` with `items`, and `minItems` and `maxItems` |
/// | `Vec<(Str<'a>, T)>` | objects with any names, in order | `object` with `additionalProperties` |
/// | an enum of `config!` | certain strings | `enum` |
/// | a struct of `config!`, `Box` of one | objects | `$ref` to a definition in `$defs` |
/// | [`Value<'a>`](crate::json::Value) | anything, to be looked into later | `true` |
///
/// # Attributes
///
/// In this order, after the doc comment. That becomes the `description`, and a first line `# Like this` the `title`.
///
/// | attribute | of | rule | schema |
/// |---|---|---|---|
/// | `#[range(1..=65535)]`, `#[range(0..)]` | numbers | the smallest and the largest, as whole numbers | `minimum`, `maximum` |
/// | `#[length(1..=253)]` | strings, lists, maps | characters, elements, members | `minLength`, `minItems`, `minProperties`, and so on |
/// | `#[one_of("tcp", "tls")]` | strings, where an enum would be too much | no others | `enum` |
/// | `#[examples(443, 8443)]` | numbers, strings | none | `examples` |
/// | `#[secret]` | all | none; `Debug` does not show it, and the struct can't be written | `writeOnly` |
/// | `#[recursive]` | fields that lead back to a struct which they are part of | none | none |
///
/// A default (a string, a number, `true`, `false`, or `[]` for a list) and the examples must obey the rules, or the
/// plugin does not compile:
///
/// ```compile_fail
/// reglet_sdk_core::config! {
///     pub struct Config {
///         #[range(1..=1023)]
///         port: u16 = 8080,
///     }
/// }
/// ```
///
/// What does not fit its field does not compile either: a default of another type,
///
/// ```compile_fail
/// reglet_sdk_core::config! {
///     pub struct Config {
///         port: u16 = "443",
///     }
/// }
/// ```
///
/// a rule for other types,
///
/// ```compile_fail
/// reglet_sdk_core::config! {
///     pub struct Config {
///         #[range(1..=9)]
///         name: String,
///     }
/// }
/// ```
///
/// bounds or examples that the type does not have,
///
/// ```compile_fail
/// reglet_sdk_core::config! {
///     pub struct Config {
///         #[range(1..=70_000)]
///         port: u16,
///     }
/// }
/// ```
///
/// ```compile_fail,E0080
/// reglet_sdk_core::config! {
///     pub struct Config {
///         #[examples(443, 70_000)]
///         port: u16,
///     }
/// }
/// ```
///
/// a default that is no choice,
///
/// ```compile_fail,E0080
/// # reglet_sdk_core::config! {
/// #     pub enum Protocol {
/// #         Tcp = "tcp",
/// #         Tls = "tls",
/// #     }
/// # }
/// reglet_sdk_core::config! {
///     pub struct Config {
///         protocol: Protocol = "TLS",
///     }
/// }
/// ```
///
/// two fields that are told apart by case alone,
///
/// ```compile_fail,E0080
/// reglet_sdk_core::config! {
///     pub struct Config {
///         host: String,
///         Host: String,
///     }
/// }
/// ```
///
/// or an attribute that there is not.
///
/// ```compile_fail
/// reglet_sdk_core::config! {
///     pub struct Config {
///         #[rnage(1..=9)]
///         port: u16,
///     }
/// }
/// ```
///
/// # Structs that contain themselves
///
/// A field through which a struct contains itself is marked, or the compiler reports a cycle. How deep it may go
/// depends on the plugin's stack, a level taking some hundred bytes of it: what is deeper is refused like any other
/// value that breaks a rule. No document is deeper than [`MAX_DEPTH`](crate::json::MAX_DEPTH).
///
/// ```
/// reglet_sdk_core::config! {
///     pub struct Node {
///         port: u16,
///         #[recursive]
///         children: Vec<Node> = [],
///     }
/// }
///
/// let document = br#"{"port": 1, "children": [{"port": 2}, {"port": 3, "children": [{}]}]}"#;
/// let error = Node::from_json(document).unwrap_err();
/// assert_eq!(error.path(document), "children[1].children[0].port");
/// ```
#[macro_export]
macro_rules! config {
    (
        $(#[doc = $about:literal])*
        $vis:vis enum $Name:ident {$(
            $(#[doc = $doc:literal])*
            $Choice:ident = $text:literal
        ),+ $(,)?}
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $Name {$(
            $(#[doc = $doc])*
            $Choice,
        )+}

        impl $Name {
            /// As it stands in a document.
            #[allow(dead_code, reason = "it need not be written")]
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$Choice => $text,)+
                }
            }
        }

        const _: () = {
            const CHOICES: &[$Name] = &[$($Name::$Choice),+];
            const TEXTS: &[&str] = &[$($text),+];

            impl $crate::json::FromValue<'_> for $Name {
                const SCHEMA: &'static $crate::config::Schema = &$crate::config::Schema::one_of(TEXTS);
                const EXPECTED: $crate::json::Expected = $crate::config!(@one_of $($text)+);

                fn from_slot(
                    slot: &$crate::json::Slot<'_>,
                    field: &'static $crate::json::Field,
                ) -> ::core::result::Result<Self, $crate::json::Error> {
                    let place = $crate::json::place_of(slot, field, TEXTS)?;
                    ::core::result::Result::Ok($crate::config::nth(CHOICES, CHOICES[0], place))
                }
            }

            impl $crate::json::Preset<&'static str> for $Name {
                fn preset(literal: &'static str) -> Self {
                    // It is one of them, or did not compile.
                    let place = TEXTS.iter().position(|text| *text == literal);
                    $crate::config::nth(CHOICES, CHOICES[0], place.unwrap_or(0))
                }
            }

            impl $crate::json::Encode for $Name {
                fn encode(&self, out: &mut $crate::json::Writer<'_>) {
                    out.text(&self.as_str());
                }
            }

            impl $crate::text::Piece for $Name {
                fn write(&self, out: &mut $crate::json::Writer<'_>) {
                    $crate::text::Piece::write(self.as_str(), out);
                }
            }

            impl $crate::log::Value for $Name {
                fn kind(&self) -> &'static str {
                    $crate::log::Value::kind(&self.as_str())
                }

                fn write_text(&self, out: &mut $crate::json::Writer<'_>) {
                    $crate::log::Value::write_text(&self.as_str(), out);
                }
            }
        };
    };

    (
        $(#[doc = $about:literal])*
        $vis:vis struct $Name:ident $(<$life:lifetime>)? {$(
            $(#[doc = $doc:literal])*
            $(#[range($($range:tt)+)])?
            $(#[length($($length:tt)+)])?
            $(#[one_of($choice:literal $(, $choices:literal)* $(,)?)])?
            $(#[examples($($example:literal),+ $(,)?)])?
            $(#[secret $(@$secret:tt)?])?
            $(#[recursive $(@$recursive:tt)?])?
            $name:ident : $Type:ty $(= $default:expr)?
        ),* $(,)?}
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, PartialEq)]
        #[allow(clippy::derive_partial_eq_without_eq, reason = "there may be floats")]
        $vis struct $Name $(<$life>)? {$(
            $(#[doc = $doc])*
            pub $name: $Type,
        )*}

        /// Without what is secret.
        impl $(<$life>)? ::core::fmt::Debug for $Name $(<$life>)? {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.debug_struct(::core::stringify!($Name))
                    $(.field(
                        const { $crate::config::key(::core::stringify!($name)) },
                        $crate::config!(@shown &self.$name, $(true $($secret)*)?),
                    ))*
                    .finish()
            }
        }

        $crate::config! { @encode $Name [$($life)?] [$($(true $($secret)*)?)*] {$(
            $name: $Type, [$(true $($recursive)*)?];
        )*}}

        $crate::config! { @decode $Name [$($life)?] {$(
            $name: $Type, [$($default)?], [$($doc),*],
            [$(range $($range)+)? $(length $($length)+)?], [$(one_of $choice $($choices)*)?],
            [$($($example)+)?], [$(true $($secret)*)?], [$(true $($recursive)*)?];
        )*}}
    };

    (@shown $value:expr,) => { $value };
    (@shown $value:expr, true) => { &$crate::config::Secret };

    (@encode $Name:ident [$($life:lifetime)?] [] {$($name:ident: $Type:ty, [];)*}) => {
        impl $(<$life>)? $crate::json::Encode for $Name $(<$life>)?
        where
            $(for<'any> $Type: $crate::json::Encode,)*
        {
            fn encode(&self, out: &mut $crate::json::Writer<'_>) {
                out.begin_object();
                $(out.member(const { $crate::config::key(::core::stringify!($name)) }, &self.$name);)*
                out.end_object();
            }
        }
    };
    // Nobody writes by mistake what is secret; and of what leads back to itself the compiler can't say whether all of it
    // can be written.
    (@encode $($other:tt)*) => {};

    (@decode $Name:ident [] $fields:tt) => {
        $crate::config! { @impl $Name ($Name) ($Name) 'value $fields }
    };
    (@decode $Name:ident [$life:lifetime] $fields:tt) => {
        $crate::config! { @impl $Name ($Name<'static>) ($Name<$life>) $life $fields }
    };
    (@impl $Name:ident ($($Static:tt)+) ($($Self:tt)+) $life:lifetime {$(
        $name:ident: $Type:ty, [$($default:expr)?], $doc:tt,
        [$($bounds:tt)*], [$($choices:tt)*], [$($example:literal)*], [$($secret:tt)?], [$($recursive:tt)?];
    )*}) => {
        const _: () = {
            #[allow(non_camel_case_types, reason = "the variants are the fields")]
            enum __Place { $($name),* }

            impl<$life> $crate::json::FromValue<$life> for $($Self)+ {
                const SCHEMA: &'static $crate::config::Schema = &$crate::config::Schema::Object(
                    $crate::config::Object {
                        name: ::core::stringify!($Name),
                        place: ::core::concat!(::core::file!(), ":", ::core::line!(), ":", ::core::column!()),
                        properties: const { &[$(
                            $crate::config::Property {
                                name: $crate::config::key(::core::stringify!($name)),
                                description: &$doc,
                                schema: <$Type as $crate::json::FromValue<$life>>::PART,
                                bounds: $crate::config!(@bounds $Type, $($bounds)*),
                                choices: $crate::config!(@choices $Type, $($choices)*),
                                default: $crate::config!(@literal $($default)?),
                                examples: &[$(::core::stringify!($example)),*],
                                secret: $crate::config!(@flag $($secret)?),
                                required: $crate::config!(@required $life $Type, $($default)?),
                            }.checked(&<$Type as $crate::json::FromValue<$life>>::EXPECTED, &$crate::config!(@mistakes $name)),
                        )*] },
                        structs: const { &[$($crate::config!(@struct $life $Type, $($recursive)?)),*] },
                    }.checked(),
                );
                const PART: &'static $crate::config::Schema = &$crate::config::Schema::Reference {
                    name: ::core::stringify!($Name),
                    place: ::core::concat!(::core::file!(), ":", ::core::line!(), ":", ::core::column!()),
                };
                const STRUCT: ::core::option::Option<&'static $crate::config::Object> = Self::SCHEMA.object();

                const EXPECTED: $crate::json::Expected = $crate::json::Expected::OBJECT;
                const WALKS: bool = true;
                const NESTED: bool = false $(
                    || <$Type as $crate::json::FromValue<$life>>::WALKS
                    || <$Type as $crate::json::FromValue<$life>>::NESTED
                )*;

                fn from_slot(
                    slot: &$crate::json::Slot<$life>,
                    field: &'static $crate::json::Field,
                ) -> ::core::result::Result<Self, $crate::json::Error> {
                    if Self::NESTED {
                        return $crate::json::walk(slot.raw, field);
                    }
                    let fields = $crate::config!(@fields $life $(
                        $name: $Type, [$($default)?], [$($choices)*], [$($bounds)*];
                    )*);
                    #[allow(unused_variables, reason = "there may be no fields")]
                    let slots = $crate::json::members(slot, fields)?;
                    ::core::result::Result::Ok(Self {$(
                        $name: $crate::config!(
                            @value $Type, [$($default)?], [$($choices)*],
                            slots[__Place::$name as usize], fields[__Place::$name as usize]
                        ),
                    )*})
                }

                fn from_walk(
                    walk: &mut $crate::json::Walk<$life>,
                    field: &'static $crate::json::Field,
                ) -> ::core::result::Result<Self, $crate::json::Error> {
                    let fields = $crate::config!(@fields $life $(
                        $name: $Type, [$($default)?], [$($choices)*], [$($bounds)*];
                    )*);
                    $(let mut $name = ::core::option::Option::None;)*
                    let (mut members, mut slots) = walk.object(fields, field)?;
                    while let ::core::option::Option::Some(place) = members.next(walk, &mut slots) {
                        $(if $crate::config!(@nested $life $Type) && place == __Place::$name as u16 {
                            $name = ::core::option::Option::Some(walk.member::<$Type>(
                                &fields[__Place::$name as usize],
                                &mut slots[__Place::$name as usize],
                                $crate::config!(@flag $($recursive)?),
                            ));
                        })*
                    }
                    $crate::json::admit(fields, &mut slots)?;
                    ::core::result::Result::Ok(Self {$(
                        $name: match $name {
                            ::core::option::Option::Some(read) => read?,
                            ::core::option::Option::None if $crate::config!(@nested $life $Type) => {
                                $crate::config!(@absent $Type, [$($default)?], fields[__Place::$name as usize])
                            }
                            ::core::option::Option::None => $crate::config!(
                                @value $Type, [$($default)?], [$($choices)*],
                                slots[__Place::$name as usize], fields[__Place::$name as usize]
                            ),
                        },
                    )*})
                }
            }
        };

        // Also without an export: a default that breaks its own rule must not compile.
        const _: &$crate::config::Schema = <$($Static)+ as $crate::json::FromValue<'static>>::SCHEMA;

        impl<$life> $($Self)+ {
            /// Reads a whole document.
            ///
            /// # Errors
            ///
            /// It is not JSON, or breaks a rule; `describe` says which.
            #[allow(dead_code, reason = "plugins are read by the SDK")]
            pub fn from_json(
                document: &$life [u8],
            ) -> ::core::result::Result<Self, $crate::json::Error> {
                $crate::json::read(document)
            }
        }
    };

    (@fields $life:lifetime $(
        $name:ident: $Type:ty, [$($default:expr)?], [$($choices:tt)*], [$($bounds:tt)*];
    )*) => {
        const {
            &[$($crate::json::Field::new(
                $crate::config::key(::core::stringify!($name)),
                const { &$crate::config!(@expected $life $Type, [$($choices)*] $($bounds)*) },
                $crate::config!(@required $life $Type, $($default)?),
            ).at(__Place::$name as u16).nested($crate::config!(@nested $life $Type))),*]
        }
    };
    (@nested $life:lifetime $Type:ty) => {
        const {
            <$Type as $crate::json::FromValue<$life>>::WALKS
                || <$Type as $crate::json::FromValue<$life>>::NESTED
        }
    };
    (@absent $Type:ty, [], $field:expr) => { $crate::json::absent::<$Type>(&$field)? };
    (@absent $Type:ty, [$default:expr], $field:expr) => { <$Type as $crate::json::Preset<_>>::preset($default) };
    (@value $Type:ty, [], [], $slot:expr, $field:expr) => {
        $crate::json::inside(<$Type as $crate::json::FromValue<'_>>::from_slot(&$slot, &$field), &$slot)?
    };
    (@value $Type:ty, [], [one_of $($choice:literal)+], $slot:expr, $field:expr) => {{
        $crate::json::one_of(&$slot, &$field, &[$($choice),+])?;
        $crate::config!(@value $Type, [], [], $slot, $field)
    }};
    (@value $Type:ty, [$default:expr], $choices:tt, $slot:expr, $field:expr) => {
        if $slot.is_absent() {
            <$Type as $crate::json::Preset<_>>::preset($default)
        } else {
            $crate::config!(@value $Type, [], $choices, $slot, $field)
        }
    };
    (@required $life:lifetime $Type:ty, $($default:expr)?) => {
        !<$Type as $crate::json::FromValue<$life>>::OPTIONAL
            && $crate::config!(@literal $($default)?).is_none()
    };
    (@expected $life:lifetime $Type:ty, [] $($bounds:tt)*) => {
        <$Type as $crate::json::FromValue<$life>>::EXPECTED.within($crate::config!(@bounds $Type, $($bounds)*))
    };
    (@expected $life:lifetime $Type:ty, [one_of $($choices:literal)+]) => { $crate::config!(@one_of $($choices)+) };
    (@expected $life:lifetime $Type:ty, [one_of $($choices:literal)+] $($bounds:tt)+) => {
        ::core::compile_error!("`#[one_of]` says all that `#[length]` could")
    };
    (@one_of $choice:literal $($choices:literal)*) => {
        $crate::json::Expected::one_of(::core::concat!("one of ", $choice $(, ", ", $choices)*))
    };
    (@literal) => { ::core::option::Option::<&'static str>::None };
    (@literal $default:expr) => {
        ::core::option::Option::<&'static str>::Some(::core::stringify!($default))
    };
    (@mistakes $name:ident) => {
        $crate::config::Mistakes {
            no_value: ::core::concat!("the bounds of `", ::core::stringify!($name), "` leave no value"),
            beyond: ::core::concat!("the bounds of `", ::core::stringify!($name), "` go beyond its type"),
            choice: ::core::concat!("a choice of `", ::core::stringify!($name), "` may not need escapes in JSON"),
            default: ::core::concat!("the default of `", ::core::stringify!($name), "` breaks its own rules"),
            example: ::core::concat!("an example of `", ::core::stringify!($name), "` breaks its own rules"),
        }
    };
    (@flag) => { false };
    (@flag $set:tt) => { $set };
    (@struct $life:lifetime $Type:ty,) => { <$Type as $crate::json::FromValue<$life>>::STRUCT };
    (@struct $life:lifetime $Type:ty, $recursive:tt) => { ::core::option::Option::None };
    (@choices $Type:ty,) => { &[] };
    (@choices $Type:ty, $rule:ident $($choice:literal)+) => {{
        $crate::config::takes::<$Type, $crate::config::rule::$rule>();
        &[$($choice),+]
    }};
    (@bounds $Type:ty,) => { $crate::json::Bounds::NONE };
    (@bounds $Type:ty, $rule:ident $min:literal ..= $max:literal) => {
        $crate::config!(@bounds $Type, $rule, $min, $max)
    };
    (@bounds $Type:ty, $rule:ident $min:literal ..) => {
        $crate::config!(@bounds $Type, $rule, $min, ::core::primitive::i64::MAX)
    };
    (@bounds $Type:ty, $rule:ident ..= $max:literal) => {
        $crate::config!(@bounds $Type, $rule, ::core::primitive::i64::MIN, $max)
    };
    (@bounds $Type:ty, $rule:ident, $min:expr, $max:expr) => {{
        $crate::config::takes::<$Type, $crate::config::rule::$rule>();
        $crate::json::Bounds { min: $min, max: $max }
    }};
    (@bounds $Type:ty, $rule:ident $($bounds:tt)*) => {
        ::core::compile_error!("bounds are whole numbers, and written `1..=9`, `1..` or `..=9`")
    };

    (
        $(#[$($about:tt)*])*
        $vis:vis struct $Name:ident $(<$life:lifetime>)? {$(
            $(#[$attribute:ident $($rest:tt)*])*
            $field:vis $name:ident : $Type:ty $(= $default:expr)?
        ),* $(,)?}
    ) => {
        // The compiler points at one that is not among them, and lists those that are.
        $($(const _: () = $crate::config::Attributes::ALL.$attribute;)*)*
        const _: () = ::core::panic!(
            "the attributes of a field stand in this order, each with its own form: the doc comment, \
             `#[range(1..=9)]`, `#[length(1..=9)]`, `#[one_of(\"a\", \"b\")]`, `#[examples(1, 2)]`, `#[secret]`, \
             `#[recursive]`; a struct has only a doc comment, and its fields are `pub` without saying so"
        );
    };
    ($(#[$($about:tt)*])* $vis:vis struct $($rest:tt)*) => {
        ::core::compile_error!(
            "a config is `pub struct Name { … }`, or `pub struct Name<'a> { … }` if it borrows, with fields `name: Type` or \
             `name: Type = default`"
        )
    };
    ($(#[$($about:tt)*])* $vis:vis enum $($rest:tt)*) => {
        ::core::compile_error!("a choice of strings is `pub enum Name { First = \"first\", Second = \"second\" }`")
    };
}

/// The rules that fit some types of field only.
#[doc(hidden)]
#[allow(non_camel_case_types, reason = "they are called as they are written")]
pub mod rule {
    /// `#[range(1..=9)]`
    #[derive(Debug)]
    pub enum range {}
    /// `#[length(1..=9)]`
    #[derive(Debug)]
    pub enum length {}
    /// `#[one_of("a", "b")]`
    #[derive(Debug)]
    pub enum one_of {}
}

/// A type of field that a rule fits.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "the rule of this field does not fit its type",
    label = "a `{Self}` does not take the rule",
    note = "`#[range]` is for numbers, `#[length]` for strings, lists and maps, `#[one_of]` for strings"
)]
pub trait Takes<R> {}

/// The attributes that a field may have.
#[doc(hidden)]
#[derive(Debug)]
#[allow(missing_docs, reason = "they are only there to be named")]
pub struct Attributes {
    pub doc: (),
    pub range: (),
    pub length: (),
    pub one_of: (),
    pub examples: (),
    pub secret: (),
    pub recursive: (),
}

impl Attributes {
    #[allow(missing_docs, reason = "they are only there to be named")]
    pub const ALL: Self =
        Self { doc: (), range: (), length: (), one_of: (), examples: (), secret: (), recursive: () };
}

/// What stands for a secret where a config is shown.
#[doc(hidden)]
#[derive(Clone, Copy)]
pub struct Secret;

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The value at a place, or the first. The place is there, but indexing would bring the panic for when it is not.
#[doc(hidden)]
#[must_use]
pub fn nth<T: Copy>(values: &[T], first: T, place: usize) -> T {
    values.get(place).copied().unwrap_or(first)
}

/// Compiles if the rule fits.
#[doc(hidden)]
pub const fn takes<T: Takes<R>, R>() {}

/// The key of a field: its name, without what lets a Rust keyword be one.
#[doc(hidden)]
#[must_use]
pub const fn key(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}
