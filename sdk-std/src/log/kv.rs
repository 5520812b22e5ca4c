//! Key-values of the crate `log`, as attributes.

use ::log::Record;
use ::log::kv::{Error, Key, Value, VisitSource, VisitValue};

use super::record::Field;

/// The key-values of a record, with their types.
pub(super) fn fields<'a>(record: &'a Record<'a>) -> Vec<(Key<'a>, Field)> {
    let mut fields = Fields(Vec::new());
    // It fails only when a visitor does, and ours never do.
    let _ = record.key_values().visit(&mut fields);
    fields.0
}

struct Fields<'a>(Vec<(Key<'a>, Field)>);

impl<'a> VisitSource<'a> for Fields<'a> {
    fn visit_pair(&mut self, key: Key<'a>, value: Value<'a>) -> Result<(), Error> {
        let mut typed = Typed { key: key.as_str(), field: None };
        let _ = value.visit(&mut typed);
        let field = typed.field;
        self.0.extend(field.map(|field| (key, field)));
        Ok(())
    }
}

/// A value, with its type.
struct Typed<'a> {
    key: &'a str,
    field: Option<Field>,
}

impl Typed<'_> {
    fn set(&mut self, field: Field) -> Result<(), Error> {
        self.field = Some(field);
        Ok(())
    }
}

impl VisitValue<'_> for Typed<'_> {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        self.set(Field::shown(self.key, format_args!("{value}")))
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        self.set(Field::Text("any", String::from("<nil>")))
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.set(Field::U64(value))
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.set(Field::I64(value))
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.set(Field::F64(value))
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        self.set(Field::Bool(value))
    }

    fn visit_str(&mut self, value: &str) -> Result<(), Error> {
        self.set(Field::string(value))
    }
}
