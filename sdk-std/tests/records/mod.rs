//! What a facade logs, as hosts get it.

use std::sync::{Mutex, MutexGuard};

use reglet_sdk_std::json::Value;
use reglet_sdk_std::log::{self, Level};
use reglet_sdk_std::mock::Mock;

/// The records of what is logged, at a level that no other test sets meanwhile.
pub(crate) fn logged_at(level: Level, log: impl FnOnce()) -> Vec<String> {
    let _guard = settings();
    log::set_level(level);
    let ((), calls) = Mock::new().run(log);
    log::set_level(Level::Info);
    calls.logs
}

/// Level and location are those of the whole program.
pub(crate) fn settings() -> MutexGuard<'static, ()> {
    static SETTINGS: Mutex<()> = Mutex::new(());
    let guard = SETTINGS.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    log::install();
    guard
}

/// The only record of what is logged.
pub(crate) fn logged(log: impl FnOnce()) -> String {
    let [record] = logged_at(Level::Info, log).try_into().unwrap();
    record
}

pub(crate) fn message(record: &str) -> String {
    Value::parse(record.as_bytes()).unwrap().get("message").text().unwrap().into()
}
