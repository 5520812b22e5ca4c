//! What a plugin says about itself, turned into JSON when it is compiled.

mod document;
mod service;

pub use document::{Document, Documents};
pub(crate) use document::{is_object, is_recursive, member};
pub use service::{Example, Operation, Service, Shape};

/// The version of this SDK, as plugins report it.
pub const SDK_VERSION: &str = env!("CARGO_PKG_VERSION");

/// The oldest host that plugins of this SDK are made for.
pub const MIN_HOST_VERSION: &str = "0.2.0";

/// What a plugin says about itself.
///
/// ```
/// use reglet_sdk_core::{Capability, Metadata};
///
/// const METADATA: Metadata = Metadata::new("tls-check", "1.0.0", "Checks how long a certificate lasts")
///     .needs(&[Capability::Network { hosts: &["*"], ports: &["443"] }]);
/// assert_eq!(METADATA.name, "tls-check");
/// ```
///
/// What hosts would refuse does not compile:
///
/// ```compile_fail,E0080
/// # use reglet_sdk_core::Metadata;
/// const METADATA: Metadata = Metadata::new("tls check", "1.0.0", "A space in its name");
/// ```
///
/// ```compile_fail,E0080
/// # use reglet_sdk_core::{Capability, Metadata};
/// const METADATA: Metadata = Metadata::new("tls-check", "1.0.0", "Two ports in one")
///     .needs(&[Capability::Network { hosts: &["*"], ports: &["443,8443"] }]);
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Metadata {
    /// One to 64 of `A-Z a-z 0-9 _ -`.
    pub name: &'static str,
    /// Its version, by semantic versioning.
    pub version: &'static str,
    /// What it checks, in a sentence.
    pub description: &'static str,
    /// What it asks to be allowed to do.
    pub capabilities: &'static [Capability],
    /// What it can be asked to do, if that is more than one thing.
    pub services: &'static [Service],
}

impl Metadata {
    /// A plugin that asks for nothing.
    ///
    /// # Panics
    ///
    /// When the plugin is compiled: the name is not one that hosts accept.
    #[must_use]
    pub const fn new(name: &'static str, version: &'static str, description: &'static str) -> Self {
        assert!(is_name(name.as_bytes()), "a plugin's name is 1 to 64 of A-Z a-z 0-9 _ -");
        Self { name, version, description, capabilities: &[], services: &[] }
    }

    /// Sets what the plugin asks for.
    ///
    /// # Panics
    ///
    /// When the plugin is compiled: a port is none.
    #[must_use]
    pub const fn needs(mut self, capabilities: &'static [Capability]) -> Self {
        let mut at = 0;
        while at < capabilities.len() {
            if let Capability::Network { ports, .. } = capabilities[at] {
                let mut port = 0;
                while port < ports.len() {
                    assert!(is_ports(ports[port]), "ports are given as 443, 8000-8080 or *");
                    port += 1;
                }
            }
            at += 1;
        }
        self.capabilities = capabilities;
        self
    }

    /// Sets the services; [`services!`](crate::services!) calls it.
    ///
    /// # Panics
    ///
    /// When the plugin is compiled: there is none, or one twice.
    #[must_use]
    pub const fn serves(mut self, services: &'static [Service]) -> Self {
        assert!(!services.is_empty(), "a plugin with services has at least one");
        let mut at = 0;
        while at < services.len() {
            let mut other = 0;
            while other < at {
                assert!(!same(services[at].name, services[other].name), "a plugin has a service twice");
                other += 1;
            }
            at += 1;
        }
        self.services = services;
        self
    }
}

/// Something that a plugin asks to be allowed to do (`docs/protocol.md#grantset`).
///
/// Hosts of the older model read it as a kind and a pattern, newer ones as a rule; both are made from this. One with
/// an empty list asks for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Capability {
    /// To connect to hosts, by glob or address, on ports: `443`, `8000-8080`, `*`.
    Network {
        /// Names, globs, addresses or CIDR blocks.
        hosts: &'static [&'static str],
        /// Ports and ranges.
        ports: &'static [&'static str],
    },
    /// To read files, by glob.
    Read(&'static [&'static str]),
    /// To write files, by glob.
    Write(&'static [&'static str]),
    /// To see environment variables, by glob.
    Env(&'static [&'static str]),
    /// To run commands, by glob.
    Exec(&'static [&'static str]),
    /// To use a store of keys and values. Hosts know the grant; none has a function for it yet.
    KeyValue {
        /// What for.
        access: Access,
        /// Keys, by glob.
        keys: &'static [&'static str],
    },
}

/// What keys are used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read their values.
    Read,
    /// To write their values.
    Write,
    /// Both.
    ReadWrite,
}

impl Access {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Read, Self::Write, Self::ReadWrite];

    /// The operation on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::ReadWrite => "read-write",
        }
    }
}

const fn is_name(name: &[u8]) -> bool {
    let mut at = 0;
    while at < name.len() {
        if !(name[at].is_ascii_alphanumeric() || name[at] == b'_' || name[at] == b'-') {
            return false;
        }
        at += 1;
    }
    1 <= at && at <= 64
}

/// Whether hosts understand it as ports. Go's take what they do not understand for port 0, without a word
/// (`docs/protocol.md#g2`).
const fn is_ports(ports: &str) -> bool {
    let ports = ports.as_bytes();
    let mut lowest = 0;
    let mut port = 0;
    let mut at = 0;
    while at < ports.len() {
        match ports[at] {
            digit @ b'0'..=b'9' if port <= 65535 => port = port * 10 + (digit - b'0') as u32,
            b'-' if lowest == 0 && port != 0 => (lowest, port) = (port, 0),
            _ => return matches!(ports, b"*"),
        }
        at += 1;
    }
    1 <= port && lowest <= port && port <= 65535
}

pub(crate) const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && a.len() == b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
}

#[cfg(test)]
mod tests {
    use super::is_ports;

    #[test]
    fn knows_ports() {
        for ports in ["*", "1", "443", "65535", "8000-8080", "80-80", "1-65535"] {
            assert!(is_ports(ports), "{ports}");
        }
        for none in
            ["", "0", "65536", "655360", "99999999999", "443,80", "443 ", "-", "80-", "-80", "0-80", "90-80"]
        {
            assert!(!is_ports(none), "{none}");
        }
        for none in ["80-90-100", "80--90", "70000-80000", "**", "8*", "http", "+80", "0x50"] {
            assert!(!is_ports(none), "{none}");
        }
    }
}
