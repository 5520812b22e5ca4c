//! A plugin that calls the function of its host that it is told to, and answers with what came back.
#![no_std]

mod plain;

pub use plain::{Config, Functions};
use reglet_sdk_core::export_plugin;

export_plugin!(Functions);
