//! The modules' sizes as a picture.

use core::fmt::Write;

use reglet_bench_host::guests::Profile;
use reglet_benches::page::grouped;
use reglet_benches::rivals::Row;

const WIDTH: f64 = 760.0;
const LABELS: f64 = 150.0;
const NUMBERS: f64 = 90.0;
const LINE: f64 = 30.0;

/// What the shortest bar would stand for: they are logarithmic, as they must be to show kilobytes beside megabytes.
const LEAST: f64 = 4_000.0;

/// A bar for each plugin that is built for size, the smallest first.
pub(crate) fn svg(rows: &[Row]) -> String {
    let mut rows: Vec<_> = rows.iter().filter(|row| row.profile != Some(Profile::Fast)).collect();
    rows.sort_by_key(|row| row.bytes);
    let scale = |bytes: f64| (bytes.max(LEAST) / LEAST).log10();
    let most = rows.iter().map(|row| scale(row.bytes as f64)).fold(1.0, f64::max);
    let width = |bytes: f64| scale(bytes) / most * (WIDTH - LABELS - NUMBERS);
    let height = (rows.len() as f64 + 1.7) * LINE;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">
<title>Bytes of the same check with different SDKs, built for size, on a logarithmic scale</title>
<rect width="100%" height="100%" fill="#fff"/>
"##
    );
    for (power, label) in [(1e4, "10 KB"), (1e5, "100 KB"), (1e6, "1 MB")] {
        let x = LABELS + width(power);
        let end = height - LINE * 1.5;
        // Writing to a string does not fail.
        let _ = writeln!(
            svg,
            r##"<path d="M{x:.0} 4V{end:.0}" stroke="#ddd"/><text x="{x:.0}" y="{:.0}" fill="#777" text-anchor="middle">{label}</text>"##,
            height - LINE
        );
    }
    for (at, row) in rows.iter().enumerate() {
        let (y, end) = (at as f64 * LINE + 8.0, LABELS + width(row.bytes as f64));
        let fill = if row.name.starts_with("this SDK") { "#c2410c" } else { "#94a3b8" };
        let _ = writeln!(
            svg,
            r##"<text x="{:.0}" y="{:.0}" text-anchor="end">{}</text><rect x="{LABELS}" y="{y:.0}" width="{:.0}" height="18" fill="{fill}"/><text x="{:.0}" y="{:.0}">{}</text>"##,
            LABELS - 8.0,
            y + 14.0,
            row.name,
            end - LABELS,
            end + 6.0,
            y + 14.0,
            grouped(row.bytes as u64),
        );
    }
    let _ = writeln!(
        svg,
        r##"<text x="{LABELS}" y="{:.0}" fill="#777">bytes of the module, on a logarithmic scale</text>"##,
        height - 8.0
    );
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use reglet_benches::rivals::Cost;

    #[test]
    fn there_is_a_bar_for_each_and_the_longest_ends_within_the_picture() {
        let cost = Cost { memory_start: 0, guest_calls: 0, host_calls: 0, fuel: 0 };
        let row = |name, bytes| Row {
            name,
            profile: None,
            packages: None,
            raw_bytes: bytes,
            bytes,
            cost,
            nanos: 0.0,
        };
        let svg = svg(&[row("b", 5_000_000), row("a", 8_000), row("none", 0)]);
        assert!(svg.find(">a<").unwrap() < svg.find(">b<").unwrap(), "{svg}");
        let widths = svg.split(r#" width=""#).skip(2).map(|rest| rest.split('"').next().unwrap());
        assert_eq!(widths.collect::<Vec<_>>(), ["0", "51", "520"]);
        assert!(svg.contains(">5,000,000<") && svg.ends_with("</svg>\n"), "{svg}");
    }
}
