//! Where the bytes of a snapshot are, with bars, and as a table.

use assay::documents;
use document::KeyGroup;
use lens::usage::{Account, Table, Usage};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::rows::{Fields, Head, Row, Rows, cell};
use crate::args::{RowFormat, UsageBy};
use crate::exit::Error;
use crate::ui::{Ui, style};
use checks::Verdict;
use wording::{Size, escape, group_digits, shorten};

/// Columns of a bar in the account and in a table.
const BAR: usize = 30;
const SMALL_BAR: usize = 10;
/// Columns of a name in a table.
const NAME: usize = 30;
/// Columns of a name at the end of a line.
const LONG_NAME: usize = 47;

#[derive(Serialize)]
#[serde(transparent)]
struct GroupRow(KeyGroup);

impl Row for GroupRow {
    fn cells(&self) -> Vec<String> {
        let KeyGroup { live_keys, deleted_keys, revisions, live, history, tombstones, total, encryption, .. } = self.0;
        let numbers =
            [live_keys, deleted_keys, revisions, live, history, tombstones, total, encryption, self.0.removed_versions];
        std::iter::once(cell(&self.0.name.0)).chain(numbers.map(|number| number.to_string())).collect()
    }

    fn line(&self) -> String {
        cell(&self.0.name.0)
    }
}

/// A table as comma-separated values.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn csv(table: &Table, format: RowFormat, ui: &mut Ui) -> Result<(), Error> {
    const TITLES: [&str; 10] = [
        "name",
        "liveKeys",
        "deletedKeys",
        "revisions",
        "live",
        "history",
        "tombstones",
        "total",
        "encryption",
        "removedVersions",
    ];
    let head = Head { command: "du", list: "rows", titles: &TITLES, ..Head::default() };
    let mut rows = Rows::begin(ui.out(), format, &head)?;
    for group in &table.rows {
        rows.row(&GroupRow(documents::key_group(group)))?;
    }
    rows.finish(&Fields::default(), &[], Verdict::Pass)
}

/// The account of the file of that name, and what could be had back, for people.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn account(name: &str, usage: &Usage<'_>, ui: &mut Ui) -> Result<(), Error> {
    let account = &usage.account;
    let title = ui.paint(style::HEAD, escape(name.as_bytes())).to_string();
    let out = ui.out();
    writeln!(out, "{title}")?;
    for (words, bytes) in classes_in_words(account) {
        if bytes > 0 {
            writeln!(out, "{}", class_line(words, bytes, account.file))?;
        }
    }
    writeln!(out, "{}", class_line("file", account.file, account.file))?;
    let wrapping = usage.all_keys().wrapping;
    if wrapping > 0 {
        writeln!(out, "  of the records, {} or more are added by encryption", Size(wrapping))?;
    }
    writeln!(out)?;
    for line in reclaimable_lines(account) {
        writeln!(out, "  {line}")?;
    }
    Ok(writeln!(out)?)
}

/// A table for people, and by what its rows are; with `churn` how often its keys were written stands in place of their
/// history.
///
/// # Errors
/// Whatever keeps the stream from taking it.
pub fn table((by, table): &(UsageBy, Table), churn: bool, usage: &Usage<'_>, ui: &mut Ui) -> Result<(), Error> {
    let title = match by {
        UsageBy::Resource => "RESOURCE",
        UsageBy::Namespace => "NAMESPACE",
        UsageBy::Prefix => "PREFIX",
        UsageBy::Key => "KEY",
    };
    // Keys and prefixes are long, and stand at the end of the line.
    let line = if matches!(by, UsageBy::Prefix | UsageBy::Key) { long_line } else { short_line };
    let all = usage.all_keys();
    let head =
        line([title, "KEYS", "REVS", "LIVE", if churn { "WRITES" } else { "HISTORY" }, "SHARE"].map(str::to_owned));
    let head = ui.paint(style::HEAD, head).to_string();
    let out = ui.out();
    writeln!(out, "{head}")?;
    for group in &table.rows {
        let (beside, share) = if churn {
            (group.writes().to_string(), bar(group.writes(), all.writes(), SMALL_BAR))
        } else {
            (Size(group.history + group.tombstones).to_string(), bar(group.total(), all.total(), SMALL_BAR))
        };
        let cells = [
            escape(&group.name).into_owned(),
            group.live_keys.to_string(),
            group.revisions.to_string(),
            Size(group.live).to_string(),
            beside,
            share,
        ];
        writeln!(out, "{}", line(cells))?;
    }
    let more = (table.all - table.rows.len()) as u64;
    if more > 0 {
        writeln!(out, "  and {} more; --top 0 shows them", group_digits(more))?;
    }
    Ok(())
}

fn short_line([name, keys, revisions, live, history, share]: [String; 6]) -> String {
    let name = shorten(&name, NAME);
    let pad = " ".repeat(NAME.saturating_sub(name.width()));
    format!("  {name}{pad} {keys:>6} {revisions:>7} {live:>10} {history:>10} {share}").trim_end().to_owned()
}

fn long_line([name, _, revisions, live, history, _]: [String; 6]) -> String {
    format!("  {live:>10} {history:>10} {revisions:>7}  {}", shorten(&name, LONG_NAME))
}

/// A bar of `columns`: as much of it filled as `part` is of `whole`, and something wherever there is something.
fn bar(part: u64, whole: u64, columns: usize) -> String {
    let (part, whole, wide) = (u128::from(part), u128::from(whole.max(1)), columns as u128);
    let exact = (part * wide + whole / 2) / whole;
    let filled = usize::try_from(exact).unwrap_or(columns).clamp(usize::from(part > 0), columns);
    "#".repeat(filled)
}

fn class_line(words: &str, bytes: u64, whole: u64) -> String {
    let tenths = u128::from(bytes) * 1000 / u128::from(whole.max(1));
    let share = format!("{}.{} %", tenths / 10, tenths % 10);
    let line = format!("  {words:<18} {:>10} {share:>8}  {}", Size(bytes).to_string(), bar(bytes, whole, BAR));
    line.trim_end().to_owned()
}

fn classes_in_words(account: &Account) -> [(&'static str, u64); 9] {
    let words = [
        "live records",
        "history",
        "tombstones",
        "other elements",
        "etcd's own state",
        "page overhead",
        "free pages",
        "integrity hash",
        "behind the pages",
    ];
    let mut classes = account.classes();
    for (class, words) in classes.iter_mut().zip(words) {
        class.0 = words;
    }
    classes
}

fn reclaimable_lines(account: &Account) -> [String; 5] {
    let had = account.reclaimable();
    let operator = if had.is_enough_for_the_operator() { "and would here" } else { "and would not here" };
    [
        format!("etcd_mvcc_db_total_size_in_bytes         {:>14}", group_digits(had.db_total_size)),
        format!("etcd_mvcc_db_total_size_in_use_in_bytes  {:>14}", group_digits(had.db_in_use)),
        format!(
            "a defragmentation gives back {:.2} MB: {:.2} % is free",
            had.defragmentation_mb, had.fragmentation_percent
        ),
        format!("  (the operator defragments from 45 % and 100 MiB on, {operator})"),
        format!("a compaction at the last revision frees {} more for it", Size(had.compaction)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_fit_and_show_the_smallest_part() {
        for (part, whole, filled) in
            [(0, 9, 0), (1, 1_000_000, 1), (1, 2, 5), (2, 2, 10), (u64::MAX, u64::MAX, 10), (7, 0, 10)]
        {
            assert_eq!(bar(part, whole, 10).len(), filled, "{part} of {whole}");
        }
        assert!(class_line("behind the pages", u64::MAX, u64::MAX).len() <= 80);
    }

    #[test]
    fn a_table_is_no_wider_than_a_terminal_of_80_columns() {
        let numbers = ["999999", "9999999", "1023.9 GiB", "1023.9 MiB"].map(str::to_owned);
        let [keys, revisions, live, history] = numbers;
        let cells = ["x".repeat(99), keys, revisions, live, history, "#".repeat(SMALL_BAR)];
        assert_eq!((short_line(cells.clone()).width(), long_line(cells).width()), (80, 80));
    }
}
