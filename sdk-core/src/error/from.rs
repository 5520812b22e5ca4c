//! Errors of others as errors of a check.

use alloc::string::FromUtf8Error;
use alloc::vec::Vec;
use core::num::{ParseFloatError, ParseIntError, TryFromIntError};
use core::str::{ParseBoolError, Utf8Error};
use core::{error, fmt};

use super::{Error, Kind};
use crate::json::Writer;
use crate::text;
use crate::text::Piece;

/// Causes that are kept. Each is written again into the one that it led to.
const MAX_CAUSES: usize = 8;

impl Error {
    /// An error of another library, of type `internal`, with the errors that led to it as its causes, eight at most.
    /// What is an [`Error`] already, or an error of std's input and output, keeps its type and code.
    ///
    /// ```
    /// use reglet_sdk_core::Error;
    ///
    /// let error = Error::from_error(&u8::from_str_radix("x", 10).unwrap_err());
    /// assert_eq!((&*error.message(), &*error.type_name()), ("invalid digit found in string", "internal"));
    /// ```
    #[must_use]
    #[cold]
    pub fn from_error(error: &(dyn error::Error + 'static)) -> Self {
        let mut chain: Vec<&(dyn error::Error + 'static)> = Vec::new();
        let mut next = Some(error);
        while let Some(error) = next
            && chain.len() <= MAX_CAUSES
        {
            chain.push(error);
            next = error.source();
        }
        let mut made: Option<Self> = None;
        while let Some(error) = chain.pop() {
            let error = Self::from_one(error);
            made = Some(match made {
                Some(cause) => error.with_source(&cause),
                None => error,
            });
        }
        made.unwrap_or_else(|| Self::internal(Displayed(&error)))
    }

    fn from_one(error: &(dyn error::Error + 'static)) -> Self {
        if let Some(error) = error.downcast_ref::<Self>() {
            return error.clone();
        }
        #[cfg(feature = "std")]
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return Self::from_io(error);
        }
        Self::internal(Displayed(&error))
    }

    /// The same with what was being done before its message: `reading the list: no such file`. The type, the code and
    /// the flags stay, and the error itself is kept as the cause, with the causes that it has.
    ///
    /// ```
    /// use reglet_sdk_core::Error;
    /// use reglet_sdk_core::error::Kind;
    ///
    /// let cause = Error::new(Kind::Exec, "no such program").with_code("exit_0").with_not_found();
    /// let error = cause.clone().during("asking for the service");
    /// assert_eq!(error.message(), "asking for the service: no such program");
    /// assert_eq!((error.kind(), &*error.code(), error.is_not_found()), (Kind::Exec, "exit_0", true));
    /// assert_eq!(error.cause(), Some(cause));
    /// ```
    #[must_use]
    #[cold]
    pub fn during(self, what: impl Piece) -> Self {
        let mut out = Self::begin();
        text![what, ": ", self.message()].write(&mut out);
        Self::end(&mut out, "", b"").retyped(&self).with_source(&self)
    }

    /// With the type and the code of another.
    fn retyped(self, other: &Self) -> Self {
        let quoted = |text: &str| {
            let mut out = Writer::new();
            out.text(&text);
            out
        };
        let named = self.and(super::TYPE, quoted(&other.type_name()).as_bytes());
        named.and(super::CODE, quoted(&other.code()).as_bytes())
    }
}

macro_rules! from {
    ($($type:ty)*) => {$(
        impl From<$type> for Error {
            /// Of type `validation`.
            #[cold]
            fn from(error: $type) -> Self {
                Self::new(Kind::Validation, Displayed(&error))
            }
        }
    )*};
}
from! {
    Utf8Error FromUtf8Error
    ParseIntError ParseFloatError ParseBoolError TryFromIntError
    core::net::AddrParseError
}

impl From<crate::json::Error> for Error {
    /// Of type `validation`. The message names the field, but neither its place nor what is there instead, for which the
    /// document is needed: `map_err(|error| Error::new(Kind::Validation, error.describe(document)))` has both.
    #[cold]
    fn from(error: crate::json::Error) -> Self {
        Self::new(Kind::Validation, error)
    }
}

#[cfg(feature = "std")]
mod io {
    use std::env::VarError;
    use std::io::{self, ErrorKind};

    use super::{Displayed, Error, Kind};

    /// The error number of WASI with which a host says that there is no right to something, for which std has no kind.
    const NOT_CAPABLE: i32 = 76;

    impl From<io::Error> for Error {
        /// Of type `internal`, and the code names its kind: `not_found`, or `io` for a rare one. What took too long is
        /// of type `timeout`. What was not permitted is of type `capability`: in a plugin that is, nearly always, a
        /// file that it was not granted.
        ///
        /// The message does not name the file, for std does not know it any more; [`during`](Error::during) adds it.
        #[cold]
        fn from(error: io::Error) -> Self {
            Self::from_io(&error)
        }
    }

    impl Error {
        pub(super) fn from_io(error: &io::Error) -> Self {
            // What the author's own reader, or this SDK, has put into it.
            if let Some(inner) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
                return inner.clone();
            }
            let not_capable = cfg!(target_os = "wasi") && error.raw_os_error() == Some(NOT_CAPABLE);
            let (kind, code) = match error.kind() {
                _ if not_capable => (Kind::Capability, "permission_denied"),
                ErrorKind::PermissionDenied => (Kind::Capability, "permission_denied"),
                ErrorKind::TimedOut => (Kind::Timeout, "timed_out"),
                ErrorKind::InvalidData => (Kind::Validation, "invalid_data"),
                ErrorKind::NotFound => (Kind::Internal, "not_found"),
                ErrorKind::AlreadyExists => (Kind::Internal, "already_exists"),
                ErrorKind::IsADirectory => (Kind::Internal, "is_a_directory"),
                ErrorKind::NotADirectory => (Kind::Internal, "not_a_directory"),
                ErrorKind::InvalidInput => (Kind::Internal, "invalid_input"),
                ErrorKind::UnexpectedEof => (Kind::Internal, "unexpected_eof"),
                ErrorKind::Interrupted => (Kind::Internal, "interrupted"),
                ErrorKind::Unsupported => (Kind::Internal, "unsupported"),
                _ => (Kind::Internal, "io"),
            };
            let made = Self::new(kind, Displayed(error)).with_code(code);
            if error.kind() == ErrorKind::NotFound { made.with_not_found() } else { made }
        }
    }

    impl From<VarError> for Error {
        /// Of type `validation`; one that is not set is not found, with the code `not_found`. One that was not granted
        /// is not set.
        #[cold]
        fn from(error: VarError) -> Self {
            let made = Self::new(Kind::Validation, Displayed(&error));
            match error {
                VarError::NotPresent => made.with_code("not_found").with_not_found(),
                VarError::NotUnicode(_) => made,
            }
        }
    }
}

/// What has only a [`Display`](fmt::Display).
pub(crate) struct Displayed<'a>(pub(crate) &'a dyn fmt::Display);

impl Piece for Displayed<'_> {
    fn write(&self, out: &mut Writer<'_>) {
        struct Sink<'a, 'stack>(&'a mut Writer<'stack>);

        impl fmt::Write for Sink<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                self.0.escape(text);
                Ok(())
            }
        }

        // The sink takes everything.
        let _ = fmt::write(&mut Sink(out), format_args!("{}", self.0));
    }
}
