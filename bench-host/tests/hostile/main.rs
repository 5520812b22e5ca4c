//! Plugins that break the rules: each gets an error that says what it did, and the host lives on.

mod answer;
mod instance;
mod load;
mod log;
mod outcome;
mod run;
mod soak;

use core::fmt::Write as _;
use core::time::Duration;
use std::sync::{Arc, Mutex};

use reglet_bench_host::{Builder, Error, Functions, Host, Status};
use reglet_sdk_core::grants::Grants;

/// Where the guests below keep their constant text.
const TEXT: u32 = 1024;

/// A well-behaved guest of generation A, in pieces to be replaced.
struct Guest {
    imports: &'static str,
    memory: &'static str,
    allocate: &'static str,
    deallocate: &'static str,
    describe: String,
    observe: String,
    more: &'static str,
    text: String,
}

fn good() -> Guest {
    let text = r#"{"status":"success","timestamp":"0001-01-01T00:00:00Z"}"#;
    Guest {
        imports: "",
        memory: r#"(memory (export "memory") 1)"#,
        allocate: "(global.get $free) (global.set $free (i32.add (global.get $free) (local.get $size)))",
        deallocate: r#"(func (export "deallocate") (param i32 i32))"#,
        describe: "(i64.const 0)".into(),
        observe: packed(TEXT, len(text)),
        more: "",
        text: text.into(),
    }
}

/// A guest whose check returns `text`.
fn says(text: &str) -> Guest {
    Guest { observe: packed(TEXT, len(text)), text: text.into(), ..good() }
}

/// A guest whose `describe` returns what the host function answers to `request`.
fn asks(import: &'static str, request: &str) -> Guest {
    asks_at(import, packed(TEXT, len(request)), request)
}

fn asks_at(import: &'static str, at: String, text: &str) -> Guest {
    Guest { imports: import, describe: format!("(call $ask {at})"), text: text.into(), ..good() }
}

const TCP: &str = r#"(import "reglet_host" "tcp_connect" (func $ask (param i64) (result i64)))"#;

impl Guest {
    fn module(&self) -> Vec<u8> {
        let Self { imports, memory, allocate, deallocate, describe, observe, more, text } = self;
        let mut data = String::new();
        for byte in text.bytes() {
            write!(data, "\\{byte:02x}").unwrap();
        }
        wat(&format!(
            r#"(module {imports} {memory} {deallocate} {more}
                (global $free (mut i32) (i32.const 32768))
                (func $allocate (export "allocate") (param $size i32) (result i32) {allocate})
                (func (export "describe") (result i64) {describe})
                (func (export "observe") (param $at i32) (param $len i32) (result i64) {observe})
                (data (i32.const {TEXT}) "{data}"))"#
        ))
    }
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap()
}

/// The constant that names `len` bytes at `address`.
fn packed(address: u32, len: u32) -> String {
    format!("(i64.const {})", (u64::from(address) << 32 | u64::from(len)).cast_signed())
}

fn len(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap()
}

/// Limits that hostile guests reach soon.
fn small() -> Builder {
    Host::builder().memory_limit(4 << 20).call_timeout(Duration::from_millis(300))
}

fn host() -> Host {
    Host::builder().build().unwrap()
}

/// A host, and the text of what it logs.
fn logging() -> (Host, Arc<Mutex<Vec<String>>>) {
    let records = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&records);
    let host = small().log(move |record| sink.lock().unwrap().push(record.to_string())).build().unwrap();
    (host, records)
}

/// The error of a check; the host runs a good plugin after it.
fn check_fails(host: &Host, guest: &Guest) -> Error {
    let result = host.load("bad", &guest.module()).unwrap().check(b"{}");
    still_works(host);
    result.unwrap_err()
}

/// The error of loading a module; the host runs a good plugin after it.
fn load_fails(module: &[u8]) -> String {
    let host = small().build().unwrap();
    let error = host.load("bad", module).unwrap_err();
    assert!(error.is_load(), "{error}");
    still_works(&host);
    error.to_string()
}

/// What the host function answers to a plugin that may connect to 127.0.0.1; the host runs a good plugin after it.
fn answer_to(guest: &Guest) -> String {
    let host = small().build().unwrap();
    let grants = Grants::default().network("127.0.0.1", "*").unwrap();
    let answer = host.load("bad", &guest.module()).unwrap().granted(grants).describe();
    still_works(&host);
    answer.unwrap()
}

fn still_works(host: &Host) {
    let outcome = host.load("good", &good().module()).unwrap().check(b"{}").unwrap();
    assert_eq!(outcome.status(), Status::Success);
}

#[track_caller]
fn assert_has(text: impl ToString, parts: &[&str]) {
    let text = text.to_string();
    for part in parts {
        assert!(text.contains(part), "no {part:?} in {text:?}");
    }
}
