//! A wasmtime host for Reglet plugins: library and measuring instrument.
//!
//! A [`Host`] holds what plugins share, a [`Plugin`] is a compiled module, and an [`Instance`] is one run of
//! it. Nothing that a plugin does panics the host, takes more than the [`Builder`]'s limits allow, reaches what it has no
//! grant for, or touches another plugin. It needs a Unix.
//!
//! ```
//! use reglet_bench_host::Host;
//! use reglet_sdk_core::grants::Grants;
//!
//! # fn run(module: &[u8]) -> Result<(), Box<dyn core::error::Error>> {
//! let host = Host::builder().memory_limit(64 << 20).build()?;
//! let plugin = host.load("tls-check", module)?.granted(Grants::default().network("example.com", "443")?);
//! let outcome = plugin.check(br#"{"hostname": "example.com"}"#)?;
//! println!("{}", outcome.json());
//! # Ok(())
//! # }
//! ```

mod about;
pub mod budgets;
mod cache;
mod cancel;
pub mod conformance;
mod denials;
mod engine;
mod error;
mod functions;
pub mod guests;
mod host;
mod imports;
mod instance;
mod limits;
mod log;
pub mod loopback;
pub mod manifest;
pub mod measure;
mod module;
mod outcome;
mod plugin;
mod replay;
pub mod report;
mod services;
mod state;
mod trace;
mod wasi;
pub mod workspace;

pub use about::{About, HOST_VERSION};
pub use cancel::Cancel;
pub use error::Error;
pub use functions::{Answer, Call, Functions};
pub use host::{Builder, Failed, Host};
pub use instance::{HeapStats, Instance, Usage};
pub use log::{Level, LogRecord, Source};
pub use manifest::Manifest;
pub use module::Generation;
pub use outcome::Outcome;
pub use plugin::Plugin;
pub use reglet_sdk_core::Status;
pub use replay::{Exchange, Recording};
pub use trace::{Crossing, Mask, Way};
