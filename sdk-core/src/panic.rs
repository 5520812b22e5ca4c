//! What becomes of a panic: its message goes to the host through `log_message`, then the plugin traps.
//!
//! Wasm modules of this kind can't unwind, so a panic ends the instance. A host of this project turns the
//! trap into an outcome of type `panic` with the message that was reported; others show the trap, and the
//! log has the reason.

#[cfg(feature = "panic-message")]
use core::fmt::Display;
#[cfg(feature = "panic-message")]
use core::panic::Location;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

use crate::heap::{self, LimitExceeded};
use crate::host;
use crate::json::Writer;
use crate::log::{self, Attr, Level, Value};
use crate::text::Piece;

/// How a report starts.
const PREFIX: &str = "plugin panic: ";

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
    report_at(&info.message(), info.location())
}

/// Reports a panic and traps: what a hook of `std` calls, which is told these.
#[cfg(feature = "panic-message")]
pub fn report_at(message: &dyn Display, location: Option<&Location<'_>>) -> ! {
    let (file, line) = location.map_or(("?", 0), |location| (location.file(), location.line()));
    // The allocator's own complaint, which comes from there, says less than the limit's.
    if file.ends_with("/alloc/src/alloc.rs")
        && let Some(refusal) = heap::last_refusal()
    {
        refuse(&refusal);
    }
    // On the stack: who knows what state the heap is in. What does not fit is left out.
    let mut text = heapless::String::<512>::new();
    let _ = core::fmt::write(&mut text, format_args!("{message}"));
    end(&text.as_str(), &[Attr::new("file", &file), Attr::new("line", &i64::from(line))])
}

/// Without the location, a panic right after an allocation was refused is taken to be about that.
#[cfg(not(feature = "panic-message"))]
#[inline(never)]
fn admit() -> ! {
    if let Some(refusal) = heap::last_refusal() {
        refuse(&refusal);
    }
    end(&"the feature panic-message of reglet-sdk-core, which is off, tells which", &[])
}

/// Reports that the heap's limit does not allow an allocation, and traps.
pub(crate) fn refuse(refusal: &LimitExceeded) -> ! {
    end(refusal, &[])
}

/// Warns that an allocation was refused, and goes on: it may end the plugin, and `std` would not say why.
#[cfg(feature = "std")]
#[cold]
#[inline(never)]
pub(crate) fn warn(refusal: &LimitExceeded) {
    static WARNING: AtomicBool = AtomicBool::new(false);
    // Were there no memory left for the record, that would be refused too.
    if !WARNING.swap(true, Relaxed) {
        let limit = allow_a_record();
        log::send(Level::Warn.as_str(), None, refusal, &[]);
        heap::set_limit(limit);
        WARNING.store(false, Relaxed);
    }
}

/// Sets the heap's limit so that there is room for a record, whatever there is already, and returns what it was.
fn allow_a_record() -> usize {
    // A buffer that grows stands beside the one that it was.
    heap::set_limit(heap::stats().live + 4 * log::MAX_RECORD)
}

/// Reports and traps. A host may go on with the instance, so the limit and the next report must work again.
fn end(message: &dyn Piece, attrs: &[Attr<'_>]) -> ! {
    static REPORTING: AtomicBool = AtomicBool::new(false);
    static LIMIT: AtomicUsize = AtomicUsize::new(heap::LIMIT);
    // A panic while one is being reported would go round in circles.
    if !REPORTING.swap(true, Relaxed) {
        LIMIT.store(allow_a_record(), Relaxed);
        log::send(Level::Error.as_str(), None, &Report(message), attrs);
    }
    heap::set_limit(LIMIT.load(Relaxed));
    REPORTING.store(false, Relaxed);
    host::trap()
}

/// A report's message, which is short as it is.
struct Report<'a>(&'a dyn Piece);

impl Value for Report<'_> {
    fn kind(&self) -> &'static str {
        "error"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        out.plain(PREFIX);
        self.0.write(out);
    }
}

/// The same, of a refusal that need not be the end.
#[cfg(feature = "std")]
impl Value for LimitExceeded {
    fn kind(&self) -> &'static str {
        "error"
    }

    fn write_text(&self, out: &mut Writer<'_>) {
        self.write(out);
    }
}
