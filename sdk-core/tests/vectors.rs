//! What the public Go SDKs and hosts were observed to send, answer and print.
//!
//! A host function has a section: what hosts answered goes through its request, what guests sent through what a host
//! reads. The errors at the top are answers that any function can give; `reports_errors` takes one through all.

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

mod tcp_connect {
    use super::*;

    fn send() -> Result<tcp::Connection, Error> {
        tcp::Request::new(&"127.0.0.1", 1).timeout_ms(5000).send(&Context::default())
    }

    #[test]
    fn reports_what_hosts_refuse() {
        let own = [
            (
                r#"{"error":{"code":"CONNECTION_FAILED","message":"dial tcp: address ::1:1: too many colons in address"},"connected":false}"#,
                None,
                "CONNECTION_FAILED",
                "dial tcp: address ::1:1: too many colons in address",
            ),
            (
                r#"{"error":{"code":"CONNECTION_REFUSED","message":"dial tcp 127.0.0.1:1: connect: connection refused"},"connected":false}"#,
                None,
                "CONNECTION_REFUSED",
                "dial tcp 127.0.0.1:1: connect: connection refused",
            ),
            (
                r#"{"error":{"code":"TLS_ERROR","message":"tls: failed to verify certificate: x509: certificate signed by unknown authority"},"latency_ms":55,"connected":false}"#,
                None,
                "TLS_ERROR",
                "tls: failed to verify certificate: x509: certificate signed by unknown authority",
            ),
            (
                r#"{"error":{"code":"CONNECTION_FAILED","message":"read tcp 127.0.0.1:37822-\u003e127.0.0.1:38689: read: connection reset by peer"},"latency_ms":1,"connected":false}"#,
                None,
                "CONNECTION_FAILED",
                "read tcp 127.0.0.1:37822->127.0.0.1:38689: read: connection reset by peer",
            ),
            (
                r#"{"error":{"code":"SSRF_BLOCKED","message":"localhost/loopback addresses blocked"},"connected":false}"#,
                None,
                "SSRF_BLOCKED",
                "localhost/loopback addresses blocked",
            ),
            (
                r#"{"error":{"code":"INVALID_REQUEST","message":"host is required"},"connected":false}"#,
                None,
                "INVALID_REQUEST",
                "host is required",
            ),
            (
                r#"{"error":{"code":"INVALID_REQUEST","message":"invalid port: 70000"},"connected":false}"#,
                None,
                "INVALID_REQUEST",
                "invalid port: 70000",
            ),
            // The answer of zeros.
            (r#"{"connected":false}"#, None, "tcp_connect", "TCP connection failed"),
            ("{}", None, "tcp_connect", "TCP connection failed"),
            ("null", None, "tcp_connect", "TCP connection failed"),
        ];
        reports_errors("tcp_connect", Kind::Network, &own, || send().map(drop));
    }

    #[test]
    fn reads_what_hosts_answer() {
        let connection =
            |answer: &'static str| Mock::new().answer("tcp_connect", answer).run(send).0.expect(answer);

        let plain = connection(r#"{"remote_addr":"127.0.0.1:8080","connected":true}"#);
        assert_eq!(plain.remote_addr(), *"127.0.0.1:8080");
        assert!(plain.tls_version().is_empty() && !plain.tls() && plain.response_time_ms() == 0);
        assert_eq!(plain.not_after().map_err(|error| error.kind()), Err(Kind::Internal));

        let executor = connection(
            r#"{"remote_addr":"127.0.0.1:8443","tls_version":"TLS 1.3","tls_cipher_suite":"TLS_AES_128_GCM_SHA256","tls_cert_subject":"O=Acme Co","tls_cert_issuer":"O=Acme Co","tls_cert_expiry":"2084-01-29T16:00:00Z","latency_ms":3,"connected":true}"#,
        );
        assert_eq!(executor.not_after().expect("it is there"), at("2084-01-29T16:00:00Z"));
        assert_eq!(executor.response_time_ms(), 3);
        for (found, expected) in [
            (executor.tls_version(), "TLS 1.3"),
            (executor.tls_cipher_suite(), "TLS_AES_128_GCM_SHA256"),
            (executor.tls_cert_subject(), "O=Acme Co"),
            (executor.tls_cert_issuer(), "O=Acme Co"),
        ] {
            assert_eq!(found, *expected);
        }

        let cli = connection(
            r#"{"tls_cert_not_after":"2084-01-29T17:00:00.5+01:00","error":null,"tls_version":"TLS 1.2","local_addr":"[::1]:5","tls_server_name":"a.test","remote_addr":"[::1]:443","address":"a.test:443","response_time_ms":12,"tls":true,"connected":true}"#,
        );
        assert_eq!(cli.not_after().expect("it is there"), at("2084-01-29T16:00:00.5Z"));
        assert_eq!((cli.response_time_ms(), cli.tls()), (12, true));
        for (found, expected) in [
            (cli.local_addr(), "[::1]:5"),
            (cli.remote_addr(), "[::1]:443"),
            (cli.address(), "a.test:443"),
            (cli.tls_server_name(), "a.test"),
        ] {
            assert_eq!(found, *expected);
        }
    }

    #[test]
    fn asks_as_go_guests_do_and_adds_what_executors_read() {
        let ((), calls) = Mock::new().answer("tcp_connect", "").run(|| drop(send()));
        let mut request: serde_json::Value = serde_json::from_str(&calls.requests[0].1).expect("it is JSON");
        assert_eq!(request.as_object_mut().and_then(|request| request.remove("use_tls")), Some(json!(false)));
        assert_eq!(
            request,
            json!({"host":"127.0.0.1","port":"1","context":{},"timeout_ms":5000,"tls":false})
        );
    }

    #[test]
    fn reads_what_guests_send() {
        let read = |request: &'static str| tcp::Received::read(request.as_bytes()).expect(request);
        let sent = read(r#"{"host":"127.0.0.1","port":"1","context":{},"timeout_ms":5000,"tls":false}"#);
        assert_eq!((&*sent.host, sent.port, sent.tls), ("127.0.0.1", 1, false));
        assert_eq!(sent.timing.timeout_ms, Some(5000));
        assert_eq!((sent.timing.deadline, sent.timing.canceled, &*sent.timing.request_id), (None, false, ""));

        let executor = read(r#"{"host":"127.0.0.1","port":1,"context":{},"tls":false}"#);
        assert_eq!((&*executor.host, executor.port, executor.timing.timeout_ms), ("127.0.0.1", 1, None));
        assert!(read(r#"{"host":"h","port":443,"use_tls":true}"#).tls);

        let timed = read(
            r#"{"host":"h","port":"25","tls":true,"context":{"deadline":"2026-11-22T08:13:50.545397485Z","timeout_ms":2999}}"#,
        );
        assert_eq!((timed.tls, timed.timing.timeout_ms), (true, Some(2999)));
        assert_eq!(timed.timing.deadline, Some(at("2026-11-22T08:13:50.545397485Z")));

        let canceled = read(
            r#"{"host":"h","port":"1","context":{"deadline":"2024-01-02T03:04:05Z","Canceled":true,"timeout_ms":5}}"#,
        );
        assert!(canceled.timing.canceled);
        for nothing in ["null", "{}", r#"{"deadline":null}"#] {
            let request = format!(r#"{{"host":"h","port":"1","context":{nothing}}}"#);
            let received = tcp::Received::read(request.as_bytes()).expect(&request);
            assert_eq!(received.timing.deadline, None);
        }
    }

    #[test]
    fn refuses_requests_that_go_hosts_refuse() {
        for request in [
            r#"{"host":"","port":"","context":{},"tls":false}"#,
            r#"{"host":"","port":1,"context":1}"#,
            r#"{"host":"h","port":70000,"context":1}"#,
            r#"{"host":"h","port":"1","context":{"timeout_ms":1.5}}"#,
            r#"{"host":"h","port":"1","context":{"timeout_ms":1e3}}"#,
            r#"{"host":"h","port":"1","context":{"deadline":""}}"#,
            r#"{"host":"h","port":"1","context":{"canceled":"true"}}"#,
            "{bad",
            "",
            "null",
        ] {
            assert!(tcp::Received::read(request.as_bytes()).is_err(), "{request}");
        }
        // Go's executors read on where the context is of another kind, and so let requests past their own checks.
        for context in ["1", "\"\"", "[]"] {
            let request = format!(r#"{{"host":"127.0.0.1","port":1,"context":{context}}}"#);
            assert!(tcp::Received::read(request.as_bytes()).is_err(), "{request}");
        }
    }
}

mod dns_lookup {
    use super::*;
    use reglet_sdk_core::dns::{Answer, Received, RecordType, Request};

    fn send() -> Result<Answer, Error> {
        Request::new(&"example.com", RecordType::A).send(&Context::default())
    }

    #[test]
    fn reports_what_hosts_refuse() {
        let own = [
            (
                r#"{"error":{"code":"LOOKUP_FAILED","message":"lookup localhost on 10.255.255.53:53: no such host"}}"#,
                None,
                "LOOKUP_FAILED",
                "lookup localhost on 10.255.255.53:53: no such host",
            ),
            (
                r#"{"error":{"code":"UNSUPPORTED_TYPE","message":"unsupported record type: SRV"}}"#,
                None,
                "UNSUPPORTED_TYPE",
                "unsupported record type: SRV",
            ),
        ];
        reports_errors("dns_lookup", Kind::Network, &own, || send().map(drop));
    }

    #[test]
    fn reads_what_hosts_answer() {
        for (answer, expected) in [
            (r#"{"records":["127.0.0.1"]}"#, vec!["127.0.0.1"]),
            ("{}", vec![]),
            (r#"{"records":null}"#, vec![]),
        ] {
            let found = Mock::new().answer("dns_lookup", answer).run(send).0.expect(answer);
            let records: Vec<_> = found.records().map(|record| record.to_string()).collect();
            assert_eq!(records, expected);
        }
    }

    #[test]
    fn reads_what_guests_send() {
        for (request, kind) in [
            (r#"{"hostname":"example.com","type":"A","context":{}}"#, "A"),
            (r#"{"hostname":"example.com","type":"AAAA","context":{}}"#, "AAAA"),
        ] {
            let read = Received::read(request.as_bytes()).expect(request);
            assert_eq!((&*read.hostname, &*read.record_type), ("example.com", kind));
        }
    }
}

mod http_request {
    use super::*;
    use reglet_sdk_core::http::{Answer, Received, Request};

    fn send() -> Result<Answer, Error> {
        Request::get(&"http://127.0.0.1:1/").send(&Context::default())
    }

    #[test]
    fn reports_what_hosts_refuse() {
        let own = [
            (
                r#"{"error":{"code":"REQUEST_FAILED","message":"Get \"ftp://x/\": unsupported protocol scheme \"ftp\""},"status_code":0}"#,
                None,
                "REQUEST_FAILED",
                r#"Get "ftp://x/": unsupported protocol scheme "ftp""#,
            ),
            (
                r#"{"error":{"code":"INVALID_REQUEST","message":"URL is required"},"status_code":0}"#,
                None,
                "INVALID_REQUEST",
                "URL is required",
            ),
        ];
        reports_errors("http_request", Kind::Network, &own, || send().map(drop));
    }

    #[test]
    fn reads_what_hosts_answer() {
        // What the guests in Go reported, from an answer in both dialects.
        let answer =
            r#"{"headers":{"A":["b"]},"body":"aGk=","proto":"HTTP/1.1","status_code":200,"latency_ms":0}"#;
        let found = Mock::new().answer("http_request", answer).run(send).0.expect(answer);
        assert_eq!(
            (found.status_code(), found.body(), found.proto().to_string()),
            (200, b"hi".as_slice(), "HTTP/1.1".into())
        );
        assert_eq!(found.header("a").map(|value| value.to_string()).as_deref(), Some("b"));
    }

    #[test]
    fn reads_what_guests_send() {
        let read = |request: &'static str| Received::read(request.as_bytes()).expect(request);
        let wire =
            read(r#"{"headers":{"X-A":["1"]},"method":"GET","url":"http://127.0.0.1:1/","context":{}}"#);
        assert_eq!((&*wire.method, &*wire.url), ("GET", "http://127.0.0.1:1/"));
        assert_eq!(wire.headers.0, [("X-A".into(), vec!["1".into()])]);
        let body = read(r#"{"method":"GET","url":"u","body":"aGk=","context":{"timeout_ms":5}}"#);
        assert_eq!((&*body.body, body.timing.timeout_ms), (b"hi".as_slice(), Some(5)));
    }
}

mod smtp_connect {
    use super::*;
    use reglet_sdk_core::smtp::{Connection, Received, Request};

    fn send() -> Result<Connection, Error> {
        Request::new(&"127.0.0.1", 1).send(&Context::default())
    }

    #[test]
    fn reports_what_hosts_refuse() {
        let own = [
            (
                r#"{"error":{"code":"STARTTLS_FAILED","message":"502 no"},"connected":false}"#,
                None,
                "STARTTLS_FAILED",
                "502 no",
            ),
            (r#"{"connected":false}"#, None, "smtp_connect", "SMTP connection failed"),
        ];
        reports_errors("smtp_connect", Kind::Network, &own, || send().map(drop));
    }

    #[test]
    fn reads_what_hosts_answer() {
        let answer = r#"{"connected":true}"#;
        let plain = Mock::new().answer("smtp_connect", answer).run(send).0.expect(answer);
        assert!(plain.banner().is_empty() && plain.connected() && !plain.tls());
    }

    #[test]
    fn reads_what_guests_send() {
        let request =
            r#"{"host":"127.0.0.1","port":"1","context":{},"timeout_ms":30000,"tls":false,"starttls":false}"#;
        let read = Received::read(request.as_bytes()).expect(request);
        assert_eq!((&*read.host, read.port, read.tls, read.starttls), ("127.0.0.1", 1, false, false));
        assert_eq!(read.timing.timeout_ms, Some(30_000));
    }
}

mod exec_command {
    use super::*;
    use reglet_sdk_core::exec::{Output, Received, Request};

    fn send() -> Result<Output, Error> {
        Request::new(&"/bin/echo").args(&[&"hi"]).send(&Context::default())
    }

    #[test]
    fn reports_what_hosts_refuse() {
        let own = [(
            r#"{"error":{"code":"EXECUTION_FAILED","message":"fork/exec /no/such: no such file or directory"},"stdout":"","stderr":"","exit_code":0}"#,
            None,
            "EXECUTION_FAILED",
            "fork/exec /no/such: no such file or directory",
        )];
        reports_errors("exec_command", Kind::Exec, &own, || send().map(drop));
    }

    #[test]
    fn reads_what_hosts_answer() {
        for (answer, stdout, code, timeout) in [
            (r#"{"stdout":"hi\n","stderr":"","duration_ms":4,"exit_code":0}"#, "hi\n", 0, false),
            (r#"{"stdout":"","stderr":"","duration_ms":1,"exit_code":3}"#, "", 3, false),
            (
                r#"{"stdout":"a\ufffd\u0000b","stderr":"","duration_ms":3,"exit_code":0}"#,
                "a\u{fffd}\0b",
                0,
                false,
            ),
            (
                r#"{"stdout":"x\n","stderr":"","duration_ms":10003,"exit_code":-1,"is_timeout":true}"#,
                "x\n",
                -1,
                true,
            ),
        ] {
            let output = Mock::new().answer("exec_command", answer).run(send).0.expect(answer);
            assert_eq!(
                (output.stdout().to_string(), output.exit_code(), output.is_timeout()),
                (stdout.into(), code, timeout)
            );
        }
    }

    #[test]
    fn reads_what_guests_send() {
        let read = |request: &'static str| Received::read(request.as_bytes()).expect(request);
        let deadline = r#"{"args":["hi"],"command":"/bin/echo","context":{"deadline":"2026-11-22T08:13:50.545397485Z","timeout_ms":2999}}"#;
        assert_eq!((read(deadline).args.len(), read(deadline).timing.timeout_ms), (1, Some(2999)));
        let none = read(r#"{"args":null,"command":"/bin/true","context":{}}"#);
        assert_eq!((&*none.command, none.args.len()), ("/bin/true", 0));
    }
}

mod ssrf_check {
    use super::*;
    use reglet_sdk_core::ssrf;

    #[test]
    fn reports_what_hosts_refuse() {
        reports_errors("ssrf_check", Kind::Network, &[], || ssrf::check(&"127.0.0.1:1").map(drop));
    }

    #[test]
    fn reads_what_hosts_answer() {
        for (answer, allowed, reason, resolved) in [
            (
                r#"{"reason":"localhost/loopback addresses blocked","allowed":false}"#,
                false,
                "localhost/loopback addresses blocked",
                "",
            ),
            (r#"{"resolved_ip":"8.8.8.8","allowed":true}"#, true, "", "8.8.8.8"),
            (r#"{"allowed":true}"#, true, "", ""),
        ] {
            let verdict =
                Mock::new().answer("ssrf_check", answer).run(|| ssrf::check(&"a:1")).0.expect(answer);
            assert_eq!(
                (verdict.allowed(), verdict.reason().to_string(), verdict.resolved_ip().to_string()),
                (allowed, reason.into(), resolved.into())
            );
        }
    }
}

mod entry_point {
    use super::*;

    config! {
        /// A configuration.
        struct Config {
            /// What to do.
            mode: Option<String>,
            /// How often.
            count: u32 = 1,
        }
    }

    struct Observed;

    impl Plugin for Observed {
        const METADATA: Metadata = Metadata::new("observed", "1.0.0", "Says what it was told");
        type Config<'a> = Config;

        fn check(config: Config, _: &Context<'_>) -> Result<Outcome, Error> {
            Ok(Outcome::success(config.mode.unwrap_or_default()).data("count", config.count))
        }
    }

    fn outcome(config: &str) -> serde_json::Value {
        serde_json::from_slice(&observe::<Observed>(config.as_bytes())).expect("an outcome is JSON")
    }

    #[test]
    fn takes_the_configs_that_hosts_pass() {
        for (config, mode) in [(r#"{"mode":"x"}"#, json!("x")), ("{}", json!("")), ("null", json!(""))] {
            let outcome = outcome(config);
            assert_eq!(outcome["status"], "success", "{config}");
            assert_eq!(outcome["message"], mode);
        }
    }

    #[test]
    fn answers_bad_configs_with_an_error() {
        for (config, message) in [
            ("", "failed to parse config: unexpected end of JSON input"),
            ("[]", "failed to parse config: "),
            ("1", "failed to parse config: "),
            ("\"x\"", "failed to parse config: "),
            ("{bad", "failed to parse config: invalid character"),
        ] {
            let outcome = outcome(config);
            assert_eq!(
                (&outcome["status"], &outcome["error"]["type"]),
                (&json!("error"), &json!("internal"))
            );
            let found = outcome["error"]["message"].as_str().expect("it has a message");
            assert!(found.starts_with(message), "{config}: {found}");
        }
    }

    #[test]
    fn takes_whole_numbers_as_go_does() {
        for (number, count) in
            [("0", Some(0)), ("4294967295", Some(u32::MAX)), ("-0", Some(0)), ("null", Some(1))]
        {
            assert_eq!(
                outcome(&format!(r#"{{"Count":{number}}}"#))["data"]["count"].as_u64(),
                count.map(u64::from)
            );
        }
        for number in ["1.5", "1e3", "4294967296", "-1", "1e+21", "\"1\"", "true", "[]"] {
            let outcome = outcome(&format!(r#"{{"count":{number}}}"#));
            assert_eq!(
                (&outcome["error"]["type"], &outcome["error"]["code"]),
                (&json!("config"), &json!("count")),
                "{number}"
            );
        }
    }
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
