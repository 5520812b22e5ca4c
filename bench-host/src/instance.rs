//! One run of a plugin: calls into it, and what it takes.

mod failure;

use core::fmt;

use wasmtime::{Memory, ModuleExport, Store, Trap, TypedFunc, UpdateDeadline, WasmParams, WasmResults};

use crate::cancel::Cancel;
use crate::error::{Cancelled, Error, INSTANTIATION};
use crate::imports::{range, unpack};
use crate::module::INITIALIZE;
use crate::outcome::Outcome;
use crate::plugin::Plugin;
use crate::replay::{Answers, Recording};
use crate::state::State;
use crate::trace::Way;
use crate::wasi;
use failure::failure;

/// A plugin's memory with all its state. After a trap it is spent, and only good for [`usage`](Self::usage).
pub struct Instance {
    plugin: Plugin,
    guest: Guest,
}

/// What an instance has taken so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Bytes of memory that it began with.
    pub memory_start: usize,
    /// Bytes of memory that it has. Memory never shrinks, so this is also the most that it had.
    pub memory_now: usize,
    /// Calls from the host into the guest, with those of `allocate` and `deallocate`.
    pub guest_calls: u64,
    /// Calls from the guest to the host.
    pub host_calls: u64,
    /// Log records that were dropped, because they did not stand in the guest's memory or were too large.
    pub lost_records: u64,
    /// The plugin's own count of its heap; only plugins of this SDK have one.
    pub heap: Option<HeapStats>,
    /// Fuel that the guest has used, if the host counts it.
    pub fuel: Option<u64>,
}

/// What a plugin's allocator has handed out. It is the plugin that counts, so it may lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeapStats {
    /// Bytes that may be allocated at a time.
    pub limit: u32,
    /// Bytes that are allocated now.
    pub live: u32,
    /// The most bytes that were ever allocated.
    pub peak: u32,
    /// Allocations so far.
    pub allocations: u32,
    /// Allocations that were refused.
    pub refused: u32,
}

impl Instance {
    pub(crate) fn new(plugin: Plugin) -> Result<Self, Error> {
        let loaded = plugin.loaded();
        let running = loaded.host.ticker.running();
        let guest = Guest::new(&plugin)?;
        drop(running);
        Ok(Self { plugin, guest })
    }

    /// The plugin that it is an instance of.
    #[must_use]
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// Runs the check with this configuration, which is JSON.
    ///
    /// # Errors
    ///
    /// The plugin traps, hits a limit, or returns what is not an outcome; or the instance is spent. An
    /// outcome with the status `error` is no such error.
    pub fn check(&mut self, config: &[u8]) -> Result<Outcome, Error> {
        let json = self.observe(config)?;
        let loaded = self.plugin.loaded();
        let (outcome, warning) =
            Outcome::read(json).map_err(|reason| self.guest.breach(loaded.generation.observe(), reason))?;
        if let Some(warning) = warning {
            loaded.host.warn(&loaded.name, warning);
        }
        Ok(outcome)
    }

    /// Runs the check and returns what the plugin returned, whatever it is.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check), but nothing is said about what stands in the outcome.
    pub fn observe(&mut self, config: &[u8]) -> Result<Vec<u8>, Error> {
        let loaded = self.plugin.loaded();
        let _running = loaded.host.ticker.running();
        self.guest.check(loaded.generation.observe(), config)
    }

    /// What ends the instance's calls from another thread. What is to end its start as well is given
    /// [beforehand](Plugin::cancelled_by).
    #[must_use]
    pub fn cancel(&self) -> Cancel {
        self.guest.store.data().cancel.clone()
    }

    /// Keeps what host functions answer from now on, until [`recording`](Self::recording) takes it.
    pub fn record(&mut self) {
        self.guest.store.data_mut().answers = Answers::Record(Vec::new(), 0);
    }

    /// What was recorded. From now on the services answer.
    #[must_use]
    pub fn recording(&mut self) -> Recording {
        self.guest.store.data_mut().answers.take()
    }

    /// Answers host calls from the recording, from its start in each call into the guest. What the plugin
    /// logs goes nowhere.
    pub fn replay(&mut self, recording: &Recording) {
        self.guest.store.data_mut().answers = Answers::from(recording);
    }

    /// What the instance has taken so far.
    #[must_use]
    pub fn usage(&mut self) -> Usage {
        let exports = &self.plugin.loaded().exports;
        let heap = exports.heap.as_ref().and_then(|heap| self.guest.heap(heap));
        let state = self.guest.store.data();
        Usage {
            memory_start: self.guest.memory_start,
            memory_now: self.guest.memory.data_size(&self.guest.store),
            guest_calls: state.guest_calls,
            host_calls: state.host_calls,
            lost_records: state.lost_records,
            heap,
            fuel: self.guest.store.get_fuel().ok().map(|left| u64::MAX - left),
        }
    }

    /// What an export without parameters returns.
    pub(crate) fn document(&mut self, export: &'static str) -> Result<Vec<u8>, Error> {
        let _running = self.plugin.loaded().host.ticker.running();
        self.guest.document(export)
    }
}

impl fmt::Debug for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("plugin", &self.plugin).finish_non_exhaustive()
    }
}

/// The instance itself, with its exports looked up.
struct Guest {
    store: Store<State>,
    instance: wasmtime::Instance,
    memory: Memory,
    memory_start: usize,
    allocate: TypedFunc<u32, u32>,
    observe: TypedFunc<(u32, u32), u64>,
    deallocate: Deallocate,
}

/// How buffers are handed back.
enum Deallocate {
    Absent,
    WrongType,
    Present(TypedFunc<(u32, u32), ()>),
}

impl Guest {
    fn new(plugin: &Plugin) -> Result<Self, Error> {
        let loaded = plugin.loaded();
        let (host, exports) = (&loaded.host, &loaded.exports);
        let state = State::new(host, &loaded.name, plugin.grants(), plugin.cancel()).map_err(|limit| {
            Error::NoRoom {
                plugin: loaded.name.to_string(),
                reason: format!("there are as many instances as the limit of {limit} allows"),
            }
        })?;
        let mut store = Store::new(&host.engine, state);
        if store.data().cancel.is_cancelled() {
            return Err(failure(store.data_mut(), INSTANTIATION, &Cancelled.into()));
        }
        store.limiter(|state| &mut state.growth);
        if host.fuel {
            store.set_fuel(u64::MAX).map_err(|error| failure(store.data_mut(), INSTANTIATION, &error))?;
        }
        store.epoch_deadline_callback(|context| {
            let state = context.data();
            if state.cancel.is_cancelled() {
                Err(Cancelled.into())
            } else if state.is_overdue() {
                Err(Trap::Interrupt.into())
            } else {
                Ok(UpdateDeadline::Continue(1))
            }
        });
        store.set_epoch_deadline(1);
        let instance = loaded
            .pre
            .instantiate(&mut store)
            .map_err(|error| failure(store.data_mut(), INSTANTIATION, &error))?;
        let lacks = |export| Error::NoExport { plugin: loaded.name.to_string(), export };
        let memory = instance.get_module_export(&mut store, &exports.memory).and_then(|e| e.into_memory());
        let memory = memory.ok_or_else(|| lacks("memory"))?;
        let mut guest = Self {
            memory,
            memory_start: start_size(&store, memory),
            allocate: typed(&mut store, instance, &exports.allocate).ok_or_else(|| lacks("allocate"))?,
            observe: typed(&mut store, instance, &exports.observe)
                .ok_or_else(|| lacks(loaded.generation.observe()))?,
            deallocate: match &exports.deallocate {
                None => Deallocate::Absent,
                Some(export) => {
                    typed(&mut store, instance, export).map_or(Deallocate::WrongType, Deallocate::Present)
                }
            },
            instance,
            store,
        };
        if let Some(export) = &exports.initialize {
            let initialize: TypedFunc<(), ()> =
                typed(&mut guest.store, instance, export).ok_or_else(|| lacks(INITIALIZE))?;
            call(&mut guest.store, &initialize, (), INITIALIZE)?;
        }
        Ok(guest)
    }

    /// From the configuration to the outcome's JSON.
    fn check(&mut self, export: &'static str, config: &[u8]) -> Result<Vec<u8>, Error> {
        self.begin(export)?;
        let place = self.place(config)?;
        self.trace(Way::Call, export, config);
        let packed = call(&mut self.store, &self.observe, place, export)?;
        self.take(export, packed, place)
    }

    fn document(&mut self, export: &'static str) -> Result<Vec<u8>, Error> {
        self.begin(export)?;
        let Ok(function) = self.instance.get_typed_func::<(), u64>(&mut self.store, export) else {
            return Err(Error::NoExport { plugin: self.plugin(), export });
        };
        self.trace(Way::Call, export, &[]);
        let packed = call(&mut self.store, &function, (), export)?;
        self.take(export, packed, (0, 0))
    }

    /// Begins a call, with all its time left.
    fn begin(&mut self, export: &'static str) -> Result<(), Error> {
        let state = self.store.data_mut();
        if state.spent {
            return Err(Error::Spent { plugin: self.plugin(), export });
        }
        state.begin();
        if state.cancel.is_cancelled() {
            return Err(failure(state, export, &Cancelled.into()));
        }
        self.store.set_epoch_deadline(1);
        Ok(())
    }

    /// Puts the configuration into the guest's memory.
    fn place(&mut self, config: &[u8]) -> Result<(u32, u32), Error> {
        if config.is_empty() {
            return Ok((0, 0));
        }
        let len = u32::try_from(config.len())
            .map_err(|_| self.breach("allocate", "a configuration of 4 GiB or more does not fit".into()))?;
        let state = self.store.data();
        state.host.trace_memory(&state.plugin, "allocate", len);
        let address = call(&mut self.store, &self.allocate, len, "allocate")?;
        let room = self.memory.data_mut(&mut self.store).get_mut(range(address, len));
        let Some(room) = room.filter(|_| address != 0) else {
            let place = if address == 0 { "nothing" } else { "a place outside of the memory" };
            let reason = format!("it returned {place} for the {len} bytes of the configuration");
            return Err(self.breach("allocate", reason));
        };
        room.copy_from_slice(config);
        Ok((address, len))
    }

    /// Copies what an export has returned, and hands its buffer and that of the configuration back.
    fn take(&mut self, export: &'static str, packed: u64, config: (u32, u32)) -> Result<Vec<u8>, Error> {
        let copied = self.copy(packed);
        if let Ok(returned) = &copied {
            self.trace(Way::Return, export, returned);
        }
        if copied.is_ok() {
            self.free(unpack(packed));
        }
        self.free(config);
        copied.map_err(|reason| self.breach(export, reason))
    }

    fn copy(&self, packed: u64) -> Result<Vec<u8>, String> {
        let (address, len) = unpack(packed);
        let limit = self.store.data().host.limits.outcome;
        if len == 0 {
            return Err("it returned nothing".into());
        }
        if address == 0 {
            return Err(format!("it returned a null pointer to {len} bytes"));
        }
        if len as usize > limit {
            return Err(format!("it returned {len} bytes, more than the limit of {limit} bytes"));
        }
        let memory = self.memory.data(&self.store);
        let bytes = memory.get(range(address, len)).ok_or_else(|| {
            format!("it returned {len} bytes at {address}, outside of its memory of {} bytes", memory.len())
        })?;
        Ok(bytes.to_vec())
    }

    /// Hands a buffer back. If that fails, the instance is spent, but what was copied is good.
    fn free(&mut self, (address, len): (u32, u32)) {
        if len == 0 || self.store.data().spent {
            return;
        }
        let state = self.store.data();
        state.host.trace_memory(&state.plugin, "deallocate", len);
        let failed = match &self.deallocate {
            Deallocate::Absent => return,
            Deallocate::WrongType => {
                self.store.data_mut().spent = true;
                self.breach("deallocate", "it has the wrong type".into())
            }
            Deallocate::Present(deallocate) => {
                match call(&mut self.store, deallocate, (address, len), "deallocate") {
                    Ok(()) => return,
                    Err(error) => error,
                }
            }
        };
        let state = self.store.data();
        state.host.warn(&state.plugin, format!("{failed}; the instance is spent"));
    }

    /// The numbers at the address that the exported global holds.
    fn heap(&mut self, export: &ModuleExport) -> Option<HeapStats> {
        let global = self.instance.get_module_export(&mut self.store, export)?.into_global()?;
        let address = global.get(&mut self.store).i32()?.cast_unsigned();
        let bytes = self.memory.data(&self.store).get(range(address, 20))?;
        let mut numbers =
            bytes.chunks_exact(4).filter_map(|word| word.try_into().ok()).map(u32::from_le_bytes);
        let mut next = || numbers.next();
        Some(HeapStats {
            limit: next()?,
            live: next()?,
            peak: next()?,
            allocations: next()?,
            refused: next()?,
        })
    }

    /// What an export did breaks the protocol; if it was refused memory before, that is why.
    fn breach(&self, export: &'static str, reason: String) -> Error {
        let (plugin, state) = (self.plugin(), self.store.data());
        if state.growth.refused {
            return Error::OutOfMemory { plugin, export, limit: state.host.limits.memory, reason };
        }
        Error::Protocol { plugin, export, reason: state.growth.explain(reason) }
    }

    fn trace(&self, way: Way, export: &str, payload: &[u8]) {
        let state = self.store.data();
        state.host.trace(&state.plugin, way, export, payload);
    }

    fn plugin(&self) -> String {
        self.store.data().plugin.to_string()
    }
}

fn call<P: WasmParams, R: WasmResults>(
    store: &mut Store<State>,
    function: &TypedFunc<P, R>,
    params: P,
    export: &'static str,
) -> Result<R, Error> {
    store.data_mut().guest_calls += 1;
    let result = function.call(&mut *store, params);
    wasi::flush(store.data_mut());
    result.map_err(|error| failure(store.data_mut(), export, &error))
}

fn typed<P: WasmParams, R: WasmResults>(
    store: &mut Store<State>,
    instance: wasmtime::Instance,
    export: &ModuleExport,
) -> Option<TypedFunc<P, R>> {
    instance.get_module_export(&mut *store, export)?.into_func()?.typed(&*store).ok()
}

/// Bytes that the memory has by its type, whatever the start section has added.
fn start_size(store: &Store<State>, memory: Memory) -> usize {
    let ty = memory.ty(store);
    usize::try_from(ty.minimum().saturating_mul(ty.page_size())).unwrap_or(usize::MAX)
}
