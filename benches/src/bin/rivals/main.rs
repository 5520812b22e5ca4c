//! Builds the same check with the SDKs of others and with ours; prints and publishes what it weighs and takes.

mod picture;
mod report;

use std::fs;
use std::process::ExitCode;

use clap::Parser;
use reglet_bench_host::guests::{Crate, Toolchain};
use reglet_benches::page::with_section;
use reglet_benches::program::{Result, Stderr, needs_wasm_opt, versions};
use reglet_benches::rivals;

use report::Report;

/// Tells what the same check weighs and takes with the SDKs of others; needs the network once, wasm-opt, and Go.
#[derive(Parser)]
struct Arguments {
    /// Rewrites the table of docs/performance.md, and its picture
    #[arg(long)]
    publish: bool,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rivals: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<()> {
    let here = Crate::find("reglet-benches")?;
    let toolchain = Toolchain::find(here.folder())?;
    needs_wasm_opt(&toolchain)?;
    let folder = here.output_folder();
    fs::create_dir_all(&folder)?;
    let report = Report { toolchain, rows: rivals::measure(here.workspace(), &Stderr)? };
    println!("{}\n{}", report.cells().terminal(), versions(&report.toolchain));
    fs::write(folder.join("rivals.json"), report.json())?;
    fs::write(folder.join("rivals.csv"), report.csv())?;
    let picture = picture::svg(&report.rows);
    fs::write(folder.join("rivals.svg"), &picture)?;
    if arguments.publish {
        let docs = here.workspace().join("docs");
        let path = docs.join("performance.md");
        let page = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let table = format!("{}\n{}.\n", report.cells().markdown(), versions(&report.toolchain));
        fs::write(path, with_section(&page, "rivals", &table)?)?;
        fs::write(docs.join("rivals.csv"), report.csv())?;
        fs::write(docs.join("rivals.svg"), picture)?;
    }
    Ok(())
}
