//! What checks and metadata exports return, and what becomes of it.

use super::*;

/// The error of a check that returns this.
fn refused(text: &str) -> String {
    let error = check_fails(&host(), &says(text));
    assert!(!error.is_load());
    assert_has(&error, &["plugin `bad`: observe: "]);
    error.to_string()
}

/// The outcome of a check that returns this, and the warnings that it causes.
fn accepted(text: &str) -> (String, Vec<String>) {
    let (host, records) = logging();
    let outcome = host.load("odd", &says(text).module()).unwrap().check(b"{}").unwrap();
    let records = records.lock().unwrap().clone();
    (outcome.into_json(), records)
}

fn now() -> String {
    let seconds = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    reglet_sdk_core::Timestamp::from_unix(seconds.cast_signed(), 0).rfc3339()
}

#[test]
fn nothing_is_no_outcome() {
    let guest = Guest { observe: "(i64.const 0)".into(), ..good() };
    assert_has(check_fails(&host(), &guest), &["plugin `bad`: observe: it returned nothing"]);
    let guest = Guest { observe: packed(TEXT, 0), ..good() };
    assert_has(check_fails(&host(), &guest), &["plugin `bad`: observe: it returned nothing"]);
}

#[test]
fn a_null_pointer_is_no_outcome() {
    let guest = Guest { observe: packed(0, 5), ..good() };
    assert_has(
        check_fails(&host(), &guest),
        &["plugin `bad`: observe: it returned a null pointer to 5 bytes"],
    );
}

#[test]
fn an_outcome_outside_of_the_memory_is_refused() {
    for (address, len) in [(65_536, 1), (65_535, 2), (u32::MAX, 2), (70_000, 9)] {
        let guest = Guest { observe: packed(address, len), ..good() };
        let place = format!("{len} bytes at {address}, outside of its memory of 65536 bytes");
        assert_has(check_fails(&host(), &guest), &["plugin `bad`: observe: ", &place]);
    }
}

#[test]
fn an_outcome_of_4_gib_is_refused() {
    let guest = Guest { observe: packed(1, u32::MAX), ..good() };
    assert_has(
        check_fails(&host(), &guest),
        &["plugin `bad`: observe: it returned 4294967295 bytes", "the limit of 16777216 bytes"],
    );
}

#[test]
fn an_outcome_over_the_limit_is_refused() {
    let host = Host::builder().max_outcome(60).build().unwrap();
    let text = format!("{}          ", good().text);
    let error = check_fails(&host, &says(&text));
    assert_has(error, &["plugin `bad`: observe: it returned 65 bytes, more than the limit of 60 bytes"]);
}

#[test]
fn a_guest_that_returns_nonsense_gets_its_configuration_freed() {
    let guest = Guest { observe: packed(u32::MAX, 9), ..good() };
    let mut instance = host().load("bad", &guest.module()).unwrap().instance().unwrap();
    instance.check(b"{}").unwrap_err();
    assert_eq!(instance.usage().guest_calls, 3);
}

#[test]
fn what_is_not_json_is_refused() {
    assert_has(refused("{status: success}"), &["the outcome cannot be read", "invalid character"]);
    assert_has(refused(r#"{"status":"success"} x"#), &["the outcome cannot be read"]);
    assert_has(refused(r#"["success"]"#), &["the outcome cannot be read", "an object"]);
}

#[test]
fn nesting_deeper_than_128_is_refused() {
    let nested =
        |depth| format!(r#"{{"data":{}{},"status":"success"}}"#, "[".repeat(depth), "]".repeat(depth));
    assert_has(refused(&nested(128)), &["the outcome cannot be read", "128"]);
    accepted(&nested(127));
}

#[test]
fn unknown_statuses_are_refused() {
    assert_has(refused(r#"{"status":"ok"}"#), &[r#"unknown status "ok""#]);
    assert_has(refused(r#"{"status":"SUCCESS"}"#), &[r#"unknown status "SUCCESS""#]);
    assert_has(refused(r#"{"status":""}"#), &[r#"unknown status """#]);
    assert_has(refused(r#"{"Status":true}"#), &["unknown status true"]);
    assert_has(refused(r#"{"message":"fine"}"#), &["no status"]);
    assert_has(refused(r#"{"status":null}"#), &["no status"]);
}

#[test]
fn a_status_of_any_length_makes_a_short_error() {
    assert!(refused(&format!(r#"{{"status":"{}"}}"#, "x".repeat(20_000))).len() < 5_000);
}

#[test]
fn a_right_time_is_kept_byte_for_byte() {
    let text = format!(" {{ \"status\" : \"failure\",\"timestamp\":\"{}\", \"x\":1.50e1 }} ", now());
    assert_eq!(accepted(&text), (text, vec![]));
}

#[test]
fn an_unknown_time_is_replaced_silently() {
    let (json, warnings) = accepted(r#"{"timestamp":"0001-01-01T00:00:00Z","status":"success","x":"é"}"#);
    assert_has(&json, &[&format!(r#"{{"timestamp":"{}"#, &now()[..13]), r#"Z","status":"success","x":"é"}"#]);
    assert!(warnings.is_empty(), "{warnings:?}");
}

#[test]
fn a_wrong_time_is_replaced_with_a_warning() {
    for wrong in [r#""2022-01-01T00:00:00Z""#, r#""yesterday""#, "12", "null", r#""9999-01-01T00:00:00Z""#] {
        let (json, warnings) = accepted(&format!(r#"{{"status":"success","timestamp":{wrong},"x":[1]}}"#));
        let hour = &now()[..13];
        assert_has(&json, &[&format!(r#"{{"status":"success","timestamp":"{hour}"#), r#"Z","x":[1]}"#]);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_has(&warnings[0], &["WARN odd: the outcome has "]);
    }
}

#[test]
fn a_missing_time_is_added_with_a_warning() {
    let (json, warnings) = accepted(r#" {"status":"success"} "#);
    assert_has(&json, &[&format!(r#" {{"status":"success","timestamp":"{}"#, &now()[..13]), r#"Z"} "#]);
    assert_eq!(warnings, ["WARN odd: the outcome has no timestamp; it gets the host's"]);
}

#[test]
fn the_last_of_two_times_counts() {
    let right = now();
    let text = format!(r#"{{"timestamp":"2022-01-01T00:00:00Z","status":"success","Timestamp":"{right}"}}"#);
    assert_eq!(accepted(&text), (text, vec![]));
}

#[test]
fn bytes_that_are_not_utf8_are_replaced() {
    let mut module = says(&format!(r#"{{"status":"success","timestamp":"{}","x":"@@@"}}"#, now())).module();
    let at = module.windows(3).position(|bytes| bytes == b"@@@").unwrap();
    module[at + 1] = 0xff;
    let outcome = host().load("odd", &module).unwrap().check(b"{}").unwrap();
    assert_has(outcome.json(), &[r#""x":"@�@""#]);
}

#[test]
fn an_error_that_the_check_reports_is_an_outcome() {
    let text = r#"{"status":"error","error":{"message":"no route","type":"network","code":"X"}}"#;
    let outcome = host().load("good", &says(text).module()).unwrap().check(b"{}").unwrap();
    assert_eq!(outcome.status(), Status::Error);
    assert_eq!(outcome.message(), "no route");
    assert_eq!(outcome.error().get("type").text().unwrap(), "network");
}

/// A guest whose `describe` returns this.
fn describes(text: &str) -> Guest {
    Guest { describe: packed(TEXT, len(text)), text: text.into(), ..good() }
}

#[test]
fn metadata_is_passed_on_as_it_is() {
    let text = r#"{ "name":"good", "status":1, "error":2 }"#;
    assert_eq!(host().load("good", &describes(text).module()).unwrap().describe().unwrap(), text);
}

#[test]
fn an_error_in_place_of_metadata_is_recognised() {
    let text = r#"{"timestamp":"0001-01-01T00:00:00Z","error":{"message":"no\tplan","type":"panic","code":""},"status":"error"}"#;
    let error = host().load("bad", &describes(text).module()).unwrap().describe().unwrap_err();
    assert_eq!(error.to_string(), r"plugin `bad`: describe reported an error: no\tplan");
}

#[test]
fn metadata_that_is_not_json_is_refused() {
    let error = host().load("bad", &describes("{name}").module()).unwrap().describe().unwrap_err();
    assert_has(error, &["plugin `bad`: describe: it returned what is not JSON"]);
}

#[test]
fn metadata_that_traps_names_the_export() {
    let guest = Guest { describe: "unreachable".into(), ..good() };
    let error = host().load("bad", &guest.module()).unwrap().describe().unwrap_err();
    assert_has(error, &["plugin `bad`: describe: wasm trap: "]);
}

#[test]
fn metadata_that_is_not_exported_is_named() {
    let plugin = host().load("bad", &good().module()).unwrap();
    assert_eq!(plugin.schema().unwrap_err().to_string(), "plugin `bad` does not export schema");
    assert_eq!(plugin.manifest().unwrap_err().to_string(), "plugin `bad` does not export _manifest");
    assert_has(plugin.describe().unwrap_err(), &["plugin `bad`: describe: it returned nothing"]);
}

/// The guest's answer to a configuration is the configuration.
const ECHO: &str = "(i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
    (i64.extend_i32_u (local.get $len)))";

#[test]
fn no_broken_outcome_breaks_the_host() {
    let guest = Guest { observe: ECHO.into(), allocate: "(i32.const 32768)", ..good() };
    let host = host();
    let mut instance = host.load("bad", &guest.module()).unwrap().instance().unwrap();
    let right = br#"{"status":"success","timestamp":null,"TimeStamp":"2022-01-01T00:00:00Z","x":"\u00e9"}"#;
    instance.check(right).unwrap();
    for at in 0..right.len() {
        instance.check(&right[..at]).unwrap_err();
        for byte in [0, b'"', b'}', b'\\', b',', b'e', 0x80, 0xff] {
            let mut wrong = right.to_vec();
            wrong[at] = byte;
            if let Ok(outcome) = instance.check(&wrong) {
                serde_json::from_str::<serde::de::IgnoredAny>(outcome.json()).unwrap();
            }
        }
    }
    still_works(&host);
}
