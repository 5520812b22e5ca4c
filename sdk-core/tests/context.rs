//! Contexts as they are derived, and as they are sent.

use core::time::Duration;

use reglet_sdk_core::context::Cancellation;
use reglet_sdk_core::json::{Encode, Writer};
use reglet_sdk_core::mock::Mock;
use reglet_sdk_core::{Context, Timestamp, tcp};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000, 0);

fn later(milliseconds: u64) -> Timestamp {
    NOW.saturating_add(Duration::from_millis(milliseconds))
}

fn sent(context: &Context<'_>) -> String {
    let mut out = Writer::new();
    context.encode(&mut out);
    String::from_utf8(out.into_bytes()).unwrap()
}

#[test]
fn sends_nothing_of_an_empty_context() {
    assert_eq!(sent(&Context::default()), "{}");
    assert_eq!(sent(&Context::default().with_request_id("")), "{}");
    assert_eq!(sent(&Context::default().with_value(&5)), "{}");
}

#[test]
fn sends_all_that_is_set() {
    let check = Context::default();
    let context =
        check.with_value(&5).with_timeout(1_500).with_deadline(later(500)).with_request_id("a\"b").canceled();
    assert_eq!(
        sent(&context),
        r#"{"deadline":"2027-01-15T08:00:00.5Z","request_id":"a\"b","timeout_ms":1500,"canceled":true}"#
    );
}

#[test]
fn sends_fields_that_were_set_by_hand() {
    let mut context = Context::default();
    context.timeout_ms = Some(7);
    context.request_id = Some("r");
    assert_eq!(sent(&context), r#"{"request_id":"r","timeout_ms":7}"#);
    context.timeout_ms = Some(0);
    assert_eq!(sent(&context), r#"{"request_id":"r"}"#);
}

#[test]
fn keeps_the_earlier_limit() {
    let context = Context::default().with_timeout(5).with_timeout(9).with_timeout(7);
    assert_eq!(context.timeout_ms, Some(5));
    let context = Context::default().with_deadline(later(5)).with_deadline(later(9)).with_deadline(later(3));
    assert_eq!(context.deadline(), Some(later(3)));
}

#[test]
fn leaves_the_parent_as_it_was() {
    let parent = Context::default().with_timeout(9).with_deadline(later(9));
    let before = sent(&parent);
    let child = parent.with_value(&1).with_timeout(1).with_deadline(later(1)).with_request_id("r").canceled();
    assert_ne!(sent(&child), before);
    assert_eq!(sent(&parent), before);
    assert!(parent.value::<i32>().is_none());
}

#[test]
fn stays_canceled_whatever_is_derived() {
    let check = Context::default().canceled();
    let context = check.with_value(&5).with_deadline(later(5)).with_timeout(3).on_clock();
    let (text, _) = Mock::new().clock(NOW).run(|| sent(&context));
    assert_eq!(text, r#"{"deadline":"2027-01-15T08:00:00.005Z","timeout_ms":3,"canceled":true}"#);
}

#[test]
fn takes_a_timeout_of_0_for_none() {
    assert_eq!(sent(&Context::default().with_timeout(0)), "{}");
    assert_eq!(Context::default().with_timeout(0).with_timeout(5).with_timeout(0).timeout_ms, Some(5));
    let mut by_hand = Context::default();
    by_hand.timeout_ms = Some(0);
    assert_eq!(by_hand.with_timeout(5).timeout_ms, Some(5));
    assert_eq!(by_hand.with_deadline(later(5)).as_of(NOW).timeout_ms, Some(5));
}

#[test]
fn is_done_from_the_deadline_on() {
    let context = Context::default().with_deadline(later(5));
    assert!(!context.is_done(later(4)));
    assert!(context.is_done(later(5)));
    assert!(context.is_done(later(6)));
    assert!(!Context::default().with_timeout(1).is_done(later(6)));
}

#[test]
fn turns_a_deadline_into_whole_milliseconds_rounded_down() {
    let context = Context::default().with_deadline(later(5));
    for (nanos, left) in
        [(0, Some(5)), (1, Some(4)), (1_000_000, Some(4)), (4_000_000, Some(1)), (4_000_001, None)]
    {
        let now = NOW.saturating_add(Duration::from_nanos(nanos));
        assert_eq!(context.as_of(now).timeout_ms, left, "{nanos}");
        assert!(!context.as_of(now).is_canceled(), "{nanos}");
    }
    assert_eq!(context.with_timeout(3).as_of(NOW).timeout_ms, Some(3));
    assert_eq!(context.with_timeout(9).as_of(NOW).timeout_ms, Some(5));
}

#[test]
fn a_past_deadline_cancels_and_leaves_no_timeout() {
    let context = Context::default().with_timeout(9).with_deadline(later(5));
    for now in [later(5), later(6), later(600_000)] {
        assert_eq!(sent(&context.as_of(now)), r#"{"deadline":"2027-01-15T08:00:00.005Z","canceled":true}"#);
    }
}

#[test]
fn keeps_timeouts_within_their_type() {
    let far = Timestamp::from_unix(i64::MAX, 0);
    assert_eq!(Context::default().with_deadline(far).as_of(Timestamp::UNKNOWN).timeout_ms, Some(u32::MAX));
}

#[test]
fn says_what_is_left_at_each_sending_if_it_is_on_the_clock() {
    for context in [
        Context::default().with_deadline(later(5_000)).on_clock(),
        Context::default().on_clock().with_deadline(later(5_000)),
    ] {
        for (now, expected) in [
            (later(0), r#"{"deadline":"2027-01-15T08:00:05Z","timeout_ms":5000}"#),
            (later(4_999), r#"{"deadline":"2027-01-15T08:00:05Z","timeout_ms":1}"#),
            (later(5_000), r#"{"deadline":"2027-01-15T08:00:05Z","canceled":true}"#),
            // wazero's clock by default: it starts here, and is not believed.
            (Timestamp::from_unix(1_640_995_200, 0), r#"{"deadline":"2027-01-15T08:00:05Z"}"#),
        ] {
            let (text, _) = Mock::new().clock(now).run(|| sent(&context));
            assert_eq!(text, expected);
        }
    }
}

#[test]
fn asks_no_clock_unless_told_to() {
    let context = Context::default().with_timeout(5_000).with_deadline(later(5_000));
    let (text, _) = Mock::new().clock(later(4_000)).run(|| sent(&context));
    assert_eq!(text, r#"{"deadline":"2027-01-15T08:00:05Z","timeout_ms":5000}"#);
}

#[test]
fn carries_values_that_are_known_by_their_types() {
    #[derive(Debug, PartialEq)]
    struct Attempt(u32);

    let check = Context::default();
    let context = check.with_value(&Attempt(1)).with_timeout(1);
    assert_eq!(context.value(), Some(&Attempt(1)));
    assert_eq!(context.value::<u32>(), None);
    let more = context.with_value(&7_u32);
    assert_eq!((more.value(), more.value()), (Some(&7_u32), Some(&Attempt(1))));
    assert_eq!(more.with_value(&Attempt(2)).value(), Some(&Attempt(2)));
}

#[test]
fn is_given_up_with_any_of_its_cancellations() {
    let (outer, inner) = (Cancellation::new(), Cancellation::new());
    let check = Context::default();
    let whole = check.with_cancellation(&outer);
    let part = whole.with_cancellation(&inner).with_timeout(5);
    assert_eq!((whole.check(), part.check()), (Ok(()), Ok(())));
    assert_eq!(sent(&part), r#"{"timeout_ms":5}"#);
    inner.cancel();
    assert_eq!((whole.is_canceled(), part.is_canceled()), (false, true));
    assert_eq!(sent(&part), r#"{"timeout_ms":5,"canceled":true}"#);
    let part = whole.with_cancellation(&Cancellation::new()).with_deadline(later(9)).is_canceled();
    assert!(!part);
    outer.cancel();
    assert!(whole.with_deadline(later(9)).is_canceled());
    assert_eq!(sent(&whole), r#"{"canceled":true}"#);
    assert!(check.check().is_ok());
}

#[test]
fn is_late_by_the_clock_that_it_is_on() {
    let context = Context::default().with_deadline(later(5_000));
    Mock::new().clock(later(5_000)).run(|| {
        assert!(context.check().is_ok());
        let error = context.on_clock().check().unwrap_err();
        assert_eq!((&*error.code(), error.is_timeout()), ("DEADLINE_EXCEEDED", true));
    });
    // A clock that does not keep time says nothing.
    Mock::new().clock(Timestamp::UNKNOWN).run(|| {
        assert!(context.on_clock().check().is_ok());
        assert_eq!(sent(&Context::default().within(Duration::from_micros(1))), r#"{"timeout_ms":1}"#);
    });
}

#[test]
fn the_shorter_of_two_limits_is_sent_in_both_places_where_hosts_look() {
    let end = |timeout: Option<u32>, context: &Context<'_>| {
        let (_, calls) = Mock::new()
            .answer("tcp_connect", "")
            .run(|| tcp::Request::new(&"a", 1).timeout_ms(timeout).send(context).is_err());
        calls.requests[0].1.split_once(r#","context":"#).unwrap().1.to_owned()
    };
    let (none, short) = (Context::default(), Context::default().with_timeout(300));
    for (timeout, context, sent) in [
        (None, &none, None),
        (Some(0), &none, None),
        (Some(250), &none, Some(250)),
        (Some(250), &short, Some(250)),
        (Some(350), &short, Some(300)),
        (Some(0), &short, Some(300)),
        (None, &short, Some(300)),
    ] {
        let expected =
            sent.map_or("{}}".into(), |limit| format!(r#"{{"timeout_ms":{limit}}},"timeout_ms":{limit}}}"#));
        assert_eq!(end(timeout, context), expected, "{timeout:?} {context:?}");
    }
}

#[test]
fn what_is_left_is_sent_where_some_hosts_look_for_it() {
    let context = Context::default().with_deadline(later(5_000)).on_clock();
    let connect = tcp::Request::new(&"a", 1);
    let (_, calls) = Mock::new()
        .answer("tcp_connect", "")
        .clock(later(4_000))
        .run(|| connect.timeout_ms(2_000).send(&context).is_err());
    let (_, request) = &calls.requests[0];
    assert!(request.ends_with(r#""timeout_ms":1000},"timeout_ms":1000}"#), "{request}");
}
