//! What becomes of a panic: its message goes to the host through `log_message`, then the plugin traps.
//!
//! Wasm modules of this kind can't unwind, so a panic ends the instance. A host of this project turns the
//! trap into an outcome of type `panic` with the message that was reported; others show the trap, and the
//! log has the reason.

use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::heap::{self, LimitExceeded};
use crate::host;
use crate::log::{self, Attr};

/// Bytes of a panic's message that are reported.
const MAX_MESSAGE: usize = 512;

/// How a report starts.
const PREFIX: &str = "plugin panic: ";

type Message = heapless::String<MAX_MESSAGE>;

/// Reports a panic and traps.
///
/// With the feature off it does not look at the information at all: were it only for the line, that would keep
/// all the code that formats messages.
#[inline]
pub fn report(info: &PanicInfo<'_>) -> ! {
    #[cfg(feature = "panic-message")]
    explain(info);
    #[cfg(not(feature = "panic-message"))]
    {
        let _ = info;
        admit()
    }
}

#[cfg(feature = "panic-message")]
fn explain(info: &PanicInfo<'_>) -> ! {
    report_refusal();
    let mut message = Message::new();
    // What does not fit is left out.
    let _ = core::fmt::write(&mut message, format_args!("{PREFIX}{}", info.message()));
    let (file, line) = info.location().map_or(("?", 0), |location| (location.file(), location.line()));
    end(&message, &[Attr::text("file", file), Attr::integer("line", line.into())])
}

#[cfg(not(feature = "panic-message"))]
#[inline(never)]
fn admit() -> ! {
    report_refusal();
    end("plugin panic: to see which, build it with the feature panic-message of reglet-sdk-core", &[])
}

/// The allocator's own complaint, which a panic brings, says less than the limit's.
fn report_refusal() {
    if let Some(refusal) = heap::refusal() {
        end(&about(&refusal), &[]);
    }
}

/// Reports that the heap's limit does not allow `requested` bytes, and traps.
pub(crate) fn refuse(requested: usize) -> ! {
    end(&about(&heap::refusal().unwrap_or(heap::limit_exceeded(requested))), &[])
}

fn about(refusal: &LimitExceeded) -> Message {
    let mut message = Message::new();
    // Both pieces are constant but for three numbers, and shorter than a message may be.
    let _ = message.push_str(PREFIX);
    let _ = message.push_str(&refusal.text());
    message
}

fn end(message: &str, attrs: &[Attr<'_>]) -> ! {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    // A panic while one is being reported would go round in circles.
    if !REPORTED.swap(true, Relaxed) {
        log::error(message, attrs);
    }
    host::trap()
}
