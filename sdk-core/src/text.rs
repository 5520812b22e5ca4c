//! Text put together from pieces, without `core::fmt` and without a buffer in between.
//!
//! `format!` costs a plugin about 3 KB, and 18 KB once a float is printed. A [`text!`](crate::text!) is a list of
//! pieces that go straight to where the text is wanted, and costs what they cost.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::error::Error;
use crate::json::{Encode, Str, Writer};

/// Joins pieces into a [`Text`]: strings, integers, addresses, and strings as they stand in JSON.
///
/// ```
/// use reglet_sdk_core::{Outcome, text};
///
/// let (host, days) = ("example.com", 89);
/// let outcome = Outcome::success(text!["certificate of ", host, " ends in ", days, " days"]);
/// assert_eq!(text![host, ":", 443].to_string(), "example.com:443");
/// ```
///
/// It is no format string. What looks like one does not compile:
///
/// ```compile_fail,E0080
/// # use reglet_sdk_core::text;
/// # let host = "example.com";
/// let text = text!["the certificate of {host} ends soon"];
/// ```
#[macro_export]
macro_rules! text {
    (@pairs [$($all:expr),*]) => { const { $($crate::text::assert_plain(::core::stringify!($all));)* } };
    (@pairs $all:tt $piece:expr $(, $rest:expr)*) => { ($piece, $crate::text!(@pairs $all $($rest),*)) };
    [$($piece:expr),* $(,)?] => { $crate::text::Text($crate::text!(@pairs [$($piece),*] $(&$piece),*)) };
}

/// Lets nobody write a literal as for `format!`, whose placeholders would be sent as they are.
///
/// # Panics
///
/// There is one in it. As the code of pieces is constant, that does not compile.
#[doc(hidden)]
pub const fn assert_plain(code: &str) {
    let code = code.as_bytes();
    let (mut at, mut open) = (0, usize::MAX);
    while at < code.len() && code[0] == b'"' {
        match code[at] {
            // Not that of `\u{e9}`.
            b'{' if code[at - 1] != b'u' || code[at - 2] != b'\\' => open = at,
            b'}' if open != usize::MAX => {
                panic!(
                    "this is no format string: write text![\"port \", port]; a brace that is meant stands in a constant"
                )
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b':' | b'.' | b'?' | b'#' => {}
            _ => open = usize::MAX,
        }
        at += 1;
    }
}

/// Pieces that make up a text: pairs of a piece and what follows it.
#[derive(Clone, Copy)]
pub struct Text<P>(#[doc(hidden)] pub P);

/// Some pieces, one after the other.
#[doc(hidden)]
pub trait Pieces {
    /// Writes them.
    fn write_all(&self, out: &mut Writer<'_>);
}

impl Pieces for () {
    #[inline(always)]
    fn write_all(&self, _: &mut Writer<'_>) {}
}

impl<P: Piece, R: Pieces> Pieces for (P, R) {
    #[inline(always)]
    fn write_all(&self, out: &mut Writer<'_>) {
        self.0.write(out);
        self.1.write_all(out);
    }
}

/// Something that can stand in a text: strings, numbers, errors, times, and texts themselves. Floats need the feature
/// `serde`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't stand in a text",
    note = "`text!` takes strings, numbers, errors and times; of anything else, pass what `to_string()` returns"
)]
pub trait Piece {
    /// Writes it into a JSON string that is open.
    fn write(&self, out: &mut Writer<'_>);

    /// The error that it is, if it is one: an error that has it as its cause keeps it whole.
    fn error(&self) -> Option<&Error>
    where
        Self: Sized,
    {
        None
    }
}

impl<P: Pieces> Piece for Text<P> {
    fn write(&self, out: &mut Writer<'_>) {
        self.0.write_all(out);
    }
}

impl<T: Piece> Piece for &T {
    #[inline(always)]
    fn write(&self, out: &mut Writer<'_>) {
        (**self).write(out);
    }

    fn error(&self) -> Option<&Error> {
        (**self).error()
    }
}

impl Piece for &(dyn Piece + '_) {
    fn write(&self, out: &mut Writer<'_>) {
        (**self).write(out);
    }
}

impl Piece for str {
    #[inline(always)]
    fn write(&self, out: &mut Writer<'_>) {
        out.escape(self);
    }
}

impl Piece for &str {
    #[inline(always)]
    fn write(&self, out: &mut Writer<'_>) {
        out.escape(self);
    }
}

impl Piece for String {
    fn write(&self, out: &mut Writer<'_>) {
        out.escape(self);
    }
}

impl Piece for Cow<'_, str> {
    fn write(&self, out: &mut Writer<'_>) {
        out.escape(self);
    }
}

/// `None` is an empty text.
impl<T: Piece> Piece for Option<T> {
    fn write(&self, out: &mut Writer<'_>) {
        if let Some(piece) = self {
            piece.write(out);
        }
    }

    fn error(&self) -> Option<&Error> {
        self.as_ref()?.error()
    }
}

/// Its escapes stay as they are.
impl Piece for Str<'_> {
    fn write(&self, out: &mut Writer<'_>) {
        out.repaired(self.raw());
    }
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        impl Piece for $type {
            fn write(&self, out: &mut Writer<'_>) {
                #[allow(unused_comparisons, reason = "unsigned types are among them")]
                out.digits(*self < 0, self.abs_diff(0) as u64);
            }
        }
    )*};
}
integers!(u8, u16, u32, u64, usize, i8, i16, i32, i64, isize);

/// They show themselves by `core::fmt`: the first one that may be IPv6 takes about 5 KB of the plugin.
macro_rules! addresses {
    ($($type:ty),*) => {$(
        impl Piece for $type {
            fn write(&self, out: &mut Writer<'_>) {
                // A writer takes everything.
                let _ = fmt::Write::write_fmt(&mut Shown(out), format_args!("{self}"));
            }
        }

        impl Encode for $type {
            fn encode(&self, out: &mut Writer<'_>) {
                out.text(self);
            }
        }
    )*};
}
addresses!(IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr);

struct Shown<'a, 'stack>(&'a mut Writer<'stack>);

impl fmt::Write for Shown<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.plain(text);
        Ok(())
    }
}

/// As short as it can be read back; `NaN`, `inf` and `-inf`.
#[cfg(feature = "serde")]
impl Piece for f64 {
    fn write(&self, out: &mut Writer<'_>) {
        out.plain(zmij::Buffer::new().format(*self));
    }
}

/// As short as it can be read back; `NaN`, `inf` and `-inf`.
#[cfg(feature = "serde")]
impl Piece for f32 {
    fn write(&self, out: &mut Writer<'_>) {
        out.plain(zmij::Buffer::new().format(*self));
    }
}

impl<P: Pieces> fmt::Display for Text<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Writer::new();
        out.text(self);
        let quoted = out.into_bytes();
        match quoted.as_slice() {
            [b'"', inner @ .., b'"'] => f.write_str(&Str::new(inner).decode()),
            _ => Ok(()),
        }
    }
}

impl<P: Pieces> fmt::Debug for Text<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn writes_integers_to_their_ends() {
        assert_eq!(
            text![i64::MIN, " ", u64::MAX, " ", 0, " ", -7_i8].to_string(),
            "-9223372036854775808 18446744073709551615 0 -7"
        );
    }

    #[test]
    fn writes_addresses() {
        let addresses = ["192.0.2.1", "2001:db8::1"].map(|text| text.parse::<IpAddr>().unwrap());
        let ports = addresses.map(|address| SocketAddr::new(address, 53));
        assert_eq!(text![addresses[0], " ", addresses[1]].to_string(), "192.0.2.1 2001:db8::1");
        let mut out = Writer::new();
        ports.as_slice().encode(&mut out);
        assert_eq!(out.as_bytes(), br#"["192.0.2.1:53","[2001:db8::1]:53"]"#);
    }

    #[test]
    fn keeps_what_json_escapes() {
        assert_eq!(text!["a\"\\\n\u{1}é"].to_string(), "a\"\\\n\u{1}é");
        let brace = "{";
        assert_eq!(text!["{", 7, "} {\"a\": 1}", brace].to_string(), "{7} {\"a\": 1}{");
    }
}
