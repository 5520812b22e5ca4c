//! The README's first plugin: it compiles as it stands there, and does what is said of it.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use reglet_bench_host::guests::{Crate, Profile};
use reglet_bench_host::{Host, Status};
use reglet_sdk_core::grants::Grants;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn the_first_plugin_builds_runs_and_refuses_a_bad_config() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("port-check");
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/lib.rs"), block(&readme, "rust")).unwrap();
    fs::write(folder.join("Cargo.toml"), manifest(&block(&readme, "toml"))).unwrap();

    let built = Crate::find(folder.to_str().unwrap()).unwrap().build(Profile::Small, &()).unwrap();
    let plugin = Host::builder().build().unwrap().load("port-check", &built.module.bytes).unwrap();
    let plugin = plugin.granted(Grants::default().network("127.0.0.1", "*").unwrap());

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let outcome = plugin.check(format!(r#"{{"host": "127.0.0.1", "port": {port}}}"#).as_bytes()).unwrap();
    assert_eq!(outcome.status(), Status::Success, "{}", outcome.json());
    assert_eq!(outcome.message(), format!("port {port} of 127.0.0.1 answers"));

    let outcome = plugin.check(br#"{"host": "localhost", "port": 0}"#).unwrap();
    assert_eq!(outcome.status(), Status::Error);
    let unwrapped = readme.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unwrapped.contains(&format!("`{}`", outcome.message())), "{}", outcome.message());
}

/// The first code block of this language.
fn block(readme: &str, language: &str) -> String {
    let (_, rest) = readme.split_once(&format!("\n```{language}\n")).unwrap();
    rest.split_once("\n```\n").unwrap().0.to_owned() + "\n"
}

/// What `cargo new` writes, and the README's lines with the path that holds here.
fn manifest(lines: &str) -> String {
    let lines = lines.replace("../reglet/sdk-core", &format!("{ROOT}/sdk-core"));
    assert!(lines.contains(ROOT), "the README names another path: {lines}");
    format!(
        "[package]\nname = \"port-check\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n{lines}"
    )
}
