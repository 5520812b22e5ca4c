//! What plugins import: the host functions, and the way of a request in and of its answer out.

use core::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

use wasmtime::{Caller, Engine, Linker, Module};

use crate::error::Cancelled;
use crate::functions::{Call, failed, invalid};
use crate::log::{Level, LogRecord, printable};
use crate::module;
use crate::state::{State, WayIn};
use crate::trace::Way;

const HOST: &str = "reglet_host";
const LOG: &str = "log_message";
const WASI: &str = "wasi_snapshot_preview1";
const CLOCK: &str = "clock_time_get";

/// How a plugin's report of a panic starts.
const PANIC: &str = "plugin panic: ";

/// What every plugin may import.
pub(crate) fn link(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    linker.func_wrap(HOST, LOG, log_message)?;
    linker.func_wrap(WASI, CLOCK, clock_time_get)?;
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
            (HOST, LOG) => "(i64) -> ()",
            (HOST, _) => "(i64) -> (i64)",
            (WASI, CLOCK) => "(i32, i64, i32) -> (i32)",
            (WASI, _) => {
                return Err(format!("it imports `{WASI}.{name}`, which this host does not have yet"));
            }
            _ => return Err(format!("it imports `{from}.{name}`, {kind}, which this host does not have")),
        };
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
                let State { host, plugin, grants, cancel, .. } = state;
                host.trace(plugin, Way::Request, function, request);
                let call = Call { plugin, function, host, grants, time_left: state.time_left(), cancel };
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

/// Puts an answer into the guest's memory; 0 if the guest has no room for it.
fn deliver(mut caller: Caller<'_, State>, way_in: &WayIn, answer: &[u8]) -> wasmtime::Result<u64> {
    let Ok(len) = u32::try_from(answer.len()) else { return Ok(0) };
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
    let state = caller.data();
    let bytes = way_in.memory.data(&caller).get(range(address, len));
    let Some(bytes) = bytes.filter(|bytes| bytes.len() <= state.host.limits.request) else {
        caller.data_mut().lost_records += 1;
        return;
    };
    if state.answers.is_replay() {
        return;
    }
    state.host.trace(&state.plugin, Way::Request, LOG, bytes);
    let limits = &state.host.limits;
    let (records, total) = (state.logged.0 + 1, state.logged.1.saturating_add(len as usize));
    let fits = records <= limits.log_records && total <= limits.log_bytes;
    let record = LogRecord::read(&state.plugin, bytes);
    if fits {
        state.host.log(&record);
    } else if state.lost_records == 0 {
        let (records, bytes) = (limits.log_records, limits.log_bytes);
        let limit =
            format!("it logs more than {records} records or {bytes} bytes in a call; the rest is dropped");
        state.host.warn(&state.plugin, limit);
    }
    if record.level == Level::Error && record.message.starts_with(PANIC) {
        let panic = printable(&record.message);
        caller.data_mut().panic = Some(panic);
    }
    let state = caller.data_mut();
    state.logged = (records, total);
    state.lost_records += u64::from(!fits);
}

fn clock_time_get(mut caller: Caller<'_, State>, clock: u32, _precision: u64, address: u32) -> u32 {
    const SUCCESS: u32 = 0;
    const EFAULT: u32 = 21;
    const EINVAL: u32 = 28;
    caller.data_mut().host_calls += 1;
    if clock > 1 {
        return EINVAL;
    }
    let Some(way_in) = State::way_in(&mut caller) else { return EFAULT };
    let (memory, state) = way_in.memory.data_and_store_mut(&mut caller);
    let nanos = if let Some(recorded) = state.answers.replay(CLOCK) {
        recorded[..].try_into().unwrap_or_default()
    } else {
        let wall = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let time = if clock == 0 { wall() } else { state.host.start.elapsed() };
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).to_le_bytes()
    };
    state.answers.record(CLOCK, &[], &nanos);
    let Some(room) = memory.get_mut(range(address, 8)) else { return EFAULT };
    room.copy_from_slice(&nanos);
    SUCCESS
}
