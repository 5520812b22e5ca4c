//! A name server that answers as a test tells it to, over UDP and TCP.

use core::net::{Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use hickory_resolver::proto::op::{Message, OpCode, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use crate::PATIENCE;

/// A question, and how it came.
pub(crate) struct Question {
    /// In lower case, without the last dot.
    pub(crate) name: String,
    pub(crate) kind: RecordType,
    pub(crate) over_tcp: bool,
    message: Message,
}

impl Question {
    /// An answer with these records of the name that was asked for.
    pub(crate) fn found(&self, records: impl IntoIterator<Item = RData>) -> Message {
        let name = self.message.queries[0].name().clone();
        self.answer(records.into_iter().map(|data| (name.clone(), data)))
    }

    /// An answer with records of any names.
    pub(crate) fn answer(&self, records: impl IntoIterator<Item = (Name, RData)>) -> Message {
        let mut answer = self.code(ResponseCode::NoError);
        answer.add_answers(records.into_iter().map(|(name, data)| Record::from_rdata(name, 60, data)));
        answer
    }

    /// An answer without records.
    pub(crate) fn code(&self, code: ResponseCode) -> Message {
        let mut answer = Message::response(self.message.metadata.id, OpCode::Query);
        answer.metadata.response_code = code;
        answer.add_queries(self.message.queries.clone());
        answer
    }
}

/// A record of type A.
pub(crate) fn a(address: [u8; 4]) -> RData {
    RData::A(Ipv4Addr::from(address).into())
}

type Answers = dyn Fn(&Question) -> Vec<Message> + Send + Sync;

/// The server. It stops when dropped.
pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, RecordType)>>>,
    /// Gets a note whenever a connection has been closed by the client.
    pub(crate) closed: Receiver<()>,
    stopped: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl NameServer {
    /// Starts a server that sends what `answers` returns, which may be nothing.
    pub(crate) fn start(answers: impl Fn(&Question) -> Vec<Message> + Send + Sync + 'static) -> Self {
        let (udp, tcp) = bind();
        let address = udp.local_addr().unwrap();
        let (asked, stopped) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicBool>::default());
        let (sender, closed) = mpsc::channel();
        let answers: Arc<Answers> = {
            let asked = Arc::clone(&asked);
            Arc::new(move |question| {
                asked.lock().unwrap().push((question.name.clone(), question.kind));
                answers(question)
            })
        };
        let threads = vec![
            thread::spawn({
                let (answers, stopped) = (Arc::clone(&answers), Arc::clone(&stopped));
                move || serve_udp(&udp, &*answers, &stopped)
            }),
            thread::spawn({
                let stopped = Arc::clone(&stopped);
                move || serve_tcp(&tcp, &answers, &stopped, &sender)
            }),
        ];
        Self { address, asked, closed, stopped, threads }
    }

    /// A server that knows the name `www.example.test` alone, by this address.
    pub(crate) fn with_address(address: [u8; 4]) -> Self {
        Self::start(move |question| {
            vec![match (&*question.name, question.kind) {
                ("www.example.test", RecordType::A) => question.found([a(address)]),
                ("www.example.test", _) => question.found([]),
                _ => question.code(ResponseCode::NXDomain),
            }]
        })
    }

    /// Waits until it has been asked so many questions.
    pub(crate) fn wait_for_questions(&self, count: usize) {
        let start = Instant::now();
        while self.asked().len() < count {
            assert!(start.elapsed() < PATIENCE, "too few questions: {:?}", self.asked());
            thread::yield_now();
        }
    }

    /// What it was asked for so far.
    pub(crate) fn asked(&self) -> Vec<(String, RecordType)> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the threads up.
        let _ = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|udp| udp.send_to(&[], self.address));
        let _ = TcpStream::connect(self.address);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// The same port for both.
fn bind() -> (UdpSocket, TcpListener) {
    (0..100)
        .find_map(|_| {
            let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let udp = UdpSocket::bind(tcp.local_addr().unwrap()).ok()?;
            Some((udp, tcp))
        })
        .unwrap()
}

fn serve_udp(udp: &UdpSocket, answers: &Answers, stopped: &AtomicBool) {
    let mut buffer = [0; 4096];
    while let Ok((length, client)) = udp.recv_from(&mut buffer) {
        if stopped.load(Ordering::SeqCst) {
            return;
        }
        for answer in answers(&read(&buffer[..length], false)) {
            udp.send_to(&answer.to_vec().unwrap(), client).unwrap();
        }
    }
}

fn serve_tcp(tcp: &TcpListener, answers: &Arc<Answers>, stopped: &AtomicBool, closed: &Sender<()>) {
    for client in tcp.incoming() {
        if stopped.load(Ordering::SeqCst) {
            return;
        }
        let (answers, closed, client) = (Arc::clone(answers), closed.clone(), client.unwrap());
        client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        thread::spawn(move || {
            if serve_client(&client, &*answers).is_ok() {
                let _ = closed.send(());
            }
        });
    }
}

fn serve_client(mut client: &TcpStream, answers: &Answers) -> io::Result<()> {
    loop {
        let mut length = [0; 2];
        match client.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            read => read?,
        }
        let mut buffer = vec![0; u16::from_be_bytes(length).into()];
        client.read_exact(&mut buffer)?;
        for answer in answers(&read(&buffer, true)) {
            let answer = answer.to_vec().unwrap();
            let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
            client.write_all(&[&length[..], &answer].concat())?;
        }
    }
}

fn read(buffer: &[u8], over_tcp: bool) -> Question {
    let message = Message::from_vec(buffer).unwrap();
    let query = &message.queries[0];
    let name = query.name().to_ascii().to_ascii_lowercase().trim_end_matches('.').to_owned();
    Question { name, kind: query.query_type(), over_tcp, message }
}
