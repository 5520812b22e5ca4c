//! Serde's front: what it reads and writes is what `serde_json` does, but for the differences that it states.
#![cfg(feature = "serde")]

use core::fmt::{self, Debug};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use reglet_sdk_core::json::{self, Encode, FromValue, Serde, Str, Value, Writer};
use reglet_sdk_core::{Context, Error, Metadata, Outcome, Plugin, config, serde_config, text};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Plain {
    flag: bool,
    small: i8,
    port: u16,
    big: u64,
    negative: i64,
    wide: u128,
    wider: i128,
    ratio: f64,
    #[serde(default)]
    single: f32,
    letter: char,
    text: String,
    maybe: Option<u32>,
    #[serde(rename = "déjà \"vu\"")]
    renamed: Vec<Option<String>>,
    #[serde(default)]
    nothing: (),
    pair: (u8, String),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
struct Newtype(String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tuple(u8, Newtype, Unit);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Name {
    One,
    AndTwo,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Outside {
    Unit,
    New(u8),
    Tuple(u8, String),
    Struct {
        a: u8,
        b: Option<Box<Self>>,
    },
    Flat {
        a: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Inside {
    Unit,
    New(Inner),
    Struct { a: i64, list: Vec<f64> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Beside {
    Unit,
    New(u8),
    Tuple(u8, i8),
    Struct { a: Option<bool> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(i64),
    Large(u64),
    Float(f64),
    Flag(bool),
    Text(String),
    List(Vec<Self>),
    Inner(Inner),
    Any(BTreeMap<String, Self>),
    Null,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Inner {
    x: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    inner: Inner,
    #[serde(flatten)]
    rest: BTreeMap<String, Untagged>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    #[serde(default)]
    a: u8,
    #[serde(default)]
    b: u8,
}

/// Both readers accept the document and read the same, or both refuse it.
#[track_caller]
fn agrees<T: DeserializeOwned + PartialEq + Debug>(document: &str) {
    let ours = json::from_slice::<T>(document.as_bytes());
    // From bytes: with text, `serde_json` looks at keys that shall be booleans from the middle of a character.
    let theirs = serde_json::from_slice::<T>(document.as_bytes());
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{document}"),
        (Err(_), Err(_)) => {}
        _ => panic!("{document}: {ours:?}, but {theirs:?}"),
    }
}

const PLAIN: &str = r#" {"flag": true, "small": -128, "port": 65535, "big": 18446744073709551615,
    "negative": -9223372036854775808, "wide": 340282366920938463463374607431768211455,
    "wider": -170141183460469231731687303715884105728, "ratio": -1.5e-3, "single": 0.1, "letter": "\u00e9",
    "text": "a\"\\\/\b\f\n\r\té😀\ud83d\ude00", "maybe": null, "déjà \"vu\"": ["x", null, ""], "nothing": null,
    "pair": [1, "b"], "unknown": [{"a": [1, {}]}, "]"]} "#;

/// Documents of every shape, good and bad, for every type.
const DOCUMENTS: &[&str] = &[
    PLAIN,
    "null",
    "true",
    "false",
    "0",
    "-1",
    "255",
    "256",
    "-129",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "-9223372036854775809",
    "340282366920938463463374607431768211456",
    "1.5",
    "1e3",
    "1E-400",
    "1e400",
    "-1e400",
    r#""""#,
    r#""a""#,
    r#""ab""#,
    r#""\u00e9""#,
    r#""One""#,
    r#""one""#,
    r#""and_two""#,
    r#""Unit""#,
    r#""New""#,
    "[]",
    "[1]",
    r#"[1,"a"]"#,
    r#"[1,"a",null]"#,
    r#"[1,"a",null,4]"#,
    "[1,2,3]",
    "[null,1]",
    "[1,]",
    "[1 2]",
    "[[],[1]]",
    "{}",
    r#"{"a":1}"#,
    r#"{"a":1,"b":2}"#,
    r#"{"a":1,"a":2}"#,
    r#"{"a":1,"c":2}"#,
    r#"{"A":1}"#,
    r#"{"\u0061":1}"#,
    r#"{"1":1,"-2":2}"#,
    r#"{"1.5":1,"1e2":2}"#,
    r#"{"1 ":1}"#,
    r#"{"1-2":1}"#,
    r#"{"01":1}"#,
    r#"{"":1}"#,
    r#"{"300":1}"#,
    r#"{"18446744073709551615":1}"#,
    r#"{"true":1,"false":2}"#,
    r#"{"one":1,"and_two":2}"#,
    r#"{"é":1,"\"":2}"#,
    r#"{"a":1,}"#,
    r#"{"a"}"#,
    r#"{"a":1 "b":2}"#,
    r#"{"Unit":null}"#,
    r#"{"Unit":1}"#,
    r#"{"New":7}"#,
    r#"{"New":7,"Unit":null}"#,
    r#"{"New":"7"}"#,
    r#"{"Tuple":[7,"x"]}"#,
    r#"{"Tuple":[7]}"#,
    r#"{"Tuple":[7,"x",1]}"#,
    r#"{"Struct":{"a":1,"b":{"Struct":{"a":2,"b":"Unit"}}}}"#,
    r#"{"Struct":{"b":null}}"#,
    r#"{"Flat":{"a":1,"x":2,"y":3}}"#,
    r#"{"Flat":{"a":1,"x":"2"}}"#,
    r#"{"Other":1}"#,
    r#"{"kind":"unit"}"#,
    r#"{"kind":"new","x":-5,"y":"z"}"#,
    r#"{"x":-5,"kind":"new"}"#,
    r#"{"a":3,"kind":"struct","list":[1,2.5,-3]}"#,
    r#"{"kind":"other"}"#,
    r#"{"kind":1}"#,
    r#"{"t":"Unit"}"#,
    r#"{"t":"New","c":3}"#,
    r#"{"c":3,"t":"New"}"#,
    r#"{"c":[3,-3],"t":"Tuple"}"#,
    r#"{"t":"Struct","c":{"a":true}}"#,
    r#"{"t":"New"}"#,
    r#"{"x":1}"#,
    r#"{"x":1,"y":"b"}"#,
    r#"{"id":1,"x":2,"z":{"q":[1,null]},"w":18446744073709551615}"#,
    r#"{"id":1,"x":2,"id":3}"#,
    r#"{"id":1}"#,
    "nul",
    "nulll",
    "tru",
    "01",
    "1.",
    "-",
    "",
    "  ",
    "1 2",
    "{} {}",
    "[",
    "{",
    r#"{"a":"#,
    "\"a",
    "\"\\x\"",
    "\"\n\"",
    "]",
    "\u{feff}1",
];

#[test]
fn reads_what_serde_json_reads() {
    for document in DOCUMENTS {
        agrees::<Plain>(document);
        agrees::<(u8, Newtype, Unit)>(document);
        agrees::<Tuple>(document);
        agrees::<Name>(document);
        agrees::<Outside>(document);
        agrees::<Vec<Outside>>(document);
        agrees::<Inside>(document);
        agrees::<Beside>(document);
        agrees::<Untagged>(document);
        agrees::<Flat>(document);
        if !document.starts_with('[') {
            agrees::<Option<Inner>>(document);
            agrees::<Option<Strict>>(document);
        }
        agrees::<Option<BTreeMap<String, u8>>>(document);
        agrees::<Option<BTreeMap<Newtype, IgnoredAnything>>>(document);
        agrees::<Option<BTreeMap<i8, u8>>>(document);
        agrees::<Option<BTreeMap<u64, u8>>>(document);
        agrees::<Option<BTreeMap<i128, u8>>>(document);
        agrees::<Option<BTreeMap<u128, u8>>>(document);
        agrees::<Option<BTreeMap<bool, u8>>>(document);
        agrees::<Option<BTreeMap<char, u8>>>(document);
        agrees::<Option<BTreeMap<Name, u8>>>(document);
        agrees::<Option<BTreeMap<Option<Newtype>, u8>>>(document);
        agrees::<Vec<Option<i16>>>(document);
        agrees::<(bool, i32)>(document);
        agrees::<[u8; 3]>(document);
        agrees::<String>(document);
        agrees::<char>(document);
        agrees::<()>(document);
        agrees::<Unit>(document);
        agrees::<u8>(document);
        agrees::<i8>(document);
        agrees::<u32>(document);
        agrees::<i64>(document);
        agrees::<u64>(document);
        agrees::<i128>(document);
        agrees::<u128>(document);
        agrees::<f64>(document);
        agrees::<f32>(document);
        agrees::<serde_json::Value>(document);
        agrees::<Result<u8, String>>(document);
    }
}

#[derive(Debug, Deserialize)]
struct IgnoredAnything(IgnoredAny);

impl PartialEq for IgnoredAnything {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Small and good enough: xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Some JSON value, written with white space.
    fn value(&mut self, depth: usize, out: &mut String) {
        const ATOMS: &[&str] = &[
            "null",
            "true",
            "0",
            "-7",
            "1.5",
            "1e2",
            "18446744073709551615",
            "-9223372036854775808",
            r#""""#,
            r#""a\n\u00e9""#,
            r#""one""#,
            "\"grüße\"",
        ];
        const KEYS: &[&str] = &["a", "b", "x", "kind", "t", "c", "1", "\\u0062"];
        match self.below(if depth == 0 { 1 } else { 3 }) {
            1 => {
                out.push_str("[ ");
                for at in 0..self.below(4) {
                    out.push_str(if at == 0 { "" } else { " ," });
                    self.value(depth - 1, out);
                }
                out.push(']');
            }
            2 => {
                out.push('{');
                for at in 0..self.below(4) {
                    out.push_str(if at == 0 { "\"" } else { ",\"" });
                    out.push_str(KEYS[self.below(KEYS.len())]);
                    out.push_str("\" :\t");
                    self.value(depth - 1, out);
                }
                out.push_str("\n}");
            }
            _ => out.push_str(ATOMS[self.below(ATOMS.len())]),
        }
    }
}

#[test]
fn agrees_on_random_documents_whole_and_damaged() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for round in 0..4000 {
        let mut document = String::new();
        random.value(4, &mut document);
        if round % 2 == 1 {
            // An ASCII byte is put in the place of another.
            let at = random.below(document.len());
            let with = [b"{}[]\",:0- nt"[random.below(12)]];
            if document.is_char_boundary(at) && document.is_char_boundary(at + 1) {
                document.replace_range(at..=at, core::str::from_utf8(&with).unwrap());
            }
        }
        agrees::<serde_json::Value>(&document);
        agrees::<Untagged>(&document);
        agrees::<Vec<Option<Untagged>>>(&document);
        agrees::<IgnoredAnything>(&document);
    }
}

#[test]
fn reads_floats_to_the_last_bit() {
    let mut random = Random(42);
    let check = |text: &str| {
        let ours: f64 = json::from_slice(text.as_bytes()).unwrap();
        assert_eq!(ours.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
    };
    for text in [
        "0",
        "-0.0",
        "4.9e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.2250738585072011e-308",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "9007199254740993",
        "9007199254740993.00000000000000000000000000000000000001",
        "0.1e-999999999999999999999",
        "0e999999999999999999999",
        "123456789012345678901234567890e-30",
    ] {
        check(text);
    }
    // Exactly between two floats, and a little more, far behind.
    let half = format!("{:.1074}", f64::from_bits(1)) + "5";
    check(&half);
    let between = format!("9007199254740993.{}", "0".repeat(900));
    check(&between);
    check(&format!("{between}1"));
    for _ in 0..3000 {
        let float = f64::from_bits(random.next());
        if float.is_finite() {
            check(&format!("{float:e}"));
            check(&format!("{float:?}"));
        }
        let (digits, power) = (random.next(), random.below(700) as i64 - 350);
        if power < 285 {
            check(&format!("{digits}{digits}e{}", power - 20));
            check(&format!("0.000{digits}e{power}"));
        }
    }
    for text in ["1e309", "-1.7976931348623159e308", "1e999999999999999999999"] {
        let error = json::from_slice::<f64>(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "expected a number in the range of 64-bit floats, got a number");
    }
}

#[test]
fn reads_what_the_rest_of_the_codec_reads() {
    assert_eq!(json::from_slice::<u8>(b"3.0").unwrap(), 3);
    assert_eq!(json::from_slice::<String>(br#""\ud800x\udc00""#).unwrap(), "\u{fffd}x\u{fffd}");
    assert_eq!(json::from_slice::<String>(b"\"a\xff\xe2\x82b\"").unwrap(), "a\u{fffd}\u{fffd}\u{fffd}b");
    assert_eq!(json::from_slice::<BTreeMap<String, u8>>(b"{\"\xff\":1}").unwrap()["\u{fffd}"], 1);
    // A document without any members.
    assert_eq!(json::from_slice::<Strict>(b"null").unwrap(), Strict { a: 0, b: 0 });
    assert!(json::from_slice::<Vec<Strict>>(b"[null]").is_err());
    // Not a struct, though derived code would know how.
    assert!(json::from_slice::<Strict>(b"[1,2]").is_err());
}

#[test]
fn borrows_strings_that_stand_there_as_they_are() {
    #[derive(Deserialize)]
    struct Borrowed<'a> {
        text: &'a str,
        #[serde(borrow)]
        cow: Cow<'a, str>,
        #[serde(borrow)]
        escaped: Cow<'a, str>,
        bytes: &'a [u8],
        map: HashMap<&'a str, Untagged>,
        #[serde(borrow, flatten)]
        rest: HashMap<&'a str, Cow<'a, str>>,
    }
    let document =
        r#"{"text": "tëxt", "cow": "cow", "escaped": "\u0061", "bytes": "b", "map": {"key": 1}, "r": "s"}"#;
    let read: Borrowed<'_> = json::from_slice(document.as_bytes()).unwrap();
    let inside = |part: &[u8]| document.as_bytes().as_ptr_range().contains(&part.as_ptr());
    assert!(read.text == "tëxt" && inside(read.text.as_bytes()));
    assert!(matches!(read.cow, Cow::Borrowed("cow")) && inside(read.cow.as_bytes()));
    assert!(matches!(&read.escaped, Cow::Owned(text) if text == "a"));
    assert!(read.bytes == b"b" && inside(read.bytes));
    assert!(read.map.keys().chain(read.rest.keys()).all(|key| inside(key.as_bytes())));
    assert_eq!(read.rest["r"], "s");
    assert!(json::from_slice::<&str>(br#""\n""#).is_err());
}

#[test]
fn reads_bytes_from_strings_and_arrays() {
    #[derive(Debug, PartialEq)]
    struct Bytes(Vec<u8>);
    impl<'de> Deserialize<'de> for Bytes {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;
            impl<'de> serde::de::Visitor<'de> for Visitor {
                type Value = Bytes;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("bytes")
                }
                fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                    Ok(Bytes(bytes.into()))
                }
                fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Bytes, A::Error> {
                    let mut bytes = Vec::new();
                    while let Some(byte) = seq.next_element()? {
                        bytes.push(byte);
                    }
                    Ok(Bytes(bytes))
                }
            }
            deserializer.deserialize_byte_buf(Visitor)
        }
    }
    for document in [r#""aé""#, r#""\n""#, "[1,255]", "[1,256]", "{}", "1"] {
        agrees::<Bytes>(document);
    }
}

#[test]
fn says_where_and_what_is_wrong() {
    #[track_caller]
    fn fails<T: DeserializeOwned>(document: &str, path: &str, text: &str) {
        let Err(error) = json::from_slice::<T>(document.as_bytes()) else { panic!("{document} was read") };
        assert_eq!((&*error.path(), &*error.to_string()), (path, text));
    }
    fails::<u8>("", "", "unexpected end of JSON input");
    fails::<Inner>(r#"{"x": 1,}"#, "", "invalid character at byte 8");
    fails::<u8>("1 2", "", "invalid character at byte 2");
    fails::<u8>("300", "", "expected a whole number from 0 to 255, got a number");
    fails::<Inner>(" [1]", "", "expected an object, got an array");
    fails::<Inner>(
        r#"{"x": "1"}"#,
        "x",
        "x: expected a whole number from -2147483648 to 2147483647, got a string",
    );
    fails::<Inner>(r#"{"y": "x"}"#, "x", "x: missing");
    fails::<Inner>("{}", "x", "x: missing");
    fails::<Vec<Inner>>(r#"[{"x":1}, {"y": null}]"#, "[1].x", "[1].x: missing");
    fails::<Inner>(r#"{"x": 1, "x": 2}"#, "x", "x: there twice");
    fails::<Strict>(r#"{"a": 1, "c": 2}"#, "c", "c: unknown name 'c', expected one of 'a' 'b'");
    fails::<BTreeMap<String, Vec<Option<bool>>>>(
        r#" { "a" : [ ] , "b.\"c\"" : [ null , true , { } ] } "#,
        "b.\"c\"[2]",
        "b.\"c\"[2]: expected a boolean, got an object",
    );
    fails::<Vec<(u8, u8)>>("[[1,2],[1]]", "[1]", "[1]: expected a tuple of size 2, got 1");
    fails::<Vec<(u8, u8)>>(
        "[[1,2],[1,2,{}]]",
        "[1][2]",
        "[1][2]: expected the end of the array or object, got an object",
    );
    fails::<Vec<()>>("[null,0]", "[1]", "[1]: expected null, got a number");
    fails::<Vec<char>>(r#"["ab"]"#, "[0]", "[0]: expected a character, got a string");
    fails::<BTreeMap<u8, u8>>(
        r#"{"1":1,"x":2}"#,
        "x",
        "x: expected a whole number from 0 to 255, got a string",
    );
    fails::<BTreeMap<bool, u8>>(r#"{"yes":2}"#, "yes", "yes: expected a boolean, got a string");
    fails::<u128>("-1", "", "expected a whole number of 128 bits that is not negative, got a number");
    fails::<i128>("1e3", "", "expected a whole number of 128 bits, got a number");
    fails::<Vec<Name>>(r#"["one","two"]"#, "[1]", "[1]: unknown name 'two', expected one of 'one' 'and_two'");
    fails::<Outside>(r#""New""#, "", "expected an object with the variant's data, got a string");
    fails::<Outside>(
        r#"{"Struct":{"a":1,"b":{"New":[]}}}"#,
        "Struct.b.New",
        "Struct.b.New: expected a whole number from 0 to 255, got an array",
    );
    fails::<Outside>("5", "", "expected a variant's name or an object with its data, got a number");
    fails::<Vec<Outside>>(
        "[{}]",
        "[0]",
        "[0]: expected a variant's name or an object with its data, got an object",
    );
    fails::<Vec<Untagged>>(
        "[1,[[1e999]]]",
        "[1][0][0]",
        "[1][0][0]: expected a number in the range of 64-bit floats, got a number",
    );
    fails::<BTreeMap<String, Inside>>(
        r#"{"a":{"kind":"new","x":true},"b":null}"#,
        "a",
        "a: expected i32, got a boolean",
    );
    fails::<Vec<core::num::NonZeroU8>>("[0]", "[0]", "[0]: expected a nonzero u8, got a number");
    fails::<Vec<core::net::IpAddr>>(r#"["::1","::x"]"#, "[1]", "[1]: invalid IP address syntax");
    fails::<Vec<Beside>>(r#"[{"t":"New"}]"#, "[0].c", "[0].c: missing");
}

#[test]
fn refuses_what_the_authors_code_goes_on_after() {
    #[derive(Debug)]
    struct Lax;
    impl<'de> Deserialize<'de> for Lax {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let _ = u8::deserialize(deserializer);
            Ok(Self)
        }
    }
    assert!(json::from_slice::<Vec<Lax>>(b"[1,2]").is_ok());
    assert_eq!(
        json::from_slice::<Vec<Lax>>(b"[1,-2]").unwrap_err().to_string(),
        "[1]: expected a whole number from 0 to 255, got a number"
    );
}

#[test]
fn ends_at_128_levels_of_what_is_read_and_of_what_is_skipped() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code, reason = "only its shape counts")]
    struct Nested(Vec<Self>);
    fn levels<T: DeserializeOwned>(levels: usize) -> Result<T, json::serde::Error> {
        json::from_slice(["[".repeat(levels), "]".repeat(levels)].concat().as_bytes())
    }
    assert!(levels::<Nested>(128).is_ok() && levels::<IgnoredAny>(128).is_ok());
    for error in [levels::<Nested>(129).err(), levels::<IgnoredAny>(129).err(), levels::<Untagged>(129).err()]
    {
        assert_eq!(error.unwrap().to_string(), "nested deeper than 128 levels");
    }
    let skipped = ["{\"unknown\":", &"[".repeat(128), &"]".repeat(128), "}"].concat();
    assert!(json::from_slice::<Strict>(skipped.replace("\"unknown\"", "\"a\"").as_bytes()).is_err());
    assert_eq!(
        json::from_slice::<Plain>(skipped.as_bytes()).unwrap_err().to_string(),
        "nested deeper than 128 levels"
    );
}

/// What is written is what `serde_json` writes, but for the spelling of escapes and of floats.
#[track_caller]
fn writes_alike<T: Serialize + ?Sized>(value: &T) {
    let mut out = Writer::new();
    json::to_writer(&mut out, value).unwrap();
    let ours: serde_json::Value = serde_json::from_slice(out.as_bytes()).unwrap();
    let theirs = serde_json::to_vec(value).unwrap();
    assert_eq!(ours, serde_json::from_slice::<serde_json::Value>(&theirs).unwrap());
}

#[test]
fn writes_what_serde_json_writes() {
    let plain: Plain = serde_json::from_str(PLAIN).unwrap();
    writes_alike(&plain);
    let mut out = Writer::new();
    json::to_writer(&mut out, &plain).unwrap();
    assert_eq!(json::from_slice::<Plain>(out.as_bytes()).unwrap(), plain);

    writes_alike(&Tuple(1, Newtype("n".into()), Unit));
    writes_alike(&[Name::One, Name::AndTwo]);
    writes_alike(&[
        Outside::Unit,
        Outside::New(1),
        Outside::Tuple(2, "t".into()),
        Outside::Struct { a: 3, b: Some(Box::new(Outside::Unit)) },
        Outside::Flat { a: 4, rest: BTreeMap::from([("r".into(), 5)]) },
    ]);
    writes_alike(&[Inside::Unit, Inside::New(Inner::default()), Inside::Struct { a: -1, list: vec![0.5] }]);
    writes_alike(&[Beside::Unit, Beside::New(1), Beside::Tuple(1, -1), Beside::Struct { a: None }]);
    let inner = Inner { x: 1, y: Some("\u{1}".into()) };
    writes_alike(&Flat { id: 1, inner, rest: BTreeMap::from([("z".into(), Untagged::List(vec![]))]) });
    writes_alike(&BTreeMap::from([(-1_i8, 'a'), (2, '"'), (3, '😀')]));
    writes_alike(&BTreeMap::from([(u64::MAX, i64::MIN)]));
    writes_alike(&BTreeMap::from([(i128::MIN, 1), (10_i128.pow(20), 2)]));
    writes_alike(&BTreeMap::from([(u128::MAX, ()), (0, ())]));
    writes_alike(&BTreeMap::from([(true, Unit), (false, Unit)]));
    writes_alike(&BTreeMap::from([('"', [1_u8; 0])]));
    writes_alike(&BTreeMap::from([(Name::AndTwo, BTreeMap::<u8, u8>::new())]));
    writes_alike(&BTreeMap::from([(Some(Newtype("n".into())), None::<u8>)]));
    writes_alike(&BTreeMap::from([(core::net::Ipv4Addr::LOCALHOST, core::net::Ipv6Addr::LOCALHOST)]));
    for wide in [0, 1, u128::from(u64::MAX), 10_u128.pow(19), 10_u128.pow(38), u128::MAX] {
        let mut out = Writer::new();
        json::to_writer(&mut out, &(wide, wide as i128)).unwrap();
        assert_eq!(out.as_bytes(), format!("[{wide},{}]", wide as i128).as_bytes());
    }
    struct Bytes;
    impl Serialize for Bytes {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(b"\0\xff")
        }
    }
    writes_alike(&Bytes);
    let strings = Value::parse(br#"["a\n\ud83d\ude00"]"#).unwrap();
    let text: Str<'_> = strings.elements().unwrap().next().unwrap().1.string().unwrap();
    let mut out = Writer::new();
    json::to_writer(&mut out, &text).unwrap();
    assert_eq!(serde_json::from_slice::<String>(out.as_bytes()).unwrap(), "a\n😀");
}

#[test]
fn writes_floats_shortest() {
    for (float, text) in [(0.1, "0.1"), (-0.0, "-0.0"), (1.0, "1.0"), (5e-324, "5e-324"), (1e21, "1e+21")] {
        let mut out = Writer::new();
        json::to_writer(&mut out, &float).unwrap();
        assert_eq!(out.into_bytes(), text.as_bytes());
    }
    let mut random = Random(7);
    for _ in 0..1000 {
        let float = f64::from_bits(random.next());
        if float.is_finite() {
            let mut out = Writer::new();
            json::to_writer(&mut out, &[float]).unwrap();
            assert_eq!(json::from_slice::<[f64; 1]>(out.as_bytes()).unwrap(), [float]);
        }
    }
}

#[test]
fn writes_nothing_of_what_can_not_be_written() {
    #[track_caller]
    fn fails(value: &impl Serialize, reason: &str) {
        let mut out = Writer::new();
        out.begin_array();
        out.unsigned(1);
        let error = json::to_writer(&mut out, value).unwrap_err();
        assert_eq!((out.as_bytes(), &*error.to_string()), (&b"[1"[..], reason));
        Serde(value).encode(&mut out);
        assert_eq!(out.as_bytes(), b"[1,null");
    }
    fails(&[1.0, f64::NAN], "unsupported value: a float that is not finite");
    fails(&Some(f32::INFINITY), "unsupported value: a float that is not finite");
    fails(&BTreeMap::from([(vec![1], 1)]), "unsupported value: a key that is no string");
    fails(&BTreeMap::from([((), 1)]), "unsupported value: a key that is no string");
    struct Broken;
    impl Serialize for Broken {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("broken \"now\""))
        }
    }
    fails(&(1, Broken), "broken \"now\"");
}

#[derive(Debug, Deserialize)]
struct Config<'a> {
    host: &'a str,
    #[serde(default)]
    limits: BTreeMap<String, f64>,
}

const NOTHING: config::Schema =
    config::Schema::Object(config::Object { name: "Config", place: "", properties: &[], structs: &[] });
serde_config!(Config<'a>, &NOTHING);

struct Check;

impl Plugin for Check {
    const METADATA: Metadata = Metadata::new("check", "1.0.0", "Checks");
    type Config<'a> = Config<'a>;

    fn check(config: Config<'_>, _: &Context<'_>) -> Result<Outcome, Error> {
        Outcome::success(config.host)
            .data("limits", Serde(&config.limits))
            .try_data("ratio", &(1.0 / config.limits["a"]))
    }
}

fn observe(config: &str) -> String {
    String::from_utf8(reglet_sdk_core::plugin::observe::<Check>(config.as_bytes())).unwrap()
}

#[test]
fn is_a_plugins_configuration_and_its_data() {
    let outcome = observe(r#"{"host": "h", "limits": {"a": 2}}"#);
    assert!(outcome.ends_with(r#""message":"h","data":{"limits":{"a":2.0},"ratio":0.5}}"#), "{outcome}");
}

#[test]
fn refuses_a_configuration_with_the_fields_path() {
    let outcome = observe(r#"{"host": "h", "limits": {"\"a": [1]}}"#);
    let outcome: serde_json::Value = serde_json::from_str(&outcome).unwrap();
    assert_eq!(
        outcome["error"],
        serde_json::json!({
            "message": "config validation failed for field 'limits.\"a': expected a number in the range of \
                        64-bit floats, got an array",
            "type": "config",
            "code": "limits.\"a"
        })
    );
    for (config, message) in [
        ("", "failed to parse config: unexpected end of JSON input"),
        ("[]", "failed to parse config: expected an object, got an array"),
        ("null", "config validation failed for field 'host': missing"),
    ] {
        let outcome: serde_json::Value = serde_json::from_str(&observe(config)).unwrap();
        assert_eq!(outcome["error"]["message"], message);
    }
}

#[test]
fn ends_a_check_whose_data_can_not_be_written() {
    let outcome: serde_json::Value =
        serde_json::from_str(&observe(r#"{"host": "h", "limits": {"a": 0}}"#)).unwrap();
    assert_eq!(outcome["status"], "error");
    assert_eq!(outcome["error"]["type"], "internal");
    assert_eq!(outcome["error"]["message"], "unsupported value: a float that is not finite");
}

#[test]
fn is_an_error_of_validation_elsewhere() {
    let error = Error::from(json::from_slice::<Inner>(br#"{"x": []}"#).unwrap_err());
    assert_eq!((error.kind(), &*error.code()), (reglet_sdk_core::error::Kind::Validation, "x"));
}

config! {
    /// With a field of the author's own.
    pub struct Declared<'a> {
        /// An object of any keys.
        limits: Serde<BTreeMap<Cow<'a, str>, u8>>,
        /// Not needed.
        other: Option<Serde<Inner>>,
    }
}

#[test]
fn stands_in_a_declared_configuration() {
    let declared = Declared::from_json(br#"{"limits": {"a": 1}}"#).unwrap();
    assert_eq!((declared.limits.0["a"], declared.other), (1, None));
    for (document, text) in [
        (r#"{"limits": [1]}"#, "limits: expected a value of another form, got an array"),
        (r#"{"limits": {}, "other": {"x": []}}"#, "other: expected a value of another form, got an object"),
        (r#"{"limits": null}"#, "limits: expected a value of another form, got nothing"),
        (r#"{"limits": {"a" 1}}"#, "invalid character at byte 16"),
    ] {
        let error = Declared::from_json(document.as_bytes()).unwrap_err();
        assert_eq!(error.describe(document.as_bytes()), text);
    }
    assert_eq!(<Config<'_> as FromValue<'_>>::SCHEMA, &NOTHING);
    let error = json::read::<Config<'_>>(b"{\"host\" 1}").unwrap_err();
    assert!(error.is_syntax());
}

#[test]
fn floats_are_data_and_stand_in_texts() {
    let outcome = Outcome::success(text!["half: ", 0.5, ", third: ", 1.0_f32 / 3.0, ", ", f64::NEG_INFINITY])
        .data("half", 0.5)
        .data("whole", -2.0)
        .data("large", 1e300)
        .data("none", f64::NAN)
        .data("size", [1_usize, usize::MAX].as_slice());
    let outcome: serde_json::Value = serde_json::from_slice(&outcome.into_json()).unwrap();
    assert_eq!(outcome["message"], "half: 0.5, third: 0.33333334, -inf");
    let data = serde_json::json!({
        "half": 0.5, "whole": -2.0, "large": 1e300, "none": null, "size": [1, usize::MAX]
    });
    assert_eq!(outcome["data"], data);
}
