//! Clocks, and sleeping.

use core::time::Duration;
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::*;

/// A script that waits until a clock has gone on by so many nanoseconds, or until it tells the time.
fn sleeping(clock: u32, nanos: u64, absolute: bool) -> (Script, u32) {
    let mut script = Script::new();
    let subscription = subscription(7, 0, clock, nanos, absolute);
    let at = script.bytes(subscription);
    let at = at.split(' ').next().unwrap();
    let (events, happened) = (script.room(32), script.room(4));
    script.call(format!("poll_oneoff {at} {events} 1 {happened}"));
    (script, events)
}

fn subscription(userdata: u64, tag: u8, id: u32, nanos: u64, absolute: bool) -> [u8; 48] {
    let mut bytes = [0; 48];
    bytes[..8].copy_from_slice(&userdata.to_le_bytes());
    bytes[8] = tag;
    bytes[16..20].copy_from_slice(&id.to_le_bytes());
    bytes[24..32].copy_from_slice(&nanos.to_le_bytes());
    bytes[40] = absolute.into();
    bytes
}

#[test]
fn clocks_are_real() {
    let mut script = Script::new();
    let (wall, first, second, resolution) = (script.room(8), script.room(8), script.room(8), script.room(8));
    script.call(format!("clock_time_get 0 0l {wall}"));
    script.call(format!("clock_time_get 1 0l {first}"));
    script.call(format!("clock_time_get 1 0l {second}"));
    script.call(format!("clock_res_get 0 {resolution}"));
    let reply = script.run(Grants::default());
    reply.succeeded();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    assert!(now.as_secs().abs_diff(reply.u64(wall) / 1_000_000_000) < 60);
    assert!(reply.u64(first) < reply.u64(second));
    assert!(reply.u64(second) - reply.u64(first) < 60_000_000_000);
    assert_eq!(reply.u64(resolution), 1);
}

#[test]
fn other_clocks_are_refused() {
    let mut script = Script::new();
    script.call("clock_time_get 2 0l 1024").call("clock_time_get -1 0l 1024").call("clock_res_get 3 1024");
    assert_eq!(script.errnos(Grants::default()), [INVALID; 3]);
}

#[test]
fn a_sleep_lasts_as_long_as_asked() {
    let (script, events) = sleeping(1, 80_000_000, false);
    let mut instance = script.instance(&Host::builder().build().unwrap(), Grants::default());
    let start = Instant::now();
    let memory = instance.observe(b"").unwrap();
    assert!(start.elapsed() >= Duration::from_millis(80), "{:?}", start.elapsed());
    let reply = Reply { memory, calls: 1, log: vec![] };
    assert_eq!((reply.u64(events), reply.u32(events + 8)), (7, 0));
}

#[test]
fn a_time_that_is_over_is_not_waited_for() {
    let long = Duration::from_secs(20);
    for (clock, nanos) in [(0, 1), (1, 0), (0, 946_684_800_000_000_000)] {
        let start = Instant::now();
        sleeping(clock, nanos, true).0.run(Grants::default()).succeeded();
        assert!(start.elapsed() < long);
    }
}

#[test]
fn a_sleep_ends_with_the_time_of_the_call() {
    let host = Host::builder().call_timeout(Duration::from_millis(200)).build().unwrap();
    for nanos in [10_000_000_000, u64::MAX] {
        let start = Instant::now();
        let error = sleeping(1, nanos, false).0.instance(&host, Grants::default()).observe(b"").unwrap_err();
        assert!(start.elapsed() >= Duration::from_millis(190) && start.elapsed() < Duration::from_secs(5));
        assert!(matches!(error, Error::OutOfTime { .. }), "{error}");
    }
}

#[test]
fn a_sleep_ends_with_a_cancellation() {
    let mut instance =
        sleeping(1, u64::MAX, false).0.instance(&Host::builder().build().unwrap(), Grants::default());
    let cancel = instance.cancel();
    let start = Instant::now();
    let error = thread::scope(|scope| {
        let sleeping = scope.spawn(|| instance.observe(b"").unwrap_err());
        thread::sleep(Duration::from_millis(50));
        assert!(!sleeping.is_finished());
        cancel.cancel();
        sleeping.join().unwrap()
    });
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert!(matches!(error, Error::Cancelled { .. }), "{error}");
}

#[test]
fn a_replay_does_not_sleep() {
    let (script, _) = sleeping(1, 3_000_000_000, false);
    let mut instance = script.instance(&Host::builder().build().unwrap(), Grants::default());
    instance.replay(&reglet_bench_host::Recording::default());
    let start = Instant::now();
    instance.observe(b"").unwrap();
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn descriptors_are_ready_at_once_and_bad_ones_are_reported() {
    let mut script = Script::new();
    let mut list = Vec::new();
    for (userdata, tag, id) in [(1, 0, 1), (2, 1, 0), (3, 2, 1), (4, 1, 99), (5, 0, 9)] {
        list.extend(subscription(userdata, tag, id, u64::MAX, false));
    }
    let at = script.bytes(list);
    let at = at.split(' ').next().unwrap();
    let (events, happened) = (script.room(5 * 32), script.room(4));
    script.call(format!("poll_oneoff {at} {events} 5 {happened}"));
    let reply = script.run(Grants::default());
    reply.succeeded();
    let event = |index: u32| (reply.u64(events + 32 * index), reply.u32(events + 32 * index + 8));
    assert_eq!(reply.u32(happened), 4);
    let kind = |kind: u32| kind << 16;
    assert_eq!(event(0), (2, kind(1)));
    assert_eq!(event(1), (3, kind(2)));
    assert_eq!(event(2), (4, kind(1) | BAD_DESCRIPTOR));
    assert_eq!(event(3), (5, INVALID));
}

#[test]
fn lists_of_what_to_wait_for_are_bounded() {
    let mut script = Script::new();
    script.call("poll_oneoff 1024 1024 0 1024").call("poll_oneoff 1024 1024 1025 1024");
    script.call("poll_oneoff 1024 1024 -1 1024").call("poll_oneoff 65500 1024 1 1024");
    script.call("poll_oneoff 1024 65530 1 1024").call("poll_oneoff 1024 1024 1 -2");
    let bad = script.bytes(subscription(0, 9, 0, 0, false));
    script.call(format!("poll_oneoff {} 1024 1 1024", bad.split(' ').next().unwrap()));
    let errnos = script.errnos(Grants::default());
    assert_eq!(errnos, [INVALID, INVALID, INVALID, FAULT, FAULT, FAULT, INVALID]);
}
