//! What a plugin says about itself, turned into JSON when it is compiled.

mod document;

pub(crate) use document::same;
pub use document::{Document, Documents};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        Self { name, version, description, capabilities: &[] }
    }

    /// Sets what the plugin asks for.
    #[must_use]
    pub const fn needs(mut self, capabilities: &'static [Capability]) -> Self {
        self.capabilities = capabilities;
        self
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

/// Something that a plugin asks to be allowed to do (`docs/protocol.md#grantset`).
///
/// Hosts of the older model read it as a kind and a pattern, newer ones as a rule; both are made from this.
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
}
