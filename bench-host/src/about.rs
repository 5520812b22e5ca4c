//! What a plugin says of itself, whatever generation it is of.

use reglet_sdk_core::grants::{Grants, InvalidGrant};
use reglet_sdk_core::json::{self, Kind, Value};
use reglet_sdk_core::metadata::Access;
use semver::Version;

use crate::log::printable;

/// The version of the protocol that this host speaks; plugins name the oldest that they can do with
/// (`docs/protocol.md#k12`).
pub const HOST_VERSION: Version = Version::new(0, 2, 0);

/// A plugin's own words about itself, read from its metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct About {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// What it is for.
    pub description: String,
    /// The version of the SDK that it was made with; empty if it does not say.
    pub sdk_version: String,
    /// The oldest host that it can do with; empty if it does not say.
    pub min_host_version: String,
    /// What it asks for. Nothing of that is granted by it.
    pub requests: Grants,
    /// What is odd about its words, a line each: requests that can't be understood, and a host version that this host
    /// does not reach.
    pub remarks: Vec<String>,
}

impl About {
    /// Reads metadata or a manifest.
    pub(crate) fn read(document: &[u8]) -> Result<Self, json::Error> {
        let [name, version, description, sdk_version, min_host_version, capabilities] =
            Value::parse(document)?.fields(&[
                "name",
                "version",
                "description",
                "sdk_version",
                "min_host_version",
                "capabilities",
            ])?;
        let mut about = Self {
            name: text(name)?,
            version: text(version)?,
            description: text(description)?,
            sdk_version: text(sdk_version)?,
            min_host_version: text(min_host_version)?,
            ..Self::default()
        };
        about.compare_versions();
        match capabilities.kind() {
            Kind::Array => about.ask_for_patterns(capabilities)?,
            Kind::Object => match Grants::from_json(capabilities.raw()) {
                Ok(requests) => about.requests = requests,
                Err(error) => about.remarks.push(format!("it asks for what can't be granted: {error}")),
            },
            _ => {}
        }
        Ok(about)
    }

    fn compare_versions(&mut self) {
        // What is no version sets no condition.
        if let Ok(wanted) = Version::parse(self.min_host_version.trim_start_matches('v'))
            && wanted > HOST_VERSION
        {
            self.remarks.push(format!(
                "it is made for hosts of version {wanted} or newer, and this one is of version {HOST_VERSION}"
            ));
        }
    }

    /// Capabilities of generation A: a kind, a pattern, and sometimes an action.
    fn ask_for_patterns(&mut self, capabilities: Value<'_>) -> Result<(), json::Error> {
        for (_, capability) in capabilities.elements()? {
            let [kind, pattern, action] = capability.fields(&["kind", "pattern", "action"])?;
            let (kind, pattern, action) = (text(kind)?, text(pattern)?, text(action)?);
            match ask(&self.requests, &kind, &pattern, &action) {
                Ok(requests) => self.requests = requests,
                Err(reason) => {
                    let (kind, pattern) = (printable(&kind), printable(&pattern));
                    self.remarks
                        .push(format!("it asks for {kind}:{pattern}, which can't be granted: {reason}"));
                }
            }
        }
        Ok(())
    }
}

/// The requests with one more. In older plugins an action may stand before the pattern.
fn ask(requests: &Grants, kind: &str, pattern: &str, action: &str) -> Result<Grants, String> {
    let requests = requests.clone();
    let (first, rest) = pattern.split_once(':').unwrap_or(("", pattern));
    let (action, path) = match action {
        "" if ["read", "write", "read-write"].contains(&first) => (first, rest),
        _ => (action, pattern),
    };
    let asked = match kind {
        "network" | "network:outbound" => {
            let pattern = pattern.strip_prefix("outbound:").unwrap_or(pattern);
            // Without a host it is a port of any host.
            let (host, ports) = pattern.rsplit_once(':').unwrap_or(("*", pattern));
            requests.network(host, ports)
        }
        "fs" => match action {
            "write" => requests.write(path),
            "read-write" => requests.read(path).and_then(|requests| requests.write(path)),
            _ => requests.read(path),
        },
        "exec" => requests.exec(pattern),
        "env" => requests.env(pattern),
        "kv" => {
            let access = match action {
                "write" => Access::Write,
                "read-write" => Access::ReadWrite,
                _ => Access::Read,
            };
            requests.key_value(access, path)
        }
        _ => return Err("this host does not know that kind".into()),
    };
    asked.map_err(|error: InvalidGrant| error.to_string())
}

/// Text that may be missing.
fn text(value: Value<'_>) -> Result<String, json::Error> {
    if value.is_none() { Ok(String::new()) } else { value.text().map(|text| text.into_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_models_of_capabilities_ask_for_the_same() {
        let list = br#"{"name":"p","version":"1","description":"d","capabilities":[
            {"kind":"network:outbound","pattern":"example.com:443"},
            {"kind":"fs","pattern":"/etc/**","action":"read"},
            {"kind":"fs","pattern":"write:/tmp/x"},
            {"kind":"env","pattern":"LANG"},
            {"kind":"exec","pattern":"/usr/bin/id"},
            {"kind":"kv","pattern":"read:a/*"}]}"#;
        let set = br#"{"name":"p","version":"1","description":"d","capabilities":{
            "network":{"rules":[{"hosts":["example.com"],"ports":["443"]}]},
            "fs":{"rules":[{"read":["/etc/**"]},{"write":["/tmp/x"]}]},
            "env":{"vars":["LANG"]},
            "exec":{"commands":["/usr/bin/id"]},
            "kv":{"rules":[{"op":"read","keys":["a/*"]}]}}}"#;
        let [list, set] = [About::read(list).unwrap(), About::read(set).unwrap()];
        assert_eq!((list.name.as_str(), list.remarks.len()), ("p", 0), "{:?}", list.remarks);
        assert!(
            list.requests.missing(&set.requests).is_empty()
                && set.requests.missing(&list.requests).is_empty()
        );
        assert!(list.requests.allows_read("/etc/a/b") && list.requests.allows_write("/tmp/x"));
        assert!(list.requests.check_network("example.com", 443).is_ok());
    }

    #[test]
    fn what_can_not_be_granted_is_told() {
        let about = About::read(
            br#"{"capabilities":[{"kind":"network:outbound","pattern":"h:99999"},{"kind":"telepathy","pattern":"*"},
                {"kind":"network","pattern":"outbound:53"}]}"#,
        )
        .unwrap();
        let [port, kind] = &about.remarks[..] else { panic!("{:?}", about.remarks) };
        assert!(port.starts_with("it asks for network:outbound:h:99999, which can't be granted: "), "{port}");
        assert_eq!(
            kind,
            "it asks for telepathy:*, which can't be granted: this host does not know that kind"
        );
        assert!(about.requests.check_network("any.example", 53).is_ok());
        let about = About::read(br#"{"capabilities":{"network":{"rules":[{"hosts":["["],"ports":["1"]}]}}}"#)
            .unwrap();
        assert!(about.remarks[0].contains("network.rules[0].hosts[0]"), "{:?}", about.remarks);
    }

    #[test]
    fn a_newer_host_that_is_asked_for_is_told() {
        let about = |version: &str| {
            About::read(format!(r#"{{"min_host_version":"{version}","capabilities":null}}"#).as_bytes())
                .unwrap()
        };
        for version in ["", "0.1.0-alpha", "0.2.0", "v0.1.9", "latest"] {
            assert_eq!(about(version).remarks, [""; 0], "{version}");
        }
        assert_eq!(
            about("0.3.0").remarks,
            ["it is made for hosts of version 0.3.0 or newer, and this one is of version 0.2.0"]
        );
    }
}
