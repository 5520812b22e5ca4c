//! What plugins import: the host functions, and the way of a request in and of its answer out.

use core::ops::Range;
use core::time::Duration;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{SystemTime, UNIX_EPOCH};

use reglet_sdk_core::Error;
use reglet_sdk_core::error::Kind;
use reglet_sdk_core::json::{Encode, Writer};
use reglet_sdk_core::tcp::Received;
use reglet_sdk_core::wire::Timing;
use wasmtime::{Caller, Engine, Linker, Module};

use crate::log::{Level, LogRecord, printable};
use crate::module;
use crate::outcome;
use crate::services::tcp;
use crate::state::{State, WayIn};

const HOST: &str = "reglet_host";
const LOG: &str = "log_message";
const WASI: &str = "wasi_snapshot_preview1";
const CLOCK: &str = "clock_time_get";

/// How a plugin's report of a panic starts.
const PANIC: &str = "plugin panic: ";

/// The time for a connection when nobody sets a shorter one.
const TCP_TIMEOUT: Duration = Duration::from_secs(5);

/// A host function, from the bytes of the request to those of the answer.
type Service = fn(&State, &[u8]) -> Result<Vec<u8>, Error>;

const SERVICES: [(&str, Service); 1] = [("tcp_connect", tcp_connect)];

/// What every plugin may import.
pub(crate) fn link(engine: &Engine) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    for (name, service) in SERVICES {
        linker.func_wrap(HOST, name, move |caller: Caller<'_, State>, request: u64| {
            serve(caller, request, name, service)
        })?;
    }
    linker.func_wrap(HOST, LOG, log_message)?;
    linker.func_wrap(WASI, CLOCK, clock_time_get)?;
    Ok(linker)
}

/// Checks a module's imports, and adds the host functions that this host does not know: they answer with an
/// error, so that a plugin which can do without them loads.
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
        if from == HOST && name != LOG && SERVICES.iter().all(|(known, _)| *known != name) {
            let unknown = name.to_owned();
            let answer = move |caller: Caller<'_, State>, request: u64| {
                serve(caller, request, &unknown, |_, _| {
                    let message = format!("unknown host function: {unknown}");
                    Err(Error::internal(message).with_code("NOT_FOUND"))
                })
            };
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
fn serve(
    mut caller: Caller<'_, State>,
    request: u64,
    name: &str,
    service: impl FnOnce(&State, &[u8]) -> Result<Vec<u8>, Error>,
) -> wasmtime::Result<u64> {
    caller.data_mut().host_calls += 1;
    // Else the room for an answer could need an answer, without end.
    if caller.data().answering {
        return Ok(0);
    }
    let Some(way_in) = State::way_in(&mut caller) else { return Ok(0) };
    if let Some(answer) = caller.data_mut().answers.replay(name) {
        return deliver(caller, &way_in, &answer);
    }
    let (address, len) = unpack(request);
    let limit = caller.data().host.limits.request;
    let answer = if len as usize > limit {
        Err(invalid(format!("the request has {len} bytes, more than the limit of {limit} bytes")))
    } else {
        match way_in.memory.data(&caller).get(range(address, len)) {
            Some(request) => service(caller.data(), request),
            None => Err(invalid(format!("the request, {len} bytes at {address}, is not within the memory"))),
        }
    };
    let answer = answer.unwrap_or_else(|error| {
        let mut out = Writer::new();
        out.begin_object();
        out.member("error", &error);
        out.end_object();
        out.into_bytes()
    });
    let (memory, state) = way_in.memory.data_and_store_mut(&mut caller);
    state.answers.record(name, memory.get(range(address, len)).unwrap_or_default(), &answer);
    deliver(caller, &way_in, &answer)
}

/// Puts an answer into the guest's memory; 0 if the guest has no room for it.
fn deliver(mut caller: Caller<'_, State>, way_in: &WayIn, answer: &[u8]) -> wasmtime::Result<u64> {
    let Ok(len) = u32::try_from(answer.len()) else { return Ok(0) };
    let state = caller.data_mut();
    state.answering = true;
    state.guest_calls += 1;
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

#[cold]
fn invalid(message: String) -> Error {
    Error::new(Kind::Validation, message).with_code("INVALID_REQUEST")
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
    let record = LogRecord::read(&state.plugin, bytes);
    state.host.log(&record);
    if record.level == Level::Error && record.message.starts_with(PANIC) {
        let panic = printable(&record.message);
        caller.data_mut().panic = Some(panic);
    }
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

fn tcp_connect(state: &State, request: &[u8]) -> Result<Vec<u8>, Error> {
    let request = Received::read(request)
        .map_err(|error| invalid(format!("tcp_connect: {}", printable(&error.describe(request)))))?;
    if request.timing.canceled {
        return Err(Error::internal("the request is canceled already").with_code("CANCELED"));
    }
    let limit = time_limit(&request.timing, TCP_TIMEOUT).min(state.time_left());
    // The services run on other threads, so they can't borrow from the guest's memory.
    let request = Received {
        host: request.host.into_owned().into(),
        timing: Timing { request_id: request.timing.request_id.into_owned().into(), ..request.timing },
        ..request
    };
    let work = {
        let (service, request) = (state.host.tcp.clone(), request.clone());
        async move { service.connect(&request).await }
    };
    let response = match state.host.wait(limit, work) {
        Ok(response) => response,
        Err(RecvTimeoutError::Timeout) => tcp::timed_out(&request, limit),
        Err(RecvTimeoutError::Disconnected) => {
            return Err(Error::internal("tcp_connect: the service failed"));
        }
    };
    let mut out = Writer::with_capacity(1024);
    response.encode(&mut out);
    Ok(out.into_bytes())
}

/// The time that a request leaves: the smallest limit it names, or else its deadline, but never more than
/// `most`.
fn time_limit(timing: &Timing<'_>, most: Duration) -> Duration {
    let now = outcome::now();
    let own = match (timing.timeout_ms, timing.deadline) {
        (Some(timeout), _) => Duration::from_millis(timeout.into()),
        (None, Some(deadline)) if deadline <= now => Duration::ZERO,
        // In whole seconds, but never cut down to none.
        (None, Some(deadline)) => {
            Duration::from_secs(deadline.unix_seconds().abs_diff(now.unix_seconds()).max(1))
        }
        (None, None) => most,
    };
    own.min(most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use reglet_sdk_core::Timestamp;

    #[test]
    fn a_request_never_gets_more_time_than_the_host_allows() {
        let most = Duration::from_secs(5);
        let limit = |timeout_ms, deadline| {
            time_limit(&Timing { timeout_ms, deadline, ..Timing::default() }, most).as_millis()
        };
        let hours = |hours: i64| Some(Timestamp::from_unix(outcome::now().unix_seconds() + hours * 3600, 0));
        assert_eq!(limit(None, None), 5_000);
        assert_eq!(limit(Some(200), None), 200);
        assert_eq!(limit(Some(60_000), None), 5_000);
        assert_eq!(limit(None, hours(1)), 5_000);
        assert_eq!(limit(None, hours(-1)), 0);
        assert_eq!(limit(Some(200), hours(-1)), 200);
    }
}
