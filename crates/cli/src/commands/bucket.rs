//! `assay bucket`: the buckets and the room they take, or the entries of one.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use bbolt_page::view::{BucketPlace, BucketSummary, PageMap};
use bbolt_page::{Bounds, Bucket, BucketRoot, Db, LeafElement, LeafPage, Report, Spread, Walker};
use serde::Serialize;
use serde_json::{Map, Value};

use super::bytes::{bucket_label, bucket_name, check_faults, database, open, verdict};
use crate::args::BucketArgs;
use crate::exit::{Error, Outcome};
use crate::input::{Reading, Source};
use crate::output::entry::{Meaning, is_public, meaning};
use crate::output::json::{HexBytes, Key};
use crate::output::rows::{Fields, Head, Row, Rows, cell};
use crate::spread::Pool;
use crate::ui::Ui;
use wording::{escape, group_digits};

/// Leaves read in one piece of work.
const PIECE: usize = 64;

pub(super) fn run(args: &BucketArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let source = open(&args.snapshot, reading, ui)?;
    let db = database(&source, ui)?;
    if args.name.is_empty() {
        list(args, &source, db, ui)?;
    } else {
        entries(args, &source, db, ui)?;
    }
    source.check_unchanged()?;
    Ok(ui.outcome())
}

fn list(args: &BucketArgs, source: &Source, db: Db<'_>, ui: &mut Ui) -> Result<(), Error> {
    let map = PageMap::of(db, &Pool);
    check_faults(source, &map.report.faults, ui);
    let page_size = map.report.db.page_size();
    let mut head = Head { command: "bucket", list: "buckets", titles: &BUCKET_TITLES, ..Head::default() };
    head.artifact.insert("path".into(), source.name().into());
    head.line = line(["BUCKET", "ENTRIES", "PLACE", "LEVELS", "BRANCH", "LEAF", "OVERFLOW", "USED"].map(str::to_owned));
    let verdict = verdict(ui);
    let mut rows = Rows::begin(ui.out(), args.output.format(), &head)?;
    for bucket in map.buckets() {
        rows.row(&BucketRow::of(bucket, page_size))?;
    }
    rows.finish(&Fields::default(), &[], verdict)
}

const BUCKET_TITLES: [&str; 13] = [
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BucketRow<'a> {
    bucket: Key<'a>,
    entries: u64,
    place: &'static str,
    page: Option<u64>,
    sequence: u64,
    levels: u64,
    branch_pages: u64,
    branch_overflow: u64,
    leaf_pages: u64,
    leaf_overflow: u64,
    branch_used: u64,
    leaf_used: u64,
    allocated: u64,
    #[serde(skip)]
    label: String,
}

impl<'a> BucketRow<'a> {
    fn of(bucket: &BucketSummary<'a>, page_size: u64) -> Self {
        let (place, page) = match bucket.place {
            BucketPlace::Inline(page) => ("inline", Some(page.0)),
            BucketPlace::Pages(root) => ("pages", root.map(|root| root.0)),
            BucketPlace::Lost => ("lost", None),
        };
        Self {
            bucket: Key(bucket.path.last().copied().unwrap_or_default()),
            entries: bucket.elements,
            place,
            page,
            sequence: bucket.sequence,
            levels: bucket.levels,
            branch_pages: bucket.branch_pages,
            branch_overflow: bucket.branch_overflow,
            leaf_pages: bucket.leaf_pages,
            leaf_overflow: bucket.leaf_overflow,
            branch_used: bucket.branch_used,
            leaf_used: bucket.leaf_used,
            allocated: bucket.pages() * page_size,
            label: bucket_label(&bucket.path),
        }
    }
}

fn line([bucket, entries, place, levels, branch, leaf, overflow, used]: [String; 8]) -> String {
    format!("{bucket:<16}  {entries:>9}  {place:<14}  {levels:>6}  {branch:>6}  {leaf:>7}  {overflow:>8}  {used:>12}")
}

impl Row for BucketRow<'_> {
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![self.label.clone(), self.entries.to_string(), self.place.to_owned()];
        cells.push(self.page.map_or_else(String::new, |page| page.to_string()));
        let numbers = [
            self.sequence,
            self.levels,
            self.branch_pages,
            self.branch_overflow,
            self.leaf_pages,
            self.leaf_overflow,
            self.branch_used,
            self.leaf_used,
            self.allocated,
        ];
        cells.extend(numbers.map(|number| number.to_string()));
        cells
    }

    fn line(&self) -> String {
        let place = match (self.place, self.page) {
            ("inline", Some(page)) => format!("inline in {page}"),
            ("pages", Some(page)) => format!("root {page}"),
            (word, _) => word.to_owned(),
        };
        line([
            self.label.clone(),
            self.entries.to_string(),
            place,
            self.levels.to_string(),
            self.branch_pages.to_string(),
            self.leaf_pages.to_string(),
            (self.branch_overflow + self.leaf_overflow).to_string(),
            (self.branch_used + self.leaf_used).to_string(),
        ])
    }
}

/// The bucket that the names lead to, and the walk that found it.
fn find<'a>(db: Db<'a>, names: &[OsString]) -> (Report<'a>, Option<Bucket<'a>>) {
    let is_it = |bucket: &Bucket<'a>| bucket.path.iter().copied().eq(names.iter().map(|name| name.as_bytes()));
    let mut walker = Walker::new(db);
    let mut found = None;
    for bucket in walker.buckets(&Pool) {
        if Some(bucket.name()) == names.first().map(|name| name.as_bytes()) {
            walker.visit(&bucket, &Pool, |chunk| chunk.for_each(drop), |()| {});
            found = is_it(&bucket).then_some(bucket).or(found);
        }
    }
    let mut inner = None;
    let report = walker.finish_with(&Pool, |bucket| {
        if is_it(bucket) {
            inner = Some(bucket.clone());
        }
    });
    (report, found.or(inner))
}

fn entries(args: &BucketArgs, source: &Source, db: Db<'_>, ui: &mut Ui) -> Result<(), Error> {
    let (report, found) = find(db, &args.name);
    check_faults(source, &report.faults, ui);
    let db = &report.db;
    let Some(bucket) = found else {
        let names: Vec<&[u8]> = args.name.iter().map(|name| name.as_bytes()).collect();
        return Err(Error::Unanswerable {
            display: source.display().to_owned(),
            reason: format!("there is no bucket `{}`", bucket_label(&names)),
            hint: Some("`assay bucket SNAPSHOT` lists the buckets".to_owned()),
        });
    };
    let name = bucket_name(&bucket.path);
    let mut head = Head { command: "bucket", list: "entries", titles: &ENTRY_TITLES, ..Head::default() };
    head.artifact.insert("path".into(), source.name().into());
    head.artifact.insert("bucket".into(), serde_json::json!(Key(&name)));
    let verdict = verdict(ui);
    let mut rows = Rows::begin(ui.out(), args.output.format(), &head)?;
    let (mut failed, mut number) = (Ok(()), 0);
    let mut give = |some: Vec<EntryRow<'_>>| {
        for row in some {
            if failed.is_ok() {
                failed = rows.row(&row);
                number += 1;
            }
        }
    };
    match &bucket.root {
        BucketRoot::Lost => {}
        BucketRoot::Inline(page) => give(EntryRow::all(&bucket, page, args.reveal)),
        BucketRoot::Tree(tree) => {
            let leaves = tree.leaves();
            let piece = |piece: usize| {
                let some = leaves.chunks(PIECE).nth(piece).unwrap_or_default();
                let pages = some.iter().filter_map(|leaf| db.leaf(leaf));
                pages.flat_map(|page| EntryRow::all(&bucket, &page, args.reveal)).collect::<Vec<_>>()
            };
            Pool.map_fold(leaves.len().div_ceil(PIECE), piece, give);
        }
    }
    failed?;
    let total = if number == 1 { "1 entry".to_owned() } else { format!("{} entries", group_digits(number)) };
    rows.finish(&Fields::default(), &[total], verdict)
}

const ENTRY_TITLES: [&str; 7] = ["page", "element", "offset", "key", "keyHex", "meaning", "problem"];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryRow<'a> {
    page: u64,
    element: u16,
    offset: u64,
    key: Option<Key<'a>>,
    key_hex: Option<HexBytes<'a>>,
    is_bucket: bool,
    fields: Map<String, Value>,
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<HexBytes<'a>>,
    #[serde(skip)]
    text: String,
}

impl<'a> EntryRow<'a> {
    fn all(bucket: &Bucket<'_>, page: &LeafPage<'a>, reveal: bool) -> Vec<Self> {
        let name = (bucket.path.len() == 1).then(|| bucket.name());
        let packed = page.check(Bounds::default(), |_, _| {}).packed;
        page.elements().map(|element| Self::of(name, page, &element, packed, reveal)).collect()
    }

    fn of(bucket: Option<&[u8]>, page: &LeafPage<'a>, element: &LeafElement<'a>, packed: bool, reveal: bool) -> Self {
        let (key, value) = (element.key, element.value);
        let Meaning { fields, text, problem } = meaning(bucket.filter(|_| !element.is_bucket()), key, value);
        let public = reveal || is_public(bucket, key, value, packed);
        let is_record = bucket == Some(b"key");
        Self {
            page: page.page().0,
            element: element.index,
            offset: page.offset_of(element.index),
            // A revision says itself as a field; its bytes are no text.
            key: (public && !is_record).then_some(Key(key)),
            key_hex: public.then_some(HexBytes(key)),
            is_bucket: element.is_bucket(),
            fields,
            problem,
            value: reveal.then_some(HexBytes(value)),
            text,
        }
    }

    fn name(&self) -> String {
        match (self.key, self.key_hex) {
            (Some(key), _) if std::str::from_utf8(key.0).is_ok_and(|text| !text.contains(char::is_control)) => {
                escape(key.0).into_owned()
            }
            (Some(_), Some(hex)) => hex.to_string(),
            (None, None) => "(key not shown)".to_owned(),
            _ => String::new(),
        }
    }
}

impl Row for EntryRow<'_> {
    fn cells(&self) -> Vec<String> {
        vec![
            self.page.to_string(),
            self.element.to_string(),
            self.offset.to_string(),
            self.key.map(|key| cell(key.0)).unwrap_or_default(),
            self.key_hex.map_or_else(String::new, |hex| hex.to_string()),
            self.text.clone(),
            self.problem.clone().unwrap_or_default(),
        ]
    }

    fn line(&self) -> String {
        let mut line = match self.name() {
            name if name.is_empty() => self.text.clone(),
            name => format!("{name:<20}  {}", self.text),
        };
        if self.is_bucket {
            line += "  (a bucket)";
        }
        if let Some(problem) = &self.problem {
            line += &format!("  PROBLEM: {problem}");
        }
        if let Some(value) = &self.value {
            line += &format!("  value {value}");
        }
        line
    }
}
