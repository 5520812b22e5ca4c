//! Plugins that are built for `wasm32-wasip1`, as reactors.

use std::path::PathBuf;
use std::sync::LazyLock;

use reglet_bench_host::guests::Target;
use serde_json::json;

use super::functions::{Call, assert_answered, calls};
use super::{EXECUTORS, build_for, interop};

pub(crate) static MODULE: LazyLock<PathBuf> = LazyLock::new(|| build_for("wrappers", Target::Wasip1));

/// It tells how often its constructors have run.
pub(crate) static REACTOR: LazyLock<PathBuf> = LazyLock::new(|| build_for("reactor", Target::Wasip1));

#[test]
fn each_function_works_as_it_does_without_wasi() {
    for Call { config, request, wire, .. } in calls() {
        for executor in EXECUTORS {
            let Some(report) = interop(&MODULE, executor, &config.to_string(), &[]) else { return };
            let imports = report["imports"].as_array().unwrap();
            assert!(imports.contains(&json!("wasi_snapshot_preview1.fd_write")), "{imports:?}");
            let request = core::slice::from_ref(&request);
            assert_answered(&report, &format!("{executor} {config}"), request, &wire);
        }
    }
}

#[test]
fn it_can_be_loaded_again() {
    for executor in EXECUTORS {
        let Some(report) = interop(&MODULE, executor, r#"{"call":"log_message","target":"x"}"#, &[]) else {
            return;
        };
        assert_eq!(report["loads_twice"], true, "{executor}: {}", report["loads_twice_error"]);
    }
}

#[test]
fn constructors_run_once_and_destructors_never() {
    for executor in EXECUTORS {
        let config = r#"{"file":"/nowhere","variable":"NOTHING"}"#;
        let Some(report) = interop(&REACTOR, executor, config, &[]) else { return };
        let data = &report["outcome"]["data"];
        assert_eq!(
            (&data["constructed"], &data["destructed"]),
            (&json!(1), &json!(0)),
            "{executor}: {report}"
        );
    }
}
