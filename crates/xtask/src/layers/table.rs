//! The table of crates in ARCHITECTURE.md.

use crate::error::Error;

/// What the header of the table begins with, and the name of its last column.
const HEAD: &str = "| crate |";
const LAST: &str = "may import";

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// The crate.
    pub(super) name: String,
    /// The crates of ours that it may import.
    pub(super) may_import: Vec<String>,
}

/// The rows of the page's table of crates, in their order.
///
/// # Errors
/// [`Error::Table`] where there is none, or a row that is not like its header.
pub(super) fn rows(page: &str) -> Result<Vec<Row>, Error> {
    let mut lines = page.lines().skip_while(|line| !line.starts_with(HEAD));
    let head = cells(lines.next().ok_or_else(|| Error::Table(format!("no table begins with `{HEAD}`")))?);
    if head.last().is_none_or(|last| *last != LAST) {
        return Err(Error::Table(format!("the last column of the table of crates is not `{LAST}`")));
    }
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|line| row(line, head.len())).collect()
}

fn row(line: &str, columns: usize) -> Result<Row, Error> {
    let cells = cells(line);
    let name = cells.first().and_then(|cell| names(cell).into_iter().next());
    match (name, cells.last()) {
        (Some(name), Some(last)) if cells.len() == columns => Ok(Row { name, may_import: names(last) }),
        _ => Err(Error::Table(format!("not a row of the table of crates: {line}"))),
    }
}

fn cells(line: &str) -> Vec<&str> {
    line.trim().trim_matches('|').split(" | ").map(str::trim).collect()
}

/// What stands between back quotes.
fn names(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_and_what_is_none() {
        let page = "x\n\n| crate | job | may import |\n|---|---|---|\n| **`a`** | one `b` | - |\n\
            | `b` | two | `a`, `c` |\n\n| `d` | no row | `a` |\n";
        let row = |name: &str, may: &[&str]| Row {
            name: name.to_owned(),
            may_import: may.iter().map(|one| (*one).to_owned()).collect(),
        };
        assert_eq!(rows(page).unwrap(), [row("a", &[]), row("b", &["a", "c"])]);
        for page in ["", "| crate | job |\n|---|---|\n", "| crate | may import |\n|---|---|\n| `a` |\n"] {
            assert!(matches!(rows(page), Err(Error::Table(_))), "{page}");
        }
    }
}
