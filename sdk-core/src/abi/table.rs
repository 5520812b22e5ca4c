//! The buffers that are lent, by address: a hash table with linear probing, so that finding one costs the
//! same however many there are.

use alloc::vec::Vec;

/// A buffer that is lent, or none, if it has no address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) address: usize,
    pub(super) len: usize,
    pub(super) capacity: usize,
}

#[derive(Debug)]
pub(super) struct Table {
    /// As many as a power of two, or none; at least half of them are empty.
    slots: Vec<Slot>,
    /// Slots that hold a buffer.
    live: usize,
}

impl Table {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), live: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.live
    }

    /// How many slots it wants with the next buffer, in place of those that it has; 0 if they will do.
    pub(super) fn wants(&self) -> usize {
        let len = self.slots.len();
        if self.live * 2 >= len { (len * 2).max(8) } else { 0 }
    }

    /// Adds a buffer whose address is not in the table, with the empty slots that it [`wants`](Self::wants).
    /// Returns slots that are not in use any more.
    pub(super) fn insert(&mut self, slot: Slot, mut more: Vec<Slot>) -> Vec<Slot> {
        if more.len() > self.slots.len() {
            core::mem::swap(&mut self.slots, &mut more);
            for slot in &more {
                self.put(slot);
            }
        }
        self.live += 1;
        self.put(&slot);
        more
    }

    /// Removes the buffer at `address`, if it has at least `len` bytes.
    pub(super) fn remove(&mut self, address: usize, len: usize) -> Option<Slot> {
        let mut at = self.find(address);
        let removed = *self.slots.get(at)?;
        if removed.address == 0 || removed.len < len {
            return None;
        }
        self.live -= 1;
        // What had to go past the gap would not be found behind it: it is put again, up to the next gap.
        loop {
            let slot = core::mem::take(self.slots.get_mut(at)?);
            if slot.address == 0 {
                return Some(removed);
            }
            if slot.address != address {
                self.put(&slot);
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }

    /// Puts a buffer where it will be found.
    fn put(&mut self, slot: &Slot) {
        let at = self.find(slot.address);
        if slot.address != 0
            && let Some(place) = self.slots.get_mut(at)
        {
            *place = *slot;
        }
    }

    /// Which slot has the buffer at `address`, or is the empty one that ends the search.
    fn find(&self, address: usize) -> usize {
        // Blocks are at least eight bytes apart.
        let mut at = (address >> 3).wrapping_mul(0x9E37_79B1) >> 7;
        loop {
            at &= self.slots.len().wrapping_sub(1);
            match self.slots.get(at) {
                Some(slot) if slot.address != 0 && slot.address != address => at += 1,
                _ => return at,
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

    fn insert(table: &mut Table, slot: Slot) {
        let more = alloc::vec![Slot::default(); table.wants()];
        table.insert(slot, more);
    }

    #[test]
    fn does_what_a_map_does() {
        let (mut table, mut map) = (Table::new(), BTreeMap::new());
        for number in numbers().take(if cfg!(miri) { 500 } else { 20_000 }) {
            let address = (number % 300 + 1) * 8;
            if number % 7 < 4 {
                map.entry(address).or_insert_with(|| {
                    insert(&mut table, Slot { address, len: number, capacity: number });
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
        insert(&mut table, Slot { address: 8, len: 1, capacity: 1 });
        for address in [0, 1, 16, usize::MAX] {
            assert_eq!(table.remove(address, 0), None);
        }
    }
}
