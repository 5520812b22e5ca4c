//! A new plugin: a crate with a check, its tests, a configuration, and grants to run it with.

use std::fs;
use std::io::Error;
use std::path::Path;
use std::process::Command;

use clap::ValueEnum;

use super::Failure;

/// The SDK that this program was built from.
const SDK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// What the tests are to import, in the templates.
const CRATE: &str = "my_plugin";

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum Layer {
    /// `no_std`: the smallest plugins
    Core,
    /// `std`, and what one expects to find there
    Std,
}

impl Layer {
    /// The folder of the package in the SDK.
    fn folder(self) -> &'static str {
        match self {
            Self::Core => "sdk-core",
            Self::Std => "sdk-std",
        }
    }

    /// The plugin, and its tests.
    fn sources(self) -> [&'static str; 2] {
        match self {
            Self::Core => {
                [include_str!("../../templates/core/lib.rs"), include_str!("../../templates/core/check.rs")]
            }
            Self::Std => {
                [include_str!("../../templates/std/lib.rs"), include_str!("../../templates/std/check.rs")]
            }
        }
    }

    /// Configurations: for a server of the main job, and for one elsewhere.
    fn configs(self) -> [&'static str; 2] {
        match self {
            Self::Core => [r#"{"host": "localhost", "port": "${HTTP_PORT}"}"#, r#"{"host": "example.com"}"#],
            Self::Std => {
                [r#"{"url": "http://localhost:${HTTP_PORT}/health"}"#, r#"{"url": "https://example.com/"}"#]
            }
        }
    }
}

/// Makes the crate with cargo, which also knows what may be its name and whether it is in a workspace.
pub(super) fn make(folder: &Path, layer: Layer, sdk: Option<&Path>) -> Result<(), Failure> {
    let sdk = sdk.unwrap_or(Path::new(SDK)).join(layer.folder());
    let sdk = fs::canonicalize(&sdk).map_err(|source| Failure::Read { path: sdk, source })?;
    cargo(Command::new("cargo").args(["new", "--quiet", "--lib"]).arg(folder))?;
    let manifest = folder.join("Cargo.toml");
    let text =
        fs::read_to_string(&manifest).map_err(|source| Failure::Read { path: manifest.clone(), source })?;
    // Tests need the one, and hosts the other.
    let library = "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]";
    write(&manifest, &text.replacen("[dependencies]", library, 1))?;
    cargo(Command::new("cargo").args(["add", "--quiet", "--path"]).arg(&sdk).current_dir(folder))?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let [plugin, tests] = layer.sources();
    write(&folder.join("src/lib.rs"), plugin)?;
    write(&folder.join("tests/check.rs"), &tests.replace(CRATE, &name.replace('-', "_")))?;
    let [here, elsewhere] = layer.configs();
    write(&folder.join("config.json"), &format!("{here}\n"))?;
    write(&folder.join("plugin.yaml"), &grants(&name))?;
    eprintln!(
        "{} is a plugin. In its folder:

    cargo test          runs its tests, natively
    reglet-bench        builds it, runs it against servers on this machine, and measures it
    reglet-bench run target/reglet-bench/plugins/{name}-small.wasm --config '{elsewhere}' --manifest plugin.yaml",
        folder.display()
    );
    Ok(())
}

fn grants(name: &str) -> String {
    format!(
        "# What the plugin may do when it is run with `reglet-bench run --manifest plugin.yaml`. The stars stand for
# names and public addresses; one in a private network has to be named itself.
name: {name}
version: 0.1.0
description: A new plugin
capabilities:
  network:
    rules:
      - hosts: [\"*\"]
        ports: [\"*\"]
"
    )
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |source| Failure::Write { path: path.into(), source };
    path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    fs::write(path, text).map_err(failed)
}

/// Runs cargo, which says itself what goes wrong.
fn cargo(command: &mut Command) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(Failure::Cargo(Error::other(status.to_string()))),
        Err(source) => Err(Failure::Cargo(source)),
    }
}
