//! Requests that are sent again.

use core::fmt;
use core::time::Duration;

use reglet_sdk_core::{Context, Error};

use super::{RequestBuilder, Response};
use crate::retry::{LONGEST, is_passing, repeated};

/// How often, and the code for it: were that no pointer, each plugin would import a clock.
#[derive(Clone, Copy)]
pub(super) struct Retries {
    most: u32,
    send: fn(&RequestBuilder, &Context<'_>, u32) -> Result<Response, Error>,
}

impl fmt::Debug for Retries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.most.fmt(f)
    }
}

impl Retries {
    pub(super) const fn new(most: u32) -> Self {
        Self { most, send }
    }

    pub(super) fn send(self, request: &RequestBuilder, context: &Context<'_>) -> Result<Response, Error> {
        (self.send)(request, context, self.most)
    }
}

fn send(request: &RequestBuilder, context: &Context<'_>, most: u32) -> Result<Response, Error> {
    let repeats = request.client.any_method || is_idempotent(&request.method);
    let most = if repeats { most } else { 0 };
    repeated(most, context, || request.attempt(context), passing)
}

/// Whether sending it twice has the effect of sending it once.
fn is_idempotent(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]
        .iter()
        .any(|other| other.eq_ignore_ascii_case(method))
}

/// How long the server asks to be left alone, if another attempt may end better.
fn passing(result: &Result<Response, Error>) -> Option<Duration> {
    match result {
        Ok(response) if matches!(response.status(), 429 | 502 | 503 | 504) => {
            let seconds = response.header("Retry-After").and_then(|seconds| seconds.parse().ok());
            Some(Duration::from_secs(seconds.unwrap_or(0))).filter(|pause| *pause <= LONGEST)
        }
        Ok(_) => None,
        Err(error) => is_passing(error).then_some(Duration::ZERO),
    }
}
