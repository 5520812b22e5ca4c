//! From a module to a smaller or faster one: `wasm-opt`, if it is there.

use std::io;
use std::path::Path;
use std::process::Command;

use super::{BuildError, Profile, Progress, run};

/// The first version of `wasm-opt` that knows all the options.
const OLDEST: u32 = 116;

/// What the compiler's modules use. `--all-features` would let in what hosts do not know.
const OPTIONS: [&str; 10] = [
    "--enable-bulk-memory",
    "--enable-sign-ext",
    "--enable-nontrapping-float-to-int",
    "--enable-mutable-globals",
    "--enable-multivalue",
    "--enable-reference-types",
    "--enable-simd",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

/// Writes an optimised module; false if there is no `wasm-opt` that can do so.
pub(super) fn optimise(
    raw: &Path,
    to: &Path,
    profile: Profile,
    progress: &dyn Progress,
) -> Result<bool, BuildError> {
    if let Err(reason) = usable() {
        progress.note(&format!(
            "{reason}: the module stays as the compiler made it; install binaryen {OLDEST} or newer to make it smaller"
        ));
        return Ok(false);
    }
    progress.step("optimising with wasm-opt");
    let level = match profile {
        Profile::Small => "-Oz",
        Profile::Fast => "-O3",
    };
    run(Command::new("wasm-opt").arg(level).args(OPTIONS).arg(raw).arg("-o").arg(to), "wasm-opt")?;
    Ok(true)
}

/// The version of `wasm-opt` if it can be used, or else why not.
pub(super) fn usable() -> Result<u32, String> {
    let output = Command::new("wasm-opt").arg("--version").output().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => "wasm-opt is not there".to_owned(),
        _ => format!("wasm-opt cannot be run ({error})"),
    })?;
    let text = String::from_utf8_lossy(&output.stdout);
    match version(&text) {
        Some(version @ OLDEST..) => Ok(version),
        Some(older) => Err(format!("wasm-opt {older} is too old")),
        None => Err(format!("wasm-opt does not tell its version ({})", text.trim_end())),
    }
}

/// The number in `wasm-opt version 116 (version_116)`.
fn version(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("version ")?;
    rest.split(|char: char| !char.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_every_form() {
        assert_eq!(version("wasm-opt version 116 (version_116)\n"), Some(116));
        assert_eq!(version("wasm-opt version 108\n"), Some(108));
        assert_eq!(version("wasm-opt version 132-12-gabcdef"), Some(132));
        assert_eq!(version("something else"), None);
    }
}
