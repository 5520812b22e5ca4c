//! Modules that are no plugins: refused before anything of them runs.

use reglet_bench_host::Generation;

use super::*;

/// A module with these entry points, which have the right types.
fn exporting(names: &[&str]) -> Vec<u8> {
    let mut text = String::from(r#"(module (memory (export "memory") 1)"#);
    text += r#"(func (export "allocate") (param i32) (result i32) (i32.const 0))"#;
    for name in names {
        let params = if name.ends_with("observe") { "(param i32 i32)" } else { "" };
        write!(text, r#"(func (export "{name}") {params} (result i64) (i64.const 0))"#).unwrap();
    }
    wat(&(text + ")"))
}

#[test]
fn what_is_not_wasm_is_refused() {
    assert_has(load_fails(b"MZ garbage"), &["plugin `bad` cannot be loaded", "magic header"]);
    assert_has(load_fails(b""), &["plugin `bad`"]);
}

#[test]
fn a_module_that_is_cut_off_is_refused() {
    let module = good().module();
    assert_has(load_fails(&module[..module.len() / 2]), &["plugin `bad`"]);
}

#[test]
fn a_module_over_the_size_limit_is_refused() {
    let host = Host::builder().max_module_bytes(100).build().unwrap();
    let module = good().module();
    let error = host.load("bad", &module).unwrap_err();
    assert!(error.is_load());
    assert_has(error, &["plugin `bad`", &format!("{} bytes", module.len()), "the limit of 100 bytes"]);
}

#[test]
fn too_many_functions_are_refused() {
    let many = |count| wat(&format!("(module {})", "(func)".repeat(count)));
    assert_has(load_fails(&many(100_001)), &["plugin `bad`", "100001 functions", "the limit of 100000"]);
}

#[test]
fn too_many_imports_are_refused() {
    let import = r#"(import "reglet_host" "x" (func (param i64) (result i64)))"#;
    let module = wat(&format!("(module {})", import.repeat(1001)));
    assert_has(load_fails(&module), &["plugin `bad`", "1001 imports", "the limit of 1000"]);
}

#[test]
fn a_memory_that_starts_over_the_limit_is_refused() {
    let guest = Guest { memory: r#"(memory (export "memory") 65)"#, ..good() };
    assert_has(load_fails(&guest.module()), &["plugin `bad`", "the memory limit of 4194304 bytes"]);
}

#[test]
fn a_module_that_exports_nothing_is_refused() {
    let names = ["plugin `bad`", "does not export", "memory", "allocate", "_manifest", "_observe"];
    assert_has(load_fails(&wat("(module)")), &names);
}

#[test]
fn a_module_without_a_memory_is_refused() {
    let module = wat(r#"(module (func (export "allocate") (param i32) (result i32) (i32.const 0))
        (func (export "describe") (result i64) (i64.const 0))
        (func (export "observe") (param i32 i32) (result i64) (i64.const 0)))"#);
    assert!(load_fails(&module).ends_with("does not export memory"));
}

#[test]
fn a_memory_that_is_not_exported_is_none() {
    let guest = Guest { memory: "(memory 1)", ..good() };
    assert!(load_fails(&guest.module()).ends_with("does not export memory"));
}

#[test]
fn two_memories_are_refused() {
    let guest = Guest { memory: r#"(memory (export "memory") 1) (memory 1)"#, ..good() };
    assert_has(load_fails(&guest.module()), &["plugin `bad`", "memor"]);
}

#[test]
fn a_memory_under_two_names_is_refused() {
    let guest = Guest { memory: r#"(memory (export "memory") (export "other") 1)"#, ..good() };
    assert_has(load_fails(&guest.module()), &["plugin `bad`", r#"it exports "other", a memory beside"#]);
}

#[test]
fn an_imported_memory_is_refused() {
    let guest = Guest {
        imports: r#"(import "env" "mem" (memory 1))"#,
        memory: r#"(export "memory" (memory 0))"#,
        ..good()
    };
    assert_has(load_fails(&guest.module()), &["plugin `bad`", "`env.mem`, a memory"]);
}

#[test]
fn a_memory_with_64_bits_is_refused() {
    let guest = Guest { memory: r#"(memory (export "memory") i64 1)"#, text: String::new(), ..good() };
    let module = wat(&format!(
        r#"(module {} (func (export "allocate") (param i32) (result i32) (i32.const 0)))"#,
        guest.memory
    ));
    assert_has(load_fails(&module), &["plugin `bad`", "memor"]);
}

#[test]
fn a_memory_that_is_a_function_is_refused() {
    let guest = Guest { memory: r#"(memory 1) (func (export "memory"))"#, ..good() };
    assert_has(load_fails(&guest.module()), &["plugin `bad`", "`memory` is () -> ()"]);
}

#[test]
fn a_command_is_refused() {
    let guest = Guest { more: r#"(func (export "_start"))"#, ..good() };
    assert_has(load_fails(&guest.module()), &["plugin `bad`", "`_start`", "a command, not a reactor"]);
}

#[test]
fn a_half_set_of_entry_points_is_refused() {
    for (names, missing) in [
        (&["describe"][..], "observe"),
        (&["manifest"], "observe"),
        (&["observe"], "describe"),
        (&["_manifest"], "_observe"),
        (&["_observe"], "_manifest"),
        (&["_manifest", "describe", "observe"], "_observe"),
        (&["_manifest", "_observe", "observe"], "describe"),
        (&["schema"], "_manifest, _observe"),
    ] {
        let text = load_fails(&exporting(names));
        assert!(text.ends_with(&format!("does not export {missing}")), "{names:?}: {text}");
    }
}

#[test]
fn the_newest_complete_set_counts() {
    for (names, generation) in [
        (&["describe", "observe"][..], Generation::A),
        (&["manifest", "observe"], Generation::APrime),
        (&["describe", "manifest", "observe"], Generation::APrime),
        (&["_manifest", "_observe"], Generation::B),
        (&["describe", "manifest", "observe", "_manifest", "_observe"], Generation::B),
    ] {
        let plugin = host().load("good", &exporting(names)).unwrap();
        assert_eq!(plugin.generation(), generation, "{names:?}");
    }
}

#[test]
fn exports_with_wrong_types_are_refused() {
    for (export, found, expected) in [
        (r#"(func (export "schema") (result i32) (i32.const 0))"#, "() -> (i32)", "() -> (i64)"),
        (
            r#"(func (export "_observe") (param i64) (result i64) (i64.const 0))"#,
            "(i64) -> (i64)",
            "(i32, i32)",
        ),
        (r#"(func (export "_initialize") (param i32))"#, "(i32) -> ()", "() -> ()"),
        (r#"(global (export "_manifest") i32 (i32.const 0))"#, "a global", "() -> (i64)"),
    ] {
        let guest = Guest { more: export, ..good() };
        assert_has(load_fails(&guest.module()), &["plugin `bad`", "its export", found, expected]);
    }
}

#[test]
fn imports_with_wrong_types_are_refused() {
    for (import, name) in [
        (
            r#"(import "reglet_host" "tcp_connect" (func (param i32 i32) (result i64)))"#,
            "reglet_host.tcp_connect",
        ),
        (
            r#"(import "reglet_host" "log_message" (func (param i64) (result i64)))"#,
            "reglet_host.log_message",
        ),
        (r#"(import "reglet_host" "anything" (func (param i64)))"#, "reglet_host.anything"),
        (r#"(import "reglet_host" "table" (table 1 funcref))"#, "reglet_host.table"),
        (r#"(import "wasi_snapshot_preview1" "clock_time_get" (func))"#, "clock_time_get"),
    ] {
        let guest = Guest { imports: import, ..good() };
        assert_has(load_fails(&guest.module()), &["plugin `bad`", "its import", name]);
    }
}

#[test]
fn imports_that_the_host_does_not_have_are_refused_by_name() {
    for (import, name) in [
        (r#"(import "env" "now" (func (result i64)))"#, "`env.now`"),
        (r#"(import "wasi_snapshot_preview1" "fd_shout" (func))"#, "`wasi_snapshot_preview1.fd_shout`"),
    ] {
        let guest = Guest { imports: import, ..good() };
        assert_has(load_fails(&guest.module()), &["plugin `bad`", name, "this host does not have"]);
    }
}

#[test]
fn names_of_a_module_do_not_reach_the_terminal() {
    let guest = Guest { imports: r#"(import "\1b[2J" "\07" (func))"#, ..good() };
    let text = load_fails(&guest.module());
    assert!(!text.contains(char::is_control), "{text:?}");
}

#[test]
fn a_start_section_that_traps_is_a_failure_to_load() {
    let guest = Guest { more: "(func $s unreachable) (start $s)", ..good() };
    let error = check_fails(&small().build().unwrap(), &guest);
    assert!(error.is_load());
    assert_has(error, &["plugin `bad`: instantiation: ", "unreachable"]);
}

#[test]
fn a_start_section_that_loops_ends_at_the_time_limit() {
    let guest = Guest { more: "(func $s (loop $l (br $l))) (start $s)", ..good() };
    let error = check_fails(&small().build().unwrap(), &guest);
    assert!(error.is_load());
    assert_has(error, &["plugin `bad`: instantiation: ", "the time limit of 300 ms"]);
}

#[test]
fn a_start_section_may_call_the_host() {
    let guest = Guest {
        imports: r#"(import "reglet_host" "log_message" (func $log (param i64)))"#,
        more: "(func $s (call $log (i64.const 0x400_00000005))) (start $s)",
        text: "early".into(),
        observe: "unreachable".into(),
        ..good()
    };
    let (host, records) = logging();
    host.load("good", &guest.module()).unwrap().instance().unwrap();
    assert_eq!(*records.lock().unwrap(), ["INFO good: early"]);
}

#[test]
fn data_outside_of_the_memory_is_a_failure_to_load() {
    let guest = Guest { more: r#"(data (i32.const 65535) "two")"#, ..good() };
    let error = check_fails(&host(), &guest);
    assert!(error.is_load());
    assert_has(error, &["plugin `bad`: instantiation: ", "out of bounds memory access"]);
}

#[test]
fn initialize_that_traps_is_a_failure_to_load() {
    let guest = Guest { more: r#"(func (export "_initialize") unreachable)"#, ..good() };
    let error = check_fails(&host(), &guest);
    assert!(error.is_load());
    assert_has(error, &["plugin `bad`: _initialize: ", "unreachable"]);
}

#[test]
fn allocate_that_traps_for_an_answer_to_initialize_is_a_failure_to_load() {
    let guest = Guest {
        imports: TCP,
        allocate: "unreachable",
        more: r#"(func (export "_initialize") (drop (call $ask (i64.const 0))))"#,
        ..good()
    };
    let error = check_fails(&host(), &guest);
    assert!(error.is_load());
    assert_has(error, &["plugin `bad`: _initialize: allocate: ", "unreachable"]);
}

#[test]
fn initialize_that_loops_ends_at_the_time_limit() {
    let guest = Guest { more: r#"(func (export "_initialize") (loop $l (br $l)))"#, ..good() };
    let error = check_fails(&small().build().unwrap(), &guest);
    assert!(error.is_load());
    assert_has(error, &["plugin `bad`: _initialize: ", "the time limit of 300 ms"]);
}

#[test]
fn initialize_runs_once_before_the_check() {
    let guest = Guest {
        more: r#"(global $n (mut i32) (i32.const 0))
            (func (export "_initialize") (global.set $n (i32.add (global.get $n) (i32.const 1))))"#,
        observe: format!("(if (i32.ne (global.get $n) (i32.const 1)) (then unreachable)) {}", good().observe),
        ..good()
    };
    let mut instance = host().load("good", &guest.module()).unwrap().instance().unwrap();
    instance.check(b"{}").unwrap();
    instance.check(b"{}").unwrap();
}

#[test]
fn a_certificate_file_that_is_not_there_is_named() {
    let error = Host::builder().ca_file("/nonexistent/ca.pem").build().unwrap_err();
    assert!(error.is_load());
    assert_has(error, &["the host cannot be set up", "/nonexistent/ca.pem"]);
}
