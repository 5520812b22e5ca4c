//! Log records as hosts get them.

use core::cell::Cell;
use core::time::Duration;
use std::borrow::Cow;

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::json::{Str, Value};
use reglet_sdk_core::log::{self, Attr, Level, MAX_RECORD, MAX_TEXT, Typed};
use reglet_sdk_core::mock::Mock;
use reglet_sdk_core::{Context, Error, Timestamp, config, text};

/// The only record that is logged.
fn logged(log: impl FnOnce()) -> String {
    let ((), calls) = Mock::new().run(log);
    let [record] = calls.logs.try_into().unwrap();
    record
}

/// Type and text of the only attribute of the only record.
fn attribute(value: &impl log::Value) -> (String, String) {
    let record = logged(|| log::record(Level::Info, None, &"", &[Attr::new("k", value)]));
    let record = Value::parse(record.as_bytes()).unwrap();
    let (_, attr) = record.get("attrs").elements().unwrap().next().unwrap();
    let [kind, value] = attr.fields(&["type", "value"]).unwrap();
    (kind.text().unwrap().into(), value.text().unwrap().into())
}

fn message(record: &str) -> String {
    Value::parse(record.as_bytes()).unwrap().get("message").text().unwrap().into()
}

#[test]
fn sends_every_type_as_go_sends_it() {
    let record = logged(|| {
        log::warn!(
            "w",
            s = "x",
            i = 7,
            u = 8_u64,
            f = 1.5,
            b = true,
            d = Duration::from_millis(1500),
            t = Timestamp::from_unix_nanos(5),
            e = Typed::Error(&"ee"),
            n = None::<u8>,
            j = Typed::Json(&r#"{"k":"\u003cv\u003e"}"#),
            g = [Attr::new("x", &1)],
        );
    });
    assert_eq!(
        record,
        concat!(
            r#"{"timestamp":"0001-01-01T00:00:00Z","level":"WARN","message":"w","attrs":["#,
            r#"{"key":"s","type":"string","value":"x"},{"key":"i","type":"int64","value":"7"},"#,
            r#"{"key":"u","type":"uint64","value":"8"},{"key":"f","type":"float64","value":"1.500000"},"#,
            r#"{"key":"b","type":"bool","value":"true"},{"key":"d","type":"duration","value":"1.5s"},"#,
            r#"{"key":"t","type":"time","value":"1970-01-01T00:00:00.000000005Z"},"#,
            r#"{"key":"e","type":"error","value":"ee"},{"key":"n","type":"any","value":"<nil>"},"#,
            r#"{"key":"j","type":"json","value":"{\"k\":\"\\u003cv\\u003e\"}"},"#,
            r#"{"key":"g","type":"group","value":"[x=1]"}],"context":{}}"#
        )
    );
}

#[test]
fn takes_strings_in_all_their_forms() {
    config! {
        struct Config<'a> {
            name: Str<'a>,
        }
    }
    let config: Config<'_> = reglet_sdk_core::json::read(br#"{"name":"a\u00e9\"\ud83d\ude00"}"#).unwrap();
    let expected = (String::from("string"), String::from("aé\"😀"));
    assert_eq!(attribute(&config.name), expected);
    assert_eq!(attribute(&"aé\"😀"), expected);
    assert_eq!(attribute(&String::from("aé\"😀")), expected);
    assert_eq!(attribute(&Cow::Borrowed("aé\"😀")), expected);
    assert_eq!(attribute(&text!["aé", '"'.to_string(), "😀"]), expected);
    assert_eq!(attribute(&Some("aé\"😀")), expected);
}

#[test]
fn takes_integers_to_their_ends() {
    assert_eq!(attribute(&i64::MIN), ("int64".into(), i64::MIN.to_string()));
    assert_eq!(attribute(&u64::MAX), ("uint64".into(), u64::MAX.to_string()));
    assert_eq!(attribute(&-1_i8), ("int64".into(), "-1".into()));
    assert_eq!(attribute(&0.25_f32), ("float64".into(), "0.250000".into()));
}

#[test]
fn shows_groups_as_go_does() {
    let (inner, second) = ([Attr::new("b", &true)], Duration::from_secs(1));
    let group = [
        Attr::new("x", &1),
        Attr::new("y", &"z"),
        Attr::new("h", &inner),
        Attr::new("n", &None::<i32>),
        Attr::new("d", &second),
        Attr::new("e", &Typed::Error(&"ee")),
    ];
    assert_eq!(attribute(&group), ("group".into(), "[x=1 y=z h=[b=true] n=<nil> d=1s e=ee]".into()));
    assert_eq!(attribute(&[]), ("group".into(), "[]".into()));
}

#[test]
fn gives_errors_the_text_that_they_display() {
    let cause = Error::new(Kind::Timeout, "too \"slow\"").with_code("T");
    for error in [
        Error::internal("odd"),
        Error::new(Kind::Network, "no route").with_code("ENOROUTE"),
        Error::new(Kind::Network, "m").with_source(&Error::internal("between").with_source(&cause)),
        Error::config("port", "too large"),
    ] {
        assert_eq!(attribute(&error), ("error".into(), error.to_string()));
    }
}

#[test]
fn carries_the_context_of_the_call() {
    let context = Context::default().with_request_id("r-1").with_timeout(5);
    let record = logged(|| log::info!(context: &context, "m", k = 1));
    assert!(record.ends_with(r#"}],"context":{"request_id":"r-1","timeout_ms":5}}"#), "{record}");
    let record = logged(|| log::record(Level::Error, Some(&context), &"m", &[]));
    assert!(record.ends_with(r#""attrs":[],"context":{"request_id":"r-1","timeout_ms":5}}"#), "{record}");
}

#[test]
fn evaluates_nothing_below_the_level_that_is_sent() {
    let evaluated = Cell::new(0);
    let count = || {
        evaluated.set(evaluated.get() + 1);
        evaluated.get()
    };
    let ((), calls) = Mock::new().run(|| {
        log::debug!(text!["no ", count()], k = count());
        log::record(Level::Debug, None, &"no", &[]);
        log::info!("yes", k = count());
    });
    assert_eq!(calls.logs.len(), 1);
    assert_eq!(evaluated.get(), 1);
}

#[test]
fn has_a_macro_for_each_level() {
    let ((), calls) = Mock::new().run(|| {
        log::info!("i");
        log::warn!("w",);
        log::error!("e");
    });
    let levels = calls
        .logs
        .iter()
        .map(|record| Value::parse(record.as_bytes()).unwrap().get("level").text().unwrap().into_owned());
    assert_eq!(levels.collect::<Vec<_>>(), ["INFO", "WARN", "ERROR"]);
}

#[test]
fn takes_whatever_a_message_is_made_of() {
    let host = "é.example";
    let context = "a variable that is called like the word";
    assert_eq!(message(&logged(|| log::info!(text!["no ", host]))), "no é.example");
    assert_eq!(message(&logged(|| log::info!(host))), host);
    assert_eq!(message(&logged(|| log::info!(context))), context);
    assert_eq!(message(&logged(|| log::info!("say \"hi\"\n\u{1}"))), "say \"hi\"\n\u{1}");
}

#[test]
fn cuts_and_marks_what_is_too_long() {
    for unit in ["x", "é", "€", "😀", "\n", "\"", "\\"] {
        for count in [MAX_TEXT / unit.len() - 1, MAX_TEXT / unit.len(), MAX_TEXT / unit.len() + 1, 3000] {
            let whole = unit.repeat(count);
            let kept = unit.repeat(count.min(MAX_TEXT / unit.len()));
            let expected = if kept.len() < whole.len() { kept + "…" } else { kept };
            let json = [b"\"", serialized(&whole).as_slice(), b"\""].concat();
            let str = Value::parse(&json).unwrap().string().unwrap();

            assert_eq!(message(&logged(|| log::info!(whole))), expected, "{unit:?} {count}");
            assert_eq!(attribute(&whole).1, expected, "{unit:?} {count}");
            assert_eq!(attribute(&text![whole]).1, expected, "{unit:?} {count}");
            assert_eq!(attribute(&Typed::Json(&whole)).1, expected, "{unit:?} {count}");
            assert_eq!(attribute(&Error::internal(&whole)).1, expected, "{unit:?} {count}");
            assert_eq!(attribute(&str).1, expected, "{unit:?} {count}");
        }
    }
}

/// What stands between the quotes, written by someone else.
fn serialized(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for char in text.chars() {
        match char {
            '"' | '\\' => out.extend([b'\\', char as u8]),
            '\n' => out.extend(b"\\n"),
            _ => out.extend(char.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

#[test]
fn cuts_between_escapes_only() {
    for (unit, decoded) in
        [("\\u00e9", "é"), ("\\ud83d\\ude00", "😀"), ("a\\/", "a/"), ("\\ud800", "\u{fffd}")]
    {
        for shift in 0..13 {
            let json = ["\"", &"x".repeat(shift), &unit.repeat(2000), "\""].concat();
            let str = Value::parse(json.as_bytes()).unwrap().string().unwrap();
            let (_, text) = attribute(&str);
            let units = text.trim_start_matches('x').strip_suffix('…').unwrap();
            assert_eq!(units.replace(decoded, "").replace('a', ""), "", "{unit} {shift}");
        }
    }
}

#[test]
fn never_sends_more_than_the_bound() {
    let long = "\u{1}".repeat(5000);
    let attrs: Vec<_> = (0..1000).map(|_| Attr::new(&long, &long)).collect();
    let id = "\u{1}".repeat(5000);
    let context = Context::default().with_request_id(&id);
    for count in [0, 1, 2, 3, 1000] {
        for (key, value) in [("k", "v"), (&*long, "v"), ("k", &*long), (&*long, &*long)] {
            let attrs: Vec<_> = (0..count).map(|_| Attr::new(key, &value)).collect();
            let record = logged(|| log::record(Level::Info, Some(&context), &long, &attrs));
            assert!(record.len() <= MAX_RECORD, "{count}: {}", record.len());
            Value::parse(record.as_bytes()).unwrap();
        }
    }
    let record = logged(|| log::record(Level::Info, None, &"", &attrs));
    assert!(record.ends_with(r#"},{"key":"…"}],"context":{}}"#));
    let (_, group) = attribute(&attrs.as_slice());
    assert!(group.len() <= MAX_TEXT + "…".len() && group.ends_with('…'));
}

#[test]
fn a_key_that_is_a_rust_keyword_loses_what_makes_it_a_name() {
    let record = logged(|| log::info!("m", r#type = "t"));
    assert!(record.contains(r#"{"key":"type","type":"string","value":"t"}"#), "{record}");
}
