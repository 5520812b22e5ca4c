//! What becomes of a panic, on each layer of the SDK and each target: the host's log and its error have the message and
//! the place.

use core::fmt;
use std::sync::{Arc, LazyLock, Mutex};

use reglet_bench_host::guests::{Crate, Profile, Target};
use reglet_bench_host::{Error, Host, Level, LogRecord, Outcome, Source, Status};

/// What the layers say of an allocation that is refused.
const REFUSED: &str = "abi: memory allocation limit exceeded (requested: 200000000 bytes, current: ";

/// The plugin on a layer of the SDK.
struct Panics {
    name: &'static str,
    target: Target,
    module: Vec<u8>,
}

impl fmt::Debug for Panics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {}", self.name, self.target.triple())
    }
}

impl Panics {
    /// Whether `std` makes the panics.
    fn is_std(&self) -> bool {
        self.name == "std-panics"
    }
}

static PLUGINS: LazyLock<Vec<Panics>> = LazyLock::new(|| {
    let all = ["panics", "std-panics"].into_iter().flat_map(|name| Target::ALL.map(|target| (name, target)));
    let build = |(name, target)| {
        let built = Crate::find(name).unwrap().with_target(target).build(Profile::Small, &()).unwrap();
        Panics { name, target, module: built.module.bytes }
    };
    all.map(build).collect()
});

/// A log record: level, message and attributes.
type Record = (Level, String, Vec<(String, String)>);

fn run(plugin: &Panics, what: &str) -> (Result<Outcome, Error>, Vec<Record>) {
    let records = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&records);
    let log = move |record: &LogRecord<'_>| {
        assert_eq!(record.source, Source::Plugin, "{record}");
        let attrs = record.attrs.iter().map(|(key, value)| (key.to_string(), value.to_string()));
        sink.lock().unwrap().push((record.level, record.message.to_string(), attrs.collect()));
    };
    let host = Host::builder().log(log).build().unwrap();
    let config = format!(r#"{{"what":"{what}","index":7}}"#);
    let result = host.load("panics", &plugin.module).unwrap().check(config.as_bytes());
    let records = core::mem::take(&mut *records.lock().unwrap());
    (result, records)
}

/// What a check logged that failed with these words; the host's error and its outcome have them first.
#[track_caller]
fn fails(plugin: &Panics, what: &str, words: &str) -> Vec<Record> {
    let (result, records) = run(plugin, what);
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Trap { .. }), "{plugin:?}: {error}");
    let outcome = error.to_outcome();
    assert_eq!(outcome.error().get("type").text().unwrap(), "panic");
    let start = format!("plugin `panics`: _observe: {words}");
    for text in [error.to_string(), outcome.error().get("message").text().unwrap().into_owned()] {
        let trap = text.strip_prefix(&start).unwrap_or_else(|| panic!("{plugin:?}: {text}"));
        assert!(trap.ends_with("(wasm trap: wasm `unreachable` instruction executed)"), "{plugin:?}: {text}");
    }
    records
}

#[track_caller]
fn assert_place(attrs: &[(String, String)]) {
    let [(file, path), (line, number)] = attrs else { panic!("{attrs:?}") };
    assert_eq!((&**file, &**line), ("file", "line"));
    assert!(path.replace('\\', "/").ends_with("panics/src/plain.rs"), "{path}");
    assert!(number.parse::<u32>().unwrap() > 1, "{number}");
}

/// Asserts that a panic with this message is all that a check logs, and where it says that it was.
#[track_caller]
fn assert_panics(what: &str, message: &str) {
    for plugin in &*PLUGINS {
        let [(level, text, attrs)] = fails(plugin, what, message).try_into().unwrap();
        assert_eq!((level, &*text), (Level::Error, message), "{plugin:?}");
        assert_place(&attrs);
    }
}

#[test]
fn a_formatted_panic_is_reported_with_its_place() {
    assert_panics("format", "plugin panic: 7 of \"format\" is too much");
}

#[test]
fn an_index_out_of_bounds_is_reported_with_its_place() {
    assert_panics("index", "plugin panic: index out of bounds: the len is 3 but the index is 7");
}

#[test]
fn a_message_that_is_too_long_loses_its_end() {
    assert_panics("long", &format!("plugin panic: {}", "x".repeat(512)));
}

#[test]
fn an_allocation_past_the_limit_reports_the_limit() {
    for plugin in &*PLUGINS {
        // `std` ends the plugin itself, so what the SDK has is a warning.
        let (level, prefix) =
            if plugin.is_std() { (Level::Warn, "") } else { (Level::Error, "plugin panic: ") };
        let start = format!("{prefix}{REFUSED}");
        let mut records = fails(plugin, "allocate", &start);
        let (said, message, attrs) = records.remove(0);
        let rest = message.strip_prefix(&start);
        let current = rest.and_then(|rest| rest.strip_suffix(" bytes, limit: 104857600 bytes)"));
        let current: u32 = current.unwrap_or_else(|| panic!("{plugin:?}: {message}")).parse().unwrap();
        assert!((1..65_536).contains(&current), "{plugin:?}: {current}");
        assert_eq!((said, attrs), (level, vec![]), "{plugin:?}");
        let rest: Vec<_> = records.iter().map(|(level, message, _)| (*level, &**message)).collect();
        if plugin.is_std() && plugin.target == Target::Wasip1 {
            // What `std` writes to standard error.
            assert_eq!(rest[0], (Level::Warn, "memory allocation of 200000000 bytes failed"));
        } else {
            assert_eq!(rest, [], "{plugin:?}");
        }
    }
}

/// Takes the warning that the std layer logs of each refusal.
#[track_caller]
fn take_warning(plugin: &Panics, records: &mut Vec<Record>) {
    if plugin.is_std() {
        let (level, message, _) = records.remove(0);
        assert!(level == Level::Warn && message.starts_with(REFUSED), "{plugin:?}: {message}");
    }
}

#[test]
fn an_allocation_that_may_fail_does_and_the_check_goes_on() {
    for plugin in &*PLUGINS {
        let (result, mut records) = run(plugin, "try");
        let outcome = result.unwrap();
        assert_eq!((outcome.status(), &*outcome.message()), (Status::Success, "went on with 1"));
        take_warning(plugin, &mut records);
        assert_eq!(records, [], "{plugin:?}");
    }
}

#[test]
fn a_panic_after_an_allocation_that_failed_is_about_itself() {
    for plugin in &*PLUGINS {
        let expected = "plugin panic: something else";
        let mut records = fails(plugin, "later", expected);
        take_warning(plugin, &mut records);
        let [(level, message, attrs)] = records.try_into().unwrap();
        assert_eq!((level, &*message), (Level::Error, expected), "{plugin:?}");
        assert_place(&attrs);
    }
}
