//! `dns_lookup`: asks name servers for the records of a name.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use hickory_resolver::proto::rr::rdata::TXT;
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use reglet_sdk_core::dns::{Mx, Received, Response};
use reglet_sdk_core::error::{Error, Kind};

use super::net::resolver::{Family, LookupError, Resolver};
use crate::functions::{Answer, Call};
use crate::host::Failed;
use crate::log::printable;

/// The time for a lookup when nobody sets a shorter one.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The port of name servers, and the one that a looked-up name must be granted with.
const PORT: u16 = 53;

/// Answers a request to look a name up. What is found is passed on whole: it is text until somebody connects to it.
pub(crate) fn answer(call: &Call<'_>, request: &[u8]) -> Answer {
    let request = call.read(request, Received::read)?;
    let limit = call.limit(&request.timing, TIMEOUT)?;
    let kind = Wanted::parse(&request.record_type)?;
    call.grants().check_network(&request.hostname, PORT)?;
    let server = if request.nameserver.is_empty() {
        None
    } else {
        let server = nameserver(&request.nameserver).ok_or_else(|| {
            let given = printable(&request.nameserver);
            call.invalid(&format!("nameserver {given} is not an IP address, with or without a port"))
        })?;
        let host = server.ip().to_string();
        call.grants().check_network(&host, server.port())?;
        call.grants().check_address(&host, server.ip(), server.port())?;
        Some(server)
    };
    let (resolver, name) = (call.host.net.resolver.clone(), request.hostname.clone().into_owned());
    let work = async move { look_up(&resolver, &name, kind, server).await };
    let result = match call.wait(limit, work) {
        Ok(result) => result,
        Err(Failed::TimedOut) => Err(LookupError::TimedOut),
        Err(failed) => return Err(Error::internal(format!("dns_lookup: {failed}"))),
    };
    let response =
        result.map_err(|error| error.about(&request.hostname, server).with_code("LOOKUP_FAILED"))?;
    Ok(call.write(&response))
}

/// What a request asks for.
#[derive(Clone, Copy)]
enum Wanted {
    Addresses(Family),
    CanonicalName,
    Records(RecordType),
}

impl Wanted {
    fn parse(name: &str) -> Result<Self, Error> {
        Ok(match &*name.to_ascii_uppercase() {
            "" => Self::Addresses(Family::Any),
            "A" => Self::Addresses(Family::V4),
            "AAAA" => Self::Addresses(Family::V6),
            "CNAME" => Self::CanonicalName,
            "MX" => Self::Records(RecordType::MX),
            "TXT" => Self::Records(RecordType::TXT),
            "NS" => Self::Records(RecordType::NS),
            "PTR" => Self::Records(RecordType::PTR),
            "SRV" => Self::Records(RecordType::SRV),
            "CAA" => Self::Records(RecordType::CAA),
            "SOA" => Self::Records(RecordType::SOA),
            _ => {
                let message = format!("unsupported record type: {}", printable(name));
                return Err(Error::new(Kind::Validation, message).with_code("UNSUPPORTED_TYPE"));
            }
        })
    }
}

/// Reads `8.8.8.8`, `8.8.8.8:53`, `::1`, `[::1]` or `[::1]:53`. A zone can't be chosen.
fn nameserver(text: &str) -> Option<SocketAddr> {
    if text.contains('%') {
        return None;
    }
    let literal = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let server = match text.parse::<SocketAddr>() {
        Ok(server) => server,
        Err(_) => SocketAddr::new(literal.parse().ok()?, PORT),
    };
    (server.port() != 0).then(|| SocketAddr::new(server.ip().to_canonical(), server.port()))
}

async fn look_up(
    resolver: &Resolver,
    name: &str,
    wanted: Wanted,
    server: Option<SocketAddr>,
) -> Result<Response<'static>, LookupError> {
    let mut response = Response::default();
    match wanted {
        Wanted::Addresses(family) => {
            let addresses = resolver.addresses(name, family, server).await?;
            response.records = addresses.iter().map(|address| address.to_string().into()).collect();
        }
        Wanted::CanonicalName => {
            response.records.push(resolver.canonical_name(name, server).await?.into());
        }
        Wanted::Records(kind) => {
            let reverse = match name.parse::<IpAddr>() {
                Ok(address) if kind == RecordType::PTR => Some(Name::from(address).to_ascii()),
                _ => None,
            };
            let records = resolver.records(reverse.as_deref().unwrap_or(name), kind, server).await?;
            for record in records {
                match record {
                    RData::MX(mx) => response
                        .mx_records
                        .push(Mx { host: mx.exchange.to_ascii().into(), pref: mx.preference }),
                    record => response.records.push(text(&record).into()),
                }
            }
            response.mx_records.sort_by_key(|mx| mx.pref);
        }
    }
    Ok(response)
}

/// A record as zone files have it, with names in ASCII; the text of a TXT record is one piece without quotes.
fn text(record: &RData) -> String {
    match record {
        RData::TXT(TXT { txt_data, .. }) => String::from_utf8_lossy(&txt_data.concat()).into_owned(),
        RData::NS(name) => name.0.to_ascii(),
        RData::PTR(name) => name.0.to_ascii(),
        RData::SRV(srv) => format!("{} {} {} {}", srv.priority, srv.weight, srv.port, srv.target.to_ascii()),
        RData::SOA(soa) => format!(
            "{} {} {} {} {} {} {}",
            soa.mname.to_ascii(),
            soa.rname.to_ascii(),
            soa.serial,
            soa.refresh,
            soa.retry,
            soa.expire,
            soa.minimum
        ),
        record => record.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::nameserver;

    #[test]
    fn a_nameserver_is_an_address_with_or_without_a_port() {
        for (text, expected) in [
            ("8.8.8.8", "8.8.8.8:53"),
            ("8.8.8.8:5353", "8.8.8.8:5353"),
            ("::1", "[::1]:53"),
            ("[::1]", "[::1]:53"),
            ("[::1]:5353", "[::1]:5353"),
            ("::ffff:127.0.0.1", "127.0.0.1:53"),
        ] {
            assert_eq!(nameserver(text).map(|server| server.to_string()).as_deref(), Some(expected));
        }
        for text in
            ["dns.example", "8.8.8.8:0", "8.8.8.8:", ":53", "127.1", "fe80::1%eth0", "[fe80::1%1]:53", ""]
        {
            assert_eq!(nameserver(text), None, "{text}");
        }
    }
}
