#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", not(target_family = "wasm")))]
extern crate std;

pub mod abi;
pub mod base64;
pub mod config;
pub mod context;
mod duration;
pub mod error;
pub mod grants;
pub mod heap;
pub mod host;
pub mod json;
pub mod log;
pub mod metadata;
#[cfg(not(target_family = "wasm"))]
pub mod mock;
pub mod outcome;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod panic;
pub mod plugin;
mod stack;
pub mod text;
pub mod time;
pub mod wire;

pub use context::Context;
pub use error::Error;
pub use metadata::{Capability, Metadata};
pub use outcome::{Outcome, Status};
pub use plugin::Plugin;
pub use time::Timestamp;
pub use wire::{dns, exec, http, smtp, ssrf, tcp};

/// What nearly every plugin uses, with what `std` would have brought along: lists, strings and boxes.
pub mod prelude {
    pub use crate::json::Str;
    pub use crate::metadata::Example;
    pub use crate::{Capability, Context, Error, Metadata, Outcome, Plugin, Timestamp};
    pub use crate::{config, dns, exec, export_plugin, http, log, services, smtp, tcp, text};
    pub use alloc::borrow::{Cow, ToOwned};
    pub use alloc::boxed::Box;
    pub use alloc::string::{String, ToString};
    pub use alloc::vec::Vec;
    pub use alloc::{format, vec};
}
