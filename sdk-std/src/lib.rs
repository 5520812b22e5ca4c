#![doc = include_str!("../README.md")]

mod call;
pub mod config;
pub mod error;
pub mod exec;
pub mod log;
pub mod net;
pub mod plugin;
mod retry;
pub mod schema;
mod start;
#[cfg(feature = "tracing")]
mod tracing;

pub use net::{dns, http, smtp, tcp};
pub use reglet_sdk_core::*;
#[doc(hidden)]
pub use start::start;

/// What nearly every plugin uses. Beside the crate `log`, see [its name here](mod@crate::log#beside-the-crate-log).
pub mod prelude {
    pub use crate::error::During;
    pub use crate::exec::Command;
    pub use crate::json::Str;
    pub use crate::metadata::Example;
    pub use crate::{Capability, Context, Error, Metadata, Outcome, Plugin, Timestamp};
    pub use crate::{config, dns, exec, export_plugin, http, log, serde_config, services, smtp, tcp, text};
    pub use alloc::borrow::Cow;
    pub use core::time::Duration;
}

extern crate alloc;

/// The examples of the page for those who come from Go, which use all features.
#[cfg(all(doctest, feature = "garde", feature = "schemars"))]
#[doc = include_str!("../../docs/from-go.md")]
mod from_go {}

/// Makes a crate a plugin: gives it all the exports that hosts look for.
///
/// Natively it adds nothing, so that `cargo test` works in the plugin's crate.
///
/// With the feature `schemars`, `export_plugin!(Plugin, schema: runtime)` has the plugin make its schema whenever it is
/// asked for it, from a configuration that implements `JsonSchema`. That takes about 63 KB, and a schema in a file
/// takes none of it: see [`schema`](crate::schema).
#[macro_export]
macro_rules! export_plugin {
    ($Plugin:ty) => {
        $crate::__export_entry_points!($Plugin, { $crate::start() });
    };
    ($Plugin:ty, schema: runtime) => {
        $crate::__export_entry_points!(
            $Plugin,
            { $crate::start() },
            manifest: {
                $crate::start();
                $crate::plugin::exports::made($crate::schema::in_manifest::<$Plugin>(&DOCUMENTS))
            },
            schema: {
                $crate::start();
                $crate::plugin::exports::made($crate::schema::made::<$Plugin>())
            }
        );
    };
}
