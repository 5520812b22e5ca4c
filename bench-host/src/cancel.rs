//! Ending a check from outside.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use tokio::sync::Notify;

/// Ends what an [`Instance`](crate::Instance) does, or all that a [`Plugin`](crate::Plugin::cancelled_by) does, from any
/// thread, for good. Clones end the same.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<Signal>);

#[derive(Debug, Default)]
struct Signal {
    cancelled: AtomicBool,
    waiting: Notify,
}

impl Cancel {
    /// Ends the call that runs, within 20 ms, whether the plugin computes or waits for a host function; and every
    /// later one.
    pub fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        self.0.waiting.notify_waiters();
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    /// Comes back once it is cancelled.
    pub(crate) async fn cancelled(&self) {
        let waiting = self.0.waiting.notified();
        tokio::pin!(waiting);
        // From here on a notice is not missed.
        waiting.as_mut().enable();
        if !self.is_cancelled() {
            waiting.await;
        }
    }
}
