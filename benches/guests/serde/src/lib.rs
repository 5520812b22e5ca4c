//! The serde front of `reglet-sdk-core` with derived types, and its own base64.
#![no_std]

extern crate alloc;

use alloc::vec::Vec;

use codec_tasks::{Codec, Config, Finding, Node, Outcome, Reply, Response, Sum};
use reglet_sdk_core::base64;
use reglet_sdk_core::json::{Writer, from_slice, to_writer};

/// The codec.
#[derive(Debug)]
pub struct Serde;

impl Codec for Serde {
    fn config(document: &[u8]) -> Option<Sum> {
        Some(from_slice::<Config<'_>>(document).ok()?.sum())
    }

    fn reply(document: &[u8]) -> Option<Sum> {
        Some(from_slice::<Reply<'_>>(document).ok()?.sum())
    }

    fn tree(document: &[u8]) -> Option<Sum> {
        Some(from_slice::<Node<'_>>(document).ok()?.sum(Sum::default()))
    }

    fn untyped_tree(_: &[u8]) -> Option<Sum> {
        // What holds any document is `Value`, which is no part of this front.
        None
    }

    fn events(_: &[u8]) -> Option<Sum> {
        // Nor is `Reader`.
        None
    }

    fn body<R>(document: &mut [u8], receive: impl FnOnce(u16, &[u8]) -> R) -> Option<R> {
        let Response { status_code, body } = from_slice(document).ok()?;
        let start = body.as_ptr().addr().checked_sub(document.as_ptr().addr())?;
        let end = start + body.len();
        let body = document.get_mut(start..end)?;
        let len = base64::decode(body).ok()?;
        Some(receive(status_code, body.get(..len)?))
    }

    fn outcome(finding: &Finding<'_>) -> Option<Vec<u8>> {
        written(&Outcome::new(finding))
    }

    fn write_tree(tree: &Node<'_>) -> Option<Vec<u8>> {
        written(tree)
    }
}

fn written(value: &impl serde::Serialize) -> Option<Vec<u8>> {
    let mut out = Writer::new();
    to_writer(&mut out, value).ok()?;
    Some(out.into_bytes())
}

#[cfg(target_family = "wasm")]
codec_tasks::export_codec!(Serde);
