//! Rules about connections: host patterns and ports.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::address::Block;
use super::glob::Glob;

/// Hosts, and the ports that they may be reached on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) hosts: Vec<Pattern>,
    pub(super) ports: Vec<Ports>,
}

impl Rule {
    /// Whether it has the port, and a host pattern for which `matches` holds.
    pub(super) fn allows(&self, port: u16, matches: impl Fn(&Pattern) -> bool) -> bool {
        self.ports.iter().any(|ports| ports.from <= port && port <= ports.to)
            && self.hosts.iter().any(matches)
    }
}

/// A host as a request names it.
#[derive(Clone, Copy)]
pub(super) enum Host<'a> {
    /// An address, in whatever form.
    Address(IpAddr),
    /// A name, without the dot of the root zone.
    Name(&'a str),
}

impl<'a> Host<'a> {
    /// Reads a host; an IPv6 address may stand in brackets.
    pub(super) fn new(host: &'a str) -> Self {
        let host = host.strip_suffix('.').unwrap_or(host);
        address(host).map_or(Self::Name(host), Self::Address)
    }

    /// Whether it is the name `localhost`.
    pub(super) fn is_localhost(self) -> bool {
        matches!(self, Self::Name(name) if name.eq_ignore_ascii_case("localhost"))
    }
}

/// What a rule says of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// Names that match.
    Name(Glob),
    /// An address.
    Address(IpAddr),
    /// The addresses of a block.
    Block(Block),
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let invalid = |reason: &str| Err(format!("host pattern {pattern:?} {reason}"));
        if let Some(address) = address(pattern) {
            return Ok(Self::Address(address));
        }
        if let Some((first, prefix)) = pattern.split_once('/') {
            let Ok(first) = first.parse::<IpAddr>() else {
                return invalid(
                    "has a slash: write the host alone, without scheme and path, or a CIDR block",
                );
            };
            return block(first, prefix).map(Self::Block).or_else(|reason| invalid(&reason));
        }
        if pattern.contains(':') {
            return invalid(
                "has a colon: ports stand apart from hosts, and of IPv6 there are only whole addresses \
                            and CIDR blocks",
            );
        }
        if pattern.contains(|char: char| char.is_whitespace() || char.is_control()) {
            return invalid("has white space or control characters");
        }
        if !pattern.is_ascii() {
            return invalid("is not ASCII: write the name as DNS has it, with xn--");
        }
        let name =
            if pattern.ends_with("\\.") { pattern } else { pattern.strip_suffix('.').unwrap_or(pattern) };
        if name.is_empty() {
            return invalid("is empty");
        }
        Glob::folding(name).map(Self::Name).map_err(|reason| format!("host {reason}"))
    }

    /// Whether a host that is asked for is meant. No glob but `*` and `**` is ever about addresses.
    pub(super) fn matches(&self, host: Host<'_>) -> bool {
        match (self, host) {
            (Self::Name(glob), Host::Name(name)) => is_name(name) && glob.matches(name),
            (Self::Name(glob), Host::Address(_)) => glob.is_all(),
            (_, Host::Address(address)) => self.names(address),
            (_, Host::Name(_)) => false,
        }
    }

    /// Whether it spells the address, or is a block with it.
    pub(super) fn names(&self, address: IpAddr) -> bool {
        match self {
            Self::Name(_) => false,
            Self::Address(granted) => *granted == address,
            Self::Block(block) => block.covers(address),
        }
    }

    /// Whether it is the name `localhost`.
    pub(super) fn is_localhost(&self) -> bool {
        matches!(self, Self::Name(glob) if glob.is_literal() && glob.as_str().eq_ignore_ascii_case("localhost"))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(glob) => f.write_str(glob.as_str()),
            Self::Address(address) => fmt::Display::fmt(address, f),
            Self::Block(Block { first, prefix }) => write!(f, "{first}/{prefix}"),
        }
    }
}

/// A port, or a range of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) from: u16,
    pub(super) to: u16,
}

impl Ports {
    const ALL: Self = Self { from: 0, to: u16::MAX };

    /// Reads `*`, `443` or `8000-8080`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn new(ports: &str) -> Result<Self, String> {
        let invalid = |reason: &str| Err(format!("port {ports:?} {reason}"));
        if ports.len() > 64 {
            return Err(
                "ports of more than 64 bytes: write a port, a range such as 8000-8080, or *".to_owned()
            );
        }
        let trimmed = ports.trim();
        if trimmed == "*" {
            return Ok(Self::ALL);
        }
        if trimmed.contains(',') {
            return invalid("is a list: give each port by itself");
        }
        let (from, to) = trimmed.split_once('-').unwrap_or((trimmed, trimmed));
        match (number(from), number(to)) {
            (Some(from), Some(to)) if from <= to => Ok(Self { from, to }),
            (Some(_), Some(_)) => invalid("is reversed: the smaller number comes first"),
            _ => invalid("is neither a number up to 65535, nor a range such as 8000-8080, nor *"),
        }
    }

    /// Whether all of these ports are among them.
    pub(super) fn cover(self, others: Self) -> bool {
        self.from <= others.from && others.to <= self.to
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ALL => f.write_str("*"),
            Self { from, to } if from == to => fmt::Display::fmt(&from, f),
            Self { from, to } => write!(f, "{from}-{to}"),
        }
    }
}

/// `host:port`; what has colons gets brackets.
pub(super) fn join(host: &dyn fmt::Display, port: &dyn fmt::Display) -> String {
    let host = format!("{host}");
    if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// Whether a resolver may take it for a name. Characters such as `:`, `/`, `%` and `@` would mean something else to one
/// reader of a host than to another.
fn is_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | 0x80..);
    (1..=255).contains(&name.len()) && name.bytes().all(is_part)
}

/// Digits and nothing else; `parse` would take a sign.
fn number(digits: &str) -> Option<u16> {
    let digits = digits.trim();
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// An address as it is compared: IPv4 that is mapped into IPv6 is IPv4.
fn address(host: &str) -> Option<IpAddr> {
    let address = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(literal) => IpAddr::V6(literal.parse::<Ipv6Addr>().ok()?),
        None => host.parse().ok()?,
    };
    Some(address.to_canonical())
}

fn block(first: IpAddr, prefix: &str) -> Result<Block, String> {
    let most = if first.is_ipv4() { 32 } else { 128 };
    let Some(prefix) = number(prefix).map(u32::from).filter(|prefix| *prefix <= most) else {
        return Err(format!("is no CIDR block: the prefix is a number up to {most}"));
    };
    let start: IpAddr = match first {
        IpAddr::V4(first) => {
            Ipv4Addr::from_bits(first.to_bits() & u32::MAX.checked_shl(32 - prefix).unwrap_or(0)).into()
        }
        IpAddr::V6(first) => {
            Ipv6Addr::from_bits(first.to_bits() & u128::MAX.checked_shl(128 - prefix).unwrap_or(0)).into()
        }
    };
    if start != first {
        return Err(format!("doesn't start its block: write {start}/{prefix}, or the address alone"));
    }
    let canonical = first.to_canonical();
    Ok(match prefix.checked_sub(96) {
        Some(prefix) if canonical != first => Block { first: canonical, prefix },
        _ => Block { first, prefix },
    })
}
