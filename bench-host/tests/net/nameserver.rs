//! What tests ask of a name server.

use core::net::Ipv4Addr;
use core::ops::Deref;
use std::thread;
use std::time::Instant;

use hickory_resolver::proto::op::{Message, ResponseCode};
use hickory_resolver::proto::rr::{RData, RecordType};
pub(crate) use reglet_bench_host::loopback::Question;

use crate::PATIENCE;

/// A record of type A.
pub(crate) fn a(address: [u8; 4]) -> RData {
    RData::A(Ipv4Addr::from(address).into())
}

/// A name server that a test can wait for.
pub(crate) struct NameServer(reglet_bench_host::loopback::NameServer);

impl NameServer {
    /// Starts a server that sends what `answers` returns, which may be nothing.
    pub(crate) fn start(answers: impl Fn(&Question) -> Vec<Message> + Send + Sync + 'static) -> Self {
        Self(reglet_bench_host::loopback::NameServer::start(answers).unwrap())
    }

    /// A server that knows the name `www.example.test` alone, by this address.
    pub(crate) fn with_address(address: [u8; 4]) -> Self {
        Self::start(move |question| {
            vec![match (&*question.name, question.kind) {
                ("www.example.test", RecordType::A) => question.found([a(address)]),
                ("www.example.test", _) => question.found([]),
                _ => question.code(ResponseCode::NXDomain),
            }]
        })
    }

    /// Waits until it has been asked so many questions.
    pub(crate) fn wait_for_questions(&self, count: usize) {
        let start = Instant::now();
        while self.asked().len() < count {
            assert!(start.elapsed() < PATIENCE, "too few questions: {:?}", self.asked());
            thread::yield_now();
        }
    }
}

impl Deref for NameServer {
    type Target = reglet_bench_host::loopback::NameServer;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
