//! Lists of pages, buckets, their entries and what was carved: a row in each form.

use document::{BucketRow, CarvedRow, EntryRow, KeyBuf, PageCounts, PageRow};
use etcd_snapshot::carve::{Label, Tally};
use serde::Serialize;
use serde_json::json;

use super::entry::text;
use super::rows::{Head, Row, cell};
use assay::documents;
use bbolt_page::view::BucketSummary;
use etcd_snapshot::carve::{Carved, Content};
use kube_objects::ShownKey;
use lens::entry::PlacedEntry;
use wording::{count, escape, group_digits};

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn or_empty(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// A bucket's name for people; the root bucket has none.
#[must_use]
pub fn bucket_label(path: &[&[u8]]) -> String {
    if path.is_empty() { "(root)".to_owned() } else { escape(&documents::bucket_name(path).0).into_owned() }
}

/// A page in a list of pages.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct PageLine(pub PageRow);

/// What a list of pages says about itself.
#[must_use]
pub fn pages_head(path: String) -> Head<'static> {
    const TITLES: [&str; 10] =
        ["page", "pages", "type", "bucket", "holds", "count", "overflow", "used", "fillPercent", "offset"];
    let mut head = Head { command: "pages", list: "pages", titles: &TITLES, ..Head::default() };
    head.artifact.insert("path".into(), path.into());
    head.line = page_line(["PAGE", "TYPE", "COUNT", "OVERFLOW", "USED", "FILL", "BUCKET"].map(str::to_owned));
    head
}

fn page_line([page, kind, count, overflow, used, fill, bucket]: [String; 7]) -> String {
    format!("{page:>9}  {kind:<8}  {count:>6}  {overflow:>8}  {used:>10}  {fill:>5}  {bucket}")
}

/// The pages of a file in a line.
#[must_use]
pub fn page_counts(counts: &PageCounts) -> String {
    let PageCounts { page_size, meta, freelist, branch, leaf, overflow, free, .. } = counts;
    let pages = count(counts.pages, "page");
    let freelist = if *freelist > 0 { format!("{freelist} freelist, ") } else { String::new() };
    format!(
        "{pages} of {page_size} bytes: {meta} meta, {freelist}{branch} branch, {leaf} leaf, {overflow} overflow, \
         {free} free"
    )
}

impl Row for PageLine {
    fn cells(&self) -> Vec<String> {
        let row = &self.0;
        vec![
            row.page.to_string(),
            row.pages.to_string(),
            row.r#type.to_string(),
            row.bucket.as_ref().map(|bucket| cell(&bucket.0)).unwrap_or_default(),
            or_empty(row.holds.as_ref()),
            or_empty(row.count),
            or_empty(row.overflow),
            or_empty(row.used),
            or_empty(row.fill_percent),
            row.offset.to_string(),
        ]
    }

    fn line(&self) -> String {
        let row = &self.0;
        let label = |name: &KeyBuf| if name.0.is_empty() { bucket_label(&[]) } else { cell(&name.0) };
        page_line([
            row.page.to_string(),
            row.r#type.to_string(),
            or_dash(row.count),
            or_dash(row.overflow),
            or_dash(row.used),
            or_dash(row.fill_percent.map(|fill| format!("{fill:.0}%"))),
            row.holds.as_ref().map(|word| format!("({word})")).or(row.bucket.as_ref().map(label)).unwrap_or_default(),
        ])
    }
}

/// A bucket in a list of buckets.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct BucketLine {
    row: BucketRow,
    #[serde(skip)]
    label: String,
}

impl BucketLine {
    /// Of a bucket in a file with pages of so many bytes.
    #[must_use]
    pub fn of(bucket: &BucketSummary<'_>, page_size: u64) -> Self {
        Self { row: documents::bucket_row(bucket, page_size), label: bucket_label(&bucket.path) }
    }
}

/// What a list of buckets says about itself.
#[must_use]
pub fn buckets_head(path: String) -> Head<'static> {
    const TITLES: [&str; 13] = [
        "bucket",
        "entries",
        "place",
        "page",
        "sequence",
        "levels",
        "branchPages",
        "branchOverflow",
        "leafPages",
        "leafOverflow",
        "branchUsed",
        "leafUsed",
        "allocated",
    ];
    let mut head = Head { command: "bucket", list: "buckets", titles: &TITLES, ..Head::default() };
    head.artifact.insert("path".into(), path.into());
    let titles = ["BUCKET", "ENTRIES", "PLACE", "LEVELS", "BRANCH", "LEAF", "OVERFLOW", "USED"];
    head.line = bucket_line(titles.map(str::to_owned));
    head
}

fn bucket_line([bucket, entries, place, levels, branch, leaf, overflow, used]: [String; 8]) -> String {
    format!("{bucket:<16}  {entries:>9}  {place:<14}  {levels:>6}  {branch:>6}  {leaf:>7}  {overflow:>8}  {used:>12}")
}

impl Row for BucketLine {
    fn cells(&self) -> Vec<String> {
        let row = &self.row;
        let mut cells = vec![self.label.clone(), row.entries.to_string(), row.place.to_string(), or_empty(row.page)];
        let numbers = [
            row.sequence,
            row.levels,
            row.branch_pages,
            row.branch_overflow,
            row.leaf_pages,
            row.leaf_overflow,
            row.branch_used,
            row.leaf_used,
            row.allocated,
        ];
        cells.extend(numbers.map(|number| number.to_string()));
        cells
    }

    fn line(&self) -> String {
        let row = &self.row;
        let place = match (&*row.place, row.page) {
            ("inline", Some(page)) => format!("inline in {page}"),
            ("pages", Some(page)) => format!("root {page}"),
            (word, _) => word.to_owned(),
        };
        bucket_line([
            self.label.clone(),
            row.entries.to_string(),
            place,
            row.levels.to_string(),
            row.branch_pages.to_string(),
            row.leaf_pages.to_string(),
            (row.branch_overflow + row.leaf_overflow).to_string(),
            (row.branch_used + row.leaf_used).to_string(),
        ])
    }
}

/// An entry in a list of the entries of a bucket.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct EntryLine {
    row: EntryRow,
    #[serde(skip)]
    text: String,
}

impl From<&PlacedEntry<'_>> for EntryLine {
    fn from(placed: &PlacedEntry<'_>) -> Self {
        Self { row: documents::entry_row(placed), text: text(&placed.entry) }
    }
}

/// What a list of entries says about itself.
#[must_use]
pub fn entries_head(path: String, bucket: &KeyBuf) -> Head<'static> {
    const TITLES: [&str; 7] = ["page", "element", "offset", "key", "keyHex", "meaning", "problem"];
    let mut head = Head { command: "bucket", list: "entries", titles: &TITLES, ..Head::default() };
    head.artifact.insert("path".into(), path.into());
    head.artifact.insert("bucket".into(), json!(bucket));
    head
}

impl EntryLine {
    fn name(&self) -> String {
        match (&self.row.key, &self.row.key_hex) {
            (Some(key), _) if std::str::from_utf8(&key.0).is_ok_and(|text| !text.contains(char::is_control)) => {
                escape(&key.0).into_owned()
            }
            (Some(_), Some(hex)) => hex.clone(),
            (None, None) => "(key not shown)".to_owned(),
            _ => String::new(),
        }
    }
}

impl Row for EntryLine {
    fn cells(&self) -> Vec<String> {
        let row = &self.row;
        vec![
            row.page.to_string(),
            row.element.to_string(),
            row.offset.to_string(),
            row.key.as_ref().map(|key| cell(&key.0)).unwrap_or_default(),
            or_empty(row.key_hex.as_ref()),
            self.text.clone(),
            or_empty(row.problem.as_ref()),
        ]
    }

    fn line(&self) -> String {
        let mut line = match self.name() {
            name if name.is_empty() => self.text.clone(),
            name => format!("{name:<20}  {}", self.text),
        };
        if self.row.is_bucket {
            line += "  (a bucket)";
        }
        if let Some(problem) = &self.row.problem {
            line += &format!("  PROBLEM: {problem}");
        }
        if let Some(value) = &self.row.value {
            line += &format!("  value {value}");
        }
        line
    }
}

/// Something in a list of what was carved.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct CarvedLine {
    row: CarvedRow,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    key: String,
}

impl From<&Carved<'_>> for CarvedLine {
    fn from(carved: &Carved<'_>) -> Self {
        let (row, entry) = documents::carved_row(carved);
        let (key, text) = match carved.content {
            Content::Record { kv, .. } => (escape(ShownKey::of(kv.key).key()).into_owned(), text(&entry)),
            Content::Entry { bucket, key, .. } => {
                (escape(key).into_owned(), format!("{}: {}", escape(bucket), text(&entry)))
            }
        };
        Self { row, text, key }
    }
}

impl CarvedLine {
    /// Adds the file that its value was written to.
    pub fn written_to(&mut self, file: String) {
        self.row.file = Some(file);
    }
}

/// What a list of what was carved says about itself.
#[must_use]
pub fn carved_head(path: String, revision: i64, compacted: Option<i64>) -> Head<'static> {
    const TITLES: [&str; 10] =
        ["label", "confidence", "trace", "bucket", "page", "element", "offset", "key", "meaning", "file"];
    let mut head = Head { command: "carve", list: "carved", titles: &TITLES, ..Head::default() };
    head.artifact.insert("path".into(), path.into());
    head.artifact.insert("revision".into(), revision.into());
    head.artifact.insert("compacted".into(), json!(compacted));
    head.line = carved_line("LABEL", "SURE", "FOUND BY", "PAGE", "OFFSET", "WHAT");
    head
}

fn carved_line(label: &str, sure: &str, trace: &str, page: &str, offset: &str, what: &str) -> String {
    format!("{label:<12}  {sure:<6}  {trace:<12}  {page:>8}  {offset:>12}  {what}")
}

impl Row for CarvedLine {
    fn cells(&self) -> Vec<String> {
        let row = &self.row;
        vec![
            row.label.to_string(),
            row.confidence.to_string(),
            row.trace.to_string(),
            cell(&row.bucket.0),
            row.page.to_string(),
            or_empty(row.element),
            row.offset.to_string(),
            self.key.clone(),
            self.text.clone(),
            or_empty(row.file.as_ref()),
        ]
    }

    fn line(&self) -> String {
        let row = &self.row;
        let (page, offset) = (row.page.to_string(), format!("{:#x}", row.offset));
        let file = row.file.as_ref().map_or_else(String::new, |file| format!("  -> {file}"));
        let what = format!("{}{file}", self.text);
        carved_line(&row.label, &row.confidence, &row.trace, &page, &offset, &what)
    }
}

/// What a carving came to, in lines; `all` is shown also of what the snapshot has.
#[must_use]
pub fn tally(tally: &Tally, all: bool) -> Vec<String> {
    let list = |of: fn(&Tally, Label) -> u64| {
        let some = Label::ALL.into_iter().filter(|label| of(tally, *label) > 0);
        let words = some.map(|label| format!("{} {}", group_digits(of(tally, label)), label.word()));
        let words = words.collect::<Vec<_>>().join(", ");
        if words.is_empty() { "none".to_owned() } else { words }
    };
    let Tally { whole_leaves, partial_leaves, branches, raw_pages, .. } = tally;
    let mut lines = vec![
        format!(
            "{}: {whole_leaves} stale leaves, {partial_leaves} overwritten in part, {branches} stale branches, \
             {raw_pages} pages that say nothing of themselves",
            count(tally.pages, "free page")
        ),
        format!("records: {}", list(Tally::records_of)),
        format!("entries of etcd's own buckets: {}", list(Tally::entries_of)),
    ];
    if tally.records_of(Label::Identical) + tally.entries_of(Label::Identical) > 0 && !all {
        lines.push("what is identical to the snapshot is left out; --all shows it".to_owned());
    }
    lines
}
