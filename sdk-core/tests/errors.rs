//! The errors that every Reglet SDK gives the same texts, types and codes.

use core::time::Duration;

use reglet_sdk_core::error::{Kind, Required};
use reglet_sdk_core::heap::LimitExceeded;
use reglet_sdk_core::json::{Encode, Value, Writer};
use reglet_sdk_core::{Error, Outcome, text};

fn json(error: &Error) -> String {
    let mut out = Writer::new();
    error.encode(&mut out);
    String::from_utf8(out.into_bytes()).unwrap()
}

/// Something that took too long, with a text of its own and nothing around it.
fn slow() -> Error {
    Error::internal("i/o timeout").with_timeout()
}

/// As Go's SDKs were seen to write them (`docs/protocol.md#guest-errors`).
#[test]
fn each_error_is_written_as_go_writes_it() {
    let limit = LimitExceeded { requested: 3, current: 2, limit: 1 };
    for (error, expected) in [
        (
            Error::network("connect", "h:1", "boom"),
            r#"{"message":"network connect failed for h:1: boom","type":"network","code":"connect"}"#,
        ),
        (
            Error::network("connect", "", "boom"),
            r#"{"message":"network connect failed: boom","type":"network","code":"connect"}"#,
        ),
        (
            Error::timeout("dns", "h", Duration::from_millis(1500)),
            r#"{"message":"dns timeout after 1.5s (target: h)","type":"timeout","code":"dns","is_timeout":true}"#,
        ),
        (
            Error::timeout("dns", "", Duration::from_secs(1)),
            r#"{"message":"dns timeout after 1s","type":"timeout","code":"dns","is_timeout":true}"#,
        ),
        (
            Error::capability("exec", "/bin/x"),
            r#"{"message":"missing capability: exec (pattern: /bin/x)","type":"capability","code":"exec"}"#,
        ),
        (
            Error::capability("exec", ""),
            r#"{"message":"missing capability: exec","type":"capability","code":"exec"}"#,
        ),
        (
            Error::config("f", "boom"),
            r#"{"message":"config validation failed for field 'f': boom","type":"config","code":"f"}"#,
        ),
        (
            Error::config("", "boom"),
            r#"{"message":"config validation failed: boom","type":"config","code":""}"#,
        ),
        (
            Error::exec_failed("c", "boom"),
            r#"{"message":"failed to execute 'c': boom","type":"exec","code":"exit_0"}"#,
        ),
        (
            Error::exec("c", 2, "se"),
            r#"{"message":"command 'c' exited with code 2: se","type":"exec","code":"exit_2"}"#,
        ),
        (
            Error::exec("c", 2, ""),
            r#"{"message":"command 'c' exited with code 2","type":"exec","code":"exit_2"}"#,
        ),
        (
            Error::exec("c", -1, ""),
            r#"{"message":"command 'c' exited with code -1","type":"exec","code":"exit_-1"}"#,
        ),
        (
            Error::dns("h", "MX", "8.8.8.8", "boom"),
            r#"{"message":"dns lookup for h (MX) via 8.8.8.8 failed: boom","type":"network","code":"dns_MX"}"#,
        ),
        (
            Error::dns("h", "A", "", "boom"),
            r#"{"message":"dns lookup for h (A) failed: boom","type":"network","code":"dns_A"}"#,
        ),
        (
            Error::http("GET", "u", 500, "boom"),
            r#"{"message":"http GET u failed with status 500: boom","type":"network","code":"http_500"}"#,
        ),
        (
            Error::http("GET", "u", 0, "boom"),
            r#"{"message":"http GET u failed: boom","type":"network","code":"http_0"}"#,
        ),
        (
            Error::tcp("tcp", "h:1", "boom"),
            r#"{"message":"tcp connect to h:1 (tcp) failed: boom","type":"network","code":"tcp_connect"}"#,
        ),
        (
            Error::schema("T", "boom"),
            r#"{"message":"schema error for type T: boom","type":"validation","code":"schema"}"#,
        ),
        (
            Error::schema("", "boom"),
            r#"{"message":"schema error: boom","type":"validation","code":"schema"}"#,
        ),
        (
            Error::memory(limit),
            concat!(
                r#"{"message":"memory allocation failed: requested 3 bytes, current 2 bytes, limit 1 bytes","#,
                r#""type":"internal","code":"memory_limit"}"#
            ),
        ),
        (
            Error::wire_format("X", "boom"),
            r#"{"message":"wire format decode failed for X: boom","type":"internal","code":"wire_format"}"#,
        ),
        (
            Error::wire_format_in("encode", "X", "boom"),
            r#"{"message":"wire format encode failed for X: boom","type":"internal","code":"wire_format"}"#,
        ),
        (Error::internal("boom"), r#"{"message":"boom","type":"internal","code":""}"#),
    ] {
        assert_eq!(json(&error), expected);
    }
}

#[test]
fn connections_that_took_too_long_are_timeouts() {
    for (error, message, code) in [
        (Error::dns("h", "A", "", slow()), "dns lookup for h (A) failed: i/o timeout", "dns_A"),
        (Error::http("GET", "u", 0, slow()), "http GET u failed: i/o timeout", "http_0"),
        (Error::tcp("tcp", "h:1", slow()), "tcp connect to h:1 (tcp) failed: i/o timeout", "tcp_connect"),
    ] {
        assert_eq!((&*error.message(), &*error.code()), (message, code));
        assert_eq!((error.kind(), error.is_timeout(), error.is_not_found()), (Kind::Timeout, true, false));
        assert_eq!(error.get("is_timeout").boolean(), Ok(true));
    }
}

#[test]
fn other_errors_keep_their_type_when_the_cause_took_too_long() {
    for (error, kind) in [
        (Error::network("o", "", slow()), Kind::Network),
        (Error::config("f", slow()), Kind::Config),
        (Error::exec_failed("c", slow()), Kind::Exec),
        (Error::schema("", slow()), Kind::Validation),
        (Error::wire_format("f", slow()), Kind::Internal),
        (Error::wire_format_in("o", "f", slow()), Kind::Internal),
    ] {
        assert_eq!((error.kind(), error.is_timeout()), (kind, true));
        assert_eq!(error.cause(), Some(slow()));
    }
}

#[test]
fn a_timeout_shows_through_a_chain_of_causes() {
    let error = Error::tcp("tcp", "h:1", Error::network("read", "", slow()));
    assert_eq!((error.kind(), error.is_timeout()), (Kind::Timeout, true));
}

#[test]
fn a_cause_is_kept_whole_and_told_at_the_end() {
    let cause = Error::new(Kind::Network, "no such host")
        .with_code("HOST_NOT_FOUND")
        .with_not_found()
        .with_detail("server", "192.0.2.1");
    let error = Error::dns("h", "A", "", &cause);
    assert_eq!(error.message(), "dns lookup for h (A) failed: network: no such host [HOST_NOT_FOUND]");
    assert_eq!((error.kind(), error.is_timeout(), error.is_not_found()), (Kind::Network, false, true));
    assert_eq!(json(&error.cause().unwrap()), json(&cause));
}

#[test]
#[expect(clippy::needless_borrows_for_generic_args, reason = "that it may be lent is what is tested")]
fn a_cause_may_be_lent_or_missing() {
    let cause = slow();
    for error in [
        Error::tcp("tcp", "h:1", &cause),
        Error::tcp("tcp", "h:1", &&cause),
        Error::tcp("tcp", "h:1", Some(&cause)),
        Error::tcp("tcp", "h:1", &Some(cause.clone())),
    ] {
        assert_eq!(error.cause().as_ref(), Some(&cause));
    }
    assert_eq!(Error::tcp("tcp", "h:1", None::<Error>).cause(), None);
}

#[test]
fn every_text_may_be_any_piece() {
    let document = Value::parse(br#"{"type":"MX\u002f"}"#).unwrap();
    let record = document.get("type").string().unwrap();
    let server: Option<&str> = None;
    let error = Error::dns(text!["h", 1], record, server, text!["gave up after ", Duration::ZERO]);
    assert_eq!(error.message(), "dns lookup for h1 (MX/) failed: gave up after 0s");
    assert_eq!(error.code(), "dns_MX/");
    let error = Error::config(String::from("f"), 7_i64);
    assert_eq!(error.message(), "config validation failed for field 'f': 7");
}

#[test]
fn an_error_reads_as_text() {
    assert_eq!(Error::internal("m").to_string(), "m");
    let error = Error::new(Kind::Exec, "m").with_code("c").with_source(&Error::new(Kind::Panic, "w"));
    assert_eq!(error.to_string(), "exec: m [c]: panic: w");
    assert_eq!(text!["it failed: ", error].to_string(), "it failed: exec: m [c]: panic: w");
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[test]
fn each_cause_of_a_chain_is_told_once() {
    let mut error = Error::internal("end");
    for _ in 0..30 {
        error = Error::network("o", "", error);
    }
    let text = error.to_string();
    assert_eq!(text.matches("end").count(), 1);
    assert_eq!(text.matches("[o]").count(), 30);
    assert!(text.starts_with("network: network o failed: network: network o failed: "));
}

#[test]
fn a_long_chain_is_told_in_part() {
    let mut error = Error::internal("end");
    for _ in 0..100 {
        error = Error::new(Kind::Config, "m").with_source(&error);
    }
    assert_eq!(error.to_string(), ["config: m"; 9].join(": "));
}

#[test]
fn hostile_texts_stay_within_their_strings() {
    let hostile = "'\"\\\n\u{0}\u{7f}\u{2028}😀{}";
    let cause = Error::internal(hostile).with_code(hostile).with_detail(hostile, hostile);
    for (error, code) in [
        (Error::network(hostile, hostile, &cause), hostile),
        (Error::timeout(hostile, hostile, Duration::MAX), hostile),
        (Error::capability(hostile, hostile), hostile),
        (Error::config(hostile, &cause), hostile),
        (Error::required(Required::String, hostile), hostile),
        (Error::exec(hostile, i32::MIN, hostile), "exit_-2147483648"),
        (Error::exec_failed(hostile, &cause), "exit_0"),
        (Error::dns(hostile, hostile, hostile, &cause), &["dns_", hostile].concat()),
        (Error::http(hostile, hostile, u16::MAX, &cause), "http_65535"),
        (Error::tcp(hostile, hostile, &cause), "tcp_connect"),
        (Error::schema(hostile, &cause), "schema"),
        (Error::wire_format(hostile, &cause), "wire_format"),
        (Error::wire_format_in(hostile, hostile, &cause), "wire_format"),
    ] {
        let outcome = Outcome::error(&error).into_json();
        let outcome = Value::parse(&outcome).expect("it is JSON");
        assert!(core::str::from_utf8(outcome.raw()).is_ok());
        assert_eq!(outcome.get("error").raw(), json(&error).as_bytes());
        assert_eq!(outcome.get("message").text().unwrap(), error.message());
        assert!(error.message().contains(hostile), "{error}");
        assert_eq!(error.code(), code);
        assert!(error.cause().is_none_or(|kept| kept == cause));
    }
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let document = Value::parse(b"\"a\xff\\ud800\xe2\x82\"").unwrap();
    let broken = document.string().unwrap();
    let repaired = "a\u{fffd}\u{fffd}\u{fffd}\u{fffd}";
    let error = Error::network(broken, broken, broken);
    assert_eq!(json(&error), {
        let message = format!("network {repaired} failed for {repaired}: {repaired}");
        format!(r#"{{"message":"{message}","type":"network","code":"{repaired}"}}"#)
    });
    assert_eq!(Error::exec("c", 1, broken).message(), format!("command 'c' exited with code 1: {repaired}"));
}

#[test]
fn a_long_error_output_is_cut_and_marked() {
    const HEAD: &str = "command 'c' exited with code 1: ";
    for unit in ["x", "é", "€", "😀", "\n", "\"", "\u{1}"] {
        let output = unit.repeat(100_000);
        let mut out = Writer::new();
        output.encode(&mut out);
        let document = out.into_bytes();
        let string = Value::parse(&document).unwrap().string().unwrap();
        // Text is measured as it is, what stands in JSON with its escapes.
        let escaped = string.raw().len() / 100_000;
        for (error, taken) in
            [(Error::exec("c", 1, &output), unit.len()), (Error::exec("c", 1, string), escaped)]
        {
            assert_eq!(error.message(), [HEAD, &unit.repeat(4096 / taken), "…"].concat(), "{unit:?}");
        }
    }
    let just = "x".repeat(4096);
    assert_eq!(Error::exec("c", 1, &just).message(), [HEAD, &just].concat());
}

#[test]
fn fields_that_are_missing_are_config_errors() {
    for (what, message) in [
        (Required::String, "required string field 'f' is missing or not a string"),
        (Required::Int, "required int field 'f' is missing or not a number"),
        (Required::Float, "required float field 'f' is missing or not a number"),
        (Required::Bool, "required bool field 'f' is missing or not a boolean"),
    ] {
        let error = Error::required(what, "f");
        assert_eq!(error.message(), format!("config validation failed for field 'f': {message}"));
        assert_eq!((error.kind(), &*error.code()), (Kind::Config, "f"));
    }
}
