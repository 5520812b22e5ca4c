//! Schemas that schemars makes, and the files that they are kept in.
#![cfg(feature = "schemars")]
#![allow(dead_code, reason = "only the schemas of the types are looked at")]

use std::collections::BTreeMap;
use std::{env, fs, panic};

use reglet_sdk_std::metadata::{Document, Documents};
use reglet_sdk_std::prelude::*;
use reglet_sdk_std::schema;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// The definition of this type's schema, without what is the same in all.
fn made<T: JsonSchema>() -> Value {
    let mut made: Value = serde_json::from_str(&schema::of::<T>()).unwrap();
    let root = made.as_object_mut().unwrap();
    assert_eq!(root.remove("$schema").unwrap(), "https://json-schema.org/draft/2020-12/schema");
    made
}

/// All of it.
#[derive(Deserialize, JsonSchema)]
struct Config {
    /// A name.
    name: String,
    /// Not a keyword.
    format: Option<u8>,
    #[serde(default)]
    wait: Option<u64>,
    target: Option<Target>,
    shares: Vec<f64>,
    #[serde(default)]
    labels: BTreeMap<String, i32>,
}

/// Described.
#[derive(Deserialize, JsonSchema)]
struct Target {
    port: u16,
    inner: Option<Box<Self>>,
}

#[test]
fn it_has_the_form_of_go_and_of_config() {
    assert_eq!(
        made::<Config>(),
        json!({
            "$defs": {"Target": {
                "description": "Described.",
                "properties": {
                    "port": {"type": "integer", "minimum": 0, "maximum": 65535},
                    "inner": {"$ref": "#/$defs/Target"}
                },
                "additionalProperties": false,
                "type": "object",
                "required": ["port"]
            }},
            "properties": {
                "name": {"type": "string", "description": "A name."},
                "format": {"type": "integer", "minimum": 0, "maximum": 255, "description": "Not a keyword."},
                "wait": {"type": "integer", "minimum": 0},
                "target": {"$ref": "#/$defs/Target"},
                "shares": {"type": "array", "items": {"type": "number"}},
                "labels": {"type": "object", "additionalProperties": {"type": "integer"}, "default": {}}
            },
            "additionalProperties": false,
            "type": "object",
            "required": ["name", "shares"]
        })
    );
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum Tagged {
    Plain(Target),
    Closed(Other),
    Own { a: bool },
}

#[derive(Deserialize, JsonSchema)]
struct Other {
    x: bool,
}

#[derive(Deserialize, JsonSchema)]
struct Flat {
    id: bool,
    #[serde(flatten)]
    tagged: Tagged,
}

#[test]
fn structs_that_get_further_members_stay_open() {
    for schema in [made::<Tagged>(), made::<Flat>()] {
        let text = schema.to_string();
        assert!(!text.contains("additionalProperties"), "{text}");
    }
    assert_eq!(made::<Other>()["additionalProperties"], false);
    assert_eq!(made::<Vec<Other>>()["$defs"]["Other"]["additionalProperties"], false);
}

/// Whether the file is current, or why not.
fn checked<T: JsonSchema>(path: &std::path::Path) -> Result<(), String> {
    panic::catch_unwind(|| schema::assert_current::<T>(path))
        .map_err(|text| *text.downcast::<String>().unwrap())
}

#[test]
fn a_file_that_is_out_of_date_is_found_and_written() {
    let path = env::temp_dir().join(format!("reglet-schema-{}.json", std::process::id()));
    let missing = checked::<Other>(&path).unwrap_err();
    assert!(missing.contains("can't be read"), "{missing}");

    let text = schema::of::<Other>();
    fs::write(&path, &text).unwrap();
    assert_eq!(checked::<Other>(&path), Ok(()));

    fs::write(&path, text.replace("boolean", "string")).unwrap();
    let stale = checked::<Other>(&path).unwrap_err();
    assert!(stale.contains("is out of date:"), "{stale}");
    assert!(stale.contains("-       \"type\": \"string\"\n+       \"type\": \"boolean\"\n"), "{stale}");
    assert!(stale.ends_with("`REGLET_BLESS=1 cargo test` writes what the type says now"), "{stale}");

    fs::write(&path, "{").unwrap();
    assert!(checked::<Other>(&path).unwrap_err().contains("is not JSON"));
    fs::remove_file(&path).unwrap();
}

#[derive(Deserialize, JsonSchema)]
struct Blessed {
    y: bool,
}

/// In a process of its own, for the environment belongs to all tests.
#[test]
fn a_blessed_run_writes_the_file() {
    let path = env::temp_dir().join(format!("reglet-blessed-{}.json", std::process::id()));
    let status = std::process::Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "blesses"])
        .env("REGLET_BLESS", "1")
        .env("REGLET_TEST_SCHEMA", &path)
        .output()
        .unwrap()
        .status;
    assert!(status.success());
    assert_eq!(checked::<Blessed>(&path), Ok(()));
    assert!(fs::read_to_string(&path).unwrap().ends_with("}\n"));
    fs::remove_file(&path).unwrap();
}

#[test]
#[ignore = "the test above runs it"]
fn blesses() {
    if let Some(path) = env::var_os("REGLET_TEST_SCHEMA") {
        schema::assert_current::<Blessed>(path);
    }
}

struct Runtime;

serde_config!(Other);

impl Plugin for Runtime {
    const METADATA: Metadata = Metadata::new("runtime", "1.0.0", "d");
    type Config<'a> = Other;

    fn check(_: Other, _: &Context<'_>) -> Result<Outcome, Error> {
        Ok(Outcome::success(""))
    }
}

#[test]
fn a_schema_made_in_the_plugin_takes_its_place_in_the_manifest() {
    const LEN: usize = Document::<0>::manifest(&Runtime::METADATA, &config::Schema::Any).len();
    static DOCUMENT: Document<LEN> = Document::manifest(&Runtime::METADATA, &config::Schema::Any);
    let documents =
        Documents { metadata: b"", manifest: DOCUMENT.bytes(), schema: DOCUMENT.schema_in(DOCUMENT.bytes()) };
    let manifest: Value = serde_json::from_slice(&schema::in_manifest::<Runtime>(&documents)).unwrap();
    assert_eq!(manifest["config_schema"].to_string(), String::from_utf8(schema::made::<Runtime>()).unwrap());
    assert_eq!((&manifest["name"], &manifest["capabilities"]), (&json!("runtime"), &json!({})));
}
