//! What the plugin makes of configurations.

use serde_json::{Value, json};

use crate::harness::{CONNECTED, Guest, error, len};

/// The error that a configuration gets; the host is not bothered, and the next check is as good as any.
fn refused(config: &[u8]) -> String {
    let mut guest = Guest::answered(CONNECTED);
    let outcome = guest.check(config);
    assert_eq!(guest.requests(), Vec::<Value>::new());
    assert_eq!(guest.check(br#"{"hostname":"example.com"}"#)["status"], "success");
    error(&outcome)
}

/// The request that a configuration leads to, and the outcome.
fn asked(config: &[u8]) -> (Value, Value) {
    let mut guest = Guest::answered(CONNECTED);
    let outcome = guest.check(config);
    let requests: [Value; 1] = guest.requests().try_into().unwrap_or_else(|_| panic!("{outcome}"));
    let [request] = requests;
    (request, outcome)
}

/// The status of a check whose certificate is valid for 90 days.
fn status(config: &str) -> Value {
    let (_, outcome) = asked(config.as_bytes());
    outcome["status"].clone()
}

#[test]
fn a_good_one_leads_to_a_request_and_an_outcome() {
    let (request, outcome) = asked(br#"{"hostname":"example.com","port":8443,"timeout_ms":250}"#);
    assert_eq!(
        request,
        json!({
            "host": "example.com", "port": "8443", "context": {"timeout_ms": 250}, "timeout_ms": 250,
            "tls": true, "use_tls": true
        })
    );
    assert_eq!(
        outcome,
        json!({
            "status": "success",
            "message": "the certificate of example.com is valid for 90 more days",
            "data": {
                "days_remaining": 90,
                "not_after": "2027-04-15T08:00:00Z",
                "issuer": "CN=Example CA",
                "tls_version": "TLS 1.3"
            },
            "timestamp": "2027-01-15T08:00:00.000000000Z"
        })
    );
}

#[test]
fn one_of_length_0_is_no_json() {
    let mut guest = Guest::answered(CONNECTED);
    let unused = guest.place(b"never looked at");
    for address in [0, unused, 7, u32::MAX] {
        let packed = guest.observe_at(address, 0);
        assert_eq!(
            error(&guest.outcome_at(packed)),
            "internal [] failed to parse config: unexpected end of JSON input"
        );
    }
}

#[test]
fn null_is_an_empty_object() {
    let missing = "config [hostname] config validation failed for field 'hostname': \
                   expected a string of length from 1 to 253, got nothing";
    assert_eq!(refused(b"null"), missing);
    assert_eq!(refused(b"{}"), missing);
}

#[test]
fn what_is_no_object_is_refused() {
    for (config, kind) in [
        (&b"[]"[..], "an array"),
        (br#"[{"hostname":"example.com"}]"#, "an array"),
        (br#""hostname""#, "a string"),
        (b"443", "a number"),
        (b"true", "a boolean"),
    ] {
        let expected = format!("internal [] failed to parse config: expected an object, got {kind}");
        assert_eq!(refused(config), expected);
    }
}

#[test]
fn malformed_json_is_refused_where_it_breaks() {
    for (config, at) in [
        (&br#"{hostname:"a"}"#[..], 1),
        (br#"{"hostname" "a"}"#, 12),
        (br#"{"hostname":"a",}"#, 16),
        (br#"{"hostname":"a"} {}"#, 17),
        (br#"{"hostname":"\x"}"#, 14),
        (b"{\"hostname\":\"a\nb\"}", 14),
        (br#"{"hostname":"a","port":0443}"#, 24),
        (br#"{"hostname":"a","port":nul}"#, 26),
        (b"{\"hostname\":\"a\"}\0", 16),
    ] {
        let expected = format!("internal [] failed to parse config: invalid character at byte {at}");
        assert_eq!(refused(config), expected, "{}", String::from_utf8_lossy(config));
    }
}

#[test]
fn what_does_not_even_begin_as_json_is_refused() {
    for config in [
        &b"\xEF\xBB\xBF{\"hostname\":\"a\"}"[..],
        b"hostname: a",
        b"\xFF",
        b"\0",
        b"}",
        b"nul",
        b"nonsense",
        b"null null",
    ] {
        let error = refused(config);
        assert!(error.starts_with("internal [] failed to parse config: "), "{config:?}: {error}");
    }
}

#[test]
fn truncated_json_is_refused_at_every_length() {
    let whole = br#"{"hostname":"b\u00fc\n","port":443.0,"x":[1.5e3,{}]}"#;
    asked(whole);
    for len in 1..whole.len() {
        // Of an escape that is cut short, the letter is what is wrong.
        let within_escape = (16..20).contains(&len);
        let wrong =
            if within_escape { "invalid character at byte 15" } else { "unexpected end of JSON input" };
        assert_eq!(
            refused(&whole[..len]),
            format!("internal [] failed to parse config: {wrong}"),
            "{len} bytes"
        );
    }
}

#[test]
fn a_truncated_word_is_refused_where_it_ends() {
    for config in [&br#"{"hostname":tru"#[..], br#"{"hostname":f"#, br#"{"hostname":nul"#] {
        assert_eq!(refused(config), "internal [] failed to parse config: unexpected end of JSON input");
    }
}

#[test]
fn values_of_wrong_types_are_refused_by_field() {
    let hostname = "config [hostname] config validation failed for field 'hostname': \
                    expected a string of length from 1 to 253, got ";
    for (value, kind) in [("5", "a number"), ("true", "a boolean"), ("[]", "an array"), ("{}", "an object")] {
        assert_eq!(refused(format!(r#"{{"hostname":{value}}}"#).as_bytes()), format!("{hostname}{kind}"));
    }
    let port = "config [port] config validation failed for field 'port': \
                expected a whole number from 1 to 65535, got ";
    for (value, kind) in [(r#""443""#, "a string"), ("false", "a boolean"), ("[443]", "an array")] {
        let config = format!(r#"{{"hostname":"a","port":{value}}}"#);
        assert_eq!(refused(config.as_bytes()), format!("{port}{kind}"));
    }
}

#[test]
fn numbers_out_of_range_are_refused_by_field() {
    for (field, values, expected) in [
        (
            "port",
            &["0", "-1", "65536", "443.5", "1e2", "18446744073709551617"][..],
            "a whole number from 1 to 65535",
        ),
        ("min_days", &["-1"], "a whole number from 0"),
        ("timeout_ms", &["0", "4294967296"], "a whole number from 1 to 4294967295"),
    ] {
        for value in values {
            let config = format!(r#"{{"hostname":"a","{field}":{value}}}"#);
            assert_eq!(
                refused(config.as_bytes()),
                format!(
                    "config [{field}] config validation failed for field '{field}': \
                     expected {expected}, got a number"
                ),
                "{value}"
            );
        }
    }
}

#[test]
fn the_hostname_has_1_to_253_characters_not_bytes() {
    for hostname in ["a".to_owned(), "é".repeat(253), r"\u00e9".repeat(253)] {
        asked(format!(r#"{{"hostname":"{hostname}"}}"#).as_bytes());
    }
    for hostname in [String::new(), "é".repeat(254), r"\u00e9".repeat(254)] {
        assert_eq!(
            refused(format!(r#"{{"hostname":"{hostname}"}}"#).as_bytes()),
            "config [hostname] config validation failed for field 'hostname': \
             expected a string of length from 1 to 253, got a string"
        );
    }
}

#[test]
fn ten_thousand_nested_arrays_are_refused() {
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    for config in [format!("{open}{close}"), open] {
        let expected = "internal [] failed to parse config: nested deeper than 128 levels";
        assert_eq!(refused(config.as_bytes()), expected);
    }
}

#[test]
fn ten_thousand_levels_are_too_deep_wherever_they_stand() {
    let (open, close) = ("[".repeat(10_000), "]".repeat(10_000));
    for config in [
        format!(r#"{{"hostname":"a","unknown":{open}{close}}}"#),
        format!(r#"{{"hostname":{open}{close}}}"#),
        format!(r#"{{"hostname":"a","unknown":{open}"#),
        r#"{"a":"#.repeat(10_000),
    ] {
        let error = refused(config.as_bytes());
        assert!(
            error.starts_with("internal [] failed to parse config: nested deeper than 128 levels"),
            "{error}"
        );
    }
}

#[test]
fn nesting_that_hosts_may_use_is_fine() {
    let (open, close) = ("[".repeat(127), "]".repeat(127));
    asked(format!(r#"{{"hostname":"a","unknown":{open}{close}}}"#).as_bytes());
}

#[test]
fn invalid_utf8_becomes_the_replacement_character() {
    for (hostname, text) in [
        (&b"a\xFFb"[..], "a\u{fffd}b"),
        (b"a\xE2\x82", "a\u{fffd}\u{fffd}"),
        (b"\xC0\xAF", "\u{fffd}\u{fffd}"),
        (b"\xED\xA0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
    ] {
        let (request, outcome) = asked(&[br#"{"hostname":""#, hostname, br#""}"#].concat());
        assert_eq!(request["host"], text);
        assert_eq!(outcome["message"], format!("the certificate of {text} is valid for 90 more days"));
    }
}

#[test]
fn invalid_utf8_in_what_nobody_reads_is_no_matter() {
    let (request, _) = asked(b"{\"hostname\":\"a\",\"\xFF\":\"\xFF\"}");
    assert_eq!(request["host"], "a");
}

#[test]
fn a_lone_surrogate_becomes_the_replacement_character() {
    for (hostname, text) in [
        (r"a\ud800b", "a\u{fffd}b"),
        (r"\udc00", "\u{fffd}"),
        (r"\ud800\u0041", "\u{fffd}A"),
        (r"\ud800\ud83d\ude00", "\u{fffd}😀"),
    ] {
        let (request, outcome) = asked(format!(r#"{{"hostname":"{hostname}"}}"#).as_bytes());
        assert_eq!(request["host"], text);
        assert_eq!(outcome["message"], format!("the certificate of {text} is valid for 90 more days"));
    }
}

#[test]
fn escapes_reach_the_request_unharmed() {
    let (request, outcome) = asked(br#"{"hostname":"\"\\\/\b\f\n\r\t\u0041\u00e9\uD83D\ude00\u0000"}"#);
    let text = "\"\\/\u{8}\u{c}\n\r\tAé😀\0";
    assert_eq!(request["host"], text);
    assert_eq!(outcome["message"], format!("the certificate of {text} is valid for 90 more days"));
}

#[test]
fn a_hostname_can_not_break_out_of_its_string() {
    let (request, _) = asked(br#"{"hostname":"a\",\"tls\":false,\"x\":\"","port":1}"#);
    assert_eq!((&request["host"], &request["tls"]), (&json!(r#"a","tls":false,"x":""#), &json!(true)));
}

#[test]
fn unknown_keys_are_ignored() {
    let (request, _) = asked(br#"{"a":null,"hostname":"a","b":[1,{"port":9}],"":"","host":"x"}"#);
    assert_eq!((&request["host"], &request["port"]), (&json!("a"), &json!("443")));
}

#[test]
fn keys_match_in_any_case() {
    let (request, _) = asked(br#"{"HostName":"a","PORT":80,"Timeout_MS":7}"#);
    assert_eq!(
        (&request["host"], &request["port"], &request["timeout_ms"]),
        (&json!("a"), &json!("80"), &json!(7))
    );
}

#[test]
fn the_last_of_equal_keys_wins() {
    let (request, _) = asked(br#"{"hostname":"a","port":1,"hostname":"b","PORT":2}"#);
    assert_eq!((&request["host"], &request["port"]), (&json!("b"), &json!("2")));
}

#[test]
fn whole_numbers_may_have_a_fraction_of_zeros() {
    let (request, _) = asked(br#"{"hostname":"a","port":443.0,"timeout_ms":5.000}"#);
    assert_eq!((&request["port"], &request["timeout_ms"]), (&json!("443"), &json!(5)));
}

#[test]
fn null_stands_for_the_default() {
    let (request, outcome) = asked(br#"{"hostname":"a","port":null,"min_days":null,"timeout_ms":null}"#);
    assert_eq!(request["port"], "443");
    assert_eq!(request.get("timeout_ms"), None);
    assert_eq!(outcome["status"], "success");
}

#[test]
fn null_does_not_undo_what_an_equal_key_said() {
    let (request, _) = asked(br#"{"hostname":"a","port":8443,"PORT":null,"hostname":null}"#);
    assert_eq!((&request["host"], &request["port"]), (&json!("a"), &json!("8443")));
}

#[test]
fn null_is_no_hostname() {
    assert_eq!(
        refused(br#"{"hostname":null}"#),
        "config [hostname] config validation failed for field 'hostname': \
         expected a string of length from 1 to 253, got nothing"
    );
}

#[test]
fn min_days_decides_between_success_and_failure() {
    assert_eq!(status(r#"{"hostname":"a","min_days":90}"#), "success");
    assert_eq!(status(r#"{"hostname":"a","min_days":91}"#), "failure");
    assert_eq!(status(r#"{"hostname":"a","min_days":9223372036854775807}"#), "failure");
}

#[test]
fn white_space_around_it_is_fine() {
    asked(b" \t\r\n{ \"hostname\" : \"a\" }\n");
}

#[test]
fn a_null_pointer_with_a_length_is_reported_as_go_does() {
    let mut guest = Guest::answered(CONNECTED);
    let packed = guest.observe_at(0, 5);
    assert_eq!(
        error(&guest.outcome_at(packed)),
        "panic [] plugin panic: abi: invalid pack - null pointer (0x0) with non-zero length (5)"
    );
    assert_eq!(guest.requests(), Vec::<Value>::new());
}

#[test]
fn only_buffers_of_allocate_are_read() {
    let mut guest = Guest::answered(CONNECTED);
    let config = br#"{"hostname":"a"}"#;
    let address = guest.place(config);
    let size = len(config);
    for (address, size) in [
        (8, size),
        (address + 1, size - 1),
        (address, size + 1),
        (address, u32::MAX),
        (u32::MAX, 1),
        (u32::MAX - 3, 8),
    ] {
        let packed = guest.observe_at(address, size);
        assert_eq!(
            error(&guest.outcome_at(packed)),
            "internal [] the config is not in a buffer that allocate has given out"
        );
    }
    assert_eq!(guest.requests(), Vec::<Value>::new());
    let packed = guest.observe_at(address, size);
    assert_eq!(guest.outcome_at(packed)["status"], "success");
}

#[test]
fn a_buffer_that_was_freed_is_no_config() {
    let mut guest = Guest::answered(CONNECTED);
    let config = br#"{"hostname":"a"}"#;
    let address = guest.place(config);
    guest.deallocate(address, len(config));
    let packed = guest.observe_at(address, len(config));
    assert_eq!(
        error(&guest.outcome_at(packed)),
        "internal [] the config is not in a buffer that allocate has given out"
    );
}

#[test]
fn a_config_may_be_shorter_than_its_buffer_and_be_used_again() {
    let mut guest = Guest::answered(CONNECTED);
    let config = br#"{"hostname":"first"}garbage"#;
    let address = guest.place(config);
    for text in [&br#"{"hostname":"first"}"#[..], br#"{"hostname":"b"}"#] {
        guest.write(address, text);
        let packed = guest.observe_at(address, len(text));
        assert_eq!(guest.outcome_at(packed)["status"], "success");
    }
    let hosts: Vec<_> = guest.requests().iter().map(|request| request["host"].clone()).collect();
    assert_eq!(hosts, ["first", "b"]);
}
