//! The results for people and for programs.

use reglet_bench_host::guests::{Profile, Toolchain};
use reglet_bench_host::report::csv_field;
use reglet_benches::page::{Cells, NOTHING, grouped};
use reglet_benches::program::versions;
use reglet_benches::rivals::Row;
use serde_json::{Value, json};

/// All that was measured.
pub(crate) struct Report {
    pub(crate) toolchain: Toolchain,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    /// A row for each SDK and profile.
    pub(crate) fn cells(&self) -> Cells {
        let header = [
            "SDK",
            "built for",
            "module",
            "as compiled",
            "memory at the start, KiB",
            "packages",
            "calls in",
            "calls out",
            "fuel",
            "check, ns",
        ];
        let rows = self.rows.iter().map(|row| {
            let cost = row.cost;
            vec![
                row.name.to_owned(),
                row.profile.map_or(NOTHING, Profile::name).to_owned(),
                grouped(row.bytes as u64),
                grouped(row.raw_bytes as u64),
                grouped(cost.memory_start as u64 / 1024),
                row.packages.map_or_else(|| NOTHING.to_owned(), |packages| packages.to_string()),
                grouped(cost.guest_calls),
                grouped(cost.host_calls),
                grouped(cost.fuel),
                grouped(row.nanos.round() as u64),
            ]
        });
        Cells { rows: rows.collect(), header: header.map(str::to_owned).into(), texts: 2 }
    }

    /// `{"versions": …, "rivals": […]}`.
    pub(crate) fn json(&self) -> String {
        let rivals: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                Value::Object(fields(row).map(|(key, value)| (key.to_owned(), value)).into_iter().collect())
            })
            .collect();
        format!("{:#}\n", json!({ "versions": versions(&self.toolchain), "rivals": rivals }))
    }

    /// A line of headers, which are the keys of the JSON, and a line for each row.
    pub(crate) fn csv(&self) -> String {
        let mut csv = String::new();
        for fields in self.rows.iter().map(fields) {
            if csv.is_empty() {
                csv += &(fields.each_ref().map(|(key, _)| *key).join(",") + "\n");
            }
            csv += &(fields.map(|(_, value)| csv_field(&value)).join(",") + "\n");
        }
        csv
    }
}

fn fields(row: &Row) -> [(&'static str, Value); 10] {
    let cost = row.cost;
    [
        ("sdk", row.name.into()),
        ("profile", row.profile.map(Profile::name).into()),
        ("module_bytes", row.bytes.into()),
        ("raw_module_bytes", row.raw_bytes.into()),
        ("memory_start_bytes", cost.memory_start.into()),
        ("packages", row.packages.into()),
        ("guest_calls_per_check", cost.guest_calls.into()),
        ("host_calls_per_check", cost.host_calls.into()),
        ("fuel_per_check", cost.fuel.into()),
        ("check_ns", ((row.nanos * 10.0).round() / 10.0).into()),
    ]
}
