//! What the servers have in common: a thread that accepts connections until it is told to stop.

use core::convert::Infallible;
use core::net::IpAddr;
use core::time::Duration;
use std::io;
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use tokio::net::TcpStream;
use tokio::runtime;
use tokio::sync::oneshot;

/// A server in a thread of its own; it stops when dropped.
#[derive(Debug)]
pub(super) struct Server {
    port: u16,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on a free port.
    pub(super) fn start<F: Future<Output = io::Result<()>> + Send + 'static>(
        name: &str,
        address: IpAddr,
        answer: impl Fn(TcpStream) -> F + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((address, 0))?;
        let port = listener.local_addr()?.port();
        Self::run(name, port, serve(listener, answer))
    }

    /// Does this, and what it spawns, until it is dropped.
    pub(super) fn run(
        name: &str,
        port: u16,
        work: impl Future<Output = io::Result<Infallible>> + Send + 'static,
    ) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let run = move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = work => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = thread::Builder::new().name(name.to_owned()).spawn(run)?;
        Ok(Self { port, stop: Some(stop), thread: Some(thread) })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed already.
            let _ = thread.join();
        }
    }
}

/// Accepts connections; how one ends is the client's matter.
pub(super) async fn serve<F: Future<Output = io::Result<()>> + Send + 'static>(
    listener: TcpListener,
    answer: impl Fn(TcpStream) -> F,
) -> io::Result<Infallible> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(answer(stream))),
            // Most likely there are no file descriptors left; that passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}
