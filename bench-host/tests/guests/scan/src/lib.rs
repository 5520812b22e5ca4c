//! A plugin that reads what it is given in every way that it can, and writes it again.
#![no_std]

extern crate alloc;

use alloc::string::String;
use alloc::vec::Vec;

use reglet_sdk_core::abi::utf8;
use reglet_sdk_core::base64::{self, Base64};
use reglet_sdk_core::json::{Event, Reader};
use reglet_sdk_core::prelude::*;

config! {
    /// What to read.
    pub struct Config<'a> {
        /// Text, which may be base64.
        text: Str<'a> = "",
        /// A whole number.
        number: Option<i64>,
        /// A key of eight letters or more.
        something_longer: Option<Str<'a>>,
        /// Texts within.
        nested: Option<Nested<'a>>,
    }
}

config! {
    /// What is read where it stands.
    pub struct Nested<'a> {
        /// Texts.
        texts: Vec<Cow<'a, str>> = [],
    }
}

/// The check.
#[derive(Debug)]
pub struct Scan;

impl Plugin for Scan {
    const METADATA: Metadata = Metadata::new("scan", "1.0.0", "Reads what it is given, and writes it again");

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
        let mut letters = Vec::from(config.text.raw());
        let decoded = base64::decode(&mut letters);
        let text = config.text.decode();
        Ok(Outcome::success(config.text)
            .data("text", &*text)
            .data("events", &*events(text.as_bytes()))
            .data("is_utf8", utf8(config.text.raw()).is_some())
            .data("bytes", decoded.ok().and_then(|len| letters.get(..len)).map(Base64::from))
            .data("wrong_at", decoded.err().map(|at| at as u64))
            .data("number", config.number)
            .data("something_longer", config.something_longer)
            .data("texts", config.nested.map(|nested| nested.texts)))
    }
}

/// The events of a document, and what is wrong with it.
fn events(document: &[u8]) -> String {
    let mut reader = Reader::new(document);
    let mut events = String::new();
    loop {
        match reader.event() {
            Ok(None) => return events,
            Ok(Some(Event::BeginObject)) => events.push('{'),
            Ok(Some(Event::EndObject)) => events.push('}'),
            Ok(Some(Event::BeginArray)) => events.push('['),
            Ok(Some(Event::EndArray)) => events.push(']'),
            Ok(Some(Event::Key(key))) => events.extend([&key.decode(), ":"]),
            Ok(Some(Event::Value(value))) => events.extend([utf8(value.raw()).unwrap_or_default(), ","]),
            Err(error) => return events + &error.describe(document),
        }
    }
}

export_plugin!(Scan);
