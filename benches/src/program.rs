//! What the programs that measure have in common.

use reglet_bench_host::guests::{Progress, Toolchain};

/// Anything that ends a program is told as it is.
pub type Result<T> = core::result::Result<T, Box<dyn core::error::Error>>;

/// Tells what is done on stderr.
#[derive(Clone, Copy, Debug)]
pub struct Stderr;

impl Progress for Stderr {
    fn step(&self, what: &str) {
        eprintln!("{what}");
    }

    fn note(&self, what: &str) {
        eprintln!("{what}");
    }
}

/// What modules were made with.
#[must_use]
pub fn versions(toolchain: &Toolchain) -> String {
    let wasm_opt = toolchain.wasm_opt.map_or_else(|| "none".to_owned(), |version| version.to_string());
    format!("rustc {}, wasm-opt {wasm_opt}", toolchain.rustc)
}

/// Ends a program that publishes optimised sizes where there are none.
///
/// # Errors
///
/// There is no `wasm-opt`.
pub fn needs_wasm_opt(toolchain: &Toolchain) -> Result<()> {
    match toolchain.wasm_opt {
        Some(_) => Ok(()),
        None => Err("there is no wasm-opt: run `npm install -g binaryen`".into()),
    }
}
