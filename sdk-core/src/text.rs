//! Text put together from pieces, without `core::fmt`.
//!
//! `format!` costs a plugin about 3 KB, and 18 KB once a float is printed. [`text!`](crate::text!) costs
//! what its pieces cost.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::abi::utf8;

/// Joins pieces into a [`String`]: strings, integers and `char`s.
///
/// ```
/// use reglet_sdk_core::text;
///
/// let (host, days) = ("example.com", 89);
/// assert_eq!(text!["certificate of ", host, " ends in ", days, " days"],
///            "certificate of example.com ends in 89 days");
/// ```
#[macro_export]
macro_rules! text {
    [$($piece:expr),* $(,)?] => {{
        let mut out = $crate::__private::String::new();
        $($crate::text::Piece::put(&$piece, &mut out);)*
        out
    }};
}

/// A piece of text.
pub trait Piece {
    /// Appends this piece to `out`.
    fn put(&self, out: &mut String);
}

impl<T: Piece + ?Sized> Piece for &T {
    fn put(&self, out: &mut String) {
        (**self).put(out);
    }
}

impl Piece for str {
    fn put(&self, out: &mut String) {
        out.push_str(self);
    }
}

impl Piece for String {
    fn put(&self, out: &mut String) {
        out.push_str(self);
    }
}

impl Piece for Cow<'_, str> {
    fn put(&self, out: &mut String) {
        out.push_str(self);
    }
}

impl Piece for char {
    fn put(&self, out: &mut String) {
        out.push(*self);
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Piece for $type {
            fn put(&self, out: &mut String) {
                #[allow(unused_comparisons, reason = "unsigned types are among them")]
                out.push_str(Decimal::new(*self < 0, self.abs_diff(0) as u64).as_str());
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

/// An integer written in decimal, on the stack.
pub(crate) struct Decimal {
    digits: [u8; 20],
    start: usize,
}

impl Decimal {
    /// Writes `magnitude`, with a minus sign if `negative`.
    pub(crate) fn new(negative: bool, mut magnitude: u64) -> Self {
        let mut digits = [0; 20];
        let mut start = digits.len();
        for slot in digits.iter_mut().rev() {
            start -= 1;
            *slot = b'0' + (magnitude % 10) as u8;
            magnitude /= 10;
            if magnitude == 0 {
                break;
            }
        }
        if negative {
            start -= 1;
            if let Some(slot) = digits.get_mut(start) {
                *slot = b'-';
            }
        }
        Self { digits, start }
    }

    pub(crate) fn as_str(&self) -> &str {
        self.digits.get(self.start..).and_then(utf8).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn writes_integers_to_their_ends() {
        assert_eq!(
            text![i64::MIN, ' ', u64::MAX, ' ', 0, ' ', -7_i8],
            "-9223372036854775808 18446744073709551615 0 -7"
        );
    }

}
