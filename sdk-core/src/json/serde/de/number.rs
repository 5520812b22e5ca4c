//! Numbers beyond those that `config!` reads.

use crate::json::float::Float;
use crate::json::{Expected, Field, FromValue, Slot, Value};

/// What a number is where any type will do.
pub(super) enum Number {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
}

pub(super) const I128: &Field = &Field::new("", &Expected::described("a whole number of 128 bits"), true);
pub(super) const U128: &Field =
    &Field::new("", &Expected::described("a whole number of 128 bits that is not negative"), true);
pub(super) const F32: &Field =
    &Field::new("", &Expected::described("a number in the range of 32-bit floats"), true);
pub(super) const F64: &Field =
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
    f64::parse(raw).map(Number::Float)
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
