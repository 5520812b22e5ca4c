//! The program: what it prints where, and its exit statuses.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use reglet_bench_host::guests::{Crate, Profile};
use reglet_bench_host::loopback::{ClosedPort, LoopbackTls, Options};
use reglet_bench_host::{Host, Manifest};
use serde_json::{Value, json};
use tempfile::TempDir;

#[test]
fn a_success_is_alone_on_stdout_and_exits_with_0() {
    let server = Server::start(&Options::default());
    let done = run(&server.check("run", 14, "--format=json"));
    assert_eq!(done.status, 0, "{}", done.stderr);
    let outcome = done.json();
    assert_eq!(done.stdout.lines().count(), 1);
    assert_eq!(outcome["status"], "success");
    assert_eq!(outcome["data"]["not_after"], server.tls.not_after().rfc3339().as_str());
    assert_eq!(outcome["data"]["issuer"], "CN=Loopback CA,O=Reglet");
    assert!(done.stderr.contains("INFO tls-check-small: certificate checked"), "{}", done.stderr);
}

#[test]
fn a_failure_exits_with_1_and_can_be_read_by_people() {
    let server = Server::start(&Options::default());
    let done = run(&server.check("run", 365, "--format=text"));
    assert_eq!(done.status, 1, "{}", done.stderr);
    let not_after = format!("\n  not_after: {}\n", server.tls.not_after().rfc3339());
    assert!(
        done.stdout.starts_with("failure: the certificate of localhost is valid for "),
        "{}",
        done.stdout
    );
    assert!(done.stdout.contains(&not_after), "{}", done.stdout);
}

#[test]
fn a_closed_port_is_an_error_of_the_network_and_exits_with_2() {
    let closed = ClosedPort::take().unwrap();
    let config = json!({ "hostname": "127.0.0.1", "port": closed.port() }).to_string();
    let done =
        run(&["run", tls_check(), "--format=json", "--config", &config, "--allow=network=127.0.0.1:*"]);
    assert_eq!(done.status, 2, "{}", done.stderr);
    let outcome = done.json();
    assert_eq!(outcome["status"], "error");
    assert_eq!(outcome["error"]["type"], "network");
    assert!(outcome["message"].as_str().unwrap().contains("connection refused"), "{outcome}");
}

#[test]
fn a_certificate_is_not_trusted_without_its_ca() {
    let server = Server::start(&Options::default());
    let config = server.config(14);
    let done =
        run(&["run", tls_check(), "--format=json", "--config", &config, "--allow=network=localhost:*"]);
    assert_eq!(done.status, 2, "{}", done.stderr);
    assert!(done.json()["message"].as_str().unwrap().contains("certificate"), "{}", done.stdout);
}

#[test]
fn nothing_is_allowed_without_a_grant_and_the_run_says_what_was_asked_for() {
    let config = r#"{"hostname":"127.0.0.1","port":9}"#;
    let done = run(&["run", tls_check(), "--format=json", "--config", config]);
    assert_eq!(done.status, 2, "{}", done.stderr);
    let error = &done.json()["error"];
    assert_eq!((&error["type"], &error["code"]), (&json!("capability"), &json!("CAPABILITY_DENIED")));
    assert_eq!(error["message"], "network capability denied: 127.0.0.1:9");
    let asked = "note: it asks for more than is granted, which this check may not need: network *:*\n";
    assert!(done.stderr.contains(asked) && !done.stderr.contains("risk"), "{}", done.stderr);

    let done = run(&["run", tls_check(), "--config", config]);
    let denied = "network capability denied: 127.0.0.1:9";
    assert!(done.stdout.starts_with(&format!("error: {denied}\n")), "{}", done.stdout);
    let warning = format!("WARN tls-check-small: {denied} (grant it with --allow network=127.0.0.1:9)\n");
    assert_eq!(done.stderr.matches(&warning).count(), 1, "{}", done.stderr);
}

#[test]
fn a_denial_is_told_of_also_when_the_plugin_says_nothing_of_it() {
    let folder = TempDir::new().unwrap();
    let request = r#"{"host":"127.0.0.1","port":9}"#;
    let module = format!(
        r#"(module
             (import "reglet_host" "tcp_connect" (func $connect (param i64) (result i64)))
             (memory (export "memory") 1)
             (data (i32.const 16) "{{\"status\":\"success\"}}")
             (data (i32.const 64) "{}")
             (func (export "allocate") (param i32) (result i32) (i32.const 1024))
             (func (export "describe") (result i64) (i64.const 0))
             (func (export "observe") (param i32 i32) (result i64)
               (drop (call $connect (i64.const {})))
               (i64.const 0x10_00000014)))"#,
        request.replace('"', "\\\""),
        64_u64 << 32 | request.len() as u64
    );
    let module = write(&folder, "quiet.wasm", &wat::parse_str(module).unwrap());
    let done = run(&["run", &module, "--config", "{}", "--format", "json"]);
    assert_eq!((done.status, &done.json()["status"]), (0, &json!("success")), "{}", done.stderr);
    let warning =
        "WARN quiet: network capability denied: 127.0.0.1:9 (grant it with --allow network=127.0.0.1:9)\n";
    assert_eq!(done.stderr.matches(warning).count(), 1, "{}", done.stderr);
}

#[test]
fn a_key_that_the_schema_does_not_know_is_told_and_changes_nothing_else() {
    let server = Server::start(&Options::default());
    let (config, ca) = (server.config(14), path(&server.folder, "ca.pem"));
    let with = |more: &str| {
        let config = config.replacen('{', &format!("{{{more}"), 1);
        run(&["run", tls_check(), "--config", &config, "--ca", &ca, "--allow=network=localhost:*"])
    };
    let done = with(r#""retires": 1, "#);
    assert_eq!(done.status, 0, "{}", done.stderr);
    let warning = "warning: the configuration has `retires`, which the plugin's schema does not know\n";
    assert!(done.stderr.contains(warning), "{}", done.stderr);
    assert!(!with("").stderr.contains("warning: "));
}

#[test]
fn everything_that_is_wrong_with_a_configuration_can_be_seen() {
    let module = built("file-check");
    let config = r#"{"path":"etc","max_bytes":0}"#;
    let done = run(&["run", &module, "--config", config]);
    assert_eq!(done.status, 2, "{}{}", done.stdout, done.stderr);
    for rule in
        ["\n  detail errors: path: not an absolute path\n", "\n  detail errors: max_bytes: lower than 1\n"]
    {
        assert!(done.stdout.contains(rule), "{}", done.stdout);
    }
}

#[test]
fn what_stands_in_a_configuration_that_is_wrong_is_told() {
    let http_check = built("http-check");
    let note = "note: the configuration has 70000 there\n";
    let placeholder = "note: the configuration has a placeholder, ${…}: only reglet-bench without a command";
    for (config, notes) in [
        (r#"{"hostname":"localhost","port":70000}"#, [true, false]),
        (r#"{"hostname":"localhost","port":"${TLS_PORT}"}"#, [false, true]),
        (r#"{"port":443}"#, [false, false]),
        // Errors of other types.
        (r#"{"hostname":"${FOLDER}","port":443}"#, [false, false]),
        (r#"{"url":"http://localhost:${HTTP_PORT}/"}"#, [false, true]),
    ] {
        let module = if config.contains("url") { &http_check } else { tls_check() };
        let done = run(&["run", module, "--config", config]);
        assert_eq!(done.status, 2, "{}", done.stderr);
        let told = [note, placeholder].map(|note| done.stderr.contains(note));
        assert_eq!(told, notes, "{config}: {}{}", done.stdout, done.stderr);
    }
}

#[test]
fn a_file_that_no_grant_is_about_is_denied_and_the_log_says_what_would_grant_it() {
    let module = built("file-check");
    let done = run(&["run", &module, "--config", r#"{"path":"/no/such/file"}"#]);
    assert_eq!(done.status, 2, "{}{}", done.stdout, done.stderr);
    let denied = "filesystem capability denied: /no/such/file (grant it with --allow fs=/no/such/file)\n";
    assert!(done.stderr.contains(denied), "{}{}", done.stdout, done.stderr);
}

#[test]
fn functions_of_other_hosts_can_be_answered_for() {
    let module = built("functions");
    let folder = TempDir::new().unwrap();
    let file = write(&folder, "answer.json", br#"{"installed": 7, "complete": true}"#);
    let with = |command: &str, call: &str, answers: &[&str]| {
        let config = json!({ "call": call, "target": "apt" }).to_string();
        let answers = answers.iter().flat_map(|answer| ["--answer", answer]);
        let arguments = [command, &module, "--config", &config].into_iter().chain(answers);
        run(&arguments.collect::<Vec<_>>())
    };
    let done = with("run", "packages", &[]);
    assert_eq!(done.status, 2, "{}", done.stderr);
    assert!(
        done.stdout.contains("(give the answer yourself with --answer packages=JSON)\n"),
        "{}",
        done.stdout
    );

    let from_file = format!("packages=@{file}");
    for command in ["run", "measure"] {
        let done = with(command, "packages", &[&from_file]);
        assert_eq!(done.status, 0, "{}", done.stderr);
        assert!((done.stdout + &done.stderr).contains("\n  installed: 7\n"));
    }
    // Also in place of a function that the host has.
    let done = with("run", "ssrf_check", &[r#"ssrf_check={"allowed": true, "resolved_ip": "192.0.2.7"}"#]);
    assert!(done.stdout.contains("\n  resolved_ip: 192.0.2.7\n"), "{}{}", done.stdout, done.stderr);

    for (bad, reason) in
        [("packages", "write NAME=JSON"), ("a={", "not JSON: EOF"), ("a=@/no", "cannot read /no")]
    {
        let done = with("run", "packages", &[bad]);
        assert_eq!((done.status, done.stderr.contains(reason)), (3, true), "{}", done.stderr);
    }
}

#[test]
fn of_several_answers_each_call_gets_the_next() {
    let folder = TempDir::new().unwrap();
    // It asks three times, and what it gets the last time is the outcome.
    let module = r#"(module
        (import "reglet_host" "ask" (func $ask (param i64) (result i64)))
        (memory (export "memory") 1)
        (func (export "allocate") (param i32) (result i32) (i32.const 1024))
        (func (export "describe") (result i64) (i64.const 0))
        (func (export "observe") (param i32 i32) (result i64)
          (drop (call $ask (i64.const 0)))
          (drop (call $ask (i64.const 0)))
          (call $ask (i64.const 0))))"#;
    let module = write(&folder, "asks.wasm", &wat::parse_str(module).unwrap());
    let answers = ["success", "error", "failure"].map(|status| format!(r#"ask={{"status":"{status}"}}"#));
    for (given, status) in [(1, 0), (2, 2), (3, 1)] {
        let mut arguments = vec!["run", &module, "--config", "{}"];
        arguments.extend(answers[..given].iter().flat_map(|answer| ["--answer", answer]));
        let done = run(&arguments);
        assert_eq!(done.status, status, "{}", done.stderr);
    }
}

#[test]
fn a_manifest_grants_what_it_says() {
    let server = Server::start(&Options::default());
    let port = server.tls.port();
    let yaml = format!(
        "name: tls-check\ncapabilities: {{network: {{rules: [{{hosts: [localhost], ports: [{port}]}}]}}}}"
    );
    let yaml = write(&server.folder, "plugin.yaml", yaml.as_bytes());
    let (config, ca) = (server.config(14), path(&server.folder, "ca.pem"));
    let done = run(&["run", tls_check(), "--config", &config, "--ca", &ca, "--manifest", &yaml]);
    assert_eq!(done.status, 0, "{}{}", done.stdout, done.stderr);
}

#[test]
fn the_manifest_of_each_example_grants_what_the_plugin_asks_for() {
    let host = Host::builder().build().unwrap();
    for example in Crate::of_workspace().unwrap() {
        let yaml = fs::read_to_string(example.folder().join("plugin.yaml")).unwrap();
        let manifest = Manifest::parse(&yaml).unwrap_or_else(|error| panic!("{}: {error}", example.name()));
        let module = example.build(Profile::Small, &()).unwrap().module.bytes;
        let about = host.load(example.name(), &module).unwrap().about().unwrap();
        assert_eq!(
            (manifest.name, manifest.version, manifest.description),
            (about.name, about.version, about.description)
        );
        let missing = manifest.grants.missing(&about.requests);
        assert!(missing.is_empty() && about.remarks.is_empty(), "{missing:?} {:?}", about.remarks);
    }
}

#[test]
fn a_trace_shows_every_crossing() {
    let server = Server::start(&Options::default());
    let done = run(&server.check("run", 14, "--trace"));
    assert_eq!(done.status, 0, "{}", done.stderr);
    let mut rest = &*done.stderr;
    for part in [
        "tls-check-small --> allocate (",
        r#"tls-check-small --> _observe {"hostname":"localhost""#,
        r#"tls-check-small   <- tcp_connect {"context":{},"host":"localhost""#,
        r#"tls-check-small   -> tcp_connect {"address":"localhost:"#,
        "tls-check-small   <- log_message {",
        "tls-check-small <-- _observe {",
        "tls-check-small --> deallocate (",
    ] {
        let at = rest.find(part).unwrap_or_else(|| panic!("no {part} in {rest}"));
        rest = &rest[at + part.len()..];
    }
}

#[test]
fn a_silent_server_takes_no_more_than_the_timeout() {
    let server = Server::start(&Options { silent: true, ..Options::default() });
    let done = run(&server.check("run", 14, "--timeout=0.3"));
    assert_eq!(done.status, 2, "{}", done.stderr);
    assert!(done.stdout.starts_with("error: "), "{}", done.stdout);
    assert!(done.stdout.contains("\n  error type: timeout\n"), "{}", done.stdout);
}

#[test]
fn a_trap_in_the_check_is_an_error_with_an_outcome() {
    let folder = TempDir::new().unwrap();
    let module = write(&folder, "bad.wasm", &plugin("unreachable", "(i64.const 0)"));
    let done = run(&["run", &module, "--config", "{}", "--format", "json"]);
    assert_eq!(done.status, 2, "{}", done.stderr);
    assert_eq!(done.json()["error"]["type"], "panic");
    let done = run(&["measure", &module, "--config", "{}"]);
    assert_eq!((done.status, done.stdout.as_str()), (2, ""));
    assert!(done.stderr.contains("plugin `bad`: observe: wasm trap"), "{}", done.stderr);
}

#[test]
fn an_outcome_is_printed_as_one_line() {
    let folder = TempDir::new().unwrap();
    let module = write(&folder, "pretty.wasm", &plugin("", "(i64.const 0x10_00000017)"));
    let done = run(&["run", &module, "--config", "{}", "--format", "json"]);
    assert_eq!((done.status, done.stdout.lines().count()), (1, 1), "{}", done.stderr);
    assert_eq!(done.json()["status"], "failure");
}

#[test]
fn what_can_not_be_run_exits_with_3_and_says_why() {
    let folder = TempDir::new().unwrap();
    let garbage = write(&folder, "garbage.wasm", b"\0asm, but no more");
    let missing = path(&folder, "missing.wasm");
    let config = write(&folder, "config.json", b"{\"port\": }");
    let config = format!("@{config}");
    let yaml = write(
        &folder,
        "plugin.yaml",
        b"capabilities:\n  network:\n    rules: [{hosts: [a], ports: ['1-']}]\n",
    );
    let cases: [(&[&str], &str); 14] = [
        (&["run", &garbage, "--config", "{}"], "plugin `garbage` cannot be loaded"),
        (&["measure", &garbage, "--config", "{}"], "plugin `garbage` cannot be loaded"),
        (&["describe", &garbage], "plugin `garbage` cannot be loaded"),
        (&["run", &missing, "--config", "{}"], "missing.wasm: No such file"),
        (&["run", tls_check(), "--config", "{"], "given with --config is not JSON: EOF"),
        (
            &["run", tls_check(), "--config", &config],
            "config.json is not JSON: expected value at line 1 column 10",
        ),
        (&["run", tls_check(), "--config", "{}", "--ca", &missing], "missing.wasm"),
        (&["run", tls_check(), "--config", "{}", "--manifest", &yaml], "plugin.yaml: line 3, column "),
        (
            &["run", tls_check(), "--config", "{}", "--allow", "network=a"],
            "--allow network=a: no ports: write ",
        ),
        (
            &["run", tls_check(), "--config", "{}", "--allow", "everything"],
            "--allow everything: write KIND=PATTERN",
        ),
        (&["run", tls_check()], "--config"),
        (&["run", tls_check(), "--config", "{}", "--timeout", "0"], "must be more than 0"),
        (&["build", "no-such-crate"], "`no-such-crate` is neither a package"),
        (
            &["build", "tls-check", "--target", "wasm32-wasip2"],
            "[possible values: wasm32-unknown-unknown, wasm32-wasip1]",
        ),
    ];
    for (arguments, reason) in cases {
        let done = run(arguments);
        assert_eq!((done.status, done.stdout.as_str()), (3, ""), "{arguments:?}: {}", done.stderr);
        assert!(done.stderr.contains(reason), "{arguments:?}: {}", done.stderr);
    }
}

#[test]
fn help_is_no_mistake() {
    let done = run(&["--help"]);
    assert_eq!((done.status, done.stderr.as_str()), (0, ""));
    assert!(done.stdout.contains("Exit status: 0 success, 1 failure, 2 error, 3 "), "{}", done.stdout);
}

#[test]
fn metadata_is_printed_as_json() {
    for (command, key) in
        [("describe", "capabilities"), ("manifest", "config_schema"), ("schema", "properties")]
    {
        let done = run(&[command, tls_check()]);
        assert_eq!((done.status, done.stderr.as_str()), (0, ""), "{command}");
        assert!(done.json().get(key).is_some(), "{command}: {}", done.stdout);
    }
}

#[test]
fn build_ends_with_the_path_of_a_module_that_loads() {
    let done = run(&["build", "tls-check"]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    let module = Path::new(done.stdout.lines().last().unwrap());
    assert!(module.ends_with("reglet-bench/plugins/tls-check-small.wasm"), "{}", module.display());
    let host = Host::builder().build().unwrap();
    host.load("tls-check", &fs::read(module).unwrap()).unwrap();
}

#[test]
fn build_takes_another_target_than_the_one_in_the_manifest() {
    let done = run(&["build", "tls-check", "--target", "wasm32-wasip1"]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert!(done.stderr.contains("compiling tls-check (wasip1-small)\n"), "{}", done.stderr);
    let module = Path::new(done.stdout.lines().last().unwrap());
    assert!(module.ends_with("reglet-bench/plugins/tls-check-wasip1-small.wasm"), "{}", module.display());
    let host = Host::builder().build().unwrap();
    host.load("tls-check", &fs::read(module).unwrap()).unwrap().instance().unwrap();

    let done = run(&["build", "reactor", "--target", "wasm32-unknown-unknown"]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert!(done.stdout.trim_end().ends_with("/reactor-small.wasm"), "{}", done.stdout);
}

#[test]
fn what_was_built_for_javascript_is_no_plugin_and_other_unknown_imports_are_a_warning() {
    let folder = TempDir::new().unwrap();
    let manifest =
        "[package]\nname = 'clock'\nedition = '2024'\n[workspace]\n[lib]\ncrate-type = ['cdylib']\n";
    write(&folder, "Cargo.toml", manifest.as_bytes());
    fs::create_dir(folder.path().join("src")).unwrap();
    let build = |from: &str| {
        let source = format!(
            r#"
            #[link(wasm_import_module = "{from}")]
            unsafe extern "C" {{ fn now() -> f64; }}
            #[unsafe(no_mangle)]
            pub extern "C" fn time() -> f64 {{ unsafe {{ now() }} }}
            "#
        );
        write(&folder, "src/lib.rs", source.as_bytes());
        run(&["build", &path(&folder, "")])
    };
    let done = build("__wbindgen_placeholder__");
    assert_eq!((done.status, &*done.stdout), (3, ""), "{}", done.stderr);
    for part in ["`clock` was built for JavaScript", "-i wasm-bindgen`", "default-features = false"] {
        assert!(done.stderr.contains(part), "{}", done.stderr);
    }
    let done = build("own_host");
    assert_eq!(done.status, 0, "{}", done.stderr);
    let foreign = r#"problem: no host has the function "now" of "own_host" that it imports"#;
    assert!(done.stderr.contains(foreign), "{}", done.stderr);
}

#[test]
fn a_module_names_no_folder_of_this_machine() {
    let module = fs::read(tls_check()).unwrap();
    let text = String::from_utf8_lossy(&module);
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    assert!(!text.contains(workspace.to_str().unwrap()));
    assert!(!text.contains(".cargo"));
}

#[test]
fn measurements_come_in_every_format() {
    let server = Server::start(&Options::default());
    let measure = |format| run(&server.check("measure", 14, format));
    let json = measure("--format=json");
    assert_eq!(json.status, 0, "{}", json.stderr);
    let result = json.json()["results"][0].clone();
    assert_eq!((&result["plugin"], &result["status"]), (&json!("tls-check-small"), &json!("success")));
    assert_eq!(result["module_bytes"], fs::metadata(tls_check()).unwrap().len());
    assert_eq!(result["raw_module_bytes"], Value::Null);
    for key in ["memory_start_bytes", "heap_peak_bytes", "fuel_per_check", "host_calls_per_check"] {
        assert!(result[key].as_u64().unwrap() > 0, "{key}: {result}");
    }
    for key in ["check_ns", "echo_ns", "no_op_ns", "instance_ns", "check_per_echo_ratio"] {
        assert!(result[key].as_f64().unwrap() > 0.0, "{key}: {result}");
    }
    let csv = measure("--format=csv");
    let lines: Vec<_> = csv.stdout.lines().collect();
    assert!(
        lines[0].starts_with("plugin,target,profile,status,raw_module_bytes,module_bytes,"),
        "{}",
        lines[0]
    );
    assert!(lines[1].starts_with("tls-check-small,,,success,,"), "{}", lines[1]);
    assert!(measure("--format=table").stdout.contains("fuel per check"));
}

#[test]
fn the_main_job_reports_on_every_example_in_both_profiles() {
    let done = run::<&str>(&[]);
    assert_eq!(done.status, 0, "{}", done.stderr);
    assert!(done.stdout.contains(", against servers on this machine "), "{}", done.stdout);
    assert!(done.stderr.contains("compiling tls-check (fast)\n"), "{}", done.stderr);
    let folder = Crate::find("tls-check").unwrap().output_folder();
    let report = fs::read(folder.join("report.json")).unwrap();
    let report: Value = serde_json::from_slice(&report).unwrap();
    let results = report["results"].as_array().unwrap();
    let is_there = |profile| results.iter().any(|r| r["plugin"] == "tls-check" && r["profile"] == profile);
    assert!(is_there("small") && is_there("fast"), "{report}");
    assert!(results.iter().all(|r| r["status"] == "success" && r["raw_module_bytes"].is_u64()), "{report}");
    assert_eq!(fs::read_to_string(folder.join("report.csv")).unwrap().lines().count(), results.len() + 1);
}

#[test]
fn budgets_that_do_not_hold_exit_with_1_and_changes_can_be_accepted() {
    let folder = TempDir::new().unwrap();
    let file = path(&folder, "budgets.toml");
    let done = run(&["budgets", "--accept", "--file", &file]);
    if done.stderr.contains("run `npm install -g binaryen`") {
        assert_eq!(done.status, 3);
        println!("the rest is skipped: there is no wasm-opt");
        return;
    }
    assert_eq!(done.status, 0, "{}", done.stderr);
    let accepted = fs::read_to_string(&file).unwrap();
    let without_one = accepted.replace("[plugins.tls-check.small]", "[plugins.tls-check.gone]");
    assert_ne!(accepted, without_one);
    fs::write(&file, without_one).unwrap();

    let done = run(&["budgets", "--file", &file]);
    assert_eq!(done.status, 1, "{}", done.stderr);
    for off in ["has no budget", "no longer measured"] {
        // Those of one profile, and no others.
        assert_eq!(done.stdout.matches(off).count(), 7, "{}", done.stdout);
    }
    assert!(done.stderr.contains("to accept the change: reglet-bench budgets --accept"), "{}", done.stderr);
}

/// What a run of the program left.
struct Done {
    status: i32,
    stdout: String,
    stderr: String,
}

impl Done {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

fn run<S: AsRef<str>>(arguments: &[S]) -> Done {
    let arguments = arguments.iter().map(AsRef::as_ref);
    let Output { status, stdout, stderr } = Command::new(env!("CARGO_BIN_EXE_reglet-bench"))
        .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { status: status.code().unwrap(), stdout: text(stdout), stderr: text(stderr) }
}

/// A TLS server with its CA in a file.
struct Server {
    tls: LoopbackTls,
    folder: TempDir,
}

impl Server {
    fn start(options: &Options) -> Self {
        let (tls, folder) = (LoopbackTls::start(options).unwrap(), TempDir::new().unwrap());
        tls.write_ca(folder.path().join("ca.pem")).unwrap();
        Self { tls, folder }
    }

    fn config(&self, min_days: u32) -> String {
        json!({ "hostname": "localhost", "port": self.tls.port(), "min_days": min_days }).to_string()
    }

    /// Arguments to check this server, with the configuration in a file.
    fn check(&self, command: &str, min_days: u32, option: &str) -> [String; 9] {
        let config = write(&self.folder, "config.json", self.config(min_days).as_bytes());
        let (config, ca) = (format!("@{config}"), path(&self.folder, "ca.pem"));
        let granted = format!("network=localhost:{}", self.tls.port());
        [command, tls_check(), "--config", &config, "--ca", &ca, "--allow", &granted, option]
            .map(str::to_owned)
    }
}

/// The example, built.
fn tls_check() -> &'static str {
    static MODULE: OnceLock<String> = OnceLock::new();
    MODULE.get_or_init(|| built("tls-check"))
}

/// The path of a plugin of this workspace, built.
fn built(name: &str) -> String {
    let built = Crate::find(name).unwrap().build(Profile::Small, &()).unwrap();
    built.module.path.into_os_string().into_string().unwrap()
}

/// A module whose check does and returns that; at address 16 is an outcome of 23 bytes.
fn plugin(does: &str, returns: &str) -> Vec<u8> {
    let module = format!(
        r#"(module
             (memory (export "memory") 1)
             (data (i32.const 16) "{{\n\"status\":\r\n\"failure\"}}")
             (func (export "allocate") (param i32) (result i32) (i32.const 1024))
             (func (export "describe") (result i64) (i64.const 0))
             (func (export "observe") (param i32 i32) (result i64) {does} {returns}))"#
    );
    wat::parse_str(module).unwrap()
}

fn write(folder: &TempDir, file: &str, bytes: &[u8]) -> String {
    let path = path(folder, file);
    fs::write(&path, bytes).unwrap();
    path
}

fn path(folder: &TempDir, file: &str) -> String {
    PathBuf::from(folder.path()).join(file).into_os_string().into_string().unwrap()
}
