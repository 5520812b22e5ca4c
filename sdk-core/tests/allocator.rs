//! The counting heap and the table of lent buffers, against models of them.

#[path = "allocator/lent.rs"]
mod lent;

use core::alloc::{GlobalAlloc, Layout};
use core::ptr;
use std::alloc::System;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use reglet_sdk_core::heap::{Heap, LimitExceeded, Stats};

/// So many cases, fewer for Miri, and no files about those that fail: they become tests of their own.
fn cases(cases: u32) -> ProptestConfig {
    let cases = if cfg!(miri) { 6 } else { cases };
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

const STEPS: usize = if cfg!(miri) { 30 } else { 200 };

/// How much memory to ask for.
#[derive(Clone, Copy, Debug)]
enum Size {
    Bytes(usize),
    /// What the limit leaves, and so much more or less.
    Rest(isize),
    /// More than there can be, and so much less.
    Most(usize),
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Alloc { size: Size, align: u32, zeroed: bool },
    Resize { block: Index, size: Size },
    Free { block: Index },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = prop_oneof![
        6 => (1_usize..300).prop_map(Size::Bytes),
        2 => (-2_isize..3).prop_map(Size::Rest),
        1 => (0_usize..40).prop_map(Size::Most),
    ];
    let step = prop_oneof![
        3 => (size.clone(), 0_u32..8, any::<bool>())
            .prop_map(|(size, align, zeroed)| Step::Alloc { size, align, zeroed }),
        2 => (any::<Index>(), size).prop_map(|(block, size)| Step::Resize { block, size }),
        2 => any::<Index>().prop_map(|block| Step::Free { block }),
    ];
    vec(step, 0..STEPS)
}

/// A block, each byte of which is the same.
struct Block {
    start: *mut u8,
    layout: Layout,
    byte: u8,
}

/// The system's allocator without room for blocks above some size.
struct Scarce {
    largest: usize,
}

// SAFETY: all of it is the system's allocator, but for requests that are refused.
unsafe impl GlobalAlloc for Scarce {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > self.largest {
            return ptr::null_mut();
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) };
    }
}

/// A heap, and what it must say.
struct Model {
    heap: Heap<Scarce>,
    limit: usize,
    largest: usize,
    stats: Stats,
    blocks: Vec<Block>,
    byte: u8,
}

impl Model {
    fn new(limit: usize, largest: usize) -> Self {
        let heap = Heap::new(Scarce { largest }, limit);
        Self { heap, limit, largest, stats: Stats::default(), blocks: Vec::new(), byte: 0 }
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Alloc { size, align, zeroed } => {
                let layout =
                    Layout::from_size_align(self.bytes(size), 1 << align).expect("it is small enough");
                let allocate = if zeroed { GlobalAlloc::alloc_zeroed } else { GlobalAlloc::alloc };
                // SAFETY: the layout is not empty.
                let start = unsafe { allocate(&self.heap, layout) };
                if !self.admits(layout.size()) {
                    return assert!(start.is_null());
                }
                if zeroed {
                    assert_eq!(contents(start, layout.size()), vec![0; layout.size()]);
                }
                self.keep(start, layout);
            }
            Step::Resize { block, size } if !self.blocks.is_empty() => {
                let place = block.index(self.blocks.len());
                let Block { start, layout, byte } = self.blocks[place];
                let size = self.bytes(size);
                // SAFETY: the block is the heap's with this layout, and the size is not 0.
                let moved = unsafe { self.heap.realloc(start, layout, size) };
                if !self.admits(size) {
                    assert!(moved.is_null());
                    return self.check(&self.blocks[place]);
                }
                let kept = layout.size().min(size);
                assert_eq!(contents(moved, kept), vec![byte; kept]);
                self.blocks.swap_remove(place);
                self.stats.live -= layout.size();
                self.keep(moved, Layout::from_size_align(size, layout.align()).expect("it is small enough"));
            }
            Step::Free { block } if !self.blocks.is_empty() => {
                let block = self.blocks.swap_remove(block.index(self.blocks.len()));
                self.free(&block);
            }
            _ => {}
        }
    }

    fn bytes(&self, size: Size) -> usize {
        let most = isize::MAX as usize - 127;
        match size {
            Size::Bytes(bytes) => bytes,
            Size::Rest(more) => (self.limit - self.stats.live).saturating_add_signed(more).clamp(1, most),
            Size::Most(less) => most - less,
        }
    }

    /// Counts a request, and says whether it must be granted. A block that grows is there twice for a while.
    fn admits(&mut self, size: usize) -> bool {
        let admitted = size <= self.limit - self.stats.live && size <= self.largest;
        if admitted {
            self.stats.live += size;
            self.stats.peak = self.stats.peak.max(self.stats.live);
            self.stats.allocations += 1;
        } else {
            self.stats.refused += 1;
        }
        admitted
    }

    fn keep(&mut self, start: *mut u8, layout: Layout) {
        assert!(!start.is_null());
        assert_eq!(start.addr() % layout.align(), 0);
        self.byte = self.byte.wrapping_add(1);
        // SAFETY: the block was allocated just now, with this layout.
        unsafe { ptr::write_bytes(start, self.byte, layout.size()) };
        self.blocks.push(Block { start, layout, byte: self.byte });
    }

    /// Checks that nobody else has written to a block.
    fn check(&self, block: &Block) {
        assert_eq!(contents(block.start, block.layout.size()), vec![block.byte; block.layout.size()]);
    }

    fn free(&mut self, block: &Block) {
        self.check(block);
        // SAFETY: the block is the heap's with this layout, and is forgotten.
        unsafe { self.heap.dealloc(block.start, block.layout) };
        self.stats.live -= block.layout.size();
    }

    fn finish(&mut self) {
        while let Some(block) = self.blocks.pop() {
            self.free(&block);
        }
        assert_eq!(self.heap.stats().live, 0);
    }
}

fn contents(start: *const u8, len: usize) -> Vec<u8> {
    // SAFETY: all callers have a block there, written for so many bytes.
    unsafe { core::slice::from_raw_parts(start, len) }.to_vec()
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn counts_every_allocation_and_never_passes_the_limit(limit in 0_usize..4000, steps in steps()) {
        let mut model = Model::new(limit, usize::MAX);
        for step in steps {
            model.step(step);
            prop_assert_eq!(model.heap.stats(), model.stats);
            let now = LimitExceeded { requested: 7, current: model.stats.live, limit };
            prop_assert_eq!(model.heap.limit_exceeded(7), now);
        }
        model.finish();
    }

    #[test]
    fn takes_back_what_memory_had_no_room_for(
        limit in prop_oneof![Just(usize::MAX), 0_usize..4000],
        largest in 0_usize..400,
        steps in steps(),
    ) {
        let mut model = Model::new(limit, largest);
        for step in steps {
            model.step(step);
            prop_assert_eq!(model.heap.stats(), model.stats);
        }
        model.finish();
    }

    #[test]
    fn lends_and_takes_back_as_a_map_does(script in vec(any::<u8>(), 0..2 * STEPS)) {
        // Each thread has a table of its own: so a case that fails leaves nothing to the next.
        let played = std::thread::spawn(move || lent::play(&script)).join();
        prop_assert!(played.is_ok());
    }
}
