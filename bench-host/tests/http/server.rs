//! A server whose answers are bytes, so that they can be wrong.

use core::net::Ipv4Addr;
use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// A request, as it came in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// Reads a request; `None` if the client closes instead.
    pub(crate) fn read(stream: impl Read) -> Option<Self> {
        let mut stream = BufReader::new(stream);
        let mut line = || {
            let mut line = String::new();
            stream.read_line(&mut line).ok().filter(|len| *len > 0)?;
            Some(line.trim_end().to_owned())
        };
        let first = line()?;
        let mut words = first.split(' ').map(String::from);
        let mut seen = Self { method: words.next()?, target: words.next()?, ..Self::default() };
        while let Some((name, value)) = line()?.split_once(": ") {
            seen.headers.push((name.into(), value.into()));
        }
        let len = seen.header("Content-Length").map_or(0, |len| len.parse().unwrap());
        seen.body = vec![0; len];
        stream.read_exact(&mut seen.body).ok()?;
        Some(seen)
    }

    /// The first value of the field with this very name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

/// Listens on 127.0.0.1 until it is dropped.
pub(crate) struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Answers each request with what `answer` makes of it, and closes.
    pub(crate) fn start(answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::talking(move |seen, stream| {
            // The client may have heard enough.
            let _ = stream.write_all(&answer(seen));
            let _ = stream.shutdown(Shutdown::Write);
        })
    }

    /// Lets `talk` do the answering, on a thread for each connection.
    pub(crate) fn talking(talk: impl Fn(&Seen, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let mut server = Self::raw(move |stream| {
            let Some(request) = Seen::read(&mut *stream) else { return };
            log.lock().unwrap().push(request.clone());
            talk(&request, stream);
        });
        server.seen = seen;
        server
    }

    /// Lets `talk` do all of the talking.
    pub(crate) fn raw(talk: impl Fn(&mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let stopped = Arc::new(AtomicBool::new(false));
        let (stop, talk) = (Arc::clone(&stopped), Arc::new(talk));
        let thread = thread::spawn(move || {
            let mut connections = Vec::new();
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let (mut stream, talk) = (stream.unwrap(), Arc::clone(&talk));
                connections.push(thread::spawn(move || {
                    talk(&mut stream);
                    // Closing with bytes unread would reset the connection under the client's hands.
                    let _ = std::io::copy(&mut stream, &mut std::io::sink());
                }));
            }
            connections.into_iter().for_each(|connection| connection.join().unwrap());
        });
        Self { port, seen: Arc::default(), stopped, thread: Some(thread) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The request, if there was one alone.
    #[track_caller]
    pub(crate) fn seen_once(&self) -> Seen {
        let mut seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen.remove(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        let done = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(done, Some(Ok(()))), "the server panicked");
    }
}

/// An answer with these header lines and this body.
pub(crate) fn answer(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
    let head = format!("HTTP/1.1 {status}\r\n{lines}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

pub(crate) fn ok(_: &Seen) -> Vec<u8> {
    answer("200 OK", &[], "hello")
}
