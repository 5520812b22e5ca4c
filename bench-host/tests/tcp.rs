//! `tcp_connect` against servers on this machine.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use std::borrow::Cow;
use std::fs;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use reglet_bench_host::loopback::{ClosedPort, LoopbackTls, Options};
use reglet_bench_host::services::tcp::{Tcp, timed_out};
use reglet_bench_host::services::trust;
use reglet_sdk_core::error::Error;
use reglet_sdk_core::json::{Encode, Writer};
use reglet_sdk_core::tcp::{Received, Response};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};

#[tokio::test]
async fn a_plain_connection_reports_both_ends() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let response = trusting_nobody().connect(&request("127.0.0.1", port, false)).await;
    assert_connected(&response);
    let (_, client) = listener.accept().unwrap();
    assert!(!response.tls);
    assert_eq!(response.address, format!("127.0.0.1:{port}"));
    assert_eq!(response.remote_addr, format!("127.0.0.1:{port}"));
    assert_eq!(response.local_addr, client.to_string());
    assert_eq!((response.tls_version, response.tls_cert_not_after), ("".into(), "".into()));
}

#[tokio::test]
async fn an_ipv6_literal_may_have_brackets_and_is_reported_with_them() {
    let Some(listener) = bind_ipv6() else { return };
    let port = listener.local_addr().unwrap().port();
    for host in ["::1", "[::1]"] {
        let response = trusting_nobody().connect(&request(host, port, false)).await;
        assert_connected(&response);
        let (_, client) = listener.accept().unwrap();
        assert_eq!(response.address, format!("[::1]:{port}"));
        assert_eq!(response.remote_addr, format!("[::1]:{port}"));
        assert_eq!(response.local_addr, client.to_string());
    }
}

#[tokio::test]
async fn tls_1_3_is_preferred_and_everything_is_reported() {
    let server = LoopbackTls::start(&Options::default()).unwrap();
    let response = trusting(&server).connect(&request("localhost", server.port(), true)).await;
    assert_connected(&response);
    assert!(response.tls);
    assert_eq!(response.address, format!("localhost:{}", server.port()));
    assert_eq!(response.remote_addr, format!("127.0.0.1:{}", server.port()));
    assert_eq!(response.tls_version, "TLS 1.3");
    assert_eq!(response.tls_cipher_suite, "TLS_AES_256_GCM_SHA384");
    assert_eq!(response.tls_server_name, "localhost");
    assert_eq!(response.tls_cert_subject, "CN=localhost");
    assert_eq!(response.tls_cert_issuer, "CN=Loopback CA,O=Reglet");
    assert_eq!(response.tls_cert_not_after, server.not_after().rfc3339());
}

#[tokio::test]
async fn tls_1_2_is_enough() {
    for (version, name, suite) in [
        (&TLS12, "TLS 1.2", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        (&TLS13, "TLS 1.3", "TLS_AES_256_GCM_SHA384"),
    ] {
        let options = Options { versions: vec![version], ..Options::default() };
        let server = LoopbackTls::start(&options).unwrap();
        let response = trusting(&server).connect(&request("localhost", server.port(), true)).await;
        assert_connected(&response);
        assert_eq!((&*response.tls_version, &*response.tls_cipher_suite), (name, suite));
    }
}

#[tokio::test]
async fn an_ip_address_is_checked_too_but_not_sent() {
    let mut addresses = vec![IpAddr::from(Ipv4Addr::LOCALHOST)];
    addresses.extend(bind_ipv6().map(|_| IpAddr::from(Ipv6Addr::LOCALHOST)));
    for address in addresses {
        let options = Options { address, ..Options::default() };
        let server = LoopbackTls::start(&options).unwrap();
        let request = request(&address.to_string(), server.port(), true);
        let response = trusting(&server).connect(&request).await;
        assert_connected(&response);
        assert!(response.tls);
        assert_eq!(response.tls_server_name, "");

        let options = Options { names: vec!["localhost".into()], ..options };
        let server = LoopbackTls::start(&options).unwrap();
        let request = Received { port: server.port(), ..request };
        let response = trusting(&server).connect(&request).await;
        assert_fails(&response, "TLS_ERROR", "not valid for name");
    }
}

#[tokio::test]
async fn an_expired_certificate_is_refused() {
    let server = LoopbackTls::start(&Options { days: -1, ..Options::default() }).unwrap();
    let response = trusting(&server).connect(&request("localhost", server.port(), true)).await;
    assert_fails(&response, "TLS_ERROR", "certificate expired");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let options = Options { names: vec!["example.test".into()], ..Options::default() };
    let server = LoopbackTls::start(&options).unwrap();
    let response = trusting(&server).connect(&request("localhost", server.port(), true)).await;
    assert_fails(&response, "TLS_ERROR", "certificate not valid for name \"localhost\"");
}

#[tokio::test]
async fn a_certificate_by_an_unknown_ca_is_refused() {
    let server = LoopbackTls::start(&Options::default()).unwrap();
    let request = request("localhost", server.port(), true);
    let response = trusting_nobody().connect(&request).await;
    assert_fails(&response, "TLS_ERROR", "UnknownIssuer (the host has no trusted root certificates)");

    let same_name = LoopbackTls::start(&Options::default()).unwrap();
    let response = trusting(&same_name).connect(&request).await;
    let error = assert_fails(&response, "TLS_ERROR", "");
    let expected = "tls handshake with localhost:PORT: invalid peer certificate: BadSignature";
    assert_eq!(error.message(), expected.replace("PORT", &server.port().to_string()));
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_is_a_tls_error() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"220 mail.example ESMTP\r\n").unwrap();
        // Until the client has gone, so that it is not reset before it has read.
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let response = trusting_nobody().connect(&request("127.0.0.1", port, true)).await;
    assert_fails(&response, "TLS_ERROR", "tls handshake with 127.0.0.1:");
    server.join().unwrap();
}

#[tokio::test]
async fn a_closed_port_refuses() {
    let closed = ClosedPort::take().unwrap();
    for tls in [false, true] {
        let response = trusting_nobody().connect(&request("127.0.0.1", closed.port(), tls)).await;
        let message = format!("dial tcp 127.0.0.1:{}: connect: connection refused", closed.port());
        let error = assert_fails(&response, "CONNECTION_REFUSED", &message);
        assert_eq!(error.message(), message);
        assert!(!error.is_timeout() && !error.is_not_found());
    }
}

#[tokio::test]
async fn an_unknown_host_is_not_found() {
    let response = trusting_nobody().connect(&request("nosuch.invalid", 443, true)).await;
    let error = assert_fails(&response, "HOST_NOT_FOUND", "");
    assert_eq!(error.message(), "lookup nosuch.invalid: no such host");
    assert!(error.is_not_found());
}

#[tokio::test]
async fn a_silent_server_takes_as_long_as_the_caller_allows() {
    let server = LoopbackTls::start(&Options { silent: true, ..Options::default() }).unwrap();
    let request = request("127.0.0.1", server.port(), true);
    let limit = Duration::from_millis(100);
    let (tcp, connected) = (trusting(&server), request.clone());
    let response = tokio::time::timeout(limit, tcp.connect(&connected)).await;
    assert!(response.is_err(), "{response:?}");

    let response = timed_out(&request, limit);
    assert!(!response.connected);
    let error = response.error.unwrap();
    assert_eq!((error.kind().as_str(), &*error.code(), error.is_timeout()), ("timeout", "TIMEOUT", true));
    assert_eq!(error.message(), format!("dial tcp 127.0.0.1:{}: i/o timeout after 100ms", server.port()));
}

#[tokio::test]
async fn the_connection_is_closed_when_the_answer_is_there() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_connected(&trusting_nobody().connect(&request("127.0.0.1", port, false)).await);
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
}

#[tokio::test]
async fn a_tls_connection_is_closed_with_a_close_notify() {
    const ALERT: u8 = 21;
    // TLS 1.3 hides the type of its records.
    let server = LoopbackTls::start(&Options { versions: vec![&TLS12], ..Options::default() }).unwrap();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let eavesdropper = thread::spawn({
        let server = server.port();
        move || eavesdrop(&listener, server)
    });
    assert_connected(&trusting(&server).connect(&request("localhost", port, true)).await);
    let sent = eavesdropper.join().unwrap();
    let (mut records, mut last) = (&*sent, None);
    while let [kind, _, _, high, low, rest @ ..] = records {
        last = Some(*kind);
        records = &rest[usize::from(u16::from_be_bytes([*high, *low]))..];
    }
    assert_eq!(last, Some(ALERT));
}

#[tokio::test]
async fn names_of_certificates_are_escaped() {
    let options = Options { common_name: "#1, \"Loop\" + <back>; a\\b ".into(), ..Options::default() };
    let server = LoopbackTls::start(&options).unwrap();
    let response = trusting(&server).connect(&request("localhost", server.port(), true)).await;
    assert_connected(&response);
    assert_eq!(response.tls_cert_subject, r#"CN=\#1\, \"Loop\" \+ \<back\>\; a\\b\ "#);
}

#[tokio::test]
async fn the_answer_has_the_names_of_both_dialects() {
    let server = LoopbackTls::start(&Options::default()).unwrap();
    let response = trusting(&server).connect(&request("localhost", server.port(), true)).await;
    let answer = json(&response);
    let not_after = server.not_after().rfc3339();
    assert_eq!(answer["connected"], true);
    assert_eq!(answer["tls"], true);
    assert_eq!(answer["tls_cert_not_after"], not_after);
    assert_eq!(answer["tls_cert_expiry"], not_after);
    assert!(answer["response_time_ms"].as_u64().unwrap() >= 1);
    assert_eq!(answer["latency_ms"], answer["response_time_ms"]);
    assert!(answer.get("error").is_none());

    let answer = json(&timed_out(&request("::1", 443, true), Duration::from_secs(5)));
    assert_eq!(answer["connected"], false);
    assert_eq!(answer["address"], "[::1]:443");
    assert_eq!(answer["error"]["type"], "timeout");
    assert_eq!(answer["error"]["is_timeout"], true);
    assert!(answer.get("latency_ms").is_none());
}

#[tokio::test]
async fn roots_come_from_files() {
    let server = LoopbackTls::start(&Options::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    server.write_ca(&path).unwrap();
    let tcp = Tcp::new(trust::roots(&[path]).unwrap()).unwrap();
    assert_connected(&tcp.connect(&request("localhost", server.port(), true)).await);
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
        let error = trust::roots(&[path]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains(expected), "{error}");
    }
}

fn request(host: &str, port: u16, tls: bool) -> Received<'static> {
    Received { host: Cow::Owned(host.into()), port, tls, timing: Default::default() }
}

fn trusting_nobody() -> Tcp {
    Tcp::new(RootCertStore::empty()).unwrap()
}

fn trusting(server: &LoopbackTls) -> Tcp {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(server.ca_pem().as_bytes()).unwrap()).unwrap();
    Tcp::new(roots).unwrap()
}

/// A listener on ::1, where there is one.
fn bind_ipv6() -> Option<TcpListener> {
    TcpListener::bind((Ipv6Addr::LOCALHOST, 0))
        .inspect_err(|error| eprintln!("IPv6 is not tested: can't bind ::1: {error}"))
        .ok()
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

fn assert_connected(response: &Response<'_>) {
    assert!(response.connected && response.error.is_none(), "{response:?}");
    assert!(response.response_time_ms >= 1);
}

/// The error of a failed connection, which has this code, and this text in its message.
fn assert_fails(response: &Response<'_>, code: &str, text: &str) -> Error {
    assert!(!response.connected && !response.tls, "{response:?}");
    let error = response.error.clone().unwrap();
    assert_eq!((error.kind().as_str(), &*error.code()), ("network", code), "{error}");
    assert!(error.message().contains(text), "{error}");
    error
}

fn json(response: &Response<'_>) -> serde_json::Value {
    let mut out = Writer::new();
    response.encode(&mut out);
    serde_json::from_slice(out.as_bytes()).unwrap()
}
