//! The results for people and for programs.

use codec_tasks::Task;
use reglet_bench_host::guests::{Profile, Toolchain};
use reglet_benches::codec::{CANDIDATES, label};
use reglet_benches::page::{Cells, NOTHING, grouped};
use reglet_benches::program::versions;
use serde_json::{Value, json};

use crate::measure::{Row, Size};

/// All that was measured.
pub(crate) struct Report {
    pub(crate) toolchain: Toolchain,
    pub(crate) sizes: Vec<Size>,
    pub(crate) rows: Vec<Row>,
}

impl Report {
    /// What was measured, and with what.
    pub(crate) fn versions(&self) -> String {
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        let crates = ["wasmtime", "serde_json", "serde", "serde-json-core", "base64", "talc"];
        let crates = crates.map(|name| format!("{name} {}", locked(name))).join(", ");
        format!("{}, {crates}; {cores} shared cores", versions(&self.toolchain))
    }

    pub(crate) fn terminal(&self) -> String {
        let tables = [self.sizes(), self.times(), self.memory()].map(|cells| cells.terminal() + "\n");
        tables.concat() + &self.versions() + "\n"
    }

    /// A row for each codec.
    pub(crate) fn sizes(&self) -> Cells {
        let header = ["codec", "small, module", "small, codec", "fast, module", "fast, codec"];
        let mut rows = vec![self.size(None, "none")];
        rows.extend(CANDIDATES.iter().map(|candidate| self.size(Some(candidate.name), candidate.name)));
        Cells { header: header.map(str::to_owned).into(), rows, texts: 1 }
    }

    fn size(&self, codec: Option<&str>, name: &str) -> Vec<String> {
        let mut cells = vec![name.to_owned()];
        for profile in Profile::ALL {
            let size = self.sizes.iter().find(|size| (size.codec, size.profile) == (codec, profile));
            cells.push(size.map_or(NOTHING.into(), |size| grouped(size.module_bytes as u64)));
            cells.push(size.map_or(NOTHING.into(), |size| grouped(size.codec_bytes as u64)));
        }
        cells
    }

    /// A row for each task and codec.
    pub(crate) fn times(&self) -> Cells {
        let header = ["task", "codec", "native", "×", "small", "fuel", "×", "fast", "fuel", "×"];
        let names = CANDIDATES.iter().map(|candidate| candidate.name);
        let names: Vec<_> = names.collect();
        let rows = Task::ALL.iter().flat_map(|task| names.iter().map(|name| self.time(*task, name)));
        Cells { header: header.map(str::to_owned).into(), rows: rows.collect(), texts: 2 }
    }

    /// What memory has become after the task that needs most.
    pub(crate) fn memory(&self) -> Cells {
        let header = ["codec", "small, KiB", "fast, KiB"].map(str::to_owned).into();
        let rows = CANDIDATES.iter().map(|candidate| candidate.name).map(|codec| {
            let memory = Profile::ALL.map(|profile| {
                let is_it =
                    |row: &&Row| (row.task, row.codec, row.profile) == (Task::Body, codec, Some(profile));
                let bytes = self.rows.iter().find(is_it).and_then(|row| row.memory_bytes);
                bytes.map_or(NOTHING.into(), |bytes| grouped(bytes as u64 / 1024))
            });
            [codec.to_owned()].into_iter().chain(memory).collect()
        });
        Cells { header, rows: rows.collect(), texts: 1 }
    }

    fn time(&self, task: Task, codec: &str) -> Vec<String> {
        let mut cells = vec![label(task).to_owned(), codec.to_owned()];
        for profile in [None, Some(Profile::Small), Some(Profile::Fast)] {
            let is_it = |row: &&Row| (row.task, row.codec, row.profile) == (task, codec, profile);
            let row = self.rows.iter().find(is_it);
            cells.push(row.map_or(NOTHING.into(), shown));
            if profile.is_some() {
                let fuel = row.and_then(|row| row.fuel);
                cells.push(fuel.map_or(NOTHING.into(), grouped));
            }
            cells.push(row.map_or(NOTHING.into(), |row| format!("{:.2}", row.speed)));
        }
        cells
    }

    /// `{"versions": …, "modules": […], "results": […]}`; what is not known is `null`.
    pub(crate) fn json(&self) -> String {
        let modules = self.sizes.iter().map(|size| {
            let Size { codec, profile, module_bytes, codec_bytes } = size;
            json!({
                "codec": codec, "target": profile.name(), "module_bytes": module_bytes, "codec_bytes": codec_bytes,
            })
        });
        let results = self.rows.iter().map(|row| {
            let fields = COLUMNS.iter().map(|(key, get)| ((*key).to_owned(), get(row)));
            Value::Object(fields.collect())
        });
        let report = json!({
            "versions": self.versions(),
            "modules": modules.collect::<Vec<_>>(),
            "results": results.collect::<Vec<_>>(),
        });
        format!("{report:#}\n")
    }

    /// A line of headers, which are the keys of the JSON's results, and a line for each of these.
    pub(crate) fn csv(&self) -> String {
        let mut csv = COLUMNS.map(|(key, _)| key).join(",") + "\n";
        for row in &self.rows {
            // No text in them has a comma or a quote.
            let cell = |value: Value| match value {
                Value::Null => String::new(),
                Value::String(text) => text,
                other => other.to_string(),
            };
            csv += &(COLUMNS.map(|(_, get)| cell(get(row))).join(",") + "\n");
        }
        csv
    }
}

/// The name of a column and what stands in it.
type Column = (&'static str, fn(&Row) -> Value);

/// The columns for programs, with units in their names.
const COLUMNS: [Column; 9] = [
    ("task", |row| label(row.task).into()),
    ("codec", |row| row.codec.into()),
    ("target", |row| target(row.profile).into()),
    ("bytes", |row| row.bytes.into()),
    ("time_ns", |row| rounded(row.nanos, 10.0)),
    ("speed_ratio", |row| rounded(row.speed, 1000.0)),
    ("mb_per_s", |row| rounded(row.megabytes(), 10.0)),
    ("fuel", |row| row.fuel.into()),
    ("memory_bytes", |row| row.memory_bytes.into()),
];

fn target(profile: Option<Profile>) -> &'static str {
    profile.map_or("native", Profile::name)
}

fn rounded(number: f64, steps: f64) -> Value {
    ((number * steps).round() / steps).into()
}

impl Row {
    /// Megabytes in a second.
    fn megabytes(&self) -> f64 {
        self.bytes as f64 * 1000.0 / self.nanos
    }
}

/// The time, and for what is large the throughput.
fn shown(row: &Row) -> String {
    let time = match row.nanos {
        nanos if nanos < 10_000.0 => format!("{} ns", grouped(nanos.round() as u64)),
        nanos if nanos < 10_000_000.0 => format!("{} µs", grouped((nanos / 1e3).round() as u64)),
        nanos => format!("{:.1} ms", nanos / 1e6),
    };
    match row.bytes {
        ..10_000 => time,
        _ => format!("{time}, {} MB/s", grouped(row.megabytes().round() as u64)),
    }
}

/// The version of a package that this program was built with.
fn locked(name: &str) -> &'static str {
    let lock = include_str!("../../../../Cargo.lock");
    let packages = lock.split("[[package]]\n").filter_map(|package| package.strip_prefix("name = \""));
    let mut rest = packages.filter_map(|package| package.strip_prefix(name));
    let version = rest.find_map(|rest| rest.strip_prefix("\"\nversion = \""));
    version.and_then(|version| version.split('"').next()).unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let toolchain = Toolchain::find(".".as_ref()).unwrap();
        let size = |codec, module_bytes, codec_bytes| Size {
            codec,
            profile: Profile::Small,
            module_bytes,
            codec_bytes,
        };
        let row = Row {
            task: Task::Tree,
            codec: "sdk-core",
            profile: Some(Profile::Small),
            bytes: 100_000,
            nanos: 250_000.0,
            speed: 0.5,
            fuel: Some(1234),
            memory_bytes: Some(65_536),
        };
        Report {
            toolchain,
            sizes: vec![size(None, 4_000, 0), size(Some("sdk-core"), 16_000, 12_000)],
            rows: vec![row],
        }
    }

    #[test]
    fn a_codec_that_is_not_there_has_its_place() {
        let (sizes, times) = (report().sizes(), report().times());
        assert_eq!(sizes.rows[1], ["sdk-core", "16,000", "12,000", "–", "–"]);
        assert_eq!(sizes.rows.last().unwrap(), &["serde-json-core", "–", "–", "–", "–"]);
        let tree = times.rows.iter().find(|row| row[..2] == [label(Task::Tree), "sdk-core"]).unwrap();
        assert_eq!(tree[2..8], ["–", "–", "250 µs, 400 MB/s", "1,234", "0.50", "–"]);
        assert_eq!(times.rows.len(), Task::ALL.len() * CANDIDATES.len());
    }

    #[test]
    fn programs_get_plain_numbers() {
        assert_eq!(
            report().csv().lines().nth(1),
            Some("read a tree (typed),sdk-core,small,100000,250000.0,0.5,400.0,1234,65536")
        );
        let json: Value = serde_json::from_str(&report().json()).unwrap();
        assert_eq!(json["results"][0]["fuel"], 1234);
        assert_eq!(json["modules"][1]["codec_bytes"], 12_000);
    }

    #[test]
    fn versions_are_those_of_the_lock_file() {
        assert!(locked("serde").starts_with("1."));
        assert_eq!(locked("no-such-crate"), "?");
    }
}
