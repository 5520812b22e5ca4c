//! `ssrf_check`: ask whether an address is one that plugins may connect to.
//!
//! Hosts of the command line do not have this function, and a module that imports it does not load there
//! (`docs/protocol.md#h14`).

use alloc::borrow::Cow;
use core::mem::MaybeUninit;

use crate::error::{Error, Kind};
use crate::json::{self, Expected, Field, Value, Writer};
use crate::text::Piece;

/// Asks about an address, `host:port`.
///
/// # Errors
///
/// What the host reports, or that its answer breaks the protocol. An address that may not be connected to is a
/// [`Verdict`], not an error.
///
/// ```
/// use reglet_sdk_core::{Error, ssrf};
///
/// fn is_public(address: &str) -> Result<bool, Error> {
///     Ok(ssrf::check(&address)?.allowed())
/// }
/// ```
pub fn check(address: &dyn Piece) -> Result<Verdict, Error> {
    let mut stack = [MaybeUninit::uninit(); 256];
    let mut request = Writer::on(&mut stack);
    request.plain("{\"address\":\"");
    address.write(&mut request);
    request.plain("\"}");
    Verdict::__ask(request.as_bytes(), Kind::Network.as_str())
}

/// A question, as a host reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// The address; never empty.
    pub address: Cow<'a, str>,
}

impl<'a> Received<'a> {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// It is not JSON, or lacks the address.
    pub fn read(document: &'a [u8]) -> Result<Self, json::Error> {
        const ADDRESS: &Field = &Field::new("address", &Expected::described("an address"), true);
        let [address] = Value::parse(document)?.fields(&["address"])?;
        Ok(Self { address: super::required(address, ADDRESS)? })
    }
}

super::answer! {
    function: SsrfCheck,
    /// What a host answers.
    Response,
    /// Whether an address may be connected to.
    Verdict,
    fields: {
        /// Whether it may.
        allowed: boolean,
        /// Why not.
        reason: text,
        /// The address that a name stands for.
        resolved_ip: text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Encode;
    use crate::mock::Mock;

    #[test]
    fn asks_and_reads_the_verdict() {
        let response =
            Response { reason: "private".into(), resolved_ip: "10.0.0.1".into(), ..Response::default() };
        let mut out = Writer::new();
        response.encode(&mut out);
        let (verdict, calls) =
            Mock::new().answer("ssrf_check", out.into_bytes()).run(|| check(&"intra:80").unwrap());
        assert!(!verdict.allowed() && verdict.reason() == *"private" && verdict.resolved_ip() == *"10.0.0.1");
        let [(_, request)] = &calls.requests[..] else { panic!("{calls:?}") };
        assert_eq!(request, r#"{"address":"intra:80"}"#);
        assert_eq!(Received::read(request.as_bytes()).unwrap().address, "intra:80");
    }
}
