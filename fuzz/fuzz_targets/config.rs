//! A configuration from any bytes: read as serde reads it, or refused where serde refuses it.
#![no_main]

#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../sdk-core/tests/json_differential/configs.rs"]
mod configs;
#[allow(dead_code, reason = "the tests use more of it")]
#[path = "../../sdk-core/tests/json_differential/reference.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|document: &[u8]| configs::check(document));
