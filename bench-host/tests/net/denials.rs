//! Whoever runs a plugin learns what it was denied.

use std::sync::{Arc, Mutex};

use reglet_bench_host::{Builder, Functions, Host, Level, Source};
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};

use crate::nameserver::NameServer;
use crate::{assert_error, granted, invoke};

/// What was logged.
type Log = Arc<Mutex<Vec<String>>>;

#[test]
fn each_denial_is_logged_once() {
    let server = NameServer::with_address([127, 0, 0, 1]);
    let (builder, log) = logging();
    let host = builder.nameserver(server.address()).build().unwrap();
    let (nothing, name) = (Arc::default(), granted(&["www.example.test"]));
    let peer = json!({"host": "www.example.test", "port": 25});
    let page = json!({"url": "http://www.example.test:25/"});
    let lookup = |nameserver: &str| json!({"hostname": "www.example.test", "nameserver": nameserver});
    let denied = |what: &str| format!("network capability denied: {what}");
    let blocked = "address 127.0.0.1 of www.example.test is loopback";
    for (grants, function, request, code, expected) in [
        (&nothing, "tcp_connect", &peer, "CAPABILITY_DENIED", denied("www.example.test:25")),
        (&nothing, "smtp_connect", &peer, "CAPABILITY_DENIED", denied("www.example.test:25")),
        (&nothing, "http_request", &page, "CAPABILITY_DENIED", denied("www.example.test:25")),
        (&nothing, "dns_lookup", &lookup(""), "CAPABILITY_DENIED", denied("www.example.test:53")),
        (&name, "dns_lookup", &lookup("192.0.2.1"), "CAPABILITY_DENIED", denied("192.0.2.1:53")),
        (&name, "tcp_connect", &peer, "SSRF_BLOCKED", blocked.into()),
        (&name, "smtp_connect", &peer, "SSRF_BLOCKED", blocked.into()),
        (&name, "http_request", &page, "SSRF_BLOCKED", blocked.into()),
    ] {
        assert_error(&invoke(&host, grants, function, request), "capability", code, &expected);
        let logged = core::mem::take(&mut *log.lock().unwrap());
        assert!(logged.len() == 1 && logged[0].starts_with(&expected), "{function}: {logged:?}");
    }
}

#[test]
fn a_function_of_the_embedder_denies_like_any_other() {
    let (builder, log) = logging();
    let functions = Functions::none()
        .with("peek", |call, name: String| call.grants().check_network(&name, 80).map(|()| Value::Null));
    let host = builder.functions(functions).build().unwrap();
    invoke(&host, &Arc::default(), "peek", &json!("a.test"));
    assert_eq!(*log.lock().unwrap(), ["network capability denied: a.test:80"]);
}

#[test]
fn what_is_no_denial_is_not_logged() {
    let (builder, log) = logging();
    let host = builder.build().unwrap();
    for request in [json!({"host": "nosuch.invalid", "port": 1}), json!({"host": "nosuch.invalid"})] {
        let answer = invoke(&host, &granted(&["nosuch.invalid"]), "tcp_connect", &request);
        assert!(answer["error"].is_object(), "{answer}");
    }
    assert!(log.lock().unwrap().is_empty());
}

#[test]
fn denials_are_not_logged_without_end() {
    let (builder, log) = logging();
    let functions = Functions::network().with_bytes("scan", |call, request| {
        (0..30).for_each(|_| drop(call.invoke("tcp_connect", request)));
        Ok(b"null".to_vec())
    });
    let host = builder.functions(functions).build().unwrap();
    for _ in 0..2 {
        invoke(&host, &Arc::new(Grants::default()), "scan", &json!({"host": "a.test", "port": 80}));
        let logged = core::mem::take(&mut *log.lock().unwrap());
        assert_eq!(logged, vec!["network capability denied: a.test:80"; 16]);
    }
}

/// A host that keeps what it logs, which is nothing but its own warnings.
fn logging() -> (Builder, Log) {
    let log = Log::default();
    let sink = Arc::clone(&log);
    let builder = Host::builder().log(move |record| {
        assert_eq!((record.source, record.level), (Source::Host, Level::Warn));
        sink.lock().unwrap().push(record.message.to_string());
    });
    (builder, log)
}
