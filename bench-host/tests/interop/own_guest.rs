//! Our own plugin in this host, on each layer of the SDK: every function for real, against servers on this machine.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use reglet_bench_host::guests::{Crate, Profile, Target};
use reglet_bench_host::loopback::ClosedPort;
use reglet_bench_host::{Plugin, Source};
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};

use crate::servers::{Server, http, names, silent, smtp};
use crate::wazero::functions::facades;
use crate::{HOST, logged, network};

pub(crate) static TLS_CHECK: LazyLock<Vec<u8>> = LazyLock::new(|| module("tls-check", Target::Unknown));

pub(crate) static REACTOR: LazyLock<Plugin> = LazyLock::new(|| load("reactor", Target::Wasip1));

/// The plugin on the core layer, and its twin on the std layer, for each target.
pub(crate) static PLUGINS: LazyLock<[Plugin; 3]> = LazyLock::new(|| on_layers("functions", "wrappers"));

/// Those that panic.
pub(crate) static PANICS: LazyLock<[Plugin; 3]> = LazyLock::new(|| on_layers("panics", "std-panics"));

/// When the certificate of the servers ends: 4096-01-01T00:00:00Z.
const NOT_AFTER: u64 = 67_090_118_400;

fn module(name: &str, target: Target) -> Vec<u8> {
    Crate::find(name).unwrap().with_target(target).build(Profile::Small, &()).unwrap().module.bytes
}

fn load(name: &str, target: Target) -> Plugin {
    HOST.load(name, &module(name, target)).unwrap()
}

fn on_layers(core: &str, std: &str) -> [Plugin; 3] {
    [load(core, Target::Unknown), load(std, Target::Unknown), load(std, Target::Wasip1)]
}

/// The data of a check that succeeds.
#[track_caller]
fn data(plugin: &Plugin, grants: Grants, config: &Value) -> Value {
    let mut outcome = crate::check(plugin, grants, config);
    assert_eq!(outcome["status"], "success", "{config}: {outcome}");
    outcome["data"].take()
}

/// Type, code and message of the error.
#[track_caller]
fn error(plugin: &Plugin, grants: Grants, config: &Value) -> (String, String, String) {
    let outcome = crate::check(plugin, grants, config);
    assert_eq!(outcome["status"], "error", "{config}: {outcome}");
    let text = |key: &str| outcome["error"][key].as_str().unwrap().to_owned();
    (text("type"), text("code"), text("message"))
}

/// Takes out what is never the same, and must be something.
fn took_time(data: &mut Value, key: &str) {
    assert!(data.as_object_mut().unwrap().remove(key).unwrap().as_u64().unwrap() >= 1);
}

#[test]
fn names_are_looked_up() {
    for plugin in &*PLUGINS {
        let server = names();
        let grants =
            || network("probe.test", 53).network("127.0.0.1", &server.address().port().to_string()).unwrap();
        for (record_type, records, exchangers) in [
            ("A", &["192.0.2.1"][..], &[][..]),
            ("AAAA", &["2001:db8::1"], &[]),
            ("MX", &[], &["10 mail.probe.test."]),
            ("TXT", &["hello there"], &[]),
            ("NS", &["ns.probe.test."], &[]),
        ] {
            let config = json!({
                "call": "dns_lookup", "target": "probe.test", "record_type": record_type,
                "nameserver": server.address().to_string()
            });
            assert_eq!(
                data(plugin, grants(), &config),
                json!({"records": records, "mx_records": exchangers}),
                "{record_type}"
            );
        }
    }
}

#[test]
fn http_requests_are_answered_with_headers_and_bodies() {
    for plugin in &*PLUGINS {
        for tls in [false, true] {
            let server = Server::start(tls, http);
            let scheme = if tls { "https" } else { "http" };
            let config = json!({
                "call": "http_request", "target": format!("{scheme}://localhost:{}/", server.port()),
                "method": "PUT", "body": "é\0", "headers": ["X-A", "1, 2", "X-B", "\"3\""], "timeout_ms": 20_000
            });
            for either in [false, true] {
                let mut config = config.clone();
                config["either"] = json!(either);
                let data = data(plugin, network("localhost", server.port()), &config);
                assert_eq!(
                    (&data["status_code"], &data["proto"]),
                    (&json!(200), &json!("HTTP/1.1")),
                    "{data}"
                );
                assert_eq!((&data["body"], &data["body_length"]), (&json!("PUT é\0"), &json!(7)));
                assert!(data["headers"].as_array().unwrap().contains(&json!("X-Seen: 1, 2")), "{data}");
            }
        }
    }
}

#[test]
fn connections_report_both_ends() {
    for plugin in &*PLUGINS {
        let server = Server::start(false, silent);
        let address = server.address.to_string();
        let config = json!({"call": "tcp_connect", "target": "127.0.0.1", "port": server.port()});
        let mut data = data(plugin, network("127.0.0.1", server.port()), &config);
        took_time(&mut data, "response_time_ms");
        let local = data.as_object_mut().unwrap().remove("local_addr").unwrap();
        assert!(local.as_str().unwrap().starts_with("127.0.0.1:"), "{local}");
        let expected = json!({
            "tls": false, "address": address, "remote_addr": address, "tls_version": "", "tls_cipher_suite": "",
            "tls_server_name": "", "tls_cert_subject": "", "tls_cert_issuer": "", "not_after": null
        });
        assert_eq!(data, expected);
    }
}

#[test]
fn connections_over_tls_report_the_certificate() {
    for plugin in &*PLUGINS {
        let server = Server::start(true, silent);
        let config =
            json!({"call": "tcp_connect", "target": "localhost", "port": server.port(), "tls": true});
        let mut data = data(plugin, network("localhost", server.port()), &config);
        took_time(&mut data, "response_time_ms");
        data.as_object_mut().unwrap().retain(|key, _| !key.ends_with("addr"));
        let expected = json!({
            "tls": true, "address": format!("localhost:{}", server.port()), "tls_version": "TLS 1.3",
            "tls_cipher_suite": "TLS_AES_256_GCM_SHA384", "tls_server_name": "localhost",
            "tls_cert_subject": "CN=rcgen self signed cert", "tls_cert_issuer": "CN=rcgen self signed cert",
            "not_after": NOT_AFTER
        });
        assert_eq!(data, expected);
    }
}

#[test]
fn mail_servers_are_greeted_plain_over_tls_and_after_starttls() {
    for plugin in &*PLUGINS {
        for (server, how) in [
            (Server::start(false, smtp), json!({})),
            (Server::start(true, smtp), json!({"tls": true})),
            (Server::start_mail(), json!({"starttls": true})),
        ] {
            let mut config = json!({"call": "smtp_connect", "target": "localhost", "port": server.port()});
            config.as_object_mut().unwrap().extend(how.as_object().unwrap().clone());
            let mut data = data(plugin, network("localhost", server.port()), &config);
            took_time(&mut data, "response_time_ms");
            let secure = how != json!({});
            let of_tls = |text: &str| if secure { text.to_owned() } else { String::new() };
            let expected = json!({
                "banner": "220 mail.test ESMTP", "tls": secure, "address": format!("localhost:{}", server.port()),
                "tls_version": of_tls("TLS 1.3"), "tls_cipher_suite": of_tls("TLS_AES_256_GCM_SHA384"),
                "tls_server_name": of_tls("localhost")
            });
            assert_eq!(data, expected, "{how}");
        }
    }
}

#[test]
fn commands_show_what_they_printed() {
    for plugin in &*PLUGINS {
        let config = json!({
            "call": "exec_command", "target": "sh", "env": ["A=1"], "dir": "/",
            "args": ["-c", r"printf 'a\377'; echo $A >&2; pwd; exit 3"]
        });
        let mut data = data(plugin, Grants::default().exec("sh").unwrap(), &config);
        took_time(&mut data, "duration_ms");
        let expected = json!({
            "stdout": "a\u{fffd}/\n", "stdout_length": 6, "stdout_truncated": false, "stderr": "1\n",
            "stderr_truncated": false, "exit_code": 3, "is_timeout": false
        });
        assert_eq!(data, expected);
    }
}

#[test]
fn a_command_ends_with_the_time_of_its_request() {
    for plugin in &*PLUGINS {
        for limit in ["timeout_ms", "context_timeout_ms"] {
            let config = json!({"call": "exec_command", "target": "sh", "args": ["-c", "echo before; sleep 100"], limit: 300});
            let data = data(plugin, Grants::default().exec("sh").unwrap(), &config);
            assert_eq!(
                (&data["stdout"], &data["exit_code"], &data["is_timeout"]),
                (&json!("before\n"), &json!(-1), &json!(true)),
                "{limit}"
            );
        }
    }
}

#[test]
fn addresses_are_judged_without_a_grant() {
    for plugin in &*PLUGINS {
        let judge = |address: &str| {
            data(plugin, Grants::default(), &json!({"call": "ssrf_check", "target": address}))
        };
        let loopback = judge("127.0.0.1:80");
        assert_eq!(
            (&loopback["allowed"], &loopback["reason"]),
            (&json!(false), &json!("localhost/loopback addresses blocked"))
        );
        let public = json!({"allowed": true, "reason": "", "resolved_ip": "93.184.215.14"});
        assert_eq!(judge("93.184.215.14:443"), public);
    }
}

#[test]
fn functions_of_the_hosts_own_are_asked_like_the_others() {
    for plugin in &*PLUGINS {
        let config = json!({"call": "packages", "target": "apt", "args": ["a\"b", "<c>"]});
        let expected = json!({
            "complete": true, "installed": 0, "drift": 0, "names": ["a\"b", "<c>"],
            "newest": {"name": "apt", "limit": u32::MAX}, "source": ""
        });
        assert_eq!(data(plugin, Grants::default(), &config), expected);
    }
}

#[test]
fn records_of_each_level_keep_their_attributes() {
    for plugin in &*PLUGINS {
        logged();
        crate::check(plugin, Grants::default(), &json!({"call": "log_message", "target": "<é>"}));
        let lines = logged();
        assert!(lines.iter().all(|line| line.source == Source::Plugin));
        let lines: Vec<_> = lines.into_iter().map(|line| (line.text, line.attrs.join(" "))).collect();
        let expected = [
            ("DEBUG debug", "negative=-1 whole=18446744073709551615 half=1.500000 yes=true"),
            ("INFO info", "name=<é> took=1.5s"),
            ("WARN warn <é>", ""),
            ("ERROR error", "error=network: no answer"),
        ];
        assert_eq!(lines, expected.map(|(text, attrs)| (text.to_owned(), attrs.to_owned())));
    }
}

#[test]
fn records_of_the_facades_keep_their_attributes() {
    logged();
    crate::check(&PLUGINS[1], Grants::default(), &json!({"call": "facades", "target": ""}));
    let lines = logged().into_iter().map(|line| (line.text, line.attrs));
    let expected = facades().map(|(level, message, attrs)| {
        let attrs = attrs.into_iter().map(|[key, _, value]| format!("{key}={value}"));
        (format!("{level} {message}"), attrs.collect())
    });
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_not_granted_is_denied_in_each_function() {
    for plugin in &*PLUGINS {
        for (config, denied) in [
            (
                json!({"call": "dns_lookup", "target": "probe.test"}),
                "network capability denied: probe.test:53",
            ),
            (
                json!({"call": "http_request", "target": "http://127.0.0.1:1/"}),
                "network capability denied: 127.0.0.1:1",
            ),
            (
                json!({"call": "tcp_connect", "target": "127.0.0.1", "port": 1}),
                "network capability denied: 127.0.0.1:1",
            ),
            (
                json!({"call": "smtp_connect", "target": "127.0.0.1", "port": 1}),
                "network capability denied: 127.0.0.1:1",
            ),
            (json!({"call": "exec_command", "target": "ls"}), "exec capability denied: ls"),
        ] {
            let expected = ("capability", "CAPABILITY_DENIED", denied);
            let (kind, code, message) = error(plugin, Grants::default(), &config);
            assert_eq!((&*kind, &*code, &*message), expected, "{config}");
        }
    }
}

#[test]
fn what_fails_says_why() {
    for plugin in &*PLUGINS {
        let closed = ClosedPort::take().unwrap();
        let port = closed.port();
        let refused = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
        let url = format!("http://127.0.0.1:{port}/");
        for (config, expected) in [
            (json!({"call": "tcp_connect", "target": "127.0.0.1", "port": port}), refused.clone()),
            (json!({"call": "smtp_connect", "target": "127.0.0.1", "port": port}), refused.clone()),
            (json!({"call": "http_request", "target": url}), format!("Get \"{url}\": {refused}")),
        ] {
            let (kind, code, message) = error(plugin, network("127.0.0.1", port), &config);
            assert_eq!((&*kind, &*code, message), ("network", "CONNECTION_REFUSED", expected), "{config}");
        }
    }
}

#[test]
fn the_clock_keeps_time() {
    let server = Server::start(true, silent);
    let plugin = HOST.load("tls-check", &TLS_CHECK).unwrap();
    let config = json!({"hostname": "localhost", "port": server.port()});
    let outcome = crate::check(&plugin, network("localhost", server.port()), &config);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(outcome["data"]["days_remaining"], (NOT_AFTER - now) / 86_400, "{outcome}");
}
