//! What can go wrong with a plugin, each with the plugin, the export and the cause.

use core::time::Duration;

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::json::Writer;

use crate::module::INITIALIZE;
use crate::outcome::{self, Outcome};

/// What [`Error`] names as the export while a module is instantiated: its data are placed, and its start
/// section runs.
pub(crate) const INSTANTIATION: &str = "instantiation";

/// A plugin that can't be loaded or run, or a host that can't be built.
///
/// No text of an error holds control characters, whatever the plugin put into it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The host can't be set up.
    #[error("the host cannot be set up: {reason}")]
    Setup {
        /// Why not.
        reason: String,
    },
    /// The module has more bytes than the limit for modules.
    #[error("plugin `{plugin}`: the module has {size} bytes, more than the limit of {limit} bytes")]
    TooLarge {
        /// Name of the plugin.
        plugin: String,
        /// Bytes of the module.
        size: usize,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// The module is not a plugin that this host can load.
    #[error("plugin `{plugin}` cannot be loaded: {reason}")]
    Refused {
        /// Name of the plugin.
        plugin: String,
        /// Why not, with the name of the import or export.
        reason: String,
    },
    /// No instance can be made, because the host has no room for more.
    #[error("plugin `{plugin}` cannot be instantiated: {reason}")]
    NoRoom {
        /// Name of the plugin.
        plugin: String,
        /// What there is not enough of.
        reason: String,
    },
    /// The plugin trapped, which is what a panic does.
    #[error("plugin `{plugin}`: {export}: {reason}")]
    Trap {
        /// Name of the plugin.
        plugin: String,
        /// The export that was called.
        export: &'static str,
        /// The message of the panic or of the allocation that was refused, if the plugin reported one, and the reason
        /// for the trap.
        reason: String,
        /// The functions that were active, the innermost first, a line each: with names, files and lines if the
        /// module has debug information.
        backtrace: String,
    },
    /// The plugin trapped after it had been refused memory.
    #[error("plugin `{plugin}`: {export}: it ran into the memory limit of {limit} bytes: {reason}")]
    OutOfMemory {
        /// Name of the plugin.
        plugin: String,
        /// The export that was called.
        export: &'static str,
        /// Bytes that are allowed.
        limit: usize,
        /// What it made of the refusal.
        reason: String,
    },
    /// The call took too long.
    #[error("plugin `{plugin}`: {export}: it ran into the time limit of {}", seconds(limit))]
    OutOfTime {
        /// Name of the plugin.
        plugin: String,
        /// The export that was called.
        export: &'static str,
        /// Time that is allowed.
        limit: Duration,
    },
    /// The embedder cancelled the call.
    #[error("plugin `{plugin}`: {export}: it was cancelled")]
    Cancelled {
        /// Name of the plugin.
        plugin: String,
        /// The export that was called.
        export: &'static str,
    },
    /// What an export returned breaks the protocol.
    #[error("plugin `{plugin}`: {export}: {reason}")]
    Protocol {
        /// Name of the plugin.
        plugin: String,
        /// The export that was called.
        export: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The plugin has no such export.
    #[error("plugin `{plugin}` does not export {export}")]
    NoExport {
        /// Name of the plugin.
        plugin: String,
        /// The export that was asked for.
        export: &'static str,
    },
    /// The plugin reported an error where its metadata should be.
    #[error("plugin `{plugin}`: {export} reported an error: {reason}")]
    Reported {
        /// Name of the plugin.
        plugin: String,
        /// The export that was called.
        export: &'static str,
        /// The error, as text.
        reason: String,
    },
    /// The instance has trapped in an earlier call.
    #[error("plugin `{plugin}`: {export}: the instance is spent, it trapped in an earlier call")]
    Spent {
        /// Name of the plugin.
        plugin: String,
        /// The export that was to be called.
        export: &'static str,
    },
}

impl Error {
    /// Whether the plugin did not get as far as a call: loading or starting it failed.
    #[must_use]
    pub fn is_load(&self) -> bool {
        match self {
            Self::Setup { .. } | Self::TooLarge { .. } | Self::Refused { .. } | Self::NoRoom { .. } => true,
            Self::Trap { export, .. } | Self::OutOfMemory { export, .. } | Self::OutOfTime { export, .. } => {
                [INSTANTIATION, INITIALIZE].contains(export)
            }
            _ => false,
        }
    }

    /// The error as the outcome of a check: status `error`, with the type `panic`, `timeout` or `internal`.
    #[must_use]
    pub fn to_outcome(&self) -> Outcome {
        let kind = match self {
            Self::Trap { .. } | Self::OutOfMemory { .. } => Kind::Panic,
            Self::OutOfTime { .. } => Kind::Timeout,
            _ => Kind::Internal,
        };
        let message = self.to_string();
        let mut out = Writer::new();
        out.begin_object();
        out.member("timestamp", outcome::now().rfc3339().as_str());
        let mut error = reglet_sdk_core::Error::new(kind, message.clone());
        if let Self::Trap { backtrace, .. } = self {
            error = error.with_stack(backtrace.as_bytes());
        }
        out.member("error", error);
        out.member("status", "error");
        out.member("message", message.as_str());
        out.end_object();
        Outcome::of_host(out.into_bytes())
    }
}

/// What a cancelled call ends with.
#[derive(Debug, thiserror::Error)]
#[error("cancelled")]
pub(crate) struct Cancelled;

/// What the call of a plugin ends with that exits.
#[derive(Debug, thiserror::Error)]
#[error("it exited with code {0}")]
pub(crate) struct Exited(pub(crate) u32);

/// A time limit in words.
fn seconds(limit: &Duration) -> String {
    if limit.subsec_nanos() == 0 {
        format!("{} s", limit.as_secs())
    } else {
        format!("{} ms", limit.as_millis())
    }
}
