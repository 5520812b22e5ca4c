//! What errors of others become.

use core::fmt;
use std::error;

use reglet_sdk_core::Error;

/// An error that another one led to.
#[derive(Debug)]
struct Layer(u32, Option<Box<dyn error::Error>>);

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer \"{}\"", self.0)
    }
}

impl error::Error for Layer {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.1.as_deref()
    }
}

fn layers(count: u32, innermost: Option<Box<dyn error::Error>>) -> Layer {
    (2..=count).rev().fold(Layer(count + 1, innermost), |inner, number| Layer(number, Some(Box::new(inner))))
}

#[test]
fn the_chain_of_sources_is_kept() {
    let error = Error::from_error(&layers(2, None));
    assert_eq!((&*error.message(), &*error.type_name(), &*error.code()), ("layer \"2\"", "internal", ""));
    let cause = error.cause().unwrap();
    assert_eq!((&*cause.message(), cause.cause()), ("layer \"3\"", None));
    assert_eq!(error.to_string(), "layer \"2\": layer \"3\"");
}

#[test]
fn an_error_of_the_sdk_in_the_chain_stays_what_it_is() {
    let inner = Error::timeout("read", "", core::time::Duration::from_secs(1)).with_detail("attempts", 2);
    let error = Error::from_error(&layers(2, Some(Box::new(inner.clone()))));
    assert_eq!(error.cause().and_then(|cause| cause.cause()), Some(inner.clone()));
    assert!(error.is_timeout());
    assert_eq!(Error::from_error(&inner), inner);
}

#[test]
fn the_chain_ends_after_eight_causes() {
    let mut next = Some(Error::from_error(&layers(20, None)));
    let mut causes = 0;
    while let Some(cause) = next.and_then(|error| error.cause()) {
        causes += 1;
        next = Some(cause);
    }
    assert_eq!(causes, 8);
}

#[test]
fn what_could_not_be_parsed_is_a_matter_of_validation() {
    fn number(text: &str) -> Result<u8, Error> {
        Ok(text.parse()?)
    }
    let error = number("256").unwrap_err();
    assert_eq!(error.to_string(), "validation: number too large to fit in target type");
    let error = Error::from(String::from_utf8(vec![0xFF]).unwrap_err());
    assert!(error.to_string().starts_with("validation: invalid utf-8"), "{error}");
    let error = Error::from(reglet_sdk_core::json::Value::parse(b"{").unwrap_err());
    assert_eq!(error.to_string(), "validation: expected JSON");
}

#[cfg(feature = "std")]
mod std_errors {
    use std::io::{self, ErrorKind};

    use reglet_sdk_core::Error;

    #[test]
    fn errors_of_input_and_output_are_told_apart() {
        for (kind, type_name, code) in [
            (ErrorKind::NotFound, "internal", "not_found"),
            (ErrorKind::PermissionDenied, "capability", "permission_denied"),
            (ErrorKind::TimedOut, "timeout", "timed_out"),
            (ErrorKind::InvalidData, "validation", "invalid_data"),
            (ErrorKind::StorageFull, "internal", "io"),
        ] {
            let error = Error::from(io::Error::from(kind));
            assert_eq!((&*error.type_name(), &*error.code()), (type_name, code));
            assert_eq!(error.message(), kind.to_string());
            assert_eq!(error.is_not_found(), kind == ErrorKind::NotFound);
            assert_eq!(error.is_timeout(), kind == ErrorKind::TimedOut);
        }
    }

    #[test]
    fn an_error_of_the_sdk_comes_out_of_std_as_it_went_in() {
        let inner = Error::capability("fs", "/etc/passwd");
        assert_eq!(Error::from(io::Error::other(inner.clone())), inner);
    }

    #[test]
    fn a_variable_that_is_not_set_is_not_found() {
        let error = Error::from(std::env::var("REGLET_TEST_THAT_NOBODY_SETS").unwrap_err());
        assert!(error.is_not_found() && !error.is_timeout());
    }
}
