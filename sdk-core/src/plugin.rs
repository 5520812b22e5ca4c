//! What an author writes, and the entry points that hosts call.

mod services;

#[cfg(not(target_family = "wasm"))]
pub use services::check_examples;
pub use services::{Call, assert_returns};

use alloc::vec::Vec;

use crate::abi::Buffer;
use crate::context::Context;
use crate::error::{Error, Kind};
use crate::json::{self, Expected, Field, FromValue, Slot};
use crate::metadata::Metadata;
use crate::outcome::Outcome;
use crate::text::Piece;

/// A compliance check.
///
/// ```
/// use reglet_sdk_core::prelude::*;
///
/// config! {
///     /// How many there must be.
///     pub struct Config {
///         /// What was counted.
///         count: u32,
///         /// The least that will do.
///         at_least: u32 = 1,
///     }
/// }
///
/// struct Count;
///
/// impl Plugin for Count {
///     const METADATA: Metadata = Metadata::new("count", "1.0.0", "Compares a number with another");
///     type Config<'a> = Config;
///
///     fn check(config: Config, _: &Context<'_>) -> Result<Outcome, Error> {
///         if config.count < config.at_least {
///             return Ok(Outcome::failure(text!["only ", config.count]));
///         }
///         Ok(Outcome::success("enough"))
///     }
/// }
///
/// export_plugin!(Count);
/// # fn main() {}
/// ```
pub trait Plugin {
    /// What the plugin says about itself.
    const METADATA: Metadata;

    /// What becomes of an error that [`check`](Self::check) returns.
    const ERRORS: Errors = Errors::Typed;

    /// Its configuration, most often declared with [`config!`](crate::config!); `()` if it has none.
    type Config<'a>: FromValue<'a>;

    /// Runs the check.
    ///
    /// # Errors
    ///
    /// The check could not run. The host gets an outcome of status `error` with what the error says. A check
    /// that ran, and found something wrong, returns [`Outcome::failure`].
    fn check(config: Self::Config<'_>, context: &Context<'_>) -> Result<Outcome, Error>;
}

/// What hosts are told of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Errors {
    /// An outcome of status `error`, with the error's type, code, details and causes.
    Typed,
    /// An outcome of status `failure` with the error's message, and nothing else: what a plugin made with the Go SDK
    /// answers when its check returns an error (`docs/protocol.md#e4`). For those who compare the outcomes of a plugin
    /// with those of the Go plugin that it replaces.
    ///
    /// A value of the configuration that breaks a rule is such an error too, for in Go it is the check that looks at
    /// it. A configuration that can't be read at all stays an error, as it does in Go.
    ///
    /// ```
    /// use reglet_sdk_core::plugin::{Errors, observe};
    /// use reglet_sdk_core::prelude::*;
    ///
    /// struct Fails;
    ///
    /// impl Plugin for Fails {
    ///     const METADATA: Metadata = Metadata::new("fails", "1.0.0", "Fails as a Go plugin does");
    ///     const ERRORS: Errors = Errors::AsInGo;
    ///     type Config<'a> = ();
    ///
    ///     fn check((): (), _: &Context<'_>) -> Result<Outcome, Error> {
    ///         Err(Error::capability("exec", "/bin/ls"))
    ///     }
    /// }
    ///
    /// let outcome = String::from_utf8(observe::<Fails>(b"{}")).unwrap();
    /// assert!(outcome.contains(r#""status":"failure","message":"missing capability: exec (pattern: /bin/ls)""#));
    /// ```
    AsInGo,
}

/// A plugin without configuration takes any.
impl<'a> FromValue<'a> for () {
    const SCHEMA: &'static crate::config::Schema = &crate::config::Schema::Any;
    const OPTIONAL: bool = true;
    const EXPECTED: Expected = Expected::ANY;
    const IGNORES: bool = true;

    fn from_slot(_: &Slot<'a>, _: &'static Field) -> Result<Self, json::Error> {
        Ok(())
    }
}

/// Runs the check on a configuration and returns the outcome's JSON.
///
/// This is what a host's call comes down to; tests can call it natively.
#[must_use]
pub fn observe<P: Plugin>(config: &[u8]) -> Vec<u8> {
    run::<P>(config).into()
}

fn run<P: Plugin>(config: &[u8]) -> Buffer<'static> {
    let outcome = match P::Config::from_config(config) {
        Ok(read) => P::check(read, &Context::default()).or_else(report::<P>),
        Err(error) if error_is_of_a_rule::<P>(&error) => report::<P>(error),
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| Outcome::error(&error)).into_buffer()
}

/// What becomes of an error of a check. That is a constant, and costs nothing.
#[inline(always)]
fn report<P: Plugin>(error: Error) -> Result<Outcome, Error> {
    match P::ERRORS {
        Errors::Typed => Err(error),
        Errors::AsInGo => Ok(Outcome::failure(error.message())),
    }
}

#[inline(always)]
fn error_is_of_a_rule<P: Plugin>(error: &Error) -> bool {
    P::ERRORS == Errors::AsInGo && error.kind() == Kind::Config
}

/// What is wrong with a configuration of this type.
pub(crate) fn refused<'a, C: FromValue<'a>>(config: &[u8], error: json::Error) -> Error {
    // Where nothing is nested, a field's name is its path, and no code that looks for it is needed.
    if C::NESTED {
        refuse(&error.path(config), error.reason(config))
    } else {
        refuse(error.field(), error.flat(config))
    }
}

/// What is no object can't be read at all; in one, a value breaks a rule.
#[cold]
fn refuse(path: &str, reason: json::Reason<'_>) -> Error {
    if path.is_empty() {
        return Error::write(Kind::Internal, b"", |out| {
            out.plain("failed to parse config: ");
            reason.write(out);
        });
    }
    Error::config_raw(path.as_bytes(), reason)
}

/// The config is not where a host's buffers are.
#[cfg(target_family = "wasm")]
#[cold]
#[inline(never)]
fn foreign_config(address: usize, len: usize) -> Buffer<'static> {
    let error = if address == 0 {
        Error::write(Kind::Panic, b"", |out| {
            out.plain("plugin panic: abi: invalid pack - null pointer (0x0) with non-zero length (");
            len.write(out);
            out.plain(")");
        })
    } else {
        Error::internal("the config is not in a buffer that allocate has given out")
    };
    Outcome::error(&error).into_buffer()
}

/// Makes a crate a plugin: gives it all the exports that hosts look for, and a panic handler.
///
/// ```
/// # use reglet_sdk_core::prelude::*;
/// # struct Nothing;
/// # impl Plugin for Nothing {
/// #     const METADATA: Metadata = Metadata::new("nothing", "1.0.0", "Checks nothing");
/// #     type Config<'a> = ();
/// #     fn check((): (), _: &Context<'_>) -> Result<Outcome, Error> { Ok(Outcome::success("")) }
/// # }
/// export_plugin!(Nothing);
/// # fn main() {}
/// ```
///
/// Natively it adds nothing, so that `cargo test` works in the plugin's crate.
#[macro_export]
macro_rules! export_plugin {
    ($Plugin:ty) => {
        $crate::__export_entry_points!($Plugin, {});

        // Its name is nobody else's business.
        #[cfg(target_family = "wasm")]
        const _: () = {
            #[panic_handler]
            fn panic(info: &::core::panic::PanicInfo<'_>) -> ! {
                $crate::panic::report(info)
            }
        };
    };
}

/// The exports without the panic handler, which `std` has of its own. A check runs after `$before`.
#[doc(hidden)]
#[macro_export]
macro_rules! __export_entry_points {
    ($Plugin:ty, $before:block) => {
        $crate::__export_entry_points!(
            $Plugin,
            $before,
            manifest: { $crate::plugin::exports::constant(DOCUMENTS.manifest) },
            schema: { $crate::plugin::exports::constant(DOCUMENTS.schema) }
        );
    };
    ($Plugin:ty, $before:block, manifest: $manifest:block, schema: $schema:block) => {
        #[allow(long_running_const_eval, reason = "a manifest may be long; it has an end")]
        const _: () = {
            const METADATA: $crate::Metadata = <$Plugin as $crate::Plugin>::METADATA;
            const SCHEMA: &$crate::config::Schema =
                <<$Plugin as $crate::Plugin>::Config<'static> as $crate::json::FromValue<'static>>::SCHEMA;

            const DESCRIBE_LEN: usize = $crate::metadata::Document::<0>::metadata(&METADATA).len();
            static DESCRIBE: [u8; DESCRIBE_LEN] = *$crate::metadata::Document::metadata(&METADATA).bytes();

            const MANIFEST_LEN: usize = $crate::metadata::Document::<0>::manifest(&METADATA, SCHEMA).len();
            const DOCUMENT: $crate::metadata::Document<MANIFEST_LEN> =
                $crate::metadata::Document::manifest(&METADATA, SCHEMA);
            // The bytes alone: what else a document knows would be in the plugin too.
            static MANIFEST: [u8; MANIFEST_LEN] = *DOCUMENT.bytes();

            #[allow(dead_code, reason = "natively there are no entry points")]
            static DOCUMENTS: $crate::metadata::Documents = $crate::metadata::Documents {
                metadata: &DESCRIBE,
                manifest: &MANIFEST,
                schema: DOCUMENT.schema_in(&MANIFEST),
            };

            $crate::__entry_points!($Plugin, $before, $manifest, $schema);
        };
    };
}

#[doc(hidden)]
#[macro_export]
#[cfg(not(target_family = "wasm"))]
macro_rules! __entry_points {
    ($Plugin:ty, $before:block, $manifest:block, $schema:block) => {};
}

#[doc(hidden)]
#[macro_export]
#[cfg(target_family = "wasm")]
macro_rules! __entry_points {
    ($Plugin:ty, $before:block, $manifest:block, $schema:block) => {
        #[unsafe(no_mangle)]
        extern "C" fn allocate(size: u32) -> u32 {
            $crate::plugin::exports::allocate(size)
        }

        #[unsafe(no_mangle)]
        extern "C" fn deallocate(address: u32, _size: u32) {
            $crate::abi::release(address as usize);
        }

        #[unsafe(no_mangle)]
        extern "C" fn describe() -> u64 {
            $crate::plugin::exports::constant(DOCUMENTS.metadata)
        }

        #[unsafe(no_mangle)]
        extern "C" fn manifest() -> u64 {
            $manifest
        }

        #[unsafe(no_mangle)]
        extern "C" fn _manifest() -> u64 {
            $manifest
        }

        #[unsafe(no_mangle)]
        extern "C" fn schema() -> u64 {
            $schema
        }

        #[unsafe(no_mangle)]
        extern "C" fn _schema() -> u64 {
            $schema
        }

        #[unsafe(no_mangle)]
        extern "C" fn observe(address: u32, len: u32) -> u64 {
            $before
            $crate::plugin::exports::observe::<$Plugin>(address, len)
        }

        #[unsafe(no_mangle)]
        extern "C" fn _observe(address: u32, len: u32) -> u64 {
            $before
            $crate::plugin::exports::observe::<$Plugin>(address, len)
        }
    };
}

/// What the exports do.
#[doc(hidden)]
#[cfg(target_family = "wasm")]
pub mod exports {
    use crate::abi::{self, Packed};
    use crate::json::FromValue;
    use crate::plugin::Plugin;
    use crate::{heap, panic};

    /// A buffer for the host; past the heap's limit it reports that and traps, as Go's SDKs do.
    #[must_use]
    pub fn allocate(size: u32) -> u32 {
        match abi::reserve(size as usize) {
            Some(address) => address as u32,
            None => panic::refuse(&heap::limit_exceeded(size as usize)),
        }
    }

    /// A document that is part of the module.
    #[must_use]
    pub fn constant(document: &'static [u8]) -> u64 {
        Packed::new(document.as_ptr().addr() as u32, document.len() as u32).0
    }

    /// A document that was made just now.
    #[must_use]
    pub fn made(document: alloc::vec::Vec<u8>) -> u64 {
        let (address, len) = abi::serve(0, 0, |_| document.into());
        Packed::new(address as u32, len as u32).0
    }

    /// Runs a check for the host.
    #[must_use]
    #[inline(never)]
    pub fn observe<P: Plugin>(address: u32, len: u32) -> u64 {
        let (place, size) = (address as usize, len as usize);
        let (address, len) = abi::serve(place, size, |config| match config {
            Some(config) => super::run::<P>(config),
            None if P::Config::IGNORES => super::run::<P>(&[]),
            None => super::foreign_config(place, size),
        });
        Packed::new(address as u32, len as u32).0
    }
}
