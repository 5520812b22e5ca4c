//! What plugins say about themselves, in the documents of both generations.

use reglet_sdk_core::config::Schema;
use reglet_sdk_core::json::{FromValue, Value};
use reglet_sdk_core::metadata::{Access, Document};
use reglet_sdk_core::prelude::*;

fn describe(metadata: &Metadata) -> String {
    let document = Document::<4096>::metadata(metadata);
    text_of(&document)
}

fn manifest(metadata: &Metadata, config: &Schema) -> String {
    let document = Document::<4096>::manifest(metadata, config);
    text_of(&document)
}

fn text_of(document: &Document<4096>) -> String {
    let json = &document.bytes()[..document.len()];
    Value::parse(json).unwrap();
    String::from_utf8(json.to_vec()).unwrap()
}

/// The lists of capabilities in `describe` and in the manifest.
fn capabilities(capabilities: &'static [Capability]) -> (String, String) {
    let metadata = Metadata::new("n", "v", "d").needs(capabilities);
    let after_key =
        |json: String| json.split_once(r#""capabilities":"#).unwrap().1.trim_end_matches('}').to_owned();
    let older = after_key(describe(&metadata));
    let newer = after_key(manifest(&metadata, &Schema::Any));
    (older, newer)
}

const ABOUT: &str = concat!(
    r#""name":"n","version":"1.0.0","description":"a \"b\" \\ \u000a <é>","sdk_version":""#,
    env!("CARGO_PKG_VERSION"),
    r#"","min_host_version":"0.2.0""#
);

#[test]
fn a_plugin_that_asks_for_nothing_has_all_members_that_hosts_read() {
    const METADATA: Metadata = Metadata::new("n", "1.0.0", "a \"b\" \\ \n <é>");
    assert_eq!(describe(&METADATA), format!("{{{ABOUT},\"capabilities\":[]}}"));
    assert_eq!(
        manifest(&METADATA, <() as FromValue<'_>>::SCHEMA),
        format!("{{\"services\":{{}},{ABOUT},\"config_schema\":{{}},\"capabilities\":{{}}}}")
    );
}

#[test]
fn capabilities_have_a_form_for_older_and_newer_hosts() {
    let cases: [(&'static [Capability], &str, &str); 6] = [
        (
            &[Capability::Network { hosts: &["a", "*.b"], ports: &["443", "8000-8080"] }],
            concat!(
                r#"[{"kind":"network:outbound","pattern":"a:443"},"#,
                r#"{"kind":"network:outbound","pattern":"a:8000-8080"},"#,
                r#"{"kind":"network:outbound","pattern":"*.b:443"},"#,
                r#"{"kind":"network:outbound","pattern":"*.b:8000-8080"}]"#
            ),
            r#"{"network":{"rules":[{"hosts":["a","*.b"],"ports":["443","8000-8080"]}]"#,
        ),
        (
            &[Capability::Read(&["/etc/**"])],
            r#"[{"kind":"fs","pattern":"/etc/**","action":"read"}]"#,
            r#"{"fs":{"rules":[{"read":["/etc/**"]}]"#,
        ),
        (
            &[Capability::Write(&["/a", "/b"])],
            r#"[{"kind":"fs","pattern":"/a","action":"write"},{"kind":"fs","pattern":"/b","action":"write"}]"#,
            r#"{"fs":{"rules":[{"write":["/a","/b"]}]"#,
        ),
        (&[Capability::Env(&["HOME"])], r#"[{"kind":"env","pattern":"HOME"}]"#, r#"{"env":{"vars":["HOME"]"#),
        (
            &[Capability::Exec(&["/bin/ls"])],
            r#"[{"kind":"exec","pattern":"/bin/ls"}]"#,
            r#"{"exec":{"commands":["/bin/ls"]"#,
        ),
        (
            &[Capability::KeyValue { access: Access::ReadWrite, keys: &["a/*"] }],
            r#"[{"kind":"kv","pattern":"a/*","action":"read-write"}]"#,
            r#"{"kv":{"rules":[{"op":"read-write","keys":["a/*"]}]"#,
        ),
    ];
    for (asked, older, newer) in cases {
        assert_eq!(capabilities(asked), (older.to_owned(), newer.to_owned()));
    }
}

#[test]
fn capabilities_of_one_kind_become_one_category_in_the_order_of_go() {
    let (_, newer) = capabilities(&[
        Capability::KeyValue { access: Access::Read, keys: &["k"] },
        Capability::Exec(&["ls"]),
        Capability::Env(&["A"]),
        Capability::Write(&["/w"]),
        Capability::Network { hosts: &["a"], ports: &["1"] },
        Capability::Read(&["/r"]),
        Capability::Env(&["B", "C"]),
        Capability::Network { hosts: &["b"], ports: &["*"] },
        Capability::KeyValue { access: Access::Write, keys: &["l"] },
        Capability::Exec(&["cat"]),
    ]);
    assert_eq!(
        newer,
        concat!(
            r#"{"network":{"rules":[{"hosts":["a"],"ports":["1"]},{"hosts":["b"],"ports":["*"]}]},"#,
            r#""fs":{"rules":[{"write":["/w"]},{"read":["/r"]}]},"#,
            r#""env":{"vars":["A","B","C"]},"exec":{"commands":["ls","cat"]},"#,
            r#""kv":{"rules":[{"op":"read","keys":["k"]},{"op":"write","keys":["l"]}]"#
        )
    );
}

#[test]
fn a_capability_with_an_empty_list_asks_for_nothing() {
    let (older, newer) = capabilities(&[
        Capability::Network { hosts: &[], ports: &["1"] },
        Capability::Network { hosts: &["a"], ports: &[] },
        Capability::Read(&[]),
        Capability::Write(&[]),
        Capability::Env(&[]),
        Capability::Exec(&[]),
        Capability::KeyValue { access: Access::Read, keys: &[] },
    ]);
    assert_eq!((&*older, &*newer), ("[]", "{"));
}

#[test]
fn the_manifest_contains_the_schema_that_hosts_can_also_ask_for() {
    config! {
        /// Where.
        pub struct Config<'a> {
            /// Host.
            host: Str<'a>,
        }
    }
    let document = Document::<4096>::manifest(&Metadata::new("n", "v", "d"), Config::SCHEMA);
    let manifest = Value::parse(&document.bytes()[..document.len()]).unwrap();
    assert_eq!(manifest.get("config_schema").raw(), document.schema());
    assert_eq!(
        String::from_utf8_lossy(document.schema()),
        concat!(
            r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","properties":{"host":{"type":"string","#,
            r#""description":"Host."}},"additionalProperties":false,"type":"object","required":["host"]}"#
        )
    );
}
