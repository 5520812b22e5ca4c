//! The same check with the SDKs of others: what it weighs and takes beside ours.
//!
//! Their plugins run in a plain wasmtime with hosts of a few lines; ours and the one made with Go run in the bench host as
//! it is.

mod foreign;

use core::time::Duration;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use reglet_bench_host::guests::{Crate, Profile, Progress, Target};
use reglet_bench_host::{Host, Instance, measure};

use crate::program::Result;
use foreign::{Foreign, Protocol};

/// What is checked: the configuration of every plugin.
pub const CONFIG: &str =
    r#"{"host":"db-01.example.com","port":5432,"tags":["prod","eu-west"],"min_version":13,"strict":true}"#;

/// The folder of the plugins in the workspace.
const FOLDER: &str = "benches/rivals";

/// An SDK, and its plugin.
struct Rival {
    name: &'static str,
    folder: &'static str,
    target: Target,
    /// Nothing for those that run in Reglet's hosts.
    protocol: Option<Protocol>,
}

/// Those that are written in Rust.
const RIVALS: [Rival; 7] = [
    Rival { name: "this SDK, core", folder: "core", target: Target::Unknown, protocol: None },
    Rival { name: "this SDK, std", folder: "std", target: Target::Unknown, protocol: None },
    Rival { name: "this SDK, std, WASI", folder: "std", target: Target::Wasip1, protocol: None },
    Rival { name: "wit-bindgen", folder: "wit", target: Target::Unknown, protocol: Some(Protocol::Wit) },
    Rival { name: "waPC", folder: "wapc", target: Target::Unknown, protocol: Some(Protocol::Wapc("check")) },
    Rival { name: "Extism", folder: "extism", target: Target::Unknown, protocol: Some(Protocol::Extism) },
    Rival {
        name: "Kubewarden",
        folder: "kubewarden",
        target: Target::Unknown,
        protocol: Some(Protocol::Wapc("validate")),
    },
];

/// A plugin, measured.
#[derive(Clone, Debug)]
pub struct Row {
    /// The SDK.
    pub name: &'static str,
    /// What it was built for; nothing for Go, which knows but one way.
    pub profile: Option<Profile>,
    /// Packages that are compiled for it besides its own, macros included; nothing for Go.
    pub packages: Option<usize>,
    /// Bytes of the module as compiled.
    pub raw_bytes: usize,
    /// Bytes of the module after `wasm-opt`.
    pub bytes: usize,
    /// What it takes.
    pub cost: Cost,
    /// Time of a check: the median of the rounds.
    pub nanos: f64,
}

/// What a plugin takes, on every machine.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Bytes of memory that an instance begins with.
    pub memory_start: usize,
    /// Calls from the host into the guest per check.
    pub guest_calls: u64,
    /// Calls from the guest to the host per check.
    pub host_calls: u64,
    /// wasmtime's fuel per check.
    pub fuel: u64,
}

/// How long a batch of checks is meant to take.
const BATCH: Duration = Duration::from_millis(2);

/// Batches of each plugin, in turn with those of all others.
const ROUNDS: usize = 101;

/// Builds and measures all of them.
///
/// # Errors
///
/// One of them is not there, or can't be built, or does not come to the expected outcome.
pub fn measure(workspace: &Path, progress: &dyn Progress) -> Result<Vec<Row>> {
    let folder = workspace.join(FOLDER);
    let (mut rows, mut series) = (Vec::new(), Vec::new());
    for rival in &RIVALS {
        let path = folder.join(rival.folder);
        let packages = Some(packages(&path, rival.target)?);
        let guest = Crate::find(&path.to_string_lossy())?.with_target(rival.target);
        for profile in Profile::ALL {
            let built = guest.build(profile, progress)?;
            let (module, raw_bytes) = (&built.module.bytes, built.raw.bytes.len());
            let (cost, runner) = match rival.protocol {
                None => ours(module)?,
                Some(protocol) => {
                    let cost = Foreign::cost(module, protocol)?;
                    (cost, Runner::Foreign(Box::new(Foreign::new(module, protocol, false)?)))
                }
            };
            series.push(Series::new(runner)?);
            let (name, profile, bytes) = (rival.name, Some(profile), module.len());
            rows.push(Row { name, profile, packages, raw_bytes, bytes, cost, nanos: f64::NAN });
        }
    }
    progress.step("compiling with Go");
    let module = go(&folder.join("go"), &folder.join("target"))?;
    let ((cost, runner), bytes) = (ours(&module)?, module.len());
    series.push(Series::new(runner)?);
    rows.push(Row {
        name: "Go",
        profile: None,
        packages: None,
        raw_bytes: bytes,
        bytes,
        cost,
        nanos: f64::NAN,
    });
    progress.step("measuring times");
    for _ in 0..ROUNDS {
        for series in &mut series {
            let time = series.batch()?;
            series.nanos.push(time.as_nanos() as f64 / f64::from(series.times));
        }
    }
    for (row, mut series) in rows.iter_mut().zip(series) {
        series.nanos.sort_by(f64::total_cmp);
        row.nanos = series.nanos[ROUNDS / 2];
    }
    Ok(rows)
}

/// A plugin that checks over and over.
enum Runner {
    Ours(Box<Instance>),
    Foreign(Box<Foreign>),
}

struct Series {
    runner: Runner,
    /// Checks in a batch.
    times: u32,
    nanos: Vec<f64>,
}

impl Series {
    /// Finds out how many make a batch.
    fn new(runner: Runner) -> Result<Self> {
        let mut series = Self { runner, times: 1, nanos: Vec::with_capacity(ROUNDS) };
        while series.batch()? < BATCH {
            series.times *= 2;
        }
        Ok(series)
    }

    fn batch(&mut self) -> Result<Duration> {
        let start = Instant::now();
        for _ in 0..self.times {
            match &mut self.runner {
                Runner::Ours(instance) => drop(instance.observe(CONFIG.as_bytes())?),
                Runner::Foreign(foreign) => drop(foreign.check()?),
            }
        }
        Ok(start.elapsed())
    }
}

/// What a plugin for Reglet's hosts takes, and an instance of it.
fn ours(module: &[u8]) -> Result<(Cost, Runner)> {
    let plugin = Host::builder().build()?.load("check", module)?;
    let measured = measure::measure(&plugin, module, CONFIG.as_bytes())?;
    if measured.outcome.data().get("tags").integer() != Ok(2) {
        return Err(measured.outcome.json().into());
    }
    let cost = Cost {
        memory_start: measured.memory_start_bytes,
        guest_calls: measured.guest_calls,
        host_calls: measured.host_calls,
        fuel: measured.fuel,
    };
    let mut instance = plugin.instance()?;
    instance.replay(&measured.recording);
    Ok((cost, Runner::Ours(Box::new(instance))))
}

/// How many packages are compiled for a plugin besides its own and those of its workspace.
fn packages(folder: &Path, target: Target) -> Result<usize> {
    let mut cargo = Command::new("cargo");
    cargo.args([
        "tree",
        "--edges",
        "normal",
        "--prefix",
        "none",
        "--no-dedupe",
        "--format",
        "{p}",
        "--target",
    ]);
    let names = text(cargo.arg(target.triple()).current_dir(folder))?;
    let names: BTreeSet<_> =
        names.lines().filter(|name| !name.is_empty() && !name.contains("rival-")).collect();
    Ok(names.len())
}

/// The plugin in Go, as its SDK has it built.
fn go(source: &Path, folder: &Path) -> Result<Vec<u8>> {
    let path: PathBuf = folder.join("go.wasm");
    let mut go = Command::new("go");
    go.args(["build", "-buildmode=c-shared", "-trimpath", "-ldflags=-s -w", "-o"]).arg(&path).arg(".");
    text(go.env("GOOS", "wasip1").env("GOARCH", "wasm").current_dir(source))?;
    Ok(fs::read(path)?)
}

/// What a program prints.
fn text(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{program}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{program} failed:\n{}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
