//! A compiled module that can be run as often as one likes.

use core::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::thread;

use reglet_sdk_core::grants::Grants;
use reglet_sdk_core::json::{Kind, Value};
use wasmtime::{InstancePre, Module, ModuleExport};

use crate::about::About;
use crate::cancel::Cancel;
use crate::error::Error;
use crate::host::Shared;
use crate::imports;
use crate::instance::Instance;
use crate::log::printable;
use crate::module::{self, Generation, INITIALIZE};
use crate::outcome::{self, Outcome};
use crate::state::State;

/// Modules that are still being compiled though their time is over. Further ones are refused, since nothing ends the
/// compiler.
const MAX_ABANDONED: usize = 4;

/// A plugin, ready to run, with what it may do: nothing, until it is [granted](Self::granted).
#[derive(Clone, Debug)]
pub struct Plugin {
    loaded: Arc<Loaded>,
    grants: Arc<Grants>,
    cancel: Option<Cancel>,
}

/// What is known of a plugin once it is loaded.
pub(crate) struct Loaded {
    pub(crate) name: Arc<str>,
    pub(crate) host: Arc<Shared>,
    pub(crate) pre: InstancePre<State>,
    pub(crate) generation: Generation,
    pub(crate) exports: Exports,
}

/// Where the exports are that instances need at once.
pub(crate) struct Exports {
    pub(crate) memory: ModuleExport,
    pub(crate) allocate: ModuleExport,
    pub(crate) observe: ModuleExport,
    pub(crate) deallocate: Option<ModuleExport>,
    pub(crate) initialize: Option<ModuleExport>,
    pub(crate) heap: Option<ModuleExport>,
}

impl Plugin {
    pub(crate) fn load(host: &Arc<Shared>, name: &str, module: &[u8]) -> Result<Self, Error> {
        let plugin = || printable(name);
        let (size, limit) = (module.len(), host.limits.module);
        if size > limit {
            return Err(Error::TooLarge { plugin: plugin(), size, limit });
        }
        let refused = |reason: String| Error::Refused { plugin: plugin(), reason: printable(&reason) };
        module::scan(module, &host.limits).map_err(refused)?;
        let module = compile(host, &plugin(), module).map_err(refused)?;
        let generation = module::check_exports(&module).map_err(refused)?;
        let linker = imports::resolve(&host.linker, &module).map_err(refused)?;
        let pre = linker.instantiate_pre(&module).map_err(|e| refused(format!("{e:#}")))?;
        let export = |name| module.get_export_index(name).ok_or_else(|| refused(format!("it lacks {name}")));
        let exports = Exports {
            memory: export("memory")?,
            allocate: export("allocate")?,
            observe: export(generation.observe())?,
            deallocate: module.get_export_index("deallocate"),
            initialize: module.get_export_index(INITIALIZE),
            heap: module.get_export_index("reglet_heap"),
        };
        let (name, host) = (plugin().into(), Arc::clone(host));
        let loaded = Arc::new(Loaded { name, host, pre, generation, exports });
        Ok(Self { loaded, grants: Arc::default(), cancel: None })
    }

    pub(crate) fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// The plugin with these grants, in place of those that it had.
    #[must_use]
    pub fn granted(&self, grants: impl Into<Arc<Grants>>) -> Self {
        Self { grants: grants.into(), ..self.clone() }
    }

    /// The plugin whose calls and instances all end with this signal, in their start already. Without one, each instance
    /// has [its own](Instance::cancel).
    ///
    /// ```
    /// use std::time::Duration;
    /// use reglet_bench_host::{Cancel, Error, Outcome, Plugin};
    ///
    /// fn check_until(plugin: &Plugin, config: &[u8], limit: Duration) -> Result<Outcome, Error> {
    ///     let cancel = Cancel::default();
    ///     let plugin = plugin.cancelled_by(&cancel);
    ///     std::thread::spawn(move || {
    ///         std::thread::sleep(limit);
    ///         cancel.cancel();
    ///     });
    ///     plugin.check(config)
    /// }
    /// ```
    #[must_use]
    pub fn cancelled_by(&self, cancel: &Cancel) -> Self {
        Self { cancel: Some(cancel.clone()), ..self.clone() }
    }

    /// What ends a new instance.
    pub(crate) fn cancel(&self) -> Cancel {
        self.cancel.clone().unwrap_or_default()
    }

    /// What the plugin may do.
    #[must_use]
    pub fn grants(&self) -> &Arc<Grants> {
        &self.grants
    }

    /// The name under which it was loaded.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.loaded.name
    }

    /// Which entry points the host uses.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.loaded.generation
    }

    /// What the plugin says of itself, by the metadata export of its generation.
    ///
    /// # Errors
    ///
    /// The export fails, or what it returns can't be read.
    pub fn about(&self) -> Result<About, Error> {
        let export = self.loaded.generation.metadata();
        let document = self.document(export)?;
        About::read(document.as_bytes()).map_err(|error| {
            let reason = format!("it can't be read: {}", printable(&error.describe(document.as_bytes())));
            Error::Protocol { plugin: self.name().to_owned(), export, reason }
        })
    }

    /// What `describe` returns, the metadata of generation A, as JSON.
    ///
    /// # Errors
    ///
    /// There is no such export, it fails, or it returns what is not JSON or is an error.
    pub fn describe(&self) -> Result<String, Error> {
        self.document("describe")
    }

    /// What `_manifest` returns, or `manifest` if the plugin is of generation A′, as JSON.
    ///
    /// # Errors
    ///
    /// There is no such export, it fails, or it returns what is not JSON or is an error.
    pub fn manifest(&self) -> Result<String, Error> {
        let export = if self.loaded.generation == Generation::APrime { "manifest" } else { "_manifest" };
        self.document(export)
    }

    /// The JSON Schema of the configuration: what `_schema` returns if the plugin is of generation B, else what `schema`
    /// does, else the `config_schema` of its manifest.
    ///
    /// # Errors
    ///
    /// There is none of these, it fails, or it returns what is not JSON or is an error.
    pub fn schema(&self) -> Result<String, Error> {
        let lacks = |found: &Result<_, _>| matches!(found, Err(Error::NoExport { .. }));
        let mut found = self.document(self.loaded.generation.schema());
        if lacks(&found) {
            found = self.document("schema");
        }
        if !lacks(&found) {
            return found;
        }
        let manifest = self.manifest().unwrap_or_default();
        let schema = Value::parse(manifest.as_bytes()).map(|manifest| manifest.get("config_schema"));
        match schema {
            Ok(schema) if schema.kind() == Kind::Object => {
                Ok(String::from_utf8_lossy(schema.raw()).into_owned())
            }
            _ => found,
        }
    }

    /// Runs the check with this configuration, which is JSON, on an instance of its own.
    ///
    /// # Errors
    ///
    /// The plugin can't be instantiated, traps, hits a limit, or returns what is not an outcome. An outcome
    /// with the status `error` is no such error.
    pub fn check(&self, config: &[u8]) -> Result<Outcome, Error> {
        self.instance()?.check(config)
    }

    /// Makes an instance, for checks that share their state.
    ///
    /// # Errors
    ///
    /// The plugin traps or hits a limit in its start section or in `_initialize`, or the host has no room.
    pub fn instance(&self) -> Result<Instance, Error> {
        Instance::new(self.clone())
    }

    fn document(&self, export: &'static str) -> Result<String, Error> {
        let document = outcome::utf8(self.instance()?.document(export)?);
        let plugin = || self.name().to_owned();
        let value = Value::parse(document.as_bytes()).map_err(|error| {
            let reason =
                format!("it returned what is not JSON: {}", printable(&error.describe(document.as_bytes())));
            Error::Protocol { plugin: plugin(), export, reason }
        })?;
        // Go's SDK answers so when the plugin fails, and Go's hosts take it for empty metadata.
        if let Ok([status, error, name]) = value.fields(&["status", "error", "name"])
            && !status.is_none()
            && !error.is_none()
            && name.is_none()
        {
            let reason = error.get("message").text();
            let reason = reason.unwrap_or_else(|_| String::from_utf8_lossy(error.raw()));
            return Err(Error::Reported { plugin: plugin(), export, reason: printable(&reason) });
        }
        Ok(document)
    }
}

/// Compiles a module, or takes it from the cache.
fn compile(host: &Arc<Shared>, plugin: &str, module: &[u8]) -> Result<Module, String> {
    if let Some(compiled) = host.cache.as_ref().and_then(|cache| cache.load(&host.engine, module)) {
        return Ok(compiled);
    }
    let mut abandoned = host.abandoned.lock().unwrap_or_else(PoisonError::into_inner);
    abandoned.retain(|thread| !thread.is_finished());
    if abandoned.len() >= MAX_ABANDONED {
        return Err(format!(
            "{MAX_ABANDONED} modules that took too long are still being compiled: try again later"
        ));
    }
    drop(abandoned);
    let (sender, result) = mpsc::sync_channel(1);
    let (engine, bytes) = (host.engine.clone(), module.to_vec());
    // Nothing ends the compiler, but one need not wait for it.
    let thread = thread::Builder::new().name("reglet-compiler".into()).spawn(move || {
        let _ = sender.send(Module::from_binary(&engine, &bytes));
    });
    let thread = thread.map_err(|error| format!("no thread can be had to compile it: {error}"))?;
    let limit = host.limits.compile_time;
    let compiled = match result.recv_timeout(limit) {
        Ok(compiled) => compiled.map_err(|error| format!("{error:#}"))?,
        Err(RecvTimeoutError::Timeout) => {
            host.abandoned.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
            return Err(format!("it took more than {limit:?} to compile"));
        }
        Err(RecvTimeoutError::Disconnected) => return Err("the compiler panicked".into()),
    };
    if let Some(cache) = &host.cache
        && let Err(error) = cache.store(&host.engine, module, &compiled)
    {
        host.warn(plugin, format!("the compiled module can't be kept: {error}"));
    }
    Ok(compiled)
}

impl fmt::Debug for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loaded")
            .field("name", &self.name)
            .field("generation", &self.generation)
            .finish_non_exhaustive()
    }
}
