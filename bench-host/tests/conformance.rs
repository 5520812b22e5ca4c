//! What is found out about a module without the hosts that it is for.

use reglet_bench_host::Host;
use reglet_bench_host::conformance::{Conformance, Finding};

const MANIFEST: &str = r#"{"name":"p","version":"1.0.0","description":"d","capabilities":[]}"#;
const OUTCOME: &str = r#"{"timestamp":"2027-01-01T00:00:00Z","status":"success"}"#;

/// A plugin that answers whatever it is asked.
struct Plugin {
    /// What stands at its start: a name, imports.
    head: &'static str,
    exports: &'static [&'static str],
    pages: u32,
    schema: &'static str,
    /// What a check does before it answers. It has the length of the configuration.
    before: &'static str,
    /// A document that it traps over.
    trap: &'static str,
}

const SOUND: Plugin = Plugin {
    head: "",
    exports: &["describe", "schema", "observe", "manifest", "_manifest", "_schema", "_observe", "deallocate"],
    pages: 1,
    schema: r#"{"type":"object"}"#,
    before: "",
    trap: "",
};

impl Plugin {
    fn module(&self) -> Vec<u8> {
        let Self { head, exports, pages, schema, before, trap } = self;
        let mut wat = format!(
            r#"(module {head} (memory (export "memory") {pages})
            (func (export "allocate") (param i32) (result i32) i32.const 4096)"#
        );
        let mut start = 8;
        for (document, names) in
            [(MANIFEST, &["describe", "manifest", "_manifest"][..]), (schema, &["schema", "_schema"])]
        {
            let text = document.replace('"', "\\\"");
            wat += &format!(r#"(data (i32.const {start}) "{text}")"#);
            for name in names.iter().filter(|name| exports.contains(name)) {
                let packed = start << 32 | document.len();
                let end = if name == trap { "unreachable".to_owned() } else { format!("i64.const {packed}") };
                wat += &format!(r#"(func (export "{name}") (result i64) {end})"#);
            }
            start += document.len();
        }
        wat += &format!(r#"(data (i32.const {start}) "{}")"#, OUTCOME.replace('"', "\\\""));
        let packed = start << 32 | OUTCOME.len();
        for name in ["observe", "_observe"].iter().filter(|name| exports.contains(name)) {
            wat += &format!(
                r#"(func (export "{name}") (param i32 i32) (result i64) {before} i64.const {packed})"#
            );
        }
        if exports.contains(&"deallocate") {
            wat += r#"(func (export "deallocate") (param i32 i32))"#;
        }
        wat::parse_str(wat + ")").unwrap()
    }

    fn examined(&self) -> Conformance {
        examined(&self.module())
    }
}

fn examined(module: &[u8]) -> Conformance {
    Conformance::of(&Host::builder().build().unwrap(), "p", module)
}

/// Asserts that one thing is found, and that it has these words.
#[track_caller]
fn assert_finds(found: &Conformance, is_problem: bool, words: &str) {
    let [finding] = &found.findings[..] else { panic!("{found}") };
    assert_eq!((found.holds(), matches!(finding, Finding::Problem(_))), (!is_problem, is_problem), "{found}");
    assert!(finding.to_string().contains(words), "{found}");
}

#[test]
fn a_sound_plugin_has_nothing_to_find() {
    let found = SOUND.examined();
    assert_eq!(
        found.to_string(),
        format!(
            "{} bytes, 64 KiB of memory at the start\nimports: none\nit has what hosts of generations A, A′ and B look for, and ran as one of B\n",
            found.bytes
        )
    );
}

#[test]
fn hosts_that_look_for_more_are_named() {
    let exports = &["_manifest", "_schema", "_observe", "deallocate"];
    let found = Plugin { exports, ..SOUND }.examined();
    assert!(found.holds());
    assert_eq!(
        found.findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "warning: hosts of generation A do not load it: they look for describe, schema and observe",
            "warning: hosts of generation A′ do not load it: they look for manifest, schema and observe",
        ]
    );
    let exports = &["describe", "schema", "observe", "manifest", "_manifest", "_observe", "deallocate"];
    assert_eq!(
        Plugin { exports, ..SOUND }.examined().findings,
        [],
        "the schema may be that of the older hosts"
    );
    let exports = &SOUND.exports[..7];
    assert_finds(&Plugin { exports, ..SOUND }.examined(), false, "does not export deallocate");
    assert_finds(
        &Plugin { exports: &[], ..SOUND }.examined(),
        true,
        "it does not export _manifest, _observe",
    );
}

#[test]
fn imports_that_hosts_lack_are_named() {
    let own = r#"(import "reglet_host" "vault_read" (func (param i64) (result i64)))"#;
    assert_finds(
        &Plugin { head: own, ..SOUND }.examined(),
        false,
        "\"vault_read\" is no function of the protocol",
    );
    let foreign = r#"(import "env" "now" (func (result f64)))"#;
    let found = Plugin { head: foreign, ..SOUND }.examined();
    assert!(!found.holds());
    assert!(
        found.to_string().contains(r#"no host has the function "now" of "env" that it imports"#),
        "{found}"
    );
    let check = r#"(import "reglet_host" "ssrf_check" (func (param i64) (result i64)))"#;
    assert_finds(&Plugin { head: check, ..SOUND }.examined(), false, "hosts do not have `ssrf_check`");
    let known = r#"(import "reglet_host" "tcp_connect" (func (param i64) (result i64)))
        (import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))"#;
    assert_eq!(Plugin { head: known, ..SOUND }.examined().findings, []);
}

#[test]
fn what_only_some_engines_have_is_named() {
    let head = "(global i32 (i32.add (i32.const 1) (i32.const 2)))";
    let words = "hosts on wazero, which are all but this one, do not take it";
    assert_finds(&Plugin { head, ..SOUND }.examined(), false, words);
}

#[test]
fn a_name_that_is_taken_only_once_is_named() {
    assert_finds(&Plugin { head: "$mine", ..SOUND }.examined(), false, r#"its name section calls it "mine""#);
}

#[test]
fn memory_that_nobody_needs_is_named() {
    assert_finds(&Plugin { pages: 17, ..SOUND }.examined(), false, "starts with 1088 KiB of memory");
}

#[test]
fn a_schema_that_is_none_is_named() {
    assert_finds(&Plugin { schema: "[]", ..SOUND }.examined(), false, "its schema is no JSON object");
}

#[test]
fn names_can_not_write_to_the_terminal() {
    let head = r#"(import "reglet_host" "a\1b]0;b\n" (func (param i64) (result i64)))"#;
    let text = Plugin { head, ..SOUND }.examined().to_string();
    assert!(text.contains(r"a\u{1b}]0;b\n") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_deallocate_of_another_type_is_named() {
    let exports = &SOUND.exports[..7];
    let head = r#"(func (export "deallocate") (param i32))"#;
    let found = Plugin { head, exports, ..SOUND }.examined();
    assert_finds(&found, false, "its export deallocate is (i32) -> (), not (i32, i32) -> ()");
}

#[test]
fn documents_for_other_hosts_are_read_too() {
    for trap in ["describe", "_manifest", "_schema"] {
        assert_finds(&Plugin { trap, ..SOUND }.examined(), true, trap);
    }
}

#[test]
fn configurations_that_a_plugin_has_no_answer_to_are_named() {
    let before = "local.get 1 i32.eqz if unreachable end";
    assert_finds(
        &Plugin { before, ..SOUND }.examined(),
        true,
        "does not end well with this configuration: an empty one: ",
    );
}

#[test]
fn what_is_no_module_is_a_problem() {
    assert!(!examined(b"\0asm").holds());
    assert!(!examined(b"").holds());
}
