//! The way to the host: its functions, and what comes back from them.
//!
//! On wasm a call is an import of the module `reglet_host`; a function that a plugin does not call is not
//! imported. Elsewhere the calls go to the `mock` that a test sets up.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::error::Error;
use crate::json::{self, Str, Value, Writer};
use crate::text::Piece;

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
pub(crate) fn call<F: Function>(request: &[u8]) -> Result<Vec<u8>, Error> {
    #[cfg(target_family = "wasm")]
    {
        let request = crate::abi::Packed::new(request.as_ptr().addr() as u32, request.len() as u32);
        take_reply(F::NAME, crate::abi::Packed(F::import(request.0)))
    }
    #[cfg(not(target_family = "wasm"))]
    crate::mock::call(F::NAME, request)
}

/// The buffer that the host has put its answer into.
#[cfg(target_family = "wasm")]
fn take_reply(function: &str, reply: crate::abi::Packed) -> Result<Vec<u8>, Error> {
    if reply.is_empty() {
        crate::abi::release(reply.address() as usize);
        return Err(no_data(function));
    }
    crate::abi::take(reply.address() as usize, reply.len() as usize).ok_or_else(|| {
        Error::wire_format(function, &"the host answered with a buffer that it did not allocate")
    })
}

#[cold]
pub(crate) fn no_data(function: &str) -> Error {
    Error::wire_format(function, &"host returned no data")
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

/// Nanoseconds since 1970 on the host's real-time clock.
#[cfg(target_family = "wasm")]
pub(crate) fn wasi_clock() -> Option<u64> {
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        fn clock_time_get(clock: u32, precision: u64, time: *mut u64) -> u32;
    }
    const REALTIME: u32 = 0;
    let mut nanos = 0;
    // SAFETY: `time` points to a number that this function owns, which is all that the host writes to.
    let errno = unsafe { clock_time_get(REALTIME, 1_000, &raw mut nanos) };
    (errno == 0).then_some(nanos)
}

/// Stops the plugin: the host sees a trap.
#[cfg(target_family = "wasm")]
pub(crate) fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

/// An answer of the host, checked, and read in place when a field is asked for. It frees itself.
#[derive(Clone, Debug)]
pub(crate) struct Reply<const N: usize>(Box<Answer<N>>);

/// Boxed, for it passes through several hands.
#[derive(Clone, Debug)]
struct Answer<const N: usize> {
    document: Vec<u8>,
    /// Where the value of each field starts and ends.
    fields: [(u32, u32); N],
}

impl<const N: usize> Reply<N> {
    /// Calls the function and looks in its answer for fields of these names and kinds. The last is `error`.
    ///
    /// An error that the host reports without a type becomes one of type `kind`.
    pub(crate) fn ask<F: Function>(
        request: &[u8],
        names: &[&str; N],
        kinds: &[json::Kind; N],
        kind: &'static str,
    ) -> Result<Self, Error> {
        let document = call::<F>(request)?;
        let document = json::repair(&document).unwrap_or(document);
        let mut answer = Box::new(Answer { document, fields: [(0, 0); N] });
        let mut values = [Value::ABSENT; N];
        locate(F::NAME, &answer.document, names, kinds, &mut values, &mut answer.fields, kind)?;
        Ok(Self(answer))
    }

    /// The field, or else the one that stands for it in the other dialect.
    fn value(&self, field: usize, alias: usize) -> Value<'_> {
        let Answer { document, fields } = &*self.0;
        let place = |field: usize| fields.get(field).copied().unwrap_or_default();
        let (start, end) = if place(field) == (0, 0) { place(alias) } else { place(field) };
        Value::at(document.get(start as usize..end as usize).unwrap_or_default())
    }

    pub(crate) fn text(&self, field: usize, alias: usize) -> Str<'_> {
        self.value(field, alias).string_or_empty()
    }

    pub(crate) fn boolean(&self, field: usize, alias: usize) -> bool {
        self.value(field, alias).raw() == b"true"
    }

    pub(crate) fn integer(&self, field: usize, alias: usize) -> u64 {
        self.value(field, alias).integer().map_or(0, i64::unsigned_abs)
    }
}

/// Finds the fields of an answer, checks that each is what it must be, and returns the error if it holds one.
fn locate<'a>(
    function: &str,
    document: &'a [u8],
    names: &[&str],
    kinds: &[json::Kind],
    values: &mut [Value<'a>],
    places: &mut [(u32, u32)],
    otherwise: &'static str,
) -> Result<(), Error> {
    let read = |values: &mut [Value<'a>]| -> Result<_, json::Error> {
        let answer = Value::unchecked(document)?;
        answer.find(names, values)?;
        Ok(answer)
    };
    let answer = match read(values) {
        Ok(answer) => answer,
        Err(error) => return Err(Error::wire_format(function, &error.reason(document))),
    };
    // What the host says is wrong comes before what is wrong with how it says the rest.
    if let [.., error] = values
        && !error.is_none()
    {
        return Err(Error::from_reply(function, *error, answer, otherwise));
    }
    for ((value, kind), place) in values.iter().zip(kinds).zip(places) {
        if value.is_none() {
            continue;
        }
        if value.kind() != *kind {
            return Err(Error::wire_format(function, &Mismatch { expected: *kind, found: value.kind() }));
        }
        let range = value.raw().as_ptr_range();
        let offset = |at: *const u8| at.addr().wrapping_sub(document.as_ptr().addr()) as u32;
        *place = (offset(range.start), offset(range.end));
    }
    Ok(())
}

/// A value in an answer that is of the wrong kind.
struct Mismatch {
    expected: json::Kind,
    found: json::Kind,
}

impl Piece for Mismatch {
    fn write(&self, out: &mut Writer) {
        out.plain("expected ");
        out.plain(self.expected.name());
        out.plain(", got ");
        out.plain(self.found.name());
    }
}
