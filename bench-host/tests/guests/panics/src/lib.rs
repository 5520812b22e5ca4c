//! A plugin that panics as it is told to.
#![no_std]

mod plain;

pub use plain::{Config, Panics};
use reglet_sdk_core::export_plugin;

export_plugin!(Panics);
