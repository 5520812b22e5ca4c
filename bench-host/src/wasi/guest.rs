//! The calling plugin: its memory, in which every address is checked, and what the host keeps for it.

use core::ops::Range;
use std::io;

use wasmtime::Trap;

use super::Context;
use super::errno::Errno;
use crate::error::Cancelled;
use crate::imports::range;
use crate::state::State;

/// Buffers in a list of them.
const MAX_VECTORS: u32 = 1024;

/// Bytes that one call reads or writes; plugins ask again for the rest, as they must anyway.
pub(super) const MAX_TRANSFER: usize = 1 << 20;

/// Bytes of a path.
const MAX_PATH: u32 = 4096;

/// Why a function did not succeed.
#[derive(Debug)]
pub(super) enum Fault {
    /// The plugin is told.
    Errno(Errno),
    /// It ends the plugin's call.
    Ends(wasmtime::Error),
}

impl<E: Into<Errno>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self::Errno(error.into())
    }
}

/// The plugin that calls.
pub(super) struct Guest<'a> {
    pub(super) memory: Memory<'a>,
    pub(super) state: &'a mut State,
}

impl Guest<'_> {
    /// What the instance has of WASI.
    pub(super) fn context(&mut self) -> &mut Context {
        self.state.wasi()
    }
}

/// Ends the plugin's call if it was cancelled or its time is over.
pub(super) fn check_time(state: &State) -> Result<(), Fault> {
    if state.cancel.is_cancelled() {
        Err(Fault::Ends(Cancelled.into()))
    } else if state.is_overdue() {
        Err(Fault::Ends(Trap::Interrupt.into()))
    } else {
        Ok(())
    }
}

/// A plugin's memory.
pub(super) struct Memory<'a>(pub(super) &'a mut [u8]);

impl Memory<'_> {
    pub(super) fn bytes(&self, address: u32, len: u32) -> Result<&[u8], Errno> {
        self.0.get(range(address, len)).ok_or(Errno::Fault)
    }

    pub(super) fn bytes_mut(&mut self, address: u32, len: u32) -> Result<&mut [u8], Errno> {
        self.0.get_mut(range(address, len)).ok_or(Errno::Fault)
    }

    pub(super) fn write<const N: usize>(&mut self, address: u32, bytes: [u8; N]) -> Result<(), Errno> {
        let room = self.0.get_mut(address as usize..).and_then(<[u8]>::first_chunk_mut);
        *room.ok_or(Errno::Fault)? = bytes;
        Ok(())
    }

    pub(super) fn write_u32(&mut self, address: u32, value: u32) -> Result<(), Errno> {
        self.write(address, value.to_le_bytes())
    }

    pub(super) fn write_u64(&mut self, address: u32, value: u64) -> Result<(), Errno> {
        self.write(address, value.to_le_bytes())
    }

    /// A path, or the target of a link.
    pub(super) fn path(&self, address: u32, len: u32) -> Result<String, Errno> {
        if len > MAX_PATH {
            return Err(Errno::NameTooLong);
        }
        let path = str::from_utf8(self.bytes(address, len)?).map_err(|_| Errno::IllegalSequence)?;
        match path {
            "" => Err(Errno::NotFound),
            _ if path.contains('\0') => Err(Errno::Invalid),
            _ => Ok(path.to_owned()),
        }
    }

    /// The buffers of a list, cut to what one call transfers.
    pub(super) fn vectors(&self, list: u32, count: u32) -> Result<Vec<Range<usize>>, Errno> {
        if count > MAX_VECTORS {
            return Err(Errno::Invalid);
        }
        let (vectors, _) = self.bytes(list, count * 8)?.as_chunks::<8>();
        let mut left = MAX_TRANSFER;
        let mut buffers = Vec::new();
        for [a, b, c, d, len @ ..] in vectors {
            let buffer = range(u32::from_le_bytes([*a, *b, *c, *d]), u32::from_le_bytes(*len));
            let buffer_len = self.0.get(buffer.clone()).ok_or(Errno::Fault)?.len();
            let len = buffer_len.min(left);
            left -= len;
            buffers.push(buffer.start..buffer.start + len);
        }
        Ok(buffers)
    }

    /// Lets buffers be filled one after the other, until one is not; returns the bytes that were.
    pub(super) fn fill(
        &mut self,
        buffers: Vec<Range<usize>>,
        mut fill: impl FnMut(&mut [u8], u64) -> io::Result<usize>,
    ) -> Result<u32, Errno> {
        transfer(buffers, |buffer, done| fill(self.0.get_mut(buffer).unwrap_or_default(), done))
    }

    /// Lets buffers be taken one after the other, until one is not; returns the bytes that were.
    pub(super) fn drain(
        &self,
        buffers: Vec<Range<usize>>,
        mut drain: impl FnMut(&[u8], u64) -> io::Result<usize>,
    ) -> Result<u32, Errno> {
        transfer(buffers, |buffer, done| drain(self.0.get(buffer).unwrap_or_default(), done))
    }
}

/// An error counts only if nothing was transferred before it.
fn transfer(
    buffers: Vec<Range<usize>>,
    mut one: impl FnMut(Range<usize>, u64) -> io::Result<usize>,
) -> Result<u32, Errno> {
    let mut done = 0;
    for buffer in buffers.into_iter().filter(|buffer| !buffer.is_empty()) {
        let len = buffer.len();
        match one(buffer, done) {
            Ok(bytes) => {
                done += bytes as u64;
                if bytes < len {
                    break;
                }
            }
            Err(error) if done == 0 => return Err(error.into()),
            Err(_) => break,
        }
    }
    u32::try_from(done).map_err(|_| Errno::Overflow)
}
