//! `reglet-bench`: runs and measures Reglet plugins.
fn main() {}
