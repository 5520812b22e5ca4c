//! What these hosts get of a panic: their engine's words, and before that a record in the log.

use std::path::PathBuf;
use std::sync::LazyLock;

use reglet_bench_host::guests::Target;

use crate::wazero::{EXECUTORS, build, build_for, interop_fails};

pub(crate) static MODULE: LazyLock<PathBuf> = LazyLock::new(|| build("panics"));

/// The same on the std layer, for each target.
pub(crate) static STD_MODULES: LazyLock<[PathBuf; 2]> =
    LazyLock::new(|| Target::ALL.map(|target| build_for("std-panics", target)));

#[test]
fn a_panic_is_logged_and_ends_the_check() {
    for (what, logged) in [
        ("format", r#"log: ERROR plugin panic: 7 of "format" is too much [{file string "#.to_owned()),
        ("long", format!("log: ERROR plugin panic: {} [{{file string ", "x".repeat(512))),
    ] {
        for module in STD_MODULES.iter().chain([&*MODULE]) {
            for executor in EXECUTORS {
                let config = format!(r#"{{"what":"{what}","index":7}}"#);
                let Some(why) = interop_fails(module, executor, &config, &[]) else { return };
                assert!(why.contains(&logged), "{}: {executor}: {why}", module.display());
                assert!(why.contains("wasm error: unreachable"), "{executor}: {why}");
            }
        }
    }
}

#[test]
fn an_allocation_past_the_limit_is_logged_with_the_limit() {
    for (module, start) in
        [(&*MODULE, "ERROR plugin panic: "), (&STD_MODULES[0], "WARN "), (&STD_MODULES[1], "WARN ")]
    {
        for executor in EXECUTORS {
            let config = r#"{"what":"allocate","index":7}"#;
            let Some(why) = interop_fails(module, executor, config, &[]) else { return };
            let start = format!(
                "log: {start}abi: memory allocation limit exceeded (requested: 200000000 bytes, current: "
            );
            let record = why.lines().find_map(|line| line.strip_prefix(&start));
            let rest = record.unwrap_or_else(|| panic!("{}: {executor}: {why}", module.display()));
            assert!(rest.ends_with(" bytes, limit: 104857600 bytes) []"), "{rest}");
            assert!(why.contains("wasm error: unreachable"), "{executor}: {why}");
        }
    }
}
