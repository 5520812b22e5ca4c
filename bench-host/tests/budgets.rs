//! What the examples weigh and take is what `benches/budgets.toml` says.

use reglet_bench_host::budgets;

#[test]
fn the_examples_keep_to_their_budgets() {
    let compared = budgets::compare(None, &()).unwrap();
    assert!(compared.holds(), "{compared}");
    print!("{}", compared.notes());
}
