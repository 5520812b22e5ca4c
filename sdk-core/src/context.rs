//! What a check is told about the call that it serves, and passes on with each host call.
//!
//! A context is passed by reference, and others are derived from it; of two limits the earlier one holds:
//!
//! ```
//! use core::time::Duration;
//! use reglet_sdk_core::{Context, Error, Timestamp, log, tcp};
//!
//! fn both_answer(context: &Context<'_>) -> Result<bool, Error> {
//!     // Each call may take two seconds, and all of them five. `on_clock` tells each call what is left by then.
//!     let deadline = Timestamp::now()?.saturating_add(Duration::from_secs(5));
//!     let context = context.with_request_id("check-17").with_timeout(2_000).with_deadline(deadline).on_clock();
//!     log::info!(context: &context, "connecting");
//!     let first = tcp::Request::new(&"a.example", 443).send(&context)?;
//!     let second = tcp::Request::new(&"b.example", 443).send(&context)?;
//!     Ok(first.connected() && second.connected())
//! }
//! ```

use alloc::string::String;
use core::any::Any;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering::Relaxed};
use core::time::Duration;

use crate::error::{Error, Kind};
use crate::json::{Encode, Writer};
use crate::time::Timestamp;

/// The context of a check (`docs/protocol.md#context`).
///
/// No host sends one yet, so it is empty at first; what a plugin sets travels with its requests.
///
/// ```
/// use reglet_sdk_core::Context;
///
/// let check = Context::default();
/// let lookup = check.with_timeout(5_000).with_request_id("check-17");
/// assert_eq!(lookup.with_timeout(9_000).timeout_ms, Some(5_000));
/// assert_eq!(check.timeout_ms, None);
/// ```
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Context<'a> {
    /// Milliseconds that each call may take; 0 counts as no limit.
    pub timeout_ms: Option<u32>,
    /// Names the call in the logs of everyone who takes part in it.
    pub request_id: Option<&'a str>,
    more: Option<More<'a>>,
}

/// What few contexts have.
#[derive(Clone)]
struct More<'a> {
    deadline: Option<Timestamp>,
    canceled: bool,
    cancellation: Option<&'a Cancellation>,
    value: Option<&'a dyn Any>,
    /// The context that this one's value or cancellation was added to.
    outer: Option<&'a Context<'a>>,
    /// Reads the clock. Were it no pointer, each plugin would import one.
    refresh: Option<for<'x> fn(&Context<'x>) -> Option<Context<'x>>>,
    /// Writes the members. Were it always the same function, each plugin would have the code for times.
    members: Members,
    /// Whether it has ended. Were it no pointer, plugins whose contexts have nothing of this would have it, too.
    check: fn(&Context<'_>) -> Result<(), Error>,
}

/// Writes the members of a context, with the shorter of its time limit and another, and returns that; 0 is none.
type Members = fn(&Context<'_>, Option<u32>, &mut Writer<'_>) -> u32;

impl<'a> Context<'a> {
    /// A context whose calls may take at most so many milliseconds each.
    ///
    /// It needs no clock. As everywhere on the wire, 0 is no limit (`docs/protocol.md#h9`).
    ///
    /// ```
    /// # use reglet_sdk_core::Context;
    /// assert_eq!(Context::default().with_timeout(250).timeout_ms, Some(250));
    /// assert_eq!(Context::default().with_timeout(250).with_timeout(0).timeout_ms, Some(250));
    /// ```
    #[must_use]
    pub fn with_timeout(&self, timeout_ms: u32) -> Self {
        let mut child = self.clone();
        child.limit(timeout_ms);
        child
    }

    /// A context that ends at this time, by the guest's clock.
    ///
    /// Hosts trust a timeout over a deadline, as a guest's clock can be years off (`docs/protocol.md#c3`):
    /// [`as_of`](Self::as_of) and [`on_clock`](Self::on_clock) turn the one into the other.
    ///
    /// ```
    /// # use reglet_sdk_core::{Context, Timestamp};
    /// let (early, late) = (Timestamp::from_unix(1_800_000_000, 0), Timestamp::from_unix(1_800_000_009, 0));
    /// let context = Context::default().with_deadline(early).with_deadline(late);
    /// assert_eq!(context.deadline(), Some(early));
    /// ```
    #[must_use]
    pub fn with_deadline(&self, deadline: Timestamp) -> Self {
        self.and(|more| {
            more.deadline = Some(more.deadline.map_or(deadline, |other| other.min(deadline)));
            more.members = all_members;
        })
    }

    /// A context with a name for the call; an empty one is not sent.
    ///
    /// ```
    /// # use reglet_sdk_core::Context;
    /// assert_eq!(Context::default().with_request_id("check-17").request_id, Some("check-17"));
    /// ```
    #[must_use]
    pub fn with_request_id(&self, request_id: &'a str) -> Self {
        Self { request_id: Some(request_id), ..self.clone() }
    }

    /// A context that is given up already: a host need not begin what is asked with it.
    ///
    /// ```
    /// # use reglet_sdk_core::{Context, Timestamp};
    /// let context = Context::default().canceled();
    /// assert!(context.is_canceled() && context.is_done(Timestamp::UNKNOWN));
    /// ```
    #[must_use]
    pub fn canceled(&self) -> Self {
        self.and(|more| {
            more.canceled = true;
            more.tell_canceled();
        })
    }

    /// A context that is given up as soon as this is, or any other that it has.
    ///
    /// ```
    /// use reglet_sdk_core::Context;
    /// use reglet_sdk_core::context::Cancellation;
    ///
    /// let (check, enough) = (Context::default(), Cancellation::new());
    /// let context = check.with_cancellation(&enough);
    /// assert!(context.check().is_ok());
    /// enough.cancel();
    /// assert!(context.with_timeout(250).check().is_err_and(|error| error.is_timeout()));
    /// ```
    #[must_use]
    pub fn with_cancellation(&'a self, cancellation: &'a Cancellation) -> Self {
        self.and(|more| {
            more.cancellation = Some(cancellation);
            more.outer = Some(self);
            more.tell_canceled();
        })
    }

    /// A context that ends after this time, by the host's clock, [each call](Self::on_clock) being told what is left.
    ///
    /// If the clock [fails](Timestamp::now), each call may take all of it.
    ///
    /// ```
    /// # use core::time::Duration;
    /// # use reglet_sdk_core::{Context, Timestamp, mock::Mock, time};
    /// let mock = Mock::new().clock(Timestamp::from_unix(1_800_000_000, 0));
    /// mock.run(|| {
    ///     let context = Context::default().within(Duration::from_secs(3));
    ///     time::sleep(Duration::from_secs(2));
    ///     assert!(context.check().is_ok());
    ///     time::sleep(Duration::from_secs(2));
    ///     assert_eq!(context.check().unwrap_err().message(), "context deadline exceeded");
    /// });
    /// ```
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        match Timestamp::now() {
            Ok(now) => self.with_deadline(now.saturating_add(limit)).on_clock(),
            Err(_) => self.with_timeout(u32::try_from(limit.as_millis()).unwrap_or(u32::MAX).max(1)),
        }
    }

    /// A context that also carries a value for the plugin's own use, found again by its type. It is never sent.
    ///
    /// ```
    /// # use reglet_sdk_core::Context;
    /// struct Attempt(u32);
    ///
    /// fn attempts(context: &Context<'_>) -> u32 {
    ///     context.value().map_or(1, |Attempt(number)| *number)
    /// }
    /// assert_eq!(attempts(&Context::default().with_value(&Attempt(3))), 3);
    /// assert_eq!(attempts(&Context::default()), 1);
    /// ```
    #[must_use]
    pub fn with_value<T: Any>(&'a self, value: &'a T) -> Self {
        self.and(|more| {
            more.value = Some(value);
            more.outer = Some(self);
        })
    }

    /// The context as it is at this time: the timeout becomes what the deadline leaves, in whole milliseconds rounded
    /// down, and after the deadline the context is canceled.
    ///
    /// Less than a millisecond can't be said as a timeout; then only the deadline is sent.
    ///
    /// ```
    /// # use reglet_sdk_core::{Context, Timestamp};
    /// let context = Context::default().with_deadline(Timestamp::from_unix(1_800_000_005, 0));
    /// let left = context.as_of(Timestamp::from_unix(1_800_000_003, 400_000_001));
    /// assert_eq!(left.timeout_ms, Some(1_599));
    /// assert!(context.as_of(Timestamp::from_unix(1_800_000_005, 0)).is_canceled());
    /// ```
    #[must_use]
    pub fn as_of(&self, now: Timestamp) -> Self {
        let Some(deadline) = self.deadline() else { return self.clone() };
        let left = deadline.saturating_duration_since(now);
        let left = left.as_secs().saturating_mul(1_000).saturating_add(left.subsec_millis().into());
        let left = u32::try_from(left).unwrap_or(u32::MAX);
        let mut context = if self.is_done(now) { self.canceled() } else { self.clone() };
        if left == 0 {
            context.timeout_ms = None;
        }
        context.limit(left);
        context
    }

    /// A context that reads the host's clock whenever it is sent, and says what is left [as of](Self::as_of) then.
    ///
    /// If the clock [fails](Timestamp::now), it is sent as it stands. Without a deadline there is nothing to reckon.
    ///
    /// ```
    /// # use reglet_sdk_core::{Context, Timestamp, mock::Mock, tcp};
    /// let now = Timestamp::from_unix(1_800_000_000, 0);
    /// let context = Context::default().with_deadline(Timestamp::from_unix(1_800_000_003, 0)).on_clock();
    /// let mock = Mock::new().answer("tcp_connect", r#"{"connected":true}"#).clock(now);
    /// let (_, calls) = mock.run(|| tcp::Request::new(&"example.com", 443).send(&context).is_ok());
    /// let (_, request) = &calls.requests[0];
    /// assert!(request.contains(r#""context":{"deadline":"2027-01-15T08:00:03Z","timeout_ms":3000}"#));
    /// ```
    #[must_use]
    pub fn on_clock(&self) -> Self {
        self.and(|more| more.refresh = Some(|context| Timestamp::now().ok().map(|now| context.as_of(now))))
    }

    /// When the context ends.
    ///
    /// ```
    /// # use reglet_sdk_core::Context;
    /// assert_eq!(Context::default().deadline(), None);
    /// ```
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        self.more.as_ref().and_then(|more| more.deadline)
    }

    /// Whether it has been given up.
    ///
    /// ```
    /// # use reglet_sdk_core::Context;
    /// assert!(!Context::default().is_canceled());
    /// ```
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.more.as_ref().is_some_and(|more| {
            more.canceled
                || more.cancellation.is_some_and(Cancellation::is_canceled)
                || more.outer.is_some_and(Self::is_canceled)
        })
    }

    /// Whether there is any use in going on. Wrappers of host functions that take long ask this before and after.
    ///
    /// A deadline counts only [on the clock](Self::on_clock), or [as of](Self::as_of) some time.
    ///
    /// ```
    /// # use reglet_sdk_core::Context;
    /// # use reglet_sdk_core::error::Kind;
    /// let error = Context::default().canceled().check().unwrap_err();
    /// assert_eq!((error.kind(), &*error.code(), &*error.message()), (Kind::Timeout, "CANCELED", "context canceled"));
    /// ```
    ///
    /// # Errors
    ///
    /// It has been given up, or its deadline has passed: of type `timeout`, with code `CANCELED` or
    /// `DEADLINE_EXCEEDED`.
    pub fn check(&self) -> Result<(), Error> {
        self.more.as_ref().map_or(Ok(()), |more| (more.check)(self))
    }

    fn refreshed(&self) -> Option<Self> {
        let refresh = self.more.as_ref()?.refresh?;
        refresh(self)
    }

    /// Whether it has been given up, or ends at this time or earlier.
    ///
    /// ```
    /// # use reglet_sdk_core::{Context, Timestamp};
    /// let context = Context::default().with_deadline(Timestamp::from_unix(1_800_000_005, 0));
    /// assert!(!context.is_done(Timestamp::from_unix(1_800_000_004, 999_999_999)));
    /// assert!(context.is_done(Timestamp::from_unix(1_800_000_005, 0)));
    /// ```
    #[must_use]
    pub fn is_done(&self, now: Timestamp) -> bool {
        self.is_canceled() || self.deadline().is_some_and(|deadline| deadline <= now)
    }

    /// The plugin's own value of this type, that which was added last.
    ///
    /// ```
    /// # use reglet_sdk_core::Context;
    /// let check = Context::default();
    /// let one = check.with_value(&7_u32);
    /// let both = one.with_value(&"seven");
    /// assert_eq!((both.value(), both.value()), (Some(&7_u32), Some(&"seven")));
    /// assert_eq!(both.value::<i32>(), None);
    /// ```
    #[must_use]
    pub fn value<T: Any>(&self) -> Option<&'a T> {
        let more = self.more.as_ref()?;
        more.value.and_then(<dyn Any>::downcast_ref).or_else(|| more.outer?.value())
    }

    /// Writes it as the context of a request that has a time limit of its own, and returns the shorter limit; 0 is none.
    pub(crate) fn write(&self, own: Option<u32>, out: &mut Writer<'_>) -> u32 {
        out.begin_object();
        let timeout = match &self.more {
            Some(more) => (more.members)(self, own, out),
            None => members(self, own, out),
        };
        out.end_object();
        timeout
    }

    /// Shortens the timeout; 0 leaves it as it is.
    fn limit(&mut self, timeout_ms: u32) {
        if timeout_ms > 0 {
            let shorter = self.timeout_ms.filter(|other| (1..timeout_ms).contains(other));
            self.timeout_ms = Some(shorter.unwrap_or(timeout_ms));
        }
    }

    /// A child that has more.
    fn and(&self, change: impl FnOnce(&mut More<'a>)) -> Self {
        let mut child = self.clone();
        change(child.more.get_or_insert(More {
            deadline: None,
            canceled: false,
            cancellation: None,
            value: None,
            outer: None,
            refresh: None,
            members,
            check,
        }));
        child
    }
}

impl More<'_> {
    /// Has it said when it is given up.
    fn tell_canceled(&mut self) {
        if self.deadline.is_none() {
            self.members = canceled_members;
        }
    }
}

/// What some code gives up a [`Context`] with, that other code runs under.
///
/// A plugin runs on one thread, so whoever gives up runs between two calls of the host: a loop that has found what
/// it looked for, or a `Drop`.
#[derive(Debug, Default)]
pub struct Cancellation(AtomicBool);

impl Cancellation {
    /// Nothing is given up yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Gives up what runs under a context that [has](Context::with_cancellation) it.
    pub fn cancel(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether it is given up.
    #[must_use]
    pub fn is_canceled(&self) -> bool {
        self.0.load(Relaxed)
    }
}

/// Whether there is any use in going on under a context that may have an end.
fn check(context: &Context<'_>) -> Result<(), Error> {
    if context.is_canceled() {
        return Err(ended("context canceled", "CANCELED"));
    }
    match context.refreshed() {
        Some(current) if current.is_canceled() => {
            Err(ended("context deadline exceeded", "DEADLINE_EXCEEDED"))
        }
        _ => Ok(()),
    }
}

#[cold]
fn ended(message: &'static str, code: &'static str) -> Error {
    Error::new(Kind::Timeout, message).with_code(code)
}

/// Writes the members that every context may have.
fn members(context: &Context<'_>, own: Option<u32>, out: &mut Writer<'_>) -> u32 {
    if let Some(id) = context.request_id
        && !id.is_empty()
    {
        out.member("request_id", id);
    }
    // As everywhere, 0 is no limit.
    let limit = |timeout: Option<u32>| timeout.unwrap_or(0).wrapping_sub(1);
    let timeout = limit(own).min(limit(context.timeout_ms)).wrapping_add(1);
    if timeout > 0 {
        out.member("timeout_ms", timeout);
    }
    timeout
}

/// Writes the members of a context that may have been given up.
fn canceled_members(context: &Context<'_>, own: Option<u32>, out: &mut Writer<'_>) -> u32 {
    let timeout = members(context, own, out);
    if context.is_canceled() {
        out.member("canceled", true);
    }
    timeout
}

/// Writes all members, as they are at the time of sending.
fn all_members(context: &Context<'_>, own: Option<u32>, out: &mut Writer<'_>) -> u32 {
    let current = context.refreshed();
    let context = current.as_ref().unwrap_or(context);
    if let Some(deadline) = context.deadline() {
        out.member("deadline", deadline);
    }
    canceled_members(context, own, out)
}

impl Encode for Context<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        self.write(None, out);
    }
}

/// As it would be sent now.
impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Writer::new();
        self.encode(&mut out);
        f.write_str(&String::from_utf8_lossy(out.as_bytes()))
    }
}
