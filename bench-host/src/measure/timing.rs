//! Time, measured so that what else the machine does falls on all alike.

use core::time::Duration;
use std::time::Instant;

use crate::error::Error;

/// How long a batch is meant to take: long for the clock, short for the machine.
const BATCH: Duration = Duration::from_millis(1);

/// Batches of each kind. The median of them counts.
const BATCHES: usize = 101;

/// How long things take, in nanoseconds. Only their ratios mean something on another machine.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Times {
    /// A check.
    pub check_ns: f64,
    /// A check of a module that returns a constant.
    pub echo_ns: f64,
    /// A call of an empty function.
    pub no_op_ns: f64,
    /// Making an instance, and letting go of it.
    pub instance_ns: f64,
}

impl Times {
    /// What the plugin's check costs beside the way in and out.
    #[must_use]
    pub fn check_per_echo(&self) -> f64 {
        self.check_ns / self.echo_ns
    }

    /// What the way in and out costs beside a single call.
    #[must_use]
    pub fn echo_per_no_op(&self) -> f64 {
        self.echo_ns / self.no_op_ns
    }
}

/// Runs batches of each in turn.
pub(super) fn interleaved(
    check: impl FnMut() -> Result<(), Error>,
    echo: impl FnMut() -> Result<(), Error>,
    no_op: impl FnMut() -> Result<(), Error>,
    instance: impl FnMut() -> Result<(), Error>,
) -> Result<Times, Error> {
    let (mut check, mut echo) = (Series::new(check)?, Series::new(echo)?);
    let (mut no_op, mut instance) = (Series::new(no_op)?, Series::new(instance)?);
    for _ in 0..BATCHES {
        check.run()?;
        echo.run()?;
        no_op.run()?;
        instance.run()?;
    }
    Ok(Times {
        check_ns: check.median(),
        echo_ns: echo.median(),
        no_op_ns: no_op.median(),
        instance_ns: instance.median(),
    })
}

struct Series<F> {
    work: F,
    /// How often it runs in a batch.
    times: u32,
    batches_ns: Vec<f64>,
}

impl<F: FnMut() -> Result<(), Error>> Series<F> {
    /// Finds out how many make a batch.
    fn new(work: F) -> Result<Self, Error> {
        let mut series = Self { work, times: 1, batches_ns: Vec::with_capacity(BATCHES) };
        while series.batch()? < BATCH && series.times < 1 << 24 {
            series.times *= 2;
        }
        Ok(series)
    }

    fn run(&mut self) -> Result<(), Error> {
        let nanos = self.batch()?.as_nanos() as f64;
        self.batches_ns.push(nanos / f64::from(self.times));
        Ok(())
    }

    fn batch(&mut self) -> Result<Duration, Error> {
        let start = Instant::now();
        for _ in 0..self.times {
            (self.work)()?;
        }
        Ok(start.elapsed())
    }

    fn median(mut self) -> f64 {
        self.batches_ns.sort_by(f64::total_cmp);
        self.batches_ns.get(self.batches_ns.len() / 2).copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_mind_a_slow_batch() {
        let mut series = Series::new(|| Ok(())).unwrap();
        series.batches_ns = vec![3.0, 900.0, 1.0, 2.0, 2.5];
        assert_eq!(series.median().to_bits(), 2.5_f64.to_bits());
    }

    #[test]
    fn a_failure_ends_the_series() {
        let failing = || Err(Error::Setup { reason: "no".into() });
        assert!(Series::new(failing).is_err());
    }
}
