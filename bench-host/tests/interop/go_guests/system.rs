//! Commands, and what Go's own library gets from WASI.

use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

use reglet_sdk_core::grants::Grants;
use serde_json::json;

use super::{failure, guests};
use crate::{check, logged};

#[test]
fn a_command_shows_what_it_printed() {
    let grants = || Grants::default().exec("sh").unwrap();
    let config = json!({
        "do": "exec", "command": "sh", "args": ["-c", "printf 'a\\377'; echo $A >&2; pwd; exit 3"],
        "env": ["A=1", "LD_PRELOAD=/x"], "dir": "/",
    });
    let data = json!({"stdout": "a\u{fffd}/\n", "stderr": "1\n", "exit_code": 3, "is_timeout": false});
    for (guest, plugin) in guests() {
        let outcome = check(plugin, grants(), &config);
        let expected = json!({"status": "success", "message": "run", "data": data});
        assert_eq!(outcome, expected, "{}", guest.name);
        // Without arguments the list is null.
        assert_eq!(check(plugin, grants(), &json!({"do": "exec", "command": "sh"}))["data"]["exit_code"], 0);
    }
}

#[test]
fn a_command_ends_with_the_context_of_the_plugin() {
    let config = json!({
        "do": "exec", "command": "sh", "args": ["-c", "echo before; sleep 100 & sleep 100"], "context_ms": 300,
    });
    let data = json!({"stdout": "before\n", "stderr": "", "exit_code": -1, "is_timeout": true});
    for (guest, plugin) in guests() {
        let outcome = check(plugin, Grants::default().exec("sh").unwrap(), &config);
        assert_eq!(outcome["data"], data, "{}", guest.name);
    }
}

#[test]
fn a_command_that_does_not_run_says_why() {
    let config = |command| json!({"do": "exec", "command": command, "args": ["-c", "id"]});
    for (_, plugin) in guests() {
        let outcome = check(plugin, Grants::default(), &config("/bin/sh"));
        let denied = "capability: shell requires 'exec:/bin/sh' capability [CAPABILITY_DENIED]";
        assert_eq!(outcome, failure(denied));
        let outcome = check(plugin, Grants::default().exec("nosuchcmd").unwrap(), &config("nosuchcmd"));
        let unknown = r#"exec: exec: "nosuchcmd": executable file not found in $PATH [EXECUTION_FAILED]"#;
        assert_eq!(outcome, failure(unknown));
    }
}

#[test]
fn the_environment_is_what_is_granted() {
    let path = std::env::var("PATH").unwrap();
    let config = json!({"do": "env", "name": "PATH"});
    for (guest, plugin) in guests() {
        let data = check(plugin, Grants::default(), &config)["data"].clone();
        assert_eq!((&data["found"], &data["all"]), (&json!(false), &json!([])), "{}", guest.name);
        let data = check(plugin, Grants::default().env("PATH").unwrap(), &config)["data"].clone();
        assert_eq!((&data["value"], &data["all"]), (&json!(path), &json!([format!("PATH={path}")])));
    }
}

#[test]
fn files_that_are_not_granted_are_out_of_reach() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "secret").unwrap();
    for (guest, plugin) in guests() {
        for body in ["", "overwritten"] {
            let config = json!({"do": "files", "path": path, "body": body});
            let outcome = check(plugin, Grants::default(), &config);
            assert_eq!(outcome["status"], "failure", "{} {outcome}", guest.name);
            let message = outcome["message"].as_str().unwrap();
            assert!(message.starts_with(&format!("open {}: ", path.display())), "{message}");
            assert!(outcome.get("data").is_none());
        }
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), "secret");
}

#[test]
fn time_is_real_and_passes() {
    for (guest, plugin) in guests() {
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let data = check(plugin, Grants::default(), &json!({"do": "time", "sleep_ms": 50}))["data"].clone();
        let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!((before..=after).contains(&data["unix"].as_u64().unwrap()), "{} {data}", guest.name);
        let slept = Duration::from_millis(data["slept_ms"].as_u64().unwrap());
        assert!((Duration::from_millis(50)..Duration::from_secs(10)).contains(&slept), "{slept:?}");
    }
}

#[test]
fn random_numbers_are_drawn_anew() {
    for (guest, plugin) in guests() {
        let mut drawn = Vec::new();
        for _ in 0..2 {
            let data = check(plugin, Grants::default(), &json!({"do": "random"}))["data"].clone();
            drawn.extend([data["first"].clone(), data["second"].clone()]);
        }
        assert!(drawn.iter().all(|number| number.as_str().unwrap().len() == 64), "{drawn:?}");
        let distinct: std::collections::HashSet<_> = drawn.iter().map(ToString::to_string).collect();
        assert_eq!(distinct.len(), 4, "{}", guest.name);
    }
}

#[test]
fn what_is_printed_is_logged_and_goes_nowhere_else() {
    for (guest, plugin) in guests() {
        logged();
        check(plugin, Grants::default(), &json!({"do": "print", "body": "a line\nand another"}));
        let texts: Vec<_> = logged().into_iter().skip(2).map(|line| line.text).collect();
        let expected = ["INFO a line", "INFO and another", "WARN a line", "WARN and another"];
        assert_eq!(texts, expected, "{}", guest.name);
    }
}
