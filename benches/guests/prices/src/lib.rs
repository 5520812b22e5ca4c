//! A plugin on the std layer that says something, and uses the conveniences whose features are on; each is as short as
//! a plugin would have it.

mod uses;

use reglet_sdk_std::prelude::*;

/// Adds to the outcome what a convenience found.
type Use = fn(Outcome, &Context<'_>) -> Result<Outcome, Error>;

/// What the plugin uses besides a configuration or operations.
const USES: &[Use] = &[
    #[cfg(feature = "schemars")]
    uses::schemars,
    #[cfg(feature = "garde")]
    uses::garde,
    #[cfg(feature = "http")]
    uses::http,
    #[cfg(feature = "http-client")]
    uses::http_client,
    #[cfg(feature = "dns")]
    uses::dns,
    #[cfg(feature = "tcp")]
    uses::tcp,
    #[cfg(feature = "smtp")]
    uses::smtp,
    #[cfg(feature = "exec")]
    uses::exec,
    #[cfg(feature = "log")]
    uses::log,
    #[cfg(feature = "log-facade")]
    uses::log_facade,
    #[cfg(feature = "log-kv")]
    uses::log_kv,
    #[cfg(feature = "tracing")]
    uses::tracing,
    #[cfg(feature = "panic")]
    uses::panic,
    #[cfg(feature = "text")]
    uses::text,
    #[cfg(feature = "format")]
    uses::format,
    #[cfg(feature = "format-float")]
    uses::format_float,
    #[cfg(feature = "btree-map")]
    uses::btree_map,
    #[cfg(feature = "hash-map")]
    uses::hash_map,
];

const METADATA: Metadata = Metadata::new("prices", "1.0.0", "Uses what it is told to");

/// The plugin.
#[cfg(not(feature = "services"))]
#[derive(Debug)]
pub struct Prices;

#[cfg(not(feature = "services"))]
impl Plugin for Prices {
    const METADATA: Metadata = METADATA;

    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, context: &Context<'_>) -> Result<Outcome, Error> {
        #[cfg(any(feature = "config", feature = "serde-config"))]
        let (host, port) = (&*config.host, config.port);
        #[cfg(not(any(feature = "config", feature = "serde-config")))]
        let ((), host, port) = (config, "example.com", 443);
        uses::all(core::hint::black_box(host), core::hint::black_box(port), context)
    }
}

#[cfg(not(any(feature = "config", feature = "serde-config", feature = "services")))]
type Config<'a> = ();

#[cfg(feature = "config")]
config! {
    /// What to look at.
    pub struct Config<'a> {
        /// Its name.
        host: Cow<'a, str>,
        /// Its port.
        #[range(1..=65535)]
        port: u16 = 443,
        /// Whether to look twice.
        strict: bool = false,
    }
}

#[cfg(all(feature = "serde-config", not(feature = "config")))]
mod typed {
    use reglet_sdk_std::prelude::*;

    /// What to look at.
    #[derive(Debug, serde::Deserialize)]
    pub struct Config<'a> {
        /// Its name.
        #[serde(borrow)]
        pub host: Cow<'a, str>,
        /// Its port.
        #[serde(default)]
        pub port: u16,
        /// Whether to look twice.
        #[serde(default)]
        pub strict: bool,
    }

    serde_config!(Config<'a>);
}
#[cfg(all(feature = "serde-config", not(feature = "config")))]
pub use typed::Config;

#[cfg(feature = "services")]
services! {
    /// The plugin.
    pub struct Prices;

    const METADATA: Metadata = METADATA;

    /// The first.
    one {
        /// Does it.
        first = uses::operation,
    }

    /// The second.
    two {
        /// Does it too.
        second = uses::operation,
    }
}

export_plugin!(Prices);
