//! A new plugin: a crate with a check, its tests, a configuration, and grants to run it with.

use std::fs;
use std::path::Path;
use std::process::Command;

use clap::ValueEnum;
use reglet_bench_host::guests::Crate;

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
    let sdk = sdk.unwrap_or(Path::new(SDK));
    let source = sdk.join(layer.folder());
    let source = fs::canonicalize(&source).map_err(|error| {
        Failure::New(format!("the SDK is not in {}, name its folder with --sdk: {error}", sdk.display()))
    })?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    if ["core", "std", "alloc", "reglet-sdk-core", "reglet-sdk-std"].contains(&&*name) {
        return Err(Failure::New(format!(
            "`{name}` is a crate that every plugin needs: choose another name"
        )));
    }
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if parent.canonicalize().is_ok_and(|parent| source.parent().is_some_and(|sdk| parent.starts_with(sdk))) {
        return Err(Failure::New("a plugin within the SDK's folder would become a part of the SDK".into()));
    }
    cargo(Command::new("cargo").args(["new", "--quiet", "--lib"]).arg(folder))?;
    // Cargo does not touch what is there already, so all of it is ours.
    fill(folder, &name, layer, &source).inspect_err(|_| drop(fs::remove_dir_all(folder)))?;
    let module = Crate::find(&folder.to_string_lossy())?.output_folder().join("plugins");
    let module = module.join(format!("{name}-small.wasm"));
    let [_, elsewhere] = layer.configs();
    eprintln!(
        "{} is a plugin. In its folder:

    cargo test            runs its tests, natively
    reglet-bench build .  compiles it
    reglet-bench          runs the plugins of its workspace against servers on this machine, and measures them
    reglet-bench run {} --config '{elsewhere}' --manifest plugin.yaml",
        folder.display(),
        module.display()
    );
    Ok(())
}

fn fill(folder: &Path, name: &str, layer: Layer, sdk: &Path) -> Result<(), Failure> {
    let manifest = folder.join("Cargo.toml");
    let text =
        fs::read_to_string(&manifest).map_err(|source| Failure::Read { path: manifest.clone(), source })?;
    // Tests need the one, and hosts the other.
    let library = "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n\n[dependencies]";
    write(&manifest, &text.replacen("[dependencies]", library, 1))?;
    cargo(Command::new("cargo").args(["add", "--quiet", "--path"]).arg(sdk).current_dir(folder))?;
    let [plugin, tests] = layer.sources();
    write(&folder.join("src/lib.rs"), plugin)?;
    write(&folder.join("tests/check.rs"), &tests.replace(CRATE, &name.replace('-', "_")))?;
    let [here, _] = layer.configs();
    write(&folder.join("config.json"), &format!("{here}\n"))?;
    write(&folder.join("plugin.yaml"), &grants(name))
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
    match command.status().map_err(Failure::Cargo)? {
        status if status.success() => Ok(()),
        _ => Err(Failure::New("no plugin was made, for the reason that cargo gives".into())),
    }
}
