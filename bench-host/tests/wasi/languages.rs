//! Plugins in Go and in Rust with its standard library.

use core::cell::RefCell;
use core::time::Duration;
use std::env;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

use reglet_bench_host::{LogRecord, Outcome, Plugin, Status};
use serde_json::{Value, json};

use super::*;

thread_local! {
    /// What was logged by the plugins of this test. Hosts log on the thread that calls.
    static RECORDS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Compiled once, since that is what takes time.
static GO: LazyLock<Option<Plugin>> = LazyLock::new(|| {
    let output = output("guest-go.wasm");
    let mut go = Command::new("go");
    go.args(["build", "-buildmode=c-shared", "-buildvcs=false", "-ldflags=-s -w", "-o"]);
    go.arg(&output).arg(".").current_dir(sources().join("go"));
    go.envs([("GOOS", "wasip1"), ("GOARCH", "wasm"), ("GOTOOLCHAIN", "local"), ("GOWORK", "off")]);
    built(&mut go, &output)
});

static RUST: LazyLock<Option<Plugin>> = LazyLock::new(|| {
    let output = output("guest-rust.wasm");
    let mut rustc = Command::new(env::var_os("RUSTC").as_deref().unwrap_or(OsStr::new("rustc")));
    rustc.args(["--target", "wasm32-wasip1", "--crate-type", "cdylib", "--edition", "2024", "-o"]);
    rustc.arg(&output).arg(sources().join("rust").join("lib.rs"));
    built(&mut rustc, &output)
});

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("wasi")
}

fn output(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// What a compiler makes, or nothing where it is missing; where all of the tests must run, that is a failure.
fn built(command: &mut Command, output: &Path) -> Option<Plugin> {
    let why = match command.output() {
        Ok(done) if done.status.success() => return Some(load(output)),
        Ok(done) => {
            let errors = String::from_utf8_lossy(&done.stderr).into_owned();
            // rustc without the target's standard library.
            assert!(errors.contains("can't find crate for `std`"), "{command:?} failed:\n{errors}");
            errors
        }
        Err(error) => error.to_string(),
    };
    assert!(env::var_os("CI").is_none(), "{command:?} can't be run: {why}");
    eprintln!("skipped, since {command:?} can't be run: {why}");
    None
}

fn load(module: &Path) -> Plugin {
    let log = |record: &LogRecord<'_>| RECORDS.with_borrow_mut(|records| records.push(record.to_string()));
    // What Go makes takes long to compile.
    let builder = Host::builder().call_timeout(Duration::from_secs(5)).cache_folder(output("modules"));
    let host = builder.log(log).build().unwrap();
    host.load("guest", &std::fs::read(module).unwrap()).unwrap()
}

fn plugin(plugin: &LazyLock<Option<Plugin>>, grants: Grants) -> Option<Plugin> {
    plugin.as_ref().map(|plugin| plugin.granted(grants))
}

fn records() -> Vec<String> {
    RECORDS.take()
}

fn check(plugin: &Plugin, config: &Value) -> Outcome {
    plugin.check(config.to_string().as_bytes()).unwrap()
}

/// The text that a check finds.
#[track_caller]
fn text(plugin: &Plugin, config: &Value) -> String {
    let outcome = check(plugin, config);
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.json());
    outcome.data().get("text").text().unwrap().into_owned()
}

/// The member of the data of a check that fails which is true.
#[track_caller]
fn fails(plugin: &Plugin, config: &Value, member: &'static str) {
    let outcome = check(plugin, config);
    assert_eq!(outcome.status(), Status::Failure, "{}", outcome.json());
    assert_eq!(outcome.data().get(member).raw(), b"true", "{}", outcome.json());
}

#[test]
fn go_has_real_clocks_sleeps_and_random_numbers() {
    let Some(plugin) = plugin(&GO, Grants::default()) else { return };
    let slept: u64 = text(&plugin, &json!({"do": "time"})).parse().unwrap();
    assert!((50..20_000).contains(&slept), "{slept}");
    let random = json!({"do": "random"});
    assert_ne!(text(&plugin, &random), text(&plugin, &random));
}

#[test]
fn go_ends_with_the_time_of_the_call_while_it_sleeps() {
    let Some(plugin) = plugin(&GO, Grants::default()) else { return };
    let error = plugin.check(br#"{"do": "sleep"}"#).unwrap_err();
    assert!(matches!(error, Error::OutOfTime { .. }), "{error}");
}

#[test]
fn go_sees_the_environment_that_is_granted() {
    let granted = Grants::default().env("CARGO_PKG_NAME").unwrap();
    let Some(plugin) = plugin(&GO, granted) else { return };
    let variable = |name| text(&plugin, &json!({"do": "environment", "text": name}));
    assert_eq!(
        (variable("CARGO_PKG_NAME").as_str(), variable("PATH").as_str()),
        (env!("CARGO_PKG_NAME"), "")
    );
}

#[test]
fn go_reads_and_writes_files_that_are_granted() {
    let files = Files::new();
    files.put("in/a.txt", "hello").put("in/secret", "");
    let Some(plugin) = plugin(&GO, files.grants(&["in/*.txt"], &["out/**"])) else { return };
    let config = |what, path| json!({"do": what, "path": files.path(path), "text": "written"});
    assert_eq!(text(&plugin, &config("read", "in/a.txt")), "hello");
    assert_eq!(text(&plugin, &config("list", "in")), "a.txt ");
    fails(&plugin, &config("read", "in/secret"), "denied");
    fails(&plugin, &config("read", "in/b.txt"), "missing");
    fails(&plugin, &config("write", "in/a.txt"), "denied");
    // A folder that is not there is not offered; it is looked for with each instance.
    std::fs::create_dir(files.path("out")).unwrap();
    text(&plugin, &config("write", "out/b.txt"));
    assert_eq!(files.get("out/b.txt").unwrap(), "written");
    fails(&plugin, &config("read", "out/b.txt"), "denied");
}

#[test]
fn go_makes_moves_and_removes_folders() {
    let files = Files::new();
    let Some(plugin) = plugin(&GO, files.all()) else { return };
    text(&plugin, &json!({"do": "folders", "path": files.path("x")}));
    assert_eq!(std::fs::read_dir(files.path("x")).unwrap().count(), 0);
}

#[test]
fn go_prints_into_the_log() {
    let Some(plugin) = plugin(&GO, Grants::default()) else { return };
    text(&plugin, &json!({"do": "print", "text": "so it is"}));
    assert_eq!(records(), ["INFO guest: so it is", "WARN guest: so it is"]);
}

#[test]
fn go_fails_with_its_panic_or_its_last_words() {
    let Some(plugin) = plugin(&GO, Grants::default()) else { return };
    let error = plugin.check(br#"{"do": "panic", "text": "no luck"}"#).unwrap_err().to_string();
    // Go ends a library that panics with a trap.
    assert!(error.starts_with("plugin `guest`: _observe: panic: no luck ("), "{error}");
    assert!(records().iter().any(|line| line.contains("goroutine")));
    let error = plugin.check(br#"{"do": "exit", "text": "no config"}"#).unwrap_err().to_string();
    assert_eq!(error, "plugin `guest`: _observe: no config (it exited with code 3)");
}

#[test]
fn go_is_measured_with_the_answers_that_it_got() {
    let Some(plugin) = plugin(&GO, Grants::default()) else { return };
    let mut instance = plugin.instance().unwrap();
    for what in [br#"{"do": "random"}"#.as_slice(), br#"{"do": "time"}"#] {
        instance.record();
        let first = instance.check(what).unwrap();
        let recording = instance.recording();
        let mut again = plugin.instance().unwrap();
        again.replay(&recording);
        let again = again.check(what).unwrap();
        // How often its scheduler reads the clocks is not always the same, so of times only that it ends is certain.
        assert_eq!(again.status(), first.status());
        if what.ends_with(br#""random"}"#) {
            assert_eq!(again.data().raw(), first.data().raw());
        }
    }
}

#[test]
fn rust_reads_and_writes_files_that_are_granted() {
    let files = Files::new();
    files.put("in/a.txt", "hello").put("in/secret", "");
    let Some(plugin) = plugin(&RUST, files.grants(&["in/*.txt"], &["in/b.txt"])) else { return };
    let found = text(&plugin, &json!(files.path("in")));
    assert_eq!(found, "hello [\"a.txt\", \"b.txt\"] PermissionDenied NotFound");
    assert_eq!(files.get("in/b.txt").unwrap(), "hello");
    let records = records();
    assert!(records.contains(&"INFO guest: read".to_owned()), "{records:?}");
}

#[test]
fn rust_fails_with_its_panic() {
    let Some(plugin) = plugin(&RUST, Grants::default()) else { return };
    let error = plugin.check(br#""""#).unwrap_err().to_string();
    assert!(error.starts_with("plugin `guest`: observe: no folder (wasm trap: "), "{error}");
}
