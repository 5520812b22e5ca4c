//! What is asked again when it fails.

use core::time::Duration;

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::{Context, Error, Timestamp, time};

/// The first pause, and the longest.
const FIRST: Duration = Duration::from_millis(200);
pub(crate) const LONGEST: Duration = Duration::from_secs(30);

/// Asks, and up to so many times again, as long as `passing` says of what came that another attempt may end better,
/// and how long to wait for it at least. No pause goes beyond the end of the context.
///
/// Whoever calls this imports a clock: it has to be behind a pointer.
pub(crate) fn repeated<T>(
    retries: u32,
    context: &Context<'_>,
    ask: impl Fn() -> Result<T, Error>,
    passing: impl Fn(&Result<T, Error>) -> Option<Duration>,
) -> Result<T, Error> {
    let mut pause = FIRST;
    for _ in 0..retries {
        let result = ask();
        let Some(least) = passing(&result) else { return result };
        let wait = pause.max(least);
        if !is_time_for(wait, context) {
            return result;
        }
        drop(result);
        time::sleep(wait);
        pause = pause.saturating_mul(2).min(LONGEST);
    }
    ask()
}

/// Whether it is an error that another attempt may not have.
pub(crate) fn is_passing(error: &Error) -> bool {
    // What hosts report without a type counts as a matter of the network, whatever it is.
    let is_final = ["INVALID_REQUEST", "SSRF_BLOCKED", "TOO_MANY_REDIRECTS"].contains(&&*error.code());
    matches!(error.kind(), Kind::Network | Kind::Timeout) && !error.is_not_found() && !is_final
}

/// Whether the context goes on after a pause; not if its end can't be compared with the clock.
fn is_time_for(pause: Duration, context: &Context<'_>) -> bool {
    let goes_on = |deadline| Timestamp::now().is_ok_and(|now| now.saturating_add(pause) < deadline);
    context.check().is_ok() && context.deadline().is_none_or(goes_on)
}
