//! The check against a host that answers as it is told to.

use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::plugin;
use smtp_check::SmtpCheck;

const CONFIG: &str = r#"{"host":"localhost","port":587,"use_starttls":true}"#;

fn check(config: &str, answer: &str) -> (String, Calls) {
    let mock = Mock::new().answer("smtp_connect", answer);
    let (outcome, calls) = mock.run(|| plugin::observe::<SmtpCheck>(config.as_bytes()));
    (String::from_utf8(outcome).unwrap(), calls)
}

#[test]
fn a_server_that_answers_is_a_success() {
    let (outcome, calls) =
        check(CONFIG, r#"{"connected":true,"banner":"220 mail","tls":true,"tls_version":"TLS 1.3"}"#);
    assert_eq!(
        outcome,
        concat!(
            r#"{"timestamp":"0001-01-01T00:00:00.000000000Z","status":"success","#,
            r#""message":"SMTP connection successful to localhost:587","data":{"connected":true,"#,
            r#""latency_ms":0,"address":"localhost:587","banner":"220 mail","tls_version":"TLS 1.3"}}"#
        )
    );
    assert!(calls.requests[0].1.contains(r#""starttls":true"#), "{calls:?}");
}

#[test]
fn an_error_of_the_host_is_passed_on() {
    for (kind, code) in
        [("network", "STARTTLS_FAILED"), ("timeout", "TIMEOUT"), ("capability", "CAPABILITY_DENIED")]
    {
        let error = format!(r#""error":{{"message":"m","type":"{kind}","code":"{code}"}}"#);
        let (outcome, _) = check(CONFIG, &format!(r#"{{"connected":false,{error}}}"#));
        assert!(
            outcome.contains(r#""status":"error","message":"m","#) && outcome.contains(&error),
            "{outcome}"
        );
    }
}

#[test]
fn a_configuration_without_host_or_port_is_an_error() {
    for (config, code) in [
        ("{}", "MISSING_HOST"),
        (r#"{"host":"localhost"}"#, "MISSING_PORT"),
        (r#"{"host":"localhost","port":65536}"#, "INVALID_PORT"),
    ] {
        let (outcome, calls) = check(config, "{}");
        assert!(outcome.contains(&format!(r#""type":"config","code":"{code}""#)), "{outcome}");
        assert_eq!(calls.unused, 1);
    }
}
