//! Grants as JSON (`docs/protocol.md#grantset`).

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::glob::Glob;
use super::{Grants, InvalidGrant};
use crate::json::{Encode, Error, Value, Writer};
use crate::metadata::Access;
use crate::text;

impl Grants {
    /// Reads grants from JSON. Members that are not known are ignored, and a rule with an empty list allows nothing.
    ///
    /// ```
    /// use reglet_sdk_core::grants::Grants;
    ///
    /// let json = br#"{"network": {"rules": [{"hosts": ["example.com"], "ports": ["443", "http"]}]}}"#;
    /// let error = Grants::from_json(json).unwrap_err();
    /// assert_eq!(error.path, "network.rules[0].ports[1]");
    /// assert!(error.reason.starts_with("port \"http\" is neither a number"));
    /// ```
    ///
    /// # Errors
    ///
    /// It is not JSON or has another form; a pattern is not valid; there are more than 1,024 patterns.
    pub fn from_json(document: &[u8]) -> Result<Self, InvalidGrant> {
        let reader = Reader { document };
        let all = reader.json(Value::parse(document))?;
        let [network, fs, env, exec, kv] = reader.members(all, &["network", "fs", "env", "exec", "kv"])?;
        let mut grants = Self::default();
        for (at, rule) in reader.list(network, "rules")?.into_iter().enumerate() {
            let (hosts, ports) = (reader.texts(rule, "hosts")?, reader.texts(rule, "ports")?);
            grants = grants
                .network_rule(&hosts, &ports)
                .map_err(|error| error.inside(&format!("network.rules[{at}]")))?;
        }
        for (at, rule) in reader.list(fs, "rules")?.into_iter().enumerate() {
            let path = format!("fs.rules[{at}]");
            grants = reader.each(grants, rule, &path, "read", Self::read)?;
            grants = reader.each(grants, rule, &path, "write", Self::write)?;
        }
        grants = reader.each(grants, env, "env", "vars", Self::env)?;
        grants = reader.each(grants, exec, "exec", "commands", Self::exec)?;
        for (at, rule) in reader.list(kv, "rules")?.into_iter().enumerate() {
            let path = format!("kv.rules[{at}]");
            let access = reader.access(rule, &path)?;
            let allow = |grants: Self, key: &str| grants.key_value(access, key);
            grants = reader.each(grants, rule, &path, "keys", allow)?;
        }
        Ok(grants)
    }
}

/// What its errors are about.
struct Reader<'a> {
    document: &'a [u8],
}

impl<'a> Reader<'a> {
    fn json<T>(&self, read: Result<T, Error>) -> Result<T, InvalidGrant> {
        read.map_err(|error| InvalidGrant {
            path: error.path(self.document),
            reason: text![error.reason(self.document)].to_string(),
        })
    }

    /// Members of an object, which may be missing.
    fn members<const N: usize>(
        &self,
        object: Value<'a>,
        names: &[&str; N],
    ) -> Result<[Value<'a>; N], InvalidGrant> {
        if object.is_none() { Ok([Value::ABSENT; N]) } else { self.json(object.fields(names)) }
    }

    /// The elements of a member, which may be missing.
    fn list(&self, object: Value<'a>, name: &str) -> Result<Vec<Value<'a>>, InvalidGrant> {
        let [list] = self.members(object, &[name])?;
        if list.is_none() {
            return Ok(Vec::new());
        }
        Ok(self.json(list.elements())?.map(|(_, element)| element).collect())
    }

    fn texts(&self, object: Value<'a>, name: &str) -> Result<Vec<Cow<'a, str>>, InvalidGrant> {
        self.list(object, name)?.into_iter().map(|text| self.json(text.text())).collect()
    }

    /// Adds each pattern of a member; `path` is that of the object.
    fn each(
        &self,
        mut grants: Grants,
        object: Value<'a>,
        path: &str,
        name: &str,
        allow: impl Fn(Grants, &str) -> Result<Grants, InvalidGrant>,
    ) -> Result<Grants, InvalidGrant> {
        for (at, pattern) in self.texts(object, name)?.iter().enumerate() {
            grants = allow(grants, pattern).map_err(|error| error.inside(&format!("{path}.{name}[{at}]")))?;
        }
        Ok(grants)
    }

    fn access(&self, rule: Value<'a>, path: &str) -> Result<Access, InvalidGrant> {
        let [op] = self.members(rule, &["op"])?;
        let name = op.text().ok();
        Access::ALL.into_iter().find(|access| Some(access.as_str()) == name.as_deref()).ok_or_else(|| {
            let found = name.map_or_else(|| op.kind().name().into(), |name| format!("{name:?}"));
            InvalidGrant {
                path: format!("{path}.op"),
                reason: format!("expected read, write or read-write, got {found}"),
            }
        })
    }
}

/// Writes what [`Grants::from_json`] reads.
impl Encode for Grants {
    fn encode(&self, out: &mut Writer<'_>) {
        out.begin_object();
        if !self.network.is_empty() {
            begin(out, "network", "rules");
            for rule in &self.network {
                out.begin_object();
                out.member("hosts", rule.hosts.iter().map(ToString::to_string).collect::<Vec<_>>());
                out.member("ports", rule.ports.iter().map(ToString::to_string).collect::<Vec<_>>());
                out.end_object();
            }
            end(out);
        }
        if !self.read.is_empty() || !self.write.is_empty() {
            begin(out, "fs", "rules");
            out.begin_object();
            for (operation, paths) in [("read", &self.read), ("write", &self.write)] {
                if !paths.is_empty() {
                    out.member(operation, paths);
                }
            }
            out.end_object();
            end(out);
        }
        for (category, list, patterns) in [("env", "vars", &self.env), ("exec", "commands", &self.exec)] {
            if !patterns.is_empty() {
                begin(out, category, list);
                patterns.iter().for_each(|pattern| pattern.encode(out));
                end(out);
            }
        }
        if !self.read_keys.is_empty() || !self.write_keys.is_empty() {
            begin(out, "kv", "rules");
            for (op, keys) in [("read", &self.read_keys), ("write", &self.write_keys)] {
                if !keys.is_empty() {
                    out.begin_object();
                    out.member("op", op);
                    out.member("keys", keys);
                    out.end_object();
                }
            }
            end(out);
        }
        out.end_object();
    }
}

impl Encode for Glob {
    fn encode(&self, out: &mut Writer<'_>) {
        self.as_str().encode(out);
    }
}

fn begin(out: &mut Writer<'_>, category: &str, list: &str) {
    out.key(category);
    out.begin_object();
    out.key(list);
    out.begin_array();
}

fn end(out: &mut Writer<'_>) {
    out.end_array();
    out.end_object();
}
