//! The outcome of a check: what the plugin returned, checked, with a time that can be right.

use core::ops::Range;
use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use reglet_sdk_core::json::Value;
use reglet_sdk_core::{Status, Timestamp};

use crate::log::printable;

/// Seconds that a plugin's clock may be off.
const MAX_OFF: u64 = 86_400;

/// The outcome of a check.
///
/// It is the plugin's own document, byte for byte, but for two things: a `timestamp` that is missing, is not
/// a time, or is more than a day off is the host's time instead, and bytes that are not UTF-8 are U+FFFD.
#[derive(Clone, Debug)]
pub struct Outcome {
    status: Status,
    json: String,
}

impl Outcome {
    /// How the check ended.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// The outcome as JSON.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The outcome as JSON, taken out.
    #[must_use]
    pub fn into_json(self) -> String {
        self.json
    }

    /// The message; without one that of the error, or an empty string. It may hold control characters.
    #[must_use]
    pub fn message(&self) -> Cow<'_, str> {
        self.get("message").text().or_else(|_| self.error().get("message").text()).unwrap_or_default()
    }

    /// The `data`; absent if there are none.
    #[must_use]
    pub fn data(&self) -> Value<'_> {
        self.get("data")
    }

    /// The `error` of a check that could not run; absent if there is none.
    #[must_use]
    pub fn error(&self) -> Value<'_> {
        self.get("error")
    }

    fn get(&self, name: &'static str) -> Value<'_> {
        Value::parse(self.json.as_bytes()).map_or(Value::ABSENT, |outcome| outcome.get(name))
    }

    /// An outcome that the host made, with the status `error`.
    pub(crate) fn of_host(json: Vec<u8>) -> Self {
        Self { status: Status::Error, json: utf8(json) }
    }

    /// Checks what a plugin returned. With the outcome may come a warning, without it comes the reason.
    pub(crate) fn read(json: Vec<u8>) -> Result<(Self, Option<String>), String> {
        let json = utf8(json);
        let document = json.as_bytes();
        let read = || Value::parse(document)?.fields(&["status", "timestamp"]);
        let [status, timestamp] = read().map_err(|error| {
            format!("the outcome cannot be read: {}", printable(&error.describe(document)))
        })?;
        let status = match status.text().as_deref() {
            Ok("success") => Status::Success,
            Ok("failure") => Status::Failure,
            Ok("error") => Status::Error,
            _ if status.is_none() => return Err("the outcome has no status".into()),
            _ => return Err(format!("the outcome has the unknown status {}", shown(status))),
        };
        let now = now();
        let given = timestamp.text().ok().and_then(|text| Timestamp::parse(text.as_bytes()));
        if given.is_some_and(|time| time.unix_seconds().abs_diff(now.unix_seconds()) <= MAX_OFF) {
            return Ok((Self { status, json }, None));
        }
        let warning = match given {
            Some(Timestamp::UNKNOWN) => None,
            _ if timestamp.is_none() => Some("the outcome has no timestamp; it gets the host's".into()),
            _ => Some(format!("the outcome has the timestamp {}; it gets the host's", shown(timestamp))),
        };
        let place = place(document, timestamp);
        Ok((Self { status, json: with_time(json, place, now) }, warning))
    }
}

/// Puts the time in the place of the timestamp, or at the end if there is none.
fn with_time(mut json: String, timestamp: Option<Range<usize>>, now: Timestamp) -> String {
    let time = now.rfc3339();
    match timestamp.or_else(|| null_timestamp(json.as_bytes())) {
        // Between the quotes, so that nothing else needs to be put together.
        Some(place) if json.get(place.clone()).is_some_and(|old| old.starts_with('"')) => {
            json.replace_range(place.start + 1..place.end - 1, &time);
        }
        Some(place) => json.replace_range(place, &format!(r#""{time}""#)),
        // The status stands there, so there is always something for the comma to part.
        None => {
            let end = json.rfind('}').unwrap_or_default();
            json.insert_str(end, &format!(r#","timestamp":"{time}""#));
        }
    }
    json
}

/// Where the timestamp is if it is `null`, which counts as missing.
#[cold]
fn null_timestamp(document: &[u8]) -> Option<Range<usize>> {
    let members = Value::parse(document).and_then(Value::members).into_iter().flatten();
    let (_, null) = members.filter(|(key, _)| key.eq_ignore_ascii_case(b"timestamp")).last()?;
    place(document, null)
}

fn place(document: &[u8], value: Value<'_>) -> Option<Range<usize>> {
    let start = value.raw().as_ptr().addr().checked_sub(document.as_ptr().addr())?;
    (!value.raw().is_empty()).then(|| start..start + value.raw().len())
}

/// A document as text; what is not UTF-8 is read as every reader of the protocol does.
pub(crate) fn utf8(document: Vec<u8>) -> String {
    String::from_utf8(document).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The host's time.
pub(crate) fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(now.as_secs()).unwrap_or(i64::MAX), now.subsec_nanos())
}

fn shown(value: Value<'_>) -> String {
    printable(&String::from_utf8_lossy(value.raw()))
}
