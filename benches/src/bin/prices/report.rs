//! The results for people and for programs.

use reglet_bench_host::guests::{Profile, Target, Toolchain};
use reglet_bench_host::report::{Row, csv_field};
use reglet_benches::http::Measured;
use reglet_benches::page::{Cells, NOTHING, grouped};
use reglet_benches::prices::{Price, Size};
use reglet_benches::program::versions;
use serde_json::{Value, json};

/// All that was measured.
pub(crate) struct Report {
    pub(crate) toolchain: Toolchain,
    pub(crate) prices: Vec<Price>,
    pub(crate) http: Measured,
}

/// The name of the plugin without conveniences.
const NONE: &str = "none: an outcome with two data";

impl Report {
    pub(crate) fn terminal(&self) -> String {
        let tables = [self.prices(), self.http()].map(|cells| cells.terminal() + "\n");
        tables.concat() + &versions(&self.toolchain) + "\n"
    }

    /// A row for each convenience.
    pub(crate) fn prices(&self) -> Cells {
        let mut header = vec!["convenience".to_owned()];
        for target in Target::ALL {
            header.extend([target.triple().to_owned(), "costs".to_owned()]);
        }
        let rows = self.prices.iter().map(|price| {
            let mut cells = vec![name(price).to_owned()];
            for (size, more) in price.sizes.iter().zip(self.more(price)) {
                let more = more.filter(|_| price.convenience.is_some());
                let more = more.map_or_else(|| NOTHING.to_owned(), signed);
                cells.extend([grouped(size.module as u64), more]);
            }
            cells
        });
        Cells { rows: rows.collect(), header, texts: 1 }
    }

    /// What the modules have more than those of the plugin without conveniences.
    fn more(&self, price: &Price) -> [Option<i64>; 2] {
        let none = self.prices.iter().find(|price| price.convenience.is_none());
        let module = |size: Size| i64::try_from(size.module).ok();
        [0, 1].map(|at| Some(module(price.sizes[at])? - module(none?.sizes[at])?))
    }

    /// A row for each build of the check.
    pub(crate) fn http(&self) -> Cells {
        let header =
            ["plugin", "target", "built for", "module", "memory at the start, KiB", "fuel", "×", "check, ns"];
        let rows = self.rows().map(|(row, ratio)| {
            let measured = &row.measured;
            vec![
                row.plugin.clone(),
                row.target.map_or(NOTHING, Target::triple).to_owned(),
                row.profile.map_or(NOTHING, Profile::name).to_owned(),
                grouped(measured.module_bytes as u64),
                grouped(measured.memory_start_bytes as u64 / 1024),
                grouped(measured.fuel),
                format!("{ratio:.2}"),
                grouped(measured.times.check_ns.round() as u64),
            ]
        });
        Cells { rows: rows.collect(), header: header.map(str::to_owned).into(), texts: 3 }
    }

    /// The builds of both plugins, with the fuel beside that of the core layer.
    fn rows(&self) -> impl Iterator<Item = (&Row, f64)> {
        let rows = self.http.core.iter().chain(&self.http.example);
        rows.map(|row| (row, self.http.fuel_ratio(row)))
    }

    /// `{"versions": …, "prices": […], "http": […]}`.
    pub(crate) fn json(&self) -> String {
        let prices = self.price_rows().map(|fields| Value::Object(fields.map(owned).into_iter().collect()));
        let http = self.rows().map(|(row, ratio)| {
            let mut row = json!(row);
            row["fuel_ratio"] = ((ratio * 1000.0).round() / 1000.0).into();
            row
        });
        let (prices, http) = (prices.collect::<Vec<_>>(), http.collect::<Vec<_>>());
        let report = json!({"versions": versions(&self.toolchain), "prices": prices, "http": http});
        format!("{report:#}\n")
    }

    /// A line of headers, which are the keys of the JSON's prices, and a line for each convenience and target.
    pub(crate) fn csv(&self) -> String {
        let mut csv = String::new();
        for fields in self.price_rows() {
            if csv.is_empty() {
                csv += &(fields.each_ref().map(|(key, _)| *key).join(",") + "\n");
            }
            csv += &(fields.map(|(_, value)| csv_field(&value)).join(",") + "\n");
        }
        csv
    }

    fn price_rows(&self) -> impl Iterator<Item = [(&'static str, Value); 5]> {
        self.prices.iter().flat_map(|price| {
            let more = self.more(price);
            Target::ALL.into_iter().zip(price.sizes).zip(more).map(|((target, size), more)| {
                [
                    ("convenience", name(price).replace('`', "").into()),
                    ("target", target.triple().into()),
                    ("raw_module_bytes", size.raw.into()),
                    ("module_bytes", size.module.into()),
                    ("price_bytes", more.into()),
                ]
            })
        })
    }
}

fn name(price: &Price) -> &'static str {
    price.convenience.map_or(NONE, |convenience| convenience.name)
}

fn owned((key, value): (&'static str, Value)) -> (String, Value) {
    (key.to_owned(), value)
}

/// `1234` as `+1,234`.
fn signed(number: i64) -> String {
    let sign = if number < 0 { '−' } else { '+' };
    format!("{sign}{}", grouped(number.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reglet_benches::prices::CONVENIENCES;

    fn report() -> Report {
        let size = |module| Size { raw: module + 100, module };
        let price = |convenience, sizes: [usize; 2]| Price { convenience, sizes: sizes.map(size) };
        Report {
            toolchain: Toolchain::find(".".as_ref()).unwrap(),
            prices: vec![price(None, [9_000, 28_000]), price(Some(CONVENIENCES[0]), [12_345, 27_990])],
            http: Measured { optimised: true, core: Vec::new(), example: Vec::new() },
        }
    }

    #[test]
    fn a_price_is_what_a_module_has_more_than_one_without() {
        let cells = report().prices();
        assert_eq!(cells.rows[0], [NONE, "9,000", "–", "28,000", "–"]);
        assert_eq!(cells.rows[1], [CONVENIENCES[0].name, "12,345", "+3,345", "27,990", "−10"]);
        assert_eq!(cells.header.len(), cells.rows[0].len());
    }

    #[test]
    fn programs_get_a_line_for_each_target() {
        let csv = report().csv();
        let lines: Vec<_> = csv.lines().collect();
        assert_eq!(lines[0], "convenience,target,raw_module_bytes,module_bytes,price_bytes");
        assert_eq!(lines[1], "none: an outcome with two data,wasm32-unknown-unknown,9100,9000,0");
        assert_eq!(lines[4], "\"configuration, config!\",wasm32-wasip1,28090,27990,-10");
        let json: Value = serde_json::from_str(&report().json()).unwrap();
        assert_eq!(json["prices"][2]["price_bytes"], 3_345);
    }
}
