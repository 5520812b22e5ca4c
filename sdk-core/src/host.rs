//! The way to the host: its functions, and what comes back from them.
//!
//! On wasm a call is an import of the module `reglet_host`; a function that a plugin does not call is not
//! imported. Elsewhere the calls go to the `mock` that a test sets up.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::slice;

use crate::abi::Buffer;
use crate::base64;
use crate::error::Error;
use crate::json::{self, Encode, Field, Slot, Str, Value, Writer};
use crate::text;
use crate::wire::Strings;
use crate::wire::dns::MxRecords;
use crate::wire::http::HeaderFields;

/// A function of the host, `(i64) -> i64` on the wire.
pub trait Function {
    /// Its name in the module `reglet_host`.
    const NAME: &'static str;

    /// The import: packed request in, packed answer out.
    #[cfg(target_family = "wasm")]
    fn import(request: u64) -> u64;
}

/// Declares a function of the host as a type that implements [`Function`].
#[doc(hidden)]
#[macro_export]
macro_rules! __import {
    ($(#[$doc:meta])* $vis:vis $Name:ident = $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        $vis enum $Name {}

        impl $crate::host::Function for $Name {
            const NAME: &'static str = $crate::config::key(::core::stringify!($name));

            #[cfg(target_family = "wasm")]
            fn import(request: u64) -> u64 {
                #[link(wasm_import_module = "reglet_host")]
                unsafe extern "C" {
                    fn $name(request: u64) -> u64;
                }
                // SAFETY: the import takes and returns a plain number, and what the host does to this
                // memory it does through `allocate` and within the buffers which that hands out.
                unsafe { $name(request) }
            }
        }
    };
}

crate::__import! {
    /// Asks a name server.
    pub DnsLookup = dns_lookup
}
crate::__import! {
    /// Sends an HTTP request.
    pub HttpRequest = http_request
}
crate::__import! {
    /// Connects to a TCP port, with or without TLS.
    pub TcpConnect = tcp_connect
}
crate::__import! {
    /// Connects to a mail server.
    pub SmtpConnect = smtp_connect
}
crate::__import! {
    /// Runs a command.
    pub ExecCommand = exec_command
}
crate::__import! {
    /// Asks whether an address is one that plugins may connect to.
    pub SsrfCheck = ssrf_check
}

/// Declares a function of the author's own host: its request, its answer, and a safe call.
///
/// The request is a struct whose fields are anything that can be written as JSON. The answer is read in place; each of
/// its fields is one of
///
/// | kind | accessor | on the wire |
/// |---|---|---|
/// | `text` | [`Str`] | a string; empty if absent |
/// | `boolean` | `bool` | `true` or `false`; false if absent |
/// | `integer` | `u64` | a whole number from 0 to `i64::MAX`; 0 if absent |
/// | `number` | `i64` | a whole number; 0 if absent |
/// | `list` | [`Strings`] | a list of strings; empty if absent |
/// | `value` | [`Value`] | anything |
///
/// An answer with anything else there is an [`Error`]. An `error` in the answer, in either of the shapes that hosts have
/// for it, becomes an [`Error`] too, so no field has that name. A host function is told about time limits and request ids if
/// a field of its request is the context: `context: &'a Context<'a>`. The call is an import: the module loads only in hosts
/// that have the function.
///
/// ```
/// use reglet_sdk_core::host_function;
/// use reglet_sdk_core::mock::Mock;
///
/// host_function! {
///     /// Looks at the certificate of a server.
///     pub fn tls_check(TlsCheckRequest<'a> {
///         /// Host name.
///         host: &'a str,
///         /// TCP port; 443 if it is 0.
///         port: u16,
///     }) -> TlsCheckAnswer {
///         /// Whether the connection was made.
///         connected: boolean,
///         /// Who issued the certificate.
///         issuer: text,
///     }
/// }
///
/// let mock = Mock::new().answer("tls_check", r#"{"connected":true,"issuer":"Example CA"}"#);
/// let (answer, calls) = mock.run(|| tls_check(&TlsCheckRequest { host: "example.com", port: 443 }).unwrap());
/// assert!(answer.connected() && answer.issuer() == *"Example CA");
/// assert_eq!(calls.requests[0].1, r#"{"host":"example.com","port":443}"#);
/// ```
///
/// ```compile_fail,E0080
/// reglet_sdk_core::host_function! {
///     /// Pokes the host.
///     pub fn poke(PokeRequest {}) -> PokeAnswer {
///         /// Why not.
///         error: text,
///     }
/// }
/// # fn main() { let _ = poke(&PokeRequest {}); }
/// ```
#[macro_export]
macro_rules! host_function {
    (
        $(#[$doc:meta])*
        $vis:vis fn $name:ident($(#[$request_doc:meta])* $Request:ident $(<$life:lifetime>)? {$(
            $(#[$input_doc:meta])* $input:ident: $Input:ty
        ),* $(,)?}) -> $(#[$answer_doc:meta])* $Answer:ident {$(
            $(#[$field_doc:meta])* $field:ident: $kind:ident
        ),* $(,)?}
    ) => {
        #[doc = ::core::concat!("What [`", ::core::stringify!($name), "`] asks.")]
        $(#[$request_doc])*
        #[derive(Clone, Debug)]
        $vis struct $Request $(<$life>)? {$(
            $(#[$input_doc])* pub $input: $Input,
        )*}

        impl $(<$life>)? $crate::json::Encode for $Request $(<$life>)? {
            fn encode(&self, out: &mut $crate::json::Writer<'_>) {
                out.begin_object();
                $(out.member(const { $crate::config::key(::core::stringify!($input)) }, &self.$input);)*
                out.end_object();
            }
        }

        $crate::__view! {
            #[doc = ::core::concat!("What [`", ::core::stringify!($name), "`] answers.")]
            $(#[$answer_doc])*
            $vis struct $Answer: $name {$(
                $(#[$field_doc])* $field: $kind,
            )*}
        }

        $crate::__import! {
            #[doc(hidden)]
            #[allow(non_camel_case_types, reason = "types and functions may have the same name")]
            $vis $name = $name
        }

        $(#[$doc])*
        ///
        /// # Errors
        ///
        /// What the host reports, or that its answer breaks the protocol.
        $vis fn $name $(<$life>)? (request: &$Request $(<$life>)?) -> ::core::result::Result<$Answer, $crate::Error> {
            $Answer::__ask(&$crate::host::document(request), "internal")
        }
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "a function of the host is `pub fn name(Request<'a> { field: Type }) -> Answer { field: kind }`, where a kind is \
             `text`, `boolean`, `integer`, `number`, `list` or `value`"
        );
    };
}

/// A request as JSON.
#[doc(hidden)]
#[must_use]
pub fn document(request: &dyn Encode) -> Buffer<'static> {
    let mut out = Writer::with_capacity(256);
    request.encode(&mut out);
    out.into_buffer()
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
        #[link(wasm_import_module = "reglet_host")]
        unsafe extern "C" {
            fn log_message(record: u64);
        }
        // SAFETY: as for every import: a plain number goes in, and the host only reads `record`.
        unsafe { log_message(record.0) }
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

/// Waits; returns early if the host can't.
#[cfg(target_family = "wasm")]
pub(crate) fn wasi_sleep(nanos: u64) {
    /// `subscription` to a clock; what is smaller than here has padding after it.
    #[repr(C)]
    struct Subscription {
        user_data: u64,
        tag: u64,
        clock: u64,
        timeout: u64,
        precision: u64,
        flags: u64,
    }
    #[link(wasm_import_module = "wasi_snapshot_preview1")]
    unsafe extern "C" {
        fn poll_oneoff(
            subscriptions: *const Subscription,
            events: *mut [u64; 4],
            count: u32,
            ready: *mut u32,
        ) -> u32;
    }
    const CLOCK: u64 = 0;
    const MONOTONIC: u64 = 1;
    let subscription =
        Subscription { user_data: 0, tag: CLOCK, clock: MONOTONIC, timeout: nanos, precision: 0, flags: 0 };
    let (mut event, mut ready) = ([0; 4], 0);
    // SAFETY: there is one subscription and room for one event, and the host writes only to that and to `ready`, all
    // of which this function owns. A `subscription` has 48 bytes and an `event` 32, aligned to 8.
    unsafe { poll_oneoff(&raw const subscription, &raw mut event, 1, &raw mut ready) };
}

/// Stops the plugin: the host sees a trap.
#[cfg(target_family = "wasm")]
pub(crate) fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

/// An answer of the host, checked, and read in place when a field is asked for. It frees itself.
#[derive(Debug)]
#[doc(hidden)]
pub struct Reply<const N: usize>(Box<Answer<N>>);

/// Boxed, for it passes through several hands.
#[derive(Debug)]
struct Answer<const N: usize> {
    /// They point into the document, and are shown only as long as this is borrowed.
    slots: [Slot<'static>; N],
    document: Buffer<'static>,
}

impl<const N: usize> Reply<N> {
    /// Calls the function and looks in its answer for the fields, the last of which are `message`, which an envelope
    /// has, and `error`, whose slot is the last.
    ///
    /// An error that the host reports without a type becomes one of type `kind`.
    ///
    /// # Errors
    ///
    /// What the host reports, or what is wrong with its answer.
    pub fn ask<F: Function>(
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

    /// Decodes a string of base64 in place.
    pub(crate) fn decode<F: Function>(&mut self, slot: usize) -> Result<(), Error> {
        let Answer { slots, document } = &mut *self.0;
        let Some(slot) = slots.get_mut(slot) else { return Ok(()) };
        if slot.raw.is_empty() {
            return Ok(());
        }
        let (offset, len) = (slot.raw.as_ptr().addr() - document.as_ptr().addr(), slot.raw.len());
        // From here on nothing else points to these bytes.
        slot.raw = &[];
        let text = document.start().as_ptr().wrapping_add(offset);
        // SAFETY: the slot lay within the document, and no other lies there.
        let decoded = base64::decode(unsafe { slice::from_raw_parts_mut(text, len) });
        let len = decoded
            .map_err(|at| Error::wire_format(F::NAME, text!["illegal base64 data at input byte ", at]))?;
        // SAFETY: as for the slots of `ask`, and nothing writes there any more.
        slot.raw = unsafe { slice::from_raw_parts(text, len) };
        Ok(())
    }

    /// Checks that a list is one of strings.
    ///
    /// # Errors
    ///
    /// It is not.
    #[doc(hidden)]
    pub fn strings<F: Function>(&self, slot: usize) -> Result<(), Error> {
        let list = self.0.slots.get(slot).map_or(Value::ABSENT, |slot| Value::at(slot.raw));
        match Strings::of(list).are_sound() {
            true => Ok(()),
            false => Err(Error::wire_format(F::NAME, "a list has something else than strings in it")),
        }
    }

    /// So many bytes of the answer from this address on, in the block that the answer lies in; none if they do not lie
    /// there.
    pub(crate) fn into_bytes(self, start: usize, len: usize) -> Vec<u8> {
        let Answer { mut document, .. } = *self.0;
        let offset = start.wrapping_sub(document.as_ptr().addr());
        let inside = offset.checked_add(len).and_then(|end| document.get_mut(..end)).is_some();
        if inside {
            document.copy_within(offset..offset + len, 0);
        }
        document.truncate(if inside { len } else { 0 });
        document.into()
    }

    /// A slot that the answer's type has; so nothing is looked up.
    fn slot<const SLOT: usize>(&self) -> Slot<'_> {
        const { assert!(SLOT < N, "there is no such slot") };
        #[allow(clippy::indexing_slicing, reason = "checked when it is compiled")]
        self.0.slots[SLOT]
    }

    /// The field as it stands there.
    #[doc(hidden)]
    pub fn value<const SLOT: usize>(&self) -> Value<'_> {
        Value::at(self.slot::<SLOT>().raw)
    }

    #[doc(hidden)]
    pub fn text<const SLOT: usize>(&self) -> Str<'_> {
        Str::new(self.slot::<SLOT>().raw)
    }

    pub(crate) fn output<const SLOT: usize>(&self) -> Str<'_> {
        self.text::<SLOT>()
    }

    pub(crate) fn bytes<const SLOT: usize>(&self) -> &[u8] {
        self.slot::<SLOT>().raw
    }

    #[doc(hidden)]
    pub fn boolean<const SLOT: usize>(&self) -> bool {
        self.slot::<SLOT>().number != 0
    }

    pub(crate) fn flag<const SLOT: usize>(&self) -> bool {
        self.boolean::<SLOT>()
    }

    #[doc(hidden)]
    pub fn integer<const SLOT: usize>(&self) -> u64 {
        self.slot::<SLOT>().number.max(0).cast_unsigned()
    }

    #[doc(hidden)]
    pub fn number<const SLOT: usize>(&self) -> i64 {
        self.slot::<SLOT>().number
    }

    #[doc(hidden)]
    pub fn list<const SLOT: usize>(&self) -> Strings<'_> {
        Strings::of(self.value::<SLOT>())
    }

    pub(crate) fn mail_exchangers<const SLOT: usize>(&self) -> MxRecords<'_> {
        MxRecords::of(self.value::<SLOT>())
    }

    pub(crate) fn headers<const SLOT: usize>(&self) -> HeaderFields<'_> {
        HeaderFields::of(self.value::<SLOT>())
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
    if let (Ok(()), [.., message, _], [.., error]) = (read, fields, &*slots)
        && !error.is_absent()
    {
        let message = slots.get(usize::from(message.slot)).copied().unwrap_or_default();
        return Err(Error::from_reply(function, error.raw, message.raw, otherwise));
    }
    if read.is_ok() {
        read = json::admit(fields, slots);
    }
    read.map_err(|error| Error::wire_format(function, error.described(document)))
}
