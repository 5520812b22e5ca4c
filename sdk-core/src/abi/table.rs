//! The buffers that are lent, by address: a hash table with linear probing, so that finding one costs the
//! same however many there are.

use alloc::vec::Vec;

/// A buffer that is lent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    /// [`FREE`], [`LEFT`], or where the buffer starts.
    pub(super) address: usize,
    pub(super) len: usize,
    pub(super) capacity: usize,
}

/// Nothing has been here yet: no run of slots goes on behind it.
const FREE: usize = 0;

/// Something was here; it can't be an address, for buffers are not that low.
const LEFT: usize = 1;

#[derive(Debug)]
pub(super) struct Table {
    /// As many as a power of two, or none.
    slots: Vec<Slot>,
    /// Slots that are not free.
    used: usize,
    /// Slots that hold a buffer.
    live: usize,
}

impl Table {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), used: 0, live: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.live
    }

    /// Adds a buffer whose address is not in the table.
    pub(super) fn insert(&mut self, slot: Slot) {
        if self.used * 4 >= self.slots.len() * 3 {
            self.rehash();
        }
        self.used += 1;
        self.live += 1;
        if let Some(free) = self.find(slot.address) {
            *free = slot;
        }
    }

    /// Removes the buffer at `address`, if it has at least `len` bytes.
    pub(super) fn remove(&mut self, address: usize, len: usize) -> Option<Slot> {
        let slot = self.find(address)?;
        if address <= LEFT || slot.address != address || slot.len < len {
            return None;
        }
        let removed = *slot;
        slot.address = LEFT;
        self.live -= 1;
        if self.live == 0 {
            // Nothing is left that a run could lead to.
            self.slots.fill(Slot::default());
            self.used = 0;
        }
        Some(removed)
    }

    /// The slot of `address`, or the free one that ends its run.
    fn find(&mut self, address: usize) -> Option<&mut Slot> {
        let mask = self.slots.len().wrapping_sub(1);
        // Blocks are at least eight bytes apart.
        let mut at = (address >> 3).wrapping_mul(0x9E37_79B1) >> 7;
        loop {
            at &= mask;
            let found = self.slots.get(at)?.address;
            if found == address || found == FREE {
                return self.slots.get_mut(at);
            }
            at += 1;
        }
    }

    /// Makes room, also by forgetting where something was.
    #[cold]
    fn rehash(&mut self) {
        let len = (self.live * 4).max(8).next_power_of_two();
        let slots = alloc::vec![Slot::default(); len];
        let old = core::mem::replace(self, Self { slots, used: self.live, live: self.live });
        for slot in old.slots {
            if slot.address > LEFT
                && let Some(free) = self.find(slot.address)
            {
                *free = slot;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Slot, Table};
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
        let (mut table, mut map) = (Table::new(), BTreeMap::new());
        for number in numbers().take(if cfg!(miri) { 500 } else { 20_000 }) {
            let address = (number % 300 + 1) * 8;
            if number % 7 < 4 {
                map.entry(address).or_insert_with(|| {
                    table.insert(Slot { address, len: number, capacity: number });
                    number
                });
            } else {
                assert_eq!(table.remove(address, usize::MAX), None);
                assert_eq!(table.remove(address, 0).map(|slot| slot.len), map.remove(&address));
            }
            assert_eq!(table.len(), map.len());
            assert!(table.slots.len() <= 2048, "{} slots for {}", table.slots.len(), map.len());
        }
        for (address, len) in map {
            assert_eq!(table.remove(address, len), Some(Slot { address, len, capacity: len }));
        }
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn knows_nothing_at_first() {
        let mut table = Table::new();
        for address in [0, 1, 8, usize::MAX] {
            assert_eq!(table.remove(address, 0), None);
        }
        table.insert(Slot { address: 8, len: 1, capacity: 1 });
        for address in [0, 1, 16, usize::MAX] {
            assert_eq!(table.remove(address, 0), None);
        }
    }
}
