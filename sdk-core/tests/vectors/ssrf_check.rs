//! `ssrf_check`, as Go has it.

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
        let verdict = Mock::new().answer("ssrf_check", answer).run(|| ssrf::check(&"a:1")).0.expect(answer);
        assert_eq!(
            (verdict.allowed(), verdict.reason().to_string(), verdict.resolved_ip().to_string()),
            (allowed, reason.into(), resolved.into())
        );
    }
}
