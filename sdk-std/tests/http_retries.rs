//! Requests that are sent again, and the pauses between.

use core::time::Duration;

use reglet_sdk_std::http::{self, Client, Response};
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::{Context, Error, Timestamp};

const START: Timestamp = Timestamp::from_unix(1_800_000_000, 0);
const HOUR: Duration = Duration::from_secs(3_600);

const GOOD: &str = r#"{"status_code":200}"#;
const BUSY: &str = r#"{"status_code":503}"#;
const REFUSED: &str = r#"{"error":{"message":"m","type":"network","code":"CONNECTION_REFUSED"}}"#;
const SLOW: &str = r#"{"error":{"message":"m","type":"timeout","code":"TIMEOUT"}}"#;

struct Run {
    result: Result<Response, Error>,
    calls: Calls,
    limit: Duration,
    /// Milliseconds from the start to the end.
    took: u128,
}

impl Run {
    /// When each request was sent, in milliseconds from the start: each says how much time is left.
    fn times(&self) -> Vec<u128> {
        let left = |request: &str| {
            let digits = request.split(r#""timeout_ms":"#).nth(1).unwrap();
            digits.split('}').next().unwrap().parse::<u128>().unwrap()
        };
        self.calls.requests.iter().map(|(_, request)| self.limit.as_millis() - left(request)).collect()
    }
}

/// Sends a request with so many retries, by a context that ends after this time.
fn send(method: &'static str, retries: u32, limit: Duration, answers: &[&str]) -> Run {
    let mock = Mock::new().clock(START);
    let mock = answers.iter().fold(mock, |mock, answer| mock.answer("http_request", *answer));
    let ((result, took), calls) = mock.run(|| {
        let context = Context::default().within(limit);
        let result = Client::new().retries(retries).request(method, "http://a").send(&context);
        (result, Timestamp::now().unwrap().saturating_duration_since(START).as_millis())
    });
    assert_eq!(calls.unused, 0, "{method}: {calls:?}");
    Run { result, calls, limit, took }
}

fn get(retries: u32, answers: &[&str]) -> Run {
    send("GET", retries, HOUR, answers)
}

#[test]
fn pauses_double() {
    let run = get(4, &[REFUSED, SLOW, BUSY, REFUSED, GOOD]);
    assert_eq!(run.times(), [0, 200, 600, 1_400, 3_000]);
    assert_eq!(run.result.unwrap().status(), 200);
}

#[test]
fn pauses_end_at_thirty_seconds() {
    let run = get(10, &[BUSY; 11]);
    let pauses: Vec<_> = run.times().windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(pauses, [200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);
}

#[test]
fn what_comes_last_is_the_result() {
    let run = get(1, &[BUSY, REFUSED]);
    assert_eq!((&*run.result.unwrap_err().code(), run.took), ("CONNECTION_REFUSED", 200));
    let run = get(1, &[REFUSED, BUSY]);
    assert_eq!((run.result.unwrap().status(), run.took), (503, 200));
}

#[test]
fn a_good_answer_needs_no_second() {
    let run = get(3, &[GOOD]);
    assert_eq!((run.result.unwrap().status(), run.calls.requests.len(), run.took), (200, 1, 0));
}

#[test]
fn without_retries_there_is_one_attempt() {
    let run = get(0, &[BUSY]);
    assert_eq!((run.result.unwrap().status(), run.calls.requests.len(), run.took), (503, 1, 0));
}

#[test]
fn only_a_status_that_may_pass_is_asked_for_again() {
    for status in [429, 502, 503, 504] {
        let run = get(1, &[&format!(r#"{{"status_code":{status}}}"#), GOOD]);
        assert_eq!(run.result.unwrap().status(), 200);
    }
    for status in [200, 304, 404, 408, 500, 501, 505] {
        let run = get(1, &[&format!(r#"{{"status_code":{status}}}"#)]);
        assert_eq!((run.result.unwrap().status(), run.took), (status, 0));
    }
}

#[test]
fn only_an_error_that_may_pass_is_asked_for_again() {
    for answer in [
        r#"{"error":{"message":"network capability denied: a:80","type":"capability","code":"x"}}"#,
        r#"{"error":"VALIDATION_ERROR","message":"network capability denied: a:80","code":400}"#,
        r#"{"error":"INTERNAL_ERROR","message":"m","code":500}"#,
        r#"{"error":{"message":"m","code":"SSRF_BLOCKED"}}"#,
        r#"{"error":{"message":"m","type":"network","code":"DNS","is_not_found":true}}"#,
        r#"{"error":{"message":"m","code":"INVALID_REQUEST"}}"#,
        r#"{"error":{"message":"m","code":"TOO_MANY_REDIRECTS"}}"#,
        r#"{"status_code":200,"body":"YQ==","body_truncated":true}"#,
        "",
    ] {
        let run = get(1, &[answer]);
        assert!(run.result.is_err() && run.took == 0, "{answer}");
    }
}

#[test]
fn only_methods_that_do_no_harm_are_repeated() {
    for method in ["GET", "get", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"] {
        assert_eq!(send(method, 1, HOUR, &[BUSY, GOOD]).result.unwrap().status(), 200, "{method}");
    }
    for method in ["POST", "PATCH", "CONNECT", "GETS"] {
        assert_eq!(send(method, 1, HOUR, &[BUSY]).result.unwrap().status(), 503, "{method}");
    }
}

#[test]
fn any_method_is_repeated_if_that_is_asked_for() {
    for method in ["POST", "PATCH"] {
        let mock = Mock::new().clock(START).http(503, "").http(201, "").http(502, "").http(200, "");
        let (answers, calls) = mock.run(|| {
            let client = Client::new().retry_any_method().retries(1).request(method, "http://a");
            let single = http::request(method, "http://a").retries(1).retry_any_method();
            [client, single].map(|request| request.send(&Context::default()).unwrap().status())
        });
        assert_eq!((answers, calls.requests.len()), ([201, 200], 4), "{method}");
    }
}

#[test]
fn without_retries_no_method_is_repeated() {
    let mock = Mock::new().http(503, "");
    let (result, _) =
        mock.run(|| Client::new().retry_any_method().post("http://a").send(&Context::default()));
    assert_eq!(result.unwrap().status(), 503);
}

fn busy(retry_after: &str) -> String {
    format!(r#"{{"status_code":429,"headers":{{"Retry-After":["{retry_after}"]}}}}"#)
}

#[test]
fn a_server_is_left_alone_as_long_as_it_asks() {
    let run = get(3, &[&busy("2"), &busy("0"), BUSY, GOOD]);
    assert_eq!(run.times(), [0, 2_000, 2_400, 3_200]);
}

#[test]
fn a_server_that_asks_for_more_than_thirty_seconds_is_not_asked_again() {
    assert_eq!(get(1, &[&busy("30"), GOOD]).took, 30_000);
    for seconds in ["31", "86400", "18446744073709551615"] {
        let run = get(1, &[&busy(seconds)]);
        assert_eq!((run.result.unwrap().status(), run.took), (429, 0), "{seconds}");
    }
}

#[test]
fn what_a_server_asks_for_otherwise_is_not_heard() {
    for text in ["", "-5", "1.5", "Fri, 15 Jan 2027 08:00:30 GMT", "18446744073709551616"] {
        assert_eq!(get(1, &[&busy(text), GOOD]).took, 200, "{text}");
    }
}

#[test]
fn no_pause_goes_beyond_the_context() {
    let run = send("GET", 9, Duration::from_millis(601), &[BUSY, BUSY, BUSY]);
    assert_eq!(run.times(), [0, 200, 600]);
    assert_eq!((run.result.unwrap().status(), run.took), (503, 600));
    let run = send("GET", 9, Duration::from_millis(600), &[BUSY, REFUSED]);
    assert_eq!((&*run.result.unwrap_err().code(), run.took), ("CONNECTION_REFUSED", 200));
    let run = send("GET", 9, Duration::from_secs(2), &[&busy("2")]);
    assert_eq!((run.result.unwrap().status(), run.took), (429, 0));
}

#[test]
fn a_context_that_is_over_is_not_waited_for() {
    let mock = Mock::new().clock(START);
    let (error, calls) = mock.run(|| {
        let result = Client::new().retries(3).get("http://a").send(&Context::default().canceled());
        assert_eq!(Timestamp::now(), Ok(START));
        result.unwrap_err()
    });
    assert_eq!((calls.requests.len(), &*error.code()), (0, "CANCELED"));
}

#[test]
fn a_single_request_can_be_sent_again_too() {
    let mock = Mock::new().clock(START).answer("http_request", BUSY).answer("http_request", GOOD);
    let (result, _) = mock.run(|| http::get("http://a").retries(1).send(&Context::default()));
    assert_eq!(result.unwrap().status(), 200);
}

#[test]
fn without_a_deadline_no_clock_is_needed() {
    let mock = Mock::new().clock(Timestamp::from_unix(0, 0));
    let mock = mock.answer("http_request", BUSY).answer("http_request", GOOD);
    let (result, _) = mock.run(|| Client::new().retries(1).get("http://a").send(&Context::default()));
    assert_eq!(result.unwrap().status(), 200);
}

#[test]
fn what_is_invalid_is_refused_at_once() {
    let mock = Mock::new().clock(START);
    let (result, calls) = mock.run(|| Client::new().retries(3).get("a").send(&Context::default()));
    assert_eq!((&*result.unwrap_err().code(), calls.requests.len()), ("invalid_url", 0));
}
