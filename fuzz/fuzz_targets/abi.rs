//! A host that reserves, releases, takes over and calls as the bytes say, against a map.
#![no_main]

#[path = "../../sdk-core/tests/allocator/lent.rs"]
mod lent;

libfuzzer_sys::fuzz_target!(|script: &[u8]| lent::play(script));
