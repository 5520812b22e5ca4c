//! Who may free what and when, and how much there is of it.

use core::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use serde_json::Value;
use wasmtime::Trap;

use crate::harness::{CONFIG, CONNECTED, Guest, Heap, error, len, pack, unpack};

const LIMIT: u32 = 104_857_600;

/// Two buffers of the same size that the guest gives out do not overlap.
fn assert_sound(mut allocate: impl FnMut() -> u32, size: u32) {
    let (a, b) = (allocate(), allocate());
    assert!(a.abs_diff(b) >= size, "{a} and {b}");
}

/// What the plugin says about a request that goes past the limit.
fn limit_message(requested: u32, current: u32) -> String {
    format!(
        "plugin panic: abi: memory allocation limit exceeded (requested: {requested} bytes, \
         current: {current} bytes, limit: 104857600 bytes)"
    )
}

#[track_caller]
fn assert_reports(logs: &[Value], message: &str) {
    let [record] = logs else { panic!("{logs:?}") };
    assert_eq!((record["level"].as_str(), record["message"].as_str()), (Some("ERROR"), Some(message)));
}

/// With `held` bytes allocated, a request for more goes past the limit.
#[track_caller]
fn assert_refuses(held: u32, requested: u32) {
    let mut guest = Guest::answered(CONNECTED);
    guest.allocate(held).unwrap();
    let live = guest.heap().live;
    let trap = guest.allocate(requested).unwrap_err();
    assert_eq!(trap.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached), "{requested}");
    assert_reports(&guest.logs(), &limit_message(requested, live));
}

#[test]
fn allocate_gives_zeroed_memory_and_nothing_for_nothing() {
    let mut guest = Guest::answered(CONNECTED);
    let before = guest.heap();
    assert_eq!(guest.allocate(0).unwrap(), 0);
    assert_eq!(guest.heap(), before);
    for _ in 0..3 {
        let address = guest.allocate(1000).unwrap();
        assert_eq!(guest.bytes(address, 1000), [0; 1000]);
        guest.write(address, &[0xFF; 1000]);
        guest.deallocate(address, 1000);
    }
}

#[test]
fn a_hundred_thousand_checks_take_no_memory_from_a_host_that_never_frees() {
    let mut guest = Guest::answered(CONNECTED);
    guest.forget();
    let mut check = |times| {
        for _ in 0..times {
            guest.observe(CONFIG);
        }
        assert_eq!(guest.check(CONFIG)["status"], "success");
        (guest.memory_size(), guest.heap())
    };
    let (size, heap) = check(4);
    let (next_size, next) = check(0);
    let per_check = next.allocations - heap.allocations;
    assert!(per_check > 0);
    assert_eq!((next_size, next), (size, Heap { allocations: next.allocations, ..heap }));

    let (last_size, last) = check(99_994);
    let allocations = next.allocations + per_check * 99_995;
    assert_eq!((last_size, last), (size, Heap { allocations, ..heap }));
    assert_eq!((heap.limit, heap.refused, heap.last_refused), (LIMIT, 0, 0));
}

#[test]
fn checks_that_fail_take_no_memory_either() {
    let mut guest = Guest::answered(r#"{"error":{"message":"refused"}}"#);
    guest.forget();
    let configs: [&[u8]; 4] = [CONFIG, b"[", b"null", br#"{"hostname":"a\ud800"}"#];
    let mut round = || {
        for config in configs {
            guest.observe(config);
        }
        for (address, len) in [(0, 0), (0, 9), (1024, 9)] {
            guest.observe_at(address, len);
        }
        (guest.memory_size(), guest.heap().live)
    };
    round();
    let after_two = round();
    for _ in 0..10_000 {
        assert_eq!(round(), after_two);
    }
}

/// Normal answers, errors in both shapes and answers that break the protocol, to configs good and bad.
#[test]
fn a_million_checks_of_all_kinds_leave_everything_as_it_was() {
    const ANSWERS: [&[u8]; 6] = [
        CONNECTED.as_bytes(),
        br#"{"error":{"message":"m","type":"timeout","code":"c","is_timeout":true}}"#,
        br#"{"error":"VALIDATION_ERROR","message":"network capability denied: a:443","code":400}"#,
        br#"{"connected":true,"tls_version":"#,
        br#"{"connected":"yes","tls_cert_issuer":"\ud800 and \u00e9"}"#,
        b"\xFF",
    ];
    const CONFIGS: [&[u8]; 5] = [CONFIG, CONFIG, br#"{"hostname":"a\ud800"}"#, br#"{"hostname":""}"#, b"{"];
    let count = AtomicUsize::new(0);
    let mut guest = Guest::with(move |call| {
        let count = count.fetch_add(1, Relaxed);
        let place = |call: &mut Guest<_>, answer: &[u8]| pack(call.place(answer), len(answer));
        match (count % 9, ANSWERS.get(count % 9)) {
            (_, Some(answer)) => place(call, answer),
            // Nothing; what it has not allocated; what lies beyond the memory.
            (6, _) => 0,
            (7, _) => pack(8, 400),
            _ => pack(u32::MAX - 8, 400),
        }
    });
    guest.forget();
    let mut round = |times: usize| {
        for _ in 0..times {
            for config in CONFIGS {
                guest.observe(config);
            }
        }
        (guest.memory_size(), Heap { allocations: 0, ..guest.heap() })
    };
    // As many as it takes for each config to meet each answer, and to come back to the first.
    const ROUND: usize = 45;
    let before = round(ROUND);
    assert_eq!(round(1_000_000 / CONFIGS.len() / ROUND * ROUND), before);
}

#[test]
fn a_host_that_frees_everything_leaves_nothing_behind() {
    let mut guest = Guest::answered(CONNECTED);
    let mut check = || {
        let config = guest.place(CONFIG);
        let packed = guest.observe_at(config, len(CONFIG));
        assert_eq!(guest.outcome_at(packed)["status"], "success");
        let (result, size) = unpack(packed);
        guest.deallocate(config, len(CONFIG));
        guest.deallocate(result, size);
        (guest.memory_size(), guest.heap().live)
    };
    let first = check();
    for _ in 0..1000 {
        assert_eq!(check(), first);
    }
}

#[test]
fn freeing_twice_or_with_a_wrong_size_does_no_harm() {
    let mut guest = Guest::answered(CONNECTED);
    let (a, b) = (guest.allocate(64).unwrap(), guest.allocate(64).unwrap());
    let before = guest.heap().live;
    guest.deallocate(a, 0);
    assert_eq!(guest.heap().live, before - 64);
    guest.deallocate(a, 64);
    guest.deallocate(a, 64);
    assert_eq!(guest.heap().live, before - 64);
    guest.deallocate(b, u32::MAX);
    assert_eq!(guest.heap().live, before - 128);
    assert_sound(|| guest.allocate(64).unwrap(), 64);
    assert_eq!(guest.check(CONFIG)["status"], "success");
}

#[test]
fn freeing_what_was_not_allocated_does_nothing() {
    let mut guest = Guest::answered(CONNECTED);
    let address = guest.place(CONFIG);
    let before = guest.heap();
    for (address, size) in
        [(0, 0), (0, 64), (1, 1), (8, 8), (address + 8, 8), (address - 1, 1), (u32::MAX, 1)]
    {
        guest.deallocate(address, size);
    }
    assert_eq!(guest.heap(), before);
    let packed = guest.observe_at(address, len(CONFIG));
    assert_eq!(guest.outcome_at(packed)["status"], "success");
}

#[test]
fn freeing_a_result_twice_does_no_harm() {
    let mut guest = Guest::answered(CONNECTED);
    for _ in 0..10 {
        let config = guest.place(CONFIG);
        let (result, size) = unpack(guest.observe_at(config, len(CONFIG)));
        for _ in 0..2 {
            guest.deallocate(result, size);
            guest.deallocate(config, len(CONFIG));
        }
        assert_sound(|| guest.allocate(size).unwrap(), size);
    }
    assert_eq!(guest.check(CONFIG)["status"], "success");
}

#[test]
fn the_host_may_allocate_as_much_as_it_likes_during_a_call() {
    let mut guest = Guest::with(|call| {
        let buffers: Vec<_> = (1..=500).map(|size| (call.place(&vec![0xFF; size]), size)).collect();
        let answer = call.place(CONNECTED.as_bytes());
        for (address, size) in buffers {
            assert_eq!(call.bytes(address, u32::try_from(size).unwrap()), vec![0xFF; size]);
            call.deallocate(address, 0);
        }
        pack(answer, len(CONNECTED.as_bytes()))
    });
    assert_eq!(guest.check(CONFIG)["status"], "success");
    let (size, live) = (guest.memory_size(), guest.heap().live);
    for _ in 0..10 {
        assert_eq!(
            guest.check(CONFIG)["message"],
            "the certificate of example.com is valid for 90 more days"
        );
    }
    assert_eq!((guest.memory_size(), guest.heap().live), (size, live));
}

#[test]
fn memory_may_grow_during_a_call() {
    let mut guest = Guest::with(|call| {
        let size = call.memory_size();
        let answer = call.place(&[CONNECTED.as_bytes(), &vec![b' '; 1 << 20]].concat());
        assert!(call.memory_size() > size);
        pack(answer, len(CONNECTED.as_bytes()) + (1 << 20))
    });
    assert_eq!(guest.check(CONFIG)["message"], "the certificate of example.com is valid for 90 more days");
}

#[test]
fn the_host_may_free_the_config_during_the_call() {
    let config = Guest::answered(CONNECTED).place(CONFIG);
    let mut guest = Guest::with(move |call| {
        call.deallocate(config, len(CONFIG));
        // What is freed may be given out again at once.
        for _ in 0..64 {
            call.place(&vec![b'#'; CONFIG.len()]);
        }
        pack(call.place(CONNECTED.as_bytes()), len(CONNECTED.as_bytes()))
    });
    assert_eq!(guest.place(CONFIG), config, "instances are alike");
    let packed = guest.observe_at(config, len(CONFIG));
    let message = &guest.outcome_at(packed)["message"];
    assert_eq!(message, "the certificate of example.com is valid for 90 more days");
    guest.deallocate(config, len(CONFIG));
    assert_eq!(guest.outcome_at(packed)["status"], "success");
}

#[test]
fn the_config_is_no_answer_during_the_call() {
    let config = Guest::answered(CONNECTED).place(CONFIG);
    let mut guest = Guest::with(move |_| pack(config, len(CONFIG)));
    assert_eq!(guest.place(CONFIG), config, "instances are alike");
    let packed = guest.observe_at(config, len(CONFIG));
    assert!(error(&guest.outcome_at(packed)).ends_with("a buffer that it did not allocate"));
}

#[test]
fn past_the_limit_allocate_reports_it_and_traps() {
    for (held, requested) in [(0, LIMIT + 1), (5000, LIMIT - 4999), (5000, 0x7FFF_FFFF)] {
        assert_refuses(held, requested);
    }
}

#[test]
fn sizes_that_no_buffer_can_have_are_reported_as_past_the_limit_too() {
    for requested in [0x8000_0000, u32::MAX] {
        assert_refuses(5000, requested);
    }
}

#[test]
fn allocate_gives_exactly_the_limit() {
    let mut guest = Guest::answered(CONNECTED);
    let all = guest.allocate(LIMIT).unwrap();
    guest.write(all + LIMIT - 1, b"x");
    assert_eq!((guest.heap().live, guest.heap().refused), (LIMIT, 0));

    guest.deallocate(all, 0);
    assert_eq!(guest.heap().live, 0);
    guest.allocate(LIMIT).unwrap();
    guest.allocate(1).unwrap_err();
    assert_reports(&guest.logs(), &limit_message(1, LIMIT));
}

#[test]
fn past_the_limit_within_a_check_it_reports_the_limit_too() {
    let mut guest = Guest::answered(CONNECTED);
    let config = br#"{"hostname":7}"#;
    let address = guest.place(config);
    let live = guest.heap().live;
    guest.allocate(LIMIT - live - 10).unwrap();
    let trap = guest.try_observe(address, len(config)).unwrap_err();
    assert_eq!(trap.downcast_ref::<Trap>(), Some(&Trap::UnreachableCodeReached));
    let logs = guest.logs();
    let [record] = &logs[..] else { panic!("{logs:?}") };
    let message = record["message"].as_str().unwrap();
    assert!(
        message.starts_with("plugin panic: abi: memory allocation limit exceeded (requested: "),
        "{message}"
    );
    assert!(message.ends_with(" bytes, limit: 104857600 bytes)"), "{message}");
}

/// Hosts on wazero keep an instance that has trapped.
#[test]
fn after_the_limit_the_instance_can_still_be_used() {
    let mut guest = Guest::answered(CONNECTED);
    guest.allocate(LIMIT + 1).unwrap_err();
    assert_eq!(guest.check(CONFIG)["status"], "success");
    assert_eq!(guest.requests().len(), 1);
}

#[test]
fn after_the_limit_the_limit_still_holds_and_is_reported_again() {
    let mut guest = Guest::answered(CONNECTED);
    for _ in 0..3 {
        let live = guest.heap().live;
        guest.allocate(LIMIT + 1).unwrap_err();
        assert_reports(&guest.logs(), &limit_message(LIMIT + 1, live));
        assert_eq!(guest.heap().limit, LIMIT);
        guest.check(CONFIG);
        guest.logs();
    }
}
