//! A configuration, the same in serde's words, and what has to be done to a document so that serde reads it alike:
//!
//! - `null` counts as absent, and for the document itself as an empty object.
//! - Keys are equal if only the case of ASCII letters differs; the last one counts.
//! - A whole number may have a fraction of zeros: `3.0`; and `-0` is one.
//!
//! Not compared are documents that have a key with escapes, which names no field; and those that have a surrogate or
//! bytes that are not UTF-8, which the length of a string counts in its own way.

use std::borrow::Cow;
use std::collections::HashMap;

use reglet_sdk_core::config;
use reglet_sdk_core::json::{Kind, Str, Value};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::reference::{Tree, accepts, read_strictly, repaired};

config! {
    /// Every type that a field may have.
    struct Config<'a> {
        /// Required, measured and borrowed.
        #[length(1..=6)]
        host: Cow<'a, str>,
        /// Measured from above.
        #[length(..=4)]
        note: Option<String>,
        /// As it stands there.
        mode: Str<'a> = "fast",
        /// Within bounds.
        #[range(1..=65535)]
        port: u16 = 443,
        /// The bounds of its type.
        tiny: i8 = -1,
        /// The bounds of its type.
        byte: Option<u8>,
        /// The bounds of its type.
        count: Option<u32>,
        /// The bounds of its type.
        offset: i64 = 0,
        /// Within bounds on one side.
        #[range(-5..)]
        least: Option<i32>,
        /// Larger than `i64`.
        size: Option<u64>,
        /// Larger than `i64`, within bounds on one side.
        #[range(3..)]
        many: Option<u64>,
        /// Within bounds.
        #[range(..=9)]
        few: Option<u64>,
        /// A flag.
        strict: bool = true,
        /// A list of strings.
        #[length(1..=2)]
        tags: Option<Vec<String>>,
        /// A list of numbers.
        ports: Option<Vec<u16>>,
        /// An object.
        inner: Option<Inner>,
        /// A list of objects.
        others: Option<Vec<Inner>>,
    }
}

config! {
    /// An object in an object.
    struct Inner {
        /// Required.
        on: bool,
        /// With a default.
        name: String = "none",
    }
}

/// The names of the fields.
pub(super) const NAMES: [&str; 19] = [
    "host", "note", "mode", "port", "tiny", "byte", "count", "offset", "least", "size", "many", "few",
    "strict", "tags", "ports", "inner", "others", "on", "name",
];

#[derive(Deserialize)]
struct Reference {
    host: String,
    note: Option<String>,
    #[serde(default = "fast")]
    mode: String,
    #[serde(default = "https")]
    port: u16,
    #[serde(default = "minus_one")]
    tiny: i8,
    byte: Option<u8>,
    count: Option<u32>,
    #[serde(default)]
    offset: i64,
    least: Option<i32>,
    size: Option<u64>,
    many: Option<u64>,
    few: Option<u64>,
    #[serde(default = "yes")]
    strict: bool,
    tags: Option<Vec<String>>,
    ports: Option<Vec<u16>>,
    inner: Option<InnerReference>,
    others: Option<Vec<InnerReference>>,
    #[serde(flatten)]
    _rest: Rest,
}

#[derive(Deserialize)]
struct InnerReference {
    on: bool,
    #[serde(default = "none")]
    name: String,
    #[serde(flatten)]
    _rest: Rest,
}

/// What serde knows no field for. With it, serde takes no list in place of the struct.
type Rest = HashMap<String, IgnoredAny>;

fn fast() -> String {
    "fast".into()
}

fn https() -> u16 {
    443
}

fn minus_one() -> i8 {
    -1
}

fn yes() -> bool {
    true
}

fn none() -> String {
    "none".into()
}

impl Reference {
    fn read(document: &[u8]) -> Option<Self> {
        let tree = read_strictly(&repaired(document, |number| whole(number).into()));
        let object = if tree == Tree::Null { Tree::Object(Vec::new()) } else { tree };
        let read: Self = serde_json::from_value(plain(object)).ok()?;
        let characters = |text: &String| text.chars().count();
        let within = (1..=6).contains(&characters(&read.host))
            && read.note.as_ref().is_none_or(|note| characters(note) <= 4)
            && read.port >= 1
            && read.least.is_none_or(|least| least >= -5)
            && read.many.is_none_or(|many| many >= 3)
            && read.few.is_none_or(|few| few <= 9)
            && read.tags.as_ref().is_none_or(|tags| (1..=2).contains(&tags.len()));
        within.then_some(read)
    }
}

/// The number without a fraction of zeros, and 0 without a sign.
fn whole(number: &str) -> &str {
    match number.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => self::whole(whole),
        _ if number == "-0" => "0",
        _ => number,
    }
}

/// The tree with keys in small letters, the last of them that are equal, and without members that are `null`.
fn plain(tree: Tree) -> serde_json::Value {
    match tree {
        Tree::Null => serde_json::Value::Null,
        Tree::Boolean(value) => value.into(),
        Tree::Whole(number) => match u64::try_from(number) {
            Ok(number) => number.into(),
            Err(_) => i64::try_from(number).expect("it fits one or the other").into(),
        },
        Tree::Real(number) => number.into(),
        Tree::Text(text) => text.into(),
        Tree::List(elements) => elements.into_iter().map(plain).collect(),
        Tree::Object(members) => {
            let present = members.into_iter().filter(|(_, member)| *member != Tree::Null);
            present.map(|(key, member)| (key.to_ascii_lowercase(), plain(member))).collect()
        }
    }
}

/// Checks that a document is read as serde reads it, or refused where serde refuses it.
pub(super) fn check(document: &[u8]) {
    let read = Config::from_json(document);
    if let Err(error) = &read {
        assert!(error.field().is_empty() || NAMES.contains(&error.field()));
        assert!(!error.describe(document).is_empty());
    }
    if !accepts(document) {
        assert!(read.is_err_and(|error| error.is_syntax()), "{}", document.escape_ascii());
        return;
    }
    if !comparable(document) {
        return;
    }
    let reference = Reference::read(document);
    let shown = document.escape_ascii();
    assert_eq!(
        read.is_ok(),
        reference.is_some(),
        "{shown}: {:?}",
        read.map_err(|error| error.describe(document))
    );
    let (Ok(read), Some(reference)) = (read, reference) else { return };
    assert_eq!(read.host, reference.host);
    assert_eq!(read.note, reference.note);
    assert_eq!(read.mode.decode(), reference.mode);
    assert_eq!(
        (read.port, read.tiny, read.byte),
        (reference.port, reference.tiny, reference.byte),
        "{shown}"
    );
    assert_eq!(
        (read.count, read.offset, read.least),
        (reference.count, reference.offset, reference.least),
        "{shown}"
    );
    assert_eq!((read.size, read.many, read.few), (reference.size, reference.many, reference.few), "{shown}");
    assert_eq!(
        (read.strict, read.tags, read.ports),
        (reference.strict, reference.tags, reference.ports),
        "{shown}"
    );
    let inner = |inner: InnerReference| Inner { on: inner.on, name: inner.name };
    assert_eq!(read.inner, reference.inner.map(inner));
    assert_eq!(read.others, reference.others.map(|others| others.into_iter().map(inner).collect()));
}

fn comparable(document: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(document) else { return false };
    let surrogate = text.contains(r"\ud") || text.contains(r"\uD");
    !surrogate && !has_escaped_key(Value::parse(document).expect("it is accepted"))
}

fn has_escaped_key(value: Value<'_>) -> bool {
    let members = if value.kind() == Kind::Object { value.members() } else { value.elements() };
    members.into_iter().flatten().any(|(key, member)| key.contains(&b'\\') || has_escaped_key(member))
}
