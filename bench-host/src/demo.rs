//! The main job: builds the plugins of the workspace at hand, runs each against servers on this machine, and measures them.

use std::fs;
use std::process::ExitCode;

use reglet_bench_host::guests::Target;
use reglet_bench_host::report::{self, Row};
use reglet_bench_host::workspace::{self, Measured};
use reglet_bench_host::{Mask, Status};

use crate::cli::{self, Failure};
use crate::progress::Stderr;

/// Builds, runs and measures every plugin, and reports.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let progress = Stderr::new();
    let measured = workspace::measure(&progress)?;
    drop(progress);
    let rows = &measured.rows;
    cli::print(&summary(&measured))?;
    for (file, report) in [("report.json", report::json(rows)), ("report.csv", report::csv(rows))] {
        let path = measured.output_folder.join(file);
        fs::write(&path, &report).map_err(|source| Failure::Write { path: path.clone(), source })?;
        eprintln!("wrote {}", cli::shown(&path));
    }
    Ok(verdict(rows))
}

fn summary(Measured { rows, servers, .. }: &Measured) -> String {
    let not_after = servers.not_after().rfc3339();
    let passed = rows.iter().filter(|row| row.measured.outcome.status() == Status::Success).count();
    let table = report::table(rows);
    let plugins: Vec<&Row> = rows
        .chunk_by(|one, next| one.plugin == next.plugin)
        .filter_map(|profiles| profiles.first())
        .collect();
    let outcome =
        |row: &&Row| format!("{}: {}\n", row.plugin, report::text(&row.measured.outcome, &Mask::default()));
    let outcomes: String = plugins.iter().map(outcome).collect();
    let plugins = plugins.len();
    let plural = if plugins == 1 { "" } else { "s" };
    // Files are the only answers that are not replayed.
    let uses_files = rows.iter().any(|row| row.target == Some(Target::Wasip1));
    let note = if uses_files { "wasip1: files are read for real in each check\n" } else { "" };
    format!(
        "{outcomes}{table}\n{note}{passed} of {} runs of {plugins} plugin{plural} succeeded, against servers on this \
         machine whose certificate ends {not_after}\n",
        rows.len()
    )
}

/// The worst exit status, with the outcomes that are not what they should be.
fn verdict(rows: &[Row]) -> ExitCode {
    let outcomes = || rows.iter().map(|row| &row.measured.outcome);
    for row in rows.iter().filter(|row| row.measured.outcome.status() != Status::Success) {
        let variant = row.variant().unwrap_or_default();
        eprint!("{} ({variant}): {}", row.plugin, report::text(&row.measured.outcome, &Mask::default()));
    }
    let worst = [Status::Error, Status::Failure]
        .into_iter()
        .find_map(|status| outcomes().find(|outcome| outcome.status() == status));
    worst.map_or(ExitCode::SUCCESS, cli::exit_status)
}
