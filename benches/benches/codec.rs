//! The JSON codecs natively, on what plugins read and write. The program `codec` compares them in guests as well.

use core::hint::black_box;
use std::time::Instant;

use codec_tasks::Task;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use reglet_benches::codec::{CANDIDATES, bytes, document, label};
use reglet_sdk_core::json::Value;

fn tasks(criterion: &mut Criterion) {
    for task in Task::ALL {
        let document = document(task);
        let mut group = criterion.benchmark_group(label(task));
        group.throughput(Throughput::Bytes(bytes(task) as u64));
        if task == Task::Body {
            group.sample_size(20);
        }
        for candidate in CANDIDATES {
            if (candidate.run)(task, &mut document.clone(), 1) == 0 {
                continue;
            }
            group.bench_function(candidate.name, |bench| match task {
                // It may be overwritten.
                Task::Body => bench.iter_batched_ref(
                    || document.clone(),
                    |document| (candidate.run)(task, document, 1),
                    BatchSize::PerIteration,
                ),
                // As many at once as outweigh the making of the tree.
                _ => bench.iter_custom(|times| {
                    let (mut document, times) = (document.clone(), u32::try_from(times).unwrap_or(u32::MAX));
                    let start = Instant::now();
                    black_box((candidate.run)(task, &mut document, times));
                    start.elapsed()
                }),
            });
        }
        group.finish();
    }
}

/// What reading costs before anything is made of what is read.
fn check(criterion: &mut Criterion) {
    for task in [Task::Config, Task::Reply, Task::Tree, Task::Body] {
        let document = document(task);
        let mut group = criterion.benchmark_group(format!("check: {}", label(task)));
        group.throughput(Throughput::Bytes(document.len() as u64));
        if task == Task::Body {
            group.sample_size(20);
        }
        group.bench_function("sdk-core", |bench| bench.iter(|| Value::parse(black_box(&document)).unwrap()));
        group.bench_function("serde_json", |bench| {
            bench.iter(|| serde_json::from_slice::<serde::de::IgnoredAny>(black_box(&document)).unwrap());
        });
        group.finish();
    }
}

criterion_group!(benches, tasks, check);
criterion_main!(benches);
