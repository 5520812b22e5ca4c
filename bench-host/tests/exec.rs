//! `exec_command` with real processes. Which of them are alive stands in `/proc`.
#![cfg(target_os = "linux")]

use core::time::Duration;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::Instant;

use reglet_bench_host::{Functions, Host};
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};
use tempfile::TempDir;

static HOST: LazyLock<Host> = LazyLock::new(|| Host::builder().build().unwrap());

/// The file behind /bin/sh.
static SHELL: LazyLock<String> = LazyLock::new(|| real("/bin/sh"));

/// What a command has to be over in that nothing holds up, on a busy machine.
const SOON: Duration = Duration::from_secs(8);

#[test]
fn an_answer_tells_what_was_printed_and_how_it_ended() {
    let answer = shell("echo out; echo err >&2; exit 3");
    assert!(answer["duration_ms"].as_u64().unwrap() >= 1);
    let expected = json!({
        "stdout": "out\n", "stderr": "err\n", "exit_code": 3, "duration_ms": answer["duration_ms"]
    });
    assert_eq!(answer, expected);
}

#[test]
fn a_command_that_a_signal_ends_has_no_exit_code() {
    let answer = shell("echo before; kill -9 $$");
    assert_eq!((&answer["exit_code"], &answer["stdout"]), (&json!(-1), &json!("before\n")));
    assert!(answer.get("is_timeout").is_none() && answer.get("error").is_none(), "{answer}");
}

#[test]
fn arguments_reach_the_command_as_they_are() {
    let args = json!(["%s\n", "$HOME", "`id`", "*", "a b\"c", "é\n"]);
    let answer = run(&granted("printf"), json!({"command": "printf", "args": args}));
    assert_eq!(answer["stdout"], "$HOME\n`id`\n*\na b\"c\né\n\n");
}

#[test]
fn there_is_nothing_to_read() {
    let answer = shell("readlink /proc/$$/fd/0; cat");
    assert_eq!((&answer["stdout"], &answer["exit_code"]), (&json!("/dev/null\n"), &json!(0)));
}

#[test]
fn output_that_is_too_large_for_an_answer_is_cut() {
    let host = Host::builder().max_answer(9 * 1024).build().unwrap();
    let request = json!({"command": *SHELL, "args": ["-c", "head -c 4000 /dev/zero; printf x >&2"],
        "env": ["PATH=/usr/bin:/bin"]});
    let grants = Grants::default().exec(&SHELL).unwrap().env("PATH").unwrap();
    let answer = host.invoke(&Arc::new(grants), "exec_command", request.to_string().as_bytes());
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["stdout"].as_str().map(str::len), Some(4 * 1024 / 6), "{answer}");
    assert_eq!((&answer["stdout_truncated"], &answer["stderr"]), (&json!(true), &json!("x")));
}

#[test]
fn output_may_be_any_bytes() {
    let answer = shell(r"printf 'a\377\000b'; printf '\303\050' >&2");
    assert_eq!((&answer["stdout"], &answer["stderr"]), (&json!("a\u{fffd}\0b"), &json!("\u{fffd}(")));
}

#[test]
fn output_beyond_the_limit_is_dropped_and_does_not_block() {
    let flood = "tr '\\0' a < /dev/zero | head -c 100000000";
    let answer = shell(&format!("{flood}; echo ok >&2"));
    assert_eq!(answer["stdout"].as_str().unwrap().len(), 10 << 20);
    assert_eq!(answer["stdout_truncated"], true);
    assert_eq!((&answer["stderr"], &answer["exit_code"]), (&json!("ok\n"), &json!(0)));
    assert!(answer.get("stderr_truncated").is_none());
}

#[test]
fn both_streams_are_read_at_once() {
    let flood = "tr '\\0' a < /dev/zero | head -c 1000000";
    let answer = shell(&format!("{flood} >&2; {flood}; {flood} >&2"));
    assert_eq!(answer["stdout"].as_str().unwrap().len(), 1_000_000);
    assert_eq!(answer["stderr"].as_str().unwrap().len(), 2_000_000);
}

#[test]
fn the_environment_is_what_the_request_sets() {
    let env = |env: Value, grants: &Arc<Grants>| run(grants, json!({"command": "env", "env": env}));
    let plain = granted("env");
    assert_eq!(env(json!(null), &plain)["stdout"], "");
    assert_eq!(env(json!(["A=1", "NONE", "B=x=y"]), &plain)["stdout"], "A=1\nB=x=y\n");
    let risky = json!(["LD_PRELOAD=/x.so", "PATH=/x", "BASH_ENV=/x", "A=1"]);
    assert_eq!(env(risky.clone(), &plain)["stdout"], "A=1\n");
    let with_path = Arc::new(Grants::default().exec("env").unwrap().env("PATH").unwrap());
    assert_eq!(env(risky, &with_path)["stdout"], "A=1\nPATH=/x\n");
}

#[test]
fn a_command_runs_in_the_folder_of_the_request() {
    let folder = TempDir::new().unwrap();
    let request = json!({"command": "sh", "args": ["-c", "pwd -P"], "dir": folder.path()});
    assert_eq!(run(&granted("sh"), request)["stdout"], format!("{}\n", real(folder.path())));
}

#[test]
fn without_a_grant_nothing_runs() {
    let marker = Marker::new();
    let args = json!([marker.path]);
    for grants in [Grants::default(), grant("touch2"), grant("/usr/bin/touch2"), grant("tou")] {
        let grants = Arc::new(grants);
        for command in ["touch", &*real("/usr/bin/touch")] {
            let answer = run(&grants, json!({"command": command, "args": args}));
            assert_denied(&answer, &format!("exec capability denied: {command}"));
        }
    }
    let answer = run(&Arc::default(), json!({"command": "/bin/sh", "args": ["-c", marker.touch()]}));
    assert_denied(&answer, "shell requires 'exec:/bin/sh' capability");
    let answer = run(&Arc::default(), json!({"command": "python3", "args": ["-c", "1"]}));
    assert_denied(&answer, "interpreter code execution requires 'exec:python3' capability");
    assert!(!marker.is_there());
}

#[test]
fn a_grant_of_a_name_covers_that_name_only() {
    let folder = TempDir::new().unwrap();
    let marker = Marker::new();
    fs::write(folder.path().join("echo"), format!("#!/bin/sh\n{}\n", marker.touch())).unwrap();
    fs::set_permissions(folder.path().join("echo"), PermissionsExt::from_mode(0o755)).unwrap();
    let grants = granted("echo");
    assert_eq!(
        run(&grants, json!({"command": "echo", "args": ["a"], "dir": folder.path()}))["stdout"],
        "a\n"
    );
    let absolute = folder.path().join("echo");
    for command in ["./echo", "./../../bin/echo", "/bin/echo", "/echo", "echo/", absolute.to_str().unwrap()] {
        let answer = run(&grants, json!({"command": command, "dir": folder.path()}));
        assert_denied(&answer, &format!("exec capability denied: {command}"));
    }
    assert!(!marker.is_there());
}

#[test]
fn a_grant_of_a_path_covers_every_way_to_that_file() {
    let folder = TempDir::new().unwrap();
    symlink(&*SHELL, folder.path().join("tool")).unwrap();
    let grants = granted(&SHELL);
    let (parent, name) = SHELL.rsplit_once('/').unwrap();
    let dir = folder.path().to_str().unwrap();
    let link = format!("{dir}/tool");
    let crooked = format!("{parent}/../..{parent}/./{name}");
    let relative = format!("./{name}");
    for (command, dir) in
        [(&**SHELL, ""), (&link, ""), ("./tool", dir), (&relative, parent), (&crooked, dir), ("sh", dir)]
    {
        let answer = run(&grants, json!({"command": command, "args": ["-c", "echo $0"], "dir": dir}));
        assert_eq!(answer["stdout"], format!("{command}\n"), "{answer}");
    }
}

#[test]
fn a_link_is_judged_by_the_file_that_it_leads_to() {
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let host = Host::builder()
        .log({
            let warnings = Arc::clone(&warnings);
            move |record| warnings.lock().unwrap().push(record.message.to_string())
        })
        .build()
        .unwrap();
    let folder = TempDir::new().unwrap();
    let link = folder.path().join("tool");
    symlink(&*SHELL, &link).unwrap();
    let link = link.to_str().unwrap();
    let request = json!({"command": link, "args": ["-u"]}).to_string();
    let pattern = granted(&format!("{}/*", folder.path().display()));
    let answer = host.invoke(&pattern, "exec_command", request.as_bytes());
    assert_denied(&serde_json::from_slice(&answer).unwrap(), &format!("exec capability denied: {link}"));
    let expected = format!("{link} was not run: it is {}, which no grant names", *SHELL);
    assert_eq!(core::mem::take(&mut *warnings.lock().unwrap()), [expected]);

    let answer = host.invoke(&Arc::default(), "exec_command", request.as_bytes());
    assert_denied(&serde_json::from_slice(&answer).unwrap(), &format!("exec capability denied: {link}"));
    let expected = format!("{link} was not run: no command is granted");
    assert_eq!(core::mem::take(&mut *warnings.lock().unwrap()), [expected]);

    let request = json!({"command": "tool", "args": ["-u"]}).to_string();
    drop(host.invoke(&pattern, "exec_command", request.as_bytes()));
    assert_eq!(*warnings.lock().unwrap(), ["exec capability denied: tool"]);
}

#[test]
fn a_grant_of_a_link_covers_the_file_that_it_leads_to_at_the_time() {
    let folder = TempDir::new().unwrap();
    let tool = folder.path().join("tool");
    symlink(&*SHELL, &tool).unwrap();
    let path = tool.to_str().unwrap();
    let grants = granted(path);
    for command in [path, &**SHELL, "/bin/sh", "sh"] {
        let answer = run(&grants, json!({"command": command, "args": ["-c", "echo ran"]}));
        assert_eq!(answer["stdout"], "ran\n", "{command}: {answer}");
    }
    let answer = run(&granted("/bin/sh"), json!({"command": "/bin/sh", "args": ["-c", "echo ran"]}));
    assert_eq!(answer["stdout"], "ran\n", "{answer}");

    fs::remove_file(&tool).unwrap();
    symlink(real("/bin/echo"), &tool).unwrap();
    let answer = run(&grants, json!({"command": *SHELL, "args": ["-c", "echo ran"]}));
    assert_denied(&answer, &format!("shell requires 'exec:{}' capability", *SHELL));
    assert_eq!(run(&grants, json!({"command": path, "args": ["a"]}))["stdout"], "a\n");
}

#[test]
fn names_are_looked_up_where_the_embedder_says() {
    let folder = TempDir::new().unwrap();
    symlink(&*SHELL, folder.path().join("my-shell")).unwrap();
    // Neither the host's own folder nor one that can't be run counts.
    let folders = format!(":.:src:{}", folder.path().display());
    fs::write(folder.path().join("sh"), "").unwrap();
    let host = Host::builder().command_path(&folders).build().unwrap();
    let run = |command: &str| -> Value {
        let request = json!({"command": command, "args": ["-c", "echo $0"]}).to_string();
        serde_json::from_slice(&host.invoke(&granted(command), "exec_command", request.as_bytes())).unwrap()
    };
    assert_eq!(run("my-shell")["stdout"], "my-shell\n");
    assert_fails(&run("sh"), "exec: \"sh\": executable file not found in $PATH");
    assert_fails(&run("main.rs"), "exec: \"main.rs\": executable file not found in $PATH");
}

#[test]
fn a_command_that_can_not_start_says_why_as_go_does() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let file = file.to_str().unwrap();
    let below = format!("{file}/x");
    let long = "x".repeat(200 << 10);
    for (command, request, expected) in [
        ("/no/such", json!({}), "fork/exec /no/such: no such file or directory".to_owned()),
        ("nosuchcmd", json!({}), "exec: \"nosuchcmd\": executable file not found in $PATH".into()),
        (".", json!({}), "exec: \".\": executable file not found in $PATH".into()),
        ("sh", json!({"dir": "/nodir"}), "chdir /nodir: no such file or directory".into()),
        ("sh", json!({"dir": file}), format!("chdir {file}: not a directory")),
        (file, json!({}), format!("fork/exec {file}: permission denied")),
        (&below, json!({}), format!("fork/exec {below}: not a directory")),
        ("sh", json!({"args": [long]}), "fork/exec sh: argument list too long".into()),
        ("sh", json!({"args": ["\0"]}), "fork/exec sh: nul byte found in provided data".into()),
        ("sh", json!({"env": ["A=\0"]}), "fork/exec sh: nul byte found in provided data".into()),
    ] {
        let mut request = request;
        request["command"] = command.into();
        assert_fails(&run(&granted(command), request), &expected);
    }
}

#[test]
fn nobody_learns_without_a_grant_which_files_there_are() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let dir = folder.path();
    for command in ["./file", "./nosuch", "./file/x", "./nosuch/x", "./../x", "nosuchcmd"] {
        for dir in [dir, Path::new("/nodir")] {
            let answer = run(&granted("/usr/bin/other"), json!({"command": command, "dir": dir}));
            assert_denied(&answer, &format!("exec capability denied: {command}"));
        }
    }
    let long = format!("/{}", "a/".repeat(100_000));
    let answer = run(&granted("/usr/bin/other"), json!({"command": long}));
    assert_eq!(answer["error"]["code"], "CAPABILITY_DENIED");
}

#[test]
fn a_request_that_can_not_be_read_runs_nothing() {
    let marker = Marker::new();
    for with in [
        json!({"context": ""}),
        json!({"context": 1}),
        json!({"context": {"timeout_ms": "1"}}),
        json!({"context": {"deadline": "never"}}),
        json!({"context": {"canceled": "no"}}),
        json!({"timeout_ms": "1"}),
        json!({"timeout_ms": 1.5}),
        json!({"args": ["-c", marker.touch(), 1]}),
        json!({"args": marker.touch()}),
        json!({"env": {"A": "1"}}),
        json!({"dir": 1}),
        json!({"command": ["sh"]}),
        json!({"command": ""}),
        json!({"command": null}),
    ] {
        let mut request = json!({"command": "sh", "args": ["-c", marker.touch()]});
        request.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        for grants in [granted("sh"), Arc::default()] {
            let answer = run(&grants, request.clone());
            let error = &answer["error"];
            assert_eq!((&error["type"], &error["code"]), (&json!("validation"), &json!("INVALID_REQUEST")));
        }
    }
    assert!(!marker.is_there());
}

#[test]
fn the_value_that_is_checked_is_the_one_that_runs() {
    let marker = Marker::new();
    let touch = json!(marker.touch());
    // Of two the last counts, whatever its case.
    for keys in [["command", "COMMAND"], ["Command", "command"]] {
        let request = format!(r#"{{"{}":"true","args":["-c",{touch}],"{}":"/bin/sh"}}"#, keys[0], keys[1]);
        let answer = HOST.invoke(&granted("true"), "exec_command", request.as_bytes());
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_denied(&answer, "shell requires 'exec:/bin/sh' capability");
    }
    assert!(!marker.is_there());
}

#[test]
fn a_request_without_time_left_runs_nothing() {
    let marker = Marker::new();
    let request = |context| json!({"command": "sh", "args": ["-c", marker.touch()], "context": context});
    let answer = run(&granted("sh"), request(json!({"deadline": "2020-01-01T00:00:00Z"})));
    assert_eq!((&answer["is_timeout"], &answer["exit_code"]), (&json!(true), &json!(-1)));
    let answer = run(&granted("sh"), request(json!({"canceled": true})));
    assert_eq!(answer["error"]["code"], "CANCELED");
    assert!(!marker.is_there());
}

#[test]
fn at_the_timeout_the_whole_group_ends_and_what_was_printed_is_kept() {
    for script in [
        "echo $$; echo err >&2; sleep 100 & sleep 100",
        // Takes a signal that can be ignored for what it is.
        "trap '' TERM INT HUP; echo $$; echo err >&2; (sleep 100; sleep 100) & while :; do sleep 100; done",
        // Has closed its output.
        "echo $$; echo err >&2; exec >&- 2>&-; sleep 100",
        // Is stopped.
        "echo $$; echo err >&2; kill -STOP $$",
        // Never stops to print.
        "echo $$; echo err >&2; tr '\\0' a < /dev/zero",
    ] {
        let start = Instant::now();
        let answer = run(
            &granted("sh"),
            json!({"command": "sh", "args": ["-c", script], "context": {"timeout_ms": 400}}),
        );
        assert!(start.elapsed() < SOON, "{script}");
        assert!(start.elapsed() >= Duration::from_millis(400), "{script}");
        assert_eq!((&answer["is_timeout"], &answer["exit_code"]), (&json!(true), &json!(-1)), "{script}");
        assert!(answer["duration_ms"].as_u64().unwrap() >= 400);
        assert!(answer.get("error").is_none());
        assert_eq!(answer["stderr"], "err\n");
        assert_group_ends(answer["stdout"].as_str().unwrap().lines().next().unwrap());
    }
}

#[test]
fn who_holds_the_output_open_does_not_prolong_the_call() {
    let start = Instant::now();
    let answer = shell("(trap '' TERM; echo late; sleep 100) & echo $$; exit 4");
    assert!(start.elapsed() < SOON);
    assert_eq!(answer["exit_code"], 4, "{answer}");
    assert!(answer.get("is_timeout").is_none());
    let lines: Vec<_> = answer["stdout"].as_str().unwrap().lines().collect();
    assert!(lines.contains(&"late"), "{lines:?}");
    assert_group_ends(lines.iter().find(|line| **line != "late").unwrap());
}

#[test]
fn who_has_left_the_group_does_not_prolong_the_call_either() {
    let start = Instant::now();
    // It goes on until it prints, and nobody reads.
    let pipe = "while echo more; do sleep 0.1; done";
    let answer = shell(&format!("setsid sh -c '{pipe}' & sleep 0.5; exit 5"));
    assert!(start.elapsed() < SOON);
    assert_eq!(answer["exit_code"], 5, "{answer}");
    assert!(answer["stdout"].as_str().unwrap().starts_with("more\n"));
}

#[test]
fn a_command_that_has_ended_leaves_no_zombie() {
    for (script, timeout) in [("echo $$", 30_000), ("echo $$; exec sleep 100", 300)] {
        let request = json!({"command": "sh", "args": ["-c", script], "timeout_ms": timeout});
        let answer = run(&granted("sh"), request);
        let process = PathBuf::from(format!("/proc/{}", answer["stdout"].as_str().unwrap().trim()));
        wait_until(&format!("{} is gone", process.display()), || !process.exists());
    }
}

#[test]
fn many_commands_run_at_once() {
    let start = Instant::now();
    thread::scope(|scope| {
        for number in 0..16 {
            scope.spawn(move || {
                let answer = shell(&format!("sleep 1; echo {number}"));
                assert_eq!(answer["stdout"], format!("{number}\n"));
            });
        }
    });
    assert!(start.elapsed() < SOON);
}

#[test]
fn cancelling_the_check_ends_the_command() {
    // What the plugin is configured with is its request, and what it is answered its outcome.
    const RELAY: &str = r#"(module
        (import "reglet_host" "exec_command" (func $exec (param i64) (result i64)))
        (memory (export "memory") 4)
        (func (export "allocate") (param i32) (result i32) i32.const 1024)
        (func (export "deallocate") (param i32 i32))
        (func (export "describe") (result i64) i64.const 0)
        (func (export "schema") (result i64) i64.const 0)
        (func (export "observe") (param i32 i32) (result i64)
            (call $exec (i64.or
                (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32))
                (i64.extend_i32_u (local.get 1))))))"#;
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("pid");
    let script = format!("echo $$ > {}.new; mv {0}.new {0}; sleep 100 & sleep 100", file.display());
    let request = json!({"command": "sh", "args": ["-c", script]}).to_string();
    let host = Host::builder().functions(Functions::commands()).build().unwrap();
    let plugin = host.load("relay", &wat::parse_str(RELAY).unwrap()).unwrap().granted(granted("sh"));
    let mut instance = plugin.instance().unwrap();
    let cancel = instance.cancel();
    let check = thread::spawn(move || instance.observe(request.as_bytes()));
    wait_until("the command runs", || file.exists());
    let start = Instant::now();
    cancel.cancel();
    check.join().unwrap().unwrap_err();
    assert!(start.elapsed() < SOON);
    assert_group_ends(fs::read_to_string(file).unwrap().trim());
}

#[test]
fn the_time_of_the_check_limits_the_command() {
    let host = Host::builder().call_timeout(Duration::from_millis(300)).build().unwrap();
    let request = json!({"command": "sleep", "args": ["100"], "timeout_ms": 60_000}).to_string();
    let start = Instant::now();
    let answer: Value =
        serde_json::from_slice(&host.invoke(&granted("sleep"), "exec_command", request.as_bytes())).unwrap();
    assert!(start.elapsed() < SOON);
    assert_eq!((&answer["is_timeout"], &answer["exit_code"]), (&json!(true), &json!(-1)), "{answer}");
}

/// A file that a command makes if it runs.
struct Marker {
    _folder: TempDir,
    path: PathBuf,
}

impl Marker {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Self { path: folder.path().join("marker"), _folder: folder }
    }

    fn touch(&self) -> String {
        format!("touch {}", self.path.display())
    }

    fn is_there(&self) -> bool {
        self.path.exists()
    }
}

fn grant(command: &str) -> Grants {
    Grants::default().exec(command).unwrap()
}

fn granted(command: &str) -> Arc<Grants> {
    Arc::new(grant(command))
}

fn run(grants: &Arc<Grants>, request: Value) -> Value {
    let answer = HOST.invoke(grants, "exec_command", request.to_string().as_bytes());
    serde_json::from_slice(&answer).unwrap()
}

fn shell(script: &str) -> Value {
    run(&granted("sh"), json!({"command": "sh", "args": ["-c", script]}))
}

fn real(path: impl AsRef<Path>) -> String {
    path.as_ref().canonicalize().unwrap().into_os_string().into_string().unwrap()
}

fn assert_denied(answer: &Value, message: &str) {
    let error = json!({"type": "capability", "code": "CAPABILITY_DENIED", "message": message});
    assert_eq!(answer, &json!({"stdout": "", "stderr": "", "exit_code": 0, "error": error}));
}

fn assert_fails(answer: &Value, message: &str) {
    let error = json!({"type": "exec", "code": "EXECUTION_FAILED", "message": message});
    assert_eq!(answer, &json!({"stdout": "", "stderr": "", "exit_code": 0, "error": error}));
}

fn assert_group_ends(group: &str) {
    wait_until(&format!("group {group} has ended"), || members(group).is_empty());
}

/// The processes of a group that have not ended.
fn members(group: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path().join("stat"));
    let alive = |stat: io::Result<String>| {
        // After the name, which stands in brackets: state, parent, group.
        let stat = stat.ok()?;
        let mut fields = stat.rsplit_once(") ")?.1.split(' ');
        let (state, _, of) = (fields.next()?, fields.next()?, fields.next()?);
        (of == group && !["Z", "X"].contains(&state)).then(|| stat.clone())
    };
    processes.filter_map(|path| alive(fs::read_to_string(path))).collect()
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < SOON, "not so in time: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
