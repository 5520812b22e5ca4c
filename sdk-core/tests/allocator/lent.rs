//! A host that does what bytes tell it to, and a map that says what must come of it.

use core::ops::Range;
use core::ptr;
use std::collections::BTreeMap;

use reglet_sdk_core::abi::{self, Buffer};

/// Calls within calls that a host makes.
const NESTED: usize = 3;

/// Does everything that the script says, on a thread whose table of buffers is empty, and gives all buffers back.
pub(super) fn play(script: &[u8]) {
    let mut host = Host { script: script.iter(), ..Host::default() };
    while host.step(0) {}
    while let Some((&address, _)) = host.buffers.first_key_value() {
        host.release(address);
    }
    assert_eq!(abi::outstanding(), 0);
}

#[derive(Default)]
struct Host<'a> {
    script: core::slice::Iter<'a, u8>,
    /// What belongs to the host, by address.
    buffers: BTreeMap<usize, Lent>,
    /// Addresses that were given back.
    freed: Vec<usize>,
    /// Address of the configuration of the last call, or 0.
    config: usize,
    /// Address of the result of the last call, or 0.
    result: usize,
    /// What the next buffer is filled with.
    filling: u8,
}

struct Lent {
    bytes: Vec<u8>,
    /// Whether a call works on it.
    pinned: bool,
}

impl Host<'_> {
    /// Does the next thing, if there is one.
    fn step(&mut self, depth: usize) -> bool {
        let Some(step) = self.script.next() else { return false };
        match step % 8 {
            0..3 => self.reserve(),
            3 => {
                let address = self.address();
                self.release(address);
            }
            4 => self.take(),
            _ if depth == NESTED => {}
            _ => self.serve(depth),
        }
        assert_eq!(abi::outstanding(), self.buffers.len());
        true
    }

    /// The next byte of the script.
    fn number(&mut self) -> usize {
        self.script.next().copied().unwrap_or(0).into()
    }

    /// The address of a buffer, mostly.
    fn address(&mut self) -> usize {
        let number = self.number();
        let nth = |count: usize| if count == 0 { 0 } else { number / 8 % count };
        let known = self.buffers.keys().nth(nth(self.buffers.len())).copied().unwrap_or(0);
        match number % 8 {
            0 => [0, 1, usize::MAX, self.config, self.result][number / 8 % 5],
            1 => self.freed.get(nth(self.freed.len())).copied().unwrap_or(0),
            2 => known + 1,
            3 => known.wrapping_sub(16),
            _ => known,
        }
    }

    /// A length that is right for the buffer at the address, or wrong.
    fn len(&mut self, address: usize) -> usize {
        let size = self.buffers.get(&address).map_or(0, |lent| lent.bytes.len());
        match self.number() % 8 {
            0 => 0,
            1 => size + 1,
            2 => usize::MAX,
            3 => isize::MAX as usize + 1,
            4 => size / 2,
            _ => size,
        }
    }

    /// Bytes that no other buffer has.
    fn fill(&mut self, len: usize) -> Vec<u8> {
        self.filling = self.filling.wrapping_add(41);
        (0..len).map(|at| self.filling.wrapping_add(at as u8)).collect()
    }

    fn reserve(&mut self) {
        let number = self.number();
        let size = if number == 255 { 5000 } else { number };
        let address = abi::reserve(size).expect("nothing limits the heap");
        if size == 0 {
            return assert_eq!(address, 0);
        }
        assert_eq!(read(address, size), vec![0; size]);
        let bytes = self.fill(size);
        // SAFETY: the buffer was reserved with this size just now, and nobody else has it.
        unsafe {
            ptr::copy_nonoverlapping(bytes.as_ptr(), ptr::with_exposed_provenance_mut(address), size);
        }
        self.insert(address, bytes);
    }

    fn insert(&mut self, address: usize, bytes: Vec<u8>) {
        let range = |(address, lent): (&usize, &Lent)| *address..*address + lent.bytes.len();
        let overlaps = |other: &Range<usize>| other.start < address + bytes.len() && address < other.end;
        assert_eq!(self.buffers.iter().map(range).find(overlaps), None);
        self.buffers.insert(address, Lent { bytes, pinned: false });
    }

    /// Removes what no call works on, if it has as many bytes.
    fn remove(&mut self, address: usize, least: usize) -> Option<Vec<u8>> {
        self.buffers.get(&address).filter(|lent| !lent.pinned && lent.bytes.len() >= least)?;
        for last in [&mut self.config, &mut self.result] {
            if *last == address {
                *last = 0;
            }
        }
        self.freed.push(address);
        self.buffers.remove(&address).map(|lent| lent.bytes)
    }

    fn release(&mut self, address: usize) {
        if let Some(lent) = self.buffers.get(&address) {
            assert_eq!(read(address, lent.bytes.len()), lent.bytes);
        }
        self.remove(address, 0);
        abi::release(address);
    }

    fn take(&mut self) {
        let address = self.address();
        let len = self.len(address);
        let expected = self.remove(address, len);
        let taken = abi::take(address, len);
        assert_eq!(taken.as_deref(), expected.as_ref().and_then(|bytes| bytes.get(..len)));
        if let Some(mut buffer) = taken {
            buffer.append(b"more");
            assert_eq!(buffer.strip_suffix(b"more"), expected.as_ref().and_then(|bytes| bytes.get(..len)));
        }
    }

    fn serve(&mut self, depth: usize) {
        let address = self.address();
        let len = self.len(address);
        self.remove(self.result, 0);
        if self.config != address {
            self.remove(self.config, 0);
        }
        let lent = self.buffers.get_mut(&address).filter(|lent| !lent.pinned && lent.bytes.len() >= len);
        let known = lent.is_some();
        let config = lent.map(|lent| {
            lent.pinned = true;
            lent.bytes[..len].to_vec()
        });
        let config = config.or_else(|| (len == 0).then(Vec::new));

        let mut expected = Vec::new();
        let (result, result_len) = abi::serve(address, len, |given| {
            assert_eq!(given, config.as_deref());
            for _ in 0..self.number() % 6 {
                self.step(depth + 1);
            }
            assert_eq!(given, config.as_deref());
            let (result, block) = self.answer();
            expected = block;
            result
        });

        if known {
            self.buffers.get_mut(&address).expect("it was pinned").pinned = false;
            let other = core::mem::replace(&mut self.config, address);
            if other != address {
                self.remove(other, 0);
            }
        }
        self.remove(self.result, 0);
        self.result = result;
        assert_eq!(result == 0, expected.is_empty());
        assert!(result_len <= expected.len());
        assert_eq!(read(result, expected.len()), expected);
        if result != 0 {
            self.insert(result, expected);
        }
    }

    /// The result of a call, and all of its block: zeros follow what is written.
    fn answer(&mut self) -> (Buffer<'static>, Vec<u8>) {
        let (len, room) = (self.number(), self.number());
        let mut bytes = Vec::with_capacity(if room < 16 { 0 } else { len + room });
        if room >= 8 {
            bytes.extend(self.fill(len));
        }
        let mut block = bytes.clone();
        block.resize(bytes.capacity(), 0);
        (bytes.into(), block)
    }
}

/// What a buffer holds that belongs to the host.
fn read(address: usize, len: usize) -> Vec<u8> {
    let start = if len == 0 { ptr::dangling() } else { ptr::with_exposed_provenance::<u8>(address) };
    // SAFETY: the host has a buffer there with so many bytes, all of them written.
    unsafe { core::slice::from_raw_parts(start, len) }.to_vec()
}
