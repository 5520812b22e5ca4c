//! The check against a host that answers as it is told to.

use reglet_sdk_std::log;
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::plugin;
use service_check::ServiceCheck;

/// The outcome of the check, and what the plugin asked for.
fn check(config: &str, answer: &str) -> (String, Calls) {
    log::install();
    let mock = Mock::new().answer("exec_command", answer);
    let (outcome, calls) = mock.run(|| plugin::observe::<ServiceCheck>(config.as_bytes()));
    (String::from_utf8(outcome).unwrap(), calls)
}

/// The outcome for a unit, when systemctl gives this answer.
fn outcome(answer: &str) -> String {
    check(r#"{"unit":"sshd.service"}"#, answer).0
}

#[test]
fn an_active_unit_is_a_success() {
    let config = r#"{"unit":"sshd.service","program":"/bin/systemctl","timeout_ms":250}"#;
    let (outcome, calls) = check(config, r#"{"stdout":"active\n","stderr":"","exit_code":0}"#);
    assert_eq!(
        outcome,
        concat!(
            r#"{"timestamp":"0001-01-01T00:00:00.000000000Z","status":"success","#,
            r#""message":"sshd.service is active","data":{"state":"active"}}"#
        )
    );
    let request = r#"{"command":"/bin/systemctl","args":["is-active","sshd.service"],"context":{"timeout_ms":250},"timeout_ms":250}"#;
    assert_eq!(calls.requests, [("exec_command", request.to_owned())]);
}

#[test]
fn by_default_the_host_looks_systemctl_up_and_has_five_seconds() {
    let (_, calls) = check(r#"{"unit":"a.service"}"#, r#"{"stdout":"active\n","stderr":"","exit_code":0}"#);
    assert!(calls.requests[0].1.starts_with(r#"{"command":"systemctl","#), "{calls:?}");
    assert!(calls.requests[0].1.ends_with(r#""timeout_ms":5000}"#), "{calls:?}");
}

#[test]
fn another_state_is_a_failure_that_says_it() {
    for (state, code) in [("inactive", 3), ("failed", 3), ("activating", 3), ("unknown", 4)] {
        let outcome = outcome(&format!(r#"{{"stdout":"{state}\n","stderr":"","exit_code":{code}}}"#));
        assert!(outcome.contains(r#""status":"failure","#), "{outcome}");
        assert!(outcome.contains(&format!(r#""message":"sshd.service is {state}","#)), "{outcome}");
        assert!(outcome.contains(&format!(r#""data":{{"state":"{state}"}}"#)), "{outcome}");
    }
}

#[test]
fn a_systemctl_that_knows_no_state_is_an_error() {
    let outcome = outcome(r#"{"stdout":"\n","stderr":"Failed to connect to bus","exit_code":1}"#);
    let message = "command 'systemctl' exited with code 1: Failed to connect to bus";
    assert!(outcome.contains(&format!(r#""status":"error","message":"{message}""#)), "{outcome}");
    assert!(outcome.contains(r#""type":"exec","code":"exit_1""#), "{outcome}");
}

#[test]
fn a_systemctl_that_takes_too_long_is_an_error() {
    let outcome =
        outcome(r#"{"stdout":"active\n","stderr":"","exit_code":-1,"duration_ms":5000,"is_timeout":true}"#);
    assert!(
        outcome.contains(r#""status":"error","message":"exec timeout after 5s (target: systemctl)""#),
        "{outcome}"
    );
    assert!(outcome.contains(r#""is_timeout":true"#), "{outcome}");
}

#[test]
fn a_systemctl_that_a_signal_ends_is_an_error() {
    let outcome = outcome(r#"{"stdout":"active\n","stderr":"","exit_code":-1}"#);
    assert!(outcome.contains(r#""type":"exec","code":"exit_-1""#), "{outcome}");
}

#[test]
fn what_the_host_refuses_is_passed_on() {
    let error =
        r#"{"message":"exec capability denied: systemctl","type":"capability","code":"CAPABILITY_DENIED"}"#;
    let outcome = outcome(&format!(r#"{{"error":{error},"stdout":"","stderr":"","exit_code":0}}"#));
    assert!(outcome.contains(r#""status":"error","#), "{outcome}");
    assert!(outcome.contains(&format!(r#""error":{error},"#)), "{outcome}");
}

#[test]
fn a_unit_that_no_program_can_be_given_is_an_error() {
    let (outcome, calls) = check(r#"{"unit":"a\u0000"}"#, "{}");
    assert!(outcome.contains(r#""type":"validation","code":"INVALID_REQUEST""#), "{outcome}");
    assert_eq!(calls.functions(), [""; 0]);
}

#[test]
fn without_a_unit_the_host_is_not_asked() {
    for config in ["null", "{}", r#"{"unit":""}"#, r#"{"unit":7}"#, r#"{"unit":"--host=a.example"}"#] {
        let (outcome, calls) = check(config, "{}");
        assert!(outcome.contains(r#""type":"config","code":"unit""#), "{outcome}");
        assert_eq!(calls.functions(), [""; 0]);
    }
}

#[test]
fn it_logs_through_the_facade() {
    let (_, calls) =
        check(r#"{"unit":"sshd.service"}"#, r#"{"stdout":"failed\n","stderr":"","exit_code":3}"#);
    let [record] = &calls.logs[..] else { panic!("{calls:?}") };
    assert!(record.contains(r#""level":"INFO","message":"sshd.service is failed""#), "{record}");
    assert!(record.contains(r#"{"key":"target","type":"string","value":"service_check"}"#), "{record}");
}
