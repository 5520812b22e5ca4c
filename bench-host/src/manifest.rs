//! `plugin.yaml`, and `--allow`: what the person who runs a plugin grants it (`docs/protocol.md#h6`).

mod allow;

use reglet_sdk_core::grants::{Grants, InvalidGrant};
use reglet_sdk_core::metadata::Access;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::{Location, Spanned};

pub use allow::allow;

use crate::log::printable;

/// Bytes that a manifest may have.
const MAX_BYTES: usize = 1 << 20;

/// A manifest: who a plugin is, and what it may do.
///
/// Its keys are `name`, `version`, `description` and `capabilities`, all of which may be missing. `capabilities` has
/// the form of the grant set in `docs/protocol.md#grantset`. JSON will do too, since it is YAML. Templates are not
/// filled in: what stands in `{{ }}` is text like any other.
///
/// ```
/// use reglet_bench_host::manifest::Manifest;
///
/// let manifest = Manifest::parse(
///     "
/// name: tls-check
/// version: 1.0.0
/// capabilities:
///   network:
///     rules:
///       - hosts: ['*.example.com']
///         ports: [443, 8000-8080]
///   fs:
///     rules:
///       - read: [/etc/ssl/**]
///   env:
///     vars: [LANG]
///   exec:
///     commands: [/usr/bin/openssl]
///   kv:
///     rules:
///       - op: read
///         keys: ['cache-*']
/// ",
/// )?;
/// assert_eq!(manifest.name, "tls-check");
/// assert!(manifest.grants.check_network("www.example.com", 443).is_ok());
///
/// let error = Manifest::parse("capabilities: {env: {vars: ['A=1']}}").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"line 1, column 29: capabilities.env.vars[0]: variable "A=1" has a `=`: write its name alone"#
/// );
/// # Ok::<(), reglet_bench_host::manifest::InvalidManifest>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Manifest {
    /// Name of the plugin.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it does.
    pub description: String,
    /// What it may do.
    pub grants: Grants,
}

/// A manifest that can't be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{reason}", place(*line, *column))]
#[non_exhaustive]
pub struct InvalidManifest {
    /// The line, from 1; 0 if it is about the whole.
    pub line: u64,
    /// The column, from 1; 0 if it is about the whole.
    pub column: u64,
    /// What is wrong with which value.
    pub reason: String,
}

impl Manifest {
    /// Reads a manifest.
    ///
    /// # Errors
    ///
    /// It has more than 1 MiB, is not YAML, nests or repeats itself too much, has a key that is not known, or a rule
    /// or pattern that is not valid.
    pub fn parse(yaml: &str) -> Result<Self, InvalidManifest> {
        if yaml.len() > MAX_BYTES {
            let reason =
                format!("the manifest has {} bytes, more than the limit of {MAX_BYTES} bytes", yaml.len());
            return Err(InvalidManifest { line: 0, column: 0, reason });
        }
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_depth: 32,
                flow_nesting_limit: 32,
                max_events: 200_000,
                max_nodes: 100_000,
                max_aliases: 1_000,
                max_anchors: 1_000,
                max_recorded_anchor_events: 100_000,
                max_recorded_anchor_bytes: MAX_BYTES,
                max_total_scalar_bytes: 4 * MAX_BYTES,
                max_documents: 1,
                max_merge_keys: 100,
            },
            alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
            with_snippet: false,
        };
        let document: Option<Document> =
            serde_saphyr::from_str_with_options(yaml, options).map_err(|error| unreadable(yaml, &error))?;
        let document = document.unwrap_or_default();
        Ok(Self {
            name: document.name.unwrap_or_default(),
            version: document.version.unwrap_or_default(),
            description: document.description.unwrap_or_default(),
            grants: document.capabilities.unwrap_or_default().grants()?,
        })
    }
}

/// The file. The keys that other hosts' manifests have besides are passed over.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "some keys are only there to be known")]
struct Document {
    name: Option<String>,
    version: Option<String>,
    description: Option<String>,
    capabilities: Option<Capabilities>,
    sdk_version: Option<IgnoredAny>,
    min_host_version: Option<IgnoredAny>,
    config_schema: Option<IgnoredAny>,
    services: Option<IgnoredAny>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Capabilities {
    network: Option<Rules<Network>>,
    fs: Option<Rules<Files>>,
    env: Option<Variables>,
    exec: Option<Commands>,
    kv: Option<Rules<Keys>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rules<T> {
    rules: Option<Vec<Spanned<T>>>,
}

/// Patterns, and where they stand.
type Patterns = Option<Vec<Spanned<String>>>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Network {
    hosts: Patterns,
    ports: Patterns,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Files {
    read: Patterns,
    write: Patterns,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Variables {
    vars: Patterns,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Commands {
    commands: Patterns,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    op: Spanned<String>,
    keys: Patterns,
}

impl Capabilities {
    fn grants(self) -> Result<Grants, InvalidManifest> {
        let mut grants = Grants::default();
        for (path, rule, place) in rules("network", self.network) {
            let (hosts, ports) = (rule.hosts.unwrap_or_default(), rule.ports.unwrap_or_default());
            for (list, patterns) in [("hosts", &hosts), ("ports", &ports)] {
                if patterns.is_empty() {
                    return Err(invalid(place, &format!("{path}: without {list} it allows nothing")));
                }
            }
            let texts = |patterns: &[Spanned<String>]| -> Vec<_> {
                patterns.iter().map(|pattern| pattern.value.clone()).collect()
            };
            grants = grants.network_rule(&texts(&hosts), &texts(&ports)).map_err(|error| {
                let named = |list: &str, patterns: &[Spanned<String>]| {
                    let path = |at| format!("{list}[{at}]");
                    (0..)
                        .zip(patterns)
                        .find(|(at, _)| path(*at) == error.path)
                        .map(|(_, pattern)| pattern.referenced)
                };
                let at = named("hosts", &hosts).or_else(|| named("ports", &ports)).unwrap_or(place);
                invalid(at, &error.inside(&path).to_string())
            })?;
        }
        for (path, rule, place) in rules("fs", self.fs) {
            if rule.read.is_none() && rule.write.is_none() {
                return Err(invalid(place, &format!("{path}: without read and write it allows nothing")));
            }
            grants = each(grants, &format!("{path}.read"), rule.read, Grants::read)?;
            grants = each(grants, &format!("{path}.write"), rule.write, Grants::write)?;
        }
        let variables = self.env.and_then(|env| env.vars);
        grants = each(grants, "capabilities.env.vars", variables, Grants::env)?;
        let commands = self.exec.and_then(|exec| exec.commands);
        grants = each(grants, "capabilities.exec.commands", commands, Grants::exec)?;
        for (path, Keys { op, keys }, _) in rules("kv", self.kv) {
            let access =
                Access::ALL.into_iter().find(|access| access.as_str() == op.value).ok_or_else(|| {
                    let reason = format!("{path}.op: expected read, write or read-write, got {:?}", op.value);
                    invalid(op.referenced, &reason)
                })?;
            grants =
                each(grants, &format!("{path}.keys"), keys, |grants, key| grants.key_value(access, key))?;
        }
        Ok(grants)
    }
}

/// The rules of a kind, each with its path and its place.
fn rules<T>(kind: &str, rules: Option<Rules<T>>) -> impl Iterator<Item = (String, T, Location)> {
    let rules = rules.and_then(|rules| rules.rules).unwrap_or_default();
    rules
        .into_iter()
        .enumerate()
        .map(move |(at, rule)| (format!("capabilities.{kind}.rules[{at}]"), rule.value, rule.referenced))
}

fn each(
    mut grants: Grants,
    path: &str,
    patterns: Patterns,
    allow: impl Fn(Grants, &str) -> Result<Grants, InvalidGrant>,
) -> Result<Grants, InvalidManifest> {
    for (at, pattern) in patterns.unwrap_or_default().iter().enumerate() {
        grants = allow(grants, &pattern.value).map_err(|error| {
            invalid(pattern.referenced, &error.inside(&format!("{path}[{at}]")).to_string())
        })?;
    }
    Ok(grants)
}

/// The reader's errors know no path; the line shows whoever wrote it what is meant.
#[cold]
fn unreadable(yaml: &str, error: &serde_saphyr::Error) -> InvalidManifest {
    let place = error.location().unwrap_or(Location::UNKNOWN);
    let text = error.render_with_formatter(&serde_saphyr::UserMessageFormatter);
    let reason = text.split(" at line ").next().unwrap_or_default();
    let before = usize::try_from(place.line()).unwrap_or_default().checked_sub(1);
    let line = before.and_then(|before| yaml.lines().nth(before)).unwrap_or_default().trim();
    let shown = line.get(..line.floor_char_boundary(60)).unwrap_or_default();
    let cut = if shown.len() < line.len() { "…" } else { "" };
    let hint =
        if reason.contains("anchor or alias") { " (a pattern that starts with * needs quotes)" } else { "" };
    invalid(place, &format!("{reason}, in `{shown}{cut}`{hint}"))
}

#[cold]
fn invalid(place: Location, reason: &str) -> InvalidManifest {
    InvalidManifest { line: place.line(), column: place.column(), reason: printable(reason) }
}

fn place(line: u64, column: u64) -> String {
    if line == 0 { String::new() } else { format!("line {line}, column {column}: ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(yaml: &str) -> String {
        Manifest::parse(yaml).unwrap_err().to_string()
    }

    #[test]
    fn yaml_and_json_mean_the_same() {
        let yaml = "\
capabilities:
  network:
    rules:
    - hosts: [a.example, '::1']
      ports: [443, 80-90]
  fs: {rules: [{read: [/a/**], write: [/b]}]}
  env: {vars: [HOME]}
  exec: {commands: [id]}
  kv: {rules: [{op: read-write, keys: [k]}]}
";
        let json = r#"{
	"name": "x", "version": "1.0",
	"capabilities": {
		"network": {"rules": [{"hosts": ["a.example", "::1"], "ports": ["443", "80-90"]}]},
		"fs": {"rules": [{"read": ["/a/**"], "write": ["/b"]}]},
		"env": {"vars": ["HOME"]}, "exec": {"commands": ["id"]},
		"kv": {"rules": [{"op": "read-write", "keys": ["k"]}]}
	}
}"#;
        let (yaml, json) = (Manifest::parse(yaml).unwrap(), Manifest::parse(json).unwrap());
        assert_eq!(yaml.grants, json.grants);
        assert_eq!((&*json.name, &*json.version, &*json.description), ("x", "1.0", ""));
        let grants = yaml.grants;
        assert!(grants.check_network("[::1]", 85).is_ok() && grants.allows_read("/a/b"));
        assert!(grants.allows_write("/b") && grants.allows_env("HOME") && grants.allows_bare_command("id"));
        assert!(grants.allows_key(Access::ReadWrite, "k"));
    }

    #[test]
    fn what_is_missing_or_null_allows_nothing() {
        for yaml in ["", "# nothing", "name: x", "capabilities:", "capabilities: {env: , fs: {rules: []}}"] {
            assert!(Manifest::parse(yaml).unwrap().grants.is_empty(), "{yaml}");
        }
    }

    #[test]
    fn keys_of_other_hosts_are_passed_over_and_unknown_ones_are_not() {
        let manifest = "sdk_version: 1\nmin_host_version: 2\nconfig_schema: {a: [b]}\nservices: {s: {x: 1}}";
        assert!(Manifest::parse(manifest).is_ok());
        for (yaml, place, key) in [
            ("name: x\nlicence: y", "line 2, column 1: ", "licence"),
            ("capabilities:\n  netwrok: {}", "line 2, column 3: ", "netwrok"),
            ("capabilities:\n  network:\n    rules:\n    - host: [a]", "line 4, column 7: ", "host"),
        ] {
            let error = error(yaml);
            assert!(error.starts_with(place) && error.contains(key), "{error}");
        }
    }

    #[test]
    fn errors_say_where_and_which_value() {
        for (yaml, text) in [
            (
                "capabilities:\n  network:\n    rules:\n    - hosts: [a, b]\n      ports: [80, http]",
                r#"line 5, column 19: capabilities.network.rules[0].ports[1]: port "http" is neither a number up to 65535, nor a range such as 8000-8080, nor *"#,
            ),
            (
                "capabilities:\n  network:\n    rules:\n    - hosts: [a, 'b:1']\n      ports: [80]",
                r#"line 4, column 18: capabilities.network.rules[0].hosts[1]: host pattern "b:1" has a colon: ports stand apart from hosts, and of IPv6 there are only whole addresses and CIDR blocks"#,
            ),
            (
                "capabilities: {network: {rules: [{hosts: [a]}]}}",
                "line 1, column 34: capabilities.network.rules[0]: without ports it allows nothing",
            ),
            (
                "capabilities: {fs: {rules: [{}]}}",
                "line 1, column 29: capabilities.fs.rules[0]: without read and write it allows nothing",
            ),
            (
                "capabilities: {fs: {rules: [{write: [data]}]}}",
                r#"line 1, column 38: capabilities.fs.rules[0].write[0]: path pattern "data" is relative: write an absolute path"#,
            ),
            (
                "capabilities: {kv: {rules: [{op: all, keys: [a]}]}}",
                r#"line 1, column 34: capabilities.kv.rules[0].op: expected read, write or read-write, got "all""#,
            ),
        ] {
            assert_eq!(error(yaml), text);
        }
        assert_eq!(error("name: {a: b}"), "line 1, column 7: expected string scalar, in `name: {a: b}`");
        assert!(
            error("capabilities: {env: {vars: [*]}}")
                .ends_with("(a pattern that starts with * needs quotes)")
        );
        for yaml in [
            "capabilities: [",
            "name: {a: b}",
            "a: b: c",
            "name: x\nname: y",
            "a\n---\nb",
            "capabilities: {env: {vars: [*]}}",
        ] {
            let error = error(yaml);
            assert!(error.starts_with("line "), "{error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn manifests_have_limits() {
        let large = format!("# {}", "x".repeat(MAX_BYTES));
        assert_eq!(error(&large), "the manifest has 1048578 bytes, more than the limit of 1048576 bytes");
        for bomb in [
            format!("config_schema: {}1{}", "[".repeat(1000), "]".repeat(1000)),
            format!("config_schema: {}", "{a: ".repeat(40)),
            // Each level has the one before it ten times.
            (1..9).fold("config_schema:\n- &a0 [x, x, x]\n".to_owned(), |yaml, at| {
                let before = at - 1;
                yaml + &format!("- &a{at} [{}]\n", vec![format!("*a{before}"); 10].join(", "))
            }),
            format!("config_schema: [{}]", "&a x, ".repeat(2000)),
            format!("config_schema: [{}]", "x,".repeat(150_000)),
        ] {
            assert!(Manifest::parse(&bomb).is_err(), "{}", bomb.get(..60).unwrap_or(&bomb));
        }
    }
}
