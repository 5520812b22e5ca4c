//! The check against a host that answers as it is told to.

use reglet_sdk_core::Timestamp;
use reglet_sdk_core::mock::{Calls, Mock};
use reglet_sdk_core::plugin;
use tls_check::TlsCheck;

const CONNECTED: &str = r#"{"connected":true,"tls":true,"tls_version":"TLS 1.3",
    "tls_cert_issuer":"CN=Example CA","tls_cert_not_after":"2027-04-15T08:00:00Z"}"#;

/// The outcome of the check at a time, and what the plugin asked for.
fn check(config: &str, answer: &str, time: &str) -> (String, Calls) {
    let mock = Mock::new().answer("tcp_connect", answer).clock(Timestamp::parse(time.as_bytes()).unwrap());
    let (outcome, calls) = mock.run(|| plugin::observe::<TlsCheck>(config.as_bytes()));
    (String::from_utf8(outcome).unwrap(), calls)
}

#[test]
fn a_certificate_that_lasts_is_a_success() {
    let (outcome, calls) =
        check(r#"{"hostname":"example.com","timeout_ms":250}"#, CONNECTED, "2027-01-15T08:00:00Z");
    assert_eq!(
        outcome,
        concat!(
            r#"{"timestamp":"2027-01-15T08:00:00.000000000Z","status":"success","#,
            r#""message":"the certificate of example.com is valid for 90 more days","#,
            r#""data":{"days_remaining":90,"not_after":"2027-04-15T08:00:00Z","issuer":"CN=Example CA","#,
            r#""tls_version":"TLS 1.3"}}"#
        )
    );
    let request = concat!(
        r#"{"host":"example.com","port":"443","tls":true,"use_tls":true,"#,
        r#""context":{"timeout_ms":250},"timeout_ms":250}"#
    );
    assert_eq!(calls.requests, [("tcp_connect", request.to_owned())]);
    let [record] = &calls.logs[..] else { panic!("{calls:?}") };
    assert!(record.contains(r#""key":"days_remaining","type":"int64","value":"90""#), "{record}");
}

#[test]
fn a_certificate_that_ends_too_soon_is_a_failure() {
    let config = r#"{"hostname":"example.com","port":8443,"min_days":14}"#;
    let (outcome, calls) = check(config, CONNECTED, "2027-04-01T08:00:00.5Z");
    assert_eq!(
        outcome,
        concat!(
            r#"{"timestamp":"2027-04-01T08:00:00.500000000Z","status":"failure","#,
            r#""message":"the certificate of example.com is valid for 13 more days","#,
            r#""data":{"days_remaining":13,"not_after":"2027-04-15T08:00:00Z","issuer":"CN=Example CA","#,
            r#""tls_version":"TLS 1.3"}}"#
        )
    );
    assert!(calls.requests[0].1.contains(r#""port":"8443""#), "{calls:?}");
}

#[test]
fn exactly_as_many_days_as_asked_for_are_enough() {
    for (min_days, status) in [(90, "success"), (91, "failure")] {
        let config = format!(r#"{{"hostname":"example.com","min_days":{min_days}}}"#);
        let (outcome, _) = check(&config, CONNECTED, "2027-01-15T08:00:00Z");
        assert!(outcome.contains(&format!(r#""status":"{status}","#)), "{min_days}: {outcome}");
    }
}

#[test]
fn an_error_of_the_host_is_passed_on() {
    let answer = r#"{"connected":false,"error":{"message":"dial \"x\"","type":"network","code":"REFUSED"}}"#;
    let (outcome, calls) = check(r#"{"hostname":"example.com"}"#, answer, "2027-01-15T08:00:00Z");
    assert_eq!(
        outcome,
        concat!(
            r#"{"timestamp":"0001-01-01T00:00:00.000000000Z","status":"error","message":"dial \"x\"","#,
            r#""error":{"message":"dial \"x\"","type":"network","code":"REFUSED"},"data":{}}"#
        )
    );
    assert_eq!(calls.logs, [""; 0]);
}

#[test]
fn a_clock_that_does_not_keep_time_is_an_error() {
    let (outcome, _) = check(r#"{"hostname":"example.com"}"#, CONNECTED, "2022-01-01T00:00:00.001Z");
    let message = "the host's clock does not keep time: it shows 2022-01-01T00:00:00.001000000Z";
    assert!(outcome.contains(&format!(r#""status":"error","message":"{message}","#)), "{outcome}");
    assert!(outcome.contains(r#""type":"internal""#), "{outcome}");
}

#[test]
fn without_tls_there_is_no_certificate_to_check() {
    let (outcome, _) =
        check(r#"{"hostname":"example.com"}"#, r#"{"connected":true}"#, "2027-01-15T08:00:00Z");
    assert!(outcome.contains(r#""status":"error","#), "{outcome}");
    assert!(outcome.contains("tls_cert_not_after is not an RFC 3339 time"), "{outcome}");
}

#[test]
fn without_a_hostname_the_host_is_not_asked() {
    for config in ["null", "{}", r#"{"hostname":""}"#, r#"{"hostname":7}"#] {
        let (outcome, calls) = check(config, CONNECTED, "2027-01-15T08:00:00Z");
        assert!(outcome.contains(r#""status":"error","#), "{outcome}");
        assert!(outcome.contains(r#""type":"config","code":"hostname""#), "{outcome}");
        assert_eq!((calls.functions(), calls.unused), (Vec::new(), 1));
    }
}
