//! The std layer's http-check keeps to what it may weigh and take.

use std::sync::LazyLock;

use reglet_bench_host::Status;
use reglet_bench_host::guests::Profile;
use reglet_benches::http::{self, FUEL_RATIO, MEMORY_START, Measured};

static MEASURED: LazyLock<Measured> = LazyLock::new(|| http::measure(&()).unwrap());

#[test]
fn both_checks_succeed() {
    for row in MEASURED.core.iter().chain(&MEASURED.example) {
        let outcome = &row.measured.outcome;
        assert_eq!(outcome.status(), Status::Success, "{}: {}", row.plugin, outcome.json());
        assert_eq!(outcome.message(), MEASURED.core[0].measured.outcome.message(), "{}", row.plugin);
    }
}

#[test]
fn the_module_is_small_enough() {
    let small = MEASURED.example.iter().filter(|row| row.profile == Some(Profile::Small));
    assert_eq!(small.clone().count(), 2);
    for row in small {
        let (variant, len) = (row.variant().unwrap(), row.measured.module_bytes);
        let (limit, goal) = http::bytes(row.target.unwrap());
        println!("{variant}: {len} bytes of {limit}, the goal is {goal}");
        if len > limit && !MEASURED.optimised {
            println!("not held to it, as wasm-opt is not there");
            continue;
        }
        assert!(len <= limit, "{variant}: {len} bytes, more than the {limit} that it may have");
    }
}

#[test]
fn it_starts_with_little_memory() {
    for row in &MEASURED.example {
        let memory = row.measured.memory_start_bytes;
        assert!(memory <= MEMORY_START, "{:?}: {memory} bytes", row.variant());
    }
}

#[test]
fn a_check_takes_little_more_than_on_the_core_layer() {
    for row in &MEASURED.example {
        let ratio = MEASURED.fuel_ratio(row);
        println!("{:?}: {ratio:.2} times the fuel", row.variant());
        assert!(ratio <= FUEL_RATIO, "{:?}: {ratio:.2} times the fuel", row.variant());
    }
}
