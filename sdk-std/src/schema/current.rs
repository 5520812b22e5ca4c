//! Files with schemas, kept true by tests.

use std::path::Path;
use std::{env, fs};

use schemars::JsonSchema;
use serde_json::Value;

/// Tests that a file has the schema which schemars makes of the type now, in the form of [`of`](super::of). White
/// space and the order of keys do not count. The path is relative to the crate's folder.
///
/// With `REGLET_BLESS=1` in the environment, the file is written where it is not as it should be.
///
/// ```no_run
/// # use schemars::JsonSchema;
/// # #[derive(JsonSchema)]
/// # struct Config {}
/// reglet_sdk_std::schema::assert_current::<Config>("schema.json");
/// ```
///
/// # Panics
///
/// It is out of date, or can't be read or written. The text shows what differs.
#[track_caller]
pub fn assert_current<T: JsonSchema>(path: impl AsRef<Path>) {
    let path = path.as_ref();
    let shown = path.display();
    let made = super::normal::value::<T>();
    let found = fs::read_to_string(path);
    let read = found.as_ref().ok().and_then(|text| serde_json::from_str::<Value>(text).ok());
    if read.as_ref() == Some(&made) {
        return;
    }
    let wanted = format!("{made:#}\n");
    if env::var_os("REGLET_BLESS").is_some_and(|value| !value.is_empty() && value != "0") {
        if let Err(error) = fs::write(path, wanted) {
            panic!("{shown} can't be written: {error}");
        }
        return;
    }
    let what = match (found, read) {
        (Err(error), _) => format!("can't be read: {error}"),
        (_, None) => "is not JSON".into(),
        (_, Some(mut read)) => {
            read.sort_all_objects();
            format!("is out of date:\n{}", difference(&format!("{read:#}\n"), &wanted))
        }
    };
    panic!("the schema in {shown} {what}\n`REGLET_BLESS=1 cargo test` writes what the type says now");
}

/// The lines that differ, with two around them.
fn difference(old: &str, new: &str) -> String {
    let [old, new] = [old, new].map(|text| text.lines().collect::<Vec<_>>());
    let most = old.len().min(new.len());
    let before = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let after = old.iter().rev().zip(new.iter().rev()).take_while(|(old, new)| old == new).count();
    let after = after.min(most - before);
    let marked = |mark: char, lines: &[&str]| -> String {
        lines.iter().map(|line| format!("{mark} {line}\n")).collect()
    };
    [
        marked(' ', &old[before.saturating_sub(2)..before]),
        marked('-', &old[before..old.len() - after]),
        marked('+', &new[before..new.len() - after]),
        marked(' ', &new[new.len() - after..][..after.min(2)]),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn shows_the_lines_that_differ() {
        assert_eq!(difference("a\nb\nc\nd\ne\n", "a\nb\nc\nx\ny\ne\n"), "  b\n  c\n- d\n+ x\n+ y\n  e\n");
        assert_eq!(difference("a\na\n", "a\na\na\n"), "  a\n  a\n+ a\n");
        assert_eq!(difference("", "a\n"), "+ a\n");
    }
}
