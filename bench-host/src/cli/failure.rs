//! Why a command has no result.

use core::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use reglet_bench_host::Error;
use reglet_bench_host::guests::BuildError;
use reglet_bench_host::loopback::LoopbackError;

/// Why a command has no result; its text names all causes.
#[derive(Debug)]
pub(crate) enum Failure {
    Plugin(Error),
    Build(BuildError),
    Loopback(LoopbackError),
    Read { path: PathBuf, source: io::Error },
    Write { path: PathBuf, source: io::Error },
    Stdout(io::Error),
    Config { from: String, source: serde_json::Error },
    Placeholder { path: PathBuf, placeholder: String },
    NoWorkspace(BuildError),
    NoExamples,
}

impl Failure {
    /// Whatever else goes wrong, the plugin did not run; a call that failed is an error of the plugin's.
    pub(crate) fn exit_status(&self) -> ExitCode {
        match self {
            Self::Plugin(error) if !error.is_load() => 2.into(),
            _ => super::NOT_RUN.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plugin(error) => write!(f, "{error}"),
            Self::Build(error) => with_causes(f, error),
            Self::Loopback(error) => with_causes(f, error),
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Write { path, source } => write!(f, "cannot write {}: {source}", path.display()),
            Self::Stdout(source) => write!(f, "cannot write to stdout: {source}"),
            Self::Config { from, source } => write!(f, "the configuration {from} is not JSON: {source}"),
            Self::Placeholder { path, placeholder } => {
                write!(f, "{} has the unknown placeholder {placeholder}", path.display())
            }
            Self::NoWorkspace(error) => {
                f.write_str("the examples are built from their source, so run this in the SDK's workspace: ")?;
                with_causes(f, error)
            }
            Self::NoExamples => f.write_str(
                "there is no plugin in the folder `examples` of this workspace: run this in the SDK's workspace",
            ),
        }
    }
}

fn with_causes(f: &mut fmt::Formatter<'_>, error: &dyn core::error::Error) -> fmt::Result {
    // Some end with a line feed, being what another program wrote.
    f.write_str(error.to_string().trim_end())?;
    match error.source() {
        Some(cause) => {
            f.write_str(": ")?;
            with_causes(f, cause)
        }
        None => Ok(()),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Plugin(error)
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
    }
}

impl From<LoopbackError> for Failure {
    fn from(error: LoopbackError) -> Self {
        Self::Loopback(error)
    }
}
