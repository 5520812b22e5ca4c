//! What of some requests is not granted.
//!
//! A pattern covers another one if they are equal, or if it is plain that whatever the other matches, it matches too.
//! What is not plain counts as not covered.

use alloc::vec::Vec;

use super::address::special_purpose;
use super::glob::{Glob, has_wildcards};
use super::network::{Pattern, Ports, Rule};

/// The patterns that none of the granted ones covers.
pub(super) fn missing(granted: &[Glob], requested: &[Glob]) -> Vec<Glob> {
    requested.iter().filter(|requested| !granted.iter().any(|glob| glob.covers(requested))).cloned().collect()
}

/// The hosts and ports that no granted rule covers.
pub(super) fn missing_network(granted: &[Rule], requested: &[Rule]) -> Vec<Rule> {
    let mut missing: Vec<Rule> = Vec::new();
    for rule in requested {
        let own = missing.len();
        for host in &rule.hosts {
            let is_covered = |ports: &Ports| {
                granted.iter().any(|rule| {
                    rule.hosts.iter().any(|granted| granted.covers(host))
                        && rule.ports.iter().any(|granted| granted.cover(*ports))
                })
            };
            let ports: Vec<_> = rule.ports.iter().filter(|ports| !is_covered(ports)).copied().collect();
            if ports.is_empty() {
                continue;
            }
            // Hosts of a rule that lack the same stay together.
            match missing.get_mut(own..).and_then(|rules| rules.iter_mut().find(|rule| rule.ports == ports)) {
                Some(rule) => rule.hosts.push(host.clone()),
                None => missing.push(Rule { hosts: [host.clone()].into(), ports }),
            }
        }
    }
    missing
}

impl Glob {
    /// Whether it plainly matches whatever the other one matches.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let (own, text) = (self.as_str(), other.as_str());
        if self == other || own == "**" || other.is_literal() && self.matches(text) {
            return true;
        }
        // `/data/**` covers what starts with `/data/`.
        if let Some(folder) = own.strip_suffix("**")
            && folder.ends_with('/')
            && !has_wildcards(folder)
        {
            return text.starts_with(folder);
        }
        // `*.example.com` covers what ends so and has no `/`.
        own.strip_prefix('*').is_some_and(|end| {
            !has_wildcards(end) && text.ends_with(end) && !text.contains('/') && !text.contains("**")
        })
    }
}

impl Pattern {
    /// Whether it plainly matches whatever the other one matches.
    fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            // Wildcards don't open special-purpose addresses, nor `localhost`.
            (Self::Name(glob), Self::Address(address)) => {
                glob.is_all() && special_purpose(*address).is_none()
            }
            (Self::Name(glob), Self::Name(requested)) => {
                if other.is_localhost() {
                    self.is_localhost()
                } else {
                    // In names there is no `/`.
                    glob.is_all() || glob.covers(requested)
                }
            }
            (_, Self::Address(address)) => self.names(*address),
            (Self::Block(block), Self::Block(requested)) => {
                block.prefix <= requested.prefix && block.covers(requested.first)
            }
            _ => false,
        }
    }
}
