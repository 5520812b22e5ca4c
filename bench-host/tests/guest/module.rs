//! What the module is before it runs: what it needs, what it offers, and what it carries along.

use wasmparser::{ExternalKind, Parser, Payload, TypeRef};

use crate::harness::{CONFIG, CONNECTED, Guest, MODULE};

fn payloads() -> impl Iterator<Item = Payload<'static>> {
    Parser::new(0).parse_all(&MODULE).map(Result::unwrap)
}

#[test]
fn it_starts_with_at_most_192_kib_of_memory() {
    let memories: Vec<_> = payloads()
        .filter_map(|payload| match payload {
            Payload::MemorySection(section) => Some(section.into_iter().map(Result::unwrap)),
            _ => None,
        })
        .flatten()
        .collect();
    let [memory] = &memories[..] else { panic!("{memories:?}") };
    assert!(memory.initial * 65_536 <= 192 << 10, "{} pages", memory.initial);
    assert!(!memory.shared && !memory.memory64);
}

#[test]
fn it_stays_within_192_kib_when_it_runs() {
    let mut guest = Guest::answered(CONNECTED);
    for _ in 0..10 {
        guest.check(CONFIG);
    }
    assert!(guest.memory_size() <= 192 << 10, "{} bytes", guest.memory_size());
}

#[test]
fn it_imports_what_it_calls_and_nothing_else() {
    let mut imports: Vec<_> = payloads()
        .filter_map(|payload| match payload {
            Payload::ImportSection(section) => Some(section.into_imports().map(Result::unwrap)),
            _ => None,
        })
        .flatten()
        .inspect(|import| assert!(matches!(import.ty, TypeRef::Func(_)), "{import:?}"))
        .map(|import| format!("{}.{}", import.module, import.name))
        .collect();
    imports.sort();
    assert_eq!(
        imports,
        ["reglet_host.log_message", "reglet_host.tcp_connect", "wasi_snapshot_preview1.clock_time_get"]
    );
}

#[test]
fn it_exports_the_functions_that_hosts_look_for_and_its_memory() {
    let mut exports: Vec<_> = payloads()
        .filter_map(|payload| match payload {
            Payload::ExportSection(section) => Some(section.into_iter().map(Result::unwrap)),
            _ => None,
        })
        .flatten()
        .filter(|export| matches!(export.kind, ExternalKind::Func | ExternalKind::Memory))
        .map(|export| export.name)
        .collect();
    exports.sort_unstable();
    assert_eq!(
        exports,
        [
            "_manifest",
            "_observe",
            "_schema",
            "allocate",
            "deallocate",
            "describe",
            "manifest",
            "memory",
            "observe",
            "schema"
        ]
    );
}

#[test]
fn it_has_no_start_function() {
    assert!(!payloads().any(|payload| matches!(payload, Payload::StartSection { .. })));
}

/// A host may load it twice: engines take a module's name from that section.
#[test]
fn it_has_no_name_section_and_nothing_for_debuggers() {
    let names: Vec<_> = payloads()
        .filter_map(|payload| match payload {
            Payload::CustomSection(section) => Some(section.name()),
            _ => None,
        })
        .collect();
    assert!(!names.iter().any(|name| *name == "name" || name.starts_with(".debug")), "{names:?}");
}
