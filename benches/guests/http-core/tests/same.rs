//! The check beside that of `examples/http-check`: only what they are built on differs.

use http_check::HttpCheck as Std;
use http_core::HttpCheck as Core;
use reglet_sdk_core::Plugin;
use reglet_sdk_core::mock::{Calls, Mock};
use reglet_sdk_core::plugin;

fn check<P: Plugin>(config: &str, answer: &str) -> (String, Calls) {
    let mock = Mock::new().answer("http_request", answer);
    let (outcome, calls) = mock.run(|| plugin::observe::<P>(config.as_bytes()));
    (String::from_utf8(outcome).unwrap(), calls)
}

#[test]
fn both_ask_log_and_answer_the_same() {
    for answer in [
        r#"{"status_code":200,"headers":{"Content-Type":["text/plain"]},"body":"c3RhdHVzOiBvawo=","latency_ms":7}"#,
        r#"{"status_code":404}"#,
        r#"{"status_code":200,"body":"/w=="}"#,
        r#"{"status_code":0,"error":{"message":"m","type":"network","code":"CONNECTION_REFUSED"}}"#,
        r#"{"error":"VALIDATION_ERROR","message":"network capability denied: a:80","code":400}"#,
        r#"{"status_code":200,"body":"?"}"#,
    ] {
        for config in [
            r#"{"url":"http://localhost/health"}"#,
            r#"{"url":"http://localhost/health","contains":"status: ok","timeout_ms":5}"#,
            r#"{"url":"http://localhost/health","expected_status":404,"contains":"x"}"#,
            "{}",
        ] {
            assert_eq!(check::<Std>(config, answer), check::<Core>(config, answer), "{config}: {answer}");
        }
    }
}
