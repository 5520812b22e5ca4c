//! The example does what it shows.

use std::process::Command;

#[test]
fn the_embedders_function_answers_within_the_grants() {
    let done = Command::new(env!("CARGO_BIN_EXE_host-runtime")).output().unwrap();
    let (out, err) = (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap());
    assert!(done.status.success(), "{err}");
    let [manifest, denied, granted @ ..] = &out.lines().collect::<Vec<_>>()[..] else { panic!("{out}") };
    assert!(manifest.starts_with(r#"{"services":{},"name":"certificate""#), "{manifest}");
    assert!(denied.starts_with("without a grant: network capability denied: localhost:"), "{denied}");
    assert_eq!(granted.len(), 2, "{out}");
    for line in granted {
        assert!(line.contains(r#""message":"the certificate of localhost is by Loopback CA""#), "{line}");
    }
    assert_eq!(err.matches("certificate calls tls_check with 33 bytes").count(), 3, "{err}");
}
