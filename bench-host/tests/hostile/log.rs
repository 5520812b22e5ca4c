//! What plugins pass to `log_message`: never fatal, and harmless once it is shown.

use super::*;

const LOG: &str = r#"(import "reglet_host" "log_message" (func $log (param i64)))"#;

/// What is logged when a check passes this to `log_message`.
fn logged(record: &str) -> Vec<String> {
    let (records, lost) = logged_at(packed(TEXT, len(record)), record);
    assert_eq!(lost, 0);
    records
}

/// The same for a packed range, and how many records were lost.
fn logged_at(range: String, text: &str) -> (Vec<String>, u64) {
    let (host, records) = logging();
    let outcome = r#"{"status":"success","timestamp":"0001-01-01T00:00:00Z"}"#;
    let guest = Guest {
        imports: LOG,
        observe: format!("(call $log {range}) {}", packed(TEXT + len(text), len(outcome))),
        text: format!("{text}{outcome}"),
        ..good()
    };
    let mut instance = host.load("bad", &guest.module()).unwrap().instance().unwrap();
    assert_eq!(instance.check(b"{}").unwrap().status(), Status::Success);
    still_works(&host);
    let records = records.lock().unwrap().clone();
    (records, instance.usage().lost_records)
}

#[test]
fn a_record_is_shown_with_its_attributes() {
    let record = r#"{"level":"WARN","message":"slow","attrs":[{"key":"ms","type":"int64","value":"90"}]}"#;
    assert_eq!(logged(record), ["WARN bad: slow ms=90"]);
}

#[test]
fn only_what_is_text_or_looks_like_it_stands_in_quotes() {
    for (kind, value, shown) in [
        ("float64", "-1.5e+3", "-1.5e+3"),
        ("bool", "true", "true"),
        ("duration", "1.5µs", "1.5µs"),
        ("time", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
        ("string", "90", "\"90\""),
        ("", "90", "\"90\""),
        ("int64", "", "\"\""),
        ("int64", "1 level=ERROR", "\"1 level=ERROR\""),
    ] {
        let record =
            format!(r#"{{"message":"m","attrs":[{{"key":"k","type":"{kind}","value":"{value}"}}]}}"#);
        assert_eq!(logged(&record), [format!("INFO bad: m k={shown}")], "{kind}");
    }
    let record = r#"{"message":"m","attrs":[{"key":"k","type":7,"value":"1"}]}"#;
    assert_eq!(logged(record), [r#"INFO bad: m k="1""#]);
}

#[test]
fn a_record_at_a_bad_range_is_dropped_and_counted() {
    for (address, len) in [(65_535, 2), (u32::MAX, u32::MAX), (0, u32::MAX), (65_537, 0)] {
        assert_eq!(logged_at(packed(address, len), ""), (vec![], 1), "{address} {len}");
    }
}

#[test]
fn a_record_over_the_limit_for_requests_is_dropped_and_counted() {
    let guest =
        Guest { imports: LOG, observe: format!("(call $log {}) unreachable", packed(0, 65)), ..good() };
    let host = Host::builder().max_request(64).build().unwrap();
    let mut instance = host.load("bad", &guest.module()).unwrap().instance().unwrap();
    instance.check(b"{}").unwrap_err();
    assert_eq!(instance.usage().lost_records, 1);
}

#[test]
fn garbage_is_logged_as_text_escaped_and_cut() {
    assert_eq!(logged("not \u{1b}[2J json\n"), [r"INFO bad: not \u{1b}[2J json\n"]);
    assert_eq!(logged(""), ["INFO bad: "]);
    assert_eq!(logged(r#"{"level":7}"#), [r#"INFO bad: {"level":7}"#]);
    assert_eq!(logged(r#"[1]"#), ["INFO bad: [1]"]);
    let long = logged(&"x".repeat(20_000));
    assert!(long[0].len() < 5_000, "{}", long[0].len());
}

#[test]
fn control_characters_in_a_record_are_shown_escaped() {
    let record = r#"{"message":"a\u001b[2J\nb\u009b","attrs":[{"key":"k\u0007","value":"v\u001b\n"}]}"#;
    let [line] = &logged(record)[..] else { panic!("one record") };
    assert!(!line.contains(char::is_control), "{line:?}");
    assert_has(line, &[r"a\u{1b}[2J\nb\u{9b}", r"k\u{7}="]);
}

#[test]
fn attributes_without_end_are_left_out() {
    let record = format!(r#"{{"message":"m","attrs":[{}{{}}]}}"#, "{},".repeat(5_000));
    let [line] = &logged(&record)[..] else { panic!("one record") };
    assert_eq!(line.matches('=').count(), 64);
}

#[test]
fn levels_are_read_as_go_writes_them() {
    for (level, shown) in [
        ("DEBUG-4", "DEBUG"),
        ("debug", "DEBUG"),
        ("DEBUG+4", "INFO"),
        ("INFO+2", "INFO"),
        ("warn", "WARN"),
        ("WARN+3", "WARN"),
        ("ERROR+99999", "ERROR"),
        ("ERROR+99999999999", "INFO"),
        ("TRACE", "INFO"),
        ("+", "INFO"),
        ("", "INFO"),
    ] {
        let lines = logged(&format!(r#"{{"level":"{level}","message":"m"}}"#));
        assert_eq!(lines, [format!("{shown} bad: m")], "{level}");
    }
}

#[test]
fn records_without_end_are_dropped_and_counted_and_the_host_says_so_once_in_a_call() {
    let text = r#"{"level":"INFO","message":"again"}"#;
    let outcome = good().text;
    let guest = Guest {
        imports: LOG,
        more: "(global $n (mut i32) (i32.const 0))",
        observe: format!(
            "(global.set $n (i32.const 100000))
             (loop $l
                (call $log {})
                (global.set $n (i32.sub (global.get $n) (i32.const 1)))
                (br_if $l (global.get $n)))
             {}",
            packed(TEXT, len(text)),
            packed(TEXT + len(text), len(&outcome))
        ),
        text: format!("{text}{outcome}"),
        ..good()
    };
    let records = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&records);
    let host = Host::builder()
        .max_log(10, 1 << 20)
        .log(move |record| sink.lock().unwrap().push(record.to_string()))
        .build()
        .unwrap();
    let mut instance = host.load("bad", &guest.module()).unwrap().instance().unwrap();
    for calls in 1..3 {
        instance.check(b"{}").unwrap();
        assert_eq!(instance.usage().lost_records, calls * 99_990);
        let records = core::mem::take(&mut *records.lock().unwrap());
        assert_eq!((records.len(), &*records[9]), (11, "INFO bad: again"));
        assert_eq!(
            records[10],
            "WARN bad: it logs more than 10 records or 1048576 bytes in a call; the rest is dropped"
        );
    }
}
