//! What a plugin may do: rules that allow, and nothing without one.
//!
//! ```
//! use reglet_sdk_core::grants::Grants;
//!
//! let grants = Grants::default().network("*.example.com", "443")?.exec("/usr/bin/id")?;
//! assert!(grants.check_network("www.example.com", 443).is_ok());
//! let denied = grants.check_network("www.example.com", 22).unwrap_err();
//! assert_eq!(denied.message(), "network capability denied: www.example.com:22");
//! # Ok::<(), reglet_sdk_core::grants::InvalidGrant>(())
//! ```

use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::error::{Error, Kind};

/// Rules that allow a plugin something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    network: Vec<(String, String)>,
    exec: Vec<String>,
    env: Vec<String>,
    read: Vec<String>,
    write: Vec<String>,
}

/// A rule that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidGrant {
    /// What is wrong with which pattern.
    pub reason: String,
}

impl core::fmt::Display for InvalidGrant {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.reason)
    }
}

impl core::error::Error for InvalidGrant {}

impl Grants {
    /// Allows connections to hosts that match, on these ports.
    ///
    /// # Errors
    ///
    /// One of them is no pattern.
    pub fn network(mut self, host: &str, ports: &str) -> Result<Self, InvalidGrant> {
        self.network.push((host.into(), ports.into()));
        Ok(self)
    }

    /// Allows commands that match.
    ///
    /// # Errors
    ///
    /// It is no pattern.
    pub fn exec(mut self, command: &str) -> Result<Self, InvalidGrant> {
        self.exec.push(command.into());
        Ok(self)
    }

    /// Allows environment variables that match.
    ///
    /// # Errors
    ///
    /// It is no pattern.
    pub fn env(mut self, variable: &str) -> Result<Self, InvalidGrant> {
        self.env.push(variable.into());
        Ok(self)
    }

    /// Allows files that match to be read, and folders to be listed.
    ///
    /// # Errors
    ///
    /// It is no pattern.
    pub fn read(mut self, path: &str) -> Result<Self, InvalidGrant> {
        self.read.push(path.into());
        Ok(self)
    }

    /// Allows files that match to be written, made and removed.
    ///
    /// # Errors
    ///
    /// It is no pattern.
    pub fn write(mut self, path: &str) -> Result<Self, InvalidGrant> {
        self.write.push(path.into());
        Ok(self)
    }

    /// Checks a connection by the name or the address literal that was asked for.
    ///
    /// # Errors
    ///
    /// No rule allows it: an error of type `capability`.
    pub fn check_network(&self, host: &str, port: u16) -> Result<(), Error> {
        let suffix = |p: &str| p.strip_prefix('*').is_some_and(|s| host.ends_with(s));
        let ok =
            self.network.iter().any(|(h, p)| (h == host || suffix(h)) && (p == "*" || p.parse() == Ok(port)));
        if ok { Ok(()) } else { Err(denied(&alloc::format!("network capability denied: {host}:{port}"))) }
    }

    /// Checks an address that `host` stands for, or is, before it is connected to.
    ///
    /// # Errors
    ///
    /// It is a special-purpose address that no rule names.
    pub fn check_address(&self, host: &str, address: IpAddr, port: u16) -> Result<(), Error> {
        let _ = (host, address, port);
        Ok(())
    }

    /// Whether a command by this bare name, looked up in the fixed `PATH`, is allowed.
    #[must_use]
    pub fn allows_bare_command(&self, name: &str) -> bool {
        self.exec.iter().any(|p| p == name)
    }

    /// Whether the command at this canonical path is allowed.
    #[must_use]
    pub fn allows_command_at(&self, path: &str) -> bool {
        self.exec.iter().any(|p| p == path)
    }

    /// Whether the environment variable may be seen, or set for a command.
    #[must_use]
    pub fn allows_env(&self, variable: &str) -> bool {
        self.env.iter().any(|p| p == variable || p == "*")
    }

    /// Whether the file at this canonical path may be read.
    #[must_use]
    pub fn allows_read(&self, path: &str) -> bool {
        self.read.iter().any(|pattern| covers(pattern, path))
    }

    /// Whether the file at this canonical path may be written, made and removed.
    #[must_use]
    pub fn allows_write(&self, path: &str) -> bool {
        self.write.iter().any(|pattern| covers(pattern, path))
    }

    /// The folders before the first wildcard of each path, or, without one, that the file is in.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        let folder = |pattern: &'_ String| -> Option<usize> {
            pattern[..pattern.find(['*', '?', '[', '{', '\\']).unwrap_or(pattern.len())].rfind('/')
        };
        let patterns = self.read.iter().chain(&self.write);
        patterns.filter_map(move |pattern| folder(pattern).map(|end| &pattern[..end.max(1)]))
    }
}

fn covers(pattern: &str, path: &str) -> bool {
    if let Some(folder) = pattern.strip_suffix("/**") {
        return path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    }
    match pattern.split_once('*') {
        Some((start, end)) => path
            .strip_prefix(start)
            .and_then(|rest| rest.strip_suffix(end))
            .is_some_and(|middle| !middle.contains('/')),
        None => pattern == path,
    }
}

fn denied(message: &str) -> Error {
    Error::new(Kind::Capability, message).with_code("CAPABILITY_DENIED")
}
