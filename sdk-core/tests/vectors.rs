//! What the public Go SDKs and hosts were observed to send, answer and print.
//!
//! A host function has a file: what hosts answered goes through its request, what guests sent through what a host
//! reads. The errors at the top are answers that any function can give; `reports_errors` takes one through all.
//!
//! Not seen word for word, but put together from what was seen of them and from `docs/protocol.md`: the answer in the
//! wire dialect to `tcp_connect`, that to `http_request`, the envelope about `TCPConnectRequest`, the detail of type
//! `capability`, the details behind the error texts, and contexts and other fields that a test carries over from the
//! request of another function.

#[path = "vectors/dns_lookup.rs"]
mod dns_lookup;
#[path = "vectors/entry_point.rs"]
mod entry_point;
#[path = "vectors/exec_command.rs"]
mod exec_command;
#[path = "vectors/http_request.rs"]
mod http_request;
#[path = "vectors/smtp_connect.rs"]
mod smtp_connect;
#[path = "vectors/ssrf_check.rs"]
mod ssrf_check;
#[path = "vectors/tcp_connect.rs"]
mod tcp_connect;

use core::time::Duration;

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::heap::LimitExceeded;
use reglet_sdk_core::json::{self, Encode, Value, Writer};
use reglet_sdk_core::mock::Mock;
use reglet_sdk_core::plugin::observe;
use reglet_sdk_core::prelude::*;
use serde_json::json;

/// An answer, and the type, code and text of the error that it is. Without a type it is that of the function.
type Failure = (&'static str, Option<Kind>, &'static str, &'static str);

/// Envelopes, which the SDK executors send in place of an answer.
const ENVELOPES: &[Failure] = &[
    (
        r#"{"error":"VALIDATION_ERROR","message":"no capabilities granted: 127.0.0.1:1","code":400}"#,
        Some(Kind::Capability),
        "VALIDATION_ERROR",
        "no capabilities granted: 127.0.0.1:1",
    ),
    (
        r#"{"error":"VALIDATION_ERROR","message":"no capabilities granted: ","code":400}"#,
        Some(Kind::Capability),
        "VALIDATION_ERROR",
        "no capabilities granted: ",
    ),
    (
        r#"{"error":"VALIDATION_ERROR","message":"failed to unmarshal request: json: cannot unmarshal string into Go struct field TCPConnectRequest.port of type int","code":400}"#,
        Some(Kind::Validation),
        "VALIDATION_ERROR",
        "failed to unmarshal request: json: cannot unmarshal string into Go struct field TCPConnectRequest.port of type int",
    ),
    (
        r#"{"error":"VALIDATION_ERROR","message":"failed to unmarshal request: unexpected end of JSON input","code":400}"#,
        Some(Kind::Validation),
        "VALIDATION_ERROR",
        "failed to unmarshal request: unexpected end of JSON input",
    ),
    (
        r#"{"error":"NOT_FOUND","message":"unknown host function: nope","code":404}"#,
        Some(Kind::Internal),
        "NOT_FOUND",
        "unknown host function: nope",
    ),
    (
        r#"{"error":"VALIDATION_ERROR","message":"m","code":400}"#,
        Some(Kind::Validation),
        "VALIDATION_ERROR",
        "m",
    ),
];

/// Details, as Go reads them: names in any case, the last one counts, `null` is nothing.
const DETAILS: &[Failure] = &[
    (r#"{"error":{"MESSAGE":"a","Type":"exec","cOdE":"c"}}"#, Some(Kind::Exec), "c", "a"),
    (r#"{"error":{"message":"a","message":"b"}}"#, None, "", "b"),
    (r#"{"error":{"message":"a","Message":"b"}}"#, None, "", "b"),
    (r#"{"error":{"message":null}}"#, None, "", ""),
    (r#"{"error":{"stack":"aGk="}}"#, None, "", ""),
    (r#"{"error":{"stack":[1,2]}}"#, None, "", ""),
    (r#"{"error":{"stack":null}}"#, None, "", ""),
    (r#"{"error":{"unknown":1,"wrapped":{"message":"x"}}}"#, None, "", ""),
    (r#"{"error":{"details":{"n":1,"big":12345678901234567890}}}"#, None, "", ""),
    (r#" {"error": {"message":"ws"} } "#, None, "", "ws"),
    (r#"{"error":{"message":"\ud800"}}"#, None, "", "\u{fffd}"),
    (
        r#"{"error":{"message":"plugin panic: boom \u003cx\u003e","type":"panic","code":""}}"#,
        Some(Kind::Panic),
        "",
        "plugin panic: boom <x>",
    ),
    (
        r#"{"error":{"details":{"a":2,"z":1},"message":"bad","type":"config","code":"C"}}"#,
        Some(Kind::Config),
        "C",
        "bad",
    ),
    (r#"{"error":{"message":"m","type":"capability","code":""}}"#, Some(Kind::Capability), "", "m"),
];

/// Has a function answer with each error that any function can give, with those of its own, and with nothing.
/// `otherwise` is the type of its errors that come without one.
fn reports_errors(
    function: &'static str,
    otherwise: Kind,
    own: &[Failure],
    ask: impl Fn() -> Result<(), Error>,
) {
    let refused = |answer: &str| {
        let (asked, calls) = Mock::new().answer(function, answer).run(&ask);
        assert_eq!((calls.functions().as_slice(), calls.unused), ([function].as_slice(), 0));
        asked.expect_err(answer)
    };
    for (answer, kind, code, message) in [ENVELOPES, DETAILS, own].concat() {
        let error = refused(answer);
        assert_eq!(
            (error.kind(), &*error.code(), &*error.message()),
            (kind.unwrap_or(otherwise), code, message),
            "{answer}"
        );
        let written = written(&error);
        assert!(serde_json::from_slice::<serde_json::Value>(&written).is_ok(), "{answer}: {written:?}");
    }
    // A host that has nothing to answer with returns 0.
    for answer in ["", "{", "[]", "5", r#""s""#] {
        let error = refused(answer);
        assert_eq!((error.kind(), &*error.code()), (Kind::Internal, "wire_format"), "{answer}");
    }
}

fn written(value: &impl Encode) -> Vec<u8> {
    let mut out = Writer::new();
    value.encode(&mut out);
    out.into_bytes()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text.as_bytes()).expect(text)
}

#[test]
fn reads_the_numbers_that_go_writes() {
    for (text, integer) in [
        ("0", Some(0)),
        ("1", Some(1)),
        ("-1", Some(-1)),
        ("1.5", None),
        ("0.1", None),
        ("100000000000000000000", None),
        ("1e+21", None),
        ("1.5e+21", None),
        ("123456789012345680", Some(123_456_789_012_345_680)),
        ("0.000001", None),
        ("1e-7", None),
        ("1.234e-9", None),
        ("1.7976931348623157e+308", None),
        ("5e-324", None),
        ("-0", Some(0)),
        ("100", Some(100)),
        ("30000000000", Some(30_000_000_000)),
        ("9007199254740992", Some(9_007_199_254_740_992)),
    ] {
        let number = Value::parse(text.as_bytes()).expect(text);
        assert_eq!((number.kind(), number.integer().ok()), (json::Kind::Number, integer), "{text}");
    }
}

#[test]
fn reads_the_strings_that_go_writes() {
    for (raw, text) in [
        (r#""\u003c\u003e\u0026'\"\\/""#, "<>&'\"\\/"),
        (r#""\u2028\u2029""#, "\u{2028}\u{2029}"),
        (r#""\u0000\u0001\b\t\n\f\r\u001f""#, "\0\u{1}\u{8}\t\n\u{c}\r\u{1f}"),
        (r#""é😀""#, "é😀"),
        (r#""bad\ufffdutf\ufffd\ufffd""#, "bad\u{fffd}utf\u{fffd}\u{fffd}"),
        (r#""\ufffd\ufffd\ufffd""#, "\u{fffd}\u{fffd}\u{fffd}"),
    ] {
        assert_eq!(Value::parse(raw.as_bytes()).and_then(Value::text).expect(raw), text);
    }
}

#[test]
fn reads_the_times_that_go_writes() {
    for (text, utc) in [
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        ("1970-01-01T00:00:01.000000005Z", "1970-01-01T00:00:01.000000005Z"),
        ("1970-01-01T00:00:01.5Z", "1970-01-01T00:00:01.5Z"),
        ("1970-01-01T00:00:01.12Z", "1970-01-01T00:00:01.12Z"),
        ("2024-01-02T03:04:05.000006+01:00", "2024-01-02T02:04:05.000006Z"),
        ("2024-01-02T03:04:05-05:30", "2024-01-02T08:34:05Z"),
        ("2024-01-02T03:04:05+01:00", "2024-01-02T02:04:05Z"),
        ("2022-01-01T00:00:00.01Z", "2022-01-01T00:00:00.01Z"),
    ] {
        assert_eq!(at(text).rfc3339(), utc);
    }
}

#[test]
fn reads_times_as_strictly_as_go() {
    for (text, utc) in [
        ("2024-01-02T03:04:05Z", Some("2024-01-02T03:04:05Z")),
        ("2024-01-02T03:04:05.123456789+01:00", Some("2024-01-02T02:04:05.123456789Z")),
        ("2024-01-02 03:04:05Z", None),
        ("2024-01-02T03:04:05", None),
        ("2024-01-02t03:04:05z", None),
        ("", None),
        ("2024-01-02T03:04:05,5Z", Some("2024-01-02T03:04:05.5Z")),
        ("2024-01-02T24:00:00Z", None),
        ("2024-01-02T03:04:60Z", None),
        ("2024-01-02T03:04:05.1234567891Z", Some("2024-01-02T03:04:05.123456789Z")),
    ] {
        assert_eq!(Timestamp::parse(text.as_bytes()).map(Timestamp::rfc3339).as_deref(), utc, "{text}");
    }
}

#[test]
fn writes_durations_as_go_does() {
    for (nanos, text) in [
        (0, "0s"),
        (1, "1ns"),
        (1_500, "1.5µs"),
        (1_500_000, "1.5ms"),
        (1_000_000_000, "1s"),
        (90_000_000_000, "1m30s"),
        (10_800_002_000_000, "3h0m0.002s"),
        (100_000_000, "100ms"),
        (i64::MAX.unsigned_abs() + 1, "2562047h47m16.854775808s"),
    ] {
        assert_eq!(text![Duration::from_nanos(nanos)].to_string(), text);
    }
}

#[test]
fn says_errors_as_go_does() {
    for (detail, text) in [
        (r#"{"message":"m","type":"internal","code":""}"#, "m"),
        (r#"{"message":"m","type":"network","code":""}"#, "network: m"),
        (r#"{"message":"m","type":"internal","code":"c"}"#, "m [c]"),
        (
            r#"{"wrapped":{"message":"w","type":"","code":""},"message":"m","type":"x","code":"c"}"#,
            "x: m [c]: w",
        ),
    ] {
        let answer = format!(r#"{{"error":{detail},"connected":false}}"#);
        let send = || tcp::Request::new(&"h", 1).send(&Context::default()).map(drop);
        let error = Mock::new().answer("tcp_connect", answer).run(send).0.expect_err(detail);
        assert_eq!(error.to_string(), text);
        assert_eq!(written(&error), detail.as_bytes());
    }
}

#[test]
fn makes_the_errors_that_gos_sdk_makes() {
    for (error, detail) in [
        (
            Error::config("f", "boom"),
            r#"{"message":"config validation failed for field 'f': boom","type":"config","code":"f"}"#,
        ),
        (
            Error::config("", "boom"),
            r#"{"message":"config validation failed: boom","type":"config","code":""}"#,
        ),
        (
            Error::wire_format("X", "boom"),
            r#"{"message":"wire format decode failed for X: boom","type":"internal","code":"wire_format"}"#,
        ),
        (Error::internal("boom"), r#"{"message":"boom","type":"internal","code":""}"#),
    ] {
        assert_eq!(String::from_utf8_lossy(&written(&error)), detail);
    }
}

#[test]
fn reports_the_limit_in_gos_words() {
    let refusal = LimitExceeded { requested: 104_857_601, current: 4823, limit: 104_857_600 };
    assert_eq!(
        text![refusal].to_string(),
        "abi: memory allocation limit exceeded (requested: 104857601 bytes, current: 4823 bytes, limit: 104857600 bytes)"
    );
}
