//! Grants as JSON.

use proptest::prelude::*;
use reglet_sdk_core::grants::Grants;
use reglet_sdk_core::json::{Encode, Writer};
use reglet_sdk_core::metadata::Access;

fn json(grants: &Grants) -> String {
    let mut out = Writer::new();
    grants.encode(&mut out);
    String::from_utf8(out.into_bytes()).unwrap()
}

const ALL: &str = concat!(
    r#"{"network":{"rules":[{"hosts":["*.example.com","::1","10.0.0.0/8"],"ports":["443","8000-8080","*"]}]},"#,
    r#""fs":{"rules":[{"read":["/data/**"],"write":["/tmp/x"]}]},"#,
    r#""env":{"vars":["AWS_*"]},"exec":{"commands":["id"]},"#,
    r#""kv":{"rules":[{"op":"read","keys":["a"]},{"op":"write","keys":["b"]}]}}"#,
);

#[test]
fn is_read_and_written_in_its_order() {
    let grants = Grants::from_json(ALL.as_bytes()).unwrap();
    assert_eq!(json(&grants), ALL);
    let built = Grants::default()
        .network_rule(&["*.example.com", "[::1]", "10.0.0.0/8"], &[" 443", "8000 - 8080", "0-65535"])
        .and_then(|grants| grants.read("/data/**")?.write("/tmp/x")?.env("AWS_*")?.exec("id"))
        .and_then(|grants| grants.key_value(Access::Read, "a")?.key_value(Access::Write, "b"));
    assert_eq!(built, Ok(grants));
}

#[test]
fn what_is_missing_or_null_allows_nothing() {
    for document in [
        "{}",
        "null",
        r#"{"network":null,"fs":{},"env":{"vars":null},"exec":{"commands":[]},"kv":{"rules":[]},"other":1}"#,
        r#"{"network":{"rules":[{"hosts":null,"ports":["*"]},{"hosts":["a"],"ports":null},{}]},"fs":{"rules":[{}]}}"#,
    ] {
        assert!(Grants::from_json(document.as_bytes()).unwrap().is_empty(), "{document}");
    }
    assert_eq!(json(&Grants::default()), "{}");
}

#[test]
fn errors_name_the_place() {
    for (document, text) in [
        ("[]", "expected an object, got an array"),
        ("{", "unexpected end of JSON input"),
        (r#"{"network":{"rules":{}}}"#, "network.rules: expected an array, got an object"),
        (
            r#"{"network":{"rules":[{"hosts":["a",1],"ports":[]}]}}"#,
            "network.rules[0].hosts[1]: expected a string, got a number",
        ),
        (
            r#"{"network":{"rules":[{},{"hosts":["a"],"ports":["1","90-80"]}]}}"#,
            r#"network.rules[1].ports[1]: port "90-80" is reversed: the smaller number comes first"#,
        ),
        (
            r#"{"fs":{"rules":[{"write":["/","x"]}]}}"#,
            r#"fs.rules[0].write[1]: path pattern "x" is relative: write an absolute path"#,
        ),
        (r#"{"env":{"vars":[""]}}"#, "env.vars[0]: variable pattern is empty"),
        (r#"{"exec":{"commands":[null]}}"#, "exec.commands[0]: expected a string, got null"),
        (
            r#"{"kv":{"rules":[{"op":"all"}]}}"#,
            r#"kv.rules[0].op: expected read, write or read-write, got "all""#,
        ),
        (
            r#"{"kv":{"rules":[{"keys":["a"]}]}}"#,
            "kv.rules[0].op: expected read, write or read-write, got nothing",
        ),
    ] {
        assert_eq!(Grants::from_json(document.as_bytes()).unwrap_err().to_string(), text, "{document}");
    }
}

#[test]
fn merging_adds_what_is_not_there() {
    let one = Grants::from_json(ALL.as_bytes()).unwrap();
    assert_eq!(one.clone().merge(one.clone()), one);
    let merged = one.clone().merge(Grants::default().env("HOME").unwrap());
    assert!(merged.allows_env("HOME") && merged.allows_env("AWS_REGION") && one != merged);
    assert_eq!(Grants::default().merge(one.clone()), one);
}

fn grants() -> impl Strategy<Value = Grants> {
    let host = prop_oneof![
        "[a-z*?]{1,5}([.]com)?",
        "[0-9]{1,2}([.][0-9]{1,2}){3}",
        "[a-f0-9]{1,4}::[1-9]",
        Just("10.0.0.0/8".into())
    ];
    let ports = prop_oneof!["[0-9]{1,4}", "[1-3][0-9]-[4-9][0-9]", Just(String::from("*"))];
    let rule = (prop::collection::vec(host, 0..3), prop::collection::vec(ports, 0..3));
    let patterns = || prop::collection::vec("[/*][a-z\"\\u{1}é{},*]{0,6}", 0..3);
    (prop::collection::vec(rule, 0..3), patterns(), patterns(), patterns()).prop_map(
        |(rules, read, write, other)| {
            let mut grants = Grants::default();
            for (hosts, ports) in rules {
                grants = grants.network_rule(&hosts, &ports).unwrap();
            }
            // Braces may not fit together.
            let add = |grants: Grants, patterns: &[String], add: &dyn Fn(Grants, &str) -> Option<Grants>| {
                patterns.iter().fold(grants, |grants, pattern| add(grants.clone(), pattern).unwrap_or(grants))
            };
            grants = add(grants, &read, &|grants, pattern| grants.read(pattern).ok());
            grants = add(grants, &write, &|grants, pattern| grants.write(pattern).ok()?.env(pattern).ok());
            add(grants, &other, &|grants, pattern| {
                grants.exec(pattern).ok()?.key_value(Access::ReadWrite, pattern).ok()
            })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn survives_being_written_and_read(grants in grants()) {
        let written = json(&grants);
        prop_assert_eq!(Grants::from_json(written.as_bytes()), Ok(grants.clone()), "{}", written);
        prop_assert!(grants.missing(&grants).is_empty());
        prop_assert_eq!(grants.clone().merge(grants.clone()), grants);
    }

    #[test]
    fn no_document_breaks_the_reader(document in r#"[\{\}\[\]":,a-z0-9 ]{0,40}"#) {
        let _ = Grants::from_json(document.as_bytes());
    }
}
