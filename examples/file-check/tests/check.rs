//! The check on files of this machine.

use std::fs;

use file_check::{Config, FileCheck};
use reglet_sdk_std::plugin::observe;
use serde_json::{Value, json};

const CONTENT: &str = "Port 22\nPermitRootLogin no\n";

/// The outcome for a file with the content above, whose path the config has not.
fn check(config: Value) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sshd_config");
    fs::write(&path, CONTENT).unwrap();
    observed(with_path(config, path.to_str().unwrap()))
}

fn with_path(mut config: Value, path: &str) -> Value {
    config["path"] = path.into();
    config
}

fn observed(config: Value) -> Value {
    serde_json::from_slice(&observe::<FileCheck>(config.to_string().as_bytes())).unwrap()
}

#[track_caller]
fn ends(outcome: &Value, status: &str, message: &str) {
    assert_eq!(outcome["status"], status, "{outcome}");
    assert!(outcome["message"].as_str().unwrap().ends_with(message), "{outcome}");
}

#[test]
fn a_file_that_has_the_one_text_and_not_the_other_is_a_success() {
    let outcome = check(json!({"contains": "PermitRootLogin no", "absent": "PermitRootLogin yes"}));
    ends(&outcome, "success", "sshd_config is as it should be");
    assert_eq!(outcome["data"]["bytes"], CONTENT.len());
}

#[test]
fn a_text_that_is_missing_or_should_be_is_a_failure() {
    ends(&check(json!({"contains": "PermitRootLogin yes"})), "failure", "has no 'PermitRootLogin yes'");
    ends(&check(json!({"absent": "Port"})), "failure", "has 'Port'");
}

#[test]
fn a_file_of_exactly_the_limit_is_not_too_long() {
    ends(&check(json!({"max_bytes": CONTENT.len()})), "success", "is as it should be");
    let limit = CONTENT.len() - 1;
    ends(&check(json!({"max_bytes": limit})), "failure", &format!("has more than {limit} bytes"));
}

#[test]
fn a_variable_must_have_its_value() {
    let variable = |value: &str| json!({"variable": {"name": "CARGO_PKG_NAME", "value": value}});
    ends(&check(variable("file-check")), "success", "is as it should be");
    ends(&check(variable("x")), "failure", "is fine, but CARGO_PKG_NAME is not 'x'");
    let unset = json!({"variable": {"name": "REGLET_TEST_THAT_NOBODY_SETS", "value": ""}});
    ends(&check(unset), "failure", "is fine, but REGLET_TEST_THAT_NOBODY_SETS is not ''");
}

#[test]
fn a_file_that_is_not_there_is_an_error_that_says_so() {
    let outcome = observed(json!({"path": "/no/such/file"}));
    assert_eq!(outcome["status"], "error");
    let error = &outcome["error"];
    assert!(error["message"].as_str().unwrap().starts_with("opening /no/such/file: "), "{error}");
    assert_eq!((&error["code"], &error["is_not_found"]), (&json!("not_found"), &json!(true)));
}

#[test]
fn a_folder_is_no_file() {
    let outcome = observed(json!({"path": "/"}));
    assert_eq!((&outcome["status"], &outcome["error"]["code"]), (&json!("error"), &json!("is_a_directory")));
}

#[test]
fn rules_of_the_config_are_checked() {
    for (config, code, reason) in [
        (json!({}), "path", "missing"),
        (json!({"path": "sshd_config"}), "path", "not an absolute path"),
        (json!({"path": "/a", "max_bytes": 0}), "max_bytes", "lower than 1"),
        (json!({"path": "/a", "absent": ""}), "absent", "length is lower than 1"),
    ] {
        let outcome = observed(config);
        ends(&outcome, "error", &format!("config validation failed for field '{code}': {reason}"));
        assert_eq!((&outcome["error"]["type"], &outcome["error"]["code"]), (&json!("config"), &json!(code)));
    }
}

#[test]
fn the_schema_is_current() {
    reglet_sdk_std::schema::assert_current::<Config>("schema.json");
}
