//! Base64, standard alphabet with padding: what JSON carries bytes in (`docs/protocol.md#j8`).
//!
//! Decoding happens in place, for the text is longer than what it stands for: a body of 10 MiB that has come over
//! the boundary needs no second buffer.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::cell::Cell;

use crate::json::{Encode, Writer};
use crate::text::Piece;

/// Decodes a text, as it stands in a JSON string, in place, and returns how many bytes at its start are the result.
/// Line breaks are skipped.
///
/// # Errors
///
/// Where the text has what is no base64: something outside of the alphabet, or padding that is missing or in the
/// wrong place. By then the text is overwritten in part.
///
/// ```
/// use reglet_sdk_core::base64;
///
/// let mut text = *b"SGVsbG8=";
/// let len = base64::decode(&mut text).unwrap();
/// assert_eq!(&text[..len], b"Hello");
/// assert_eq!(base64::decode(&mut *b"SGVs?G8=".to_vec()), Err(4));
/// ```
pub fn decode(text: &mut [u8]) -> Result<usize, usize> {
    #[cfg(target_feature = "simd128")]
    let (mut read, mut written) = simd::decode(text);
    #[cfg(not(target_feature = "simd128"))]
    let (mut read, mut written) = (0, 0);
    let cells = Cell::from_mut(text).as_slice_of_cells();
    let (from, to) = (cells.get(read..).unwrap_or_default(), cells.get(written..).unwrap_or_default());
    // Three bytes are never written before the four that they come from are read.
    for (from, to) in from.chunks_exact(4).zip(to.chunks_exact(3)) {
        let ([a, b, c, d], [x, y, z]) = (from, to) else { break };
        let (a, b, c, d) = (sextet(a.get()), sextet(b.get()), sextet(c.get()), sextet(d.get()));
        if (a | b | c | d) > 63 {
            break;
        }
        let bits = a << 18 | b << 12 | c << 6 | d;
        x.set((bits >> 16) as u8);
        y.set((bits >> 8) as u8);
        z.set(bits as u8);
        read += 4;
        written += 3;
    }
    rest(cells, read, written)
}

/// Sixteen letters at a time. After Wojciech Muła and Daniel Lemire, "Faster Base64 Encoding and Decoding using AVX2
/// Instructions", 2018.
#[cfg(target_feature = "simd128")]
mod simd {
    use core::arch::wasm32::{
        i8x16, i8x16_add, i8x16_eq, i8x16_splat, i8x16_swizzle, i16x8_shl, i32x4_shl, u8x16_shr, u16x8_shr,
        u32x4_shr, u64x2, u64x2_extract_lane, v128, v128_and, v128_any_true, v128_or,
    };

    /// Decodes as long as there are sixteen letters of the alphabet, and returns how much it has read and written.
    pub(super) fn decode(text: &mut [u8]) -> (usize, usize) {
        let (mut read, mut written) = (0, 0);
        while let Some(letters) = text.get(read..).and_then(<[u8]>::first_chunk)
            && let Some(bytes) = block(letters)
            && let Some(to) = text.get_mut(written..written + 12)
        {
            to.copy_from_slice(&bytes);
            read += 16;
            written += 12;
        }
        (read, written)
    }

    /// The bytes that the letters stand for, if all are of the alphabet.
    #[inline]
    fn block(letters: &[u8; 16]) -> Option<[u8; 12]> {
        let letters = u128::from_le_bytes(*letters);
        let letters = u64x2(letters as u64, (letters >> 64) as u64);
        let nibble = i8x16_splat(0x0F);
        let (high, low) = (u8x16_shr(letters, 4), v128_and(letters, nibble));
        // A bit for each kind of letters: those that have this lower half, and those that have this upper half. No
        // letter of the alphabet has both.
        let of_low = i8x16(
            0x15, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x13, 0x1A, 0x1B, 0x1B, 0x1B, 0x1A,
        );
        let of_high = i8x16(
            0x10, 0x10, 0x01, 0x02, 0x04, 0x08, 0x04, 0x08, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x10,
        );
        if v128_any_true(v128_and(i8x16_swizzle(of_low, low), i8x16_swizzle(of_high, high))) {
            return None;
        }
        // What is to be added to a letter depends on its upper half, but for the slash.
        let to_add = i8x16(0, 16, 19, 4, -65, -65, -71, -71, 0, 0, 0, 0, 0, 0, 0, 0);
        let slash = i8x16_eq(letters, i8x16_splat(b'/' as i8));
        let sextets = i8x16_add(letters, i8x16_swizzle(to_add, i8x16_add(slash, high)));
        let pairs = v128_or(i16x8_shl(v128_and(sextets, i16(0x00FF)), 6), u16x8_shr(sextets, 8));
        let fours = v128_or(i32x4_shl(v128_and(pairs, i32(0xFFFF)), 12), u32x4_shr(pairs, 16));
        let bytes = i8x16_swizzle(fours, i8x16(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
        let (start, end) = (u64x2_extract_lane::<0>(bytes), u64x2_extract_lane::<1>(bytes));
        let bytes = (u128::from(end) << 64 | u128::from(start)).to_le_bytes();
        bytes.first_chunk().copied()
    }

    fn i16(value: i16) -> v128 {
        core::arch::wasm32::i16x8_splat(value)
    }

    fn i32(value: i32) -> v128 {
        core::arch::wasm32::i32x4_splat(value)
    }
}

/// Decodes what is left letter by letter: the end, and what has line breaks or escapes.
fn rest(cells: &[Cell<u8>], mut read: usize, mut written: usize) -> Result<usize, usize> {
    let (mut bits, mut sextets, mut padding) = (0, 0, 0);
    while let Some(cell) = cells.get(read) {
        let (letter, len) = match cell.get() {
            b'\\' => escaped(cells.get(read + 1..).unwrap_or_default()),
            letter => (letter, 1),
        };
        match (letter, sextet(letter)) {
            (b'\r' | b'\n', _) => {}
            (b'=', _) if sextets + padding < 4 && sextets > 1 => padding += 1,
            (_, sextet @ 0..64) if padding == 0 => {
                bits = bits << 6 | sextet;
                sextets += 1;
            }
            _ => return Err(read),
        }
        read += len;
        if sextets + padding == 4 && sextets > 0 {
            // Two letters stand for one byte, three for two.
            bits <<= 6 * padding;
            for shift in [16, 8, 0].iter().take(sextets - 1) {
                if let Some(place) = cells.get(written) {
                    place.set((bits >> shift) as u8);
                }
                written += 1;
            }
            (bits, sextets) = (0, 0);
            if padding > 0 {
                // Nothing but line breaks may follow.
                padding = 4;
            }
        }
    }
    if sextets == 0 { Ok(written) } else { Err(read) }
}

/// The letter that an escape of JSON stands for, and how many bytes it takes; 0 for one that is no letter of base64.
fn escaped(escape: &[Cell<u8>]) -> (u8, usize) {
    let digit = |at: usize| char::from(escape.get(at)?.get()).to_digit(16);
    match escape.first().map_or(0, Cell::get) {
        b'n' => (b'\n', 2),
        b'r' => (b'\r', 2),
        b'u' => match [digit(1), digit(2), digit(3), digit(4)] {
            [Some(0), Some(0), Some(high), Some(low)] => ((high << 4 | low) as u8, 6),
            _ => (0, 2),
        },
        b'/' => (b'/', 2),
        _ => (0, 2),
    }
}

/// The six bits that a letter stands for; more than 63 if it stands for none.
fn sextet(letter: u8) -> u32 {
    const FIRST: u8 = b'+';
    /// From `+` to `z`.
    const SEXTETS: [u8; 80] = {
        let mut sextets = [0xFF; 80];
        let mut at = 0;
        while at < ALPHABET.len() {
            sextets[(ALPHABET[at] - FIRST) as usize] = at as u8;
            at += 1;
        }
        sextets
    };
    SEXTETS.get(usize::from(letter.wrapping_sub(FIRST))).copied().unwrap_or(0xFF).into()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Bytes that are base64 in JSON and in texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base64<'a>(pub Cow<'a, [u8]>);

impl Base64<'_> {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> From<&'a [u8]> for Base64<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(bytes.into())
    }
}

impl From<Vec<u8>> for Base64<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl Piece for Base64<'_> {
    fn write(&self, out: &mut Writer<'_>) {
        // As many at once as make a piece worth appending.
        for block in self.0.chunks(48) {
            let mut text = [b'='; 64];
            for (bytes, letters) in block.chunks(3).zip(text.chunks_exact_mut(4)) {
                let bits = bytes
                    .iter()
                    .zip([16, 8, 0])
                    .fold(0, |bits, (byte, shift)| bits | u32::from(*byte) << shift);
                for (letter, shift) in letters.iter_mut().zip([18, 12, 6, 0]).take(bytes.len() + 1) {
                    *letter = ALPHABET.get((bits >> shift & 63) as usize).copied().unwrap_or(b'=');
                }
            }
            out.append(text.get(..block.len().div_ceil(3) * 4).unwrap_or_default());
        }
    }
}

impl Encode for Base64<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.text(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text;
    use alloc::string::{String, ToString};

    fn encoded(bytes: &[u8]) -> String {
        text![Base64::from(bytes)].to_string()
    }

    fn decoded(text: &str) -> Result<Vec<u8>, usize> {
        let mut bytes = Vec::from(text);
        decode(&mut bytes).map(|len| {
            bytes.truncate(len);
            bytes
        })
    }

    #[test]
    fn agrees_with_the_vectors_of_rfc_4648() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encoded(bytes.as_bytes()), text);
            assert_eq!(decoded(text).as_deref(), Ok(bytes.as_bytes()));
        }
    }

    #[test]
    fn reads_what_it_writes() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1000).collect();
        for len in 0..if cfg!(miri) { 20 } else { bytes.len() } {
            let bytes = &bytes[bytes.len() - len..];
            assert_eq!(decoded(&encoded(bytes)).as_deref(), Ok(bytes), "{len} bytes");
        }
    }

    #[test]
    fn skips_line_breaks_and_resolves_escapes() {
        assert_eq!(decoded(r"Zm9v\r\nYmFy\n").as_deref(), Ok(&b"foobar"[..]));
        assert_eq!(decoded("Zm\n9v\nYg=\n=\n").as_deref(), Ok(&b"foob"[..]));
        assert_eq!(decoded(r"\/\/8\u003d").as_deref(), Ok(&[0xFF, 0xFF][..]));
        assert_eq!(decoded(r"\u002B\u002f\u0041=").as_deref(), Ok(&[0xFB, 0xF0][..]));
    }

    #[test]
    fn says_where_it_is_wrong() {
        for (text, at) in [
            ("Z", 1),
            ("Zg", 2),
            ("Zm8", 3),
            ("Zg=", 3),
            ("=", 0),
            ("Z===", 1),
            ("Zg===", 4),
            ("Zg==Zg==", 4),
            ("Zm9=v", 4),
            ("Zm9v!mFy", 4),
            ("Zm-v", 2),
            ("Zm9v YmFy", 4),
            (r"Zm9v\u00e9", 4),
            (r"Zm9v\t", 4),
            (r"Zm9v\u002", 4),
            (r"Zm9v\ux02b", 4),
            (r"Zm9v\", 4),
            ("Zm9vé", 4),
        ] {
            assert_eq!(decoded(text), Err(at), "{text}");
        }
    }
}
