//! Any bytes: refused where serde_json refuses them, else read as the same values, and refused without a panic.
#![no_main]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../sdk-core/tests/json_differential/reference.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|document: &[u8]| reference::check_reading(document));
