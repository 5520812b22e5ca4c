//! Tables for terminals and for pages, and the pages that they stand in.

use core::error::Error;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
pub use reglet_bench_host::report::grouped;

/// What stands in a cell that has no value.
pub const NOTHING: &str = "–";

/// Cells with a row of headers, and how many columns at the left are text.
#[derive(Clone, Debug, Default)]
pub struct Cells {
    /// The headers.
    pub header: Vec<String>,
    /// The rows, each with as many cells as there are headers.
    pub rows: Vec<Vec<String>>,
    /// How many columns at the left are text; the others are numbers.
    pub texts: usize,
}

impl Cells {
    /// A table with lines.
    #[must_use]
    pub fn terminal(&self) -> String {
        let mut table = Table::new();
        table.load_style(UTF8_FULL_CONDENSED);
        table.set_header(&self.header);
        table.add_rows(&self.rows);
        for column in table.column_iter_mut().skip(self.texts) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.trim_fmt()
    }

    /// A table in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let columns = self.header.iter().enumerate();
        let rule: Vec<_> =
            columns.map(|(at, _)| if at < self.texts { "---" } else { "---:" }.to_owned()).collect();
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        line(&self.header) + &line(&rule) + &rows
    }
}

/// The page with other text between the markers of this name.
///
/// # Errors
///
/// The page has no such markers.
pub fn with_section(page: &str, name: &str, section: &str) -> Result<String, Box<dyn Error>> {
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let parts = page.split_once(&begin).and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = parts.ok_or_else(|| format!("the page has no markers for {name}"))?;
    Ok(format!("{before}{begin}\n{section}\n{end}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let page = "a\n<!-- begin x -->\nold\n<!-- end x -->\nb\n";
        let expected = "a\n<!-- begin x -->\n\nnew\n\n<!-- end x -->\nb\n";
        let once = with_section(page, "x", "new\n").unwrap();
        assert_eq!(once, expected);
        assert_eq!(with_section(&once, "x", "new\n").unwrap(), expected);
        assert!(with_section(page, "y", "new\n").is_err());
    }

    #[test]
    fn markdown_has_a_rule_below_its_header() {
        let cells = Cells {
            header: vec!["a".into(), "b".into()],
            rows: vec![vec!["x".into(), "1".into()]],
            texts: 1,
        };
        assert_eq!(cells.markdown(), "| a | b |\n| --- | ---: |\n| x | 1 |\n");
    }
}
