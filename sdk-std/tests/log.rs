//! Records of the crate `log`, as hosts get them.
#![cfg(feature = "log")]

mod records;

use core::fmt;

use records::{logged, logged_at, message, settings};
use reglet_sdk_std::json::Value;
use reglet_sdk_std::log::{self, Level, MAX_TEXT};
use reglet_sdk_std::mock::Mock;

/// Keys, types and values of a record's attributes.
fn attributes(record: &str) -> Vec<(String, String, String)> {
    let record = Value::parse(record.as_bytes()).unwrap();
    let attributes = record.get("attrs").elements().unwrap().map(|(_, attribute)| {
        let [key, kind, value] = attribute.fields(&["key", "type", "value"]).unwrap();
        [key, kind, value].map(|text| text.text().unwrap().into_owned()).into()
    });
    attributes.collect()
}

#[test]
fn a_record_has_its_level_message_and_target() {
    assert_eq!(
        logged(|| ::log::warn!(target: "plugin::dns", "no answer from {}", "a\"b")),
        concat!(
            r#"{"timestamp":"0001-01-01T00:00:00Z","level":"WARN","message":"no answer from a\"b","attrs":["#,
            r#"{"key":"target","type":"string","value":"plugin::dns"}],"context":{}}"#
        )
    );
}

#[test]
fn levels_are_those_of_go() {
    let records = logged_at(Level::Trace, || {
        ::log::error!("");
        ::log::warn!("");
        ::log::info!("");
        ::log::debug!("");
        ::log::trace!("");
    });
    let level = |record: &String| {
        let record = Value::parse(record.as_bytes()).unwrap();
        record.get("level").text().unwrap().into_owned()
    };
    let levels: Vec<String> = records.iter().map(level).collect();
    assert_eq!(levels, ["ERROR", "WARN", "INFO", "DEBUG", "DEBUG-4"]);
}

#[test]
fn one_level_holds_for_the_facade_and_the_macros() {
    fn all() {
        ::log::error!("e");
        ::log::warn!("w");
        log::warn!("w of the core");
        ::log::info!("i");
        log::info!("i of the core");
        ::log::debug!("d");
        log::debug!("d of the core");
        ::log::trace!("t");
    }
    for (level, records) in
        [(Level::Trace, 8), (Level::Debug, 7), (Level::Info, 5), (Level::Warn, 3), (Level::Error, 1)]
    {
        assert_eq!(logged_at(level, all).len(), records, "{level:?}");
    }
}

#[test]
fn what_is_below_the_level_is_not_even_formatted() {
    struct Never;
    impl fmt::Display for Never {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            panic!("formatted")
        }
    }
    let records = logged_at(Level::Info, || {
        ::log::debug!("{Never}");
        // Whoever asks the logger itself gets the same answer.
        let debug = ::log::Metadata::builder().level(::log::Level::Debug).build();
        assert!(!::log::logger().enabled(&debug));
        let mut record = ::log::Record::builder();
        ::log::logger().log(&record.metadata(debug).args(format_args!("{Never}")).build());
    });
    assert_eq!(records, [""; 0]);
}

#[test]
fn installing_it_again_changes_nothing() {
    let record = logged(|| {
        log::install();
        log::install();
        ::log::info!("once");
    });
    assert_eq!(message(&record), "once");
}

#[test]
fn the_location_is_told_if_asked_for() {
    let _guard = settings();
    log::show_location(true);
    let ((), calls) = Mock::new().run(|| ::log::error!("here"));
    log::show_location(false);
    let [_, file, line] = attributes(&calls.logs[0]).try_into().unwrap();
    assert_eq!(file, ("file".into(), "string".into(), file!().into()));
    assert_eq!((&*line.0, &*line.1), ("line", "int64"));
    assert!(line.2.parse::<u32>().unwrap() > 100);
}

#[test]
fn a_long_message_is_cut_and_marked() {
    let long = "é".repeat(MAX_TEXT);
    for (text, start) in [(&long[..], MAX_TEXT / 2), (&long[..MAX_TEXT + 2], MAX_TEXT / 2)] {
        let message = message(&logged(|| ::log::info!("{text}")));
        assert_eq!(message, "é".repeat(start) + "…");
    }
    let whole = &long[..MAX_TEXT];
    assert_eq!(message(&logged(|| ::log::info!("{whole}"))), whole);
    // In the middle of a character, and from many pieces.
    let message = message(&logged(|| ::log::info!("a{long}{long}")));
    assert_eq!(message, format!("a{}…", "é".repeat(MAX_TEXT / 2 - 1)));
}

#[test]
fn formatting_ends_where_a_message_is_cut() {
    struct Endless;
    impl fmt::Display for Endless {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            loop {
                f.write_str("endless ")?;
            }
        }
    }
    assert!(message(&logged(|| ::log::info!("{Endless}"))).ends_with('…'));
}

#[cfg(feature = "log-kv")]
mod key_values {
    use super::*;
    use reglet_sdk_std::Error;
    use reglet_sdk_std::log::MAX_RECORD;

    #[test]
    fn have_the_types_of_the_wire() {
        let host = String::from("example.com");
        let failed = Error::internal("no route");
        let record = logged(|| {
            ::log::info!(
                host = host.as_str(), port = 443_u16, left = -7, share = 1.5, ok = true, letter = 'é', none = (),
                took:? = core::time::Duration::from_millis(1_500), version:% = format_args!("1.{}", 3),
                wide = u128::MAX, error:% = failed, err:? = fmt::Error;
                "checked"
            );
        });
        let attributes = attributes(&record);
        let attributes: Vec<_> =
            attributes.iter().map(|(key, kind, value)| (&**key, &**kind, &**value)).collect();
        assert_eq!(
            attributes,
            [
                ("host", "string", "example.com"),
                ("port", "uint64", "443"),
                ("left", "int64", "-7"),
                ("share", "float64", "1.500000"),
                ("ok", "bool", "true"),
                ("letter", "string", "é"),
                ("none", "any", "<nil>"),
                ("took", "any", "1.5s"),
                ("version", "any", "1.3"),
                ("wide", "any", "340282366920938463463374607431768211455"),
                ("error", "error", "no route"),
                ("err", "error", "Error"),
                ("target", "string", "log::key_values"),
            ]
        );
        assert_eq!(message(&record), "checked");
    }

    #[test]
    fn are_cut_and_marked_where_they_are_long() {
        let long = "x".repeat(2 * MAX_TEXT);
        let record = logged(|| ::log::info!(text = long.as_str(), shown:% = long; ""));
        let attributes = attributes(&record);
        let cut = "x".repeat(MAX_TEXT) + "…";
        assert_eq!((&attributes[0].2, &attributes[1].2), (&cut, &cut));
    }

    #[test]
    fn never_make_a_record_too_large() {
        struct Many;
        impl ::log::kv::Source for Many {
            fn visit<'kvs>(
                &'kvs self,
                visitor: &mut dyn ::log::kv::VisitSource<'kvs>,
            ) -> Result<(), ::log::kv::Error> {
                for _ in 0..1_000 {
                    visitor.visit_pair("\n".into(), "\u{1}\u{2}\u{3}".into())?;
                }
                Ok(())
            }
        }
        let record = logged(|| {
            let record = ::log::Record::builder().level(::log::Level::Info).key_values(&Many).build();
            ::log::logger().log(&record);
        });
        assert!(record.len() < MAX_RECORD, "{}", record.len());
        assert!(record.contains(r#"{"key":"…"}],"#), "{record}");
    }
}
