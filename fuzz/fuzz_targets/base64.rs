//! Base64 is written and decoded as the `base64` crate does it.
#![no_main]

#[path = "../../sdk-core/tests/base64/reference.rs"]
mod reference;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    reference::writes_and_reads(bytes);
    reference::decodes(bytes);
});
