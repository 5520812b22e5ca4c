//! Reading what is nested where it stands: one walk over a document reads all of its levels.
//!
//! What is wrong with a value is known before the document has ended. It is kept until then, for a member of the same
//! name may come and replace the value, and what breaks the grammar after it goes before.

use super::decode::inside;
use super::error::Error;
use super::field::{Expected, Field, Slot};
use super::scan::{COMMA, OBJECT, Scanner};
use super::{FromValue, MAX_DEPTH};
use crate::stack;

const LEVELS: &Field = &Field::new("", &Expected::described("fewer levels"), true);

/// A walk over a document, which stands at a value that is to be read.
#[derive(Debug)]
pub struct Walk<'a> {
    scanner: Scanner<'a, 'a>,
}

/// Reads a value that is nested or has nested parts from its text.
///
/// # Errors
///
/// It is not JSON, or not what the type expects.
pub fn walk<'a, T: FromValue<'a>>(text: &'a [u8], field: &'static Field) -> Result<T, Error> {
    let mut walk = Walk::new(text);
    let value = walk.read(field).0;
    walk.finish();
    walk.sound()?;
    value
}

impl<'a> Walk<'a> {
    /// A walk that stands at the start of a document.
    pub(super) const fn new(text: &'a [u8]) -> Self {
        Self { scanner: Scanner::new(text) }
    }

    /// Levels of arrays and objects around.
    pub(super) const fn depth(&self) -> u32 {
        self.scanner.depth
    }

    /// What breaks the grammar so far.
    pub(super) fn sound(&self) -> Result<(), Error> {
        self.scanner.failure.map_or(Ok(()), Err)
    }

    /// Nothing but white space may follow.
    pub(super) fn finish(&mut self) {
        self.scanner.finish();
    }

    /// The first byte of what comes next; 0 at the end.
    pub(super) fn peek(&mut self) -> u32 {
        self.scanner.peek()
    }

    /// Steps back out of the array or object that has just been entered.
    pub(super) fn step_back(&mut self) {
        self.scanner.at -= 1;
        self.scanner.depth -= 1;
    }

    /// Reads a member of an object, and puts its text into its slot.
    pub fn member<T: FromValue<'a>>(
        &mut self,
        field: &'static Field,
        slot: &mut Slot<'a>,
        recursive: bool,
    ) -> Result<T, Error> {
        if recursive && stack::is_short() {
            self.scanner.end(LEVELS);
        }
        let (value, text) = self.read(field);
        slot.raw = text;
        inside(value, slot)
    }

    /// Reads a value, and steps over the whole of it even if something is wrong with it.
    fn read<T: FromValue<'a>>(&mut self, field: &'static Field) -> (Result<T, Error>, &'a [u8]) {
        let (start, depth) = (self.start(), self.scanner.depth);
        let value = T::from_walk(self, field);
        if value.is_err() {
            self.scanner.at = start;
            self.scanner.depth = depth;
            self.scanner.value();
        }
        (value, self.scanner.since(start))
    }

    /// Reads an element of a list, or the value of a member of a map.
    pub(super) fn part<T: FromValue<'a>>(&mut self) -> Result<T, Error> {
        let start = self.start();
        let value = T::from_walk(self, const { &Field::new("", &T::EXPECTED, !T::OPTIONAL) });
        inside(value, &Slot { raw: self.scanner.since(start), number: 0 })
    }

    /// Where the value starts.
    fn start(&mut self) -> usize {
        self.peek();
        self.scanner.at
    }

    /// The value's text.
    pub(super) fn value(&mut self) -> Result<&'a [u8], Error> {
        let value = self.scanner.value();
        self.sound()?;
        Ok(value)
    }

    /// The text from the value on.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        let start = self.start();
        self.scanner.from(start)
    }

    /// Whether `null` comes, and if so steps over it.
    pub(super) fn null(&mut self) -> bool {
        let null = self.peek() == u32::from(b'n');
        if null {
            self.scanner.value();
        }
        null
    }

    /// Steps into an array or an object.
    pub(super) fn open(&mut self, open: u32, field: &'static Field) -> Result<(), Error> {
        if self.peek() != open {
            let start = self.scanner.at;
            return Err(Error::at(field, self.scanner.from(start)));
        }
        self.enter();
        Ok(())
    }

    /// Steps into the array or object whose bracket is at hand.
    pub(super) fn enter(&mut self) {
        if self.scanner.depth == MAX_DEPTH {
            self.scanner.end(Field::SHALLOW);
        }
        self.scanner.depth += 1;
        self.scanner.at += 1;
    }

    /// Steps to the next element or member, or out of the array or object that ends with this bracket.
    pub(super) fn more(&mut self, closer: u32, first: bool) -> bool {
        let next = self.peek();
        let closes = next == closer;
        if closes {
            self.scanner.depth -= 1;
        } else if first {
            return true;
        } else if next != COMMA {
            self.scanner.fail();
        }
        self.scanner.at += 1;
        !closes && self.scanner.failure.is_none()
    }

    /// The key of the next member.
    pub(super) fn key(&mut self) -> &'a [u8] {
        self.scanner.key()
    }

    /// Steps into an object. A document that is `null` is one without members.
    ///
    /// # Errors
    ///
    /// It is none.
    pub fn object<'f, const N: usize>(
        &mut self,
        fields: &'f [Field; N],
        field: &'static Field,
    ) -> Result<(Fields<'f>, [Slot<'a>; N]), Error> {
        let nothing = self.scanner.depth == 0 && self.null();
        if !nothing {
            self.open(OBJECT, field)?;
        }
        Ok((Fields { fields, next: 0, first: true, nothing }, [Slot::default(); N]))
    }
}

/// The members of an object that is walked over.
#[derive(Debug)]
pub struct Fields<'f> {
    fields: &'f [Field],
    /// Which of them is probably next.
    next: usize,
    first: bool,
    nothing: bool,
}

impl Fields<'_> {
    /// Goes on to the next member that is nested, and returns its slot; puts those before it into theirs. Fields
    /// that are `null` are as good as absent.
    pub fn next<'a>(&mut self, walk: &mut Walk<'a>, slots: &mut [Slot<'a>]) -> Option<u16> {
        while !self.nothing && walk.more(OBJECT + 2, self.first) {
            self.first = false;
            let field = walk.scanner.member(self.fields, &mut self.next);
            if let Some(field) = field
                && field.nested
                && walk.peek() != u32::from(b'n')
            {
                return Some(field.slot);
            }
            let raw = walk.scanner.value();
            if let Some(field) = field
                && raw.first() != Some(&b'n')
                && let Some(slot) = slots.get_mut(usize::from(field.slot))
            {
                slot.raw = raw;
            }
        }
        None
    }
}
