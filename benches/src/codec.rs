//! The JSON codecs that are compared, and the documents that they are compared on.

use codec_tasks::{Task, run};

/// A codec, natively and as a guest.
#[derive(Clone, Copy, Debug)]
pub struct Candidate {
    /// Its name in reports.
    pub name: &'static str,
    /// The guest's package.
    pub guest: &'static str,
    /// Does a task natively, as [`codec_tasks::run`] does it.
    pub run: fn(Task, &mut [u8], u32) -> u64,
}

/// The codec that the others are compared with.
pub const REFERENCE: &str = "serde_json";

/// All there are. Another one is a crate in `benches/guests` and a line here.
pub const CANDIDATES: [Candidate; 4] = [
    Candidate { name: "sdk-core", guest: "codec-core", run: run::<codec_core::Core> },
    Candidate { name: "sdk-core (serde)", guest: "codec-serde", run: run::<codec_serde::Serde> },
    Candidate { name: REFERENCE, guest: "codec-serde-json", run: run::<codec_serde_json::SerdeJson> },
    Candidate {
        name: "serde-json-core",
        guest: "codec-serde-json-core",
        run: run::<codec_serde_json_core::SerdeJsonCore>,
    },
];

/// The package of a guest without a codec.
pub const BASE: &str = "codec-base";

/// Bytes of the body of the large document.
pub const BODY_BYTES: usize = 10 << 20;

const CONFIG: &str = r#"{"hostname":"registry.example.com","port":8443,"min_days":30,"timeout_ms":5000,"labels":["tls","prod-eu-1"],"strict":true}"#;

const REPLY: &str = r#"{"connected":true,"tls":true,"address":"registry.example.com:8443","remote_addr":"192.0.2.10:8443","local_addr":"198.51.100.7:51234","response_time_ms":12,"tls_version":"TLS 1.3","tls_cipher_suite":"TLS_AES_128_GCM_SHA256","tls_cert_issuer":"CN=Example Issuing CA 3,O=Example,C=DE","tls_cert_not_after":"2027-02-20T17:02:28Z"}"#;

/// What a task is called in reports.
#[must_use]
pub fn label(task: Task) -> &'static str {
    match task {
        Task::Config => "read a configuration",
        Task::Reply => "read a host's reply",
        Task::Tree => "read a tree (typed)",
        Task::UntypedTree => "read a tree (untyped)",
        Task::Events => "read a tree (events)",
        Task::Body => "read a 10 MiB body",
        Task::Outcome => "write an outcome",
        Task::WriteTree => "write a tree",
    }
}

/// The document that a task reads; empty if it reads none.
#[must_use]
pub fn document(task: Task) -> Vec<u8> {
    match task {
        Task::Config => CONFIG.into(),
        Task::Reply => REPLY.into(),
        Task::Tree | Task::UntypedTree | Task::Events => {
            serde_json::to_vec(&codec_tasks::tree()).unwrap_or_default()
        }
        Task::Body => response(&body()),
        Task::Outcome | Task::WriteTree => Vec::new(),
    }
}

/// The bytes that are read or written.
#[must_use]
pub fn bytes(task: Task) -> usize {
    let written = match task {
        Task::Outcome => {
            serde_json::to_vec(&codec_tasks::Outcome::new(&codec_tasks::Finding::EXAMPLE)).unwrap_or_default()
        }
        Task::WriteTree => document(Task::Tree),
        _ => document(task),
    };
    written.len()
}

/// The body of the large document: bytes of every value, in no order that helps.
#[must_use]
pub fn body() -> Vec<u8> {
    let mut number = 0x2027_0220_u32;
    core::iter::repeat_with(|| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (number >> 24) as u8
    })
    .take(BODY_BYTES)
    .collect()
}

fn response(body: &[u8]) -> Vec<u8> {
    let body = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, body);
    let headers = r#""headers":{"Content-Type":["application/octet-stream"],"Server":["nginx"]}"#;
    format!(r#"{{"status_code":200,{headers},"body":"{body}","body_truncated":false}}"#).into()
}
