//! Arguments of `--allow`.

use reglet_sdk_core::grants::{Grants, InvalidGrant};
use reglet_sdk_core::metadata::Access;

use crate::log::printable;

/// Adds what an argument of `--allow` grants, `KIND=PATTERN`:
///
/// | argument | allows |
/// |---|---|
/// | `network=HOST:PORTS` | connections; the ports are `443`, `8000-8080`, `*`, or several with commas between them; IPv6 stands in brackets |
/// | `fs=PATTERN`, `fs=read:PATTERN` | to read files |
/// | `fs=write:PATTERN` | to write files |
/// | `env=PATTERN` | environment variables; any other looks unset, and nothing is logged about it |
/// | `exec=PATTERN` | commands |
/// | `kv=PATTERN`, `kv=read:PATTERN`, `kv=write:PATTERN`, `kv=read-write:PATTERN` | to read and write stored values |
///
/// ```
/// use reglet_bench_host::manifest::allow;
/// use reglet_sdk_core::grants::Grants;
///
/// let grants = allow(Grants::default(), "network=127.0.0.1:8443")?;
/// let grants = allow(grants, "network=[fd00::/8]:80,443")?;
/// let grants = allow(grants, "fs=write:/tmp/**")?;
/// assert!(grants.check_network("127.0.0.1", 8443).is_ok());
/// assert!(grants.check_network("[fd00::1]", 443).is_ok());
///
/// let error = allow(grants, "network=example.com").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "network=example.com: no ports: write network=HOST:443, or network=HOST:* for all ports"
/// );
/// # Ok::<(), reglet_sdk_core::grants::InvalidGrant>(())
/// ```
///
/// # Errors
///
/// It has another form, or the pattern is not valid; the path is the argument.
pub fn allow(grants: Grants, argument: &str) -> Result<Grants, InvalidGrant> {
    allow_kind(grants, argument).map_err(|error| InvalidGrant::new(error.reason).inside(&printable(argument)))
}

fn allow_kind(grants: Grants, argument: &str) -> Result<Grants, InvalidGrant> {
    let (kind, pattern) = argument.split_once('=').unwrap_or((argument, ""));
    match kind {
        "network" => allow_network(grants, pattern),
        "fs" => match operation(pattern) {
            (Some(Access::Write), path) => grants.write(path),
            (Some(Access::ReadWrite), path) => grants.read(path)?.write(path),
            (Some(Access::Read) | None, path) => grants.read(path),
        },
        "env" => grants.env(pattern),
        "exec" => grants.exec(pattern),
        "kv" => {
            let (access, key) = operation(pattern);
            grants.key_value(access.unwrap_or(Access::Read), key)
        }
        _ => Err(wrong("write KIND=PATTERN, with network, fs, env, exec or kv for KIND")),
    }
}

fn allow_network(grants: Grants, pattern: &str) -> Result<Grants, InvalidGrant> {
    const NO_PORTS: &str = "no ports: write network=HOST:443, or network=HOST:* for all ports";
    let (host, ports) = match pattern.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        // An IPv6 address or block; anything else in brackets is part of a glob.
        Some((host, ports)) if host.contains(':') => {
            (host, ports.strip_prefix(':').ok_or_else(|| wrong(NO_PORTS))?)
        }
        _ => pattern.rsplit_once(':').ok_or_else(|| wrong(NO_PORTS))?,
    };
    if host.contains("//") {
        return Err(wrong("has a scheme: write the host and its ports alone"));
    }
    if host.contains(':') && !pattern.starts_with('[') {
        return Err(wrong("an IPv6 address or block needs brackets: write network=[::1]:443"));
    }
    let ports: Vec<_> = ports.split(',').collect();
    grants.network_rule(&[host], &ports)
}

/// What stands before the pattern, if it is an operation.
fn operation(pattern: &str) -> (Option<Access>, &str) {
    let split = pattern.split_once(':');
    let access = split.and_then(|(name, _)| Access::ALL.into_iter().find(|access| access.as_str() == name));
    match split {
        Some((_, pattern)) if access.is_some() => (access, pattern),
        _ => (None, pattern),
    }
}

fn wrong(reason: &str) -> InvalidGrant {
    InvalidGrant::new(reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_grant_what_they_say() {
        let all = [
            "network=127.0.0.1:8443",
            "network=[::1]:80,443",
            "network=*.example.com:*",
            "network=[ab].example:1-2",
            "fs=/r/**",
            "fs=write:/w",
            "fs=read-write:/rw",
            "env=HOME",
            "exec=/bin/ls",
            "kv=user:1",
            "kv=write:k",
        ];
        let grants =
            all.iter().try_fold(Grants::default(), |grants, argument| allow(grants, argument)).unwrap();
        for (host, port) in
            [("127.0.0.1", 8443), ("::1", 443), ("::1", 80), ("www.example.com", 1), ("b.example", 2)]
        {
            assert!(grants.check_network(host, port).is_ok(), "{host}");
        }
        assert!(grants.allows_read("/r/x") && !grants.allows_write("/r/x"));
        assert!(grants.allows_write("/w") && !grants.allows_read("/w"));
        assert!(grants.allows_write("/rw") && grants.allows_read("/rw"));
        assert!(grants.allows_env("HOME") && grants.allows_command_at("/bin/ls"));
        assert!(grants.allows_key(Access::Read, "user:1") && grants.allows_key(Access::Write, "k"));
    }

    #[test]
    fn wrong_arguments_say_what_is_right() {
        for (argument, reason) in [
            ("", "write KIND=PATTERN, with network, fs, env, exec or kv for KIND"),
            ("net=a:1", "write KIND=PATTERN, with network, fs, env, exec or kv for KIND"),
            ("network=a", "no ports: write network=HOST:443, or network=HOST:* for all ports"),
            ("network", "no ports: write network=HOST:443, or network=HOST:* for all ports"),
            ("network=[::1]", "no ports: write network=HOST:443, or network=HOST:* for all ports"),
            ("network=::1:80", "an IPv6 address or block needs brackets: write network=[::1]:443"),
            ("network=https://a:1", "has a scheme: write the host and its ports alone"),
            ("network=a:", "port \"\" is neither a number up to 65535, nor a range such as 8000-8080, nor *"),
            ("network=:1", "host pattern \"\" is empty"),
            ("fs=", "path pattern is empty"),
            ("fs=read:x", "path pattern \"x\" is relative: write an absolute path"),
            ("exec", "command pattern is empty"),
        ] {
            let error = allow(Grants::default(), argument).unwrap_err();
            assert_eq!((&*error.path, &*error.reason), (argument, reason));
        }
        let error = allow(Grants::default(), "\u{1b}[1m").unwrap_err();
        assert!(!error.to_string().contains('\u{1b}'));
    }
}
