//! Plugins that are built for speed walk over strings in blocks, in code that the others do not have: what they read
//! and write has to be the same.

use std::sync::LazyLock;

use reglet_bench_host::guests::{Crate, Profile};
use reglet_bench_host::{Host, Instance, Plugin};
use reglet_sdk_core::plugin;
use scan::Scan;
use serde_json::Value;

static PLUGINS: LazyLock<[Plugin; 2]> = LazyLock::new(|| {
    let host = Host::builder().build().unwrap();
    Profile::ALL.map(|profile| {
        let built = Crate::find("scan").unwrap().build(profile, &()).unwrap();
        host.load(profile.name(), &built.module.bytes).unwrap()
    })
});

fn instances() -> [Instance; 2] {
    PLUGINS.each_ref().map(|plugin| plugin.instance().unwrap())
}

/// Texts of all lengths up to some blocks, with each piece at each place.
fn texts(pieces: &[&str], filling: char) -> impl Iterator<Item = String> {
    let ends = (0..50).flat_map(|len| (0..=len).map(move |at| (len, at)));
    ends.flat_map(move |(len, at)| {
        pieces.iter().map(move |piece| {
            let fill = |count| core::iter::repeat_n(filling, count).collect::<String>();
            [&fill(at), *piece, &fill(len - at)].concat()
        })
    })
}

/// Has a plugin of each profile read the document, and compares the outcomes with the native one.
#[track_caller]
fn assert_same(plugins: &mut [Instance], document: &[u8]) {
    let expected: Value = serde_json::from_slice(&plugin::observe::<Scan>(document)).unwrap();
    for (instance, profile) in plugins.iter_mut().zip(Profile::ALL) {
        let outcome = instance.check(document).unwrap();
        let found: Value = serde_json::from_str(outcome.json()).unwrap();
        for member in ["status", "message", "data", "error"] {
            let shown = String::from_utf8_lossy(document);
            assert_eq!(found.get(member), expected.get(member), "{profile:?}: {shown}");
        }
    }
}

#[test]
fn strings_are_read_and_written_alike() {
    let mut plugins = instances();
    let pieces =
        ["", "\\n", "\\u00e9", "\\ud800", "\u{7f}", "é", "😀", "\u{1}", "\\x", "\"", "\u{2028}", "\\"];
    for text in texts(&pieces, 'a') {
        let document = format!(r#"{{"text":"{text}","nested":{{"texts":["{text}","b"]}}}}"#);
        assert_same(&mut plugins, document.as_bytes());
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_read_alike() {
    let mut plugins = instances();
    for text in texts(&["\u{1}"], 'a') {
        for byte in [0x80, 0xC3, 0xED, 0xFF] {
            let mut document = format!(r#"{{"text":"{text}"}}"#).into_bytes();
            let place = document.iter().position(|byte| *byte == 1).unwrap();
            document[place] = byte;
            assert_same(&mut plugins, &document);
        }
    }
}

#[test]
fn base64_is_decoded_alike() {
    let mut plugins = instances();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    assert_same(&mut plugins, format!(r#"{{"text":"{alphabet}{alphabet}"}}"#).as_bytes());
    for filling in ['A', '/', 'z'] {
        for text in
            texts(&["", "=", "==", "+", "-", "_", "@", "[", "`", "{", ":", ".", "\\n", "\\/", "é"], filling)
        {
            assert_same(&mut plugins, format!(r#"{{"text":"{text}"}}"#).as_bytes());
        }
    }
    // Each byte at a place within a block.
    for byte in 0x20..=0xFF {
        let mut document = br#"{"text":"ABCDEFGHIJKLMNOPQRSTUVWX"}"#.to_vec();
        document[14] = byte;
        assert_same(&mut plugins, &document);
    }
}

#[test]
fn numbers_and_keys_are_read_alike() {
    let mut plugins = instances();
    for number in [
        "0",
        "7",
        "-7",
        "00",
        "1.0",
        "1.5",
        "-",
        "12345678",
        "999999999999999999",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e3",
        "1.",
        "1x",
        "123456789012345678901234567890",
    ] {
        assert_same(&mut plugins, format!(r#"{{"number":{number}}}"#).as_bytes());
    }
    for key in [
        "something_longer",
        "SOMETHING_longer",
        "something_longeR",
        "something_longe",
        "something_longer_",
        "text",
        "TEXT",
        "tex",
        "te\\u0078t",
        "",
    ] {
        assert_same(&mut plugins, format!(r#"{{"{key}":"found"}}"#).as_bytes());
    }
}

#[test]
fn keys_that_are_expected_are_read_alike() {
    let mut plugins = instances();
    let members = [
        r#""text":"a""#,
        r#""number":1"#,
        r#""something_longer":"b""#,
        r#""nested":{"texts":["c"]}"#,
        r#""other":{"text":2,"number":[]}"#,
    ];
    for first in members {
        for second in members {
            for third in members {
                assert_same(&mut plugins, format!("{{{first},{second},{third}}}").as_bytes());
            }
        }
    }
    // What comes close to the key that is expected, in front of its value.
    for key in [
        r#""text" : "#,
        r#""text""#,
        r#""text"":"#,
        r#""text:"#,
        r#"text":"#,
        r#"'text':"#,
        r#""text";"#,
        r#""texts":"#,
        r#""tex":"#,
        "\"text\n\":",
        "\"text\":\n",
        "\"te\\u0078t\":",
        "\"text",
        "\"",
    ] {
        for rest in ["\"a\"", "\"a\", \"number\": 1", ""] {
            assert_same(&mut plugins, format!("{{{key}{rest}}}").as_bytes());
            assert_same(&mut plugins, format!("{{{key}{rest}").as_bytes());
        }
    }
}

#[test]
fn events_are_read_alike() {
    let mut plugins = instances();
    let tree = r#"{"a": [1, -2.5e3, {"b": {"c": "d\"e"}}, [], {}], "f": null, "g": [true, false, "é"]} "#;
    for (at, _) in tree.char_indices() {
        let (start, rest) = tree.split_at(at);
        for document in [start.to_owned(), [start, "]", rest].concat(), [start, ",", rest].concat()] {
            let config = serde_json::json!({"text": document});
            assert_same(&mut plugins, config.to_string().as_bytes());
        }
    }
    for levels in [127, 128, 129, 1000] {
        let config = serde_json::json!({"text": "[".repeat(levels) + &"]".repeat(levels)});
        assert_same(&mut plugins, config.to_string().as_bytes());
    }
}
