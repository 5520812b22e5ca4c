//! The plugin `panics` once more, on the std layer: its panics come from the hook of `std`.

#[path = "../../panics/src/plain.rs"]
#[allow(unreachable_pub, reason = "where it comes from, it is public")]
mod plain;

use plain::Panics;
use reglet_sdk_std::export_plugin;

export_plugin!(Panics);
