//! The types that are read and written, as serde takes them. Texts are borrowed where they can be.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::Sum;

/// A configuration.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Config<'a> {
    #[serde(borrow)]
    pub hostname: Cow<'a, str>,
    pub port: u16,
    pub min_days: u32,
    pub timeout_ms: u32,
    pub labels: Vec<String>,
    pub strict: bool,
}

impl Config<'_> {
    /// Of all fields.
    pub fn sum(&self) -> Sum {
        let sum = Sum::default().text(&self.hostname).number(self.port.into()).number(self.min_days.into());
        let sum = sum.number(self.timeout_ms.into()).number(self.strict.into());
        self.labels.iter().fold(sum, |sum, label| sum.text(label))
    }
}

/// What a host answers to `tcp_connect`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Reply<'a> {
    pub connected: bool,
    pub tls: bool,
    #[serde(borrow)]
    pub address: Cow<'a, str>,
    #[serde(borrow)]
    pub remote_addr: Cow<'a, str>,
    #[serde(borrow)]
    pub local_addr: Cow<'a, str>,
    pub response_time_ms: u32,
    #[serde(borrow)]
    pub tls_version: Cow<'a, str>,
    #[serde(borrow)]
    pub tls_cipher_suite: Cow<'a, str>,
    #[serde(borrow)]
    pub tls_cert_issuer: Cow<'a, str>,
    #[serde(borrow)]
    pub tls_cert_not_after: Cow<'a, str>,
}

impl Reply<'_> {
    /// Of all fields.
    pub fn sum(&self) -> Sum {
        let sum = Sum::default().number(self.connected.into()).number(self.tls.into());
        let sum = sum.text(&self.address).text(&self.remote_addr).text(&self.local_addr);
        let sum = sum.number(self.response_time_ms.into()).text(&self.tls_version);
        sum.text(&self.tls_cipher_suite).text(&self.tls_cert_issuer).text(&self.tls_cert_not_after)
    }
}

/// A file or a folder, as a listing has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Node<'a> {
    pub id: u32,
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    #[serde(borrow)]
    pub owner: Cow<'a, str>,
    pub mode: u32,
    pub size_bytes: i64,
    pub hidden: bool,
    #[serde(borrow)]
    pub children: Vec<Self>,
}

impl Node<'_> {
    /// Of all fields, and of all nodes below.
    pub fn sum(&self, sum: Sum) -> Sum {
        let sum = sum.number(self.id.into()).text(&self.name).text(&self.owner);
        let sum = sum.number(self.mode.into()).number(self.size_bytes).number(self.hidden.into());
        self.children.iter().fold(sum, |sum, child| child.sum(sum))
    }
}

/// What a host answers to `http_request`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Response<'a> {
    pub status_code: u16,
    #[serde(borrow)]
    pub body: Cow<'a, str>,
}

/// What a check has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Finding<'a> {
    pub address: &'a str,
    pub days_remaining: i64,
    pub not_after: &'a str,
    pub issuer: &'a str,
    pub tls_version: &'a str,
    pub chain_length: u32,
    pub trusted: bool,
}

impl Finding<'_> {
    /// One that is written.
    pub const EXAMPLE: Self = Self {
        address: "registry.example.com:8443",
        days_remaining: 89,
        not_after: "2027-02-20T17:02:28Z",
        issuer: "CN=Example CA,O=Example",
        tls_version: "TLS 1.3",
        chain_length: 3,
        trusted: true,
    };
}

/// The message of the outcome.
pub const MESSAGE: &str = "the certificate of registry.example.com is valid for 89 more days";

/// The time of the outcome, as the core writes it when none is given.
pub const TIMESTAMP: &str = "0001-01-01T00:00:00.000000000Z";

/// An outcome, as serde takes it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Outcome<'a> {
    timestamp: &'static str,
    status: &'static str,
    message: &'static str,
    data: &'a Finding<'a>,
}

impl<'a> Outcome<'a> {
    /// The outcome with this finding.
    #[must_use]
    pub const fn new(data: &'a Finding<'a>) -> Self {
        Self { timestamp: TIMESTAMP, status: "success", message: MESSAGE, data }
    }
}
