//! Instances: what they share, what they take, and when they are spent.

use std::thread;

use reglet_bench_host::{Instance, Plugin};

use super::*;

#[test]
fn an_instance_is_spent_after_a_trap() {
    let guest = Guest { observe: "unreachable".into(), ..good() };
    let mut instance = host().load("bad", &guest.module()).unwrap().instance().unwrap();
    instance.check(b"{}").unwrap_err();
    let error = instance.check(b"{}").unwrap_err();
    assert!(!error.is_load());
    assert_eq!(
        error.to_string(),
        "plugin `bad`: observe: the instance is spent, it trapped in an earlier call"
    );
    assert_eq!(instance.usage().guest_calls, 2);
}

#[test]
fn an_instance_is_not_spent_after_a_bad_outcome() {
    let mut instance = host().load("bad", &says("{}").module()).unwrap().instance().unwrap();
    for _ in 0..2 {
        assert_has(instance.check(b"{}").unwrap_err(), &["no status"]);
    }
}

#[test]
fn other_instances_live_on_after_a_trap() {
    let guest = Guest {
        observe: format!(
            "(if (i32.eq (local.get $len) (i32.const 1)) (then unreachable)) {}",
            good().observe
        ),
        ..good()
    };
    let plugin = host().load("bad", &guest.module()).unwrap();
    let (mut one, mut other) = (plugin.instance().unwrap(), plugin.instance().unwrap());
    one.check(b"1").unwrap_err();
    other.check(b"{}").unwrap();
}

#[test]
fn checks_of_a_plugin_share_no_state() {
    let guest = Guest {
        more: "(global $used (mut i32) (i32.const 0))",
        observe: format!(
            "(if (global.get $used) (then unreachable)) (global.set $used (i32.const 1)) {}",
            good().observe
        ),
        ..good()
    };
    let plugin = host().load("good", &guest.module()).unwrap();
    plugin.check(b"{}").unwrap();
    plugin.check(b"{}").unwrap();
    let mut instance = plugin.instance().unwrap();
    instance.check(b"{}").unwrap();
    instance.check(b"{}").unwrap_err();
}

#[test]
fn more_instances_than_there_is_room_for_are_refused() {
    let host = host();
    let plugin = host.load("bad", &good().module()).unwrap();
    let mut instances = Vec::new();
    let error = loop {
        match plugin.instance() {
            Ok(instance) => instances.push(instance),
            Err(error) => break error,
        }
        assert!(instances.len() <= 256);
    };
    assert!(error.is_load());
    assert_has(error, &["plugin `bad` cannot be instantiated", "limit of 256"]);
    drop(instances);
    still_works(&host);
}

#[test]
fn the_limit_of_instances_holds_where_no_pool_can_be_reserved() {
    // Four instances of 4 GiB fit into no address space that is limited, yet the host is built.
    let host = Host::builder().max_instances(u32::MAX).build().unwrap();
    drop(host.load("good", &good().module()).unwrap().instance().unwrap());
    let host = Host::builder().max_instances(2).build().unwrap();
    let plugin = host.load("good", &good().module()).unwrap();
    let (one, two) = (plugin.instance().unwrap(), plugin.instance().unwrap());
    assert_has(plugin.instance().unwrap_err(), &["as many instances as the limit of 2 allows"]);
    drop(one);
    let three = plugin.instance().unwrap();
    assert!(plugin.instance().is_err());
    drop((two, three));
}

#[test]
fn a_plugin_runs_on_many_threads_at_once() {
    let plugin = host().load("good", &good().module()).unwrap();
    thread::scope(|scope| {
        for _ in 0..4 {
            let plugin = plugin.clone();
            scope.spawn(move || {
                for _ in 0..50 {
                    assert_eq!(plugin.check(b"{}").unwrap().status(), Status::Success);
                }
            });
        }
    });
}

#[test]
fn a_plugin_outlives_its_host() {
    let host = small().build().unwrap();
    let guest = Guest { describe: "(loop $l (br $l)) unreachable".into(), ..good() };
    let plugin = host.load("good", &guest.module()).unwrap();
    drop(host);
    plugin.check(b"{}").unwrap();
    assert_has(plugin.describe().unwrap_err(), &["describe: it ran into the time limit of 300 ms"]);
}

#[test]
fn plugins_and_instances_may_change_threads() {
    fn sends<T: Send>() {}
    fn shares<T: Sync>() {}
    sends::<Instance>();
    sends::<Plugin>();
    shares::<Plugin>();
    shares::<Host>();
}

#[test]
fn usage_counts_crossings_and_memory() {
    let guest = Guest {
        imports: TCP,
        observe: format!(
            "(drop (call $ask (i64.const 0))) (drop (memory.grow (i32.const 2))) {}",
            good().observe
        ),
        ..good()
    };
    let mut instance = host().load("good", &guest.module()).unwrap().instance().unwrap();
    let usage = instance.usage();
    assert_eq!((usage.guest_calls, usage.host_calls), (0, 0));
    assert_eq!((usage.memory_start, usage.memory_now), (65_536, 65_536));
    instance.check(b"{}").unwrap();
    let usage = instance.usage();
    // allocate, observe, allocate for the answer, deallocate twice.
    assert_eq!((usage.guest_calls, usage.host_calls), (5, 1));
    assert_eq!((usage.memory_start, usage.memory_now), (65_536, 196_608));
    assert_eq!((usage.heap, usage.fuel), (None, None));
}

#[test]
fn usage_counts_fuel_if_it_is_asked_to() {
    let host = Host::builder().fuel(true).build().unwrap();
    let mut instance = host.load("good", &good().module()).unwrap().instance().unwrap();
    let mut used = || {
        instance.check(b"{}").unwrap();
        instance.usage().fuel.unwrap()
    };
    let (first, second) = (used(), used());
    assert!(first > 0);
    assert_eq!(second, 2 * first);
}

#[test]
fn usage_reads_the_heap_where_the_guest_says_it_is() {
    let heap = |more| {
        let text = "\u{1}\0\0\0\u{2}\0\0\0\u{3}\0\0\0\u{4}\0\0\0\u{5}\0\0\0\u{6}\0\0\0";
        let guest = Guest { more, text: text.into(), ..good() };
        host().load("good", &guest.module()).unwrap().instance().unwrap().usage().heap
    };
    let stats = heap(r#"(global (export "reglet_heap") i32 (i32.const 1024))"#).unwrap();
    let numbers = [stats.limit, stats.live, stats.peak, stats.allocations, stats.refused];
    assert_eq!(numbers, [1, 2, 3, 4, 5]);
    assert_eq!(heap(r#"(global (export "reglet_heap") i32 (i32.const -4))"#), None);
    assert_eq!(heap(r#"(global (export "reglet_heap") i32 (i32.const 65517))"#), None);
    assert_eq!(heap(r#"(global (export "reglet_heap") i64 (i64.const 1024))"#), None);
    assert_eq!(heap(r#"(func (export "reglet_heap"))"#), None);
}

#[test]
fn hosts_can_be_built_with_any_limits() {
    for bytes in [0, 1, 65_537, usize::MAX] {
        let built = Host::builder().memory_limit(bytes).call_timeout(Duration::MAX).build();
        let result = built.unwrap().load("good", &good().module()).and_then(|plugin| plugin.check(b"{}"));
        assert_eq!(result.is_ok(), bytes > 65_536, "{bytes}");
    }
}
