//! Reading values: the grammar, members, numbers.

use super::{Event, Reader, Value};

#[test]
fn reads_whole_numbers_to_their_ends() {
    for (text, whole) in [
        ("0", Some(0)),
        ("-0", Some(0)),
        ("-3.00", Some(-3)),
        ("9223372036854775807", Some(i64::MAX)),
        ("9223372036854775808", None),
        ("-9223372036854775808.0", Some(i64::MIN)),
        ("-9223372036854775809", None),
        ("99999999999999999999", None),
        ("1e3", None),
        ("0.5", None),
    ] {
        assert_eq!(Value::at(text.as_bytes()).whole(), whole, "{text}");
    }
    assert_eq!(Value::ABSENT.integer().ok(), None);
    assert_eq!(Value::at(b"3.0").integer().ok(), None);
}

#[test]
fn splits_objects_and_arrays() {
    let document = br#" { "a" : [ 1 , {"x":[]} , "]" ] ,"b":{} , "A":2,"a":null} "#;
    let value = Value::parse(document).unwrap();
    let keys = |value: Value<'_>| value.members().unwrap().map(|(key, _)| key.len()).sum::<usize>();
    assert_eq!(keys(value), 4);
    assert_eq!(value.get("a").raw(), b"2");
    let [(_, array), ..] = value.members().unwrap().collect::<alloc::vec::Vec<_>>()[..] else { panic!() };
    let elements: alloc::vec::Vec<_> =
        array.elements().unwrap().map(|(_, element)| element.raw().len()).collect();
    assert_eq!(elements, [1, 8, 3]);
    assert_eq!(value.get("b").members().unwrap().count(), 0);
}

#[test]
fn refuses_what_is_no_json_and_what_is_too_deep() {
    for text in [
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\"}",
        "{\"a\":1,}",
        "{,}",
        "[}",
        "01",
        "1.",
        "-",
        "1e",
        "nul",
        "nullx",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"",
        "[1 2]",
        "{\"a\":1 \"b\":2}",
        "1 2",
        "{1:2}",
        "]",
        ",",
        "\u{feff}1",
    ] {
        assert!(Value::parse(text.as_bytes()).is_err(), "{text:?}");
    }
    let nested = |levels: usize| ["[".repeat(levels), "]".repeat(levels)].concat();
    assert!(Value::parse(nested(128).as_bytes()).is_ok());
    let error = Value::parse(nested(129).as_bytes()).unwrap_err();
    assert!(error.is_syntax());
    assert_eq!(error.describe(nested(129).as_bytes()), "nested deeper than 128 levels");
}

#[test]
fn finds_what_is_wrong_where_the_reader_has_not_come_to_the_end() {
    for rest in ["", ",", ", {]", r#", {"b": "#, "]", "}}}"] {
        let document = alloc::format!(r#"[{{"a": 1}}, {{"a": "x"}}{rest}"#).into_bytes();
        let mut reader = Reader::new(&document);
        let mut errors = alloc::vec::Vec::new();
        while let Ok(Some(event)) = reader.event() {
            if let Event::Key(_) = event
                && let Err(error) = reader.whole().and_then(Value::integer)
            {
                errors.push(error.describe(&document));
            }
        }
        assert_eq!(errors.first().map(|error| &**error), Some("[1].a: expected an integer, got a string"));
    }
}
