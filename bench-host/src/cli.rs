//! The commands, their streams and their exit statuses: results on stdout, everything else on stderr.

mod failure;
mod fault;
mod hint;
mod new;
mod unknown;

use core::sync::atomic::{AtomicUsize, Ordering};
use core::time::Duration;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use clap::{Args, Parser, Subcommand, ValueEnum};
use reglet_bench_host::conformance::Conformance;
use reglet_bench_host::guests::{Crate, Profile, Target};
use reglet_bench_host::manifest::{self, Manifest};
use reglet_bench_host::report::{self, Row};
use reglet_bench_host::{Builder, Error, Functions, Host, Mask, Outcome, Plugin, Status, budgets, measure};
use reglet_sdk_core::grants::Grants;
use serde::de::IgnoredAny;

use crate::demo;
use crate::progress::Stderr;

pub(crate) use failure::Failure;

/// The plugin could not be loaded or run at all.
const NOT_RUN: u8 = 3;

/// The time for each check of a plugin that is examined.
const PROBE: Duration = Duration::from_secs(5);

/// Runs the command that the arguments name.
pub(crate) fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // When nobody reads what is printed, there is nobody to tell.
            let _ = error.print();
            return if error.use_stderr() { NOT_RUN.into() } else { ExitCode::SUCCESS };
        }
    };
    let result = match arguments.command {
        None => demo::run(),
        Some(command) => command.run(),
    };
    result.unwrap_or_else(|failure| {
        eprint!("{}", hint::add_to_first_line(&format!("reglet-bench: {failure}")));
        failure.exit_status()
    })
}

/// Runs and measures Reglet plugins.
///
/// Without a command, it builds the plugins of the workspace at hand, those in its folder `examples` or else all that have
/// a `config.json`, runs each against servers on this machine, and prints what they take.
///
/// Exit status: 0 success, 1 failure, 2 error, 3 the plugin could not be loaded or run at all.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Runs a plugin's check and prints the outcome
    Run {
        #[command(flatten)]
        check: Check,
        /// How to print the outcome
        #[arg(long, value_enum, default_value_t = OutcomeFormat::Text)]
        format: OutcomeFormat,
        /// Time that the check may take
        #[arg(long, value_name = "SECONDS", value_parser = seconds)]
        timeout: Option<Duration>,
        /// Prints what crosses the boundary, with secrets masked
        #[arg(long)]
        trace: bool,
    },
    /// Prints a plugin's metadata, as hosts of the first generation get it
    Describe { plugin: PathBuf },
    /// Prints the JSON Schema of a plugin's configuration
    Schema { plugin: PathBuf },
    /// Prints a plugin's manifest, as hosts of the second generation get it
    Manifest { plugin: PathBuf },
    /// Tells which hosts will not take a plugin, and what in it costs more than it has to; fails if this one does not, or
    /// if it does not answer. Its checks are run with configurations that are wrong, and without any grant
    Examine { plugin: PathBuf },
    /// Makes a crate with a plugin to start from, its tests, and what is needed to run it
    New {
        /// The folder to make, which gives the plugin its name
        #[arg(value_name = "PATH")]
        folder: PathBuf,
        /// What the plugin is written on
        #[arg(long, value_enum, default_value_t = new::Layer::Core)]
        layer: new::Layer,
        /// The SDK's folder; the one that this program was built from, unless it is given
        #[arg(long, value_name = "FOLDER")]
        sdk: Option<PathBuf>,
    },
    /// Builds a crate as a plugin and prints the module's path
    Build {
        /// A package of the workspace at hand, or a folder with a crate
        #[arg(value_name = "CRATE")]
        guest: String,
        /// Few bytes, or little time
        #[arg(long, value_enum, default_value_t = ProfileName::Small)]
        profile: ProfileName,
        /// What to compile for, in place of what the crate's manifest says under `[package.metadata.reglet]`
        #[arg(long, value_enum)]
        target: Option<TargetName>,
    },
    /// Runs a plugin's check once, then measures it with the same answers from the host
    Measure {
        #[command(flatten)]
        check: Check,
        /// How to print what was measured
        #[arg(long, value_enum, default_value_t = TableFormat::Table)]
        format: TableFormat,
    },
    /// Compares what the plugins of the workspace at hand weigh and take with their budgets; fails if a number is off by
    /// more than 2 %
    Budgets {
        /// Makes what was measured the budgets
        #[arg(long)]
        accept: bool,
        /// The file with the budgets; `budgets.toml` at the top of the workspace, or in its folder `benches`, unless it is
        /// given
        #[arg(long)]
        file: Option<PathBuf>,
    },
}

/// A plugin and what it needs for a check.
#[derive(Args)]
struct Check {
    /// The module
    plugin: PathBuf,
    /// The configuration: JSON, or a file with it
    #[arg(long, value_name = "JSON|@FILE")]
    config: String,
    /// Trusts the certificates in this PEM file, too
    #[arg(long, value_name = "FILE")]
    ca: Vec<PathBuf>,
    /// Grants what this `plugin.yaml` has under `capabilities`; without any grant a plugin may do nothing
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Grants more: `network=HOST:PORTS`, `fs=[read:|write:]PATH`, `env=NAME`, `exec=COMMAND`, `kv=[read:|write:]KEY`
    #[arg(long, value_name = "KIND=PATTERN")]
    allow: Vec<String>,
    /// Answers the host function NAME with this, whatever it is asked, also in place of one that the host has; of several
    /// for the same function, each call gets the next, and the last one stays
    #[arg(long, value_name = "NAME=JSON|@FILE", value_parser = answer)]
    answer: Vec<(String, Vec<u8>)>,
    /// Keeps no compiled modules, and uses none
    #[arg(long)]
    no_cache: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum OutcomeFormat {
    Json,
    Text,
}

#[derive(Clone, Copy, ValueEnum)]
enum TableFormat {
    Table,
    Json,
    Csv,
}

#[derive(Clone, Copy, ValueEnum)]
enum ProfileName {
    Small,
    Fast,
}

#[derive(Clone, Copy, ValueEnum)]
enum TargetName {
    #[value(name = "wasm32-unknown-unknown")]
    Unknown,
    #[value(name = "wasm32-wasip1")]
    Wasip1,
}

impl Command {
    fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Run { check, format, timeout, trace } => run(&check, format, timeout, trace),
            Self::Describe { plugin } => print_document(&plugin, Plugin::describe),
            Self::Schema { plugin } => print_document(&plugin, Plugin::schema),
            Self::Manifest { plugin } => print_document(&plugin, Plugin::manifest),
            Self::Examine { plugin } => examine(&plugin),
            Self::New { folder, layer, sdk } => {
                new::make(&folder, layer, sdk.as_deref()).map(|()| ExitCode::SUCCESS)
            }
            Self::Build { guest, profile, target } => build(&guest, profile, target),
            Self::Measure { check, format } => measure(&check, format),
            Self::Budgets { accept, file } => budgets(accept, file.as_deref()),
        }
    }
}

fn run(
    check: &Check,
    format: OutcomeFormat,
    timeout: Option<Duration>,
    trace: bool,
) -> Result<ExitCode, Failure> {
    let (config, module) = (read_config(&check.config)?, read(&check.plugin)?);
    let mut builder = check.builder();
    if let Some(timeout) = timeout {
        builder = builder.call_timeout(timeout);
    }
    let mask = Arc::new(OnceLock::new());
    if trace {
        let mask = Arc::clone(&mask);
        // Until the schema is known, nothing is shown: that is while the plugin tells it.
        builder = builder.trace(move |crossing| {
            if let Some(mask) = mask.get() {
                eprintln!("{}", Mask::line(mask, crossing));
            }
        });
    }
    let plugin = check.load(&builder.build()?, &module)?;
    tell_of(&plugin);
    // The check may do well without one.
    let schema = plugin.schema().unwrap_or_default();
    for key in unknown::keys(&config, &schema) {
        let key = key.escape_debug();
        eprintln!("warning: the configuration has `{key}`, which the plugin's schema does not know");
    }
    let known = Mask::new(&config, &schema);
    if trace {
        let _ = mask.set(known.clone());
    }
    let outcome = match plugin.check(&config) {
        Err(error) if !error.is_load() => error.to_outcome(),
        outcome => outcome?,
    };
    print(&match format {
        // Only between values can there be line ends; within them, JSON has them escaped.
        OutcomeFormat::Json => outcome.json().replace(['\n', '\r'], " ") + "\n",
        OutcomeFormat::Text => hint::add_to_first_line(&report::text(&outcome, &known)),
    })?;
    fault::notes(&outcome, &config, (!schema.is_empty()).then_some(&known))
        .iter()
        .for_each(|note| eprintln!("note: {note}"));
    Ok(exit_status(&outcome))
}

impl Check {
    /// A host that logs to stderr, and answers, trusts and keeps what it is told to.
    fn builder(&self) -> Builder {
        let mut builder = logging().functions(self.functions());
        for file in &self.ca {
            builder = builder.ca_file(file);
        }
        if self.no_cache { builder } else { cached(builder) }
    }

    /// The functions of the protocol, and those that answer what they are told to.
    fn functions(&self) -> Functions {
        let mut answers: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
        for (name, answer) in &self.answer {
            answers.entry(name).or_default().push(answer.clone());
        }
        answers.into_iter().fold(Functions::all(), |functions, (name, answers)| {
            let calls = AtomicUsize::new(0);
            functions.with_bytes(name, move |_, _| {
                let call = calls.fetch_add(1, Ordering::Relaxed);
                Ok(answers.get(call).or(answers.last()).cloned().unwrap_or_default())
            })
        })
    }

    /// Loads the plugin, with what is granted to it.
    fn load(&self, host: &Host, module: &[u8]) -> Result<Plugin, Failure> {
        Ok(host.load(&name(&self.plugin), module)?.granted(self.grants()?))
    }

    fn grants(&self) -> Result<Grants, Failure> {
        let granted = match &self.manifest {
            None => Grants::default(),
            Some(path) => {
                let yaml = fs::read_to_string(path)
                    .map_err(|source| Failure::Read { path: path.clone(), source })?;
                let manifest = Manifest::parse(&yaml)
                    .map_err(|source| Failure::Manifest { path: path.clone(), source })?;
                manifest.grants
            }
        };
        self.allow
            .iter()
            .try_fold(granted, |granted, rule| manifest::allow(granted, rule))
            .map_err(Failure::Grant)
    }
}

/// Keeps compiled modules where this user's programs keep what they can make again, if there is such a place.
fn cached(builder: Builder) -> Builder {
    let folder = |name| env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let folder = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")));
    match folder.map(|folder| folder.join("reglet-bench")) {
        // Homes may be read-only, and then nothing is lost but time.
        Some(folder) if fs::create_dir_all(&folder).is_ok() => builder.cache_folder(folder.join("modules")),
        _ => builder,
    }
}

/// Tells what is odd about the plugin, and what it asks for in vain.
fn tell_of(plugin: &Plugin) {
    match plugin.about() {
        Ok(about) => {
            let name = plugin.name();
            about.remarks.iter().for_each(|remark| eprintln!("WARN {name}: {remark}"));
            for missing in plugin.grants().missing(&about.requests).risk().entries() {
                let what = missing.what.escape_debug();
                eprintln!("note: it asks for more than is granted, which this check may not need: {what}");
            }
        }
        // The check may do well all the same.
        Err(error) => eprintln!("WARN {error}"),
    }
}

fn print_document(path: &Path, document: fn(&Plugin) -> Result<String, Error>) -> Result<ExitCode, Failure> {
    let module = read(path)?;
    let plugin = cached(logging()).build()?.load(&name(path), &module)?;
    print(&(document(&plugin)? + "\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn examine(path: &Path) -> Result<ExitCode, Failure> {
    let module = read(path)?;
    let host = Host::builder().call_timeout(PROBE).build()?;
    let found = Conformance::of(&host, &name(path), &module);
    print(&found.to_string())?;
    Ok(if found.holds() { ExitCode::SUCCESS } else { 1.into() })
}

fn build(guest: &str, profile: ProfileName, target: Option<TargetName>) -> Result<ExitCode, Failure> {
    let profile = match profile {
        ProfileName::Small => Profile::Small,
        ProfileName::Fast => Profile::Fast,
    };
    let guest = Crate::find(guest)?;
    let target = match target {
        None => guest.target(),
        Some(TargetName::Unknown) => Target::Unknown,
        Some(TargetName::Wasip1) => Target::Wasip1,
    };
    let built = guest.with_target(target).build(profile, &Stderr::new())?;
    eprintln!("{} bytes, {} as compiled", built.module.bytes.len(), built.raw.bytes.len());
    let host = Host::builder().call_timeout(PROBE).build()?;
    for finding in Conformance::of(&host, &built.name, &built.module.bytes).findings {
        eprintln!("{finding}");
    }
    print(&format!("{}\n", built.module.path.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn measure(check: &Check, format: TableFormat) -> Result<ExitCode, Failure> {
    let (config, module) = (read_config(&check.config)?, read(&check.plugin)?);
    let plugin = check.load(&check.builder().build()?, &module)?;
    let measured = measure::measure(&plugin, &module, &config)?;
    let exit = exit_status(&measured.outcome);
    let schema = plugin.schema().unwrap_or_default();
    let mask = Mask::new(&config, &schema);
    eprint!("{}", hint::add_to_first_line(&report::text(&measured.outcome, &mask)));
    fault::notes(&measured.outcome, &config, (!schema.is_empty()).then_some(&mask))
        .iter()
        .for_each(|note| eprintln!("note: {note}"));
    let plugin = plugin.name().to_owned();
    let rows = [Row { plugin, target: None, profile: None, raw_module_bytes: None, measured }];
    print(&match format {
        TableFormat::Table => report::table(&rows),
        TableFormat::Json => report::json(&rows),
        TableFormat::Csv => report::csv(&rows),
    })?;
    Ok(exit)
}

fn budgets(accept: bool, file: Option<&Path>) -> Result<ExitCode, Failure> {
    let progress = Stderr::new();
    let compared = budgets::compare(file, &progress)?;
    drop(progress);
    print(&(compared.table() + "\n"))?;
    if accept {
        eprintln!("wrote {}", shown(compared.accept()?));
        return Ok(ExitCode::SUCCESS);
    }
    eprint!("{}", compared.notes());
    Ok(if compared.holds() { ExitCode::SUCCESS } else { 1.into() })
}

/// A host that logs to stderr, still to be built.
fn logging() -> Builder {
    Host::builder().log(|record| eprintln!("{}", hint::line(record)))
}

/// Prints a result.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Failure::Stdout)
}

/// The exit status that tells of the outcome.
pub(crate) fn exit_status(outcome: &Outcome) -> ExitCode {
    match outcome.status() {
        Status::Success => ExitCode::SUCCESS,
        Status::Failure => 1.into(),
        Status::Error => 2.into(),
    }
}

/// The path from here, if it is below.
pub(crate) fn shown(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    path.strip_prefix(here).unwrap_or(path).display().to_string()
}

/// What logs and reports call the plugin.
fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// The configuration, which is JSON for sure.
fn read_config(argument: &str) -> Result<Vec<u8>, Failure> {
    let (config, from) = match argument.strip_prefix('@') {
        Some(path) => (read(Path::new(path))?, format!("in {path}")),
        None => (argument.as_bytes().to_vec(), "given with --config".to_owned()),
    };
    match serde_json::from_slice::<IgnoredAny>(&config) {
        Ok(_) => Ok(config),
        Err(source) => Err(Failure::Config { from, source }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|source| Failure::Read { path: path.into(), source })
}

/// The name of a host function, and what it answers, which is JSON for sure.
fn answer(text: &str) -> Result<(String, Vec<u8>), String> {
    let (name, json) = text.split_once('=').ok_or("write NAME=JSON or NAME=@FILE")?;
    if matches!(name, "" | "log_message") {
        return Err(format!("no answer can be given for {name:?}"));
    }
    let json = match json.strip_prefix('@') {
        Some(path) => fs::read(path).map_err(|error| format!("cannot read {path}: {error}"))?,
        None => json.into(),
    };
    serde_json::from_slice::<IgnoredAny>(&json)
        .map_err(|error| format!("the answer is not JSON: {error}"))?;
    Ok((name.to_owned(), json))
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "it is not a number".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(limit) if !limit.is_zero() => Ok(limit),
        _ => Err("it must be more than 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn a_timeout_may_have_a_fraction_and_must_not_be_zero() {
        assert_eq!(seconds("0.25"), Ok(Duration::from_millis(250)));
        assert_eq!(seconds("30"), Ok(Duration::from_secs(30)));
        for bad in ["0", "-1", "nan", "inf", "1s", ""] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }
}
