//! What plugins are compiled for.

use cargo_metadata::Package;

use super::BuildError;

/// What a plugin is compiled for. A crate chooses with `target = "wasm32-wasip1"` under `[package.metadata.reglet]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// `wasm32-unknown-unknown`: nothing but the protocol. The smallest plugins.
    #[default]
    Unknown,
    /// `wasm32-wasip1`: `std` with its files, environment, clock and random numbers.
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

    /// What a crate asks for in its manifest; the default if it asks for nothing.
    pub(super) fn of(package: &Package) -> Result<Self, BuildError> {
        let Some(wanted) = package.metadata.get("reglet").and_then(|reglet| reglet.get("target")) else {
            return Ok(Self::default());
        };
        let find = |name: &str| Self::ALL.into_iter().find(|target| target.triple() == name);
        wanted.as_str().and_then(find).ok_or_else(|| BuildError::UnknownTarget {
            name: package.name.to_string(),
            target: wanted.to_string(),
        })
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
