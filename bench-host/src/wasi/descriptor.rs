//! The descriptors of an instance: its streams, and what it has opened.

use std::collections::BTreeMap;
use std::fs::File;

use super::console::Stream;
use super::errno::Errno;
use super::folders::{Entry, Place};

/// Descriptors that an instance may have, with its streams and the folders that it is offered.
const MAX_OPEN: u32 = 256;

/// Entries of all folders that an instance lists at the same time. Each takes memory of the host.
const MAX_LISTED: usize = 65_536;

/// Number of the first folder that is offered; before it come the streams.
const FIRST_FOLDER: u32 = 3;

/// Descriptors by their numbers.
#[derive(Debug)]
pub(super) struct Descriptors(BTreeMap<u32, Descriptor>);

#[derive(Debug)]
pub(super) struct Descriptor {
    pub(super) kind: Kind,
    pub(super) flags: u32,
}

#[derive(Debug)]
pub(super) enum Kind {
    Input,
    Output(Stream),
    Folder(Folder),
    File(OpenFile),
}

#[derive(Debug)]
pub(super) struct Folder {
    pub(super) place: Place,
    /// Whether it was there from the beginning.
    pub(super) offered: bool,
    /// What is in it, as it was when it was last read from its start.
    pub(super) listing: Vec<Entry>,
}

#[derive(Debug)]
pub(super) struct OpenFile {
    pub(super) file: File,
    pub(super) read: bool,
    pub(super) write: bool,
}

impl Descriptors {
    /// The streams, and the folders that are offered.
    pub(super) fn new(folders: usize) -> Self {
        let streams = [Kind::Input, Kind::Output(Stream::Out), Kind::Output(Stream::Err)];
        let folder =
            |root| Kind::Folder(Folder { place: Place::root(root), offered: true, listing: Vec::new() });
        let kinds = streams.into_iter().chain((0..folders).map(folder));
        Self((0..).zip(kinds.map(|kind| Descriptor { kind, flags: 0 })).collect())
    }

    pub(super) fn get(&self, fd: u32) -> Result<&Descriptor, Errno> {
        self.0.get(&fd).ok_or(Errno::BadDescriptor)
    }

    pub(super) fn get_mut(&mut self, fd: u32) -> Result<&mut Descriptor, Errno> {
        self.0.get_mut(&fd).ok_or(Errno::BadDescriptor)
    }

    pub(super) fn folder(&mut self, fd: u32) -> Result<&mut Folder, Errno> {
        match &mut self.get_mut(fd)?.kind {
            Kind::Folder(folder) => Ok(folder),
            _ => Err(Errno::NotFolder),
        }
    }

    pub(super) fn file(&self, fd: u32) -> Result<&OpenFile, Errno> {
        match &self.get(fd)?.kind {
            Kind::File(file) => Ok(file),
            Kind::Folder(_) => Err(Errno::BadDescriptor),
            Kind::Input | Kind::Output(_) => Err(Errno::NotSeekable),
        }
    }

    /// How many entries may be listed besides those that are.
    pub(super) fn room_for_entries(&self) -> usize {
        let listed = self.0.values().map(|descriptor| match &descriptor.kind {
            Kind::Folder(folder) => folder.listing.len(),
            _ => 0,
        });
        MAX_LISTED.saturating_sub(listed.sum())
    }

    /// A file that may be written to.
    pub(super) fn writable(&self, fd: u32) -> Result<&File, Errno> {
        self.file(fd).and_then(|open| if open.write { Ok(&open.file) } else { Err(Errno::BadDescriptor) })
    }

    /// The number that the next descriptor gets.
    pub(super) fn free(&self) -> Result<u32, Errno> {
        let mut free = (FIRST_FOLDER..MAX_OPEN).filter(|fd| !self.0.contains_key(fd));
        free.next().ok_or(Errno::TooManyOpen)
    }

    pub(super) fn insert(&mut self, fd: u32, descriptor: Descriptor) {
        self.0.insert(fd, descriptor);
    }

    pub(super) fn remove(&mut self, fd: u32) -> Result<Descriptor, Errno> {
        self.0.remove(&fd).ok_or(Errno::BadDescriptor)
    }
}
