//! Results for people and for programs: a table, JSON and CSV, and outcomes as text.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use reglet_sdk_core::{base64, json};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::guests::{Profile, Target, variant};
use crate::log::printable;
use crate::measure::Measurement;
use crate::outcome::Outcome;
use crate::trace::Mask;

/// A measurement, and what was measured.
#[derive(Clone, Debug)]
pub struct Row {
    /// Name of the plugin.
    pub plugin: String,
    /// What it was compiled for, if that is known.
    pub target: Option<Target>,
    /// What it was built for, if that is known.
    pub profile: Option<Profile>,
    /// Bytes of the module before it was optimised, if that is known.
    pub raw_module_bytes: Option<usize>,
    /// What was measured.
    pub measured: Measurement,
}

/// Columns that stand beside each other: with names of usual length, 120 characters.
const COLUMNS: usize = 4;

/// A column for each row of the report; tables below each other if there are many.
#[must_use]
pub fn table(rows: &[Row]) -> String {
    rows.chunks(COLUMNS).map(columns).collect::<Vec<_>>().join("\n")
}

fn columns(rows: &[Row]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    let names = rows.iter().map(|row| {
        let variant = row.variant().map(|variant| format!("\n{variant}")).unwrap_or_default();
        printable(&row.plugin) + &variant
    });
    table.set_header([String::new()].into_iter().chain(names));
    let outcomes = rows.iter().map(|row| row.measured.outcome.status().as_str().to_owned());
    table.add_row(["outcome".to_owned()].into_iter().chain(outcomes));
    for quantity in &QUANTITIES {
        let cells = rows.iter().map(|row| quantity.unit.shown(&(quantity.get)(row)));
        table.add_row([quantity.unit.label(quantity.label)].into_iter().chain(cells));
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// `{"results": […]}`, an object for each row; what is not known is `null`.
#[must_use]
pub fn json(rows: &[Row]) -> String {
    #[derive(Serialize)]
    struct Report<'a> {
        results: &'a [Row],
    }
    // Nothing in a row has keys that are not text, the one thing that could fail.
    serde_json::to_string_pretty(&Report { results: rows }).unwrap_or_default() + "\n"
}

/// A line of headers, which are the keys of the JSON, and a line for each row; what is not known is empty.
#[must_use]
pub fn csv(rows: &[Row]) -> String {
    let header = NAMES.into_iter().chain(QUANTITIES.iter().map(|quantity| quantity.key));
    let mut csv = header.collect::<Vec<_>>().join(",") + "\n";
    for row in rows {
        let fields: Vec<String> = row.fields().map(|(_, value)| csv_field(&value)).collect();
        csv += &(fields.join(",") + "\n");
    }
    csv
}

/// An outcome for people: the status with the message, then the details of an error, without secrets, and the data, each
/// on a line of its own, as are the elements of a list if it has more than one.
#[must_use]
pub fn text(outcome: &Outcome, mask: &Mask) -> String {
    let mut text = format!("{}: {}\n", outcome.status().as_str(), printable(&outcome.message()));
    let mut line =
        |name: &str, value: &str| text += &format!("  {}: {}\n", printable(name), printable(value));
    for part in ["type", "code"] {
        match outcome.error().get(part).text() {
            Ok(value) if !value.is_empty() => line(&format!("error {part}"), &value),
            _ => {}
        }
    }
    for (name, value) in outcome.error().get("details").members().into_iter().flatten() {
        let name = String::from_utf8_lossy(name);
        for value in mask.lines(&name, value.raw()) {
            line(&format!("detail {name}"), &value);
        }
    }
    if let Ok(stack) = outcome.error().get("stack").text() {
        let mut stack = stack.into_owned().into_bytes();
        let len = base64::decode(&mut stack).unwrap_or_default();
        stack.truncate(len);
        let stack = String::from_utf8_lossy(&stack);
        let frames: Vec<_> = stack.lines().collect();
        for same in frames.chunk_by(|one, next| one == next) {
            let times = if same.len() > 1 { format!(", {} times", same.len()) } else { String::new() };
            line("in", &(same[0].to_owned() + &times));
        }
    }
    for (name, value) in outcome.data().members().into_iter().flatten() {
        let name = printable(&String::from_utf8_lossy(name));
        let elements: Vec<_> = value.elements().into_iter().flatten().collect();
        if elements.len() > 1 {
            text += &format!("  {name}:\n");
            elements
                .iter()
                .take(MAX_ELEMENTS)
                .for_each(|(_, element)| text += &format!("    {}\n", shown(*element)));
            if let more @ 1.. = elements.len().saturating_sub(MAX_ELEMENTS) {
                text += &format!("    … and {more} more\n");
            }
        } else {
            text += &format!("  {name}: {}\n", shown(value));
        }
    }
    text
}

/// Elements of a list that are shown.
const MAX_ELEMENTS: usize = 100;

/// A string as its text, and anything else as JSON.
fn shown(value: json::Value<'_>) -> String {
    printable(&value.text().unwrap_or_else(|_| String::from_utf8_lossy(value.raw())))
}

/// The columns before the numbers.
const NAMES: [&str; 4] = ["plugin", "target", "profile", "status"];

impl Row {
    /// What tells it from other rows of the same plugin: the profile, and the target if that is not the default one.
    #[must_use]
    pub fn variant(&self) -> Option<String> {
        self.profile.map(|profile| variant(self.target.unwrap_or_default(), profile))
    }

    /// Its columns, by their names for programs.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, Value)> {
        let status = self.measured.outcome.status().as_str();
        let (target, profile) = (self.target.map(Target::triple), self.profile.map(Profile::name));
        let names = [self.plugin.as_str().into(), target.into(), profile.into(), status.into()];
        NAMES
            .into_iter()
            .zip(names)
            .chain(QUANTITIES.iter().map(|quantity| (quantity.key, (quantity.get)(self))))
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields())
    }
}

/// A number that is measured.
struct Quantity {
    /// Its name for programs, with the unit; always in bytes or nanoseconds.
    key: &'static str,
    label: &'static str,
    unit: Unit,
    get: fn(&Row) -> Value,
}

const QUANTITIES: [Quantity; 16] = [
    Quantity {
        key: "raw_module_bytes",
        label: "module as compiled",
        unit: Unit::Bytes,
        get: |row| row.raw_module_bytes.into(),
    },
    Quantity {
        key: "module_bytes",
        label: "module",
        unit: Unit::Bytes,
        get: |row| row.measured.module_bytes.into(),
    },
    Quantity {
        key: "memory_start_bytes",
        label: "memory at the start",
        unit: Unit::KiB,
        get: |row| row.measured.memory_start_bytes.into(),
    },
    Quantity {
        key: "memory_peak_bytes",
        label: "memory at most",
        unit: Unit::KiB,
        get: |row| row.measured.memory_peak_bytes.into(),
    },
    Quantity {
        key: "heap_live_bytes",
        label: "heap after a check",
        unit: Unit::Bytes,
        get: |row| row.measured.heap.map(|heap| heap.live_bytes).into(),
    },
    Quantity {
        key: "heap_peak_bytes",
        label: "heap at most",
        unit: Unit::Bytes,
        get: |row| row.measured.heap.map(|heap| heap.peak_bytes).into(),
    },
    Quantity {
        key: "allocations_per_check",
        label: "allocations per check",
        unit: Unit::None,
        get: |row| row.measured.heap.map(|heap| heap.allocations).into(),
    },
    Quantity {
        key: "guest_calls_per_check",
        label: "calls host to guest per check",
        unit: Unit::None,
        get: |row| row.measured.guest_calls.into(),
    },
    Quantity {
        key: "host_calls_per_check",
        label: "calls guest to host per check",
        unit: Unit::None,
        get: |row| row.measured.host_calls.into(),
    },
    Quantity {
        key: "fuel_per_check",
        label: "fuel per check",
        unit: Unit::None,
        get: |row| row.measured.fuel.into(),
    },
    Quantity {
        key: "check_ns",
        label: "check, answers replayed",
        unit: Unit::Nanos,
        get: |row| tenths(row.measured.times.check_ns),
    },
    Quantity {
        key: "echo_ns",
        label: "check of an empty module",
        unit: Unit::Nanos,
        get: |row| tenths(row.measured.times.echo_ns),
    },
    Quantity {
        key: "no_op_ns",
        label: "call of an empty function",
        unit: Unit::Nanos,
        get: |row| tenths(row.measured.times.no_op_ns),
    },
    Quantity {
        key: "instance_ns",
        label: "instance, made and dropped",
        unit: Unit::Nanos,
        get: |row| tenths(row.measured.times.instance_ns),
    },
    Quantity {
        key: "check_per_echo_ratio",
        label: "check / check of an empty module",
        unit: Unit::None,
        get: |row| tenths(row.measured.times.check_per_echo()),
    },
    Quantity {
        key: "echo_per_no_op_ratio",
        label: "check of an empty module / call of an empty function",
        unit: Unit::None,
        get: |row| tenths(row.measured.times.echo_per_no_op()),
    },
];

/// More digits would only be noise.
fn tenths(number: f64) -> Value {
    ((number * 10.0).round() / 10.0).into()
}

/// How the table shows a number.
enum Unit {
    None,
    Bytes,
    KiB,
    Nanos,
}

impl Unit {
    fn label(&self, of: &str) -> String {
        match self {
            Self::None => of.to_owned(),
            Self::Bytes => format!("{of} (bytes)"),
            Self::KiB => format!("{of} (KiB)"),
            Self::Nanos => format!("{of} (ns)"),
        }
    }

    fn shown(&self, value: &Value) -> String {
        match (self, value.as_u64(), value) {
            (Self::KiB, Some(bytes), _) => grouped(bytes / 1024),
            (_, Some(number), _) => grouped(number),
            (Self::Nanos, ..) => {
                value.as_f64().map_or_else(String::new, |nanos| grouped(nanos.round() as u64))
            }
            (_, _, Value::Null) => "–".to_owned(),
            (_, _, other) => other.to_string(),
        }
    }
}

/// `1234567` as `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A field of CSV, as RFC 4180 has it: in quotes where it needs them; `null` is empty.
#[must_use]
pub fn csv_field(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.contains([',', '"', '\n', '\r']) => {
            format!("\"{}\"", text.replace('"', "\"\""))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::{Heap, Times};
    use crate::replay::Recording;

    #[test]
    fn frames_that_are_the_same_are_told_once() {
        let stack = base64::Base64::from(&b"f\nf\nf\ng\nf\n"[..]);
        let mut json = json::Writer::new();
        json.begin_object();
        json.member("status", "error");
        json.member("message", "deep");
        json.key("error");
        json.begin_object();
        json.member("stack", stack);
        json.end_object();
        json.end_object();
        let (outcome, _) = Outcome::read(json.into_bytes()).unwrap();
        let expected = "error: deep\n  in: f, 3 times\n  in: g\n  in: f\n";
        assert_eq!(text(&outcome, &Mask::default()), expected);
    }

    fn row(plugin: &str, heap: Option<Heap>) -> Row {
        let outcome = br#"{"status":"failure","message":"no\u001b[31m","data":{"days":3,"why":"a\nb"}}"#;
        let (outcome, _) = Outcome::read(outcome.to_vec()).unwrap();
        let times = Times { check_ns: 1234.56, echo_ns: 100.0, no_op_ns: 20.0, instance_ns: 2_000_000.0 };
        let measured = Measurement {
            outcome,
            recording: Recording::default(),
            module_bytes: 8_000,
            memory_start_bytes: 131_072,
            memory_peak_bytes: 196_608,
            heap,
            guest_calls: 5,
            host_calls: 3,
            fuel: 12_345,
            times,
        };
        let (target, profile) = (Some(Target::Wasip1), Some(Profile::Small));
        Row { plugin: plugin.to_owned(), target, profile, raw_module_bytes: None, measured }
    }

    #[test]
    fn json_has_units_in_its_keys_and_null_for_what_is_unknown() {
        let heap = Heap { live_bytes: 96, peak_bytes: 2048, allocations: 7 };
        let report: Value = serde_json::from_str(&json(&[row("a", Some(heap)), row("b", None)])).unwrap();
        let expected = serde_json::json!({
            "plugin": "a", "target": "wasm32-wasip1", "profile": "small", "status": "failure",
            "raw_module_bytes": null, "module_bytes": 8000,
            "memory_start_bytes": 131_072, "memory_peak_bytes": 196_608,
            "heap_live_bytes": 96, "heap_peak_bytes": 2048, "allocations_per_check": 7,
            "guest_calls_per_check": 5, "host_calls_per_check": 3, "fuel_per_check": 12_345,
            "check_ns": 1234.6, "echo_ns": 100.0, "no_op_ns": 20.0, "instance_ns": 2_000_000.0,
            "check_per_echo_ratio": 12.3, "echo_per_no_op_ratio": 5.0,
        });
        assert_eq!(report["results"][0], expected);
        assert_eq!(report["results"][1]["heap_live_bytes"], Value::Null);
    }

    #[test]
    fn csv_has_a_header_and_quotes_what_needs_it() {
        let csv = csv(&[row("a,\"b\"", None)]);
        let expected = "plugin,target,profile,status,raw_module_bytes,module_bytes,memory_start_bytes,memory_peak_bytes,\
            heap_live_bytes,heap_peak_bytes,allocations_per_check,guest_calls_per_check,host_calls_per_check,\
            fuel_per_check,check_ns,echo_ns,no_op_ns,instance_ns,check_per_echo_ratio,echo_per_no_op_ratio\n\
            \"a,\"\"b\"\"\",wasm32-wasip1,small,failure,,8000,131072,196608,,,,5,3,12345,1234.6,100.0,20.0,2000000.0,12.3,5.0\n";
        assert_eq!(csv, expected);
    }

    #[test]
    fn the_table_groups_digits() {
        let table = table(&[row("some-check", None)]);
        for text in ["failure", "8,000", "12,345", "1,235", "2,000,000", "–", "192", "wasip1-small"] {
            assert!(table.contains(&format!(" {text} ")), "{text}\n{table}");
        }
    }

    #[test]
    fn many_columns_stand_below_each_other_in_tables_that_are_narrow_enough() {
        let rows = ["service-check", "tls-check", "file-check", "http-check", "last-check"];
        let table = table(&rows.map(|name| row(name, None)));
        assert!(table.lines().all(|line| line.chars().count() <= 120), "{table}");
        assert_eq!(table.lines().filter(|line| line.contains("fuel per check")).count(), 2, "{table}");
        assert!(rows.iter().all(|name| table.contains(name)), "{table}");
    }

    #[test]
    fn the_details_of_an_error_are_shown_without_secrets() {
        let outcome = br#"{"status":"error","message":"m","error":{"message":"m","type":"config","details":{
            "errors":[{"field":"a","message":"too short"},"b: hunter22 is no \u001b"],"attempts":3,"token":"x"}}}"#;
        let (outcome, _) = Outcome::read(outcome.to_vec()).unwrap();
        let mask = Mask::new(br#"{"password":"hunter22"}"#, "");
        assert_eq!(
            text(&outcome, &mask),
            "error: m\n  error type: config\n  detail errors: a: too short\n  detail errors: b: *** is no \\u{1b}\n  \
            detail attempts: 3\n  detail token: ***\n"
        );
    }

    #[test]
    fn each_element_of_a_list_is_on_a_line_of_its_own() {
        let data = r#"{"many":["a\nb",{"port":22,"open":[1,2]},null],"one":["a"],"none":[],"days":3}"#;
        let outcome = format!(r#"{{"status":"success","message":"m","data":{data}}}"#);
        let (outcome, _) = Outcome::read(outcome.into_bytes()).unwrap();
        assert_eq!(
            text(&outcome, &Mask::default()),
            "success: m\n  many:\n    a\\nb\n    {\"port\":22,\"open\":[1,2]}\n    null\n  one: [\"a\"]\n  none: []\n  \
            days: 3\n"
        );
    }

    #[test]
    fn an_outcome_draws_nothing_on_a_terminal() {
        let outcome = row("a", None).measured.outcome;
        assert_eq!(text(&outcome, &Mask::default()), "failure: no\\u{1b}[31m\n  days: 3\n  why: a\\nb\n");
    }
}
