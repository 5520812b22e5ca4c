//! Records of the crate `log`.

use ::log::{LevelFilter, Log, Metadata, Record};
use reglet_sdk_core::log::{self, Level};

use super::record::{self, Source};

/// Makes ours the program's logger. If there is another one already, that stays.
pub(super) fn install() {
    let _ = ::log::set_logger(&Facade);
    follow();
}

/// Has the facade's macros skip what would not be sent.
pub(super) fn follow() {
    let level =
        [Level::Trace, Level::Debug, Level::Info, Level::Warn].into_iter().find(|level| log::enabled(*level));
    ::log::set_max_level(match level {
        Some(Level::Trace) => LevelFilter::Trace,
        Some(Level::Debug) => LevelFilter::Debug,
        Some(Level::Info) => LevelFilter::Info,
        Some(Level::Warn) => LevelFilter::Warn,
        _ => LevelFilter::Error,
    });
}

struct Facade;

impl Log for Facade {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        log::enabled(level(metadata.level()))
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = level(record.level());
        let source = Source { target: record.target(), file: record.file(), line: record.line() };
        let formatted;
        let message = match record.args().as_str() {
            Some(message) => message,
            None => {
                formatted = record::format(*record.args());
                &formatted
            }
        };
        #[cfg(feature = "log-kv")]
        let fields = super::kv::fields(record);
        #[cfg(feature = "log-kv")]
        let fields = fields.iter().map(|(key, value)| (key.as_str(), value));
        #[cfg(not(feature = "log-kv"))]
        let fields = core::iter::empty();
        record::send(level, message, fields, &source);
    }

    fn flush(&self) {}
}

fn level(level: ::log::Level) -> Level {
    match level {
        ::log::Level::Trace => Level::Trace,
        ::log::Level::Debug => Level::Debug,
        ::log::Level::Info => Level::Info,
        ::log::Level::Warn => Level::Warn,
        ::log::Level::Error => Level::Error,
    }
}
