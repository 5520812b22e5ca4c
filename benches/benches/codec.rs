//! The JSON codec beside `serde_json`, natively, on what plugins read and write.

use core::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use reglet_sdk_core::json::{Value, Writer};

const CONFIG: &str = r#"{"hostname":"registry.example.com","port":8443,"min_days":30,"timeout_ms":5000,"labels":["tls","prod"],"strict":true}"#;

const REPLY: &str = r#"{"connected":true,"tls":true,"address":"registry.example.com:8443","remote_addr":"192.0.2.10:8443","local_addr":"198.51.100.7:51234","response_time_ms":12,"tls_version":"TLS 1.3","tls_cipher_suite":"TLS_AES_128_GCM_SHA256","tls_cert_issuer":"CN=Example CA,O=Example","tls_cert_not_after":"2027-02-20T17:02:28Z"}"#;

fn read(criterion: &mut Criterion) {
    for (name, document) in [("config", CONFIG), ("reply", REPLY)] {
        let mut group = criterion.benchmark_group(format!("read {name}"));
        group.throughput(Throughput::Bytes(document.len() as u64));
        group.bench_function("core, check", |bench| {
            bench.iter(|| Value::parse(black_box(document.as_bytes())).unwrap());
        });
        group.bench_function("core, check and find", |bench| {
            bench.iter(|| {
                let value = Value::parse(black_box(document.as_bytes())).unwrap();
                value.fields(&["hostname", "port", "tls_version", "tls_cert_not_after"]).unwrap()
            });
        });
        group.bench_function("serde_json, tree", |bench| {
            bench.iter(|| serde_json::from_str::<serde_json::Value>(black_box(document)).unwrap());
        });
        group.finish();
    }
}

fn write(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("write outcome");
    group.bench_function("core", |bench| {
        bench.iter(|| {
            let mut out = Writer::with_capacity(256);
            out.begin_object();
            out.member("status", "success");
            out.member("message", black_box("the certificate is valid for 89 more days"));
            out.member("days_remaining", black_box(89_i64));
            out.member("issuer", black_box("CN=Example CA,O=Example"));
            out.end_object();
            out.into_bytes()
        });
    });
    group.bench_function("serde_json", |bench| {
        bench.iter(|| {
            let outcome = serde_json::json!({
                "status": "success",
                "message": black_box("the certificate is valid for 89 more days"),
                "days_remaining": black_box(89_i64),
                "issuer": black_box("CN=Example CA,O=Example"),
            });
            serde_json::to_vec(&outcome).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, read, write);
criterion_main!(benches);
