//! Hosts that understand only the dialect of the Go SDK's own.

use serde_json::{Value, json};

use super::{Call, SDK_EXECUTORS, ask, call, expect, expect_error, read, with};

#[test]
fn what_is_the_same_in_both_dialects_is_asked_once() {
    for function in ["dns_lookup", "http_request", "exec_command", "ssrf_check", "packages"] {
        let Call { config, request, sdk, .. } = call(function);
        expect(&SDK_EXECUTORS, "sdkonly", &config, &[request], &sdk);
    }
}

/// A call whose request hosts of the Go SDK can't read.
struct Retry {
    hosts: &'static [&'static str],
    config: Value,
    /// The request in the wire dialect.
    first: Value,
    /// The same in theirs.
    second: Value,
    /// Why they refuse the first.
    reason: &'static str,
    /// What comes back.
    data: Value,
}

fn retries() -> [Retry; 4] {
    let timing = json!({"timeout_ms": 250, "context_timeout_ms": 300, "request_id": "r"});
    let timed = |request| {
        with(request, json!({"context": {"timeout_ms": 250, "request_id": "r"}, "timeout_ms": 250}))
    };
    let (tcp, smtp, http) = (call("tcp_connect"), call("smtp_connect"), call("http_request"));

    let plain = json!({"host": "::1", "context": {}, "tls": false, "use_tls": false});
    let secure = timed(json!({"host": "example.com", "tls": true, "use_tls": true}));
    let server = timed(json!({
        "host": "mail.example.com", "tls": false, "use_tls": false, "starttls": true, "use_starttls": true
    }));
    let page = timed(json!({
        "method": "PUT", "url": http.config["target"], "body": "aGVsbG8gPMOpPg==", "follow_redirects": true,
        "max_redirects": 5
    }));
    [
        Retry {
            hosts: &SDK_EXECUTORS,
            config: with(tcp.config.clone(), json!({"target": "::1", "tls": false})),
            first: json!({"tcp_connect": with(plain.clone(), json!({"port": "443"}))}),
            second: json!({"tcp_connect": with(plain, json!({"port": 443}))}),
            reason: "string into Go struct field TCPConnectRequest.port of type int",
            data: json!({
                "tls": false, "address": "", "remote_addr": "192.0.2.10:443", "local_addr": "",
                "response_time_ms": 12, "tls_version": "", "tls_cipher_suite": "", "tls_server_name": "",
                "tls_cert_subject": "", "tls_cert_issuer": "", "not_after": null
            }),
        },
        Retry {
            // The first of them knows no TLS.
            hosts: &SDK_EXECUTORS[1..],
            config: with(tcp.config, timing.clone()),
            first: json!({"tcp_connect": with(secure.clone(), json!({"port": "443"}))}),
            second: json!({"tcp_connect": with(secure, json!({"port": 443}))}),
            reason: "string into Go struct field TCPConnectRequest.port of type int",
            data: tcp.sdk,
        },
        Retry {
            hosts: &SDK_EXECUTORS,
            config: with(
                with(smtp.config, json!({"tls": false, "starttls": true, "port": 587})),
                timing.clone(),
            ),
            first: json!({"smtp_connect": with(server.clone(), json!({"port": "587"}))}),
            second: json!({"smtp_connect": with(server, json!({"port": 587}))}),
            reason: "string into Go struct field SMTPConnectRequest.port of type int",
            // These hosts see the greeting only where TLS comes first.
            data: with(smtp.sdk, json!({"banner": ""})),
        },
        Retry {
            hosts: &SDK_EXECUTORS,
            config: with(
                with(
                    http.config,
                    json!({"headers": ["A", "x", "B", "\"z\"", "a", "y, é"], "max_redirects": 5}),
                ),
                timing,
            ),
            first: json!({"http_request": with(
                page.clone(),
                json!({"headers": {"A": ["x", "y, é"], "B": ["\"z\""]}})
            )}),
            second: json!({"http_request": with(page, json!({"headers": {"A": "x, y, é", "B": "\"z\""}}))}),
            reason: "array into Go struct field HTTPRequest.headers of type string",
            data: http.sdk,
        },
    ]
}

#[test]
fn a_request_in_either_dialect_is_sent_again_where_the_first_is_not_understood() {
    for Retry { hosts, config, first, second, data, .. } in retries() {
        expect(hosts, "sdkonly", &with(config, json!({"either": true})), &[first, second], &data);
    }
}

#[test]
fn a_request_in_either_dialect_is_sent_once_where_it_is_understood() {
    for Retry { config, first, .. } in retries() {
        let Some(report) = ask("cli", "normal", &with(config, json!({"either": true}))) else { return };
        assert_eq!(report["outcome"]["status"], "success");
        assert_eq!(read(&report), [first]);
    }
}

#[test]
fn a_request_in_one_dialect_is_refused_with_the_hosts_reason() {
    for Retry { config, first, reason, .. } in retries() {
        let expected = format!(
            "validation [VALIDATION_ERROR] failed to unmarshal request: json: cannot unmarshal {reason}"
        );
        expect_error(&SDK_EXECUTORS, "sdkonly", &config, &[first], &expected);
    }
}

#[test]
fn a_host_that_knows_no_tls_is_seen_to_have_used_none() {
    let config = with(call("tcp_connect").config, json!({"either": true}));
    let Some(report) = ask("a", "sdkonly", &config) else { return };
    let data = &report["outcome"]["data"];
    assert_eq!(data["remote_addr"], "192.0.2.10:443", "{}", report["outcome"]);
    assert_eq!(
        (&data["tls"], &data["tls_version"], &data["not_after"]),
        (&json!(false), &json!(""), &Value::Null)
    );
}
