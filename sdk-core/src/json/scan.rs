//! The scanner: walks over JSON and checks its grammar.
//!
//! It has no results to hand around. The first failure is kept, and ends the text there and then, so that whoever
//! goes on finds nothing more and comes to an end by itself.

use super::MAX_DEPTH;
use super::error::Error;
use super::field::{Field, Slot};
use crate::abi::utf8_len;

// Bytes are handed around as the machine's own numbers, which saves masking them.
const QUOTE: u32 = 0x22;
pub(super) const COMMA: u32 = 0x2C;
const COLON: u32 = 0x3A;
pub(super) const ARRAY: u32 = 0x5B;
pub(super) const OBJECT: u32 = 0x7B;

/// Walks over a text.
#[derive(Debug)]
pub(super) struct Scanner<'a, 's> {
    /// Empty after a failure.
    text: &'a [u8],
    pub(super) at: usize,
    /// Levels of arrays and objects around.
    pub(super) depth: u32,
    /// The members to look for in the outermost object, and where to put them.
    fields: &'s [Field],
    slots: &'s mut [Slot<'a>],
    /// What is wrong, and where.
    pub(super) failure: Option<Error>,
}

/// Walks over a whole document and returns its value. If it is an object, it puts those of its members into slots
/// that have one, unless they are `null`.
pub(super) fn document<'a>(
    text: &'a [u8],
    fields: &[Field],
    slots: &mut [Slot<'a>],
) -> Result<&'a [u8], Error> {
    let mut scanner = Scanner { fields, slots, ..Scanner::new(text) };
    let value = scanner.document();
    match scanner.failure {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

/// Walks over a document, which must be an object, and puts those of its members into slots that have one, unless
/// they are `null`. `null` in place of the object has no members.
pub(crate) fn object<'a>(text: &'a [u8], fields: &[Field], slots: &mut [Slot<'a>]) -> Result<(), Error> {
    let mut scanner = Scanner { fields, slots, ..Scanner::new(text) };
    let value = scanner.document();
    match scanner.failure {
        Some(error) => Err(error),
        None if matches!(value, [b'{' | b'n', ..]) => Ok(()),
        None => Err(Error::at(Field::OBJECT, value)),
    }
}

/// Whether two keys are the same but for their case.
pub(super) fn same(key: &[u8], name: &[u8]) -> bool {
    // From the end: names start alike more often.
    let mut pairs = key.iter().rev().zip(name.iter().rev());
    key.len() == name.len() && pairs.all(|(a, b)| a == b || a ^ b == 0x20 && a.is_ascii_alphabetic())
}

/// Whether they are equal, without a call of `memcmp`: compared in chunks, of which the last may overlap with the one
/// before.
#[cfg(target_feature = "simd128")]
#[inline]
fn equal(key: &[u8], name: &[u8]) -> bool {
    macro_rules! chunks {
        ($($Word:ty)*) => {$(
            if let (Some(a), Some(b)) = (key.last_chunk(), name.last_chunk()) {
                let same = |(a, b): (&_, &_)| <$Word>::from_le_bytes(*a) == <$Word>::from_le_bytes(*b);
                return same((a, b)) && key.as_chunks().0.iter().zip(name.as_chunks().0).all(same);
            }
        )*};
    }
    if key.len() != name.len() {
        return false;
    }
    chunks!(u64 u32);
    key.iter().eq(name)
}

impl<'a> Scanner<'a, '_> {
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0, depth: 0, fields: &[], slots: &mut [], failure: None }
    }

    /// The next byte after white space; 0, which no document may contain, at the end.
    #[cfg_attr(target_feature = "simd128", inline(always))]
    pub(super) fn peek(&mut self) -> u32 {
        while let Some(byte) = self.text.get(self.at) {
            if *byte > b' ' || !matches!(byte, b' ' | b'\n' | b'\r' | b'\t') {
                return (*byte).into();
            }
            self.at += 1;
        }
        0
    }

    /// Steps over the next byte after white space, if it is this one.
    #[cfg_attr(target_feature = "simd128", inline(always))]
    pub(super) fn take(&mut self, byte: u32) -> bool {
        let there = self.peek() == byte;
        // Inlined, `self.at += usize::from(there)` is miscompiled by rustc 1.95: its jump threading loses the step.
        if there {
            self.at += 1;
        }
        there
    }

    /// Something may not stand here.
    pub(super) fn fail(&mut self) {
        self.end(Field::JSON);
    }

    #[cold]
    #[inline(never)]
    pub(super) fn end(&mut self, field: &'static Field) {
        self.refuse(field, self.text.get(self.at..).unwrap_or_default());
    }

    /// What stands at this place is not what the field expects.
    #[cold]
    pub(super) fn refuse(&mut self, field: &'static Field, place: &[u8]) {
        if self.failure.is_none() {
            self.failure = Some(Error::at(field, place));
        }
        self.text = &[];
    }

    /// Walks over a whole document.
    fn document(&mut self) -> &'a [u8] {
        let value = self.value();
        self.finish();
        value
    }

    /// Nothing but white space may follow.
    pub(super) fn finish(&mut self) {
        self.peek();
        if self.at < self.text.len() {
            self.fail();
        }
    }

    /// The text from this place on.
    pub(super) fn from(&self, start: usize) -> &'a [u8] {
        self.text.get(start..).unwrap_or_default()
    }

    /// The text from this place to where the scanner is.
    pub(super) fn since(&self, start: usize) -> &'a [u8] {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Walks over a key and its colon.
    #[cfg_attr(target_feature = "simd128", inline(always))]
    pub(super) fn key(&mut self) -> &'a [u8] {
        if self.peek() != QUOTE {
            self.fail();
        }
        let (text, start) = (self.text, self.at + 1);
        self.string();
        let end = self.at.wrapping_sub(1);
        if !self.take(COLON) {
            self.fail();
        }
        text.get(start..end).unwrap_or_default()
    }

    /// Walks over one value of any kind.
    pub(super) fn value(&mut self) -> &'a [u8] {
        let open = self.peek();
        let (text, start) = (self.text, self.at);
        match open {
            QUOTE => self.string(),
            OBJECT | ARRAY => self.container(open),
            0x61..=0x7A => self.word(),
            _ => self.number(),
        }
        text.get(start..self.at).unwrap_or_default()
    }

    fn container(&mut self, open: u32) {
        if self.depth == MAX_DEPTH {
            return self.end(Field::SHALLOW);
        }
        self.depth += 1;
        self.at += 1;
        // Both closing brackets come two places after the opening ones.
        let closer = open + 2;
        let fields = if self.depth == 1 { self.fields } else { &[] };
        let mut next_field = 0;
        let mut next = COMMA;
        if self.take(closer) {
            next = closer;
        }
        while next == COMMA {
            let field = if open == OBJECT { self.member(fields, &mut next_field) } else { None };
            let value = self.value();
            if let Some(field) = field
                && value.first() != Some(&b'n')
                && let Some(slot) = self.slots.get_mut(usize::from(field.slot))
            {
                slot.raw = value;
            }
            next = self.peek();
            if next != COMMA && next != closer {
                self.fail();
            }
            self.at += 1;
        }
        self.depth -= 1;
    }

    /// Walks over a key and its colon, and returns the field with this key, which is probably the `next` one.
    #[cfg_attr(target_feature = "simd128", inline(always))]
    pub(super) fn member<'f>(&mut self, fields: &'f [Field], next: &mut usize) -> Option<&'f Field> {
        #[cfg(target_feature = "simd128")]
        if let Some(field) = fields.get(*next)
            && self.takes(field.name.as_bytes())
        {
            *next += 1;
            return Some(field);
        }
        let key = self.key();
        Field::find(fields, next, key)
    }

    /// Steps over this key and its colon, if they come next.
    #[cfg(target_feature = "simd128")]
    #[inline(always)]
    fn takes(&mut self, key: &[u8]) -> bool {
        if self.peek() != QUOTE {
            return false;
        }
        let start = self.at + 1;
        let Some((found, [b'"', ..])) = self.from(start).split_at_checked(key.len()) else { return false };
        if !equal(found, key) {
            return false;
        }
        self.at = start + key.len() + 1;
        if !self.take(COLON) {
            self.fail();
        }
        true
    }

    /// Walks over a string, whose opening quote is at hand.
    #[cfg_attr(target_feature = "simd128", inline(always))]
    fn string(&mut self) {
        let text = self.text;
        let mut at = self.at;
        loop {
            at += 1;
            at += plain(text.get(at..).unwrap_or_default());
            if text.get(at) == Some(&b'"') {
                self.at = at + 1;
                return;
            }
            match extent(text.get(at..).unwrap_or_default()) {
                0 => {
                    at += usize::from(text.get(at) == Some(&b'\\'));
                    break;
                }
                len => at += len.unsigned_abs() - 1,
            }
        }
        self.at = at;
        self.fail();
    }

    fn word(&mut self) {
        let mut word = 0_u64;
        while let letter @ 0x61..=0x7A = self.here() {
            word = word << 8 | u64::from(letter);
            self.at += 1;
        }
        // Eight letters or more leave none of these.
        if !matches!(word, 0x6E75_6C6C | 0x7472_7565 | 0x66_616C_7365) {
            self.fail();
        }
    }

    #[cfg_attr(target_feature = "simd128", inline(always))]
    fn number(&mut self) {
        self.step(0x2D);
        if !self.step(0x30) {
            self.digits();
        }
        if self.step(0x2E) {
            self.digits();
        }
        if self.step(0x65) || self.step(0x45) {
            let _ = self.step(0x2B) || self.step(0x2D);
            self.digits();
        }
    }

    /// Walks over one or more digits.
    fn digits(&mut self) {
        let start = self.at;
        while self.here().wrapping_sub(0x30) <= 9 {
            self.at += 1;
        }
        if self.at == start {
            self.fail();
        }
    }

    /// Steps over the byte at hand, if it is this one.
    #[cfg_attr(target_feature = "simd128", inline(always))]
    fn step(&mut self, byte: u32) -> bool {
        let there = self.here() == byte;
        if there {
            self.at += 1;
        }
        there
    }

    /// The byte at hand; 0 at the end.
    #[cfg_attr(not(target_feature = "simd128"), inline(never))]
    fn here(&self) -> u32 {
        self.text.get(self.at).copied().unwrap_or(0).into()
    }
}

/// How many bytes at the start of a text stand for themselves in a string: ASCII, but for the quote, the backslash
/// and the control characters.
pub(crate) fn plain(text: &[u8]) -> usize {
    const fn all(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let mut at = 0;
    let mut rest = text;
    #[cfg(target_feature = "simd128")]
    while let Some((sixteen, after)) = rest.split_first_chunk() {
        let special = simd::special(sixteen);
        if special != 0 {
            return at + special.trailing_zeros() as usize;
        }
        at += 16;
        rest = after;
    }
    // Eight at a time. A subtraction takes the highest bit of a byte that becomes negative; what it borrows can
    // only touch bytes after the first of these.
    let special = |eight: &[u8; 8]| {
        let eight = u64::from_le_bytes(*eight);
        let control = eight.wrapping_sub(all(0x20));
        let quote = (eight ^ all(b'"')).wrapping_sub(all(1));
        let backslash = (eight ^ all(b'\\')).wrapping_sub(all(1));
        (eight | control | quote | backslash) & all(0x80)
    };
    while let Some((eight, after)) = rest.split_first_chunk() {
        let special = special(eight);
        if special != 0 {
            return at + (special.trailing_zeros() >> 3) as usize;
        }
        at += 8;
        rest = after;
    }
    // The last eight once more, of which only those that are left can be special.
    #[cfg(target_feature = "simd128")]
    if let Some(eight) = text.last_chunk() {
        let special = special(eight);
        // Where there is none, that counts eight.
        return text.len() - 8 + (special.trailing_zeros() >> 3) as usize;
    }
    while let Some(0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7F) = text.get(at) {
        at += 1;
    }
    at
}

#[cfg(target_feature = "simd128")]
mod simd {
    use core::arch::wasm32::{i8x16_bitmask, i8x16_eq, i8x16_lt, i8x16_splat, u64x2, v128_or};

    /// A bit for each byte that does not stand for itself.
    #[inline]
    pub(super) fn special(bytes: &[u8; 16]) -> u16 {
        let bytes = u128::from_le_bytes(*bytes);
        let bytes = u64x2(bytes as u64, (bytes >> 64) as u64);
        // What is not ASCII is negative.
        let control = i8x16_lt(bytes, i8x16_splat(0x20));
        let quote = i8x16_eq(bytes, i8x16_splat(b'"' as i8));
        let backslash = i8x16_eq(bytes, i8x16_splat(b'\\' as i8));
        i8x16_bitmask(v128_or(control, v128_or(quote, backslash)))
    }
}

/// How many bytes the character or the escape at the start of a text takes; 0 if neither may stand there. Negative:
/// it takes as many, but stands for no character, being a byte that is not UTF-8 or a surrogate without its other
/// half.
pub(super) fn extent(text: &[u8]) -> isize {
    match text {
        [b'\\', b'u', digits @ ..] => {
            let unit = unit(digits);
            match unit & !0x3FF {
                _ if unit > 0xFFFF => 0,
                0xD800 => match digits.get(4..) {
                    Some([b'\\', b'u', low @ ..]) if self::unit(low) & !0x3FF == 0xDC00 => 12,
                    _ => -6,
                },
                0xDC00 => -6,
                _ => 6,
            }
        }
        [b'\\', escape, ..] if b"\"\\/bfnrt".iter().any(|other| other == escape) => 2,
        [0..0x20 | b'\\', ..] | [] => 0,
        _ => utf8_len(text).map_or(-1, |len| len as isize),
    }
}

/// How much of the inside of a string stands for at most so many bytes of text, an escape counting as one.
pub(crate) fn prefix(text: &[u8], limit: usize) -> usize {
    let (mut at, mut taken) = (0, 0);
    while let Some(rest @ [byte, ..]) = text.get(at..) {
        let len = extent(rest).unsigned_abs().max(1);
        // A pair of surrogates is two escapes.
        taken += if *byte == b'\\' { len.div_ceil(6) } else { len };
        if taken > limit {
            break;
        }
        at += len;
    }
    at
}

/// The UTF-16 unit of four hexadecimal digits; more than 16 bits if they are none.
pub(super) fn unit(digits: &[u8]) -> u32 {
    let mut unit = 0;
    for at in 0..4 {
        let byte = digits.get(at).copied().unwrap_or(0);
        let mut digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            digit = (byte | 0x20).wrapping_sub(b'a' - 10);
            if !(10..16).contains(&digit) {
                return u32::MAX;
            }
        }
        unit = unit << 4 | u32::from(digit);
    }
    unit
}
