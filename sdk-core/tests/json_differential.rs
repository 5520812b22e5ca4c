//! The codec against serde_json: the same documents accepted, the same values read, the same trees written. Where
//! they differ on purpose is said in `reference`.

#[path = "json_differential/configs.rs"]
mod configs;
#[path = "json_differential/reference.rs"]
mod reference;
#[path = "json_differential/spelling.rs"]
mod spelling;

use core::mem::MaybeUninit;
use std::borrow::Cow;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::string::string_regex;
use reference::Tree;
use reglet_sdk_core::json::{Encode, MAX_DEPTH, Value, Writer};
use reglet_sdk_core::text;
use spelling::{Choices, spell};

/// So many cases, and no files about those that fail: they become tests of their own.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// Something done to a document.
#[derive(Clone, Debug)]
enum Mutation {
    Flip(Index, u8),
    Cut(Index, usize),
    Insert(Index, &'static str),
    Repeat(Index, usize),
    End(Index),
}

impl Mutation {
    fn apply(&self, document: &mut Vec<u8>) {
        let place = |index: &Index, document: &[u8]| index.index(document.len() + 1);
        let range = |index: &Index, len: usize, document: &[u8]| {
            let start = place(index, document);
            start..document.len().min(start + len)
        };
        match self {
            Self::Flip(index, bits) => {
                let at = place(index, document);
                document.get_mut(at).into_iter().for_each(|byte| *byte ^= bits);
            }
            Self::Cut(index, len) => drop(document.drain(range(index, *len, document))),
            Self::Insert(index, text) => {
                let at = place(index, document);
                document.splice(at..at, text.bytes());
            }
            Self::Repeat(index, len) => {
                let range = range(index, *len, document);
                let piece = document[range.clone()].to_vec();
                document.splice(range.start..range.start, piece);
            }
            Self::End(index) => document.truncate(place(index, document)),
        }
    }
}

fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let mutation = prop_oneof![
        (any::<Index>(), (0..8).prop_map(|bit| 1_u8 << bit)).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        (any::<Index>(), any::<u8>()).prop_map(|(at, bits)| Mutation::Flip(at, bits)),
        (any::<Index>(), 1_usize..8).prop_map(|(at, len)| Mutation::Cut(at, len)),
        (any::<Index>(), select(TOKENS)).prop_map(|(at, text)| Mutation::Insert(at, text)),
        (any::<Index>(), 1_usize..8).prop_map(|(at, len)| Mutation::Repeat(at, len)),
        any::<Index>().prop_map(Mutation::End),
    ];
    vec(mutation, 1..4)
}

/// What JSON is made of, and what comes close.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    " ",
    "\t",
    "\u{b}",
    "\0",
    "0",
    "-",
    "+",
    ".",
    "e",
    "E",
    "9",
    "-0",
    "0.0",
    "1e999",
    "null",
    "true",
    "false",
    "nul",
    "\"\"",
    "\"a\"",
    "\\u",
    "\\ud800",
    "\\udc00",
    "\\uD83D\\uDE00",
    "\\/",
    "\u{feff}",
    "\u{2028}",
    "{}",
    "[]",
    "//",
    "NaN",
];

proptest! {
    #![proptest_config(cases(2000))]

    #[test]
    fn reads_trees_however_they_are_spelled(
        tree in spelling::trees(),
        choices in vec(any::<u8>(), 0..40),
    ) {
        let document = spell(&tree, &mut Choices::new(&choices));
        let value = Value::parse(document.as_bytes()).expect(&document);
        reference::same(value, &tree);
        reference::round_trip(value, &tree);
        reference::check(document.as_bytes());
    }

    #[test]
    fn agrees_on_documents_that_were_damaged(
        tree in spelling::trees(),
        choices in vec(any::<u8>(), 0..40),
        mutations in mutations(),
    ) {
        let mut document = spell(&tree, &mut Choices::new(&choices)).into_bytes();
        for mutation in &mutations {
            mutation.apply(&mut document);
        }
        reference::check(&document);
        configs::check(&document);
    }

    #[test]
    fn writes_trees_that_read_the_same(tree in spelling::whole_trees(), room in 0_usize..64) {
        let document = reference::written(&tree);
        let text = str::from_utf8(&document).expect("what is written is UTF-8");
        prop_assert_eq!(&reference::read_strictly(text), &tree);
        reference::same(Value::parse(&document).expect(text), &tree);

        let mut stack = [MaybeUninit::uninit(); 64];
        for mut out in [Writer::on(&mut stack[..room]), Writer::with_capacity(room)] {
            tree.encode(&mut out);
            prop_assert_eq!(out.as_bytes(), &document);
        }
    }
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn agrees_on_any_bytes(document in vec(any::<u8>(), 0..24)) {
        reference::check(&document);
        reference::check(&[b"\"", &*document, b"\""].concat());
    }

    #[test]
    fn agrees_on_any_tokens(document in vec(select(TOKENS), 0..10)) {
        reference::check(document.concat().as_bytes());
        reference::check(["[", &document.concat(), "]"].concat().as_bytes());
        reference::check(["\"", &document.concat(), "\""].concat().as_bytes());
    }

    #[test]
    fn agrees_on_numbers(number in "-?(0|[1-9][0-9]{0,22})(\\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?", junk in "[-+.eE0-9]{0,6}") {
        reference::check(number.as_bytes());
        reference::check(junk.as_bytes());
        reference::check((number + &junk).as_bytes());
    }

    #[test]
    fn writes_strings_by_every_way_there_is(texts in vec(spelling::texts(), 0..4)) {
        let tree = Tree::List(texts.iter().cloned().map(Tree::Text).collect());
        let pieces = texts.concat();
        let borrowed: Vec<Cow<'_, str>> = texts.iter().map(|text| Cow::Borrowed(&**text)).collect();
        let joined = text![pieces[..0], *pieces, 7];
        let expected = Tree::Text(pieces.clone() + "7");
        prop_assert_eq!(read(&texts), tree.clone());
        prop_assert_eq!(read(&borrowed), tree);
        prop_assert_eq!(read(&joined), expected);
        prop_assert_eq!(joined.to_string(), pieces + "7");
    }

    #[test]
    fn writes_integers_of_every_type(number in any::<u64>(), width in 0_u32..64, option in any::<Option<i16>>()) {
        let number = number >> width;
        let whole = |number: i128| Tree::Whole(number);
        prop_assert_eq!(read(&number), whole(number.into()));
        prop_assert_eq!(read(&number.cast_signed()), whole(number.cast_signed().into()));
        prop_assert_eq!(read(&(number as u32)), whole((number as u32).into()));
        prop_assert_eq!(read(&(number as i32)), whole((number as i32).into()));
        prop_assert_eq!(read(&(number as u16)), whole((number as u16).into()));
        prop_assert_eq!(read(&(number as i16)), whole((number as i16).into()));
        prop_assert_eq!(read(&(number as u8)), whole((number as u8).into()));
        prop_assert_eq!(read(&(number as i8)), whole((number as i8).into()));
        prop_assert_eq!(read(&option), option.map_or(Tree::Null, |number| whole(number.into())));
    }

    #[test]
    fn reads_configs_as_serde_does(document in configs()) {
        configs::check(document.as_bytes());
    }
}

/// Documents that are mostly configurations, and often good ones.
fn configs() -> impl Strategy<Value = String> {
    let number = regex("-?(0|[1-9][0-9]{0,5}|[1-9][0-9]{18,20})(\\.0{1,3}|\\.[0-9]{1,2}|e[0-3])?");
    let text = regex("\"([a-z]|é|😀|\\\\n|\\\\u00e9){0,7}\"");
    let borders = select(BORDERS.split_whitespace().collect::<Vec<_>>());
    let simple =
        prop_oneof![borders.prop_map(String::from), number, text.clone(), regex("true|false|null|\"a\"")];
    let list = vec(simple.clone(), 0..4).prop_map(|elements| format!("[{}]", elements.join(",")));
    let texts = vec(text.clone(), 0..3).prop_map(|elements| format!("[{}]", elements.join(", ")));
    let ports = vec(0_u32..70_000, 0..3).prop_map(|elements| format!("{elements:?}"));
    let key = (select(configs::NAMES.as_slice()), any::<u8>()).prop_map(|(name, case)| match case % 4 {
        0 => name.to_uppercase(),
        1 => name[..1].to_uppercase() + &name[1..],
        _ => name.to_owned(),
    });
    let value = prop_oneof![4 => simple, 1 => list, 1 => texts, 1 => ports];
    let value = value.prop_recursive(2, 8, 4, {
        let key = key.clone();
        move |value| {
            prop_oneof![
                object(key.clone(), value.clone()),
                (regex("true|false|null|1"), text.clone())
                    .prop_map(|(on, name)| format!(r#"{{"on":{on},"name":{name}}}"#)),
                (regex("true|false"), value)
                    .prop_map(|(on, name)| format!(r#"[{{"on":{on},"NAME":{name}}},{{"on":true}}]"#)),
            ]
        }
    });
    let host = regex("\"[a-z]{1,6}\"|\"é{6}\"").prop_map(|host| format!(r#"{{"host":{host}"#));
    let any = (key.clone(), value.clone()).prop_map(|(key, value)| format!("\"{key}\":{value}"));
    let members = vec(prop_oneof![1 => any, 6 => regex(FITTING)], 0..5);
    let members =
        members.prop_map(|members| members.iter().map(|member| format!(", {member}")).collect::<String>());
    let good = (host, members).prop_map(|(host, members)| host + &members + "}");
    prop_oneof![4 => good, 1 => object(key, value.clone()), 1 => value]
}

/// The ends of integer types and of the fields' bounds, and a value of each kind.
const BORDERS: &str = r#"
    -6 -5 -1 -128 -129 127 128 0 1 2 3 9 10 255 256 65535 65536 -2147483648 2147483647 2147483648
    4294967295 4294967296 9223372036854775807 9223372036854775808 -9223372036854775808
    -9223372036854775809 18446744073709551615 18446744073709551616 3.0 -0 1e2 null true false [] {} ""
"#;

/// Strings by a pattern, which is read only once.
fn regex(pattern: &str) -> BoxedStrategy<String> {
    string_regex(pattern).expect(pattern).boxed()
}

/// Members that mostly are what their field demands.
const FITTING: &str = concat!(
    r#""note":"[a-z]{0,5}"|"mode":"[a-z]{0,9}"|"[pP][oO]rt":[1-9][0-9]{0,4}|"byte":([0-9]|[1-9][0-9]{1,2})(\.0)?"#,
    r#"|"tiny":(-?[0-9]|-?[1-9][0-9]|-?1[23][0-9])|"count":[1-9][0-9]{0,9}|"offset":-?[1-9][0-9]{0,18}"#,
    r#"|"least":-?[1-9]|"(size|many)":[1-9][0-9]{0,19}|"(many|few)":[0-9]|"strict":(true|false|null)"#,
    r#"|"tags":\["a"(, "[a-z]{3}"){0,2}\]|"ports":\[[0-9](, [1-7][0-9]{1,4}){0,2}\]"#,
    r#"|"inner":\{"on":(true|false), "name":"[a-z]"\}|"others":\[\{"On":true\}, \{"name":null,"on":false\}\]"#,
);

fn object(
    key: impl Strategy<Value = String>,
    value: impl Strategy<Value = String>,
) -> impl Strategy<Value = String> {
    let members = vec((key, value), 0..4);
    members.prop_map(|members| {
        let members: Vec<_> = members.into_iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

/// What serde_json reads of what is written.
fn read(value: &impl Encode) -> Tree {
    reference::read_strictly(str::from_utf8(&reference::written(value)).expect("what is written is UTF-8"))
}

impl Encode for Tree {
    fn encode(&self, out: &mut Writer<'_>) {
        match self {
            Self::Null => None::<bool>.encode(out),
            Self::Boolean(value) => value.encode(out),
            Self::Whole(number) => match i64::try_from(*number) {
                Ok(number) => out.integer(number),
                Err(_) => out.unsigned((*number).try_into().expect("it fits one or the other")),
            },
            Self::Real(number) => unreachable!("{number}: there is no way to write a fraction"),
            Self::Text(text) => text.encode(out),
            Self::List(elements) => elements.encode(out),
            Self::Object(members) => {
                out.begin_object();
                for (key, member) in members {
                    out.member(key, member);
                }
                out.end_object();
            }
        }
    }
}

#[test]
fn writes_every_character() {
    let all: Vec<char> = ('\0'..=char::MAX).collect();
    for some in all.chunks(0x4000) {
        let text = String::from_iter(some);
        assert_eq!(read(&text), Tree::Text(text));
    }
}

#[test]
fn reads_every_character_in_every_escape() {
    for unit in 0..=0xFFFF_u16 {
        reference::check(format!("\"\\u{unit:04x}\"").as_bytes());
    }
    for (high, low) in
        [(0xD800, 0xDC00), (0xD800, 0xDFFF), (0xDBFF, 0xDC00), (0xDBFF, 0xDFFF), (0xD800, 0xE000)]
    {
        reference::check(format!("\"\\u{high:04x}\\u{low:04X}\"").as_bytes());
    }
    for byte in 0..=0xFF {
        reference::check(&[b'"', b'\\', byte, b'"']);
        reference::check(&[b'"', byte, b'"']);
        reference::check(&[byte]);
    }
}

#[test]
fn nests_one_level_deeper_than_serde_json() {
    let nested = |levels: u32, open: &str, close: &str| {
        let levels = levels as usize;
        [open.repeat(levels), "1".into(), close.repeat(levels)].concat()
    };
    for (open, close) in [("[", "]"), ("{\"a\":", "}"), ("[[],", "]"), (" [ {\"[\" : ", "}\n] ")] {
        for levels in
            [MAX_DEPTH / 2 - 1, MAX_DEPTH / 2, MAX_DEPTH - 1, MAX_DEPTH, MAX_DEPTH + 1, 10 * MAX_DEPTH]
        {
            reference::check(nested(levels, open, close).as_bytes());
        }
    }
    let (deepest, deeper) = (nested(MAX_DEPTH, "[", "]"), nested(MAX_DEPTH + 1, "[", "]"));
    assert!(Value::parse(deepest.as_bytes()).is_ok() && Value::parse(deeper.as_bytes()).is_err());
    assert!(serde_json::from_str::<serde_json::Value>(&deepest).is_err());
}

#[test]
fn reads_what_go_reads_and_serde_json_does_not() {
    for (document, text) in [
        (br#""\ud800""#.as_slice(), "\u{fffd}"),
        (br#""\udc00x""#, "\u{fffd}x"),
        (br#""\ud800\ud800\udc00""#, "\u{fffd}\u{10000}"),
        (b"\"\xff\xe2\x82\"", "\u{fffd}\u{fffd}\u{fffd}"),
        (b"\"\xed\xa0\x80\"", "\u{fffd}\u{fffd}\u{fffd}"),
    ] {
        assert!(serde_json::from_slice::<Tree>(document).is_err());
        assert_eq!(Value::parse(document).expect("Go reads it").text().expect("a string"), text);
        reference::check(document);
    }
    for document in ["1e999", "-1e999", "[1e309, 1E+400]"] {
        assert!(serde_json::from_str::<Tree>(document).is_err());
        assert!(Value::parse(document.as_bytes()).is_ok());
        reference::check(document.as_bytes());
    }
}

#[test]
fn finds_no_key_with_escapes() {
    let value = Value::parse(br#"{"\u0061":1,"a\/":2}"#).expect("it is JSON");
    assert_eq!((value.get("a"), value.get("a/")), (Value::ABSENT, Value::ABSENT));
}

#[test]
fn matches_keys_without_regard_to_the_case_of_ascii_alone() {
    let document = r#"{"É":1,"key":2,"@":4,"[":5}"#;
    let value = Value::parse(document.as_bytes()).expect(document);
    // The Kelvin sign, which Go takes for a k, and characters that are as far apart as letters of both cases.
    for name in ["é", "\u{212a}ey", "`", "{"] {
        assert_eq!(value.get(name), Value::ABSENT, "{name}");
    }
    assert_eq!(value.get("kEy").integer(), Ok(2));
}
