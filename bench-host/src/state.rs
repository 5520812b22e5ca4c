//! What the host keeps with each instance, where host functions find it.

use core::sync::atomic::Ordering;
use core::time::Duration;
use std::sync::Arc;

use reglet_sdk_core::grants::Grants;
use wasmtime::{Caller, Memory, TypedFunc};

use crate::cancel::Cancel;
use crate::denials::Denials;
use crate::host::Shared;
use crate::limits::Growth;
use crate::replay::Answers;
use crate::wasi::Context;

/// The data of a store.
pub(crate) struct State {
    pub(crate) host: Arc<Shared>,
    /// Name of the plugin.
    pub(crate) plugin: Arc<str>,
    /// What the plugin may do.
    pub(crate) grants: Arc<Grants>,
    pub(crate) cancel: Cancel,
    pub(crate) growth: Growth,
    pub(crate) answers: Answers,
    /// What the plugin has of WASI, if it has asked for it.
    pub(crate) wasi: Option<Box<Context>>,
    /// Calls from the host into the guest.
    pub(crate) guest_calls: u64,
    /// Calls from the guest to the host.
    pub(crate) host_calls: u64,
    /// Log records that did not stand in the guest's memory.
    pub(crate) lost_records: u64,
    /// Records and bytes that were logged since the call began.
    pub(crate) logged: (u64, usize),
    /// What the plugin was denied since the call began.
    pub(crate) denials: Denials,
    /// What the guest reported of a panic since the call began.
    pub(crate) panic: Option<String>,
    /// What the guest reported of an allocation that it was refused since the call began. It may have gone on.
    pub(crate) refusal: Option<String>,
    /// The export that failed within the one that was called.
    pub(crate) failed: Option<&'static str>,
    /// Whether the guest makes room for an answer.
    pub(crate) answering: bool,
    /// Whether the instance can't be used any more.
    pub(crate) spent: bool,
    /// The tick in which the call began.
    began: u64,
    way_in: Option<Arc<WayIn>>,
}

/// What an answer needs to get into the guest.
pub(crate) struct WayIn {
    pub(crate) memory: Memory,
    pub(crate) allocate: TypedFunc<u32, u32>,
}

impl Drop for State {
    fn drop(&mut self) {
        self.host.instances.fetch_sub(1, Ordering::SeqCst);
    }
}

impl State {
    /// The state of one instance more, or how many there may be.
    pub(crate) fn new(
        host: &Arc<Shared>,
        plugin: &Arc<str>,
        grants: &Arc<Grants>,
        cancel: Cancel,
    ) -> Result<Self, u32> {
        let limit = host.limits.instances;
        let more = |count| (count < limit).then_some(count + 1);
        host.instances.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more).map_err(|_| limit)?;
        Ok(Self {
            grants: Arc::clone(grants),
            cancel,
            growth: Growth::new(host.limits.memory),
            answers: Answers::default(),
            wasi: None,
            host: Arc::clone(host),
            plugin: Arc::clone(plugin),
            guest_calls: 0,
            host_calls: 0,
            lost_records: 0,
            logged: (0, 0),
            denials: Denials::default(),
            panic: None,
            refusal: None,
            failed: None,
            answering: false,
            spent: false,
            began: host.ticker.now(),
            way_in: None,
        })
    }

    /// Begins a call: time starts to count, and what is left of the last one is forgotten.
    pub(crate) fn begin(&mut self) {
        self.began = self.host.ticker.now();
        self.growth.begin();
        self.answers.begin();
        self.logged = (0, 0);
        self.panic = None;
        self.refusal = None;
        self.failed = None;
        if let Some(wasi) = &mut self.wasi {
            wasi.begin();
        }
    }

    /// What the plugin has of WASI.
    pub(crate) fn wasi(&mut self) -> &mut Context {
        self.wasi.get_or_insert_with(|| Box::new(Context::new(&self.grants)))
    }

    /// What is left of the call's time.
    pub(crate) fn time_left(&self) -> Duration {
        self.host.limits.call_timeout.saturating_sub(self.host.ticker.since(self.began))
    }

    /// Whether the call's time is over.
    pub(crate) fn is_overdue(&self) -> bool {
        self.host.ticker.is_over(self.began, self.host.limits.call_timeout)
    }

    /// The memory and `allocate` of the calling guest, which loading has checked to be there.
    pub(crate) fn way_in(caller: &mut Caller<'_, Self>) -> Option<Arc<WayIn>> {
        if caller.data().way_in.is_none() {
            let memory = caller.get_export("memory")?.into_memory()?;
            let allocate = caller.get_export("allocate")?.into_func()?.typed(&*caller).ok()?;
            caller.data_mut().way_in = Some(Arc::new(WayIn { memory, allocate }));
        }
        caller.data().way_in.clone()
    }
}
