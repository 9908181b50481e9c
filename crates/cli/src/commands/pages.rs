//! `assay pages`: every page, what uses it and how full it is.

use std::os::unix::ffi::OsStrExt;

use bbolt_page::view::{PageMap, PageRole, PageRun};
use bbolt_page::{Residue, Spread};
use serde::Serialize;
use serde_json::json;

use super::bytes::{bucket_label, bucket_name, check_faults, database, open, verdict};
use crate::args::{PageType, PagesArgs};
use crate::exit::{Error, Outcome};
use crate::input::Reading;
use crate::output::json::Key;
use crate::output::rows::{Fields, Head, Row, Rows, cell};
use crate::spread::Pool;
use crate::ui::Ui;
use wording::{count, escape};

/// Runs of pages looked at in one piece of work.
const PIECE: usize = 512;

const TITLES: [&str; 10] =
    ["page", "pages", "type", "bucket", "holds", "count", "overflow", "used", "fillPercent", "offset"];

pub(super) fn run(args: &PagesArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let source = open(&args.snapshot, reading, ui)?;
    let db = database(&source, ui)?;
    let map = PageMap::of(db, &Pool);
    check_faults(&source, &map.report.faults, ui);
    let names: Vec<Vec<u8>> = map.buckets().iter().map(|bucket| bucket_name(&bucket.path)).collect();
    let chosen: Vec<&PageRun> = map.runs().iter().filter(|run| wanted(args, run, &names)).collect();
    if chosen.is_empty() {
        check_names(args, &names)?;
    }
    let mut head = Head { command: "pages", list: "pages", titles: &TITLES, ..Head::default() };
    head.artifact.insert("path".into(), source.name().into());
    head.line = line(["PAGE", "TYPE", "COUNT", "OVERFLOW", "USED", "FILL", "BUCKET"].map(str::to_owned));
    let verdict = verdict(ui);
    let mut rows = Rows::begin(ui.out(), args.output.format(), &head)?;
    let mut failed = Ok(());
    let measured = |piece: usize| {
        let some = chosen.chunks(PIECE).nth(piece).unwrap_or_default();
        some.iter().map(|run| PageRow::of(&map, &names, run)).collect::<Vec<_>>()
    };
    Pool.map_fold(chosen.len().div_ceil(PIECE), measured, |some| {
        for row in &some {
            if failed.is_ok() {
                failed = rows.row(row);
            }
        }
    });
    failed?;
    source.check_unchanged()?;
    let summary = Summary::of(&map);
    let mut after = Fields::default();
    after.add("summary", &json!(summary))?;
    rows.finish(&after, &[summary.line()], verdict)?;
    Ok(ui.outcome())
}

fn type_of(role: PageRole) -> PageType {
    match role {
        PageRole::Meta => PageType::Meta,
        PageRole::Freelist => PageType::Freelist,
        PageRole::Branch(_) => PageType::Branch,
        PageRole::Leaf(_) => PageType::Leaf,
        PageRole::Free(_) => PageType::Free,
    }
}

pub(super) fn word(role: PageRole) -> &'static str {
    match role {
        PageRole::Meta => "meta",
        PageRole::Freelist => "freelist",
        PageRole::Branch(_) => "branch",
        PageRole::Leaf(_) => "leaf",
        PageRole::Free(_) => "free",
    }
}

/// What a free page holds.
pub(super) fn residue_word(role: PageRole) -> Option<&'static str> {
    let PageRole::Free(residue) = role else { return None };
    Some(match residue {
        Residue::Zero => "zeros",
        Residue::Leaf => "stale-leaf",
        Residue::Branch => "stale-branch",
        Residue::Overflow => "stale-overflow",
        Residue::Other => "other",
    })
}

fn wanted(args: &PagesArgs, run: &PageRun, names: &[Vec<u8>]) -> bool {
    let kind = type_of(run.role);
    let name = run.role.bucket().and_then(|number| names.get(number));
    (!args.free || kind == PageType::Free)
        && (args.types.is_empty() || args.types.contains(&kind))
        && (args.bucket.is_empty()
            || args.bucket.iter().any(|wanted| name.is_some_and(|name| wanted.as_bytes() == name)))
}

/// A bucket that is asked for and not there must not pass for one without pages.
fn check_names(args: &PagesArgs, names: &[Vec<u8>]) -> Result<(), Error> {
    let unknown = args.bucket.iter().find(|wanted| !names.iter().any(|name| name == wanted.as_bytes()));
    unknown.map_or(Ok(()), |name| Err(Error::Usage(format!("there is no bucket `{}`", escape(name.as_bytes())))))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageRow<'a> {
    page: u64,
    pages: u64,
    r#type: &'static str,
    bucket: Option<Key<'a>>,
    holds: Option<&'static str>,
    count: Option<u16>,
    overflow: Option<u32>,
    used: Option<u64>,
    fill_percent: Option<f64>,
    offset: u64,
    #[serde(skip)]
    label: String,
}

impl<'a> PageRow<'a> {
    fn of(map: &PageMap<'_>, names: &'a [Vec<u8>], run: &PageRun) -> Self {
        let db = &map.report.db;
        let headed = !matches!(run.role, PageRole::Free(Residue::Zero | Residue::Overflow | Residue::Other));
        let header = db.header(run.page).filter(|_| headed);
        let used = map.used(run);
        let bytes = run.pages * db.page_size();
        let number = run.role.bucket();
        let bucket = number.and_then(|number| map.bucket(number));
        Self {
            page: run.page.0,
            pages: run.pages,
            r#type: word(run.role),
            bucket: number.and_then(|number| names.get(number)).map(|name| Key(name)),
            holds: residue_word(run.role),
            count: header.filter(|_| run.role != PageRole::Meta).map(|header| header.count),
            overflow: header.map(|header| header.overflow),
            used,
            fill_percent: used.map(|used| percent(used, bytes)),
            offset: db.offset_of(run.page),
            label: match residue_word(run.role) {
                Some(word) => format!("({word})"),
                None => bucket.map(|bucket| bucket_label(&bucket.path)).unwrap_or_default(),
            },
        }
    }
}

/// Hundredths of a percent are as much as anybody reads.
#[expect(clippy::cast_precision_loss, reason = "a percentage, rounded anyway")]
fn percent(part: u64, whole: u64) -> f64 {
    (part as f64 * 10_000.0 / whole.max(1) as f64).round() / 100.0
}

fn line([page, kind, count, overflow, used, fill, bucket]: [String; 7]) -> String {
    format!("{page:>9}  {kind:<8}  {count:>6}  {overflow:>8}  {used:>10}  {fill:>5}  {bucket}")
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| value.to_string())
}

fn or_empty(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

impl Row for PageRow<'_> {
    fn cells(&self) -> Vec<String> {
        vec![
            self.page.to_string(),
            self.pages.to_string(),
            self.r#type.to_owned(),
            self.bucket.map(|bucket| cell(bucket.0)).unwrap_or_default(),
            self.holds.unwrap_or_default().to_owned(),
            or_empty(self.count),
            or_empty(self.overflow),
            or_empty(self.used),
            or_empty(self.fill_percent),
            self.offset.to_string(),
        ]
    }

    fn line(&self) -> String {
        let fill = self.fill_percent.map(|fill| format!("{fill:.0}%"));
        line([
            self.page.to_string(),
            self.r#type.to_owned(),
            or_dash(self.count),
            or_dash(self.overflow),
            or_dash(self.used),
            or_dash(fill),
            self.label.clone(),
        ])
    }
}

/// Pages by type. Of branches and leaves, the first pages count; their continuation pages stand beside them.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
struct Summary {
    page_size: u64,
    pages: u64,
    meta: u64,
    freelist: u64,
    branch: u64,
    leaf: u64,
    overflow: u64,
    free: u64,
}

impl Summary {
    fn of(map: &PageMap<'_>) -> Self {
        let db = &map.report.db;
        let mut summary = Self { page_size: db.page_size(), pages: db.page_limit(), ..Self::default() };
        for run in map.runs() {
            match run.role {
                PageRole::Meta => summary.meta += 1,
                PageRole::Freelist => summary.freelist += 1,
                PageRole::Branch(_) => summary.branch += 1,
                PageRole::Leaf(_) => summary.leaf += 1,
                PageRole::Free(_) => summary.free += run.pages,
            }
            if !matches!(run.role, PageRole::Free(_)) {
                summary.overflow += run.pages - 1;
            }
        }
        summary
    }

    fn line(&self) -> String {
        let Self { page_size, meta, freelist, branch, leaf, overflow, free, .. } = self;
        let pages = count(self.pages, "page");
        let freelist = if *freelist > 0 { format!("{freelist} freelist, ") } else { String::new() };
        format!(
            "{pages} of {page_size} bytes: {meta} meta, {freelist}{branch} branch, {leaf} leaf, {overflow} overflow, \
             {free} free"
        )
    }
}
