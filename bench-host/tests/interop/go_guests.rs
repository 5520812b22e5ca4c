//! Plugins in Go, one of each generation (`go/guests`), in the hands of this host. All of them do what their
//! configuration says, so that what differs is how their generation asks, and what it shows of an answer.

mod entry;
mod network;
mod system;

use std::sync::LazyLock;

use reglet_bench_host::Plugin;
use serde_json::{Value, json};

use crate::{HOST, go_build};

/// A plugin in Go.
pub(crate) struct Guest {
    pub(crate) name: &'static str,
    /// Whether its generation shows what it is told about TLS and protocols, and asks for TLS.
    pub(crate) detailed: bool,
    /// Nothing if there is no Go.
    plugin: LazyLock<Option<Plugin>>,
}

static GUESTS: [Guest; 3] = [
    Guest { name: "a", detailed: false, plugin: LazyLock::new(|| load("a")) },
    Guest { name: "aprime", detailed: false, plugin: LazyLock::new(|| load("aprime")) },
    Guest { name: "b", detailed: true, plugin: LazyLock::new(|| load("b")) },
];

fn load(name: &str) -> Option<Plugin> {
    let module = go_build(
        &format!("./guests/{name}"),
        &format!("go-guest-{name}.wasm"),
        &["-buildmode=c-shared", "-ldflags=-s -w"],
        &[("GOOS", "wasip1"), ("GOARCH", "wasm")],
    )?;
    Some(HOST.load(name, &std::fs::read(module).unwrap()).unwrap())
}

/// The plugins that can be tested here.
pub(crate) fn guests() -> impl Iterator<Item = (&'static Guest, &'static Plugin)> {
    GUESTS.iter().filter_map(|guest| Some((guest, guest.plugin.as_ref()?)))
}

/// What a check shows that got an error instead of an answer.
fn failure(message: impl AsRef<str>) -> Value {
    json!({"status": "failure", "message": message.as_ref()})
}
