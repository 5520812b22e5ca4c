//! Times, with the codecs in turn, so that what else the machine does falls on all alike.

use core::time::Duration;
use std::time::Instant;

use codec_tasks::Task;
use reglet_bench_host::guests::Profile;
use reglet_benches::codec::{CANDIDATES, Candidate, REFERENCE, bytes, document, label};

use crate::guest::Guest;
use reglet_benches::program::Result;

/// How long a batch is meant to take: long for the clock, short for the machine.
const BATCH: Duration = Duration::from_millis(2);

/// What a module weighs.
pub(crate) struct Size {
    /// The codec, if there is one in it.
    pub(crate) codec: Option<&'static str>,
    pub(crate) profile: Profile,
    pub(crate) module_bytes: usize,
    /// What it has more than a module without a codec.
    pub(crate) codec_bytes: usize,
}

/// What a codec takes for a task.
pub(crate) struct Row {
    pub(crate) task: Task,
    pub(crate) codec: &'static str,
    /// What the guest is built for; `None` natively.
    pub(crate) profile: Option<Profile>,
    /// Bytes that are read or written.
    pub(crate) bytes: usize,
    /// The median of the batches.
    pub(crate) nanos: f64,
    /// The time of the reference divided by that of the codec: the median of the rounds.
    pub(crate) speed: f64,
    /// In a guest: wasmtime's fuel, about the instructions that ran.
    pub(crate) fuel: Option<u64>,
    /// In a guest: bytes of memory after the task.
    pub(crate) memory_bytes: Option<usize>,
}

/// Measures all tasks with all codecs, natively and as guests.
pub(crate) fn all(guests: &[(Candidate, Profile, Vec<u8>)], rounds: u32) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for task in Task::ALL {
        eprintln!("measuring: {}", label(task));
        let document = document(task);
        let native = CANDIDATES.iter().map(|candidate| Series::native(*candidate, task, &document));
        rows.extend(compare(native.collect(), task, &document, rounds)?);
        for profile in Profile::ALL {
            let of_profile = guests.iter().filter(|(_, other, _)| *other == profile);
            let series = of_profile.map(|(candidate, _, module)| {
                Ok(Series {
                    runner: Runner::Guest(Guest::new(module, false)?),
                    ..Series::native(*candidate, task, &document)
                })
            });
            let mut compared = compare(series.collect::<Result<_>>()?, task, &document, rounds)?;
            for row in &mut compared {
                let module = guests
                    .iter()
                    .find(|(candidate, other, _)| (candidate.name, *other) == (row.codec, profile));
                let mut counting = Guest::new(&module.ok_or("every row has its guest")?.2, true)?;
                row.fuel = Some(counting.fuel(task, &document)?);
                row.memory_bytes = Some(counting.memory_bytes());
                row.profile = Some(profile);
            }
            rows.extend(compared);
        }
    }
    Ok(rows)
}

/// Batches of one codec.
struct Series {
    codec: &'static str,
    runner: Runner,
    /// How often the task is done in a batch.
    times: u32,
    nanos: Vec<f64>,
}

enum Runner {
    Native { run: fn(Task, &mut [u8], u32) -> u64, document: Vec<u8> },
    Guest(Guest),
}

impl Series {
    fn native(candidate: Candidate, _: Task, document: &[u8]) -> Self {
        let runner = Runner::Native { run: candidate.run, document: document.to_vec() };
        Self { codec: candidate.name, runner, times: 1, nanos: Vec::new() }
    }

    fn batch(&mut self, task: Task, document: &[u8]) -> Result<(u64, Duration)> {
        match &mut self.runner {
            Runner::Native { run, document: copy } => {
                copy.copy_from_slice(document);
                let start = Instant::now();
                let sum = run(task, copy, self.times);
                Ok((sum, start.elapsed()))
            }
            Runner::Guest(guest) => guest.run(task, document, self.times),
        }
    }

    /// Finds out how many make a batch, and returns the sum.
    fn calibrate(&mut self, task: Task, document: &[u8]) -> Result<u64> {
        loop {
            let (sum, time) = self.batch(task, document)?;
            if task == Task::Body || time >= BATCH || self.times >= 1 << 20 {
                return Ok(sum);
            }
            self.times *= 2;
        }
    }
}

/// Runs batches of all in turn. Who can't do the task is left out; who comes to another result ends it all.
fn compare(mut all: Vec<Series>, task: Task, document: &[u8], rounds: u32) -> Result<Vec<Row>> {
    let mut able = Vec::new();
    let mut expected = None;
    for mut series in all.drain(..) {
        let sum = series.calibrate(task, document)?;
        if sum == 0 {
            continue;
        }
        if *expected.get_or_insert(sum) != sum {
            return Err(format!("{}: {} comes to another result", label(task), series.codec).into());
        }
        able.push(series);
    }
    for _ in 0..rounds {
        for series in &mut able {
            let (_, time) = series.batch(task, document)?;
            series.nanos.push(time.as_nanos() as f64 / f64::from(series.times));
        }
    }
    let reference = able.iter().find(|series| series.codec == REFERENCE).ok_or("the reference can do all")?;
    let reference = reference.nanos.clone();
    let row = |series: Series| Row {
        task,
        codec: series.codec,
        profile: None,
        bytes: bytes(task),
        speed: median(reference.iter().zip(&series.nanos).map(|(reference, own)| reference / own).collect()),
        nanos: median(series.nanos),
        fuel: None,
        memory_bytes: None,
    };
    Ok(able.into_iter().map(row).collect())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_mind_a_slow_batch() {
        assert_eq!(median(vec![3.0, 900.0, 1.0, 2.0, 2.5]).to_bits(), 2.5_f64.to_bits());
    }

    #[test]
    fn a_codec_that_comes_to_another_result_ends_the_comparison() {
        let candidate = |name, run| Candidate { name, guest: "", run };
        let series = |run| {
            let all = [candidate(REFERENCE, |_, _, _| 1), candidate("other", run)];
            all.map(|candidate| Series { times: 1 << 20, ..Series::native(candidate, Task::Body, b"{}") })
                .into()
        };
        assert_eq!(compare(series(|_, _, _| 1), Task::Body, b"{}", 3).unwrap().len(), 2);
        assert_eq!(compare(series(|_, _, _| 0), Task::Body, b"{}", 3).unwrap().len(), 1);
        assert!(compare(series(|_, _, _| 2), Task::Body, b"{}", 3).is_err());
    }
}
