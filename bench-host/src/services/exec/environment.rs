//! The environment of a command: what the request sets, and nothing of the host's own.

use std::borrow::Cow;

use reglet_sdk_core::grants::Grants;

/// Starts of the names that never pass: they put code into every program.
const NEVER_PREFIXES: [&str; 2] = ["LD_", "DYLD_"];

/// Names that never pass.
const NEVER: [&str; 4] = ["IFS", "LOCPATH", "BASH_ENV", "ENV"];

/// Names that pass with a grant only: they say where interpreters find code.
const GRANTED: [&str; 13] = [
    "PATH",
    "HOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONHOME",
    "NODE_OPTIONS",
    "NODE_PATH",
    "RUBYLIB",
    "PERL5LIB",
    "LUA_PATH",
    "LUA_CPATH",
    "CDPATH",
    "PS4",
];

/// The variables that pass, of entries `NAME=value`; others are no entries (`docs/protocol.md#exec_command`).
pub(super) fn passed<'a>(
    entries: &'a [Cow<'_, str>],
    grants: &'a Grants,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    entries
        .iter()
        .filter_map(|entry| entry.split_once('='))
        .filter(|(name, _)| !name.is_empty() && passes(name, grants))
}

fn passes(name: &str, grants: &Grants) -> bool {
    let upper = name.to_ascii_uppercase();
    let never = NEVER.contains(&&*upper) || NEVER_PREFIXES.iter().any(|prefix| upper.starts_with(prefix));
    !never && (!GRANTED.contains(&&*upper) || grants.allows_env(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(entries: &[&'static str], grants: &Grants) -> Vec<String> {
        let entries: Vec<Cow<'_, str>> = entries.iter().map(|&entry| entry.into()).collect();
        passed(&entries, grants).map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn what_puts_code_into_programs_never_passes() {
        let grants = Grants::default().env("*").unwrap();
        let entries =
            ["LD_PRELOAD=x", "ld_audit=x", "DYLD_INSERT_LIBRARIES=x", "IFS=x", "Env=x", "BASH_ENV=x"];
        assert!(names(&entries, &grants).is_empty());
        assert_eq!(names(&["LDX=1", "XLD_=1", "ENVX=1"], &grants), ["LDX=1", "XLD_=1", "ENVX=1"]);
    }

    #[test]
    fn what_leads_to_code_passes_with_its_grant_only() {
        let grants = Grants::default().env("PATH").unwrap();
        assert_eq!(names(&["PATH=/x", "HOME=/x", "PS4=x", "path=/y"], &grants), ["PATH=/x"]);
        assert!(names(&["PATH=/x"], &Grants::default()).is_empty());
    }

    #[test]
    fn an_entry_without_a_name_or_a_value_is_none() {
        assert_eq!(names(&["A", "=B", "", "C=", "D=E=F"], &Grants::default()), ["C=", "D=E=F"]);
    }
}
