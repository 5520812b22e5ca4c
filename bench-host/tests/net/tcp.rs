//! `tcp_connect`.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use hickory_resolver::proto::rr::RecordType;
use reglet_bench_host::Host;
use reglet_bench_host::loopback::{ClosedPort, LoopbackTls, Options};
use reglet_sdk_core::Timestamp;
use reglet_sdk_core::grants::Grants;
use rustls::version::{TLS12, TLS13};
use serde_json::{Value, json};

use crate::nameserver::{NameServer, a};
use crate::{
    PATIENCE, asking, assert_error, assert_nobody_came, bind_ipv6, granted, host, invoke, loopback,
    read_to_end, spawn, trusting,
};

#[test]
fn a_plain_connection_reports_both_ends() {
    let (listener, port) = listen();
    let answer = connect(host(), "127.0.0.1", port, false);
    assert_connected(&answer);
    let (_, client) = listener.accept().unwrap();
    assert_eq!(answer["address"], format!("127.0.0.1:{port}"));
    assert_eq!(answer["remote_addr"], format!("127.0.0.1:{port}"));
    assert_eq!(answer["local_addr"], client.to_string());
    assert_eq!(answer["tls"], false);
    for absent in ["tls_version", "tls_cipher_suite", "tls_server_name", "tls_cert_subject"] {
        assert_eq!(answer[absent], Value::Null, "{answer}");
    }
}

#[test]
fn an_ipv6_literal_may_have_brackets_and_is_reported_with_them() {
    let Some(listener) = bind_ipv6() else { return };
    let port = listener.local_addr().unwrap().port();
    for name in ["::1", "[::1]"] {
        let answer = connect(host(), name, port, false);
        assert_connected(&answer);
        let (_, client) = listener.accept().unwrap();
        assert_eq!(answer["address"], format!("[::1]:{port}"));
        assert_eq!(answer["remote_addr"], format!("[::1]:{port}"));
        assert_eq!(answer["local_addr"], client.to_string());
    }
}

#[test]
fn tls_1_3_is_preferred_and_everything_is_reported() {
    let server = LoopbackTls::start(&Options::default()).unwrap();
    let answer = connect(&trusting(server.ca_pem()), "localhost", server.port(), true);
    assert_connected(&answer);
    assert_eq!(answer["tls"], true);
    assert_eq!(answer["address"], format!("localhost:{}", server.port()));
    assert_eq!(answer["remote_addr"], format!("127.0.0.1:{}", server.port()));
    assert_eq!(answer["tls_version"], "TLS 1.3");
    assert_eq!(answer["tls_cipher_suite"], "TLS_AES_256_GCM_SHA384");
    assert_eq!(answer["tls_server_name"], "localhost");
    assert_eq!(answer["tls_cert_subject"], "CN=localhost");
    assert_eq!(answer["tls_cert_issuer"], "CN=Loopback CA,O=Reglet");
    assert_eq!(answer["tls_cert_not_after"], server.not_after().rfc3339());
}

#[test]
fn tls_1_2_is_enough() {
    for (version, name, suite) in [
        (&TLS12, "TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        (&TLS13, "TLS 1.3", "TLS_AES_256_GCM_SHA384"),
    ] {
        let options = Options { versions: vec![version], ..Options::default() };
        let server = LoopbackTls::start(&options).unwrap();
        let answer = connect(&trusting(server.ca_pem()), "localhost", server.port(), true);
        assert_connected(&answer);
        assert_eq!((&answer["tls_version"], &answer["tls_cipher_suite"]), (&name.into(), &suite.into()));
    }
}

#[test]
fn an_ip_address_is_checked_too_but_not_sent() {
    let mut addresses = vec![IpAddr::from(Ipv4Addr::LOCALHOST)];
    addresses.extend(bind_ipv6().map(|_| IpAddr::from(Ipv6Addr::LOCALHOST)));
    for address in addresses {
        let options = Options { address, ..Options::default() };
        let server = LoopbackTls::start(&options).unwrap();
        let answer = connect(&trusting(server.ca_pem()), &address.to_string(), server.port(), true);
        assert_connected(&answer);
        assert_eq!((&answer["tls"], &answer["tls_server_name"]), (&true.into(), &Value::Null));

        let options = Options { names: vec!["localhost".into()], ..options };
        let server = LoopbackTls::start(&options).unwrap();
        let answer = connect(&trusting(server.ca_pem()), &address.to_string(), server.port(), true);
        assert_fails(&answer, "TLS_ERROR", "not valid for name");
    }
}

#[test]
fn an_expired_certificate_is_refused() {
    let server = LoopbackTls::start(&Options { days: -1, ..Options::default() }).unwrap();
    let answer = connect(&trusting(server.ca_pem()), "localhost", server.port(), true);
    assert_fails(&answer, "TLS_ERROR", "certificate expired");
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let options = Options { names: vec!["example.test".into()], ..Options::default() };
    let server = LoopbackTls::start(&options).unwrap();
    let answer = connect(&trusting(server.ca_pem()), "localhost", server.port(), true);
    assert_fails(&answer, "TLS_ERROR", "certificate not valid for name \"localhost\"");
}

#[test]
fn a_certificate_by_an_unknown_ca_is_refused() {
    let server = LoopbackTls::start(&Options::default()).unwrap();
    let answer = connect(host(), "localhost", server.port(), true);
    assert_fails(&answer, "TLS_ERROR", "UnknownIssuer");

    let same_name = LoopbackTls::start(&Options::default()).unwrap();
    let answer = connect(&trusting(same_name.ca_pem()), "localhost", server.port(), true);
    let message = assert_fails(&answer, "TLS_ERROR", "");
    let expected = "tls handshake with localhost:PORT: invalid peer certificate: BadSignature";
    assert_eq!(message, expected.replace("PORT", &server.port().to_string()));
}

#[test]
fn tls_1_1_is_not_enough() {
    let (listener, port) = listen();
    // What a server of TLS 1.1 says first: its version, a random number, no session, and AES with SHA-1.
    let hello = [&[3, 2][..], &[7; 32], &[0, 0xC0, 0x13, 0]].concat();
    let handshake = [&[2, 0, 0, u8::try_from(hello.len()).unwrap()], &hello[..]].concat();
    let record = [&[22, 3, 2, 0, u8::try_from(handshake.len()).unwrap()], &handshake[..]].concat();
    let server = spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.read_exact(&mut [0; 5]).unwrap();
        stream.write_all(&record).unwrap();
        read_to_end(&stream);
    });
    let answer = connect(host(), "127.0.0.1", port, true);
    assert_fails(&answer, "TLS_ERROR", "tls handshake with 127.0.0.1:");
    assert_fails(&answer, "TLS_ERROR", "peer is incompatible");
    server();
}

#[test]
fn a_server_that_speaks_no_tls_is_a_tls_error() {
    let (listener, port) = listen();
    let served = spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"220 mail.example ESMTP\r\n").unwrap();
        // Until the client has gone, so that it is not reset before it has read.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let answer = connect(host(), "127.0.0.1", port, true);
    assert_fails(&answer, "TLS_ERROR", "tls handshake with 127.0.0.1:");
    served();
}

#[test]
fn a_closed_port_refuses() {
    let closed = ClosedPort::take().unwrap();
    for tls in [false, true] {
        let answer = connect(host(), "127.0.0.1", closed.port(), tls);
        let expected = format!("dial tcp 127.0.0.1:{}: connect: connection refused", closed.port());
        assert_eq!(assert_fails(&answer, "CONNECTION_REFUSED", ""), expected);
        assert_eq!(answer["error"]["is_timeout"], Value::Null);
        assert_eq!(answer["error"]["is_not_found"], Value::Null);
    }
}

#[test]
fn each_address_is_tried_and_the_first_error_counts() {
    let Some(listener) = bind_ipv6() else { return };
    let port = listener.local_addr().unwrap().port();
    let answer = connect(host(), "localhost", port, false);
    assert_connected(&answer);
    assert_eq!(answer["remote_addr"], format!("[::1]:{port}"));

    let closed = ClosedPort::take().unwrap();
    let answer = connect(host(), "localhost", closed.port(), false);
    assert_fails(&answer, "CONNECTION_REFUSED", &format!("dial tcp 127.0.0.1:{}: ", closed.port()));
}

#[test]
fn an_unknown_host_is_not_found() {
    let request = json!({"host": "nosuch.invalid", "port": 443, "tls": true});
    let answer = invoke(host(), &granted(&["nosuch.invalid"]), "tcp_connect", &request);
    let message = assert_fails(&answer, "HOST_NOT_FOUND", "");
    assert_eq!(message, "lookup nosuch.invalid: no such host");
    assert_eq!(answer["error"]["is_not_found"], true);
}

#[test]
fn a_silent_server_takes_as_long_as_the_caller_allows() {
    let (listener, port) = listen();
    let start = Instant::now();
    let request = json!({"host": "127.0.0.1", "port": port.to_string(), "tls": true, "timeout_ms": 100});
    let answer = invoke(host(), &loopback(), "tcp_connect", &request);
    let elapsed = start.elapsed();
    assert!(Duration::from_millis(100) <= elapsed && elapsed < PATIENCE, "{elapsed:?}");
    let message = assert_error(&answer, "timeout", "TIMEOUT", "");
    assert_eq!(message, format!("dial tcp 127.0.0.1:{port}: i/o timeout after 100ms"));
    assert_eq!((&answer["connected"], &answer["error"]["is_timeout"]), (&false.into(), &true.into()));
    // The client's first message, and then the end.
    assert!(!read_to_end(&listener.accept().unwrap().0).is_empty());
}

#[test]
fn a_deadline_leaves_the_time_until_then() {
    let (_listener, port) = listen();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_millis(400);
    let deadline = Timestamp::from_unix(0, 0).saturating_add(deadline).rfc3339();
    let context = json!({"deadline": deadline.as_str()});
    let request = json!({"host": "127.0.0.1", "port": port, "tls": true, "context": context});
    let answer = invoke(host(), &loopback(), "tcp_connect", &request);
    let message = assert_error(&answer, "timeout", "TIMEOUT", ": i/o timeout");
    // On a slow machine none may be left.
    let limit = message.split_once(" after ").map_or("0ms", |(_, limit)| limit);
    let limit: u32 = limit.strip_suffix("ms").expect(message).parse().unwrap();
    assert!(limit <= 400, "{message}");
}

#[test]
fn the_hosts_own_limit_ends_a_connection_too() {
    let (listener, port) = listen();
    let host = Host::builder().call_timeout(Duration::from_millis(100)).build().unwrap();
    let answer = connect(&host, "127.0.0.1", port, true);
    assert_error(&answer, "timeout", "TIMEOUT", "i/o timeout after ");
    read_to_end(&listener.accept().unwrap().0);
}

#[test]
fn the_connection_is_closed_when_the_answer_is_there() {
    let (listener, port) = listen();
    assert_connected(&connect(host(), "127.0.0.1", port, false));
    assert_eq!(read_to_end(&listener.accept().unwrap().0), b"");
}

#[test]
fn a_tls_connection_is_closed_with_a_close_notify() {
    const ALERT: u8 = 21;
    // TLS 1.3 hides the type of its records.
    let server = LoopbackTls::start(&Options { versions: vec![&TLS12], ..Options::default() }).unwrap();
    let (listener, port) = listen();
    let eavesdropper = spawn({
        let server = server.port();
        move || eavesdrop(&listener, server)
    });
    assert_connected(&connect(&trusting(server.ca_pem()), "localhost", port, true));
    let sent = eavesdropper();
    let (mut records, mut last) = (&*sent, None);
    while let [kind, _, _, high, low, rest @ ..] = records {
        last = Some(*kind);
        records = &rest[usize::from(u16::from_be_bytes([*high, *low]))..];
    }
    assert_eq!(last, Some(ALERT));
}

#[test]
fn names_of_certificates_are_escaped() {
    let options = Options { common_name: "#1, \"Loop\" + <back>; a\\b ".into(), ..Options::default() };
    let server = LoopbackTls::start(&options).unwrap();
    let answer = connect(&trusting(server.ca_pem()), "localhost", server.port(), true);
    assert_connected(&answer);
    assert_eq!(answer["tls_cert_subject"], r#"CN=\#1\, \"Loop\" \+ \<back\>\; a\\b\ "#);
}

#[test]
fn requests_and_answers_have_the_names_of_both_dialects() {
    let server = LoopbackTls::start(&Options::default()).unwrap();
    let host = trusting(server.ca_pem());
    for request in [
        json!({"host": "localhost", "port": server.port().to_string(), "context": {}, "tls": true}),
        json!({"host": "localhost", "port": server.port(), "use_tls": true}),
    ] {
        let answer = invoke(&host, &loopback(), "tcp_connect", &request);
        assert_connected(&answer);
        let not_after = server.not_after().rfc3339();
        assert_eq!(answer["tls"], true);
        assert_eq!(answer["tls_cert_not_after"], not_after);
        assert_eq!(answer["tls_cert_expiry"], not_after);
        assert_eq!(answer["latency_ms"], answer["response_time_ms"]);
        assert_eq!(answer.get("error"), None);
    }
}

#[test]
fn a_failed_connection_says_what_was_asked_for() {
    let closed = ClosedPort::take().unwrap();
    let answer = connect(host(), "127.0.0.1", closed.port(), false);
    assert_eq!(answer["address"], format!("127.0.0.1:{}", closed.port()));
    assert_eq!((&answer["connected"], answer.get("latency_ms")), (&false.into(), None));
}

#[test]
fn a_useless_file_of_roots_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    let unusable = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    for (name, content, expected) in [
        ("absent.pem", None, "can't read certificates from "),
        ("broken.pem", Some(broken), "can't read certificates from "),
        ("empty.pem", Some("no PEM in here\n"), "no certificate in "),
        ("unusable.pem", Some(unusable), "can't be trusted"),
    ] {
        let path = folder.path().join(name);
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        let error = Host::builder().ca_file(path).build().unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(expected), "{error}");
    }
}

#[test]
fn nothing_is_dialled_without_a_grant() {
    let (listener, port) = listen();
    let other_port = Arc::new(Grants::default().network("127.0.0.1", "1").unwrap());
    for grants in [Arc::new(Grants::default()), granted(&["localhost", "127.0.0.2"]), other_port] {
        let request = json!({"host": "127.0.0.1", "port": port});
        let answer = invoke(host(), &grants, "tcp_connect", &request);
        assert_error(&answer, "capability", "CAPABILITY_DENIED", &format!("127.0.0.1:{port}"));
        assert_eq!(
            (&answer["connected"], &answer["address"]),
            (&false.into(), &format!("127.0.0.1:{port}").into())
        );
    }
    assert_nobody_came(&listener);
}

#[test]
fn what_the_grants_see_is_what_is_read() {
    // Requests that a host would take for harmless if it read them twice, or by other rules.
    let (listener, port) = listen();
    for request in [
        format!(r#"{{"host":"127.0.0.1","port":{port},"context":""}}"#),
        format!(r#"{{"host":"127.0.0.1","port":{port},"timeout_ms":"1"}}"#),
        format!(r#"{{"host":"127.0.0.1","port":{port},"context":{{"deadline":"never"}}}}"#),
        format!(r#"{{"host":"8.8.8.8","HOST":"127.0.0.1","port":{port}}}"#),
        format!(r#"{{"host":"8.8.8.8","host":"127.0.0.1","port":1,"Port":"{port}"}}"#),
    ] {
        let answer = host().invoke(&granted(&["8.8.8.8"]), "tcp_connect", request.as_bytes());
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert!(answer["error"]["code"].is_string(), "{request}: {answer}");
    }
    assert_nobody_came(&listener);
}

#[test]
fn a_wildcard_does_not_open_this_machine() {
    let (listener, port) = listen();
    for name in ["127.0.0.1", "localhost", "::ffff:127.0.0.1", "0.0.0.0", "[::]"] {
        let answer = invoke(host(), &granted(&["*"]), "tcp_connect", &json!({"host": name, "port": port}));
        assert_error(&answer, "capability", "SSRF_BLOCKED", "");
    }
    assert_nobody_came(&listener);
}

#[test]
fn addresses_in_odd_forms_lead_nowhere() {
    let (listener, port) = listen();
    for name in [
        "2130706433",
        "0177.0.0.1",
        "127.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "127.0.0.1.",
        "::1%lo",
        "[127.0.0.1]",
    ] {
        let request = json!({"host": name, "port": port});
        let answer = invoke(host(), &granted(&["*"]), "tcp_connect", &request);
        let code = answer["error"]["code"].as_str().unwrap();
        assert!(["HOST_NOT_FOUND", "CAPABILITY_DENIED", "SSRF_BLOCKED"].contains(&code), "{name}: {answer}");
    }
    assert_nobody_came(&listener);
}

#[test]
fn a_public_name_with_a_private_address_is_refused() {
    let (listener, port) = listen();
    for addresses in
        [vec![[127, 0, 0, 1]], vec![[127, 0, 0, 1], [8, 8, 8, 8]], vec![[8, 8, 8, 8], [127, 0, 0, 1]]]
    {
        let server = NameServer::start(move |question| {
            let addresses = addresses.iter().map(|address| a(*address));
            vec![if question.kind == RecordType::A { question.found(addresses) } else { question.found([]) }]
        });
        let host = asking(&server);
        let request = json!({"host": "www.example.test", "port": port});
        for grants in [granted(&["www.example.test"]), granted(&["*.example.test"]), granted(&["*"])] {
            let answer = invoke(&host, &grants, "tcp_connect", &request);
            assert_error(&answer, "capability", "SSRF_BLOCKED", "127.0.0.1");
        }
        // Once for each family: nobody looks a second time for what to dial.
        let mut asked: Vec<_> = server.asked().into_iter().take(2).map(|(_, kind)| kind).collect();
        asked.sort();
        assert_eq!((asked, server.asked().len()), (vec![RecordType::A, RecordType::AAAA], 6));
    }
    assert_nobody_came(&listener);
}

#[test]
fn a_name_is_looked_up_at_the_nameserver_of_the_host() {
    let server = NameServer::with_address([8, 8, 8, 8]);
    let host = asking(&server);
    let request = json!({"host": "other.example.test", "port": 443});
    let answer = invoke(&host, &granted(&["*"]), "tcp_connect", &request);
    assert_fails(&answer, "HOST_NOT_FOUND", "lookup other.example.test: no such host");
    assert!(server.asked().contains(&("other.example.test".to_owned(), RecordType::A)));
}

#[test]
fn a_name_without_addresses_is_not_found() {
    let server = NameServer::start(|question| vec![question.found([])]);
    let host = asking(&server);
    let request = json!({"host": "www.example.test", "port": 443});
    let answer = invoke(&host, &granted(&["*"]), "tcp_connect", &request);
    assert_fails(&answer, "HOST_NOT_FOUND", "no such host");
}

#[test]
fn a_silent_nameserver_takes_as_long_as_the_plugin_allows() {
    let server = NameServer::start(|_| Vec::new());
    let host = asking(&server);
    let request = json!({"host": "www.example.test", "port": 443, "timeout_ms": 100});
    let answer = invoke(&host, &granted(&["*"]), "tcp_connect", &request);
    assert_error(&answer, "timeout", "TIMEOUT", "dial tcp www.example.test:443: i/o timeout after 100ms");
}

fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

fn connect(host: &Host, name: &str, port: u16, tls: bool) -> Value {
    let request = json!({"host": name, "port": port.to_string(), "context": {}, "tls": tls});
    invoke(host, &loopback(), "tcp_connect", &request)
}

/// Passes one connection on to the port `server`, and returns what the client sent.
fn eavesdrop(listener: &TcpListener, server: u16) -> Vec<u8> {
    let (mut client, _) = listener.accept().unwrap();
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, server)).unwrap();
    let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    // It fails if the client is gone before the server's last word.
    let answering = thread::spawn(move || io::copy(&mut answers, &mut back));
    let (mut sent, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let length = client.read(&mut buffer).unwrap();
        if length == 0 {
            break;
        }
        sent.extend_from_slice(&buffer[..length]);
        server.write_all(&buffer[..length]).unwrap();
    }
    server.shutdown(Shutdown::Write).unwrap();
    let _ = answering.join().unwrap();
    sent
}

#[track_caller]
fn assert_connected(answer: &Value) {
    assert!(answer["connected"] == true && answer.get("error").is_none(), "{answer}");
    assert!(answer["response_time_ms"].as_u64().unwrap() >= 1);
}

/// Checks that the connection failed, and returns the message.
#[track_caller]
fn assert_fails<'a>(answer: &'a Value, code: &str, text: &str) -> &'a str {
    assert!(answer["connected"] == false && answer["tls"] == false, "{answer}");
    assert_error(answer, "network", code, text)
}
