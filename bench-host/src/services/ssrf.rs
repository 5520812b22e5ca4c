//! `ssrf_check`: tells whether an address is one that plugins may connect to without a rule that names it.

use core::net::IpAddr;
use core::time::Duration;
use std::borrow::Cow;

use reglet_sdk_core::error::Error;
use reglet_sdk_core::grants::special_purpose;
use reglet_sdk_core::ssrf::{Received, Response};

use super::net::resolver::{Family, LookupError};
use crate::functions::{Answer, Call};
use crate::host::Failed;

/// The time for looking a name up.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Answers a question about an address. What the plugin is granted does not matter, neither for the question nor for
/// the verdict.
pub(crate) fn answer(call: &Call<'_>, request: &[u8]) -> Answer {
    let request = call.read(request, Received::read)?;
    // The rules are about addresses alone; a port must only be one.
    let (host, _port) = match split(&request.address) {
        Ok(parts) => parts,
        Err(reason) => return Ok(call.write(&refused(reason.into()))),
    };
    let (resolver, name) = (call.host.net.resolver.clone(), host.to_owned());
    let work = async move { resolver.addresses(&name, Family::Any, None).await };
    let addresses = match call.wait(TIMEOUT, work) {
        Ok(found) => found,
        Err(Failed::TimedOut) => Err(LookupError::TimedOut),
        Err(failed) => return Err(Error::internal(format!("ssrf_check: {failed}"))),
    };
    Ok(call.write(&match addresses {
        Ok(addresses) => judge(&addresses),
        Err(error) => refused(format!("DNS resolution failed: {}", error.about(host, None).message())),
    }))
}

/// One address that is blocked is enough.
fn judge(addresses: &[IpAddr]) -> Response<'static> {
    let addresses = || addresses.iter().map(IpAddr::to_canonical);
    let blocked = addresses().find_map(|address| Some((address, reason(address)?)));
    let (address, reason) = match blocked {
        Some((address, reason)) => (Some(address), Some(reason)),
        None => (addresses().next(), None),
    };
    Response {
        allowed: reason.is_none(),
        reason: reason.unwrap_or_default(),
        resolved_ip: address.map(|address| address.to_string()).unwrap_or_default().into(),
        error: None,
    }
}

/// Why an address is blocked, in Go's words where it has some.
fn reason(address: IpAddr) -> Option<Cow<'static, str>> {
    let is_private = match address {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    };
    let is_link_local = match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    Some(Cow::Borrowed(if address.is_loopback() {
        "localhost/loopback addresses blocked"
    } else if is_private {
        "private addresses blocked (RFC 1918)"
    } else if is_link_local {
        "link-local addresses blocked"
    } else if address.is_multicast() {
        "multicast addresses blocked"
    } else if address.is_unspecified() {
        "unspecified address blocked"
    } else {
        return special_purpose(address).map(|what| format!("address is {what}").into());
    }))
}

/// Host and port; the port may be missing, which counts as 0.
fn split(address: &str) -> Result<(&str, u16), &'static str> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, port) =
                rest.split_once(']').ok_or("invalid address format: missing ']' in address")?;
            match port.strip_prefix(':') {
                None if port.is_empty() => return Ok((host, 0)),
                None => return Err("invalid address format: only a port may follow ']'"),
                Some(port) => (host, port),
            }
        }
        None => match address.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, port),
            _ => return Ok((address, 0)),
        },
    };
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    Some(port)
        .filter(|_| is_number)
        .and_then(|port| port.parse().ok())
        .map(|port| (host, port))
        .ok_or("invalid port")
}

fn refused(reason: String) -> Response<'static> {
    Response { reason: reason.into(), ..Response::default() }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn addresses_are_split_at_the_port() {
        for (address, expected) in [
            ("example.com:443", Ok(("example.com", 443))),
            ("example.com", Ok(("example.com", 0))),
            ("[::1]:80", Ok(("::1", 80))),
            ("[::1]", Ok(("::1", 0))),
            ("fe80::1", Ok(("fe80::1", 0))),
            ("a:b", Err("invalid port")),
            ("a:", Err("invalid port")),
            ("a:+1", Err("invalid port")),
            ("a:65536", Err("invalid port")),
            ("[::1", Err("invalid address format: missing ']' in address")),
            ("[::1]x", Err("invalid address format: only a port may follow ']'")),
        ] {
            assert_eq!(split(address), expected, "{address}");
        }
    }
}
