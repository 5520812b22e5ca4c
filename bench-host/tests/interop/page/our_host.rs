//! Plugins in our host, against servers on this machine.

use std::time::{SystemTime, UNIX_EPOCH};

use reglet_bench_host::Plugin;
use reglet_bench_host::loopback::{ClosedPort, NameServer};
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Cell, Column};
use crate::go_guests::{Guest, guests};
use crate::own_guest::{PANICS, PLUGINS, REACTOR, TLS_CHECK};
use crate::servers::{Server, http, names, silent, smtp};
use crate::{HOST, logged, outcome};

/// A variable that cargo sets.
const VARIABLE: &str = "CARGO_PKG_NAME";

const NO_TLS_IN_GO: &str =
    "The Go SDK of generations A and A′ can't ask for TLS; the connection is made without.";
pub(super) const ONLY_WASI: &str = "With the standard library in a plugin that is built for `wasm32-wasip1`. The SDK itself has \
    nothing for files and environment.";

/// What plugins ask for, and what may be had.
struct World {
    dns: NameServer,
    http: Server,
    tcp: Server,
    tls: Server,
    smtp: Server,
    starttls: Server,
    closed: ClosedPort,
    files: TempDir,
}

impl World {
    fn new() -> Self {
        let files = tempfile::tempdir().unwrap();
        std::fs::write(files.path().join("file"), "content").unwrap();
        Self {
            dns: names(),
            http: Server::start(false, http),
            tcp: Server::start(false, silent),
            tls: Server::start(true, silent),
            smtp: Server::start(false, smtp),
            starttls: Server::start_mail(),
            closed: ClosedPort::take().unwrap(),
            files,
        }
    }

    /// The outcome of a check that may do anything here, also of one that panics.
    fn check(&self, plugin: &Plugin, config: &Value) -> Value {
        let grants =
            Grants::default().network("probe.test", "53").unwrap().network("localhost", "*").unwrap();
        let grants = grants.network("127.0.0.1", "*").unwrap().exec("sh").unwrap().env(VARIABLE).unwrap();
        let files = self.files.path().canonicalize().unwrap();
        let grants = grants.read(&format!("{}/*", files.display())).unwrap();
        match plugin.granted(grants).check(config.to_string().as_bytes()) {
            Ok(checked) => outcome(checked.json()),
            Err(error) => outcome(error.to_outcome().json()),
        }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.http.port())
    }

    fn refused(&self) -> String {
        format!("dial tcp 127.0.0.1:{}: connect: connection refused", self.closed.port())
    }
}

pub(super) fn columns() -> Vec<Column> {
    let world = World::new();
    let go = guests().map(|(guest, plugin)| go(&world, guest, plugin));
    go.chain([ours(&world)]).collect()
}

fn go(world: &World, guest: &Guest, plugin: &Plugin) -> Column {
    let ask = |config: Value, data: Value| {
        Cell::of(&world.check(plugin, &config), &json!({"status": "success", "data": data}))
    };
    let connect = |what: &str, server: &Server, data: Value| {
        ask(json!({"do": what, "host": "localhost", "port": server.port(), "tls": true}), data)
    };
    let plain = |what: &str, server: &Server, data: Value| {
        ask(json!({"do": what, "host": "127.0.0.1", "port": server.port()}), data)
    };
    let file = world.files.path().canonicalize().unwrap().join("file");
    Column {
        title: match guest.name {
            "a" => "Go A in ours",
            "aprime" => "Go A′ in ours",
            _ => "Go B in ours",
        },
        cells: [
            ask(
                json!({"do": "dns", "host": "probe.test", "type": "A", "nameserver": world.dns.address().to_string()}),
                json!({"records": ["192.0.2.1"]}),
            ),
            ask(
                json!({"do": "http", "url": world.url(), "method": "POST", "body": "x"}),
                json!({"status_code": 200, "body": "POST x"}),
            ),
            ask(
                json!({"do": "http", "url": world.url(), "method": "GET", "headers": {"X-A": "1"}}),
                json!({"headers": {"X-Seen": ["1"]}}),
            ),
            plain("tcp", &world.tcp, json!({"connected": true})),
            if guest.detailed {
                connect("tcp", &world.tls, json!({"connected": true, "tls": true, "tls_version": "TLS 1.3"}))
            } else {
                connect("tcp", &world.tls, json!({"connected": true})).but(NO_TLS_IN_GO)
            },
            plain("smtp", &world.smtp, json!({"banner": "220 mail.test ESMTP"})),
            ask(
                json!({"do": "smtp", "host": "localhost", "port": world.starttls.port(), "starttls": true}),
                json!({"banner": "220 mail.test ESMTP", "tls_version": "TLS 1.3"}),
            ),
            ask(
                json!({"do": "exec", "command": "sh", "args": ["-c", "echo out; exit 3"]}),
                json!({"stdout": "out\n", "exit_code": 3}),
            ),
            {
                logged();
                world.check(plugin, &json!({"do": "log"}));
                logs(&["WARN all kinds", "INFO with", "ERROR custom level"])
            },
            ask(json!({"do": "ssrf", "host": "127.0.0.1:80"}), json!({"verdict": {"allowed": false}})),
            ask(json!({"do": "custom", "name": "you"}), json!({"greeting": {"hello": "you"}})),
            Cell::of(
                &world.check(plugin, &json!({"do": "tcp", "host": "127.0.0.1", "port": world.closed.port()})),
                &json!({
                    "status": "failure",
                    "message": format!("network: network: {} [CONNECTION_FAILED]", world.refused())
                }),
            ),
            Cell::of(
                &world.check(plugin, &json!({"do": "panic"})),
                &json!({"status": "error", "error": {"type": "panic", "message": "plugin panic: boom <x>"}}),
            ),
            keeps_time(&world.check(plugin, &json!({"do": "time"}))["data"]["unix"]),
            ask(json!({"do": "files", "path": file}), json!({"content": "content"})),
            ask(json!({"do": "env", "name": VARIABLE}), json!({"value": env!("CARGO_PKG_NAME")})),
        ],
    }
}

fn ours(world: &World) -> Column {
    let on_all = |config: Value, expected: Value| {
        Cell::common(PLUGINS.iter().map(|plugin| Cell::of(&world.check(plugin, &config), &expected)))
    };
    let ask = |config: Value, data: Value| on_all(config, json!({"status": "success", "data": data}));
    let file = world.files.path().canonicalize().unwrap().join("file");
    let found = || {
        let outcome = world.check(&REACTOR, &json!({"file": file, "variable": VARIABLE}));
        outcome["data"].clone()
    };
    let tls_check = HOST.load("tls-check", &TLS_CHECK).unwrap();
    Column {
        title: "Rust in ours",
        cells: [
            ask(
                json!({"call": "dns_lookup", "target": "probe.test", "nameserver": world.dns.address().to_string()}),
                json!({"records": ["192.0.2.1"]}),
            ),
            ask(
                json!({"call": "http_request", "target": world.url(), "method": "POST", "body": "x"}),
                json!({"status_code": 200, "body": "POST x"}),
            ),
            ask(
                json!({"call": "http_request", "target": world.url(), "headers": ["X-A", "1"]}),
                json!({"headers": ["X-Seen: 1"]}),
            ),
            ask(
                json!({"call": "tcp_connect", "target": "127.0.0.1", "port": world.tcp.port()}),
                json!({"tls": false, "remote_addr": world.tcp.address.to_string()}),
            ),
            ask(
                json!({"call": "tcp_connect", "target": "localhost", "port": world.tls.port(), "tls": true}),
                json!({"tls": true, "tls_version": "TLS 1.3"}),
            ),
            ask(
                json!({"call": "smtp_connect", "target": "127.0.0.1", "port": world.smtp.port()}),
                json!({"banner": "220 mail.test ESMTP", "tls": false}),
            ),
            ask(
                json!({
                    "call": "smtp_connect", "target": "localhost", "port": world.starttls.port(), "starttls": true
                }),
                json!({"banner": "220 mail.test ESMTP", "tls_version": "TLS 1.3"}),
            ),
            ask(
                json!({"call": "exec_command", "target": "sh", "args": ["-c", "echo out; exit 3"]}),
                json!({"stdout": "out\n", "exit_code": 3}),
            ),
            {
                logged();
                Cell::common(PLUGINS.iter().map(|plugin| {
                    world.check(plugin, &json!({"call": "log_message", "target": "x"}));
                    logs(&["DEBUG debug", "INFO info", "WARN warn x", "ERROR error"])
                }))
            },
            ask(json!({"call": "ssrf_check", "target": "127.0.0.1:80"}), json!({"allowed": false})),
            ask(
                json!({"call": "packages", "target": "apt", "args": ["a"]}),
                json!({"names": ["a"], "newest": {"name": "apt"}}),
            ),
            on_all(
                json!({"call": "tcp_connect", "target": "127.0.0.1", "port": world.closed.port()}),
                json!({"error": {
                    "type": "network", "code": "CONNECTION_REFUSED", "message": world.refused()
                }}),
            ),
            Cell::common(PANICS.iter().map(|plugin| {
                let outcome = world.check(plugin, &json!({"what": "format", "index": 7}));
                let said = outcome["error"]["message"].to_string().contains("plugin panic: 7 of ");
                Cell::of(&json!([outcome, said]), &json!([{"error": {"type": "panic"}}, true]))
            })),
            Cell::common([
                Cell::of(
                    &world.check(&tls_check, &json!({"hostname": "localhost", "port": world.tls.port()})),
                    &json!({"status": "success", "data": {"not_after": "4096-01-01T00:00:00Z"}}),
                ),
                keeps_time(&found()["now"]),
            ]),
            Cell::of(&found()["file"], &json!("content")).only(ONLY_WASI),
            Cell::of(&found()["variable"], &json!(env!("CARGO_PKG_NAME"))).only(ONLY_WASI),
        ],
    }
}

/// What was logged last.
fn logs(expected: &[&str]) -> Cell {
    let texts: Vec<_> = logged().into_iter().map(|line| line.text).collect();
    if texts.ends_with(&expected.iter().map(ToString::to_string).collect::<Vec<_>>()) {
        Cell::Works
    } else {
        Cell::Fails(texts.join("\n"))
    }
}

pub(super) fn keeps_time(seconds: &Value) -> Cell {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let right = seconds.as_u64().is_some_and(|seconds| (now - 60..=now).contains(&seconds));
    if right { Cell::Works } else { Cell::Fails(format!("it is {now}, not {seconds}")) }
}
