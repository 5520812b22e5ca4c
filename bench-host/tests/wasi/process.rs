//! Arguments, environment, randomness, exits, and what there is not.

use super::*;

/// What the environment holds, as the plugin reads it.
fn environment(grants: Grants) -> Vec<String> {
    let mut script = Script::new();
    let (count, size) = (script.room(4), script.room(4));
    let (pointers, text) = (script.room(4096), script.room(40_000));
    script.call(format!("environ_sizes_get {count} {size}"));
    script.call(format!("environ_get {pointers} {text}"));
    let reply = script.run(grants);
    reply.succeeded();
    let text = |at: u32| {
        let bytes = reply.bytes(at, MEMORY - at);
        let end = bytes.iter().position(|byte| *byte == 0).unwrap();
        String::from_utf8(bytes[..end].to_owned()).unwrap()
    };
    let entries: Vec<String> = (0..reply.u32(count)).map(|i| text(reply.u32(pointers + 4 * i))).collect();
    let total: usize = entries.iter().map(|entry| entry.len() + 1).sum();
    assert_eq!(total, reply.u32(size) as usize);
    entries
}

#[test]
fn the_environment_holds_what_a_grant_allows_and_nothing_else() {
    let crate_name = concat!("CARGO_PKG_NAME=", env!("CARGO_PKG_NAME"));
    assert!(std::env::var("CARGO_PKG_NAME").is_ok() && std::env::var("PATH").is_ok());
    assert_eq!(environment(Grants::default()), Vec::<String>::new());
    assert_eq!(environment(Grants::default().env("CARGO_PKG_NAME").unwrap()), [crate_name]);
    assert_eq!(environment(Grants::default().env("REGLET_NO_SUCH_VARIABLE").unwrap()), Vec::<String>::new());
}

#[test]
fn there_are_no_arguments() {
    let mut script = Script::new();
    let (count, size) = (script.bytes([1; 4]), script.bytes([1; 4]));
    let place = |text: &str| text.split(' ').next().unwrap().to_owned();
    script.call(format!("args_sizes_get {} {}", place(&count), place(&size))).call("args_get 1024 1024");
    let reply = script.run(Grants::default());
    reply.succeeded();
    assert_eq!((reply.u32(DATA), reply.u32(DATA + 8)), (0, 0));
}

#[test]
fn random_bytes_are_random() {
    let mut script = Script::new();
    let (first, second) = (script.room(32), script.room(32));
    script.call(format!("random_get {first} 32")).call(format!("random_get {second} 32"));
    script.call("random_get 65536 0").call("random_get 65530 7").call("random_get 16 -1");
    let reply = script.run(Grants::default());
    assert_eq!(reply.errnos(), [SUCCESS, SUCCESS, SUCCESS, FAULT, FAULT]);
    assert_ne!(reply.bytes(first, 32), reply.bytes(second, 32));
    assert_ne!(reply.bytes(first, 32), [0; 32]);
}

#[test]
fn a_recording_repeats_random_bytes() {
    let mut script = Script::new();
    let at = script.room(32);
    script.call(format!("random_get {at} 32"));
    let mut instance = script.instance(&Host::builder().build().unwrap(), Grants::default());
    instance.record();
    let recorded = instance.observe(b"").unwrap();
    let recording = instance.recording();
    assert_ne!(instance.observe(b"").unwrap(), recorded);
    instance.replay(&recording);
    assert_eq!(instance.observe(b"").unwrap(), recorded);
}

#[test]
fn an_exit_ends_the_call_with_its_code() {
    for code in [0, 2, 255] {
        let (error, _) = Script::new().call(format!("proc_exit {code}")).fails(Grants::default());
        assert_eq!(error.to_string(), format!("plugin `guest`: observe: it exited with code {code}"));
        assert!(error.to_outcome().json().contains(r#""type":"panic""#));
    }
}

#[test]
fn an_exit_comes_with_the_last_words() {
    let (error, log) =
        Script::new().write(1, "no\n").write(2, "one\n\ntwo").call("proc_exit 1").fails(Grants::default());
    assert_eq!(error.to_string(), "plugin `guest`: observe: two (it exited with code 1)");
    assert_eq!(log, ["INFO guest: no", "WARN guest: one", "WARN guest: two"]);
}

#[test]
fn there_are_no_signals_and_no_sockets() {
    let mut script = Script::new();
    script.call("proc_raise 6").call("sched_yield");
    for fd in [0, 9] {
        script.call(format!("sock_accept {fd} 0 1024")).call(format!("sock_shutdown {fd} 3"));
        script.call(format!("sock_recv {fd} 1024 1 0 1024 1024"));
        script.call(format!("sock_send {fd} 1024 1 0 1024"));
    }
    let mut expected = vec![NOT_IMPLEMENTED, SUCCESS];
    expected.extend([[NOT_SOCKET; 4], [BAD_DESCRIPTOR; 4]].concat());
    assert_eq!(script.errnos(Grants::default()), expected);
}
