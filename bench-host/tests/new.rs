//! What `reglet-bench new` makes: the README's first plugin, and that it works as its author is told.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use reglet_bench_host::{Host, Status};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_reglet-bench");

#[test]
fn the_readme_shows_what_is_made_and_its_commands_work() {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let (_, readme) = readme.split_once("\n## Your first plugin\n").unwrap();
    let folder = TempDir::new().unwrap();
    let listener = TcpListener::bind("localhost:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let first = block(readme, "sh");
    assert_eq!(first.matches("22").count(), 2, "{first}");
    let second = block(readme.split_once(&first).unwrap().1, "sh");
    let done = shell(folder.path(), &(first.replace("22", &port.to_string()) + &second));
    let (stdout, stderr) = (text(&done.stdout), text(&done.stderr));
    if stderr.contains("run `npm install -g binaryen`") {
        println!("the budgets are skipped: there is no wasm-opt");
    } else {
        assert!(done.status.success(), "{stdout}{stderr}");
        assert!(stdout.contains("│ port-check ┆ fast    ┆ fuel_per_check "), "{stdout}");
        assert!(folder.path().join("port-check/budgets.toml").is_file());
    }
    assert!(stdout.contains("2 of 2 runs of 1 plugin succeeded"), "{stdout}");
    assert!(stdout.contains("test result: ok. 3 passed"), "{stdout}");
    assert!(stdout.contains(&format!("success: port {port} of localhost answers\n")), "{stdout}");

    let plugin = folder.path().join("port-check");
    assert_eq!(fs::read_to_string(plugin.join("src/lib.rs")).unwrap(), block(readme, "rust"));
    let module = fs::read(plugin.join("target/reglet-bench/plugins/port-check-small.wasm")).unwrap();
    let host = Host::builder().build().unwrap();
    let outcome =
        host.load("port-check", &module).unwrap().check(br#"{"host": "localhost", "port": 0}"#).unwrap();
    assert_eq!(outcome.status(), Status::Error);
    let unwrapped = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unwrapped.contains(&format!("`{}`", outcome.message())), "{}", outcome.message());
}

#[test]
fn each_layer_has_a_plugin_that_is_well_formatted_tested_and_loads() {
    // Neither goes anywhere: without a grant to anything, and with one to public addresses alone.
    for (layer, here) in [("core", r#"{"host":"127.0.0.1"}"#), ("std", r#"{"url":"http://127.0.0.1/"}"#)] {
        let folder = TempDir::new().unwrap();
        let commands = format!(
            "reglet-bench new my-own-check --layer {layer}
            cd my-own-check
            cargo fmt --check
            export CARGO_TARGET_DIR={}
            cargo test
            plugin=$(reglet-bench build .)
            reglet-bench manifest $plugin
            reglet-bench run $plugin --config '{here}' || [ $? = 2 ]
            reglet-bench
            reglet-bench run $plugin --config '{here}' --manifest plugin.yaml || [ $? = 2 ]",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("new").display()
        );
        let done = shell(folder.path(), &commands);
        let stdout = text(&done.stdout);
        assert!(done.status.success(), "{layer}: {stdout}{}", text(&done.stderr));
        assert!(stdout.contains("2 of 2 runs of 1 plugin succeeded"), "{layer}: {stdout}");
        assert!(stdout.contains("test result: ok. 3 passed"), "{layer}: {stdout}");
        assert!(stdout.contains(r#""name":"my-own-check","version":"0.1.0""#), "{layer}: {stdout}");
        assert_eq!(stdout.matches("error type: capability").count(), 2, "{layer}: {stdout}");
    }
}

#[test]
fn a_plugin_that_exports_nothing_is_built_with_a_warning() {
    let folder = TempDir::new().unwrap();
    let commands = format!(
        "reglet-bench new mine --layer std
        export CARGO_TARGET_DIR={}
        reglet-bench build mine
        sed -i /^export_plugin/d mine/src/lib.rs
        echo without >&2
        reglet-bench build mine",
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("new").display()
    );
    let done = shell(folder.path(), &commands);
    let stderr = text(&done.stderr);
    assert!(done.status.success(), "{stderr}");
    let (with, without) = stderr.split_once("without").unwrap();
    assert!(!with.contains("warning") && !with.contains("problem"), "{with}");
    assert!(without.contains("problem: plugin `mine` cannot be loaded: "), "{without}");
}

#[test]
fn what_is_there_already_stays_as_it_is() {
    let folder = TempDir::new().unwrap();
    let done = shell(folder.path(), "mkdir taken; touch taken/notes; reglet-bench new taken");
    assert_eq!(done.status.code(), Some(3));
    assert!(text(&done.stderr).contains("already exists"), "{}", text(&done.stderr));
    assert_eq!(fs::read_dir(folder.path().join("taken")).unwrap().count(), 1);

    for (arguments, reason) in [
        ("check --sdk nowhere", "the SDK is not in nowhere, name its folder with --sdk: "),
        ("core", "`core` is a crate that every plugin needs"),
        ("a.b", "no plugin was made"),
        // Found out when the folder is there already.
        ("check --sdk sdk", "no plugin was made"),
    ] {
        let done = shell(folder.path(), &format!("mkdir -p sdk/sdk-core; reglet-bench new {arguments}"));
        assert_eq!(done.status.code(), Some(3), "{arguments}");
        assert!(text(&done.stderr).contains(reason), "{}", text(&done.stderr));
    }
    assert!(!folder.path().join("check").exists());

    let done = shell(Path::new(env!("CARGO_MANIFEST_DIR")), "reglet-bench new ../target/plugin");
    assert!(text(&done.stderr).contains("would become a part of the SDK"), "{}", text(&done.stderr));
}

#[test]
fn in_a_workspace_the_command_to_run_it_names_its_module() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[workspace]\nresolver = \"3\"\n").unwrap();
    let done = shell(folder.path(), "reglet-bench new plugins/mine; reglet-bench build plugins/mine");
    let (stdout, stderr) = (text(&done.stdout), text(&done.stderr));
    assert!(done.status.success(), "{stderr}");
    let module = stdout.lines().last().unwrap();
    assert!(module.ends_with("target/reglet-bench/plugins/mine-small.wasm"), "{module}");
    assert!(stderr.contains(&format!("reglet-bench run {module} --config ")), "{stderr}");
    // What panics say of files depends on no folder.
    let bytes = fs::read(module).unwrap();
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains(sdk.to_str().unwrap()));
}

#[test]
fn a_placeholder_that_stands_for_nothing_is_told_before_anything_is_compiled() {
    let folder = TempDir::new().unwrap();
    let config = r#"{"url": "${HTTP_URL}/health"}"#;
    let commands = format!("reglet-bench new check; cd check; echo '{config}' > config.json; reglet-bench");
    let done = shell(folder.path(), &commands);
    let stderr = text(&done.stderr);
    assert_eq!(done.status.code(), Some(3), "{stderr}");
    assert!(!stderr.contains("compiling"), "{stderr}");
    for part in ["config.json has the unknown placeholder ${HTTP_URL}; ", " ${HTTP_PORT}, ", " ${FOLDER}"] {
        assert!(stderr.contains(part), "{stderr}");
    }
}

/// The first code block of this language.
fn block(text: &str, language: &str) -> String {
    let (_, rest) = text.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split_once("\n```\n").unwrap().0.to_owned() + "\n"
}

/// Runs commands in a folder until one fails, with nothing but what this workspace has downloaded.
fn shell(folder: &Path, commands: &str) -> Output {
    let programs = Path::new(PROGRAM).parent().unwrap().to_owned();
    let path = env::var_os("PATH").unwrap_or_default();
    let path: OsString = env::join_paths([programs].into_iter().chain(env::split_paths(&path))).unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-e", "-c", commands]).current_dir(folder).env("PATH", path).env("CARGO_NET_OFFLINE", "true");
    shell.env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR")).env_remove("CARGO_TARGET_DIR");
    shell.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
