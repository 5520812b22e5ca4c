//! The buffers that are lent, by address: a hash table with linear probing, so that finding one costs the
//! same however many there are.

use alloc::vec::Vec;

/// A buffer that is lent. Address 0 marks a free slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) address: usize,
    pub(super) len: usize,
    pub(super) capacity: usize,
}

#[derive(Debug)]
pub(super) struct Table {
    /// As many as a power of two, at most three quarters of them taken.
    slots: Vec<Slot>,
    taken: usize,
}

impl Table {
    pub(super) const fn new() -> Self {
        Self { slots: Vec::new(), taken: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.taken
    }

    /// Adds a buffer whose address is not in the table. `false` if there is no memory for it.
    pub(super) fn insert(&mut self, slot: Slot) -> bool {
        if self.taken >= self.slots.len() / 4 * 3 && !self.grow() {
            return false;
        }
        self.place(slot);
        self.taken += 1;
        true
    }

    /// Removes the buffer at `address`, if it has at least `len` bytes.
    pub(super) fn remove(&mut self, address: usize, len: usize) -> Option<Slot> {
        let mut hole = self.find(address)?;
        let removed = *self.slots.get(hole)?;
        if removed.len < len {
            return None;
        }
        // Close the hole: move up each later slot of the run that may stand there.
        let mut next = hole;
        loop {
            next = self.after(next);
            let slot = *self.slots.get(next)?;
            if slot.address == 0 {
                break;
            }
            let mask = self.slots.len() - 1;
            let distance = next.wrapping_sub(self.home(slot.address)) & mask;
            if distance >= (next.wrapping_sub(hole) & mask) {
                *self.slots.get_mut(hole)? = slot;
                hole = next;
            }
        }
        *self.slots.get_mut(hole)? = Slot::default();
        self.taken -= 1;
        Some(removed)
    }

    fn find(&self, address: usize) -> Option<usize> {
        if address == 0 || self.slots.is_empty() {
            return None;
        }
        let mut at = self.home(address);
        loop {
            match self.slots.get(at)?.address {
                0 => return None,
                found if found == address => return Some(at),
                _ => at = self.after(at),
            }
        }
    }

    /// Puts a slot into the first free place of its run; there is one.
    fn place(&mut self, slot: Slot) {
        let mut at = self.home(slot.address);
        while let Some(place) = self.slots.get_mut(at) {
            if place.address == 0 {
                *place = slot;
                return;
            }
            at = self.after(at);
        }
    }

    fn grow(&mut self) -> bool {
        let len = (self.slots.len() * 2).max(8);
        let mut slots = Vec::new();
        if slots.try_reserve_exact(len).is_err() {
            return false;
        }
        slots.resize(len, Slot::default());
        for slot in core::mem::replace(&mut self.slots, slots) {
            if slot.address != 0 {
                self.place(slot);
            }
        }
        true
    }

    /// Where the run that may hold `address` starts. Blocks are at least eight bytes apart.
    fn home(&self, address: usize) -> usize {
        (address >> 3).wrapping_mul(0x9E37_79B1) >> 7 & (self.slots.len().wrapping_sub(1))
    }

    fn after(&self, at: usize) -> usize {
        (at + 1) & (self.slots.len().wrapping_sub(1))
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
        for number in numbers().take(20_000) {
            let address = (number % 300 + 1) * 8;
            if number % 7 < 4 {
                if !map.contains_key(&address) {
                    assert!(table.insert(Slot { address, len: number, capacity: number }));
                    map.insert(address, number);
                }
            } else {
                assert_eq!(table.remove(address, usize::MAX), None);
                assert_eq!(table.remove(address, 0).map(|slot| slot.len), map.remove(&address));
            }
            assert_eq!(table.find(address).is_some(), map.contains_key(&address));
            assert_eq!(table.len(), map.len());
        }
        for (address, len) in map {
            assert_eq!(table.remove(address, len), Some(Slot { address, len, capacity: len }));
        }
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn knows_nothing_at_first() {
        let mut table = Table::new();
        assert_eq!(table.remove(8, 0), None);
        assert_eq!(table.remove(0, 0), None);
    }
}
