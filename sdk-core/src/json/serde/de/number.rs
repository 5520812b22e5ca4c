//! Numbers beyond the integers that the codec reads.

use crate::json::{Expected, Field, FromValue, Kind, Slot, Value};

/// What a number is where any type will do.
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

pub(super) const I128: &Field = &Field::new("", &Expected::described("a whole number of 128 bits"), true);
pub(super) const U128: &Field =
    &Field::new("", &Expected::described("a whole number of 128 bits that is not negative"), true);
pub(super) const FLOAT: &Field =
    &Field::new("", &Expected::described("a number in the range of 64-bit floats"), true);

/// An integer if it is written as one and fits 64 bits, or a float.
pub(super) fn number(raw: &[u8]) -> Option<Number> {
    let value = Value::at(raw);
    if raw.iter().all(|byte| matches!(byte, b'-' | b'0'..=b'9')) {
        if let Some(number) = value.unsigned() {
            return Some(Number::Unsigned(number));
        }
        if let Some(number) = value.whole() {
            return Some(Number::Signed(number));
        }
    }
    float(raw).map(Number::Float)
}

pub(super) fn u64(raw: &[u8]) -> Option<u64> {
    let field = const { &Field::new("", &<u64 as FromValue<'_>>::EXPECTED, true) };
    u64::from_slot(&Slot { raw, number: 0 }, field).ok()
}

pub(super) fn i128(raw: &[u8]) -> Option<i128> {
    let magnitude = magnitude(raw)?;
    if raw.first() == Some(&b'-') {
        0_i128.checked_sub_unsigned(magnitude)
    } else {
        0_i128.checked_add_unsigned(magnitude)
    }
}

pub(super) fn u128(raw: &[u8]) -> Option<u128> {
    magnitude(raw).filter(|magnitude| *magnitude == 0 || raw.first() != Some(&b'-'))
}

/// The whole number without its sign. It may have a fraction of zeros.
fn magnitude(raw: &[u8]) -> Option<u128> {
    let (mut magnitude, mut fraction) = (0_u128, false);
    for byte in raw {
        match byte {
            b'-' => {}
            b'.' => fraction = true,
            b'0' if fraction => {}
            b'0'..=b'9' if !fraction => {
                magnitude = magnitude.checked_mul(10)?.checked_add(u128::from(byte - b'0'))?;
            }
            _ => return None,
        }
    }
    Some(magnitude)
}

/// Significant digits that are looked at. No point halfway between two floats has more than 767; what comes later can
/// only say that the number is not exactly such a point.
const DIGITS: usize = 770;
/// Words of 32 bits for these digits, and for what they are shifted by before they are divided by a power of ten.
const WORDS: usize = 208;

/// The float that is nearest to a number, ties to even; `None` if there is none in its range.
///
/// `core` does this in a fifth of the time and in 17 KB.
pub(super) fn float(raw: &[u8]) -> Option<f64> {
    if Value::at(raw).kind() != Kind::Number {
        return None;
    }
    let mut big = Big { words: [0; WORDS], len: 0 };
    // Whether something is left out that is not zero.
    let mut more = false;
    let (mut digits, mut power) = (0_usize, 0_i64);
    let mut fraction = false;
    for (at, byte) in raw.iter().enumerate() {
        match byte {
            b'.' => fraction = true,
            b'0'..=b'9' => {
                let digit = u32::from(byte - b'0');
                let kept = digits < DIGITS;
                if kept {
                    big.multiply_add(10, digit);
                    digits += usize::from(big.len != 0);
                } else {
                    more |= digit != 0;
                }
                power += i64::from(!kept) - i64::from(fraction);
            }
            b'e' | b'E' => {
                power = power.saturating_add(exponent(raw.get(at + 1..).unwrap_or_default()));
                break;
            }
            _ => {}
        }
    }
    let sign = u64::from(raw.first() == Some(&b'-')) << 63;
    let highest = power.saturating_add(digits as i64);
    if big.len == 0 || highest < -330 {
        return Some(f64::from_bits(sign));
    }
    if highest > 310 {
        return None;
    }
    // The bits of the number behind the point.
    let mut shift = 0;
    if power < 0 {
        // Enough for the quotient to have 64 bits: a power of ten takes less than 27/256 of a word.
        let words = power.unsigned_abs() as usize * 27 / 256 + 3;
        big.shift(words);
        shift = words as i64 * 32;
    }
    for _ in 0..power.unsigned_abs() {
        if power < 0 {
            more |= big.divide_by_ten();
        } else {
            big.multiply_add(10, 0);
        }
    }
    let (top, below, rest) = big.top();
    nearest(top, below - shift, more || rest).map(|bits| f64::from_bits(sign | bits))
}

/// The exponent of a number, cut off where it is out of any range.
fn exponent(text: &[u8]) -> i64 {
    let mut exponent = 0_i64;
    for byte in text {
        if byte.is_ascii_digit() && exponent < 1 << 40 {
            exponent = exponent * 10 + i64::from(byte - b'0');
        }
    }
    if text.first() == Some(&b'-') { -exponent } else { exponent }
}

/// The bits of the float that is nearest to `top * 2^power`, and a little more than that if there is `more`. `top` has
/// its highest bit set.
fn nearest(top: u64, power: i64, more: bool) -> Option<u64> {
    // Of the highest bit, as floats have it; at most 0 for those without a leading one.
    let biased = power + 63 + 1023;
    let cut = 11 + (1 - biased).clamp(0, 64) as u32;
    if cut > 64 {
        return Some(0);
    }
    let (kept, rest) = (top.checked_shr(cut).unwrap_or(0), top << (64 - cut));
    let half = 1 << 63;
    let up = rest > half || rest == half && (more || kept & 1 == 1);
    // The leading one counts as one of the exponent, and so does a carry.
    let exponent = (biased - 1).max(0) as u64;
    let bits = (exponent << 52) + kept + u64::from(up);
    (bits < 0x7FF << 52).then_some(bits)
}

/// A natural number, lowest word first.
struct Big {
    words: [u32; WORDS],
    len: usize,
}

impl Big {
    fn multiply_add(&mut self, factor: u32, summand: u32) {
        let mut carry = u64::from(summand);
        for word in self.words.iter_mut().take(self.len) {
            carry += u64::from(*word) * u64::from(factor);
            *word = carry as u32;
            carry >>= 32;
        }
        if carry != 0
            && let Some(word) = self.words.get_mut(self.len)
        {
            *word = carry as u32;
            self.len += 1;
        }
    }

    fn shift(&mut self, words: usize) {
        if let Some(end) = self.len.checked_add(words)
            && end <= WORDS
        {
            self.words.copy_within(..self.len, words);
            self.words.iter_mut().take(words).for_each(|word| *word = 0);
            self.len = end;
        }
    }

    /// Returns whether there is a remainder.
    fn divide_by_ten(&mut self) -> bool {
        let mut rest = 0;
        for word in self.words.iter_mut().take(self.len).rev() {
            let dividend = rest << 32 | u64::from(*word);
            *word = (dividend / 10) as u32;
            rest = dividend % 10;
        }
        rest != 0
    }

    /// The highest 64 bits from the first that is set, how many bits are below them (less than none for a small
    /// number), and whether one of those is set.
    fn top(&self) -> (u64, i64, bool) {
        let high = self.words.iter().rposition(|word| *word != 0).unwrap_or(0);
        let word = |back| {
            let word = high.checked_sub(back).and_then(|at| self.words.get(at));
            word.copied().unwrap_or(0)
        };
        let (low, zeros) = (word(2), word(0).leading_zeros());
        let top = (u64::from(word(0)) << 32 | u64::from(word(1))) << zeros | u64::from(low) >> (32 - zeros);
        let mut below = self.words.iter().take(high.saturating_sub(2));
        let rest = low << zeros != 0 || below.any(|word| *word != 0);
        (top, (high as i64 - 1) * 32 - i64::from(zeros), rest)
    }
}
