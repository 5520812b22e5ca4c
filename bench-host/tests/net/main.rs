//! The functions that connect and look names up, called as plugins call them, against servers on this machine.

mod bypass;
mod cancel;
mod denials;
mod dns;
mod nameserver;
mod smtp;
mod ssrf;
mod tcp;

use core::net::Ipv6Addr;
use core::time::Duration;
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, mpsc};
use std::thread;

use reglet_bench_host::Host;
use reglet_sdk_core::grants::Grants;
use serde_json::Value;
use tempfile::TempDir;

use self::nameserver::NameServer;

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(10);

/// Has a request answered.
fn invoke(host: &Host, grants: &Arc<Grants>, function: &str, request: &Value) -> Value {
    let answer = host.invoke(grants, function, request.to_string().as_bytes());
    serde_json::from_slice(&answer).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&answer)))
}

/// A host as it is without settings.
fn host() -> &'static Host {
    static HOST: LazyLock<Host> = LazyLock::new(|| Host::builder().build().unwrap());
    &HOST
}

/// A host that looks names up at this server.
fn asking(server: &NameServer) -> Host {
    Host::builder().nameserver(server.address()).build().unwrap()
}

/// A host that trusts this CA too.
fn trusting(ca_pem: &str) -> Host {
    let (_folder, path) = file("ca.pem", ca_pem);
    Host::builder().ca_file(path).build().unwrap()
}

fn file(name: &str, content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    (folder, path)
}

/// All ports of these hosts.
fn granted(hosts: &[&str]) -> Arc<Grants> {
    let all = |grants: Grants, host: &&str| grants.network(host, "*").unwrap();
    Arc::new(hosts.iter().fold(Grants::default(), all))
}

/// This machine, by all its names.
fn loopback() -> Arc<Grants> {
    granted(&["127.0.0.1", "::1", "localhost"])
}

/// A listener on ::1, where there is one.
fn bind_ipv6() -> Option<TcpListener> {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0))
        .inspect_err(|error| eprintln!("IPv6 is not tested: can't bind ::1: {error}"))
        .ok()
}

/// Checks the error of an answer: type, code, and a part of the message, which it returns.
#[track_caller]
fn assert_error<'a>(answer: &'a Value, kind: &str, code: &str, text: &str) -> &'a str {
    let error = &answer["error"];
    let message = error["message"].as_str().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!((&error["type"], &error["code"]), (&kind.into(), &code.into()), "{answer}");
    assert!(message.contains(text), "{answer}");
    message
}

/// Checks that no connection waits to be accepted. One that was made is there when the client has its answer.
#[track_caller]
fn assert_nobody_came(listener: &TcpListener) {
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

/// Waits until the other side has closed, and returns what it sent before.
fn read_to_end(mut stream: &TcpStream) -> Vec<u8> {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut sent = Vec::new();
    stream.read_to_end(&mut sent).expect("the connection is closed in time");
    sent
}

/// Gives a work to a thread, and the result once it is there.
fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> impl FnOnce() -> T {
    let (sender, result) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    move || result.recv_timeout(PATIENCE).expect("the server is done in time")
}
