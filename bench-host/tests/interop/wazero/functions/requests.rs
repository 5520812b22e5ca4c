//! Requests with everything that they can have.

use core::slice;

use serde_json::json;

use super::{SDK_EXECUTORS, ask, call, checksum, expect, read, with};
use crate::wazero::{EXECUTORS, error};

#[test]
fn every_option_of_a_request_is_read() {
    let timing =
        json!({"timeout_ms": 1500, "context_timeout_ms": 4_294_967_295_u32, "request_id": "r-\"1\" é"});
    let context = json!({"request_id": "r-\"1\" é", "timeout_ms": 1500});
    for (function, options, request) in [
        (
            "dns_lookup",
            json!({"record_type": "MX", "nameserver": "[2001:db8::53]:53"}),
            json!({"hostname": "example.com", "type": "MX", "nameserver": "[2001:db8::53]:53"}),
        ),
        (
            "http_request",
            json!({
                "target": "https://example.com/", "max_redirects": 3, "body": "",
                "headers": ["Accept", "text/html", "X-\"Odd\"", "a\\b, é", "accept", "text/*", "X-Empty", ""]
            }),
            json!({
                "method": "PUT", "url": "https://example.com/", "follow_redirects": true, "max_redirects": 3,
                "headers": {"Accept": ["text/html", "text/*"], "X-\"Odd\"": ["a\\b, é"], "X-Empty": [""]}
            }),
        ),
        (
            "http_request",
            json!({"target": "https://example.com/", "method": "", "max_redirects": 0, "body": "\u{0}"}),
            json!({
                "method": "", "url": "https://example.com/", "follow_redirects": false, "max_redirects": 0,
                "body": "AA=="
            }),
        ),
        (
            "tcp_connect",
            json!({"target": "2001:db8::10", "port": 65535, "tls": false}),
            json!({"host": "2001:db8::10", "port": "65535", "tls": false, "use_tls": false}),
        ),
        (
            "smtp_connect",
            json!({"port": 587, "tls": false, "starttls": true}),
            json!({
                "host": "mail.example.com", "port": "587", "tls": false, "use_tls": false, "starttls": true,
                "use_starttls": true
            }),
        ),
        (
            "smtp_connect",
            json!({"port": 25, "tls": false}),
            json!({
                "host": "mail.example.com", "port": "25", "tls": false, "use_tls": false, "starttls": false,
                "use_starttls": false
            }),
        ),
        (
            "exec_command",
            json!({
                "target": "/usr/bin/env", "args": ["-i", "", "a b\"c\\", "\u{0}\u{1}\u{7f}\u{2028}é😀"],
                "env": ["PATH=/bin", "EMPTY="], "dir": "/tmp/a b"
            }),
            json!({
                "command": "/usr/bin/env", "args": ["-i", "", "a b\"c\\", "\u{0}\u{1}\u{7f}\u{2028}é😀"],
                "env": ["PATH=/bin", "EMPTY="], "dir": "/tmp/a b"
            }),
        ),
    ] {
        let config = with(with(call(function).config, options), timing.clone());
        let request = with(request, json!({"context": context, "timeout_ms": 1500}));
        for executor in EXECUTORS {
            let Some(report) = ask(executor, "normal", &config) else { return };
            assert_eq!(report["outcome"]["status"], "success", "{executor}: {}", report["outcome"]);
            assert_eq!(read(&report), [json!({ function: request })], "{executor}");
        }
    }
}

#[test]
fn records_of_every_type_arrive() {
    for (record_type, records, exchangers) in [
        ("A", &["192.0.2.10", "192.0.2.11"][..], &[][..]),
        ("AAAA", &["2001:db8::10"], &[]),
        ("CNAME", &["example.com."], &[]),
        ("MX", &[], &["0 mail.example.com.", "20 backup.example.com.", "65535 last.example.com."]),
        ("NS", &["ns1.example.com.", "ns2.example.com."], &[]),
        ("TXT", &["v=spf1 -all", r#""quoted" \ <é> & 😀"#, ""], &[]),
    ] {
        let config = json!({"call": "dns_lookup", "target": "example.com", "record_type": record_type});
        let request = json!({"dns_lookup": {"hostname": "example.com", "type": record_type, "context": {}}});
        let data = json!({"records": records, "mx_records": exchangers});
        expect(&["cli"], "normal", &config, slice::from_ref(&request), &data);
        expect(&SDK_EXECUTORS, "sdkonly", &config, &[request], &data);
    }
}

/// Sends a body of so many bytes, of all values, and gets it back.
fn exchange(executors: &[&str], replies: &str, size: u32) {
    let body: Vec<u8> = (0..size).map(|at| (at ^ at >> 8).to_le_bytes()[0]).collect();
    let config = json!({"call": "http_request", "target": "u", "method": "POST", "binary": size});
    for executor in executors {
        let Some(report) = ask(executor, replies, &config) else { return };
        let [request] = &read(&report)[..] else { panic!("{executor}: more than one request") };
        // Not by `assert_eq`, which would print a megabyte.
        assert!(request["http_request"]["body"] == base64(&body), "{executor} {size}");
        let data = &report["outcome"]["data"];
        assert_eq!(data["body_length"], size, "{executor}: {}", report["outcome"]);
        assert_eq!(data["body_checksum"], checksum(&body), "{executor} {size}");
    }
}

#[test]
fn bodies_with_bytes_of_all_values_survive_both_ways() {
    for size in [1, 2, 3, 255, 256, 257, 258] {
        exchange(&["cli"], "normal", size);
    }
    exchange(&SDK_EXECUTORS, "sdkonly", 256);
}

#[test]
fn large_bodies_survive_both_ways() {
    exchange(&["cli", "a", "ap"], "normal", 1 << 20);
    // The largest that hosts of generation B take.
    exchange(&["b"], "sdkonly", 786_000);
}

#[test]
fn a_request_that_is_too_large_for_the_host_is_refused_and_not_sent_again() {
    let config = json!({
        "call": "http_request", "target": "u", "method": "POST", "binary": 1 << 20, "either": true,
        "headers": ["A", "b"]
    });
    let Some(report) = ask("b", "sdkonly", &config) else { return };
    assert_eq!(report["requests"].as_array().unwrap().len(), 1);
    let expected = "validation [VALIDATION_ERROR] request size 1398176 exceeds maximum 1048576 bytes";
    assert_eq!(error(&report), expected);
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |bytes: &[u8]| {
        let bits =
            bytes.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - bytes.len()));
        let letter = move |at| if at <= bytes.len() { ALPHABET[bits >> (18 - 6 * at) & 63] } else { b'=' };
        [0, 1, 2, 3].map(letter).map(char::from)
    };
    bytes.chunks(3).flat_map(group).collect()
}
