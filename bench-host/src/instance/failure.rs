//! Why a call has failed: from what the engine, the plugin and the host know of it to an error.

use core::fmt::Write;

use wasmtime::{PoolConcurrencyLimitError, Trap, WasmBacktrace};

use crate::error::{Cancelled, Error};
use crate::log::printable;
use crate::state::State;
use crate::wasi;

/// Tells why a call has failed. The instance is spent.
pub(super) fn failure(state: &mut State, export: &'static str, error: &wasmtime::Error) -> Error {
    state.spent = true;
    // What the start section has left.
    wasi::flush(state);
    let plugin = state.plugin.to_string();
    let trap = error.downcast_ref::<Trap>();
    if error.is::<Cancelled>() {
        return Error::Cancelled { plugin, export };
    }
    if trap == Some(&Trap::Interrupt) {
        return Error::OutOfTime { plugin, export, limit: state.host.limits.call_timeout };
    }
    let reason = trap.map_or_else(|| printable(&error.root_cause().to_string()), ToString::to_string);
    if error.is::<PoolConcurrencyLimitError>() {
        return Error::NoRoom { plugin, reason };
    }
    let reason = match last_words(state, trap) {
        Some(words) => format!("{words} ({reason})"),
        None => reason,
    };
    let reason = match state.failed {
        Some(inner) => format!("{inner}: {reason}"),
        None => reason,
    };
    if state.growth.refused {
        return Error::OutOfMemory { plugin, export, limit: state.host.limits.memory, reason };
    }
    Error::Trap { plugin, export, reason: state.growth.explain(reason), backtrace: backtrace(error) }
}

/// What the plugin said of why it fails, the surest first.
fn last_words(state: &mut State, trap: Option<&Trap>) -> Option<String> {
    let refusal = state.refusal.take();
    let panic = state.panic.take().or_else(|| wasi::panic(state));
    // A plugin that can't go on without memory runs into `unreachable`. What traps otherwise has gone on.
    let refusal = refusal.filter(|_| trap == Some(&Trap::UnreachableCodeReached));
    panic.or(refusal).or_else(|| wasi::last_line(state))
}

/// The active functions, a line each.
fn backtrace(error: &wasmtime::Error) -> String {
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else { return String::new() };
    let mut out = String::new();
    for frame in backtrace.frames() {
        let name = frame.func_name().map_or_else(|| format!("function {}", frame.func_index()), printable);
        // A frame of the module holds those of the functions that were inlined there.
        for symbol in frame.symbols() {
            let place = symbol.file().map(printable).unwrap_or_default();
            let symbol_name = symbol.name().map_or_else(|| name.clone(), printable);
            let line = symbol.line().unwrap_or_default();
            let _ = writeln!(out, "{symbol_name} at {place}:{line}");
        }
        if frame.symbols().is_empty() {
            let _ = writeln!(out, "{name} at byte {:#x}", frame.module_offset().unwrap_or_default());
        }
    }
    out
}
