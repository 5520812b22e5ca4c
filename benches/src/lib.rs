//! Benchmarks of the Reglet Rust SDK: `cargo bench -p reglet-benches`, and the programs `codec`,
//! `prices` and `rivals`.
//!
//! Wall times are for people: they are compared within one run, and no test depends on them. What is the same on
//! every machine, sizes and counts, is held to `budgets.toml` by a test.

pub mod codec;
pub mod http;
pub mod page;
pub mod prices;
pub mod program;
pub mod rivals;
