//! A plugin that was written for the core layer works on this one when only the crate's name in its imports changes.

extern crate reglet_sdk_std as reglet_sdk_core;

#[allow(unreachable_pub, unused_attributes, reason = "it is a crate of its own")]
#[path = "../../tls-check/src/lib.rs"]
mod tls_check;

use reglet_sdk_core::mock::Mock;
use reglet_sdk_core::{Timestamp, plugin};

#[test]
fn tls_check_works_unchanged() {
    let answer = r#"{"connected":true,"tls":true,"tls_version":"TLS 1.3","tls_cert_issuer":"CN=Example CA",
        "tls_cert_not_after":"2027-04-15T08:00:00Z"}"#;
    let mock = Mock::new().clock(Timestamp::from_unix(1_800_000_000, 0)).answer("tcp_connect", answer);
    let config = br#"{"hostname":"example.com","timeout_ms":250}"#;
    let (outcome, calls) = mock.run(|| plugin::observe::<tls_check::TlsCheck>(config));
    let outcome = String::from_utf8(outcome).unwrap();
    let data = r#""data":{"days_remaining":90,"not_after":"2027-04-15T08:00:00Z","issuer":"CN=Example CA","#;
    assert!(outcome.contains(data), "{outcome}");
    assert!(calls.requests[0].1.ends_with(r#""timeout_ms":250}"#), "{calls:?}");
    assert_eq!(calls.logs.len(), 1);
}
