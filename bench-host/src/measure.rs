//! Measures a plugin: what a check takes of memory, fuel, calls and time.
//!
//! A check runs once for real, and host calls are recorded. All else is measured with the recorded answers, so
//! that it is the plugin's doing and the boundary's, not the network's. Of WASI only the clocks are recorded: files are
//! read for real each time, and random numbers are random.

mod baseline;
mod timing;

use std::sync::Arc;

use crate::error::Error;
use crate::host::Host;
use crate::instance::{Instance, Usage};
use crate::outcome::Outcome;
use crate::plugin::Plugin;
use crate::replay::Recording;

use baseline::NoOp;
pub use timing::Times;

/// Checks before anything is counted, so that what happens only once is over.
const WARM_UP: usize = 3;

/// What was measured.
///
/// "Per check" is from the configuration's bytes to the outcome's, on an instance that has run before.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Measurement {
    /// What the check found, for real.
    pub outcome: Outcome,
    /// The host calls of the check, and their answers.
    pub recording: Recording,
    /// Bytes of the module.
    pub module_bytes: usize,
    /// Bytes of memory that an instance begins with.
    pub memory_start_bytes: usize,
    /// The most bytes of memory that it had.
    pub memory_peak_bytes: usize,
    /// The plugin's heap; only plugins of this SDK tell.
    pub heap: Option<Heap>,
    /// Calls from the host into the guest per check, with those of `allocate` and `deallocate`.
    pub guest_calls: u64,
    /// Calls from the guest to the host per check.
    pub host_calls: u64,
    /// wasmtime's fuel per check: about the instructions that ran.
    pub fuel: u64,
    /// How long it takes.
    pub times: Times,
}

/// What a check takes of the plugin's heap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Heap {
    /// Bytes that are allocated after a check.
    pub live_bytes: u32,
    /// The most bytes that were allocated at a time.
    pub peak_bytes: u32,
    /// Allocations per check.
    pub allocations: u32,
}

/// Measures a plugin that was loaded from this module, with a configuration, which is JSON.
///
/// # Errors
///
/// A check fails; an outcome with the status `error` is no such failure.
pub fn measure(plugin: &Plugin, module: &[u8], config: &[u8]) -> Result<Measurement, Error> {
    let mut instance = plugin.instance()?;
    instance.record();
    let outcome = instance.check(config)?;
    let recording = instance.recording();

    let (before, after) = one_check(plugin, &recording, config)?;
    let counting = Host::builder().fuel(true).build()?.load(plugin.name(), module)?;
    let counting = counting.granted(Arc::clone(plugin.grants()));
    let (fuel_before, fuel_after) = one_check(&counting, &recording, config)?;
    Ok(Measurement {
        outcome,
        module_bytes: module.len(),
        memory_start_bytes: after.memory_start,
        memory_peak_bytes: after.memory_now,
        heap: before.heap.zip(after.heap).map(|(before, after)| Heap {
            live_bytes: after.live,
            peak_bytes: after.peak,
            allocations: after.allocations.wrapping_sub(before.allocations),
        }),
        guest_calls: after.guest_calls - before.guest_calls,
        host_calls: after.host_calls - before.host_calls,
        fuel: fuel_after.fuel.unwrap_or_default() - fuel_before.fuel.unwrap_or_default(),
        times: times(plugin, &recording, config)?,
        recording,
    })
}

/// What an instance had taken before a check, and what after it.
fn one_check(plugin: &Plugin, recording: &Recording, config: &[u8]) -> Result<(Usage, Usage), Error> {
    let mut instance = warm(plugin, recording, config)?;
    let before = instance.usage();
    instance.observe(config)?;
    Ok((before, instance.usage()))
}

fn times(plugin: &Plugin, recording: &Recording, config: &[u8]) -> Result<Times, Error> {
    let echo = Plugin::load(&plugin.loaded().host, "echo", &baseline::echo()?)?;
    let mut check = warm(plugin, recording, config)?;
    let mut echo = warm(&echo, &Recording::default(), config)?;
    let mut no_op = NoOp::new()?;
    timing::interleaved(
        || check.observe(config).map(drop),
        || echo.observe(config).map(drop),
        || no_op.call(),
        || plugin.instance().map(drop),
    )
}

fn warm(plugin: &Plugin, recording: &Recording, config: &[u8]) -> Result<Instance, Error> {
    let mut instance = plugin.instance()?;
    instance.replay(recording);
    for _ in 0..WARM_UP {
        instance.observe(config)?;
    }
    Ok(instance)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::now;

    /// Asks an unknown host function and tells the time; the outcome is the same, whatever it hears.
    const ASKING: &str = r#"
        (module
          (import "reglet_host" "ask" (func $ask (param i64) (result i64)))
          (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
          (memory (export "memory") 2)
          (func (export "allocate") (param i32) (result i32) (i32.const 65536))
          (func (export "describe") (result i64) (i64.const 0))
          (func (export "observe") (param i32 i32) (result i64)
            (drop (call $ask (i64.const 0x10_00000002)))
            (drop (call $time (i32.const 0) (i64.const 0) (i32.const 1024)))
            (i64.const 0x20_00000014))
          (data (i32.const 16) "{}")
          (data (i32.const 32) "{\"status\":\"failure\"}"))"#;

    #[test]
    fn a_check_is_recorded_once_and_then_replayed() {
        let host = Host::builder().build().unwrap();
        let module = wat::parse_str(ASKING).unwrap();
        let measured = measure(&host.load("asking", &module).unwrap(), &module, b"{}").unwrap();
        assert_eq!(measured.outcome.status(), crate::Status::Failure);
        let [ask, time] = measured.recording.exchanges() else { panic!("{:?}", measured.recording) };
        assert_eq!((ask.function.as_str(), ask.request.as_slice()), ("ask", b"{}".as_slice()));
        assert!(String::from_utf8_lossy(&ask.answer).contains("unknown host function: ask"));
        let nanos = u64::from_le_bytes(time.answer[..].try_into().unwrap());
        assert!(now().unix_seconds().abs_diff((nanos / 1_000_000_000).cast_signed()) < 60);
        // One call each for `allocate`, `observe` and the room for the answer; there is no `deallocate`.
        assert_eq!((measured.guest_calls, measured.host_calls), (3, 2));
        assert_eq!((measured.memory_start_bytes, measured.memory_peak_bytes), (131_072, 131_072));
        assert!(measured.fuel > 5 && measured.heap.is_none());
        assert!(measured.times.check_per_echo() > 0.0 && measured.times.echo_per_no_op() > 0.0);
    }

    #[test]
    fn a_replay_repeats_the_time_and_answers_strangers_with_nothing() {
        let host = Host::builder().build().unwrap();
        let plugin = host.load("asking", &wat::parse_str(ASKING).unwrap()).unwrap();
        let mut instance = plugin.instance().unwrap();
        instance.replay(&Recording::default());
        instance.check(b"{}").unwrap();
        assert!(instance.recording().exchanges().is_empty());
        instance.record();
        instance.check(b"{}").unwrap();
        let recording = instance.recording();
        instance.replay(&recording);
        instance.check(b"{}").unwrap();
        instance.check(b"{}").unwrap();
        assert_eq!(instance.recording().exchanges(), recording.exchanges());
    }
}
