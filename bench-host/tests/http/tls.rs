//! HTTPS, and HTTP/2 over it.

use core::convert::Infallible;
use core::future::{Future, pending, ready};
use core::time::Duration;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, mpsc};

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::CertifiedKey;
use reglet_bench_host::Host;
use reglet_bench_host::loopback::{LoopbackTls, Options};
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;
use tokio::runtime::{self, Runtime};
use tokio_rustls::TlsAcceptor;

use crate::server::{Seen, Server, answer, ok};
use crate::{allow, ask, ask_host, assert_fails, assert_status, base64_of, body};

/// A certificate for `localhost`, and a host that trusts it.
struct Trust {
    host: Host,
    config: Arc<ServerConfig>,
}

impl Trust {
    fn new(protocols: &[&[u8]]) -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
        let ca = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&ca, cert.pem()).unwrap();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key.into())
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        Self { host: Host::builder().ca_file(ca.path()).build().unwrap(), config: Arc::new(config) }
    }

    /// Serves one request over HTTP/1.1, and closes: politely, or as if cut off.
    fn serve(&self, bytes: Vec<u8>, politely: bool) -> Server {
        let config = Arc::clone(&self.config);
        Server::raw(move |stream| {
            let session = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = StreamOwned::new(session, stream);
            if Seen::read(&mut stream).is_none() {
                return;
            }
            let _ = stream.write_all(&bytes);
            if politely {
                stream.conn.send_close_notify();
            }
            let _ = stream.flush();
            let _ = stream.sock.shutdown(std::net::Shutdown::Write);
            let _ = stream.sock.read(&mut [0; 1]);
        })
    }

    fn get(&self, port: u16) -> serde_json::Value {
        let url = format!("https://localhost:{port}/");
        ask_host(&self.host, &allow(&[("localhost", port)]), &json!({"url": url}))
    }
}

#[test]
fn pages_come_over_tls() {
    for protocols in [&[][..], &[&b"http/1.1"[..]]] {
        let trust = Trust::new(protocols);
        let server = trust.serve(ok(&Seen::default()), true);
        let answer = trust.get(server.port());
        assert_status(&answer, 200);
        assert_eq!((&answer["proto"], &*body(&answer)), (&json!("HTTP/1.1"), &b"hello"[..]));
    }
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let server = LoopbackTls::start(&Options::default()).unwrap();
    let url = format!("https://localhost:{}/", server.port());
    let answer = ask(&allow(&[("localhost", server.port())]), &json!({"url": url}));
    assert_fails(&answer, "network", "TLS_ERROR");
    assert!(
        answer["error"]["message"].as_str().unwrap().starts_with(&format!("Get \"{url}\": ")),
        "{answer}"
    );
}

#[test]
fn a_server_without_tls_is_a_matter_of_tls() {
    let server = Server::raw(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let url = format!("https://127.0.0.1:{}/", server.port());
    assert_fails(&ask(&crate::grants(&[server.port()]), &json!({"url": url})), "network", "TLS_ERROR");
}

#[test]
fn a_body_that_is_cut_off_under_tls_is_not_taken_for_whole() {
    let trust = Trust::new(&[]);
    let bytes = b"HTTP/1.1 200 OK\r\n\r\nhalf of it";
    let server = trust.serve(bytes.into(), true);
    assert_status(&trust.get(server.port()), 200);
    let server = trust.serve(bytes.into(), false);
    assert_fails(&trust.get(server.port()), "network", "READ_BODY_FAILED");
}

#[test]
fn a_redirect_out_of_tls_takes_no_secrets_along() {
    let target = Server::start(ok);
    let trust = Trust::new(&[]);
    let location = format!("Location: http://localhost:{}/", target.port());
    let server = trust.serve(answer("302 Found", &[&location], ""), true);
    let granted = allow(&[("localhost", server.port()), ("localhost", target.port())]);
    let url = format!("https://localhost:{}/", server.port());
    let request = json!({"url": url, "headers": {"Authorization": "secret"}});
    assert_status(&ask_host(&trust.host, &granted, &request), 200);
    let seen = target.seen_once();
    assert_eq!((seen.header("Authorization"), seen.header("Referer")), (None, None));
}

/// A server that speaks HTTP/2 alone, until it is dropped.
struct Http2 {
    port: u16,
    seen: Arc<Mutex<Vec<(String, Bytes)>>>,
    /// How connections ended.
    ended: mpsc::Receiver<hyper::Result<()>>,
    _runtime: Runtime,
}

impl Http2 {
    fn start(trust: &Trust, answer: impl Fn() -> Response<Full<Bytes>> + Send + Sync + 'static) -> Self {
        Self::answering(trust, move || ready(answer()))
    }

    fn answering<A>(trust: &Trust, answer: impl Fn() -> A + Send + Sync + 'static) -> Self
    where
        A: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        listener.set_nonblocking(true).unwrap();
        let (acceptor, answer) = (TlsAcceptor::from(Arc::clone(&trust.config)), Arc::new(answer));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let (sender, ended) = mpsc::channel();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            loop {
                let stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                let service = service_fn(move |request: Request<Incoming>| {
                    let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                    async move {
                        let (head, body) = request.into_parts();
                        let body = body.collect().await.unwrap().to_bytes();
                        let headers: Vec<_> = head.headers.iter().map(|field| format!("{field:?}")).collect();
                        let seen = format!("{} {} {}", head.method, head.uri, headers.join(" "));
                        log.lock().unwrap().push((seen, body));
                        Ok::<_, Infallible>(answer().await)
                    }
                });
                let connection = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service);
                let ended = sender.clone();
                tokio::spawn(async move { ended.send(connection.await) });
            }
        });
        Self { port, seen, ended, _runtime: runtime }
    }
}

#[test]
fn http_2_is_spoken_where_the_server_does() {
    let trust = Trust::new(&[b"h2", b"http/1.1"]);
    let server = Http2::start(&trust, || {
        let mut response = Response::new(Full::from("hello"));
        response.headers_mut().append("x-a", "1".parse().unwrap());
        response.headers_mut().append("x-a", "2".parse().unwrap());
        response
    });
    let url = format!("https://user:pw@localhost:{}/a?b#c", server.port);
    let bytes = vec![7; 300_000];
    let request = json!({
        "method": "POST", "url": url, "body": base64_of(&bytes),
        "headers": {"X-B": ["3"], "Connection": "close", "Host": "evil.test"},
    });
    let answer = ask_host(&trust.host, &allow(&[("localhost", server.port)]), &request);
    assert_status(&answer, 200);
    assert_eq!((&answer["proto"], &*body(&answer)), (&json!("HTTP/2.0"), &b"hello"[..]));
    assert_eq!(answer["headers"]["X-A"], json!(["1", "2"]));
    let (seen, sent) = server.seen.lock().unwrap().pop().unwrap();
    assert!(seen.starts_with(&format!("POST https://localhost:{}/a?b ", server.port)), "{seen}");
    assert!(seen.contains(r#"("x-b", "3")"#) && seen.contains(r#"("content-length", "300000")"#), "{seen}");
    assert!(seen.contains(r#"("authorization", Sensitive)"#) || seen.contains("Basic"), "{seen}");
    assert!(!seen.contains("connection") && !seen.contains("evil"), "{seen}");
    assert!(sent == bytes);
}

#[test]
fn bodies_have_the_same_limit_in_http_2() {
    let trust = Trust::new(&[b"h2"]);
    for (len, truncated) in [(10 << 20, false), ((10 << 20) + 1, true)] {
        let server = Http2::start(&trust, move || Response::new(Full::from(vec![b'x'; len])));
        let answer = trust.get(server.port);
        assert_status(&answer, 200);
        assert_eq!(answer["body"].as_str().unwrap().len(), (10_usize << 20).div_ceil(3) * 4);
        assert_eq!(answer["body_truncated"] == true, truncated);
    }
}

#[test]
fn headers_have_the_same_limits_in_http_2() {
    let trust = Trust::new(&[b"h2"]);
    for (fields, len, fits) in [(200, 1, true), (300, 1, false), (1, 60_000, true), (4, 20_000, false)] {
        let server = Http2::start(&trust, move || {
            let mut response = Response::new(Full::default());
            for at in 0..fields {
                let name = hyper::header::HeaderName::try_from(format!("x-{at}")).unwrap();
                response.headers_mut().append(name, "v".repeat(len).parse().unwrap());
            }
            response
        });
        let answer = trust.get(server.port);
        if fits {
            assert_status(&answer, 200);
        } else {
            assert_fails(&answer, "network", "RESPONSE_HEADERS_TOO_LARGE");
        }
    }
}

#[test]
fn a_server_of_http_2_that_never_answers_is_left() {
    let trust = Trust::new(&[b"h2"]);
    let server = Http2::answering(&trust, pending);
    let url = format!("https://localhost:{}/", server.port);
    let request = json!({"url": url, "timeout_ms": 500});
    let answer = ask_host(&trust.host, &allow(&[("localhost", server.port)]), &request);
    assert_fails(&answer, "timeout", "TIMEOUT");
    assert_eq!(server.seen.lock().unwrap().len(), 1);
    let _ = server.ended.recv_timeout(Duration::from_secs(5)).expect("the connection outlived the call");
}
