//! Builds plugin crates for wasm, as small or as fast as they get, and the same everywhere.

mod compile;
mod optimise;
mod settings;
mod target;
mod toolchain;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand, Package, TargetKind};
use tempfile::TempDir;

use crate::module;
use settings::{Settings, Stack};
pub use target::Target;
pub use toolchain::Toolchain;

/// What a plugin is built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Few bytes: `opt-level = "z"`, and `wasm-opt -Oz`.
    Small,
    /// Little time: `opt-level = 3`, and `wasm-opt -O3`.
    Fast,
}

impl Profile {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::Small, Self::Fast];

    /// The name, as in file names and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Fast => "fast",
        }
    }

    /// The name of cargo's profile.
    fn cargo_profile(self) -> &'static str {
        match self {
            Self::Small => "plugin-small",
            Self::Fast => "plugin-fast",
        }
    }
}

/// Gets told what a build does.
pub trait Progress {
    /// The build does this now, which may take a while.
    fn step(&self, what: &str);

    /// Something that is worth to be known after the build, too.
    fn note(&self, what: &str);
}

/// Tells nobody.
impl Progress for () {
    fn step(&self, _: &str) {}
    fn note(&self, _: &str) {}
}

/// A crate that can be built as a plugin.
#[derive(Clone, Debug)]
pub struct Crate {
    name: String,
    folder: PathBuf,
    workspace: PathBuf,
    target_folder: PathBuf,
    target: Target,
    stack: Stack,
    features: Vec<String>,
    /// The workspaces of what it depends on by path, besides its own.
    foreign: Vec<PathBuf>,
}

impl Crate {
    /// Finds a crate: the package of that name in the workspace at hand, or else the one in that folder.
    ///
    /// # Errors
    ///
    /// There is no such package or folder, it has no library, or cargo can't read its manifest.
    pub fn find(spec: &str) -> Result<Self, BuildError> {
        let here = metadata(Path::new("."));
        if let Ok(metadata) = &here
            && let Some(package) = metadata.workspace_packages().iter().find(|p| p.name.as_str() == spec)
        {
            return Self::new(metadata, package);
        }
        let folder = Path::new(spec);
        if !folder.join("Cargo.toml").is_file() {
            let spec = spec.to_owned();
            return Err(BuildError::NoCrate { spec, cause: here.err().map(Box::new) });
        }
        let metadata = metadata(folder)?;
        let wanted = fs::canonicalize(folder).map_err(|error| BuildError::io(folder, error))?;
        let package = metadata.packages.iter().find(|package| {
            let folder = package.manifest_path.parent();
            folder.is_some_and(|folder| fs::canonicalize(folder).is_ok_and(|folder| folder == wanted))
        });
        let no_package = || BuildError::NoCrate { spec: spec.to_owned(), cause: None };
        Self::new(&metadata, package.ok_or_else(no_package)?)
    }

    /// The crates in the folder `examples` of the workspace at hand that are made to be plugins; if there are none, all
    /// of its plugins that have a `config.json`.
    ///
    /// # Errors
    ///
    /// There is no workspace, or cargo can't read it.
    pub fn of_workspace() -> Result<Vec<Self>, BuildError> {
        let metadata = metadata(Path::new("."))?;
        let folder = metadata.workspace_root.join("examples");
        let mut plugins = metadata.workspace_packages();
        plugins.retain(|package| package.targets.iter().any(|target| target.is_kind(TargetKind::CDyLib)));
        let is_example = |package: &&Package| package.manifest_path.starts_with(&folder);
        if plugins.iter().any(is_example) {
            plugins.retain(is_example);
        } else {
            plugins.retain(|package| package.manifest_path.with_file_name("config.json").is_file());
        }
        plugins.into_iter().map(|package| Self::new(&metadata, package)).collect()
    }

    fn new(metadata: &Metadata, package: &Package) -> Result<Self, BuildError> {
        let name = package.name.to_string();
        let Some(folder) = package.manifest_path.parent() else {
            return Err(BuildError::NoCrate { spec: name, cause: None });
        };
        let is_library =
            [TargetKind::Lib, TargetKind::RLib, TargetKind::CDyLib, TargetKind::DyLib, TargetKind::StaticLib];
        if !package.targets.iter().any(|target| is_library.iter().any(|kind| target.kind.contains(kind))) {
            return Err(BuildError::NoLibrary { name });
        }
        let Settings { target, stack } = Settings::of(package)?;
        Ok(Self {
            name,
            folder: folder.into(),
            workspace: metadata.workspace_root.clone().into(),
            target_folder: metadata.target_directory.clone().into(),
            target,
            stack,
            foreign: foreign(metadata, package)?,
            features: Vec::new(),
        })
    }

    /// Builds it for this target, whatever its manifest says.
    #[must_use]
    pub fn with_target(self, target: Target) -> Self {
        Self { target, ..self }
    }

    /// Builds it with these features besides its default ones.
    #[must_use]
    pub fn with_features<F: Into<String>>(mut self, features: impl IntoIterator<Item = F>) -> Self {
        self.features.extend(features.into_iter().map(Into::into));
        self
    }

    /// Name of the package.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is built for, unless told otherwise: the target that its manifest names.
    #[must_use]
    pub fn target(&self) -> Target {
        self.target
    }

    /// The folder with its `Cargo.toml`.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of the workspace that it belongs to.
    #[must_use]
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }

    /// The folder that modules and reports are written to, in cargo's target folder.
    #[must_use]
    pub fn output_folder(&self) -> PathBuf {
        self.target_folder.join("reglet-bench")
    }

    /// Compiles the crate, and optimises the module if there is a `wasm-opt`.
    ///
    /// # Errors
    ///
    /// The target is missing and can't be installed, the crate does not compile, a dependency is built for JavaScript,
    /// `wasm-opt` fails, or a file can't be read or written.
    pub fn build(&self, profile: Profile, progress: &dyn Progress) -> Result<Built, BuildError> {
        toolchain::ensure_target(self.target, &self.folder, progress)?;
        progress.step(&format!("compiling {} ({})", self.name, variant(self.target, profile)));
        let raw = Module::read(compile::compile(self, profile)?)?;
        if module::is_for_javascript(&raw.bytes) {
            return Err(BuildError::ForJavaScript { name: self.name.clone() });
        }
        let output = self.output_folder();
        let optimised = optimise::optimise(&raw.bytes, &output.join("optimised"), profile, progress)?;
        let folder = output.join("plugins");
        fs::create_dir_all(&folder).map_err(|error| BuildError::io(&folder, error))?;
        let path = folder.join(self.file_name(profile));
        // Complete from the moment that it is there, even if two builds write it. What fails leaves nothing.
        let unfinished = TempDir::new_in(&folder).map_err(|error| BuildError::io(&folder, error))?;
        let partial = unfinished.path().join("plugin.wasm");
        let (is_optimised, bytes) = (optimised.is_some(), optimised.unwrap_or_else(|| raw.bytes.clone()));
        fs::write(&partial, &bytes).map_err(|error| BuildError::io(&partial, error))?;
        fs::rename(&partial, &path).map_err(|error| BuildError::io(&path, error))?;
        let (name, target, module) = (self.name.clone(), self.target, Module { path, bytes });
        Ok(Built { name, target, profile, raw, module, optimised: is_optimised })
    }

    fn file_name(&self, profile: Profile) -> String {
        let parts = [&self.name].into_iter().chain(&self.features).map(String::as_str);
        let name = parts.collect::<Vec<_>>().join("-");
        format!("{name}-{}.wasm", variant(self.target, profile))
    }
}

/// Name of a profile, and of the target if that is not the default one: `small`, `wasip1-small`.
pub(crate) fn variant(target: Target, profile: Profile) -> String {
    match target {
        Target::Unknown => profile.name().to_owned(),
        Target::Wasip1 => format!("wasip1-{}", profile.name()),
    }
}

/// A crate that was built.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Built {
    /// Name of the package.
    pub name: String,
    /// What it was compiled for.
    pub target: Target,
    /// What it was built for.
    pub profile: Profile,
    /// The module as the compiler made it.
    pub raw: Module,
    /// The module to use: optimised, or the same as `raw`.
    pub module: Module,
    /// Whether `wasm-opt` was there.
    pub optimised: bool,
}

/// A module in a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Module {
    /// The file.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Module {
    fn read(path: PathBuf) -> Result<Self, BuildError> {
        let bytes = fs::read(&path).map_err(|error| BuildError::io(&path, error))?;
        Ok(Self { path, bytes })
    }
}

/// Why there is no module.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// What was named is neither a package nor a folder with one.
    #[error("`{spec}` is neither a package of the workspace at hand nor a folder with a Cargo.toml")]
    NoCrate {
        /// What was named.
        spec: String,
        /// Why there is no workspace at hand, if that is so.
        #[source]
        cause: Option<Box<Self>>,
    },
    /// The package has nothing that could become a plugin.
    #[error("the package `{name}` has no library, so it is not a plugin")]
    NoLibrary {
        /// Name of the package.
        name: String,
    },
    /// The package's settings for plugins are not what they can be.
    #[error("the package `{name}` has under [package.metadata.reglet] what it must not have")]
    Settings {
        /// Name of the package.
        name: String,
        /// What is wrong with them.
        source: serde_json::Error,
    },
    /// Cargo can't tell what is in a folder.
    #[error("`cargo metadata` failed in {}", folder.display())]
    Metadata {
        /// The folder.
        folder: PathBuf,
        /// What cargo says.
        source: cargo_metadata::Error,
    },
    /// The compiler lacks the standard library for the target.
    #[error(
        "rustc has no standard library for {target}, and `rustup target add {target}` failed: {reason}; install it by hand, or set RUSTC to a compiler that has it"
    )]
    NoTarget {
        /// The target.
        target: &'static str,
        /// What rustup says.
        reason: String,
    },
    /// A program can't be run.
    #[error("cannot run {program}")]
    Run {
        /// The program.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// A program failed.
    #[error("{what} failed:\n{output}")]
    Failed {
        /// What it was to do.
        what: String,
        /// What it wrote to stderr.
        output: String,
    },
    /// Cargo succeeded, and named no module.
    #[error("cargo made no module from `{name}`")]
    NoModule {
        /// Name of the package.
        name: String,
    },
    /// The module imports what `wasm-bindgen` would provide, so that no host takes it.
    #[error(
        "a dependency of `{name}` was built for JavaScript, which plugin hosts do not have: `cargo tree --target \
         wasm32-unknown-unknown -i wasm-bindgen`, or `-i js-sys`, shows which; usually its default features bring it, \
         so try default-features = false"
    )]
    ForJavaScript {
        /// Name of the package.
        name: String,
    },
    /// A file can't be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl BuildError {
    fn io(path: impl Into<PathBuf>, source: io::Error) -> Self {
        Self::Io { path: path.into(), source }
    }
}

fn metadata(folder: &Path) -> Result<Metadata, BuildError> {
    let metadata = MetadataCommand::new().current_dir(folder).no_deps().exec();
    metadata.map_err(|source| BuildError::Metadata { folder: folder.into(), source })
}

fn foreign(own: &Metadata, package: &Package) -> Result<Vec<PathBuf>, BuildError> {
    let mut roots = Vec::new();
    for folder in package.dependencies.iter().filter_map(|dependency| dependency.path.as_ref()) {
        if !folder.starts_with(&own.workspace_root) {
            let root: PathBuf = metadata(folder.as_std_path())?.workspace_root.into();
            if !roots.contains(&root) {
                roots.push(root);
            }
        }
    }
    Ok(roots)
}

/// Runs a program, and returns what it wrote to stdout.
fn run(command: &mut Command, what: &str) -> Result<Vec<u8>, BuildError> {
    let output = command.output().map_err(|source| {
        let program = command.get_program().to_string_lossy().into_owned();
        BuildError::Run { program, source }
    })?;
    if !output.status.success() {
        let output = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
        return Err(BuildError::Failed { what: what.to_owned(), output });
    }
    Ok(output.stdout)
}
