//! Host functions that reach into the network, against servers on this machine.

use reglet_bench_host::loopback::ClosedPort;
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};

use super::{failure, guests};
use crate::servers::{Server, http, names, silent, smtp};
use crate::{check, network};

#[test]
fn names_are_looked_up() {
    let server = names();
    let grants =
        || network("probe.test", 53).network("127.0.0.1", &server.address().port().to_string()).unwrap();
    let config = |kind: &str| json!({"do": "dns", "host": "probe.test", "type": kind, "nameserver": server.address().to_string()});
    let mail = json!([{"host": "mail.probe.test.", "pref": 10}]);
    for (guest, plugin) in guests() {
        for (kind, key, expected) in [
            ("", "records", json!(["192.0.2.1", "2001:db8::1"])),
            ("A", "records", json!(["192.0.2.1"])),
            ("MX", "mx_records", mail.clone()),
            ("TXT", "records", json!(["hello there"])),
        ] {
            let outcome = check(plugin, grants(), &config(kind));
            assert_eq!(outcome["status"], "success", "{} {outcome}", guest.name);
            assert_eq!(outcome["data"][key], expected, "{} {kind}", guest.name);
        }
    }
}

#[test]
fn a_name_that_is_not_there_is_told_from_one_that_is_not_granted() {
    let server = names();
    let port = server.address().port().to_string();
    let config =
        json!({"do": "dns", "host": "gone.test", "type": "A", "nameserver": server.address().to_string()});
    for (guest, plugin) in guests() {
        let granted = network("gone.test", 53).network("127.0.0.1", &port).unwrap();
        let outcome = check(plugin, granted, &config);
        let error = &outcome["error"];
        assert_eq!((&error["type"], &error["code"]), (&json!("network"), &json!("LOOKUP_FAILED")));
        assert!(error["message"].as_str().unwrap().contains("no such host"), "{outcome}");
        let data = json!({"is_not_found": true, "is_timeout": false});
        assert_eq!(outcome.get("data"), guest.detailed.then_some(&data));

        let outcome = check(plugin, network("127.0.0.1", server.address().port()), &config);
        let denied = "capability: network capability denied: gone.test:53 [CAPABILITY_DENIED]";
        assert_eq!(outcome["error"]["message"], denied);
    }
}

#[test]
fn http_requests_work_with_headers_and_without() {
    let server = Server::start(false, http);
    let url = format!("http://127.0.0.1:{}/path", server.port());
    for (guest, plugin) in guests() {
        let ask = |with: Value| {
            let mut config = json!({"do": "http", "url": url});
            config.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
            let outcome = check(plugin, network("127.0.0.1", server.port()), &config);
            assert_eq!(outcome["status"], "success", "{} {outcome}", guest.name);
            outcome["data"].clone()
        };
        let data = ask(json!({"method": "GET"}));
        assert_eq!((&data["status_code"], &data["body"]), (&json!(200), &json!("GET ")));
        assert_eq!(data["headers"]["X-Seen"], json!([""]));
        assert_eq!(data.get("protocol"), guest.detailed.then_some(&json!("HTTP/1.1")));

        let with = json!({"method": "POST", "headers": {"X-A": "1, 2"}, "body": "é\0", "context_ms": 20_000});
        let data = ask(with);
        assert_eq!(data["headers"]["X-Seen"], json!(["1, 2"]));
        assert_eq!(data["body"], "POST é\0");
    }
}

#[test]
fn http_requests_go_over_tls() {
    let server = Server::start(true, http);
    let config = json!({
        "do": "http", "method": "GET", "url": format!("https://localhost:{}/", server.port())
    });
    for (guest, plugin) in guests() {
        let outcome = check(plugin, network("localhost", server.port()), &config);
        assert_eq!(outcome["data"]["status_code"], 200, "{} {outcome}", guest.name);
    }
}

#[test]
fn http_errors_keep_their_codes() {
    let closed = ClosedPort::take().unwrap();
    let port = closed.port();
    let url = format!("http://127.0.0.1:{port}/");
    let config = json!({"do": "http", "method": "GET", "url": url, "headers": {"X-A": "1"}});
    for (_, plugin) in guests() {
        let outcome = check(plugin, network("127.0.0.1", port), &config);
        let refused = format!(
            "network: network: Get \"{url}\": dial tcp 127.0.0.1:{port}: connect: connection refused \
             [CONNECTION_REFUSED] [REQUEST_FAILED]"
        );
        assert_eq!(outcome, failure(refused));
        let denied = format!(
            "network: capability: network capability denied: 127.0.0.1:{port} [CAPABILITY_DENIED] [REQUEST_FAILED]"
        );
        assert_eq!(check(plugin, Grants::default(), &config), failure(denied));
    }
}

#[test]
fn connections_tell_what_their_generation_shows() {
    let server = Server::start(false, silent);
    let address = format!("127.0.0.1:{}", server.port());
    let config = json!({"do": "tcp", "host": "127.0.0.1", "port": server.port()});
    for (guest, plugin) in guests() {
        let outcome = check(plugin, network("127.0.0.1", server.port()), &config);
        assert_eq!(outcome["message"], "TCP connection successful", "{} {outcome}", guest.name);
        let mut data = outcome["data"].clone();
        if guest.detailed {
            assert!(data["response_time_ms"].as_u64().unwrap() >= 1);
            assert!(data["local_addr"].as_str().unwrap().starts_with("127.0.0.1:"));
            assert_eq!(data["address"], address);
            data.as_object_mut().unwrap().retain(|key, _| key == "connected" || key == "remote_addr");
        }
        assert_eq!(data, json!({"connected": true, "remote_addr": address}));
    }
}

#[test]
fn connections_over_tls_are_for_those_that_can_ask_for_it() {
    let server = Server::start(true, silent);
    let config = json!({"do": "tcp", "host": "localhost", "port": server.port(), "tls": true});
    for (guest, plugin) in guests() {
        let data = &check(plugin, network("localhost", server.port()), &config)["data"];
        assert_eq!(data["connected"], true, "{} {data}", guest.name);
        if guest.detailed {
            assert_eq!((&data["tls"], &data["tls_version"]), (&json!(true), &json!("TLS 1.3")));
            assert_eq!(data["tls_cipher_suite"], "TLS_AES_256_GCM_SHA384");
            assert_eq!(data["tls_server_name"], "localhost");
            assert_eq!(data["tls_cert_subject"], "CN=rcgen self signed cert");
            assert_eq!(data["tls_cert_not_after"], "4096-01-01T00:00:00Z");
        } else {
            assert_eq!(data.get("tls"), None);
        }
    }
}

#[test]
fn connections_that_fail_say_why() {
    let closed = ClosedPort::take().unwrap();
    let port = closed.port();
    for (guest, plugin) in guests() {
        for what in ["tcp", "smtp"] {
            let config = json!({"do": what, "host": "127.0.0.1", "port": port});
            let refused = format!(
                "network: network: dial tcp 127.0.0.1:{port}: connect: connection refused [CONNECTION_FAILED]"
            );
            let outcome = check(plugin, network("127.0.0.1", port), &config);
            assert_eq!(outcome, failure(refused), "{} {what}", guest.name);
            let denied = format!(
                "network: capability: network capability denied: 127.0.0.1:{port} [CONNECTION_FAILED]"
            );
            assert_eq!(check(plugin, Grants::default(), &config), failure(denied), "{} {what}", guest.name);
        }
    }
}

#[test]
fn a_silent_mail_server_takes_as_long_as_the_context_allows() {
    let server = Server::start(false, silent);
    let config = json!({"do": "smtp", "host": "127.0.0.1", "port": server.port(), "context_ms": 200});
    for (guest, plugin) in guests() {
        let outcome = check(plugin, network("127.0.0.1", server.port()), &config);
        let message = outcome["message"].as_str().unwrap();
        assert!(message.starts_with("network: timeout: "), "{} {message}", guest.name);
    }
}

#[test]
fn mail_servers_are_greeted_with_tls_and_without() {
    for tls in [false, true] {
        let server = Server::start(tls, smtp);
        let config = json!({"do": "smtp", "host": "localhost", "port": server.port(), "tls": tls});
        for (guest, plugin) in guests() {
            let outcome = check(plugin, network("localhost", server.port()), &config);
            assert_eq!(outcome["status"], "success", "{} {outcome}", guest.name);
            let data = &outcome["data"];
            assert_eq!(data["banner"], "220 mail.test ESMTP");
            assert_eq!(data["tls_version"], if tls { "TLS 1.3" } else { "" });
            let name = if tls { "localhost" } else { "" };
            assert_eq!(data.get("tls_server_name"), guest.detailed.then_some(&json!(name)));
        }
    }
}
