//! Hosts for the plugins of others, with what their protocols ask for and a check needs.

use std::collections::HashMap;

use wasmtime::{Caller, Config, Engine, Linker, Memory, Module, Store, TypedFunc};

use super::{CONFIG, Cost};
use crate::program::Result;

/// How a plugin is asked for a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    /// The canonical ABI of the component model.
    Wit,
    /// waPC, with the name of the operation.
    Wapc(&'static str),
    /// Extism.
    Extism,
}

/// An instance of a plugin.
pub(super) struct Foreign {
    store: Store<State>,
    memory: Memory,
    entry: Entry,
    /// Calls into the guest.
    calls: u64,
}

/// The functions that a check calls, looked up once.
enum Entry {
    Wit {
        realloc: TypedFunc<(u32, u32, u32, u32), u32>,
        check: TypedFunc<(u32, u32), u32>,
        post: TypedFunc<u32, ()>,
    },
    Wapc(TypedFunc<(u32, u32), u32>),
    Extism(TypedFunc<(), i32>),
}

/// What the host keeps for a plugin.
#[derive(Default)]
struct State {
    memory: Option<Memory>,
    operation: &'static str,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Extism's memory between host and guest, and the lengths of what is in it.
    kernel: Vec<u8>,
    lengths: HashMap<u64, u64>,
    /// Calls to the host.
    calls: u64,
}

impl Foreign {
    /// Makes an instance. With fuel, it is slower.
    pub(super) fn new(module: &[u8], protocol: Protocol, fuel: bool) -> Result<Self> {
        let engine = Engine::new(Config::new().consume_fuel(fuel))?;
        let module = Module::new(&engine, module)?;
        let mut linker = Linker::new(&engine);
        match protocol {
            Protocol::Wit => wit(&mut linker)?,
            Protocol::Wapc(_) => wapc(&mut linker)?,
            Protocol::Extism => extism(&mut linker)?,
        }
        linker.define_unknown_imports_as_traps(&module)?;
        let mut state = State { input: CONFIG.into(), ..State::default() };
        if let Protocol::Wapc(operation) = protocol {
            state.operation = operation;
            if operation == "validate" {
                state.input = format!(r#"{{"request":{{"uid":"1"}},"settings":{CONFIG}}}"#).into();
            }
        }
        let mut store = Store::new(&engine, state);
        if fuel {
            store.set_fuel(u64::MAX)?;
        }
        let instance = linker.instantiate(&mut store, &module)?;
        let memory = instance.get_memory(&mut store, "memory").ok_or("the plugin has no memory")?;
        store.data_mut().memory = Some(memory);
        let entry = match protocol {
            Protocol::Wit => Entry::Wit {
                realloc: instance.get_typed_func(&mut store, "cabi_realloc")?,
                check: instance.get_typed_func(&mut store, "check")?,
                post: instance.get_typed_func(&mut store, "cabi_post_check")?,
            },
            Protocol::Wapc(_) => {
                instance.get_typed_func::<(), ()>(&mut store, "wapc_init")?.call(&mut store, ())?;
                Entry::Wapc(instance.get_typed_func(&mut store, "__guest_call")?)
            }
            Protocol::Extism => Entry::Extism(instance.get_typed_func(&mut store, "check")?),
        };
        Ok(Self { store, memory, entry, calls: 0 })
    }

    /// Measures a plugin, which must come to the expected outcome.
    pub(super) fn cost(module: &[u8], protocol: Protocol) -> Result<Cost> {
        let mut counting = Self::new(module, protocol, true)?;
        let memory_start = counting.memory.data_size(&counting.store);
        // What happens only the first time is over then.
        counting.check()?;
        let before = (counting.calls, counting.store.data().calls, counting.store.get_fuel()?);
        let answer = String::from_utf8_lossy(counting.check()?).into_owned();
        let after = (counting.calls, counting.store.data().calls, counting.store.get_fuel()?);
        let expected =
            if protocol == Protocol::Wapc("validate") { r#""accepted":true"# } else { r#""tags":2"# };
        if !answer.contains(expected) {
            return Err(format!("the plugin answers {answer:?}").into());
        }
        Ok(Cost {
            memory_start,
            guest_calls: after.0 - before.0,
            host_calls: after.1 - before.1,
            fuel: before.2 - after.2,
        })
    }

    /// A check, and its answer.
    pub(super) fn check(&mut self) -> Result<&[u8]> {
        let Self { store, memory, entry, calls } = self;
        store.data_mut().output.clear();
        match entry {
            Entry::Wit { realloc, check, post } => {
                let len = CONFIG.len() as u32;
                let at = realloc.call(&mut *store, (0, 0, 1, len))?;
                memory.write(&mut *store, at as usize, CONFIG.as_bytes())?;
                let answer = check.call(&mut *store, (at, len))?;
                // Whether it is an error, the address, and the length.
                let (data, state) = memory.data_and_store_mut(&mut *store);
                let word = |at: u32| {
                    part(data, at, 4)
                        .map(|bytes| bytes.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte)))
                };
                state.output.extend_from_slice(part(data, word(answer + 4)?, word(answer + 8)?)?);
                post.call(&mut *store, answer)?;
                *calls += 3;
            }
            Entry::Wapc(call) => {
                let state = store.data();
                let lens = (state.operation.len() as u32, state.input.len() as u32);
                call.call(&mut *store, lens)?;
                *calls += 1;
            }
            Entry::Extism(check) => {
                let state = store.data_mut();
                // The first address is no address.
                state.kernel.truncate(8);
                state.kernel.resize(8, 0);
                state.lengths.clear();
                check.call(&mut *store, ())?;
                *calls += 1;
            }
        }
        let answer = &self.store.data().output;
        if answer.is_empty() { Err("the plugin answers nothing".into()) } else { Ok(answer) }
    }
}

fn part(data: &[u8], at: u32, len: u32) -> wasmtime::Result<&[u8]> {
    let found = data.get(at as usize..).and_then(|rest| rest.get(..len as usize));
    found.ok_or_else(|| wasmtime::Error::msg("there is no such memory"))
}

fn memory(caller: &Caller<'_, State>) -> wasmtime::Result<Memory> {
    caller.data().memory.ok_or_else(|| wasmtime::Error::msg("the plugin has no memory yet"))
}

fn wit(linker: &mut Linker<State>) -> Result<()> {
    linker.func_wrap("$root", "log", |mut caller: Caller<'_, State>, _: u32, _: u32| {
        caller.data_mut().calls += 1
    })?;
    Ok(())
}

fn wapc(linker: &mut Linker<State>) -> Result<()> {
    type At<'a> = Caller<'a, State>;
    linker.func_wrap("wapc", "__console_log", |mut caller: At<'_>, _: u32, _: u32| {
        caller.data_mut().calls += 1
    })?;
    linker.func_wrap(
        "wapc",
        "__host_call",
        |mut caller: At<'_>, _: u32, _: u32, _: u32, _: u32, _: u32, _: u32, _: u32, _: u32| {
            caller.data_mut().calls += 1;
            1_u32
        },
    )?;
    for answer in ["__host_response_len", "__host_error_len"] {
        linker.func_wrap("wapc", answer, |mut caller: At<'_>| {
            caller.data_mut().calls += 1;
            0_u32
        })?;
    }
    for answer in ["__host_response", "__host_error"] {
        linker.func_wrap("wapc", answer, |mut caller: At<'_>, _: u32| caller.data_mut().calls += 1)?;
    }
    linker.func_wrap("wapc", "__guest_request", |mut caller: At<'_>, operation: u32, input: u32| {
        let (data, state) = memory(&caller)?.data_and_store_mut(&mut caller);
        state.calls += 1;
        for (at, bytes) in [(operation, state.operation.as_bytes()), (input, &state.input)] {
            let room = data.get_mut(at as usize..).and_then(|rest| rest.get_mut(..bytes.len()));
            room.ok_or_else(|| wasmtime::Error::msg("no room for the request"))?.copy_from_slice(bytes);
        }
        wasmtime::Result::<()>::Ok(())
    })?;
    for answer in ["__guest_response", "__guest_error"] {
        linker.func_wrap("wapc", answer, |mut caller: At<'_>, at: u32, len: u32| {
            let (data, state) = memory(&caller)?.data_and_store_mut(&mut caller);
            state.calls += 1;
            let answer = data.get(at as usize..).and_then(|rest| rest.get(..len as usize));
            state.output.extend_from_slice(answer.ok_or_else(|| wasmtime::Error::msg("no such answer"))?);
            wasmtime::Result::<()>::Ok(())
        })?;
    }
    Ok(())
}

/// The functions of Extism's kernel: a plugin reads and writes what is between it and its host by eight bytes.
fn extism(linker: &mut Linker<State>) -> Result<()> {
    const MODULE: &str = "extism:host/env";
    type At<'a> = Caller<'a, State>;
    fn state<'a>(caller: &'a mut At<'_>) -> &'a mut State {
        let state = caller.data_mut();
        state.calls += 1;
        state
    }
    fn read<const N: usize>(bytes: &[u8], at: u64) -> wasmtime::Result<[u8; N]> {
        let found = bytes.get(at as usize..).and_then(<[u8]>::first_chunk);
        found.copied().ok_or_else(|| wasmtime::Error::msg("read past the end"))
    }
    fn write(bytes: &mut [u8], at: u64, value: &[u8]) -> wasmtime::Result<()> {
        let room = bytes.get_mut(at as usize..).and_then(|rest| rest.get_mut(..value.len()));
        room.ok_or_else(|| wasmtime::Error::msg("written past the end"))?.copy_from_slice(value);
        Ok(())
    }
    linker.func_wrap(MODULE, "input_length", |mut caller: At<'_>| state(&mut caller).input.len() as u64)?;
    linker.func_wrap(MODULE, "input_load_u8", |mut caller: At<'_>, at: u64| {
        read::<1>(&state(&mut caller).input, at).map(|[byte]| u32::from(byte))
    })?;
    linker.func_wrap(MODULE, "input_load_u64", |mut caller: At<'_>, at: u64| {
        read(&state(&mut caller).input, at).map(u64::from_le_bytes)
    })?;
    linker.func_wrap(MODULE, "load_u8", |mut caller: At<'_>, at: u64| {
        read::<1>(&state(&mut caller).kernel, at).map(|[byte]| u32::from(byte))
    })?;
    linker.func_wrap(MODULE, "load_u64", |mut caller: At<'_>, at: u64| {
        read(&state(&mut caller).kernel, at).map(u64::from_le_bytes)
    })?;
    linker.func_wrap(MODULE, "store_u8", |mut caller: At<'_>, at: u64, byte: u32| {
        write(&mut state(&mut caller).kernel, at, &[byte as u8])
    })?;
    linker.func_wrap(MODULE, "store_u64", |mut caller: At<'_>, at: u64, value: u64| {
        write(&mut state(&mut caller).kernel, at, &value.to_le_bytes())
    })?;
    linker.func_wrap(MODULE, "alloc", |mut caller: At<'_>, len: u64| {
        let state = state(&mut caller);
        let at = state.kernel.len() as u64;
        state.kernel.resize((at + len).next_multiple_of(8) as usize, 0);
        state.lengths.insert(at, len);
        at
    })?;
    for length in ["length", "length_unsafe"] {
        linker.func_wrap(MODULE, length, |mut caller: At<'_>, at: u64| {
            state(&mut caller).lengths.get(&at).copied().unwrap_or_default()
        })?;
    }
    linker.func_wrap(MODULE, "free", |mut caller: At<'_>, at: u64| {
        state(&mut caller).lengths.remove(&at);
    })?;
    linker.func_wrap(MODULE, "output_set", |mut caller: At<'_>, at: u64, len: u64| {
        let state = state(&mut caller);
        let output = state.kernel.get(at as usize..).and_then(|rest| rest.get(..len as usize));
        state.output = output.ok_or_else(|| wasmtime::Error::msg("no such output"))?.to_vec();
        wasmtime::Result::<()>::Ok(())
    })?;
    // Everything from "info" on.
    linker.func_wrap(MODULE, "get_log_level", |mut caller: At<'_>| {
        state(&mut caller);
        2_u32
    })?;
    linker.func_wrap(MODULE, "log_info", |mut caller: At<'_>, _: u64| {
        state(&mut caller);
    })?;
    Ok(())
}
