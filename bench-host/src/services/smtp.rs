//! `smtp_connect`: connects to a mail server, reads its greeting, shakes hands over TLS if asked to, reports, and quits.

mod dialogue;

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use reglet_sdk_core::error::Error;
use reglet_sdk_core::grants::Grants;
use reglet_sdk_core::smtp::{Received, Response};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use self::dialogue::Dialogue;
use super::net::{self, HandshakeError, Net};
use crate::functions::{Answer, Call};
use crate::host::Failed;

/// The time for all of it when nobody sets a shorter one.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Answers a request to connect.
pub(crate) fn answer(call: &Call<'_>, request: &[u8]) -> Answer {
    let request = call.read(request, Received::read)?;
    let limit = call.limit(&request.timing, TIMEOUT)?;
    let (net, grants, asked) = (call.host.net.clone(), Arc::clone(call.grants), request.clone().into_owned());
    let work = async move { connect(&net, &grants, &asked, limit).await };
    let result = match call.wait(limit, work) {
        Ok(result) => result,
        Err(Failed::TimedOut) => Err(net::timed_out(&request.host, request.port, limit)),
        Err(failed) => return Err(Error::internal(format!("smtp_connect: {failed}"))),
    };
    Ok(call.write(&result.unwrap_or_else(|error| {
        call.tell_of(&error);
        let address = net::join(&request.host, request.port).into();
        Response { address, error: Some(error), ..Response::default() }
    })))
}

async fn connect(
    net: &Net,
    grants: &Grants,
    request: &Received<'_>,
    limit: Duration,
) -> Result<Response<'static>, Error> {
    let (host, port) = (&*request.host, request.port);
    let address = net::join(host, port);
    let start = Instant::now();
    let time_left = || limit.saturating_sub(start.elapsed());
    let (stream, _) = net.connect(grants, host, port).await?;
    let mut response = Response { connected: true, address: address.clone().into(), ..Response::default() };
    if request.tls {
        let stream = net.try_handshake(host, port, stream, &[]).await.map_err(|failed| {
            let HandshakeError { error, is_about_certificate } = failed;
            if is_about_certificate { error.with_code("TLS_CERTIFICATE_ERROR") } else { error }
        })?;
        describe(&stream, host, &mut response)?;
        let mut server = Dialogue::new(&address, stream);
        response.banner = server.greeting().await?.into();
        server.hello().await?;
        response.response_time_ms = net::milliseconds_since(start);
        server.quit(time_left()).await;
        return Ok(response);
    }
    let mut server = Dialogue::new(&address, stream);
    response.banner = server.greeting().await?.into();
    server.hello().await?;
    if request.starttls {
        let stream = server.start_tls().await?;
        let stream = net
            .try_handshake(host, port, stream, &[])
            .await
            .map_err(|failed| failed.error.with_code("STARTTLS_FAILED"))?;
        describe(&stream, host, &mut response)?;
        let mut server = Dialogue::new(&address, stream);
        server.hello().await?;
        response.response_time_ms = net::milliseconds_since(start);
        server.quit(time_left()).await;
    } else {
        response.response_time_ms = net::milliseconds_since(start);
        server.quit(time_left()).await;
    }
    Ok(response)
}

fn describe(
    stream: &TlsStream<TcpStream>,
    host: &str,
    response: &mut Response<'static>,
) -> Result<(), Error> {
    let (version, suite, name) = net::session_names(stream.get_ref().1, host)?;
    response.tls = true;
    response.tls_version = version.into();
    response.tls_cipher_suite = suite.into();
    response.tls_server_name = name.into();
    Ok(())
}
