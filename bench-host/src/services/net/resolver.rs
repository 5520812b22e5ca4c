//! Names to records. The host asks name servers itself, not through the C library, so that a lookup can be ended at
//! any moment and gives only what servers say.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts, ServerOrderingStrategy,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::{Query, ResponseCode};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use hickory_resolver::{Hosts, TokioResolver};
use reglet_sdk_core::error::{Error, Kind};

use crate::log::printable;

/// How many aliases may lead to a name.
const MAX_ALIASES: usize = 8;

/// Zones that no server is asked about under other names (RFC 6761 and RFC 7686).
const SPECIAL_ZONES: [&str; 3] = ["localhost", "invalid", "onion"];

/// The records with addresses, of either family.
const ADDRESSES: &[RecordType] = &[RecordType::A, RecordType::AAAA];

/// Looks names up as the system is set up: `/etc/hosts`, name servers, search list, `ndots`. Read once; clones share it.
///
/// Nothing is kept from one lookup to the next: a check wants to know what is there now, and one plugin's lookups are
/// no business of another's. Dropping a lookup closes what it has opened.
#[derive(Clone)]
pub(crate) struct Resolver(Arc<System>);

struct System {
    config: ResolverConfig,
    options: ResolverOpts,
    hosts: Hosts,
}

/// Which addresses are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Family {
    Any,
    V4,
    V6,
}

/// Why there are no records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LookupError {
    /// The name does not exist, has no such records, or is none.
    NoSuchHost,
    /// No server has answered in time.
    TimedOut,
    /// A server could not be asked, or its answer is of no use.
    Failed(String),
}

impl LookupError {
    /// The error in Go's words, without a code.
    pub(crate) fn about(self, name: &str, server: Option<SocketAddr>) -> Error {
        let server = server.map(|server| format!(" on {server}")).unwrap_or_default();
        let lookup = format!("lookup {}{server}", printable(name));
        match self {
            Self::NoSuchHost => Error::new(Kind::Network, format!("{lookup}: no such host")).with_not_found(),
            Self::TimedOut => Error::new(Kind::Timeout, format!("{lookup}: i/o timeout")),
            Self::Failed(reason) => Error::new(Kind::Network, format!("{lookup}: {reason}")),
        }
    }
}

impl Resolver {
    /// Asks these servers, or the system's if there are none.
    pub(crate) fn new(nameservers: &[SocketAddr]) -> Self {
        // Without configuration, every resolver tries the machine itself.
        let (mut config, mut options) = read_system_conf().unwrap_or_else(|_| {
            let servers = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()];
            let servers = servers.map(NameServerConfig::udp_and_tcp).into();
            (ResolverConfig::from_name_servers(servers), ResolverOpts::default())
        });
        if !nameservers.is_empty() {
            config.name_servers = nameservers.iter().copied().map(server_at).collect();
        }
        // Most answers then need no second question over TCP.
        options.edns0 = true;
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        options.server_ordering_strategy = ServerOrderingStrategy::UserProvidedOrder;
        Self(Arc::new(System { config, options, hosts: Hosts::from_system().unwrap_or_default() }))
    }

    /// The addresses of a name, IPv4 first; an address stands for itself. None if it has only those of the other family.
    ///
    /// `server` is asked in place of the system's, about nothing but that name, and `/etc/hosts` is left aside.
    pub(crate) async fn addresses(
        &self,
        name: &str,
        family: Family,
        server: Option<SocketAddr>,
    ) -> Result<Vec<IpAddr>, LookupError> {
        let known = name.parse().map_or_else(|_| self.known(name, server), |literal| Some(vec![literal]));
        if let Some(mut addresses) = known {
            addresses.retain(|address| match family {
                Family::Any => true,
                Family::V4 => address.is_ipv4(),
                Family::V6 => address.is_ipv6(),
            });
            return Ok(addresses);
        }
        let (kinds, others): (&[_], &[_]) = match family {
            Family::Any => (ADDRESSES, &[]),
            Family::V4 => (&[RecordType::A], &[RecordType::AAAA]),
            Family::V6 => (&[RecordType::AAAA], &[RecordType::A]),
        };
        let client = self.client(server)?;
        match self.find(&client, name, kinds, server).await {
            Err(LookupError::NoSuchHost) if !others.is_empty() => {
                self.find(&client, name, others, server).await.map(|_| Vec::new())
            }
            found => Ok(found?.1.iter().filter_map(RData::ip_addr).collect()),
        }
    }

    /// The records of a name, or of the one that it is an alias of; at least one.
    pub(crate) async fn records(
        &self,
        name: &str,
        kind: RecordType,
        server: Option<SocketAddr>,
    ) -> Result<Vec<RData>, LookupError> {
        Ok(self.find(&self.client(server)?, name, &[kind], server).await?.1)
    }

    /// The end of the chain of aliases that starts at a name, whether or not something is there. A name that is no alias
    /// stands for itself if it has addresses: as in Go, and without a dot at its end if no server was asked.
    pub(crate) async fn canonical_name(
        &self,
        name: &str,
        server: Option<SocketAddr>,
    ) -> Result<String, LookupError> {
        const CNAME: &[RecordType] = &[RecordType::CNAME];
        if self.known(name, server).is_some() {
            return Ok(name.strip_suffix('.').unwrap_or(name).into());
        }
        let client = self.client(server)?;
        let (mut name, mut found) = match self.find(&client, name, CNAME, server).await {
            Err(LookupError::NoSuchHost) => self.find(&client, name, ADDRESSES, server).await,
            found => found,
        }?;
        for _ in 0..=MAX_ALIASES {
            let target = found.iter().find_map(|record| match record {
                RData::CNAME(target) => Some(target.0.clone()),
                _ => None,
            });
            let Some(target) = target else { return Ok(name.to_ascii()) };
            name = target;
            found = match ask(&client, &name, CNAME).await {
                Err(LookupError::NoSuchHost) => return Ok(name.to_ascii()),
                found => found?,
            };
        }
        Err(LookupError::Failed(format!("more than {MAX_ALIASES} aliases follow each other")))
    }

    /// The first of the names that a name may stand for which has such records, and these.
    async fn find(
        &self,
        client: &TokioResolver,
        name: &str,
        kinds: &[RecordType],
        server: Option<SocketAddr>,
    ) -> Result<(Name, Vec<RData>), LookupError> {
        let mut failed = LookupError::NoSuchHost;
        for name in self.candidates(name, server)? {
            match ask(client, &name, kinds).await {
                Ok(records) => return Ok((name, records)),
                Err(LookupError::NoSuchHost) => {}
                // The server would not be faster about the next name.
                Err(LookupError::TimedOut) => return Err(LookupError::TimedOut),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// The full names that a name may stand for, in the order in which they are asked for.
    fn candidates(&self, name: &str, server: Option<SocketAddr>) -> Result<Vec<Name>, LookupError> {
        let mut full = Some(name)
            .filter(|name| is_host_name(name))
            .and_then(|name| Name::from_ascii(name).ok())
            .ok_or(LookupError::NoSuchHost)?;
        let is_whole = full.is_fqdn() || SPECIAL_ZONES.iter().any(|zone| is_within(name, zone));
        if is_whole || server.is_some() {
            full.set_fqdn(true);
            return Ok(vec![full]);
        }
        let ResolverConfig { search, domain, .. } = &self.0.config;
        let search = if search.is_empty() { domain.as_slice() } else { search };
        let in_domain = |domain| full.clone().append_domain(domain).ok();
        let mut names: Vec<Name> = search.iter().filter_map(in_domain).collect();
        let dots = usize::from(full.num_labels()).saturating_sub(1);
        full.set_fqdn(true);
        names.insert(if dots >= self.0.options.ndots { 0 } else { names.len() }, full);
        Ok(names)
    }

    /// The addresses of a name that no server is asked about.
    fn known(&self, name: &str, server: Option<SocketAddr>) -> Option<Vec<IpAddr>> {
        if is_within(name, "localhost") {
            return Some(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
        }
        if server.is_none() { self.in_hosts_file(name) } else { None }
    }

    fn in_hosts_file(&self, name: &str) -> Option<Vec<IpAddr>> {
        let name = Name::from_ascii(name).ok()?.to_lowercase();
        let entries = [RecordType::A, RecordType::AAAA]
            .map(|kind| self.0.hosts.lookup_static_host(&Query::query(name.clone(), kind)));
        let entries = entries.iter().flatten().flat_map(|entry| entry.answers());
        let addresses: Vec<IpAddr> = entries.filter_map(|record| record.data.ip_addr()).collect();
        (!addresses.is_empty()).then_some(addresses)
    }

    /// A client of its own for each lookup: what it opens is closed with it.
    fn client(&self, server: Option<SocketAddr>) -> Result<TokioResolver, LookupError> {
        let System { config, options, .. } = &*self.0;
        let config = match server {
            Some(server) => ResolverConfig::from_name_servers(vec![server_at(server)]),
            None => config.clone(),
        };
        TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            .with_options(options.clone())
            .build()
            .map_err(|error| LookupError::Failed(error.to_string()))
    }
}

/// The records of one or two types, at least one.
async fn ask(client: &TokioResolver, name: &Name, kinds: &[RecordType]) -> Result<Vec<RData>, LookupError> {
    match *kinds {
        [first, second] => match tokio::join!(ask_for(client, name, first), ask_for(client, name, second)) {
            (Ok(first), Ok(second)) => Ok([first, second].concat()),
            (Ok(found), Err(_)) | (Err(_), Ok(found)) => Ok(found),
            (Err(LookupError::NoSuchHost), Err(error)) | (Err(error), Err(_)) => Err(error),
        },
        [kind] => ask_for(client, name, kind).await,
        _ => Err(LookupError::NoSuchHost),
    }
}

async fn ask_for(client: &TokioResolver, name: &Name, kind: RecordType) -> Result<Vec<RData>, LookupError> {
    let misbehaving = |code: ResponseCode| {
        LookupError::Failed(format!("server misbehaving: {}", code.to_str().to_ascii_lowercase()))
    };
    match client.lookup(name.clone(), kind).await {
        Ok(lookup) => Some(of_name(name, kind, lookup.answers()))
            .filter(|records| !records.is_empty())
            .ok_or(LookupError::NoSuchHost),
        Err(NetError::Timeout) => Err(LookupError::TimedOut),
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) => match none.response_code {
            ResponseCode::NoError | ResponseCode::NXDomain => Err(LookupError::NoSuchHost),
            code => Err(misbehaving(code)),
        },
        Err(NetError::Dns(DnsError::ResponseCode(code))) => Err(misbehaving(code)),
        Err(error) => Err(LookupError::Failed(printable(&error.to_string()))),
    }
}

/// Those records that are the name's, or that of the name which it is an alias of. A server may say anything.
fn of_name(name: &Name, kind: RecordType, answers: &[Record]) -> Vec<RData> {
    let mut owner = name;
    if kind != RecordType::CNAME {
        for record in answers {
            if let RData::CNAME(target) = &record.data
                && record.name == *owner
            {
                owner = &target.0;
            }
        }
    }
    let own = answers.iter().filter(|record| record.record_type() == kind && record.name == *owner);
    own.map(|record| record.data.clone()).collect()
}

fn server_at(address: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = address.port();
        connection
    });
    NameServerConfig::new(address.ip(), true, connections.into())
}

/// Whether servers may be asked for it. Like Go, this takes no name in other letters than ASCII; and unlike the C
/// library no address in an odd form such as `127.1`, `0x7f.0.0.1` or `fe80::1%eth0`, which would get past rules that
/// know its usual form.
fn is_host_name(name: &str) -> bool {
    let labels = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_*".contains(&byte))
    };
    name == "."
        || labels.split('.').all(is_label) && !is_number(labels.rsplit('.').next().unwrap_or_default())
}

fn is_number(label: &str) -> bool {
    match label.strip_prefix("0x").or_else(|| label.strip_prefix("0X")) {
        Some(digits) => digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => label.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Whether a name is that of a zone, or within it.
fn is_within(name: &str, zone: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name).as_bytes();
    let Some((above, end)) = name.len().checked_sub(zone.len()).and_then(|at| name.split_at_checked(at))
    else {
        return false;
    };
    end.eq_ignore_ascii_case(zone.as_bytes()) && matches!(above, [] | [.., b'.'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolver(search: &[&str], ndots: usize) -> Resolver {
        let search = search.iter().map(|name| Name::from_ascii(name).unwrap()).collect();
        let mut options = ResolverOpts::default();
        options.ndots = ndots;
        let config = ResolverConfig::from_parts(None, search, Vec::new());
        Resolver(Arc::new(System { config, options, hosts: Hosts::default() }))
    }

    fn candidates(resolver: &Resolver, name: &str, server: Option<SocketAddr>) -> Vec<String> {
        let names = resolver.candidates(name, server).unwrap();
        names.iter().map(Name::to_ascii).collect()
    }

    #[test]
    fn the_search_list_comes_before_or_after_the_name_as_ndots_says() {
        let resolver = resolver(&["a.test.", "b.test."], 2);
        assert_eq!(candidates(&resolver, "db.x", None), ["db.x.a.test.", "db.x.b.test.", "db.x."]);
        assert_eq!(candidates(&resolver, "db.x.y", None), ["db.x.y.", "db.x.y.a.test.", "db.x.y.b.test."]);
    }

    #[test]
    fn whole_names_special_names_and_those_for_a_named_server_are_not_searched_for() {
        let resolver = resolver(&["a.test."], 1);
        assert_eq!(candidates(&resolver, "db.", None), ["db."]);
        assert_eq!(candidates(&resolver, "x.INVALID", None), ["x.INVALID."]);
        assert_eq!(candidates(&resolver, "db", Some((Ipv4Addr::LOCALHOST, 53).into())), ["db."]);
    }

    #[tokio::test]
    async fn the_hosts_file_comes_before_any_server() {
        let mut hosts = Hosts::default();
        hosts.read_hosts_conf(&b"192.0.2.7 Intra db # comment\n192.0.2.8 db\n"[..]).unwrap();
        let config = ResolverConfig::default();
        let resolver = Resolver(Arc::new(System { config, options: ResolverOpts::default(), hosts }));
        let addresses = async |name, family| resolver.addresses(name, family, None).await;
        let expected = ["192.0.2.7", "192.0.2.8"].map(|address| address.parse().unwrap());
        assert_eq!(addresses("DB", Family::Any).await, Ok(expected.into()));
        assert_eq!(addresses("intra.", Family::V4).await, Ok(expected[..1].into()));
        assert_eq!(addresses("intra", Family::V6).await, Ok(vec![]));
        assert_eq!(resolver.canonical_name("Intra.", None).await, Ok("Intra".into()));
        // There is no server to ask.
        assert!(addresses("other", Family::Any).await.is_err());
    }

    #[test]
    fn what_is_no_name_is_never_asked_for() {
        let long = "a".repeat(64);
        for name in [
            "",
            "..",
            ".a",
            "a..b",
            "2130706433",
            "0177.0.0.1",
            "127.1",
            "127.0.0.1.",
            "0x7f000001",
            "0X7F.1",
            "a.0x",
            "fe80::1%eth0",
            "[::1]",
            "a b",
            "a\\.b",
            "a/b",
            "a:1",
            "bücher.example",
            "a\n",
            &long,
        ] {
            let answer = resolver(&[], 1).candidates(name, None);
            assert_eq!(answer, Err(LookupError::NoSuchHost), "{name}");
        }
        for name in
            [".", "a", "_dmarc.example.com", "*.example.com", "1.0.0.127.in-addr.arpa", "3com.com", "0xg"]
        {
            assert!(resolver(&[], 1).candidates(name, None).is_ok(), "{name}");
        }
    }

    #[test]
    fn localhost_is_known_by_all_its_names_and_by_no_other() {
        for name in ["localhost", "LOCALHOST.", "a.localhost"] {
            assert!(is_within(name, "localhost"), "{name}");
        }
        for name in ["notlocalhost", "localhost.example", "localhost..", "host", "älocalhost"] {
            assert!(!is_within(name, "localhost"), "{name}");
        }
    }
}
