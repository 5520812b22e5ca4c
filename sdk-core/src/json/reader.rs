//! A pull reader: a document as a sequence of events.

use super::error::Error;
use super::scan::{ARRAY, OBJECT};
use super::walk::Walk;
use super::{Str, Value};

/// Reads a document from its start to its end, event by event, and checks it as it goes. Nothing is kept, and no byte
/// is walked over twice: this is how to read what is large, or nested in ways that nobody declared.
///
/// An error is known when the reader comes to it, after the events before it; [`Error::describe`] tells where it is.
///
/// ```
/// use reglet_sdk_core::json::{Event, Reader};
///
/// // How many processes run as root, and for how long the oldest has.
/// let document = br#"{"host": "a", "processes": [{"user": "root", "age": 7}, {"user": "mail", "age": 9}]}"#;
/// let (mut count, mut oldest) = (0, 0);
/// let mut reader = Reader::new(document);
/// while let Some(event) = reader.event()? {
///     if let Event::BeginObject = event && reader.depth() == 3 {
///         // Small enough to be looked at as a whole.
///         let process = reader.whole()?;
///         if process.get("user").string()? == *"root" {
///             count += 1;
///             oldest = process.get("age").integer()?.max(oldest);
///         }
///     }
/// }
/// assert_eq!((count, oldest), (1, 7));
/// # Ok::<(), reglet_sdk_core::json::Error>(())
/// ```
#[derive(Debug)]
pub struct Reader<'a> {
    walk: Walk<'a>,
    /// A bit for each level, the innermost one lowest: whether it is an object.
    objects: u128,
    next: Next,
}

/// A step of a [`Reader`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// An object begins: keys follow, each with its value.
    BeginObject,
    /// The innermost object ends.
    EndObject,
    /// An array begins: values follow.
    BeginArray,
    /// The innermost array ends.
    EndArray,
    /// The key of a member, whose value comes next.
    Key(Str<'a>),
    /// A string, a number, `true`, `false` or `null`.
    Value(Value<'a>),
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// A value: of a key, or of the document.
    Value,
    /// The first key or element of an object or array, or its end.
    First,
    /// A further one, or the end.
    Further,
}

impl<'a> Reader<'a> {
    /// A reader at the start of a document.
    #[must_use]
    pub const fn new(document: &'a [u8]) -> Self {
        Self { walk: Walk::new(document), objects: 0, next: Next::Value }
    }

    /// How many objects and arrays have begun, and not ended.
    #[must_use]
    pub const fn depth(&self) -> u32 {
        self.walk.depth()
    }

    /// Goes on to the next event; there is none after the document's value.
    ///
    /// # Errors
    ///
    /// The document breaks the grammar here, is nested deeper than [`MAX_DEPTH`](super::MAX_DEPTH), or something else
    /// follows its value. So does every event after that.
    pub fn event(&mut self) -> Result<Option<Event<'a>>, Error> {
        let event = self.step();
        self.walk.sound()?;
        Ok(event)
    }

    /// Steps over all that the last event has begun, and returns it as a whole: the object, the array, or the value of
    /// the key. Before the first event that is the document, and after any other there is nothing.
    ///
    /// # Errors
    ///
    /// As with [`event`](Self::event).
    pub fn whole(&mut self) -> Result<Value<'a>, Error> {
        match self.next {
            Next::Further => return self.walk.sound().map(|()| Value::ABSENT),
            Next::First => {
                self.walk.step_back();
                self.objects >>= 1;
            }
            Next::Value => {}
        }
        self.next = Next::Further;
        self.walk.value().map(Value::at)
    }

    fn step(&mut self) -> Option<Event<'a>> {
        if self.next != Next::Value {
            if self.depth() == 0 {
                self.walk.finish();
                return None;
            }
            let is_object = self.objects & 1 != 0;
            let closer = if is_object { OBJECT } else { ARRAY } + 2;
            if !self.walk.more(closer, self.next == Next::First) {
                self.next = Next::Further;
                self.objects >>= 1;
                return Some(if is_object { Event::EndObject } else { Event::EndArray });
            }
            if is_object {
                self.next = Next::Value;
                return Some(Event::Key(Str::new(self.walk.key())));
            }
        }
        let open = self.walk.peek();
        if !matches!(open, OBJECT | ARRAY) {
            self.next = Next::Further;
            return self.walk.value().ok().map(|value| Event::Value(Value::at(value)));
        }
        self.walk.enter();
        self.next = Next::First;
        self.objects = self.objects << 1 | u128::from(open == OBJECT);
        Some(if open == OBJECT { Event::BeginObject } else { Event::BeginArray })
    }
}
