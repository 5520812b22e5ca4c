//! Addresses that are not on the public Internet.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What the address is used for, if that is something else than to reach a host on the public Internet: `private (RFC
/// 1918)`. These are the addresses of IANA's special-purpose registries, of multicast, and what is not assigned for
/// unicast.
///
/// An IPv4 address within an IPv6 address counts as itself: mapped (`::ffff:a.b.c.d`), translated (`64:ff9b::/96`) and
/// 6to4 (`2002::/16`). Other forms of transition are special as a whole.
///
/// ```
/// use reglet_sdk_core::grants::special_purpose;
///
/// assert_eq!(special_purpose([10, 0, 0, 5].into()), Some("private (RFC 1918)"));
/// assert_eq!(special_purpose([8, 8, 8, 8].into()), None);
/// ```
#[must_use]
pub fn special_purpose(address: IpAddr) -> Option<&'static str> {
    let address = embedded(address).map_or(address, IpAddr::V4);
    BLOCKS.iter().find(|(block, _)| block.covers(address)).map_or(UNASSIGNED, |(_, what)| *what)
}

/// Blocks that are within others come first. What is assigned for unicast is not special.
const BLOCKS: &[(Block, Option<&str>)] = &[
    (v4(0, 0, 0, 0, 8), Some("this network (RFC 791)")),
    (v4(10, 0, 0, 0, 8), Some("private (RFC 1918)")),
    (v4(100, 64, 0, 0, 10), Some("shared by carriers (RFC 6598)")),
    (v4(127, 0, 0, 0, 8), Some("loopback (RFC 1122)")),
    (v4(169, 254, 0, 0, 16), Some("link-local (RFC 3927)")),
    (v4(172, 16, 0, 0, 12), Some("private (RFC 1918)")),
    (v4(192, 0, 0, 0, 24), Some("for IETF protocols (RFC 6890)")),
    (v4(192, 0, 2, 0, 24), Some("for documentation (RFC 5737)")),
    (v4(192, 88, 99, 0, 24), Some("a 6to4 relay (RFC 7526)")),
    (v4(192, 168, 0, 0, 16), Some("private (RFC 1918)")),
    (v4(198, 18, 0, 0, 15), Some("for benchmarks (RFC 2544)")),
    (v4(198, 51, 100, 0, 24), Some("for documentation (RFC 5737)")),
    (v4(203, 0, 113, 0, 24), Some("for documentation (RFC 5737)")),
    (v4(224, 0, 0, 0, 4), Some("multicast (RFC 5771)")),
    (v4(255, 255, 255, 255, 32), Some("broadcast (RFC 919)")),
    (v4(240, 0, 0, 0, 4), Some("reserved (RFC 1112)")),
    (v4(0, 0, 0, 0, 0), None),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 128), Some("unspecified (RFC 4291)")),
    (v6([0, 0, 0, 0, 0, 0, 0, 1], 128), Some("loopback (RFC 4291)")),
    (v6([0, 0, 0, 0, 0, 0, 0, 0], 96), Some("IPv4-compatible (RFC 4291)")),
    (v6([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48), Some("for local translation (RFC 8215)")),
    (v6([0x100, 0, 0, 0, 0, 0, 0, 0], 64), Some("to be discarded (RFC 6666)")),
    (v6([0x100, 0, 0, 1, 0, 0, 0, 0], 64), Some("a dummy prefix (RFC 9780)")),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32), Some("Teredo (RFC 4380)")),
    (v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), Some("for IETF protocols (RFC 2928)")),
    (v6([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), Some("for documentation (RFC 3849)")),
    (v6([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), Some("for documentation (RFC 9637)")),
    (v6([0x5f00, 0, 0, 0, 0, 0, 0, 0], 16), Some("for segment routing (RFC 9602)")),
    (v6([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7), Some("private (RFC 4193)")),
    (v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10), Some("link-local (RFC 4291)")),
    (v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10), Some("site-local (RFC 3879)")),
    (v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8), Some("multicast (RFC 4291)")),
    (v6([0x2000, 0, 0, 0, 0, 0, 0, 0], 3), None),
];

/// What is in none of the blocks.
const UNASSIGNED: Option<&str> = Some("not assigned for unicast (RFC 4291)");

/// The IPv4 address that packets to this address are in truth for.
fn embedded(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let (high, low) = match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}

/// A block of addresses (CIDR).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) first: IpAddr,
    pub(super) prefix: u32,
}

impl Block {
    /// Whether the address is one of the block. Nothing is taken for an IPv4 address but one itself.
    pub(super) const fn covers(&self, address: IpAddr) -> bool {
        let equal_bits = match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => (first.to_bits() ^ address.to_bits()).leading_zeros(),
            (IpAddr::V6(first), IpAddr::V6(address)) => (first.to_bits() ^ address.to_bits()).leading_zeros(),
            _ => return false,
        };
        equal_bits >= self.prefix
    }
}

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u32) -> Block {
    Block { first: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), prefix }
}

const fn v6([a, b, c, d, e, f, g, h]: [u16; 8], prefix: u32) -> Block {
    Block { first: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)), prefix }
}
