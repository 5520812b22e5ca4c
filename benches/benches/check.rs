//! A whole check across the boundary, for a plugin built for size and for speed, with a refused configuration: no
//! network takes part, and both the way in and the way out do.

use criterion::{Criterion, criterion_group, criterion_main};
use reglet_bench_host::Host;
use reglet_bench_host::guests::{Crate, Profile};

fn check(criterion: &mut Criterion) {
    let host = Host::builder().build().unwrap();
    let example = Crate::find("tls-check").unwrap();
    for profile in Profile::ALL {
        let built = example.build(profile, &()).unwrap();
        let plugin = host.load(&built.name, &built.module.bytes).unwrap();
        let mut group = criterion.benchmark_group(format!("tls-check ({})", profile.name()));
        let mut instance = plugin.instance().unwrap();
        group.bench_function("refuse a config", |bench| {
            bench.iter(|| instance.observe(br#"{"hostname":"localhost","port":0}"#).unwrap());
        });
        group.bench_function("instance", |bench| bench.iter(|| plugin.instance().unwrap()));
        group.finish();
    }
}

criterion_group!(benches, check);
criterion_main!(benches);
