//! Host functions: what guests pass in, and the way of the answer out.

use std::net::TcpListener;
use std::time::Instant;

use super::*;

const CLOCK: &str = r#"(import "wasi_snapshot_preview1" "clock_time_get"
    (func $clock (param i32 i64 i32) (result i32)))"#;

/// A request that can't succeed: nothing listens there.
const REQUEST: &str = r#"{"host":"127.0.0.1","port":1,"timeout_ms":2000}"#;

#[test]
fn an_unknown_host_function_answers_with_an_error() {
    let import = r#"(import "reglet_host" "no_such_thing" (func $ask (param i64) (result i64)))"#;
    assert_eq!(
        answer_to(&asks(import, "{}")),
        r#"{"error":{"message":"unknown host function: no_such_thing","type":"internal","code":"NOT_FOUND"}}"#
    );
}

#[test]
fn a_function_that_is_imported_twice_works() {
    let import = r#"(import "reglet_host" "twice" (func $ask (param i64) (result i64)))
        (import "reglet_host" "twice" (func (param i64) (result i64)))"#;
    assert_has(answer_to(&asks(import, "{}")), &["unknown host function: twice"]);
}

#[test]
fn a_request_out_of_bounds_gets_an_answer() {
    for (address, len) in [(65_535, 2), (70_000, 1), (u32::MAX, 9)] {
        let answer = answer_to(&asks_at(TCP, packed(address, len), ""));
        let place = format!("{len} bytes at {address}, is not within the memory");
        assert_has(&answer, &[&place, r#""type":"validation""#, r#""code":"INVALID_REQUEST""#]);
    }
}

#[test]
fn a_request_of_4_gib_gets_an_answer() {
    for range in [packed(1, u32::MAX), "(i64.const -1)".into()] {
        let answer = answer_to(&asks_at(TCP, range, ""));
        assert_has(&answer, &["4294967295 bytes", "the limit of 16777216 bytes", "INVALID_REQUEST"]);
    }
}

#[test]
fn a_request_over_the_limit_gets_an_answer() {
    let host = Host::builder().max_request(10).build().unwrap();
    let answer = host.load("bad", &asks(TCP, REQUEST).module()).unwrap().describe().unwrap();
    assert_has(answer, &["47 bytes", "the limit of 10 bytes", "INVALID_REQUEST"]);
}

#[test]
fn a_request_that_is_no_request_gets_an_answer() {
    for request in [
        "",
        "garbage",
        "{}",
        r#"{"host":"x","port":443.0}"#,
        r#"{"host":"x","port":"0"}"#,
        r#"{"host":"x","port":1,"tls":"yes"}"#,
    ] {
        let answer = answer_to(&asks(TCP, request));
        assert_has(&answer, &["tcp_connect: ", r#""type":"validation""#, r#""code":"INVALID_REQUEST""#]);
    }
}

#[test]
fn a_canceled_request_is_not_served() {
    let request = r#"{"host":"127.0.0.1","port":1,"context":{"canceled":true}}"#;
    assert_has(answer_to(&asks(TCP, request)), &["canceled already", r#""code":"CANCELED""#]);
}

#[test]
fn a_failed_connection_is_an_answer() {
    assert_has(answer_to(&asks(TCP, REQUEST)), &["CONNECTION_REFUSED", r#""type":"network""#]);
}

/// A request to a server that accepts and then says nothing, with this `timeout`; how long it took, and what
/// came of it. The server is there as long as the listener.
fn stalled(host: &Host, timeout: &str, then: &str) -> (Duration, Result<String, Error>) {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let request = format!(r#"{{"host":"127.0.0.1","port":{port},"tls":true,{timeout}}}"#);
    let mut guest = asks(TCP, &request);
    guest.describe += then;
    let grants = Grants::default().network("127.0.0.1", "*").unwrap();
    let plugin = host.load("bad", &guest.module()).unwrap().granted(grants);
    let start = Instant::now();
    let answer = plugin.describe();
    (start.elapsed(), answer)
}

#[test]
fn the_smallest_time_limit_of_a_request_counts() {
    for timeout in [
        r#""timeout_ms":100,"context":{"timeout_ms":4000}"#,
        r#""timeout_ms":4000,"context":{"timeout_ms":100}"#,
        r#""timeout_ms":100,"context":{"deadline":"2022-01-01T00:00:00Z"}"#,
    ] {
        let (time, answer) = stalled(&host(), timeout, "");
        assert_has(answer.unwrap(), &[r#""code":"TIMEOUT""#, r#""is_timeout":true"#, "100ms"]);
        assert!((Duration::from_millis(100)..Duration::from_secs(2)).contains(&time), "{time:?}");
    }
}

#[test]
fn a_deadline_in_the_past_leaves_no_time() {
    let (time, answer) = stalled(&host(), r#""context":{"deadline":"2022-01-01T00:00:00Z"}"#, "");
    assert_has(answer.unwrap(), &[r#""code":"TIMEOUT""#]);
    assert!(time < Duration::from_secs(2), "{time:?}");
}

#[test]
fn a_host_function_takes_no_more_than_what_is_left_of_the_call() {
    let host = small().build().unwrap();
    let (time, answer) = stalled(&host, r#""timeout_ms":4000"#, "(loop $l (br $l))");
    assert_has(answer.unwrap_err(), &["plugin `bad`: describe: ", "the time limit of 300 ms"]);
    assert!(time < Duration::from_secs(2), "{time:?}");
}

/// A guest that returns an outcome with status `failure` if the host function answers 0.
fn expects_0(allocate: &'static str) -> Guest {
    let failure = r#"{"status":"failure","timestamp":"0001-01-01T00:00:00Z"}"#;
    Guest {
        imports: TCP,
        allocate,
        observe: format!(
            "(if (i64.ne (call $ask (i64.const 0)) (i64.const 0)) (then unreachable)) {}",
            packed(TEXT, len(failure))
        ),
        text: failure.into(),
        ..good()
    }
}

/// A check without a configuration, so that `allocate` is only called for the answer.
fn check_goes_on(guest: &Guest) -> reglet_bench_host::Usage {
    let host = small().build().unwrap();
    let mut instance = host.load("bad", &guest.module()).unwrap().instance().unwrap();
    assert_eq!(instance.check(b"").unwrap().status(), Status::Failure);
    still_works(&host);
    instance.usage()
}

#[test]
fn allocate_that_returns_0_for_an_answer_makes_the_answer_0() {
    check_goes_on(&expects_0("(i32.const 0)"));
}

#[test]
fn allocate_that_returns_an_address_out_of_bounds_makes_the_answer_0() {
    check_goes_on(&expects_0("(i32.const 65530)"));
    check_goes_on(&expects_0("(i32.const -1)"));
}

#[test]
fn an_empty_answer_is_0_and_needs_no_room() {
    let functions = Functions::none().with_bytes("tcp_connect", |_, _| Ok(Vec::new()));
    let host = small().functions(functions).build().unwrap();
    let plugin = host.load("bad", &expects_0("unreachable").module()).unwrap();
    assert_eq!(plugin.check(b"").unwrap().status(), Status::Failure);
}

#[test]
fn allocate_that_traps_for_an_answer_ends_the_call() {
    let host = host();
    let plugin = host.load("bad", &expects_0("unreachable").module()).unwrap();
    let error = plugin.check(b"").unwrap_err();
    still_works(&host);
    assert_has(error, &["plugin `bad`: observe: allocate: wasm trap: "]);
}

#[test]
fn host_functions_within_the_room_for_an_answer_return_0() {
    // The inner call would make the outer one's room for the answer, and so on without end.
    let guest = expects_0("(i32.wrap_i64 (call $ask (i64.const 0)))");
    assert_eq!(check_goes_on(&guest).host_calls, 2);
}

#[test]
fn log_messages_within_the_room_for_an_answer_are_logged() {
    let import = r#"(import "reglet_host" "tcp_connect" (func $ask (param i64) (result i64)))
        (import "reglet_host" "log_message" (func $log (param i64)))"#;
    let allocate = "(call $log (i64.const 0x400_00000004)) (i32.const 0)";
    let (host, records) = logging();
    let guest = Guest { imports: import, ..expects_0(allocate) };
    host.load("good", &guest.module()).unwrap().check(b"").unwrap();
    assert_eq!(*records.lock().unwrap(), [r#"INFO good: {"st"#]);
}

#[test]
fn memory_that_grows_while_room_is_made_is_no_trouble() {
    let guest =
        Guest { allocate: "(i32.mul (memory.grow (i32.const 8)) (i32.const 65536))", ..asks(TCP, "garbage") };
    assert_has(answer_to(&guest), &["INVALID_REQUEST"]);
}

/// What a guest reads from the clock: the error number and the 8 bytes at 512.
fn clock(call: &str) -> String {
    // Digits are put together from the right, in front of the closing brace.
    let text = "{}".to_owned() + &" ".repeat(40);
    let guest = Guest {
        imports: CLOCK,
        more: "(global $n (mut i64) (i64.const 0)) (global $p (mut i32) (i32.const 1060))",
        describe: format!(
            "(global.set $n (i64.add (i64.mul (i64.extend_i32_u (call $clock {call})) (i64.const 1000000000000))
                (i64.div_u (i64.load (i32.const 512)) (i64.const 1000000000))))
             (loop $l
                (i32.store8 (global.get $p)
                    (i32.add (i32.const 48) (i32.wrap_i64 (i64.rem_u (global.get $n) (i64.const 10)))))
                (global.set $p (i32.sub (global.get $p) (i32.const 1)))
                (global.set $n (i64.div_u (global.get $n) (i64.const 10)))
                (br_if $l (i64.ne (global.get $n) (i64.const 0))))
             (i64.or (i64.shl (i64.extend_i32_u (i32.add (global.get $p) (i32.const 1))) (i64.const 32))
                (i64.extend_i32_u (i32.sub (i32.const 1060) (global.get $p))))"
        ),
        text,
        ..good()
    };
    answer_to(&guest)
}

#[test]
fn the_clock_tells_the_time() {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let told: u64 = clock("(i32.const 0) (i64.const 0) (i32.const 512)").parse().unwrap();
    assert!(told.abs_diff(now) < 5, "{told}");
    let monotonic: u64 = clock("(i32.const 1) (i64.const 0) (i32.const 512)").parse().unwrap();
    assert!(monotonic < 100, "{monotonic}");
}

#[test]
fn an_unknown_clock_is_an_error() {
    assert_eq!(clock("(i32.const 2) (i64.const 0) (i32.const 512)"), "28000000000000");
}

#[test]
fn a_time_outside_of_the_memory_is_an_error() {
    assert_eq!(clock("(i32.const 0) (i64.const 0) (i32.const 65529)"), "21000000000000");
    assert_eq!(clock("(i32.const 0) (i64.const 0) (i32.const -1)"), "21000000000000");
}

#[test]
fn a_call_from_within_an_async_runtime_works() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        // Host and plugin are dropped here, too.
        assert_has(answer_to(&asks(TCP, REQUEST)), &["CONNECTION_REFUSED"]);
    });
}

#[test]
fn an_answer_over_the_limit_becomes_an_error_that_names_it() {
    let functions = Functions::none().with_bytes("tcp_connect", |_, _| Ok(vec![b' '; 101]));
    let host = Host::builder().functions(functions).max_answer(100).build().unwrap();
    let answer = host.invoke(&Default::default(), "tcp_connect", b"");
    assert_has(
        String::from_utf8(answer).unwrap(),
        &["the answer of tcp_connect has 101 bytes, more than the limit of 100 bytes", "RESPONSE_TOO_LARGE"],
    );
}

#[test]
fn a_function_of_the_embedder_that_panics_answers_with_an_error() {
    let functions = Functions::none().with_bytes("tcp_connect", |_, _| panic!("out of {}", "luck"));
    let host = Host::builder().functions(functions).build().unwrap();
    let plugin = host.load("good", &asks(TCP, "{}").module()).unwrap();
    assert_has(plugin.describe().unwrap(), &["panic: out of luck", "INTERNAL_ERROR"]);
}
