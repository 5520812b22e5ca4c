//! What the plugin makes of a host's answers.

use core::sync::atomic::{AtomicU32, Ordering::Relaxed};

use serde_json::{Value, json};

use crate::harness::{CONFIG, CONNECTED, Guest, error, len, pack};

const NO_DATA: &str =
    "internal [wire_format] wire format decode failed for tcp_connect: host returned no data";

const FOREIGN: &str = "internal [wire_format] wire format decode failed for tcp_connect: \
                       the host answered with a buffer that it did not allocate";

fn outcome_of(answer: impl Into<Vec<u8>>) -> Value {
    Guest::answered(answer).check(CONFIG)
}

/// The error that an answer leads to.
fn error_of(answer: impl Into<Vec<u8>>) -> String {
    error(&outcome_of(answer))
}

/// The error that an answer at this place leads to.
fn error_at(packed: u64) -> String {
    error(&Guest::with(move |_| packed).check(CONFIG))
}

/// The error that an answer of a form that breaks the protocol leads to.
fn wire_format(reason: &str) -> String {
    format!("internal [wire_format] wire format decode failed for tcp_connect: {reason}")
}

#[test]
fn zero_is_no_data() {
    assert_eq!(error_at(0), NO_DATA);
}

#[test]
fn an_empty_buffer_is_no_data() {
    for address in [1, 1024, u32::MAX] {
        assert_eq!(error_at(pack(address, 0)), NO_DATA);
    }
    let outcome = Guest::with(|call| pack(call.place(b"{}"), 0)).check(CONFIG);
    assert_eq!(error(&outcome), NO_DATA);
}

#[test]
fn a_buffer_out_of_bounds_is_not_read() {
    for (address, len) in [(u32::MAX, u32::MAX), (u32::MAX, 1), (0x7FFF_0000, 16), (0, 16), (8, u32::MAX)] {
        assert_eq!(error_at(pack(address, len)), FOREIGN);
    }
}

#[test]
fn a_buffer_that_was_not_allocated_is_not_read() {
    assert_eq!(error_at(pack(1024, 16)), FOREIGN);
    let inside = Guest::with(|call| pack(call.place(CONNECTED.as_bytes()) + 8, 16)).check(CONFIG);
    assert_eq!(error(&inside), FOREIGN);
}

#[test]
fn a_length_beyond_the_buffer_is_refused() {
    for more in [1, 8, 100_000, u32::MAX - len(CONNECTED.as_bytes())] {
        let answer = CONNECTED.as_bytes();
        let outcome = Guest::with(move |call| pack(call.place(answer), len(answer) + more)).check(CONFIG);
        assert_eq!(error(&outcome), FOREIGN, "{more}");
    }
}

#[test]
fn a_buffer_that_was_freed_is_refused() {
    let outcome = Guest::with(|call| {
        let answer = CONNECTED.as_bytes();
        let address = call.place(answer);
        call.deallocate(address, len(answer));
        pack(address, len(answer))
    })
    .check(CONFIG);
    assert_eq!(error(&outcome), FOREIGN);
}

#[test]
fn the_same_buffer_is_no_answer_twice() {
    let first = AtomicU32::new(0);
    let mut guest = Guest::with(move |call| {
        let answer = CONNECTED.as_bytes();
        if first.load(Relaxed) == 0 {
            first.store(call.place(answer), Relaxed);
        }
        pack(first.load(Relaxed), len(answer))
    });
    assert_eq!(guest.check(CONFIG)["status"], "success");
    assert_eq!(error(&guest.check(CONFIG)), FOREIGN);
}

#[test]
fn a_buffer_may_be_longer_than_the_answer() {
    let outcome = Guest::with(|call| {
        let address = call.allocate(4096).unwrap();
        call.write(address, CONNECTED.as_bytes());
        pack(address, len(CONNECTED.as_bytes()))
    })
    .check(CONFIG);
    assert_eq!(outcome["status"], "success");
}

#[test]
fn an_envelope_is_understood() {
    for (name, message, kind) in [
        ("VALIDATION_ERROR", "network capability denied: example.com:443", "capability"),
        ("VALIDATION_ERROR", "failed to unmarshal request: x", "validation"),
        ("NOT_FOUND", "unknown host function: tcp_connect", "internal"),
        ("INTERNAL_ERROR", "panic: \"x\"\n", "internal"),
    ] {
        let envelope = json!({"error": name, "message": message, "code": 400});
        let outcome = outcome_of(envelope.to_string());
        assert_eq!(error(&outcome), format!("{kind} [{name}] {message}"));
        assert_eq!(outcome["message"], message);
    }
}

#[test]
fn an_error_detail_is_passed_on_as_it_is() {
    let detail = json!({
        "message": "dial tcp: \"timeout\"", "type": "timeout", "code": "TIMEOUT", "is_timeout": true,
        "details": {"n": 9_007_199_254_740_993_u64, "a": [null]},
        "wrapped": {"message": "w", "type": "network", "code": ""}
    });
    let outcome = outcome_of(json!({"connected": false, "error": detail}).to_string());
    assert_eq!(outcome["error"], detail);
    assert_eq!(outcome["message"], detail["message"]);
}

#[test]
fn an_error_detail_without_a_type_is_about_the_network() {
    // An empty one is passed on as it is.
    for (detail, kind) in [
        (json!({"message": "refused", "code": "CONNECTION_REFUSED"}), "network"),
        (json!({"message": "refused", "code": "CONNECTION_REFUSED", "type": ""}), ""),
    ] {
        assert_eq!(
            error_of(json!({"connected": false, "error": detail}).to_string()),
            format!("{kind} [CONNECTION_REFUSED] refused")
        );
    }
}

#[test]
fn an_empty_error_detail_is_still_an_error() {
    let outcome: Value =
        serde_json::from_slice(&Guest::answered(r#"{"connected":true,"error":{}}"#).observe(CONFIG)).unwrap();
    assert_eq!((&outcome["status"], &outcome["error"]["type"]), (&json!("error"), &json!("network")));
}

#[test]
fn an_error_of_another_kind_breaks_the_protocol() {
    for wrong in ["5", "true", "[]"] {
        assert_eq!(
            error_of(format!(r#"{{"connected":true,"error":{wrong}}}"#)),
            wire_format("error is neither an object nor a string")
        );
    }
}

#[test]
fn an_error_of_null_is_none() {
    let answer = CONNECTED.replacen('{', r#"{"error":null,"#, 1);
    assert_eq!(outcome_of(answer)["status"], "success");
}

#[test]
fn truncated_json_is_refused_at_every_length() {
    let whole = br#"{"tls_version":"\u00e9","x":[1.5e3,{}]}"#;
    for len in 1..whole.len() {
        // Of an escape that is cut short, the letter is what is wrong.
        let within_escape = (18..22).contains(&len);
        let wrong =
            if within_escape { "invalid character at byte 17" } else { "unexpected end of JSON input" };
        assert_eq!(error_of(&whole[..len]), wire_format(wrong), "{len} bytes");
    }
}

#[test]
fn malformed_json_is_refused_where_it_breaks() {
    for (answer, at) in
        [(&b"{connected:true}"[..], 1), (b"{\"connected\":true} x", 19), (b"{\"connected\":true}\0", 18)]
    {
        assert_eq!(error_of(answer), wire_format(&format!("invalid character at byte {at}")));
    }
}

#[test]
fn what_is_no_object_is_refused() {
    for (answer, kind) in [("[]", "an array"), ("7", "a number"), (r#""x""#, "a string")] {
        let expected = wire_format(&format!("expected an object, got {kind}"));
        assert_eq!(error_of(answer), expected);
    }
    // As in Go, `null` has no members.
    assert_eq!(error_of("null"), "network [tcp_connect] TCP connection failed");
}

#[test]
fn what_does_not_even_begin_as_json_is_refused() {
    for answer in [&b"\xFF\xFE"[..], b"connected: true", b"\0", b"}", b"nonsense"] {
        let error = error_of(answer);
        assert!(error.starts_with(&wire_format("")), "{error}");
    }
}

#[test]
fn ten_thousand_nested_arrays_are_refused() {
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(error_of(format!("{open}{close}")), wire_format("nested deeper than 128 levels"));
    let error = error_of(format!(r#"{{"connected":true,"x":{open}{close}}}"#));
    assert!(error.starts_with(&wire_format("nested deeper than 128 levels")), "{error}");
}

#[test]
fn values_of_wrong_types_are_refused() {
    for (wrong, field, expected, found) in [
        (r#"{"connected":"yes"}"#, "connected", "a boolean", "a string"),
        (r#"{"connected":true,"tls_version":13}"#, "tls_version", "a string", "a number"),
        (
            r#"{"connected":true,"response_time_ms":"5"}"#,
            "response_time_ms",
            "a whole number from 0",
            "a string",
        ),
        (r#"{"connected":true,"tls_cert_not_after":{}}"#, "tls_cert_not_after", "a string", "an object"),
    ] {
        assert_eq!(error_of(wrong), wire_format(&format!("{field}: expected {expected}, got {found}")));
    }
}

#[test]
fn no_connection_is_an_error_even_if_the_host_says_nothing() {
    for answer in ["{}", r#"{"connected":false}"#, r#"{"connected":null}"#] {
        assert_eq!(error_of(answer), "network [tcp_connect] TCP connection failed");
    }
}

#[test]
fn a_missing_or_wrong_end_of_the_certificate_is_an_error() {
    let expected = wire_format("tls_cert_not_after is not an RFC 3339 time");
    assert_eq!(error_of(r#"{"connected":true}"#), expected);
    for time in ["", "tomorrow", "2027-04-15", "2027-02-30T08:00:00Z", "2027-04-15T08:00:00"] {
        assert_eq!(error_of(format!(r#"{{"connected":true,"tls_cert_not_after":"{time}"}}"#)), expected);
    }
}

#[test]
fn both_dialects_name_the_end_of_the_certificate() {
    let answer = CONNECTED.replace("not_after", "expiry");
    assert_eq!(outcome_of(answer)["data"]["not_after"], "2027-04-15T08:00:00Z");
}

#[test]
fn a_certificate_that_has_expired_is_a_failure() {
    let outcome = outcome_of(CONNECTED.replace("2027-04-15", "2027-01-14"));
    assert_eq!((&outcome["status"], &outcome["data"]["days_remaining"]), (&json!("failure"), &json!(-1)));
}

#[test]
fn what_nobody_reads_is_no_matter() {
    let answer = CONNECTED.replacen('{', r#"{"unknown":[{"connected":false}],"address":"x","#, 1);
    assert_eq!(outcome_of(answer)["status"], "success");
}

#[test]
fn escapes_reach_the_outcome_unharmed() {
    let answer = CONNECTED.replace("CN=Example CA", r#"CN=\"\\\u00e9\uD83D\ude00\n,O=x"#);
    assert_eq!(outcome_of(answer)["data"]["issuer"], "CN=\"\\é😀\n,O=x");
}

#[test]
fn invalid_utf8_becomes_the_replacement_character() {
    let [before, after]: [&str; 2] = CONNECTED.split("Example").collect::<Vec<_>>().try_into().unwrap();
    let outcome = outcome_of([before.as_bytes(), b"a\xFFb", after.as_bytes()].concat());
    assert_eq!(outcome["data"]["issuer"], "CN=a\u{fffd}b CA");
}

#[test]
fn a_lone_surrogate_becomes_the_replacement_character() {
    let outcome = outcome_of(CONNECTED.replace("Example", r"a\ud800b"));
    assert_eq!(outcome["data"]["issuer"], "CN=a\u{fffd}b CA");
}

#[test]
fn invalid_utf8_in_an_error_detail_becomes_the_replacement_character() {
    let detail = b"{\"error\":{\"message\":\"a\xFFb\",\"type\":\"network\",\"code\":\"\"}}";
    assert_eq!(error_of(*detail), "network [] a\u{fffd}b");
}

#[test]
fn a_lone_surrogate_in_an_error_detail_becomes_the_replacement_character() {
    let detail = br#"{"error":{"message":"a\ud800b","type":"network","code":""}}"#;
    assert_eq!(error_of(*detail), "network [] a\u{fffd}b");
}

#[test]
fn invalid_utf8_in_an_envelope_becomes_the_replacement_character() {
    let envelope = b"{\"error\":\"NOT_FOUND\",\"message\":\"a\xFF\\ud800b\",\"code\":404}";
    assert_eq!(error_of(*envelope), "internal [NOT_FOUND] a\u{fffd}\u{fffd}b");
}

#[test]
fn a_megabyte_is_fine() {
    let answer = CONNECTED.replacen('{', &format!(r#"{{"x":"{}","#, "é".repeat(500_000)), 1);
    assert_eq!(outcome_of(answer)["status"], "success");
}

#[test]
fn what_the_host_says_is_wrong_comes_before_a_field_of_the_wrong_kind() {
    let answer = r#"{"connected":1,"error":{"message":"m","type":"network","code":"C"}}"#;
    assert_eq!(error_of(answer), "network [C] m");
}
