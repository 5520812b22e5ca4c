//! The host functions, one file each: request and answer, in both dialects.
//!
//! Guest, host and mock use the same types, so they can't drift apart. A guest sends the wire dialect plus
//! the other one's fields where they do no harm; a host reads both and answers with both
//! (`docs/protocol.md#dialects`).

pub mod dns;
pub mod exec;
pub mod http;
pub mod smtp;
pub mod ssrf;
pub mod tcp;

use alloc::borrow::Cow;
use alloc::vec::Vec;

use crate::config;
use crate::context::Context;
use crate::json::{Bounds, Encode, Error, Expected, Field, Kind, Members, Str, Value, Writer};
use crate::text::Piece;
use crate::time::Timestamp;

/// Declares an answer: the struct that a host writes, and the view that a guest reads in place.
///
/// Each field lists its names in both dialects, of which a host writes both. What is empty, 0 or false is left out,
/// but for the kinds `boolean`, `number` and `output`, which Go never leaves out.
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

        $crate::__view! {
            $(#[$view_doc])*
            pub struct $View: $crate::host::$Function {$(
                $(#[$doc])* $field $(| $alias)?: $kind,
            )*}
        }
    };
    (@type text $life:lifetime) => { ::alloc::borrow::Cow<$life, str> };
    (@type output $life:lifetime) => { ::alloc::borrow::Cow<$life, str> };
    (@type boolean $life:lifetime) => { bool };
    (@type flag $life:lifetime) => { bool };
    (@type integer $life:lifetime) => { u64 };
    (@type number $life:lifetime) => { i64 };
    (@type list $life:lifetime) => { ::alloc::vec::Vec<::alloc::borrow::Cow<$life, str>> };
    (@type mail_exchangers $life:lifetime) => { ::alloc::vec::Vec<$crate::wire::dns::Mx<$life>> };
    (@type headers $life:lifetime) => { $crate::wire::http::Headers<$life> };
    (@type bytes $life:lifetime) => { $crate::base64::Base64<$life> };
    (@present flag $self:ident.$field:ident) => { $self.$field };
    (@present boolean $self:ident.$field:ident) => { true };
    (@present output $self:ident.$field:ident) => { true };
    (@present number $self:ident.$field:ident) => { true };
    (@present integer $self:ident.$field:ident) => { $self.$field != 0 };
    (@present $kind:ident $self:ident.$field:ident) => { !$self.$field.is_empty() };
}
pub(crate) use answer;

/// Declares the view of an answer.
#[doc(hidden)]
#[macro_export]
macro_rules! __view {
    (
        $(#[$view_doc:meta])*
        $vis:vis struct $View:ident: $Function:path {$(
            $(#[$doc:meta])* $field:ident $(| $alias:ident)?: $kind:ident,
        )*}
    ) => {
        $(#[$view_doc])*
        #[derive(Debug)]
        $vis struct $View($crate::host::Reply<{
            // The fields, and the two that every answer may have.
            <[&str]>::len(&[$(::core::stringify!($field)),*]) + 2
        }>);

        const _: () = {
            #[allow(non_camel_case_types, reason = "the variants are the fields")]
            enum __Place {
                $($field,)*
            }

            impl $View {
                /// Sends a request; an error without a type has this one.
                #[doc(hidden)]
                fn __ask(
                    request: &[u8],
                    kind: &'static str,
                ) -> ::core::result::Result<Self, $crate::Error> {
                    const NAMES: &[&str] = &[$(::core::stringify!($field)),*];
                    const FIELDS: &[$crate::json::Field] = &[
                        $(
                            $crate::__view!(@field $kind $field $field),
                            $($crate::__view!(@field $kind $alias $field),)?
                        )*
                        // A field of that name serves both.
                        $crate::json::Field::new("message", &$crate::json::Expected::ANY, false)
                            .at($crate::wire::place_of_message(NAMES)),
                        $crate::json::Field::new("error", &$crate::json::Expected::ANY, false)
                            .at(NAMES.len() as u16 + 1),
                    ];
                    #[allow(unused_mut, reason = "only bytes are decoded")]
                    let mut reply = $crate::host::Reply::ask::<$Function>(request, FIELDS, kind)?;
                    $($crate::__view!(@decode $kind reply, $Function, __Place::$field as usize);)*
                    ::core::result::Result::Ok(Self(reply))
                }

                $(
                    $(#[$doc])*
                    #[must_use]
                    $vis fn $field(&self) -> $crate::__view!(@view $kind '_) {
                        self.0.$kind::<{ __Place::$field as usize }>()
                    }
                )*
            }
        };
    };
    (@field $kind:ident $name:ident $place:ident) => {
        $crate::json::Field::new(
            $crate::wire::key(::core::stringify!($name)),
            $crate::__view!(@expected $kind),
            false,
        ).at(__Place::$place as u16)
    };
    (@decode bytes $reply:ident, $Function:path, $place:expr) => {
        $reply.decode::<$Function>($place)?
    };
    (@decode list $reply:ident, $Function:path, $place:expr) => {
        $reply.strings::<$Function>($place)?
    };
    (@decode $kind:ident $reply:ident, $Function:path, $place:expr) => {};
    (@view text $life:lifetime) => { $crate::json::Str<$life> };
    (@view output $life:lifetime) => { $crate::json::Str<$life> };
    (@view boolean $life:lifetime) => { bool };
    (@view flag $life:lifetime) => { bool };
    (@view integer $life:lifetime) => { u64 };
    (@view number $life:lifetime) => { i64 };
    (@view list $life:lifetime) => { $crate::wire::Strings<$life> };
    (@view mail_exchangers $life:lifetime) => { $crate::wire::dns::MxRecords<$life> };
    (@view headers $life:lifetime) => { $crate::wire::http::HeaderFields<$life> };
    (@view bytes $life:lifetime) => { &$life [u8] };
    (@view value $life:lifetime) => { $crate::json::Value<$life> };
    (@view $other:ident $life:lifetime) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($other), "` is no kind of field of an answer: they are `text`, `boolean`, `integer`, \
             `number`, `list` and `value`"
        ))
    };
    (@expected boolean) => { &$crate::json::Expected::BOOLEAN };
    (@expected flag) => { &$crate::json::Expected::BOOLEAN };
    (@expected integer) => { &$crate::wire::COUNT };
    (@expected number) => { &$crate::json::Expected::INTEGER };
    (@expected list) => { &$crate::wire::LIST };
    (@expected mail_exchangers) => { &$crate::wire::LIST };
    (@expected headers) => { &$crate::json::Expected::OBJECT };
    (@expected value) => { &$crate::json::Expected::ANY };
    (@expected $text:ident) => { &$crate::json::Expected::STRING };
}

/// Gives a request to connect what all of them have: a time limit, and the ways to send it.
macro_rules! connects {
    (default: $default:literal, code: $code:literal, otherwise: $otherwise:literal) => {
        impl Request<'_> {
            #[doc = ::core::concat!("Sets the time for all of it; `None` leaves it to the host, which takes ", $default, ".")]
            pub fn timeout_ms(mut self, timeout: impl Into<Option<u32>>) -> Self {
                self.timeout_ms = timeout.into();
                self
            }

            /// Connects.
            ///
            /// # Errors
            ///
            /// What the host reports, most often of the type `network`, `timeout` or `capability`; `internal` if its
            /// answer breaks the protocol.
            pub fn send(&self, context: &$crate::Context<'_>) -> ::core::result::Result<Connection, $crate::Error> {
                self.ask(context, $crate::wire::Dialect::Wire)
            }

            /// Connects, also where the host understands only the dialect of the Go SDK's own hosts: if it can't read
            /// the request, it is asked again in that. Some of those hosts skip a check of capabilities for such
            /// requests (`docs/protocol.md#dialects`), so this is for those who know their host.
            ///
            /// # Errors
            ///
            /// As for [`send`](Self::send).
            pub fn send_in_either_dialect(
                &self,
                context: &$crate::Context<'_>,
            ) -> ::core::result::Result<Connection, $crate::Error> {
                $crate::wire::in_either_dialect(|dialect| self.ask(context, dialect))
            }

            fn ask(
                &self,
                context: &$crate::Context<'_>,
                dialect: $crate::wire::Dialect,
            ) -> ::core::result::Result<Connection, $crate::Error> {
                use $crate::error::Kind;

                let mut stack = [::core::mem::MaybeUninit::uninit(); 512];
                let mut request = $crate::json::Writer::on(&mut stack);
                self.write(context, dialect, &mut request);
                let connection = Connection::__ask(request.as_bytes(), Kind::Network.as_str())?;
                if connection.connected() {
                    Ok(connection)
                } else {
                    Err($crate::Error::write(Kind::Network, $code, |out| out.plain($otherwise)))
                }
            }
        }
    };
}
pub(crate) use connects;

/// Shows a request as the JSON that it is sent as.
macro_rules! debug_as_json {
    ($Request:ident) => {
        impl ::core::fmt::Debug for $Request<'_> {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut out = $crate::json::Writer::new();
                self.write(&$crate::Context::default(), $crate::wire::Dialect::Wire, &mut out);
                f.write_str(&::alloc::string::String::from_utf8_lossy(out.as_bytes()))
            }
        }
    };
}
pub(crate) use debug_as_json;

/// An array, whose elements whoever reads them checks.
#[doc(hidden)]
pub const LIST: Expected = Expected { kind: Kind::Array, ..Expected::ARRAY };

/// A whole number that is not negative.
#[doc(hidden)]
pub const COUNT: Expected = Expected::INTEGER.within(Bounds { min: 0, max: i64::MAX });

/// The key of an answer's field.
///
/// # Panics
///
/// It is `error`, under which hosts report errors. As keys are constants, that does not compile.
#[doc(hidden)]
#[must_use]
pub const fn key(name: &'static str) -> &'static str {
    let name = config::key(name);
    assert!(
        !name.eq_ignore_ascii_case("error"),
        "`error` is no field of an answer: it becomes the error of the call"
    );
    name
}

/// The slot for `message`: that of the field, or one after all fields.
#[doc(hidden)]
#[must_use]
pub const fn place_of_message(fields: &[&str]) -> u16 {
    let mut place = 0;
    while place < fields.len() && !fields[place].eq_ignore_ascii_case("message") {
        place += 1;
    }
    place as u16
}

/// The strings of a list in an answer, one after the other. Written as JSON they are the whole list, wherever the
/// iterator is.
///
/// ```
/// use reglet_sdk_core::dns::{RecordType, Request};
/// use reglet_sdk_core::{Context, Error, Outcome};
///
/// fn check(context: &Context<'_>) -> Result<Outcome, Error> {
///     let answer = Request::new(&"example.com", RecordType::A).send(context)?;
///     Ok(Outcome::success("it has addresses").data("addresses", answer.records()))
/// }
/// ```
#[derive(Debug)]
pub struct Strings<'a> {
    list: Value<'a>,
    left: Option<Members<'a>>,
}

impl Encode for Strings<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        if self.list.is_none() { out.raw(b"[]") } else { self.list.encode(out) }
    }
}

impl<'a> Strings<'a> {
    pub(crate) fn of(list: Value<'a>) -> Self {
        Self { list, left: list.elements().ok() }
    }

    /// Whether they are strings, all of them.
    pub(crate) fn are_sound(self) -> bool {
        self.left.into_iter().flatten().all(|(_, element)| element.kind() == Kind::String)
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = Str<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left.as_mut()?.next().map(|(_, element)| element.string_or_empty())
    }
}

/// The two spellings of requests to connect, and of HTTP headers (`docs/protocol.md#dialects`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// That of all Go guests, of the command line's hosts, and of this project's.
    Wire,
    /// That of the hosts of the Go SDK.
    SdkHost,
}

/// Asks in the wire dialect and, if the host can't read that, in the other one. Nothing has happened by then, so the
/// second request does no harm.
fn in_either_dialect<T>(ask: impl Fn(Dialect) -> Result<T, crate::Error>) -> Result<T, crate::Error> {
    match ask(Dialect::Wire) {
        Err(error) if is_not_understood(&error) => ask(Dialect::SdkHost),
        result => result,
    }
}

/// Whether this is how hosts of the Go SDK refuse a request that they can't read.
fn is_not_understood(error: &crate::Error) -> bool {
    error.get("code").raw() == b"\"VALIDATION_ERROR\""
        && error.get("message").raw().starts_with(b"\"failed to unmarshal request:")
}

/// Writes what a request to connect starts with.
fn target(out: &mut Writer<'_>, host: &dyn Piece, port: u16, dialect: Dialect) {
    out.plain("{\"host\":\"");
    host.write(out);
    out.plain("\",\"port\":");
    if dialect == Dialect::SdkHost {
        return port.write(out);
    }
    out.plain("\"");
    port.write(out);
    out.plain("\"");
}

/// Writes what every request ends with: the context, and the time limit once more. Some hosts look for it only in the
/// context, others only beside it.
fn end(out: &mut Writer<'_>, context: &Context<'_>, timeout_ms: Option<u32>) {
    out.plain(",\"context\":");
    let timeout = context.write(timeout_ms, out);
    if timeout > 0 {
        out.plain(",\"timeout_ms\":");
        timeout.write(out);
    }
    out.plain("}");
}

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

    /// The same with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Timing<'static> {
        Timing { request_id: owned(self.request_id), ..self }
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

/// Text that may not be missing or empty.
fn required<'a>(value: Value<'a>, field: &'static Field) -> Result<Cow<'a, str>, Error> {
    match text(value)? {
        text if text.is_empty() => Err(value.not(field)),
        text => Ok(text),
    }
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    text.into_owned().into()
}

fn all_owned(texts: Vec<Cow<'_, str>>) -> Vec<Cow<'static, str>> {
    texts.into_iter().map(owned).collect()
}

/// A list of strings that may be missing.
fn strings(value: Value<'_>) -> Result<Vec<Cow<'_, str>>, Error> {
    if value.is_none() {
        return Ok(Vec::new());
    }
    value.elements()?.map(|(_, element)| element.text()).collect()
}
