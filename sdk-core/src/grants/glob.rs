//! Globs, with the meaning that they have in every Reglet host: that of doublestar v4 (`docs/protocol.md#g1`).
//!
//! A pattern is compiled into steps, and a match goes through the text once with the set of steps that may come
//! next. So it takes no more than the length of the pattern times that of the text, whatever the pattern is.
//!
//! It matches less than doublestar in three corners. A class never stands for `/`; there `[^a]` may do so. `**` stands
//! for segments only where a pattern has it in one piece and nothing around it; doublestar also puts it together from
//! `{*}*`. And `a**/` doesn't match `a`. It matches more in one: a text without a slash at its end may match a pattern
//! with several `**` that ends in `/**/`, of which doublestar doesn't try all readings.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Bytes that a pattern may have.
const MAX_PATTERN: usize = 1024;

/// Bytes that a text may have; longer ones match nothing. No path or name is longer.
const MAX_TEXT: usize = 4096;

/// What does not stand for itself.
const WILDCARDS: [char; 6] = ['*', '?', '[', '{', '}', '\\'];

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Glob {
    text: String,
    /// Empty if the pattern stands for itself.
    steps: Vec<Step>,
    /// Whether the case of ASCII letters makes no difference.
    folds: bool,
}

impl PartialEq for Glob {
    fn eq(&self, other: &Self) -> bool {
        if self.folds { self.text.eq_ignore_ascii_case(&other.text) } else { self.text == other.text }
    }
}

impl Eq for Glob {}

#[derive(Clone, Debug)]
enum Step {
    /// This character.
    Char(char),
    /// A `/` that is not escaped.
    Separator,
    /// `?`
    Any,
    /// `[…]`
    Class { negated: bool, ranges: Vec<(char, char)> },
    /// `*`
    Run,
    /// `**`
    Runs(Reach),
    /// Goes on at one of these steps: `{`.
    Fork(Vec<usize>),
    /// Goes on at this step: `,` and `}`.
    Jump(usize),
}

/// What `**` stands for if a segment begins with it; else it is `*`.
#[derive(Clone, Copy, Debug)]
enum Reach {
    /// For the same as `*`, for the segment doesn't end with it.
    Segment,
    /// For any segments, and the pattern goes on with this step.
    Segments(usize),
    /// For all that comes.
    Everything,
}

impl Glob {
    /// Compiles a pattern.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        if pattern.len() > MAX_PATTERN {
            let start = pattern.get(..pattern.floor_char_boundary(40)).unwrap_or_default();
            return Err(format!("pattern \"{}…\" is longer than {MAX_PATTERN} bytes", start.escape_debug()));
        }
        let steps = if has_wildcards(pattern) {
            compile(pattern).map_err(|reason| format!("pattern {pattern:?} is invalid: {reason}"))?
        } else {
            Vec::new()
        };
        Ok(Self { text: pattern.to_owned(), steps, folds: false })
    }

    /// The same, but the case of ASCII letters makes no difference.
    pub(super) fn folding(pattern: &str) -> Result<Self, String> {
        Self::new(pattern).map(|glob| Self { folds: true, ..glob })
    }

    /// The pattern.
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern stands for itself and nothing else.
    pub(super) fn is_literal(&self) -> bool {
        self.steps.is_empty()
    }

    /// The folder that holds all paths which match: the one before the first wildcard.
    pub(super) fn folder(&self) -> &str {
        let literal = self.text.split(WILDCARDS).next().unwrap_or_default();
        match literal.rsplit_once('/') {
            Some((folder, _)) if !folder.is_empty() => folder,
            _ => "/",
        }
    }

    /// Whether the pattern is `*` or `**`.
    pub(super) fn is_all(&self) -> bool {
        matches!(&*self.text, "*" | "**")
    }

    /// Whether the whole text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        if self.steps.is_empty() {
            return if self.folds { self.text.eq_ignore_ascii_case(text) } else { self.text == text };
        }
        if text.len() > MAX_TEXT {
            return false;
        }
        let mut now = Places::new(self.steps.len());
        let mut next = Places::new(self.steps.len());
        let mut seen = Places::new(self.steps.len());
        now.add(Place { at: 0, how: How::Starting });
        for char in text.chars() {
            seen.clear();
            next.clear();
            while let Some(place) = now.list.pop() {
                if seen.add(place) && self.advance(place, char, &mut now, &mut next) {
                    return true;
                }
            }
            if next.list.is_empty() {
                return false;
            }
            core::mem::swap(&mut now, &mut next);
        }
        self.may_end(now.list)
    }

    /// Takes a character at a place, or goes on to places that take it. `true` if the rest of the text is covered.
    fn advance(&self, Place { at, how }: Place, char: char, now: &mut Places, next: &mut Places) -> bool {
        let after = |starts| Place { at: at + 1, how: if starts { How::Starting } else { How::Within } };
        match (self.steps.get(at), how) {
            (None, _) => {}
            (Some(Step::Jump(to)), _) => now.list.push(Place { at: *to, how }),
            (Some(Step::Fork(alternatives)), _) => {
                now.list.extend(alternatives.iter().map(|at| Place { at: *at, how }));
            }
            (Some(Step::Runs(Reach::Everything)), How::Starting) => return true,
            (Some(Step::Runs(Reach::Segments(rest))), How::Starting | How::Across) => {
                let rest = Place { at: *rest, how: How::Starting };
                if how == How::Starting {
                    now.list.push(rest);
                }
                next.add(Place { at, how: How::Across });
                if char == '/' {
                    next.add(rest);
                }
            }
            (Some(Step::Run | Step::Runs(_)), _) => {
                let past = Place { at: at + 1, how: How::Past };
                if how != How::Along {
                    now.list.push(past);
                }
                if char != '/' {
                    next.add(past);
                    next.add(Place { at, how: How::Along });
                }
            }
            (Some(Step::Char(expected)), _) => {
                if *expected == char || self.folds && expected.eq_ignore_ascii_case(&char) {
                    next.add(after(char == '/'));
                }
            }
            (Some(Step::Separator), _) => {
                if char == '/' {
                    next.add(after(true));
                }
            }
            (Some(Step::Any), _) => {
                if char != '/' {
                    next.add(after(false));
                }
            }
            (Some(Step::Class { negated, ranges }), _) => {
                let has = |char| ranges.iter().any(|(first, last)| (*first..=*last).contains(&char));
                let is_in = has(char)
                    || self.folds && (has(char.to_ascii_lowercase()) || has(char.to_ascii_uppercase()));
                if is_in != *negated && char != '/' {
                    next.add(after(false));
                }
            }
        }
        false
    }

    /// Whether a text may end at one of these places: if nothing comes but one of `*`, `**`, `/**`, `**/` and `/**/`.
    /// Only these: `a***` and `a*/**` don't match `a`.
    fn may_end(&self, mut places: Vec<Place>) -> bool {
        let mut seen = Places::new(self.steps.len());
        while let Some(Place { at, how }) = places.pop() {
            let at = pass(&self.steps, at);
            if !seen.add(Place { at, how }) {
                continue;
            }
            let ends = match self.steps.get(at) {
                None => true,
                // It might have been the one that took the text.
                Some(Step::Run | Step::Runs(_)) if how == How::Past => {
                    places.push(Place { at: at + 1, how });
                    false
                }
                Some(Step::Runs(Reach::Segments(rest))) if how == How::Starting => {
                    pass(&self.steps, *rest) >= self.steps.len()
                }
                Some(Step::Run | Step::Runs(_)) => pass(&self.steps, at + 1) >= self.steps.len(),
                Some(Step::Separator) => match self.steps.get(pass(&self.steps, at + 1)) {
                    Some(Step::Runs(Reach::Everything)) => true,
                    Some(Step::Runs(Reach::Segments(rest))) => pass(&self.steps, *rest) >= self.steps.len(),
                    _ => false,
                },
                Some(Step::Fork(alternatives)) => {
                    places.extend(alternatives.iter().map(|at| Place { at: *at, how }));
                    false
                }
                _ => false,
            };
            if ends {
                return true;
            }
        }
        false
    }
}

/// Whether a pattern has characters with a meaning of their own.
pub(super) fn has_wildcards(pattern: &str) -> bool {
    pattern.contains(WILDCARDS)
}

/// The step that comes at the ends of alternatives.
fn pass(steps: &[Step], mut at: usize) -> usize {
    while let Some(Step::Jump(to)) = steps.get(at) {
        at = *to;
    }
    at
}

/// Where a match has got to in the pattern.
#[derive(Clone, Copy)]
struct Place {
    at: usize,
    how: How,
}

/// How a match has got to a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// It is there, within a segment.
    Within = 0,
    /// It is there, and a segment starts.
    Starting = 1,
    /// It has used the `*` already.
    Along = 2,
    /// It has used the `**` already, across separators.
    Across = 3,
    /// It is there, behind a `*` that could take more.
    Past = 4,
}

/// A set of places.
struct Places {
    list: Vec<Place>,
    /// A bit for each way to get to a step.
    has: Vec<u8>,
}

impl Places {
    fn new(steps: usize) -> Self {
        Self { list: Vec::new(), has: vec![0; steps + 1] }
    }

    /// Adds a place; `false` if it is there already.
    fn add(&mut self, place: Place) -> bool {
        let bit = 1 << place.how as u8;
        let Some(has) = self.has.get_mut(place.at).filter(|has| **has & bit == 0) else { return false };
        *has |= bit;
        self.list.push(place);
        true
    }

    fn clear(&mut self) {
        self.list.clear();
        self.has.fill(0);
    }
}

fn compile(pattern: &str) -> Result<Vec<Step>, &'static str> {
    let mut steps = Vec::new();
    let mut chars = pattern.chars().peekable();
    // The forks that are open, each with the jumps to its end.
    let mut open: Vec<(usize, Vec<usize>)> = Vec::new();
    while let Some(char) = chars.next() {
        let step = match (char, open.last_mut()) {
            ('*', _) if chars.next_if_eq(&'*').is_some() => Step::Runs(Reach::Segment),
            ('*', _) => Step::Run,
            ('?', _) => Step::Any,
            ('/', _) => Step::Separator,
            ('[', _) => class(&mut chars)?,
            ('{', _) => {
                open.push((steps.len(), Vec::new()));
                Step::Fork(vec![steps.len() + 1])
            }
            (',', Some((fork, jumps))) => {
                let alternative = steps.len() + 1;
                if let Some(Step::Fork(alternatives)) = steps.get_mut(*fork) {
                    alternatives.push(alternative);
                }
                jumps.push(steps.len());
                Step::Jump(usize::MAX)
            }
            ('}', None) => return Err("`}` without `{`; `\\}` stands for the character itself"),
            ('}', Some(_)) => {
                let (_, mut jumps) = open.pop().unwrap_or_default();
                jumps.push(steps.len());
                let end = steps.len() + 1;
                steps.push(Step::Jump(end));
                for jump in jumps {
                    if let Some(step) = steps.get_mut(jump) {
                        *step = Step::Jump(end);
                    }
                }
                continue;
            }
            ('\\', _) => Step::Char(chars.next().ok_or("nothing comes after the last `\\`")?),
            (char, _) => Step::Char(char),
        };
        steps.push(step);
    }
    if !open.is_empty() {
        return Err("a `{` is not closed; `\\{` stands for the character itself");
    }
    for at in 0..steps.len() {
        if matches!(steps.get(at), Some(Step::Runs(_))) {
            let next = pass(&steps, at + 1);
            let reach = match steps.get(next) {
                None => Reach::Everything,
                Some(Step::Separator) => Reach::Segments(next + 1),
                Some(_) => Reach::Segment,
            };
            if let Some(step) = steps.get_mut(at) {
                *step = Step::Runs(reach);
            }
        }
    }
    Ok(steps)
}

/// The rest of a class, after its `[`.
fn class(chars: &mut core::iter::Peekable<core::str::Chars<'_>>) -> Result<Step, &'static str> {
    const OPEN: &str = "a `[` is not closed; `\\[` stands for the character itself";
    let negated = chars.next_if(|char| matches!(char, '^' | '!')).is_some();
    if chars.peek() == Some(&']') {
        return Err("a class is empty; in a class `\\]` stands for the character itself");
    }
    let mut ranges: Vec<(char, char)> = Vec::new();
    // Whether the last character may start a range.
    let mut starts = false;
    loop {
        let mut char = chars.next().ok_or(OPEN)?;
        match char {
            ']' => return Ok(Step::Class { negated, ranges }),
            '-' if starts && chars.peek() != Some(&']') => {
                let mut last = chars.next().ok_or(OPEN)?;
                if last == '\\' {
                    last = chars.next().ok_or(OPEN)?;
                }
                if let Some(range) = ranges.last_mut() {
                    range.1 = last;
                }
                starts = false;
                continue;
            }
            '\\' => char = chars.next().ok_or(OPEN)?,
            _ => {}
        }
        ranges.push((char, char));
        starts = true;
    }
}
