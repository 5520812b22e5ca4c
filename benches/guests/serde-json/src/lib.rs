//! `serde_json` with derived types, and the `base64` crate.
#![no_std]

extern crate alloc;

use alloc::vec::Vec;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use codec_tasks::{Codec, Config, Finding, Node, Outcome, Reply, Response, Sum, Visited};
use serde_json::Value;

/// The codec.
#[derive(Debug)]
pub struct SerdeJson;

impl Codec for SerdeJson {
    fn config(document: &[u8]) -> Option<Sum> {
        Some(serde_json::from_slice::<Config<'_>>(document).ok()?.sum())
    }

    fn reply(document: &[u8]) -> Option<Sum> {
        Some(serde_json::from_slice::<Reply<'_>>(document).ok()?.sum())
    }

    fn tree(document: &[u8]) -> Option<Sum> {
        Some(serde_json::from_slice::<Node<'_>>(document).ok()?.sum(Sum::default()))
    }

    fn untyped_tree(document: &[u8]) -> Option<Sum> {
        visit(&serde_json::from_slice(document).ok()?, Sum::default())
    }

    fn events(document: &[u8]) -> Option<Sum> {
        Some(serde_json::from_slice::<Visited>(document).ok()?.0)
    }

    fn body<R>(document: &mut [u8], receive: impl FnOnce(u16, &[u8]) -> R) -> Option<R> {
        let response: Response<'_> = serde_json::from_slice(document).ok()?;
        let body = STANDARD.decode(&*response.body).ok()?;
        Some(receive(response.status_code, &body))
    }

    fn outcome(finding: &Finding<'_>) -> Option<Vec<u8>> {
        serde_json::to_vec(&Outcome::new(finding)).ok()
    }

    fn write_tree(tree: &Node<'_>) -> Option<Vec<u8>> {
        serde_json::to_vec(tree).ok()
    }
}

fn visit(value: &Value, sum: Sum) -> Option<Sum> {
    Some(match value {
        Value::Object(members) => {
            members.iter().try_fold(sum, |sum, (key, value)| visit(value, sum.text(key)))?
        }
        Value::Array(elements) => elements.iter().try_fold(sum, |sum, value| visit(value, sum))?,
        Value::String(text) => sum.text(text),
        Value::Number(number) => sum.number(number.as_i64()?),
        Value::Bool(is) => sum.number((*is).into()),
        Value::Null => sum,
    })
}

#[cfg(target_family = "wasm")]
codec_tasks::export_codec!(SerdeJson);
