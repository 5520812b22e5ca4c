//! Schemas of configurations that serde reads, made by the crate `schemars` from the same types.
//!
//! They are made where the plugin is tested, and the plugin has only the text: no byte of schemars is in it.
//!
//! 1. `derive(Deserialize, JsonSchema)` for the configuration, with `schemars` as an ordinary dependency.
//! 2. `serde_config!(Config, schema: include_str!("../schema.json"))`, with `{}` in that file at first.
//! 3. A test with `assert_current` and the feature `schemars` of this crate under `dev-dependencies`.
//!    `REGLET_BLESS=1 cargo test` writes the file, and without that the test fails when it is out of date.
//!
//! What schemars makes is brought into the form that Reglet's hosts know from plugins made in Go, and from `config!`
//! (`docs/protocol.md#config-schema`): keys that a struct does not have are not allowed; an `Option` need not be there,
//! so it is not said that it may be `null`; the width of a number shows in its bounds, not in a `format`; the
//! outermost struct has no title.

#[cfg(all(feature = "schemars", not(target_family = "wasm")))]
mod current;
#[cfg(feature = "schemars")]
mod normal;

#[cfg(all(feature = "schemars", not(target_family = "wasm")))]
pub use current::assert_current;
#[cfg(feature = "schemars")]
pub use normal::of;
#[cfg(feature = "schemars")]
#[doc(hidden)]
pub use runtime::{in_manifest, made};

/// What [`export_plugin!`](crate::export_plugin!) calls for a schema that is made in the plugin.
#[cfg(feature = "schemars")]
mod runtime {
    use reglet_sdk_core::Plugin;
    use reglet_sdk_core::metadata::Documents;
    use schemars::JsonSchema;

    /// The schema of a plugin's configuration.
    #[must_use]
    pub fn made<P: Plugin<Config<'static>: JsonSchema>>() -> Vec<u8> {
        super::of::<P::Config<'static>>().into_bytes()
    }

    /// A manifest with the schema in the place of its own.
    #[must_use]
    pub fn in_manifest<P: Plugin<Config<'static>: JsonSchema>>(documents: &Documents) -> Vec<u8> {
        let start = documents.schema.as_ptr().addr() - documents.manifest.as_ptr().addr();
        let mut manifest = documents.manifest.to_vec();
        manifest.splice(start..start + documents.schema.len(), made::<P>());
        manifest
    }
}
