//! Times, compared with what the crate `time` makes of them.

use core::time::Duration;

use proptest::prelude::*;
use reglet_sdk_core::Timestamp;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

const FIRST: i64 = -62_167_219_200;
const LAST: i64 = 253_402_300_799;
const SECOND: i128 = 1_000_000_000;

fn any_time() -> impl Strategy<Value = Timestamp> {
    let nanos = prop_oneof![
        0..1_000_000_000_u32,
        Just(0),
        Just(999_999_999),
        (0..1000_u32).prop_map(|n| n * 1_000_000)
    ];
    (prop_oneof![FIRST..=LAST, -100_000..100_000_i64], nanos)
        .prop_map(|(seconds, nanos)| Timestamp::from_unix(seconds, nanos))
}

fn any_duration() -> impl Strategy<Value = Duration> {
    let seconds = prop_oneof![0..400_000_000_000_u64, 0..10_u64, Just(u64::MAX)];
    (seconds, 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos))
}

/// Nanoseconds since 1970.
fn nanos(time: Timestamp) -> i128 {
    i128::from(time.unix_seconds()) * SECOND + i128::from(time.subsec_nanos())
}

/// A text that is a time, or nearly one.
fn nearly_rfc3339() -> impl Strategy<Value = String> {
    let two = |last: u32| prop_oneof![9 => 0..=last, 1 => 0..100_u32];
    let fraction = prop_oneof![Just(String::new()), "[.,][0-9]{1,12}", "[.][0-9]{0,3}"];
    let zone = prop_oneof!["Z", "[+-][012][0-9]:[0-6][0-9]", "[+-]00:00", "[zZ+-:0-9]{0,6}"];
    (0..10_000_u32, two(12), two(31), two(23), two(59), (two(59), fraction, zone)).prop_map(
        |(year, month, day, hour, minute, (second, fraction, zone))| {
            format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}")
        },
    )
}

/// A text with some bytes changed, taken out or put in.
fn mutated() -> impl Strategy<Value = String> {
    let change = (0..40_usize, 0..3_u8, "[-+.,:TtZz 0-9é/]");
    (nearly_rfc3339(), prop::collection::vec(change, 1..3)).prop_map(|(text, changes)| {
        let mut chars: Vec<_> = text.chars().collect();
        for (at, what, new) in changes {
            let at = at.min(chars.len());
            if what > 0 && at < chars.len() {
                chars.remove(at);
            }
            if what < 2 {
                chars.splice(at..at, new.chars());
            }
        }
        chars.into_iter().collect()
    })
}

/// What the text should be read as: as `time` does, apart from the stated differences.
fn expected(text: &str) -> Option<i128> {
    // Letters must be capitals, and the letter a T.
    if text.bytes().any(|byte| byte.is_ascii_lowercase()) || text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    // No leap seconds.
    if text.get(17..19) == Some("60") {
        return None;
    }
    // Either of the two signs starts a fraction.
    let mut text = text.to_owned();
    if text.as_bytes().get(19) == Some(&b',') {
        text.replace_range(19..20, ".");
    } else if text.contains(',') {
        return None;
    }
    let nanos = OffsetDateTime::parse(&text, &Rfc3339).ok()?.unix_timestamp_nanos();
    // In UTC it still has to be in the years that have a text.
    (i128::from(FIRST) * SECOND..i128::from(LAST + 1) * SECOND).contains(&nanos).then_some(nanos)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn writes_what_time_writes(time in any_time()) {
        let other = OffsetDateTime::from_unix_timestamp_nanos(nanos(time)).unwrap();
        prop_assert_eq!(time.rfc3339(), other.format(&Rfc3339).unwrap());
    }

    #[test]
    fn reads_what_it_writes(time in any_time()) {
        prop_assert_eq!(Timestamp::parse(time.rfc3339().as_bytes()), Some(time));
    }

    #[test]
    fn reads_what_time_writes_in_any_zone(time in any_time(), hours in -23..=23_i8, minutes in 0..60_i8) {
        let zone = UtcOffset::from_hms(hours, minutes * hours.signum(), 0).unwrap();
        let other = OffsetDateTime::from_unix_timestamp_nanos(nanos(time)).unwrap();
        // The zone may take it out of the years that `time` knows.
        if let Some(text) = other.checked_to_offset(zone).and_then(|other| other.format(&Rfc3339).ok()) {
            prop_assert_eq!(Timestamp::parse(text.as_bytes()), Some(time), "{}", text);
        }
    }

    #[test]
    fn reads_what_time_reads(text in nearly_rfc3339()) {
        prop_assert_eq!(Timestamp::parse(text.as_bytes()).map(nanos), expected(&text), "{}", text);
    }

    #[test]
    fn reads_what_time_reads_of_mutated_texts(text in mutated()) {
        prop_assert_eq!(Timestamp::parse(text.as_bytes()).map(nanos), expected(&text), "{}", text);
    }

    #[test]
    fn refuses_bytes_at_random_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        prop_assert_eq!(Timestamp::parse(&bytes), None);
    }

    #[test]
    fn counts_nanoseconds_there_and_back(nanos in any::<i64>()) {
        let time = Timestamp::from_unix_nanos(nanos);
        prop_assert_eq!(self::nanos(time), i128::from(nanos));
        prop_assert_eq!(time.unix_nanos(), Some(nanos));
    }

    #[test]
    fn counts_no_nanoseconds_outside_of_their_type(time in any_time()) {
        prop_assert_eq!(time.unix_nanos(), i64::try_from(nanos(time)).ok());
    }

    #[test]
    fn adds_and_subtracts_within_its_years(time in any_time(), duration in any_duration()) {
        let span = i128::try_from(duration.as_nanos()).unwrap();
        let (first, last) = (i128::from(FIRST) * SECOND, i128::from(LAST + 1) * SECOND - 1);
        prop_assert_eq!(nanos(time.saturating_add(duration)), (nanos(time) + span).clamp(first, last));
        prop_assert_eq!(nanos(time.saturating_sub(duration)), (nanos(time) - span).clamp(first, last));
    }

    #[test]
    fn measures_what_lies_between(a in any_time(), b in any_time()) {
        let span = (nanos(b) - nanos(a)).max(0).cast_unsigned();
        prop_assert_eq!(b.saturating_duration_since(a).as_nanos(), span);
        prop_assert_eq!(a < b, nanos(a) < nanos(b));
    }
}

#[test]
fn counts_nanoseconds_at_the_ends_of_their_type() {
    for nanos in [i64::MIN, i64::MIN + 1, -1_000_000_001, -1_000_000_000, -1, 0, 1, i64::MAX] {
        assert_eq!(Timestamp::from_unix_nanos(nanos).unix_nanos(), Some(nanos));
    }
    for (seconds, nanos) in [(-9_223_372_037, 145_224_191), (9_223_372_036, 854_775_808)] {
        assert_eq!(Timestamp::from_unix(seconds, nanos).unix_nanos(), None);
    }
}
