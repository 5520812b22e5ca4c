//! `smtp_connect`.

use core::net::Ipv4Addr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Instant;

use reglet_bench_host::Host;
use reglet_bench_host::loopback::{ClosedPort, Identity, Options};
use reglet_sdk_core::grants::Grants;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use crate::{PATIENCE, assert_error, granted, host, invoke, loopback, read_to_end, spawn, trusting};

#[test]
fn a_plain_connection_reports_the_greeting() {
    let server = Server::start(|mut stream| {
        stream.say("220 mail.example.test ESMTP ready\r\n");
        stream.hear("EHLO localhost");
        stream.say("250-mail.example.test\r\n250-SIZE 1000\r\n250 STARTTLS\r\n");
        stream.hear("QUIT");
        stream.say("221 bye\r\n");
        stream.hear_end();
    });
    let answer = connect(host(), server.port, "");
    assert_eq!(answer["connected"], true, "{answer}");
    assert_eq!(answer["banner"], "220 mail.example.test ESMTP ready");
    assert_eq!(answer["address"], format!("localhost:{}", server.port));
    assert!(answer["response_time_ms"].as_u64().unwrap() >= 1);
    assert_eq!(answer["latency_ms"], answer["response_time_ms"]);
    assert_eq!(answer["tls"], false);
    for absent in ["tls_version", "tls_cipher_suite", "tls_server_name", "error"] {
        assert_eq!(answer.get(absent), None, "{answer}");
    }
    server.finish();
}

#[test]
fn a_greeting_of_several_lines_is_one_banner() {
    let server = Server::start(|mut stream| {
        // One that ends with LF alone, one without text, one that draws on terminals.
        stream.say("220-mail.example.test\n220-\r\n220-no \x1b[31mspam\r\n220\r\n");
        stream.farewell();
    });
    let answer = connect(host(), server.port, "");
    assert_eq!(answer["banner"], "220 mail.example.test no \\u{1b}[31mspam", "{answer}");
    server.finish();
}

#[test]
fn tls_may_come_first() {
    let identity = identity();
    let config = identity.server_config();
    let server = Server::start(move |stream| {
        let mut stream = stream.over_tls(&config);
        stream.say("220 secure.example.test\r\n");
        stream.farewell();
    });
    let answer = connect(&trusting(identity.ca_pem()), server.port, "tls");
    assert_eq!((&answer["connected"], &answer["tls"]), (&true.into(), &true.into()), "{answer}");
    assert_eq!(answer["banner"], "220 secure.example.test");
    assert_tls_fields(&answer);
    server.finish();
}

#[test]
fn tls_may_come_later() {
    let identity = identity();
    let config = identity.server_config();
    let server = Server::start(move |mut stream| {
        stream.say("220 mail.example.test\r\n");
        stream.hear("EHLO localhost");
        stream.say("250-mail.example.test\r\n250 STARTTLS\r\n");
        stream.hear("STARTTLS");
        stream.say("220 go ahead\r\n");
        let mut stream = stream.over_tls(&config);
        stream.farewell();
    });
    let answer = connect(&trusting(identity.ca_pem()), server.port, "starttls");
    assert_eq!((&answer["connected"], &answer["tls"]), (&true.into(), &true.into()), "{answer}");
    assert_eq!(answer["banner"], "220 mail.example.test");
    assert_tls_fields(&answer);
    server.finish();
}

#[test]
fn tls_from_the_start_wins_and_both_dialects_are_read() {
    let identity = identity();
    for request in [
        json!({"host": "localhost", "tls": true, "starttls": true, "context": {}}),
        json!({"host": "localhost", "use_tls": true, "use_starttls": true}),
    ] {
        let config = identity.server_config();
        let server = Server::start(move |stream| {
            let mut stream = stream.over_tls(&config);
            stream.say("220 secure.example.test\r\n");
            stream.farewell();
        });
        let mut request = request;
        request["port"] = server.port.to_string().into();
        let answer = invoke(&trusting(identity.ca_pem()), &loopback(), "smtp_connect", &request);
        assert_eq!(answer["banner"], "220 secure.example.test", "{answer}");
        server.finish();
    }
}

#[test]
fn a_server_of_the_old_kind_is_greeted_in_the_old_way() {
    let server = Server::start(|mut stream| {
        stream.say("220 old\r\n");
        stream.hear("EHLO localhost");
        stream.say("502 what?\r\n");
        stream.hear("HELO localhost");
        stream.say("250 hello\r\n");
        stream.hear("QUIT");
    });
    assert_eq!(connect(host(), server.port, "")["connected"], true);
    server.finish();
}

#[test]
fn a_server_that_does_not_say_goodbye_is_not_waited_for() {
    let server = Server::start(|mut stream| {
        stream.say("220 mail\r\n");
        stream.hear("EHLO localhost");
        stream.say("250 mail\r\n");
        stream.hear("QUIT");
        stream.hear_end();
    });
    let request = json!({"host": "127.0.0.1", "port": server.port, "timeout_ms": 1000});
    let answer = invoke(host(), &loopback(), "smtp_connect", &request);
    assert_eq!(answer["connected"], true, "{answer}");
    server.finish();
}

#[test]
fn greetings_that_are_none_are_errors() {
    let long_line = format!("220 {}\r\n", "x".repeat(3000));
    let long_reply = format!("220-{}\r\n", "x".repeat(1000)).repeat(20);
    for (said, code, text) in [
        ("", "READ_BANNER_FAILED", "the server closed the connection"),
        ("220 mail", "READ_BANNER_FAILED", "the server closed the connection"),
        ("220-mail\r\n", "READ_BANNER_FAILED", "the server closed the connection"),
        ("HTTP/1.1 400 Bad\x07\r\n", "READ_BANNER_FAILED", "no reply: HTTP/1.1 400 Bad\\u{7}"),
        ("\u{15}\u{3}\u{1}\r\n", "READ_BANNER_FAILED", "no reply: "),
        ("220-mail\r\n250 mail\r\n", "READ_BANNER_FAILED", "no reply: 250 mail"),
        (&long_line, "READ_BANNER_FAILED", "a line has more than 2048 bytes"),
        (&long_reply, "READ_BANNER_FAILED", "the reply has more than 16384 bytes"),
        ("554 go away\r\n", "SMTP_CLIENT_FAILED", "greeting: 554 go away"),
        ("421-too\r\n421 busy\r\n", "SMTP_CLIENT_FAILED", "greeting: 421 too busy"),
    ] {
        let said = said.to_owned();
        let server = Server::start(move |mut stream| stream.say(&said));
        let answer = connect(host(), server.port, "");
        assert_fails(&answer, server.port, code, text);
        server.finish();
    }
}

#[test]
fn a_server_that_refuses_our_hello_is_an_error() {
    for (said, text) in [
        ("550 no\r\n550 no\r\n", "HELO localhost: 550 no"),
        ("421 busy\r\n", "EHLO localhost: 421 busy"),
        ("354 go on\r\n", "EHLO localhost: 354 go on"),
        ("", "EHLO localhost: the server closed the connection"),
    ] {
        let server = Server::start(move |mut stream| {
            stream.say("220 mail\r\n");
            stream.hear("EHLO localhost");
            stream.say(said);
            if said.starts_with("550") {
                stream.hear("HELO localhost");
            }
        });
        assert_fails(&connect(host(), server.port, ""), server.port, "SMTP_CLIENT_FAILED", text);
        server.finish();
    }
}

#[test]
fn a_refused_starttls_is_an_error() {
    for (said, text) in [
        ("502 not here\r\n", "STARTTLS: 502 not here"),
        ("", "STARTTLS: the server closed the connection"),
        ("?\r\n", "STARTTLS: no reply: ?"),
        // Whoever is between us and the server could add this.
        ("220 go ahead\r\n250 injected\r\n", "STARTTLS: the server went on without TLS"),
        ("220 go ahead\r\n", "tls handshake with localhost:"),
    ] {
        let server = Server::start(move |mut stream| {
            stream.say("220 mail\r\n");
            stream.hear("EHLO localhost");
            stream.say("250 mail\r\n");
            stream.hear("STARTTLS");
            stream.say(said);
        });
        let answer = connect(host(), server.port, "starttls");
        assert_fails(&answer, server.port, "STARTTLS_FAILED", text);
        server.finish();
    }
}

#[test]
fn a_certificate_that_is_not_trusted_is_an_error_of_its_own() {
    let config = identity().server_config();
    let server = Server::start(move |stream| drop(stream.handshake(&config)));
    let answer = connect(host(), server.port, "tls");
    assert_fails(&answer, server.port, "TLS_CERTIFICATE_ERROR", "UnknownIssuer");
    server.finish();

    // The name has the word in it that the code is chosen by elsewhere.
    let request = |port| json!({"host": "certificate.localhost", "port": port, "tls": true});
    let server = Server::start(|mut stream| stream.say("220 mail\r\n"));
    let grants = granted(&["certificate.localhost", "127.0.0.1", "::1"]);
    let answer = invoke(host(), &grants, "smtp_connect", &request(server.port));
    assert_error(&answer, "network", "TLS_ERROR", "tls handshake with certificate.localhost:");
    server.finish();
}

#[test]
fn a_certificate_that_is_not_trusted_ends_starttls() {
    let config = identity().server_config();
    let server = Server::start(move |mut stream| {
        stream.say("220 mail\r\n");
        stream.hear("EHLO localhost");
        stream.say("250 mail\r\n");
        stream.hear("STARTTLS");
        stream.say("220 go ahead\r\n");
        drop(stream.handshake(&config));
    });
    let answer = connect(host(), server.port, "starttls");
    assert_fails(&answer, server.port, "STARTTLS_FAILED", "UnknownIssuer");
    server.finish();
}

#[test]
fn a_server_that_falls_silent_takes_as_long_as_the_plugin_allows() {
    for (wish, said) in [
        ("", &[][..]),
        ("", &["220-mail\r\n"]),
        ("", &["220 mail\r\n"]),
        ("tls", &[]),
        ("starttls", &["220 mail\r\n", "250 mail\r\n"]),
        ("starttls", &["220 mail\r\n", "250 mail\r\n", "220 go ahead\r\n"]),
    ] {
        let server = Server::start(move |mut stream| {
            for said in said {
                stream.say(said);
            }
            // The client gives up and closes.
            stream.hear_end();
        });
        let start = Instant::now();
        let mut request = json!({"host": "localhost", "port": server.port, "timeout_ms": 150});
        request[wish] = true.into();
        let answer = invoke(host(), &loopback(), "smtp_connect", &request);
        assert_error(&answer, "timeout", "TIMEOUT", "i/o timeout after 150ms");
        assert_eq!((&answer["connected"], &answer["error"]["is_timeout"]), (&false.into(), &true.into()));
        assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
        server.finish();
    }
}

#[test]
fn a_closed_port_refuses() {
    let closed = ClosedPort::take().unwrap();
    let request = json!({"host": "127.0.0.1", "port": closed.port()});
    let answer = invoke(host(), &loopback(), "smtp_connect", &request);
    assert_error(&answer, "network", "CONNECTION_REFUSED", "connection refused");
}

#[test]
fn an_unknown_host_is_not_found() {
    let request = json!({"host": "nosuch.invalid", "port": 25});
    let answer = invoke(host(), &granted(&["nosuch.invalid"]), "smtp_connect", &request);
    assert_error(&answer, "network", "HOST_NOT_FOUND", "lookup nosuch.invalid: no such host");
}

#[test]
fn nothing_is_dialled_without_a_grant() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let request = json!({"host": "127.0.0.1", "port": port});
    let answer = invoke(host(), &Arc::new(Grants::default()), "smtp_connect", &request);
    assert_error(&answer, "capability", "CAPABILITY_DENIED", &format!("127.0.0.1:{port}"));
    let answer = invoke(host(), &granted(&["*"]), "smtp_connect", &request);
    assert_error(&answer, "capability", "SSRF_BLOCKED", "127.0.0.1");
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn a_request_that_can_not_be_read_is_refused() {
    for request in [json!({}), json!({"host": "", "port": 25}), json!({"host": "a", "port": "0"})] {
        let answer = invoke(host(), &granted(&["*"]), "smtp_connect", &request);
        assert_error(&answer, "validation", "INVALID_REQUEST", "smtp_connect: ");
    }
}

fn connect(host: &Host, port: u16, wish: &str) -> Value {
    let mut request = json!({"host": "localhost", "port": port.to_string(), "tls": false, "starttls": false});
    if !wish.is_empty() {
        request[wish] = true.into();
    }
    invoke(host, &loopback(), "smtp_connect", &request)
}

fn identity() -> Identity {
    Identity::generate(&Options::default()).unwrap()
}

#[track_caller]
fn assert_tls_fields(answer: &Value) {
    assert_eq!(answer["tls_version"], "TLS 1.3");
    assert_eq!(answer["tls_cipher_suite"], "TLS_AES_256_GCM_SHA384");
    assert_eq!(answer["tls_server_name"], "localhost");
}

#[track_caller]
fn assert_fails(answer: &Value, port: u16, code: &str, text: &str) {
    assert_error(answer, "network", code, text);
    assert_eq!(
        (&answer["connected"], &answer["address"]),
        (&false.into(), &format!("localhost:{port}").into())
    );
    assert_eq!((answer.get("banner"), &answer["tls"]), (None, &false.into()), "{answer}");
}

/// A server that serves one client.
struct Server {
    port: u16,
    served: Box<dyn FnOnce()>,
}

impl Server {
    fn start(serve: impl FnOnce(Client<TcpStream>) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            serve(Client(BufReader::new(stream.try_clone().unwrap())));
            // Else what the client has said meanwhile would reset the connection, and what was said to it be lost.
            stream.shutdown(std::net::Shutdown::Write).unwrap();
            let _ = read_to_end(&stream);
        });
        Self { port, served: Box::new(served) }
    }

    /// Waits for the server's end; it fails if the client did not say what it should.
    fn finish(self) {
        (self.served)();
    }
}

struct Client<S>(BufReader<S>);

impl<S: Read + Write> Client<S> {
    fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
        self.0.get_mut().flush().unwrap();
    }

    #[track_caller]
    fn hear(&mut self, expected: &str) {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        assert_eq!(line, format!("{expected}\r\n"));
    }

    /// Waits until the client closes.
    fn hear_end(&mut self) {
        self.0.read_to_end(&mut Vec::new()).expect("the client closes");
    }

    /// All that comes after the greeting.
    fn farewell(&mut self) {
        self.hear("EHLO localhost");
        self.say("250 hello\r\n");
        self.hear("QUIT");
        self.say("221 bye\r\n");
    }
}

impl Client<TcpStream> {
    fn handshake(self, config: &Arc<ServerConfig>) -> io::Result<StreamOwned<ServerConnection, TcpStream>> {
        let mut stream =
            StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), self.0.into_inner());
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(stream)
    }

    fn over_tls(self, config: &Arc<ServerConfig>) -> Client<StreamOwned<ServerConnection, TcpStream>> {
        Client(BufReader::new(self.handshake(config).unwrap()))
    }
}
