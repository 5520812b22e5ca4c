//! The schema of a configuration, beside what schemars makes of the same type, and what Go's generator gives.

#![allow(missing_docs, reason = "of the structs of tests")]

#[macro_use]
mod reference;

use std::borrow::Cow;
use std::collections::BTreeMap;

use reference::reference;
use reglet_sdk_core::config;
use reglet_sdk_core::json::{Str, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

config! {
    /// All that there is.
    pub struct All<'a> {
        /// A flag.
        flag: bool = true,
        /// # Port
        /// The port,
        /// on "both" sides.
        #[range(1..=65535)]
        #[examples(80, 443)]
        port: u16 = 1_443,
        byte: u8,
        #[range(1..)]
        large: u64 = 18_446_744_073_709_551_615,
        #[range(-5..=-1)]
        below: i64 = -3,
        #[range(0..=1)]
        ratio: f64 = 0.5,
        single: Option<f32>,
        /// Its name.
        #[length(1..=5)]
        name: Cow<'a, str>,
        #[one_of("tcp", "tls")]
        #[examples("tls")]
        r#type: Str<'a> = "tls",
        /// Not to be shown.
        #[secret]
        token: Option<String>,
        #[length(1..)]
        list: Vec<Str<'a>>,
        empty: Vec<Vec<u32>> = [],
        three: [i8; 3],
        #[length(..=9)]
        map: Vec<(Str<'a>, u16)>,
        any_map: Vec<(Str<'a>, Value<'a>)>,
        any: Value<'a>,
        /// Anything.
        something: Value<'a>,
        anything: Vec<Value<'a>>,
        /// The first.
        part: Part,
        maybe: Option<Part>,
        parts: Vec<Part>,
        named: Vec<(Str<'a>, Part)>,
        /// Which way.
        way: Way = "in",
        ways: Vec<Way>,
    }
}

config! {
    /// A choice.
    pub enum Way {
        In = "in",
        Out = "out",
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "All")]
#[allow(dead_code)]
struct SerdeAll {
    /// A flag.
    #[serde(default = "yes")]
    flag: bool,
    /// # Port
    /// The port,
    /// on "both" sides.
    #[schemars(range(min = 1, max = 65535), example = 80, example = 443)]
    #[serde(default = "port")]
    port: u16,
    byte: u8,
    #[schemars(range(min = 1))]
    #[serde(default = "large")]
    large: u64,
    #[schemars(range(min = -5, max = -1))]
    #[serde(default = "below")]
    below: i64,
    #[schemars(range(min = 0, max = 1))]
    #[serde(default = "ratio")]
    ratio: f64,
    single: Option<f32>,
    /// Its name.
    #[schemars(length(min = 1, max = 5))]
    name: Cow<'static, str>,
    #[schemars(example = &"tls", extend("enum" = ["tcp", "tls"]))]
    #[serde(default = "tls")]
    r#type: String,
    /// Not to be shown.
    #[schemars(extend("writeOnly" = true))]
    token: Option<String>,
    #[schemars(length(min = 1))]
    list: Vec<String>,
    #[serde(default)]
    empty: Vec<Vec<u32>>,
    three: [i8; 3],
    #[schemars(extend("maxProperties" = 9))]
    map: BTreeMap<String, u16>,
    any_map: BTreeMap<String, serde_json::Value>,
    any: Option<serde_json::Value>,
    /// Anything.
    something: Option<serde_json::Value>,
    anything: Vec<serde_json::Value>,
    /// The first.
    part: SerdePart,
    maybe: Option<SerdePart>,
    parts: Vec<SerdePart>,
    named: BTreeMap<String, SerdePart>,
    /// Which way.
    #[serde(default)]
    way: SerdeWay,
    ways: Vec<SerdeWay>,
}

#[derive(Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum SerdeWay {
    #[default]
    In,
    Out,
}

fn yes() -> bool {
    true
}

fn port() -> u16 {
    1443
}

fn large() -> u64 {
    u64::MAX
}

fn below() -> i64 {
    -3
}

fn ratio() -> f64 {
    0.5
}

fn tls() -> String {
    "tls".into()
}

config! {
    pub struct Part {
        /// How many.
        count: u32,
        inner: Option<Inner>,
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "Part")]
#[allow(dead_code)]
struct SerdePart {
    /// How many.
    count: u32,
    inner: Option<SerdeInner>,
}

config! {
    pub struct Inner {}
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "Inner")]
#[allow(dead_code)]
struct SerdeInner {}

config! {
    pub struct Node<'a> {
        name: Str<'a>,
        #[recursive]
        children: Vec<Node<'a>>,
        leaf: Option<Leaf<'a>>,
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "Node")]
#[allow(dead_code)]
struct SerdeNode {
    name: String,
    children: Vec<Self>,
    leaf: Option<SerdeLeaf>,
}

config! {
    pub struct Leaf<'a> {
        #[recursive]
        tree: Option<Box<Node<'a>>>,
        #[recursive]
        next: Option<Box<Leaf<'a>>>,
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "Leaf")]
#[allow(dead_code)]
struct SerdeLeaf {
    tree: Option<Box<SerdeNode>>,
    next: Option<Box<Self>>,
}

fn parsed(schema: &str) -> serde_json::Value {
    serde_json::from_str(schema).unwrap()
}

#[test]
fn it_is_what_schemars_makes() {
    let (ours, theirs) = (parsed(schema!(All<'static>)), reference::<SerdeAll>());
    for (name, property) in theirs["properties"].as_object().unwrap() {
        assert_eq!(ours["properties"].get(name), Some(property), "{name}");
    }
    assert_eq!(ours, theirs);
    assert_eq!(parsed(schema!(Part)), reference::<SerdePart>());
    assert_eq!(parsed(schema!(Inner)), reference::<SerdeInner>());
}

#[test]
fn it_is_what_schemars_makes_of_structs_that_contain_themselves() {
    assert_eq!(parsed(schema!(Node<'static>)), reference::<SerdeNode>());
}

config! {
    pub struct Emb {
        e: String,
    }
}

config! {
    pub struct S<'a> {
        req: String,
        /// # Port
        #[range(1..=65535)]
        #[examples(80, 443)]
        min: i64,
        #[length(1..=5)]
        pat: String,
        arr: [i64; 3],
        map_any: Vec<(Str<'a>, Value<'a>)>,
        raw: Value<'a>,
        #[one_of("x", "y")]
        n: Str<'a> = "x",
        def_b: bool = true,
        def_f: f64 = 1.5,
        #[length(1..)]
        nested: Vec<Emb>,
        /// long, with comma
        d: u64,
    }
}

/// Go's generator, down to the order of the keywords; but for `required`, where Go counts defaults in.
#[test]
fn it_is_what_gos_generator_makes() {
    let expected = concat!(
        r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","##,
        r##""$defs":{"Emb":{"properties":{"e":{"type":"string"}},"additionalProperties":false,"type":"object","##,
        r##""required":["e"]}},"##,
        r##""properties":{"req":{"type":"string"},"##,
        r##""min":{"type":"integer","maximum":65535,"minimum":1,"title":"Port","examples":[80,443]},"##,
        r##""pat":{"type":"string","maxLength":5,"minLength":1},"##,
        r##""arr":{"items":{"type":"integer"},"type":"array","maxItems":3,"minItems":3},"##,
        r##""map_any":{"type":"object"},"raw":true,"##,
        r##""n":{"type":"string","enum":["x","y"],"default":"x"},"##,
        r##""def_b":{"type":"boolean","default":true},"def_f":{"type":"number","default":1.5},"##,
        r##""nested":{"items":{"$ref":"#/$defs/Emb"},"type":"array","minItems":1},"##,
        r##""d":{"type":"integer","description":"long, with comma"}},"##,
        r##""additionalProperties":false,"type":"object","##,
        r##""required":["req","min","pat","arr","map_any","nested","d"]}"##,
    );
    assert_eq!(schema!(S<'static>), expected);
    assert_eq!(
        schema!(Inner),
        concat!(
            r##"{"$schema":"https://json-schema.org/draft/2020-12/schema","##,
            r##""properties":{},"additionalProperties":false,"type":"object"}"##,
        )
    );
}
