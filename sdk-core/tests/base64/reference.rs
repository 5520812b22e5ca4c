//! What the decoding and writing of base64 must agree with: the `base64` crate, and `serde_json` for escapes.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use reglet_sdk_core::base64::{Base64, decode};
use reglet_sdk_core::json::{Encode, Writer};

/// As Go decodes: bits that no byte needs may be set.
const REFERENCE: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// Bytes are written as the reference writes them, and read back.
pub(crate) fn writes_and_reads(bytes: &[u8]) {
    let mut out = Writer::new();
    Base64::from(bytes).encode(&mut out);
    let mut written = out.into_bytes();
    assert_eq!(written, format!("{:?}", REFERENCE.encode(bytes)).as_bytes());
    let end = written.len() - 1;
    let text = &mut written[1..end];
    let len = decode(text).unwrap();
    assert_eq!(&text[..len], bytes);
}

/// A text is decoded to what the reference makes of it, or refused as the reference does, at a place within it.
pub(crate) fn decodes(text: &[u8]) {
    let mut decoded = text.to_vec();
    let result = decode(&mut decoded);
    if let Err(at) = result {
        assert!(at <= text.len());
    }
    let decoded = result.ok().map(|len| &decoded[..len]);
    // Line breaks count for nothing, also where no JSON may have them.
    let text = text.iter().flat_map(|byte| match byte {
        b'\r' | b'\n' => br"\n",
        byte => core::slice::from_ref(byte),
    });
    let quoted = [b"\"", &*text.copied().collect::<Vec<u8>>(), b"\""].concat();
    let expected = match serde_json::from_slice::<String>(&quoted) {
        Ok(text) => REFERENCE.decode(text.replace(['\r', '\n'], "")).ok(),
        // What is no string of JSON has something that is no base64 either.
        Err(_) => None,
    };
    assert_eq!(decoded, expected.as_deref());
}
