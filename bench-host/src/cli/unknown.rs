//! Keys of a configuration that the plugin's schema does not know. A plugin passes over them, so a slip of the pen in the
//! name of one that may be missing would go unnoticed.

use serde_json::{Map, Value};

/// Values within each other that are looked into.
const MAX_DEPTH: usize = 64;

/// The keys, as `a.b[0].c`. Of an object there are none if its schema allows others than it names, as it does unless it
/// says no. Keys are the same but for ASCII case, as plugins read them.
pub(super) fn keys(config: &[u8], schema: &str) -> Vec<String> {
    let (Ok(config), Ok(schema)) = (serde_json::from_slice(config), serde_json::from_str(schema)) else {
        return Vec::new();
    };
    let mut unknown = Vec::new();
    Search { root: &schema, unknown: &mut unknown }.look(&config, &schema, "", MAX_DEPTH);
    unknown
}

struct Search<'a> {
    root: &'a Value,
    unknown: &'a mut Vec<String>,
}

impl Search<'_> {
    fn look(&mut self, value: &Value, schema: &Value, path: &str, depth: usize) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let target = schema["$ref"].as_str().and_then(|target| self.root.pointer(target.strip_prefix('#')?));
        if let Some(target) = target.or_else(|| alternative(schema)) {
            return self.look(value, target, path, depth);
        }
        match value {
            Value::Object(members) => self.look_into(members, schema, path, depth),
            Value::Array(elements) => {
                for (at, element) in elements.iter().enumerate() {
                    self.look(element, &schema["items"], &format!("{path}[{at}]"), depth);
                }
            }
            _ => {}
        }
    }

    fn look_into(&mut self, members: &Map<String, Value>, schema: &Value, path: &str, depth: usize) {
        let Some(known) = schema["properties"].as_object() else { return };
        let is_closed = schema["additionalProperties"] == false && schema.get("patternProperties").is_none();
        for (name, value) in members {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            match known.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)) {
                Some((_, schema)) => self.look(value, schema, &path, depth),
                None if is_closed => self.unknown.push(path),
                None => {}
            }
        }
    }
}

/// The only thing that a value may be besides `null`, as with an optional struct. If there are several, who knows which
/// one was meant.
fn alternative(schema: &Value) -> Option<&Value> {
    let all = schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array())?;
    let mut some = all.iter().filter(|schema| schema["type"] != "null");
    some.next().filter(|_| some.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_the_schema_does_not_know_are_found_wherever_it_names_all() {
        let schema = r##"{
            "properties": {
                "url": {"type": "string"},
                "login": {"$ref": "#/$defs/Login"},
                "list": {"items": {"$ref": "#/$defs/Login"}},
                "open": {"properties": {"a": {}}},
                "any": {},
                "maybe": {"anyOf": [{"$ref": "#/$defs/Login"}, {"type": "null"}]},
                "either": {"oneOf": [{"$ref": "#/$defs/Login"}, {"type": "object"}]}
            },
            "additionalProperties": false,
            "$defs": {"Login": {"properties": {"user": {}}, "additionalProperties": false}}
        }"##;
        let config = r#"{"URL": "", "retires": 1, "login": {"user": 1, "pass": 2}, "list": [{}, {"x": 1}],
            "open": {"b": 1}, "any": {"c": 1}, "maybe": {"y": 1}, "either": {"d": 1}}"#;
        assert_eq!(keys(config.as_bytes(), schema), ["list[1].x", "login.pass", "maybe.y", "retires"]);
    }

    #[test]
    fn what_the_schema_leaves_open_is_not_unknown() {
        for schema in [
            "{}",
            "true",
            "null",
            "no JSON",
            r#"{"additionalProperties": false}"#,
            r#"{"properties": {"b": {}}}"#,
            r#"{"properties": {"b": {}}, "additionalProperties": {"type": "string"}}"#,
            r#"{"properties": {}, "patternProperties": {"^a": {}}, "additionalProperties": false}"#,
            r##"{"$ref": "#"}"##,
        ] {
            assert_eq!(keys(br#"{"a": {"a": 1}}"#, schema), [""; 0], "{schema}");
        }
    }
}
