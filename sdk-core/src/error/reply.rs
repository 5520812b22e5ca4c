//! Errors as hosts report them, in both shapes (`docs/protocol.md#error-shapes`).

use super::{Error, Kind, TYPE, member};
use crate::json::{Str, Value, Writer};
use crate::text::Piece;

impl Error {
    /// The error that a host reported under the key `error` of an answer.
    ///
    /// A detail without a type gets the type `otherwise`.
    #[cold]
    pub(crate) fn from_reply(function: &str, error: &[u8], message: &[u8], otherwise: &'static str) -> Self {
        match error {
            [detail @ .., b'}'] => {
                let mut out = Writer::new();
                out.repaired(detail.trim_ascii_end());
                // An empty one stays: some readers refuse an object that has a key twice.
                if member(error, TYPE).is_empty() {
                    out.member("type", otherwise);
                }
                out.end_object();
                Self::from_detail(out)
            }
            [b'"', name @ .., b'"'] => {
                Self::from_envelope(Str::new(name), Value::at(message).string_or_empty())
            }
            _ => Self::wire_format(function, "error is neither an object nor a string"),
        }
    }

    /// An envelope has no type: it shows in its name, and denials in their text.
    fn from_envelope(name: Str<'_>, message: Str<'_>) -> Self {
        // Every denial speaks of a capability or of capabilities. `str::contains` would bring 3 KB of algorithm.
        let mut last = 0;
        let mut denied = false;
        for byte in message.raw() {
            last = last << 8 | u64::from(*byte);
            denied |= last == u64::from_be_bytes(*b"capabili");
        }
        let kind = match name.raw().first() {
            _ if denied => Kind::Capability,
            Some(b'V') => Kind::Validation,
            _ => Kind::Internal,
        };
        // Some hosts say all in the name.
        let said = if message.is_empty() { name } else { message };
        Self::write(kind, name.raw(), |out| said.write(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Encode;
    use alloc::string::{String, ToString};

    fn reply(answer: &str) -> Error {
        let answer = Value::parse(answer.as_bytes()).unwrap();
        Error::from_reply("f", answer.get("error").raw(), answer.get("message").raw(), "network")
    }

    fn envelope(name: &str, message: &str) -> Error {
        reply(&alloc::format!(r#"{{"error":"{name}","message":"{message}","code":400}}"#))
    }

    fn json(error: &Error) -> String {
        let mut out = Writer::new();
        error.encode(&mut out);
        String::from_utf8(out.into_bytes()).unwrap()
    }

    #[test]
    fn passes_the_hosts_detail_on_as_it_came() {
        let detail = r#"{"wrapped":{"message":"w","type":"dns","code":""},"details":{"a":1},"message":"m",
            "type":"timeout","code":"c","is_timeout":true}"#;
        let error = reply(&[r#"{"error":"#, detail, "}"].concat());
        assert_eq!(json(&error), detail);
        assert_eq!((error.kind(), error.is_timeout(), error.is_not_found()), (Kind::Timeout, true, false));
        assert_eq!(error.to_string(), "timeout: m [c]: dns: w");
    }

    #[test]
    fn gives_a_detail_without_type_the_type_of_its_function() {
        let error = reply(r#"{"error":{"code":"CONNECTION_REFUSED","message":"dial \"x\""}}"#);
        assert_eq!(json(&error), r#"{"code":"CONNECTION_REFUSED","message":"dial \"x\"","type":"network"}"#);
        assert_eq!(json(&reply(r#"{"error":{}}"#)), r#"{"type":"network"}"#);
        assert_eq!(json(&reply(r#"{"error":{ }}"#)), r#"{"type":"network"}"#);
        assert_eq!(json(&reply(r#"{"error":{"type":"","code":"c"}}"#)), r#"{"type":"","code":"c"}"#);
    }

    #[test]
    fn knows_codes_that_stand_in_place_of_the_type() {
        for (name, kind, code) in [
            ("TIMEOUT", Kind::Timeout, "TIMEOUT"),
            ("CONNECTION_REFUSED", Kind::Network, "CONNECTION_REFUSED"),
            ("HOST_NOT_FOUND", Kind::Network, "HOST_NOT_FOUND"),
            ("SSRF_BLOCKED", Kind::Capability, "SSRF_BLOCKED"),
            ("INVALID_REQUEST", Kind::Validation, "INVALID_REQUEST"),
            ("execution", Kind::Exec, ""),
            ("teapot", Kind::Other, ""),
        ] {
            let detail = alloc::format!(r#"{{"message":"m","type":"{name}","code":""}}"#);
            let error = reply(&alloc::format!(r#"{{"error":{detail}}}"#));
            assert_eq!((error.kind(), &*error.code(), &*error.type_name()), (kind, code, name));
            assert_eq!(
                (error.is_timeout(), error.is_not_found()),
                (name == "TIMEOUT", name == "HOST_NOT_FOUND")
            );
            assert_eq!(json(&error), detail);
        }
    }

    #[test]
    fn knows_time_and_absence_by_the_codes_of_hosts_that_mark_neither() {
        for code in ["TIMEOUT", "HOST_NOT_FOUND", "CONNECTION_REFUSED"] {
            let error = reply(&alloc::format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#));
            assert_eq!(
                (error.is_timeout(), error.is_not_found()),
                (code == "TIMEOUT", code == "HOST_NOT_FOUND")
            );
        }
    }

    #[test]
    fn reads_envelopes() {
        for (name, message, kind) in [
            (
                "VALIDATION_ERROR",
                "failed to unmarshal request: unexpected end of JSON input",
                Kind::Validation,
            ),
            ("VALIDATION_ERROR", "invalid URL: parse", Kind::Validation),
            ("VALIDATION_ERROR", "network access denied", Kind::Validation),
            ("NOT_FOUND", "unknown function", Kind::Internal),
            ("INTERNAL_ERROR", "panic: x", Kind::Internal),
            ("TEAPOT", "short and stout", Kind::Internal),
        ] {
            let error = envelope(name, message);
            assert_eq!((error.kind(), &*error.code(), &*error.message()), (kind, name, message));
        }
    }

    #[test]
    fn takes_the_name_of_an_envelope_without_a_message_for_it() {
        let error = reply(r#"{"error":"sealed"}"#);
        assert_eq!((error.kind(), &*error.code(), &*error.message()), (Kind::Internal, "sealed", "sealed"));
    }

    /// The texts of `docs/protocol.md#denial-texts`, and what else hosts have been seen to say.
    #[test]
    fn knows_denials_by_their_text() {
        for denial in [
            "no capabilities granted: network:outbound:443",
            "network capability denied: example.com:443",
            "exec capability denied: /bin/ls",
            "filesystem capability denied: /etc/passwd",
            "environment capability denied: HOME",
            "shell requires 'exec:sh' capability",
            "interpreter code execution requires 'exec:python3' capability (prevents arbitrary code execution)",
            "permission denied: capability denied: network:outbound:53",
            "permission denied: no capabilities granted to plugin x",
            "permission denied for GET https://example.com: capability denied: network:outbound:443",
        ] {
            let error = envelope("VALIDATION_ERROR", denial);
            assert_eq!(
                (error.kind(), &*error.code(), &*error.message()),
                (Kind::Capability, "VALIDATION_ERROR", denial)
            );
        }
    }

    #[test]
    fn keeps_what_an_envelope_escapes() {
        let error = reply(r#"{"error":"A\"B","message":"\u0001\"\ud800"}"#);
        assert_eq!((&*error.code(), &*error.message()), ("A\"B", "\u{1}\"\u{fffd}"));
    }

    #[test]
    fn says_which_kind_of_error_can_not_be_read() {
        let error = reply(r#"{"error":5}"#);
        assert_eq!(error.kind(), Kind::Internal);
        assert_eq!(
            error.message(),
            "wire format decode failed for f: error is neither an object nor a string"
        );
    }

    #[test]
    fn leaves_a_stack_as_it_came() {
        for stack in [r#""Z29yb3V0aW5lIDE=""#, "[103,111]"] {
            let detail =
                [r#"{"type":"panic","message":"plugin panic: x","code":"","stack":"#, stack, "}"].concat();
            let error = reply(&[r#"{"error":"#, &detail, "}"].concat()).with_code("c").with_detail("a", 1);
            assert_eq!((error.kind(), error.get("stack").raw()), (Kind::Panic, stack.as_bytes()));
        }
    }
}
