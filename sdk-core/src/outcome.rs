//! The outcome of a check, written straight into the buffer that the host reads.

use alloc::vec::Vec;

use crate::error::Error;
use crate::json::{Encode, Writer};
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
pub struct Outcome {
    status: Status,
    timestamp: Option<Timestamp>,
    /// Whether `out` ends within the data.
    in_data: bool,
    /// The object, still open.
    out: Writer,
}

impl Outcome {
    /// What was checked is as it should be.
    pub fn success(message: impl AsRef<str>) -> Self {
        Self::new(Status::Success).message(message.as_ref())
    }

    /// What was checked is not as it should be.
    pub fn failure(message: impl AsRef<str>) -> Self {
        Self::new(Status::Failure).message(message.as_ref())
    }

    /// The check could not run. Returning the [`Error`] from `check` does the same.
    #[cold]
    pub fn error(error: &Error) -> Self {
        let mut outcome = Self::new(Status::Error);
        outcome.out.member("message", error.get("message"));
        outcome.out.member("error", error);
        outcome
    }

    fn new(status: Status) -> Self {
        let mut out = Writer::with_capacity(512);
        out.begin_object();
        out.member("status", status.as_str());
        Self { status, timestamp: None, in_data: false, out }
    }

    #[inline(never)]
    fn message(mut self, message: &str) -> Self {
        self.out.member("message", message);
        self
    }

    /// How the check ended.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// Adds a member to the data. A key that is added twice is there twice, and readers take the last one.
    pub fn data(mut self, key: &str, value: impl Encode) -> Self {
        if !self.in_data {
            self.out.key("data");
            self.out.begin_object();
            self.in_data = true;
        }
        self.out.member(key, value);
        self
    }

    /// Says when the check ran. Without it, hosts of this project put in their own time.
    pub fn at(mut self, timestamp: Timestamp) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// The outcome as JSON.
    #[must_use]
    pub fn into_json(mut self) -> Vec<u8> {
        if self.in_data {
            self.out.end_object();
        }
        match self.timestamp {
            Some(timestamp) => self.out.member("timestamp", timestamp),
            None => self.out.member("timestamp", Timestamp::UNKNOWN_TEXT),
        }
        self.out.end_object();
        self.out.into_bytes()
    }
}
