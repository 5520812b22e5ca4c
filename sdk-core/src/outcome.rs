//! The outcome of a check, written straight into the buffer that the host reads.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::abi::Buffer;
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
/// # assert_eq!(core::str::from_utf8(&json).unwrap(), concat!(
/// #     r#"{"timestamp":"0001-01-01T00:00:00.000000000Z","status":"success","message":"all there","#,
/// #     r#""data":{"files":3,"owner":"root"}}"#));
/// ```
#[derive(Debug)]
#[must_use]
pub struct Outcome(Box<Writer<'static>>);

/// How every outcome starts. The time is put in later, in its place.
const HEAD: &str = r#"{"timestamp":"0001-01-01T00:00:00.000000000Z","status":""#;
const TIMESTAMP: usize = 14;

impl Outcome {
    /// What was checked is as it should be.
    pub fn success(message: impl Piece) -> Self {
        Self::new(Status::Success, message)
    }

    /// What was checked is not as it should be.
    pub fn failure(message: impl Piece) -> Self {
        Self::new(Status::Failure, message)
    }

    /// [`success`](Self::success) if all is well, [`failure`](Self::failure) if not.
    pub fn when(well: bool, message: impl Piece) -> Self {
        Self::new(if well { Status::Success } else { Status::Failure }, message)
    }

    /// The check could not run. Returning the [`Error`] from `check` does the same.
    #[cold]
    #[inline(never)]
    pub fn error(error: &Error) -> Self {
        let mut outcome = Self::begin(Status::Error);
        if let Some(message) = error.raw_message() {
            outcome.0.plain("\"message\":");
            outcome.0.repaired(message);
            outcome.0.plain(",");
        }
        outcome.0.plain("\"error\":");
        error.encode(&mut outcome.0);
        outcome.0.plain(",\"data\":{");
        outcome
    }

    fn new(status: Status, message: impl Piece) -> Self {
        let mut outcome = Self::begin(status);
        outcome.0.plain("\"message\":\"");
        message.write(&mut outcome.0);
        outcome.0.plain("\",\"data\":{");
        outcome
    }

    #[inline(never)]
    fn begin(status: Status) -> Self {
        let mut out = Writer::with_capacity(512);
        out.plain(HEAD);
        out.plain(status.as_str());
        out.plain("\",");
        Self(Box::new(out))
    }

    /// The data as it is by now.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn data_so_far(&self) -> Vec<u8> {
        const KEY: &[u8] = b",\"data\":";
        let json = self.0.as_bytes();
        // In a message its quotes would have backslashes.
        let start =
            json.windows(KEY.len()).position(|part| part == KEY).map_or(json.len(), |at| at + KEY.len());
        [json.get(start..).unwrap_or_default(), b"}"].concat()
    }

    /// How the check ended.
    #[must_use]
    pub fn status(&self) -> Status {
        match self.0.as_bytes().get(HEAD.len()) {
            Some(b's') => Status::Success,
            Some(b'f') => Status::Failure,
            _ => Status::Error,
        }
    }

    /// Adds a member to the data. A key that is added twice is there twice, and readers take the last one.
    pub fn data(mut self, key: &str, value: impl Encode) -> Self {
        self.0.member(key, value);
        self
    }

    /// Adds all members of a value to the data: of a struct that `config!` declares, or of another object.
    ///
    /// ```
    /// use reglet_sdk_core::{Outcome, config};
    ///
    /// config! {
    ///     pub struct Peer {
    ///         port: u16,
    ///         open: bool,
    ///     }
    /// }
    ///
    /// let outcome = Outcome::success("it answers").data_from(&Peer { port: 22, open: true })?;
    /// assert!(outcome.into_json().ends_with(br#""data":{"port":22,"open":true}}"#));
    /// # Ok::<(), reglet_sdk_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// It has no members.
    pub fn data_from(self, value: &impl Encode) -> Result<Self, Error> {
        let mut out = Writer::new();
        value.encode(&mut out);
        self.members_of(out.as_bytes())
    }

    fn members_of(mut self, json: &[u8]) -> Result<Self, Error> {
        match json {
            [b'{', members @ .., b'}'] => {
                let members = members.trim_ascii();
                if !members.is_empty() {
                    self.0.raw(members);
                }
                Ok(self)
            }
            _ => Err(Error::internal("the data of an outcome are a struct or a map")),
        }
    }

    /// Adds a member to the data, whose value serde writes.
    ///
    /// # Errors
    ///
    /// It can't be written as JSON, such as a float that is not finite. Returned from `check`, the error takes the
    /// outcome's place, as it does in Go (`docs/protocol.md#e9`).
    #[cfg(feature = "serde")]
    pub fn try_data(mut self, key: &str, value: &impl serde_core::Serialize) -> Result<Self, Error> {
        self.0.key(key);
        crate::json::to_writer(&mut self.0, value)?;
        Ok(self)
    }

    /// Adds all members of a value, which is a struct or a map, to the data; serde writes them.
    ///
    /// ```
    /// use reglet_sdk_core::Outcome;
    /// use serde::Serialize;
    ///
    /// #[derive(Serialize)]
    /// struct Usage {
    ///     mount: &'static str,
    ///     share: f64,
    /// }
    ///
    /// let outcome = Outcome::success("enough room").try_data_from(&Usage { mount: "/", share: 0.25 })?;
    /// assert!(outcome.into_json().ends_with(br#""data":{"mount":"/","share":0.25}}"#));
    /// # Ok::<(), reglet_sdk_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// It has no members, or can't be written, as for [`try_data`](Self::try_data).
    #[cfg(feature = "serde")]
    pub fn try_data_from(self, value: &impl serde_core::Serialize) -> Result<Self, Error> {
        let mut out = Writer::new();
        crate::json::to_writer(&mut out, value)?;
        self.members_of(out.as_bytes())
    }

    /// Says when the check ran. Without it, hosts of this project put in their own time.
    pub fn at(mut self, timestamp: Timestamp) -> Self {
        self.0.put(TIMESTAMP, &timestamp.digits());
        self
    }

    /// Says from when to when the check ran, and with that how long it took; once (`docs/protocol.md#result`).
    ///
    /// ```
    /// use reglet_sdk_core::{Context, Error, Outcome, Timestamp, tcp};
    ///
    /// fn check(context: &Context<'_>) -> Result<Outcome, Error> {
    ///     let start = Timestamp::now()?;
    ///     tcp::Request::new(&"example.com", 443).send(context)?;
    ///     let end = Timestamp::now()?;
    ///     Ok(Outcome::success("it answers").at(end).ran(start, end))
    /// }
    /// ```
    pub fn ran(self, start: Timestamp, end: Timestamp) -> Self {
        let took = end.saturating_duration_since(start).as_nanos();
        let status = HEAD.len() + self.status().as_str().len() + "\",".len();
        let (head, rest) = self.0.as_bytes().split_at_checked(status).unwrap_or_default();
        let mut out = Writer::with_capacity(head.len() + rest.len() + 160);
        out.append(head);
        out.plain("\"metadata\":{");
        out.member("start_time", start);
        out.member("end_time", end);
        out.member("duration_ns", u64::try_from(took).unwrap_or(u64::MAX));
        out.plain("},");
        out.append(rest);
        Self(Box::new(out))
    }

    /// The outcome as JSON.
    #[must_use]
    pub fn into_json(self) -> Vec<u8> {
        self.into_buffer().into()
    }

    pub(crate) fn into_buffer(mut self) -> Buffer<'static> {
        self.0.plain("}}");
        self.0.into_buffer()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Value;

    #[test]
    fn takes_the_members_of_any_object() {
        let outcome = |object: &str| {
            let value = Value::parse(object.as_bytes()).unwrap();
            let outcome =
                Outcome::success("").data("a", 1).data_from(&value).map(|outcome| outcome.data("z", 2));
            outcome.map(|outcome| alloc::string::String::from_utf8(outcome.into_json()).unwrap())
        };
        assert!(outcome("{ }").unwrap().ends_with(r#""data":{"a":1,"z":2}}"#));
        assert!(outcome("{ \"b\": [] }").unwrap().ends_with(r#""data":{"a":1,"b": [],"z":2}}"#));
        assert!(outcome("[]").is_err());
    }

    #[test]
    fn says_from_when_to_when_it_ran_whatever_was_said_before() {
        let (start, end) =
            (Timestamp::from_unix(1_800_000_000, 0), Timestamp::from_unix(1_800_000_001, 500_000_000));
        let metadata = concat!(
            r#"{"start_time":"2027-01-15T08:00:00Z","end_time":"2027-01-15T08:00:01.5Z","#,
            r#""duration_ns":1500000000}"#
        );
        for outcome in [
            Outcome::success("m").data("a", 1),
            Outcome::failure(""),
            Outcome::error(&Error::internal("why")).data("a", 1),
        ] {
            let status = outcome.status();
            let json = outcome.at(end).ran(start, end).data("b", 2).into_json();
            let outcome = Value::parse(&json).unwrap();
            assert_eq!(outcome.get("metadata").raw(), metadata.as_bytes());
            assert_eq!(outcome.get("timestamp").text().unwrap(), "2027-01-15T08:00:01.500000000Z");
            assert_eq!(outcome.get("status").text().unwrap(), status.as_str());
            assert_eq!(outcome.get("data").get("b").integer(), Ok(2));
        }
        let never = Outcome::success("").ran(end, start).into_json();
        assert_eq!(Value::parse(&never).unwrap().get("metadata").get("duration_ns").integer(), Ok(0));
    }
}
