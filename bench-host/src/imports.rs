//! What plugins import: the host functions, and the way of a request in and of its answer out.

use core::ops::Range;
use std::time::Instant;

use wasmtime::{Caller, Engine, Linker, Module};

use crate::error::Cancelled;
use crate::functions::{Call, failed, invalid};
use crate::host::Shared;
use crate::log::{Level, LogRecord, printable};
use crate::module;
use crate::state::{State, WayIn};
use crate::trace::Way;
use crate::wasi::{self, WASI};

const HOST: &str = "reglet_host";
const LOG: &str = "log_message";

/// How a plugin's report of a panic starts.
const PANIC: &str = "plugin panic: ";

/// How a plugin's report of an allocation starts that its own limit does not allow.
const REFUSAL: &str = "abi: memory allocation limit exceeded ";

/// What every plugin may import.
pub(crate) fn link(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(HOST, LOG, log_message)?;
    wasi::link(&mut linker)?;
    Ok(linker)
}

/// Checks a module's imports, and adds the host functions that it wants. Those that this host does not know answer with
/// an error, so that a plugin which can do without them loads.
pub(crate) fn resolve(linker: &Linker<State>, module: &Module) -> Result<Linker<State>, String> {
    let mut linker = linker.clone();
    // A module may import the same function twice.
    linker.allow_shadowing(true);
    for import in module.imports() {
        let (from, name, kind) = (import.module(), import.name(), module::kind(&import.ty()));
        let expected = match (from, name) {
            (HOST, LOG) => Some("(i64) -> ()"),
            (HOST, _) => Some("(i64) -> (i64)"),
            (WASI, _) => wasi::kind(name),
            _ => None,
        };
        let expected = expected
            .ok_or_else(|| format!("it imports `{from}.{name}`, {kind}, which this host does not have"))?;
        if kind != expected {
            return Err(format!("its import `{from}.{name}` is {kind}, not {expected}"));
        }
        if from == HOST && name != LOG {
            let function = name.to_owned();
            let answer = move |caller: Caller<'_, State>, request: u64| serve(caller, request, &function);
            linker.func_wrap(HOST, name, answer).map_err(|error| error.to_string())?;
        }
    }
    Ok(linker)
}

/// Unpacks an address and a length: address high, length low.
pub(crate) fn unpack(packed: u64) -> (u32, u32) {
    ((packed >> 32) as u32, packed as u32)
}

/// The range of a buffer in a memory. That it ends within the memory is still to be checked.
pub(crate) fn range(address: u32, len: u32) -> Range<usize> {
    let start = address as usize;
    start..start.saturating_add(len as usize)
}

/// Has a request answered.
fn serve(mut caller: Caller<'_, State>, request: u64, function: &str) -> wasmtime::Result<u64> {
    caller.data_mut().host_calls += 1;
    // Else the room for an answer could need an answer, without end.
    if caller.data().answering {
        return Ok(0);
    }
    let Some(way_in) = State::way_in(&mut caller) else { return Ok(0) };
    if let Some(answer) = caller.data_mut().answers.replay(function) {
        return deliver(caller, &way_in, &answer);
    }
    let (address, len) = unpack(request);
    let state = caller.data();
    let limit = state.host.limits.request;
    let answer = if len as usize > limit {
        failed(&invalid(&format!("the request has {len} bytes, more than the limit of {limit} bytes")))
    } else {
        match way_in.memory.data(&caller).get(range(address, len)) {
            Some(request) => {
                let State { host, plugin, grants, cancel, denials, .. } = state;
                host.trace(plugin, Way::Request, function, request);
                let (time, began) = (state.time_left(), Instant::now());
                let call = Call { plugin, function, host, grants, cancel, denials, time, began };
                host.functions.answer(&call, request)
            }
            None => {
                failed(&invalid(&format!("the request, {len} bytes at {address}, is not within the memory")))
            }
        }
    };
    if state.cancel.is_cancelled() {
        return Err(Cancelled.into());
    }
    let (memory, state) = way_in.memory.data_and_store_mut(&mut caller);
    state.host.trace(&state.plugin, Way::Answer, function, &answer);
    state.answers.record(function, memory.get(range(address, len)).unwrap_or_default(), &answer);
    deliver(caller, &way_in, &answer)
}

/// Puts an answer into the guest's memory; 0 if it is empty, or the guest has no room for it.
fn deliver(mut caller: Caller<'_, State>, way_in: &WayIn, answer: &[u8]) -> wasmtime::Result<u64> {
    let Some(len) = u32::try_from(answer.len()).ok().filter(|len| *len > 0) else { return Ok(0) };
    let state = caller.data_mut();
    state.answering = true;
    state.guest_calls += 1;
    state.host.trace_memory(&state.plugin, "allocate", len);
    let allocated = way_in.allocate.call(&mut caller, len);
    let state = caller.data_mut();
    state.answering = false;
    let address = allocated.inspect_err(|_| state.failed = Some("allocate"))?;
    // The memory may have moved meanwhile.
    let room = way_in.memory.data_mut(&mut caller).get_mut(range(address, len));
    let Some(room) = room.filter(|_| address != 0) else { return Ok(0) };
    room.copy_from_slice(answer);
    Ok(u64::from(address) << 32 | u64::from(len))
}

fn log_message(mut caller: Caller<'_, State>, record: u64) {
    caller.data_mut().host_calls += 1;
    let (address, len) = unpack(record);
    let Some(way_in) = State::way_in(&mut caller) else { return };
    let (memory, state) = way_in.memory.data_and_store_mut(&mut caller);
    let State { host, plugin, answers, logged, lost_records, panic, refusal, .. } = state;
    let bytes = memory.get(range(address, len));
    let Some(bytes) = bytes.filter(|bytes| bytes.len() <= host.limits.request) else {
        *lost_records += 1;
        return;
    };
    if answers.is_replay() {
        return;
    }
    host.trace(plugin, Way::Request, LOG, bytes);
    let record = LogRecord::read(plugin, bytes);
    pass_on(host, &record, bytes.len(), logged, lost_records);
    if record.level == Level::Error && record.message.starts_with(PANIC) {
        *panic = Some(printable(&record.message));
    } else if record.message.starts_with(REFUSAL) {
        *refusal = Some(printable(&record.message));
    }
}

/// Logs what a plugin says, of this many bytes, as long as it keeps to the limits.
pub(crate) fn pass_on(
    host: &Shared,
    record: &LogRecord<'_>,
    len: usize,
    logged: &mut (u64, usize),
    lost: &mut u64,
) {
    let (records, bytes) = (host.limits.log_records, host.limits.log_bytes);
    let fits = |(so_far, bytes_so_far)| so_far <= records && bytes_so_far <= bytes;
    let fitted = fits(*logged);
    *logged = (logged.0.saturating_add(1), logged.1.saturating_add(len));
    if fits(*logged) {
        host.log(record);
        return;
    }
    // Once in each call.
    if fitted {
        let limit =
            format!("it logs more than {records} records or {bytes} bytes in a call; the rest is dropped");
        host.warn(record.plugin, limit);
    }
    *lost += 1;
}
