//! What a crate says about how it is built.

use cargo_metadata::Package;
use serde::Deserialize;
use serde_json::Value;

use super::{BuildError, Target};

/// What stands under `[package.metadata.reglet]`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table with `target` or `stack`")]
pub(super) struct Settings {
    pub(super) target: Target,
    pub(super) stack: Stack,
}

impl Settings {
    pub(super) fn of(package: &Package) -> Result<Self, BuildError> {
        let Some(settings) = package.metadata.get("reglet") else { return Ok(Self::default()) };
        Self::deserialize(settings)
            .map_err(|source| BuildError::Settings { name: package.name.to_string(), source })
    }
}

/// Bytes of the plugin's stack. It is most of the memory that a small plugin starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub(super) struct Stack(pub(super) u32);

impl Stack {
    /// What the linker asks for.
    const ALIGNMENT: u32 = 16;
    /// Less is too little for the SDK itself.
    const MIN: u32 = 8 << 10;
    /// More is likelier a slip than a need.
    const MAX: u32 = 16 << 20;
}

impl Default for Stack {
    fn default() -> Self {
        Self(16 << 10)
    }
}

impl TryFrom<Value> for Stack {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let (min, max, alignment) = (Self::MIN, Self::MAX, Self::ALIGNMENT);
        match value.as_u64().and_then(|bytes| u32::try_from(bytes).ok()) {
            Some(bytes) if (min..=max).contains(&bytes) && bytes.is_multiple_of(alignment) => Ok(Self(bytes)),
            _ => Err(format!("stack = {value}, which must be a multiple of {alignment} from {min} to {max}")),
        }
    }
}
