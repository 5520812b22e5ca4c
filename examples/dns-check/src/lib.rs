//! Checks that a name has the records that it should have.

use core::time::Duration;

use reglet_sdk_std::dns::{RecordType, Resolver};
use reglet_sdk_std::prelude::*;

config! {
    /// Which name, and what must be among its records.
    pub struct Config {
        /// The name to look up.
        #[length(1..=253)]
        hostname: String,
        /// The type of its records.
        #[one_of("A", "AAAA", "CNAME", "MX", "TXT", "NS")]
        record_type: String = "A",
        /// The server to ask, an address with or without a port; the host's own if there is none.
        nameserver: Option<String>,
        /// The record that must be there, as the host writes it: names end with a dot.
        #[length(1..)]
        expected: String,
    }
}

/// The check.
#[derive(Debug)]
pub struct DnsCheck;

impl Plugin for DnsCheck {
    const METADATA: Metadata =
        Metadata::new("dns-check", "1.0.0", "Checks that a name has the records that it should have")
            .needs(&[Capability::Network { hosts: &["*"], ports: &["53"] }]);

    type Config<'a> = Config;

    fn check(config: Config, context: &Context<'_>) -> Result<Outcome, Error> {
        let Some(record_type) = RecordType::from_name(&config.record_type) else {
            return Err(Error::config("record_type", "there is no such type"));
        };
        let mut resolver = Resolver::new().timeout(Duration::from_secs(2)).retries(2);
        if let Some(nameserver) = config.nameserver {
            resolver = resolver.nameserver(nameserver);
        }
        let answer = match resolver.lookup(&config.hostname, record_type, context) {
            Err(error) if error.is_not_found() => {
                return Ok(Outcome::failure(text![config.hostname, " does not exist"]));
            }
            answer => answer?,
        };
        let exchangers = answer.mx_records().map(|(host, _)| host);
        let records: Vec<_> = answer.records().chain(exchangers).collect();
        log::info!("name looked up", records = records.len() as u64);

        let found = records.iter().any(|record| *record == *config.expected);
        let has = if found { " has the record " } else { " lacks the record " };
        Ok(Outcome::when(found, text![config.hostname, has, config.expected]).data("records", records))
    }
}

export_plugin!(DnsCheck);
