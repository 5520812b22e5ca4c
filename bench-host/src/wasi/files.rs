//! Functions over descriptors: reading and writing, and what is known of them.

use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;

use cap_std::fs::{Metadata, MetadataExt};
use rustix::fs::{OFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, fcntl_setfl, futimens};

use super::console::print;
use super::descriptor::Kind;
use super::errno::Errno;
use super::folders::kind;
use super::guest::{Fault, Guest};
use super::paths::{Access, deny, permit, set_times};
use crate::state::State;

pub(super) const APPEND: u32 = 1;
pub(super) const NONBLOCK: u32 = 4;
pub(super) const ALL_FLAGS: u32 = 0x1f;

pub(super) const FD_READ: u64 = 1 << 1;
pub(super) const FD_WRITE: u64 = 1 << 6;
const FD_SEEK: u64 = 1 << 2;
const FD_TELL: u64 = 1 << 5;
const POLL: u64 = 1 << 27;
const ALL_RIGHTS: u64 = (1 << 30) - 1;
/// What can be done with a file that is neither read nor written: all but the rights over paths and sockets.
const FILE_RIGHTS: u64 = 0x8e0_01bd;

const CHARACTER_DEVICE: u8 = 2;
const FOLDER: u8 = 3;
const FILE: u8 = 4;

/// Bytes of the largest file that a plugin writes.
const MAX_FILE: u64 = 1 << 30;

/// Bytes of an entry of a folder, before its name.
const ENTRY_HEADER: usize = 24;

pub(super) fn fd_read(
    guest: &mut Guest<'_>,
    fd: u32,
    vectors: u32,
    count: u32,
    read: u32,
) -> Result<(), Fault> {
    let Guest { memory, state } = guest;
    let buffers = memory.vectors(vectors, count)?;
    memory.write_u32(read, 0)?;
    let bytes = match &mut state.wasi().descriptors.get_mut(fd)?.kind {
        Kind::Input => 0,
        Kind::File(open) if open.read => memory.fill(buffers, |buffer, _| open.file.read(buffer))?,
        Kind::Folder(_) => return Err(Errno::IsFolder.into()),
        Kind::File(_) | Kind::Output(_) => return Err(Errno::BadDescriptor.into()),
    };
    Ok(memory.write_u32(read, bytes)?)
}

pub(super) fn fd_pread(
    guest: &mut Guest<'_>,
    fd: u32,
    vectors: u32,
    count: u32,
    offset: u64,
    read: u32,
) -> Result<(), Fault> {
    let Guest { memory, state } = guest;
    let buffers = memory.vectors(vectors, count)?;
    memory.write_u32(read, 0)?;
    let open = state.wasi().descriptors.file(fd)?;
    if !open.read {
        return Err(Errno::BadDescriptor.into());
    }
    let bytes =
        memory.fill(buffers, |buffer, done| open.file.read_at(buffer, offset.saturating_add(done)))?;
    Ok(memory.write_u32(read, bytes)?)
}

pub(super) fn fd_write(
    guest: &mut Guest<'_>,
    fd: u32,
    vectors: u32,
    count: u32,
    written: u32,
) -> Result<(), Fault> {
    let Guest { memory, state } = guest;
    let buffers = memory.vectors(vectors, count)?;
    memory.write_u32(written, 0)?;
    let descriptor = state.wasi().descriptors.get_mut(fd)?;
    let bytes = match &mut descriptor.kind {
        Kind::Output(stream) => {
            let stream = *stream;
            memory.drain(buffers, |buffer, _| {
                print(state, stream, buffer);
                Ok(buffer.len())
            })?
        }
        Kind::File(open) if open.write => {
            let append = descriptor.flags & APPEND != 0;
            let position = if append { open.file.metadata()?.len() } else { open.file.stream_position()? };
            limit(position, buffers.iter().map(|buffer| buffer.len() as u64).sum())?;
            memory.drain(buffers, |buffer, _| open.file.write(buffer))?
        }
        Kind::Folder(_) => return Err(Errno::IsFolder.into()),
        Kind::File(_) | Kind::Input => return Err(Errno::BadDescriptor.into()),
    };
    Ok(memory.write_u32(written, bytes)?)
}

pub(super) fn fd_pwrite(
    guest: &mut Guest<'_>,
    fd: u32,
    vectors: u32,
    count: u32,
    offset: u64,
    written: u32,
) -> Result<(), Fault> {
    let Guest { memory, state } = guest;
    let buffers = memory.vectors(vectors, count)?;
    memory.write_u32(written, 0)?;
    let file = state.wasi().descriptors.writable(fd)?;
    limit(offset, buffers.iter().map(|buffer| buffer.len() as u64).sum())?;
    let bytes = memory.drain(buffers, |buffer, done| file.write_at(buffer, offset.saturating_add(done)))?;
    Ok(memory.write_u32(written, bytes)?)
}

/// Checks that a file does not get larger than it may.
fn limit(offset: u64, len: u64) -> Result<u64, Errno> {
    let end = offset.checked_add(len).filter(|end| *end <= MAX_FILE);
    end.ok_or(Errno::FileTooBig)
}

pub(super) fn fd_seek(
    guest: &mut Guest<'_>,
    fd: u32,
    offset: u64,
    whence: u32,
    position: u32,
) -> Result<(), Fault> {
    let Guest { memory, state } = guest;
    memory.bytes(position, 8)?;
    let mut file = &state.wasi().descriptors.file(fd)?.file;
    let to = match whence {
        0 => SeekFrom::Start(offset),
        1 => SeekFrom::Current(offset.cast_signed()),
        2 => SeekFrom::End(offset.cast_signed()),
        _ => return Err(Errno::Invalid.into()),
    };
    Ok(memory.write_u64(position, file.seek(to)?)?)
}

pub(super) fn fd_tell(guest: &mut Guest<'_>, fd: u32, position: u32) -> Result<(), Fault> {
    let mut file = &guest.state.wasi().descriptors.file(fd)?.file;
    Ok(guest.memory.write_u64(position, file.stream_position()?)?)
}

pub(super) fn fd_advise(guest: &mut Guest<'_>, fd: u32, _: u64, _: u64, advice: u32) -> Result<(), Fault> {
    guest.context().descriptors.file(fd)?;
    if advice > 5 { Err(Errno::Invalid.into()) } else { Ok(()) }
}

pub(super) fn fd_allocate(guest: &mut Guest<'_>, fd: u32, offset: u64, len: u64) -> Result<(), Fault> {
    let file = guest.context().descriptors.writable(fd)?;
    if len == 0 {
        return Err(Errno::Invalid.into());
    }
    let end = limit(offset, len)?;
    if end > file.metadata()?.len() {
        file.set_len(end)?;
    }
    Ok(())
}

pub(super) fn fd_filestat_set_size(guest: &mut Guest<'_>, fd: u32, size: u64) -> Result<(), Fault> {
    let file = guest.context().descriptors.writable(fd)?;
    Ok(file.set_len(limit(size, 0)?)?)
}

pub(super) fn fd_sync(guest: &mut Guest<'_>, fd: u32) -> Result<(), Fault> {
    if let Kind::File(open) = &guest.context().descriptors.get(fd)?.kind {
        open.file.sync_all()?;
    }
    Ok(())
}

pub(super) fn fd_datasync(guest: &mut Guest<'_>, fd: u32) -> Result<(), Fault> {
    if let Kind::File(open) = &guest.context().descriptors.get(fd)?.kind {
        open.file.sync_data()?;
    }
    Ok(())
}

pub(super) fn fd_close(guest: &mut Guest<'_>, fd: u32) -> Result<(), Fault> {
    guest.context().descriptors.remove(fd)?;
    Ok(())
}

/// The number that it gets must be in use, so that numbers stay small.
pub(super) fn fd_renumber(guest: &mut Guest<'_>, from: u32, to: u32) -> Result<(), Fault> {
    let descriptors = &mut guest.context().descriptors;
    descriptors.get(to)?;
    let descriptor = descriptors.remove(from)?;
    descriptors.insert(to, descriptor);
    Ok(())
}

pub(super) fn fd_fdstat_get(guest: &mut Guest<'_>, fd: u32, stat: u32) -> Result<(), Fault> {
    let descriptor = guest.state.wasi().descriptors.get(fd)?;
    let kind = match &descriptor.kind {
        // Not a file that can be sought in, so that C writes its lines at once.
        Kind::Input | Kind::Output(_) => CHARACTER_DEVICE,
        Kind::Folder(_) => FOLDER,
        Kind::File(_) => FILE,
    };
    let (rights, inheriting) = rights(&descriptor.kind);
    let mut bytes = [0; 24];
    bytes[0] = kind;
    // All of them are in the low byte.
    bytes[2..4].copy_from_slice(&descriptor.flags.to_le_bytes()[..2]);
    bytes[8..16].copy_from_slice(&rights.to_le_bytes());
    bytes[16..].copy_from_slice(&inheriting.to_le_bytes());
    Ok(guest.memory.write(stat, bytes)?)
}

/// What can be done with a descriptor, and with those that are opened through it.
fn rights(kind: &Kind) -> (u64, u64) {
    match kind {
        Kind::Input => (FD_READ | POLL, 0),
        Kind::Output(_) => (FD_WRITE | POLL, 0),
        Kind::Folder(_) => (ALL_RIGHTS & !(FD_READ | FD_WRITE | FD_SEEK | FD_TELL), ALL_RIGHTS),
        Kind::File(open) => {
            let right = |is, right| if is { right } else { 0 };
            (FILE_RIGHTS | right(open.read, FD_READ) | right(open.write, FD_WRITE), 0)
        }
    }
}

pub(super) fn fd_fdstat_set_rights(
    guest: &mut Guest<'_>,
    fd: u32,
    wanted: u64,
    inheriting: u64,
) -> Result<(), Fault> {
    let kind = &mut guest.context().descriptors.get_mut(fd)?.kind;
    let has = rights(kind);
    if wanted & !has.0 != 0 || inheriting & !has.1 != 0 {
        return Err(Errno::NotCapable.into());
    }
    if let Kind::File(open) = kind {
        open.read &= wanted & FD_READ != 0;
        open.write &= wanted & FD_WRITE != 0;
    }
    Ok(())
}

pub(super) fn fd_fdstat_set_flags(guest: &mut Guest<'_>, fd: u32, flags: u32) -> Result<(), Fault> {
    let descriptor = guest.context().descriptors.get_mut(fd)?;
    // How much is synchronised is decided once a file is opened.
    let changed = flags ^ descriptor.flags;
    if changed & !(APPEND | NONBLOCK) != 0 {
        return Err(Errno::Invalid.into());
    }
    if let Kind::File(open) = &descriptor.kind {
        set_append(&open.file, flags)?;
    }
    descriptor.flags = flags;
    Ok(())
}

/// Files never block for long, so there is no other flag that the system must know.
pub(super) fn set_append(file: &std::fs::File, flags: u32) -> Result<(), Errno> {
    let flags = if flags & APPEND == 0 { OFlags::empty() } else { OFlags::APPEND };
    Ok(fcntl_setfl(file, flags)?)
}

pub(super) fn fd_filestat_get(guest: &mut Guest<'_>, fd: u32, stat: u32) -> Result<(), Fault> {
    let context = guest.state.wasi();
    let bytes = match &context.descriptors.get(fd)?.kind {
        Kind::Input | Kind::Output(_) => {
            let mut stat = [0; 64];
            stat[16] = CHARACTER_DEVICE;
            stat
        }
        Kind::Folder(folder) => filestat(&context.folders.metadata(&folder.place)?),
        Kind::File(open) => filestat(&Metadata::from_file(&open.file)?),
    };
    Ok(guest.memory.write(stat, bytes)?)
}

/// What is known of a file, as WASI lays it out.
pub(super) fn filestat(metadata: &Metadata) -> [u8; 64] {
    let time = |seconds: i64, nanos: i64| seconds.saturating_mul(1_000_000_000).saturating_add(nanos).max(0);
    let times = [
        time(metadata.atime(), metadata.atime_nsec()),
        time(metadata.mtime(), metadata.mtime_nsec()),
        time(metadata.ctime(), metadata.ctime_nsec()),
    ];
    let [accessed, modified, changed] = times.map(i64::cast_unsigned);
    let kind = u64::from(kind(metadata.file_type()));
    let (device, inode, links) = (metadata.dev(), metadata.ino(), metadata.nlink());
    let numbers = [device, inode, kind, links, metadata.size(), accessed, modified, changed];
    let mut stat = [0; 64];
    for (place, number) in stat.as_chunks_mut().0.iter_mut().zip(numbers) {
        *place = number.to_le_bytes();
    }
    stat
}

pub(super) fn fd_filestat_set_times(
    guest: &mut Guest<'_>,
    fd: u32,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Result<(), Fault> {
    let times = timestamps(accessed, modified, flags)?;
    match &guest.context().descriptors.get(fd)?.kind {
        Kind::Folder(folder) => {
            let place = folder.place.clone();
            permit(guest.state, &place, Access::Write)?;
            set_times(guest.context(), &place, &times)
        }
        _ => Ok(futimens(guest.context().descriptors.writable(fd)?, &times)?),
    }
}

/// The times that a file is to get, in nanoseconds, as the flags say.
pub(super) fn timestamps(accessed: u64, modified: u64, flags: u32) -> Result<Timestamps, Errno> {
    const SECOND: u64 = 1_000_000_000;
    let time = |time: u64, flags| match flags {
        0 => Ok(Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT }),
        1 => Ok(Timespec {
            tv_sec: (time / SECOND).try_into().map_err(|_| Errno::Invalid)?,
            tv_nsec: (time % SECOND).try_into().map_err(|_| Errno::Invalid)?,
        }),
        2 => Ok(Timespec { tv_sec: 0, tv_nsec: UTIME_NOW }),
        _ => Err(Errno::Invalid),
    };
    if flags > 0xf {
        return Err(Errno::Invalid);
    }
    Ok(Timestamps { last_access: time(accessed, flags & 3)?, last_modification: time(modified, flags >> 2)? })
}

pub(super) fn fd_prestat_get(guest: &mut Guest<'_>, fd: u32, prestat: u32) -> Result<(), Fault> {
    let len = u32::try_from(offered(guest, fd)?.len()).map_err(|_| Errno::Overflow)?;
    // The tag 0 is that of folders; nothing else is offered.
    let [a, b, c, d] = len.to_le_bytes();
    Ok(guest.memory.write(prestat, [0, 0, 0, 0, a, b, c, d])?)
}

pub(super) fn fd_prestat_dir_name(
    guest: &mut Guest<'_>,
    fd: u32,
    address: u32,
    len: u32,
) -> Result<(), Fault> {
    let name = offered(guest, fd)?;
    let room = guest.memory.bytes_mut(address, len)?.get_mut(..name.len());
    room.ok_or(Errno::NameTooLong)?.copy_from_slice(name.as_bytes());
    Ok(())
}

/// What an offered folder is called.
fn offered(guest: &mut Guest<'_>, fd: u32) -> Result<String, Errno> {
    let context = guest.context();
    match &context.descriptors.get(fd)?.kind {
        Kind::Folder(folder) if folder.offered => context.folders.name(&folder.place).map(str::to_owned),
        _ => Err(Errno::BadDescriptor),
    }
}

pub(super) fn fd_readdir(
    guest: &mut Guest<'_>,
    fd: u32,
    address: u32,
    len: u32,
    cookie: u64,
    used: u32,
) -> Result<(), Fault> {
    let Guest { memory, state } = guest;
    memory.write_u32(used, 0)?;
    memory.bytes(address, len)?;
    if cookie == 0 {
        list(state, fd)?;
    }
    let folder = state.wasi().descriptors.folder(fd)?;
    let mut room = memory.bytes_mut(address, len)?;
    let entries = (1_u64..).zip(&folder.listing).skip(usize::try_from(cookie).unwrap_or(usize::MAX));
    for (next, entry) in entries {
        let mut header = [0; ENTRY_HEADER];
        header[..8].copy_from_slice(&next.to_le_bytes());
        header[8..16].copy_from_slice(&entry.inode.to_le_bytes());
        header[16..20].copy_from_slice(&u32::try_from(entry.name.len()).unwrap_or(u32::MAX).to_le_bytes());
        header[20] = entry.kind;
        // The last one may be cut: then the plugin asks again.
        for part in [&header, entry.name.as_bytes()] {
            let part = part.get(..room.len()).unwrap_or(part);
            let (start, rest) = room.split_at_mut_checked(part.len()).unwrap_or_default();
            start.copy_from_slice(part);
            room = rest;
        }
        if room.is_empty() {
            break;
        }
    }
    let left = u32::try_from(room.len()).unwrap_or_default();
    Ok(memory.write_u32(used, len - left)?)
}

/// Reads what is in a folder, as far as a grant is about it. The log tells of the rest: the plugin can't.
fn list(state: &mut State, fd: u32) -> Result<(), Errno> {
    let grants = state.grants.clone();
    let context = state.wasi();
    let folder = context.descriptors.folder(fd)?;
    folder.listing = Vec::new();
    let place = folder.place.clone();
    let path = context.folders.path(&place);
    let mut left_out = 0_u32;
    let readable = |name: &str| {
        let readable = grants.allows_read(&context.folders.path(&place.join(name)));
        left_out += u32::from(!readable);
        readable
    };
    let room = context.descriptors.room_for_entries();
    let listing = context.folders.entries(&place, room, readable)?;
    context.descriptors.folder(fd)?.listing = listing;
    if left_out > 0 {
        let entries = if left_out == 1 { "entry" } else { "entries" };
        deny(state, &format!("{left_out} {entries} left out of the listing of "), &path);
    }
    Ok(())
}
