//! The environment of a command: what the request sets, and nothing of the host's own.

use std::borrow::Cow;

use reglet_sdk_core::grants::Grants;

/// The variables that pass, of entries `NAME=value`; others are no entries (`docs/protocol.md#exec_command`).
pub(super) fn passed<'a>(
    entries: &'a [Cow<'_, str>],
    grants: &'a Grants,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    entries
        .iter()
        .filter_map(|entry| entry.split_once('='))
        .filter(|(name, _)| !name.is_empty() && grants.passes_env(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(entries: &[&'static str], grants: &Grants) -> Vec<String> {
        let entries: Vec<Cow<'_, str>> = entries.iter().map(|&entry| entry.into()).collect();
        passed(&entries, grants).map(|(name, value)| format!("{name}={value}")).collect()
    }

    #[test]
    fn what_leads_to_code_passes_with_its_grant_only() {
        let grants = Grants::default().env("PATH").unwrap();
        assert_eq!(names(&["PATH=/x", "HOME=/x", "LD_PRELOAD=x", "path=/y"], &grants), ["PATH=/x"]);
        assert!(names(&["PATH=/x"], &Grants::default()).is_empty());
    }

    #[test]
    fn an_entry_without_a_name_or_a_value_is_none() {
        assert_eq!(names(&["A", "=B", "", "C=", "D=E=F"], &Grants::default()), ["C=", "D=E=F"]);
    }
}
