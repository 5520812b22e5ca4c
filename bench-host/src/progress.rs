//! What is going on, on stderr: a spinner on a terminal, and lines elsewhere.

use core::time::Duration;
use std::io::{self, IsTerminal};

use indicatif::ProgressBar;
use reglet_bench_host::guests::Progress;

/// Shows the step at hand until it is dropped.
pub(crate) struct Stderr {
    /// Only on a terminal.
    spinner: Option<ProgressBar>,
}

impl Stderr {
    pub(crate) fn new() -> Self {
        let spinner = io::stderr().is_terminal().then(ProgressBar::new_spinner);
        if let Some(spinner) = &spinner {
            spinner.enable_steady_tick(Duration::from_millis(100));
        }
        Self { spinner }
    }
}

impl Progress for Stderr {
    fn step(&self, what: &str) {
        match &self.spinner {
            Some(spinner) => spinner.set_message(what.to_owned()),
            None => eprintln!("{what}"),
        }
    }

    fn note(&self, what: &str) {
        match &self.spinner {
            Some(spinner) => spinner.suspend(|| eprintln!("{what}")),
            None => eprintln!("{what}"),
        }
    }
}

impl Drop for Stderr {
    fn drop(&mut self) {
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
    }
}
