//! The example: one function, and no retry.

use std::path::PathBuf;
use std::sync::LazyLock;

use reglet_sdk_core::Timestamp;
use reglet_sdk_core::metadata::{MIN_HOST_VERSION, SDK_VERSION};
use serde_json::{Value, json};

use crate::wazero::{EXECUTORS, build, error};

const DESCRIPTION: &str = "Checks how long the TLS certificate of a server is valid";

pub(crate) static MODULE: LazyLock<PathBuf> = LazyLock::new(|| build("tls-check"));

fn interop(executor: &str, config: &str, options: &[&str]) -> Option<Value> {
    crate::wazero::interop(&MODULE, executor, config, options)
}

/// Runs a check on every host with a clock that keeps time.
fn on_each(config: &str, replies: &str, assert: impl Fn(&str, Value)) {
    for executor in EXECUTORS {
        let options = ["-replies", replies, "-clock", "real"];
        if let Some(report) = interop(executor, config, &options) {
            assert(executor, report);
        }
    }
}

/// A time of the report, in seconds since 1970.
fn seconds(time: &Value) -> i64 {
    Timestamp::parse(time.as_str().unwrap().as_bytes()).unwrap().unix_seconds()
}

fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "additionalProperties": false,
        "required": ["hostname"],
        "properties": {
            "hostname": {
                "type": "string", "minLength": 1, "maxLength": 253,
                "description": "Host name or IP address of the server."
            },
            "port": {
                "type": "integer", "minimum": 1, "maximum": 65535, "default": 443,
                "description": "TCP port of the server."
            },
            "min_days": {
                "type": "integer", "minimum": 0, "default": 30,
                "description": "Days for which the certificate must at least be valid."
            },
            "timeout_ms": {
                "type": "integer", "minimum": 1,
                "description": "Time limit for the connection and the handshake, in milliseconds."
            }
        }
    })
}

#[test]
fn a_check_succeeds_on_every_host_in_both_dialects() {
    for replies in ["normal", "sdkhost"] {
        on_each(r#"{"hostname":"example.com"}"#, replies, |executor, report| {
            let outcome = &report["outcome"];
            let data = &outcome["data"];
            assert_eq!(outcome["status"], "success", "{executor} {replies}: {outcome}");
            assert_eq!(outcome["message"], "the certificate of example.com is valid for 89 more days");
            assert_eq!(data["days_remaining"], 89);
            assert_eq!(data["issuer"], "CN=Example CA,O=Example");
            assert_eq!(data["tls_version"], "TLS 1.3");
            let (now, then) = (seconds(&outcome["timestamp"]), seconds(&data["not_after"]));
            assert!((89 * 86_400..=90 * 86_400).contains(&(then - now)), "{outcome}");
            assert_eq!(data.as_object().unwrap().len(), 4, "{data}");
            assert_eq!(outcome.get("error"), None);
        });
    }
}

#[test]
fn a_certificate_that_ends_too_soon_is_a_failure() {
    on_each(r#"{"hostname":"example.com","min_days":90}"#, "normal", |executor, report| {
        assert_eq!(report["outcome"]["status"], "failure", "{executor}");
        assert_eq!(report["outcome"]["data"]["days_remaining"], 89);
    });
}

#[test]
fn the_request_is_in_the_dialect_of_the_wire() {
    let expected = |request: Value| json!([{"function": "tcp_connect", "request": request}]);
    on_each(r#"{"hostname":"example.com"}"#, "normal", |executor, report| {
        let request =
            json!({"host": "example.com", "port": "443", "context": {}, "tls": true, "use_tls": true});
        assert_eq!(report["requests"], expected(request), "{executor}");
    });
    on_each(r#"{"hostname":"192.0.2.10","port":8443,"timeout_ms":1500}"#, "normal", |executor, report| {
        let request = json!({
            "host": "192.0.2.10", "port": "8443", "context": {"timeout_ms": 1500}, "timeout_ms": 1500,
            "tls": true, "use_tls": true
        });
        assert_eq!(report["requests"], expected(request), "{executor}");
    });
}

#[test]
fn the_record_that_it_logs_can_be_read() {
    on_each(r#"{"hostname":"example.com"}"#, "normal", |executor, report| {
        let attrs = json!([{"key": "days_remaining", "type": "int64", "value": "89"}]);
        let record = json!({"level": "INFO", "message": "certificate checked", "attrs": attrs});
        assert_eq!(report["logs"], json!([record]), "{executor}");
    });
}

#[test]
fn a_denial_in_an_envelope_is_about_a_capability() {
    on_each(r#"{"hostname":"example.com"}"#, "envelope", |executor, report| {
        let expected = "capability [VALIDATION_ERROR] network capability denied: example.com:443";
        assert_eq!(error(&report), expected, "{executor}");
    });
}

#[test]
fn a_host_that_reads_only_the_other_dialect_refuses_the_request() {
    on_each(r#"{"hostname":"example.com"}"#, "sdkonly", |executor, report| {
        let expected = "validation [VALIDATION_ERROR] failed to unmarshal request: json: cannot unmarshal \
                        string into Go struct field TCPConnectRequest.port of type int";
        assert_eq!(error(&report), expected, "{executor}");
        assert_eq!(report["requests"].as_array().unwrap().len(), 1, "{executor}");
    });
}

#[test]
fn an_error_detail_is_passed_on() {
    on_each(r#"{"hostname":"example.com"}"#, "detail", |executor, report| {
        let expected = "network [CONNECTION_REFUSED] dial tcp 192.0.2.10:443: connect: connection refused";
        assert_eq!(error(&report), expected, "{executor}");
    });
}

#[test]
fn a_host_that_can_not_answer_is_an_error() {
    on_each(r#"{"hostname":"example.com"}"#, "zero", |executor, report| {
        let expected =
            "internal [wire_format] wire format decode failed for tcp_connect: host returned no data";
        assert_eq!(error(&report), expected, "{executor}");
    });
}

#[test]
fn a_config_that_breaks_a_rule_is_an_error_and_no_request() {
    for (config, reason) in [
        ("null", "hostname': expected a string of length from 1 to 253, got nothing"),
        ("{}", "hostname': expected a string of length from 1 to 253, got nothing"),
        (r#"{"hostname":"a","port":0}"#, "port': expected a whole number from 1 to 65535, got a number"),
    ] {
        on_each(config, "normal", |executor, report| {
            let (field, _) = reason.split_once('\'').unwrap();
            let expected = format!("config [{field}] config validation failed for field '{reason}");
            assert_eq!(error(&report), expected, "{executor}");
            assert_eq!(report["requests"], json!([]));
        });
    }
}

#[test]
fn a_clock_that_does_not_keep_time_is_an_error() {
    // All but the command-line host have such a clock unless told otherwise.
    for (executor, options) in [("a", &[][..]), ("ap", &[]), ("b", &[]), ("cli", &["-clock", "fake"])] {
        let Some(report) = interop(executor, r#"{"hostname":"example.com"}"#, options) else { return };
        let error = error(&report);
        assert!(
            error
                .starts_with("internal [] the host's clock does not keep time: it shows 2022-01-01T00:00:00"),
            "{executor}: {error}"
        );
        assert_eq!(report["outcome"].get("data"), None);
    }
    let Some(report) = interop("cli", r#"{"hostname":"example.com"}"#, &[]) else { return };
    assert_eq!(report["outcome"]["status"], "success");
}

#[test]
fn the_metadata_are_those_of_generation_a() {
    let Some(report) = interop("a", "{}", &[]) else { return };
    assert_eq!(
        report["metadata"],
        json!({
            "name": "tls-check", "version": "1.0.0", "description": DESCRIPTION,
            "sdk_version": SDK_VERSION, "min_host_version": MIN_HOST_VERSION,
            "capabilities": [{"kind": "network:outbound", "pattern": "*:*"}]
        })
    );
    assert_eq!(report["schema"], schema());
}

#[test]
fn the_manifest_is_that_of_generation_b() {
    for executor in ["ap", "b", "cli"] {
        let Some(report) = interop(executor, "{}", &[]) else { return };
        assert_eq!(
            report["manifest"],
            json!({
                "services": {},
                "name": "tls-check", "version": "1.0.0", "description": DESCRIPTION,
                "sdk_version": SDK_VERSION, "min_host_version": MIN_HOST_VERSION,
                "config_schema": schema(),
                "capabilities": {"network": {"rules": [{"hosts": ["*"], "ports": ["*"]}]}}
            }),
            "{executor}"
        );
        // The command-line host takes the schema from the manifest.
        let expected = if executor == "cli" { Value::Null } else { schema() };
        assert_eq!(report["schema"], expected, "{executor}");
    }
}

#[test]
fn it_offers_every_generation_and_needs_three_functions() {
    let Some(report) = interop("b", "{}", &[]) else { return };
    assert_eq!(
        report["exports"],
        json!([
            "_manifest",
            "_observe",
            "_schema",
            "allocate",
            "deallocate",
            "describe",
            "manifest",
            "memory",
            "observe",
            "schema"
        ])
    );
    assert_eq!(
        report["imports"],
        json!([
            "reglet_host.log_message",
            "reglet_host.tcp_connect",
            "wasi_snapshot_preview1.clock_time_get"
        ])
    );
}

#[test]
fn ten_thousand_checks_take_no_memory_whether_the_host_frees_or_not() {
    for executor in EXECUTORS {
        let options = ["-clock", "real", "-observes", "10000"];
        let Some(report) = interop(executor, r#"{"hostname":"example.com"}"#, &options) else { return };
        let memory = &report["memory"];
        assert_eq!(memory["observes"], 10_000);
        let samples = memory["samples"].as_array().unwrap();
        let after = |observes: u64| {
            let sample = samples.iter().find(|sample| sample["observes"] == observes);
            sample.unwrap_or_else(|| panic!("{memory}"))["bytes"].as_u64().unwrap()
        };
        assert_eq!(after(100), after(10_000), "{executor}: {memory}");
        assert!(after(1) <= 192 << 10, "{executor}: {memory}");
    }
}

#[test]
fn it_forgives_hosts_that_free_what_they_should_not_and_loads_twice() {
    for executor in EXECUTORS {
        let Some(report) = interop(executor, "{}", &[]) else { return };
        assert_eq!(report["allocator"]["allocate_zero_is_null"], true, "{executor}");
        assert_eq!(report["tolerant_deallocate"], true, "{executor}: {}", report["allocator"]);
        assert_eq!(report["loads_twice"], true, "{executor}: {}", report["loads_twice_error"]);
    }
}
