//! `http_request` against servers on this machine.

mod answers;
mod bodies;
mod failures;
mod redirects;
mod requests;
mod server;
mod time;
mod tls;

use std::sync::{Arc, LazyLock};

use reglet_bench_host::Host;
use reglet_sdk_core::base64;
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};

use server::Server;

static HOST: LazyLock<Host> = LazyLock::new(|| Host::builder().build().unwrap());

/// Allows these ports of 127.0.0.1.
fn grants(ports: &[u16]) -> Arc<Grants> {
    allow(&ports.iter().map(|port| ("127.0.0.1", *port)).collect::<Vec<_>>())
}

fn allow(targets: &[(&str, u16)]) -> Arc<Grants> {
    let with = |grants: Grants, (host, port): &(&str, u16)| grants.network(host, &port.to_string()).unwrap();
    Arc::new(targets.iter().fold(Grants::default(), with))
}

fn ask(grants: &Arc<Grants>, request: &Value) -> Value {
    ask_host(&HOST, grants, request)
}

fn ask_host(host: &Host, grants: &Arc<Grants>, request: &Value) -> Value {
    let answer = host.invoke(grants, "http_request", request.to_string().as_bytes());
    serde_json::from_slice(&answer).unwrap()
}

/// Asks with a grant for this server alone.
fn ask_server(server: &Server, request: &Value) -> Value {
    ask(&grants(&[server.port()]), request)
}

/// Gets a page of this server.
fn get(server: &Server, path: &str) -> Value {
    ask_server(server, &json!({"url": server.url(path)}))
}

/// Gets a page of a server that sends these bytes and closes.
fn get_raw(answer: impl Into<Vec<u8>>) -> Value {
    let answer = answer.into();
    get(&Server::start(move |_| answer.clone()), "/")
}

#[track_caller]
fn assert_status(answer: &Value, status: u16) {
    assert_eq!((&answer["status_code"], &answer["error"]), (&json!(status), &Value::Null), "{answer}");
}

#[track_caller]
fn assert_fails(answer: &Value, kind: &str, code: &str) {
    let error = &answer["error"];
    assert_eq!((error["type"].as_str(), error["code"].as_str()), (Some(kind), Some(code)), "{answer}");
}

#[track_caller]
fn assert_message(answer: &Value, message: &str) {
    assert_eq!(answer["error"]["message"], message);
}

fn body(answer: &Value) -> Vec<u8> {
    let mut bytes = answer["body"].as_str().unwrap_or_default().as_bytes().to_vec();
    let len = base64::decode(&mut bytes).unwrap();
    bytes.truncate(len);
    bytes
}

fn base64_of(bytes: &[u8]) -> String {
    reglet_sdk_core::text![base64::Base64::from(bytes)].to_string()
}
