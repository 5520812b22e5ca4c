//! What checks are compared with: a module that does nothing, and a call of nothing.

use core::fmt::Display;

use wasmtime::{Engine, Instance, Linker, Module, Store, TypedFunc};

use crate::engine;
use crate::error::Error;
use crate::limits::Limits;
use crate::outcome::now;

/// A plugin that returns the same outcome without a look at anything: all that is left is the way in and out.
pub(super) fn echo() -> Result<Vec<u8>, Error> {
    // The host puts its own time in the place of one that can't be right, which the echo should not pay for.
    let outcome = format!(r#"{{"timestamp":"{}","status":"success","message":"echo"}}"#, now().rfc3339());
    let len = outcome.len();
    let outcome = outcome.replace('"', "\\\"");
    let module = format!(
        r#"(module
             (memory (export "memory") 2)
             (data (i32.const 1024) "{outcome}")
             (data (i32.const 16) "{{}}")
             (func (export "allocate") (param i32) (result i32) (i32.const 65536))
             (func (export "deallocate") (param i32 i32))
             (func (export "_manifest") (result i64) (i64.const 0x10_00000002))
             (func (export "_schema") (result i64) (i64.const 0x10_00000002))
             (func (export "_observe") (param i32 i32) (result i64) (i64.const {packed})))"#,
        packed = 1024_u64 << 32 | len as u64,
    );
    wat::parse_str(module).map_err(setup)
}

/// A function without parameters, results and instructions, called by wasmtime's own means.
pub(super) struct NoOp {
    store: Store<()>,
    function: TypedFunc<(), ()>,
}

impl NoOp {
    pub(super) fn new() -> Result<Self, Error> {
        // As the host has it, so that a call costs the same.
        let engine = engine::new(&Limits { memory: 1 << 20, ..Limits::default() }, false).map_err(setup)?;
        Self::on(&engine).map_err(setup)
    }

    fn on(engine: &Engine) -> wasmtime::Result<Self> {
        let module = Module::new(engine, r#"(module (func (export "f")))"#)?;
        let mut store = Store::new(engine, ());
        // Nobody counts this engine's epoch, so one is enough.
        store.set_epoch_deadline(1);
        let instance: Instance = Linker::new(engine).instantiate(&mut store, &module)?;
        let function = instance.get_typed_func(&mut store, "f")?;
        Ok(Self { store, function })
    }

    pub(super) fn call(&mut self) -> Result<(), Error> {
        self.function.call(&mut self.store, ()).map_err(setup)
    }
}

fn setup(error: impl Display) -> Error {
    Error::Setup { reason: format!("the baseline of the measurement: {error:#}") }
}
