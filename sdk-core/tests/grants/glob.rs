//! Globs, against what doublestar v4 was observed to do, and against a plain matcher that tries everything.

use core::time::Duration;
use std::time::Instant;

use proptest::prelude::*;
use reglet_sdk_core::grants::Grants;
use reglet_sdk_core::metadata::Access;

fn matches(pattern: &str, text: &str) -> bool {
    Grants::default().key_value(Access::Read, pattern).unwrap().allows_key(Access::Read, text)
}

#[test]
fn matches_as_doublestar_does() {
    for (pattern, text, expected) in [
        ("*", "example.com", true),
        ("*", "a/b", false),
        ("**", "a/b", true),
        ("**", "/usr/bin/x", true),
        ("*", "/usr/bin/x", false),
        ("*.google.com", "a.b.google.com", true),
        ("*.google.com", "google.com", false),
        ("*.google.com", "x.google.com", true),
        ("/data/**", "/data", true),
        ("/data/**", "/data/", true),
        ("/data/**", "/data/a/b", true),
        ("/data/**", "/database", false),
        ("/data/*", "/data/a", true),
        ("/data/*", "/data/a/b", false),
        ("/**", "/", true),
        ("/**", "/etc/passwd", true),
        ("**", "", true),
        ("**", "/", true),
        ("config-*", "config-a", true),
        ("config-*", "config-a/b", false),
        ("AWS_*", "AWS_REGION", true),
        ("aws_*", "AWS_REGION", false),
        ("EXAMPLE.com", "example.com", false),
        ("{a,b}.com", "b.com", true),
        ("[a-c]x", "bx", true),
        ("[^a]x", "bx", true),
        ("[!a]x", "bx", true),
        ("?.com", "a.com", true),
        ("a\\*", "a*", true),
        ("/a/**/b", "/a/b", true),
        ("/a/**/b", "/a/x/y/b", true),
        ("/a**b", "/axxb", true),
        ("/a/**b", "/a/x/b", false),
        ("/usr/bin/grep", "grep", false),
        ("grep", "/usr/bin/grep", false),
        ("10.0.0.0/8", "10.0.0.1", false),
        ("/etc/*.conf", "/etc/.conf", true),
        ("*", ".hidden", true),
        ("*", "", true),
        ("::1", "::1", true),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} ~ {text}");
    }
    assert!(Grants::default().key_value(Access::Read, "[").is_err());
}

#[test]
fn matches_as_doublestar_does_in_its_corners() {
    for (pattern, text, expected) in [
        ("a?b", "a☺b", true),
        ("a???b", "a☺b", false),
        ("a?b", "a/b", false),
        ("[a-ζ]*", "α", true),
        ("[\\]a]", "]", true),
        ("[x\\-]", "-", true),
        ("[x-]", "-", true),
        ("[-x]", "-", true),
        ("[a-c-e]", "-", true),
        ("[a-c-e]", "d", false),
        ("[c-a]", "b", false),
        ("a]", "a]", true),
        ("ab{c,d,*}", "abcde", true),
        ("{a,{b,c}d}e", "cde", true),
        ("{a,{b,c}d}e", "ce", false),
        ("{a\\,b,c}", "a,b", true),
        ("{[,]a,b}", ",a", true),
        ("a,b", "a,b", true),
        ("a{}b", "ab", true),
        ("{a/,}**/b", "a/x/y/b", true),
        ("/{**,x}/b", "/a/c/b", true),
        ("a{**}", "ab/c", false),
        ("**{/a,b}", "x/y/a", false),
        ("**/c", "a/abc", false),
        ("abc**", "abc", true),
        ("a***", "a", false),
        ("a*/**", "a", false),
        ("a*/**", "ab", true),
        ("a/**/", "a", true),
        ("**\\/x", "a/b/x", false),
        ("*{a,}", "", false),
    ] {
        assert_eq!(matches(pattern, text), expected, "{pattern} ~ {text}");
    }
}

#[test]
fn classes_never_stand_for_the_separator() {
    assert!(!matches("/home/user[^0-9]*", "/home/user/secret"));
    assert!(!matches("a[/]b", "a/b"));
}

#[test]
fn takes_no_longer_for_hard_patterns() {
    let start = Instant::now();
    for (pattern, text) in [
        ("*a".repeat(100) + "b", "a".repeat(1000)),
        ("**/a/".repeat(100) + "b", "a/".repeat(500)),
        ("{a,b}".repeat(200) + "x", "ab".repeat(500)),
        ("{a,aa}".repeat(150) + "x", "a".repeat(200)),
        ("{,a}".repeat(250) + "x", "a".repeat(250)),
        ("{*,**}".repeat(100) + "x", "a".repeat(500)),
        ("{".repeat(300) + "a" + &"}".repeat(300) + "x", "a".repeat(1000)),
        ("{,}".repeat(340) + "x", String::new()),
    ] {
        assert!(!matches(&pattern, &text), "{pattern}");
    }
    // One that goes back and tries again would still be at the first pattern when the sun goes out.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn texts_that_are_no_name_or_path_match_nothing() {
    assert!(matches("a*", &"a".repeat(4096)));
    assert!(!matches("a*", &"a".repeat(4097)));
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Char(char),
    Any,
    NotA,
    Run,
    Runs,
    Either(Vec<Vec<Self>>),
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let piece = prop_oneof![
        3 => prop_oneof![Just('a'), Just('b'), Just('é')].prop_map(Piece::Char),
        4 => Just(Piece::Char('/')),
        1 => Just(Piece::Any),
        1 => Just(Piece::NotA),
        3 => Just(Piece::Run),
        3 => Just(Piece::Runs),
    ];
    let sequence = |piece| prop::collection::vec(piece, 0..5);
    let nested = piece.prop_recursive(2, 12, 3, move |inner| {
        prop::collection::vec(sequence(inner), 1..4).prop_map(Piece::Either)
    });
    prop::collection::vec(nested, 1..6).prop_map(apart)
}

fn render(pieces: &[Piece], out: &mut String) {
    for piece in pieces {
        match piece {
            Piece::Char(char) => out.push(*char),
            Piece::Any => out.push('?'),
            Piece::NotA => out.push_str("[^a]"),
            Piece::Run => out.push('*'),
            Piece::Runs => out.push_str("**"),
            Piece::Either(alternatives) => {
                for (at, alternative) in alternatives.iter().enumerate() {
                    out.push(if at == 0 { '{' } else { ',' });
                    render(alternative, out);
                }
                out.push('}');
            }
        }
    }
}

/// The same, with something between stars that would be read as others.
fn apart(pieces: Vec<Piece>) -> Vec<Piece> {
    let is_run = |piece: &Piece| matches!(piece, Piece::Run | Piece::Runs);
    let mut out = Vec::new();
    for piece in pieces {
        if is_run(&piece) && out.last().is_some_and(is_run) {
            out.push(Piece::Char('b'));
        }
        out.push(match piece {
            Piece::Either(alternatives) => Piece::Either(alternatives.into_iter().map(apart).collect()),
            piece => piece,
        });
    }
    out
}

/// A pattern without alternatives, piece by piece; `true` for what a group came after.
type Flat = Vec<(Piece, bool)>;

/// All patterns without alternatives that a pattern stands for.
fn flat(done: Flat, rest: &[Piece], all: &mut Vec<Flat>) {
    let Some((piece, rest)) = rest.split_first() else { return all.push(done) };
    let mut done = done;
    if let Piece::Either(alternatives) = piece {
        if let Some((_, before_group)) = done.last_mut() {
            *before_group = true;
        }
        for alternative in alternatives {
            flat(done.clone(), &[alternative, rest].concat(), all);
        }
    } else {
        done.push((piece.clone(), false));
        flat(done, rest, all);
    }
}

const SLASH: (Piece, bool) = (Piece::Char('/'), false);
const RUNS: (Piece, bool) = (Piece::Runs, false);

/// Tries everything. `starts`: a segment does; `past`: behind a `*`.
fn reference(pattern: &[(Piece, bool)], text: &[char], starts: bool, past: bool) -> bool {
    let Some((&char, left)) = text.split_first() else { return ends(pattern, starts, past) };
    if starts && pattern == [RUNS] {
        return true;
    }
    if starts
        && let [first, second, rest @ ..] = pattern
        && *first == RUNS
        && second.0 == SLASH.0
    {
        let after_slash = |at: usize| text[at] == '/' && reference(rest, &text[at + 1..], true, false);
        return reference(rest, text, true, false) || (0..text.len()).any(after_slash);
    }
    match pattern {
        [] => false,
        [(Piece::Run | Piece::Runs, _), rest @ ..] => {
            let most = text.iter().take_while(|char| **char != '/').count();
            (0..=most).any(|taken| reference(rest, &text[taken..], false, true))
        }
        [(piece, _), rest @ ..] => {
            let takes = match piece {
                Piece::Char(own) => *own == char,
                Piece::Any => char != '/',
                _ => !matches!(char, 'a' | '/'),
            };
            takes && reference(rest, left, char == '/', false)
        }
    }
}

fn ends(pattern: &[(Piece, bool)], starts: bool, past: bool) -> bool {
    match pattern {
        [] => true,
        [(Piece::Run | Piece::Runs, _), rest @ ..] if past => ends(rest, starts, past),
        [(Piece::Run | Piece::Runs, false)] => true,
        [runs, slash] if *runs == RUNS && *slash == SLASH => starts,
        [slash, runs] => *slash == SLASH && *runs == RUNS,
        [slash, runs, end] => *slash == SLASH && *runs == RUNS && *end == SLASH,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn matches_what_a_plain_matcher_matches(pieces in pieces(), texts in prop::collection::vec("[ab/é]{0,7}", 12)) {
        let mut pattern = String::new();
        render(&pieces, &mut pattern);
        let mut all = Vec::new();
        flat(Vec::new(), &pieces, &mut all);
        for text in texts {
            let chars: Vec<_> = text.chars().collect();
            let expected = all.iter().any(|pattern| reference(pattern, &chars, true, false));
            prop_assert_eq!(matches(&pattern, &text), expected, "{} ~ {}", pattern, text);
        }
    }

    #[test]
    fn no_pattern_breaks_the_matcher(pattern in "[a/*?{},\\[\\]^\\\\-]{1,16}", text in "[a/,*]{0,8}") {
        if let Ok(grants) = Grants::default().key_value(Access::Read, &pattern) {
            let _ = grants.allows_key(Access::Read, &text);
        }
    }
}
