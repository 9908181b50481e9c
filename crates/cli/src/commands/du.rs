//! `assay du`: where the bytes of a snapshot are.

use std::cmp::Reverse;

use document::{Artifact, Document, KeyBuf, KeyGroup, UsedKeys};
use lens::Reader;
use lens::usage::{Account, By, Group, KeyUsage, Reclaimable, Usage, groups};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::bytes::{check_faults, database, open, verdict};
use super::objects;
use crate::args::{DuArgs, RowFormat, UsageBy, UsageFormat};
use crate::documents;
use crate::exit::{Error, Outcome};
use crate::input::{Reading, Source};
use crate::output::json::{Verdict, write_pretty};
use crate::output::rows::{Fields, Head, Row, Rows, cell};
use crate::spread::Pool;
use crate::ui::{Ui, style};
use wording::{Size, count, escape, group_digits, shorten};

/// Columns of a bar in the account and in a table.
const BAR: usize = 30;
const SMALL_BAR: usize = 10;
/// Columns of a name in a table.
const NAME: usize = 30;
/// Columns of a name at the end of a line.
const LONG_NAME: usize = 47;
/// From when on the operator's controller defragments: percent, and bytes of the database.
const OPERATOR_PERCENT: f64 = 45.0;
const OPERATOR_SIZE: u64 = 100 << 20;

pub(super) fn run(args: &DuArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let source = open(&args.snapshot, reading, ui)?;
    let db = database(&source, ui)?;
    let mut selection = args.keys.selection(args.prefix.as_ref())?;
    objects::resolve_by(&mut selection, &source, |resources| {
        resources.look_through(&Reader::open(db.clone(), &Pool), &Pool, &|_| {});
        Ok(())
    })?;
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let mut usage = Usage::of(db, &Pool, &|bytes| meter.add(bytes));
    drop(meter);
    source.check_unchanged()?;
    check_faults(&source, &usage.faults, ui);
    if usage.unreadable > 0 {
        ui.warn(&format!("{}: {} in bucket `key`", source.display(), count(usage.unreadable, "unreadable record")));
        ui.settle(Outcome::Findings);
    }
    if !selection.is_everything() {
        usage.keys.retain(|key| selection.matches(key.key));
        if usage.keys.is_empty() {
            let prefix = args.prefix.as_ref().map(|prefix| escape(prefix.as_encoded_bytes()));
            let none = match prefix.filter(|_| args.keys.is_empty()) {
                Some(prefix) => format!("no key begins with `{prefix}`"),
                None => "no key is what was asked for".to_owned(),
            };
            ui.warn(&format!("{}: {none}", source.display()));
        }
    }
    let told = Told { args, source: &source, usage: &usage };
    match args.format() {
        UsageFormat::Human => told.print(ui)?,
        UsageFormat::Json => {
            let document = told.document(verdict(ui));
            write_pretty(ui.out(), &document)?;
        }
        UsageFormat::Csv => told.table(ui)?,
        UsageFormat::Html => {
            let page = report::usage(&told.document(verdict(ui)));
            ui.out().write_all(page.as_bytes())?;
        }
    }
    Ok(ui.outcome())
}

/// What is told of a snapshot.
struct Told<'t, 'a> {
    args: &'t DuArgs,
    source: &'t Source,
    usage: &'t Usage<'a>,
}

/// A group of keys, or a key.
struct GroupRow(Group);

impl GroupRow {
    fn shape(&self) -> KeyGroup {
        let group = &self.0;
        KeyGroup {
            name: KeyBuf::from(group.name.as_slice()),
            live_keys: group.live_keys,
            deleted_keys: group.deleted_keys,
            revisions: group.revisions,
            live: group.live,
            history: group.history,
            tombstones: group.tombstones,
            total: group.total(),
            encryption: group.wrapping,
        }
    }
}

impl Serialize for GroupRow {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.shape().serialize(serializer)
    }
}

fn reclaimable(had: Reclaimable) -> document::Reclaimable {
    document::Reclaimable {
        db_total_size: had.db_total_size,
        db_in_use: had.db_in_use,
        defragmentation_mb: had.defragmentation_mb,
        fragmentation_percent: had.fragmentation_percent,
        page_overhead: had.page_overhead,
        compaction: had.compaction,
    }
}

fn account(of: &Account) -> document::Account {
    let classes = of.classes();
    let of = |class: &str| classes.iter().find(|(name, _)| *name == class).map_or(0, |(_, bytes)| *bytes);
    document::Account {
        free: of("free"),
        history: of("history"),
        live: of("live"),
        other_elements: of("otherElements"),
        own_state: of("ownState"),
        page_overhead: of("pageOverhead"),
        tail: of("tail"),
        tombstones: of("tombstones"),
        trailer: of("trailer"),
    }
}

const TITLES: [&str; 9] =
    ["name", "liveKeys", "deletedKeys", "revisions", "live", "history", "tombstones", "total", "encryption"];

impl Row for GroupRow {
    fn cells(&self) -> Vec<String> {
        let group = &self.0;
        let numbers = [
            group.live_keys,
            group.deleted_keys,
            group.revisions,
            group.live,
            group.history,
            group.tombstones,
            group.total(),
            group.wrapping,
        ];
        let name = cell(&group.name);
        std::iter::once(name).chain(numbers.map(|number| number.to_string())).collect()
    }

    fn line(&self) -> String {
        escape(&self.0.name).into_owned()
    }
}

impl Told<'_, '_> {
    fn first<T>(&self, mut list: Vec<T>) -> Vec<T> {
        if self.args.top > 0 {
            list.truncate(self.args.top);
        }
        list
    }

    /// The keys that come first by `rank`, larger ones before smaller ones, equal ones in order of their bytes.
    fn keys_by<R: Ord>(&self, rank: impl Fn(&KeyUsage<'_>) -> R) -> Vec<Group> {
        let mut keys: Vec<&KeyUsage<'_>> = self.usage.keys.iter().collect();
        let order = |key: &&KeyUsage<'_>| Reverse(rank(key));
        let top = self.args.top;
        if top > 0 && top < keys.len() {
            keys.select_nth_unstable_by(top, |a, b| order(a).cmp(&order(b)).then_with(|| a.key.cmp(b.key)));
            keys.truncate(top);
        }
        keys.sort_unstable_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.key.cmp(b.key)));
        keys.into_iter().map(Group::of_key).collect()
    }

    fn keys(&self, churn: bool) -> Vec<Group> {
        if churn { self.keys_by(|key| (key.revisions, key.total())) } else { self.keys_by(|key| key.total()) }
    }

    fn groups(&self, by: UsageBy) -> Vec<Group> {
        let by = match by {
            UsageBy::Resource => By::Resource,
            UsageBy::Namespace => By::Namespace,
            UsageBy::Prefix => By::Prefix(self.args.depth.get()),
            UsageBy::Key => return self.keys(self.args.churn),
        };
        let mut all = groups(&self.usage.keys, by);
        if self.args.churn {
            all.sort_by_key(|group| Reverse((group.revisions, group.total())));
        }
        all
    }

    fn document(&self, verdict: Verdict) -> Document {
        let keys = &self.usage.keys;
        let live = keys.iter().filter(|key| key.is_live()).count() as u64;
        let rows = |groups: Vec<Group>| groups.into_iter().map(|group| GroupRow(group).shape()).collect();
        let usage = document::Usage {
            path: self.source.name(),
            file_size: self.usage.account.file,
            account: account(&self.usage.account),
            reclaimable: reclaimable(self.usage.account.reclaimable()),
            keys: UsedKeys {
                live,
                deleted: keys.len() as u64 - live,
                revisions: keys.iter().map(|key| key.revisions).sum(),
                encryption: keys.iter().map(|key| key.wrapping).sum(),
            },
            resources: rows(self.groups(UsageBy::Resource)),
            namespaces: rows(self.groups(UsageBy::Namespace)),
            depth: self.args.depth.get() as u64,
            prefixes: rows(self.first(self.groups(UsageBy::Prefix))),
            top: rows(self.keys(false)),
            churn: rows(self.keys(true)),
            ..document::Usage::default()
        };
        documents::document("du", vec![Artifact::Usage(Box::new(usage))], Vec::new(), verdict)
    }

    fn table(&self, ui: &mut Ui) -> Result<(), Error> {
        let by = self.args.by.unwrap_or(if self.args.churn { UsageBy::Key } else { UsageBy::Resource });
        let head = Head { command: "du", list: "rows", titles: &TITLES, ..Head::default() };
        let mut rows = Rows::begin(ui.out(), RowFormat::Csv, &head)?;
        for group in self.first(self.groups(by)) {
            rows.row(&GroupRow(group))?;
        }
        rows.finish(&Fields::default(), &[], Verdict::Pass)
    }

    fn print(&self, ui: &mut Ui) -> Result<(), Error> {
        if let Some(by) = self.args.by {
            return self.print_table(by, ui);
        }
        if self.args.churn {
            return self.print_table(UsageBy::Key, ui);
        }
        let account = &self.usage.account;
        let title = ui.paint(style::HEAD, escape(self.source.name().as_bytes())).to_string();
        let out = ui.out();
        writeln!(out, "{title}")?;
        for (words, bytes) in classes_in_words(account) {
            if bytes > 0 {
                writeln!(out, "{}", class_line(words, bytes, account.file))?;
            }
        }
        writeln!(out, "{}", class_line("file", account.file, account.file))?;
        let wrapping: u64 = self.usage.keys.iter().map(|key| key.wrapping).sum();
        if wrapping > 0 {
            writeln!(out, "  of the records, {} or more are added by encryption", Size(wrapping))?;
        }
        writeln!(out)?;
        for line in reclaimable_lines(account) {
            writeln!(out, "  {line}")?;
        }
        writeln!(out)?;
        self.print_table(UsageBy::Resource, ui)?;
        writeln!(ui.out())?;
        self.print_table(UsageBy::Key, ui)
    }

    fn print_table(&self, by: UsageBy, ui: &mut Ui) -> Result<(), Error> {
        let title = match by {
            UsageBy::Resource => "RESOURCE",
            UsageBy::Namespace => "NAMESPACE",
            UsageBy::Prefix => "PREFIX",
            UsageBy::Key => "KEY",
        };
        // Keys and prefixes are long, and stand at the end of the line.
        let line = if matches!(by, UsageBy::Prefix | UsageBy::Key) { long_line } else { short_line };
        let groups = self.groups(by);
        let whole: u64 = self.usage.keys.iter().map(KeyUsage::total).sum();
        let all = if by == UsageBy::Key { self.usage.keys.len() } else { groups.len() };
        let shown = self.first(groups);
        let head = line([title, "KEYS", "REVS", "LIVE", "HISTORY", "SHARE"].map(str::to_owned));
        let head = ui.paint(style::HEAD, head).to_string();
        let out = ui.out();
        writeln!(out, "{head}")?;
        for group in &shown {
            let cells = [
                escape(&group.name).into_owned(),
                group.live_keys.to_string(),
                group.revisions.to_string(),
                Size(group.live).to_string(),
                Size(group.history + group.tombstones).to_string(),
                bar(group.total(), whole, SMALL_BAR),
            ];
            writeln!(out, "{}", line(cells))?;
        }
        if all > shown.len() {
            writeln!(out, "  and {} more; --top 0 shows them", group_digits((all - shown.len()) as u64))?;
        }
        Ok(())
    }
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
    let would = had.fragmentation_percent >= OPERATOR_PERCENT && had.db_total_size >= OPERATOR_SIZE;
    let operator = if would { "and would here" } else { "and would not here" };
    [
        format!("etcd_mvcc_db_total_size_in_bytes         {:>14}", group_digits(had.db_total_size)),
        format!("etcd_mvcc_db_total_size_in_use_in_bytes  {:>14}", group_digits(had.db_in_use)),
        format!(
            "a defragmentation gives back {:.2} MB: {:.2} % is free",
            had.defragmentation_mb, had.fragmentation_percent
        ),
        format!("  (the operator defragments from {OPERATOR_PERCENT:.0} % and 100 MiB on, {operator})"),
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
