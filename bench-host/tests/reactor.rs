//! What is built for `wasm32-wasip1` is a reactor: constructors run once, and WASI is there as far as it is granted.

use std::fs;
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use reglet_bench_host::guests::{BuildError, Built, Crate, Profile, Target};
use reglet_bench_host::{Host, Instance, Outcome, Status};
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};
use tempfile::TempDir;
use wasmparser::{Parser, Payload};

static BUILT: LazyLock<Built> =
    LazyLock::new(|| Crate::find("reactor").unwrap().build(Profile::Small, &()).unwrap());

#[test]
fn the_manifest_of_the_crate_chooses_the_target_and_the_file_is_named_after_it() {
    assert_eq!(BUILT.target, Target::Wasip1);
    assert_eq!(BUILT.module.path.file_name().unwrap(), "reactor-wasip1-small.wasm");
    assert!(BUILT.raw.path.to_str().unwrap().contains("/wasm32-wasip1/"), "{}", BUILT.raw.path.display());
}

#[test]
fn the_manifest_of_the_crate_chooses_the_stack_which_is_in_memory_from_the_start() {
    assert!(instance(Grants::default()).usage().memory_start > 131_072);
    let other = Crate::find("std-panics").unwrap().build(Profile::Small, &()).unwrap();
    let other = Host::builder().build().unwrap().load("other", &other.module.bytes).unwrap();
    assert_eq!(other.instance().unwrap().usage().memory_start, 65_536);
}

#[test]
fn settings_that_are_wrong_are_named() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("src/lib.rs"), "").unwrap();
    for (setting, reason) in [
        (
            "target = \"wasm32-wasip2\"",
            "unknown variant `wasm32-wasip2`, expected `wasm32-unknown-unknown` or",
        ),
        ("target = 1", "invalid type: integer `1`, expected "),
        ("stack = 16383", "stack = 16383, which must be a multiple of 16 from 8192 to 16777216"),
        ("stack = 4096", "stack = 4096, which must be"),
        ("stack = -16", "stack = -16, which must be"),
        ("stack = \"64k\"", "stack = \"64k\", which must be"),
        ("stak = 16384", "unknown field `stak`, expected `target` or `stack`"),
    ] {
        let manifest = format!(
            "[package]\nname = \"odd\"\nedition = \"2024\"\n[workspace]\n[package.metadata.reglet]\n{setting}\n"
        );
        fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
        let error = Crate::find(folder.path().to_str().unwrap()).unwrap_err();
        assert!(matches!(error, BuildError::Settings { .. }), "{error}");
        let source = core::error::Error::source(&error).unwrap().to_string();
        assert!(source.starts_with(reason), "{source}");
    }
}

#[test]
fn it_exports_what_hosts_initialize_it_by() {
    let exports = |module: &[u8]| {
        let payloads = Parser::new(0).parse_all(module);
        let exports = payloads.filter_map(|payload| match payload.unwrap() {
            Payload::ExportSection(exports) => Some(exports),
            _ => None,
        });
        exports.flatten().map(|export| export.unwrap().name.to_owned()).collect::<Vec<_>>()
    };
    for module in [&BUILT.raw, &BUILT.module] {
        let exports = exports(&module.bytes);
        assert!(exports.iter().any(|name| name == "_initialize"), "{exports:?}");
    }
}

#[test]
fn constructors_run_once_and_destructors_never() {
    let mut instance = instance(Grants::default());
    for check in 0..5 {
        let data = look(&mut instance, "/nowhere", "NOTHING");
        assert_eq!((&data["constructed"], &data["destructed"]), (&json!(1), &json!(0)), "check {check}");
    }
}

#[test]
fn it_starts_with_256_kib_of_memory_at_most() {
    let memory = instance(Grants::default()).usage().memory_start;
    assert!(memory <= 256 << 10, "{memory} bytes");
}

#[test]
fn files_and_environment_are_there_when_they_are_granted() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().canonicalize().unwrap().join("file");
    fs::write(&file, "the text").unwrap();
    let (file, variable) = (file.to_str().unwrap(), "CARGO_PKG_NAME");
    let granted = Grants::default().read(file).unwrap().env(variable).unwrap();
    let data = look(&mut instance(granted), file, variable);
    assert_eq!((&data["file"], &data["variable"]), (&json!("the text"), &json!("reglet-bench-host")));

    let data = look(&mut instance(Grants::default()), file, variable);
    assert_ne!(data["file"], "the text");
    assert_eq!(data["variable"], "environment variable not found");
}

#[test]
fn the_clock_and_random_numbers_are_real() {
    let seconds = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let before = seconds();
    let [one, other] = [(), ()].map(|()| look(&mut instance(Grants::default()), "/nowhere", "NOTHING"));
    assert!((before..=seconds()).contains(&one["now"].as_u64().unwrap()), "{one}");
    assert_ne!(one["chance"], other["chance"]);
}

fn instance(grants: Grants) -> Instance {
    let host = Host::builder().build().unwrap();
    host.load("reactor", &BUILT.module.bytes).unwrap().granted(grants).instance().unwrap()
}

/// What the plugin found.
fn look(instance: &mut Instance, file: &str, variable: &str) -> Value {
    let config = json!({"file": file, "variable": variable}).to_string();
    let outcome: Outcome = instance.check(config.as_bytes()).unwrap();
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.json());
    serde_json::from_str::<Value>(outcome.json()).unwrap()["data"].clone()
}
