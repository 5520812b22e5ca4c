//! The configuration's schema, beside what schemars makes of the same type.

#[macro_use]
#[path = "../../../sdk-core/tests/reference/mod.rs"]
mod reference;

use reference::reference;
use schemars::JsonSchema;
use serde::Deserialize;
use tls_check::Config;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only its schema is looked at")]
struct Declared {
    /// Host name or IP address of the server.
    #[schemars(length(min = 1, max = 253))]
    hostname: String,
    /// TCP port of the server.
    #[schemars(range(min = 1, max = 65535))]
    #[serde(default = "port")]
    port: u16,
    /// Days for which the certificate must at least be valid.
    #[schemars(range(min = 0))]
    #[serde(default = "min_days")]
    min_days: i64,
    /// Time limit for the connection and the handshake, in milliseconds.
    #[schemars(range(min = 1))]
    timeout_ms: Option<u32>,
}

fn port() -> u16 {
    443
}

fn min_days() -> i64 {
    30
}

#[test]
fn it_is_what_schemars_makes() {
    let schema: serde_json::Value = serde_json::from_str(schema!(Config<'static>)).unwrap();
    assert_eq!(schema, reference::<Declared>());
}
