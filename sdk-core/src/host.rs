//! The way to the host: its functions, and what comes back from them.
//!
//! On wasm a call is an import of the module `reglet_host`; a function that a plugin does not call is not
//! imported. Elsewhere the calls go to the `mock` that a test sets up.

use alloc::boxed::Box;
use core::slice;

use crate::abi::Buffer;
use crate::error::Error;
use crate::json::{self, Field, Slot, Str};

/// A function of the host, `(i64) -> i64` on the wire.
pub trait Function {
    /// Its name in the module `reglet_host`.
    const NAME: &'static str;

    /// The import: packed request in, packed answer out.
    #[cfg(target_family = "wasm")]
    fn import(request: u64) -> u64;
}

/// Declares functions of the host. Each becomes a type that implements [`Function`].
macro_rules! host_functions {
    ($($(#[$doc:meta])* $Name:ident = $name:ident;)*) => {
        #[cfg(target_family = "wasm")]
        mod imports {
            #[link(wasm_import_module = "reglet_host")]
            unsafe extern "C" {
                $(pub(super) fn $name(request: u64) -> u64;)*
                pub(super) fn log_message(record: u64);
            }
        }

        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $Name;

            impl Function for $Name {
                const NAME: &'static str = ::core::stringify!($name);

                #[cfg(target_family = "wasm")]
                fn import(request: u64) -> u64 {
                    // SAFETY: the import takes and returns a plain number, and what the host does to this
                    // memory it does through `allocate` and within the buffers which that hands out.
                    unsafe { imports::$name(request) }
                }
            }
        )*
    };
}

host_functions! {
    /// Connects to a TCP port, with or without TLS.
    TcpConnect = tcp_connect;
}

/// Sends a request and returns the answer.
pub(crate) fn call<F: Function>(request: &[u8]) -> Result<Buffer<'static>, Error> {
    #[cfg(target_family = "wasm")]
    {
        let request = crate::abi::Packed::new(request.as_ptr().addr() as u32, request.len() as u32);
        take_reply(F::NAME, crate::abi::Packed(F::import(request.0)))
    }
    #[cfg(not(target_family = "wasm"))]
    crate::mock::call(F::NAME, request).map(Buffer::from)
}

/// The buffer that the host has put its answer into.
#[cfg(target_family = "wasm")]
fn take_reply(function: &str, reply: crate::abi::Packed) -> Result<Buffer<'static>, Error> {
    if reply.is_empty() {
        crate::abi::release(reply.address() as usize);
        return Err(no_data(function));
    }
    crate::abi::take(reply.address() as usize, reply.len() as usize).ok_or_else(|| {
        Error::wire_format(function, "the host answered with a buffer that it did not allocate")
    })
}

#[cold]
pub(crate) fn no_data(function: &str) -> Error {
    Error::wire_format(function, "host returned no data")
}

/// Hands a log record to the host.
pub(crate) fn log_message(record: &[u8]) {
    #[cfg(target_family = "wasm")]
    {
        let record = crate::abi::Packed::new(record.as_ptr().addr() as u32, record.len() as u32);
        // SAFETY: as for every import: a plain number goes in, and the host only reads `record`.
        unsafe { imports::log_message(record.0) }
    }
    #[cfg(not(target_family = "wasm"))]
    crate::mock::log(record);
}

/// Nanoseconds since 1970 on the host's real-time clock; 0 if it can't be read.
#[cfg(target_family = "wasm")]
pub(crate) fn wasi_clock() -> u64 {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
    }
    const REALTIME: u32 = 0;
    let mut nanos = 0;
    // SAFETY: `time` points to a number that this function owns, which is all that the host writes to.
    let errno = unsafe { clock_time_get(REALTIME, 1_000, &raw mut nanos) };
    if errno == 0 { nanos } else { 0 }
}

/// Stops the plugin: the host sees a trap.
#[cfg(target_family = "wasm")]
pub(crate) fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

/// An answer of the host, checked, and read in place when a field is asked for. It frees itself.
#[derive(Debug)]
pub(crate) struct Reply<const N: usize>(Box<Answer<N>>);

/// Boxed, for it passes through several hands.
#[derive(Debug)]
struct Answer<const N: usize> {
    /// They point into the document, and are shown only as long as this is borrowed.
    slots: [Slot<'static>; N],
    document: Buffer<'static>,
}

impl<const N: usize> Reply<N> {
    /// Calls the function and looks in its answer for the fields. The last slots are for `message`, which an
    /// envelope has, and for `error`.
    ///
    /// An error that the host reports without a type becomes one of type `kind`.
    pub(crate) fn ask<F: Function>(
        request: &[u8],
        fields: &'static [Field],
        kind: &'static str,
    ) -> Result<Self, Error> {
        let document = call::<F>(request)?;
        let mut answer = Box::new(Answer { slots: [Slot::default(); N], document });
        // SAFETY: the buffer's block stays where it is and as it is until the buffer is dropped, which it is
        // together with the slots.
        let text = unsafe { slice::from_raw_parts(answer.document.as_ptr(), answer.document.len()) };
        read(F::NAME, text, fields, &mut answer.slots, kind)?;
        Ok(Self(answer))
    }

    fn slot(&self, slot: usize) -> Slot<'_> {
        self.0.slots.get(slot).copied().unwrap_or_default()
    }

    pub(crate) fn text(&self, slot: usize) -> Str<'_> {
        Str::new(self.slot(slot).raw)
    }

    pub(crate) fn boolean(&self, slot: usize) -> bool {
        self.slot(slot).number != 0
    }

    pub(crate) fn integer(&self, slot: usize) -> u64 {
        self.slot(slot).number.max(0).cast_unsigned()
    }
}

/// Finds the fields of an answer, checks that each is what it must be, and returns the error if it holds one.
fn read<'a>(
    function: &str,
    document: &'a [u8],
    fields: &'static [Field],
    slots: &mut [Slot<'a>],
    otherwise: &'static str,
) -> Result<(), Error> {
    let mut read = json::object(document, fields, slots);
    // What the host says is wrong comes before what is wrong with how it says the rest.
    if let (Ok(()), [.., message, error]) = (read, &*slots)
        && !error.is_absent()
    {
        return Err(Error::from_reply(function, error.raw, message.raw, otherwise));
    }
    if read.is_ok() {
        read = json::admit(fields, slots);
    }
    read.map_err(|error| Error::wire_format(function, error.described(document)))
}
