//! What crosses the boundary between host and plugin, for those who look for a fault.

use std::borrow::Cow;

use serde_json::Value;

use crate::log::printable;

/// One way over the boundary.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Crossing<'a> {
    /// Name of the plugin.
    pub plugin: &'a str,
    /// The export or the host function.
    pub function: &'a str,
    /// Who calls whom.
    pub way: Way,
    /// What is passed on: JSON, or nothing.
    pub payload: &'a [u8],
    /// Bytes that it is about: those of the payload, or those that `allocate` is asked for.
    pub bytes: usize,
}

/// Which way a crossing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The host calls an export.
    Call,
    /// The export returns.
    Return,
    /// The plugin calls a host function.
    Request,
    /// The host function answers.
    Answer,
}

impl Way {
    fn arrow(self) -> &'static str {
        match self {
            Self::Call => "-->",
            Self::Return => "<--",
            Self::Request => "  <-",
            Self::Answer => "  ->",
        }
    }
}

/// What stands in the place of a secret.
const MASKED: &str = "***";

/// Members whose names have one of these parts are masked.
const NAMES: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
    "authorization",
    "cookie",
];

/// Shows crossings without the secrets in them.
///
/// Masked are the members that the plugin's schema marks as `writeOnly` or as a `password`, those whose names say that
/// they are secret, wherever they stand, the values that such a member has in the configuration, wherever they stand,
/// and passwords in URLs.
///
/// ```
/// use reglet_bench_host::Mask;
///
/// let schema = r#"{"properties": {"key": {"type": "string", "writeOnly": true}}}"#;
/// let mask = Mask::new(br#"{"key": "hunter22", "url": "http://me:pw@localhost/"}"#, schema);
/// assert_eq!(mask.text(br#"{"key":"hunter22"}"#), r#"{"key":"***"}"#);
/// assert_eq!(mask.text(br#"{"body":"is hunter22"}"#), r#"{"body":"is ***"}"#);
/// assert_eq!(mask.text(br#"{"headers":{"X-Auth-Token":["a"]}}"#), r#"{"headers":{"X-Auth-Token":"***"}}"#);
/// assert_eq!(mask.text(br#"{"url":"http://me:pw@localhost/"}"#), r#"{"url":"http://***@localhost/"}"#);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Mask {
    names: Vec<String>,
    values: Vec<String>,
}

impl Mask {
    /// Knows the secrets of this configuration by the plugin's schema. What is no JSON has none.
    #[must_use]
    pub fn new(config: &[u8], schema: &str) -> Self {
        let mut mask = Self::default();
        mask.learn_names(&serde_json::from_str(schema).unwrap_or_default());
        if let Ok(config) = serde_json::from_slice(config) {
            mask.learn_values(&config, false);
        }
        // Else a part of a longer one would hide only itself.
        mask.values.sort_by_key(|value| core::cmp::Reverse(value.len()));
        mask
    }

    /// A line for the crossing.
    #[must_use]
    pub fn line(&self, crossing: &Crossing<'_>) -> String {
        let Crossing { plugin, function, way, payload, bytes } = *crossing;
        let (plugin, function, arrow) = (printable(plugin), printable(function), way.arrow());
        let text = if payload.is_empty() { format!("({bytes} bytes)") } else { self.text(payload) };
        format!("{plugin} {arrow} {function} {text}")
    }

    /// The payload as text without control characters, cut after some kilobytes. What is no JSON is not shown.
    #[must_use]
    pub fn text(&self, payload: &[u8]) -> String {
        let Ok(mut value) = serde_json::from_slice(payload) else {
            return format!("({} bytes that are no JSON)", payload.len());
        };
        self.mask(&mut value);
        printable(&value.to_string())
    }

    fn learn_names(&mut self, schema: &Value) {
        match schema {
            Value::Object(members) => {
                for (name, property) in
                    members.get("properties").and_then(Value::as_object).into_iter().flatten()
                {
                    if property["writeOnly"] == true || property["format"] == "password" {
                        self.names.push(folded(name));
                    }
                }
                members.values().for_each(|value| self.learn_names(value));
            }
            Value::Array(elements) => elements.iter().for_each(|element| self.learn_names(element)),
            _ => {}
        }
    }

    fn learn_values(&mut self, config: &Value, secret: bool) {
        match config {
            Value::Object(members) => {
                members
                    .iter()
                    .for_each(|(name, value)| self.learn_values(value, secret || self.is_secret(name)));
            }
            Value::Array(elements) => elements.iter().for_each(|element| self.learn_values(element, secret)),
            // Shorter ones stand everywhere by chance.
            Value::String(text) if secret && text.len() >= 4 => self.values.push(text.clone()),
            _ => {}
        }
    }

    fn is_secret(&self, name: &str) -> bool {
        let name = folded(name);
        self.names.contains(&name) || NAMES.iter().any(|part| name.contains(part))
    }

    fn mask(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    if self.is_secret(name) {
                        *value = MASKED.into();
                    } else {
                        self.mask(value);
                    }
                }
            }
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.mask(element)),
            Value::String(text) => self.mask_text(text),
            _ => {}
        }
    }

    fn mask_text(&self, text: &mut String) {
        for value in &self.values {
            if text.contains(&**value) {
                *text = text.replace(&**value, MASKED);
            }
        }
        // `NAME=value`, as commands get their environment.
        if let Some((name, _)) = text.split_once('=')
            && self.is_secret(name)
        {
            *text = format!("{name}={MASKED}");
        }
        if let Cow::Owned(masked) = without_userinfo(text) {
            *text = masked;
        }
    }
}

/// The name without case, and without what parts its words.
fn folded(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A URL with its user and password masked.
fn without_userinfo(text: &str) -> Cow<'_, str> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some(at) = authority.rfind('@') {
            return format!("{scheme}://{MASKED}{}", &rest[at..]).into();
        }
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_the_schema_are_masked_wherever_they_stand() {
        let schema = r##"{"properties": {"login": {"$ref": "#/$defs/Login"}},
            "$defs": {"Login": {"properties": {"pin": {"type": "string", "writeOnly": true}}}}}"##;
        let mask = Mask::new(br#"{"login": {"pin": "0815x", "name": "me"}}"#, schema);
        assert_eq!(
            mask.text(br#"{"login":{"name":"me","pin":"0815x"}}"#),
            r#"{"login":{"name":"me","pin":"***"}}"#
        );
        assert_eq!(mask.text(br#"{"args":["--pin=0815x","x"]}"#), r#"{"args":["--pin=***","x"]}"#);
    }

    #[test]
    fn names_tell_secrets_without_a_schema() {
        let mask = Mask::default();
        for (payload, expected) in [
            (r#"{"API-Key":"a","n":1}"#, r#"{"API-Key":"***","n":1}"#),
            (
                r#"{"headers":{"Authorization":["Basic eA=="],"Set-Cookie":"a"}}"#,
                r#"{"headers":{"Authorization":"***","Set-Cookie":"***"}}"#,
            ),
            (r#"{"env":["DB_PASSWORD=x","LANG=C"]}"#, r#"{"env":["DB_PASSWORD=***","LANG=C"]}"#),
            (
                r#"["https://a:b@c.example/d@e","http://c/d@e"]"#,
                r#"["https://***@c.example/d@e","http://c/d@e"]"#,
            ),
        ] {
            assert_eq!(mask.text(payload.as_bytes()), expected);
        }
    }

    #[test]
    fn a_line_has_no_control_characters_and_an_end() {
        let payload = format!(r#"{{"a":"\u001b[2J{}"}}"#, "x".repeat(10_000));
        let crossing = Crossing {
            plugin: "p\n",
            function: "observe",
            way: Way::Call,
            payload: payload.as_bytes(),
            bytes: payload.len(),
        };
        let line = Mask::default().line(&crossing);
        assert!(line.starts_with(r#"p\n --> observe {"a":"\u001b[2J"#) && line.len() < 5_000, "{line}");
        let line = Mask::default().line(&Crossing { payload: b"", bytes: 7, ..crossing });
        assert_eq!(line, r"p\n --> observe (7 bytes)");
        assert_eq!(Mask::default().text(b"pass=word"), "(9 bytes that are no JSON)");
    }
}
