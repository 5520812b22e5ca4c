//! `dns_lookup`.

use core::net::{Ipv4Addr, Ipv6Addr};
use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::rdata::caa::CAA;
use hickory_resolver::proto::rr::rdata::{CNAME, MX, NS, PTR, SOA, SRV, TXT};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use reglet_bench_host::Host;
use reglet_sdk_core::grants::Grants;
use serde_json::{Value, json};

use crate::nameserver::{NameServer, Question, a};
use crate::{PATIENCE, asking, assert_error, bind_ipv6, granted, host, invoke};

#[test]
fn addresses_are_of_the_kind_that_was_asked_for() {
    let server = NameServer::start(zone);
    assert_eq!(look_up(&server, "www.example.test", "A"), json!({"records": ["192.0.2.1", "192.0.2.2"]}));
    assert_eq!(look_up(&server, "www.example.test", "AAAA"), json!({"records": ["2001:db8::1"]}));
    let both = json!({"records": ["192.0.2.1", "192.0.2.2", "2001:db8::1"]});
    assert_eq!(look_up(&server, "www.example.test", ""), both);
}

#[test]
fn types_are_known_in_any_case() {
    let server = NameServer::start(zone);
    assert_eq!(look_up(&server, "www.example.test", "aAaA"), json!({"records": ["2001:db8::1"]}));
}

#[test]
fn an_unknown_type_is_refused() {
    let server = NameServer::start(zone);
    let answer = look_up(&server, "www.example.test", "ANY\n");
    assert_error(&answer, "validation", "UNSUPPORTED_TYPE", "unsupported record type: ANY\\n");
    assert_eq!(server.asked(), []);
}

#[test]
fn names_in_records_end_with_a_dot() {
    let server = NameServer::start(zone);
    assert_eq!(
        look_up(&server, "example.test", "NS"),
        json!({"records": ["ns1.example.test.", "ns2.example.test."]})
    );
    let answer = look_up(&server, "example.test", "MX");
    let sorted = json!([
        {"host": "first.example.test.", "pref": 5},
        {"host": "second.example.test.", "pref": 10},
        {"host": "third.example.test.", "pref": 10},
    ]);
    assert_eq!(answer, json!({"mx_records": sorted}));
}

#[test]
fn the_segments_of_a_text_are_joined_and_what_is_no_utf_8_is_replaced() {
    let server = NameServer::start(zone);
    let records = json!({"records": ["v=spf1 -all", "a\u{fffd}b \"\\"]});
    assert_eq!(look_up(&server, "example.test", "TXT"), records);
}

#[test]
fn other_records_read_as_in_zone_files() {
    let server = NameServer::start(zone);
    for (name, kind, expected) in [
        ("_sip._tcp.example.test", "SRV", "10 20 5060 sip.example.test."),
        ("example.test", "SOA", "ns1.example.test. admin.example.test. 7 3600 600 86400 60"),
        ("example.test", "CAA", "0 issue \"ca.example\""),
        ("1.2.0.192.in-addr.arpa", "PTR", "www.example.test."),
        ("192.0.2.1", "PTR", "www.example.test."),
    ] {
        assert_eq!(look_up(&server, name, kind), json!({"records": [expected]}), "{name} {kind}");
    }
}

#[test]
fn an_address_stands_for_itself_and_nobody_is_asked() {
    let server = NameServer::start(zone);
    assert_eq!(look_up(&server, "8.8.8.8", "A"), json!({"records": ["8.8.8.8"]}));
    assert_eq!(look_up(&server, "8.8.8.8", "AAAA"), json!({}));
    assert_eq!(look_up(&server, "2001:DB8::8", "AAAA"), json!({"records": ["2001:db8::8"]}));
    assert_eq!(look_up(&server, "2001:db8::8", "A"), json!({}));
    assert_eq!(server.asked(), []);
}

#[test]
fn special_names_are_never_asked_for() {
    let server = NameServer::start(zone);
    assert_eq!(look_up(&server, "localhost", "A"), json!({"records": ["127.0.0.1"]}));
    assert_eq!(look_up(&server, "x.LocalHost.", "AAAA"), json!({"records": ["::1"]}));
    assert_eq!(look_up(&server, "localhost", "CNAME"), json!({"records": ["localhost"]}));
    for kind in ["MX", "TXT", "NS"] {
        assert_not_found(&look_up(&server, "localhost", kind));
    }
    for name in ["nosuch.invalid", "nosuch.invalid.", "x.onion", "127.1", "0x7f000001", "a..b"] {
        for kind in ["A", "", "TXT", "CNAME"] {
            let answer = look_up(&server, name, kind);
            assert_error(&answer, "network", "LOOKUP_FAILED", &format!("lookup {name} on "));
            assert_eq!(answer["error"]["is_not_found"], true, "{answer}");
        }
    }
    assert_eq!(server.asked(), []);
}

#[test]
fn a_name_that_does_not_exist_is_not_found() {
    let server = NameServer::start(zone);
    for kind in ["A", "", "CNAME", "MX", "TXT"] {
        let answer = look_up(&server, "nosuch.example.test", kind);
        let message = assert_error(&answer, "network", "LOOKUP_FAILED", "");
        assert_eq!(message, format!("lookup nosuch.example.test on {}: no such host", server.address()));
        assert_eq!(answer["error"]["is_not_found"], true);
    }
}

#[test]
fn a_name_without_such_records_is_not_found() {
    let server = NameServer::start(zone);
    for kind in ["MX", "TXT", "NS", "PTR", "SRV", "CAA", "SOA"] {
        assert_not_found(&look_up(&server, "www.example.test", kind));
    }
    for kind in ["A", "AAAA", "", "CNAME"] {
        assert_not_found(&look_up(&server, "mail.example.test", kind));
    }
}

#[test]
fn a_name_with_addresses_of_the_other_family_alone_has_an_empty_answer() {
    let server = NameServer::start(zone);
    assert_eq!(look_up(&server, "example.test", "AAAA"), json!({}));
    assert_eq!(look_up(&server, "v6.example.test", "A"), json!({}));
}

#[test]
fn whether_there_is_a_name_is_open_when_the_other_family_can_not_be_asked_for() {
    let server = NameServer::start(|question| {
        let code =
            if question.kind == RecordType::A { ResponseCode::NoError } else { ResponseCode::ServFail };
        vec![question.code(code)]
    });
    for kind in ["A", ""] {
        let answer = look_up(&server, "www.example.test", kind);
        assert_error(&answer, "network", "LOOKUP_FAILED", "server misbehaving");
        assert_eq!(answer["error"]["is_not_found"], Value::Null);
    }
}

#[test]
fn aliases_are_followed() {
    let server = NameServer::start(zone);
    let addresses = json!({"records": ["192.0.2.1", "192.0.2.2"]});
    // The first server sends the whole chain at once, the other one step at a time.
    assert_eq!(look_up(&server, "chain.example.test", "A"), addresses);
    assert_eq!(look_up(&server, "alias.example.test", "A"), addresses);
}

#[test]
fn the_canonical_name_is_the_end_of_the_chain() {
    let server = NameServer::start(zone);
    for (name, canonical) in [
        ("alias.example.test", "www.example.test."),
        ("WWW.example.test", "WWW.example.test."),
        ("example.test", "example.test."),
        ("dangling.example.test", "nosuch.example.test."),
    ] {
        assert_eq!(look_up(&server, name, "CNAME"), json!({"records": [canonical]}));
    }
}

#[test]
fn a_loop_of_aliases_ends() {
    let server = NameServer::start(zone);
    assert_error(
        &look_up(&server, "loop.example.test", "CNAME"),
        "network",
        "LOOKUP_FAILED",
        "more than 8 aliases follow each other",
    );
    assert_eq!(look_up(&server, "loop.example.test", "A")["records"], Value::Null);
    assert!(server.asked().len() < 40, "{:?}", server.asked());
}

#[test]
fn what_does_not_fit_into_a_datagram_comes_over_tcp() {
    let server = NameServer::start(|question| {
        let addresses = (0..1000_u32).map(|number| RData::A(Ipv4Addr::from(0xc633_6400 + number).into()));
        let mut answer = question.found(addresses);
        if !question.over_tcp {
            answer = answer.truncate();
            answer.metadata.truncation = true;
        }
        vec![answer]
    });
    let answer = look_up(&server, "www.example.test", "A");
    assert_eq!(answer["records"].as_array().unwrap().len(), 1000);
    server.closed().recv_timeout(PATIENCE).expect("the connection is closed");
}

#[test]
fn answers_to_other_questions_are_not_taken() {
    let server = NameServer::start(|question| {
        let lie = || question.found([a([203, 0, 113, 1])]);
        let mut wrong_id = lie();
        wrong_id.metadata.id ^= 1;
        let mut wrong_name = lie();
        wrong_name.queries[0].set_name(name("other.example.test"));
        vec![wrong_id, wrong_name, question.found([a([192, 0, 2, 1])])]
    });
    assert_eq!(look_up(&server, "www.example.test", "A"), json!({"records": ["192.0.2.1"]}));
}

#[test]
fn records_of_other_names_are_not_taken() {
    let server = NameServer::start(|question| {
        let other = || (name("other.example.test"), a([203, 0, 113, 1]));
        let own = (name("www.example.test"), a([192, 0, 2, 1]));
        vec![if question.name.starts_with("www") {
            question.answer([other(), own])
        } else {
            question.answer([other()])
        }]
    });
    assert_eq!(look_up(&server, "www.example.test", "A"), json!({"records": ["192.0.2.1"]}));
    assert_not_found(&look_up(&server, "web.example.test", "A"));
}

#[test]
fn a_server_that_refuses_or_fails_is_an_error() {
    for (code, text) in [
        (ResponseCode::Refused, "server misbehaving: query refused"),
        (ResponseCode::ServFail, "server misbehaving"),
    ] {
        let server = NameServer::start(move |question| vec![question.code(code)]);
        let answer = look_up(&server, "www.example.test", "");
        assert_error(&answer, "network", "LOOKUP_FAILED", text);
        assert_eq!(answer["error"]["is_not_found"], Value::Null);
    }
}

#[test]
fn a_silent_server_takes_as_long_as_the_plugin_allows() {
    let server = NameServer::start(|_| Vec::new());
    let start = Instant::now();
    let request = json!({"hostname": "www.example.test", "type": "A", "timeout_ms": 100});
    let answer = ask(&server, &request);
    assert_error(&answer, "timeout", "LOOKUP_FAILED", "i/o timeout");
    assert_eq!(answer["error"]["is_timeout"], true);
    let elapsed = start.elapsed();
    assert!(Duration::from_millis(100) <= elapsed && elapsed < PATIENCE, "{elapsed:?}");
}

#[test]
fn a_lookup_that_ran_out_of_time_closes_its_connection() {
    let server = NameServer::start(|question| {
        let mut truncated = question.found([]);
        truncated.metadata.truncation = true;
        if question.over_tcp { Vec::new() } else { vec![truncated] }
    });
    let request = json!({"hostname": "www.example.test", "type": "A", "context": {"timeout_ms": 300}});
    assert_error(&ask(&server, &request), "timeout", "LOOKUP_FAILED", "i/o timeout");
    server.closed().recv_timeout(PATIENCE).expect("the connection is closed");
}

#[test]
fn the_name_needs_a_grant_with_port_53() {
    let server = NameServer::start(zone);
    let host = asking(&server);
    let request = json!({"hostname": "www.example.test", "type": "A"});
    for grants in [
        Grants::default(),
        Grants::default().network("www.example.test", "443").unwrap(),
        Grants::default().network("other.example.test", "53").unwrap(),
    ] {
        let answer = invoke(&host, &Arc::new(grants), "dns_lookup", &request);
        assert_error(&answer, "capability", "CAPABILITY_DENIED", "www.example.test:53");
    }
    assert_eq!(server.asked(), []);
    let grants = Grants::default().network("www.example.test", "53").unwrap();
    let answer = invoke(&host, &Arc::new(grants), "dns_lookup", &request);
    assert_eq!(answer["records"][0], "192.0.2.1", "{answer}");
}

#[test]
fn a_nameserver_needs_a_grant_of_its_own() {
    let server = NameServer::start(zone);
    let request = json!({"hostname": "www.example.test", "nameserver": server.address().to_string()});
    let port = server.address().port().to_string();
    let name = || Grants::default().network("www.example.test", "53").unwrap();
    for grants in
        [name(), name().network("127.0.0.1", "53").unwrap(), name().network("localhost", &port).unwrap()]
    {
        let answer = invoke(host(), &Arc::new(grants), "dns_lookup", &request);
        assert_error(&answer, "capability", "CAPABILITY_DENIED", &server.address().to_string());
    }
    assert_eq!(server.asked(), []);
    let grants = name().network("127.0.0.1", &port).unwrap();
    let answer = invoke(host(), &Arc::new(grants), "dns_lookup", &request);
    assert_eq!(answer["records"][0], "192.0.2.1", "{answer}");
}

#[test]
fn a_wildcard_opens_no_special_nameserver() {
    let server = NameServer::start(zone);
    let request = json!({"hostname": "www.example.test", "nameserver": server.address().to_string()});
    let answer = invoke(host(), &granted(&["*"]), "dns_lookup", &request);
    assert_error(&answer, "capability", "SSRF_BLOCKED", "127.0.0.1");
    assert_eq!(server.asked(), []);
}

#[test]
fn a_nameserver_is_an_address() {
    for nameserver in ["localhost", "localhost:53", "127.0.0.1:0", "127.1", "[::1%1]:53"] {
        let request = json!({"hostname": "www.example.test", "type": "A", "nameserver": nameserver});
        let answer = invoke(host(), &granted(&["www.example.test", "localhost"]), "dns_lookup", &request);
        assert_error(&answer, "validation", "INVALID_REQUEST", "is not an IP address");
    }
}

#[test]
fn a_nameserver_that_is_not_there_is_an_error() {
    // With IPv6, and to a port that nobody listens on: the error or the timeout is that of the system.
    let Some(listener) = bind_ipv6() else { return };
    let nameserver = listener.local_addr().unwrap().to_string();
    let request = json!({"hostname": "www.example.test", "nameserver": nameserver, "timeout_ms": 200});
    let answer = invoke(host(), &granted(&["www.example.test", "::1"]), "dns_lookup", &request);
    let start = format!("lookup www.example.test on {nameserver}: ");
    assert!(answer["error"]["message"].as_str().unwrap().starts_with(&start), "{answer}");
}

#[test]
fn several_nameservers_stand_in_for_each_other() {
    let (silent, server) = (NameServer::start(|_| Vec::new()), NameServer::start(zone));
    let host = Host::builder().nameserver(silent.address()).nameserver(server.address()).build().unwrap();
    let request = json!({"hostname": "www.example.test", "type": "AAAA"});
    let answer = invoke(&host, &granted(&["www.example.test"]), "dns_lookup", &request);
    assert_eq!(answer, json!({"records": ["2001:db8::1"]}));
}

#[test]
fn nothing_is_kept_for_the_next_lookup() {
    let server = NameServer::start(zone);
    let host = asking(&server);
    for _ in 0..3 {
        let request = json!({"hostname": "www.example.test", "type": "A"});
        invoke(&host, &granted(&["www.example.test"]), "dns_lookup", &request);
    }
    assert_eq!(server.asked(), vec![("www.example.test".to_owned(), RecordType::A); 3]);
}

#[test]
fn a_request_that_can_not_be_read_is_refused() {
    for request in ["", "{}", r#"{"hostname":""}"#, r#"{"hostname":"a.test","context":""}"#] {
        let answer = host().invoke(&granted(&["*"]), "dns_lookup", request.as_bytes());
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_error(&answer, "validation", "INVALID_REQUEST", "dns_lookup: ");
    }
}

/// What the server knows.
fn zone(question: &Question) -> Vec<Message> {
    let cname = |target| RData::CNAME(CNAME(name(target)));
    let www = || [a([192, 0, 2, 1]), a([192, 0, 2, 2])];
    let txt = |segments: &[&[u8]]| {
        let txt_data = segments.iter().map(|segment| Box::from(*segment)).collect();
        let mut txt = TXT::new(Vec::new());
        txt.txt_data = txt_data;
        RData::TXT(txt)
    };
    vec![match (&*question.name, question.kind) {
        ("www.example.test", RecordType::A) => question.found(www()),
        ("www.example.test", RecordType::AAAA) => {
            question.found([RData::AAAA("2001:db8::1".parse::<Ipv6Addr>().unwrap().into())])
        }
        ("example.test", RecordType::NS) => {
            question.found(["ns1.example.test", "ns2.example.test"].map(|server| RData::NS(NS(name(server)))))
        }
        ("example.test", RecordType::MX) => question.found(
            [(10, "second.example.test"), (5, "first.example.test"), (10, "third.example.test")]
                .map(|(preference, server)| RData::MX(MX::new(preference, name(server)))),
        ),
        ("example.test", RecordType::TXT) => {
            question.found([txt(&[b"v=spf1", b" ", b"-all"]), txt(&[b"a\xff", b"b \"\\"])])
        }
        ("example.test", RecordType::SOA) => question.found([RData::SOA(SOA::new(
            name("ns1.example.test"),
            name("admin.example.test"),
            7,
            3600,
            600,
            86400,
            60,
        ))]),
        ("example.test", RecordType::CAA) => question.found([RData::CAA(CAA::new_issue(
            false,
            Name::from_ascii("ca.example").ok(),
            Vec::new(),
        ))]),
        ("_sip._tcp.example.test", RecordType::SRV) => {
            question.found([RData::SRV(SRV::new(10, 20, 5060, name("sip.example.test")))])
        }
        ("1.2.0.192.in-addr.arpa", RecordType::PTR) => {
            question.found([RData::PTR(PTR(name("www.example.test")))])
        }
        ("chain.example.test", RecordType::A) => {
            let aliases = [
                (name("chain.example.test"), cname("step.example.test")),
                (name("step.example.test"), cname("www.example.test")),
            ];
            question.answer(aliases.into_iter().chain(www().map(|data| (name("www.example.test"), data))))
        }
        ("alias.example.test", _) => question.found([cname("step.example.test")]),
        ("step.example.test", _) => question.found([cname("www.example.test")]),
        ("dangling.example.test", _) => question.found([cname("nosuch.example.test")]),
        ("loop.example.test", _) => question.found([cname("pool.example.test")]),
        ("pool.example.test", _) => question.found([cname("loop.example.test")]),
        ("example.test", RecordType::A) => question.found([a([192, 0, 2, 3])]),
        ("v6.example.test", RecordType::AAAA) => {
            question.found([RData::AAAA("2001:db8::6".parse::<Ipv6Addr>().unwrap().into())])
        }
        ("www.example.test" | "example.test" | "v6.example.test" | "mail.example.test", _) => {
            question.found([])
        }
        _ => question.code(ResponseCode::NXDomain),
    }]
}

fn name(text: &str) -> Name {
    Name::from_ascii(format!("{text}.")).unwrap()
}

/// Asks the server through a nameserver of the request's own.
fn look_up(server: &NameServer, hostname: &str, kind: &str) -> Value {
    ask(server, &json!({"hostname": hostname, "type": kind, "context": {}}))
}

#[track_caller]
fn assert_not_found(answer: &Value) {
    assert_error(answer, "network", "LOOKUP_FAILED", ": no such host");
    assert_eq!(answer["error"]["is_not_found"], true, "{answer}");
}

fn ask(server: &NameServer, request: &Value) -> Value {
    let mut request = request.clone();
    request["nameserver"] = server.address().to_string().into();
    let hostname = request["hostname"].as_str().unwrap();
    invoke(host(), &granted(&[hostname, "127.0.0.1"]), "dns_lookup", &request)
}
