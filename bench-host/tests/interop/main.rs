//! Plugins of all generations in the hands of all hosts: those in Go, and our own, in this host, and our own in hosts
//! in Go. What works is in `docs/interop.md`, whose table is made here.

mod go_guests;
mod own_guest;
mod page;
mod servers;
mod wazero;

use core::cell::RefCell;
use std::env;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use reglet_bench_host::{Functions, Host, LogRecord, Plugin, Source};
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};

/// It trusts the servers of these tests, and keeps what it compiles, since Go's plugins take long.
static HOST: LazyLock<Host> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let certificate = folder.join("interop-ca.pem");
    std::fs::write(&certificate, &servers::IDENTITY.pem).unwrap();
    let functions = Functions::all()
        .with("greet", |_, request: Value| Ok(json!({"hello": request["name"]})))
        .with("packages", |_, request: Value| {
            let newest = json!({"name": request["manager"], "limit": request["limit"]});
            Ok(json!({"complete": request["strict"], "names": request["names"], "newest": newest}))
        });
    let log = |record: &LogRecord<'_>| {
        let attrs = record.attrs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = Line {
            source: record.source,
            text: format!("{} {}", record.level.as_str(), record.message),
            attrs,
        };
        LOG.with_borrow_mut(|lines| lines.push(line));
    };
    let cache = folder.join("modules");
    Host::builder().functions(functions).ca_file(certificate).cache_folder(cache).log(log).build().unwrap()
});

thread_local! {
    /// What was logged: a host logs on the thread that calls it.
    static LOG: RefCell<Vec<Line>> = const { RefCell::new(Vec::new()) };
}

struct Line {
    source: Source,
    text: String,
    attrs: Vec<String>,
}

/// Builds a program or a plugin in Go; nothing if there is no Go, which is an error where everything must be tested.
fn go_build(package: &str, output: &str, options: &[&str], variables: &[(&str, &str)]) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(output);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("interop").join("go");
    let mut command = Command::new("go");
    command.arg("build").args(options).arg("-o").arg(&path).arg(package);
    match command.envs(variables.iter().copied()).current_dir(sources).output() {
        Ok(output) => {
            assert!(output.status.success(), "go build failed:\n{}", String::from_utf8_lossy(&output.stderr));
            Some(path)
        }
        Err(error) if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none() => {
            // Not by `eprintln!`, which nobody sees if the tests pass.
            let message = format!("SKIPPED: the tests with {package} need `go`, which is not there\n");
            io::stderr().write_all(message.as_bytes()).unwrap();
            None
        }
        Err(error) => panic!("go cannot be run: {error}"),
    }
}

/// The outcome of a check, without its time.
fn check(plugin: &Plugin, grants: Grants, config: &Value) -> Value {
    outcome(plugin.granted(grants).check(config.to_string().as_bytes()).unwrap().json())
}

fn outcome(json: &str) -> Value {
    let mut outcome: Value = serde_json::from_str(json).unwrap();
    assert!(outcome.as_object_mut().unwrap().remove("timestamp").is_some(), "{json}");
    outcome
}

/// What was logged on this thread since it was last asked.
fn logged() -> Vec<Line> {
    LOG.take()
}

fn network(host: &str, port: u16) -> Grants {
    Grants::default().network(host, &port.to_string()).unwrap()
}
