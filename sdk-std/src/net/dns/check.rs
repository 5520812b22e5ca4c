//! The check that names have records.

use reglet_sdk_core::error::Kind;
use reglet_sdk_core::json::Str;
use reglet_sdk_core::{Context, Error, Outcome, Timestamp, config, text};

use super::{RecordType, Resolver};

config! {
    /// A lookup as a check of its own, with the configuration, the texts and the data of the Go SDK's `RunDNSCheck`.
    ///
    /// It succeeds when the lookup does. Its data are `hostname`, `record_type`, `record_count`, `records` or
    /// `mx_records` if there are any, and `query_time_ms` if the host's clock keeps time.
    ///
    /// What differs from Go: the outcome has no `metadata`; a lookup that fails is the host's own error, with its type,
    /// code, `is_timeout` and `is_not_found`, in place of `LOOKUP_FAILED`; `A` and `AAAA` take one query, not two;
    /// `timeout_ms` counts; an unknown type is refused with the configuration.
    ///
    /// ```
    /// use reglet_sdk_std::mock::Mock;
    /// use reglet_sdk_std::{Context, Timestamp, dns};
    ///
    /// let check = dns::Check::from_json(br#"{"hostname": "example.com", "record_type": "MX"}"#).unwrap();
    /// let mock = Mock::new()
    ///     .clock(Timestamp::from_unix(1_800_000_000, 0))
    ///     .answer("dns_lookup", r#"{"mx_records":[{"host":"mail.example.com.","pref":10}]}"#);
    /// let (outcome, _) = mock.run(|| check.run(&Context::default()).unwrap().into_json());
    /// let outcome = String::from_utf8(outcome).unwrap();
    /// assert!(outcome.contains(r#""message":"DNS lookup successful for example.com (MX)""#));
    /// assert!(outcome.contains(r#""mx_records":[{"host":"mail.example.com.","pref":10}]"#));
    /// ```
    ///
    /// A plugin with a configuration of its own makes one:
    ///
    /// ```
    /// use reglet_sdk_std::{Context, Error, Outcome, dns};
    ///
    /// fn mail(domain: &str, context: &Context<'_>) -> Result<Outcome, Error> {
    ///     let check = dns::Check { hostname: domain.into(), record_type: "MX".into(), ..Default::default() };
    ///     check.run(context)
    /// }
    /// ```
    pub struct Check {
        /// The name to look up; it must be given.
        hostname: String = "",
        /// The type of its records.
        #[one_of("A", "AAAA", "CNAME", "MX", "TXT", "NS")]
        record_type: String = "A",
        /// The server to ask, an address with or without a port; the host's own if there is none.
        nameserver: String = "",
        /// Time limit in milliseconds.
        #[range(1..)]
        timeout_ms: u32 = 5000,
    }
}

/// What a configuration that says nothing comes to.
impl Default for Check {
    fn default() -> Self {
        Self { hostname: String::new(), record_type: "A".into(), nameserver: String::new(), timeout_ms: 5000 }
    }
}

impl Check {
    /// Runs the check.
    ///
    /// # Errors
    ///
    /// Without a `hostname`, of type `config` and code `MISSING_HOSTNAME`; else as for
    /// [`Resolver::lookup`]. A name without `CNAME` record is an error as well.
    pub fn run(&self, context: &Context<'_>) -> Result<Outcome, Error> {
        if self.hostname.is_empty() {
            return Err(Error::new(Kind::Config, "hostname is required").with_code("MISSING_HOSTNAME"));
        }
        let record_type = RecordType::from_name(&self.record_type).ok_or_else(|| {
            Error::config("record_type", text!["unsupported record type: ", self.record_type])
        })?;
        let mut resolver = Resolver::new().timeout(core::time::Duration::from_millis(self.timeout_ms.into()));
        if !self.nameserver.is_empty() {
            resolver = resolver.nameserver(&*self.nameserver);
        }
        let start = Timestamp::now().ok();
        let answer = resolver.lookup(&self.hostname, record_type, context)?;
        let end = Timestamp::now().ok();

        let records: Vec<Str<'_>> = answer.records().collect();
        let exchangers: Vec<_> =
            answer.mx_records().map(|(host, pref)| super::Mx { host: host.decode(), pref }).collect();
        if records.is_empty() && record_type == RecordType::Cname {
            return Err(resolver.no_cname(&self.hostname));
        }
        let count = records.len() + exchangers.len();
        let message = text!["DNS lookup successful for ", self.hostname, " (", self.record_type, ")"];
        let mut outcome = Outcome::success(message)
            .data("hostname", &self.hostname)
            .data("record_type", &self.record_type)
            .data("record_count", count as u64);
        if !records.is_empty() {
            outcome = outcome.data("records", records);
        }
        if !exchangers.is_empty() {
            outcome = outcome.data("mx_records", exchangers);
        }
        if let (Some(start), Some(end)) = (start, end) {
            let took = end.saturating_duration_since(start);
            outcome = outcome.data("query_time_ms", took.as_millis() as u64).at(start);
        }
        Ok(outcome)
    }
}
