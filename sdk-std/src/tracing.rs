//! Events and spans of the crate `tracing`, as records of the host's log.
//!
//! An event's fields become attributes, then those of the spans that it is in, from the innermost to the outermost; of
//! fields with the same name the first one counts. The attribute `spans` has the spans' names, as `outer:inner`.

mod spans;

use core::fmt;

use reglet_sdk_core::log::{self, Level};
use tracing_core::field::{Field, Visit};
use tracing_core::span::{Attributes, Current, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, LevelFilter, Metadata, Subscriber, dispatcher};

use crate::log::record::{self, Source};

/// Makes ours the program's subscriber. If there is another one already, that stays.
pub(crate) fn install() {
    if !dispatcher::has_been_set() {
        let _ = dispatcher::set_global_default(Dispatch::new(ToHost));
    }
}

struct ToHost;

impl Subscriber for ToHost {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.enabled(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        log::enabled(level(metadata))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match () {
            () if log::enabled(Level::Trace) => LevelFilter::TRACE,
            () if log::enabled(Level::Debug) => LevelFilter::DEBUG,
            () if log::enabled(Level::Info) => LevelFilter::INFO,
            () if log::enabled(Level::Warn) => LevelFilter::WARN,
            () => LevelFilter::ERROR,
        })
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let parent = parent(attributes.is_contextual(), attributes.parent());
        spans::open(attributes.metadata(), parent, fields.all())
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        let mut fields = Fields::default();
        values.record(&mut fields);
        spans::add(span, fields.all());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let metadata = event.metadata();
        let mut fields = Fields::default();
        event.record(&mut fields);
        let Fields { message, mut fields } = fields;
        spans::flatten(&mut fields, parent(event.is_contextual(), event.parent()));
        let source = Source { target: metadata.target(), file: metadata.file(), line: metadata.line() };
        let fields = fields.iter().map(|(key, value)| (*key, value));
        record::send(level(metadata), message.as_deref().unwrap_or_default(), fields, &source);
    }

    fn enter(&self, span: &Id) {
        spans::enter(span);
    }

    fn exit(&self, span: &Id) {
        spans::exit(span);
    }

    fn clone_span(&self, span: &Id) -> Id {
        spans::share(span);
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        spans::close(&span)
    }

    fn current_span(&self) -> Current {
        spans::current().map_or_else(Current::none, |(id, metadata)| Current::new(id, metadata))
    }
}

/// The span that an event or a span is in: the one that it names, or the current one.
fn parent(is_contextual: bool, named: Option<&Id>) -> Option<Id> {
    if is_contextual { spans::current().map(|(id, _)| id) } else { named.cloned() }
}

fn level(metadata: &Metadata<'_>) -> Level {
    match *metadata.level() {
        tracing_core::Level::TRACE => Level::Trace,
        tracing_core::Level::DEBUG => Level::Debug,
        tracing_core::Level::INFO => Level::Info,
        tracing_core::Level::WARN => Level::Warn,
        tracing_core::Level::ERROR => Level::Error,
    }
}

/// The fields of an event or a span, by name.
type Named = Vec<(&'static str, record::Field)>;

#[derive(Default)]
struct Fields {
    /// That of an event stands in a field of this name.
    message: Option<String>,
    fields: Named,
}

impl Fields {
    fn add(&mut self, field: &Field, value: record::Field) {
        match value {
            record::Field::Text(_, text) if field.name() == "message" => self.message = Some(text),
            value => self.fields.push((field.name(), value)),
        }
    }

    /// Those of a span, where a message is nothing special.
    fn all(mut self) -> Named {
        self.fields.extend(self.message.map(|text| ("message", record::Field::Text("string", text))));
        self.fields
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, record::Field::F64(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, record::Field::I64(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, record::Field::U64(value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.add(field, record::Field::wide(field.name(), value < 0, value.unsigned_abs()));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.add(field, record::Field::wide(field.name(), false, value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, record::Field::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, record::Field::string(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, record::Field::shown(field.name(), format_args!("{value:?}")));
    }
}
