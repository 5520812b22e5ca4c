//! The ready-made check of names.

use reglet_sdk_std::dns::Check;
use reglet_sdk_std::error::Kind;
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::{Context, Timestamp};

const START: Timestamp = Timestamp::from_unix(1_800_000_000, 0);

/// The outcome, the error or what is wrong with the configuration; and what the check asked.
fn check(config: &str, answer: &str) -> (String, Calls) {
    let run = || match Check::from_json(config.as_bytes()) {
        Ok(check) => match check.run(&Context::default()) {
            Ok(outcome) => String::from_utf8(outcome.into_json()).unwrap(),
            Err(error) => error.to_string(),
        },
        Err(error) => error.describe(config.as_bytes()),
    };
    Mock::new().clock(START).answer("dns_lookup", answer).run(run)
}

#[test]
fn reports_what_go_reports() {
    let (outcome, calls) = check(r#"{"hostname":"example.com"}"#, r#"{"records":["192.0.2.1","192.0.2.2"]}"#);
    assert_eq!(
        outcome,
        concat!(
            r#"{"timestamp":"2027-01-15T08:00:00.000000000Z","status":"success","#,
            r#""message":"DNS lookup successful for example.com (A)","data":{"hostname":"example.com","#,
            r#""record_type":"A","record_count":2,"records":["192.0.2.1","192.0.2.2"],"query_time_ms":0}}"#
        )
    );
    let request = r#"{"hostname":"example.com","type":"A","context":{"timeout_ms":5000},"timeout_ms":5000}"#;
    assert_eq!(calls.requests, [("dns_lookup", request.to_owned())]);
}

#[test]
fn reports_mail_exchangers_with_their_preference() {
    let config = r#"{"hostname":"example.com","record_type":"MX","nameserver":"8.8.8.8","timeout_ms":250}"#;
    let (outcome, calls) = check(config, r#"{"mx_records":[{"host":"a.","pref":10}]}"#);
    let data =
        r#""record_type":"MX","record_count":1,"mx_records":[{"host":"a.","pref":10}],"query_time_ms":0}}"#;
    assert!(outcome.ends_with(data), "{outcome}");
    let request = r#""nameserver":"8.8.8.8","context":{"timeout_ms":250},"timeout_ms":250}"#;
    assert!(calls.requests[0].1.ends_with(request), "{calls:?}");
}

#[test]
fn succeeds_without_records() {
    let (outcome, _) = check(r#"{"hostname":"example.com","record_type":"TXT"}"#, "{}");
    assert!(outcome.contains(r#""status":"success""#), "{outcome}");
    assert!(outcome.ends_with(r#""record_type":"TXT","record_count":0,"query_time_ms":0}}"#), "{outcome}");
}

#[test]
fn needs_a_name() {
    for config in ["null", "{}", r#"{"hostname":null}"#, r#"{"hostname":""}"#] {
        let (error, calls) = check(config, "{}");
        assert_eq!((&*error, calls.unused), ("config: hostname is required [MISSING_HOSTNAME]", 1));
    }
}

#[test]
fn refuses_what_breaks_its_rules() {
    for (rule, refusal) in [
        (r#""record_type":"SRV""#, "record_type: expected one of A, AAAA, CNAME, MX, TXT, NS, got a string"),
        (r#""timeout_ms":0"#, "timeout_ms: expected a whole number from 1 to 4294967295, got a number"),
        (r#""nameserver":53"#, "nameserver: expected a string, got a number"),
    ] {
        let (error, calls) = check(&format!(r#"{{"hostname":"example.com",{rule}}}"#), "{}");
        assert_eq!((&*error, calls.unused), (refusal, 1));
    }
}

#[test]
fn refuses_a_type_that_code_has_given_it() {
    let check = Check::from_json(br#"{"hostname":"example.com"}"#).unwrap();
    let (result, calls) =
        Mock::new().run(|| Check { record_type: "SRV".into(), ..check }.run(&Context::default()));
    let error = result.unwrap_err();
    assert_eq!((error.kind(), &*error.code()), (Kind::Config, "record_type"));
    assert_eq!(calls.requests, []);
}

#[test]
fn has_the_errors_of_the_host() {
    let answer = r#"{"error":{"type":"timeout","code":"T","message":"late"}}"#;
    assert_eq!(check(r#"{"hostname":"example.com"}"#, answer).0, "timeout: late [T]");
}

#[test]
fn has_an_error_where_there_is_no_alias() {
    let (error, _) = check(r#"{"hostname":"example.com","record_type":"CNAME"}"#, "{}");
    let expected = "network: dns lookup for example.com (CNAME) failed: no CNAME record found [dns_CNAME]";
    assert_eq!(error, expected);
}

#[test]
fn leaves_times_out_where_the_clock_does_not_keep_them() {
    let mock = Mock::new().clock(Timestamp::from_unix(1_640_995_200, 0)).answer("dns_lookup", "{}");
    let (outcome, _) = mock.run(|| {
        let check = Check::from_json(br#"{"hostname":"example.com"}"#).unwrap();
        String::from_utf8(check.run(&Context::default()).unwrap().into_json()).unwrap()
    });
    assert!(outcome.contains(r#""timestamp":"0001-01-01T00:00:00.000000000Z""#), "{outcome}");
    assert!(outcome.ends_with(r#""record_count":0}}"#), "{outcome}");
}

#[test]
fn its_default_is_a_configuration_that_says_nothing() {
    assert_eq!(Check::default(), Check::from_json(b"{}").unwrap());
}
