//! The codecs that are compared do the same work.

use codec_core::Core;
use codec_serde::Serde;
use codec_serde_json::SerdeJson;
use codec_serde_json_core::SerdeJsonCore;
use codec_tasks::{Codec, Finding, Task, tree};
use reglet_benches::codec::{CANDIDATES, REFERENCE, body, bytes, document};

#[test]
fn all_codecs_read_and_write_the_same() {
    for task in Task::ALL {
        let reference = CANDIDATES.iter().find(|candidate| candidate.name == REFERENCE).unwrap();
        let expected = (reference.run)(task, &mut document(task), 1);
        assert_ne!(expected, 0, "{task:?}");
        for candidate in CANDIDATES {
            // What has no type to read any document into, or does not say what a value is.
            if [Task::UntypedTree, Task::Events].contains(&task)
                && ["serde-json-core", "sdk-core (serde)"].contains(&candidate.name)
            {
                continue;
            }
            let found = (candidate.run)(task, &mut document(task), 1);
            assert_eq!(found, expected, "{} in {task:?}", candidate.name);
        }
    }
}

#[test]
fn what_is_read_shows_in_the_sum() {
    for (task, from, to) in [
        (Task::Config, "8443", "8444"),
        (Task::Config, "prod-eu-1", "prod-eu-2"),
        (Task::Reply, "TLS 1.3", "TLS 1.2"),
        (Task::Reply, "true,\"address", "false,\"address"),
        (Task::Tree, "\"mode\":1", "\"mode\":2"),
        (Task::UntypedTree, "resolv.conf", "resolv.cong"),
        (Task::Events, "resolv.conf", "resolv.cong"),
    ] {
        let changed = String::from_utf8(document(task)).unwrap().replacen(from, to, 1);
        for candidate in CANDIDATES {
            let [before, after] = [document(task), changed.clone().into()]
                .map(|mut document| (candidate.run)(task, &mut document, 1));
            assert!(before != after || before == 0, "{} in {task:?}", candidate.name);
        }
    }
}

#[test]
fn all_codecs_write_the_same_bytes() {
    let outcome = SerdeJson::outcome(&Finding::EXAMPLE).unwrap();
    assert_eq!(Core::outcome(&Finding::EXAMPLE).unwrap(), outcome);
    assert_eq!(SerdeJsonCore::outcome(&Finding::EXAMPLE).unwrap(), outcome);
    assert_eq!(Serde::outcome(&Finding::EXAMPLE).unwrap(), outcome);
    let written = SerdeJson::write_tree(&tree()).unwrap();
    assert_eq!(written, document(Task::Tree));
    assert_eq!(Core::write_tree(&tree()).unwrap(), written);
    assert_eq!(SerdeJsonCore::write_tree(&tree()).unwrap(), written);
    assert_eq!(Serde::write_tree(&tree()).unwrap(), written);
}

#[test]
fn all_codecs_decode_the_whole_body() {
    fn is_whole<C: Codec>() -> bool {
        let whole = |status, bytes: &[u8]| status == 200 && bytes == body();
        C::body(&mut document(Task::Body), whole).unwrap_or(false)
    }
    assert!(is_whole::<Core>() && is_whole::<Serde>());
    assert!(is_whole::<SerdeJson>() && is_whole::<SerdeJsonCore>());
}

#[test]
fn the_documents_are_as_long_as_the_page_says() {
    let lengths = Task::ALL.map(|task| (task, bytes(task)));
    for (task, len) in lengths {
        let about = match task {
            Task::Config => 122..=122,
            Task::Reply => 320..=340,
            Task::Tree | Task::UntypedTree | Task::Events | Task::WriteTree => 95_000..=105_000,
            Task::Body => 13_900_000..=14_100_000,
            Task::Outcome => 280..=340,
        };
        assert!(about.contains(&len), "{task:?}: {len} bytes");
    }
}
