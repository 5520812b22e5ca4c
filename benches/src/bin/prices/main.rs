//! Measures what the std layer's conveniences weigh, and http-check beside the same check on the core layer; prints and
//! publishes it.

mod report;

use core::error::Error;
use std::fs;
use std::process::ExitCode;

use clap::Parser;
use reglet_bench_host::guests::{Crate, Progress, Toolchain};
use reglet_benches::page::with_section;
use reglet_benches::{http, prices};

use report::Report;

/// Anything that ends the program is told as it is.
type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// Tells what the std layer's conveniences cost in bytes, and what http-check takes.
#[derive(Parser)]
struct Arguments {
    /// Rewrites the tables of docs/performance.md
    #[arg(long)]
    publish: bool,
}

/// Tells what is built on stderr.
struct Stderr;

impl Progress for Stderr {
    fn step(&self, what: &str) {
        eprintln!("{what}");
    }

    fn note(&self, what: &str) {
        eprintln!("{what}");
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("prices: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let guest = Crate::find(prices::GUEST)?;
    let toolchain = Toolchain::find(guest.folder())?;
    if toolchain.wasm_opt.is_none() {
        return Err("there is no wasm-opt: run `npm install -g binaryen`".into());
    }
    let report = Report { toolchain, prices: prices::measure(&Stderr)?, http: http::measure(&Stderr)? };
    print!("{}", report.terminal());
    let folder = guest.output_folder();
    fs::write(folder.join("prices.json"), report.json())?;
    fs::write(folder.join("prices.csv"), report.csv())?;
    if arguments.publish {
        let path = guest.workspace().join("docs/performance.md");
        let page = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let page = with_section(&page, "http", &report.http().markdown())?;
        let prices = format!("{}\n{}.\n", report.prices().markdown(), report.versions());
        fs::write(path, with_section(&page, "prices", &prices)?)?;
    }
    Ok(())
}
