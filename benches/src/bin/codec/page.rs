//! The tables of `docs/performance.md`. The prose around them is written by hand.

use std::fs;
use std::path::Path;

use reglet_benches::page::{Cells, NOTHING, grouped, with_section};
use serde_json::Value;

use crate::report::Report;
use reglet_benches::program::Result;

/// Rewrites the page's tables. That of the plugin stays as it is if the main job has left no report.
pub(crate) fn publish(page: &Path, report: &Report, main_job: &Path) -> Result<()> {
    let mut text = fs::read_to_string(page).map_err(|error| format!("{}: {error}", page.display()))?;
    text = with_section(&text, "versions", &format!("{}.\n", report.versions()))?;
    text = with_section(&text, "sizes", &report.sizes().markdown())?;
    text = with_section(&text, "times", &report.times().markdown())?;
    text = with_section(&text, "memory", &report.memory().markdown())?;
    if let Ok(main_job) = fs::read(main_job) {
        text = with_section(&text, "plugin", &plugin(&serde_json::from_slice(&main_job)?).markdown())?;
    }
    fs::write(page, text)?;
    Ok(())
}

/// What the main job says of the examples.
fn plugin(main_job: &Value) -> Cells {
    const COLUMNS: [(&str, &str); 7] = [
        ("module", "module_bytes"),
        ("as compiled", "raw_module_bytes"),
        ("memory at the start", "memory_start_bytes"),
        ("heap at most", "heap_peak_bytes"),
        ("allocations", "allocations_per_check"),
        ("fuel", "fuel_per_check"),
        ("check, ns", "check_ns"),
    ];
    let results = main_job["results"].as_array().map_or(&[][..], Vec::as_slice);
    let rows = results.iter().map(|result| {
        let names =
            ["plugin", "target", "profile"].map(|key| result[key].as_str().unwrap_or(NOTHING).to_owned());
        let number = |key: &str| {
            result[key].as_f64().map_or(NOTHING.to_owned(), |number| grouped(number.round() as u64))
        };
        names.into_iter().chain(COLUMNS.map(|(_, key)| number(key))).collect()
    });
    let header = ["plugin", "target", "built for"].into_iter().chain(COLUMNS.map(|(label, _)| label));
    Cells { header: header.map(str::to_owned).collect(), rows: rows.collect(), texts: 3 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_all_markers() {
        let page = include_str!("../../../../docs/performance.md");
        for name in ["versions", "sizes", "times", "memory", "plugin", "prices", "http"] {
            assert!(with_section(page, name, "").is_ok(), "{name}");
        }
    }

    #[test]
    fn the_plugins_are_those_of_the_main_job() {
        let main_job = serde_json::json!({"results": [
            {"plugin": "tls-check", "target": "wasm32-wasip1", "profile": "small", "module_bytes": 16271, "check_ns": 3629.4},
        ]});
        let cells = plugin(&main_job);
        assert_eq!(
            cells.rows,
            [["tls-check", "wasm32-wasip1", "small", "16,271", "–", "–", "–", "–", "–", "3,629"]]
        );
        assert_eq!(cells.header.len(), cells.rows[0].len());
    }
}
