//! Log records, handed to the host: the core's macros, and the facades of the crates `log` and `tracing`.
//!
//! The macros `debug!` to `error!` of this module are there always, and cost the least. Libraries, and authors who
//! prefer them, log through the facades, each of which is a feature. What logging takes, in bytes of an optimised
//! plugin that logs nothing else:
//!
//! | feature | what it brings | unknown-unknown | wasip1 |
//! |---|---|---|---|
//! | | one record of the core's macros, with two attributes | 620 | 620 |
//! | `log` | one record of the crate `log`, with a value in its message | 2,020 | 2,040 |
//! | `log-kv` | the same with two key-values; 17 KB of it print floats, be there any or not | 25,840 | 24,160 |
//! | `tracing` | one event of the crate `tracing` with two fields, in a span with one | 15,070 | 13,880 |
//!
//! They are installed before a plugin's first check, also natively; tests that run none call `log::install`. One [level](set_level) holds for all
//! of them. No record of a facade names the call that it belongs to; with `context:` those of the macros do.
//!
//! # How records look
//!
//! - Levels are those of Go: `TRACE` is `DEBUG-4`.
//! - A record has its `target` as an attribute, and if `log::show_location` asks for them also `file` and `line`.
//! - Key-values and fields keep their types: `string`, `int64`, `uint64`, `bool`, `float64`. What can only be shown is
//!   `any`, or `error` if its key is `err` or `error`: `::log::warn!(error:% = error; "no answer")`,
//!   `tracing::warn!(%error, "no answer")`.
//! - An event also has the fields of the spans that it is in, under their own names; of those with the same name, the
//!   innermost counts. The names of these spans are the attribute `spans`, from the outermost on: `check:connect`.
//! - Of at most 64 spans that are open at once, fields are kept.
//! - The [bounds](reglet_sdk_core::log#bounds) are those of all records.
//!
//! # Beside the crate `log`
//!
//! The prelude has this module, under the name that the crate `log` has. A file that uses both says which one it means
//! by that name, for the compiler finds `log::info!` ambiguous otherwise: `use ::log;` is the crate, `use
//! reglet_sdk_std::log;` this module. The other one is there by its whole path.
//!
#![cfg_attr(feature = "log", doc = "```")]
#![cfg_attr(not(feature = "log"), doc = "```ignore")]
//! use ::log;
//! use reglet_sdk_std::prelude::*;
//!
//! reglet_sdk_std::log::set_level(reglet_sdk_std::log::Level::Debug);
//! log::debug!("the crate's, with {}", "arguments of format!");
//! reglet_sdk_std::log::debug!("the module's", with = "attributes");
//! ```
//!
//! # Others
//!
//! `tracing` with its feature `std` takes 10 KB more. An application's own subscriber or logger, if it is set first,
//! stays.

#[cfg(feature = "log")]
mod facade;
#[cfg(feature = "log-kv")]
mod kv;
#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) mod record;

pub use reglet_sdk_core::log::*;

#[cfg(any(feature = "log", feature = "tracing"))]
pub use record::show_location;

/// Makes the host's log that of the facades which are features of this crate. A facade that has a logger or a
/// subscriber already keeps that.
///
/// A plugin need not call it: it happens before its first check, and in tests in
/// [`plugin::observe`](crate::plugin::observe). Tests of single functions call it as often as they like.
///
/// ```
/// use reglet_sdk_std::log;
/// use reglet_sdk_std::mock::Mock;
///
/// log::install();
/// let ((), calls) = Mock::new().run(|| tracing::info!("checked"));
/// assert!(calls.logs[0].contains(r#""level":"INFO","message":"checked""#));
/// ```
#[cfg(any(feature = "log", feature = "tracing"))]
pub fn install() {
    #[cfg(feature = "log")]
    facade::install();
    #[cfg(feature = "tracing")]
    crate::tracing::install();
}

/// Sets the lowest level that is sent, for the macros and all facades; at first `Info`.
///
/// ```
/// use reglet_sdk_std::log::{self, Level};
///
/// log::set_level(Level::Warn);
/// assert!(!log::enabled(Level::Info) && log::enabled(Level::Error));
/// ```
pub fn set_level(level: Level) {
    reglet_sdk_core::log::set_level(level);
    #[cfg(feature = "log")]
    facade::follow();
    #[cfg(feature = "tracing")]
    tracing_core::callsite::rebuild_interest_cache();
}
