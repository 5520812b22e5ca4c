//! The resolver against a host that answers as it is told to.

use core::net::{Ipv4Addr, Ipv6Addr};
use core::time::Duration;

use reglet_sdk_std::context::Cancellation;
use reglet_sdk_std::dns::{Mx, RecordType, Resolver};
use reglet_sdk_std::error::Kind;
use reglet_sdk_std::mock::{Calls, Mock};
use reglet_sdk_std::{Context, Error, Timestamp};

const START: Timestamp = Timestamp::from_unix(1_800_000_000, 0);
const FAILED: &str =
    r#"{"error":{"type":"network","code":"LOOKUP_FAILED","message":"refused","details":{"a":1}}}"#;
const LATE: &str = r#"{"error":{"type":"timeout","code":"TIMEOUT","message":"late","is_timeout":true}}"#;
const ABSENT: &str =
    r#"{"error":{"type":"network","code":"LOOKUP_FAILED","message":"x","is_not_found":true}}"#;
const DENIED: &str = r#"{"error":{"type":"capability","code":"CAPABILITY_DENIED","message":"denied"}}"#;

/// What a lookup says to these answers, what it asked, and how long it took on a clock that only sleep moves.
fn with<T>(answers: &[&str], lookup: impl FnOnce() -> T) -> (T, Calls, Duration) {
    let mock = Mock::new().clock(START);
    let mock = answers.iter().fold(mock, |mock, answer| mock.answer("dns_lookup", *answer));
    let ((result, took), calls) = mock.run(|| {
        let result = lookup();
        (result, Timestamp::now().unwrap().saturating_duration_since(START))
    });
    (result, calls, took)
}

fn ipv4(resolver: &Resolver, answers: &[&str]) -> (Result<Vec<Ipv4Addr>, Error>, Calls, Duration) {
    with(answers, || resolver.ipv4("example.com", &Context::default()))
}

#[test]
fn a_typed_lookup_is_one_query() {
    let resolver = Resolver::new();
    let context = Context::default();
    let (found, calls, _) = ipv4(&resolver, &[r#"{"records":["192.0.2.1","192.0.2.2"]}"#]);
    assert_eq!(found.unwrap(), [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)]);
    let requests = calls.requests;
    assert_eq!(
        requests,
        [("dns_lookup", r#"{"hostname":"example.com","type":"A","context":{}}"#.to_owned())]
    );

    let asked = |calls: Calls, record_type: &str| {
        let [(_, request)] = &calls.requests[..] else { panic!("{calls:?}") };
        assert!(request.contains(&format!(r#""type":"{record_type}""#)), "{request}");
    };
    let (found, calls, _) =
        with(&[r#"{"records":["2001:db8::1"]}"#], || resolver.ipv6("example.com", &context));
    assert_eq!(found.unwrap(), ["2001:db8::1".parse::<Ipv6Addr>().unwrap()]);
    asked(calls, "AAAA");

    let (found, calls, _) =
        with(&[r#"{"records":["end.example."]}"#], || resolver.cname("example.com", &context));
    assert_eq!(found.unwrap(), "end.example.");
    asked(calls, "CNAME");

    let answer = r#"{"mx_records":[{"host":"a.example.","pref":10},{"host":"b.example.","pref":20}]}"#;
    let (found, calls, _) = with(&[answer], || resolver.mx("example.com", &context));
    let exchanger = |host, pref| Mx { host: String::from(host).into(), pref };
    assert_eq!(found.unwrap(), [exchanger("a.example.", 10), exchanger("b.example.", 20)]);
    asked(calls, "MX");

    let (found, calls, _) =
        with(&[r#"{"records":["v=spf1 -all","a\"b"]}"#], || resolver.txt("example.com", &context));
    assert_eq!(found.unwrap(), ["v=spf1 -all", "a\"b"]);
    asked(calls, "TXT");

    let (found, calls, _) =
        with(&[r#"{"records":["ns.example."]}"#], || resolver.ns("example.com", &context));
    assert_eq!(found.unwrap(), ["ns.example."]);
    asked(calls, "NS");
}

#[test]
fn mail_exchangers_are_in_the_order_of_their_preference() {
    let records = [20, 10, 30, 10].iter().enumerate();
    let records = records.map(|(at, pref)| format!(r#"{{"host":"{at}.","pref":{pref}}}"#));
    let answer = format!(r#"{{"mx_records":[{}]}}"#, records.collect::<Vec<_>>().join(","));
    let (found, ..) = with(&[&answer], || Resolver::new().mx("example.com", &Context::default()));
    let hosts: Vec<_> = found.unwrap().into_iter().map(|exchanger| exchanger.host).collect();
    assert_eq!(hosts, ["1.", "3.", "0.", "2."]);
}

#[test]
fn the_request_has_the_name_server_the_limit_and_the_context() {
    let resolver = Resolver::new().nameserver("8.8.8.8:53").timeout(Duration::from_micros(250_001));
    let context = Context::default().with_request_id("check-17").with_timeout(9_000);
    let (_, calls, _) = with(&["{}"], || resolver.txt("a\"b", &context));
    assert_eq!(
        calls.requests[0].1,
        concat!(
            r#"{"hostname":"a\"b","type":"TXT","nameserver":"8.8.8.8:53","#,
            r#""context":{"request_id":"check-17","timeout_ms":251},"timeout_ms":251}"#
        )
    );
}

#[test]
fn a_bare_ipv6_name_server_gets_brackets_and_a_port() {
    for (given, sent) in [
        ("::1", "[::1]:53"),
        ("2001:db8::1", "[2001:db8::1]:53"),
        ("[::1]:5353", "[::1]:5353"),
        ("127.0.0.1:5353", "127.0.0.1:5353"),
        ("8.8.8.8", "8.8.8.8"),
    ] {
        let (_, calls, _) = ipv4(&Resolver::new().nameserver(given), &["{}"]);
        assert!(calls.requests[0].1.contains(&format!(r#""nameserver":"{sent}""#)), "{calls:?}");
    }
}

#[test]
fn a_name_without_such_records_has_none() {
    // To Go programs `null` is an empty object.
    for answer in ["{}", "null", r#"{"records":null}"#] {
        assert_eq!(ipv4(&Resolver::new(), &[answer]).0.unwrap(), [Ipv4Addr::UNSPECIFIED; 0]);
    }
    let (found, ..) = with(&["{}"], || Resolver::new().mx("example.com", &Context::default()));
    assert_eq!(found.unwrap(), []);
    let (found, ..) = with(&["{}", "{}"], || Resolver::new().lookup_host("example.com", &Context::default()));
    assert_eq!(found.unwrap(), [Ipv4Addr::UNSPECIFIED; 0]);
}

#[test]
fn a_name_that_is_no_alias_is_not_found() {
    let resolver = Resolver::new().nameserver("192.0.2.1");
    let (found, ..) = with(&["{}"], || resolver.cname("example.com", &Context::default()));
    let error = found.unwrap_err();
    assert_eq!(
        error.to_string(),
        "network: dns lookup for example.com (CNAME) via 192.0.2.1 failed: no CNAME record found [dns_CNAME]"
    );
    assert!(error.is_not_found());
    assert_eq!(error.details().get("hostname").text().unwrap(), "example.com");
}

#[test]
fn a_record_that_is_no_address_is_named() {
    for record in ["example.org", "2001:db8::1", "192.0.2.01", "192.0.2.1:80", ""] {
        let (found, ..) = ipv4(&Resolver::new(), &[&format!(r#"{{"records":["192.0.2.1","{record}"]}}"#)]);
        let error = found.unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Internal, "wire_format"));
        assert_eq!(
            error.message(),
            format!("wire format decode failed for dns_lookup: record '{record}' is no IPv4 address")
        );
    }
    let answer = r#"{"records":["192.0.2.1"]}"#;
    let (found, ..) = with(&[answer], || Resolver::new().ipv6("example.com", &Context::default()));
    assert!(found.unwrap_err().message().ends_with("record '192.0.2.1' is no IPv6 address"));
}

#[test]
fn an_answer_that_breaks_the_protocol_is_an_error() {
    for answer in ["", "[]", "{", r#"{"records":[7]}"#, r#"{"records":"x"}"#] {
        let (found, calls, _) = ipv4(&Resolver::new().retries(3), &[answer]);
        let error = found.unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Internal, "wire_format"), "{answer}: {error}");
        assert_eq!(calls.requests.len(), 1);
    }
}

#[test]
fn an_error_keeps_what_the_host_said_and_tells_what_was_asked() {
    let resolver = Resolver::new().nameserver("8.8.8.8");
    let error = ipv4(&resolver, &[FAILED]).0.unwrap_err();
    assert_eq!(error.to_string(), "network: refused [LOOKUP_FAILED]");
    let details = error.details();
    assert_eq!(details.get("a").integer(), Ok(1));
    for (key, value) in [("hostname", "example.com"), ("record_type", "A"), ("nameserver", "8.8.8.8")] {
        assert_eq!(details.get(key).text().unwrap(), value);
    }
    let error = ipv4(&Resolver::new(), &[DENIED]).0.unwrap_err();
    assert_eq!((error.kind(), &*error.code()), (Kind::Capability, "CAPABILITY_DENIED"));
    assert!(error.details().get("nameserver").is_none());
}

#[test]
fn an_envelope_is_understood() {
    for (message, kind) in [
        ("network capability denied: example.com:53", Kind::Capability),
        ("request too large", Kind::Validation),
    ] {
        let answer = format!(r#"{{"error":"VALIDATION_ERROR","message":"{message}","code":400}}"#);
        let (found, calls, _) = ipv4(&Resolver::new().retries(3), &[&answer]);
        let error = found.unwrap_err();
        assert_eq!((error.kind(), &*error.code(), &*error.message()), (kind, "VALIDATION_ERROR", message));
        assert_eq!(calls.requests.len(), 1);
    }
}

#[test]
fn what_hosts_say_in_words_becomes_flags() {
    for (message, absent, late) in [
        ("lookup example.com on 10.0.0.1:53: no such host", true, false),
        ("lookup example.com: read udp 10.0.0.1:53: i/o timeout", false, true),
        ("lookup example.com: context deadline exceeded", false, true),
        ("lookup example.com: server misbehaving", false, false),
    ] {
        let answer = format!(r#"{{"error":{{"code":"LOOKUP_FAILED","message":"{message}"}}}}"#);
        let error = ipv4(&Resolver::new(), &[&answer]).0.unwrap_err();
        assert_eq!((&*error.type_name(), &*error.code()), ("network", "LOOKUP_FAILED"));
        assert_eq!((error.is_not_found(), error.is_timeout()), (absent, late), "{message}");
        assert_eq!(error.message(), message);
    }
    let answer = r#"{"error":{"type":"capability","code":"","message":"denied: no such host"}}"#;
    assert!(!ipv4(&Resolver::new(), &[answer]).0.unwrap_err().is_not_found());
}

#[test]
fn retries_wait_twice_as_long_each_time() {
    let (found, calls, took) = ipv4(&Resolver::new().retries(3), &[FAILED; 4]);
    assert_eq!(found.unwrap_err().code(), "LOOKUP_FAILED");
    assert_eq!((calls.requests.len(), calls.unused), (4, 0));
    assert_eq!(took, Duration::from_millis(200 + 400 + 800));
}

#[test]
fn retries_end_with_the_first_answer() {
    let found = r#"{"records":["192.0.2.1"]}"#;
    for (answers, asked, waited) in [
        (&[found, FAILED] as &[&str], 1, 0),
        (&[FAILED, found, FAILED], 2, 200),
        (&[LATE, FAILED, found, FAILED], 3, 600),
    ] {
        let (found, calls, took) = ipv4(&Resolver::new().retries(5), answers);
        assert_eq!(found.unwrap(), [Ipv4Addr::new(192, 0, 2, 1)]);
        assert_eq!((calls.requests.len(), took), (asked, Duration::from_millis(waited)));
    }
}

#[test]
fn without_retries_a_failure_is_final() {
    let (found, calls, took) = ipv4(&Resolver::new(), &[FAILED, "{}"]);
    assert_eq!(found.unwrap_err().code(), "LOOKUP_FAILED");
    assert_eq!((calls.requests.len(), took), (1, Duration::ZERO));
}

#[test]
fn what_asking_again_would_not_change_is_not_asked_again() {
    let said = r#"{"error":{"code":"LOOKUP_FAILED","message":"lookup x: no such host"}}"#;
    for answer in [ABSENT, DENIED, said, r#"{"records":["x"]}"#] {
        let (found, calls, took) = ipv4(&Resolver::new().retries(5), &[answer, "{}"]);
        assert!(found.is_err(), "{answer}");
        assert_eq!((calls.requests.len(), took), (1, Duration::ZERO), "{answer}");
    }
}

#[test]
fn no_retry_waits_beyond_the_end_of_the_context() {
    for (limit, asked, waited) in [(200, 1, 0), (201, 2, 200), (600, 2, 200), (601, 3, 600)] {
        let limit = Duration::from_millis(limit);
        for on_clock in [true, false] {
            let (found, calls, took) = with(&[LATE; 4], || {
                let context = match on_clock {
                    true => Context::default().within(limit),
                    false => Context::default().with_deadline(START.saturating_add(limit)),
                };
                Resolver::new().retries(9).ipv4("example.com", &context)
            });
            assert_eq!(found.unwrap_err().code(), "TIMEOUT");
            assert_eq!((calls.requests.len(), took), (asked, Duration::from_millis(waited)), "{limit:?}");
        }
    }
}

#[test]
fn nothing_is_retried_where_the_clock_can_not_tell_the_end_of_the_context() {
    let stopped = Timestamp::from_unix(1_640_995_200, 0);
    let mock = Mock::new().clock(stopped).answer("dns_lookup", LATE).answer("dns_lookup", "{}");
    let (found, calls) = mock.run(|| {
        let context = Context::default().with_deadline(START);
        Resolver::new().retries(9).ipv4("example.com", &context)
    });
    assert_eq!((&*found.unwrap_err().code(), calls.unused), ("TIMEOUT", 1));
}

#[test]
fn a_context_that_has_ended_asks_nothing() {
    let late = Context::default().with_deadline(START).on_clock();
    for (context, code) in [(Context::default().canceled(), "CANCELED"), (late, "DEADLINE_EXCEEDED")] {
        let resolver = Resolver::new().retries(5);
        let (found, calls, took) = with(&["{}"], || resolver.ipv4("example.com", &context));
        let error = found.unwrap_err();
        assert_eq!((error.kind(), &*error.code()), (Kind::Timeout, code));
        assert_eq!((calls.requests.len(), took), (0, Duration::ZERO));
        let (found, calls, _) = with(&["{}"], || resolver.lookup_host("example.com", &context));
        let error = found.unwrap_err();
        assert_eq!((error.kind(), &*error.code(), calls.requests.len()), (Kind::Timeout, code, 0));
    }
}

#[test]
fn a_context_that_is_given_up_ends_what_follows() {
    let ((), calls, _) = with(&[r#"{"records":["192.0.2.1"]}"#], || {
        let (context, enough) = (Context::default(), Cancellation::new());
        let context = context.with_cancellation(&enough);
        assert!(Resolver::new().ipv4("example.com", &context).is_ok());
        enough.cancel();
        assert!(Resolver::new().ipv4("example.com", &context).unwrap_err().is_timeout());
    });
    assert_eq!(calls.requests.len(), 1);
}

#[test]
fn addresses_of_both_families_are_found() {
    let host = |answers: &[&str]| {
        let (found, calls, _) =
            with(answers, || Resolver::new().lookup_host("example.com", &Context::default()));
        let [(_, first), (_, second)] = &calls.requests[..] else { panic!("{calls:?}") };
        assert!(first.contains(r#""type":"A","#) && second.contains(r#""type":"AAAA","#), "{calls:?}");
        found.map(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    let (four, six) = (r#"{"records":["192.0.2.1"]}"#, r#"{"records":["2001:db8::1"]}"#);
    assert_eq!(host(&[four, six]).unwrap(), ["192.0.2.1", "2001:db8::1"]);
    assert_eq!(host(&[FAILED, six]).unwrap(), ["2001:db8::1"]);
    assert_eq!(host(&[four, LATE]).unwrap(), ["192.0.2.1"]);
    assert_eq!(host(&["{}", six]).unwrap(), ["2001:db8::1"]);
    assert_eq!(host(&["{}", LATE]).unwrap_err().code(), "TIMEOUT");
    assert_eq!(host(&[ABSENT, "{}"]).unwrap_err().code(), "LOOKUP_FAILED");

    let error = host(&[FAILED, LATE]).unwrap_err();
    assert_eq!((&*error.code(), error.is_timeout()), ("LOOKUP_FAILED", false));
    let other = error.details().get("AAAA");
    assert_eq!(other.get("code").text().unwrap(), "TIMEOUT");
    assert_eq!(other.get("details").get("record_type").text().unwrap(), "AAAA");
}

#[test]
fn any_records_can_be_read_in_place() {
    let answer = r#"{"records":["x"],"mx_records":[{"host":"a.","pref":1}]}"#;
    with(&[answer], || {
        let answer = Resolver::new().lookup("example.com", RecordType::Mx, &Context::default()).unwrap();
        assert_eq!((answer.records().count(), answer.mx_records().count()), (1, 1));
    });
}
