//! `ssrf_check`.

use std::sync::Arc;

use hickory_resolver::proto::rr::RecordType;
use reglet_bench_host::Host;
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};

use crate::nameserver::{NameServer, a};
use crate::{asking, assert_error, host, invoke, loopback};

#[test]
fn public_addresses_are_allowed() {
    for (address, resolved) in [
        ("8.8.8.8:53", "8.8.8.8"),
        ("8.8.8.8", "8.8.8.8"),
        ("[2606:4700:4700::1111]:443", "2606:4700:4700::1111"),
        ("2606:4700:4700::1111", "2606:4700:4700::1111"),
    ] {
        assert_eq!(check(host(), address), json!({"allowed": true, "resolved_ip": resolved}), "{address}");
    }
}

#[test]
fn special_addresses_are_blocked_and_the_reason_says_why() {
    for (address, reason) in [
        ("127.0.0.1:80", "localhost/loopback addresses blocked"),
        ("[::1]:80", "localhost/loopback addresses blocked"),
        ("::ffff:127.0.0.1", "localhost/loopback addresses blocked"),
        ("localhost:80", "localhost/loopback addresses blocked"),
        ("10.1.2.3:80", "private addresses blocked (RFC 1918)"),
        ("172.31.0.1", "private addresses blocked (RFC 1918)"),
        ("192.168.1.1:443", "private addresses blocked (RFC 1918)"),
        ("[fd00::1]:80", "private addresses blocked (RFC 1918)"),
        ("169.254.169.254:80", "link-local addresses blocked"),
        ("fe80::1", "link-local addresses blocked"),
        ("224.0.0.1:80", "multicast addresses blocked"),
        ("ff02::1", "multicast addresses blocked"),
        ("0.0.0.0:80", "unspecified address blocked"),
        ("::", "unspecified address blocked"),
    ] {
        let verdict = check(host(), address);
        assert_eq!((&verdict["allowed"], &verdict["reason"]), (&false.into(), &reason.into()), "{address}");
        assert!(verdict["resolved_ip"].is_string(), "{verdict}");
    }
}

#[test]
fn the_addresses_that_go_lets_through_are_blocked_too() {
    for address in [
        "100.64.0.1:80",
        "198.18.0.1:80",
        "255.255.255.255:80",
        "[64:ff9b::a00:1]:80",
        "192.0.2.1:80",
        "0.1.2.3:80",
        "[2001:db8::1]:80",
    ] {
        let verdict = check(host(), address);
        assert_eq!(verdict["allowed"], false, "{address}: {verdict}");
        assert!(!verdict["reason"].as_str().unwrap().is_empty());
    }
}

#[test]
fn every_address_of_a_name_is_judged() {
    let server = NameServer::start(|question| {
        let addresses = [[8, 8, 8, 8], [10, 0, 0, 1]].map(a);
        vec![if question.kind == RecordType::A { question.found(addresses) } else { question.found([]) }]
    });
    let host = asking(&server);
    let expected = json!({"allowed": false, "reason": "private addresses blocked (RFC 1918)", "resolved_ip": "10.0.0.1"});
    assert_eq!(check(&host, "www.example.test:80"), expected);
}

#[test]
fn a_name_with_public_addresses_alone_is_allowed() {
    let server = NameServer::with_address([8, 8, 8, 8]);
    let host = asking(&server);
    assert_eq!(check(&host, "www.example.test:80"), json!({"allowed": true, "resolved_ip": "8.8.8.8"}));
}

#[test]
fn what_is_no_address_is_not_allowed() {
    let server = NameServer::with_address([8, 8, 8, 8]);
    let host = asking(&server);
    for (address, reason) in [
        ("www.example.test:http", "invalid port"),
        ("[::1", "invalid address format: missing ']' in address"),
        ("nosuch.example.test:80", "DNS resolution failed: lookup nosuch.example.test: no such host"),
        ("2130706433:80", "DNS resolution failed: lookup 2130706433: no such host"),
        ("0177.0.0.1:80", "DNS resolution failed: lookup 0177.0.0.1: no such host"),
    ] {
        assert_eq!(check(&host, address), json!({"allowed": false, "reason": reason}), "{address}");
    }
}

#[test]
fn grants_do_not_matter() {
    let answer = invoke(host(), &loopback(), "ssrf_check", &json!({"address": "127.0.0.1:80"}));
    assert_eq!(answer["allowed"], false);
}

#[test]
fn a_question_without_an_address_is_refused() {
    let answer = invoke(host(), &Arc::new(Grants::default()), "ssrf_check", &json!({}));
    assert_error(&answer, "validation", "INVALID_REQUEST", "address");
}

fn check(host: &Host, address: &str) -> Value {
    invoke(host, &Arc::new(Grants::default()), "ssrf_check", &json!({"address": address}))
}
