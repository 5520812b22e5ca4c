//! The check that the std layer is held to: http-check, beside a plugin on the core layer that does the same.

use reglet_bench_host::guests::{Crate, Profile, Progress, Target};
use reglet_bench_host::report::Row;
use reglet_bench_host::workspace::{Servers, WorkspaceError};

/// The example on the std layer.
pub const EXAMPLE: &str = "http-check";

/// The same check on the core layer, for [`Target::Unknown`].
pub const ON_CORE: &str = "http-core";

/// Bytes of memory that the example may start with.
pub const MEMORY_START: usize = 256 << 10;

/// How much more fuel than the check on the core layer, built for the same, the example may take.
pub const FUEL_RATIO: f64 = 1.5;

/// Bytes of the example's module that is built for size, and optimised: what it may have, and what it ought to.
#[must_use]
pub fn bytes(target: Target) -> (usize, usize) {
    match target {
        Target::Unknown => (48_000, 40_000),
        Target::Wasip1 => (80_000, 72_000),
    }
}

/// The check, built and measured in every way.
#[derive(Debug)]
pub struct Measured {
    /// Whether there was a `wasm-opt`.
    pub optimised: bool,
    /// The check on the core layer, a row for each profile.
    pub core: Vec<Row>,
    /// The example, a row for each target and profile.
    pub example: Vec<Row>,
}

impl Measured {
    /// How much more fuel a check of the example takes than one on the core layer that is built for the same.
    #[must_use]
    pub fn fuel_ratio(&self, row: &Row) -> f64 {
        let core = self.core.iter().find(|core| core.profile == row.profile);
        core.map_or(f64::NAN, |core| row.measured.fuel as f64 / core.measured.fuel as f64)
    }
}

/// Builds and measures the checks.
///
/// # Errors
///
/// One of them is not there, or can't be built, run or measured.
pub fn measure(progress: &dyn Progress) -> Result<Measured, WorkspaceError> {
    let servers = Servers::start()?;
    let mut optimised = true;
    let mut rows = |guest: &Crate| -> Result<Vec<Row>, WorkspaceError> {
        Profile::ALL
            .into_iter()
            .map(|profile| {
                let built = guest.build(profile, progress)?;
                optimised &= built.optimised;
                servers.measure(guest, &built)
            })
            .collect()
    };
    let core = rows(&Crate::find(ON_CORE)?.with_target(Target::Unknown))?;
    let example = Crate::find(EXAMPLE)?;
    let mut on_std = Vec::new();
    for target in Target::ALL {
        on_std.extend(rows(&example.clone().with_target(target))?);
    }
    Ok(Measured { optimised, core, example: on_std })
}
