//! What happens once, before the first check.

/// Has panics reported to the host.
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
            reglet_sdk_core::panic::report_at(&message, info.location())
        }));
    }
}
