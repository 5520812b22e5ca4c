//! A buffer of bytes that only grows: what the plugin writes for the host, and what it takes over from it.
//!
//! `Vec<u8>` would do the same, with half a kilobyte of ways to grow. A buffer may also start on the stack, so that
//! a short request or log record never asks the heap for anything.

use alloc::vec::Vec;
use core::alloc::Layout;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, MaybeUninit};
use core::ops::{Deref, DerefMut};
use core::ptr::{self, NonNull};
use core::{fmt, slice};

/// Bytes in one piece, on the heap or at first on the stack.
pub struct Buffer<'stack> {
    start: NonNull<u8>,
    /// Bytes that are written.
    len: usize,
    /// Bytes that there is room for.
    capacity: usize,
    /// Whether the bytes are on the heap, in a block of `capacity` bytes.
    owned: bool,
    stack: PhantomData<&'stack mut [MaybeUninit<u8>]>,
}

// SAFETY: the buffer owns its block, or borrows it exclusively, as a vector or a mutable slice does.
unsafe impl Send for Buffer<'_> {}
// SAFETY: what is shared is only read.
unsafe impl Sync for Buffer<'_> {}

impl<'stack> Buffer<'stack> {
    /// An empty buffer, without a block yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { start: NonNull::dangling(), len: 0, capacity: 0, owned: false, stack: PhantomData }
    }

    /// An empty buffer that moves to the heap when it outgrows this block.
    #[must_use]
    pub const fn on(stack: &'stack mut [MaybeUninit<u8>]) -> Self {
        let capacity = stack.len();
        // SAFETY: a reference is never null.
        let start = unsafe { NonNull::new_unchecked(stack.as_mut_ptr().cast()) };
        Self { start, len: 0, capacity, owned: false, stack: PhantomData }
    }

    /// An empty buffer on the heap, with room for so many bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let Ok(layout) = Layout::array::<u8>(capacity) else { unreachable!("memory is smaller") };
        if capacity == 0 {
            return Self::new();
        }
        // SAFETY: the layout is not empty.
        let Some(start) = NonNull::new(unsafe { alloc::alloc::alloc(layout) }) else {
            alloc::alloc::handle_alloc_error(layout)
        };
        Self { start, len: 0, capacity, owned: true, stack: PhantomData }
    }

    /// Where it starts.
    pub(crate) const fn start(&self) -> NonNull<u8> {
        self.start
    }

    /// Appends bytes.
    #[cfg_attr(target_feature = "simd128", inline)]
    #[cfg_attr(not(target_feature = "simd128"), inline(never))]
    pub fn append(&mut self, bytes: &[u8]) {
        self.append_all([bytes]);
    }

    /// Appends some pieces of bytes.
    #[inline(always)]
    pub(crate) fn append_all<const N: usize>(&mut self, pieces: [&[u8]; N]) {
        let len = pieces.iter().fold(self.len, |len, piece| len + piece.len());
        if len > self.capacity {
            self.grow(len);
        }
        let mut end = self.len;
        for bytes in pieces {
            // SAFETY: there is room for all pieces, and they are elsewhere, for they are borrowed.
            unsafe { copy(bytes, self.start.as_ptr().add(end)) };
            end += bytes.len();
        }
        self.len = len;
    }

    /// Forgets what stands after so many bytes.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Moves to a block that has room for at least so many bytes.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, least: usize) {
        let mut larger = Self::with_capacity(least.max(self.capacity * 2));
        larger.append(self);
        *self = larger;
    }
}

/// Copies bytes. A few are copied by instructions of their own, which is faster: for a `memory.copy` engines leave the
/// compiled code.
///
/// # Safety
///
/// There is room for as many bytes at `to`, and they are none of those in `bytes`.
#[inline(always)]
unsafe fn copy(bytes: &[u8], to: *mut u8) {
    #[cfg(target_feature = "simd128")]
    if bytes.len() <= 32 {
        // SAFETY: the caller has seen to it.
        return unsafe { copy_short(bytes, to) };
    }
    #[cfg(not(target_feature = "simd128"))]
    if bytes.len() <= 16 {
        for (at, byte) in bytes.iter().enumerate() {
            // SAFETY: there is room for it. Being volatile keeps LLVM from making a `memory.copy` of it.
            unsafe { to.add(at).write_volatile(*byte) };
        }
        return;
    }
    // SAFETY: the caller has seen to it.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), to, bytes.len()) };
}

/// Copies up to 32 bytes in at most two steps, which may overlap.
///
/// # Safety
///
/// There is room for as many bytes at `to`, and they are none of those in `bytes`.
#[cfg(any(target_feature = "simd128", test))]
#[inline]
unsafe fn copy_short(bytes: &[u8], to: *mut u8) {
    let (from, len) = (bytes.as_ptr(), bytes.len());
    macro_rules! both_ends {
        ($($size:literal)*) => {$(
            if len >= $size {
                // SAFETY: so many bytes are there, at the start and before the end.
                unsafe {
                    let end = from.add(len - $size).cast::<[u8; $size]>().read();
                    to.cast::<[u8; $size]>().write(from.cast::<[u8; $size]>().read());
                    to.add(len - $size).cast::<[u8; $size]>().write(end);
                }
                return;
            }
        )*};
    }
    both_ends!(16 8 4 2 1);
}

impl Buffer<'static> {
    /// Takes a block of the heap over.
    ///
    /// # Safety
    ///
    /// `start` is a block of exactly `capacity` bytes of the global allocator that nobody else frees, and its
    /// first `len` bytes are written.
    pub(super) const unsafe fn from_raw(start: NonNull<u8>, len: usize, capacity: usize) -> Self {
        Self { start, len, capacity, owned: true, stack: PhantomData }
    }

    /// The block on the heap, written to its end, and its size, for whoever frees it from now on. The size is 0 if
    /// there is no block.
    pub(super) fn into_block(self) -> (NonNull<u8>, usize) {
        let this = self.into_heap();
        if !this.owned {
            return (this.start, 0);
        }
        // SAFETY: this is what the block has left.
        unsafe { ptr::write_bytes(this.start.as_ptr().add(this.len), 0, this.capacity - this.len) };
        (this.start, this.capacity)
    }

    /// The same buffer, on the heap if it holds any byte. It does not free itself any more.
    fn into_heap(mut self) -> ManuallyDrop<Self> {
        if !self.owned && self.len != 0 {
            self.grow(self.len);
        }
        ManuallyDrop::new(self)
    }
}

impl Drop for Buffer<'_> {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: the block came from the global allocator with this layout, and nobody else frees it.
            unsafe {
                let layout = Layout::from_size_align_unchecked(self.capacity, 1);
                alloc::alloc::dealloc(self.start.as_ptr(), layout);
            }
        }
    }
}

impl Deref for Buffer<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: so many bytes are written.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Buffer<'_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: so many bytes are written, and the buffer is borrowed exclusively.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Default for Buffer<'_> {
    fn default() -> Self {
        Self::new()
    }
}

/// A copy on the heap.
impl Clone for Buffer<'_> {
    fn clone(&self) -> Self {
        let mut copy = Self::with_capacity(self.len);
        copy.append(self);
        copy
    }
}

impl PartialEq for Buffer<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Buffer<'_> {}

impl fmt::Debug for Buffer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// Takes the vector's block over.
impl From<Vec<u8>> for Buffer<'static> {
    fn from(bytes: Vec<u8>) -> Self {
        let mut bytes = ManuallyDrop::new(bytes);
        if bytes.capacity() == 0 {
            return Self::new();
        }
        // SAFETY: a vector is never null, and its block has this layout.
        unsafe { Self::from_raw(NonNull::new_unchecked(bytes.as_mut_ptr()), bytes.len(), bytes.capacity()) }
    }
}

/// Takes the buffer's block over.
impl From<Buffer<'static>> for Vec<u8> {
    fn from(buffer: Buffer<'static>) -> Self {
        let Buffer { start, len, capacity, owned, .. } = *buffer.into_heap();
        // SAFETY: without a capacity nothing is freed, and no byte is there; else the block has this layout.
        unsafe { Self::from_raw_parts(start.as_ptr(), len, if owned { capacity } else { 0 }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_keeps_what_it_has() {
        let mut buffer = Buffer::new();
        let mut expected = Vec::new();
        for piece in [b"".as_slice(), b"a", b"bcd", &[7; 100], b"", b"end"] {
            buffer.append(piece);
            expected.extend_from_slice(piece);
            assert_eq!(*buffer, expected);
        }
        assert_eq!(Vec::from(buffer.clone()), expected);
        assert_eq!(*Buffer::from(Vec::from(buffer)), expected);
    }

    #[test]
    fn short_copies_write_what_they_are_given_and_nothing_else() {
        for len in 0..=32 {
            let bytes: Vec<u8> = (1..).take(len).collect();
            let mut block = [0; 34];
            // SAFETY: there is room for so many bytes after the first, and `bytes` are elsewhere.
            unsafe { copy_short(&bytes, block.as_mut_ptr().add(1)) };
            assert_eq!(block[1..=len], bytes);
            assert!(block[0] == 0 && block[len + 1..].iter().all(|byte| *byte == 0), "{len}");
        }
    }

    #[test]
    fn moves_from_the_stack_to_the_heap() {
        let mut stack = [MaybeUninit::uninit(); 8];
        let mut buffer = Buffer::on(&mut stack);
        buffer.append(b"12345678");
        assert!(!buffer.owned);
        buffer.append(b"9");
        assert!(buffer.owned);
        assert_eq!(*buffer, *b"123456789");
    }

    #[test]
    fn gives_away_only_what_is_on_the_heap() {
        assert_eq!(Vec::from(Buffer::new()), []);
        static STACK: std::sync::Mutex<[MaybeUninit<u8>; 8]> =
            std::sync::Mutex::new([MaybeUninit::uninit(); 8]);
        let mut lock = STACK.lock().unwrap();
        let stack = &raw mut *lock;
        // SAFETY: the lock is held to the end of the test, and the block is static.
        let mut buffer = Buffer::on(unsafe { &mut *stack });
        buffer.append(b"abc");
        assert_eq!(Vec::from(buffer), b"abc");
    }
}
