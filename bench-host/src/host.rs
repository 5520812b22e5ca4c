//! The host: what all its plugins share, and how it is set up.

use core::fmt::{self, Display};
use core::future::Future;
use core::net::SocketAddr;
use core::sync::atomic::AtomicU32;
use core::time::Duration;
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use reglet_sdk_core::grants::Grants;
use tokio::runtime::{self, Runtime};
use wasmtime::{Engine, Linker};

use crate::cache::Cache;
use crate::cancel::Cancel;
use crate::denials::Denials;
use crate::engine::{self, Ticker};
use crate::error::Error;
use crate::functions::{Call, Functions};
use crate::imports;
use crate::limits::Limits;
use crate::log::{Level, LogRecord, Source};
use crate::plugin::Plugin;
use crate::services::net::Net;
use crate::services::trust;
use crate::state::State;
use crate::trace::{Crossing, Way};

/// Where commands are looked up.
const COMMAND_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Threads that the services share. They wait more than they work.
const SERVICE_THREADS: usize = 2;

/// Loads plugins, and serves them once they run.
///
/// Clones are the same host. Plugins and instances keep what they need of it; its threads end with the last of them. Calls block the
/// thread that makes them, which may be one of an async runtime, and take up to 1 MiB of its stack.
#[derive(Clone, Debug)]
pub struct Host(Arc<Shared>);

impl Host {
    /// A host with the default limits, still to be built.
    pub fn builder() -> Builder {
        Builder {
            limits: Limits::default(),
            functions: Functions::all(),
            ca_files: Vec::new(),
            nameservers: Vec::new(),
            cache: None,
            command_path: COMMAND_PATH.into(),
            log: None,
            trace: None,
            fuel: false,
        }
    }

    /// Checks and compiles a module; `name` is what errors and log records call the plugin.
    ///
    /// # Errors
    ///
    /// The module is too large, is not valid, imports what this host does not have, or lacks what a plugin
    /// must export.
    pub fn load(&self, name: &str, module: &[u8]) -> Result<Plugin, Error> {
        Plugin::load(&self.0, name, module)
    }

    /// Calls a function as a plugin would that has these grants; the answer is what the plugin would get.
    #[must_use]
    pub fn invoke(&self, grants: &Arc<Grants>, function: &str, request: &[u8]) -> Vec<u8> {
        let (host, time, began) = (&*self.0, self.0.limits.call_timeout, Instant::now());
        let (cancel, denials) = (&Cancel::default(), &Denials::default());
        let call = Call { plugin: "", function, host, grants, cancel, denials, time, began };
        host.functions.answer(&call, request)
    }
}

/// Sets up a [`Host`].
///
/// What plugins may take; whoever asks for more gets an error that names the limit:
///
/// | what | unless it is set | set by |
/// |---|---|---|
/// | module | 64 MiB | [`max_module_bytes`](Self::max_module_bytes) |
/// | functions, imports of a module | 100,000, 1,000 | |
/// | time to compile | 60 s | [`compile_timeout`](Self::compile_timeout) |
/// | linear memory | 256 MiB; Go needs 32 | [`memory_limit`](Self::memory_limit) |
/// | heap of a plugin of this SDK | 100 MiB, kept by the plugin itself | `heap::set_limit` of `reglet-sdk-core` |
/// | table | 100,000 elements | |
/// | instances at a time | 256 | [`max_instances`](Self::max_instances) |
/// | time of a call, with the host functions in it | 30 s | [`call_timeout`](Self::call_timeout) |
/// | request to a host function | 16 MiB | [`max_request`](Self::max_request) |
/// | answer of a host function | 32 MiB | [`max_answer`](Self::max_answer) |
/// | body of an HTTP answer; stdout, stderr of a command | 10 MiB each, then cut and marked | |
/// | outcome, metadata | 16 MiB, 128 levels | [`max_outcome`](Self::max_outcome) |
/// | log of a call | 10,000 records, 4 MiB, then dropped and counted | [`max_log`](Self::max_log) |
/// | denials of a call that are logged | 16 | |
/// | files open, listed, written | 256, 65,536 names, 1 GiB each | |
///
/// The host functions have limits of time of their own: 5 s for names and connections, 30 s for HTTP, mail and commands;
/// plugins may ask for less.
#[must_use]
pub struct Builder {
    limits: Limits,
    functions: Functions,
    ca_files: Vec<PathBuf>,
    nameservers: Vec<SocketAddr>,
    cache: Option<PathBuf>,
    command_path: Arc<str>,
    log: Option<Box<Log>>,
    trace: Option<Box<Trace>>,
    fuel: bool,
}

impl Builder {
    /// Bytes of memory that an instance may have; 256 MiB, and at most 4 GiB.
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.limits.memory = bytes.min(1 << 32);
        self
    }

    /// Time that a call may take, with the host functions that it calls; 30 seconds, exact to 20 ms.
    pub fn call_timeout(mut self, limit: Duration) -> Self {
        self.limits.call_timeout = limit;
        self
    }

    /// Bytes that a module may have; 64 MiB.
    pub fn max_module_bytes(mut self, bytes: usize) -> Self {
        self.limits.module = bytes;
        self
    }

    /// Time that compiling a module may take; 60 seconds. What takes longer is given up, though the thread that
    /// compiles goes on until it is done; while four of these do, nothing else is compiled.
    pub fn compile_timeout(mut self, limit: Duration) -> Self {
        self.limits.compile_time = limit;
        self
    }

    /// Keeps compiled modules in this folder, which must belong to the user alone, and is made if it is not there.
    ///
    /// A folder holds up to 1 GiB. Files that are damaged or of another version are compiled anew.
    pub fn cache_folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.cache = Some(folder.into());
        self
    }

    /// Instances that may live at the same time; 256.
    pub fn max_instances(mut self, instances: u32) -> Self {
        self.limits.instances = instances;
        self
    }

    /// Bytes that an answer of a host function may have; 32 MiB.
    pub fn max_answer(mut self, bytes: usize) -> Self {
        self.limits.answer = bytes;
        self
    }

    /// Records that a call may log, and their bytes; 10,000 and 4 MiB. What is more is dropped and counted.
    pub fn max_log(mut self, records: u64, bytes: usize) -> Self {
        (self.limits.log_records, self.limits.log_bytes) = (records, bytes);
        self
    }

    /// Bytes that a request to a host function may have; 16 MiB.
    pub fn max_request(mut self, bytes: usize) -> Self {
        self.limits.request = bytes;
        self
    }

    /// Bytes that an outcome or a metadata document may have; 16 MiB.
    pub fn max_outcome(mut self, bytes: usize) -> Self {
        self.limits.outcome = bytes;
        self
    }

    /// Offers these functions; without it, [all](Functions::all) of the protocol.
    pub fn functions(mut self, functions: Functions) -> Self {
        self.functions = functions;
        self
    }

    /// Trusts the certificates in this PEM file, besides the system's. May be called again.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_files.push(path.into());
        self
    }

    /// Looks names up at this server, in place of those of the system. May be called again: two servers are asked at a
    /// time, in the order of the calls, and the first answer counts.
    ///
    /// The system's `/etc/hosts`, search list and `ndots` still hold, as they were when the host was built.
    pub fn nameserver(mut self, server: SocketAddr) -> Self {
        self.nameservers.push(server);
        self
    }

    /// Looks commands without a `/` up in these folders, with `:` between them; `/usr/local/bin:/usr/bin:/bin`. The
    /// host's own `PATH` never counts, nor does a folder that is not absolute.
    pub fn command_path(mut self, folders: &str) -> Self {
        self.command_path = folders.into();
        self
    }

    /// Gets what plugins log, and the host's warnings about them, on the thread that makes the call. Without it, they
    /// become events of `tracing` with the target `reglet_plugin`.
    pub fn log(mut self, log: impl Fn(&LogRecord<'_>) + Send + Sync + 'static) -> Self {
        self.log = Some(Box::new(log));
        self
    }

    /// Gets what crosses the boundary, on the thread that makes the call; [`Mask`](crate::Mask) shows it without secrets.
    pub fn trace(mut self, trace: impl Fn(&Crossing<'_>) + Send + Sync + 'static) -> Self {
        self.trace = Some(Box::new(trace));
        self
    }

    /// Counts the fuel that plugins use, which makes them slower. Off unless switched on.
    pub fn fuel(mut self, count: bool) -> Self {
        self.fuel = count;
        self
    }

    /// Sets the host up.
    ///
    /// # Errors
    ///
    /// A certificate file can't be read, or the system does not give the threads or the memory.
    pub fn build(self) -> Result<Host, Error> {
        let roots = trust::roots(&self.ca_files).map_err(setup)?;
        let engine = engine::new(&self.limits, self.fuel).map_err(setup)?;
        let services = runtime::Builder::new_multi_thread()
            .worker_threads(SERVICE_THREADS)
            .thread_name("reglet-services")
            .enable_all()
            .build();
        Ok(Host(Arc::new(Shared {
            linker: imports::link(&engine).map_err(setup)?,
            ticker: Ticker::start(&engine).map_err(setup)?,
            engine,
            cache: self.cache.as_deref().map(Cache::open).transpose().map_err(setup)?,
            limits: self.limits,
            instances: AtomicU32::new(0),
            fuel: self.fuel,
            log: self.log,
            trace: self.trace,
            functions: self.functions,
            net: Net::new(roots, &self.nameservers).map_err(setup)?,
            command_path: self.command_path,
            services: Some(services.map_err(setup)?),
            abandoned: Mutex::default(),
            start: Instant::now(),
        })))
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("limits", &self.limits).finish_non_exhaustive()
    }
}

fn setup(error: impl Display) -> Error {
    Error::Setup { reason: format!("{error:#}") }
}

type Log = dyn Fn(&LogRecord<'_>) + Send + Sync;
type Trace = dyn Fn(&Crossing<'_>) + Send + Sync;

/// What a host, its plugins and their instances share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    /// The host functions and the parts of WASI that this host has.
    pub(crate) linker: Linker<State>,
    pub(crate) ticker: Ticker,
    pub(crate) cache: Option<Cache>,
    pub(crate) limits: Limits,
    /// Instances that are alive.
    pub(crate) instances: AtomicU32,
    pub(crate) fuel: bool,
    pub(crate) functions: Functions,
    pub(crate) net: Net,
    /// The folders to look commands up in.
    pub(crate) command_path: Arc<str>,
    /// The compilers that nobody waits for any more.
    pub(crate) abandoned: Mutex<Vec<JoinHandle<()>>>,
    /// Zero of the monotonic clock.
    pub(crate) start: Instant,
    log: Option<Box<Log>>,
    trace: Option<Box<Trace>>,
    /// Always there, but while it is dropped.
    services: Option<Runtime>,
}

impl Shared {
    pub(crate) fn log(&self, record: &LogRecord<'_>) {
        match &self.log {
            Some(log) => log(record),
            None => record.emit(),
        }
    }

    /// Tells the embedder what crosses the boundary.
    pub(crate) fn trace(&self, plugin: &str, way: Way, function: &str, payload: &[u8]) {
        if let Some(trace) = &self.trace {
            trace(&Crossing { plugin, function, way, payload, bytes: payload.len() });
        }
    }

    /// Tells the embedder of a call of `allocate` or `deallocate`.
    pub(crate) fn trace_memory(&self, plugin: &str, function: &str, bytes: u32) {
        if let Some(trace) = &self.trace {
            trace(&Crossing { plugin, function, way: Way::Call, payload: &[], bytes: bytes as usize });
        }
    }

    /// Tells the embedder what the host makes of a plugin.
    pub(crate) fn warn(&self, plugin: &str, message: String) {
        let (source, level, attrs) = (Source::Host, Level::Warn, Vec::new());
        self.log(&LogRecord { plugin, source, level, message: message.into(), attrs, plain: 0 });
    }

    /// Does the work on the services' own threads, and waits for it no longer than `limit` and than until it is
    /// cancelled. Where no time is left, none of it is done.
    ///
    /// Blocking on a runtime would panic if this thread belongs to the embedder's own.
    pub(crate) fn wait<T: Send + 'static>(
        &self,
        limit: Duration,
        cancel: &Cancel,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Failed> {
        let Some(services) = &self.services else { return Err(Failed::Panicked) };
        if limit.is_zero() {
            return Err(Failed::TimedOut);
        }
        let (sender, result) = mpsc::sync_channel(1);
        let cancel = cancel.clone();
        let task = services.spawn(async move {
            let done = tokio::select! {
                done = work => Ok(done),
                () = cancel.cancelled() => Err(Failed::Cancelled),
            };
            // Nobody listens any more once the time is over.
            let _ = sender.send(done);
        });
        result.recv_timeout(limit).unwrap_or_else(|error| {
            task.abort();
            Err(match error {
                RecvTimeoutError::Timeout => Failed::TimedOut,
                RecvTimeoutError::Disconnected => Failed::Panicked,
            })
        })
    }
}

/// Why a host function's work was not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// It took too long.
    #[error("it took too long")]
    TimedOut,
    /// The embedder cancelled the check.
    #[error("the check was cancelled")]
    Cancelled,
    /// It panicked.
    #[error("it panicked")]
    Panicked,
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Dropping a runtime waits for it, which panics on a thread of another one.
        if let Some(services) = self.services.take() {
            services.shutdown_background();
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("limits", &self.limits).finish_non_exhaustive()
    }
}
