//! Hosts and ports in one text, where IPv6 addresses stand in brackets.

use reglet_sdk_core::Error;
use reglet_sdk_core::error::Kind;
use reglet_sdk_core::text;

/// The host, as it travels, and the port of `host:port`.
pub(super) fn split(address: &str) -> Option<(&str, u16)> {
    let colon = address.bytes().rposition(|byte| byte == b':')?;
    let (host, port) = (address.get(..colon)?, address.get(colon + 1..)?);
    let inner = within_brackets(host);
    // Without brackets it would be open where the host ends; with them there must be something to protect.
    let sound = match inner {
        Some(inner) => inner.contains(':') && !inner.contains(['[', ']']),
        None => !host.is_empty() && !host.contains([':', '[', ']']),
    };
    let port = port.parse().ok().filter(|number| *number != 0 && !port.starts_with('+'))?;
    sound.then_some((inner.unwrap_or(host), port))
}

/// The host without the brackets that it may stand in; it travels without them.
pub(crate) fn bare(host: String) -> String {
    match within_brackets(&host) {
        Some(inner) => inner.into(),
        None => host,
    }
}

fn within_brackets(host: &str) -> Option<&str> {
    host.strip_prefix('[')?.strip_suffix(']')
}

/// Both as one text.
pub(crate) fn joined(host: &str, port: u16) -> String {
    match within_brackets(host) {
        None if host.contains(':') => text!["[", host, "]:", port].to_string(),
        _ => text![host, ":", port].to_string(),
    }
}

/// What a check must be given: a host and a port.
pub(crate) fn given(host: &str, port: Option<i64>) -> Result<u16, Error> {
    let missing = |message, code| Error::new(Kind::Config, message).with_code(code);
    if host.is_empty() {
        return Err(missing("host is required", "MISSING_HOST"));
    }
    let port = port.ok_or_else(|| missing("port is required", "MISSING_PORT"))?;
    u16::try_from(port).ok().filter(|port| *port != 0).ok_or_else(|| {
        let message = text!["invalid port: ", port, " (must be 1-65535)"];
        Error::new(Kind::Config, message).with_code("INVALID_PORT")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_at_the_last_colon() {
        for (address, host, port) in [
            ("example.com:443", "example.com", 443),
            ("192.0.2.1:1", "192.0.2.1", 1),
            ("[::1]:65535", "::1", 65535),
            ("[fe80::1%eth0]:22", "fe80::1%eth0", 22),
        ] {
            assert_eq!(split(address), Some((host, port)), "{address}");
        }
    }

    #[test]
    fn refuses_what_is_no_address_with_a_port() {
        for address in [
            "",
            ":",
            ":443",
            "example.com",
            "example.com:",
            "example.com:0",
            "example.com:65536",
            "example.com:+443",
            "example.com:https",
            "::1",
            "::1:443",
            "[::1]",
            "[::1]443",
            "[::1:443",
            "::1]:443",
            "[]:443",
            "[example.com]:443",
            "[[::1]]:443",
            "[a:443",
            "https://example.com:443",
        ] {
            assert_eq!(split(address), None, "{address}");
        }
    }

    #[test]
    fn joins_with_brackets_where_they_are_needed() {
        for (host, joint) in
            [("example.com", "example.com:443"), ("::1", "[::1]:443"), ("[::1]", "[::1]:443")]
        {
            assert_eq!(joined(host, 443), joint);
        }
    }
}
