//! `tcp_connect`: connects, shakes hands over TLS if asked to, reports, and closes.

mod certificate;

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use reglet_sdk_core::error::Error;
use reglet_sdk_core::grants::Grants;
use reglet_sdk_core::tcp::{Received, Response};
use rustls::ClientConnection;
use tokio::io::AsyncWriteExt;

use super::net::{self, Net, tls_error};
use crate::functions::{Answer, Call};
use crate::host::Failed;

/// The time for a connection when nobody sets a shorter one.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Answers a request to connect.
pub(crate) fn answer(call: &Call<'_>, request: &[u8]) -> Answer {
    let request = call.read(request, Received::read)?;
    let limit = call.limit(&request.timing, TIMEOUT)?;
    let (net, grants, asked) = (call.host.net.clone(), Arc::clone(call.grants), request.clone().into_owned());
    let work = async move { connect(&net, &grants, &asked).await };
    let result = match call.wait(limit, work) {
        Ok(result) => result,
        Err(Failed::TimedOut) => Err(net::timed_out(&request.host, request.port, limit)),
        Err(failed) => return Err(Error::internal(format!("tcp_connect: {failed}"))),
    };
    Ok(call.write(&result.unwrap_or_else(|error| {
        call.tell_of(&error);
        let address = net::join(&request.host, request.port).into();
        Response { address, error: Some(error), ..Response::default() }
    })))
}

async fn connect(net: &Net, grants: &Grants, request: &Received<'_>) -> Result<Response<'static>, Error> {
    let (host, port) = (&*request.host, request.port);
    let start = Instant::now();
    let (stream, remote) = net.connect(grants, host, port).await?;
    let mut response = Response {
        connected: true,
        address: net::join(host, port).into(),
        remote_addr: remote.to_string().into(),
        local_addr: stream.local_addr().map_or_else(|_| String::new(), |local| local.to_string()).into(),
        response_time_ms: net::milliseconds_since(start),
        ..Response::default()
    };
    if request.tls {
        let mut stream = net.shake_hands(host, port, stream, &[]).await?;
        response.response_time_ms = net::milliseconds_since(start);
        describe(stream.get_ref().1, host, &mut response)?;
        // Sends close_notify and waits for no answer. It can fail only if the peer has closed already.
        let _ = stream.shutdown().await;
    }
    Ok(response)
}

fn describe(session: &ClientConnection, host: &str, response: &mut Response<'static>) -> Result<(), Error> {
    let Some(leaf) = session.peer_certificates().and_then(<[_]>::first) else {
        return Err(tls_error("tls: the server sent no certificate".into()));
    };
    let leaf = certificate::read(leaf)
        .map_err(|error| tls_error(format!("tls: the server's certificate can't be read: {error}")))?;
    response.tls = true;
    let (version, suite, name) = net::session_names(session, host)?;
    response.tls_version = version.into();
    response.tls_cipher_suite = suite.into();
    response.tls_server_name = name.into();
    response.tls_cert_subject = leaf.subject.into();
    response.tls_cert_issuer = leaf.issuer.into();
    response.tls_cert_not_after = leaf.not_after.rfc3339().into();
    Ok(())
}
