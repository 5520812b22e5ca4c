//! The buffers that are lent, by address: a hash table with linear probing, so that finding one costs the
//! same however many there are.
//!
//! It is made of cells, and asks the heap for memory only while it is whole. So whoever the heap calls when there is
//! none may use the table as it stands.

use alloc::alloc::{alloc_zeroed, dealloc, handle_alloc_error};
use core::alloc::Layout;
use core::cell::Cell;

/// A buffer that is lent, or none, if it has no address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    address: usize,
    /// Its size, and whether it is pinned.
    size: usize,
}

/// The bit of a size that says that the buffer is pinned. Nothing is as large.
const PINNED: usize = 1 << (usize::BITS - 1);

const EMPTY: Slot = Slot { address: 0, size: 0 };

/// How many slots a table starts with. A plugin has one table, and slots for what a check has lent at a time, with the
/// buffers of a host that frees none: so its first buffer may be as large as the heap's limit. Elsewhere there are many
/// tables, and they share a slot that is never written to, for half of all slots stay empty.
const FIRST: usize = if cfg!(target_family = "wasm") { 8 } else { 1 };

struct First([Cell<Slot>; FIRST]);

#[cfg(not(all(target_family = "wasm", target_feature = "atomics")))]
// SAFETY: a module built without atomics never runs on two threads at once, and elsewhere nobody writes to it.
unsafe impl Sync for First {}

static SLOTS: First = First([const { Cell::new(EMPTY) }; FIRST]);

#[derive(Debug)]
pub(super) struct Table {
    /// As many as `count`, of which at least half are empty.
    slots: Cell<*const Cell<Slot>>,
    /// A power of two.
    count: Cell<usize>,
    /// Slots that hold a buffer.
    live: Cell<usize>,
}

impl Table {
    pub(super) const fn new() -> Self {
        Self { slots: Cell::new(SLOTS.0.as_ptr()), count: Cell::new(FIRST), live: Cell::new(0) }
    }

    pub(super) const fn len(&self) -> usize {
        self.live.get()
    }

    /// Makes room for one more buffer.
    pub(super) fn make_room(&self) {
        if (self.live.get() + 1) * 2 > self.count.get() {
            self.grow();
        }
    }

    /// Adds a buffer whose address is not in the table.
    #[inline(never)]
    pub(super) fn insert(&self, address: usize, size: usize) {
        self.make_room();
        self.live.set(self.live.get() + 1);
        self.put(Slot { address, size });
    }

    /// Removes the buffer at `address` and returns its size, if it has at least `least` bytes and is not pinned; else
    /// 0.
    #[inline(never)]
    pub(super) fn remove(&self, address: usize, least: usize) -> usize {
        let mut at = self.find(address);
        let size = self.get(at).size;
        if size < least || size & PINNED != 0 || size == 0 {
            return 0;
        }
        self.live.set(self.live.get() - 1);
        // What had to go past the gap would not be found behind it: it is put again, up to the next gap.
        loop {
            let slot = self.get(at);
            if slot.address == 0 {
                return size;
            }
            self.set(at, EMPTY);
            if slot.address != address {
                self.put(slot);
            }
            at += 1;
        }
    }

    /// Pins the buffer at `address`, so that it can't be removed, if it has at least `least` bytes and is not pinned.
    /// Returns whether it did.
    pub(super) fn pin(&self, address: usize, least: usize) -> bool {
        let at = self.find(address);
        let Slot { address, size } = self.get(at);
        let free = address != 0 && size >= least && size & PINNED == 0;
        if free {
            self.set(at, Slot { address, size: size | PINNED });
        }
        free
    }

    /// Ends what [`pin`](Self::pin) began.
    pub(super) fn unpin(&self, address: usize) {
        let at = self.find(address);
        let Slot { address, size } = self.get(at);
        self.set(at, Slot { address, size: size & !PINNED });
    }

    #[cold]
    #[inline(never)]
    fn grow(&self) {
        let (old, count) = (self.slots.get(), self.count.get());
        let slots = allocate(count * 4);
        self.slots.set(slots);
        self.count.set(count * 4);
        for at in 0..count {
            // SAFETY: the table had so many slots there.
            let slot = unsafe { (*old.add(at)).get() };
            if slot.address != 0 {
                self.put(slot);
            }
        }
        free(old, count);
    }

    /// Puts a buffer where it will be found. There is an empty slot for it.
    fn put(&self, slot: Slot) {
        self.set(self.find(slot.address), slot);
    }

    /// Which slot has the buffer at `address`, or is the empty one that ends the search.
    #[inline(never)]
    fn find(&self, address: usize) -> usize {
        // Blocks are at least eight bytes apart.
        let mut at = (address >> 3).wrapping_mul(0x9E37_79B1) >> 7;
        loop {
            let slot = self.get(at);
            if slot.address == address || slot.address == 0 {
                return at;
            }
            at += 1;
        }
    }

    /// The slot at a place, which counts round and round.
    fn get(&self, at: usize) -> Slot {
        // SAFETY: there are `count` slots, all of them written.
        unsafe { (*self.slots.get().add(at & (self.count.get() - 1))).get() }
    }

    fn set(&self, at: usize, slot: Slot) {
        debug_assert!(self.count.get() > 1, "a single slot is for all tables");
        // SAFETY: as above.
        unsafe { (*self.slots.get().add(at & (self.count.get() - 1))).set(slot) }
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        free(self.slots.get(), self.count.get());
    }
}

/// So many empty slots, which are more than a table starts with.
fn allocate(count: usize) -> *const Cell<Slot> {
    let Ok(layout) = Layout::array::<Slot>(count) else { handle_alloc_error(Layout::new::<Slot>()) };
    // SAFETY: the layout is not empty.
    let slots = unsafe { alloc_zeroed(layout) };
    if slots.is_null() {
        handle_alloc_error(layout);
    }
    slots.cast()
}

/// Frees what [`allocate`] has made, and nothing points to any more. What a table starts with stays.
fn free(slots: *const Cell<Slot>, count: usize) {
    if count > FIRST {
        // SAFETY: `allocate` has made this layout.
        let layout = unsafe { Layout::array::<Slot>(count).unwrap_unchecked() };
        // SAFETY: and this block of it, which the table has given up.
        unsafe { dealloc(slots.cast_mut().cast(), layout) };
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use std::collections::BTreeMap;

    /// A fixed sequence of pseudo-random numbers.
    fn numbers() -> impl Iterator<Item = usize> {
        let mut state = 0x2545_F491_u32;
        core::iter::repeat_with(move || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as usize
        })
    }

    #[test]
    fn does_what_a_map_does() {
        let (table, mut map) = (Table::new(), BTreeMap::new());
        for number in numbers().take(if cfg!(miri) { 500 } else { 20_000 }) {
            let address = (number % 300 + 1) * 8;
            let size = number % 1000 + 1;
            match number % 8 {
                0..4 => {
                    map.entry(address).or_insert_with(|| {
                        table.insert(address, size);
                        size
                    });
                }
                4 => {
                    assert_eq!(table.pin(address, 0), map.contains_key(&address));
                    if map.contains_key(&address) {
                        assert!(!table.pin(address, 0));
                        assert_eq!(table.remove(address, 0), 0);
                        table.unpin(address);
                    }
                }
                _ => {
                    assert_eq!(table.remove(address, 1001), 0);
                    assert_eq!(table.remove(address, 0), map.remove(&address).unwrap_or(0));
                }
            }
            assert_eq!(table.len(), map.len());
            assert!(table.count.get() <= 4096, "{} slots for {}", table.count.get(), map.len());
        }
        for (address, size) in map {
            assert_eq!(table.remove(address, size), size);
        }
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn knows_nothing_at_first() {
        let table = Table::new();
        for address in [0, 1, 8, usize::MAX] {
            assert_eq!(table.remove(address, 0), 0);
            assert!(!table.pin(address, 0));
        }
        table.insert(8, 1);
        for address in [0, 1, 16, usize::MAX] {
            assert_eq!(table.remove(address, 0), 0);
        }
    }
}
