//! What of some requests is not granted.

use reglet_sdk_core::grants::{Grants, InvalidGrant};
use reglet_sdk_core::metadata::Access;

fn covers(
    kind: impl Fn(Grants, &str) -> Result<Grants, InvalidGrant>,
    granted: &str,
    requested: &str,
) -> bool {
    let of = |pattern| kind(Grants::default(), pattern).unwrap();
    of(granted).missing(&of(requested)).is_empty()
}

#[test]
fn wider_patterns_cover_narrower_ones() {
    for (granted, requested, covered) in [
        ("/data/**", "/data/**", true),
        ("/data/**", "/data/*.json", true),
        ("/data/**", "/data/a/{b,c}", true),
        ("/data/**", "/data", true),
        ("/data/**", "/database/a", false),
        ("/data/*", "/data/a", true),
        ("/data/*", "/data/**", false),
        ("/data/*", "/data/a/b", false),
        ("/**", "/etc/*", true),
        ("**", "/etc/**", true),
        ("/data/a", "/data/*", false),
        ("/d?ta/**", "/data/**", false),
    ] {
        assert_eq!(covers(Grants::read, granted, requested), covered, "{granted}: {requested}");
    }
    for (granted, requested, covered) in [
        ("*", "AWS_*", true),
        ("*", "[AB]_{C,D}", true),
        ("*", "**", false),
        ("AWS_*", "AWS_REGION", true),
        ("AWS_*", "*", false),
        ("*_KEY", "AWS_*_KEY", true),
    ] {
        assert_eq!(covers(Grants::env, granted, requested), covered, "{granted}: {requested}");
    }
    for (granted, requested, covered) in [
        ("*", "grep", true),
        ("**", "grep", true),
        ("**", "/usr/bin/grep", false),
        ("/**", "/usr/bin/grep", true),
        ("/usr/bin/*", "grep", false),
        ("{a,/b}", "a", false),
    ] {
        assert_eq!(covers(Grants::exec, granted, requested), covered, "{granted}: {requested}");
    }
    let keys = |granted, requested| {
        let of = |access| Grants::default().key_value(access, "a").unwrap();
        of(granted).missing(&of(requested)).is_empty()
    };
    assert!(keys(Access::ReadWrite, Access::Read) && !keys(Access::Read, Access::ReadWrite));
    assert!(covers(Grants::write, "/**", "/x") && !Grants::default().read("/**").unwrap().allows_write("/x"));
}

#[test]
fn hosts_and_ports_are_covered_together() {
    for (host, ports, requested, requested_ports, covered) in [
        ("*", "*", "example.com", "443", true),
        ("*", "*", "*", "*", true),
        ("**", "443", "*.example.com", "443", true),
        ("*.example.com", "443", "*.api.Example.com", "443", false),
        ("*.example.com", "443", "*.api.example.com", "443", true),
        ("*.example.com", "443", "WWW.example.com", "443", true),
        ("*.example.com", "443", "example.com", "443", false),
        ("example.com", "1-1024", "example.com", "80-90", true),
        ("example.com", "80-90", "example.com", "80-91", false),
        ("example.com", "443", "example.com", "*", false),
        ("10.0.0.0/8", "*", "10.1.0.0/16", "1", true),
        ("10.1.0.0/16", "*", "10.0.0.0/8", "1", false),
        ("10.0.0.0/8", "*", "::ffff:10.1.2.3", "1", true),
        ("*", "*", "8.8.8.8", "53", true),
        ("*", "*", "10.1.2.3", "53", false),
        ("*", "*", "localhost", "53", false),
        ("localhost", "*", "LocalHost", "53", true),
        ("*", "*", "8.8.8.0/24", "53", false),
    ] {
        let granted = Grants::default().network(host, ports).unwrap();
        let requested = Grants::default().network(requested, requested_ports).unwrap();
        assert_eq!(granted.missing(&requested).is_empty(), covered, "{host}:{ports} {requested:?}");
    }
}

#[test]
fn only_what_is_missing_is_named() -> Result<(), InvalidGrant> {
    let granted = Grants::default().network_rule(&["a.example"], &["80"])?.network("b.example", "*")?;
    let requested = Grants::default()
        .network_rule(&["a.example", "b.example", "c.example", "d.example"], &["80", "443"])?;
    let missing = Grants::default()
        .network("a.example", "443")?
        .network_rule(&["c.example", "d.example"], &["80", "443"])?;
    assert_eq!(granted.missing(&requested), missing);
    assert_eq!(Grants::default().missing(&requested), requested);
    assert!(requested.missing(&Grants::default()).is_empty());
    Ok(())
}
