//! The plugins of the workspace at hand, such as the examples of the SDK: built, run against servers on this machine, and
//! measured.

mod servers;

use std::io;
use std::path::PathBuf;

use reglet_sdk_core::grants::InvalidGrant;

use crate::error::Error;
use crate::guests::{BuildError, Crate, Profile, Progress, variant};
use crate::loopback::LoopbackError;
use crate::report::Row;
pub use servers::Servers;

/// The examples, measured.
#[derive(Debug)]
#[non_exhaustive]
pub struct Measured {
    /// Folder of the workspace.
    pub workspace: PathBuf,
    /// The folder that modules and reports are written to.
    pub output_folder: PathBuf,
    /// The servers that the examples were run against.
    pub servers: Servers,
    /// A row for each example in each profile, those of an example together.
    pub rows: Vec<Row>,
}

/// Builds every example in every profile, runs it with its `config.json`, and measures it.
///
/// # Errors
///
/// There are no examples, or one of them can't be built, run or measured. An outcome that is no success is no
/// such error.
pub fn measure(progress: &dyn Progress) -> Result<Measured, ExampleError> {
    let examples = Crate::examples().map_err(ExampleError::NoWorkspace)?;
    let Some(first) = examples.first() else { return Err(ExampleError::NoExamples) };
    let (workspace, output_folder) = (first.workspace().to_owned(), first.output_folder());
    let mut plugins = Vec::new();
    for example in &examples {
        for profile in Profile::ALL {
            plugins.push((example, example.build(profile, progress)?));
        }
    }
    let servers = Servers::start()?;
    let mut rows = Vec::new();
    for (example, built) in &plugins {
        progress.step(&format!("measuring {} ({})", built.name, variant(built.target, built.profile)));
        rows.push(servers.measure(example, built)?);
    }
    Ok(Measured { workspace, output_folder, servers, rows })
}

/// Why the examples were not measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExampleError {
    /// There is no workspace at hand.
    #[error("plugins are built from their source: run this where that is")]
    NoWorkspace(#[source] BuildError),
    /// The workspace at hand has no plugins that can be run.
    #[error(
        "this workspace has no plugin in its folder `examples`, and none with a `config.json` to run it with"
    )]
    NoExamples,
    /// An example can't be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The server that speaks TLS did not start.
    #[error(transparent)]
    Loopback(#[from] LoopbackError),
    /// Another server did not start.
    #[error("can't start a server on this machine")]
    Server(#[source] io::Error),
    /// The files of the examples can't be written.
    #[error("can't write the examples' files to a temporary folder")]
    Folder(#[source] io::Error),
    /// An example can't be loaded or run.
    #[error(transparent)]
    Plugin(#[from] Error),
    /// The servers of this machine can't be granted.
    #[error(transparent)]
    Grant(#[from] InvalidGrant),
    /// The configuration of an example can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The configuration of an example has a placeholder that stands for nothing.
    #[error("{} has the unknown placeholder {placeholder}", path.display())]
    Placeholder {
        /// The file.
        path: PathBuf,
        /// The placeholder.
        placeholder: String,
    },
}
