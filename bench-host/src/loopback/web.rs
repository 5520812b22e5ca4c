//! A web server with one page.

use core::convert::Infallible;
use core::net::Ipv4Addr;
use std::io;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;

use super::Identity;
use super::server::Server;

/// A web server on 127.0.0.1 that stops when dropped.
///
/// `/health` answers 200 with the text `status: ok`; there is nothing else.
#[derive(Debug)]
pub struct WebServer(Server);

impl WebServer {
    /// Listens on a free port: over TLS with this identity, or without TLS.
    ///
    /// # Errors
    ///
    /// The system lacks a port or a thread.
    pub fn start(identity: Option<&Identity>) -> io::Result<Self> {
        let acceptor = identity.map(|identity| TlsAcceptor::from(identity.server_config()));
        let server = Server::start("loopback-web", Ipv4Addr::LOCALHOST.into(), move |stream| {
            let acceptor = acceptor.clone();
            async move {
                match acceptor {
                    Some(acceptor) => serve(acceptor.accept(stream).await?).await,
                    None => serve(stream).await,
                }
            }
        });
        server.map(Self)
    }

    /// The port that it listens on.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.0.port()
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
    let mut http = http1::Builder::new();
    // The answer is to be the same each time.
    http.auto_date_header(false);
    let served = http.serve_connection(
        TokioIo::new(stream),
        service_fn(async |request| Ok::<_, Infallible>(answer(&request))),
    );
    served.await.map_err(io::Error::other)
}

fn answer(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let (status, body) = match request.uri().path() {
        "/health" => (StatusCode::OK, "status: ok\n"),
        _ => (StatusCode::NOT_FOUND, "not found\n"),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}
