//! What serde_json makes of a document, and where the codec differs from it on purpose:
//!
//! - Arrays and objects nest 128 levels deep, not 127.
//! - In strings, a surrogate without its other half and each byte that is not UTF-8 are read as U+FFFD, as Go reads
//!   them. serde_json refuses them.
//! - A number may be larger than any `f64`.
//! - `-0` is a whole number.
//! - Of equal keys the last one counts that is not `null`; they are equal if only the case of ASCII letters differs.
//!   A key with escapes is found under no name.

use core::fmt;

use reglet_sdk_core::json::{Encode, Error, Event, Kind, MAX_DEPTH, Reader, Value, Writer};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A document in memory. An object's members stand in order, those with equal keys too.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Tree {
    Null,
    Boolean(bool),
    /// In the range of `i64` or `u64`, and written without a fraction and an exponent.
    Whole(i128),
    Real(f64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// Checks that a document is accepted exactly if it should be, and read as the same values; and that what is written
/// from it is the same again.
pub(super) fn check(document: &[u8]) {
    check_reading(document);
    if let Ok(value) = Value::parse(document) {
        round_trip(value, &tree(document));
    }
}

/// Checks that a document is accepted exactly if it should be, and read as the same values.
pub(super) fn check_reading(document: &[u8]) {
    let read = Value::parse(document);
    assert_eq!(read.is_ok(), accepts(document), "{}", document.escape_ascii());
    match read {
        Ok(value) => same(value, &tree(document)),
        Err(error) => {
            assert!(error.is_syntax() && error.field().is_empty());
            assert!(!error.describe(document).is_empty());
        }
    }
    check_events(document, read);
}

/// Checks that a document has the events of its value, or ends with the same error.
fn check_events(document: &[u8], read: Result<Value<'_>, Error>) {
    for level in [0, 1, 2, u32::MAX] {
        let mut reader = Reader::new(document);
        let followed = match read {
            Ok(value) => follow(&mut reader, value, level, true),
            Err(_) => to_the_end(&mut reader),
        };
        assert_eq!(followed, read.map(|_| ()), "{}", document.escape_ascii());
        assert_eq!(reader.event(), read.map(|_| None), "and it stays there");
    }
}

fn to_the_end(reader: &mut Reader<'_>) -> Result<(), Error> {
    while reader.event()?.is_some() {}
    Ok(())
}

/// Goes through the events of a value, which is the document, a member, or else an element; what is on this level is
/// read as a whole.
fn follow(reader: &mut Reader<'_>, value: Value<'_>, level: u32, is_expected: bool) -> Result<(), Error> {
    let depth = reader.depth();
    if depth == level && is_expected {
        // Before its own first event.
        assert_eq!(reader.whole()?, value);
    } else {
        let event = reader.event()?;
        let (begins, ends, members) = match value.kind() {
            Kind::Object => (Event::BeginObject, Event::EndObject, value.members()?),
            Kind::Array => (Event::BeginArray, Event::EndArray, value.elements()?),
            _ => (Event::Value(value), Event::Value(value), Value::parse(b"[]")?.elements()?),
        };
        assert_eq!(event, Some(begins));
        if begins == ends {
            assert_eq!(reader.whole(), Ok(Value::ABSENT), "nothing has begun");
            return Ok(());
        }
        assert_eq!(reader.depth(), depth + 1);
        if depth == level {
            assert_eq!(reader.whole()?, value);
            return Ok(());
        }
        for (key, member) in members {
            let is_member = begins == Event::BeginObject;
            if is_member {
                let Some(Event::Key(found)) = reader.event()? else { panic!("a key comes first") };
                assert_eq!(found.raw(), key);
            }
            follow(reader, member, level, is_member)?;
        }
        assert_eq!(reader.event()?, Some(ends));
    }
    assert_eq!(reader.depth(), depth);
    Ok(())
}

/// Whether a document is JSON that is not nested too deep. What serde_json only skips over, it takes as it comes:
/// strings of any characters, numbers of any size, nested at any depth.
pub(super) fn accepts(document: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(document).is_ok() && depth(document) <= MAX_DEPTH
}

/// A document that is accepted.
pub(super) fn tree(document: &[u8]) -> Tree {
    read_strictly(&repaired(document, str::to_owned))
}

/// A document in strict JSON, of any depth.
pub(super) fn read_strictly(document: &str) -> Tree {
    let mut reader = serde_json::Deserializer::from_str(document);
    reader.disable_recursion_limit();
    let tree = Tree::deserialize(&mut reader).expect(document);
    reader.end().expect(document);
    tree
}

/// Checks that a value is what the tree says, by everything that there is to look at it.
pub(super) fn same(value: Value<'_>, tree: &Tree) {
    assert_eq!(value.is_none(), matches!(tree, Tree::Null));
    assert_eq!(value.boolean().ok(), if let Tree::Boolean(value) = tree { Some(*value) } else { None });
    assert_eq!(value.text().ok().as_deref(), if let Tree::Text(text) = tree { Some(&**text) } else { None });
    assert_eq!(value.string().is_ok(), matches!(tree, Tree::Text(_)));
    assert_eq!(value.members().is_ok(), matches!(tree, Tree::Object(_)));
    assert_eq!(value.elements().is_ok(), matches!(tree, Tree::List(_)));
    assert_eq!(Value::parse(value.raw()), Ok(value));
    let kind = match tree {
        Tree::Null => Kind::Null,
        Tree::Boolean(_) => Kind::Boolean,
        Tree::Whole(number) => {
            assert_eq!(value.integer().ok(), i64::try_from(*number).ok());
            Kind::Number
        }
        Tree::Real(number) => {
            let text = str::from_utf8(value.raw()).expect("a number is ASCII");
            assert_eq!(value.integer().ok(), (text == "-0").then_some(0));
            assert_eq!(in_range(text).parse(), Ok(*number));
            Kind::Number
        }
        Tree::Text(text) => {
            let string = value.string().expect(text);
            assert_eq!((string.to_string(), string.is_empty()), (text.clone(), text.is_empty()));
            assert_eq!(string, **text);
            let written = written(&string);
            assert_eq!(str::from_utf8(&written).map(read_strictly), Ok(Tree::Text(text.clone())));
            Kind::String
        }
        Tree::List(trees) => {
            let elements: Vec<_> = value.elements().expect("a list").collect();
            assert_eq!(elements.len(), trees.len());
            for ((key, element), tree) in elements.into_iter().zip(trees) {
                assert_eq!(key, b"");
                same(element, tree);
            }
            Kind::Array
        }
        Tree::Object(trees) => {
            let members: Vec<_> = value.members().expect("an object").collect();
            assert_eq!(members.len(), trees.len());
            for ((key, member), (name, tree)) in members.iter().zip(trees) {
                assert_eq!(decoded(key), *name);
                same(*member, tree);
            }
            finds_members(value, &members);
            Kind::Object
        }
    };
    assert_eq!(value.kind(), kind);
}

/// Checks that the last member that is not `null` is found under each name.
fn finds_members(value: Value<'_>, members: &[(&[u8], Value<'_>)]) {
    assert_eq!(value.get("no member has this name"), Value::ABSENT);
    for (key, _) in members.iter().take(8) {
        let Ok(name) = str::from_utf8(key) else { continue };
        if name.contains('\\') {
            continue;
        }
        let last =
            members.iter().rfind(|(other, member)| other.eq_ignore_ascii_case(key) && !member.is_none());
        let last = last.map_or(Value::ABSENT, |(_, member)| *member);
        assert_eq!(value.get(name), last);
        assert_eq!(value.get(&name.to_ascii_uppercase()), last);
        assert_eq!(value.fields(&["", name]).expect("an object")[1], last);
    }
}

fn decoded(key: &[u8]) -> String {
    let quoted = [b"\"", key, b"\""].concat();
    Value::parse(&quoted).and_then(Value::text).expect("a key is a string").into_owned()
}

/// Checks that a value that is written reads as the same again, is strict JSON, and does not change once more.
pub(super) fn round_trip(value: Value<'_>, tree: &Tree) {
    let written = written(&value);
    let text = str::from_utf8(&written).expect("what is written is UTF-8");
    let again = Value::parse(&written).expect(text);
    same(again, tree);
    assert_eq!(read_strictly(&repaired(&written, str::to_owned)), *tree);
    assert_eq!(self::written(&again), written);
}

/// What a value is written as.
pub(super) fn written(value: &impl Encode) -> Vec<u8> {
    let mut out = Writer::new();
    value.encode(&mut out);
    out.into_bytes()
}

/// Levels of arrays and objects in a document that is valid.
fn depth(document: &[u8]) -> u32 {
    let (mut depth, mut deepest, mut rest) = (0, 0, document);
    while let Some(byte) = rest.first() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
        rest = &rest[if *byte == b'"' { string(rest).1 } else { 1 }..];
    }
    deepest
}

/// A document that is valid, in the JSON that serde_json reads too. Numbers are put through `number` on top.
pub(super) fn repaired(document: &[u8], number: impl Fn(&str) -> String) -> String {
    let (mut out, mut rest) = (String::new(), document);
    while let Some(&byte) = rest.first() {
        let len = match byte {
            b'"' => {
                let (text, len) = string(rest);
                out.push_str(&text);
                len
            }
            b'-' | b'0'..=b'9' => {
                let other = |byte: &u8| !matches!(byte, b'+' | b'-' | b'.' | b'0'..=b'9' | b'e' | b'E');
                let len = rest.iter().position(other).unwrap_or(rest.len());
                let text = str::from_utf8(&rest[..len]).expect("a number is ASCII");
                out.push_str(&number(&in_range(text)));
                len
            }
            _ => {
                out.push(byte.into());
                1
            }
        };
        rest = &rest[len..];
    }
    out
}

/// The number, or the largest `f64` in place of one that is larger.
fn in_range(number: &str) -> String {
    let exact: f64 = number.parse().expect(number);
    if exact.is_infinite() { exact.clamp(f64::MIN, f64::MAX).to_string() + ".0" } else { number.into() }
}

/// The string at the start of a text, with U+FFFD for what is no character, and how long it was.
fn string(text: &[u8]) -> (String, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6).and_then(|unit| unit.strip_prefix(b"\\u"))?;
        u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
    };
    let (mut out, mut at) = (String::from('"'), 1);
    while text[at] != b'"' {
        let rest = &text[at..];
        let (piece, len) = match unit(at) {
            Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => (Some(&rest[..12]), 12),
            Some(0xD800..=0xDFFF) => (None, 6),
            Some(_) => (Some(&rest[..6]), 6),
            None if rest[0] == b'\\' => (Some(&rest[..2]), 2),
            None => {
                let character =
                    (1..=4).filter_map(|len| rest.get(..len)).find(|text| str::from_utf8(text).is_ok());
                (character, character.map_or(1, <[u8]>::len))
            }
        };
        out.push_str(piece.map_or("\u{fffd}", |piece| str::from_utf8(piece).expect("it was checked")));
        at += len;
    }
    out.push('"');
    (out, at + 1)
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Trees;

        impl<'de> Visitor<'de> for Trees {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }

            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Boolean(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Whole(value.into()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Whole(value.into()))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Real(value))
            }

            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::Text(value.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = list.next_element()? {
                    elements.push(element);
                }
                Ok(Tree::List(elements))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Tree, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = object.next_entry()? {
                    members.push(member);
                }
                Ok(Tree::Object(members))
            }
        }

        reader.deserialize_any(Trees)
    }
}
