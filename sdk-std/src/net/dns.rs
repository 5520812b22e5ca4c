//! Names: their addresses, mail exchangers, texts, and what else name servers know.
//!
//! ```
//! use core::time::Duration;
//! use reglet_sdk_std::dns::Resolver;
//! use reglet_sdk_std::mock::Mock;
//! use reglet_sdk_std::{Context, Error};
//!
//! fn takes_mail(domain: &str, context: &Context<'_>) -> Result<bool, Error> {
//!     let resolver = Resolver::new().nameserver("8.8.8.8").timeout(Duration::from_secs(2)).retries(2);
//!     let exchangers = resolver.mx(domain, context)?;
//!     Ok(exchangers.iter().any(|exchanger| exchanger.host != "."))
//! }
//!
//! let mock = Mock::new().answer("dns_lookup", r#"{"mx_records":[{"host":"mail.example.com.","pref":10}]}"#);
//! let (takes, _) = mock.run(|| takes_mail("example.com", &Context::default()));
//! assert!(takes.unwrap());
//! ```

mod check;

pub use check::Check;
pub use reglet_sdk_core::dns::*;

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;
use core::time::Duration;

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::{Context, Error, text};

use crate::call;
use crate::retry::{is_passing, repeated};

/// Asks for the records of names.
///
/// A name that exists, but has no such records, has an empty answer; one that does not exist is an error that says so
/// by [`is_not_found`](Error::is_not_found).
///
/// Errors are those of the host, with its type and code; their [details](Error::details) tell the `hostname`, the
/// `record_type` and the `nameserver` that were asked for. Hosts of the Go SDK say only in words that a name does not
/// exist or that time has run out, which becomes `is_not_found` and `is_timeout` here.
#[derive(Clone, Debug)]
#[must_use]
pub struct Resolver {
    nameserver: Option<String>,
    timeout: Option<Duration>,
    retries: u32,
    /// Asks, and asks again. Were it always the same function, each plugin would import a clock.
    ask: fn(&Request<'_>, u32, &Context<'_>) -> Result<Answer, Error>,
}

impl Default for Resolver {
    fn default() -> Self {
        Self::new()
    }
}

impl Resolver {
    /// The host's own resolver, with its limit of time, which is five seconds as a rule, and without retries.
    pub fn new() -> Self {
        Self {
            nameserver: None,
            timeout: None,
            retries: 0,
            ask: |request, _, context| once(request, context),
        }
    }

    /// Asks this server: an address with or without a port, as `8.8.8.8`, `8.8.8.8:53`, `::1` or `[::1]:53`.
    pub fn nameserver(mut self, nameserver: impl Into<String>) -> Self {
        let mut nameserver = nameserver.into();
        // Some hosts take the last part of a bare IPv6 address for a port.
        if !nameserver.starts_with('[') && nameserver.bytes().filter(|byte| *byte == b':').count() > 1 {
            nameserver = ["[", &nameserver, "]:53"].concat();
        }
        self.nameserver = Some(nameserver);
        self
    }

    /// Sets the time that each attempt may take.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Asks again, up to so many times, when the network fails or time runs out; not when the name does not exist,
    /// or the plugin may not ask.
    ///
    /// It waits 200 milliseconds before the first retry, and each time twice as long, up to 30 seconds; and never beyond
    /// the end of the context: then the last error is returned at once. All this takes 1.5 KB of the plugin, and two
    /// imports from WASI for the clock.
    ///
    /// ```
    /// use core::net::Ipv4Addr;
    /// use core::time::Duration;
    /// use reglet_sdk_std::dns::Resolver;
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, Timestamp};
    ///
    /// let start = Timestamp::from_unix(1_800_000_000, 0);
    /// let mock = Mock::new()
    ///     .clock(start)
    ///     .answer("dns_lookup", r#"{"error":{"type":"network","code":"LOOKUP_FAILED","message":"refused"}}"#)
    ///     .answer("dns_lookup", r#"{"records":["192.0.2.1"]}"#);
    /// mock.run(|| {
    ///     let found = Resolver::new().retries(3).ipv4("example.com", &Context::default()).unwrap();
    ///     assert_eq!(found, [Ipv4Addr::new(192, 0, 2, 1)]);
    ///     assert_eq!(Timestamp::now().unwrap(), start.saturating_add(Duration::from_millis(200)));
    /// });
    /// ```
    pub fn retries(mut self, retries: u32) -> Self {
        self.retries = retries;
        self.ask = |request, retries, context| {
            let passing = |answer: &Result<_, _>| match answer {
                Err(error) if is_passing(error) => Some(Duration::ZERO),
                _ => None,
            };
            repeated(retries, context, || once(request, context), passing)
        };
        self
    }

    /// The IPv4 and the IPv6 addresses of a name, in this order. It takes two queries.
    ///
    /// If one of them fails, the addresses that the other one found are returned.
    ///
    /// ```
    /// use core::net::IpAddr;
    /// use reglet_sdk_std::Context;
    /// use reglet_sdk_std::dns::Resolver;
    /// use reglet_sdk_std::mock::Mock;
    ///
    /// let mock = Mock::new()
    ///     .answer("dns_lookup", r#"{"records":["192.0.2.1"]}"#)
    ///     .answer("dns_lookup", r#"{"records":["2001:db8::1"]}"#);
    /// let (found, _) = mock.run(|| Resolver::new().lookup_host("example.com", &Context::default()));
    /// assert_eq!(found.unwrap(), ["192.0.2.1", "2001:db8::1"].map(|it| it.parse::<IpAddr>().unwrap()));
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`lookup`](Self::lookup), if both fail, or one fails and the other finds nothing. If both fail it is
    /// that of the first, which has the other one among its details, as `AAAA`.
    pub fn lookup_host(&self, name: &str, context: &Context<'_>) -> Result<Vec<IpAddr>, Error> {
        let four = self.ipv4(name, context);
        let six = self.ipv6(name, context);
        let four = four.map(|found| found.into_iter().map(IpAddr::V4).collect::<Vec<_>>());
        let six = six.map(|found| found.into_iter().map(IpAddr::V6).collect::<Vec<_>>());
        match (four, six) {
            (Ok(mut found), Ok(more)) => {
                found.extend(more);
                Ok(found)
            }
            (Ok(found), Err(error)) | (Err(error), Ok(found)) => {
                if found.is_empty() {
                    return Err(error);
                }
                Ok(found)
            }
            (Err(error), Err(other)) => Err(error.with_detail("AAAA", &other)),
        }
    }

    /// The IPv4 addresses of a name.
    ///
    /// # Errors
    ///
    /// As for [`lookup`](Self::lookup).
    pub fn ipv4(&self, name: &str, context: &Context<'_>) -> Result<Vec<Ipv4Addr>, Error> {
        addresses(&self.lookup(name, RecordType::A, context)?, "' is no IPv4 address")
    }

    /// The IPv6 addresses of a name.
    ///
    /// # Errors
    ///
    /// As for [`lookup`](Self::lookup).
    pub fn ipv6(&self, name: &str, context: &Context<'_>) -> Result<Vec<Ipv6Addr>, Error> {
        addresses(&self.lookup(name, RecordType::Aaaa, context)?, "' is no IPv6 address")
    }

    /// The canonical name of a name, with a dot at its end. Most hosts answer with the name itself if it is no alias.
    ///
    /// ```
    /// use reglet_sdk_std::Context;
    /// use reglet_sdk_std::dns::Resolver;
    /// use reglet_sdk_std::mock::Mock;
    ///
    /// let mock = Mock::new().answer("dns_lookup", "{}");
    /// let (found, _) = mock.run(|| Resolver::new().cname("example.com", &Context::default()));
    /// let error = found.unwrap_err();
    /// assert!(error.is_not_found());
    /// assert_eq!(error.message(), "dns lookup for example.com (CNAME) failed: no CNAME record found");
    /// ```
    ///
    /// # Errors
    ///
    /// As for [`lookup`](Self::lookup), or there is none: of type `network` and code `dns_CNAME`.
    pub fn cname(&self, name: &str, context: &Context<'_>) -> Result<String, Error> {
        let answer = self.lookup(name, RecordType::Cname, context)?;
        match answer.records().next() {
            Some(record) => Ok(record.decode().into_owned()),
            None => Err(self.no_cname(name)),
        }
    }

    /// The mail exchangers of a name, that with the smallest preference first, whatever order the host has. Their names end with a dot.
    ///
    /// # Errors
    ///
    /// As for [`lookup`](Self::lookup).
    pub fn mx(&self, name: &str, context: &Context<'_>) -> Result<Vec<Mx<'static>>, Error> {
        let answer = self.lookup(name, RecordType::Mx, context)?;
        let mut found: Vec<Mx<'static>> = Vec::new();
        for (host, pref) in answer.mx_records() {
            // There are few, and a sort would take kilobytes.
            let at = found.iter().take_while(|other| other.pref <= pref).count();
            found.insert(at, Mx { host: host.decode().into_owned().into(), pref });
        }
        Ok(found)
    }

    /// The texts of a name.
    ///
    /// # Errors
    ///
    /// As for [`lookup`](Self::lookup).
    pub fn txt(&self, name: &str, context: &Context<'_>) -> Result<Vec<String>, Error> {
        Ok(texts(&self.lookup(name, RecordType::Txt, context)?))
    }

    /// The name servers of a name. Their names end with a dot.
    ///
    /// # Errors
    ///
    /// As for [`lookup`](Self::lookup).
    pub fn ns(&self, name: &str, context: &Context<'_>) -> Result<Vec<String>, Error> {
        Ok(texts(&self.lookup(name, RecordType::Ns, context)?))
    }

    /// The records of a name as the host wrote them, to be read in place. All others are made of this one.
    ///
    /// ```
    /// use reglet_sdk_std::Context;
    /// use reglet_sdk_std::dns::{RecordType, Resolver};
    /// use reglet_sdk_std::mock::Mock;
    ///
    /// let denied = r#"{"error":{"type":"capability","code":"CAPABILITY_DENIED","message":"denied"}}"#;
    /// Mock::new().answer("dns_lookup", denied).run(|| {
    ///     let found = Resolver::new().lookup("example.com", RecordType::Txt, &Context::default());
    ///     let error = found.unwrap_err();
    ///     assert_eq!(error.to_string(), "capability: denied [CAPABILITY_DENIED]");
    ///     assert_eq!(error.details().get("hostname").text().unwrap(), "example.com");
    /// });
    /// ```
    ///
    /// # Errors
    ///
    /// What the host reports, most often of the type `network`, `timeout` or `capability`; `timeout` without asking
    /// it, if the context has ended; `internal` and code `wire_format` if its answer breaks the protocol.
    pub fn lookup(
        &self,
        name: &str,
        record_type: RecordType,
        context: &Context<'_>,
    ) -> Result<Answer, Error> {
        let mut request = Request::new(&name, record_type).timeout_ms(self.timeout.map(call::milliseconds));
        if let Some(nameserver) = &self.nameserver {
            request = request.nameserver(nameserver);
        }
        (self.ask)(&request, self.retries, context).map_err(|error| self.asked(error, name, record_type))
    }

    /// The error with what was asked.
    #[cold]
    fn asked(&self, error: Error, name: &str, record_type: RecordType) -> Error {
        let error = error.with_detail("hostname", name).with_detail("record_type", record_type.as_str());
        match &self.nameserver {
            Some(nameserver) => error.with_detail("nameserver", nameserver),
            None => error,
        }
    }

    #[cold]
    fn no_cname(&self, name: &str) -> Error {
        let error = Error::dns(name, "CNAME", &self.nameserver, "no CNAME record found").with_not_found();
        self.asked(error, name, RecordType::Cname)
    }
}

/// Asks the host once.
fn once(request: &Request<'_>, context: &Context<'_>) -> Result<Answer, Error> {
    call::guarded(context, || request.send(context)).map_err(flagged)
}

fn texts(answer: &Answer) -> Vec<String> {
    answer.records().map(|record| record.decode().into_owned()).collect()
}

fn addresses<T: FromStr>(answer: &Answer, not: &str) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    for record in answer.records() {
        let address = record.decode().parse();
        found.push(address.map_err(|_| Error::wire_format("dns_lookup", text!["record '", record, not]))?);
    }
    Ok(found)
}

/// The error with what some hosts say only in words.
#[cold]
fn flagged(mut error: Error) -> Error {
    if error.kind() != Kind::Network {
        return error;
    }
    if says(&error, b"no such host") {
        error = error.with_not_found();
    }
    if says(&error, b"i/o timeout") || says(&error, b"deadline exceeded") {
        error = error.with_timeout();
    }
    error
}

/// Whether these words are in the message. `str::contains` would bring 3 KB of algorithm.
#[inline(never)]
fn says(error: &Error, words: &[u8]) -> bool {
    error.message().as_bytes().windows(words.len()).any(|part| part == words)
}
