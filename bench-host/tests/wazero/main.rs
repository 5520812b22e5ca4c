//! Plugins in the hands of the official hosts: a Go program on wazero plays them (`tests/interop`).

mod functions;
mod tls_check;

use std::env;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use reglet_bench_host::guests::{Crate, Profile};
use serde_json::Value;

/// The hosts that it can play.
const EXECUTORS: [&str; 4] = ["a", "ap", "b", "cli"];

/// The Go program; nothing if there is no Go, which is an error where everything must be tested.
static PROGRAM: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let program =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("interop").with_extension(env::consts::EXE_EXTENSION);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("interop");
    let output =
        Command::new("go").args(["build", "-o"]).arg(&program).arg(".").current_dir(sources).output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "go build failed:\n{}", String::from_utf8_lossy(&output.stderr));
            Some(program)
        }
        Err(error) if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none() => {
            // Not by `eprintln!`, which nobody sees if the tests pass.
            let message = b"SKIPPED: the tests on wazero need `go`, which is not there\n";
            io::stderr().write_all(message).unwrap();
            None
        }
        Err(error) => panic!("go cannot be run: {error}"),
    }
});

/// Builds a plugin.
fn build(name: &str) -> PathBuf {
    Crate::find(name).unwrap().build(Profile::Small, &()).unwrap().module.path
}

/// What a host reports that runs a check of this plugin; nothing if there is no Go.
fn interop(module: &LazyLock<PathBuf>, executor: &str, config: &str, options: &[&str]) -> Option<Value> {
    let program = PROGRAM.as_ref()?;
    let mut command = Command::new(program);
    command.arg("-cache").arg(program.with_extension("cache")).arg("-wasm").arg(&**module);
    command.args(["-executor", executor, "-config", config]).args(options);
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{executor} {config} {options:?}: {stderr}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The error of the outcome, as `type [code] message`.
fn error(report: &Value) -> String {
    let outcome = &report["outcome"];
    assert_eq!(outcome["status"], "error", "{outcome}");
    let text = |key: &str| outcome["error"][key].as_str().unwrap();
    assert_eq!(outcome["message"], outcome["error"]["message"]);
    format!("{} [{}] {}", text("type"), text("code"), text("message"))
}
