//! `reglet-bench`: runs and measures Reglet plugins.

mod cli;
mod demo;
mod progress;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
