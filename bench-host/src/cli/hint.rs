//! What would help against a denial or a trap, for whoever runs a plugin.

use core::net::Ipv6Addr;
use std::path::Path;

use reglet_bench_host::{LogRecord, Source};

/// How the host words a denial: what stands before the pattern of the grant and after it, and the grant's kind. The
/// plugin has chosen much of what stands between.
const DENIALS: [(&str, &str, &str); 9] = [
    ("network capability denied: ", "", "network="),
    ("filesystem capability denied: write ", "", "fs=write:"),
    ("filesystem capability denied: ", "", "fs="),
    ("exec capability denied: ", "", "exec="),
    ("shell requires 'exec:", "' capability", "exec="),
    ("interpreter code execution requires 'exec:", "' capability", "exec="),
    ("suspicious execution requires 'exec:", "' capability", "exec="),
    ("", " was not run: no command is granted", "exec="),
    ("", ", which no grant names", "exec="),
];

/// Words of a failure, and what helps against it.
const FAILURES: [(&str, &str); 3] = [
    ("wasm trap: out of bounds memory access", STACK),
    ("operation not supported on this platform", TARGET),
    ("time not implemented on this platform", TARGET),
];

const STACK: &str = " (if that was the end of its stack, 16384 bytes unless its Cargo.toml says otherwise: set \
                     stack = BYTES under [package.metadata.reglet])";

/// What helps against a function of `std` that does not exist.
const TARGET: &str = " (std has files, environment and clock only where the Cargo.toml says target = \"wasm32-wasip1\" \
                      under [package.metadata.reglet]; the time is also Timestamp::now())";

/// A record as a line, with the hint if the host denied something.
pub(super) fn line(record: &LogRecord<'_>) -> String {
    let hint = if record.source == Source::Host { grant(&record.message) } else { String::new() };
    format!("{record}{hint}")
}

/// Adds the hint to the first line, which holds the message of an outcome or of a panic. What a denial calls for stands
/// in the log, whatever the plugin makes of it.
pub(super) fn add_to_first_line(text: &str) -> String {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    format!("{first}{}\n{rest}", hint(first))
}

/// What helps against what the message says, or nothing.
fn hint(message: &str) -> String {
    if let Some((_, rest)) = message.split_once("unknown host function: ") {
        let name = rest.split(|char: char| !char.is_alphanumeric() && char != '_').next().unwrap_or_default();
        return format!(" (give the answer yourself with --answer {name}=JSON)");
    }
    let found = FAILURES.iter().find(|(words, _)| message.contains(words));
    found.map_or_else(String::new, |(_, hint)| (*hint).to_owned())
}

/// ` (grant it with --allow network=localhost:8931)` for a message that tells of a denial, or nothing.
fn grant(message: &str) -> String {
    let denied = DENIALS
        .iter()
        .find_map(|(before, after, kind)| Some((*kind, message.strip_prefix(before)?.strip_suffix(after)?)));
    let Some((kind, mut pattern)) = denied.or_else(|| Some(("network=", special_address(message)?))) else {
        return String::new();
    };
    match kind {
        "network=" if !is_server(pattern) => return String::new(),
        // A path begins with it, and what stands before says how much of a folder was left out.
        "fs=" => pattern = pattern.find('/').map_or("", |start| &pattern[start..]),
        "exec=" => {
            pattern = pattern.rsplit_once(" was not run: it is ").map_or(pattern, |(command, _)| command);
            if pattern.contains('/') && !pattern.starts_with('/') {
                return String::new();
            }
        }
        _ => {}
    }
    // Of what reads as a pattern, the grant would be another one; and nobody wants to grant all that there is.
    if matches!(pattern, "" | "/") || pattern.contains(['*', '?', '[', '{', '\\', '\'']) && kind != "network="
    {
        return String::new();
    }
    // Who wants a folder wants what is in it.
    let inside = if kind == "fs=" && Path::new(pattern).is_dir() { "/**" } else { "" };
    let pattern = pattern.strip_suffix('/').filter(|_| !inside.is_empty()).unwrap_or(pattern);
    let is_plain = |char: char| char.is_alphanumeric() || "/.:_-+@,".contains(char);
    let quote = if inside.is_empty() && pattern.chars().all(is_plain) { "" } else { "'" };
    format!(" (grant it with --allow {quote}{kind}{pattern}{inside}{quote})")
}

/// The server in `address ::1 of localhost is loopback (RFC 4291): grant localhost:80 itself, or a CIDR block`.
fn special_address(message: &str) -> Option<&str> {
    let message = message.strip_prefix("address ")?.strip_suffix(" itself, or a CIDR block")?;
    Some(message.rsplit_once("): grant ")?.1)
}

/// Whether it is a name or an address, and a port: no pattern, and nothing that has more parts.
fn is_server(text: &str) -> bool {
    let is_name = |char: char| char.is_alphanumeric() || "-_.".contains(char);
    text.rsplit_once(':').is_some_and(|(host, port)| {
        let is_literal = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .is_some_and(|literal| literal.parse::<Ipv6Addr>().is_ok());
        (is_literal || !host.is_empty() && host.chars().all(is_name)) && port.parse::<u16>().is_ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_says_what_would_grant_it() {
        for (message, rule) in [
            ("network capability denied: localhost:8931", "network=localhost:8931"),
            ("network capability denied: [::1]:80", "'network=[::1]:80'"),
            (
                "address ::1 of localhost is loopback (RFC 4291): grant localhost:80 itself, or a CIDR block",
                "network=localhost:80",
            ),
            ("filesystem capability denied: /etc/a b", "'fs=/etc/a b'"),
            ("filesystem capability denied: write /tmp/x", "fs=write:/tmp/x"),
            ("exec capability denied: ls", "exec=ls"),
            ("shell requires 'exec:/bin/sh' capability", "exec=/bin/sh"),
            ("/bin/ls was not run: no command is granted", "exec=/bin/ls"),
            ("ls was not run: it is /usr/bin/ls, which no grant names", "exec=ls"),
        ] {
            assert_eq!(grant(message), format!(" (grant it with --allow {rule})"), "{message}");
        }
        for message in
            ["", "all is well", "filesystem capability denied: /a[b]", "exec capability denied: ./a"]
        {
            assert_eq!(grant(message), "", "{message}");
        }
    }

    #[test]
    fn what_a_plugin_names_does_not_choose_the_grant() {
        for server in [
            "*:80",
            "*.com:443",
            "0.0.0.0/0:1-65535",
            "::/0:80",
            "a b:80",
            "a;id:1",
            "x,y:80",
            "a:http",
            ":80",
            "a",
        ] {
            assert_eq!(grant(&format!("network capability denied: {server}")), "", "{server}");
        }
        let named = "network capability denied: localhost:80";
        for (message, rule) in [
            (format!("exec capability denied: {named}"), format!("'exec={named}'")),
            (format!("filesystem capability denied: /{named}"), format!("'fs=/{named}'")),
        ] {
            assert_eq!(grant(&message), format!(" (grant it with --allow {rule})"));
        }
        assert_eq!(grant(&format!("{named} was not run: no command is granted")), "");
        assert_eq!(grant("address 1.1.1.1): grant *:1-65535 itself, or a CIDR block"), "");
    }

    #[test]
    fn of_a_folder_all_that_is_in_it_is_to_be_granted() {
        for (denied, rule) in [
            ("/usr", "'fs=/usr/**'"),
            ("2 entries left out of the listing of /usr/bin", "'fs=/usr/bin/**'"),
            ("write /usr", "fs=write:/usr"),
        ] {
            let message = format!("filesystem capability denied: {denied}");
            assert_eq!(grant(&message), format!(" (grant it with --allow {rule})"));
        }
        assert_eq!(grant("filesystem capability denied: 2 entries left out of the listing of /"), "");
    }

    #[test]
    fn a_function_that_the_host_lacks_can_be_answered_for() {
        for rest in ["", ": 7", "\n  error type: internal\n"] {
            let text = format!("error: unknown host function: get_it{rest}");
            assert!(add_to_first_line(&text).contains("with --answer get_it=JSON)\n"), "{text}");
        }
    }

    #[test]
    fn what_std_does_not_have_says_which_target_has_it() {
        for message in [
            "error: reading /x: operation not supported on this platform",
            "error: plugin `a`: _observe: plugin panic: time not implemented on this platform (wasm trap: \
             wasm `unreachable` instruction executed)",
        ] {
            assert_eq!(add_to_first_line(&format!("{message}\n")), format!("{message}{TARGET}\n"));
        }
    }

    #[test]
    fn only_the_first_line_of_a_report_gets_a_hint_and_denials_have_theirs_in_the_log() {
        let trap = "error: plugin `a`: observe: wasm trap: out of bounds memory access";
        let text = format!("{trap}\n  error code: X\n");
        assert_eq!(add_to_first_line(&text), format!("{trap}{STACK}\n  error code: X\n"));
        for text in ["success: ok\n", "error: exec capability denied: ls\n"] {
            assert_eq!(add_to_first_line(text), text);
        }
    }
}
