//! What schemars makes of a type, in the form that `config!` gives schemas.

use schemars::JsonSchema;
use serde_json::{Map, Value};

/// The schema of a `config!` struct.
macro_rules! schema {
    ($Config:ty) => {{
        use reglet_sdk_core::{config::Schema, json::FromValue, metadata::Document};
        const SCHEMA: &Schema = <$Config as FromValue<'static>>::SCHEMA;
        const LEN: usize = Document::<0>::config_schema(SCHEMA).len();
        static DOCUMENT: Document<LEN> = Document::config_schema(SCHEMA);
        core::str::from_utf8(DOCUMENT.bytes()).unwrap()
    }};
}

/// The schema that schemars makes, without what `config!` leaves out.
pub(crate) fn reference<T: JsonSchema>() -> Value {
    let mut schema = schemars::schema_for!(T).to_value();
    // The struct's own name and comment, which would cost every plugin their bytes.
    let root = schema.as_object_mut().unwrap();
    root.remove("title");
    root.remove("description");
    reduce(&mut schema);
    schema
}

fn reduce(schema: &mut Value) {
    match schema {
        Value::Object(keywords) => {
            reduce_keywords(keywords);
            keywords.values_mut().for_each(reduce);
        }
        Value::Array(items) => items.iter_mut().for_each(reduce),
        _ => {}
    }
}

fn reduce_keywords(keywords: &mut Map<String, Value>) {
    // The width of a number, and the bounds that follow from it alone.
    let format = keywords.remove("format");
    let natural = match format.as_ref().and_then(Value::as_str) {
        Some("uint8") => (Some(0), Some(255)),
        Some("uint16") => (Some(0), Some(65535)),
        Some("uint32" | "uint64") => (Some(0), None),
        Some("int8") => (Some(-128), Some(127)),
        Some("int16") => (Some(-32768), Some(32767)),
        _ => (None, None),
    };
    let bound = |keyword| keywords.get(keyword).and_then(Value::as_i64);
    if natural == (bound("minimum"), bound("maximum")) {
        keywords.remove("minimum");
        keywords.remove("maximum");
    }
    // That an `Option` may be null: it need not be there, which says enough.
    if let Some(Value::Array(types)) = keywords.get("type") {
        let only = types[0].clone();
        keywords.insert("type".into(), only);
    }
    if let Some(Value::Array(mut either)) = keywords.remove("anyOf") {
        keywords.append(either[0].as_object_mut().unwrap());
    }
    // That a struct without fields has no properties.
    if keywords.get("additionalProperties") == Some(&Value::Bool(false)) {
        keywords.entry("properties").or_insert(Map::new().into());
    }
    // A map of anything is any object.
    if keywords.get("additionalProperties") == Some(&Value::Bool(true)) {
        keywords.remove("additionalProperties");
    }
}
