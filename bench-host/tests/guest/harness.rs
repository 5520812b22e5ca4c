//! A host that does what the test tells it to, and that is strict about what the guest sends.

use std::sync::{Arc, LazyLock};

use reglet_bench_host::guests::{Crate, Profile};
use serde_json::Value;
use wasmtime::{AsContextMut, Caller, Engine, Linker, Memory, Module, Store, TypedFunc};

/// The time on the host's clock: 2027-01-15T08:00:00Z.
const NOW: u64 = 1_800_000_000;

/// What the host answers unless the test says otherwise: the certificate ends in 90 days.
pub(crate) const CONNECTED: &str = r#"{"connected":true,"tls":true,"tls_version":"TLS 1.3",
    "tls_cert_issuer":"CN=Example CA","tls_cert_not_after":"2027-04-15T08:00:00Z"}"#;

/// A configuration that is as it should be.
pub(crate) const CONFIG: &[u8] = br#"{"hostname":"example.com"}"#;

/// The bytes of the module.
pub(crate) static MODULE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let built = Crate::find("tls-check").unwrap().build(Profile::Small, &()).unwrap();
    built.module.bytes
});

static COMPILED: LazyLock<(Engine, Module)> = LazyLock::new(|| {
    let engine = Engine::default();
    let module = Module::new(&engine, &*MODULE).unwrap();
    (engine, module)
});

/// Answers a call of `tcp_connect`, with a packed address and length.
type Answer = Arc<dyn Fn(&mut Guest<Caller<'_, Host>>) -> u64 + Send + Sync>;

pub(crate) struct Host {
    answer: Answer,
    exports: Option<Exports>,
    /// Whether requests and records are kept.
    keeps: bool,
    requests: Vec<Vec<u8>>,
    logs: Vec<Vec<u8>>,
}

#[derive(Clone)]
struct Exports {
    memory: Memory,
    allocate: TypedFunc<u32, u32>,
    deallocate: TypedFunc<(u32, u32), ()>,
    observe: TypedFunc<(u32, u32), u64>,
    /// Address of the heap's counters.
    heap: u32,
}

/// The counters of the guest's heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Heap {
    pub(crate) limit: u32,
    pub(crate) live: u32,
    pub(crate) peak: u32,
    pub(crate) allocations: u32,
    pub(crate) refused: u32,
    pub(crate) last_refused: u32,
}

/// An instance of the plugin, as a test sees it, or a host function within a call.
pub(crate) struct Guest<S>(S);

impl<S: AsContextMut<Data = Host>> Guest<S> {
    fn exports(&self) -> Exports {
        self.0.as_context().data().exports.clone().unwrap()
    }

    pub(crate) fn allocate(&mut self, size: u32) -> wasmtime::Result<u32> {
        self.exports().allocate.call(&mut self.0, size)
    }

    pub(crate) fn deallocate(&mut self, address: u32, size: u32) {
        self.exports().deallocate.call(&mut self.0, (address, size)).unwrap();
    }

    /// Puts the bytes into a buffer of their own, and returns where they are.
    pub(crate) fn place(&mut self, bytes: &[u8]) -> u32 {
        let address = self.allocate(len(bytes)).unwrap();
        self.write(address, bytes);
        address
    }

    pub(crate) fn write(&mut self, address: u32, bytes: &[u8]) {
        self.exports().memory.write(&mut self.0, address as usize, bytes).unwrap();
    }

    pub(crate) fn bytes(&self, address: u32, len: u32) -> Vec<u8> {
        self.read(pack(address, len))
    }

    fn read(&self, packed: u64) -> Vec<u8> {
        let (address, len) = unpack(packed);
        let memory = self.exports().memory;
        let bytes = memory.data(&self.0).get(address as usize..).and_then(|rest| rest.get(..len as usize));
        bytes.expect("the guest points out of its memory").to_vec()
    }

    pub(crate) fn memory_size(&self) -> usize {
        self.exports().memory.data_size(&self.0)
    }

    pub(crate) fn heap(&self) -> Heap {
        let bytes = self.read(pack(self.exports().heap, 24));
        let words = bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
        let [limit, live, peak, allocations, refused, last_refused] =
            words.collect::<Vec<_>>().try_into().unwrap();
        Heap { limit, live, peak, allocations, refused, last_refused }
    }
}

impl Guest<Store<Host>> {
    /// An instance whose host answers with these bytes, in a buffer as it should be.
    pub(crate) fn answered(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::with(move |call| pack(call.place(&answer), len(&answer)))
    }

    /// An instance whose host answers as it likes.
    pub(crate) fn with(answer: impl Fn(&mut Guest<Caller<'_, Host>>) -> u64 + Send + Sync + 'static) -> Self {
        let (engine, module) = &*COMPILED;
        let mut linker = Linker::new(engine);
        linker.func_wrap("reglet_host", "tcp_connect", tcp_connect).unwrap();
        linker.func_wrap("reglet_host", "log_message", log_message).unwrap();
        linker.func_wrap("wasi_snapshot_preview1", "clock_time_get", clock_time_get).unwrap();
        let host = Host {
            answer: Arc::new(answer),
            exports: None,
            keeps: true,
            requests: Vec::new(),
            logs: Vec::new(),
        };
        let mut store = Store::new(engine, host);
        let instance = linker.instantiate(&mut store, module).unwrap();
        let heap = instance.get_global(&mut store, "reglet_heap").unwrap().get(&mut store);
        let exports = Exports {
            memory: instance.get_memory(&mut store, "memory").unwrap(),
            allocate: instance.get_typed_func(&mut store, "allocate").unwrap(),
            deallocate: instance.get_typed_func(&mut store, "deallocate").unwrap(),
            observe: instance.get_typed_func(&mut store, "observe").unwrap(),
            heap: heap.unwrap_i32().cast_unsigned(),
        };
        store.data_mut().exports = Some(exports);
        Self(store)
    }

    /// Calls the entry point, and returns where its result is.
    pub(crate) fn observe_at(&mut self, address: u32, len: u32) -> u64 {
        self.try_observe(address, len).unwrap()
    }

    pub(crate) fn try_observe(&mut self, address: u32, len: u32) -> wasmtime::Result<u64> {
        self.exports().observe.call(&mut self.0, (address, len))
    }

    /// Runs the check as hosts do that never free, and returns the outcome's JSON.
    pub(crate) fn observe(&mut self, config: &[u8]) -> Vec<u8> {
        let address = self.place(config);
        let packed = self.observe_at(address, len(config));
        self.read(packed)
    }

    /// The outcome of a check, which has everything that an outcome must have.
    pub(crate) fn check(&mut self, config: &[u8]) -> Value {
        outcome(&self.observe(config))
    }

    /// The outcome at an address.
    pub(crate) fn outcome_at(&self, packed: u64) -> Value {
        outcome(&self.read(packed))
    }

    /// What the plugin has asked for since it was last asked.
    pub(crate) fn requests(&mut self) -> Vec<Value> {
        self.0.data_mut().requests.drain(..).map(|request| strict(&request)).collect()
    }

    /// What the plugin has logged since it was last asked.
    pub(crate) fn logs(&mut self) -> Vec<Value> {
        self.0.data_mut().logs.drain(..).map(|record| strict(&record)).collect()
    }

    /// Keeps no requests and records any more.
    pub(crate) fn forget(&mut self) {
        self.0.data_mut().keeps = false;
    }
}

fn tcp_connect(caller: Caller<'_, Host>, request: u64) -> u64 {
    let mut call = Guest(caller);
    let request = call.read(request);
    let host = call.0.data_mut();
    if host.keeps {
        host.requests.push(request);
    }
    let answer = Arc::clone(&host.answer);
    answer(&mut call)
}

fn log_message(caller: Caller<'_, Host>, record: u64) {
    let mut call = Guest(caller);
    let record = call.read(record);
    let host = call.0.data_mut();
    if host.keeps {
        host.logs.push(record);
    }
}

fn clock_time_get(caller: Caller<'_, Host>, clock: u32, _precision: u64, address: u32) -> u32 {
    assert_eq!(clock, 0, "only the real-time clock is asked for");
    Guest(caller).write(address, &(NOW * 1_000_000_000).to_le_bytes());
    0
}

/// JSON as the strictest of readers takes it: UTF-8, without halves of surrogate pairs.
fn strict(document: &[u8]) -> Value {
    let shown = String::from_utf8_lossy(document);
    serde_json::from_slice(document).unwrap_or_else(|error| panic!("{error}: {shown}"))
}

fn outcome(document: &[u8]) -> Value {
    let outcome = strict(document);
    assert!(outcome["message"].is_string() && outcome["timestamp"].is_string(), "{outcome}");
    let error = &outcome["error"];
    if outcome["status"] == "error" {
        assert!(error["message"].is_string() && error["type"].is_string(), "{outcome}");
        assert!(error["code"].is_string(), "{outcome}");
    } else {
        assert!(outcome["status"] == "success" || outcome["status"] == "failure", "{outcome}");
        assert!(error.is_null(), "{outcome}");
    }
    outcome
}

/// The error of an outcome, as `type [code] message`.
pub(crate) fn error(outcome: &Value) -> String {
    assert_eq!(outcome["status"], "error", "{outcome}");
    let text = |key: &str| outcome["error"][key].as_str().unwrap();
    format!("{} [{}] {}", text("type"), text("code"), text("message"))
}

pub(crate) fn pack(address: u32, len: u32) -> u64 {
    u64::from(address) << 32 | u64::from(len)
}

pub(crate) fn unpack(packed: u64) -> (u32, u32) {
    ((packed >> 32) as u32, packed as u32)
}

pub(crate) fn len(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap()
}
