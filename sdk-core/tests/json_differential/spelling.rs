//! Trees at random, and the many ways to spell them in JSON.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::reference::Tree;

/// Strings with a liking for what JSON escapes, and for the borders of UTF-8 and UTF-16.
pub(super) fn texts() -> impl Strategy<Value = String> {
    let special = "\"\\/\u{0}\u{8}\t\n\u{c}\r\u{1f} \u{7e}\u{7f}\u{80}\u{7ff}\u{800}\u{2028}\u{d7ff}\u{e000}\u{fffd}\u{ffff}\u{10000}\u{10ffff}";
    let characters = prop_oneof![
        3 => prop::char::range(' ', '~'),
        2 => select(special.chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ];
    vec(characters, 0..12).prop_map(String::from_iter)
}

/// Trees without numbers that have a fraction.
pub(super) fn whole_trees() -> impl Strategy<Value = Tree> {
    trees_of(Just(Tree::Null).boxed())
}

/// Trees of all kinds of values.
pub(super) fn trees() -> impl Strategy<Value = Tree> {
    let tame = (-100_000_i32..100_000, 0_i32..5)
        .prop_map(|(digits, places)| f64::from(digits) / 10_f64.powi(places));
    let wild = prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO;
    trees_of(prop_oneof![tame, wild].prop_map(Tree::Real).boxed())
}

fn trees_of(other: BoxedStrategy<Tree>) -> impl Strategy<Value = Tree> {
    let borders = [0, 1, -1, i64::MAX.into(), i64::MIN.into(), u64::MAX.into(), i128::from(i64::MAX) + 1];
    let leaves = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::Boolean),
        select(borders.to_vec()).prop_map(Tree::Whole),
        any::<i64>().prop_map(|number| Tree::Whole(number.into())),
        (-1000_i128..1000).prop_map(Tree::Whole),
        other,
        texts().prop_map(Tree::Text),
    ];
    leaves.prop_recursive(5, 32, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Tree::List),
            vec((prop_oneof!["[abAB]", texts()], inner), 0..5).prop_map(Tree::Object),
        ]
    })
}

/// A supply of decisions. 0 is the plain one, so that shrinking leads there.
pub(super) struct Choices<'a> {
    bytes: core::iter::Cycle<core::slice::Iter<'a, u8>>,
}

impl<'a> Choices<'a> {
    /// Decisions from bytes, again and again; none makes all of them 0.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: bytes.iter().cycle() }
    }

    fn of(&mut self, count: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0)) % count
    }
}

/// Spells a tree.
pub(super) fn spell(tree: &Tree, choices: &mut Choices<'_>) -> String {
    let mut out = String::new();
    value(tree, choices, &mut out);
    out
}

fn value(tree: &Tree, choices: &mut Choices<'_>, out: &mut String) {
    space(choices, out);
    match tree {
        Tree::Null => out.push_str("null"),
        Tree::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Whole(number) => out.push_str(&number.to_string()),
        Tree::Real(number) => out.push_str(&real(*number, choices)),
        Tree::Text(text) => string(text, choices, out),
        Tree::List(elements) => {
            out.push('[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                value(element, choices, out);
            }
            space(choices, out);
            out.push(']');
        }
        Tree::Object(members) => {
            out.push('{');
            for (place, (key, member)) in members.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                space(choices, out);
                string(key, choices, out);
                space(choices, out);
                out.push(':');
                value(member, choices, out);
            }
            space(choices, out);
            out.push('}');
        }
    }
    space(choices, out);
}

fn space(choices: &mut Choices<'_>, out: &mut String) {
    out.push_str(["", "", "", " ", "\n", "\r\n\t", "  "][choices.of(7)]);
}

fn string(text: &str, choices: &mut Choices<'_>, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        let short = match character {
            '"' => Some('"'),
            '\\' => Some('\\'),
            '/' => Some('/'),
            '\u{8}' => Some('b'),
            '\u{c}' => Some('f'),
            '\n' => Some('n'),
            '\r' => Some('r'),
            '\t' => Some('t'),
            _ => None,
        };
        let itself = !matches!(character, '"' | '\\' | '\0'..='\u{1f}');
        match (choices.of(4), short) {
            (0 | 1, _) if itself => out.push(character),
            (0..=2, Some(letter)) => out.extend(['\\', letter]),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.push_str(&if choices.of(2) == 0 {
                        format!("\\u{unit:04x}")
                    } else {
                        format!("\\u{unit:04X}")
                    });
                }
            }
        }
    }
    out.push('"');
}

/// A number with a fraction, an exponent or both.
fn real(number: f64, choices: &mut Choices<'_>) -> String {
    let plain = format!("{number:?}");
    match choices.of(5) {
        // Very large and very small ones have an exponent of their own.
        1 if !plain.contains('e') => plain + "00",
        2 if !plain.contains('e') => plain + ["e0", "E0", "e+0", "E-00"][choices.of(4)],
        3 => format!("{number:E}"),
        4 => format!("{number:e}").replace('e', "e+0").replace("+0-", "-0"),
        _ => plain,
    }
}
