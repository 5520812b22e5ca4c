//! Hosts for the plugins of others, with what their protocols ask for and a check needs.

use std::collections::HashMap;

use wasmtime::{Caller, Config, Engine, Extern, Instance, Linker, Memory, Module, Store};

use super::{CONFIG, Cost, Result};

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
    instance: Instance,
    memory: Memory,
    protocol: Protocol,
    /// Calls into the guest.
    calls: u64,
}

/// What the host keeps for a plugin.
#[derive(Default)]
struct State {
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
    /// Measures a plugin.
    pub(super) fn cost(module: &[u8], protocol: Protocol) -> Result<Cost> {
        let mut counting = Self::new(module, protocol, true)?;
        let memory_start = counting.memory.data_size(&counting.store);
        // What happens only the first time is over then.
        counting.check()?;
        let before = (counting.calls, counting.store.data().calls, counting.store.get_fuel()?);
        counting.check()?;
        let after = (counting.calls, counting.store.data().calls, counting.store.get_fuel()?);
        Ok(Cost {
            memory_start,
            guest_calls: after.0 - before.0,
            host_calls: after.1 - before.1,
            fuel: before.2 - after.2,
        })
    }

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
        if let Ok(init) = instance.get_typed_func::<(), ()>(&mut store, "wapc_init") {
            init.call(&mut store, ())?;
        }
        let memory = instance.get_memory(&mut store, "memory").ok_or("the plugin has no memory")?;
        Ok(Self { store, instance, memory, protocol, calls: 0 })
    }

    /// A check, which must be a success.
    pub(super) fn check(&mut self) -> Result<()> {
        self.store.data_mut().output.clear();
        match self.protocol {
            Protocol::Wit => self.check_wit()?,
            Protocol::Wapc(operation) => {
                let lens = (operation.len() as u32, self.store.data().input.len() as u32);
                self.call::<_, u32>("__guest_call", lens)?;
            }
            Protocol::Extism => {
                let state = self.store.data_mut();
                // The first address is no address.
                (state.kernel, state.lengths) = (vec![0; 8], HashMap::new());
                self.call::<_, i32>("check", ())?;
            }
        }
        let output = String::from_utf8_lossy(&self.store.data().output);
        let expected =
            if self.protocol == Protocol::Wapc("validate") { r#""accepted":true"# } else { r#""tags":2"# };
        if output.contains(expected) { Ok(()) } else { Err(format!("the plugin answers {output:?}").into()) }
    }

    fn check_wit(&mut self) -> Result<()> {
        let len = CONFIG.len() as u32;
        let at: u32 = self.call("cabi_realloc", (0_u32, 0_u32, 1_u32, len))?;
        self.memory.write(&mut self.store, at as usize, CONFIG.as_bytes())?;
        let answer: u32 = self.call("check", (at, len))?;
        // Whether it is an error, the address, and the length.
        let mut words = [0; 12];
        self.memory.read(&self.store, answer as usize, &mut words)?;
        let word = |at: usize| u32::from_le_bytes([words[at], words[at + 1], words[at + 2], words[at + 3]]);
        let mut output = vec![0; word(8) as usize];
        self.memory.read(&self.store, word(4) as usize, &mut output)?;
        self.store.data_mut().output = output;
        self.call("cabi_post_check", answer)
    }

    fn call<P: wasmtime::WasmParams, R: wasmtime::WasmResults>(&mut self, name: &str, with: P) -> Result<R> {
        self.calls += 1;
        Ok(self.instance.get_typed_func::<P, R>(&mut self.store, name)?.call(&mut self.store, with)?)
    }
}

fn memory(caller: &mut Caller<'_, State>) -> wasmtime::Result<Memory> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    memory.ok_or_else(|| wasmtime::Error::msg("the plugin has no memory"))
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
        let (data, state) = memory(&mut caller)?.data_and_store_mut(&mut caller);
        state.calls += 1;
        for (at, bytes) in [(operation, state.operation.as_bytes()), (input, &state.input)] {
            let room = data.get_mut(at as usize..).and_then(|rest| rest.get_mut(..bytes.len()));
            room.ok_or_else(|| wasmtime::Error::msg("no room for the request"))?.copy_from_slice(bytes);
        }
        wasmtime::Result::<()>::Ok(())
    })?;
    for answer in ["__guest_response", "__guest_error"] {
        linker.func_wrap("wapc", answer, |mut caller: At<'_>, at: u32, len: u32| {
            let (data, state) = memory(&mut caller)?.data_and_store_mut(&mut caller);
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
