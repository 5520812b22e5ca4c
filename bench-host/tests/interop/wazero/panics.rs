//! What these hosts get of a panic: their engine's words, and before that a record in the log.

use std::path::PathBuf;
use std::sync::LazyLock;

use crate::wazero::{EXECUTORS, build, interop_fails};

pub(crate) static MODULE: LazyLock<PathBuf> = LazyLock::new(|| build("panics"));

#[test]
fn a_panic_is_logged_and_ends_the_check() {
    for executor in EXECUTORS {
        let config = r#"{"what":"format","index":7}"#;
        let Some(why) = interop_fails(&MODULE, executor, config, &[]) else { return };
        assert!(
            why.contains(r#"log: ERROR plugin panic: 7 of "format" is too much [{file string "#),
            "{why}"
        );
        assert!(why.contains("wasm error: unreachable"), "{executor}: {why}");
    }
}
