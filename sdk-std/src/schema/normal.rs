//! What schemars makes, in the form that Reglet's hosts know.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The schema of a type that serde reads, as JSON without white space. Keys are sorted.
///
/// ```
/// use schemars::JsonSchema;
///
/// #[derive(JsonSchema)]
/// struct Config {
///     port: u16,
///     timeout: Option<u32>,
/// }
///
/// assert_eq!(
///     reglet_sdk_std::schema::of::<Config>(),
///     concat!(
///         r#"{"$schema":"https://json-schema.org/draft/2020-12/schema","additionalProperties":false,"#,
///         r#""properties":{"port":{"maximum":65535,"minimum":0,"type":"integer"},"#,
///         r#""timeout":{"minimum":0,"type":"integer"}},"required":["port"],"type":"object"}"#
///     )
/// );
/// ```
#[must_use]
pub fn of<T: JsonSchema>() -> String {
    value::<T>().to_string()
}

pub(super) fn value<T: JsonSchema>() -> Value {
    let mut root = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    root.remove("title");
    root.remove("description");
    let mut root = root.to_value();
    let mut extended = Vec::new();
    find_extended(&root, false, &mut extended);
    normalise(&mut root, true, &extended);
    // Else the order would depend on how serde_json is built.
    root.sort_all_objects();
    root
}

/// Where a schema stands in another.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    /// It describes a value within the one that the other describes.
    Inner,
    /// It describes the same value as the other.
    Same,
}

/// The schemas in the value of a keyword.
fn part(keyword: &str) -> Option<(Part, Shape)> {
    Some(match keyword {
        "properties" | "patternProperties" | "$defs" => (Part::Inner, Shape::Members),
        "items" | "additionalProperties" | "propertyNames" | "contains" => (Part::Inner, Shape::One),
        "prefixItems" => (Part::Inner, Shape::Elements),
        "allOf" | "anyOf" | "oneOf" => (Part::Same, Shape::Elements),
        "not" | "if" | "then" | "else" => (Part::Same, Shape::One),
        _ => return None,
    })
}

enum Shape {
    One,
    Elements,
    Members,
}

/// Collects references to structs whose objects have further members, such as an enum's tag: those stay open.
fn find_extended(schema: &Value, inside: bool, found: &mut Vec<String>) {
    let Some(keywords) = schema.as_object() else { return };
    let more = inside || keywords.contains_key("properties");
    if let (true, Some(Value::String(target))) = (more, keywords.get("$ref")) {
        found.push(target.clone());
    }
    for (keyword, value) in keywords {
        let Some((part, shape)) = part(keyword) else { continue };
        let inside = more && part == Part::Same;
        match (shape, value) {
            (Shape::Members, Value::Object(members)) => {
                members.values().for_each(|schema| find_extended(schema, inside, found));
            }
            (Shape::Elements, Value::Array(elements)) => {
                elements.iter().for_each(|schema| find_extended(schema, inside, found));
            }
            _ => find_extended(value, inside, found),
        }
    }
}

/// `closed`: it says all about its value.
fn normalise(schema: &mut Value, closed: bool, extended: &[String]) {
    let Some(keywords) = schema.as_object_mut() else { return };
    allow_absence_only(keywords);
    if keywords.get("format").and_then(Value::as_str).is_some_and(is_width) {
        keywords.remove("format");
    }
    let composed = ["$ref", "allOf", "anyOf", "oneOf", "unevaluatedProperties"];
    if closed
        && keywords.contains_key("properties")
        && !composed.iter().any(|key| keywords.contains_key(*key))
    {
        keywords.entry("additionalProperties").or_insert(false.into());
    }
    for (keyword, value) in keywords {
        let Some((part, shape)) = part(keyword) else { continue };
        let closed = part == Part::Inner;
        match (shape, value) {
            (Shape::Members, Value::Object(members)) => {
                for (name, schema) in members {
                    let open = keyword == "$defs" && extended.contains(&["#/$defs/", name].concat());
                    normalise(schema, closed && !open, extended);
                }
            }
            (Shape::Elements, Value::Array(elements)) => {
                elements.iter_mut().for_each(|schema| normalise(schema, closed, extended));
            }
            (_, value) => normalise(value, closed, extended),
        }
    }
}

/// Leaves out that an `Option` may be `null`.
fn allow_absence_only(keywords: &mut Map<String, Value>) {
    let is_null = |schema: &Value| schema.as_str() == Some("null") || schema["type"] == "null";
    if keywords.get("default").is_some_and(Value::is_null) {
        keywords.remove("default");
    }
    if let Some(Value::Array(types)) = keywords.get("type")
        && let [only, null] = &types[..]
        && is_null(null)
    {
        let only = only.clone();
        keywords.insert("type".into(), only);
    }
    if let Some(Value::Array(either)) = keywords.get_mut("anyOf")
        && let [Value::Object(some), null] = &mut either[..]
        && is_null(null)
    {
        let some = core::mem::take(some);
        keywords.remove("anyOf");
        for (keyword, value) in some {
            keywords.entry(keyword).or_insert(value);
        }
    }
}

/// Whether it is the width of a number in Rust.
fn is_width(format: &str) -> bool {
    let bits = format.trim_start_matches('u').strip_prefix("int");
    matches!(format, "float" | "double")
        || bits.is_some_and(|bits| bits.is_empty() || bits.parse::<u8>().is_ok())
}
