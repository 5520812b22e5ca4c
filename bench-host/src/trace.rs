//! What crosses the boundary between host and plugin, for those who look for a fault.

use core::fmt;
use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use reglet_sdk_core::base64;
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
    /// What is passed on: JSON, or nothing, as with WASI, which passes numbers.
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
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "pwd",
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
/// they are secret, wherever they stand, the values of four characters and more that such a member has in the
/// configuration, wherever they stand, and passwords and such parameters in URLs. What is in base64, as HTTP bodies are,
/// or in a URL's coding, or is JSON within a text, is masked as a whole if it has such a secret.
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
#[derive(Clone, Default)]
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
        let text = match (payload, bytes) {
            ([], 0) => String::new(),
            ([], bytes) => format!(" ({bytes} bytes)"),
            (payload, _) => format!(" {}", self.text(payload)),
        };
        format!("{plugin} {arrow} {function}{text}")
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

    /// A member's value, or the elements of one that is an array: as text what is a string, and as JSON the rest.
    pub(crate) fn lines(&self, name: &str, value: &[u8]) -> Vec<String> {
        let Ok(mut value) = serde_json::from_slice::<Value>(value) else {
            return vec![format!("({} bytes that are no JSON)", value.len())];
        };
        if self.is_secret(name) {
            return vec![MASKED.into()];
        }
        self.mask(&mut value);
        let values = match value {
            Value::Array(elements) => elements,
            value => vec![value],
        };
        let shown = |value: Value| match (&value, &value["field"], &value["message"]) {
            (Value::String(text), ..) => text.clone(),
            // The form of what is wrong with a configuration.
            (_, Value::String(field), Value::String(message)) => format!("{field}: {message}"),
            _ => value.to_string(),
        };
        values.into_iter().map(shown).collect()
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
            Value::Number(number) if secret && number.to_string().len() >= 4 => {
                self.values.push(number.to_string());
            }
            _ => {}
        }
    }

    /// Whether a member of this name is masked.
    #[must_use]
    pub fn is_secret(&self, name: &str) -> bool {
        let name = folded(name);
        self.names.contains(&name) || NAMES.iter().any(|part| name.contains(part))
    }

    fn mask(&self, value: &mut Value) {
        match value {
            Value::Object(members) => {
                for (name, value) in &mut *members {
                    if self.is_secret(name) {
                        *value = MASKED.into();
                    } else {
                        self.mask(value);
                    }
                }
                if members.keys().any(|name| self.has_value(name)) {
                    let all = core::mem::take(members).into_iter();
                    *members = all.map(|(name, value)| (self.without_values(&name), value)).collect();
                }
            }
            Value::Array(elements) => elements.iter_mut().for_each(|element| self.mask(element)),
            Value::String(text) if self.is_hidden_in(text) => *text = MASKED.into(),
            Value::String(text) => self.mask_text(text),
            Value::Number(number) if self.has_value(&number.to_string()) => *value = MASKED.into(),
            _ => {}
        }
    }

    /// Whether there is a secret in what the text stands for.
    fn is_hidden_in(&self, text: &str) -> bool {
        if text.starts_with(['{', '[']) && self.is_in(text.as_bytes()) {
            return true;
        }
        let decoded: Cow<'_, [u8]> = percent_decode_str(text).into();
        if decoded.len() < text.len() && self.is_in(&decoded) {
            return true;
        }
        let mut bytes = text.as_bytes().to_owned();
        base64::decode(&mut bytes).is_ok_and(|len| self.is_in(bytes.get(..len).unwrap_or_default()))
    }

    /// Whether something of these bytes is to be masked.
    fn is_in(&self, bytes: &[u8]) -> bool {
        if let Ok(document @ (Value::Object(_) | Value::Array(_))) = serde_json::from_slice(bytes) {
            let mut masked = document.clone();
            self.mask(&mut masked);
            return masked != document;
        }
        let text = String::from_utf8_lossy(bytes);
        let mut masked = text.clone().into_owned();
        self.mask_text(&mut masked);
        masked != text
    }

    fn has_value(&self, text: &str) -> bool {
        self.values.iter().any(|value| text.contains(&**value))
    }

    fn without_values(&self, text: &str) -> String {
        self.values.iter().fold(text.to_owned(), |text, value| text.replace(&**value, MASKED))
    }

    fn mask_text(&self, text: &mut String) {
        if self.has_value(text) {
            *text = self.without_values(text);
        }
        // `NAME=value`, as commands get their environment.
        if let Some((name, _)) = text.split_once('=')
            && self.is_secret(name)
        {
            *text = format!("{name}={MASKED}");
        }
        if text.contains("://") {
            *text = without_userinfo(text);
        }
        if text.contains('=') {
            *text = self.without_parameters(text);
        }
    }

    /// Text whose parameters, as in `a=1&token=x`, have no secrets.
    fn without_parameters(&self, text: &str) -> String {
        const ENDS: [char; 7] = ['?', '&', ';', '#', '"', ' ', '\n'];
        let mask = |piece: &str| match piece.split_once('=') {
            Some((name, value)) if self.is_secret(name) => {
                let end = value.strip_prefix(value.trim_end_matches(ENDS)).unwrap_or_default();
                format!("{name}={MASKED}{end}")
            }
            _ => piece.to_owned(),
        };
        text.split_inclusive(ENDS).map(mask).collect()
    }
}

/// Without what it knows, which is secret.
impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask").finish_non_exhaustive()
    }
}

/// The name without case, and without what parts its words.
fn folded(name: &str) -> String {
    name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Text whose URLs have their users and passwords masked.
fn without_userinfo(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once("://") {
        out.extend([before, "://"]);
        let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
        rest = match authority.rfind('@') {
            Some(at) => {
                out.push_str(MASKED);
                &after[at..]
            }
            None => after,
        };
    }
    out.push_str(rest);
    out
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
    fn a_secret_is_masked_in_whatever_it_is_wrapped() {
        let mask = Mask::new(br#"{"password": "hun ter2", "token": 81530042}"#, "");
        for (payload, expected) in [
            // `hun ter2`, `{"user":"me","password":"x"}` and `user=me&password=x`.
            (r#"{"body":"aHVuIHRlcjI="}"#, r#"{"body":"***"}"#),
            (r#"{"body":"eyJ1c2VyIjoibWUiLCJwYXNzd29yZCI6IngifQ=="}"#, r#"{"body":"***"}"#),
            (r#"{"body":"dXNlcj1tZSZwYXNzd29yZD14"}"#, r#"{"body":"***"}"#),
            (r#"{"body":"SGVsbG8="}"#, r#"{"body":"SGVsbG8="}"#),
            (r#"{"url":"http://h/?q=hun%20ter2"}"#, r#"{"url":"***"}"#),
            (r#"{"url":"http://h/?q=100%25"}"#, r#"{"url":"http://h/?q=100%25"}"#),
            (
                r#"{"url":"http://h/?a=1&access_token=x&b=2"}"#,
                r#"{"url":"http://h/?a=1&access_token=***&b=2"}"#,
            ),
            (r#"{"message":"http://h and ftp://u:p@h/"}"#, r#"{"message":"http://h and ftp://***@h/"}"#),
            (r#"{"stdout":"{\"api_key\": 1}"}"#, r#"{"stdout":"***"}"#),
            (r#"{"pin":81530042,"text":"81530042!","n":8153}"#, r#"{"n":8153,"pin":"***","text":"***!"}"#),
            (r#"{"hun ter2":1}"#, r#"{"***":1}"#),
        ] {
            assert_eq!(mask.text(payload.as_bytes()), expected, "{payload}");
        }
        assert!(!format!("{mask:?}").contains("hun"));
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
