//! From a module to a smaller or faster one: `wasm-opt`, if it is there.
//!
//! It takes seconds, more than a compiler that has nothing to do. So what it made is kept, under a name that stands for
//! all that it was made from, until `cargo clean` removes it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use ring::digest::{Context, SHA256};
use tempfile::TempDir;

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

/// The optimised module, which is kept in this folder; nothing if there is no `wasm-opt` that can make it.
pub(super) fn optimise(
    raw: &[u8],
    folder: &Path,
    profile: Profile,
    progress: &dyn Progress,
) -> Result<Option<Vec<u8>>, BuildError> {
    let version = match usable() {
        Ok(version) => version,
        Err(reason) => {
            progress.note(&format!(
                "{reason}: the module stays as the compiler made it; install binaryen {OLDEST} or newer to make it smaller"
            ));
            return Ok(None);
        }
    };
    let level = match profile {
        Profile::Small => "-Oz",
        Profile::Fast => "-O3",
    };
    let path = folder.join(name(raw, version, level));
    if !path.exists() {
        progress.step("optimising with wasm-opt");
        fs::create_dir_all(folder).map_err(|error| BuildError::io(folder, error))?;
        // Complete from the moment that it has its name, even if two builds write it.
        let unfinished = TempDir::new_in(folder).map_err(|error| BuildError::io(folder, error))?;
        let [input, partial] = ["raw.wasm", "plugin.wasm"].map(|name| unfinished.path().join(name));
        // The compiler's own file may be that of another build by now.
        fs::write(&input, raw).map_err(|error| BuildError::io(&input, error))?;
        let mut wasm_opt = Command::new("wasm-opt");
        run(wasm_opt.arg(level).args(OPTIONS).arg(&input).arg("-o").arg(&partial), "wasm-opt")?;
        fs::rename(&partial, &path).map_err(|error| BuildError::io(&path, error))?;
    }
    fs::read(&path).map(Some).map_err(|error| BuildError::io(&path, error))
}

fn name(raw: &[u8], version: u32, level: &str) -> String {
    let mut context = Context::new(&SHA256);
    context.update(raw);
    context.update(format!("{version} {level} {}", OPTIONS.join(" ")).as_bytes());
    let digest: String = context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    digest + ".wasm"
}

/// The version of `wasm-opt` if it can be used, or else why not.
pub(super) fn usable() -> Result<u32, String> {
    static ANSWER: OnceLock<Result<u32, String>> = OnceLock::new();
    ANSWER.get_or_init(ask).clone()
}

fn ask() -> Result<u32, String> {
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
    fn the_name_stands_for_all_that_the_module_is_made_from() {
        let names = [
            name(b"module", 132, "-Oz"),
            name(b"other", 132, "-Oz"),
            name(b"module", 133, "-Oz"),
            name(b"module", 132, "-O3"),
        ];
        assert_eq!(names[0], name(b"module", 132, "-Oz"));
        assert!((1..4).all(|other| names[0] != names[other]), "{names:?}");
    }

    #[test]
    fn the_version_is_found_in_every_form() {
        assert_eq!(version("wasm-opt version 116 (version_116)\n"), Some(116));
        assert_eq!(version("wasm-opt version 108\n"), Some(108));
        assert_eq!(version("wasm-opt version 132-12-gabcdef"), Some(132));
        assert_eq!(version("something else"), None);
    }
}
