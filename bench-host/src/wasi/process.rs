//! Arguments, environment, randomness and scheduling; and the sockets and signals that there are none of.

use std::env;
use std::ffi::OsString;

use reglet_sdk_core::grants::Grants;

use super::errno::Errno;
use super::guest::{Fault, Guest, Memory, check_time};

const RANDOM: &str = "random_get";

/// Random bytes between two looks at the clock.
const RANDOM_CHUNK: usize = 1 << 20;

/// The variables of the host's environment that a plugin may see, as `NAME=value`. A name that is not UTF-8 can't be
/// granted.
pub(super) fn environment(grants: &Grants) -> Vec<Vec<u8>> {
    let entry = |(name, value): (OsString, OsString)| {
        let name = name.into_string().ok().filter(|name| grants.allows_env(name))?;
        Some([name.as_bytes(), b"=", value.as_encoded_bytes()].concat())
    };
    env::vars_os().filter_map(entry).collect()
}

pub(super) fn args_sizes_get(guest: &mut Guest<'_>, count: u32, size: u32) -> Result<(), Fault> {
    sizes(&mut guest.memory, &[], count, size)
}

pub(super) fn args_get(_: &mut Guest<'_>, _: u32, _: u32) -> Result<(), Fault> {
    Ok(())
}

pub(super) fn environ_sizes_get(guest: &mut Guest<'_>, count: u32, size: u32) -> Result<(), Fault> {
    sizes(&mut guest.memory, &guest.state.wasi().environment, count, size)
}

pub(super) fn environ_get(guest: &mut Guest<'_>, pointers: u32, text: u32) -> Result<(), Fault> {
    let (mut pointer, mut address) = (pointers, text);
    for entry in &guest.state.wasi().environment {
        guest.memory.write_u32(pointer, address)?;
        let len = u32::try_from(entry.len()).map_err(|_| Errno::Overflow)?;
        guest.memory.bytes_mut(address, len)?.copy_from_slice(entry);
        guest.memory.write(address.saturating_add(len), [0])?;
        address = address.saturating_add(len).saturating_add(1);
        pointer = pointer.saturating_add(4);
    }
    Ok(())
}

/// Writes the number of texts, and the bytes that they take, each with a NUL.
fn sizes(memory: &mut Memory<'_>, texts: &[Vec<u8>], count: u32, size: u32) -> Result<(), Fault> {
    let bytes: usize = texts.iter().map(|text| text.len() + 1).sum();
    memory.write_u32(count, u32::try_from(texts.len()).map_err(|_| Errno::Overflow)?)?;
    memory.write_u32(size, u32::try_from(bytes).map_err(|_| Errno::Overflow)?)?;
    Ok(())
}

pub(super) fn random_get(guest: &mut Guest<'_>, address: u32, len: u32) -> Result<(), Fault> {
    let recorded = guest.state.answers.replay(RANDOM);
    let room = guest.memory.bytes_mut(address, len)?;
    if let Some(recorded) = recorded.filter(|recorded| recorded.len() == room.len()) {
        room.copy_from_slice(&recorded);
        return Ok(());
    }
    for chunk in room.chunks_mut(RANDOM_CHUNK) {
        getrandom::fill(chunk).map_err(|_| Errno::Io)?;
        check_time(guest.state)?;
    }
    guest.state.answers.record(RANDOM, &[], room);
    Ok(())
}

pub(super) fn sched_yield(_: &mut Guest<'_>) -> Result<(), Fault> {
    std::thread::yield_now();
    Ok(())
}

pub(super) fn proc_raise(_: &mut Guest<'_>, _: u32) -> Result<(), Fault> {
    Err(Errno::NotImplemented.into())
}

pub(super) fn sock_accept(guest: &mut Guest<'_>, fd: u32, _: u32, _: u32) -> Result<(), Fault> {
    no_socket(guest, fd)
}

pub(super) fn sock_recv(
    guest: &mut Guest<'_>,
    fd: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
    _: u32,
) -> Result<(), Fault> {
    no_socket(guest, fd)
}

pub(super) fn sock_send(guest: &mut Guest<'_>, fd: u32, _: u32, _: u32, _: u32, _: u32) -> Result<(), Fault> {
    no_socket(guest, fd)
}

pub(super) fn sock_shutdown(guest: &mut Guest<'_>, fd: u32, _: u32) -> Result<(), Fault> {
    no_socket(guest, fd)
}

fn no_socket(guest: &mut Guest<'_>, fd: u32) -> Result<(), Fault> {
    guest.context().descriptors.get(fd)?;
    Err(Errno::NotSocket.into())
}
