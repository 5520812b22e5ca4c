//! How much is left of the stack: at its end a plugin traps.

/// Bytes for what is done before the next level, and for the error.
#[cfg(target_family = "wasm")]
const RESERVE: usize = 4096;

/// Whether a type that contains itself must not go deeper. How much stack each of its levels takes is the author's
/// doing, so no number of levels could be right.
#[cfg(target_family = "wasm")]
#[inline(never)]
pub(crate) fn is_short() -> bool {
    let here = 0_u8;
    // Linked as Rust does by default, the stack ends at address 0. Linked otherwise, this is never so.
    core::ptr::from_ref(core::hint::black_box(&here)).addr() < RESERVE
}

/// Natively there is plenty.
#[cfg(not(target_family = "wasm"))]
pub(crate) const fn is_short() -> bool {
    false
}
