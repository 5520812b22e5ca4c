//! Decimal numbers to binary ones, exactly: rounded to the nearest, and to even between two.
//!
//! `str::parse` would take 17 KB of a plugin, most of it tables that make it fast. This takes 1.5, being school
//! arithmetic.

use core::cmp::Ordering;

/// The 32-bit limbs of the longest natural number here, the lowest first.
const LIMBS: usize = 128;

/// Digits that are looked at one by one. Those after them can only tell whether a number is above the middle between
/// two others, and the longest such middle has 767.
const DIGITS: i32 = 800;

/// The number that a JSON number stands for, with so many bits, the lowest of which is not below a power of two.
/// `None` for what is no number or too large for an `f64`.
fn parse(text: &[u8], bits: i32, lowest: i32) -> Option<f64> {
    let mut numerator = [0; LIMBS];
    let mut digits = 0;
    let mut exponent = 0_i32;
    let mut more = false;
    let mut fraction = false;
    let (negative, text) = match text {
        [b'-', text @ ..] => (true, text),
        _ => (false, text),
    };
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'0'..=b'9' => {
                let digit = u32::from(byte - b'0');
                if digits < DIGITS {
                    if digits > 0 || digit > 0 {
                        digits += 1;
                        scale(&mut numerator, 10, digit);
                    }
                    exponent = exponent.saturating_sub(i32::from(fraction));
                } else {
                    more |= digit > 0;
                    exponent = exponent.saturating_add(i32::from(!fraction));
                }
            }
            b'.' => fraction = true,
            b'e' | b'E' => {
                exponent = exponent.saturating_add(power(bytes.as_slice()));
                break;
            }
            _ => return None,
        }
    }
    let size = exponent.saturating_add(digits);
    if text.is_empty() || size > 310 && digits > 0 {
        return None;
    }
    let mut magnitude = 0.0;
    if digits > 0 && size > -330 {
        if more {
            scale(&mut numerator, 10, 1);
            exponent -= 1;
        }
        // A limb has more than nine digits.
        let len = digits.max(size).max(-exponent).unsigned_abs() as usize / 9 + 2;
        let mut denominator = [0; LIMBS];
        let (numerator, denominator) = (numerator.get_mut(..len)?, denominator.get_mut(..len)?);
        scale(denominator, 0, 1);
        for _ in 0..exponent.unsigned_abs() {
            scale(if exponent < 0 { &mut *denominator } else { &mut *numerator }, 10, 0);
        }
        magnitude = quotient(numerator, denominator, bits, lowest);
    }
    Some(if negative { -magnitude } else { magnitude })
}

/// The number after the letter of an exponent, or one that is as good.
fn power(text: &[u8]) -> i32 {
    let mut power = 0_i32;
    for byte in text {
        if byte.is_ascii_digit() {
            power = power.saturating_mul(10).saturating_add(i32::from(byte - b'0'));
        }
    }
    if text.first() == Some(&b'-') { -power } else { power }
}

/// Divides, one bit after the other.
fn quotient(numerator: &mut [u32], denominator: &mut [u32], bits: i32, lowest: i32) -> f64 {
    // Until the quotient is from 1 to 2.
    let mut exponent = 0_i32;
    while compare(numerator, denominator) != Ordering::Less {
        scale(denominator, 2, 0);
        exponent += 1;
    }
    while compare(numerator, denominator) == Ordering::Less {
        scale(numerator, 2, 0);
        exponent -= 1;
    }
    let last = lowest.max(exponent - bits + 1);
    let mut mantissa = 0_u64;
    for _ in last..=exponent {
        mantissa <<= 1;
        if compare(numerator, denominator) != Ordering::Less {
            subtract(numerator, denominator);
            mantissa |= 1;
        }
        scale(numerator, 2, 0);
    }
    // Twice the rest is left.
    let up = match compare(numerator, denominator) {
        Ordering::Greater => exponent + 1 >= last,
        Ordering::Equal => mantissa & 1 == 1,
        Ordering::Less => false,
    };
    let unit = if last < -1022 { 1 << (last + 1074) } else { ((last + 1023) as u64) << 52 };
    (mantissa + u64::from(up)) as f64 * f64::from_bits(unit)
}

/// Multiplies, and adds.
#[inline(never)]
fn scale(number: &mut [u32], factor: u32, summand: u32) {
    let mut carry = u64::from(summand);
    for limb in number {
        carry += u64::from(*limb) * u64::from(factor);
        *limb = carry as u32;
        carry >>= 32;
    }
}

#[inline(never)]
fn compare(a: &[u32], b: &[u32]) -> Ordering {
    a.iter().rev().cmp(b.iter().rev())
}

/// Takes a number from one that is not smaller.
fn subtract(from: &mut [u32], number: &[u32]) {
    let mut borrow = 0;
    for (limb, other) in from.iter_mut().zip(number) {
        let difference = i64::from(*limb) - i64::from(*other) + borrow;
        *limb = difference as u32;
        borrow = difference >> 32;
    }
}

/// A binary number that a decimal one can be rounded to.
pub(super) trait Float: Sized {
    /// Reads a JSON number. `None` if it is none, or too large.
    fn parse(text: &[u8]) -> Option<Self>;
}

impl Float for f64 {
    fn parse(text: &[u8]) -> Option<Self> {
        parse(text, 53, -1074).filter(|number| number.is_finite())
    }
}

impl Float for f32 {
    fn parse(text: &[u8]) -> Option<Self> {
        parse(text, 24, -149).map(|number| number as Self).filter(|number| number.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::Float;
    use alloc::format;

    fn agrees(text: &str) {
        let expected = text.parse::<f64>().ok().filter(|number| number.is_finite());
        assert_eq!(f64::parse(text.as_bytes()).map(f64::to_bits), expected.map(f64::to_bits), "{text}");
        let expected = text.parse::<f32>().ok().filter(|number| number.is_finite());
        assert_eq!(
            f32::parse(text.as_bytes()).map(f32::to_bits),
            expected.map(f32::to_bits),
            "{text} as f32"
        );
    }

    #[test]
    fn rounds_as_std_does() {
        let digits = |count: usize| "1234567890".repeat(count / 10);
        for text in [
            "0",
            "-0",
            "-0.0",
            "0e5",
            "0.000",
            "1",
            "-1.5",
            "0.1",
            "0.3",
            "1e22",
            "1e23",
            "123456789012345678",
            "9007199254740993",
            "9007199254740992.5",
            "9007199254740993.0000000000000000000000000000001",
            "5e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "1e-400",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.7976931348623159e308",
            "1e309",
            "1e999999999999",
            "-1e-999999999999",
            "0e999999999999",
            "16777217",
            "16777219",
            "3.4028235e38",
            "3.4028236e38",
            "7e-46",
            "7.006492321624085e-46",
            "7.006492321624086e-46",
            "1E+2",
            "1e-2",
            "1e00000000000000000002",
        ] {
            agrees(text);
        }
        agrees(&digits(2000));
        agrees(&format!("0.{}", digits(2000)));
        agrees(&format!("{}e-1990", digits(2000)));
        agrees(&format!("0.{}1", "0".repeat(400)));
        agrees(&format!("1{}", "0".repeat(308)));
        agrees(&format!("9007199254740993.{}1", "0".repeat(1000)));
        agrees(&format!("{:.1100}", f64::from_bits(1)));
        agrees(&format!("{:.1100}", f64::MIN_POSITIVE * 1.5 + f64::from_bits(1)));
        agrees(&format!("0.{}e400", "0".repeat(390) + "5"));
    }

    #[test]
    fn rounds_any_number_as_std_does() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        for _ in 0..if cfg!(miri) { 3 } else { 400 } {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            let number = f64::from_bits(state);
            if number.is_finite() {
                agrees(&format!("{number:e}"));
                agrees(&format!("{number:.17e}"));
                agrees(
                    &format!("{:e}", f32::from_bits((state >> 32) as u32))
                        .replace("NaN", "1")
                        .replace("inf", "1"),
                );
            }
        }
    }

    #[test]
    fn rounds_the_middle_between_two_numbers_to_even() {
        // The middle between two `f32` is an `f64`, and has at most 150 digits.
        for bits in [1, 2, 0x007F_FFFF, 0x0080_0000, 0x3F80_0000, 0x3F80_0001, 0x4B80_0001, 0x7F7F_FFFE] {
            let (low, high) = (f32::from_bits(bits), f32::from_bits(bits + 1));
            let middle = format!("{:.160}", f64::midpoint(low.into(), high.into()));
            agrees(&middle);
            agrees(&format!("{middle}{}1", "0".repeat(900)));
        }
    }
}
