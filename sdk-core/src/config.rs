//! The configuration of a check: one declaration for the struct, its defaults, its rules and its schema.

use crate::json::Bounds;

/// Declares the configuration of a check.
///
/// One declaration gives the struct, its decoding with defaults and rules, and its JSON Schema as a constant
/// ([`FromValue::SCHEMA`](crate::json::FromValue::SCHEMA)). Doc comments become descriptions. A field with a
/// default, and an `Option`, may be missing or `null`; every other field is required. A `Cow<'a, str>` is
/// borrowed from the JSON that the host wrote.
///
/// | attribute | of | rule |
/// |---|---|---|
/// | `#[range(1..=65535)]`, `#[range(0..)]` | integers | smallest and largest value |
/// | `#[length(1..=253)]` | strings, lists | characters or elements |
///
/// ```
/// use reglet_sdk_core::config;
/// use std::borrow::Cow;
///
/// config! {
///     /// Where to connect to.
///     pub struct Target<'a> {
///         /// Host name or IP address.
///         #[length(1..=253)]
///         host: Cow<'a, str>,
///         /// TCP port.
///         #[range(1..=65535)]
///         port: u16 = 443,
///         /// Time limit in milliseconds.
///         timeout_ms: Option<u32>,
///     }
/// }
///
/// let target = Target::from_json(br#"{"host": "example.com"}"#)?;
/// assert_eq!((&*target.host, target.port, target.timeout_ms), ("example.com", 443, None));
///
/// let document = br#"{"host": "example.com", "port": 0}"#;
/// let error = Target::from_json(document).unwrap_err();
/// assert_eq!(error.describe(document), "port: expected a whole number from 1 to 65535, got a number");
/// # Ok::<(), reglet_sdk_core::json::Error>(())
/// ```
#[macro_export]
macro_rules! config {
    (
        $(#[doc = $about:literal])*
        $vis:vis struct $Name:ident $(<$life:lifetime>)? {$(
            $(#[doc = $doc:literal])*
            $(#[range($($range:tt)+)])?
            $(#[length($($length:tt)+)])?
            $name:ident : $Type:ty $(= $default:literal)?
        ),* $(,)?}
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq)]
        $vis struct $Name $(<$life>)? {$(
            $(#[doc = $doc])*
            pub $name: $Type,
        )*}

        $crate::config! { @decode $Name [$($life)?] {$(
            $name: $Type, [$($default)?], [$($doc),*], [$($($range)+)? $($($length)+)?];
        )*}}
    };

    (@decode $Name:ident [] $fields:tt) => {
        $crate::config! { @impl ($Name) 'value $fields }
    };
    (@decode $Name:ident [$life:lifetime] $fields:tt) => {
        $crate::config! { @impl ($Name<$life>) $life $fields }
    };
    (@impl ($($Self:tt)+) $life:lifetime {$(
        $name:ident: $Type:ty, [$($default:literal)?], $doc:tt, [$($bounds:tt)*];
    )*}) => {
        impl<$life> $crate::json::FromValue<$life> for $($Self)+ {
            const SCHEMA: &'static $crate::config::Schema =
                &$crate::config::Schema::Object(&[$(
                    $crate::config::Property {
                        name: ::core::stringify!($name),
                        description: &$doc,
                        schema: <$Type as $crate::json::FromValue<$life>>::SCHEMA,
                        bounds: $crate::config!(@bounds $($bounds)*),
                        default: $crate::config!(@literal $($default)?),
                        required: !<$Type as $crate::json::FromValue<$life>>::OPTIONAL
                            && $crate::config!(@literal $($default)?).is_none(),
                    },
                )*]);

            const EXPECTED: $crate::json::Expected = $crate::json::Expected::OBJECT;
            const WALKS: bool = true;

            fn from_slot(
                slot: &$crate::json::Slot<$life>,
                _: &'static $crate::json::Field,
            ) -> ::core::result::Result<Self, $crate::json::Error> {
                #[allow(non_camel_case_types, reason = "the variants are the fields")]
                enum Place { $($name),* }
                let fields = const {
                    &[$($crate::json::Field::new(
                        ::core::stringify!($name),
                        const {
                            &<$Type as $crate::json::FromValue<$life>>::EXPECTED
                                .within($crate::config!(@bounds $($bounds)*))
                        },
                        !<$Type as $crate::json::FromValue<$life>>::OPTIONAL
                            && $crate::config!(@literal $($default)?).is_none(),
                    ).at(Place::$name as u16)),*]
                };
                let slots = $crate::json::members(slot, fields)?;
                ::core::result::Result::Ok(Self {$(
                    $name: $crate::config!(
                        @value $Type, [$($default)?], slots[Place::$name as usize], fields[Place::$name as usize]
                    ),
                )*})
            }
        }

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

    (@value $Type:ty, [], $slot:expr, $field:expr) => {
        <$Type as $crate::json::FromValue<'_>>::from_slot(&$slot, &$field)?
    };
    (@value $Type:ty, [$default:literal], $slot:expr, $field:expr) => {
        if $slot.is_absent() {
            <$Type as $crate::json::Preset<_>>::preset($default)
        } else {
            $crate::config!(@value $Type, [], $slot, $field)
        }
    };
    (@literal) => { ::core::option::Option::<&'static str>::None };
    (@literal $default:literal) => {
        ::core::option::Option::<&'static str>::Some(::core::stringify!($default))
    };
    (@bounds) => { $crate::json::Bounds::NONE };
    (@bounds $min:literal ..= $max:literal) => { $crate::json::Bounds { min: $min, max: $max } };
    (@bounds $min:literal ..) => { $crate::json::Bounds { min: $min, max: ::core::primitive::i64::MAX } };
    (@bounds ..= $max:literal) => { $crate::json::Bounds { min: ::core::primitive::i64::MIN, max: $max } };
}

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
    /// A string.
    String,
    /// A list of elements of one schema.
    Array(&'static Self),
    /// An object with these properties and no others.
    Object(&'static [Property]),
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
    /// The default, as the Rust literal that it was declared with.
    pub default: Option<&'static str>,
    /// Whether it must be there.
    pub required: bool,
}
