//! `http_request`: sends a request, follows redirects, and answers with all that the server said.
//!
//! It does as Go's HTTP client does, but where that is unsafe or off by one: each hop is checked like a first
//! request, on a connection of its own, with no proxy in between and nothing kept for the next call.

mod body;
mod connection;
mod failure;
mod headers;
mod outgoing;

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use hyper::Version;
use hyper::body::Body;
use hyper::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use reglet_sdk_core::error::Error;
use reglet_sdk_core::grants::Grants;
use reglet_sdk_core::http::{Received, Response};
use reglet_sdk_core::json::{Encode, Writer};

use self::connection::Answered;
use self::failure::Failure;
use self::outgoing::Outgoing;
use super::net::Net;
use crate::functions::{Answer, Call};
use crate::host::Failed;

/// The time for all of it, with every hop and the body, when nobody sets a shorter one.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Redirects that are followed when the request does not say how many.
const REDIRECTS: u32 = 10;

/// Redirects that are followed at most, whatever the request says.
const MAX_REDIRECTS: u32 = 50;

/// Answers a request for an exchange over HTTP.
///
/// `max_redirects` is how many redirects are followed, and one more is an error; 0 says nothing, as in Go. Who wants the
/// redirect itself asks for `follow_redirects: false`.
pub(crate) fn answer(call: &Call<'_>, request: &[u8]) -> Answer {
    let request = call.read(request, Received::read)?;
    let limit = call.limit(&request.timing, TIMEOUT)?;
    let most = request.max_redirects.filter(|most| *most > 0).unwrap_or(REDIRECTS).min(MAX_REDIRECTS);
    let redirects = request.follow_redirects.then_some(most);
    let result = Outgoing::new(request).and_then(|outgoing| {
        let (net, grants, what) = (call.host.net.clone(), Arc::clone(call.grants), outgoing.to_string());
        match call.wait(limit, exchange(net, grants, outgoing, redirects)) {
            Ok(response) => Ok(response),
            Err(Failed::TimedOut) => Err(Failure::timed_out(limit).into_error(&what)),
            Err(failed) => Err(Error::internal(format!("http_request: {failed}"))),
        }
    });
    let response = result.unwrap_or_else(|error| Response { error: Some(error), ..Response::default() });
    if let Some(error) = &response.error {
        call.tell_of(error);
    }
    Ok(write(&response))
}

/// Writes an answer into a buffer that need not grow, for it may be large.
fn write(response: &Response<'_>) -> Vec<u8> {
    let body = response.body.0.len().div_ceil(3) * 4;
    let mut out = Writer::with_capacity(body + 2 * headers::len(&response.headers) + 1024);
    response.encode(&mut out);
    out.into_bytes()
}

/// Sends the request, and what redirects make of it; `redirects` is how many are followed, if they are.
async fn exchange(
    net: Net,
    grants: Arc<Grants>,
    mut outgoing: Outgoing,
    redirects: Option<u32>,
) -> Response<'static> {
    let start = Instant::now();
    let mut left = redirects;
    let result = loop {
        let answered = match connection::send(&net, &grants, &outgoing).await {
            Ok(answered) => answered,
            Err(failure) => break Err(failure.into_error(&outgoing.to_string())),
        };
        let location = left.and_then(|left| Some((left, outgoing::location(&answered.head)?)));
        let Some((more, location)) = location else { break Ok(answered) };
        if more == 0 {
            let failure = Failure::too_many_redirects(redirects.unwrap_or_default());
            break Err(failure.into_error(&outgoing.naming(location)));
        }
        if let Err(failure) = outgoing.redirect(answered.head.status, location) {
            break Err(failure.into_error(&outgoing.to_string()));
        }
        left = Some(more - 1);
    };
    let mut response = match result {
        Ok(answered) => receive(answered, &outgoing).await,
        Err(error) => Response { error: Some(error), ..Response::default() },
    };
    // Never 0, which would be left out of the answer.
    response.latency_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
    response
}

/// Reads the body, and makes an answer of all of it.
async fn receive(answered: Answered, outgoing: &Outgoing) -> Response<'static> {
    let Answered { mut head, body, tasks } = answered;
    let gzip = outgoing.asks_for_gzip() && !body.is_end_stream() && headers::is_gzip(&head.headers);
    if gzip {
        head.headers.remove(CONTENT_ENCODING);
        head.headers.remove(CONTENT_LENGTH);
    }
    let mut response = Response {
        status_code: head.status.as_u16().into(),
        headers: headers::of_answer(&head.headers),
        proto: protocol(head.version).into(),
        ..Response::default()
    };
    match body::read(body, gzip).await {
        Ok(body) => {
            response.body_truncated = body.truncated;
            response.body = body.bytes.into();
        }
        Err(failure) => response.error = Some(failure.into_error(&outgoing.to_string())),
    }
    drop(tasks);
    response
}

fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP/1.1",
    }
}
