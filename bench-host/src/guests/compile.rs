//! From a crate to a module: cargo, with everything that matters for size and speed set.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::Message;

use super::{BuildError, Crate, Profile, run, toolchain};

/// The profiles, as they stand in the Cargo.toml of this workspace.
const PROFILES: [(&str, &[&str]); 2] = [
    (
        "plugin-small",
        &[
            r#"inherits = "release""#,
            r#"opt-level = "z""#,
            r#"lto = "fat""#,
            "codegen-units = 1",
            r#"panic = "abort""#,
            r#"strip = "symbols""#,
        ],
    ),
    ("plugin-fast", &[r#"inherits = "plugin-small""#, "opt-level = 3"]),
];

/// Compiles a crate, and returns where the module is.
pub(super) fn compile(guest: &Crate, profile: Profile) -> Result<PathBuf, BuildError> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // `cargo build` gives up link-time optimisation for a crate whose type is both cdylib and rlib, as it must
    // be to have tests. That triples the module, and cargo says nothing.
    cargo.args(["rustc", "--lib", "--crate-type", "cdylib", "--target", guest.target.triple()]);
    cargo.args([
        "--profile",
        profile.cargo_profile(),
        "--message-format",
        "json-render-diagnostics",
        "--quiet",
    ]);
    cargo.args(guest.features.iter().flat_map(|feature| ["--features", feature]));
    cargo.arg("--manifest-path").arg(guest.folder.join("Cargo.toml"));
    let sources = toolchain::sources(&guest.folder)?;
    for config in configs(guest, profile, cargo_home().as_deref(), &sources) {
        cargo.arg("--config").arg(config);
    }
    // The folder decides which configuration files cargo reads.
    cargo.current_dir(&guest.folder);
    // These two replace the flags of the configuration.
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    // Cargo sets these for the programs it runs, and build scripts look at them.
    for (name, _) in env::vars_os().filter(|(name, _)| is_of_package(name)) {
        cargo.env_remove(name);
    }
    let messages = run(&mut cargo, &format!("cargo, compiling `{}`,", guest.name))?;
    module(&messages, guest).ok_or_else(|| BuildError::NoModule { name: guest.name.clone() })
}

/// What cargo would else read from files, so that it holds for crates of any workspace.
fn configs(
    guest: &Crate,
    profile: Profile,
    cargo_home: Option<&Path>,
    sources: &(PathBuf, String),
) -> Vec<String> {
    let settings = |(profile, settings): &(&'static str, &'static [&'static str])| {
        let profile = *profile;
        settings.iter().map(move |setting| format!("profile.{profile}.{setting}"))
    };
    let mut configs: Vec<String> = PROFILES.iter().flat_map(settings).collect();
    let flags = serde_json::Value::from(rustflags(guest, profile, cargo_home, sources));
    configs.push(format!("target.{}.rustflags = {flags}", guest.target.triple()));
    configs
}

fn rustflags(
    guest: &Crate,
    profile: Profile,
    cargo_home: Option<&Path>,
    (sources, named): &(PathBuf, String),
) -> Vec<String> {
    let mut flags = vec![
        format!("-Clink-arg=-zstack-size={}", guest.stack.0),
        "-Clink-arg=--compress-relocations".to_owned(),
    ];
    if profile == Profile::Fast {
        // All hosts have it. The small profile would gain nothing but bytes.
        flags.push("-Ctarget-feature=+simd128".into());
    }
    flags.extend(guest.target.rustflags().iter().map(|flag| (*flag).to_owned()));
    // Panics name source files; what they name must not depend on the machine.
    let mut remap =
        |from: &Path, to: &str| flags.push(format!("--remap-path-prefix={}={to}", from.display()));
    remap(sources, named);
    if let Some(home) = cargo_home {
        remap(&home.join("registry"), "/registry");
        remap(&home.join("git"), "/git");
    }
    for folder in &guest.foreign {
        remap(folder, "/dependency");
    }
    remap(&guest.workspace, "/workspace");
    flags
}

fn cargo_home() -> Option<PathBuf> {
    let set = env::var_os("CARGO_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
    set.or_else(|| env::home_dir().map(|home| home.join(".cargo")))
}

fn is_of_package(name: &OsString) -> bool {
    let prefixes = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_PACKAGE"];
    name.to_str().is_some_and(|name| prefixes.iter().any(|prefix| name.starts_with(prefix)))
}

/// The module among what cargo has made.
fn module(messages: &[u8], guest: &Crate) -> Option<PathBuf> {
    let artifacts = Message::parse_stream(messages).filter_map(|message| match message {
        Ok(Message::CompilerArtifact(artifact)) => Some(artifact),
        _ => None,
    });
    let manifest = guest.folder.join("Cargo.toml");
    let mut files = artifacts
        .filter(|artifact| artifact.manifest_path == manifest)
        .flat_map(|artifact| artifact.filenames);
    files.find(|file| file.extension() == Some("wasm")).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guests::{Stack, Target};

    fn sources() -> (PathBuf, String) {
        ("/rust/src".into(), "/rustc/5980".into())
    }

    fn guest(target: Target, stack: Stack, workspace: &str) -> Crate {
        let (name, features) = ("plugin".to_owned(), Vec::new());
        let folders = [workspace; 3].map(PathBuf::from);
        let [folder, workspace, target_folder] = folders;
        let foreign = vec![PathBuf::from("/src/sdk")];
        Crate { name, folder, workspace, target_folder, target, stack, features, foreign }
    }

    #[test]
    fn the_profiles_are_those_of_the_workspace() {
        let manifest = include_str!("../../../Cargo.toml");
        for (profile, settings) in PROFILES {
            let header = format!("[profile.{profile}]");
            let section = manifest.lines().skip_while(|line| *line != header).skip(1);
            let section: Vec<_> =
                section.take_while(|line| !line.starts_with('[') && !line.is_empty()).collect();
            assert_eq!(section, settings, "{profile}");
        }
    }

    #[test]
    fn the_configuration_is_toml_that_names_no_folder_twice() {
        let guest = guest(Target::Unknown, Stack::default(), "/src/my plugins");
        let configs = configs(&guest, Profile::Small, Some(Path::new("/home/me/.cargo")), &sources());
        assert!(configs.contains(&r#"profile.plugin-small.opt-level = "z""#.to_owned()));
        assert!(configs.contains(&"profile.plugin-fast.opt-level = 3".to_owned()));
        assert_eq!(
            configs.last().unwrap(),
            concat!(
                r#"target.wasm32-unknown-unknown.rustflags = ["-Clink-arg=-zstack-size=16384","#,
                r#""-Clink-arg=--compress-relocations","--remap-path-prefix=/rust/src=/rustc/5980","#,
                r#""--remap-path-prefix=/home/me/.cargo/registry=/registry","#,
                r#""--remap-path-prefix=/home/me/.cargo/git=/git","--remap-path-prefix=/src/sdk=/dependency","#,
                r#""--remap-path-prefix=/src/my plugins=/workspace"]"#
            )
        );
    }

    #[test]
    fn a_plugin_for_wasi_is_linked_as_a_reactor_and_a_fast_one_has_simd() {
        let configs = configs(&guest(Target::Wasip1, Stack(65536), "/src"), Profile::Fast, None, &sources());
        assert_eq!(
            configs.last().unwrap(),
            concat!(
                r#"target.wasm32-wasip1.rustflags = ["-Clink-arg=-zstack-size=65536","#,
                r#""-Clink-arg=--compress-relocations","-Ctarget-feature=+simd128","#,
                r#""-Clink-arg=-l:crt1-reactor.o","-Clink-arg=-lc","--remap-path-prefix=/rust/src=/rustc/5980","#,
                r#""--remap-path-prefix=/src/sdk=/dependency","--remap-path-prefix=/src=/workspace"]"#
            )
        );
    }
}
