//! A name server that answers as it is told to, over UDP and TCP.

use core::convert::Infallible;
use core::net::{Ipv4Addr, SocketAddr};
use std::io;
use std::net::{TcpListener, UdpSocket};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::{self, Server};

/// A question, and how it came.
#[derive(Debug)]
#[non_exhaustive]
pub struct Question {
    /// The name in lower case, without the last dot.
    pub name: String,
    /// The type of the records.
    pub kind: RecordType,
    /// Whether it came over TCP.
    pub over_tcp: bool,
    asked: Name,
    message: Message,
}

impl Question {
    fn read(buffer: &[u8], over_tcp: bool) -> Option<Self> {
        let message = Message::from_vec(buffer).ok()?;
        let query = message.queries.first()?;
        let (asked, kind) = (query.name().clone(), query.query_type());
        let name = asked.to_ascii().to_ascii_lowercase().trim_end_matches('.').to_owned();
        Some(Self { name, kind, over_tcp, asked, message })
    }

    /// An answer with these records of the name that was asked for.
    pub fn found(&self, records: impl IntoIterator<Item = RData>) -> Message {
        self.answer(records.into_iter().map(|data| (self.asked.clone(), data)))
    }

    /// An answer with records of any names.
    pub fn answer(&self, records: impl IntoIterator<Item = (Name, RData)>) -> Message {
        let mut answer = self.code(ResponseCode::NoError);
        answer.add_answers(records.into_iter().map(|(name, data)| Record::from_rdata(name, 60, data)));
        answer
    }

    /// An answer without records.
    #[must_use]
    pub fn code(&self, code: ResponseCode) -> Message {
        let mut answer = Message::response(self.message.metadata.id, OpCode::Query);
        answer.metadata.response_code = code;
        answer.add_queries(self.message.queries.clone());
        answer
    }
}

type Answers = dyn Fn(&Question) -> Vec<Message> + Send + Sync;

/// A name server on 127.0.0.1; it stops when dropped.
#[derive(Debug)]
pub struct NameServer {
    server: Server,
    asked: Arc<Mutex<Vec<(String, RecordType)>>>,
    closed: Receiver<()>,
}

impl NameServer {
    /// Starts a server that sends what `answers` returns, which may be nothing.
    ///
    /// # Errors
    ///
    /// The system lacks a port or a thread.
    pub fn start(answers: impl Fn(&Question) -> Vec<Message> + Send + Sync + 'static) -> io::Result<Self> {
        let (udp, tcp) = bind()?;
        let port = tcp.local_addr()?.port();
        let asked = Arc::<Mutex<Vec<_>>>::default();
        let (sender, closed) = mpsc::channel();
        let answers: Arc<Answers> = {
            let asked = Arc::clone(&asked);
            Arc::new(move |question| {
                lock(&asked).push((question.name.clone(), question.kind));
                answers(question)
            })
        };
        let over_tcp = {
            let answers = Arc::clone(&answers);
            server::serve(tcp, move |client| serve_client(client, Arc::clone(&answers), sender.clone()))
        };
        let work = async move { tokio::try_join!(serve_udp(udp, answers), over_tcp).map(|(never, _)| never) };
        Ok(Self { server: Server::run("loopback-dns", port, work)?, asked, closed })
    }

    /// Where it listens, over UDP and TCP.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.server.port()).into()
    }

    /// What it was asked for so far.
    #[must_use]
    pub fn asked(&self) -> Vec<(String, RecordType)> {
        lock(&self.asked).clone()
    }

    /// Gets a note whenever a client has closed its connection.
    #[must_use]
    pub fn closed(&self) -> &Receiver<()> {
        &self.closed
    }
}

/// The same port for both.
fn bind() -> io::Result<(UdpSocket, TcpListener)> {
    let mut tries = 100;
    loop {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        match UdpSocket::bind(tcp.local_addr()?) {
            Err(_) if tries > 0 => tries -= 1,
            udp => return Ok((udp?, tcp)),
        }
    }
}

async fn serve_udp(udp: UdpSocket, answers: Arc<Answers>) -> io::Result<Infallible> {
    udp.set_nonblocking(true)?;
    let udp = tokio::net::UdpSocket::from_std(udp)?;
    let mut buffer = [0; 4096];
    loop {
        let (length, client) = udp.recv_from(&mut buffer).await?;
        let Some(question) = Question::read(&buffer[..length], false) else { continue };
        for answer in answers(&question).iter().filter_map(|answer| answer.to_vec().ok()) {
            // A client that is gone needs no answer.
            let _ = udp.send_to(&answer, client).await;
        }
    }
}

async fn serve_client(mut client: TcpStream, answers: Arc<Answers>, closed: Sender<()>) -> io::Result<()> {
    loop {
        let length = match client.read_u16().await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            read => read?,
        };
        let mut buffer = vec![0; length.into()];
        client.read_exact(&mut buffer).await?;
        let question = Question::read(&buffer, true).ok_or(io::ErrorKind::InvalidData)?;
        for answer in answers(&question) {
            let answer = answer.to_vec().map_err(io::Error::other)?;
            let length = u16::try_from(answer.len()).map_err(io::Error::other)?.to_be_bytes();
            client.write_all(&[&length[..], &answer].concat()).await?;
        }
    }
    // Nobody may want to know.
    let _ = closed.send(());
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
