//! Numbers with six decimals, without `core::fmt`, whose code for floats takes 18 KB.

use crate::json::{Writer, decimal};
use crate::text::Piece;

/// Bits of a mantissa that are stored; one more is implied.
const STORED: u32 = 52;

/// Six decimals.
const SCALE: u32 = 1_000_000;

/// Writes the number as C and Go do for `%f`: exact, and rounded to even at the sixth decimal.
pub(super) fn write(number: f64, out: &mut Writer<'_>) {
    if number.is_nan() {
        return out.plain("NaN");
    }
    let bits = number.to_bits();
    let negative = number.is_sign_negative();
    if number.is_infinite() {
        return out.plain(if negative { "-Inf" } else { "+Inf" });
    }
    if negative {
        out.plain("-");
    }
    let exponent = (bits >> STORED & 0x7FF) as u32;
    let stored = bits & ((1 << STORED) - 1);
    // The number is `mantissa / 2^1075 * 2^exponent`.
    let (mantissa, exponent) = if exponent == 0 { (stored, 1) } else { (stored | 1 << STORED, exponent) };
    let mut decimals = [b'0'; 7];
    if let Some(shift @ 1..) = 1075_u32.checked_sub(exponent) {
        let mut whole = mantissa.checked_shr(shift).unwrap_or(0);
        // Below 2^73, so what is shifted further is less than half of the last decimal.
        let scaled = u128::from(mantissa & !(u64::MAX.checked_shl(shift).unwrap_or(0))) * u128::from(SCALE);
        let shift = shift.min(75);
        let (mut millionths, rest) = ((scaled >> shift) as u32, scaled & ((1 << shift) - 1));
        let half = 1 << (shift - 1);
        if rest > half || rest == half && millionths % 2 == 1 {
            millionths += 1;
        }
        if millionths == SCALE {
            (whole, millionths) = (whole + 1, 0);
        }
        whole.write(out);
        decimal(millionths.into(), &mut decimals);
    } else {
        large(mantissa, exponent - 1075, out);
    }
    out.plain(".");
    out.append(decimals.get(1..).unwrap_or_default());
}

/// Writes `mantissa * 2^exponent`, all of whose digits stand before the point.
#[cold]
fn large(mantissa: u64, mut exponent: u32, out: &mut Writer<'_>) {
    let mut digits = [b'0'; 309];
    decimal(mantissa, &mut digits);
    for digit in &mut digits {
        *digit -= b'0';
    }
    while exponent > 0 {
        let step = exponent.min(56);
        let mut carry = 0;
        for digit in digits.iter_mut().rev() {
            let product = (u64::from(*digit) << step) + carry;
            *digit = (product % 10) as u8;
            carry = product / 10;
        }
        exponent -= step;
    }
    for digit in &mut digits {
        *digit += b'0';
    }
    let mut shown = digits.as_slice();
    while let [b'0', rest @ ..] = shown {
        shown = rest;
    }
    out.append(shown);
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::string::String;

    fn written(number: f64) -> String {
        let mut out = Writer::new();
        write(number, &mut out);
        String::from_utf8(out.into_bytes()).unwrap()
    }

    #[test]
    fn writes_what_go_writes() {
        for (number, text) in [
            (0.0, "0.000000"),
            (-0.0, "-0.000000"),
            (1.5, "1.500000"),
            (-1.5, "-1.500000"),
            // Just below, just above and right on half of the last decimal.
            (0.000_000_5, "0.000000"),
            (0.000_001_5, "0.000002"),
            (0.007_812_5, "0.007812"),
            (0.023_437_5, "0.023438"),
            (-1e-9, "-0.000000"),
            (9.999_999_5, "9.999999"),
            (9.999_999_9, "10.000000"),
            (4_503_599_627_370_495.5, "4503599627370495.500000"),
            (9_223_372_036_854_775_808.0, "9223372036854775808.000000"),
            (1e22, "10000000000000000000000.000000"),
            (5e-324, "0.000000"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(written(number), text);
        }
    }

    #[test]
    fn agrees_with_core_on_numbers_of_all_sizes() {
        let mut state = 0x2545_F491_4F6C_DD1D_u64;
        for _ in 0..if cfg!(miri) { 100 } else { 20_000 } {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            // Any bits at all, and numbers of everyday size.
            for number in [f64::from_bits(state), state as i64 as f64 / 1e12, (state as i32 as f64) / 128.0] {
                if number.is_finite() {
                    assert_eq!(written(number), format!("{number:.6}"));
                }
            }
        }
        for number in [f64::MAX, f64::MIN, f64::MIN_POSITIVE, 1.0 / 3.0] {
            assert_eq!(written(number), format!("{number:.6}"));
        }
    }
}
