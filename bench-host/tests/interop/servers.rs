//! Servers on this machine, which stop when dropped.

use core::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, LazyLock};
use std::thread::{self, JoinHandle};

use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::rdata::{MX, NS, TXT};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use reglet_bench_host::loopback::NameServer;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate for `localhost` and 127.0.0.1.
pub(crate) struct Identity {
    pub(crate) pem: String,
    config: Arc<ServerConfig>,
}

pub(crate) static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let names = ["localhost", "127.0.0.1"].map(String::from);
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(names).unwrap();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key.into())
        .unwrap();
    Identity { pem: cert.pem(), config: Arc::new(config) }
});

/// A connection, over TLS or not.
pub(crate) trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// A server, one connection after the other.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// A server that talks so; what a client breaks off does not end it.
    pub(crate) fn start(tls: bool, talk: fn(&mut dyn Stream) -> io::Result<()>) -> Self {
        Self::serve(move |mut stream| if tls { over_tls(stream, talk) } else { talk(&mut stream) })
    }

    /// A mail server that goes on over TLS when it is told to.
    pub(crate) fn start_mail() -> Self {
        Self::serve(|mut stream| {
            stream.write_all(GREETING)?;
            if converse(&mut stream)? {
                over_tls(stream, |stream| converse(stream).map(drop))
            } else {
                Ok(())
            }
        })
    }

    fn serve(talk: impl Fn(TcpStream) -> io::Result<()> + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stopped = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let stopped = Arc::clone(&stopped);
            move || {
                while !stopped.load(Ordering::SeqCst) {
                    let _ = talk(listener.accept().unwrap().0);
                }
            }
        });
        Self { address, stopped, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread up.
        drop(TcpStream::connect(self.address));
        let _ = self.thread.take().unwrap().join();
    }
}

/// A name server that knows `probe.test`, and nothing else.
pub(crate) fn names() -> NameServer {
    let server = NameServer::start(|question| {
        if question.name != "probe.test" {
            return vec![question.code(ResponseCode::NXDomain)];
        }
        vec![question.found(match question.kind {
            RecordType::A => Some(RData::A(Ipv4Addr::new(192, 0, 2, 1).into())),
            RecordType::AAAA => Some(RData::AAAA(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into())),
            RecordType::MX => Some(RData::MX(MX::new(10, Name::from_ascii("mail.probe.test.").unwrap()))),
            RecordType::TXT => Some(RData::TXT(TXT::new(vec!["hello".to_owned(), " there".to_owned()]))),
            RecordType::NS => Some(RData::NS(NS(Name::from_ascii("ns.probe.test.").unwrap()))),
            _ => None,
        })]
    });
    server.unwrap()
}

/// Accepts, and waits until the client goes.
pub(crate) fn silent(stream: &mut dyn Stream) -> io::Result<()> {
    io::copy(stream, &mut io::sink()).map(drop)
}

/// Answers one HTTP request with its method, its header `X-A` and its body.
pub(crate) fn http(stream: &mut dyn Stream) -> io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut seen, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut line)?;
    let method = line.split(' ').next().unwrap_or_default().to_owned();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match &*name.to_ascii_lowercase() {
            "x-a" => seen = value.into(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = format!("{method} {}", String::from_utf8(body).unwrap());
    let stream = reader.into_inner();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nX-Seen: {seen}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.flush()
}

const GREETING: &[u8] = b"220 mail.test ESMTP\r\n";

/// A mail server that says hello and goodbye.
pub(crate) fn smtp(stream: &mut dyn Stream) -> io::Result<()> {
    stream.write_all(GREETING)?;
    converse(stream).map(drop)
}

/// Answers a client until it leaves, or wants to go on over TLS.
fn converse(stream: &mut dyn Stream) -> io::Result<bool> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut upgrades) = (String::new(), false);
    while reader.read_line(&mut line)? > 0 {
        let (answer, ends) = match line.trim_end().split(' ').next() {
            Some("EHLO") => ("250-mail.test\r\n250 STARTTLS\r\n", false),
            Some("QUIT") => ("221 bye\r\n", true),
            Some("STARTTLS") => ("220 go ahead\r\n", true),
            _ => ("500 what?\r\n", false),
        };
        reader.get_mut().write_all(answer.as_bytes())?;
        upgrades = answer.starts_with("220");
        if ends {
            break;
        }
        line.clear();
    }
    reader.get_mut().flush()?;
    Ok(upgrades)
}

fn over_tls(stream: TcpStream, talk: fn(&mut dyn Stream) -> io::Result<()>) -> io::Result<()> {
    let session = ServerConnection::new(Arc::clone(&IDENTITY.config)).unwrap();
    let mut stream = StreamOwned::new(session, stream);
    talk(&mut stream)?;
    stream.conn.send_close_notify();
    stream.flush()
}
