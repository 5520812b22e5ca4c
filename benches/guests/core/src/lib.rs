//! The JSON codec of `reglet-sdk-core`, used as an author uses it.
#![no_std]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;

use codec_tasks::{Codec, Finding, MESSAGE, Node, Sum};
use reglet_sdk_core::base64;
use reglet_sdk_core::json::{Encode, Event, Kind, Reader, Value, Writer};
use reglet_sdk_core::prelude::*;

config! {
    /// As [`codec_tasks::Config`].
    struct Config<'a> {
        hostname: Cow<'a, str>,
        port: u16,
        min_days: u32,
        timeout_ms: u32,
        labels: Vec<String>,
        strict: bool,
    }
}

config! {
    /// As [`codec_tasks::Reply`].
    struct Reply<'a> {
        connected: bool,
        tls: bool,
        address: Cow<'a, str>,
        remote_addr: Cow<'a, str>,
        local_addr: Cow<'a, str>,
        response_time_ms: u32,
        tls_version: Cow<'a, str>,
        tls_cipher_suite: Cow<'a, str>,
        tls_cert_issuer: Cow<'a, str>,
        tls_cert_not_after: Cow<'a, str>,
    }
}

config! {
    /// As [`codec_tasks::Node`].
    struct Entry<'a> {
        id: u32,
        name: Cow<'a, str>,
        owner: Cow<'a, str>,
        mode: u32,
        size_bytes: i64,
        hidden: bool,
        #[recursive]
        children: Vec<Entry<'a>>,
    }
}

config! {
    /// As [`codec_tasks::Response`].
    struct Response<'a> {
        status_code: u16,
        body: Str<'a>,
    }
}

/// The codec.
#[derive(Debug)]
pub struct Core;

impl Codec for Core {
    fn config(document: &[u8]) -> Option<Sum> {
        let Config { hostname, port, min_days, timeout_ms, labels, strict } =
            Config::from_json(document).ok()?;
        Some(codec_tasks::Config { hostname, port, min_days, timeout_ms, labels, strict }.sum())
    }

    fn reply(document: &[u8]) -> Option<Sum> {
        let reply = Reply::from_json(document).ok()?;
        let reply = codec_tasks::Reply {
            connected: reply.connected,
            tls: reply.tls,
            address: reply.address,
            remote_addr: reply.remote_addr,
            local_addr: reply.local_addr,
            response_time_ms: reply.response_time_ms,
            tls_version: reply.tls_version,
            tls_cipher_suite: reply.tls_cipher_suite,
            tls_cert_issuer: reply.tls_cert_issuer,
            tls_cert_not_after: reply.tls_cert_not_after,
        };
        Some(reply.sum())
    }

    fn tree(document: &[u8]) -> Option<Sum> {
        Some(visit(Entry::from_json(document).ok()?, Sum::default()))
    }

    fn untyped_tree(document: &[u8]) -> Option<Sum> {
        visit_untyped(Value::parse(document).ok()?, Sum::default())
    }

    fn events(document: &[u8]) -> Option<Sum> {
        let (mut reader, mut sum) = (Reader::new(document), Sum::default());
        while let Some(event) = reader.event().ok()? {
            sum = match event {
                Event::Key(key) => sum.bytes(key.raw()),
                Event::Value(value) => visit_scalar(value, sum)?,
                _ => sum,
            };
        }
        Some(sum)
    }

    fn body<R>(document: &mut [u8], receive: impl FnOnce(u16, &[u8]) -> R) -> Option<R> {
        let Response { status_code, body } = Response::from_json(document).ok()?;
        let start = body.raw().as_ptr().addr() - document.as_ptr().addr();
        let end = start + body.raw().len();
        let body = document.get_mut(start..end)?;
        let len = base64::decode(body).ok()?;
        Some(receive(status_code, body.get(..len)?))
    }

    fn outcome(finding: &Finding<'_>) -> Option<Vec<u8>> {
        let outcome = Outcome::success(MESSAGE)
            .data("address", finding.address)
            .data("days_remaining", finding.days_remaining)
            .data("not_after", finding.not_after)
            .data("issuer", finding.issuer)
            .data("tls_version", finding.tls_version)
            .data("chain_length", finding.chain_length)
            .data("trusted", finding.trusted);
        Some(outcome.into_json())
    }

    fn write_tree(tree: &Node<'_>) -> Option<Vec<u8>> {
        let mut out = Writer::new();
        Written(tree).encode(&mut out);
        Some(out.into_bytes())
    }
}

fn visit(entry: Entry<'_>, sum: Sum) -> Sum {
    let Entry { id, name, owner, mode, size_bytes, hidden, children } = entry;
    let node = Node { id, name, owner, mode, size_bytes, hidden, children: Vec::new() };
    children.into_iter().fold(node.sum(sum), |sum, child| visit(child, sum))
}

fn visit_untyped(value: Value<'_>, sum: Sum) -> Option<Sum> {
    Some(match value.kind() {
        Kind::Object => {
            value.members().ok()?.try_fold(sum, |sum, (key, value)| visit_untyped(value, sum.bytes(key)))?
        }
        Kind::Array => value.elements().ok()?.try_fold(sum, |sum, (_, value)| visit_untyped(value, sum))?,
        _ => visit_scalar(value, sum)?,
    })
}

fn visit_scalar(value: Value<'_>, sum: Sum) -> Option<Sum> {
    Some(match value.kind() {
        Kind::String => sum.text(&value.text().ok()?),
        Kind::Number => sum.number(value.integer().ok()?),
        Kind::Boolean => sum.number(value.boolean().ok()?.into()),
        _ => sum,
    })
}

struct Written<'a>(&'a Node<'a>);

impl Encode for Written<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        let Self(node) = self;
        out.begin_object();
        out.member("id", node.id);
        out.member("name", &*node.name);
        out.member("owner", &*node.owner);
        out.member("mode", node.mode);
        out.member("size_bytes", node.size_bytes);
        out.member("hidden", node.hidden);
        out.key("children");
        out.begin_array();
        for child in &node.children {
            Written(child).encode(out);
        }
        out.end_array();
        out.end_object();
    }
}

#[cfg(target_family = "wasm")]
codec_tasks::export_codec!(Core);
