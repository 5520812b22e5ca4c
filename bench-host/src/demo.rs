//! The main job: builds the examples, runs each against servers on this machine, and measures them.

use std::env;
use std::fs;
use std::path::Path;
use std::process::{self, ExitCode};

use reglet_bench_host::guests::{Built, Crate, Profile, Progress};
use reglet_bench_host::loopback::{LoopbackTls, Options};
use reglet_bench_host::measure::measure;
use reglet_bench_host::report::{self, Row};
use reglet_bench_host::{Host, Status};

use crate::cli::{self, Failure};
use crate::progress::Stderr;

/// Builds, runs and measures every example, and reports.
pub(crate) fn run() -> Result<ExitCode, Failure> {
    let examples = Crate::examples().map_err(Failure::NoWorkspace)?;
    let Some(folder) = examples.first().map(Crate::output_folder) else { return Err(Failure::NoExamples) };
    let progress = Stderr::new();
    let mut plugins = Vec::new();
    for example in &examples {
        for profile in Profile::ALL {
            plugins.push((example, example.build(profile, &progress)?));
        }
    }
    let server = LoopbackTls::start(&Options::default())?;
    let host = trusting(&server, &folder)?;
    let mut rows = Vec::new();
    for (example, built) in &plugins {
        progress.step(&format!("measuring {} ({})", built.name, built.profile.name()));
        rows.push(measured(&host, example, built, &server)?);
    }
    drop(progress);
    cli::print(&summary(&rows, examples.len(), &server))?;
    for (file, report) in [("report.json", report::json(&rows)), ("report.csv", report::csv(&rows))] {
        let path = folder.join(file);
        write(&path, &report)?;
        eprintln!("wrote {}", shown(&path));
    }
    Ok(verdict(&rows))
}

/// A host that trusts the server.
fn trusting(server: &LoopbackTls, folder: &Path) -> Result<Host, Failure> {
    let file = folder.join(format!("loopback-{}.pem", process::id()));
    write(&file, server.ca_pem())?;
    let host = Host::builder().ca_file(&file).build();
    // It has been read; if it stays, it is only in the way.
    let _ = fs::remove_file(&file);
    Ok(host?)
}

fn measured(host: &Host, example: &Crate, built: &Built, server: &LoopbackTls) -> Result<Row, Failure> {
    let path = example.folder().join("config.json");
    let config = fs::read_to_string(&path).map_err(|source| Failure::Read { path: path.clone(), source })?;
    let config = with_numbers(&config, &[("TLS_PORT", server.port())])
        .map_err(|placeholder| Failure::Placeholder { path, placeholder })?;
    Ok(Row {
        plugin: built.name.clone(),
        profile: Some(built.profile.name()),
        raw_module_bytes: Some(built.raw.bytes.len()),
        measured: measure(host, &built.name, &built.module.bytes, config.as_bytes())?,
    })
}

/// Puts numbers in the place of their names: `"${NAME}"` becomes a number, and within a longer string its
/// digits. A name that is left is the error.
fn with_numbers(config: &str, numbers: &[(&str, u16)]) -> Result<String, String> {
    let mut config = config.to_owned();
    for (name, number) in numbers {
        let (placeholder, number) = (format!("${{{name}}}"), number.to_string());
        config = config.replace(&format!("\"{placeholder}\""), &number).replace(&placeholder, &number);
    }
    match config.find("${") {
        Some(start) => {
            let end = config[start..].find('}').map_or(config.len(), |len| start + len + 1);
            Err(config[start..end].to_owned())
        }
        None => Ok(config),
    }
}

fn summary(rows: &[Row], examples: usize, server: &LoopbackTls) -> String {
    let (port, not_after) = (server.port(), server.not_after().rfc3339());
    let passed = rows.iter().filter(|row| row.measured.outcome.status() == Status::Success).count();
    let table = report::table(rows);
    let plural = if examples == 1 { "" } else { "s" };
    let outcomes: String = rows
        .chunk_by(|one, next| one.plugin == next.plugin)
        .filter_map(|profiles| profiles.first())
        .map(|row| format!("{}: {}\n", row.plugin, report::text(&row.measured.outcome)))
        .collect();
    format!(
        "{outcomes}{table}\n{passed} of {} runs of {examples} example{plural} succeeded, against a TLS server on \
         127.0.0.1:{port} whose certificate ends {not_after}\n",
        rows.len()
    )
}

/// The worst exit status, with the outcomes that are not what they should be.
fn verdict(rows: &[Row]) -> ExitCode {
    let outcomes = || rows.iter().map(|row| &row.measured.outcome);
    for row in rows.iter().filter(|row| row.measured.outcome.status() != Status::Success) {
        let profile = row.profile.unwrap_or_default();
        eprint!("{} ({profile}): {}", row.plugin, report::text(&row.measured.outcome));
    }
    let worst = [Status::Error, Status::Failure]
        .into_iter()
        .find_map(|status| outcomes().find(|outcome| outcome.status() == status));
    worst.map_or(ExitCode::SUCCESS, cli::exit_status)
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|source| Failure::Write { path: path.into(), source })
}

/// The path from here, if it is below.
fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_become_numbers_in_and_out_of_strings() {
        let config = r#"{"port": "${TLS_PORT}", "url": "https://localhost:${TLS_PORT}/"}"#;
        assert_eq!(
            with_numbers(config, &[("TLS_PORT", 8443)]).unwrap(),
            r#"{"port": 8443, "url": "https://localhost:8443/"}"#
        );
    }

    #[test]
    fn an_unknown_placeholder_is_named() {
        let numbers = [("TLS_PORT", 8443)];
        assert_eq!(with_numbers(r#"{"port": "${HTTP_PORT}"}"#, &numbers).unwrap_err(), "${HTTP_PORT}");
        assert_eq!(with_numbers(r#"{"port": "${HTTP"#, &numbers).unwrap_err(), "${HTTP");
    }
}
