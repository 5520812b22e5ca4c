//! What stands in a configuration that a plugin finds fault with.

use reglet_bench_host::{Mask, Outcome};
use serde_json::Value;

/// Characters of a value that are shown.
const MAX_SHOWN: usize = 80;

/// What helps whoever wrote the configuration to see why the check ended with an error about it; else nothing. Without a
/// mask, which the schema tells, it is not known what is secret.
pub(super) fn notes(outcome: &Outcome, config: &[u8], mask: Option<&Mask>) -> Vec<String> {
    let part = |name| outcome.error().get(name).text().unwrap_or_default();
    let Ok(config) = serde_json::from_slice::<Value>(config) else { return Vec::new() };
    let is_config = part("type") == "config";
    // A URL that is none is found out later.
    if !is_config && part("type") != "validation" {
        return Vec::new();
    }
    let value = mask
        .filter(|_| is_config)
        .and_then(|mask| at(&config, &part("code"), mask))
        .map(|value| format!("the configuration has {value} there"));
    let placeholder = has_placeholder(&config.to_string()).then(|| {
        "the configuration has a placeholder, ${…}: only reglet-bench without a command, and budgets, put a value there"
            .to_owned()
    });
    value.into_iter().chain(placeholder).collect()
}

/// Whether there is something like `${HTTP_PORT}`.
fn has_placeholder(config: &str) -> bool {
    config.split("${").skip(1).any(|rest| {
        let name = rest.split('}').next().unwrap_or_default();
        name.len() < rest.len()
            && !name.is_empty()
            && name.bytes().all(|byte| matches!(byte, b'A'..=b'Z' | b'_'))
    })
}

/// The value at a path such as `a.b[0].c`, as JSON, unless it is not there or a secret. Keys are the same but for ASCII
/// case, as plugins read them.
fn at(config: &Value, path: &str, mask: &Mask) -> Option<String> {
    let mut value = config;
    for part in path.split('.') {
        let mut steps = part.split('[');
        let name = steps.next().filter(|name| !mask.is_secret(name))?;
        value = value.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1;
        for index in steps {
            value = value.get(index.strip_suffix(']')?.parse::<usize>().ok()?)?;
        }
    }
    let text = mask.text(value.to_string().as_bytes());
    let cut: String = text.chars().take(MAX_SHOWN).collect();
    Some(if cut.len() < text.len() { cut + "…" } else { cut })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_in_capitals() {
        assert!(has_placeholder(r#"{"port":"${HTTP_PORT}"}"#) && has_placeholder("$${a} ${X}"));
        for other in ["${", "${}", "^a${1}$", "${HTTP_PORT", "$HTTP_PORT"] {
            assert!(!has_placeholder(other), "{other}");
        }
    }

    #[test]
    fn the_value_that_is_wrong_is_found_unless_it_is_a_secret() {
        let schema = r#"{"properties": {"pin": {"writeOnly": true}}}"#;
        let config = serde_json::json!({
            "Port": 70_000, "targets": [{"port": 1}, {"port": "x"}], "pin": 1234, "name": "a 1234",
            "login": {"password": {"a": 1}, "user": "me"}, "long": "x".repeat(100),
        });
        let mask = Mask::new(config.to_string().as_bytes(), schema);
        let at = |path| at(&config, path, &mask);
        for (path, value) in [
            ("port", "70000"),
            ("targets[1].port", r#""x""#),
            ("targets[0]", r#"{"port":1}"#),
            ("login", r#"{"password":"***","user":"me"}"#),
            ("name", r#""a ***""#),
        ] {
            assert_eq!(at(path).as_deref(), Some(value), "{path}");
        }
        for path in ["", "pin", "login.password.a", "targets[2].port", "targets[x]", "port.a", "no", "CONFIG"]
        {
            assert_eq!(at(path), None, "{path}");
        }
        let long = at("long").unwrap();
        assert!(long.chars().count() == MAX_SHOWN + 1 && long.ends_with("xx…"), "{long}");
    }
}
