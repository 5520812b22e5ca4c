//! Denials, of which a plugin may say nothing to whoever runs it.

use core::sync::atomic::{AtomicU32, Ordering};

use crate::host::Shared;

/// Denials of an instance that the log tells of; a plugin could go on without end.
const MAX: u32 = 16;

/// How many there were in an instance.
#[derive(Debug, Default)]
pub(crate) struct Denials(AtomicU32);

impl Denials {
    /// Tells the embedder of one more.
    pub(crate) fn tell(&self, host: &Shared, plugin: &str, message: String) {
        if self.0.fetch_add(1, Ordering::Relaxed) < MAX {
            host.warn(plugin, message);
        }
    }
}
