//! A guest that does nothing: what is left of a guest's weight without a JSON codec.
#![no_std]

extern crate alloc;

use alloc::vec::Vec;

use codec_tasks::{Codec, Finding, Node, Sum};

/// No codec.
#[derive(Debug)]
pub struct Base;

impl Codec for Base {
    fn config(document: &[u8]) -> Option<Sum> {
        Some(Sum::default().bytes(document))
    }

    fn reply(document: &[u8]) -> Option<Sum> {
        Self::config(document)
    }

    fn tree(document: &[u8]) -> Option<Sum> {
        Self::config(document)
    }

    fn untyped_tree(document: &[u8]) -> Option<Sum> {
        Self::config(document)
    }

    fn events(document: &[u8]) -> Option<Sum> {
        Self::config(document)
    }

    fn body<R>(document: &mut [u8], receive: impl FnOnce(u16, &[u8]) -> R) -> Option<R> {
        Some(receive(0, document))
    }

    fn outcome(finding: &Finding<'_>) -> Option<Vec<u8>> {
        Some(finding.address.into())
    }

    fn write_tree(tree: &Node<'_>) -> Option<Vec<u8>> {
        Some(tree.name.as_bytes().into())
    }
}

#[cfg(target_family = "wasm")]
codec_tasks::export_codec!(Base);
