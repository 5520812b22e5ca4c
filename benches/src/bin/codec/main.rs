//! Measures JSON codecs natively and in guests, and prints and publishes what they take.

mod guest;
mod measure;
mod page;
mod report;

use std::fs;
use std::process::ExitCode;

use clap::Parser;
use reglet_bench_host::guests::{Crate, Profile, Toolchain};
use reglet_benches::codec::{BASE, CANDIDATES};
use reglet_benches::program::Result;

use measure::Size;
use report::Report;

/// Compares JSON codecs: natively, and in guests built for size and for speed.
#[derive(Parser)]
struct Arguments {
    /// Batches of each task and codec; the median of them counts
    #[arg(long, default_value_t = 101, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// Rewrites the tables of docs/performance.md, and docs/performance.csv
    #[arg(long)]
    publish: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("codec: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let base = Crate::find(BASE)?;
    let toolchain = Toolchain::find(base.folder())?;
    let mut sizes = Vec::new();
    let mut guests = Vec::new();
    for profile in Profile::ALL {
        let base = build(BASE, profile)?.len();
        sizes.push(Size { codec: None, profile, module_bytes: base, codec_bytes: 0 });
        for candidate in CANDIDATES {
            let module = build(candidate.guest, profile)?;
            let codec_bytes = module.len().saturating_sub(base);
            let codec = Some(candidate.name);
            sizes.push(Size { codec, profile, module_bytes: module.len(), codec_bytes });
            guests.push((candidate, profile, module));
        }
    }
    let rows = measure::all(&guests, arguments.rounds)?;
    let report = Report { toolchain, sizes, rows };
    print!("{}", report.terminal());
    let folder = base.output_folder();
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("codec.json"), report.json())?;
    fs::write(folder.join("codec.csv"), report.csv())?;
    if arguments.publish {
        let docs = base.workspace().join("docs");
        page::publish(&docs.join("performance.md"), &report, &folder.join("report.json"))?;
        fs::write(docs.join("performance.csv"), report.csv())?;
    }
    Ok(())
}

fn build(guest: &str, profile: Profile) -> Result<Vec<u8>> {
    eprintln!("building {guest} ({})", profile.name());
    let built = Crate::find(guest)?.build(profile, &())?;
    if !built.optimised {
        return Err(format!("{guest} is not optimised: this needs wasm-opt").into());
    }
    Ok(built.module.bytes)
}
