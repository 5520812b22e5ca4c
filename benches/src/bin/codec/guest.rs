//! A codec in a guest.

use core::time::Duration;
use std::time::Instant;

use codec_tasks::Task;
use wasmtime::{Config, Engine, Linker, Memory, Module, Store, TypedFunc};

use reglet_benches::program::Result;

/// An instance of a guest.
pub(crate) struct Guest {
    store: Store<()>,
    memory: Memory,
    prepare: TypedFunc<u32, u32>,
    run: TypedFunc<(u32, u32, u32, u32), u64>,
}

impl Guest {
    /// Compiles a module, and makes an instance. With fuel, it is slower.
    pub(crate) fn new(module: &[u8], fuel: bool) -> Result<Self> {
        let engine = Engine::new(Config::new().consume_fuel(fuel))?;
        let module = Module::new(&engine, module)?;
        let mut linker = Linker::new(&engine);
        linker.define_unknown_imports_as_traps(&module)?;
        let mut store = Store::new(&engine, ());
        if fuel {
            store.set_fuel(u64::MAX)?;
        }
        let instance = linker.instantiate(&mut store, &module)?;
        let memory = instance.get_memory(&mut store, "memory").ok_or("the guest has no memory")?;
        let prepare = instance.get_typed_func(&mut store, "prepare")?;
        let run = instance.get_typed_func(&mut store, "run")?;
        Ok(Self { store, memory, prepare, run })
    }

    /// Does a task with a fresh copy of the document; returns the sum, and the time without that of copying.
    pub(crate) fn run(&mut self, task: Task, document: &[u8], times: u32) -> Result<(u64, Duration)> {
        let len = u32::try_from(document.len())?;
        let address = self.prepare.call(&mut self.store, len)?;
        self.memory.write(&mut self.store, address as usize, document)?;
        let start = Instant::now();
        let sum = self.run.call(&mut self.store, (task as u32, address, len, times))?;
        Ok((sum, start.elapsed()))
    }

    /// Fuel for a task: what more of them take than one does. A task that is done only once counts with the call.
    pub(crate) fn fuel(&mut self, task: Task, document: &[u8]) -> Result<u64> {
        const MORE: u32 = 8;
        if task == Task::Body {
            return self.burnt(task, document, 1);
        }
        // What happens only the first time is over then.
        self.run(task, document, 1)?;
        let one = self.burnt(task, document, 1)?;
        Ok((self.burnt(task, document, 1 + MORE)? - one) / u64::from(MORE))
    }

    fn burnt(&mut self, task: Task, document: &[u8], times: u32) -> Result<u64> {
        let len = u32::try_from(document.len())?;
        let address = self.prepare.call(&mut self.store, len)?;
        self.memory.write(&mut self.store, address as usize, document)?;
        let before = self.store.get_fuel()?;
        self.run.call(&mut self.store, (task as u32, address, len, times))?;
        Ok(before - self.store.get_fuel()?)
    }

    /// Bytes of memory, which never becomes less.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory.data_size(&self.store)
    }
}
