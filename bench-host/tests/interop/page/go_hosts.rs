//! Our plugins in the hosts that the Go program plays.

use serde_json::{Value, json};

use super::our_host::{ONLY_WASI, keeps_time};
use super::{Cell, Column};
use crate::wazero::functions::{MODULE as FUNCTIONS, STD_MODULE as WRAPPERS};
use crate::wazero::panics::{MODULE as PANICS, STD_MODULES as STD_PANICS};
use crate::wazero::tls_check::MODULE as TLS_CHECK;
use crate::wazero::wasip1::{MODULE as WASI_WRAPPERS, REACTOR};
use crate::wazero::{interop, interop_fails};

const NO_TLS_IN_HOST: &str = "Executors of generation A have no TLS for `tcp_connect`: they connect without, and \
    the plugin sees that (`tls()` is false).";
const NOT_EMBEDDED: &str = "Hosts on the command line have neither `ssrf_check` nor functions of one's own. A plugin \
    that imports one is not loaded there ([I2](protocol.md#i2)).";
const FAKE_CLOCK: &str = "The clock of executors does not keep time ([K1](protocol.md#k1)). A plugin that asks for \
    the time gets an error that says so; `SystemTime` of the standard library tells a time in 2022.";
const NO_WASI: &str = "Executors give plugins neither files nor environment ([K9](protocol.md#k9)).";

pub(super) fn columns() -> Vec<Column> {
    [("Rust in A", "a"), ("Rust in B", "b"), ("Rust in CLI", "cli")].map(column).into()
}

fn column((title, host): (&'static str, &str)) -> Column {
    let is_cli = host == "cli";
    // Executors understand no dialect but their own.
    let replies = if is_cli { "normal" } else { "sdkonly" };
    let ask = |config: Value, data: Value| {
        answered(host, replies, config, &json!({"status": "success", "data": data}))
    };
    let only_executors = |function: &str, config: Value, data: Value| {
        if is_cli { not_loaded(host, function).but(NOT_EMBEDDED) } else { ask(config, data) }
    };
    let granted = |name: &str, value: Value| {
        let found = look(host);
        if is_cli {
            Cell::of(&found[name], &value).only(ONLY_WASI)
        } else {
            Cell::of(&json!(found[name] == value), &json!(false)).but(NO_WASI)
        }
    };
    let secure = json!({"call": "tcp_connect", "target": "example.com", "tls": true});
    Column {
        title,
        cells: [
            ask(
                json!({"call": "dns_lookup", "target": "example.com"}),
                json!({"records": ["192.0.2.10", "192.0.2.11"]}),
            ),
            ask(
                json!({"call": "http_request", "target": "https://example.com/", "method": "POST", "body": "x"}),
                json!({"status_code": 200, "body": "x"}),
            ),
            ask(
                json!({"call": "http_request", "target": "https://example.com/", "headers": ["A", "1"], "body": "x"}),
                json!({"status_code": 200, "body": "x"}),
            ),
            ask(
                json!({"call": "tcp_connect", "target": "example.com"}),
                json!({"remote_addr": "192.0.2.10:443", "tls_version": ""}),
            ),
            if host == "a" {
                ask(secure, json!({"remote_addr": "192.0.2.10:443", "tls_version": ""})).but(NO_TLS_IN_HOST)
            } else {
                ask(secure, json!({"remote_addr": "192.0.2.10:443", "tls_version": "TLS 1.3"}))
            },
            ask(
                json!({"call": "smtp_connect", "target": "mail.example.com", "port": 25}),
                json!({"response_time_ms": 12, "tls_version": ""}),
            ),
            ask(
                json!({"call": "smtp_connect", "target": "mail.example.com", "port": 587, "starttls": true}),
                json!({"response_time_ms": 12, "tls_version": "TLS 1.3"}),
            ),
            ask(json!({"call": "exec_command", "target": "id"}), json!({"duration_ms": 12})),
            logs(host),
            only_executors(
                "ssrf_check",
                json!({"call": "ssrf_check", "target": "example.com:443"}),
                json!({"allowed": true, "resolved_ip": "192.0.2.10"}),
            ),
            only_executors(
                "packages",
                json!({"call": "packages", "target": "apt", "args": ["a"]}),
                json!({"installed": 1, "names": ["a"]}),
            ),
            if is_cli {
                let error = json!({"error": {"type": "network", "code": "CONNECTION_REFUSED"}});
                answered(host, "detail", json!({"call": "dns_lookup", "target": "example.com"}), &error)
            } else {
                let error = json!({"error": {"type": "network", "code": "LOOKUP_FAILED"}});
                answered(host, "sdkerror", json!({"call": "dns_lookup", "target": "example.com"}), &error)
            },
            panics(host),
            if is_cli {
                Cell::common([
                    Cell::of(
                        &check_time(host),
                        &json!({"status": "success", "data": {"days_remaining": 89}}),
                    ),
                    keeps_time(&look(host)["now"]),
                ])
            } else {
                let outcome = check_time(host);
                let why = outcome["message"].as_str().unwrap_or_default();
                let says_so = why.starts_with("the host's clock does not keep time");
                let now = look(host)["now"].as_u64().unwrap_or_default();
                let is_2022 = (1_640_995_200..1_672_531_200).contains(&now);
                Cell::of(&json!([says_so, is_2022]), &json!([true, true])).but(FAKE_CLOCK)
            },
            granted("file", json!(include_str!("../go/go.mod"))),
            granted("variable", json!("value")),
        ],
    }
}

/// Works if it was asked once, and in either dialect if twice.
fn answered(host: &str, replies: &str, config: Value, expected: &Value) -> Cell {
    let mut config = config;
    config["either"] = json!(true);
    let config = config.to_string();
    Cell::common([&FUNCTIONS, &WRAPPERS, &WASI_WRAPPERS].map(|module| {
        let report = interop(module, host, &config, &["-replies", replies]).expect("there is Go");
        match (Cell::of(&report["outcome"], expected), report["requests"].as_array().unwrap().len()) {
            (Cell::Works, 2) => Cell::WorksInEitherDialect,
            (cell, _) => cell,
        }
    }))
}

/// That a plugin is not loaded without a function.
fn not_loaded(host: &str, function: &str) -> Cell {
    Cell::common([&FUNCTIONS, &WRAPPERS, &WASI_WRAPPERS].map(|module| {
        let why = interop_fails(module, host, "{}", &["-without", function]).expect("there is Go");
        says(&why, &format!(r#""{function}" is not exported in module "reglet_host""#))
    }))
}

fn logs(host: &str) -> Cell {
    let config = json!({"call": "log_message", "target": "x"}).to_string();
    let levels = ["DEBUG", "INFO", "WARN", "ERROR"].map(|level| json!({"level": level}));
    Cell::common([&FUNCTIONS, &WRAPPERS, &WASI_WRAPPERS].map(|module| {
        let report = interop(module, host, &config, &[]).expect("there is Go");
        Cell::of(&report["logs"], &json!(levels))
    }))
}

fn panics(host: &str) -> Cell {
    Cell::common(STD_PANICS.iter().chain([&*PANICS]).map(|module| {
        let why = interop_fails(module, host, r#"{"what":"format","index":7}"#, &[]).expect("there is Go");
        says(&why, "log: ERROR plugin panic: 7 of ")
    }))
}

fn check_time(host: &str) -> Value {
    let report = interop(&TLS_CHECK, host, r#"{"hostname":"example.com"}"#, &[]).expect("there is Go");
    report["outcome"].clone()
}

/// What a plugin for WASI finds that is granted a folder and a variable.
fn look(host: &str) -> Value {
    let config =
        json!({"file": concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/go/go.mod"), "variable": "NAME"});
    let options = ["-mount", env!("CARGO_MANIFEST_DIR"), "-env", "NAME=value"];
    let report = interop(&REACTOR, host, &config.to_string(), &options).expect("there is Go");
    report["outcome"]["data"].clone()
}

fn says(text: &str, expected: &str) -> Cell {
    if text.contains(expected) { Cell::Works } else { Cell::Fails(text.to_owned()) }
}
