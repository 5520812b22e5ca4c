//! What becomes of a panic: the host's log and its error have the message and the place.

use std::sync::{Arc, LazyLock, Mutex};

use reglet_bench_host::guests::{Crate, Profile};
use reglet_bench_host::{Error, Host, Level, LogRecord, Outcome, Source, Status};

static MODULE: LazyLock<Vec<u8>> =
    LazyLock::new(|| Crate::find("panics").unwrap().build(Profile::Small, &()).unwrap().module.bytes);

/// A log record: message and attributes.
type Record = (String, Vec<(String, String)>);

fn run(what: &str) -> (Result<Outcome, Error>, Vec<Record>) {
    let records = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&records);
    let log = move |record: &LogRecord<'_>| {
        assert_eq!((record.source, record.level), (Source::Plugin, Level::Error), "{record}");
        let attrs = record.attrs.iter().map(|(key, value)| (key.to_string(), value.to_string()));
        sink.lock().unwrap().push((record.message.to_string(), attrs.collect()));
    };
    let host = Host::builder().log(log).build().unwrap();
    let config = format!(r#"{{"what":"{what}","index":7}}"#);
    let result = host.load("panics", &MODULE).unwrap().check(config.as_bytes());
    let records = core::mem::take(&mut *records.lock().unwrap());
    (result, records)
}

/// The message of the record and its attributes; the host's error and its outcome say the same.
fn panics(what: &str) -> Record {
    let (result, records) = run(what);
    let [record]: [Record; 1] = records.try_into().unwrap();
    let error = result.unwrap_err();
    assert!(matches!(error, Error::Trap { .. }), "{error}");
    assert!(error.to_string().contains(&record.0), "{:?} is not in {error}", record.0);
    let outcome = error.to_outcome();
    assert_eq!(outcome.error().get("type").text().unwrap(), "panic");
    assert!(outcome.error().get("message").text().unwrap().contains(&record.0), "{}", outcome.json());
    record
}

#[track_caller]
fn assert_place(attrs: &[(String, String)]) {
    let [(file, path), (line, number)] = attrs else { panic!("{attrs:?}") };
    assert_eq!((&**file, &**line), ("file", "line"));
    assert!(path.replace('\\', "/").ends_with("panics/src/lib.rs"), "{path}");
    assert!(number.parse::<u32>().unwrap() > 1, "{number}");
}

#[test]
fn a_formatted_panic_is_reported_with_its_place() {
    let (message, attrs) = panics("format");
    assert_eq!(message, "plugin panic: 7 of \"format\" is too much");
    assert_place(&attrs);
}

#[test]
fn an_index_out_of_bounds_is_reported_with_its_place() {
    let (message, attrs) = panics("index");
    assert_eq!(message, "plugin panic: index out of bounds: the len is 3 but the index is 7");
    assert_place(&attrs);
}

#[test]
fn a_message_that_is_too_long_loses_its_end() {
    let (message, attrs) = panics("long");
    assert!(message.starts_with("plugin panic: xxxx"), "{message}");
    assert!((100..=1024).contains(&message.len()), "{}", message.len());
    assert_place(&attrs);
}

#[test]
fn an_allocation_past_the_limit_reports_the_limit() {
    let (message, attrs) = panics("allocate");
    let rest = message.strip_prefix(
        "plugin panic: abi: memory allocation limit exceeded (requested: 200000000 bytes, current: ",
    );
    let current = rest.and_then(|rest| rest.strip_suffix(" bytes, limit: 104857600 bytes)"));
    let current: u32 = current.unwrap_or_else(|| panic!("{message}")).parse().unwrap();
    assert!((1..65_536).contains(&current), "{current}");
    assert_eq!(attrs, []);
}

#[test]
fn an_allocation_that_may_fail_does_and_the_check_goes_on() {
    let (result, records) = run("try");
    let outcome = result.unwrap();
    assert_eq!((outcome.status(), &*outcome.message()), (Status::Success, "went on with 1"));
    assert_eq!(records, []);
}

#[test]
fn a_panic_after_an_allocation_that_failed_is_about_itself() {
    let (message, attrs) = panics("later");
    assert_eq!(message, "plugin panic: something else");
    assert_place(&attrs);
}
