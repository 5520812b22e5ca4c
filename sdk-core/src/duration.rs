//! Spans of time as text, the way Go writes them.

use core::time::Duration;

use crate::json::{Writer, decimal};
use crate::text::Piece;

/// As Go writes it: `1h2m3.5s`, `1.5ms`, `0s`. What needs more than a second has hours, minutes and seconds, anything
/// shorter the largest unit that leaves a whole part.
impl Piece for Duration {
    fn write(&self, out: &mut Writer<'_>) {
        let (seconds, nanos) = (self.as_secs(), self.subsec_nanos());
        if seconds >= 3600 {
            (seconds / 3600).write(out);
            out.plain("h");
        }
        if seconds >= 60 {
            (seconds / 60 % 60).write(out);
            out.plain("m");
        }
        let (whole, fraction, places, unit) = match nanos {
            0 => (seconds % 60, 0, 0, "s"),
            _ if seconds > 0 => (seconds % 60, nanos, 9, "s"),
            1_000_000.. => (u64::from(nanos / 1_000_000), nanos % 1_000_000, 6, "ms"),
            1_000.. => (u64::from(nanos / 1_000), nanos % 1_000, 3, "µs"),
            _ => (nanos.into(), 0, 0, "ns"),
        };
        whole.write(out);
        let mut digits = [b'0'; 9];
        let digits = digits.get_mut(..places).unwrap_or_default();
        decimal(fraction.into(), digits);
        let mut shown = &*digits;
        while let [rest @ .., b'0'] = shown {
            shown = rest;
        }
        if !shown.is_empty() {
            out.plain(".");
            out.append(shown);
        }
        out.plain(unit);
    }
}

#[cfg(test)]
mod tests {
    use crate::text;
    use alloc::string::ToString;
    use core::time::Duration;

    #[test]
    fn writes_what_go_writes() {
        for (duration, text) in [
            (Duration::ZERO, "0s"),
            (Duration::from_nanos(1), "1ns"),
            (Duration::from_nanos(1_100), "1.1µs"),
            (Duration::from_micros(2_200), "2.2ms"),
            (Duration::from_millis(100), "100ms"),
            (Duration::from_millis(3_300), "3.3s"),
            (Duration::from_secs(60), "1m0s"),
            (Duration::from_secs(4 * 60 + 5), "4m5s"),
            (Duration::from_millis(4 * 60_000 + 5_001), "4m5.001s"),
            (Duration::new(5 * 3600 + 6 * 60 + 7, 1_000_000), "5h6m7.001s"),
            (Duration::from_nanos(8 * 60_000_000_000 + 1), "8m0.000000001s"),
            (Duration::from_secs(3600), "1h0m0s"),
            (Duration::from_millis(10_800_002), "3h0m0.002s"),
            (Duration::from_nanos(i64::MAX as u64), "2562047h47m16.854775807s"),
        ] {
            assert_eq!(text![duration].to_string(), text);
        }
    }
}
