//! A mail server that takes no mail.

use core::net::Ipv4Addr;
use std::io;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::Identity;
use super::server::Server;

/// Bytes of a line, with its end, that RFC 5321 allows.
const MAX_LINE: u64 = 512;

/// A mail server on 127.0.0.1 that greets, goes on over TLS with STARTTLS, and says goodbye; it stops when dropped.
#[derive(Debug)]
pub struct MailServer(Server);

impl MailServer {
    /// Listens on a free port.
    ///
    /// # Errors
    ///
    /// The system lacks a port or a thread.
    pub fn start(identity: &Identity) -> io::Result<Self> {
        let acceptor = TlsAcceptor::from(identity.server_config());
        let address = Ipv4Addr::LOCALHOST.into();
        Server::start("loopback-mail", address, move |stream| serve(stream, acceptor.clone())).map(Self)
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port()
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 localhost ESMTP\r\n").await?;
    if converse(&mut stream, "250-localhost\r\n250 STARTTLS\r\n").await? {
        // What was sent before the handshake is dropped, as RFC 3207 wants it.
        let mut stream = BufReader::new(acceptor.accept(stream.into_inner()).await?);
        converse(&mut stream, "250 localhost\r\n").await?;
        stream.shutdown().await?;
    }
    Ok(())
}

/// Answers a client until it leaves, or wants to go on over TLS, which is then true.
async fn converse(
    stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    hello: &str,
) -> io::Result<bool> {
    loop {
        let mut line = String::new();
        if (&mut *stream).take(MAX_LINE).read_line(&mut line).await? == 0 {
            return Ok(false);
        }
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        let upgrades = verb == "STARTTLS" && hello.contains(&verb);
        let answer = match &*verb {
            "EHLO" => hello,
            "HELO" => "250 localhost\r\n",
            "STARTTLS" if upgrades => "220 go ahead\r\n",
            "QUIT" => "221 bye\r\n",
            _ => "502 command not implemented\r\n",
        };
        stream.write_all(answer.as_bytes()).await?;
        stream.flush().await?;
        if upgrades || verb == "QUIT" {
            return Ok(upgrades);
        }
    }
}
