//! What a plugin may take: sizes, time, and memory as it grows.

use core::time::Duration;

use wasmtime::ResourceLimiter;

/// Elements that a table may have. Go's plugins have some 15,000.
pub(crate) const MAX_TABLE: usize = 100_000;

/// Functions that a module may define. Empty ones cost the compiler some 5 KB each.
pub(crate) const MAX_FUNCTIONS: u32 = 100_000;

/// Imports that a module may have. Go's plugins have some 40.
pub(crate) const MAX_IMPORTS: u32 = 1_000;

/// Limits that the embedder sets; in bytes, but for the time.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    pub(crate) memory: usize,
    pub(crate) call_timeout: Duration,
    pub(crate) compile_time: Duration,
    pub(crate) instances: u32,
    pub(crate) log_records: u64,
    pub(crate) log_bytes: usize,
    pub(crate) module: usize,
    pub(crate) answer: usize,
    pub(crate) request: usize,
    pub(crate) outcome: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory: 256 << 20,
            call_timeout: Duration::from_secs(30),
            compile_time: Duration::from_secs(60),
            instances: 256,
            log_records: 10_000,
            log_bytes: 4 << 20,
            module: 64 << 20,
            answer: 32 << 20,
            request: 16 << 20,
            outcome: 16 << 20,
        }
    }
}

/// Holds the memory and the tables of one instance to their limits, and remembers that it had to.
#[derive(Debug)]
pub(crate) struct Growth {
    limit: usize,
    /// Whether memory was refused since the call began.
    pub(crate) refused: bool,
    table_refused: bool,
}

impl Growth {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, refused: false, table_refused: false }
    }

    /// Forgets what was refused in the last call.
    pub(crate) fn begin(&mut self) {
        (self.refused, self.table_refused) = (false, false);
    }

    /// The reason, with the limit of tables if that was run into.
    pub(crate) fn explain(&self, reason: String) -> String {
        if self.table_refused {
            format!("{reason}; it ran into the limit of {MAX_TABLE} elements of a table")
        } else {
            reason
        }
    }
}

impl ResourceLimiter for Growth {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= self.limit;
        self.refused |= !allowed;
        Ok(allowed)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let allowed = desired <= MAX_TABLE;
        self.table_refused |= !allowed;
        Ok(allowed)
    }
}
