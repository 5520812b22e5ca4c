//! What is written from a value reads as the same value, is strict JSON, and does not change once more.
#![no_main]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../sdk-core/tests/json_differential/reference.rs"]
mod reference;

use libfuzzer_sys::Corpus;
use reglet_sdk_core::json::Value;

libfuzzer_sys::fuzz_target!(|document: &[u8]| -> Corpus {
    let Ok(value) = Value::parse(document) else { return Corpus::Reject };
    reference::round_trip(value, &reference::tree(document));
    Corpus::Keep
});
