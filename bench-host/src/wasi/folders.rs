//! The folders that a plugin is offered, and the way from one of its paths to a file.
//!
//! A path is first made canonical: links are read, and `..` is taken off. The grants are asked about what comes out,
//! also where nothing exists yet. Then the way is walked from the offered folder without following any link. So the
//! file that is opened is the one that was judged, whatever another instance does to the links meanwhile; and a path
//! that leads out of the offered folders leads nowhere.
//!
//! The root is always offered, last: without it a plugin's language library would answer "no such file" itself for what
//! no grant is about, and nobody could tell that it was denied. Unless a grant is about it, nothing is looked at on the
//! ways from there but what the grants allow: no link is read.

use std::collections::BTreeSet;
use std::fs;
use std::path::{MAIN_SEPARATOR_STR, Path};

use cap_fs_ext::{DirExt, MetadataExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, FileType, FileTypeExt, Metadata};
use reglet_sdk_core::grants::Grants;

use super::errno::Errno;

/// The folder that all others are in.
const ROOT: &str = "/";

/// Folders of grants that are offered; further ones are left out.
const MAX_FOLDERS: usize = 64;

/// Links on one path.
const MAX_LINKS: usize = 40;

/// Names on one path, with those of its links. Each costs a look at the file system, and nothing ends a walk.
const MAX_NAMES: usize = 4096;

/// Folders within each other.
const MAX_DEPTH: usize = 256;

/// The folders that a plugin is offered.
#[derive(Debug)]
pub(super) struct Folders(Vec<Root>);

#[derive(Debug)]
struct Root {
    /// What the plugin calls it: the path in the grant.
    name: String,
    /// The canonical path, without a separator at the end.
    path: String,
    dir: Dir,
    /// Whether it is the one of a grant, and links in it are read.
    granted: bool,
}

/// A canonical path below an offered folder. Whether something is there is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    root: usize,
    names: Vec<String>,
}

/// Something in a folder.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: u8,
    pub(super) inode: u64,
}

impl Place {
    /// The offered folder of this number.
    pub(super) fn root(root: usize) -> Self {
        Self { root, names: Vec::new() }
    }

    pub(super) fn is_root(&self) -> bool {
        self.names.is_empty()
    }

    /// The folder that it is in.
    pub(super) fn folder(&self) -> Self {
        let mut place = self.clone();
        place.names.pop();
        place
    }

    pub(super) fn join(&self, name: &str) -> Self {
        let mut place = self.clone();
        place.names.push(name.to_owned());
        place
    }
}

impl Folders {
    /// Opens the folders of the grants, as far as they exist, in the order of their names; and the root.
    pub(super) fn new(grants: &Grants) -> Self {
        let names: BTreeSet<String> = grants.folders().map(Into::into).collect();
        let granted = names.iter().filter_map(|name| Root::open(name, true)).take(MAX_FOLDERS);
        let root = (!names.contains(ROOT)).then(|| Root::open(ROOT, false)).flatten();
        Self(granted.chain(root).collect())
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    /// What the plugin calls the offered folder.
    pub(super) fn name(&self, place: &Place) -> Result<&str, Errno> {
        self.root(place).map(|root| &*root.name)
    }

    /// Whether it is an offered folder that a grant is about.
    pub(super) fn is_granted_root(&self, place: &Place) -> bool {
        place.is_root() && self.root(place).is_ok_and(|root| root.granted)
    }

    /// The path on the host.
    pub(super) fn path(&self, place: &Place) -> String {
        let root = self.root(place).map_or("", |root| &root.path);
        if place.is_root() && root.is_empty() {
            return MAIN_SEPARATOR_STR.into();
        }
        [root]
            .into_iter()
            .chain(place.names.iter().map(|n| &**n))
            .collect::<Vec<_>>()
            .join(MAIN_SEPARATOR_STR)
    }

    /// Makes a path canonical that starts at `base`; the last link is followed only if asked to, or if the path ends
    /// with a separator.
    pub(super) fn resolve(&self, base: &Place, path: &str, follow: bool) -> Result<Place, Errno> {
        if path.starts_with('/') {
            return Err(Errno::NotPermitted);
        }
        self.walk(base.clone(), path, follow || path.ends_with('/'))
    }

    /// Where a link in the folder `base` leads.
    pub(super) fn resolve_link(&self, base: &Place, target: &str) -> Result<Place, Errno> {
        let mut left = Vec::new();
        let place = self.enter(base.clone(), target, &mut left)?;
        left.reverse();
        self.walk(place, &left.join("/"), true)
    }

    fn walk(&self, mut place: Place, path: &str, follow: bool) -> Result<Place, Errno> {
        let mut left = Vec::new();
        push(&mut left, path);
        let (mut links, mut names) = (0, 0);
        while let Some(name) = left.pop() {
            names += 1;
            if names > MAX_NAMES || place.names.len() > MAX_DEPTH {
                return Err(Errno::NameTooLong);
            }
            if name == ".." {
                place.names.pop().ok_or(Errno::NotPermitted)?;
                continue;
            }
            place.names.push(name);
            if left.is_empty() && !follow {
                break;
            }
            // What is no link, or not there, is taken as it is: whoever opens it is told.
            let root = self.root(&place)?;
            if !root.granted {
                continue;
            }
            let Ok(target) = root.dir.read_link_contents(place.names.join("/")) else { continue };
            links += 1;
            if links > MAX_LINKS {
                return Err(Errno::Loop);
            }
            place.names.pop();
            place = self.enter(place, target.to_str().ok_or(Errno::IllegalSequence)?, &mut left)?;
        }
        Ok(place)
    }

    /// Goes to where a link's target starts, and puts its names before those that are left.
    fn enter(&self, place: Place, target: &str, left: &mut Vec<String>) -> Result<Place, Errno> {
        if !Path::new(target).is_absolute() {
            push(left, target);
            return Ok(place);
        }
        let roots = self.0.iter().enumerate().filter(|(_, root)| root.granted);
        let rest = |(number, root): (usize, &Root)| {
            Some((number, Path::new(target).strip_prefix(root.folder()).ok()?.to_str()?))
        };
        let nearest = roots.filter_map(rest).min_by_key(|(_, rest)| rest.len());
        let (root, rest) = nearest.ok_or(Errno::NotPermitted)?;
        push(left, rest);
        Ok(Place::root(root))
    }

    /// Opens a folder.
    pub(super) fn open(&self, place: &Place) -> Result<Dir, Errno> {
        self.open_at(place, &place.names)
    }

    /// Opens the folder that something is in. The offered folders themselves are out of reach.
    pub(super) fn parent<'p>(&self, place: &'p Place) -> Result<(Dir, &'p str), Errno> {
        let (name, folders) = place.names.split_last().ok_or(Errno::NotPermitted)?;
        Ok((self.open_at(place, folders)?, name))
    }

    fn open_at(&self, place: &Place, names: &[String]) -> Result<Dir, Errno> {
        let mut dir = self.root(place)?.dir.try_clone()?;
        for name in names {
            dir = dir.open_dir_nofollow(name)?;
        }
        Ok(dir)
    }

    pub(super) fn metadata(&self, place: &Place) -> Result<Metadata, Errno> {
        if place.is_root() {
            return Ok(self.root(place)?.dir.dir_metadata()?);
        }
        let (dir, name) = self.parent(place)?;
        Ok(dir.symlink_metadata(name)?)
    }

    /// What is in a folder, as far as the names pass, but no more than `most`. Those that are not UTF-8 never pass.
    pub(super) fn entries(
        &self,
        place: &Place,
        most: usize,
        mut passes: impl FnMut(&str) -> bool,
    ) -> Result<Vec<Entry>, Errno> {
        let mut entries = Vec::new();
        for entry in self.open(place)?.entries()? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().filter(|name| passes(name)).map(str::to_owned) else {
                continue;
            };
            if entries.len() == most {
                return Err(Errno::Overflow);
            }
            // Gone meanwhile.
            let Ok(metadata) = entry.metadata() else { continue };
            let (kind, inode) = (kind(metadata.file_type()), metadata.ino());
            entries.push(Entry { name, kind, inode });
        }
        Ok(entries)
    }

    fn root(&self, place: &Place) -> Result<&Root, Errno> {
        self.0.get(place.root).ok_or(Errno::BadDescriptor)
    }
}

impl Root {
    fn open(name: &str, granted: bool) -> Option<Self> {
        let path = fs::canonicalize(name).ok()?;
        let dir = Dir::open_ambient_dir(&path, ambient_authority()).ok()?;
        let path = path.to_str()?.trim_end_matches(MAIN_SEPARATOR_STR).to_owned();
        Some(Self { name: name.to_owned(), path, dir, granted })
    }

    fn folder(&self) -> &Path {
        Path::new(if self.path.is_empty() { MAIN_SEPARATOR_STR } else { &self.path })
    }
}

/// Puts the names of a path before those that are left; the next one is the last.
fn push(left: &mut Vec<String>, path: &str) {
    left.extend(path.rsplit('/').filter(|name| !["", "."].contains(name)).map(str::to_owned));
}

/// The type of a file as WASI numbers it.
pub(super) fn kind(kind: FileType) -> u8 {
    match kind {
        kind if kind.is_block_device() => 1,
        kind if kind.is_char_device() => 2,
        kind if kind.is_dir() => 3,
        kind if kind.is_file() => 4,
        kind if kind.is_socket() => 6,
        kind if kind.is_symlink() => 7,
        _ => 0,
    }
}
