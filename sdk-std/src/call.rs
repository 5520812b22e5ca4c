//! What all wrappers of host functions do.

use core::time::Duration;

use reglet_sdk_core::{Context, Error};

/// Calls the host, unless nobody waits for the answer any more; nor is there any use in one that comes too late.
pub(crate) fn guarded<T>(context: &Context<'_>, call: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    context.check()?;
    let answer = call()?;
    context.check()?;
    Ok(answer)
}

/// A limit of time as the wire has it, where 0 would be none.
pub(crate) fn milliseconds(limit: Duration) -> u32 {
    u32::try_from(limit.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX).max(1)
}
