//! The counting global allocator: exact live, peak and count, and the 100 MB limit.
//!
//! [`Heap`] wraps any [`GlobalAlloc`]. On wasm it wraps [talc] and *is* the global allocator of every
//! plugin; natively it is a plain type that tests drive over the system allocator.
//!
//! The limit holds for everything that the plugin allocates. An allocation that would take the heap past
//! it is refused: `try_reserve` returns an error, an infallible allocation reports
//! [`LimitExceeded`] through `log_message` and traps, and so does the export `allocate`
//! (`docs/protocol.md#m3`). Where `std` is linked, which traps without a word, each refusal is logged as a warning.
//!
//! [talc]: https://docs.rs/talc

use core::alloc::{GlobalAlloc, Layout};
use core::fmt;
use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use crate::json::Writer;
use crate::text;
use crate::text::Piece;

/// Bytes that a plugin may have allocated at any time: exactly 100 MiB, which itself is still allowed.
pub const LIMIT: usize = 104_857_600;

#[cfg(target_family = "wasm")]
#[global_allocator]
#[unsafe(export_name = "reglet_heap")]
static HEAP: Heap<Talc> = Heap::new(Talc::new_wasm(talc::wasm::WasmGrowAndExtend::new()), LIMIT);

#[cfg(target_family = "wasm")]
type Talc = talc::cell::TalcSyncCell<talc::wasm::WasmGrowAndExtend, Powers>;

/// Free blocks are kept by the power of two that their size reaches. Finer steps, as talc has them for wasm by itself,
/// take 200 bytes more, and pay in programs that allocate more than a check does.
#[cfg(target_family = "wasm")]
#[derive(Debug)]
struct Powers;

#[cfg(target_family = "wasm")]
impl talc::base::binning::Binning for Powers {
    type AvailabilityBitField = usize;

    // One less than there are bits: so talc does not look whether the last is meant.
    const BIN_COUNT: u32 = usize::BITS - 1;

    fn size_to_bin(size: usize) -> u32 {
        // Blocks are multiples of 16 bytes; what is less than one has no bin.
        (usize::BITS - 5).wrapping_sub(size.leading_zeros())
    }
}

/// Numbers of the plugin's own heap.
///
/// Natively there is no such heap, and all numbers are zero.
#[must_use]
pub fn stats() -> Stats {
    #[cfg(target_family = "wasm")]
    return HEAP.stats();
    #[cfg(not(target_family = "wasm"))]
    Stats::default()
}

/// The refusal of the last allocation, if it was refused.
#[cfg(target_family = "wasm")]
pub(crate) fn last_refusal() -> Option<LimitExceeded> {
    let requested = HEAP.last_refused.load(Relaxed);
    (requested != 0).then(|| limit_exceeded(requested))
}

/// The refusal of `requested` bytes, as things stand.
#[cfg(target_family = "wasm")]
pub(crate) fn limit_exceeded(requested: usize) -> LimitExceeded {
    HEAP.limit_exceeded(requested)
}

/// Sets how many bytes the plugin may have allocated at any time, in place of [`LIMIT`], and returns what it was
/// before. What is allocated already stays, also if it is more.
///
/// Natively there is no such heap, and nothing is limited.
///
/// ```
/// use reglet_sdk_core::heap;
///
/// // This check has no business with more than a megabyte.
/// heap::set_limit(1 << 20);
/// ```
pub fn set_limit(limit: usize) -> usize {
    #[cfg(target_family = "wasm")]
    return HEAP.set_limit(limit);
    #[cfg(not(target_family = "wasm"))]
    {
        let _ = limit;
        LIMIT
    }
}

/// What an allocator has handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Bytes allocated now.
    pub live: usize,
    /// Largest value that `live` ever had.
    pub peak: usize,
    /// Allocations made so far; one that grows counts again.
    pub allocations: usize,
    /// Allocations refused, because of the limit or because memory ran out.
    pub refused: usize,
}

/// An allocator that counts what it hands out, and refuses to exceed a limit.
///
/// The counters come first and in this order, as 32-bit numbers on wasm: a host finds them at the address
/// in the exported global `reglet_heap`.
#[derive(Debug)]
#[repr(C)]
pub struct Heap<A> {
    limit: AtomicUsize,
    live: AtomicUsize,
    peak: AtomicUsize,
    allocations: AtomicUsize,
    refused: AtomicUsize,
    last_refused: AtomicUsize,
    inner: A,
}

impl<A> Heap<A> {
    /// Wraps `inner`, which may hand out up to `limit` bytes.
    pub const fn new(inner: A, limit: usize) -> Self {
        Self {
            limit: AtomicUsize::new(limit),
            live: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            allocations: AtomicUsize::new(0),
            refused: AtomicUsize::new(0),
            last_refused: AtomicUsize::new(0),
            inner,
        }
    }

    /// Sets the limit, and returns what it was before.
    pub fn set_limit(&self, limit: usize) -> usize {
        self.limit.swap(limit, Relaxed)
    }

    /// The numbers as they stand.
    pub fn stats(&self) -> Stats {
        Stats {
            live: self.live.load(Relaxed),
            peak: self.peak.load(Relaxed),
            allocations: self.allocations.load(Relaxed),
            refused: self.refused.load(Relaxed),
        }
    }

    /// The refusal of a request for `requested` more bytes, as things stand.
    pub fn limit_exceeded(&self, requested: usize) -> LimitExceeded {
        LimitExceeded { requested, current: self.live.load(Relaxed), limit: self.limit.load(Relaxed) }
    }

    /// Takes `size` bytes from what the limit leaves, if it leaves as much.
    fn admit(&self, size: usize) -> bool {
        let live = self.live.fetch_add(size, Relaxed).wrapping_add(size);
        if live > self.limit.load(Relaxed) || live < size {
            self.refuse(size);
            return false;
        }
        self.last_refused.store(0, Relaxed);
        true
    }

    /// Takes back an [`admit`](Self::admit), and remembers it as refused.
    #[cold]
    fn refuse(&self, size: usize) {
        self.live.fetch_sub(size, Relaxed);
        self.refused.fetch_add(1, Relaxed);
        self.last_refused.store(size, Relaxed);
        #[cfg(all(feature = "std", target_family = "wasm"))]
        crate::panic::warn(&self.limit_exceeded(size));
    }
}

// SAFETY: every block comes from `inner` with the caller's layout and goes back to it with the same one,
// so `inner`'s own guarantees hold; the counters never touch memory that was handed out.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Heap<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if !self.admit(layout.size()) {
            return core::ptr::null_mut();
        }
        // SAFETY: the caller's promises about `layout` are passed on.
        let block = unsafe { self.inner.alloc(layout) };
        if block.is_null() {
            self.refuse(layout.size());
        } else {
            self.allocations.fetch_add(1, Relaxed);
            self.peak.fetch_max(self.live.load(Relaxed), Relaxed);
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from `inner` with this `layout`, as the caller promises.
        unsafe { self.inner.dealloc(block, layout) };
        self.live.fetch_sub(layout.size(), Relaxed);
    }

    // `realloc` is left as it is, a new block and a copy: growing in place would cost half a kilobyte, and what
    // grows in a plugin is small.
}

/// An allocation would have taken the heap past its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded {
    /// Bytes asked for.
    pub requested: usize,
    /// Bytes allocated at that time.
    pub current: usize,
    /// Bytes that may be allocated.
    pub limit: usize,
}

/// The text that every Reglet SDK reports (`docs/protocol.md#m3`).
impl Piece for LimitExceeded {
    fn write(&self, out: &mut Writer<'_>) {
        let Self { requested, current, limit } = self;
        out.plain("abi: memory allocation limit exceeded (requested: ");
        requested.write(out);
        out.plain(" bytes, current: ");
        current.write(out);
        out.plain(" bytes, limit: ");
        limit.write(out);
        out.plain(" bytes)");
    }
}

impl fmt::Display for LimitExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&text![*self], f)
    }
}

impl core::error::Error for LimitExceeded {}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use std::alloc::System;

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 8).unwrap()
    }

    #[test]
    fn counts_what_is_handed_out_and_given_back() {
        let heap = Heap::new(System, 1200);
        // SAFETY: each block is freed once, with the layout that it has by then.
        unsafe {
            let a = heap.alloc(layout(600));
            let b = heap.alloc(layout(300));
            let b = heap.realloc(b, layout(300), 200);
            assert_eq!(heap.stats(), Stats { live: 800, peak: 1100, allocations: 3, refused: 0 });
            heap.dealloc(a, layout(600));
            heap.dealloc(b, layout(200));
        }
        assert_eq!(heap.stats().live, 0);
        assert_eq!(heap.stats().peak, 1100);
    }

    #[test]
    fn allows_exactly_the_limit_and_refuses_one_byte_more() {
        let heap = Heap::new(System, 1000);
        // SAFETY: each block that is not null is freed once, with its layout.
        unsafe {
            let all = heap.alloc(layout(1000));
            assert!(!all.is_null());
            assert!(heap.alloc(layout(1)).is_null());
            assert!(heap.realloc(all, layout(1000), 1001).is_null());
            assert_eq!(heap.stats(), Stats { live: 1000, peak: 1000, allocations: 1, refused: 2 });
            heap.dealloc(all, layout(1000));
            assert!(heap.alloc(layout(usize::MAX / 4)).is_null());
        }
        assert_eq!(heap.stats().live, 0);
    }

    #[test]
    fn a_limit_that_is_set_holds_from_then_on() {
        let heap = Heap::new(System, 1000);
        // SAFETY: each block that is not null is freed once, with its layout.
        unsafe {
            let block = heap.alloc(layout(800));
            assert_eq!(heap.set_limit(500), 1000);
            assert!(heap.alloc(layout(1)).is_null());
            heap.dealloc(block, layout(800));
            assert!(heap.alloc(layout(501)).is_null());
            let block = heap.alloc(layout(500));
            assert!(!block.is_null());
            heap.dealloc(block, layout(500));
        }
        assert_eq!(heap.set_limit(usize::MAX), 500);
    }

    #[test]
    fn says_what_was_asked_for_and_what_there_was() {
        assert_eq!(
            LimitExceeded { requested: 104_857_601, current: 16, limit: LIMIT }.to_string(),
            "abi: memory allocation limit exceeded (requested: 104857601 bytes, current: 16 bytes, \
             limit: 104857600 bytes)"
        );
    }
}
