//! Plugins in the hands of the official hosts: a Go program on wazero plays them (`go`).

pub(crate) mod functions;
pub(crate) mod panics;
pub(crate) mod tls_check;
pub(crate) mod wasip1;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use reglet_bench_host::guests::{Crate, Profile, Target};
use serde_json::Value;

use crate::go_build;

/// The hosts that it can play.
pub(crate) const EXECUTORS: [&str; 4] = ["a", "ap", "b", "cli"];

/// The Go program; nothing if there is no Go.
static PROGRAM: LazyLock<Option<PathBuf>> =
    LazyLock::new(|| go_build(".", &format!("interop{}", env::consts::EXE_SUFFIX), &[], &[]));

/// Builds a plugin.
pub(crate) fn build(name: &str) -> PathBuf {
    build_for(name, Target::default())
}

/// Builds a plugin for this target.
pub(crate) fn build_for(name: &str, target: Target) -> PathBuf {
    Crate::find(name).unwrap().with_target(target).build(Profile::Small, &()).unwrap().module.path
}

/// What a host reports that runs a check of this plugin; nothing if there is no Go.
pub(crate) fn interop(module: &Path, executor: &str, config: &str, options: &[&str]) -> Option<Value> {
    let output = run(module, executor, config, options)?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{executor} {config} {options:?}: {stderr}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// What a host says that can't load this plugin, or can't get an outcome of it.
pub(crate) fn interop_fails(module: &Path, executor: &str, config: &str, options: &[&str]) -> Option<String> {
    let output = run(module, executor, config, options)?;
    assert!(!output.status.success(), "{executor} {config} {options:?}: it has an outcome");
    Some(String::from_utf8(output.stderr).unwrap())
}

fn run(module: &Path, executor: &str, config: &str, options: &[&str]) -> Option<Output> {
    let program = PROGRAM.as_ref()?;
    let mut command = Command::new(program);
    command.arg("-cache").arg(program.with_extension("cache")).arg("-wasm").arg(module);
    command.args(["-executor", executor, "-config", config]).args(options);
    Some(command.output().unwrap())
}

/// The error of the outcome, as `type [code] message`.
pub(crate) fn error(report: &Value) -> String {
    let outcome = &report["outcome"];
    assert_eq!(outcome["status"], "error", "{outcome}");
    let text = |key: &str| outcome["error"][key].as_str().unwrap();
    assert_eq!(outcome["message"], outcome["error"]["message"]);
    format!("{} [{}] {}", text("type"), text("code"), text("message"))
}
