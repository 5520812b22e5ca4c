//! The table of `docs/interop.md`. Its cells are checks that run, and the page has to say what came of them. Only what
//! the SDK has nothing for is not asked.

mod go_hosts;
mod our_host;

use core::fmt::Write as _;
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
                Cell::No(why) => {
                    let note = notes.iter().position(|note| note == why).unwrap_or_else(|| {
                        notes.push(*why);
                        notes.len() - 1
                    });
                    write!(table, " no ({}) |", note + 1).unwrap();
                }
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
