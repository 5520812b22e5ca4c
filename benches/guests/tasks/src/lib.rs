//! What JSON codecs are measured at: the tasks, the types, and what a guest exports. It is the same for all, so that
//! only the codec differs.
#![no_std]

extern crate alloc;

#[cfg(target_family = "wasm")]
pub mod exports;
mod tree;
mod types;
mod visited;

use alloc::vec::Vec;
use core::hint::black_box;

// Natively too: it brings `std` along, which a library for C needs.
use reglet_sdk_core as _;

pub use tree::{LEVELS, tree};
pub use types::{Config, Finding, MESSAGE, Node, Outcome, Reply, Response, TIMESTAMP};
pub use visited::Visited;

/// Something to do with JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Read a [`Config`].
    Config,
    /// Read a [`Reply`].
    Reply,
    /// Visit every [`Node`] of a tree, and read its fields.
    Tree,
    /// Visit every value of a tree, whatever it is.
    UntypedTree,
    /// The same while it is read, and keep nothing.
    Events,
    /// Read a [`Response`] and decode its body.
    Body,
    /// Write an outcome with a [`Finding`].
    Outcome,
    /// Write a tree of [`Node`]s.
    WriteTree,
}

impl Task {
    /// All there are.
    pub const ALL: [Self; 8] = [
        Self::Config,
        Self::Reply,
        Self::Tree,
        Self::UntypedTree,
        Self::Events,
        Self::Body,
        Self::Outcome,
        Self::WriteTree,
    ];
}

/// A JSON codec, as an author uses it. `None` stands for what it can't do.
pub trait Codec {
    /// Does [`Task::Config`].
    fn config(document: &[u8]) -> Option<Sum>;

    /// Does [`Task::Reply`].
    fn reply(document: &[u8]) -> Option<Sum>;

    /// Does [`Task::Tree`].
    fn tree(document: &[u8]) -> Option<Sum>;

    /// Does [`Task::UntypedTree`].
    fn untyped_tree(document: &[u8]) -> Option<Sum>;

    /// Does [`Task::Events`].
    fn events(document: &[u8]) -> Option<Sum>;

    /// Does [`Task::Body`]: passes the status and the body on. The document may be overwritten.
    fn body<R>(document: &mut [u8], receive: impl FnOnce(u16, &[u8]) -> R) -> Option<R>;

    /// Does [`Task::Outcome`].
    fn outcome(finding: &Finding<'_>) -> Option<Vec<u8>>;

    /// Does [`Task::WriteTree`].
    fn write_tree(tree: &Node<'_>) -> Option<Vec<u8>>;
}

/// Does a task so many times, and returns a number that depends on all that was read or written; 0 if the codec
/// can't do it.
///
/// [`Task::Body`] is done once, whatever `times` is, for it may overwrite the document.
pub fn run<C: Codec>(task: Task, document: &mut [u8], times: u32) -> u64 {
    let sum = match task {
        Task::Config => repeat(times, || C::config(black_box(document))),
        Task::Reply => repeat(times, || C::reply(black_box(document))),
        Task::Tree => repeat(times, || C::tree(black_box(document))),
        Task::UntypedTree => repeat(times, || C::untyped_tree(black_box(document))),
        Task::Events => repeat(times, || C::events(black_box(document))),
        Task::Body => C::body(document, |status, body| Sum::default().number(status.into()).bytes(body)),
        Task::Outcome => repeat(times, || Sum::of(C::outcome(black_box(&Finding::EXAMPLE))?)),
        Task::WriteTree => {
            let tree = tree();
            repeat(times, || Sum::of(C::write_tree(black_box(&tree))?))
        }
    };
    sum.map_or(0, |Sum(sum)| sum)
}

fn repeat(times: u32, mut work: impl FnMut() -> Option<Sum>) -> Option<Sum> {
    let mut sum = None;
    for _ in 0..times {
        sum = black_box(work());
    }
    sum
}

/// A number that depends on what was read, but not on its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Sum(pub u64);

impl Default for Sum {
    fn default() -> Self {
        Self(1)
    }
}

impl Sum {
    /// Of what was written.
    fn of(bytes: Vec<u8>) -> Option<Self> {
        Some(Self::default().bytes(&bytes))
    }

    /// With a number.
    #[inline]
    pub fn number(self, number: i64) -> Self {
        let mixed = (number as u64 ^ 0x9E37_79B9).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(self.0.wrapping_add(mixed))
    }

    /// With a text.
    #[inline]
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// With the length and a few of the bytes; to look at all would take longer than to read them.
    #[inline]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        let at = |at: usize| i64::from(bytes.get(at).copied().unwrap_or(0));
        let len = bytes.len();
        self.number((len as i64) << 24 | at(0) << 16 | at(len / 2) << 8 | at(len.wrapping_sub(1)))
    }
}
