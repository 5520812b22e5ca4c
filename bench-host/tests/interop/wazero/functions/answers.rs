//! Answers that are errors, or empty.

use core::slice;

use serde_json::json;

use super::{Call, SDK_EXECUTORS, ask, call, calls, checksum, expect, expect_error, read, with};
use crate::wazero::{EXECUTORS, error};

const DIAL_MESSAGE: &str = "dial tcp 192.0.2.10:443: connect: connection refused";

const LOOKUP_MESSAGE: &str = r#"lookup "<x>" on 192.0.2.53:53: no such host"#;

#[test]
fn an_error_detail_is_passed_on_whole() {
    for Call { config, request, .. } in calls() {
        let function = config["call"].as_str().unwrap();
        if function == "ssrf_check" {
            continue;
        }
        let Some(report) = ask("cli", "detail", &config) else { return };
        let outcome = &report["outcome"];
        assert_eq!(error(&report), format!("network [CONNECTION_REFUSED] {DIAL_MESSAGE}"), "{function}");
        assert_eq!(
            outcome["error"],
            json!({
                "wrapped": {"message": "connection refused", "type": "syscall", "code": "ECONNREFUSED"},
                "details": {"address": "192.0.2.10:443", "attempts": [1, 2]},
                "message": DIAL_MESSAGE, "type": "network", "code": "CONNECTION_REFUSED", "stack": "++//",
                "is_timeout": true, "is_not_found": true
            }),
            "{function}"
        );
        assert_eq!(read(&report), [request]);
    }
}

/// The type of errors that come without one.
fn kind(function: &str) -> &'static str {
    match function {
        "exec_command" => "exec",
        "packages" => "internal",
        _ => "network",
    }
}

#[test]
fn an_error_without_type_has_the_one_of_its_function() {
    for Call { config, request, .. } in calls() {
        let function = config["call"].as_str().unwrap();
        if function == "ssrf_check" {
            continue;
        }
        let expected = format!("{} [LOOKUP_FAILED] {LOOKUP_MESSAGE}", kind(function));
        expect_error(&SDK_EXECUTORS, "sdkerror", &config, &[request], &expected);
    }
}

#[test]
fn an_error_with_an_empty_type_is_passed_on_as_it_is() {
    for Call { config, request, .. } in calls() {
        expect_error(&EXECUTORS, "untyped", &config, &[request], " [] no reason given");
    }
}

#[test]
fn an_error_with_its_code_in_place_of_the_type_is_passed_on_as_it_is() {
    for Call { config, request, .. } in calls() {
        let expected = "TIMEOUT [] dial tcp 192.0.2.10:443: i/o timeout";
        expect_error(&EXECUTORS, "code", &config, &[request], expected);
    }
}

#[test]
fn an_address_that_is_not_allowed_is_no_error() {
    let Call { config, request, .. } = call("ssrf_check");
    let denied = json!({
        "allowed": false, "reason": "private addresses blocked (RFC 1918)", "resolved_ip": ""
    });
    for replies in ["detail", "sdkerror"] {
        expect(&SDK_EXECUTORS, replies, &config, slice::from_ref(&request), &denied);
    }
}

#[test]
fn an_envelope_is_an_error_of_each_function_and_not_asked_again() {
    for Call { config, request, .. } in calls() {
        let config = with(config, json!({"either": true}));
        let expected = "capability [VALIDATION_ERROR] network capability denied: example.com:443";
        expect_error(&SDK_EXECUTORS, "envelope", &config, &[request], expected);
    }
}

#[test]
fn a_handler_that_panics_is_an_error_of_each_function() {
    for Call { config, request, .. } in calls() {
        let expected = "internal [INTERNAL_ERROR] panic: runtime error: index out of range [1] with length 1";
        expect_error(&SDK_EXECUTORS, "panic", &config, &[request], expected);
    }
}

#[test]
fn no_answer_is_an_error_of_each_function() {
    for Call { config, request, .. } in calls() {
        let function = config["call"].as_str().unwrap();
        let expected =
            format!("internal [wire_format] wire format decode failed for {function}: host returned no data");
        expect_error(&EXECUTORS, "zero", &config, &[request], &expected);
    }
}

#[test]
fn what_an_answer_leaves_out_or_calls_null_is_empty() {
    for Call { config, request, .. } in calls() {
        let data = match config["call"].as_str().unwrap() {
            "dns_lookup" => json!({"records": [], "mx_records": []}),
            "http_request" => json!({
                "status_code": 204, "proto": "", "headers": [], "content_type": null, "latency_ms": 0,
                "body": "", "body_length": 0, "body_checksum": checksum(b"")
            }),
            "tcp_connect" => json!({
                "tls": false, "address": "", "remote_addr": "", "local_addr": "", "response_time_ms": 0,
                "tls_version": "", "tls_cipher_suite": "", "tls_server_name": "", "tls_cert_subject": "",
                "tls_cert_issuer": "", "not_after": null
            }),
            "smtp_connect" => json!({
                "banner": "", "tls": false, "address": "", "response_time_ms": 0, "tls_version": "",
                "tls_cipher_suite": "", "tls_server_name": ""
            }),
            "exec_command" => json!({
                "stdout": "", "stdout_length": 0, "stdout_truncated": false, "stderr": "",
                "stderr_truncated": false, "exit_code": 0, "duration_ms": 0, "is_timeout": false
            }),
            "ssrf_check" => json!({"allowed": false, "reason": "", "resolved_ip": ""}),
            _ => json!({
                "complete": false, "installed": 0, "drift": 0, "names": [], "newest": null, "source": ""
            }),
        };
        for replies in ["empty", "nulls"] {
            expect(&["a", "cli"], replies, &config, slice::from_ref(&request), &data);
        }
    }
}
