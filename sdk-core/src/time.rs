//! Points in time, and the clock.
//!
//! ```
//! use core::time::Duration;
//! use reglet_sdk_core::{Error, Timestamp};
//!
//! /// Whether something that was renewed then is due again.
//! fn is_due(renewed: &str, every: Duration) -> Result<bool, Error> {
//!     let renewed = Timestamp::parse(renewed.as_bytes()).ok_or_else(|| Error::internal("not a time"))?;
//!     Ok(Timestamp::now()? >= renewed.saturating_add(every))
//! }
//! ```

mod calendar;

use alloc::string::{String, ToString};
use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use calendar::{DAYS_BEFORE_1970, civil_from_days, days_from_civil};

use crate::error::{Error, Kind};
use crate::json::{Encode, Writer, decimal};
use crate::text;
use crate::text::Piece;

const SECONDS_PER_DAY: i64 = 86_400;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;

/// No honest clock can be before this: it is older than the SDK. 2026-11-01T00:00:00Z.
const EARLIEST: Timestamp = Timestamp { seconds: 1_793_491_200, nanos: 0 };

/// A point in time, in UTC, to the nanosecond. The earlier one is the lesser.
///
/// ```
/// use reglet_sdk_core::Timestamp;
///
/// let time = Timestamp::from_unix(1_795_334_400, 500_000_000);
/// assert_eq!(time.rfc3339(), "2026-11-22T08:00:00.5Z");
/// assert!(time > Timestamp::UNKNOWN);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z.
    seconds: i64,
    nanos: u32,
}

impl Timestamp {
    /// Stands for "not known" on the wire: 0001-01-01T00:00:00Z. A host puts in its own time.
    pub const UNKNOWN: Self = Self { seconds: -62_135_596_800, nanos: 0 };

    /// [`UNKNOWN`](Self::UNKNOWN) as text.
    pub const UNKNOWN_TEXT: &'static str = "0001-01-01T00:00:00Z";

    /// The time that is so many seconds, and then nanoseconds, after the start of 1970.
    ///
    /// Times outside of the years 0 to 9999, which have no text in RFC 3339, become the first or the last of them.
    ///
    /// ```
    /// # use reglet_sdk_core::Timestamp;
    /// assert_eq!(Timestamp::from_unix(1, 5).rfc3339(), "1970-01-01T00:00:01.000000005Z");
    /// assert_eq!(Timestamp::from_unix(i64::MIN, 0).rfc3339(), "0000-01-01T00:00:00Z");
    /// ```
    #[must_use]
    pub const fn from_unix(seconds: i64, nanos: u32) -> Self {
        match seconds {
            ..FIRST => Self { seconds: FIRST, nanos: 0 },
            FIRST..=LAST if nanos < 1_000_000_000 => Self { seconds, nanos },
            FIRST..=LAST => Self { seconds, nanos: 999_999_999 },
            _ => Self { seconds: LAST, nanos: 999_999_999 },
        }
    }

    /// The time on the host's clock.
    ///
    /// It needs an import from WASI, `clock_time_get`, which every Reglet host has.
    ///
    /// # Errors
    ///
    /// The clock fails, or shows a time before this SDK was made. Hosts that embed wazero with its defaults
    /// do: their clock starts at 2022-01-01 and counts its own readings. A certificate that has long expired
    /// would look valid by it.
    ///
    /// ```
    /// # use reglet_sdk_core::{Timestamp, mock::Mock};
    /// let stopped = Timestamp::from_unix(1_800_000_000, 0);
    /// let (now, _) = Mock::new().clock(stopped).run(Timestamp::now);
    /// assert_eq!(now, Ok(stopped));
    /// ```
    pub fn now() -> Result<Self, Error> {
        let now = clock();
        if now < EARLIEST {
            return Err(Error::write(Kind::Internal, b"", |out| {
                out.plain("the host's clock does not keep time: it shows ");
                out.append(&now.digits());
            }));
        }
        Ok(now)
    }

    /// The time that is so many nanoseconds after the start of 1970, or before it, if they are negative.
    ///
    /// ```
    /// # use reglet_sdk_core::Timestamp;
    /// assert_eq!(Timestamp::from_unix_nanos(1_500_000_000).rfc3339(), "1970-01-01T00:00:01.5Z");
    /// assert_eq!(Timestamp::from_unix_nanos(-1).rfc3339(), "1969-12-31T23:59:59.999999999Z");
    /// ```
    #[must_use]
    pub const fn from_unix_nanos(nanos: i64) -> Self {
        let (seconds, nanos) = (nanos.div_euclid(NANOS_PER_SECOND), nanos.rem_euclid(NANOS_PER_SECOND));
        Self { seconds, nanos: nanos as u32 }
    }

    /// Nanoseconds since the start of 1970; `None` outside of the range of `i64`, that is before September 1677 and
    /// after April 2262.
    ///
    /// ```
    /// # use reglet_sdk_core::Timestamp;
    /// assert_eq!(Timestamp::from_unix(-1, 999_999_999).unix_nanos(), Some(-1));
    /// assert_eq!(Timestamp::UNKNOWN.unix_nanos(), None);
    /// ```
    #[must_use]
    pub fn unix_nanos(self) -> Option<i64> {
        // Towards 1970 from the next second, for the second in which `i64` begins is not all in it.
        let (seconds, nanos) = match self.seconds {
            ..0 => (self.seconds + 1, i64::from(self.nanos) - NANOS_PER_SECOND),
            _ => (self.seconds, self.nanos.into()),
        };
        seconds.checked_mul(NANOS_PER_SECOND)?.checked_add(nanos)
    }

    /// This much later, but not later than the end of the year 9999.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use reglet_sdk_core::Timestamp;
    /// let time = Timestamp::from_unix(0, 500_000_000).saturating_add(Duration::from_millis(1_700));
    /// assert_eq!(time.rfc3339(), "1970-01-01T00:00:02.2Z");
    /// ```
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        let nanos = self.nanos + duration.subsec_nanos();
        let carry = nanos >= NANOS_PER_SECOND as u32;
        let seconds = self.seconds.saturating_add_unsigned(duration.as_secs()).saturating_add(carry as i64);
        Self::from_unix(seconds, if carry { nanos - NANOS_PER_SECOND as u32 } else { nanos })
    }

    /// This much earlier, but not earlier than the start of the year 0.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use reglet_sdk_core::Timestamp;
    /// let time = Timestamp::from_unix(2, 200_000_000).saturating_sub(Duration::from_millis(1_700));
    /// assert_eq!(time.rfc3339(), "1970-01-01T00:00:00.5Z");
    /// ```
    #[must_use]
    pub const fn saturating_sub(self, duration: Duration) -> Self {
        let borrow = self.nanos < duration.subsec_nanos();
        let nanos = self.nanos + if borrow { NANOS_PER_SECOND as u32 } else { 0 };
        let seconds = self.seconds.saturating_sub_unsigned(duration.as_secs()).saturating_sub(borrow as i64);
        Self::from_unix(seconds, nanos - duration.subsec_nanos())
    }

    /// The time from `earlier` to this one; nothing if `earlier` is later.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use reglet_sdk_core::Timestamp;
    /// let (start, end) = (Timestamp::from_unix(7, 900_000_000), Timestamp::from_unix(9, 100_000_000));
    /// assert_eq!(end.saturating_duration_since(start), Duration::from_millis(1_200));
    /// assert_eq!(start.saturating_duration_since(end), Duration::ZERO);
    /// ```
    #[must_use]
    pub fn saturating_duration_since(self, earlier: Self) -> Duration {
        if self < earlier {
            return Duration::ZERO;
        }
        let seconds = self.seconds.abs_diff(earlier.seconds) - u64::from(self.nanos < earlier.nanos);
        let second = NANOS_PER_SECOND as u32;
        Duration::new(seconds, (self.nanos + second - earlier.nanos) % second)
    }

    /// Whole days from `earlier` to this time, rounded down.
    ///
    /// ```
    /// # use reglet_sdk_core::Timestamp;
    /// let (now, end) = (Timestamp::from_unix(0, 0), Timestamp::from_unix(3 * 86_400 - 1, 0));
    /// assert_eq!(end.days_since(now), 2);
    /// assert_eq!(now.days_since(end), -3);
    /// ```
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> i64 {
        let borrow = (self.nanos < earlier.nanos) as i64;
        // Both are within ten thousand years.
        (self.seconds - earlier.seconds - borrow).div_euclid(SECONDS_PER_DAY)
    }

    /// Seconds since the start of 1970, rounded down.
    ///
    /// ```
    /// # use reglet_sdk_core::Timestamp;
    /// assert_eq!(Timestamp::from_unix_nanos(-1).unix_seconds(), -1);
    /// ```
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds within the second.
    ///
    /// ```
    /// # use reglet_sdk_core::Timestamp;
    /// assert_eq!(Timestamp::from_unix_nanos(-1).subsec_nanos(), 999_999_999);
    /// ```
    #[must_use]
    pub const fn subsec_nanos(self) -> u32 {
        self.nanos
    }

    /// Reads RFC 3339: capital `T` and `Z`, two digits each, a zone, no leap seconds (`docs/protocol.md#j9`).
    ///
    /// As in Go, the fraction may stand after a comma, and its digits beyond the ninth are cut. Go also takes hours
    /// of one digit, the zones `+24:00` and `+00:60`, and times that their zone takes out of the years 0 to 9999, all
    /// of which are refused here.
    ///
    /// ```
    /// # use reglet_sdk_core::Timestamp;
    /// let time = Timestamp::parse(b"2026-11-22T09:00:00.5+01:00");
    /// assert_eq!(time, Some(Timestamp::from_unix(1_795_334_400, 500_000_000)));
    /// assert_eq!(Timestamp::parse(b"2026-11-22"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (clock, mut rest) = text.split_at_checked(19)?;
        let days = days_from_civil(two(clock, 0) * 100 + two(clock, 2), two(clock, 5), two(clock, 8));
        let second = two(clock, 11) * 3600 + two(clock, 14) * 60 + two(clock, 17);
        let mut time = Self { seconds: i64::from(days) * SECONDS_PER_DAY + i64::from(second), nanos: 0 };
        // Whatever is no digit, out of range or between the numbers comes out differently.
        if !clock.iter().zip(&time.digits()).all(|(digit, right)| digit == right) {
            return None;
        }
        if let [b'.' | b',', digits @ ..] = rest {
            let mut place = 100_000_000;
            rest = digits;
            while let [digit @ b'0'..=b'9', after @ ..] = rest {
                time.nanos += u32::from(digit - b'0') * place;
                place /= 10;
                rest = after;
            }
            if rest.len() == digits.len() {
                return None;
            }
        }
        match rest {
            b"Z" => {}
            [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
                let (hours, minutes) = (two(rest, 1), two(rest, 4));
                if hours > 23 || minutes > 59 {
                    return None;
                }
                let offset = i64::from(hours * 3600 + minutes * 60);
                time.seconds += if *sign == b'-' { offset } else { -offset };
            }
            _ => return None,
        }
        // The zone may have taken it out of the years that have a text.
        (FIRST..=LAST).contains(&time.seconds).then_some(time)
    }

    /// RFC 3339 in UTC, the fraction without trailing zeros.
    ///
    /// In a [`text!`](crate::text!), in JSON and in a log record a timestamp writes itself, without a string.
    ///
    /// ```
    /// # use reglet_sdk_core::{Timestamp, text};
    /// let time = Timestamp::from_unix(1_795_334_400, 500_000_000);
    /// assert_eq!(time.rfc3339(), "2026-11-22T08:00:00.5Z");
    /// assert_eq!(text!["since ", time].to_string(), "since 2026-11-22T08:00:00.5Z");
    /// ```
    #[must_use]
    pub fn rfc3339(self) -> String {
        text![self].to_string()
    }

    /// As RFC 3339 with all nine digits of the fraction.
    #[inline(never)]
    pub(crate) fn digits(self) -> [u8; 30] {
        let seconds = (self.seconds + i64::from(DAYS_BEFORE_1970) * SECONDS_PER_DAY).cast_unsigned();
        let second = (seconds % SECONDS_PER_DAY.cast_unsigned()) as u32;
        let (year, month, day) = civil_from_days((seconds / SECONDS_PER_DAY.cast_unsigned()) as u32);
        let mut text = *b"0000-00-00T00:00:00.000000000Z";
        let mut put = |end: usize, part: u32| {
            decimal(part.into(), text.get_mut(..end).unwrap_or_default());
        };
        put(4, year);
        put(7, month);
        put(10, day);
        put(13, second / 3600);
        put(16, second / 60 % 60);
        put(19, second % 60);
        put(29, self.nanos);
        text
    }
}

/// As RFC 3339.
impl Piece for Timestamp {
    fn write(&self, out: &mut Writer<'_>) {
        let digits = self.digits();
        let mut text = digits.as_slice();
        while let [shorter @ .., b'0' | b'Z'] = text {
            text = shorter;
        }
        // Without a fraction, that took the seconds along.
        out.append(if self.nanos == 0 { digits.get(..19).unwrap_or_default() } else { text });
        out.append(b"Z");
    }
}

/// As [`rfc3339`](Timestamp::rfc3339).
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// As [`parse`](Timestamp::parse).
///
/// ```
/// use reglet_sdk_core::{Error, Timestamp};
///
/// let time: Timestamp = "2027-02-21T09:31:23Z".parse()?;
/// assert_eq!(time.to_string(), "2027-02-21T09:31:23Z");
/// # Ok::<(), Error>(())
/// ```
impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse(text.as_bytes())
            .ok_or_else(|| Error::new(Kind::Validation, text![text, " is not an RFC 3339 time"]))
    }
}

impl Encode for Timestamp {
    fn encode(&self, out: &mut Writer<'_>) {
        out.text(self);
    }
}

/// The number of two digits that stands there; more than two digits can say if there are none.
#[inline(never)]
fn two(text: &[u8], at: usize) -> i32 {
    match text.get(at..) {
        Some([tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..]) => {
            i32::from(tens - b'0') * 10 + i32::from(ones - b'0')
        }
        _ => 100,
    }
}

/// ```
/// use reglet_sdk_core::Timestamp;
/// use std::time::{Duration, SystemTime};
///
/// let time = SystemTime::from(Timestamp::from_unix(-1, 500_000_000));
/// assert_eq!(time, SystemTime::UNIX_EPOCH - Duration::from_millis(500));
/// ```
#[cfg(any(feature = "std", not(target_family = "wasm")))]
impl From<Timestamp> for std::time::SystemTime {
    fn from(time: Timestamp) -> Self {
        let seconds = Duration::from_secs(time.seconds.unsigned_abs());
        let whole = if time.seconds < 0 { Self::UNIX_EPOCH - seconds } else { Self::UNIX_EPOCH + seconds };
        whole + Duration::from_nanos(time.nanos.into())
    }
}

/// Waits on the host's clock.
///
/// This imports `poll_oneoff` from WASI, which every Reglet host has; those that embed wazero with its defaults return
/// at once. The host's limit of time for the check goes on. In a `mock` with a clock, that moves on.
///
/// ```
/// # use core::time::Duration;
/// # use reglet_sdk_core::{Timestamp, mock::Mock, time};
/// let start = Timestamp::from_unix(1_800_000_000, 0);
/// Mock::new().clock(start).run(|| {
///     time::sleep(Duration::from_secs(9));
///     assert_eq!(Timestamp::now().unwrap(), Timestamp::from_unix(1_800_000_009, 0));
/// });
/// ```
pub fn sleep(duration: Duration) {
    #[cfg(target_family = "wasm")]
    crate::host::wasi_sleep(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    #[cfg(not(target_family = "wasm"))]
    if !crate::mock::sleep(duration) {
        std::thread::sleep(duration);
    }
}

/// The time on the host's clock; 1970 if it can't be read.
#[cfg(target_family = "wasm")]
fn clock() -> Timestamp {
    let nanos = crate::host::wasi_clock();
    Timestamp { seconds: (nanos / 1_000_000_000).cast_signed(), nanos: (nanos % 1_000_000_000) as u32 }
}

#[cfg(not(target_family = "wasm"))]
fn clock() -> Timestamp {
    crate::mock::clock().unwrap_or_else(|| {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix(since.as_secs().cast_signed(), since.subsec_nanos())
    })
}

#[cfg(test)]
mod tests {
    use super::Timestamp;
    use alloc::string::String;

    fn round_trip(text: &str) -> Option<String> {
        Timestamp::parse(text.as_bytes()).map(Timestamp::rfc3339)
    }

    #[test]
    fn writes_what_it_reads() {
        for text in [
            "0001-01-01T00:00:00Z",
            "1970-01-01T00:00:00Z",
            "2000-02-29T23:59:59.000000001Z",
            "2026-11-22T08:00:00.5Z",
            "9999-12-31T23:59:59.999999999Z",
        ] {
            assert_eq!(round_trip(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn turns_zones_into_utc() {
        assert_eq!(round_trip("2024-03-01T00:30:00+01:00").as_deref(), Some("2024-02-29T23:30:00Z"));
        assert_eq!(round_trip("2023-12-31T23:00:00-02:30").as_deref(), Some("2024-01-01T01:30:00Z"));
    }

    #[test]
    fn cuts_fractions_after_nine_digits() {
        assert_eq!(
            round_trip("2026-01-01T00:00:00,1234567899Z").as_deref(),
            Some("2026-01-01T00:00:00.123456789Z")
        );
    }

    #[test]
    fn refuses_what_is_not_rfc_3339() {
        for text in [
            "",
            "2026-01-01",
            "2026-01-01T00:00:00",
            "2026-01-01t00:00:00Z",
            "2026-01-01T00:00:00z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-13-01T00:00:00Z",
            "2025-02-29T00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00+0100",
            "2026-01-01T00:00:00Z ",
            "20é6-01-01T00:00:00Z",
            "0000-00-00T00:00:00Z",
            "99999999999999999999",
            "0-9999999999999999999",
            "-9999999999999999999Z",
            "2026-01-01T00:00:00+99999",
            "2026-01-01T00:00:00+0:0:0",
            "2026-01-01T0:00:00Z",
            "0000-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
        ] {
            assert_eq!(Timestamp::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn never_overflows() {
        for byte in [0, b'0', b'9', b'-', b'Z', 0xFF] {
            for at in 0..25 {
                for text in
                    [b"2026-01-01T00:00:00+00:00", b"9999999999999999999999999", b"0000000000000000000000000"]
                {
                    let mut text = *text;
                    text[at] = byte;
                    // What it is does not matter, as long as it is written as it is read.
                    let _ = Timestamp::parse(&text).map(Timestamp::rfc3339);
                }
            }
        }
        for seconds in [i64::MIN, i64::MAX] {
            assert!(Timestamp::from_unix(seconds, 0).rfc3339().ends_with('Z'));
        }
    }

    #[test]
    fn counts_whole_days_rounded_down() {
        let at = |text| Timestamp::parse(str::as_bytes(text)).unwrap();
        let now = at("2026-11-22T12:00:00.5Z");
        assert_eq!(at("2026-11-24T12:00:00.5Z").days_since(now), 2);
        assert_eq!(at("2026-11-24T12:00:00.4Z").days_since(now), 1);
        assert_eq!(at("2026-11-22T11:00:00Z").days_since(now), -1);
    }

    #[test]
    fn unknown_is_the_zero_time_of_go() {
        assert_eq!(Timestamp::UNKNOWN.rfc3339(), "0001-01-01T00:00:00Z");
    }
}
