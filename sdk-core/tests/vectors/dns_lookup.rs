//! `dns_lookup`, as Go has it.

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
    for (answer, expected) in
        [(r#"{"records":["127.0.0.1"]}"#, vec!["127.0.0.1"]), ("{}", vec![]), (r#"{"records":null}"#, vec![])]
    {
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
