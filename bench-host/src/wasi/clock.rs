//! Clocks, and sleeping until one of them or until a descriptor is ready.

use core::time::Duration;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::errno::Errno;
use super::guest::{Fault, Guest, check_time};
use crate::host::Failed;
use crate::state::State;

const REALTIME: u32 = 0;
const MONOTONIC: u32 = 1;

/// Subscriptions that may be waited for at once.
const MAX_SUBSCRIPTIONS: u32 = 1024;

const SUBSCRIPTION_BYTES: u32 = 48;
const EVENT_BYTES: u32 = 32;

pub(super) fn clock_res_get(guest: &mut Guest<'_>, clock: u32, resolution: u32) -> Result<(), Fault> {
    known(clock)?;
    Ok(guest.memory.write_u64(resolution, 1)?)
}

pub(super) fn clock_time_get(guest: &mut Guest<'_>, clock: u32, _: u64, time: u32) -> Result<(), Fault> {
    known(clock)?;
    let Guest { memory, state } = guest;
    let nanos = state.answers.replay_time(clock as u8).unwrap_or_else(|| now(state, clock).to_le_bytes());
    state.answers.record_time(clock as u8, &nanos);
    Ok(memory.write(time, nanos)?)
}

/// The time in nanoseconds.
fn now(state: &State, clock: u32) -> u64 {
    let wall = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let time = if clock == REALTIME { wall() } else { state.host.start.elapsed() };
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn known(clock: u32) -> Result<(), Errno> {
    if clock == REALTIME || clock == MONOTONIC { Ok(()) } else { Err(Errno::Invalid) }
}

pub(super) fn poll_oneoff(
    guest: &mut Guest<'_>,
    subscriptions: u32,
    events: u32,
    count: u32,
    happened: u32,
) -> Result<(), Fault> {
    if count == 0 || count > MAX_SUBSCRIPTIONS {
        return Err(Errno::Invalid.into());
    }
    guest.memory.bytes(events, count * EVENT_BYTES)?;
    guest.memory.write_u32(happened, 0)?;
    let (list, _) = guest.memory.bytes(subscriptions, count * SUBSCRIPTION_BYTES)?.as_chunks();
    let list = list.iter().map(|subscription| Subscription::read(guest.state, subscription));
    let list: Vec<Subscription> = list.collect::<Result<_, _>>()?;
    let start = Instant::now();
    let shortest = list.iter().map(Subscription::wait).min().unwrap_or_default();
    // A replay repeats what a plugin computes, not how long it waits.
    if !shortest.is_zero() && !guest.state.answers.is_replay() {
        sleep(guest.state, start, shortest)?;
    }
    let mut number = 0;
    for subscription in list.iter().filter(|subscription| subscription.wait() <= shortest) {
        let event = subscription.event(guest);
        guest.memory.write(events.saturating_add(number * EVENT_BYTES), event)?;
        number += 1;
    }
    Ok(guest.memory.write_u32(happened, number)?)
}

/// Sleeps on the calling thread, as long as the plugin's call has time and is not cancelled.
fn sleep(state: &State, start: Instant, limit: Duration) -> Result<(), Fault> {
    loop {
        check_time(state)?;
        let left = limit.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Ok(());
        }
        // The call's time is counted in ticks, and a tick may still be missing when none is left.
        let most = state.time_left().max(Duration::from_millis(1));
        let woken = state.host.wait(left.min(most), &state.cancel, core::future::pending::<()>());
        if woken == Err(Failed::Panicked) {
            return Err(Errno::Io.into());
        }
    }
}

/// What a plugin waits for.
struct Subscription {
    userdata: [u8; 8],
    kind: Kind,
}

enum Kind {
    Clock(Result<Duration, Errno>),
    Read(u32),
    Write(u32),
}

impl Subscription {
    fn read(state: &State, bytes: &[u8; SUBSCRIPTION_BYTES as usize]) -> Result<Self, Errno> {
        let number = |at: usize| u32::from_le_bytes(array(bytes, at));
        let kind = match bytes[8] {
            0 => {
                let (clock, time) = (number(16), u64::from_le_bytes(array(bytes, 24)));
                let absolute = bytes[40] & 1 != 0;
                let now = if absolute { now(state, clock) } else { 0 };
                Kind::Clock(known(clock).map(|()| Duration::from_nanos(time.saturating_sub(now))))
            }
            1 => Kind::Read(number(16)),
            2 => Kind::Write(number(16)),
            _ => return Err(Errno::Invalid),
        };
        Ok(Self { userdata: array(bytes, 0), kind })
    }

    /// The time until it happens. Files and logs are always ready, and an error is reported at once.
    fn wait(&self) -> Duration {
        match self.kind {
            Kind::Clock(Ok(wait)) => wait,
            _ => Duration::ZERO,
        }
    }

    fn event(&self, guest: &mut Guest<'_>) -> [u8; EVENT_BYTES as usize] {
        let descriptors = &guest.context().descriptors;
        let (kind, result) = match self.kind {
            Kind::Clock(wait) => (0, wait.map(drop)),
            Kind::Read(fd) => (1, descriptors.get(fd).map(drop)),
            Kind::Write(fd) => (2, descriptors.get(fd).map(drop)),
        };
        let errno = result.map_or_else(Errno::code, |()| 0).to_le_bytes();
        let mut event = [0; EVENT_BYTES as usize];
        event[..8].copy_from_slice(&self.userdata);
        event[8..10].copy_from_slice(&errno[..2]);
        event[10] = kind;
        // Bytes that can be read or written, at least.
        event[16] = u8::from(kind != 0);
        event
    }
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes.get(at..).and_then(<[u8]>::first_chunk).copied().unwrap_or([0; N])
}
