//! Why a command has no result.

use core::fmt;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use reglet_bench_host::Error;
use reglet_bench_host::budgets::BudgetError;
use reglet_bench_host::guests::BuildError;
use reglet_bench_host::manifest::InvalidManifest;
use reglet_bench_host::workspace::WorkspaceError;
use reglet_sdk_core::grants::InvalidGrant;

/// Why a command has no result; its text names all causes.
#[derive(Debug)]
pub(crate) enum Failure {
    Plugin(Error),
    Build(BuildError),
    Workspace(WorkspaceError),
    Budgets(BudgetError),
    Read { path: PathBuf, source: io::Error },
    Write { path: PathBuf, source: io::Error },
    Stdout(io::Error),
    Config { from: String, source: serde_json::Error },
    Manifest { path: PathBuf, source: InvalidManifest },
    Grant(InvalidGrant),
    Cargo(io::Error),
    New(String),
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
            Self::Workspace(error) => with_causes(f, error),
            Self::Budgets(error) => with_causes(f, error),
            Self::Read { path, source } => write!(f, "cannot read {}: {source}", path.display()),
            Self::Write { path, source } => write!(f, "cannot write {}: {source}", path.display()),
            Self::Stdout(source) => write!(f, "cannot write to stdout: {source}"),
            Self::Manifest { path, source } => write!(f, "{}: {source}", path.display()),
            Self::Grant(error) => write!(f, "--allow {error}"),
            Self::Cargo(error) => write!(f, "cannot run cargo: {error}"),
            Self::New(reason) => f.write_str(reason),
            Self::Config { from, source } => write!(f, "the configuration {from} is not JSON: {source}"),
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

impl From<WorkspaceError> for Failure {
    fn from(error: WorkspaceError) -> Self {
        match error {
            WorkspaceError::Plugin(error) => Self::Plugin(error),
            error => Self::Workspace(error),
        }
    }
}

impl From<BudgetError> for Failure {
    fn from(error: BudgetError) -> Self {
        match error {
            BudgetError::Workspace(error) => error.into(),
            error => Self::Budgets(error),
        }
    }
}
