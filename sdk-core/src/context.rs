//! What a check is told about the call that it serves, and passes on with each host call.

use crate::json::{Encode, Writer};

/// The context of a check (`docs/protocol.md#context`).
///
/// No host sends one yet, so it is empty at first; what a plugin sets travels with its requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Context<'a> {
    /// Milliseconds that are left.
    pub timeout_ms: Option<u32>,
    /// Names the call in the logs of everyone who takes part in it.
    pub request_id: Option<&'a str>,
}

impl Encode for Context<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.begin_object();
        if let Some(id) = self.request_id {
            out.member("request_id", id);
        }
        if let Some(timeout) = self.timeout_ms {
            out.member("timeout_ms", timeout);
        }
        out.end_object();
    }
}
