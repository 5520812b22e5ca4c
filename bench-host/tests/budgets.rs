//! What the examples weigh and take is what `benches/budgets.toml` says, and what the README shows.

use std::fs;
use std::path::Path;

use reglet_bench_host::budgets;

#[test]
fn the_examples_keep_to_their_budgets() {
    let compared = budgets::compare(None, &()).unwrap();
    assert!(compared.holds(), "{compared}");
    print!("{}", compared.notes());
}

#[test]
fn the_readme_shows_what_the_budgets_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let budgets: toml::Table = fs::read_to_string(budgets::file(&root)).unwrap().parse().unwrap();
    for (label, key) in [
        ("module as compiled (bytes)", "raw_module_bytes"),
        ("module (bytes)", "module_bytes"),
        ("allocations per check", "allocations_per_check"),
        ("fuel per check", "fuel_per_check"),
    ] {
        let row = readme.lines().find(|line| line.starts_with(&format!("│ {label} "))).unwrap();
        let shown: Vec<f64> =
            row.split('┆').skip(1).map(|cell| cell.replace([',', ' ', '│'], "").parse().unwrap()).collect();
        for (profile, shown) in ["small", "fast"].into_iter().zip(shown) {
            let budget = budgets["plugins"]["tls-check"][profile][key].as_integer().unwrap() as f64;
            assert!((shown / budget - 1.0).abs() <= 0.02, "{label}, {profile}: {shown}, budget {budget}");
        }
    }
}
