//! One hop: a connection of its own, one request, and the head of its answer.

use core::future::Future;
use std::sync::{Arc, Mutex, Weak};

use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::http::response;
use hyper::rt::Executor;
use hyper_util::rt::TokioIo;
use reglet_sdk_core::grants::Grants;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use super::failure::Failure;
use super::headers;
use super::outgoing::Outgoing;
use crate::services::net::Net;

/// What is offered by ALPN.
const PROTOCOLS: [&[u8]; 2] = [HTTP_2, b"http/1.1"];

const HTTP_2: &[u8] = b"h2";

/// Bytes of a head of HTTP/1.1 that are read. Of headers alone fewer are [allowed](headers::check).
const MAX_HEAD_1: usize = 128 << 10;

/// The same for HTTP/2. What is larger can't be told from other breaches of the protocol, so this is ample.
const MAX_HEAD_2: u32 = 1 << 20;

/// An answer whose body is still to be read.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) head: response::Parts,
    pub(super) body: Incoming,
    /// What moves the bytes; the connection closes when it is dropped.
    pub(super) tasks: Tasks,
}

/// Connects, where the grants allow it, and sends a request.
///
/// Nothing of it is left when the future or the answer is dropped.
pub(super) async fn send(net: &Net, grants: &Grants, outgoing: &Outgoing) -> Result<Answered, Failure> {
    let target = outgoing.target()?;
    let (stream, _) = net.connect(grants, target.host, target.port).await.map_err(Failure::of_connection)?;
    let answered = if target.tls {
        let stream = net
            .shake_hands(target.host, target.port, stream, &PROTOCOLS)
            .await
            .map_err(Failure::of_connection)?;
        match stream.get_ref().1.alpn_protocol() {
            Some(HTTP_2) => over_http2(stream, outgoing).await,
            _ => over_http1(stream, outgoing).await,
        }
    } else {
        over_http1(stream, outgoing).await
    }?;
    headers::check(&answered.head.headers)?;
    Ok(answered)
}

async fn over_http1(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    outgoing: &Outgoing,
) -> Result<Answered, Failure> {
    let request = outgoing.request(false)?;
    let tasks = Tasks::default();
    let (mut sender, connection) = http1::Builder::new()
        .title_case_headers(true)
        .max_headers(headers::MAX_FIELDS)
        .max_buf_size(MAX_HEAD_1)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::of_exchange(&error))?;
    tasks.spawner().execute(connection);
    let answer = sender.send_request(request).await.map_err(|error| Failure::of_exchange(&error))?;
    let (head, body) = answer.into_parts();
    Ok(Answered { head, body, tasks })
}

async fn over_http2(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    outgoing: &Outgoing,
) -> Result<Answered, Failure> {
    let request = outgoing.request(true)?;
    let tasks = Tasks::default();
    let (mut sender, connection) = http2::Builder::new(tasks.spawner())
        .max_header_list_size(MAX_HEAD_2)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::of_exchange(&error))?;
    tasks.spawner().execute(connection);
    let answer = sender.send_request(request).await.map_err(|error| Failure::of_exchange(&error))?;
    let (head, body) = answer.into_parts();
    Ok(Answered { head, body, tasks })
}

/// What runs for one connection, and ends with this.
#[derive(Debug, Default)]
pub(super) struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl Tasks {
    fn spawner(&self) -> Spawner {
        Spawner(Arc::downgrade(&self.0))
    }
}

/// Starts tasks. Those hold it themselves, so it does not keep them alive.
#[derive(Clone)]
struct Spawner(Weak<Mutex<JoinSet<()>>>);

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Spawner {
    fn execute(&self, task: F) {
        if let Some(tasks) = self.0.upgrade()
            && let Ok(mut tasks) = tasks.lock()
        {
            // How it ends, the request and the body tell.
            tasks.spawn(async move { drop(task.await) });
        }
    }
}
