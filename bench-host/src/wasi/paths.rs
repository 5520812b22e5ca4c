//! Functions over paths. Each path is judged by what it leads to.

#![allow(clippy::too_many_arguments, reason = "WASI says what the parameters are")]

use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt, OpenOptionsSyncExt};
use cap_std::fs::{DirBuilder, OpenOptions};
use reglet_sdk_core::grants::Grants;
use rustix::fs::{AtFlags, Timestamps, utimensat};

use super::Context;
use super::descriptor::{Descriptor, Folder, Kind, OpenFile};
use super::errno::Errno;
use super::files::{ALL_FLAGS, FD_READ, FD_WRITE, filestat, set_append, timestamps};
use super::folders::{Folders, Place};
use super::guest::{Fault, Guest};
use crate::log::printable;
use crate::state::State;

const FOLLOW: u32 = 1;

const CREATE: u32 = 1;
const FOLDER: u32 = 2;
const EXCLUSIVE: u32 = 4;
const TRUNCATE: u32 = 8;

const DSYNC: u32 = 2;
const RSYNC: u32 = 8;
const SYNC: u32 = 16;

/// Entries of a folder that is moved, with those of the folders in it.
const MAX_MOVED: usize = 10_000;

/// What a plugin wants to do with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
    /// To know that it is there, and to open it if it is a folder. The folders of grants are always there; what is in
    /// a folder is another question.
    Know,
}

/// Asks the grants.
pub(super) fn permit(state: &mut State, place: &Place, access: Access) -> Result<(), Errno> {
    let folders = &state.wasi().folders;
    let (path, is_root) = (folders.path(place), folders.is_granted_root(place));
    let grants = &state.grants;
    let allowed = match access {
        _ if is_of_process(&path) => false,
        Access::Read => grants.allows_read(&path),
        Access::Write => grants.allows_write(&path),
        Access::Know => is_root || grants.allows_read(&path) || grants.allows_write(&path),
    };
    if allowed {
        return Ok(());
    }
    let write = if access == Access::Write { "write " } else { "" };
    deny(state, write, &path);
    Err(Errno::Access)
}

/// Tells the embedder what is denied, and of which path.
pub(super) fn deny(state: &State, what: &str, path: &str) {
    let message = format!("filesystem capability denied: {what}{}", printable(path));
    state.denials.tell(&state.host, &state.plugin, message);
}

/// Whether a file tells of a process. There are the memory and the environment of the host itself: who grants all
/// files does not mean these.
fn is_of_process(path: &str) -> bool {
    let name = path.strip_prefix("/proc/").and_then(|rest| rest.split('/').next());
    name.is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
}

/// What a path leads to, if the plugin may do that with it.
fn permitted(
    guest: &mut Guest<'_>,
    fd: u32,
    path: &str,
    follow: bool,
    access: Access,
) -> Result<Place, Errno> {
    let Context { descriptors, folders, .. } = guest.context();
    let place = folders.resolve(&descriptors.folder(fd)?.place, path, follow)?;
    permit(guest.state, &place, access)?;
    Ok(place)
}

pub(super) fn path_open(
    guest: &mut Guest<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    len: u32,
    how: u32,
    rights: u64,
    _: u64,
    flags: u32,
    opened: u32,
) -> Result<(), Fault> {
    let path = guest.memory.path(path, len)?;
    guest.memory.bytes(opened, 4)?;
    let (create, exclusive) = (how & CREATE != 0, how & EXCLUSIVE != 0);
    let wants_folder = how & FOLDER != 0 || path.ends_with('/');
    if how > 0xf || flags > ALL_FLAGS || create && wants_folder {
        return Err(Errno::Invalid.into());
    }
    let follow = lookup & FOLLOW != 0 && !(create && exclusive);
    let place = permitted(guest, fd, &path, follow, Access::Know)?;
    let write = rights & FD_WRITE != 0;
    let number = guest.context().descriptors.free()?;
    let kind = match guest.context().folders.metadata(&place) {
        Ok(_) if create && exclusive => return Err(Errno::Exists.into()),
        Ok(found) if found.is_dir() => {
            if how & TRUNCATE != 0 || write && !wants_folder {
                return Err(Errno::IsFolder.into());
            }
            Kind::Folder(Folder { place, offered: false, listing: Vec::new() })
        }
        Ok(_) if wants_folder => return Err(Errno::NotFolder.into()),
        Ok(found) if found.is_symlink() => return Err(Errno::Loop.into()),
        // A pipe or a device could block, or be more than a file.
        Ok(found) if !found.is_file() => return Err(Errno::NotSupported.into()),
        Err(errno) if errno != Errno::NotFound || !create => return Err(errno.into()),
        _ => {
            // Without either right it can still be read by whoever gets the descriptor in another way.
            let read = rights & FD_READ != 0;
            let changes = write || how & (CREATE | TRUNCATE) != 0;
            for (wanted, access) in [(read || !changes, Access::Read), (changes, Access::Write)] {
                if wanted {
                    permit(guest.state, &place, access)?;
                }
            }
            let file = open_file(&guest.context().folders, &place, read || !changes, changes, how, flags)?;
            Kind::File(OpenFile { file, read, write })
        }
    };
    guest.context().descriptors.insert(number, Descriptor { kind, flags });
    Ok(guest.memory.write_u32(opened, number)?)
}

fn open_file(
    folders: &Folders,
    place: &Place,
    read: bool,
    write: bool,
    how: u32,
    flags: u32,
) -> Result<std::fs::File, Errno> {
    let (dir, name) = folders.parent(place)?;
    let (create, exclusive) = (how & CREATE != 0, how & EXCLUSIVE != 0);
    let mut options = OpenOptions::new();
    options.read(read).write(write).create(create).create_new(create && exclusive);
    options.truncate(how & TRUNCATE != 0).follow(FollowSymlinks::No);
    options.sync(flags & SYNC != 0).dsync(flags & DSYNC != 0).rsync(flags & RSYNC != 0);
    // Should it have become a pipe meanwhile.
    options.nonblock(true);
    let file = dir.open_with(name, &options)?.into_std();
    if !file.metadata()?.is_file() {
        return Err(Errno::NotSupported);
    }
    set_append(&file, flags)?;
    Ok(file)
}

pub(super) fn path_filestat_get(
    guest: &mut Guest<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    len: u32,
    stat: u32,
) -> Result<(), Fault> {
    let path = guest.memory.path(path, len)?;
    let place = permitted(guest, fd, &path, lookup & FOLLOW != 0, Access::Know)?;
    let metadata = guest.context().folders.metadata(&place)?;
    if path.ends_with('/') && !metadata.is_dir() {
        return Err(Errno::NotFolder.into());
    }
    Ok(guest.memory.write(stat, filestat(&metadata))?)
}

pub(super) fn path_filestat_set_times(
    guest: &mut Guest<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    len: u32,
    accessed: u64,
    modified: u64,
    flags: u32,
) -> Result<(), Fault> {
    let path = guest.memory.path(path, len)?;
    let times = timestamps(accessed, modified, flags)?;
    let place = permitted(guest, fd, &path, lookup & FOLLOW != 0, Access::Write)?;
    set_times(guest.context(), &place, &times)
}

pub(super) fn set_times(context: &Context, place: &Place, times: &Timestamps) -> Result<(), Fault> {
    let (dir, name) = context.folders.parent(place)?;
    Ok(utimensat(dir, name, times, AtFlags::SYMLINK_NOFOLLOW)?)
}

pub(super) fn path_create_directory(
    guest: &mut Guest<'_>,
    fd: u32,
    path: u32,
    len: u32,
) -> Result<(), Fault> {
    let path = guest.memory.path(path, len)?;
    let place = permitted(guest, fd, path.trim_end_matches('/'), false, Access::Write)?;
    let (dir, name) = guest.context().folders.parent(&place)?;
    Ok(dir.create_dir_with(name, &DirBuilder::new())?)
}

pub(super) fn path_remove_directory(
    guest: &mut Guest<'_>,
    fd: u32,
    path: u32,
    len: u32,
) -> Result<(), Fault> {
    let path = guest.memory.path(path, len)?;
    let place = permitted(guest, fd, path.trim_end_matches('/'), false, Access::Write)?;
    let (dir, name) = guest.context().folders.parent(&place)?;
    Ok(dir.remove_dir(name)?)
}

pub(super) fn path_unlink_file(guest: &mut Guest<'_>, fd: u32, path: u32, len: u32) -> Result<(), Fault> {
    let path = guest.memory.path(path, len)?;
    if path.ends_with('/') {
        return Err(Errno::NotFolder.into());
    }
    let place = permitted(guest, fd, &path, false, Access::Write)?;
    let (dir, name) = guest.context().folders.parent(&place)?;
    Ok(dir.remove_file(name)?)
}

pub(super) fn path_readlink(
    guest: &mut Guest<'_>,
    fd: u32,
    path: u32,
    len: u32,
    address: u32,
    room: u32,
    used: u32,
) -> Result<(), Fault> {
    let path = guest.memory.path(path, len)?;
    guest.memory.write_u32(used, 0)?;
    let place = permitted(guest, fd, &path, false, Access::Read)?;
    let (dir, name) = guest.context().folders.parent(&place)?;
    let target = dir.read_link_contents(name)?;
    let target = target.to_str().ok_or(Errno::IllegalSequence)?.as_bytes();
    let room = guest.memory.bytes_mut(address, room)?;
    let len = target.len().min(room.len());
    for (to, from) in room.iter_mut().zip(target) {
        *to = *from;
    }
    Ok(guest.memory.write_u32(used, u32::try_from(len).map_err(|_| Errno::Overflow)?)?)
}

/// A link may lead only to what the plugin may write, though each use of it is judged anyway: other programs follow
/// it too.
pub(super) fn path_symlink(
    guest: &mut Guest<'_>,
    target: u32,
    target_len: u32,
    fd: u32,
    path: u32,
    len: u32,
) -> Result<(), Fault> {
    let target = guest.memory.path(target, target_len)?;
    let path = guest.memory.path(path, len)?;
    if path.ends_with('/') {
        return Err(Errno::NotFound.into());
    }
    let place = permitted(guest, fd, &path, false, Access::Write)?;
    let leads_to = guest.context().folders.resolve_link(&place.folder(), &target)?;
    permit(guest.state, &leads_to, Access::Write)?;
    let (dir, name) = guest.context().folders.parent(&place)?;
    Ok(dir.symlink_contents(target, name)?)
}

pub(super) fn path_link(
    guest: &mut Guest<'_>,
    fd: u32,
    lookup: u32,
    path: u32,
    len: u32,
    new_fd: u32,
    new_path: u32,
    new_len: u32,
) -> Result<(), Fault> {
    let path = guest.memory.path(path, len)?;
    let new_path = guest.memory.path(new_path, new_len)?;
    if path.ends_with('/') || new_path.ends_with('/') {
        return Err(Errno::NotFound.into());
    }
    let from = permitted(guest, fd, &path, lookup & FOLLOW != 0, Access::Write)?;
    let to = permitted(guest, new_fd, &new_path, false, Access::Write)?;
    check_move(guest, &from, &to)?;
    let folders = &guest.context().folders;
    let ((dir, name), (new_dir, new_name)) = (folders.parent(&from)?, folders.parent(&to)?);
    Ok(dir.hard_link(name, &new_dir, new_name)?)
}

pub(super) fn path_rename(
    guest: &mut Guest<'_>,
    fd: u32,
    path: u32,
    len: u32,
    new_fd: u32,
    new_path: u32,
    new_len: u32,
) -> Result<(), Fault> {
    let path = guest.memory.path(path, len)?;
    let new_path = guest.memory.path(new_path, new_len)?;
    let from = permitted(guest, fd, path.trim_end_matches('/'), false, Access::Write)?;
    let to = permitted(guest, new_fd, new_path.trim_end_matches('/'), false, Access::Write)?;
    check_move(guest, &from, &to)?;
    let folders = &guest.context().folders;
    let ((dir, name), (new_dir, new_name)) = (folders.parent(&from)?, folders.parent(&to)?);
    Ok(dir.rename(name, &new_dir, new_name)?)
}

/// Checks that nothing can be done with a file under its new path that could not be done under the old one; and so
/// for all that is in a folder.
fn check_move(guest: &mut Guest<'_>, from: &Place, to: &Place) -> Result<(), Errno> {
    let grants = guest.state.grants.clone();
    let folders = &guest.context().folders;
    let mut left = vec![(from.clone(), to.clone())];
    let mut moved = 0;
    while let Some((from, to)) = left.pop() {
        if !keeps(&grants, &folders.path(&from), &folders.path(&to)) {
            return Err(Errno::Access);
        }
        if !folders.metadata(&from)?.is_dir() {
            continue;
        }
        let dir = folders.open(&from)?;
        for entry in dir.entries()? {
            let name = entry?.file_name();
            let name = name.to_str().ok_or(Errno::Access)?;
            left.push((from.join(name), to.join(name)));
            moved += 1;
            if moved > MAX_MOVED {
                // What a move to another file system answers: then one copies.
                return Err(Errno::CrossDevice);
            }
        }
    }
    Ok(())
}

fn keeps(grants: &Grants, from: &str, to: &str) -> bool {
    grants.allows_write(from) && (grants.allows_read(from) || !grants.allows_read(to))
}
