//! What plugins are compiled for.

use serde::Deserialize;

/// What a plugin is compiled for. A crate chooses with `target = "wasm32-wasip1"` under `[package.metadata.reglet]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Target {
    /// `wasm32-unknown-unknown`: nothing but the protocol. The smallest plugins.
    #[default]
    #[serde(rename = "wasm32-unknown-unknown")]
    Unknown,
    /// `wasm32-wasip1`: `std` with its files, environment, clock and random numbers.
    #[serde(rename = "wasm32-wasip1")]
    Wasip1,
}

impl Target {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Unknown, Self::Wasip1];

    /// The name that compilers know.
    #[must_use]
    pub fn triple(self) -> &'static str {
        match self {
            Self::Unknown => "wasm32-unknown-unknown",
            Self::Wasip1 => "wasm32-wasip1",
        }
    }

    /// What the linker is told besides what holds for all targets.
    pub(super) fn rustflags(self) -> &'static [&'static str] {
        match self {
            Self::Unknown => &[],
            // Without the first there is no `_initialize`, and each export runs all constructors and destructors. The
            // second is there with `std`; without it, `memcmp` and its like would become imports.
            Self::Wasip1 => &["-Clink-arg=-l:crt1-reactor.o", "-Clink-arg=-lc"],
        }
    }
}
