//! Measures what the std layer's conveniences weigh, and http-check beside the same check on the core layer; prints and
//! publishes it.

mod report;

use std::fs;
use std::process::ExitCode;

use clap::Parser;
use reglet_bench_host::guests::{Crate, Toolchain};
use reglet_benches::page::with_section;
use reglet_benches::program::{Result, Stderr, needs_wasm_opt, versions};
use reglet_benches::{http, prices};

use report::Report;

/// Tells what the std layer's conveniences cost in bytes, and what http-check takes.
#[derive(Parser)]
struct Arguments {
    /// Rewrites the tables of docs/performance.md
    #[arg(long)]
    publish: bool,
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
    needs_wasm_opt(&toolchain)?;
    let report = Report { toolchain, prices: prices::measure(&Stderr)?, http: http::measure(&Stderr)? };
    print!("{}", report.terminal());
    let folder = guest.output_folder();
    fs::write(folder.join("prices.json"), report.json())?;
    fs::write(folder.join("prices.csv"), report.csv())?;
    if arguments.publish {
        let path = guest.workspace().join("docs/performance.md");
        let page = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let page = with_section(&page, "http", &report.http().markdown())?;
        let prices = format!("{}\n{}.\n", report.prices().markdown(), versions(&report.toolchain));
        fs::write(path, with_section(&page, "prices", &prices)?)?;
    }
    Ok(())
}
