//! Budgets: what plugins may weigh and take.
//!
//! Numbers that do not depend on the machine are held to those in a file, and may leave them by 2 % either way: a
//! gain that nobody noted is the room for the next loss.

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use reglet_sdk_core::Status;
use serde::{Deserialize, Serialize};

use crate::guests::{Progress, Toolchain};
use crate::report::{self, Row, grouped};
use crate::trace::Mask;
use crate::workspace::{self, WorkspaceError};

/// Where the budgets of a workspace stand, or would: at its top, or in its folder `benches`.
#[must_use]
pub fn file(workspace: &Path) -> PathBuf {
    let [top, benches] = ["budgets.toml", "benches/budgets.toml"].map(|file| workspace.join(file));
    if benches.is_file() && !top.is_file() { benches } else { top }
}

/// What the file begins with.
const HEADER: &str = "\
# What each plugin weighs and takes, built for size and for speed: bytes, and counts per check with replayed
# answers. `reglet-bench budgets` fails when a number leaves its budget by more than 2 %, also when it is better;
# `reglet-bench budgets --accept` writes the numbers, and accepts changes.

";

/// The columns of the report that have budgets.
const GUARDED: [&str; 7] = [
    "raw_module_bytes",
    "module_bytes",
    "memory_start_bytes",
    "allocations_per_check",
    "guest_calls_per_check",
    "host_calls_per_check",
    "fuel_per_check",
];

/// Those among them that are other numbers without `wasm-opt`.
const OPTIMISED: [&str; 2] = ["module_bytes", "fuel_per_check"];

/// A difference of more than one part in so many is too much. So a budget below it allows none at all. Fuel alone
/// moves from run to run, by a tenth of a per cent: the answers that are replayed hold other times and ports.
const TOLERANCE: u64 = 50;

/// Measures the plugins of the workspace at hand, and compares them with the budgets in a file; [that](file()) of the
/// workspace unless another is named. A file that is not there has no budgets.
///
/// # Errors
///
/// The plugins can't be measured, one of them does not succeed, or the file can't be read.
pub fn compare(file: Option<&Path>, progress: &dyn Progress) -> Result<Comparison, BudgetError> {
    let measured = workspace::measure(progress)?;
    let file = file.map_or_else(|| self::file(&measured.workspace), Path::to_owned);
    let budgets = Budgets::read(&file)?;
    let toolchain = Toolchain::find(&measured.workspace).map_err(WorkspaceError::from)?;
    let measured = Budgets::of(&measured.rows, toolchain)?;
    Ok(Comparison { lines: lines(budgets.as_ref(), &measured), file, budgets, measured })
}

/// What was measured beside its budgets. As text it names those that do not hold, and what to do about them.
#[derive(Debug)]
pub struct Comparison {
    file: PathBuf,
    /// Nothing if there is no file.
    budgets: Option<Budgets>,
    measured: Budgets,
    lines: Vec<Line>,
}

impl Comparison {
    /// Whether every number is within its budget, and none lacks the other.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.lines.iter().all(Line::holds)
    }

    /// A table with a line for each number.
    #[must_use]
    pub fn table(&self) -> String {
        table(&self.lines)
    }

    /// What to know of the comparison besides its table; each on a line, and empty if there is nothing.
    #[must_use]
    pub fn notes(&self) -> String {
        let mut notes = String::new();
        if self.measured.wasm_opt.is_none() {
            notes += &format!("not compared, as wasm-opt is not there: {}\n", OPTIMISED.join(", "));
        }
        if let Some(budgets) = &self.budgets {
            let (before, now) = (budgets.made_with(), self.measured.made_with());
            if before != now {
                notes += &format!("the budgets were made with {before}, and this is {now}\n");
            }
        }
        if !self.holds() {
            notes += "to accept the change: reglet-bench budgets --accept (in the SDK: cargo run --release -p reglet-bench-host -- budgets --accept)\n";
        }
        notes
    }

    /// Makes what was measured the budgets: writes the file, and returns its path.
    ///
    /// # Errors
    ///
    /// There was no `wasm-opt`, so that numbers are missing; or the file can't be written.
    pub fn accept(&self) -> Result<&Path, BudgetError> {
        if self.measured.wasm_opt.is_none() {
            return Err(BudgetError::NoWasmOpt);
        }
        let failed = |source| BudgetError::Write { path: self.file.clone(), source };
        fs::write(&self.file, self.measured.to_toml()).map_err(failed)?;
        Ok(&self.file)
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let off: Vec<&Line> = self.lines.iter().filter(|line| !line.holds()).collect();
        writeln!(f, "{} of {} budgets do not hold", off.len(), self.lines.len())?;
        if !off.is_empty() {
            writeln!(f, "{}", table(off))?;
        }
        f.write_str(&self.notes())
    }
}

/// What stands in the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Budgets {
    rustc: String,
    wasm_opt: Option<u32>,
    /// Numbers by plugin, profile with the target if that is not the default one, and quantity.
    plugins: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>,
}

impl Budgets {
    fn read(file: &Path) -> Result<Option<Self>, BudgetError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(BudgetError::Read { path: file.into(), source }),
        };
        let parsed = toml::from_str(&text);
        parsed.map(Some).map_err(|source| BudgetError::Parse { path: file.into(), source })
    }

    fn of(rows: &[Row], toolchain: Toolchain) -> Result<Self, BudgetError> {
        let Toolchain { rustc, wasm_opt } = toolchain;
        let mut plugins: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
        for row in rows {
            // A check that ends early takes less.
            if row.measured.outcome.status() != Status::Success {
                let (plugin, outcome) =
                    (row.plugin.clone(), report::text(&row.measured.outcome, &Mask::default()));
                return Err(BudgetError::Outcome { plugin, outcome });
            }
            let is_guarded =
                |key| GUARDED.contains(&key) && (wasm_opt.is_some() || !OPTIMISED.contains(&key));
            let numbers = row.fields().filter(|(key, _)| is_guarded(*key));
            let numbers = numbers.filter_map(|(key, value)| Some((key.to_owned(), value.as_u64()?)));
            let variant = row.variant().unwrap_or_default();
            plugins.entry(row.plugin.clone()).or_default().insert(variant, numbers.collect());
        }
        Ok(Self { rustc, wasm_opt, plugins })
    }

    fn to_toml(&self) -> String {
        // Nothing in it has keys that are not text, or numbers that TOML does not have.
        HEADER.to_owned() + &toml::to_string(self).unwrap_or_default()
    }

    fn made_with(&self) -> String {
        let wasm_opt =
            self.wasm_opt.map_or("no wasm-opt".to_owned(), |version| format!("wasm-opt {version}"));
        format!("rustc {} and {wasm_opt}", self.rustc)
    }

    /// The numbers, by plugin, profile and quantity.
    fn numbers(&self) -> BTreeMap<[&str; 3], u64> {
        let mut all = BTreeMap::new();
        for (plugin, profiles) in &self.plugins {
            for (profile, numbers) in profiles {
                all.extend(numbers.iter().map(|(key, number)| ([plugin.as_str(), profile, key], *number)));
            }
        }
        all
    }
}

/// A number and its budget, at least one of which is there.
#[derive(Debug)]
struct Line {
    /// The plugin, the profile and the quantity.
    names: [String; 3],
    budget: Option<u64>,
    measured: Option<u64>,
}

fn lines(budgets: Option<&Budgets>, measured: &Budgets) -> Vec<Line> {
    let (budgets, numbers) = (budgets.map(Budgets::numbers).unwrap_or_default(), measured.numbers());
    let all: BTreeSet<_> = budgets.keys().chain(numbers.keys()).collect();
    all.into_iter()
        .filter(|[.., key]| measured.wasm_opt.is_some() || !OPTIMISED.contains(key))
        .map(|names| Line {
            names: names.map(str::to_owned),
            budget: budgets.get(names).copied(),
            measured: numbers.get(names).copied(),
        })
        .collect()
}

impl Line {
    fn holds(&self) -> bool {
        match (self.budget, self.measured) {
            (Some(budget), Some(measured)) => measured.abs_diff(budget).saturating_mul(TOLERANCE) <= budget,
            _ => false,
        }
    }

    /// How the number differs from its budget.
    fn difference(&self) -> String {
        match (self.budget, self.measured) {
            (Some(budget), Some(measured)) if budget == measured => "0 %".to_owned(),
            (Some(budget), Some(measured)) => {
                let percent = (measured as f64 / budget as f64 - 1.0) * 100.0;
                format!("{percent:+.2} %")
            }
            (None, _) => "has no budget".to_owned(),
            (_, None) => "no longer measured".to_owned(),
        }
    }
}

fn table<'a>(lines: impl IntoIterator<Item = &'a Line>) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["plugin", "profile", "quantity", "budget", "measured", "difference", ""]);
    for line in lines {
        let number = |number: Option<u64>| number.map_or_else(String::new, grouped);
        let numbers = [number(line.budget), number(line.measured), line.difference()];
        let mark = if line.holds() { "" } else { "off" };
        table.add_row(
            line.names.iter().map(String::as_str).chain(numbers.iter().map(String::as_str)).chain([mark]),
        );
    }
    for column in table.column_iter_mut().skip(3).take(3) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.trim_fmt()
}

/// Why there is nothing to compare, or why it was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// The plugins can't be measured.
    #[error(transparent)]
    Workspace(#[from] WorkspaceError),
    /// A plugin does not succeed, so what it takes means nothing.
    #[error("the plugin `{plugin}` must succeed to be compared with its budgets, and ended with {outcome}")]
    Outcome {
        /// Name of the plugin.
        plugin: String,
        /// What it found, as text.
        outcome: String,
    },
    /// The file can't be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file does not hold budgets.
    #[error("{} does not hold budgets: mend it, or delete it and have it written anew with --accept", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: toml::de::Error,
    },
    /// Budgets hold for optimised modules, too.
    #[error("budgets can be accepted only where there is wasm-opt: run `npm install -g binaryen`")]
    NoWasmOpt,
    /// The file can't be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Budgets of a plugin `a`, all in the same profile.
    fn budgets(numbers: &[(&str, u64)]) -> Budgets {
        let numbers = numbers.iter().map(|(key, number)| ((*key).to_owned(), *number)).collect();
        let profiles = BTreeMap::from([("small".to_owned(), numbers)]);
        Budgets {
            rustc: "1.95.0".into(),
            wasm_opt: Some(132),
            plugins: BTreeMap::from([("a".to_owned(), profiles)]),
        }
    }

    fn comparison(budgets: Option<Budgets>, measured: Budgets) -> Comparison {
        Comparison { file: file(Path::new("")), lines: lines(budgets.as_ref(), &measured), budgets, measured }
    }

    /// Whether a number holds, and how it differs.
    fn judged(budget: u64, measured: u64) -> (bool, String) {
        let names = ["a", "small", "fuel_per_check"].map(str::to_owned);
        let line = Line { names, budget: Some(budget), measured: Some(measured) };
        (line.holds(), line.difference())
    }

    #[test]
    fn the_file_at_the_top_goes_first_and_is_the_one_that_is_made() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name| folder.path().join(name);
        let (top, benches) = (path("budgets.toml"), path("benches/budgets.toml"));
        fs::create_dir(path("benches")).unwrap();
        assert_eq!(file(folder.path()), top);
        fs::write(&benches, "").unwrap();
        assert_eq!(file(folder.path()), benches);
        fs::write(&top, "").unwrap();
        assert_eq!(file(folder.path()), top);
    }

    #[test]
    fn two_percent_are_within_a_budget_either_way() {
        assert_eq!(judged(1000, 1000), (true, "0 %".into()));
        assert_eq!(judged(1000, 1020), (true, "+2.00 %".into()));
        assert_eq!(judged(1000, 980), (true, "-2.00 %".into()));
        assert_eq!(judged(1000, 1021), (false, "+2.10 %".into()));
        assert_eq!(judged(1000, 979), (false, "-2.10 %".into()));
    }

    #[test]
    fn small_counts_must_be_met() {
        assert_eq!(judged(7, 7), (true, "0 %".into()));
        assert_eq!(judged(7, 6), (false, "-14.29 %".into()));
        assert_eq!(judged(49, 50), (false, "+2.04 %".into()));
        assert_eq!(judged(0, 0), (true, "0 %".into()));
        assert_eq!(judged(0, 1), (false, "+inf %".into()));
    }

    #[test]
    fn a_number_without_budget_and_a_budget_without_number_do_not_hold() {
        let compared = comparison(
            Some(budgets(&[("gone", 1), ("module_bytes", 1)])),
            budgets(&[("module_bytes", 1), ("new", 2)]),
        );
        assert!(!compared.holds());
        let off: Vec<_> = compared.lines.iter().filter(|line| !line.holds()).map(Line::difference).collect();
        assert_eq!(off, ["no longer measured", "has no budget"]);
        assert!(!comparison(None, budgets(&[("module_bytes", 1)])).holds());
    }

    #[test]
    fn the_message_lists_all_that_is_off_and_says_how_to_accept_it() {
        let before =
            Budgets { rustc: "1.94.0".into(), ..budgets(&[("fuel", 1000), ("calls", 7), ("bytes", 1)]) };
        let compared = comparison(Some(before), budgets(&[("fuel", 1100), ("calls", 6), ("bytes", 1)]));
        let expected = "\
2 of 3 budgets do not hold
┌────────┬─────────┬──────────┬────────┬──────────┬────────────┬─────┐
│ plugin ┆ profile ┆ quantity ┆ budget ┆ measured ┆ difference ┆     │
╞════════╪═════════╪══════════╪════════╪══════════╪════════════╪═════╡
│ a      ┆ small   ┆ calls    ┆      7 ┆        6 ┆   -14.29 % ┆ off │
│ a      ┆ small   ┆ fuel     ┆  1,000 ┆    1,100 ┆   +10.00 % ┆ off │
└────────┴─────────┴──────────┴────────┴──────────┴────────────┴─────┘
the budgets were made with rustc 1.94.0 and wasm-opt 132, and this is rustc 1.95.0 and wasm-opt 132
to accept the change: reglet-bench budgets --accept (in the SDK: cargo run --release -p reglet-bench-host -- budgets --accept)
";
        assert_eq!(compared.to_string(), expected);
        assert_eq!(compared.table().lines().count(), 7);
    }

    #[test]
    fn without_wasm_opt_its_numbers_are_left_out_and_nothing_is_accepted() {
        let before = budgets(&[("module_bytes", 8000), ("raw_module_bytes", 9000)]);
        let measured = Budgets { wasm_opt: None, ..budgets(&[("raw_module_bytes", 9000)]) };
        let compared = comparison(Some(before), measured);
        assert!(compared.holds());
        let notes = compared.notes();
        assert!(
            notes.starts_with("not compared, as wasm-opt is not there: module_bytes, fuel_per_check\n"),
            "{notes}"
        );
        assert!(matches!(compared.accept(), Err(BudgetError::NoWasmOpt)));
    }

    #[test]
    fn the_file_is_sorted_and_reads_back() {
        let text = budgets(&[("module_bytes", 8000), ("fuel_per_check", 12)]).to_toml();
        let body = text.strip_prefix(HEADER).unwrap();
        let expected = "rustc = \"1.95.0\"\nwasm_opt = 132\n\n[plugins.a.small]\nfuel_per_check = 12\nmodule_bytes = 8000\n";
        assert_eq!(body, expected);
        assert_eq!(toml::from_str::<Budgets>(&text).unwrap().to_toml(), text);
    }

    #[test]
    fn a_file_that_does_not_hold_budgets_is_named_with_a_way_out() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for text in ["<<<<<<< HEAD", "rustc = \"1.95.0\"", "rustc = \"\"\nplugins = {}\nfuel = 1"] {
            fs::write(&file, text).unwrap();
            let message = Budgets::read(file.path()).unwrap_err().to_string();
            assert!(message.starts_with(file.path().to_str().unwrap()), "{message}");
            assert!(message.ends_with("delete it and have it written anew with --accept"), "{message}");
        }
    }
}
