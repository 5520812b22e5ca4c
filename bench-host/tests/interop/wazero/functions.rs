//! Every function of the hosts, in both dialects, through a plugin that calls what it is told to
//! (`tests/guests/functions`), and through its twin on the std layer (`tests/guests/wrappers`).
//!
//! The Go program reads each request strictly and reports what it has read, having made sure that written again it is
//! what was sent.

mod answers;
mod dialects;
mod requests;

use core::slice;
use core::time::Duration;
use std::path::PathBuf;
use std::sync::LazyLock;

use functions::Functions;
use reglet_bench_host::guests::{Crate, Profile};
use reglet_sdk_core::mock::Mock;
use reglet_sdk_core::{Timestamp, plugin};
use serde_json::{Value, json};
use wrappers::Wrappers;

use crate::wazero::{EXECUTORS, build, error, interop};

/// The hosts of the Go SDK.
const SDK_EXECUTORS: [&str; 3] = ["a", "ap", "b"];

pub(crate) static MODULE: LazyLock<PathBuf> = LazyLock::new(|| build("functions"));

pub(crate) static STD_MODULE: LazyLock<PathBuf> = LazyLock::new(|| build("wrappers"));

/// Standard output of bytes that are not UTF-8, with a NUL, and with characters that Go escapes.
const OUTPUT: &str = "a\u{fffd}\0b\u{2028}<é>😀\n";

/// What a host reports of each of the plugins; nothing if there is no Go.
fn ask_both(executor: &str, replies: &str, config: &Value) -> impl Iterator<Item = Value> {
    let config = config.to_string();
    let options = ["-replies", replies];
    let ask = move |module: &LazyLock<PathBuf>| interop(module, executor, &config, &options);
    [&MODULE, &STD_MODULE].into_iter().filter_map(ask)
}

/// What a host reports; nothing if there is no Go.
fn ask(executor: &str, replies: &str, config: &Value) -> Option<Value> {
    interop(&MODULE, executor, &config.to_string(), &["-replies", replies])
}

/// Asserts what hosts have read, and what came back.
fn expect(executors: &[&str], replies: &str, config: &Value, requests: &[Value], data: &Value) {
    for executor in executors {
        for report in ask_both(executor, replies, config) {
            assert_answered(&report, &format!("{executor} {replies} {config}"), requests, data);
        }
    }
}

/// Asserts what a host has read, and what came back.
#[track_caller]
pub(super) fn assert_answered(report: &Value, call: &str, requests: &[Value], data: &Value) {
    assert_eq!(read(report), requests, "{call}");
    assert_eq!(report["outcome"]["status"], "success", "{call}: {}", report["outcome"]);
    assert_eq!(without_time(report), *data, "{call}");
}

/// Asserts that nothing but an error came back, and the requests.
fn expect_error(executors: &[&str], replies: &str, config: &Value, requests: &[Value], expected: &str) {
    for executor in executors {
        for report in ask_both(executor, replies, config) {
            let call = format!("{executor} {replies} {config}");
            assert_eq!(error(&report), expected, "{call}");
            assert_eq!(report["outcome"].get("data"), None, "{call}");
            assert_eq!(read(&report), requests, "{call}");
        }
    }
}

/// The requests, each of them for the function that is called.
fn read(report: &Value) -> Vec<Value> {
    let requests = report["requests"].as_array().unwrap();
    requests.iter().map(|request| json!({ function(request): request["request"] })).collect()
}

fn function(request: &Value) -> &str {
    request["function"].as_str().unwrap()
}

/// The data of the outcome. Where there is a certificate, it ends in ninety days, and that is left out.
fn without_time(report: &Value) -> Value {
    let mut data = report["outcome"]["data"].clone();
    if let Some(not_after) = data["not_after"].as_i64() {
        let end = in_ninety_days().unix_seconds();
        assert!((end - 60..=end).contains(&not_after), "{data}");
        data["not_after"] = json!("in ninety days");
    }
    data
}

fn in_ninety_days() -> Timestamp {
    Timestamp::now().unwrap().saturating_add(Duration::from_secs(90 * 86_400))
}

/// A call: what the plugin is told, what the host reads, and what comes back in one dialect and the other.
pub(super) struct Call {
    pub(super) config: Value,
    pub(super) request: Value,
    /// What a host answers in the first dialect, for the mock; the Go program has answers of its own.
    answer: Value,
    pub(super) wire: Value,
    sdk: Value,
}

/// One for each function.
pub(super) fn calls() -> [Call; 7] {
    let found = json!({"records": ["192.0.2.10", "192.0.2.11"], "mx_records": []});
    let fetched = |proto: &str, latency: u32| {
        json!({
            "status_code": 200, "proto": proto, "content_type": "text/plain", "latency_ms": latency,
            "headers": ["Content-Type: text/plain", "Set-Cookie: a=1", "Set-Cookie: b=\"2\""],
            "body": "hello <é>", "body_length": 10, "body_checksum": checksum("hello <é>".as_bytes())
        })
    };
    let allowed = json!({"allowed": true, "reason": "", "resolved_ip": "192.0.2.10"});
    let listed = json!({
        "complete": true, "installed": 2, "drift": -4_611_686_018_427_387_905_i64, "names": ["a\"b", "<c>"],
        "newest": {"name": "apt", "versions": [1.5, "2", null, true]}, "source": "C:\\packages\n"
    });
    [
        Call {
            config: json!({"call": "dns_lookup", "target": "example.com"}),
            request: json!({"dns_lookup": {"hostname": "example.com", "type": "A", "context": {}}}),
            answer: json!({"records": ["192.0.2.10", "192.0.2.11"]}),
            wire: found.clone(),
            sdk: found,
        },
        Call {
            config: json!({"call": "http_request", "target": "https://example.com/?a=<b>&c=\"é\"",
                           "method": "PUT", "body": "hello <é>"}),
            request: json!({"http_request": {
                "method": "PUT", "url": "https://example.com/?a=<b>&c=\"é\"", "body": "aGVsbG8gPMOpPg==",
                "context": {}
            }}),
            answer: json!({
                "status_code": 200, "body": "aGVsbG8gPMOpPg==", "proto": "HTTP/1.1",
                "headers": {"Content-Type": ["text/plain"], "Set-Cookie": ["a=1", "b=\"2\""]}
            }),
            wire: fetched("HTTP/1.1", 0),
            sdk: fetched("", 12),
        },
        Call {
            config: json!({"call": "tcp_connect", "target": "example.com", "tls": true}),
            request: json!({"tcp_connect": {
                "host": "example.com", "port": "443", "context": {}, "tls": true, "use_tls": true
            }}),
            answer: json!({
                "connected": true, "tls": true, "address": "example.com:443", "remote_addr": "192.0.2.10:443",
                "local_addr": "192.0.2.1:40000", "response_time_ms": 12, "tls_version": "TLS 1.3",
                "tls_cipher_suite": "TLS_AES_128_GCM_SHA256", "tls_server_name": "example.com",
                "tls_cert_subject": "CN=example.com,O=Example", "tls_cert_issuer": "CN=Example CA,O=Example",
                "tls_cert_not_after": in_ninety_days().rfc3339()
            }),
            wire: json!({
                "tls": true, "address": "example.com:443", "remote_addr": "192.0.2.10:443",
                "local_addr": "192.0.2.1:40000", "response_time_ms": 12, "tls_version": "TLS 1.3",
                "tls_cipher_suite": "TLS_AES_128_GCM_SHA256", "tls_server_name": "example.com",
                "tls_cert_subject": "CN=example.com,O=Example", "tls_cert_issuer": "CN=Example CA,O=Example",
                "not_after": "in ninety days"
            }),
            // Nothing in that dialect says whether TLS was used.
            sdk: json!({
                "tls": false, "address": "", "remote_addr": "192.0.2.10:443", "local_addr": "",
                "response_time_ms": 12, "tls_version": "TLS 1.3",
                "tls_cipher_suite": "TLS_AES_128_GCM_SHA256", "tls_server_name": "example.com",
                "tls_cert_subject": "CN=example.com,O=Example", "tls_cert_issuer": "CN=Example CA,O=Example",
                "not_after": "in ninety days"
            }),
        },
        Call {
            config: json!({"call": "smtp_connect", "target": "mail.example.com", "port": 465, "tls": true}),
            request: json!({"smtp_connect": {
                "host": "mail.example.com", "port": "465", "context": {}, "tls": true, "use_tls": true,
                "starttls": false, "use_starttls": false
            }}),
            answer: json!({
                "connected": true, "tls": true, "address": "mail.example.com:465", "response_time_ms": 12,
                "banner": "220 mail.example.com ESMTP", "tls_version": "TLS 1.3",
                "tls_cipher_suite": "TLS_AES_128_GCM_SHA256", "tls_server_name": "mail.example.com"
            }),
            wire: json!({
                "banner": "220 mail.example.com ESMTP", "tls": true, "address": "mail.example.com:465",
                "response_time_ms": 12, "tls_version": "TLS 1.3",
                "tls_cipher_suite": "TLS_AES_128_GCM_SHA256", "tls_server_name": "mail.example.com"
            }),
            sdk: json!({
                "banner": "220 mail.example.com ESMTP", "tls": false, "address": "", "response_time_ms": 12,
                "tls_version": "TLS 1.3", "tls_cipher_suite": "TLS_AES_128_GCM_SHA256",
                "tls_server_name": "mail.example.com"
            }),
        },
        Call {
            config: json!({"call": "exec_command", "target": "id"}),
            request: json!({"exec_command": {"command": "id", "args": [], "context": {}}}),
            answer: json!({"stdout": OUTPUT, "stderr": "oops\n", "exit_code": 3, "duration_ms": 12}),
            wire: json!({
                "stdout": OUTPUT, "stdout_length": OUTPUT.len(), "stdout_truncated": false,
                "stderr": "oops\n", "stderr_truncated": false, "exit_code": 3, "duration_ms": 12,
                "is_timeout": false
            }),
            sdk: json!({
                "stdout": OUTPUT, "stdout_length": OUTPUT.len(), "stdout_truncated": true, "stderr": "",
                "stderr_truncated": true, "exit_code": -1, "duration_ms": 12, "is_timeout": true
            }),
        },
        Call {
            config: json!({"call": "ssrf_check", "target": "example.com:443"}),
            request: json!({"ssrf_check": {"address": "example.com:443"}}),
            answer: json!({"allowed": true, "resolved_ip": "192.0.2.10"}),
            wire: allowed.clone(),
            sdk: allowed,
        },
        Call {
            config: json!({"call": "packages", "target": "apt", "args": ["a\"b", "<c>"]}),
            request: json!({"packages": {
                "manager": "apt", "names": ["a\"b", "<c>"], "limit": u32::MAX, "since": null, "strict": true
            }}),
            answer: listed.clone(),
            wire: listed.clone(),
            sdk: listed,
        },
    ]
}

/// The call of one function.
fn call(function: &str) -> Call {
    calls().into_iter().find(|call| call.config["call"] == function).unwrap()
}

/// The config, with these values on top.
fn with(mut config: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("{more}") };
    config.as_object_mut().unwrap().extend(more);
    config
}

/// A hash, FNV-1a of 32 bits.
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[test]
fn each_function_works_natively_on_the_mock() {
    for Call { config, request, answer, wire, .. } in calls() {
        for observe in [plugin::observe::<Functions>, plugin::observe::<Wrappers>] {
            let function = config["call"].as_str().unwrap().to_owned().leak();
            let mock = Mock::new().answer(function, answer.to_string());
            let (outcome, calls) = mock.run(|| observe(config.to_string().as_bytes()));
            let outcome: Value = serde_json::from_slice(&outcome).unwrap();
            let [(function, sent)] = &calls.requests[..] else { panic!("{config}: {calls:?}") };
            let sent: Value = serde_json::from_str(sent).unwrap();
            assert_eq!(json!({ *function: sent }), request, "{config}");
            assert_eq!(outcome["status"], "success", "{config}: {outcome}");
            assert_eq!(without_time(&json!({ "outcome": outcome })), wire, "{config}");
        }
    }
}

#[test]
fn each_function_works_in_the_wire_dialect() {
    for Call { config, request, wire, .. } in calls() {
        expect(&EXECUTORS, "normal", &config, &[request], &wire);
    }
}

/// It has instructions that the others do not have, for vectors of sixteen bytes.
#[test]
fn each_function_works_in_a_plugin_that_is_built_for_speed() {
    let crates = ["functions", "wrappers"].map(|name| Crate::find(name).unwrap());
    for module in crates.map(|guest| guest.build(Profile::Fast, &()).unwrap().module) {
        for Call { config, request, wire, .. } in calls() {
            for executor in EXECUTORS {
                let Some(report) = interop(&module.path, executor, &config.to_string(), &[]) else { return };
                assert_answered(&report, &format!("{executor} {config}"), slice::from_ref(&request), &wire);
            }
        }
    }
}

#[test]
fn each_function_reads_answers_in_the_other_dialect() {
    for Call { config, request, sdk, .. } in calls() {
        expect(&SDK_EXECUTORS, "sdkhost", &config, &[request], &sdk);
    }
}

#[test]
fn a_thousand_calls_of_each_function_take_no_memory() {
    for Call { config, .. } in calls() {
        let config = with(config, json!({"either": true, "headers": ["A", "b"]})).to_string();
        for executor in ["b", "cli"] {
            let options = ["-replies", "sdkonly", "-observes", "1000"];
            let Some(report) = interop(&MODULE, executor, &config, &options) else { return };
            assert_eq!(report["outcome"]["status"], "success", "{executor} {config}");
            let samples = report["memory"]["samples"].as_array().unwrap();
            let bytes: Vec<_> = samples.iter().map(|sample| &sample["bytes"]).collect();
            assert!(bytes.iter().all(|sample| sample == &bytes[0]), "{executor} {config}: {bytes:?}");
        }
    }
}

#[test]
fn records_of_each_level_keep_their_attributes() {
    let attr = |key: &str, kind: &str, value: &str| json!({"key": key, "type": kind, "value": value});
    for executor in EXECUTORS {
        let config = json!({"call": "log_message", "target": "<é>", "request_id": "r"});
        let Some(report) = ask(executor, "normal", &config) else { return };
        let expected = json!([
            {"level": "DEBUG", "message": "debug", "attrs": [
                attr("negative", "int64", "-1"), attr("whole", "uint64", "18446744073709551615"),
                attr("half", "float64", "1.500000"), attr("yes", "bool", "true")
            ]},
            {"level": "INFO", "message": "info", "attrs": [
                attr("name", "string", "<é>"), attr("took", "duration", "1.5s")
            ]},
            {"level": "WARN", "message": "warn <é>", "attrs": []},
            {"level": "ERROR", "message": "error", "attrs": [attr("error", "error", "network: no answer")]}
        ]);
        assert_eq!(report["logs"], expected, "{executor}");
    }
}

/// What the plugin on the std layer logs through the crates `log` and `tracing`.
pub(crate) fn facades() -> [(&'static str, &'static str, Vec<[&'static str; 3]>); 2] {
    let target = ["target", "string", "disk"];
    [
        ("WARN", "disk full", vec![["free", "uint64", "5"], ["name", "string", "<é>"], target]),
        (
            "ERROR",
            "unmounted",
            vec![["code", "int64", "-3"], ["path", "string", "/var"], ["spans", "string", "mount"], target],
        ),
    ]
}

#[test]
fn records_of_the_facades_keep_their_attributes() {
    let records = facades().map(|(level, message, attrs)| {
        let attr = |[key, kind, value]: [&str; 3]| json!({"key": key, "type": kind, "value": value});
        let attrs: Vec<_> = attrs.into_iter().map(attr).collect();
        json!({"level": level, "message": message, "attrs": attrs})
    });
    let config = json!({"call": "facades", "target": ""}).to_string();
    let (_, calls) = Mock::new().run(|| wrappers::observe::<Wrappers>(config.as_bytes()));
    let logged = calls.logs.iter().map(|record| {
        let mut record: Value = serde_json::from_str(record).unwrap();
        record.as_object_mut().unwrap().retain(|key, _| !["timestamp", "context"].contains(&&**key));
        record
    });
    assert_eq!(logged.collect::<Vec<_>>(), records);
    for executor in EXECUTORS {
        let Some(report) = interop(&STD_MODULE, executor, &config, &[]) else { return };
        assert_eq!(report["logs"], json!(records), "{executor}");
    }
}

#[test]
fn it_is_not_loaded_where_a_function_is_missing() {
    for Call { config, .. } in calls() {
        let function = config["call"].as_str().unwrap();
        let options = ["-without", function];
        let config = config.to_string();
        let Some(why) = crate::wazero::interop_fails(&MODULE, "cli", &config, &options) else { return };
        let expected = format!(r#""{function}" is not exported in module "reglet_host""#);
        assert!(why.contains(&expected), "{why}");
    }
}

#[test]
fn it_imports_what_it_calls_and_nothing_else() {
    let Some(report) = ask("b", "normal", &call("dns_lookup").config) else { return };
    assert_eq!(
        report["imports"],
        json!([
            "reglet_host.dns_lookup",
            "reglet_host.exec_command",
            "reglet_host.http_request",
            // For what it says when it panics.
            "reglet_host.log_message",
            "reglet_host.packages",
            "reglet_host.smtp_connect",
            "reglet_host.ssrf_check",
            "reglet_host.tcp_connect"
        ])
    );
}
