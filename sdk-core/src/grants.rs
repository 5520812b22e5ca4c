//! What a plugin may do: rules that allow, and nothing without one (`docs/protocol.md#grantset`).
//!
//! Rules hold patterns: globs as doublestar v4 has them, with `/` as the separator. A pattern is checked when it is
//! given, and one that can't be understood is an error, never a rule that is passed over. What is made is not changed
//! any more.
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

mod address;
mod command;
mod coverage;
mod document;
mod glob;
mod network;
mod risk;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;

pub use address::special_purpose;
pub use command::{Execution, Variable};
pub use risk::{Entry, Level, Risk};

use crate::error::{Error, Kind};
use crate::metadata::Access;
use crate::text::Piece;
use coverage::{missing, missing_network};
use glob::Glob;
use network::{Host, Pattern, Ports, Rule, join};

/// Patterns that grants may have.
const MAX_PATTERNS: usize = 1024;

/// Rules that allow a plugin something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    network: Vec<Rule>,
    read: Vec<Glob>,
    write: Vec<Glob>,
    env: Vec<Glob>,
    exec: Vec<Glob>,
    read_keys: Vec<Glob>,
    write_keys: Vec<Glob>,
}

/// A rule that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidGrant {
    /// Where it stands in what was read, such as `network.rules[0].ports[1]`; empty if there is no more than one place.
    pub path: String,
    /// What is wrong with which pattern.
    pub reason: String,
}

impl InvalidGrant {
    /// Says what is wrong with which pattern.
    #[must_use]
    pub fn new(reason: String) -> Self {
        Self { path: String::new(), reason }
    }

    /// The same, of something inside of what is at this path.
    #[must_use]
    pub fn inside(self, path: &str) -> Self {
        let dot = if self.path.is_empty() { "" } else { "." };
        Self { path: format!("{path}{dot}{}", self.path), ..self }
    }
}

impl fmt::Display for InvalidGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let colon = if self.path.is_empty() { "" } else { ": " };
        write!(f, "{}{colon}{}", self.path, self.reason)
    }
}

impl core::error::Error for InvalidGrant {}

/// What is allowed. A pattern that is there already is not added again.
impl Grants {
    /// Allows connections to hosts that match, on these ports: `443`, `8000-8080` or `*`.
    ///
    /// Hosts are a name, a glob for names, an IP address, or a CIDR block such as `10.0.0.0/8`. Names match without
    /// regard to ASCII case and to a dot at the end, addresses in whatever form they are written. A glob is only ever
    /// about names, but `*` and `**` allow public addresses too. Special-purpose addresses take more, see
    /// [`check_address`](Self::check_address).
    ///
    /// # Errors
    ///
    /// One of them is no pattern.
    pub fn network(self, host: &str, ports: &str) -> Result<Self, InvalidGrant> {
        self.network_rule(&[host], &[ports]).map_err(|error| InvalidGrant { path: String::new(), ..error })
    }

    /// Allows connections to each of the hosts on each of the ports. No hosts or no ports: nothing.
    ///
    /// # Errors
    ///
    /// One of them is no pattern; the path is `hosts[0]` or `ports[0]`.
    pub fn network_rule<H: AsRef<str>, P: AsRef<str>>(
        mut self,
        hosts: &[H],
        ports: &[P],
    ) -> Result<Self, InvalidGrant> {
        self.make_room(hosts.len().saturating_add(ports.len()))?;
        let hosts = read_each("hosts", hosts, Pattern::new)?;
        let ports = read_each("ports", ports, Ports::new)?;
        if !hosts.is_empty() && !ports.is_empty() {
            add(&mut self.network, Rule { hosts, ports });
        }
        Ok(self)
    }

    /// Allows to read the files whose absolute path matches.
    ///
    /// # Errors
    ///
    /// It is no pattern, or one for relative paths.
    pub fn read(mut self, path: &str) -> Result<Self, InvalidGrant> {
        self.make_room(1)?;
        add(&mut self.read, absolute("path", path)?);
        Ok(self)
    }

    /// Allows to write the files whose absolute path matches.
    ///
    /// # Errors
    ///
    /// It is no pattern, or one for relative paths.
    pub fn write(mut self, path: &str) -> Result<Self, InvalidGrant> {
        self.make_room(1)?;
        add(&mut self.write, absolute("path", path)?);
        Ok(self)
    }

    /// Allows commands that match. A pattern without `/` is about commands that are called by a bare name, one with
    /// `/` about the canonical path of what is run; neither is ever about the other.
    ///
    /// # Errors
    ///
    /// It is no pattern, or one for relative paths.
    pub fn exec(mut self, command: &str) -> Result<Self, InvalidGrant> {
        self.make_room(1)?;
        let glob =
            if command.contains('/') { absolute("command", command)? } else { named("command", command)? };
        add(&mut self.exec, glob);
        Ok(self)
    }

    /// Allows environment variables whose name matches.
    ///
    /// # Errors
    ///
    /// It is no pattern.
    pub fn env(mut self, variable: &str) -> Result<Self, InvalidGrant> {
        self.make_room(1)?;
        if variable.contains('=') {
            let reason = format!("variable {variable:?} has a `=`: write its name alone");
            return Err(InvalidGrant::new(reason));
        }
        add(&mut self.env, named("variable", variable)?);
        Ok(self)
    }

    /// Allows to read or write what is stored under keys that match.
    ///
    /// # Errors
    ///
    /// It is no pattern.
    pub fn key_value(mut self, access: Access, key: &str) -> Result<Self, InvalidGrant> {
        self.make_room(1)?;
        let glob = named("key", key)?;
        if access != Access::Write {
            add(&mut self.read_keys, glob.clone());
        }
        if access != Access::Read {
            add(&mut self.write_keys, glob);
        }
        Ok(self)
    }

    /// Allows what others allow, too.
    #[must_use]
    pub fn merge(mut self, others: Self) -> Self {
        let Self { network, read, write, env, exec, read_keys, write_keys } = others;
        network.into_iter().for_each(|rule| add(&mut self.network, rule));
        for (own, others) in [
            (&mut self.read, read),
            (&mut self.write, write),
            (&mut self.env, env),
            (&mut self.exec, exec),
            (&mut self.read_keys, read_keys),
            (&mut self.write_keys, write_keys),
        ] {
            others.into_iter().for_each(|glob| add(own, glob));
        }
        self
    }

    fn make_room(&self, more: usize) -> Result<(), InvalidGrant> {
        let globs = [&self.read, &self.write, &self.env, &self.exec, &self.read_keys, &self.write_keys];
        let patterns = globs.iter().map(|globs| globs.len()).sum::<usize>()
            + self.network.iter().map(|rule| rule.hosts.len() + rule.ports.len()).sum::<usize>();
        if patterns.saturating_add(more) > MAX_PATTERNS {
            return Err(InvalidGrant::new(format!("more than {MAX_PATTERNS} patterns: use wider ones")));
        }
        Ok(())
    }
}

/// What is asked.
impl Grants {
    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What of some requests these grants don't cover.
    ///
    /// A pattern covers another one if that is plain to see: `*.example.com` covers `www.example.com` and
    /// `*.api.example.com`, `/data/**` covers `/data/*.json`, `8000-8100` covers `8080`, `10.0.0.0/8` covers
    /// `10.1.2.3`. In doubt it doesn't: a plugin may then be allowed what is named here as missing, but is never
    /// denied what is not.
    #[must_use]
    pub fn missing(&self, requested: &Self) -> Self {
        // Bare names and paths are never about each other.
        let exec = requested.exec.iter().filter(|command| {
            let is_path = |glob: &Glob| glob.as_str().contains('/');
            !self.exec.iter().any(|granted| is_path(granted) == is_path(command) && granted.covers(command))
        });
        Self {
            network: missing_network(&self.network, &requested.network),
            read: missing(&self.read, &requested.read),
            write: missing(&self.write, &requested.write),
            env: missing(&self.env, &requested.env),
            exec: exec.cloned().collect(),
            read_keys: missing(&self.read_keys, &requested.read_keys),
            write_keys: missing(&self.write_keys, &requested.write_keys),
        }
    }

    /// How much harm they allow.
    #[must_use]
    pub fn risk(&self) -> Risk {
        risk::of(self)
    }

    /// Checks a connection by the name or the address literal that was asked for. An IPv6 address may stand in
    /// brackets.
    ///
    /// # Errors
    ///
    /// No rule allows it: an error of type `capability`, code `CAPABILITY_DENIED`.
    pub fn check_network(&self, host: &str, port: u16) -> Result<(), Error> {
        let asked = Host::new(host);
        if self.network.iter().any(|rule| rule.allows(port, |pattern| pattern.matches(asked))) {
            Ok(())
        } else {
            Err(denied(format!("network capability denied: {}", join(&host, &port))))
        }
    }

    /// Checks an address that `host` stands for, or is, before it is connected to.
    ///
    /// A [special-purpose](special_purpose) address is allowed only by a rule with that port and with the address
    /// itself, with a CIDR block that it is in, or, if it is a loopback address that `localhost` was asked for, with
    /// `localhost` (`docs/protocol.md#h2`).
    ///
    /// # Errors
    ///
    /// There is no such rule: an error of type `capability`, code `SSRF_BLOCKED`.
    pub fn check_address(&self, host: &str, address: IpAddr, port: u16) -> Result<(), Error> {
        let address = address.to_canonical();
        let Some(what) = special_purpose(address) else { return Ok(()) };
        let asked = Host::new(host);
        let is_localhost = asked.is_localhost() && address.is_loopback();
        let allows = |pattern: &Pattern| pattern.names(address) || is_localhost && pattern.is_localhost();
        if self.network.iter().any(|rule| rule.allows(port, allows)) {
            return Ok(());
        }
        let of = match asked {
            Host::Name(name) => format!(" of {name}"),
            Host::Address(_) => String::new(),
        };
        let grant = if is_localhost { join(&host, &port) } else { join(&address, &port) };
        let message = format!("address {address}{of} is {what}: grant {grant} itself, or a CIDR block");
        Err(Error::new(Kind::Capability, message).with_code("SSRF_BLOCKED"))
    }

    /// Whether the file at this path may be read. The path is absolute and canonical: no `.`, `..` or symbolic link.
    #[must_use]
    pub fn allows_read(&self, path: &str) -> bool {
        is_canonical(path) && any(&self.read, path)
    }

    /// Whether the file at this path may be written. The path is absolute and canonical: no `.`, `..` or symbolic link.
    #[must_use]
    pub fn allows_write(&self, path: &str) -> bool {
        is_canonical(path) && any(&self.write, path)
    }

    /// The folders that hold all files which may be read or written: of each pattern the one before its first
    /// wildcard, or, without any, the one that the file is in. Some may stand there more than once.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.read.iter().chain(&self.write).map(|glob| glob.folder())
    }

    /// Whether a command by this bare name, looked up in the fixed `PATH`, is allowed.
    #[must_use]
    pub fn allows_bare_command(&self, name: &str) -> bool {
        let is_name = !name.is_empty() && !name.contains('/');
        is_name && self.exec.iter().any(|glob| !glob.as_str().contains('/') && glob.matches(name))
    }

    /// Whether the command at this canonical path is allowed.
    #[must_use]
    pub fn allows_command_at(&self, path: &str) -> bool {
        is_canonical(path) && self.exec.iter().any(|glob| glob.as_str().contains('/') && glob.matches(path))
    }

    /// Whether the environment variable may be seen.
    #[must_use]
    pub fn allows_env(&self, variable: &str) -> bool {
        any(&self.env, variable)
    }

    /// Whether the environment variable may be set for a command that is allowed: some [never](Variable::Never) may,
    /// some need a [grant](Variable::Granted).
    #[must_use]
    pub fn passes_env(&self, variable: &str) -> bool {
        match Variable::of(variable) {
            Variable::Never => false,
            Variable::Granted => self.allows_env(variable),
            Variable::Free => true,
        }
    }

    /// Whether what is stored under this key may be read, written, or both.
    #[must_use]
    pub fn allows_key(&self, access: Access, key: &str) -> bool {
        (access == Access::Write || any(&self.read_keys, key))
            && (access == Access::Read || any(&self.write_keys, key))
    }
}

fn denied(message: impl Piece) -> Error {
    Error::new(Kind::Capability, message).with_code("CAPABILITY_DENIED")
}

fn any(globs: &[Glob], text: &str) -> bool {
    globs.iter().any(|glob| glob.matches(text))
}

fn add<T: PartialEq>(list: &mut Vec<T>, new: T) {
    if !list.contains(&new) {
        list.push(new);
    }
}

fn read_each<T: PartialEq>(
    list: &str,
    texts: &[impl AsRef<str>],
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, InvalidGrant> {
    let mut all = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        let one = read(text.as_ref());
        add(&mut all, one.map_err(|reason| InvalidGrant::new(reason).inside(&format!("{list}[{at}]")))?);
    }
    Ok(all)
}

/// A pattern of some kind, which is not empty.
fn named(kind: &str, pattern: &str) -> Result<Glob, InvalidGrant> {
    if pattern.is_empty() {
        return Err(InvalidGrant::new(format!("{kind} pattern is empty")));
    }
    Glob::new(pattern).map_err(|reason| InvalidGrant::new(format!("{kind} {reason}")))
}

/// The same, for absolute paths: one that starts with a name would never match.
fn absolute(kind: &str, pattern: &str) -> Result<Glob, InvalidGrant> {
    let glob = named(kind, pattern)?;
    if !pattern.starts_with(['/', '*', '?', '[', '{', '\\']) {
        let reason = format!("{kind} pattern {pattern:?} is relative: write an absolute path");
        return Err(InvalidGrant::new(reason));
    }
    Ok(glob)
}

/// Whether a path is absolute and has no parts that mean another one.
fn is_canonical(path: &str) -> bool {
    let is_part = |part: &str| !matches!(part, "" | "." | "..");
    path == "/" || path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_part))
}
