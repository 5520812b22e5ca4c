//! What went wrong; what the core has for it is in [`reglet_sdk_core::error`].
//!
//! Every error of this SDK, and those that std's own functions return most often, end a check with `?`. For those of
//! other libraries there is [`Error::from_error`].

pub use reglet_sdk_core::error::*;

use crate::text::Piece;

/// Says what was being done when something went wrong.
pub trait During<T> {
    /// The same with this before the error's message. The error itself is kept as the cause; its type, code and flags
    /// hold for the new one too.
    ///
    /// ```
    /// use reglet_sdk_std::prelude::*;
    ///
    /// fn text(path: &str) -> Result<String, Error> {
    ///     std::fs::read_to_string(path).during(text!["reading ", path])
    /// }
    ///
    /// let error = text("/no/such/file").unwrap_err();
    /// assert!(error.message().starts_with("reading /no/such/file: "));
    /// assert_eq!((error.is_not_found(), &*error.code()), (true, "not_found"));
    /// ```
    ///
    /// # Errors
    ///
    /// There was one.
    fn during(self, what: impl Piece) -> Result<T, Error>;
}

impl<T, E: Into<Error>> During<T> for Result<T, E> {
    #[inline]
    fn during(self, what: impl Piece) -> Result<T, Error> {
        self.map_err(|error| error.into().during(what))
    }
}
