//! Plugins in Go, one of each generation (`tests/interop/guests`), in the hands of this host. All of them do what their
//! configuration says, so that what differs is how their generation asks, and what it shows of an answer.

mod entry;
mod network;
mod servers;
mod system;

use std::cell::RefCell;
use std::env;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use reglet_bench_host::{Functions, Host, Plugin, Source};
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};

/// A plugin in Go.
struct Guest {
    name: &'static str,
    /// Whether its generation shows what it is told about TLS and protocols, and asks for TLS.
    detailed: bool,
    /// Nothing if there is no Go.
    plugin: LazyLock<Option<Plugin>>,
}

static GUESTS: [Guest; 3] = [
    Guest { name: "a", detailed: false, plugin: LazyLock::new(|| load("a")) },
    Guest { name: "aprime", detailed: false, plugin: LazyLock::new(|| load("aprime")) },
    Guest { name: "b", detailed: true, plugin: LazyLock::new(|| load("b")) },
];

/// It trusts the servers of these tests.
static HOST: LazyLock<Host> = LazyLock::new(|| {
    let certificate = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go-guests-ca.pem");
    std::fs::write(&certificate, &servers::IDENTITY.pem).unwrap();
    let functions = Functions::all().with("greet", |_, request: Value| Ok(json!({"hello": request["name"]})));
    let log = |record: &reglet_bench_host::LogRecord<'_>| {
        let attrs = record.attrs.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = Line {
            source: record.source,
            text: format!("{} {}", record.level.as_str(), record.message),
            attrs,
        };
        LOG.with_borrow_mut(|lines| lines.push(line));
    };
    Host::builder().functions(functions).ca_file(certificate).log(log).build().unwrap()
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

/// Builds and loads a plugin; nothing if there is no Go, which is an error where everything must be tested.
fn load(name: &str) -> Option<Plugin> {
    let module = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("go-guest-{name}.wasm"));
    let output = Command::new("go")
        .args(["build", "-buildmode=c-shared", "-ldflags=-s -w", "-o"])
        .arg(&module)
        .arg(format!("./guests/{name}"))
        .envs([("GOOS", "wasip1"), ("GOARCH", "wasm")])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("interop"))
        .output();
    match output {
        Ok(output) => {
            assert!(output.status.success(), "go build failed:\n{}", String::from_utf8_lossy(&output.stderr));
        }
        Err(error) if error.kind() == ErrorKind::NotFound && env::var_os("CI").is_none() => {
            // Not by `eprintln!`, which nobody sees if the tests pass.
            let message = format!("SKIPPED: the tests of plugin {name} need `go`, which is not there\n");
            io::stderr().write_all(message.as_bytes()).unwrap();
            return None;
        }
        Err(error) => panic!("go cannot be run: {error}"),
    }
    Some(HOST.load(name, &std::fs::read(module).unwrap()).unwrap())
}

/// The plugins that can be tested here.
fn guests() -> impl Iterator<Item = (&'static Guest, &'static Plugin)> {
    GUESTS.iter().filter_map(|guest| Some((guest, guest.plugin.as_ref()?)))
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

/// What a check shows that got an error instead of an answer.
fn failure(message: impl AsRef<str>) -> Value {
    json!({"status": "failure", "message": message.as_ref()})
}
