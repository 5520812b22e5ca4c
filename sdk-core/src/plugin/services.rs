//! Plugins with several operations: the configuration of a call names the one that is meant.

use super::refuse;
use crate::error::Error;
use crate::json::{self, Expected, Field, FromValue, Slot, Str, Value};
use crate::outcome::Outcome;
use crate::text;

/// Makes a plugin out of services and their operations.
///
/// An operation is a function from its own input, declared with [`config!`](crate::config!), to an outcome. It has
/// the function's name, or another with `name = path::to::function`. Doc comments become descriptions. After `->`
/// may come the type of the outcome's data, to which natively every success is held, and then in brackets
/// [examples](crate::metadata::Example). Input and data may also be types that serde reads, if `serde_config!` gives
/// them a schema in JSON; they must not deny unknown fields, for the names of service and operation are beside theirs.
///
/// ```
/// #![no_std]
/// use reglet_sdk_core::prelude::*;
///
/// config! {
///     /// A name to look up.
///     pub struct Name<'a> {
///         /// Fully qualified.
///         hostname: Str<'a>,
///     }
/// }
///
/// config! {
///     /// A port to reach.
///     pub struct Target<'a> {
///         /// Host name or IP address.
///         host: Str<'a>,
///         /// TCP port.
///         #[range(1..=65535)]
///         port: u16 = 443,
///     }
/// }
///
/// config! {
///     /// Who answered.
///     pub struct Peer<'a> {
///         /// Address and port.
///         remote_addr: Str<'a>,
///     }
/// }
///
/// fn check(name: Name<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
///     Ok(Outcome::success(text!["a fine name: ", name.hostname]))
/// }
///
/// fn connect(target: Target<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
///     let connection = tcp::Request::new(&target.host, target.port).send(context)?;
///     Ok(Outcome::success("it answers").data("remote_addr", connection.remote_addr()))
/// }
///
/// services! {
///     /// Looks names up and reaches ports.
///     pub struct Net;
///
///     const METADATA: Metadata = Metadata::new("net", "1.0.0", "Looks names up and reaches ports")
///         .needs(&[Capability::Network { hosts: &["*"], ports: &["*"] }]);
///
///     /// Names.
///     dns {
///         /// Checks what a name looks like.
///         check_name = self::check,
///     }
///
///     /// Ports.
///     tcp {
///         /// Connects to a port.
///         connect -> Peer<'_> [
///             Example::new("https", r#"{"host": "example.com"}"#).described("A web server"),
///         ],
///     }
/// }
///
/// export_plugin!(Net);
///
/// # fn main() {
/// let outcome = reglet_sdk_core::plugin::observe::<Net>(
///     br#"{"service": "dns", "operation": "check_name", "hostname": "example.com"}"#,
/// );
/// assert!(core::str::from_utf8(&outcome).unwrap().contains("a fine name: example.com"));
/// # reglet_sdk_core::plugin::check_examples::<Net>();
/// # }
/// ```
///
/// Before `METADATA` may come the trait's [`ERRORS`](crate::Plugin::ERRORS).
///
/// The plugin takes configurations that name a `service` and an `operation` (`docs/protocol.md#v1`), beside the
/// operation's own fields; with a single operation both may be missing. Its configuration schema has these two and
/// the fields of all operations (`docs/protocol.md#v2`).
///
/// Names are written as Go's SDK makes them, in snake case (`docs/protocol.md#v3`). Others do not compile:
///
/// ```compile_fail,E0080
/// # use reglet_sdk_core::prelude::*;
/// # fn connect((): (), _: &Context<'_>) -> Result<Outcome, Error> { Ok(Outcome::success("")) }
/// services! {
///     /// Reaches ports.
///     pub struct Net;
///     const METADATA: Metadata = Metadata::new("net", "1.0.0", "Reaches ports");
///     /// Ports.
///     tcp {
///         /// Connects to a port.
///         Connect = connect,
///     }
/// }
/// export_plugin!(Net);
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! services {
    (
        $(#[doc = $about:literal])*
        $vis:vis struct $Plugin:ident;

        $(const ERRORS: $Errors:ty = $errors:expr;)?
        const METADATA: Metadata = $metadata:expr;

        $(
            $(#[doc = $serves:literal])*
            $service:ident {$(
                $(#[doc = $does:literal])*
                $operation:ident $(= $first:ident $(:: $rest:ident)*)?
                $(-> $Output:ty)?
                $([$($example:expr),* $(,)?])?
            ),* $(,)?} $(,)?
        )*
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Copy, Debug)]
        $vis struct $Plugin;

        impl $crate::Plugin for $Plugin {
            const METADATA: $crate::Metadata = $metadata.serves(const {
                &[$($crate::metadata::Service::new(::core::stringify!($service), &[$($serves),*], const {
                    &[$(
                        $crate::metadata::Operation::new(
                            ::core::stringify!($operation),
                            &[$($does),*],
                            $crate::services!(@run $operation $($first $(:: $rest)*)?),
                        )
                        $(.returns($crate::metadata::Shape::of::<$Output>()))?
                        $(.shown_by(const { &[$($example),*] }))?,
                    )*]
                }),)*]
            });

            $(const ERRORS: $Errors = $errors;)?

            type Config<'a> = $crate::plugin::Call<'a>;

            fn check(
                call: $crate::plugin::Call<'_>,
                context: &$crate::Context<'_>,
            ) -> ::core::result::Result<$crate::Outcome, $crate::Error> {
                const SINGLE: bool = [$($(::core::stringify!($operation),)*)*].len() == 1;
                $($(
                    if call.names(::core::stringify!($service), ::core::stringify!($operation), SINGLE) {
                        let result =
                            $crate::services!(@run $operation $($first $(:: $rest)*)?)(call.input()?, context);
                        $($crate::plugin::assert_returns::<$Output>(&result);)?
                        return result;
                    }
                )*)*
                ::core::result::Result::Err(call.refuse(&[$(::core::stringify!($service)),*]))
            }
        }
    };

    (@run $name:ident) => { $name };
    (@run $name:ident $($function:tt)+) => { $($function)+ };
}

/// Natively, which is in tests, holds the data of a success to what the operation is declared to return.
///
/// # Panics
///
/// It is not that.
#[doc(hidden)]
pub fn assert_returns<T: FromValue<'static>>(result: &Result<Outcome, Error>) {
    #[cfg(not(target_family = "wasm"))]
    if let Ok(outcome) = result
        && outcome.status() == crate::Status::Success
    {
        let data = outcome.data_so_far().leak();
        let read = json::read::<T>(data).and_then(|_| match T::SCHEMA {
            crate::config::Schema::Object(_) => unknown_key(T::SCHEMA, data),
            _ => Ok(None),
        });
        let reason = match read {
            Ok(None) => return,
            Ok(Some(key)) => std::format!("{key} is not declared"),
            Err(error) => error.describe(data),
        };
        panic!("the data of a success is not what the operation is declared to return: {reason}");
    }
    #[cfg(target_family = "wasm")]
    let _ = result;
}

/// The configuration of a plugin that [`services!`](crate::services!) made: which operation is meant, and the document
/// that the operation reads its own part from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    document: &'a [u8],
    /// The names of the service and the operation.
    names: [Slot<'a>; 2],
}

const NAMES: &[Field; 2] = &[
    Field::new("service", &Expected::STRING, false),
    Field::new("operation", &Expected::STRING, false).at(1),
];

impl<'a> Call<'a> {
    /// Whether it names this operation. A name that is spelled with escapes is another; one that is missing stands
    /// for a `single` operation.
    #[doc(hidden)]
    #[must_use]
    pub fn names(&self, service: &str, operation: &str, single: bool) -> bool {
        let mut pairs = self.names.iter().zip([service, operation]);
        pairs.all(|(given, name)| if given.is_absent() { single } else { given.raw == name.as_bytes() })
    }

    /// The operation's part.
    #[doc(hidden)]
    pub fn input<I: FromValue<'a>>(&self) -> Result<I, Error> {
        I::from_config(self.document)
    }

    /// Why it names no operation.
    #[doc(hidden)]
    #[must_use]
    #[cold]
    pub fn refuse(&self, services: &[&str]) -> Error {
        for (name, field) in self.names.iter().zip(NAMES) {
            if name.is_absent() {
                let error = json::Error::new(field, Value::ABSENT);
                return refuse(error.field(), error.flat(self.document));
            }
        }
        let [service, operation] = self.names.map(|name| Str::new(name.raw));
        if services.iter().any(|name| service.raw() == name.as_bytes()) {
            Error::config("operation", text!["unknown operation: ", service, "/", operation])
        } else {
            Error::config("service", text!["unknown service: ", service])
        }
    }
}

impl<'a> FromValue<'a> for Call<'a> {
    /// The manifest has a closer one, made from the services.
    const SCHEMA: &'static crate::config::Schema = &crate::config::Schema::Any;
    const EXPECTED: Expected = Expected::OBJECT;
    const WALKS: bool = true;

    fn from_slot(slot: &Slot<'a>, _: &'static Field) -> Result<Self, json::Error> {
        Ok(Self { document: slot.raw, names: json::members(slot, NAMES)? })
    }
}

/// Tests the examples of a plugin's operations: their inputs and outputs fit the types of their operation, and an
/// input has no other keys. Of an example of an error, the input only has to be JSON. Nothing is run.
///
/// # Panics
///
/// One does not; the text names it and says why.
#[cfg(not(target_family = "wasm"))]
#[track_caller]
pub fn check_examples<P: super::Plugin>() {
    use crate::metadata::{Example, Operation};

    let check = |operation: &Operation, example: &Example| {
        let document = example.input.as_bytes();
        if !example.error.is_empty() {
            // It may be its input that is wrong.
            return Value::parse(document).map(drop).map_err(|error| error.describe(document));
        }
        (operation.input.accepts)(document).map_err(|error| error.describe(document))?;
        let unknown = unknown_key(operation.input.schema, document);
        if let Some(key) = unknown.map_err(|error| error.describe(document))? {
            return Err(std::format!("{key} is no field of the input"));
        }
        if let (Some(json), Some(output)) = (example.output, operation.output) {
            let document = json.as_bytes();
            (output.accepts)(document)
                .map_err(|error| std::format!("output: {}", error.describe(document)))?;
        }
        Ok(())
    };
    for service in P::METADATA.services {
        for operation in service.operations {
            for example in operation.examples {
                if let Err(reason) = check(operation, example) {
                    panic!("example {}/{}/{}: {reason}", service.name, operation.name, example.name);
                }
            }
        }
    }
}

/// A key of an object that its schema does not have.
#[cfg(not(target_family = "wasm"))]
fn unknown_key(
    schema: &crate::config::Schema,
    document: &[u8],
) -> Result<Option<std::string::String>, json::Error> {
    use crate::config::Schema;

    let mut members = Value::parse(document).and_then(Value::members)?;
    let is_known = |key: &[u8]| match schema {
        Schema::Object(object) => {
            object.properties.iter().any(|property| key.eq_ignore_ascii_case(property.name.as_bytes()))
        }
        Schema::Json(schema) => {
            let properties = Value::parse(schema.as_bytes()).map(|schema| schema.get("properties"));
            properties.is_ok_and(|properties| !properties.get(Str::new(key).decode().as_ref()).is_none())
        }
        _ => false,
    };
    Ok(members.find(|(key, _)| !is_known(key)).map(|(key, _)| Str::new(key).decode().into_owned()))
}
