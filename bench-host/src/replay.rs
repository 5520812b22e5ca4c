//! Where the answers of host functions come from: the services, or a recording of what they answered.

use std::sync::Arc;

/// Bytes of a recording. A plugin can ask for the time millions of times a second.
const MAX_BYTES: usize = 256 << 20;

/// What the host functions answered during a check, in order; the first 256 MiB of it.
///
/// An [`Instance`](crate::Instance) records it, and others replay it: so a check can run again and again
/// without the network, and does the same each time.
#[derive(Clone, Debug, Default)]
pub struct Recording(Arc<[Exchange]>);

impl Recording {
    /// The calls and their answers.
    #[must_use]
    pub fn exchanges(&self) -> &[Exchange] {
        &self.0
    }
}

/// A call of a host function and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// The host function.
    pub function: String,
    /// What the plugin asked; empty if the function takes no buffer.
    pub request: Vec<u8>,
    /// What it got.
    pub answer: Arc<[u8]>,
}

/// Where the answers come from.
#[derive(Debug, Default)]
pub(crate) enum Answers {
    /// From the services.
    #[default]
    Live,
    /// From the services, and each is kept, with their bytes so far.
    Record(Vec<Exchange>, usize),
    /// From the recording, which starts anew with each call into the guest.
    Replay(Recording, usize),
}

impl Answers {
    pub(crate) fn begin(&mut self) {
        if let Self::Replay(_, next) = self {
            *next = 0;
        }
    }

    /// What the recording has for this call; nothing while the services answer.
    ///
    /// A plugin that does not ask as it did before gets an empty answer, as from a host that failed.
    pub(crate) fn replay(&mut self, function: &str) -> Option<Arc<[u8]>> {
        let Self::Replay(recording, next) = self else { return None };
        let exchange = recording.0.get(*next).filter(|exchange| exchange.function == function);
        *next += 1;
        Some(exchange.map(|exchange| Arc::clone(&exchange.answer)).unwrap_or_default())
    }

    /// Whether the host only answers, and does nothing.
    pub(crate) fn is_replay(&self) -> bool {
        matches!(self, Self::Replay(..))
    }

    pub(crate) fn record(&mut self, function: &str, request: &[u8], answer: &[u8]) {
        if let Self::Record(exchanges, bytes) = self {
            *bytes =
                bytes.saturating_add(size_of::<Exchange>() + function.len() + request.len() + answer.len());
            if *bytes > MAX_BYTES {
                return;
            }
            let (function, request, answer) = (function.to_owned(), request.to_owned(), answer.into());
            exchanges.push(Exchange { function, request, answer });
        }
    }

    /// What was recorded.
    pub(crate) fn take(&mut self) -> Recording {
        match core::mem::take(self) {
            Self::Live => Recording::default(),
            Self::Record(exchanges, _) => Recording(exchanges.into()),
            Self::Replay(recording, _) => recording,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_ends_at_its_limit() {
        let mut answers = Answers::Record(Vec::new(), 0);
        let answer = vec![0; MAX_BYTES / 2];
        for _ in 0..3 {
            answers.record("f", &[], &answer);
        }
        assert_eq!(answers.take().exchanges().len(), 1);
    }
}
