//! Connections: hosts, ports and addresses.

use core::net::IpAddr;

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::grants::{Grants, InvalidGrant, special_purpose};

fn allows(host: &str, ports: &str, asked: &str, port: u16) -> bool {
    Grants::default().network(host, ports).unwrap().check_network(asked, port).is_ok()
}

/// Whether a rule for `granted` allows to connect to this address, for which `asked` stands.
fn reaches(granted: &str, asked: &str, address: &str) -> bool {
    let grants = Grants::default().network(granted, "443").unwrap();
    grants.check_address(asked, address.parse().unwrap(), 443).is_ok()
}

#[test]
fn ports_are_numbers_and_ranges() {
    let accepted = |ports| {
        let grants = Grants::default().network("h", ports).ok()?;
        let asked = [0, 1, 53, 80, 85, 90, 443, 65535];
        Some(asked.into_iter().filter(|port| grants.check_network("h", *port).is_ok()).collect::<Vec<_>>())
    };
    assert_eq!(accepted("*"), Some(vec![0, 1, 53, 80, 85, 90, 443, 65535]));
    assert_eq!(accepted("443"), Some(vec![443]));
    assert_eq!(accepted(" 443 "), Some(vec![443]));
    assert_eq!(accepted("80-90"), Some(vec![80, 85, 90]));
    assert_eq!(accepted("80 - 90"), Some(vec![80, 85, 90]));
    assert_eq!(accepted("0"), Some(vec![0]));
    // Other hosts read these as port 0, or as ranges that no port is in.
    for ports in [
        "90-80",
        "abc",
        "",
        "80-90-100",
        "-1",
        "-",
        "1-",
        "443,80",
        "65536",
        "+80",
        "4 43",
        "**",
        "99999999999",
    ] {
        let error = Grants::default().network("h", ports).unwrap_err();
        assert!(error.reason.starts_with(&format!("port {ports:?} is ")), "{error}");
    }
}

#[test]
fn names_match_without_regard_to_case_and_final_dot() {
    assert!(allows("Example.COM", "443", "example.com.", 443));
    assert!(allows("example.com.", "443", "EXAMPLE.com", 443));
    assert!(allows("*.Example.com.", "443", "a.b.example.COM", 443));
    assert!(allows("[A-C].example", "443", "b.example", 443));
    assert!(!allows("[^A-C].example", "443", "b.example", 443));
    assert!(!allows("*.example.com", "443", "example.com", 443));
    assert!(!allows("example.com", "443", "notexample.com", 443));
}

#[test]
fn host_and_port_must_match_in_one_rule() -> Result<(), InvalidGrant> {
    let grants = Grants::default()
        .network("a.example", "80")?
        .network_rule(&["b.example", "c.example"], &["443", "8443"])?;
    assert!(grants.check_network("a.example", 80).is_ok());
    assert!(grants.check_network("c.example", 8443).is_ok());
    assert!(grants.check_network("a.example", 443).is_err());
    assert!(grants.check_network("b.example", 80).is_err());
    Ok(())
}

#[test]
fn a_denial_names_what_was_asked_for() {
    for (host, text) in [
        ("example.com", "network capability denied: example.com:22"),
        ("::1", "network capability denied: [::1]:22"),
        ("[::1]", "network capability denied: [::1]:22"),
        ("", "network capability denied: :22"),
    ] {
        let error = Grants::default().check_network(host, 22).unwrap_err();
        assert_eq!(
            (error.kind(), &*error.code(), &*error.message()),
            (Kind::Capability, "CAPABILITY_DENIED", text)
        );
    }
}

#[test]
fn addresses_match_in_any_form() {
    for asked in ["127.0.0.1", "::ffff:127.0.0.1", "[::ffff:7f00:1]", "127.0.0.1."] {
        assert!(allows("127.0.0.1", "*", asked, 80), "{asked}");
        assert!(allows("::ffff:127.0.0.1", "*", asked, 80), "{asked}");
        assert!(allows("127.0.0.0/8", "*", asked, 80), "{asked}");
        assert!(allows("::ffff:127.0.0.0/104", "*", asked, 80), "{asked}");
        assert!(!allows("::/0", "*", asked, 80), "{asked}");
    }
    assert!(allows("[2001:DB8::1]", "*", "2001:db8:0::1", 80));
    assert!(allows("2001:db8::/32", "*", "[2001:db8::5]", 80));
    assert!(!allows("2001:db8::/32", "*", "2001:db9::5", 80));
    assert!(!allows("10.0.0.0/8", "*", "11.0.0.1", 80));
    assert!(allows("0.0.0.0/0", "*", "11.0.0.1", 80));
    assert!(!allows("10.0.0.0/8", "*", "intra.example", 80));
}

#[test]
fn globs_are_about_names_and_only_stars_alone_about_addresses() {
    for (pattern, allowed) in
        [("*", true), ("**", true), ("*.34", false), ("?*", false), ("9*", false), ("{*,x}", false)]
    {
        assert_eq!(allows(pattern, "*", "93.184.215.34", 443), allowed, "{pattern}");
    }
    assert!(allows("*", "*", "2606:2800:21f::1", 443));
}

#[test]
fn what_is_no_name_matches_no_pattern() {
    let long = "a".repeat(256);
    for asked in [
        "",
        ".",
        "a b",
        "evil.example/.example.com",
        "evil.example#.example.com",
        "x:y",
        "a\n",
        "fe80::1%eth0",
        &long,
    ] {
        assert!(!allows("*", "*", asked, 80) && !allows("**", "*", asked, 80), "{asked}");
    }
    assert!(allows("*", "*", "_dmarc.bücher.example", 53));
}

#[test]
fn host_patterns_that_match_nothing_are_refused() {
    for (pattern, reason) in [
        (
            "https://example.com",
            "has a slash: write the host alone, without scheme and path, or a CIDR block",
        ),
        ("example.com/x", "has a slash: write the host alone, without scheme and path, or a CIDR block"),
        ("10.0.0.0/33", "is no CIDR block: the prefix is a number up to 32"),
        ("fd00::/129", "is no CIDR block: the prefix is a number up to 128"),
        ("10.0.0.0/", "is no CIDR block: the prefix is a number up to 32"),
        ("10.0.0.0/+8", "is no CIDR block: the prefix is a number up to 32"),
        ("10.1.0.0/8", "doesn't start its block: write 10.0.0.0/8, or the address alone"),
        ("fd00::1/8", "doesn't start its block: write fd00::/8, or the address alone"),
        (
            "example.com:443",
            "has a colon: ports stand apart from hosts, and of IPv6 there are only whole addresses and CIDR blocks",
        ),
        ("example .com", "has white space or control characters"),
        ("bücher.example", "is not ASCII: write the name as DNS has it, with xn--"),
        ("", "is empty"),
        (".", "is empty"),
    ] {
        let error = Grants::default().network(pattern, "443").unwrap_err();
        assert_eq!(error.to_string(), format!("host pattern {pattern:?} {reason}"));
    }
    let error = Grants::default().network_rule(&["a", "{"], &["1"]).unwrap_err();
    assert_eq!(error.path, "hosts[1]");
}

#[test]
fn public_addresses_need_no_rule_of_their_own() {
    for (asked, address) in [
        ("example.com", "93.184.215.34"),
        ("example.com", "2606:2800:21f::1"),
        ("example.com", "64:ff9b::808:808"),
        ("example.com", "2002:808:808::1"),
        ("example.com", "::ffff:8.8.8.8"),
        ("172.32.0.1", "172.32.0.1"),
    ] {
        assert!(Grants::default().check_address(asked, address.parse().unwrap(), 443).is_ok(), "{address}");
    }
}

#[test]
fn special_addresses_need_a_rule_that_says_so() {
    for (granted, asked, address, reached) in [
        ("*", "10.0.0.5", "10.0.0.5", false),
        ("**", "intra.example", "10.0.0.5", false),
        ("*.example", "intra.example", "10.0.0.5", false),
        ("intra.example", "intra.example", "10.0.0.5", false),
        ("10.0.0.5", "intra.example", "10.0.0.5", true),
        ("10.0.0.0/8", "intra.example", "::ffff:10.0.0.5", true),
        ("10.0.0.6", "10.0.0.5", "10.0.0.5", false),
        ("localhost", "localhost", "127.0.0.1", true),
        ("LOCALHOST.", "Localhost", "::1", true),
        ("localhost", "localhost.", "127.1.2.3", true),
        ("localhost", "localhost", "10.0.0.5", false),
        ("localhost", "rebound.example", "127.0.0.1", false),
        ("localhost", "127.0.0.1", "127.0.0.1", false),
        ("*", "localhost", "127.0.0.1", false),
        ("local*", "localhost", "127.0.0.1", false),
        ("::1", "localhost", "::1", true),
        ("::1", "localhost", "127.0.0.1", false),
        ("127.0.0.1", "x.example", "64:ff9b::7f00:1", false),
        ("64:ff9b::/96", "x.example", "64:ff9b::7f00:1", true),
        ("fe80::/10", "x.example", "fe80::1", true),
    ] {
        assert_eq!(reaches(granted, asked, address), reached, "{granted}: {asked} at {address}");
    }
    let other_port = Grants::default().network("10.0.0.5", "80").unwrap();
    assert!(other_port.check_address("10.0.0.5", "10.0.0.5".parse().unwrap(), 443).is_err());
}

#[test]
fn a_blocked_address_is_named_with_the_rule() {
    let blocked = |host, address: &str| {
        Grants::default().check_address(host, address.parse().unwrap(), 443).unwrap_err()
    };
    let error = blocked("intra.example", "10.0.0.5");
    assert_eq!((error.kind(), &*error.code()), (Kind::Capability, "SSRF_BLOCKED"));
    assert_eq!(
        error.message(),
        "address 10.0.0.5 of intra.example is private (RFC 1918): grant 10.0.0.5:443 itself, or a CIDR block"
    );
    assert_eq!(
        blocked("[::1]", "::1").message(),
        "address ::1 is loopback (RFC 4291): grant [::1]:443 itself, or a CIDR block"
    );
    assert_eq!(
        blocked("localhost", "127.0.0.1").message(),
        "address 127.0.0.1 of localhost is loopback (RFC 1122): grant localhost:443 itself, or a CIDR block"
    );
}

#[test]
fn every_special_block_is_known_to_its_ends() {
    let what = |address: &str| special_purpose(address.parse::<IpAddr>().unwrap());
    for (inside, outside) in [
        (["0.0.0.0", "0.255.255.255"], ["1.0.0.0", "1.0.0.0"]),
        (["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
        (["100.64.0.0", "100.127.255.255"], ["100.63.255.255", "100.128.0.0"]),
        (["127.0.0.0", "127.255.255.255"], ["126.255.255.255", "128.0.0.0"]),
        (["169.254.0.0", "169.254.255.255"], ["169.253.255.255", "169.255.0.0"]),
        (["172.16.0.0", "172.31.255.255"], ["172.15.255.255", "172.32.0.0"]),
        (["192.0.0.0", "192.0.0.255"], ["191.255.255.255", "192.0.1.0"]),
        (["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]),
        (["192.88.99.0", "192.88.99.255"], ["192.88.98.255", "192.88.100.0"]),
        (["192.168.0.0", "192.168.255.255"], ["192.167.255.255", "192.169.0.0"]),
        (["198.18.0.0", "198.19.255.255"], ["198.17.255.255", "198.20.0.0"]),
        (["198.51.100.0", "198.51.100.255"], ["198.51.99.255", "198.51.101.0"]),
        (["203.0.113.0", "203.0.113.255"], ["203.0.112.255", "203.0.114.0"]),
        (["224.0.0.0", "255.255.255.255"], ["223.255.255.255", "223.255.255.255"]),
        (["::ffff:10.0.0.1", "64:ff9b::a00:1"], ["::ffff:11.0.0.1", "64:ff9b::b00:1"]),
        (["2002:a00:1::", "2002:7f00:1::5"], ["2002:b00:1::", "2002:808:808::"]),
        (["2001::", "2001:1ff:ffff::"], ["2001:200::", "2000:ffff::"]),
        (["2001:db8::", "2001:db8:ffff::"], ["2001:db7:ffff::", "2001:db9::"]),
        (["3fff::", "3fff:fff:ffff::"], ["3ffe:ffff::", "3fff:1000::"]),
    ] {
        for address in inside {
            assert!(what(address).is_some(), "{address}");
        }
        for address in outside {
            assert_eq!(what(address), None, "{address}");
        }
    }
    for (address, text) in [
        ("::", "unspecified (RFC 4291)"),
        ("::1", "loopback (RFC 4291)"),
        ("::7f00:1", "IPv4-compatible (RFC 4291)"),
        ("::808:808", "IPv4-compatible (RFC 4291)"),
        ("::ffff:0:8.8.8.8", "not assigned for unicast (RFC 4291)"),
        ("::ffff:127.0.0.1", "loopback (RFC 1122)"),
        ("64:ff9b::7f00:1", "loopback (RFC 1122)"),
        ("64:ff9b:1::808:808", "for local translation (RFC 8215)"),
        ("100::1", "to be discarded (RFC 6666)"),
        ("100:0:0:1::1", "a dummy prefix (RFC 9780)"),
        ("2001:0:808:808::", "Teredo (RFC 4380)"),
        ("4000::", "not assigned for unicast (RFC 4291)"),
        ("5f00::1", "for segment routing (RFC 9602)"),
        ("fc00::1", "private (RFC 4193)"),
        ("fdff::1", "private (RFC 4193)"),
        ("fe80::1", "link-local (RFC 4291)"),
        ("febf::1", "link-local (RFC 4291)"),
        ("fec0::1", "site-local (RFC 3879)"),
        ("ff02::1", "multicast (RFC 4291)"),
        ("255.255.255.255", "broadcast (RFC 919)"),
        ("240.0.0.1", "reserved (RFC 1112)"),
        ("169.254.169.254", "link-local (RFC 3927)"),
    ] {
        assert_eq!(what(address), Some(text), "{address}");
    }
}
