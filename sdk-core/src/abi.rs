//! Buffers that cross the boundary: packed pointers, and the table of what the host may free.
//!
//! A buffer is a `Vec<u8>` like any other until it is lent to the host. Then the table remembers its address
//! and its true layout, and whoever gets an address from the host asks the table: what it does not know is
//! refused, so no pointer from outside is ever followed, and a free of something unknown, of something freed,
//! or with a wrong size does no harm.
//!
//! Hosts that never free leak nothing: the configuration and the result of a call are retired when the next
//! call starts, unless the host has freed them by then, or passes the same buffer again
//! (`docs/protocol.md#ownership`).

mod table;
mod utf8;

pub use utf8::{character, utf8};

use alloc::vec::Vec;
use core::cell::RefCell;
use core::mem::ManuallyDrop;

use table::{Slot, Table};

/// A pointer and a length in one number, as entry points and host functions exchange them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed(pub u64);

impl Packed {
    /// No data.
    pub const EMPTY: Self = Self(0);

    /// Packs an address and a length: address high, length low. No data is 0, whatever its address.
    #[must_use]
    pub const fn new(address: u32, len: u32) -> Self {
        if len == 0 { Self::EMPTY } else { Self((address as u64) << 32 | len as u64) }
    }

    /// The address.
    #[must_use]
    pub const fn address(self) -> u32 {
        (self.0 >> 32) as u32
    }

    /// The length in bytes.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0 as u32
    }

    /// Whether there is no data.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// What the host has of the plugin's memory.
#[derive(Debug)]
struct Lent {
    table: Table,
    /// Address of the configuration of the last call, or 0.
    config: usize,
    /// Address of the result of the last call, or 0.
    result: usize,
}

impl Lent {
    const fn new() -> Self {
        Self { table: Table::new(), config: 0, result: 0 }
    }

    /// Puts the buffer into the host's hands and returns its address, or gives it back if the table can't
    /// grow.
    fn lend(&mut self, buffer: Vec<u8>) -> Result<usize, Vec<u8>> {
        let mut buffer = ManuallyDrop::new(buffer);
        let address = buffer.as_mut_ptr().expose_provenance();
        if self.table.insert(Slot { address, len: buffer.len(), capacity: buffer.capacity() }) {
            Ok(address)
        } else {
            Err(ManuallyDrop::into_inner(buffer))
        }
    }

    /// Takes the buffer at `address` back, if there is one of at least `len` bytes.
    fn take(&mut self, address: usize, len: usize) -> Option<Vec<u8>> {
        let capacity = self.table.remove(address, len)?.capacity;
        for kept in [&mut self.config, &mut self.result] {
            if *kept == address {
                *kept = 0;
            }
        }
        let start = core::ptr::with_exposed_provenance_mut(address);
        // SAFETY: the table holds exactly the vectors that `lend` has dismantled and nobody has taken since,
        // each with its own capacity, and `len` is at most the length that the vector had then.
        Some(unsafe { Vec::from_raw_parts(start, len, capacity) })
    }
}

/// The one table. Wasm modules of this kind have one thread; natively each thread plays its own plugin.
mod state {
    use super::{Lent, RefCell};

    #[cfg(target_family = "wasm")]
    struct SingleThread(RefCell<Lent>);

    // SAFETY: a module built without atomics never runs on two threads at once.
    #[cfg(all(target_family = "wasm", not(target_feature = "atomics")))]
    unsafe impl Sync for SingleThread {}

    #[cfg(target_family = "wasm")]
    static LENT: SingleThread = SingleThread(RefCell::new(Lent::new()));

    #[cfg(not(target_family = "wasm"))]
    std::thread_local! {
        static LENT: RefCell<Lent> = const { RefCell::new(Lent::new()) };
    }

    /// Works on the table. A call from within gets `None`: nothing that works on the table calls out, so
    /// that can only be a host which does what it must not.
    pub(super) fn with<R>(work: impl FnOnce(&mut Lent) -> R) -> Option<R> {
        #[cfg(target_family = "wasm")]
        return LENT.0.try_borrow_mut().ok().map(|mut lent| work(&mut lent));
        #[cfg(not(target_family = "wasm"))]
        LENT.with(|lent| lent.try_borrow_mut().ok().map(|mut lent| work(&mut lent)))
    }
}

/// Makes a zeroed buffer that belongs to the host, and returns its address; 0 for no bytes.
///
/// `None` if the heap's limit does not allow it.
pub fn reserve(size: usize) -> Option<usize> {
    if size == 0 {
        return Some(0);
    }
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(size).ok()?;
    buffer.resize(size, 0);
    state::with(|lent| lent.lend(buffer).ok())?
}

/// Frees a buffer that belongs to the host. An address that the table does not know is ignored.
pub fn release(address: usize) {
    drop(state::with(|lent| lent.take(address, 0)));
}

/// Takes a buffer over from the host, cut to `len` bytes.
///
/// `None` if the table does not know the address, or the buffer is shorter.
#[must_use]
pub fn take(address: usize, len: usize) -> Option<Vec<u8>> {
    state::with(|lent| lent.take(address, len))?
}

/// Starts a call with the configuration at `address`: retires what the previous call left behind.
pub fn enter(address: usize) {
    let retired = state::with(|lent| {
        let config = if lent.config == address { 0 } else { lent.config };
        (lent.take(lent.result, 0), lent.take(config, 0))
    });
    drop(retired);
}

/// Ends a call: its configuration goes back to the host, which may free it or use it again.
pub fn restore_config(config: Vec<u8>) {
    let spare = state::with(|lent| match lent.lend(config) {
        Ok(address) => {
            lent.config = address;
            None
        }
        Err(config) => Some(config),
    });
    drop(spare);
}

/// Ends a call: hands its result to the host, and returns its address and length.
///
/// `None` if the table can't take it.
#[must_use]
pub fn give(result: Vec<u8>) -> Option<(usize, usize)> {
    let len = result.len();
    let address = state::with(|lent| {
        let address = lent.lend(result).ok()?;
        lent.result = address;
        Some(address)
    })??;
    Some((address, len))
}

/// Buffers that belong to the host now, for tests and for measuring.
#[must_use]
pub fn outstanding() -> usize {
    state::with(|lent| lent.table.len()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_the_address_high_and_the_length_low() {
        let packed = Packed::new(0xFFFF_FFF0, 0x0000_0010);
        assert_eq!(packed.0, 0xFFFF_FFF0_0000_0010);
        assert_eq!((packed.address(), packed.len()), (0xFFFF_FFF0, 16));
        assert_eq!(Packed::new(1234, 0), Packed::EMPTY);
    }

    #[test]
    fn ignores_frees_of_what_it_does_not_know() {
        let address = reserve(64).unwrap();
        release(0);
        release(address + 1);
        assert_eq!(outstanding(), 1);
        release(address);
        release(address);
        assert_eq!(outstanding(), 0);
        assert_eq!(reserve(0), Some(0));
        assert_eq!(outstanding(), 0);
    }

    #[test]
    fn takes_over_only_buffers_that_are_long_enough() {
        let address = reserve(8).unwrap();
        assert_eq!(take(address, 1 << 20), None);
        assert_eq!(take(address + 1, 1), None);
        assert_eq!(take(address, 5), Some(alloc::vec![0; 5]));
        assert_eq!(take(address, 5), None);
    }

    /// One call, as an entry point makes it.
    fn call(config: usize, len: usize) -> usize {
        enter(config);
        let config = take(config, len).unwrap();
        let (result, _) = give(alloc::vec![7; 100]).unwrap();
        restore_config(config);
        result
    }

    #[test]
    fn retires_config_and_result_of_the_last_call_for_hosts_that_never_free() {
        for _ in 0..100 {
            call(reserve(32).unwrap(), 32);
        }
        assert_eq!(outstanding(), 2);
        enter(0);
        assert_eq!(outstanding(), 0);
    }

    #[test]
    fn lets_hosts_free_and_reuse_their_config() {
        let config = reserve(32).unwrap();
        let first = call(config, 32);
        let second = call(config, 16);
        assert_eq!(outstanding(), 2);
        release(config);
        // A buffer that the host made later, and that may have got the config's old address, stays.
        let other = reserve(32).unwrap();
        enter(0);
        release(first);
        release(second);
        assert_eq!(outstanding(), 1);
        release(other);
        assert_eq!(outstanding(), 0);
    }
}
