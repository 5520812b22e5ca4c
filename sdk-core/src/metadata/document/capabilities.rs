//! What a plugin asks for, in both models of capabilities.

use super::Document;
use crate::metadata::{Capability, same};

impl<const N: usize> Document<N> {
    /// The list of older hosts: a kind, a pattern, and for some kinds an action.
    pub(super) const fn patterns(&mut self, capabilities: &[Capability]) {
        let mut first = true;
        let mut at = 0;
        while at < capabilities.len() {
            match capabilities[at] {
                Capability::Network { hosts, ports } => {
                    let mut host = 0;
                    while host < hosts.len() {
                        let mut port = 0;
                        while port < ports.len() {
                            let pattern = [hosts[host], ":", ports[port]];
                            self.pattern(&mut first, "network:outbound", &pattern, "");
                            port += 1;
                        }
                        host += 1;
                    }
                }
                Capability::Read(paths) => self.each(&mut first, "fs", paths, "read"),
                Capability::Write(paths) => self.each(&mut first, "fs", paths, "write"),
                Capability::Env(names) => self.each(&mut first, "env", names, ""),
                Capability::Exec(commands) => self.each(&mut first, "exec", commands, ""),
                Capability::KeyValue { access, keys } => self.each(&mut first, "kv", keys, access.as_str()),
            }
            at += 1;
        }
    }

    const fn each(&mut self, first: &mut bool, kind: &str, patterns: &[&str], action: &str) {
        let mut at = 0;
        while at < patterns.len() {
            self.pattern(first, kind, &[patterns[at]], action);
            at += 1;
        }
    }

    const fn pattern(&mut self, first: &mut bool, kind: &str, pieces: &[&str], action: &str) {
        self.separate(first);
        self.raw("{\"kind\":");
        self.string(kind);
        self.raw(",\"pattern\":\"");
        let mut at = 0;
        while at < pieces.len() {
            self.escaped(pieces[at]);
            at += 1;
        }
        self.raw("\"");
        if !action.is_empty() {
            self.raw(",\"action\":");
            self.string(action);
        }
        self.raw("}");
    }

    /// The members of a grant set (`docs/protocol.md#grantset`), each with the rules of all capabilities of its kind.
    pub(super) const fn grants(&mut self, capabilities: &[Capability]) {
        let categories =
            [("network", "rules"), ("fs", "rules"), ("env", "vars"), ("exec", "commands"), ("kv", "rules")];
        let mut first = true;
        let mut at = 0;
        while at < categories.len() {
            let (category, list) = categories[at];
            self.category(&mut first, capabilities, category, list);
            at += 1;
        }
    }

    /// One member, unless it would be empty. A capability with an empty list asks for nothing.
    const fn category(&mut self, first: &mut bool, capabilities: &[Capability], category: &str, list: &str) {
        let mut first_rule = true;
        let mut at = 0;
        while at < capabilities.len() {
            let (of, items) = match capabilities[at] {
                Capability::Network { hosts, ports } => {
                    ("network", if ports.is_empty() { ports } else { hosts })
                }
                Capability::Read(paths) | Capability::Write(paths) => ("fs", paths),
                Capability::Env(names) => ("env", names),
                Capability::Exec(commands) => ("exec", commands),
                Capability::KeyValue { keys, .. } => ("kv", keys),
            };
            if same(of, category) && !items.is_empty() {
                if first_rule {
                    self.separate(first);
                    self.string(category);
                    self.raw(":{");
                    self.string(list);
                    self.raw(":[");
                }
                self.rule(&mut first_rule, &capabilities[at]);
            }
            at += 1;
        }
        if !first_rule {
            self.raw("]}");
        }
    }

    const fn rule(&mut self, first: &mut bool, capability: &Capability) {
        if let Capability::Env(items) | Capability::Exec(items) = capability {
            return self.items(first, items);
        }
        self.separate(first);
        match capability {
            Capability::Network { hosts, ports } => {
                self.raw("{\"hosts\":");
                self.list(hosts);
                self.raw(",\"ports\":");
                self.list(ports);
            }
            Capability::KeyValue { access, keys } => {
                self.raw("{\"op\":");
                self.string(access.as_str());
                self.raw(",\"keys\":");
                self.list(keys);
            }
            Capability::Read(items) => {
                self.raw("{\"read\":");
                self.list(items);
            }
            Capability::Write(items) | Capability::Env(items) | Capability::Exec(items) => {
                self.raw("{\"write\":");
                self.list(items);
            }
        }
        self.raw("}");
    }
}
