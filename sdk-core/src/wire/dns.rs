//! `dns_lookup`: ask for the records of a name.
//!
//! ```
//! use reglet_sdk_core::dns::{self, RecordType};
//! use reglet_sdk_core::{Context, Error};
//!
//! fn has_address(name: &str) -> Result<bool, Error> {
//!     let answer = dns::Request::new(&name, RecordType::A).send(&Context::default())?;
//!     Ok(answer.records().next().is_some())
//! }
//! ```

use alloc::borrow::Cow;
use core::mem::MaybeUninit;

use super::{Dialect, Timing};
use crate::context::Context;
use crate::error::{Error, Kind};
use crate::json::{self, Encode, Expected, Field, Members, Str, Value, Writer};
use crate::text::Piece;

/// The types of records that every host knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordType {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// The canonical name.
    Cname,
    /// Mail exchangers.
    Mx,
    /// Texts.
    Txt,
    /// Name servers.
    Ns,
}

impl RecordType {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::A, Self::Aaaa, Self::Cname, Self::Mx, Self::Txt, Self::Ns];

    /// The type that is called so on the wire, in capitals.
    ///
    /// ```
    /// use reglet_sdk_core::dns::RecordType;
    ///
    /// assert_eq!(RecordType::from_name("MX"), Some(RecordType::Mx));
    /// assert_eq!(RecordType::from_name("SRV"), None);
    /// ```
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|record_type| record_type.as_str() == name)
    }

    /// The type on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Txt => "TXT",
            Self::Ns => "NS",
        }
    }
}

/// A lookup, as the guest asks for it.
#[derive(Clone, Copy)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'a> {
    hostname: &'a dyn Piece,
    record_type: RecordType,
    nameserver: Option<&'a dyn Piece>,
    timeout_ms: Option<u32>,
}

super::debug_as_json!(Request);

impl<'a> Request<'a> {
    /// A lookup with the host's own resolver.
    pub const fn new(hostname: &'a dyn Piece, record_type: RecordType) -> Self {
        Self { hostname, record_type, nameserver: None, timeout_ms: None }
    }

    /// Asks this server: an address, with or without a port.
    pub const fn nameserver(mut self, nameserver: &'a dyn Piece) -> Self {
        self.nameserver = Some(nameserver);
        self
    }

    /// Sets the time for all of it; `None` leaves it to the host, which takes five seconds.
    pub fn timeout_ms(mut self, timeout: impl Into<Option<u32>>) -> Self {
        self.timeout_ms = timeout.into();
        self
    }

    /// Looks it up. A name that exists, but has no such records, has an empty answer.
    ///
    /// # Errors
    ///
    /// What the host reports, most often of the type `network`, `timeout` or `capability`; one about a name that
    /// does not exist says so by [`is_not_found`](Error::is_not_found) where the host does. `internal` if its
    /// answer breaks the protocol.
    pub fn send(&self, context: &Context<'_>) -> Result<Answer, Error> {
        let mut stack = [MaybeUninit::uninit(); 512];
        let mut request = Writer::on(&mut stack);
        self.write(context, Dialect::Wire, &mut request);
        let answer = Answer::__ask(request.as_bytes(), Kind::Network.as_str())?;
        if answer.mx_records().are_sound() {
            Ok(answer)
        } else {
            Err(Error::wire_format("dns_lookup", "a record is not what it must be"))
        }
    }

    fn write(&self, context: &Context<'_>, _: Dialect, out: &mut Writer<'_>) {
        out.plain("{\"hostname\":\"");
        self.hostname.write(out);
        out.plain("\",\"type\":\"");
        out.plain(self.record_type.as_str());
        if let Some(nameserver) = self.nameserver {
            out.plain("\",\"nameserver\":\"");
            nameserver.write(out);
        }
        out.plain("\"");
        super::end(out, context, self.timeout_ms);
    }
}

/// A lookup, as a host reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// The name to look up; never empty.
    pub hostname: Cow<'a, str>,
    /// The type of the records, in the guest's spelling; empty for addresses of either kind.
    pub record_type: Cow<'a, str>,
    /// The server to ask, or an empty text.
    pub nameserver: Cow<'a, str>,
    /// What it says about time.
    pub timing: Timing<'a>,
}

impl<'a> Received<'a> {
    /// Reads a request.
    ///
    /// # Errors
    ///
    /// It is not JSON, lacks the name, or has values of the wrong kind.
    pub fn read(document: &'a [u8]) -> Result<Self, json::Error> {
        const HOSTNAME: &Field = &Field::new("hostname", &Expected::described("a host name"), true);
        let [hostname, record_type, nameserver, timeout_ms, context] =
            Value::parse(document)?.fields(&["hostname", "type", "nameserver", "timeout_ms", "context"])?;
        Ok(Self {
            hostname: super::required(hostname, HOSTNAME)?,
            record_type: super::text(record_type)?,
            nameserver: super::text(nameserver)?,
            timing: Timing::read(context, timeout_ms)?,
        })
    }

    /// The request with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Received<'static> {
        Received {
            hostname: super::owned(self.hostname),
            record_type: super::owned(self.record_type),
            nameserver: super::owned(self.nameserver),
            timing: self.timing.into_owned(),
        }
    }
}

super::answer! {
    function: DnsLookup,
    /// What a host answers.
    Response,
    /// The records that were found.
    Answer,
    fields: {
        /// Addresses, names or texts, one for each record; names end with a dot.
        records: list,
        /// Mail exchangers, those that come first at the front.
        mx_records: mail_exchangers,
    }
}

/// A mail exchanger, as a host names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mx<'a> {
    /// Its name.
    pub host: Cow<'a, str>,
    /// Its preference; smaller comes first.
    pub pref: u16,
}

impl Encode for Mx<'_> {
    fn encode(&self, out: &mut Writer<'_>) {
        out.begin_object();
        out.member("host", &self.host);
        out.member("pref", self.pref);
        out.end_object();
    }
}

/// The mail exchangers of an answer, as they stand there: name and preference, smaller ones first.
#[derive(Debug)]
pub struct MxRecords<'a>(Option<Members<'a>>);

impl<'a> MxRecords<'a> {
    pub(crate) fn of(list: Value<'a>) -> Self {
        Self(list.elements().ok())
    }

    /// Whether each is a name and a preference.
    fn are_sound(self) -> bool {
        self.0.into_iter().flatten().all(|(_, record)| mx(record).is_ok())
    }
}

impl<'a> Iterator for MxRecords<'a> {
    type Item = (Str<'a>, u16);

    fn next(&mut self) -> Option<Self::Item> {
        let (_, record) = self.0.as_mut()?.next()?;
        Some(mx(record).unwrap_or_default())
    }
}

fn mx(record: Value<'_>) -> Result<(Str<'_>, u16), json::Error> {
    const PREF: &Field = &Field::new("pref", &Expected::described("a whole number from 0 to 65535"), true);
    let [host, pref] = record.fields(&["host", "pref"])?;
    Ok((host.string()?, u16::try_from(pref.integer()?).map_err(|_| pref.not(PREF))?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock::{Calls, Mock};
    use alloc::string::{String, ToString};
    use alloc::vec::Vec;

    fn lookup(request: Request<'_>, answer: &str) -> (Result<Vec<String>, Error>, Calls) {
        Mock::new().answer("dns_lookup", answer).run(|| {
            let answer = request.send(&Context::default())?;
            let exchangers = answer.mx_records().map(|(host, pref)| alloc::format!("{pref} {host}"));
            Ok(answer.records().map(|record| record.to_string()).chain(exchangers).collect())
        })
    }

    #[test]
    fn asks_as_go_does_and_reads_records_of_both_kinds() {
        let (found, calls) =
            lookup(Request::new(&"example.com", RecordType::A), r#"{"records":["192.0.2.1","192.0.2.2"]}"#);
        assert_eq!(found.unwrap(), ["192.0.2.1", "192.0.2.2"]);
        let request = r#"{"hostname":"example.com","type":"A","context":{}}"#;
        assert_eq!(calls.requests, [("dns_lookup", String::from(request))]);

        let request = Request::new(&"example.com", RecordType::Mx).nameserver(&"8.8.8.8:53").timeout_ms(250);
        let (found, calls) =
            lookup(request, r#"{"mx_records":[{"host":"a.","pref":10},{"host":"b.","pref":20}]}"#);
        assert_eq!(found.unwrap(), ["10 a.", "20 b."]);
        let [(_, sent)] = &calls.requests[..] else { panic!("{calls:?}") };
        let received = Received::read(sent.as_bytes()).unwrap();
        assert_eq!((&*received.record_type, &*received.nameserver), ("MX", "8.8.8.8:53"));
        assert_eq!(received.timing.timeout_ms, Some(250));
    }

    #[test]
    fn takes_an_empty_answer_for_a_name_without_such_records() {
        for answer in ["{}", r#"{"records":null,"mx_records":[]}"#] {
            let (found, _) = lookup(Request::new(&"example.com", RecordType::Txt), answer);
            assert_eq!(found.unwrap(), [""; 0]);
        }
    }

    #[test]
    fn refuses_records_that_are_none() {
        for answer in [
            r#"{"records":["a",7]}"#,
            r#"{"records":"a"}"#,
            r#"{"mx_records":["a"]}"#,
            r#"{"mx_records":[{"host":"a","pref":65536}]}"#,
            r#"{"mx_records":[{"pref":1}]}"#,
        ] {
            let (found, _) = lookup(Request::new(&"example.com", RecordType::Mx), answer);
            assert_eq!(found.unwrap_err().code(), "wire_format", "{answer}");
        }
    }

    #[test]
    fn a_host_writes_what_a_guest_reads() {
        let response = Response {
            records: Vec::from([Cow::Borrowed("x")]),
            mx_records: Vec::from([Mx { host: "a.".into(), pref: 5 }]),
            error: None,
        };
        let mut out = Writer::new();
        response.encode(&mut out);
        let written = String::from_utf8(out.into_bytes()).unwrap();
        assert_eq!(written, r#"{"records":["x"],"mx_records":[{"host":"a.","pref":5}]}"#);
        assert_eq!(lookup(Request::new(&"n", RecordType::Mx), &written).0.unwrap(), ["x", "5 a."]);
    }
}
