//! A tree of about 100 KB of JSON, the same wherever it is made.

use alloc::vec::Vec;

use crate::Node;

/// Levels of nodes.
pub const LEVELS: u32 = 5;

/// Nodes right below each.
const CHILDREN: u32 = 5;

// One name in eight needs escapes, and one is not ASCII, as in listings of people's files.
const NAMES: [&str; 8] = [
    "authorized_keys",
    "ca-certificates.crt",
    r#"notes "final".txt"#,
    "sshd_config",
    "Grüße aus Köln.pdf",
    "resolv.conf",
    "libcrypto.so.3",
    "journal-2027-02-20.log",
];

const OWNERS: [&str; 4] = ["root", "www-data", r"CORP\svc-backup", "systemd-network"];

/// Makes the tree.
#[must_use]
pub fn tree() -> Node<'static> {
    Numbers(0x2027_0220).node(LEVELS)
}

/// A sequence of numbers that look random.
struct Numbers(u32);

impl Numbers {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }

    fn node(&mut self, levels: u32) -> Node<'static> {
        let id = self.next();
        let name = NAMES.get(self.next() as usize % NAMES.len()).copied().unwrap_or_default();
        let owner = OWNERS.get(self.next() as usize % OWNERS.len()).copied().unwrap_or_default();
        let mut children = Vec::new();
        if levels > 1 {
            children.extend((0..CHILDREN).map(|_| self.node(levels - 1)));
        }
        Node {
            id,
            name: name.into(),
            owner: owner.into(),
            mode: self.next() % 0o1000,
            size_bytes: i64::from(self.next().cast_signed()),
            hidden: self.next().is_multiple_of(2),
            children,
        }
    }
}
