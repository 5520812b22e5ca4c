//! The table of `docs/interop.md`. Its cells are checks that run, and the page has to say what came of them.

mod go_hosts;
mod our_host;

use core::fmt::Write as _;
use core::mem::discriminant;
use std::{env, fs};

use serde_json::Value;

use crate::go_guests::guests;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/interop.md");
const BEGIN: &str = "<!-- begin table -->\n";
const END: &str = "<!-- end table -->\n";

/// The rows: what plugins ask for. Columns have their cells in this order.
const ROWS: [&str; 16] = [
    "`dns_lookup`",
    "`http_request`",
    "`http_request` with headers",
    "`tcp_connect`",
    "`tcp_connect` with TLS",
    "`smtp_connect`",
    "`smtp_connect` with STARTTLS",
    "`exec_command`",
    "`log_message`",
    "`ssrf_check`",
    "a function of the host's own",
    "an error of the host",
    "a panic",
    "time",
    "files",
    "environment",
];

/// A plugin in a host.
struct Column {
    title: &'static str,
    cells: [Cell; ROWS.len()],
}

/// What came of a check.
enum Cell {
    Works,
    /// It works for the plugins that this names.
    WorksFor(&'static str),
    /// Hosts understand the second request of `send_in_either_dialect`.
    WorksInEitherDialect,
    /// It can't work, and this is why.
    No(&'static str),
    /// It is not as it should be, and this came instead.
    Fails(String),
}

impl Cell {
    /// Works if what came has at least what is expected.
    fn of(actual: &Value, expected: &Value) -> Self {
        if includes(actual, expected) { Self::Works } else { Self::Fails(actual.to_string()) }
    }

    /// What works does so for some plugins only.
    fn only(self, which: &'static str) -> Self {
        if let Self::Works = self { Self::WorksFor(which) } else { self }
    }

    /// What came of the same check of several plugins, which should be the same.
    fn common(cells: impl IntoIterator<Item = Self>) -> Self {
        let mut cells: Vec<_> = cells.into_iter().collect();
        if let Some(at) = cells.iter().position(|cell| matches!(cell, Self::Fails(_))) {
            return cells.swap_remove(at);
        }
        let first = cells.swap_remove(0);
        let is_same = cells.iter().all(|cell| discriminant(cell) == discriminant(&first));
        if is_same { first } else { Self::Fails("it is not the same for all plugins".to_owned()) }
    }

    /// What works shows that something else can't.
    fn but(self, why: &'static str) -> Self {
        if let Self::Fails(_) = self { self } else { Self::No(why) }
    }
}

/// Whether all that is expected is there, in objects and lists that may have more.
fn includes(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            expected.iter().all(|(key, value)| actual.get(key).is_some_and(|actual| includes(actual, value)))
        }
        (Value::Array(actual), Value::Array(expected)) => {
            expected.iter().all(|value| actual.iter().any(|actual| includes(actual, value)))
        }
        _ => actual == expected,
    }
}

#[test]
fn the_page_says_what_works() {
    // Where there is no Go, that has been said.
    if guests().next().is_none() {
        return;
    }
    let columns: Vec<_> = our_host::columns().into_iter().chain(go_hosts::columns()).collect();
    for Column { title, cells } in &columns {
        for (row, cell) in ROWS.iter().zip(cells) {
            if let Cell::Fails(what) = cell {
                panic!("{row}, {title}: {what}");
            }
        }
    }
    let page = fs::read_to_string(PAGE).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has a table");
    let (_, after) = rest.split_once(END).expect("the table ends");
    let table = table(&columns);
    let expected = format!("{before}{BEGIN}\n{table}\n{END}{after}");
    if env::var_os("REGLET_BLESS").is_some() {
        fs::write(PAGE, expected).unwrap();
    } else {
        let hint = "REGLET_BLESS=1 cargo test -p reglet-bench-host --test interop page";
        assert!(page == expected, "docs/interop.md should have this table; `{hint}` puts it there:\n{table}");
    }
}

fn table(columns: &[Column]) -> String {
    let mut notes = Vec::new();
    let mut note = |why: &'static str| {
        let at = notes.iter().position(|note| *note == why).unwrap_or_else(|| {
            notes.push(why);
            notes.len() - 1
        });
        at + 1
    };
    let mut table = String::from("| |");
    for column in columns {
        write!(table, " {} |", column.title).unwrap();
    }
    table += "\n| --- |";
    table += &" --- |".repeat(columns.len());
    for (at, row) in ROWS.iter().enumerate() {
        write!(table, "\n| {row} |").unwrap();
        for column in columns {
            match &column.cells[at] {
                Cell::Works => table += " yes |",
                Cell::WorksInEitherDialect => table += " either |",
                Cell::WorksFor(which) => write!(table, " yes ({}) |", note(which)).unwrap(),
                Cell::No(why) => write!(table, " no ({}) |", note(why)).unwrap(),
                Cell::Fails(what) => unreachable!("{what}"),
            }
        }
    }
    table += "\n";
    for (at, note) in notes.iter().enumerate() {
        write!(table, "\n{}. {note}", at + 1).unwrap();
    }
    table + "\n"
}

#[test]
fn what_is_expected_must_be_there_and_more_may_be() {
    let actual = serde_json::json!({"a": [1, {"b": 2, "c": 3}], "d": null});
    for (expected, is_there) in [
        (r#"{"a": [{"b": 2}]}"#, true),
        (r#"{"a": [{"b": 3}]}"#, false),
        (r#"{"a": [2]}"#, false),
        (r#"{"d": null}"#, true),
        (r#"{"e": null}"#, false),
    ] {
        let expected = serde_json::from_str(expected).unwrap();
        assert_eq!(includes(&actual, &expected), is_there, "{expected}");
    }
}

#[test]
fn a_cell_of_several_plugins_holds_for_all_of_them() {
    let fails = || Cell::Fails("why".to_owned());
    assert!(matches!(Cell::common([Cell::Works, Cell::Works]), Cell::Works));
    assert!(matches!(Cell::common([Cell::Works, fails()]), Cell::Fails(why) if why == "why"));
    assert!(matches!(Cell::common([Cell::Works, Cell::WorksInEitherDialect]), Cell::Fails(_)));
}
