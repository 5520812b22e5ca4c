//! Many checks at once, of good plugins and of hostile ones.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::thread;

use reglet_bench_host::Plugin;

use super::*;

const CHECKS: usize = 10_000;
const THREADS: usize = 8;

/// A server that counts its connections, and those that the client has closed.
struct Server {
    port: u16,
    opened: Arc<AtomicU64>,
    closed: Arc<AtomicU64>,
}

fn server() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = Server { port, opened: Arc::default(), closed: Arc::default() };
    let (opened, closed) = (Arc::clone(&server.opened), Arc::clone(&server.closed));
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            opened.fetch_add(1, SeqCst);
            let closed = Arc::clone(&closed);
            thread::spawn(move || {
                let _ = client.read_to_end(&mut Vec::new());
                closed.fetch_add(1, SeqCst);
            });
        }
    });
    server
}

/// Bytes of memory that this process has, where the system tells.
fn resident() -> Option<u64> {
    let pages: u64 = fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// Guests, how often each runs in a thousand checks, and what its error has to say; nothing for those that succeed.
fn guests(port: u16) -> Vec<(usize, &'static str, Guest)> {
    let request = format!(r#"{{"host":"127.0.0.1","port":{port}}}"#);
    let outcome = good().text;
    let connecting = Guest {
        imports: TCP,
        observe: format!(
            "(drop (call $ask {})) {}",
            packed(TEXT, len(&request)),
            packed(TEXT + len(&request), len(&outcome))
        ),
        text: request + &outcome,
        ..good()
    };
    vec![
        (600, "", good()),
        (100, "", connecting),
        (100, "unreachable", Guest { observe: "unreachable".into(), ..good() }),
        (4, "the time limit", Guest { observe: "(loop $l (br $l)) unreachable".into(), ..good() }),
        (46, "call stack exhausted", Guest { more: "(func $f (call $f))", observe: "(call $f) unreachable".into(), ..good() }),
        (50, "outside of its memory", Guest { observe: packed(65_530, 100), ..good() }),
        (50, "it returned nothing", Guest { observe: "(i64.const 0)".into(), ..good() }),
        (50, "the memory limit", Guest {
            observe: "(if (i32.eq (memory.grow (i32.const 100)) (i32.const -1)) (then unreachable)) (i64.const 0)".into(),
            ..good()
        }),
    ]
}

#[test]
fn good_plugins_are_not_disturbed_by_hostile_ones() {
    let server = server();
    let host =
        Host::builder().memory_limit(4 << 20).call_timeout(Duration::from_millis(1000)).build().unwrap();
    let grants = Arc::new(Grants::default().network("127.0.0.1", &server.port.to_string()).unwrap());
    let mut plugins: Vec<(&str, Plugin)> = Vec::new();
    for (share, error, guest) in guests(server.port) {
        let plugin = host.load("p", &guest.module()).unwrap().granted(Arc::clone(&grants));
        plugins.extend((0..share).map(|_| (error, plugin.clone())));
    }
    assert_eq!(plugins.len(), 1000);
    let run = |checks: usize| {
        let next = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    while let Ok(turn) = usize::try_from(next.fetch_add(1, SeqCst))
                        && turn < checks
                    {
                        // 389 and 1000 have no common divisor, so all of them have their turns, well mixed.
                        let (expected, plugin) = &plugins[turn * 389 % plugins.len()];
                        match plugin.check(b"{}") {
                            Ok(outcome) => {
                                assert!(expected.is_empty() && outcome.status() == Status::Success)
                            }
                            Err(error) => {
                                assert!(
                                    !expected.is_empty() && error.to_string().contains(expected),
                                    "{error}"
                                );
                            }
                        }
                    }
                });
            }
        });
    };
    run(CHECKS / 10);
    let before = resident();
    run(CHECKS);
    if let (Some(before), Some(after)) = (before, resident()) {
        assert!(after < before + (32 << 20), "from {before} to {after} bytes");
    }
    let connections = u64::try_from((CHECKS + CHECKS / 10) / 10).unwrap();
    let start = std::time::Instant::now();
    while server.closed.load(SeqCst) < connections {
        assert!(start.elapsed() < Duration::from_secs(30), "connections stay open");
        thread::yield_now();
    }
    assert_eq!(server.opened.load(SeqCst), connections);
}
