//! The outcome of a check, written straight into the buffer that the host reads.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::json::{Encode, Writer};
use crate::text::Piece;
use crate::time::Timestamp;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The check ran, and what it looked at is as it should be.
    Success,
    /// The check ran, and what it looked at is not as it should be.
    Failure,
    /// The check could not run.
    Error,
}

impl Status {
    /// The status on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Error => "error",
        }
    }
}

/// The outcome of a check: a status, a message, and data (`docs/protocol.md#result`).
///
/// ```
/// use reglet_sdk_core::Outcome;
///
/// let outcome = Outcome::success("all there").data("files", 3).data("owner", "root");
/// # let json = outcome.into_json();
/// # assert_eq!(core::str::from_utf8(&json).unwrap(), concat!(r#"{"status":"success","message":"all there","#,
/// #     r#""data":{"files":3,"owner":"root"},"timestamp":"0001-01-01T00:00:00Z"}"#));
/// ```
#[derive(Debug)]
#[must_use]
pub struct Outcome(Box<Draft>);

/// Boxed, for it passes through every step that adds to it.
#[derive(Debug)]
struct Draft {
    status: Status,
    timestamp: Option<Timestamp>,
    /// Whether `out` ends within the data.
    in_data: bool,
    /// The object, still open.
    out: Writer,
}

impl Outcome {
    /// What was checked is as it should be.
    pub fn success(message: impl Piece) -> Self {
        Self::new(Status::Success, &message)
    }

    /// What was checked is not as it should be.
    pub fn failure(message: impl Piece) -> Self {
        Self::new(Status::Failure, &message)
    }

    /// [`success`](Self::success) if all is well, [`failure`](Self::failure) if not.
    pub fn when(well: bool, message: impl Piece) -> Self {
        Self::new(if well { Status::Success } else { Status::Failure }, &message)
    }

    /// The check could not run. Returning the [`Error`] from `check` does the same.
    #[cold]
    pub fn error(error: &Error) -> Self {
        let message = error.get("message").string_or_empty();
        let mut outcome = Self::new(Status::Error, &message);
        outcome.0.out.plain(",\"error\":");
        error.encode(&mut outcome.0.out);
        outcome
    }

    #[inline(never)]
    fn new(status: Status, message: &dyn Piece) -> Self {
        let mut out = Writer::with_capacity(512);
        out.plain("{\"status\":\"");
        out.plain(status.as_str());
        out.plain("\",\"message\":\"");
        message.write(&mut out);
        out.plain("\"");
        Self(Box::new(Draft { status, timestamp: None, in_data: false, out }))
    }

    /// How the check ended.
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// Adds a member to the data. A key that is added twice is there twice, and readers take the last one.
    pub fn data(mut self, key: &str, value: impl Encode) -> Self {
        self.0.open_data();
        self.0.out.member(key, value);
        self
    }

    /// Says when the check ran. Without it, hosts of this project put in their own time.
    pub fn at(mut self, timestamp: Timestamp) -> Self {
        self.0.timestamp = Some(timestamp);
        self
    }

    /// The outcome as JSON.
    #[must_use]
    pub fn into_json(mut self) -> Vec<u8> {
        let Draft { timestamp, in_data, out, .. } = &mut *self.0;
        if *in_data {
            out.end_object();
        }
        out.plain(",\"timestamp\":\"");
        match timestamp {
            Some(timestamp) => timestamp.write(out),
            None => out.plain(Timestamp::UNKNOWN_TEXT),
        }
        out.plain("\"}");
        self.0.out.into_bytes()
    }
}

impl Draft {
    #[inline(never)]
    fn open_data(&mut self) {
        if !self.in_data {
            self.out.plain(",\"data\":{");
            self.in_data = true;
        }
    }
}
