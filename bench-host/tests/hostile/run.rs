//! Calls that go wrong: traps, loops, memory, and the way of the configuration in.

use reglet_bench_host::{Cancel, LogRecord};

use super::*;

#[test]
fn a_trap_names_plugin_export_and_reason() {
    let guest = Guest { observe: "unreachable".into(), ..good() };
    let error = check_fails(&host(), &guest);
    assert!(!error.is_load());
    assert_eq!(
        error.to_string(),
        "plugin `bad`: observe: wasm trap: wasm `unreachable` instruction executed"
    );
    let outcome = error.to_outcome();
    assert_eq!(outcome.status(), Status::Error);
    assert_has(outcome.json(), &[r#""type":"panic""#, r#""status":"error""#, "plugin `bad`"]);
    assert_eq!(outcome.message(), error.to_string());
}

#[test]
fn a_trap_tells_which_functions_were_active() {
    let guest =
        Guest { more: "(func $inner unreachable)", observe: "(call $inner) (i64.const 0)".into(), ..good() };
    let error = check_fails(&host(), &guest);
    let Error::Trap { backtrace, .. } = &error else { panic!("{error}") };
    let [inner, outer] = backtrace.lines().collect::<Vec<_>>()[..] else { panic!("{backtrace}") };
    assert!(inner.starts_with("inner at byte 0x") && outer.contains(" at byte 0x"), "{backtrace}");
    let outcome = error.to_outcome();
    let mut stack = outcome.error().get("stack").text().unwrap().into_owned().into_bytes();
    let len = reglet_sdk_core::base64::decode(&mut stack).unwrap();
    assert_eq!(&stack[..len], backtrace.as_bytes());
}

#[test]
fn a_trap_comes_with_the_panic_that_was_reported() {
    let text = r#"{"level":"ERROR","message":"plugin panic: no \u001b[31mluck"}"#;
    let guest = Guest {
        imports: r#"(import "reglet_host" "log_message" (func $log (param i64)))"#,
        observe: format!("(call $log {}) unreachable", packed(TEXT, len(text))),
        text: text.into(),
        ..good()
    };
    let error = check_fails(&host(), &guest);
    assert_has(&error, &[r"observe: plugin panic: no \u{1b}[31mluck (wasm trap: "]);
    assert_has(error.to_outcome().json(), &[r#""type":"panic""#, "plugin panic: no"]);
}

#[test]
fn a_refused_allocation_is_the_reason_of_a_trap_that_follows_from_it() {
    let text = r#"{"level":"WARN","message":"abi: memory allocation limit exceeded (a)"}"#;
    for (ends, is_reason) in [("unreachable", true), ("(i64.div_s (i64.const 1) (i64.const 0))", false)] {
        let guest = Guest {
            imports: r#"(import "reglet_host" "log_message" (func $log (param i64)))"#,
            observe: format!("(call $log {}) {ends}", packed(TEXT, len(text))),
            text: text.into(),
            ..good()
        };
        let error = check_fails(&host(), &guest).to_string();
        let reason = "observe: abi: memory allocation limit exceeded (a) (wasm trap: ";
        assert_eq!(error.contains(reason), is_reason, "{error}");
    }
}

#[test]
fn a_panic_is_not_blamed_on_a_later_call() {
    let text = r#"{"level":"ERROR","message":"plugin panic: early"}"#;
    let guest = Guest {
        imports: r#"(import "reglet_host" "log_message" (func $log (param i64)))"#,
        more: r#"(func (export "_initialize") (call $log (i64.const 0x400_00000031)))"#,
        observe: "unreachable".into(),
        text: text.into(),
        ..good()
    };
    assert_eq!(text.len(), 0x31);
    assert!(!check_fails(&host(), &guest).to_string().contains("early"));
}

#[test]
fn endless_recursion_is_a_trap() {
    let guest = Guest { more: "(func $f (call $f))", observe: "(call $f) unreachable".into(), ..good() };
    assert_has(check_fails(&host(), &guest), &["plugin `bad`: observe: ", "call stack exhausted"]);
}

#[test]
fn an_endless_loop_ends_at_the_time_limit() {
    let guest = Guest { observe: "(loop $l (br $l)) unreachable".into(), ..good() };
    let error = check_fails(&small().build().unwrap(), &guest);
    assert!(!error.is_load());
    assert_eq!(error.to_string(), "plugin `bad`: observe: it ran into the time limit of 300 ms");
    assert_has(error.to_outcome().json(), &[r#""type":"timeout""#, r#""is_timeout":true"#]);
}

#[test]
fn each_call_has_all_of_its_time() {
    let guest = Guest {
        more: "(global $n (mut i32) (i32.const 0))",
        observe: format!(
            "(global.set $n (i32.const 20000000))
             (loop $l
                (global.set $n (i32.sub (global.get $n) (i32.const 1)))
                (br_if $l (global.get $n)))
             {}",
            good().observe
        ),
        ..good()
    };
    let limit = Duration::from_secs(2);
    let host = Host::builder().call_timeout(limit).build().unwrap();
    let mut instance = host.load("good", &guest.module()).unwrap().instance().unwrap();
    let start = std::time::Instant::now();
    while start.elapsed() < limit * 5 / 4 {
        instance.check(b"{}").unwrap();
    }
}

#[test]
fn memory_past_the_limit_is_refused_and_named() {
    let guest = Guest {
        observe: "(if (i32.eq (memory.grow (i32.const 64)) (i32.const -1)) (then unreachable)) (i64.const 0)"
            .into(),
        ..good()
    };
    let error = check_fails(&small().build().unwrap(), &guest);
    assert_has(&error, &["plugin `bad`: observe: ", "the memory limit of 4194304 bytes", "unreachable"]);
    assert_has(error.to_outcome().json(), &[r#""type":"panic""#]);
    let error = check_fails(&host(), &guest);
    assert_has(error, &["it returned nothing"]);
}

#[test]
fn a_table_past_the_limit_is_refused_and_named() {
    let guest = Guest {
        more: "(table $t 1 funcref)",
        observe: "(if (i32.eq (table.grow $t (ref.null func) (i32.const 100000)) (i32.const -1)) (then unreachable))
             (i64.const 0)"
            .into(),
        ..good()
    };
    let error = check_fails(&host(), &guest);
    assert_has(&error, &["plugin `bad`: observe: ", "the limit of 100000 elements of a table"]);
    let guest = Guest { more: "(table 100001 funcref)", ..good() };
    assert_has(load_fails(&guest.module()), &["plugin `bad` cannot be loaded: ", "100001", "100000"]);
}

#[test]
fn a_refusal_of_memory_that_the_guest_survives_is_no_error() {
    let guest =
        Guest { observe: format!("(drop (memory.grow (i32.const 64))) {}", good().observe), ..good() };
    small().build().unwrap().load("good", &guest.module()).unwrap().check(b"{}").unwrap();
}

#[test]
fn allocate_that_returns_0_for_the_configuration_ends_the_call() {
    let guest = Guest { allocate: "(i32.const 0)", ..good() };
    let error = check_fails(&host(), &guest);
    assert!(!error.is_load());
    assert_has(&error, &["plugin `bad`: allocate: it returned nothing for the 2 bytes of the configuration"]);
    assert_has(error.to_outcome().json(), &[r#""type":"internal""#]);
}

#[test]
fn allocate_that_returns_0_for_lack_of_memory_says_so() {
    let guest = Guest { allocate: "(drop (memory.grow (i32.const 64))) (i32.const 0)", ..good() };
    let error = check_fails(&small().build().unwrap(), &guest);
    assert_has(error, &["plugin `bad`: allocate: ", "the memory limit of 4194304 bytes"]);
}

#[test]
fn allocate_that_returns_an_address_out_of_bounds_ends_the_call() {
    for allocate in ["(i32.const 65535)", "(i32.const -1)", "(i32.const 65536)"] {
        let error = check_fails(&host(), &Guest { allocate, ..good() });
        assert_has(error, &["plugin `bad`: allocate: it returned a place outside of the memory"]);
    }
}

#[test]
fn allocate_that_traps_for_the_configuration_ends_the_call() {
    let error = check_fails(&host(), &Guest { allocate: "unreachable", ..good() });
    assert_has(error, &["plugin `bad`: allocate: wasm trap: "]);
}

#[test]
fn allocate_that_loops_ends_at_the_time_limit() {
    let guest = Guest { allocate: "(loop $l (br $l)) unreachable", ..good() };
    let error = check_fails(&small().build().unwrap(), &guest);
    assert_has(error, &["plugin `bad`: allocate: ", "the time limit of 300 ms"]);
}

#[test]
fn an_empty_configuration_needs_no_room() {
    let guest = Guest {
        allocate: "unreachable",
        observe: format!(
            "(if (i32.or (local.get $at) (local.get $len)) (then unreachable)) {}",
            good().observe
        ),
        ..good()
    };
    host().load("good", &guest.module()).unwrap().check(b"").unwrap();
}

#[test]
fn a_guest_without_deallocate_works() {
    let guest = Guest { deallocate: "", ..good() };
    let mut instance = host().load("good", &guest.module()).unwrap().instance().unwrap();
    instance.check(b"{}").unwrap();
    instance.check(b"{}").unwrap();
    assert_eq!(instance.usage().guest_calls, 4);
}

#[test]
fn result_and_configuration_are_handed_back() {
    let guest = Guest {
        deallocate: r#"(global $freed (mut i32) (i32.const 0))
            (func (export "deallocate") (param i32 i32)
                (global.set $freed (i32.add (global.get $freed) (i32.add (local.get 0) (local.get 1)))))"#,
        observe: format!(
            "(if (global.get $freed)
                (then (if (i32.ne (global.get $freed) (i32.const {})) (then unreachable)))) {}",
            1024 + len(&good().text) + 32768 + 2,
            good().observe
        ),
        ..good()
    };
    let mut instance = host().load("good", &guest.module()).unwrap().instance().unwrap();
    instance.check(b"{}").unwrap();
    instance.check(b"{}").unwrap();
    assert_eq!(instance.usage().guest_calls, 8);
}

/// Runs two checks on one instance: the first one's outcome must be good, the second must be refused.
fn costs_the_instance(deallocate: &'static str, reason: &str) {
    let (host, records) = logging();
    let guest = Guest { deallocate, ..good() };
    let mut instance = host.load("bad", &guest.module()).unwrap().instance().unwrap();
    assert_eq!(instance.check(b"{}").unwrap().status(), Status::Success);
    assert_has(instance.check(b"{}").unwrap_err(), &["plugin `bad`: observe: the instance is spent"]);
    let records = records.lock().unwrap();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_has(&records[0], &["WARN bad: ", "deallocate", reason, "the instance is spent"]);
    still_works(&host);
}

#[test]
fn deallocate_that_traps_costs_the_instance_but_not_the_outcome() {
    costs_the_instance(r#"(func (export "deallocate") (param i32 i32) unreachable)"#, "unreachable");
}

#[test]
fn deallocate_that_loops_costs_the_instance_but_not_the_outcome() {
    let deallocate = r#"(func (export "deallocate") (param i32 i32) (loop $l (br $l)))"#;
    costs_the_instance(deallocate, "the time limit of 300 ms");
}

#[test]
fn deallocate_of_a_wrong_type_costs_the_instance_but_not_the_outcome() {
    costs_the_instance(r#"(func (export "deallocate") (param i32))"#, "it has the wrong type");
}

#[test]
fn a_cancelled_call_ends_while_it_computes_and_no_other_begins() {
    let guest = Guest { observe: "(loop $l (br $l)) unreachable".into(), ..good() };
    let host = Host::builder().call_timeout(Duration::from_secs(600)).build().unwrap();
    let mut instance = host.load("bad", &guest.module()).unwrap().instance().unwrap();
    let cancel = instance.cancel();
    let canceller = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        cancel.cancel();
    });
    let error = instance.check(b"{}").unwrap_err();
    assert_eq!(error.to_string(), "plugin `bad`: observe: it was cancelled");
    canceller.join().unwrap();
    let error = instance.check(b"{}").unwrap_err();
    assert_has(error, &["plugin `bad`: observe: "]);
    still_works(&host);
}

#[test]
fn a_plugin_can_be_cancelled_while_it_starts_and_before() {
    let more = r#"(start $start) (func $start (call $log (i64.const 0)) (loop $l (br $l)))"#;
    let imports = r#"(import "reglet_host" "log_message" (func $log (param i64)))"#;
    let (started, wait) = std::sync::mpsc::channel();
    let log = move |_: &LogRecord<'_>| started.send(()).unwrap();
    let host = Host::builder().log(log).call_timeout(Duration::from_secs(600)).build().unwrap();
    let cancel = Cancel::default();
    let module = Guest { imports, more, ..good() }.module();
    let plugin = host.load("bad", &module).unwrap().cancelled_by(&cancel);
    let canceller = std::thread::spawn(move || {
        wait.recv().unwrap();
        cancel.cancel();
    });
    for _ in 0..2 {
        let error = plugin.check(b"{}").unwrap_err();
        assert_eq!(error.to_string(), "plugin `bad`: instantiation: it was cancelled");
    }
    canceller.join().unwrap();
    still_works(&host);
}

#[test]
fn a_cancelled_call_ends_while_it_waits_for_a_host_function() {
    let (started, wait) = std::sync::mpsc::channel();
    let functions = Functions::none().with_bytes("tcp_connect", move |call, _| {
        started.send(()).unwrap();
        let failed = call.wait(Duration::from_secs(600), core::future::pending::<()>()).unwrap_err();
        panic!("the plugin never hears of it: {failed}");
    });
    let host = Host::builder().functions(functions).call_timeout(Duration::from_secs(600)).build().unwrap();
    let guest = Guest { imports: TCP, observe: format!("(call $ask {})", packed(TEXT, 2)), ..good() };
    let mut instance = host.load("bad", &guest.module()).unwrap().instance().unwrap();
    let cancel = instance.cancel();
    let canceller = std::thread::spawn(move || {
        wait.recv().unwrap();
        cancel.cancel();
    });
    let error = instance.check(b"{}").unwrap_err();
    assert_eq!(error.to_string(), "plugin `bad`: observe: it was cancelled");
    canceller.join().unwrap();
    still_works(&host);
}

#[test]
fn allocate_that_returns_the_same_block_each_time_hurts_only_the_guest() {
    let guest = Guest {
        imports: TCP,
        allocate: "(i32.const 4096)",
        // The answer overwrites the configuration, and that is what the guest returns.
        observe: format!("(drop (call $ask {})) {}", packed(TEXT, 2), packed(4096, 9)),
        text: "{}".into(),
        ..good()
    };
    let error = check_fails(&host(), &guest);
    assert_has(error, &["plugin `bad`: observe: the outcome cannot be read"]);
}

#[test]
fn a_plugin_is_compiled_once_and_a_damaged_cache_does_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let files = || std::fs::read_dir(folder.path().join("cache")).unwrap().map(|file| file.unwrap().path());
    let check = || {
        let host = Host::builder().cache_folder(folder.path().join("cache")).build().unwrap();
        host.load("good", &good().module()).unwrap().check(b"{}").unwrap();
    };
    check();
    let path = files().next().unwrap();
    let len = std::fs::metadata(&path).unwrap().len();
    check();
    assert_eq!((files().count(), std::fs::metadata(&path).unwrap().len()), (1, len));
    std::fs::write(&path, b"damaged").unwrap();
    check();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), len);
}

#[test]
fn a_module_that_takes_too_long_to_compile_is_refused() {
    let host = Host::builder().compile_timeout(Duration::ZERO).build().unwrap();
    let error = host.load("slow", &good().module()).unwrap_err();
    assert!(error.is_load());
    assert_eq!(error.to_string(), "plugin `slow` cannot be loaded: it took more than 0ns to compile");
}

#[test]
fn compilers_that_are_given_up_do_not_pile_up() {
    let body = "(local.set 0 (i32.div_u (local.get 0) (i32.const 7)))".repeat(40_000);
    let module = wat(&format!("(module (func (param i32) {body}))"));
    let host = Host::builder().compile_timeout(Duration::ZERO).build().unwrap();
    let errors: Vec<_> = (0..5).map(|_| host.load("slow", &module).unwrap_err().to_string()).collect();
    assert_has(&errors[3], &["it took more than 0ns to compile"]);
    assert_has(&errors[4], &["4 modules that took too long are still being compiled: try again later"]);
}
