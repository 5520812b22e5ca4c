//! How much harm grants allow.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Grants;
use super::command::runs_anything;
use super::glob::Glob;
use super::network::{Pattern, join};

/// How much harm something can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// None: it reaches nothing.
    None,
    /// It reads what seldom is secret.
    Low,
    /// It reads files, reaches a host or runs a command.
    Medium,
    /// It changes files, or reads what often is secret.
    High,
    /// There is nothing that it cannot do.
    Critical,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        })
    }
}

/// What some grants risk, for people who are to decide on them.
///
/// ```
/// use reglet_sdk_core::grants::{Grants, Level};
///
/// let risk = Grants::default().network("example.com", "443")?.write("/etc/**")?.risk();
/// assert_eq!(risk.level(), Level::High);
/// assert_eq!(
///     risk.to_string(),
///     "risk: high\n  high: fs write /etc/**: changes files\n  medium: network example.com:443: reaches a host"
/// );
/// # Ok::<(), reglet_sdk_core::grants::InvalidGrant>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Risk {
    entries: Vec<Entry>,
}

/// A grant, and what it risks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// How much harm it allows.
    pub level: Level,
    /// The grant: `fs write /etc/**`.
    pub what: String,
    /// The harm, in words.
    pub why: &'static str,
}

impl Risk {
    /// What each grant risks, the worst first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The worst of the levels.
    #[must_use]
    pub fn level(&self) -> Level {
        self.entries.first().map_or(Level::None, |entry| entry.level)
    }
}

/// A line for the level, and one for each grant.
impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "risk: {}", self.level())?;
        self.entries.iter().try_for_each(|Entry { level, what, why }| {
            // Patterns come from a file that someone else may have written.
            write!(f, "\n  {level}: ")?;
            for char in what.chars() {
                if char.is_control() {
                    write!(f, "{}", char.escape_default())?;
                } else {
                    fmt::Write::write_char(f, char)?;
                }
            }
            write!(f, ": {why}")
        })
    }
}

pub(super) fn of(grants: &Grants) -> Risk {
    let mut entries = Vec::new();
    let mut add = |what: String, (level, why)| entries.push(Entry { level, what, why });
    for rule in &grants.network {
        for host in &rule.hosts {
            for ports in &rule.ports {
                add(format!("network {}", join(host, ports)), network(host));
            }
        }
    }
    let mut each = |what: &str, globs: &[Glob], judge: &dyn Fn(&Glob) -> (Level, &'static str)| {
        for glob in globs {
            add(format!("{what} {}", glob.as_str()), judge(glob));
        }
    };
    each("fs read", &grants.read, &read);
    each("fs write", &grants.write, &write);
    each("env", &grants.env, &env);
    each("exec", &grants.exec, &exec);
    each("kv read", &grants.read_keys, &|_| (Level::Low, "reads stored values"));
    each("kv write", &grants.write_keys, &|_| (Level::Medium, "changes stored values"));
    entries.sort_by_key(|entry| core::cmp::Reverse(entry.level));
    Risk { entries }
}

fn network(host: &Pattern) -> (Level, &'static str) {
    match host {
        Pattern::Name(glob) if glob.is_all() => (Level::Critical, "reaches any public host"),
        Pattern::Block(block) if block.prefix == 0 => (Level::Critical, "reaches any address"),
        Pattern::Block(_) => (Level::High, "reaches all addresses of a block, private ones too"),
        Pattern::Address(address) if super::special_purpose(*address).is_some() => {
            (Level::High, "reaches an address that is not public")
        }
        Pattern::Name(_) if host.is_localhost() => (Level::High, "reaches services of this machine"),
        Pattern::Name(glob) if !glob.is_literal() => (Level::Medium, "reaches some hosts"),
        Pattern::Name(_) | Pattern::Address(_) => (Level::Medium, "reaches a host"),
    }
}

fn read(path: &Glob) -> (Level, &'static str) {
    if is_whole_tree(path) { (Level::High, "reads every file") } else { (Level::Medium, "reads files") }
}

fn write(path: &Glob) -> (Level, &'static str) {
    if is_whole_tree(path) { (Level::Critical, "changes any file") } else { (Level::High, "changes files") }
}

fn env(variable: &Glob) -> (Level, &'static str) {
    if variable.is_all() {
        (Level::High, "sees every environment variable")
    } else if matches!(variable.as_str(), "AWS_*" | "AZURE_*" | "GCP_*") {
        (Level::High, "sees credentials")
    } else {
        (Level::Low, "sees environment variables")
    }
}

fn exec(command: &Glob) -> (Level, &'static str) {
    let name = command.as_str().rsplit('/').next().unwrap_or_default();
    if command.is_literal() {
        if runs_anything(name) {
            (Level::Critical, "runs any code")
        } else {
            (Level::Medium, "runs a command")
        }
    } else if matches!(name, "*" | "**") {
        (Level::Critical, "runs any command that is there")
    } else {
        (Level::High, "runs all commands that match")
    }
}

/// Whether the pattern is about all files, as far as one can see.
fn is_whole_tree(path: &Glob) -> bool {
    path.as_str().bytes().all(|byte| matches!(byte, b'/' | b'*'))
}
