//! `serde-json-core` with derived types, and the `base64` crate. Strings are read by the entry point that resolves
//! escapes, into a buffer as long as any of them that has some; the other one hands escapes on.
#![no_std]

extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use codec_tasks::{Codec, Config, Finding, Node, Outcome, Reply, Response, Sum};
use serde_json_core::{from_slice_escaped, to_slice};

/// Bytes of the longest string with escapes.
const SCRATCH: usize = 64;

/// Bytes that an outcome may take.
const OUTCOME: usize = 512;

/// Bytes that a tree may take.
const TREE: usize = 128 << 10;

/// The codec.
#[derive(Debug)]
pub struct SerdeJsonCore;

impl Codec for SerdeJsonCore {
    fn config(document: &[u8]) -> Option<Sum> {
        let (config, _): (Config<'_>, _) = from_slice_escaped(document, &mut [0; SCRATCH]).ok()?;
        Some(config.sum())
    }

    fn reply(document: &[u8]) -> Option<Sum> {
        let (reply, _): (Reply<'_>, _) = from_slice_escaped(document, &mut [0; SCRATCH]).ok()?;
        Some(reply.sum())
    }

    fn tree(document: &[u8]) -> Option<Sum> {
        let (node, _): (Node<'_>, _) = from_slice_escaped(document, &mut [0; SCRATCH]).ok()?;
        Some(node.sum(Sum::default()))
    }

    /// It has no type for any value, and refuses to read into those of others.
    fn untyped_tree(_: &[u8]) -> Option<Sum> {
        None
    }

    /// Nor does it tell serde what a value is.
    fn events(_: &[u8]) -> Option<Sum> {
        None
    }

    fn body<R>(document: &mut [u8], receive: impl FnOnce(u16, &[u8]) -> R) -> Option<R> {
        let (response, _): (Response<'_>, _) = from_slice_escaped(document, &mut [0; SCRATCH]).ok()?;
        let body = STANDARD.decode(&*response.body).ok()?;
        Some(receive(response.status_code, &body))
    }

    fn outcome(finding: &Finding<'_>) -> Option<Vec<u8>> {
        let mut buffer = [0; OUTCOME];
        let len = to_slice(&Outcome::new(finding), &mut buffer).ok()?;
        buffer.get(..len).map(Vec::from)
    }

    fn write_tree(tree: &Node<'_>) -> Option<Vec<u8>> {
        let mut buffer = vec![0; TREE];
        let len = to_slice(tree, &mut buffer).ok()?;
        buffer.truncate(len);
        Some(buffer)
    }
}

#[cfg(target_family = "wasm")]
codec_tasks::export_codec!(SerdeJsonCore);
