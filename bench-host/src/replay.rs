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
    /// What the plugin asked; for `clock_time_get` the number of the clock, and empty if there is nothing to ask.
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
    Replay(Replay),
}

/// A recording, and what of it comes next.
#[derive(Debug)]
pub(crate) struct Replay {
    recording: Recording,
    next: usize,
    /// For each clock by itself: how often a runtime reads them between other calls is not always the same.
    next_time: [usize; 2],
}

/// The function that reads a clock.
const CLOCK: &str = "clock_time_get";

impl Answers {
    pub(crate) fn from(recording: &Recording) -> Self {
        Self::Replay(Replay { recording: recording.clone(), next: 0, next_time: [0; 2] })
    }

    pub(crate) fn begin(&mut self) {
        if let Self::Replay(replay) = self {
            (replay.next, replay.next_time) = (0, [0; 2]);
        }
    }

    /// What the recording has for this call; nothing while the services answer.
    ///
    /// A plugin that does not ask as it did before gets an empty answer, as from a host that failed.
    pub(crate) fn replay(&mut self, function: &str) -> Option<Arc<[u8]>> {
        let Self::Replay(Replay { recording, next, .. }) = self else { return None };
        while recording.0.get(*next).is_some_and(|exchange| exchange.function == CLOCK) {
            *next += 1;
        }
        let exchange = recording.0.get(*next).filter(|exchange| exchange.function == function);
        *next += 1;
        Some(exchange.map(|exchange| Arc::clone(&exchange.answer)).unwrap_or_default())
    }

    /// What this clock showed next; nothing while clocks are real, which they also are when the recording is over: a
    /// plugin that waits for a time which never comes would not end.
    pub(crate) fn replay_time(&mut self, clock: u8) -> Option<[u8; 8]> {
        let Self::Replay(Replay { recording, next_time, .. }) = self else { return None };
        let next = next_time.get_mut(usize::from(clock))?;
        let rest = recording.0.get(*next..)?;
        let is_it = |exchange: &Exchange| exchange.function == CLOCK && exchange.request == [clock];
        let at = rest.iter().position(is_it).unwrap_or(rest.len());
        *next += at + 1;
        rest.get(at)?.answer[..].try_into().ok()
    }

    pub(crate) fn record_time(&mut self, clock: u8, nanos: &[u8; 8]) {
        self.record(CLOCK, &[clock], nanos);
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
            Self::Replay(replay) => replay.recording,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_clock_has_its_own_order_and_does_not_disturb_the_others() {
        let mut answers = Answers::Record(Vec::new(), 0);
        answers.record_time(0, &[1; 8]);
        answers.record("f", &[], b"a");
        answers.record_time(1, &[2; 8]);
        answers.record_time(1, &[3; 8]);
        answers.record("f", &[], b"b");
        let mut replay = Answers::from(&answers.take());
        for _ in 0..2 {
            replay.begin();
            assert_eq!(replay.replay_time(1), Some([2; 8]));
            assert_eq!(replay.replay("f").as_deref(), Some(&b"a"[..]));
            assert_eq!((replay.replay_time(1), replay.replay_time(1)), (Some([3; 8]), None));
            assert_eq!(replay.replay("f").as_deref(), Some(&b"b"[..]));
            assert_eq!((replay.replay_time(0), replay.replay_time(0)), (Some([1; 8]), None));
            assert_eq!(replay.replay("f").as_deref(), Some(&b""[..]));
        }
    }

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
