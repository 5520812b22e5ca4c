//! The examples of the workspace at hand: built, run against a server on this machine, and measured.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process;

use reglet_sdk_core::grants::{Grants, InvalidGrant};

use crate::error::Error;
use crate::guests::{BuildError, Built, Crate, Profile, Progress};
use crate::host::Host;
use crate::loopback::{LoopbackError, LoopbackTls, Options};
use crate::measure;
use crate::report::Row;

/// The examples, measured.
#[derive(Debug)]
#[non_exhaustive]
pub struct Measured {
    /// Folder of the workspace.
    pub workspace: PathBuf,
    /// The folder that modules and reports are written to.
    pub output_folder: PathBuf,
    /// The server that the examples were run against.
    pub server: LoopbackTls,
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
    let server = LoopbackTls::start(&Options::default())?;
    let host = trusting(&server, &output_folder)?;
    let mut rows = Vec::new();
    for (example, built) in &plugins {
        progress.step(&format!("measuring {} ({})", built.name, built.profile.name()));
        rows.push(measured(&host, example, built, &server)?);
    }
    Ok(Measured { workspace, output_folder, server, rows })
}

/// A host that trusts the server.
fn trusting(server: &LoopbackTls, folder: &Path) -> Result<Host, ExampleError> {
    let file = folder.join(format!("loopback-{}.pem", process::id()));
    server.write_ca(&file).map_err(|source| ExampleError::Write { path: file.clone(), source })?;
    let host = Host::builder().ca_file(&file).build();
    // It has been read; if it stays, it is only in the way.
    let _ = fs::remove_file(&file);
    Ok(host?)
}

fn measured(host: &Host, example: &Crate, built: &Built, server: &LoopbackTls) -> Result<Row, ExampleError> {
    let path = example.folder().join("config.json");
    let config =
        fs::read_to_string(&path).map_err(|source| ExampleError::Read { path: path.clone(), source })?;
    let config = with_numbers(&config, &[("TLS_PORT", server.port())])
        .map_err(|placeholder| ExampleError::Placeholder { path, placeholder })?;
    let plugin = host.load(&built.name, &built.module.bytes)?.granted(servers(server)?);
    Ok(Row {
        plugin: built.name.clone(),
        profile: Some(built.profile.name()),
        raw_module_bytes: Some(built.raw.bytes.len()),
        measured: measure::measure(&plugin, &built.module.bytes, config.as_bytes())?,
    })
}

/// Grants for the servers of the main job, and nothing else.
fn servers(server: &LoopbackTls) -> Result<Grants, ExampleError> {
    Ok(Grants::default().network("localhost", &server.port().to_string())?)
}

/// Puts numbers in the place of their names: `"${NAME}"` becomes a number, and within a longer string its
/// digits. A name that is left is the error.
fn with_numbers(config: &str, numbers: &[(&str, u16)]) -> Result<String, String> {
    let mut config = config.to_owned();
    for (name, number) in numbers {
        let (placeholder, number) = (format!("${{{name}}}"), number.to_string());
        config = config.replace(&format!("\"{placeholder}\""), &number).replace(&placeholder, &number);
    }
    match config.find("${") {
        Some(start) => {
            let end = config[start..].find('}').map_or(config.len(), |len| start + len + 1);
            Err(config[start..end].to_owned())
        }
        None => Ok(config),
    }
}

/// Why the examples were not measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExampleError {
    /// There is no workspace at hand.
    #[error("the examples are built from their source, so run this in the SDK's workspace")]
    NoWorkspace(#[source] BuildError),
    /// The workspace at hand has no examples.
    #[error("there is no plugin in the folder `examples` of this workspace: run this in the SDK's workspace")]
    NoExamples,
    /// An example can't be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The server did not start.
    #[error(transparent)]
    Loopback(#[from] LoopbackError),
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
    /// The certificate of the server can't be written for the host to read.
    #[error("cannot write {}", path.display())]
    Write {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_numbers_in_and_out_of_strings() {
        let config = r#"{"port": "${TLS_PORT}", "url": "https://localhost:${TLS_PORT}/"}"#;
        assert_eq!(
            with_numbers(config, &[("TLS_PORT", 8443)]).unwrap(),
            r#"{"port": 8443, "url": "https://localhost:8443/"}"#
        );
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        let numbers = [("TLS_PORT", 8443)];
        assert_eq!(with_numbers(r#"{"port": "${HTTP_PORT}"}"#, &numbers).unwrap_err(), "${HTTP_PORT}");
        assert_eq!(with_numbers(r#"{"port": "${HTTP"#, &numbers).unwrap_err(), "${HTTP");
    }
}
