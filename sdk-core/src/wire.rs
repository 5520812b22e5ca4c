//! The host functions, one file each: request and answer, in both dialects.
//!
//! Guest, host and mock use the same types, so they can't drift apart. A guest sends the wire dialect plus
//! the other one's fields where they do no harm; a host reads both and answers with both
//! (`docs/protocol.md#dialects`).

pub mod tcp;

use alloc::borrow::Cow;

use crate::json::{Error, Expected, Field, Kind, Value};
use crate::time::Timestamp;

/// Declares an answer: the struct that a host writes, and the view that a guest reads in place.
///
/// Each field lists its names in both dialects. A host writes them all; text that is empty and numbers that
/// are 0 are left out.
macro_rules! answer {
    (
        function: $Function:ident,
        $(#[$response_doc:meta])* $Response:ident,
        $(#[$view_doc:meta])* $View:ident,
        fields: {$(
            $(#[$doc:meta])* $field:ident $(| $alias:ident)?: $kind:ident,
        )*}
    ) => {
        $(#[$response_doc])*
        #[derive(Clone, Debug, Default)]
        pub struct $Response<'a> {
            $($(#[$doc])* pub $field: $crate::wire::answer!(@type $kind 'a),)*
            /// Why there is no result.
            pub error: Option<$crate::error::Error>,
        }

        impl $crate::json::Encode for $Response<'_> {
            fn encode(&self, out: &mut $crate::json::Writer<'_>) {
                out.begin_object();
                $(
                    if $crate::wire::answer!(@present $kind self.$field) {
                        out.member(::core::stringify!($field), &self.$field);
                        $(out.member(::core::stringify!($alias), &self.$field);)?
                    }
                )*
                if let Some(error) = &self.error {
                    out.member("error", error);
                }
                out.end_object();
            }
        }

        #[allow(non_camel_case_types, reason = "the variants are the fields")]
        enum Place {
            $($field,)*
            Message,
            Error,
        }

        $(#[$view_doc])*
        #[derive(Debug)]
        pub struct $View($crate::host::Reply<{ Place::Error as usize + 1 }>);

        impl $View {
            fn ask(
                request: &[u8],
                kind: &'static str,
            ) -> ::core::result::Result<Self, $crate::error::Error> {
                const FIELDS: &[$crate::json::Field] = &[
                    $(
                        $crate::wire::answer!(@field $kind $field $field),
                        $($crate::wire::answer!(@field $kind $alias $field),)?
                    )*
                    $crate::json::Field::new("message", &$crate::json::Expected::ANY, false)
                        .at(Place::Message as u16),
                    $crate::json::Field::new("error", &$crate::json::Expected::ANY, false)
                        .at(Place::Error as u16),
                ];
                $crate::host::Reply::ask::<$crate::host::$Function>(request, FIELDS, kind).map(Self)
            }

            $(
                $(#[$doc])*
                #[must_use]
                pub fn $field(&self) -> $crate::wire::answer!(@view $kind '_) {
                    self.0.$kind(Place::$field as usize)
                }
            )*
        }
    };
    (@field $kind:ident $name:ident $place:ident) => {
        $crate::json::Field::new(
            ::core::stringify!($name),
            $crate::wire::answer!(@expected $kind),
            false,
        ).at(Place::$place as u16)
    };
    (@type text $life:lifetime) => { ::alloc::borrow::Cow<$life, str> };
    (@type boolean $life:lifetime) => { bool };
    (@type integer $life:lifetime) => { u64 };
    (@view text $life:lifetime) => { $crate::json::Str<$life> };
    (@view boolean $life:lifetime) => { bool };
    (@view integer $life:lifetime) => { u64 };
    (@expected text) => { &$crate::json::Expected::STRING };
    (@expected boolean) => { &$crate::json::Expected::BOOLEAN };
    (@expected integer) => { &$crate::json::Expected::INTEGER };
    (@present boolean $self:ident.$field:ident) => { true };
    (@present text $self:ident.$field:ident) => { !$self.$field.is_empty() };
    (@present integer $self:ident.$field:ident) => { $self.$field != 0 };
}
pub(crate) use answer;

/// What a request says about time, and about the call that it belongs to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timing<'a> {
    /// The smallest time limit that the request names, in milliseconds.
    pub timeout_ms: Option<u32>,
    /// A point in time on the guest's clock; it counts only without a `timeout_ms`.
    pub deadline: Option<Timestamp>,
    /// The guest has given up already.
    pub canceled: bool,
    /// Names the call in logs.
    pub request_id: Cow<'a, str>,
}

impl<'a> Timing<'a> {
    /// Reads a request's `context` and its own `timeout_ms`.
    fn read(context: Value<'a>, timeout_ms: Value<'a>) -> Result<Self, Error> {
        let mut timing = Self { timeout_ms: milliseconds(timeout_ms)?, ..Self::default() };
        if context.is_none() {
            return Ok(timing);
        }
        let [timeout, deadline, canceled, request_id] =
            context.fields(&["timeout_ms", "deadline", "canceled", "request_id"])?;
        if let Some(timeout) = milliseconds(timeout)? {
            timing.timeout_ms = Some(timing.timeout_ms.map_or(timeout, |other| other.min(timeout)));
        }
        if !deadline.is_none() {
            let time = Timestamp::parse(deadline.text()?.as_bytes());
            timing.deadline = Some(time.ok_or_else(|| {
                deadline.not(
                    const {
                        &Field::new(
                            "context.deadline",
                            const { &Expected::described("an RFC 3339 time") },
                            true,
                        )
                    },
                )
            })?);
        }
        timing.canceled = flag(canceled)?;
        timing.request_id = text(request_id)?;
        Ok(timing)
    }
}

/// A time limit; 0 or less counts as none, and more than fits counts as the most that does.
fn milliseconds(value: Value<'_>) -> Result<Option<u32>, Error> {
    if value.is_none() {
        return Ok(None);
    }
    let timeout = value.integer()?;
    Ok((timeout > 0).then(|| u32::try_from(timeout).unwrap_or(u32::MAX)))
}

/// A port, as a number or as its decimal digits.
fn port(value: Value<'_>) -> Result<u16, Error> {
    let port = match value.kind() {
        Kind::String => {
            let text = value.text()?;
            let digits = text.trim();
            // `parse` would take a plus sign.
            if digits.starts_with('+') { None } else { digits.parse().ok() }
        }
        _ => u16::try_from(value.integer()?).ok(),
    };
    port.filter(|port| *port != 0).ok_or_else(|| {
        value.not(
            const { &Field::new("port", const { &Expected::described("a port from 1 to 65535") }, true) },
        )
    })
}

/// Text that may be missing.
fn text(value: Value<'_>) -> Result<Cow<'_, str>, Error> {
    if value.is_none() { Ok(Cow::Borrowed("")) } else { value.text() }
}

/// A flag that may be missing.
fn flag(value: Value<'_>) -> Result<bool, Error> {
    if value.is_none() { Ok(false) } else { value.boolean() }
}
