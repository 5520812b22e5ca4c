//! Requests that are sent again.

use core::time::Duration;

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::{Context, Error, time};

use super::{RequestBuilder, Response};
use crate::call;

/// The first pause, and the longest.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);

/// How often, and the code for it: were that no pointer, each plugin would import a clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retries {
    most: u32,
    send: fn(&RequestBuilder, &Context<'_>, u32) -> Result<Response, Error>,
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
    let most = if is_idempotent(&request.method) { most } else { 0 };
    let mut pause = FIRST;
    for _ in 0..most {
        let result = request.attempt(context);
        let Some(asked_for) = worth_repeating(&result) else { return result };
        let wait = pause.max(asked_for).min(LONGEST);
        if !call::is_time_for(wait, context) {
            return result;
        }
        drop(result);
        time::sleep(wait);
        pause = pause.saturating_mul(2).min(LONGEST);
    }
    request.attempt(context)
}

/// Whether sending it twice has the effect of sending it once.
fn is_idempotent(method: &str) -> bool {
    ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]
        .iter()
        .any(|other| other.eq_ignore_ascii_case(method))
}

/// How long the server asks to be left alone, if another attempt may end better.
fn worth_repeating(result: &Result<Response, Error>) -> Option<Duration> {
    match result {
        Ok(response) if matches!(response.status(), 429 | 502 | 503 | 504) => {
            let seconds = response.header("Retry-After").and_then(|seconds| seconds.parse().ok());
            Some(Duration::from_secs(seconds.unwrap_or(0)))
        }
        Ok(_) => None,
        Err(error) => {
            // What hosts report without a type counts as a matter of the network, whatever it is.
            let is_final =
                ["INVALID_REQUEST", "SSRF_BLOCKED", "TOO_MANY_REDIRECTS"].contains(&&*error.code());
            let is_passing = matches!(error.kind(), Kind::Network | Kind::Timeout) && !is_final;
            is_passing.then_some(Duration::ZERO)
        }
    }
}
