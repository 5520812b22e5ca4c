//! The programs that make modules: which they are, and that the compiler has what it needs for wasm.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::optimise;
use super::{BuildError, Progress, Target, run};

/// What modules are made with, and what their sizes depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Toolchain {
    /// Version of the compiler, as `1.95.0 (59807616e 2026-04-14)`.
    pub rustc: String,
    /// Version of `wasm-opt`, if there is one that can be used.
    pub wasm_opt: Option<u32>,
}

impl Toolchain {
    /// Asks the programs that build the crates in this folder.
    ///
    /// # Errors
    ///
    /// The compiler can't be run.
    pub fn find(folder: &Path) -> Result<Self, BuildError> {
        let version = run(rustc(folder).arg("--version"), "rustc")?;
        let version = String::from_utf8_lossy(&version);
        let version = version.trim_end();
        Ok(Self {
            rustc: version.strip_prefix("rustc ").unwrap_or(version).to_owned(),
            wasm_opt: optimise::usable().ok(),
        })
    }
}

/// Installs the target if the compiler that is used in this folder lacks it.
pub(super) fn ensure_target(
    target: Target,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(), BuildError> {
    let target = target.triple();
    if has_target(target, folder)? {
        return Ok(());
    }
    progress
        .note(&format!("rustc has no standard library for {target}: running `rustup target add {target}`"));
    progress.step(&format!("installing {target}"));
    let added = run(Command::new("rustup").args(["target", "add", target]).current_dir(folder), "rustup");
    if let Err(error) = added {
        let reason = match error {
            BuildError::Failed { output, .. } => output,
            BuildError::Run { source, .. } => source.to_string(),
            other => return Err(other),
        };
        return Err(BuildError::NoTarget { target, reason });
    }
    if !has_target(target, folder)? {
        let reason = "it was added to another toolchain than the one in use".to_owned();
        return Err(BuildError::NoTarget { target, reason });
    }
    Ok(())
}

fn has_target(target: &str, folder: &Path) -> Result<bool, BuildError> {
    let libraries = run(rustc(folder).args(["--print", "target-libdir", "--target", target]), "rustc")?;
    let libraries = String::from_utf8_lossy(&libraries);
    // The folder may be there without a library in it.
    Ok(fs::read_dir(libraries.trim_end()).is_ok_and(|mut entries| {
        entries.any(|entry| entry.is_ok_and(|entry| is_core(&entry.file_name().to_string_lossy())))
    }))
}

/// Where the compiler's own sources are if they are installed, and what it calls them if they are not.
pub(super) fn sources(folder: &Path) -> Result<(PathBuf, String), BuildError> {
    let sysroot = run(rustc(folder).args(["--print", "sysroot"]), "rustc")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot).trim_end());
    let version = run(rustc(folder).arg("-vV"), "rustc")?;
    let version = String::from_utf8_lossy(&version);
    let hash = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
    Ok((sysroot.join("lib/rustlib/src/rust"), format!("/rustc/{}", hash.unwrap_or("unknown"))))
}

/// The compiler that is used in this folder, as cargo finds it.
fn rustc(folder: &Path) -> Command {
    let mut rustc = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    rustc.current_dir(folder);
    rustc
}

fn is_core(file: &str) -> bool {
    file.starts_with("libcore-") && file.ends_with(".rlib")
}
