//! Base64 against the `base64` crate.

#[path = "base64/reference.rs"]
mod reference;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn bytes_are_written_as_the_reference_writes_them(bytes: Vec<u8>) {
        reference::writes_and_reads(&bytes);
    }

    #[test]
    fn texts_are_decoded_as_the_reference_decodes_them(
        text in r#"([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{1,3}={0,3}|\\n|\\r|\n|\\u00(2[bBfF]|3[dD]|4[0-9a-f]|0[aAdD])|\\/|[ -~]|é){0,12}"#,
    ) {
        reference::decodes(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(text: Vec<u8>) {
        reference::decodes(&text);
    }
}
