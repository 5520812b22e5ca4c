//! What each convenience costs a plugin on the std layer: bytes of its module.

use reglet_bench_host::guests::{BuildError, Crate, Profile, Progress, Target};

/// The guest: a plugin with an outcome of two data, and a feature for each convenience that it may have.
pub const GUEST: &str = "prices";

/// Something that a plugin may use.
#[derive(Clone, Copy, Debug)]
pub struct Convenience {
    /// Its name in reports.
    pub name: &'static str,
    /// The feature of the guest.
    pub feature: &'static str,
}

/// All there are. Another one is a feature in `benches/guests/prices` and a line here.
pub const CONVENIENCES: [Convenience; 22] = [
    Convenience { name: "configuration, `config!`", feature: "config" },
    Convenience { name: "configuration, `serde_config!`", feature: "serde-config" },
    Convenience { name: "its JSON Schema made by `schemars` at run time", feature: "schemars" },
    Convenience { name: "two rules of `garde`", feature: "garde" },
    Convenience { name: "`http`: get", feature: "http" },
    Convenience { name: "`http`: get, JSON into a type", feature: "http-json" },
    Convenience { name: "`http::Client` with a header and retries", feature: "http-client" },
    Convenience { name: "`dns::Resolver`: addresses", feature: "dns" },
    Convenience { name: "`tcp`: connect over TLS", feature: "tcp" },
    Convenience { name: "`smtp`: connect with STARTTLS", feature: "smtp" },
    Convenience { name: "`exec::Command`: its output", feature: "exec" },
    Convenience { name: "`services!`: two operations", feature: "services" },
    Convenience { name: "`log::info!` of this SDK, two attributes", feature: "log" },
    Convenience { name: "the crate `log`, a value in the message", feature: "log-facade" },
    Convenience { name: "the crate `log`, two key-values", feature: "log-kv" },
    Convenience { name: "the crate `tracing`, an event in a span", feature: "tracing" },
    Convenience { name: "a panic with a formatted message", feature: "panic" },
    Convenience { name: "`text!` with a number", feature: "text" },
    Convenience { name: "`format!` with a number", feature: "format" },
    Convenience { name: "`format!` with an `f64`", feature: "format-float" },
    Convenience { name: "`BTreeMap` of strings", feature: "btree-map" },
    Convenience { name: "`HashMap` of strings", feature: "hash-map" },
];

/// What a module weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Bytes as the compiler made it.
    pub raw: usize,
    /// Bytes after `wasm-opt`, if there is one.
    pub module: usize,
}

/// What a convenience costs.
#[derive(Clone, Debug)]
pub struct Price {
    /// The convenience; nothing for the plugin without any.
    pub convenience: Option<Convenience>,
    /// The plugin with it, for each of [`Target::ALL`].
    pub sizes: [Size; Target::ALL.len()],
}

/// Builds the plugin without conveniences, and one with each convenience, for all targets.
///
/// # Errors
///
/// One can't be built.
pub fn measure(progress: &dyn Progress) -> Result<Vec<Price>, BuildError> {
    let guest = Crate::find(GUEST)?;
    let size = |convenience: Option<Convenience>, target| {
        let guest = guest.clone().with_target(target);
        let guest = guest.with_features(convenience.map(|convenience| convenience.feature));
        let built = guest.build(Profile::Small, progress)?;
        Ok(Size { raw: built.raw.bytes.len(), module: built.module.bytes.len() })
    };
    let all = [None].into_iter().chain(CONVENIENCES.map(Some));
    all.map(|convenience| {
        let [unknown, wasip1] = Target::ALL.map(|target| size(convenience, target));
        Ok(Price { convenience, sizes: [unknown?, wasip1?] })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guest_has_these_features_and_no_others() {
        let manifest = include_str!("../guests/prices/Cargo.toml");
        let features = manifest.lines().skip_while(|line| *line != "[features]").skip(1);
        let features = features.take_while(|line| !line.is_empty());
        let mut features: Vec<_> = features.filter_map(|line| Some(line.split_once(" = ")?.0)).collect();
        let mut expected = CONVENIENCES.map(|convenience| convenience.feature);
        features.sort_unstable();
        expected.sort_unstable();
        assert_eq!(features, expected);
    }
}
