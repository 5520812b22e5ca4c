//! Buffers that cross the boundary: packed pointers, and the table of what the host may free.
//!
//! A [`Buffer`] is the plugin's own until it is lent to the host. Then the table remembers its address
//! and its true layout, and whoever gets an address from the host asks the table: what it does not know is
//! refused, so no pointer from outside is ever followed, and a free of something unknown, of something freed,
//! or with a wrong size does no harm.
//!
//! Hosts that never free leak nothing: the configuration and the result of a call are retired when the next
//! call starts, unless the host has freed them by then, or passes the same buffer again
//! (`docs/protocol.md#ownership`).

mod buffer;
mod table;
mod utf8;

pub use buffer::Buffer;
pub(crate) use utf8::{into_string, verbatim};
pub use utf8::{utf8, utf8_len};

use core::alloc::Layout;
use core::cell::Cell;
use core::ptr::{self, NonNull};
use core::slice;

use table::Table;

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
    config: Cell<usize>,
    /// Address of the result of the last call, or 0.
    result: Cell<usize>,
}

impl Lent {
    const fn new() -> Self {
        Self { table: Table::new(), config: Cell::new(0), result: Cell::new(0) }
    }
}

#[cfg(target_family = "wasm")]
mod state {
    use super::Lent;

    struct SingleThread(Lent);

    #[cfg(not(target_feature = "atomics"))]
    // SAFETY: a module built without atomics never runs on two threads at once.
    unsafe impl Sync for SingleThread {}

    static LENT: SingleThread = SingleThread(Lent::new());

    pub(super) fn with<R>(work: impl FnOnce(&Lent) -> R) -> R {
        work(&LENT.0)
    }
}

/// Natively each thread plays its own plugin.
#[cfg(not(target_family = "wasm"))]
mod state {
    use super::Lent;

    std::thread_local! {
        static LENT: Lent = const { Lent::new() };
    }

    pub(super) fn with<R>(work: impl FnOnce(&Lent) -> R) -> R {
        LENT.with(work)
    }
}

/// Puts the buffer into the host's hands and returns its address; 0 for one without a block.
fn lend(buffer: Buffer<'static>) -> usize {
    let (start, capacity) = buffer.into_block();
    if capacity == 0 {
        return 0;
    }
    let address = start.as_ptr().expose_provenance();
    state::with(|lent| lent.table.insert(address, capacity));
    address
}

/// Makes a zeroed buffer that belongs to the host, and returns its address; 0 for no bytes.
///
/// `None` if the heap's limit does not allow it.
pub fn reserve(size: usize) -> Option<usize> {
    if size == 0 {
        return Some(0);
    }
    let layout = Layout::array::<u8>(size).ok()?;
    // First of all: a block that can't be lent would be lost.
    state::with(|lent| lent.table.make_room());
    // SAFETY: the layout is not empty.
    let start = NonNull::new(unsafe { alloc::alloc::alloc_zeroed(layout) })?;
    // SAFETY: the block was allocated just now, with this layout, and is all zeros.
    Some(lend(unsafe { Buffer::from_raw(start, size, size) }))
}

/// Frees a buffer that belongs to the host. An address that the table does not know is ignored.
pub fn release(address: usize) {
    drop(take(address, 0));
}

/// Takes a buffer over from the host, cut to `len` bytes.
///
/// `None` if the table does not know the address, or the buffer is shorter.
#[must_use]
pub fn take(address: usize, len: usize) -> Option<Buffer<'static>> {
    state::with(|lent| {
        let size = lent.table.remove(address, len);
        for last in [&lent.config, &lent.result] {
            if size != 0 && last.get() == address {
                last.set(0);
            }
        }
        // SAFETY: a buffer that was in the table has a block of this size, which is written to its end and which
        // nobody else has any more.
        (size != 0).then(|| unsafe { Buffer::from_raw(block(address), len, size) })
    })
}

/// A block that is or was in the table.
fn block(address: usize) -> NonNull<u8> {
    NonNull::new(ptr::with_exposed_provenance_mut(address)).unwrap_or(NonNull::dangling())
}

/// Serves a call: retires what the last one left behind, keeps the configuration from being freed while `run` works
/// on it, and hands over the result. Returns the result's address and length.
///
/// `run` gets `None` for a configuration that is not in a buffer of the host's. Afterwards the host may free
/// the configuration or pass it again.
#[must_use]
pub fn serve(
    address: usize,
    len: usize,
    run: impl FnOnce(Option<&[u8]>) -> Buffer<'static>,
) -> (usize, usize) {
    state::with(|lent| {
        release(lent.result.get());
        if lent.config.get() != address {
            release(lent.config.get());
        }
        let known = lent.table.pin(address, len);
        let result = if known {
            // SAFETY: the buffer has at least so many bytes, all of them written, and is not freed while it is pinned.
            let result = run(Some(unsafe { slice::from_raw_parts(block(address).as_ptr(), len) }));
            lent.table.unpin(address);
            let other = lent.config.replace(address);
            if other != address {
                // A call within this one has left it.
                release(other);
            }
            result
        } else {
            run((len == 0).then_some(&[]))
        };
        let len = result.len();
        release(lent.result.get());
        let address = lend(result);
        lent.result.set(address);
        (address, len)
    })
}

/// Buffers that belong to the host now, for tests and for measuring.
#[must_use]
pub fn outstanding() -> usize {
    state::with(|lent| lent.table.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

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
        assert_eq!(take(address, 5), Some(Buffer::from(alloc::vec![0; 5])));
        assert_eq!(take(address, 5), None);
    }

    /// One call, as an entry point makes it.
    fn call(config: usize, len: usize) -> usize {
        let (result, result_len) = serve(config, len, |config| {
            assert_eq!(config.map(<[u8]>::len), Some(len));
            alloc::vec![7; 100].into()
        });
        assert_eq!(result_len, 100);
        result
    }

    #[test]
    fn retires_config_and_result_of_the_last_call_for_hosts_that_never_free() {
        for _ in 0..100 {
            call(reserve(32).unwrap(), 32);
        }
        assert_eq!(outstanding(), 2);
        let result = call(0, 0);
        assert_eq!(outstanding(), 1);
        release(result);
        for _ in 0..10 {
            call(reserve(32).unwrap(), 0);
        }
        assert_eq!(outstanding(), 2);
        release(call(0, 0));
        assert_eq!(outstanding(), 0);
    }

    #[test]
    fn keeps_the_config_while_the_host_frees_it() {
        let config = reserve(4).unwrap();
        let (result, _) = serve(config, 4, |bytes| {
            release(config);
            Vec::from(bytes.unwrap()).into()
        });
        release(config);
        release(result);
        assert_eq!(outstanding(), 0);
    }

    #[test]
    fn refuses_a_config_that_it_has_not_handed_out() {
        let config = reserve(4).unwrap();
        for (address, len) in [(config + 1, 1), (config, 5), (0, 5), (usize::MAX, 1)] {
            let (result, _) = serve(address, len, |config| {
                assert_eq!(config, None);
                alloc::vec![0].into()
            });
            release(result);
        }
        release(config);
        assert_eq!(outstanding(), 0);
    }

    #[test]
    fn retires_a_config_that_it_has_refused_the_second_time() {
        let config = reserve(4).unwrap();
        call(config, 4);
        let (result, _) = serve(config, 5, |config| {
            assert_eq!(config, None);
            alloc::vec![0].into()
        });
        release(result);
        assert_eq!(outstanding(), 1);
        release(call(0, 0));
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
        let third = call(0, 0);
        for address in [first, second, third] {
            release(address);
        }
        assert_eq!(outstanding(), 1);
        release(other);
        assert_eq!(outstanding(), 0);
    }
}
