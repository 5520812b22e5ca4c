//! Configurations that `config!` declares: what they take, what they refuse and where.

#![allow(missing_docs, reason = "of the structs of tests")]

use std::borrow::Cow;

use reglet_sdk_core::json::{Encode as _, Str, Value};
use reglet_sdk_core::mock::Mock;
use reglet_sdk_core::plugin;
use reglet_sdk_core::prelude::*;

config! {
    pub struct Fleet<'a> {
        #[length(1..=3)]
        targets: Vec<Target<'a>>,
        fallback: Option<Target<'a>>,
        #[length(..=2)]
        labels: Vec<(Str<'a>, u8)> = [],
        window: Option<[u8; 2]>,
        sizes: Vec<Option<u8>> = [],
        extra: Value<'a>,
    }
}

config! {
    pub struct Target<'a> {
        #[length(1..=4)]
        host: Cow<'a, str>,
        #[range(1..=65535)]
        port: u16 = 443,
        #[one_of("tcp", "ünix")]
        r#type: Str<'a> = "tcp",
        #[one_of("a")]
        only: Option<String>,
        limits: Option<Limits>,
    }
}

config! {
    pub struct Limits {
        #[range(0..=1)]
        ratio: f64 = 0.5,
        #[range(-1..)]
        offset: Option<f32>,
        bytes: u64 = 18_446_744_073_709_551_615,
    }
}

config! {
    pub struct Node {
        id: u8,
        #[recursive]
        children: Vec<Node> = [],
        #[recursive]
        next: Option<Box<Node>>,
    }
}

config! {
    pub struct Empty {}
}

/// What is wrong with a fleet.
fn refused(document: &str) -> String {
    Fleet::from_json(document.as_bytes()).unwrap_err().describe(document.as_bytes())
}

/// What is wrong with the only target of a fleet.
fn refused_target(target: &str) -> String {
    refused(&format!(r#"{{"targets":[{target}]}}"#))
}

#[test]
fn an_error_names_the_path_of_its_value() {
    for (document, text) in [
        (
            r#"{"targets":[{"host":"a"},{"host":"b","port":0}]}"#,
            "targets[1].port: expected a whole number from 1 to 65535, got a number",
        ),
        (
            r#" { "targets" : [ {"host":"a"} , {"host":"b","limits": {"ratio" : [] } } ] } "#,
            "targets[1].limits.ratio: expected a number from 0 to 1, got an array",
        ),
        (r#"{"targets":[{"host":"a"},7]}"#, "targets[1]: expected an object, got a number"),
        (r#"{"targets":[null]}"#, "targets[0]: expected an object, got null"),
        (r#"{"targets":{}}"#, "targets: expected an array of length from 1 to 3, got an object"),
        (r#"{"targets":[]}"#, "targets: expected an array of length from 1 to 3, got an array"),
        (
            r#"{"targets":[{"host":"a"}],"fallback":{"host":"abcde"}}"#,
            "fallback.host: expected a string of length from 1 to 4, got a string",
        ),
        (
            r#"{"targets":[{"host":"a"}],"labels":{"x":1,"y":256}}"#,
            "labels.y: expected a whole number from 0 to 255, got a number",
        ),
        (r#"{"targets":[{"host":"a"}],"labels":[]}"#, "labels: expected an object of length"),
        (
            r#"{"targets":[{"host":"a"}],"window":[1,"2"]}"#,
            "window[1]: expected a whole number from 0 to 255, got a string",
        ),
        (
            r#"{"targets":[{"host":"a"}],"window":[1]}"#,
            "window: expected an array of length from 2 to 2, got an array",
        ),
        (
            r#"{"targets":[{"host":"a"}],"sizes":[1,null,-1]}"#,
            "sizes[2]: expected a whole number from 0 to 255, got a number",
        ),
    ] {
        let refused = refused(document);
        assert!(refused.starts_with(text), "{document}: {refused}");
    }
}

#[test]
fn an_error_names_the_path_of_what_is_missing() {
    for (document, text) in [
        ("{}", "targets: expected an array of length from 1 to 3, got nothing"),
        ("null", "targets: expected an array of length from 1 to 3, got nothing"),
        (
            r#"{"targets":[{"host":"a"},{}]}"#,
            "targets[1].host: expected a string of length from 1 to 4, got nothing",
        ),
        (
            r#"{"targets":[{"host":"a"},{"port":1,"host":null}]}"#,
            "targets[1].host: expected a string of length from 1 to 4, got nothing",
        ),
        (
            r#"{"targets":[{"host":"a"}],"fallback":{"limits":{}}}"#,
            "fallback.host: expected a string of length from 1 to 4, got nothing",
        ),
    ] {
        assert_eq!(refused(document), text, "{document}");
    }
}

#[test]
fn a_path_is_the_errors_code() {
    struct Check;
    impl Plugin for Check {
        const METADATA: Metadata = Metadata::new("check", "1.0.0", "Checks nothing");
        type Config<'a> = Fleet<'a>;
        fn check(_: Fleet<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
            Ok(Outcome::success("read"))
        }
    }
    for (document, detail) in [
        (
            r#"{"targets":[{"host":"a"},{"port":1}]}"#,
            r#"{"message":"config validation failed for field 'targets[1].host': expected a string of length from 1 to 4, got nothing","type":"config","code":"targets[1].host"}"#,
        ),
        (r#"{"targets":[{"host":"a"}],"labels":{"a\"b":-1}}"#, r#""type":"config","code":"labels.a\"b"}"#),
        (
            "[]",
            r#"{"message":"failed to parse config: expected an object, got an array","type":"internal","code":""}"#,
        ),
        (
            "[",
            r#"{"message":"failed to parse config: unexpected end of JSON input","type":"internal","code":""}"#,
        ),
    ] {
        let outcome = String::from_utf8(plugin::observe::<Check>(document.as_bytes())).unwrap();
        assert!(outcome.contains(detail), "{document}: {outcome}");
        assert!(Value::parse(outcome.as_bytes()).is_ok(), "{outcome}");
    }
}

#[test]
fn a_choice_is_one_of_its_strings() {
    for target in
        [r#"{"host":"a"}"#, r#"{"host":"a","type":"\u00fcnix","only":"a"}"#, r#"{"host":"a","type":null}"#]
    {
        let document = format!(r#"{{"targets":[{target}]}}"#);
        assert!(Fleet::from_json(document.as_bytes()).is_ok(), "{target}");
    }
    let choices = "expected one of tcp, ünix, got";
    assert_eq!(
        refused_target(r#"{"host":"a","type":"Tcp"}"#),
        format!("targets[0].type: {choices} a string")
    );
    assert_eq!(refused_target(r#"{"host":"a","type":""}"#), format!("targets[0].type: {choices} a string"));
    assert_eq!(refused_target(r#"{"host":"a","type":7}"#), format!("targets[0].type: {choices} a number"));
    assert_eq!(
        refused_target(r#"{"host":"a","only":"b"}"#),
        "targets[0].only: expected one of a, got a string"
    );
}

#[test]
fn floats_are_exact_and_finite() {
    let limits = |json: &str| Limits::from_json(json.as_bytes());
    let ratio = |text: &str| limits(&format!(r#"{{"ratio":{text}}}"#)).map(|limits| limits.ratio).ok();
    assert_eq!(limits("{}").unwrap(), Limits { ratio: 0.5, offset: None, bytes: u64::MAX });
    assert_eq!(ratio("0.1"), Some(0.1));
    assert_eq!(ratio("1"), Some(1.0));
    assert_eq!(ratio("-0"), Some(-0.0));
    assert_eq!(ratio("1E-3"), Some(0.001));
    assert_eq!(ratio("0.30000000000000004"), Some(0.1 + 0.2));
    assert_eq!(ratio("1e-400"), Some(0.0));
    for text in ["1.0000000000000002", "-1e-300", "1e999", "\"0.5\"", "true", "[0]"] {
        assert_eq!(ratio(text), None, "{text}");
    }
    let offset = |text: &str| limits(&format!(r#"{{"offset":{text}}}"#)).map(|limits| limits.offset).ok();
    assert_eq!(offset("16777217.0"), Some(Some(16_777_216.0)));
    assert_eq!(offset("-1.5"), None);
    assert_eq!(offset("1e39"), None);
}

#[test]
fn lists_and_maps_are_read_in_order() {
    let document = br#"{"targets":[{"host":"a"}],"labels":{"b":1,"a":2.0},"window":[3,4],"sizes":[5,null],"extra":{"x":[1]}}"#;
    let fleet = Fleet::from_json(document).unwrap();
    let labels: Vec<_> = fleet.labels.iter().map(|(name, value)| (name.decode(), *value)).collect();
    assert_eq!(labels, [("b".into(), 1), ("a".into(), 2)]);
    assert_eq!((fleet.window, &fleet.sizes[..]), (Some([3, 4]), &[Some(5), None][..]));
    assert_eq!(fleet.extra.get("x").raw(), b"[1]");
    assert_eq!(
        refused(r#"{"targets":[{"host":"a"}],"labels":{"a":1,"b":2,"c":3}}"#).split(": ").next(),
        Some("labels")
    );
}

#[test]
fn a_struct_may_contain_itself() {
    let document = br#"{"id":1,"children":[{"id":2},{"id":3,"next":{"id":4}}]}"#;
    let node = Node::from_json(document).unwrap();
    assert_eq!(node.children[1].next.as_ref().map(|next| next.id), Some(4));
    let document = br#"{"id":1,"children":[{"id":2},{"id":3,"next":{"children":[]}}]}"#;
    assert_eq!(
        Node::from_json(document).unwrap_err().describe(document),
        "children[1].next.id: expected a whole number from 0 to 255, got nothing"
    );
}

#[test]
fn a_struct_is_as_deep_as_a_document_may_be() {
    let nested = |levels: usize| {
        let open = r#"{"id":1,"next":"#.repeat(levels - 1);
        [&*open, r#"{"id":1}"#, &*"}".repeat(levels - 1)].concat()
    };
    assert!(Node::from_json(nested(128).as_bytes()).is_ok());
    let document = nested(129);
    let error = Node::from_json(document.as_bytes()).unwrap_err();
    assert_eq!(error.describe(document.as_bytes()), "nested deeper than 128 levels");
}

#[test]
fn a_pair_of_surrogates_is_one_character() {
    for host in [r"\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00", "😀😀😀😀", r"\ud83d\ud83d\ud83d\ud83d"]
    {
        let document = format!(r#"{{"targets":[{{"host":"{host}"}}]}}"#);
        assert!(Fleet::from_json(document.as_bytes()).is_ok(), "{host}");
        assert!(refused_target(&format!(r#"{{"host":"{host}x"}}"#)).contains("length"), "{host}");
    }
}

#[test]
fn a_config_may_have_no_fields() {
    assert_eq!(Empty::from_json(br#"{"x":1}"#).unwrap(), Empty {});
    assert!(Empty::from_json(b"[]").is_err());
}

#[test]
fn the_last_of_two_members_counts_whatever_the_first_is() {
    let first = r#"{"host":[{"x":1}]},7"#;
    let document = format!(r#"{{"targets":[{first}],"targets":[{{"host":"a"}}],"targets":null}}"#);
    assert_eq!(Fleet::from_json(document.as_bytes()).unwrap().targets.len(), 1);
    assert!(
        refused(&format!(r#"{{"targets":[{{"host":"a"}}],"targets":[{first}]}}"#))
            .starts_with("targets[0].host:")
    );
}

#[test]
fn what_breaks_the_grammar_goes_before_what_breaks_a_rule() {
    for end in ["]", "]}}", "],}", "],\"x\":[1,]}"] {
        let refused = refused(&format!(r#"{{"targets":[{{"host":"a","port":0}}{end}"#));
        assert!(!refused.starts_with("targets"), "{end}: {refused}");
    }
}

#[test]
fn an_end_that_is_that_of_the_type_is_not_named() {
    config! {
        struct Sizes {
            bytes: Option<u64>,
            #[range(1..)]
            files: Option<i64>,
        }
    }

    for (document, expected) in [
        (&br#"{"bytes":-1}"#[..], "bytes: expected a whole number from 0, got a number"),
        (br#"{"files":0}"#, "files: expected a whole number from 1, got a number"),
    ] {
        assert_eq!(Sizes::from_json(document).unwrap_err().describe(document), expected);
    }
    assert_eq!(Sizes::from_json(br#"{"bytes":18446744073709551615}"#).unwrap().bytes, Some(u64::MAX));
}

config! {
    enum Operator {
        Equals = "equals",
        AtLeast = "at least",
    }
}

config! {
    struct Rule<'a> {
        operator: Operator = "at least",
        others: Vec<Operator> = [],
        value: Option<Str<'a>>,
        span: Option<Span>,
        labels: Vec<(Str<'a>, u8)> = [],
        window: [u8; 2],
    }
}

config! {
    struct Span {
        from: i8 = -1,
        flag: bool,
    }
}

#[test]
fn an_enum_is_one_of_its_strings() {
    let read = |document: &'static str| {
        let rule = Rule::from_json(document.as_bytes());
        rule.map_err(|error| error.describe(document.as_bytes()))
    };
    let rule = read(r#"{"window":[1,2],"operator":"e\u0071uals","others":["at least","equals"]}"#).unwrap();
    assert_eq!(
        (rule.operator, rule.others),
        (Operator::Equals, Vec::from([Operator::AtLeast, Operator::Equals]))
    );
    assert_eq!(read(r#"{"window":[1,2],"operator":null}"#).unwrap().operator, Operator::AtLeast);
    let expected = "expected one of equals, at least, got";
    for (document, place) in [
        (r#"{"window":[1,2],"operator":"Equals"}"#, format!("operator: {expected} a string")),
        (r#"{"window":[1,2],"operator":7}"#, format!("operator: {expected} a number")),
        (r#"{"window":[1,2],"others":["equals",""]}"#, format!("others[1]: {expected} a string")),
        (r#"{"window":[1,2],"others":[null]}"#, format!("others[0]: {expected} null")),
    ] {
        assert_eq!(read(document).unwrap_err(), place);
    }
    assert_eq!(text![Operator::AtLeast].to_string(), "at least");
    let ((), calls) = Mock::new().run(|| log::info!("read", operator = Operator::Equals));
    assert!(calls.logs[0].contains(r#"{"key":"operator","type":"string","value":"equals"}"#));
}

#[test]
fn what_is_read_is_written_the_same() {
    let written = |rule: &Rule<'_>| {
        let mut out = reglet_sdk_core::json::Writer::new();
        rule.encode(&mut out);
        String::from_utf8(out.into_bytes()).unwrap()
    };
    let whole = concat!(
        r#"{"operator":"equals","others":["at least"],"value":"a\"b\u00e9","#,
        r#""span":{"from":-1,"flag":true},"labels":{"x\"":1,"y":2},"window":[3,4]}"#
    );
    assert_eq!(written(&Rule::from_json(whole.as_bytes()).unwrap()), whole);
    assert_eq!(
        written(&Rule::from_json(br#"{"window":[3,4]}"#).unwrap()),
        r#"{"operator":"at least","others":[],"value":null,"span":null,"labels":{},"window":[3,4]}"#
    );
}

#[test]
fn what_is_secret_is_not_shown() {
    config! {
        struct Login<'a> {
            user: Str<'a>,
            #[secret]
            password: Option<Str<'a>>,
        }
    }

    let login = Login::from_json(br#"{"user":"u","password":"hunter2"}"#).unwrap();
    assert_eq!(format!("{login:?}"), r#"Login { user: "u", password: *** }"#);
    assert_eq!(login.password.unwrap(), "hunter2");
}

/// Whether one of them can be written, the compiler could not say of the other: so neither can, and both compile.
mod in_turn {
    use super::*;

    config! {
        pub struct Outer {
            #[recursive]
            inner: Vec<Inner> = [],
        }
    }

    config! {
        pub struct Inner {
            #[secret]
            token: Option<String>,
            share: Option<f64>,
            #[recursive]
            outer: Vec<Outer> = [],
        }
    }

    #[test]
    fn structs_that_contain_each_other_are_read() {
        let document = br#"{"inner":[{"outer":[{}],"token":"t"}]}"#;
        assert_eq!(Outer::from_json(document).unwrap().inner[0].outer.len(), 1);
    }
}

/// An author's own names beside those of a choice.
#[test]
fn a_choice_leaves_its_names_to_the_author() {
    config! {
        enum Level {
            ALL = "all",
            TEXTS = "texts",
        }
    }

    impl Level {
        const MOST: [Self; 2] = [Self::ALL, Self::TEXTS];
    }

    assert_eq!(Level::MOST.map(Level::as_str), ["all", "texts"]);
}
