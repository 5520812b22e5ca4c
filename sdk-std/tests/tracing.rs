//! Events and spans of the crate `tracing`, as hosts get them.
#![cfg(feature = "tracing")]

mod records;

use core::fmt;
use std::thread;

use records::{logged, logged_at, message, settings};
use reglet_sdk_std::json::Value;
use reglet_sdk_std::log::{self, Level, MAX_RECORD, MAX_TEXT};
use reglet_sdk_std::mock::Mock;
use tracing::{Span, field, info, info_span};

/// A record's attributes as `key:type=value`, but for its target, which is the same for all here.
fn attributes(record: &str) -> Vec<String> {
    let record = Value::parse(record.as_bytes()).unwrap();
    let attributes = record.get("attrs").elements().unwrap().map(|(_, attribute)| {
        let [key, kind, value] = attribute.fields(&["key", "type", "value"]).unwrap();
        [&*key.text().unwrap(), ":", &kind.text().unwrap(), "=", &value.text().unwrap()].concat()
    });
    attributes.filter(|attribute| attribute != "target:string=tracing").collect()
}

#[test]
fn an_event_has_its_level_message_and_target() {
    assert_eq!(
        logged(|| tracing::warn!(target: "plugin::dns", "no answer from {}", "a\"b")),
        concat!(
            r#"{"timestamp":"0001-01-01T00:00:00Z","level":"WARN","message":"no answer from a\"b","attrs":["#,
            r#"{"key":"target","type":"string","value":"plugin::dns"}],"context":{}}"#
        )
    );
}

#[test]
fn levels_are_those_of_go() {
    let records = logged_at(Level::Trace, || {
        tracing::error!("");
        tracing::warn!("");
        tracing::info!("");
        tracing::debug!("");
        tracing::trace!("");
    });
    let level = |record: &String| {
        let record = Value::parse(record.as_bytes()).unwrap();
        record.get("level").text().unwrap().into_owned()
    };
    let levels: Vec<String> = records.iter().map(level).collect();
    assert_eq!(levels, ["ERROR", "WARN", "INFO", "DEBUG", "DEBUG-4"]);
}

#[test]
fn one_level_holds_for_events_and_the_macros() {
    fn all() {
        tracing::error!("e");
        tracing::warn!("w");
        log::warn!("w of the core");
        tracing::info!("i");
        tracing::debug!("d");
        log::debug!("d of the core");
        tracing::trace!("t");
    }
    for (level, records) in
        [(Level::Trace, 7), (Level::Debug, 6), (Level::Info, 4), (Level::Warn, 3), (Level::Error, 1)]
    {
        assert_eq!(logged_at(level, all).len(), records, "{level:?}");
    }
}

#[test]
fn what_is_below_the_level_is_not_even_formatted() {
    struct Never;
    impl fmt::Debug for Never {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("formatted")
        }
    }
    let records =
        logged_at(Level::Info, || tracing::debug_span!("s", a = ?Never).in_scope(|| tracing::debug!(?Never)));
    assert_eq!(records, [""; 0]);
}

#[test]
fn fields_have_the_types_of_the_wire() {
    let failed: &(dyn core::error::Error + 'static) = &fmt::Error;
    let record = logged(|| {
        info!(
            host = "example.com", port = 443_u16, left = -7, share = 1.5, ok = true, none = None::<u8>,
            took = ?core::time::Duration::from_millis(1_500), version = %"1.3", nanos = 7_u128,
            lowest = i64::MIN as i128, wide = u128::MAX, low = i64::MIN as i128 - 1, error = failed, err = ?fmt::Error,
            "checked"
        );
    });
    assert_eq!(
        attributes(&record),
        [
            "host:string=example.com",
            "port:uint64=443",
            "left:int64=-7",
            "share:float64=1.500000",
            "ok:bool=true",
            "took:any=1.5s",
            "version:any=1.3",
            "nanos:uint64=7",
            "lowest:int64=-9223372036854775808",
            "wide:any=0xffffffffffffffffffffffffffffffff",
            "low:any=-0x8000000000000001",
            "error:error=an error occurred when formatting an argument",
            "err:error=Error",
        ]
    );
    assert_eq!(message(&record), "checked");
}

#[test]
fn an_event_needs_no_message() {
    let record = logged(|| info!(days = 5));
    assert_eq!((message(&record), attributes(&record)), (String::new(), vec!["days:int64=5".into()]));
    // Nor is one that is no text lost.
    let record = logged(|| info!(message = 5));
    assert_eq!((message(&record), attributes(&record)), (String::new(), vec!["message:int64=5".into()]));
}

#[test]
fn the_fields_of_open_spans_are_an_events_too() {
    let record = logged(|| {
        let _check = info_span!("check", host = "a.example", id = 7).entered();
        let _connect = info_span!("connect", port = 443, message = "not the event's").entered();
        info!(ok = true, "done");
    });
    assert_eq!(message(&record), "done");
    assert_eq!(
        attributes(&record),
        [
            "ok:bool=true",
            "port:int64=443",
            "message:string=not the event's",
            "host:string=a.example",
            "id:int64=7",
            "spans:string=check:connect",
        ]
    );
}

#[test]
fn of_fields_with_the_same_name_the_innermost_counts() {
    let record = logged(|| {
        let _a = info_span!("a", x = 1, y = 1, z = 1).entered();
        let _b = info_span!("b", x = 2, y = 2).entered();
        info!(x = 3);
    });
    assert_eq!(attributes(&record), ["x:int64=3", "y:int64=2", "z:int64=1", "spans:string=a:b"]);
    let record = logged(|| info_span!("a", spans = "mine").in_scope(|| info!("")));
    assert_eq!(attributes(&record), ["spans:string=mine"]);
}

#[test]
fn a_span_that_is_left_or_closed_says_nothing_more() {
    let records = logged_at(Level::Info, || {
        let span = info_span!("a", x = 1);
        info!("before");
        span.in_scope(|| info!("within"));
        info!("after");
        span.in_scope(|| info!("again"));
        drop(span);
        info!("closed");
    });
    let with = ["x:int64=1", "spans:string=a"].map(String::from).to_vec();
    let attributes: Vec<_> = records.iter().map(|record| attributes(record)).collect();
    assert_eq!(attributes, [vec![], with.clone(), vec![], with, vec![]]);
}

#[test]
fn a_span_can_be_entered_while_it_is_entered() {
    let records = logged_at(Level::Info, || {
        let span = info_span!("a", x = 1);
        let outer = span.enter();
        let inner = span.enter();
        drop(inner);
        info!("still within");
        drop(outer);
        info!("outside");
    });
    assert_eq!(attributes(&records[0]), ["x:int64=1", "spans:string=a"]);
    assert_eq!(attributes(&records[1]), [""; 0]);
}

#[test]
fn spans_can_be_left_and_closed_in_any_order() {
    let records = logged_at(Level::Info, || {
        let a = info_span!("a", x = 1).entered();
        let b = info_span!("b", y = 2).entered();
        drop(a);
        // It is b's parent still.
        info!("in b");
        drop(b);
        info!("outside");
    });
    assert_eq!(attributes(&records[0]), ["y:int64=2", "x:int64=1", "spans:string=a:b"]);
    assert_eq!(attributes(&records[1]), [""; 0]);
}

#[test]
fn parents_can_be_named() {
    let records = logged_at(Level::Info, || {
        let a = info_span!("a", x = 1);
        let child = info_span!(parent: &a, "child");
        let _other = info_span!("other", y = 2).entered();
        info!(parent: &a, "in a");
        info!(parent: None, "in none");
        info_span!(parent: None, "root").in_scope(|| info!("in root"));
        drop(a);
        child.in_scope(|| info!("in child"));
    });
    let attributes: Vec<_> = records.iter().map(|record| attributes(record).join(" ")).collect();
    assert_eq!(
        attributes,
        ["x:int64=1 spans:string=a", "", "spans:string=root", "x:int64=1 spans:string=a:child"]
    );
}

#[test]
fn a_span_is_open_until_its_last_handle_is_dropped() {
    let record = logged(|| {
        let span = info_span!("a", x = 1);
        let other = span.clone();
        drop(span);
        other.in_scope(|| info!(""));
    });
    assert_eq!(attributes(&record), ["x:int64=1", "spans:string=a"]);
}

#[test]
fn fields_can_be_recorded_later() {
    let record = logged(|| {
        let span = info_span!("a", x = 1, y = field::Empty);
        span.record("y", "found").record("x", 2).record("nowhere", 3);
        span.in_scope(|| info!(""));
    });
    assert_eq!(attributes(&record), ["x:int64=2", "y:string=found", "spans:string=a"]);
}

#[test]
fn the_current_span_is_the_one_that_was_entered_last() {
    logged_at(Level::Info, || {
        assert!(Span::current().is_none());
        let a = info_span!("a").entered();
        let b = info_span!("b").entered();
        assert_eq!(Span::current().id(), b.id());
        drop(b);
        assert_eq!(Span::current().id(), a.id());
        assert_eq!(Span::current().metadata().unwrap().name(), "a");
    });
}

#[test]
fn a_span_of_another_thread_is_none_here() {
    let record = logged(|| {
        let elsewhere = thread::spawn(|| info_span!("elsewhere", x = 1)).join().unwrap();
        let _here = info_span!("here", y = 2).entered();
        elsewhere.in_scope(|| info!(""));
    });
    assert_eq!(attributes(&record), ["y:int64=2", "spans:string=here"]);
}

#[test]
fn too_many_spans_cost_their_fields_only() {
    let records = logged_at(Level::Info, || {
        let spans: Vec<_> = (0..100).map(|at| info_span!("s", at)).collect();
        spans[63].in_scope(|| spans[64].in_scope(|| info!("")));
        drop(spans);
        info_span!("s", at = 100).in_scope(|| info!(""));
        // Nested as deep as that, too.
        let entered: Vec<_> = (0..100).map(|at| info_span!("s", at).entered()).collect();
        info!("");
        // In the order of their making.
        drop(entered);
        info!("");
    });
    assert_eq!(attributes(&records[0]), ["at:int64=63", "spans:string=s"]);
    assert_eq!(attributes(&records[1]), ["at:int64=100", "spans:string=s"]);
    assert_eq!(attributes(&records[2])[0], "at:int64=63");
    assert_eq!(attributes(&records[3]), [""; 0]);
}

#[test]
fn a_value_may_log_while_it_is_shown() {
    struct Chatty;
    impl fmt::Debug for Chatty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!("shown");
            let _ = info_span!("inner").entered();
            f.write_str("chatty")
        }
    }
    let records = logged_at(Level::Info, || {
        let span = info_span!("a", x = ?Chatty);
        span.in_scope(|| info!(y = ?Chatty, "{:?}", Chatty));
    });
    assert_eq!(attributes(records.last().unwrap()), ["y:any=chatty", "x:any=chatty", "spans:string=a"]);
    assert!(records[..records.len() - 1].iter().all(|record| message(record) == "shown"));
}

#[test]
fn the_location_is_told_if_asked_for() {
    let _guard = settings();
    log::show_location(true);
    let ((), calls) = Mock::new().run(|| info!("here"));
    log::show_location(false);
    let [file, line] = attributes(&calls.logs[0]).try_into().unwrap();
    assert_eq!(file, format!("file:string={}", file!()));
    assert!(line.starts_with("line:int64="), "{line}");
}

#[test]
fn long_messages_and_fields_are_cut_and_marked() {
    let long = "é".repeat(MAX_TEXT);
    let record = logged(|| {
        info_span!("a", x = %long).in_scope(|| info!(y = long.as_str(), "{long}"));
    });
    let cut = "é".repeat(MAX_TEXT / 2) + "…";
    assert_eq!(message(&record), cut);
    assert_eq!(attributes(&record)[..2], [format!("y:string={cut}"), format!("x:any={cut}")]);
}

#[test]
fn records_stay_below_their_bound() {
    let record = logged(|| {
        let long = "\u{1}".repeat(MAX_TEXT);
        let spans: [fn(&str) -> Span; 6] = [
            |x| info_span!("a", a = x),
            |x| info_span!("a", b = x),
            |x| info_span!("a", c = x),
            |x| info_span!("a", d = x),
            |x| info_span!("a", e = x),
            |x| info_span!("a", f = x),
        ];
        let _entered: Vec<_> = spans.iter().map(|span| span(&long).entered()).collect();
        info!("{long}");
    });
    assert!(record.len() < MAX_RECORD, "{}", record.len());
    assert!(record.contains(r#"{"key":"…"}],"#), "{record}");
}

/// The crate `tracing` has its own way to the crate `log`, for programs without a subscriber; it is on here.
#[cfg(feature = "log")]
#[test]
fn both_facades_together_send_each_record_once() {
    let records = logged_at(Level::Info, || {
        info_span!("a").in_scope(|| info!("event"));
        ::log::info!("record");
    });
    let messages: Vec<String> = records.iter().map(|record| message(record)).collect();
    assert_eq!(messages, ["event", "record"]);
}
