//! The plugins of the workspace at hand, in the SDK's its examples: built, run against servers on this machine, and
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

/// The plugins, measured.
#[derive(Debug)]
#[non_exhaustive]
pub struct Measured {
    /// Folder of the workspace.
    pub workspace: PathBuf,
    /// The folder that modules and reports are written to.
    pub output_folder: PathBuf,
    /// The servers that the plugins were run against.
    pub servers: Servers,
    /// A row for each plugin in each profile, those of a plugin together.
    pub rows: Vec<Row>,
}

/// Builds every plugin in every profile, runs it with its `config.json`, and measures it.
///
/// # Errors
///
/// There are no plugins, or one of them can't be built, run or measured. An outcome that is no success is no such
/// error.
pub fn measure(progress: &dyn Progress) -> Result<Measured, WorkspaceError> {
    let plugins = Crate::of_workspace().map_err(WorkspaceError::NoWorkspace)?;
    let Some(first) = plugins.first() else { return Err(WorkspaceError::NoPlugins) };
    let (workspace, output_folder) = (first.workspace().to_owned(), first.output_folder());
    let servers = Servers::start()?;
    // What is wrong with a configuration is told before minutes go by.
    for plugin in &plugins {
        servers.config(plugin)?;
    }
    let mut all = Vec::new();
    for plugin in &plugins {
        for profile in Profile::ALL {
            all.push((plugin, plugin.build(profile, progress)?));
        }
    }
    let mut rows = Vec::new();
    for (plugin, built) in &all {
        progress.step(&format!("measuring {} ({})", built.name, variant(built.target, built.profile)));
        rows.push(servers.measure(plugin, built)?);
    }
    Ok(Measured { workspace, output_folder, servers, rows })
}

/// Why the plugins were not measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkspaceError {
    /// There is no workspace at hand.
    #[error("plugins are built from their source: run this where that is")]
    NoWorkspace(#[source] BuildError),
    /// The workspace at hand has no plugins that can be run.
    #[error(
        "this workspace has no plugin in its folder `examples`, and none with a `config.json` to run it with"
    )]
    NoPlugins,
    /// A plugin can't be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The server that speaks TLS did not start.
    #[error(transparent)]
    Loopback(#[from] LoopbackError),
    /// Another server did not start.
    #[error("can't start a server on this machine")]
    Server(#[source] io::Error),
    /// The files for the plugins can't be written.
    #[error("can't write the plugins' files to a temporary folder")]
    Folder(#[source] io::Error),
    /// A plugin can't be loaded or run.
    #[error(transparent)]
    Plugin(#[from] Error),
    /// The servers of this machine can't be granted.
    #[error(transparent)]
    Grant(#[from] InvalidGrant),
    /// The configuration of a plugin can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The configuration of a plugin has a placeholder that stands for nothing.
    #[error("{} has the unknown placeholder {placeholder}; those that are known: {known}", path.display())]
    Placeholder {
        /// The file.
        path: PathBuf,
        /// The placeholder.
        placeholder: String,
        /// Those that stand for something.
        known: String,
    },
}
