//! Checks that are cancelled while a host function waits for somebody who says nothing.

use std::net::TcpListener;
use std::thread;

use reglet_bench_host::{Error, Host, Instance};
use serde_json::{Value, json};

use crate::nameserver::NameServer;
use crate::{PATIENCE, granted, read_to_end};

/// Starts a check that asks `function` for what its configuration says.
fn instance(function: &str) -> Instance {
    let module = wat::parse_str(format!(
        r#"(module
            (import "reglet_host" "{function}" (func $ask (param i64) (result i64)))
            (memory (export "memory") 1)
            (global $free (mut i32) (i32.const 1024))
            (func (export "allocate") (param $size i32) (result i32)
                (global.get $free)
                (global.set $free (i32.add (global.get $free) (local.get $size))))
            (func (export "deallocate") (param i32 i32))
            (func (export "describe") (result i64) (i64.const 0))
            (func (export "schema") (result i64) (i64.const 0))
            (func (export "observe") (param $at i32) (param $len i32) (result i64)
                (call $ask (i64.or
                    (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
                    (i64.extend_i32_u (local.get $len))))))"#
    ));
    let plugin = Host::builder().build().unwrap().load("asks", &module.unwrap()).unwrap();
    plugin.granted(granted(&["127.0.0.1", "www.example.test"])).instance().unwrap()
}

/// Cancels the check as soon as `reached` returns.
fn cancel_when(function: &str, request: &Value, reached: impl FnOnce()) {
    let mut instance = instance(function);
    let (cancel, request) = (instance.cancel(), request.to_string());
    let check = thread::spawn(move || instance.observe(request.as_bytes()));
    reached();
    cancel.cancel();
    assert!(matches!(check.join().unwrap(), Err(Error::Cancelled { .. })));
}

#[test]
fn a_cancelled_check_closes_its_connection() {
    for function in ["tcp_connect", "smtp_connect"] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let request = json!({
            "host": "127.0.0.1",
            "port": listener.local_addr().unwrap().port(),
            "tls": true,
            "timeout_ms": 60_000,
        });
        let mut accepted = None;
        cancel_when(function, &request, || accepted = Some(listener.accept().unwrap().0));
        read_to_end(&accepted.unwrap());
    }
}

#[test]
fn a_cancelled_check_ends_its_lookup() {
    let server = NameServer::start(|question| {
        let mut truncated = question.found([]);
        truncated.metadata.truncation = true;
        if question.over_tcp { Vec::new() } else { vec![truncated] }
    });
    let nameserver = server.address().to_string();
    let request = json!({"hostname": "www.example.test", "nameserver": nameserver, "timeout_ms": 60_000});
    // Both families over UDP, then over the connection that stays silent.
    cancel_when("dns_lookup", &request, || server.wait_for_questions(3));
    server.closed().recv_timeout(PATIENCE).expect("the connection is closed");
}
