//! The wasmtime engine, and the clock that ends calls which take too long.

use core::sync::atomic::Ordering::{Relaxed, SeqCst};
use core::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize};
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, WasmBacktraceDetails,
};

use crate::limits::{Limits, MAX_TABLE};

/// Bytes of a used memory that are cleared by hand rather than handed back to the system, which is slower.
const KEEP_RESIDENT: usize = 256 << 10;

/// An engine whose instances come from a pool, or, where the pool can't be reserved, from the system.
pub(crate) fn new(limits: &Limits, fuel: bool) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    // Only a trap costs more with it, and only if the module has debug information.
    config.wasm_backtrace_details(WasmBacktraceDetails::Enable);
    // Whoever needs more than one 32-bit memory does not load in the other Reglet hosts either.
    config.wasm_multi_memory(false).wasm_memory64(false).epoch_interruption(true).consume_fuel(fuel);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(limits.instances)
        .total_memories(limits.instances)
        .total_tables(limits.instances.saturating_mul(4))
        .max_tables_per_module(4)
        .table_elements(MAX_TABLE)
        .max_core_instance_size(8 << 20)
        .max_memory_size(limits.memory)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(KEEP_RESIDENT)
        // Clears only what was written to, where the system can tell.
        .pagemap_scan(Enabled::Auto);
    config.allocation_strategy(pool);
    Engine::new(&config).or_else(|_| {
        config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
        Engine::new(&config)
    })
}

/// A thread that counts the engine's epoch while calls run, and sleeps while none does.
#[derive(Debug)]
pub(crate) struct Ticker {
    clock: Arc<Clock>,
    thread: Option<JoinHandle<()>>,
}

/// How exact time limits are.
const TICK: Duration = Duration::from_millis(10);

#[derive(Debug, Default)]
struct Clock {
    /// Calls that run now.
    running: AtomicUsize,
    /// Whether the thread waits for a call.
    asleep: AtomicBool,
    stopped: AtomicBool,
    /// Ticks since the host was made, without those that were slept through.
    ticks: AtomicU64,
}

impl Ticker {
    pub(crate) fn start(engine: &Engine) -> io::Result<Self> {
        let clock = Arc::new(Clock::default());
        let thread = thread::Builder::new().name("reglet-ticker".into()).spawn({
            let (clock, engine) = (Arc::clone(&clock), engine.clone());
            move || clock.run(&engine)
        })?;
        Ok(Self { clock, thread: Some(thread) })
    }

    /// Keeps the clock going until the guard is dropped.
    pub(crate) fn running(&self) -> Running<'_> {
        self.clock.running.fetch_add(1, SeqCst);
        if self.clock.asleep.load(SeqCst) {
            self.wake();
        }
        Running(&self.clock)
    }

    /// The tick at hand; it means something to compare with only while the clock is kept going.
    pub(crate) fn now(&self) -> u64 {
        self.clock.ticks.load(Relaxed)
    }

    /// The time from `tick` until now.
    pub(crate) fn since(&self, tick: u64) -> Duration {
        let ticks = self.now().saturating_sub(tick);
        TICK.saturating_mul(u32::try_from(ticks).unwrap_or(u32::MAX))
    }

    /// Whether a limit that began in `tick` is over for sure, though the tick had begun before.
    pub(crate) fn is_over(&self, tick: u64, limit: Duration) -> bool {
        let ticks = limit.as_millis().div_ceil(TICK.as_millis()) + 1;
        u128::from(self.now().saturating_sub(tick)) >= ticks
    }

    #[cold]
    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.clock.stopped.store(true, SeqCst);
        self.wake();
        if let Some(thread) = self.thread.take() {
            // It can't have panicked, and there would be nobody to tell.
            let _ = thread.join();
        }
    }
}

impl Clock {
    fn run(&self, engine: &Engine) {
        let mut last = Instant::now();
        while !self.stopped.load(SeqCst) {
            if self.running.load(SeqCst) == 0 {
                self.asleep.store(true, SeqCst);
                // A call that began in between did not see that it must wake this thread.
                if self.running.load(SeqCst) == 0 && !self.stopped.load(SeqCst) {
                    thread::park();
                }
                self.asleep.store(false, SeqCst);
                last = Instant::now();
                continue;
            }
            thread::park_timeout(TICK);
            while last.elapsed() >= TICK {
                last += TICK;
                engine.increment_epoch();
                self.ticks.fetch_add(1, Relaxed);
            }
        }
    }
}

/// A call that runs.
#[derive(Debug)]
pub(crate) struct Running<'a>(&'a Clock);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Waits for something that comes sooner or later, however busy the machine is.
    fn wait_until(what: &str, condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(60), "{what}");
            thread::yield_now();
        }
    }

    #[test]
    fn the_clock_stands_while_no_call_runs() {
        let ticker = Ticker::start(&Engine::default()).unwrap();
        let asleep = || ticker.clock.asleep.load(SeqCst);
        wait_until("it falls asleep", asleep);
        thread::sleep(TICK * 3);
        assert_eq!(ticker.now(), 0);
        let start = Instant::now();
        let running = ticker.running();
        wait_until("it ticks", || ticker.now() >= 3);
        drop(running);
        wait_until("it falls asleep again", asleep);
        let ticks = ticker.now();
        assert!(TICK * u32::try_from(ticks).unwrap() <= start.elapsed(), "{ticks} ticks are too many");
        thread::sleep(TICK * 3);
        assert_eq!(ticker.now(), ticks);
    }

    #[test]
    fn a_time_limit_is_never_cut_short() {
        let ticker = Ticker::start(&Engine::default()).unwrap();
        let is_over = |ticks, limit| {
            ticker.clock.ticks.store(ticks, Relaxed);
            ticker.is_over(0, limit)
        };
        assert!(!is_over(0, Duration::ZERO) && is_over(1, Duration::ZERO));
        assert!(!is_over(1, Duration::from_millis(1)) && is_over(2, Duration::from_millis(1)));
        assert!(!is_over(3000, Duration::from_secs(30)) && is_over(3001, Duration::from_secs(30)));
        assert!(!is_over(u64::MAX, Duration::MAX));
    }
}
