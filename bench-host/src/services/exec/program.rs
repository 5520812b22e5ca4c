//! The file that a command means, and whether it may be run.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{self, Component, Path, PathBuf};

use reglet_sdk_core::error::Error;
use reglet_sdk_core::grants::Grants;

use super::{failure, start_failed};
use crate::log::printable;

/// Bytes that a path may have, with the closing zero; as Linux has it.
const MAX_PATH: usize = 4096;

/// What grants of commands begin with in words.
const EXEC: &str = "exec ";

/// A command, and the file that it stands for.
pub(super) struct Program {
    command: String,
    /// Without links, `.` and `..`. If there is no such file, the path that it would have.
    path: Option<PathBuf>,
    /// Why there is no such file.
    missing: Option<io::Error>,
}

impl Program {
    /// Looks a bare name up in `folders`, which have `:` between them. A relative path starts at `dir`, or at the host's
    /// own folder.
    pub(super) fn find(command: &str, dir: &str, folders: &str) -> Self {
        let found = if command.contains('/') {
            path::absolute(Path::new(dir).join(command)).map_err(|error| (None, error)).and_then(canonical)
        } else {
            look_up(command, folders).ok_or_else(|| (None, io::ErrorKind::NotFound.into()))
        };
        let (path, missing) = match found {
            Ok(path) => (Some(path), None),
            Err((path, error)) => (path, Some(error)),
        };
        Self { command: command.into(), path, missing }
    }

    /// Whether the grants allow the name, if it is a bare one, or else the file.
    pub(super) fn is_granted(&self, grants: &Grants) -> bool {
        !self.command.contains('/') && grants.allows_bare_command(&self.command)
            || self.path().is_some_and(|path| grants.allows_command_at(path))
            || self.is_behind_a_grant(grants)
    }

    /// Whether a grant names a link that leads to the file, as `/bin/sh` is one on most systems: whoever grants a single
    /// path means the file that is there. Of a pattern that is not so: there may be links that nobody thought of.
    fn is_behind_a_grant(&self, grants: &Grants) -> bool {
        let Some(path) = self.path.as_deref().filter(|_| self.missing.is_none()) else { return false };
        let is_link_to = |command: &str| {
            let is_single = command.starts_with('/') && !command.contains(['*', '?', '[', '{', '\\']);
            is_single && Path::new(command).canonicalize().is_ok_and(|real| real == path)
        };
        grants.risk().entries().iter().filter_map(|entry| entry.what.strip_prefix(EXEC)).any(is_link_to)
    }

    /// Whether any command is granted at all.
    pub(super) fn is_any_granted(grants: &Grants) -> bool {
        grants.risk().entries().iter().any(|entry| entry.what.starts_with(EXEC))
    }

    /// The path of the file, if the command is another path.
    pub(super) fn differing_path(&self) -> Option<String> {
        let path = self.path().filter(|path| self.command.contains('/') && *path != self.command);
        path.map(Into::into)
    }

    /// The path of the file. Of a command that is not granted nobody may learn why there is none.
    pub(super) fn into_path(self) -> Result<PathBuf, Error> {
        match (self.path, self.missing) {
            (Some(path), None) => Ok(path),
            (_, Some(error)) if self.command.contains('/') => Err(start_failed(&self.command, &error)),
            _ => {
                let name = printable(&self.command);
                Err(failure(&format!("exec: \"{name}\": executable file not found in $PATH")))
            }
        }
    }

    /// Grants can't be held against a path that is not UTF-8.
    fn path(&self) -> Option<&str> {
        self.path.as_deref().and_then(Path::to_str)
    }
}

fn look_up(name: &str, folders: &str) -> Option<PathBuf> {
    folders
        .split(':')
        .filter(|folder| folder.starts_with('/'))
        .filter_map(|folder| Path::new(folder).join(name).canonicalize().ok())
        .find(|path| is_executable(path))
}

fn is_executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// The path without links, `.` and `..`; or why there is no such file, and the path that it would have.
fn canonical(path: PathBuf) -> Result<PathBuf, (Option<PathBuf>, io::Error)> {
    if path.as_os_str().len() >= MAX_PATH {
        return Err((None, io::ErrorKind::InvalidFilename.into()));
    }
    path.canonicalize().map_err(|error| {
        let would_be = path.ancestors().skip(1).find_map(|ancestor| {
            let rest = path.strip_prefix(ancestor).ok()?;
            let real = ancestor.canonicalize().ok()?;
            rest.components().all(|part| matches!(part, Component::Normal(_))).then(|| real.join(rest))
        });
        (would_be, error)
    })
}
