//! What happens once, before the first check.

/// Bytes of a panic's message that are reported.
#[cfg(target_family = "wasm")]
const MAX_MESSAGE: usize = 512;

/// In a plugin, has panics reported to the host; everywhere, the records of the facades sent to it.
pub fn start() {
    #[cfg(target_family = "wasm")]
    {
        use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

        static STARTED: AtomicBool = AtomicBool::new(false);
        if STARTED.swap(true, Relaxed) {
            return;
        }
        std::panic::set_hook(Box::new(|info| {
            let message = info.payload_as_str().unwrap_or("a value that is no text");
            // What is longer would be left out as a whole.
            let start = message.get(..message.floor_char_boundary(MAX_MESSAGE)).unwrap_or(message);
            reglet_sdk_core::panic::report_at(&start, info.location())
        }));
    }
    #[cfg(any(feature = "log", feature = "tracing"))]
    crate::log::install();
}
