//! `assay carve`: what pages that nothing uses still hold.

mod evidence;

use etcd_snapshot::carve::{Carved, Content, Label, Tally, carve};
use etcd_snapshot::{Options, Scan, trailer};
use lens::{Reader, Selection};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::bytes::{check_faults, database, open, verdict};
use super::objects;
use crate::args::{CarveArgs, LabelArg};
use crate::exit::{Error, Outcome};
use crate::input::{Reading, Source};
use crate::output::entry::{Meaning, meaning, record_fields};
use crate::output::json::Key;
use crate::output::rows::{Fields, Head, Row, Rows, cell};
use crate::spread::Pool;
use crate::ui::Ui;
use evidence::Evidence;
use wording::{Size, count, escape, group_digits};

const TITLES: [&str; 10] =
    ["label", "confidence", "trace", "bucket", "page", "element", "offset", "key", "meaning", "file"];

pub(super) fn run(args: CarveArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let source = open(&args.snapshot, reading, ui)?;
    let mut chosen = Chosen::of(&args)?;
    let db = database(&source, ui)?;
    let meter = ui.meter("carving", Some(source.bytes().len() as u64));
    let progress = |bytes| meter.add(bytes);
    let options = Options { progress: Some(&progress), without_hashes: true, ..Options::default() };
    let scan = etcd_snapshot::scan(db, options, &Pool);
    source.check_unchanged()?;
    resolve(&mut chosen.selection, &source, &scan)?;
    check_faults(&source, &scan.report.faults, ui);
    let mut evidence = match &args.out {
        Some(dir) => Some(Evidence::begin(dir, &source.name(), &trailer::read(source.bytes(), |_| {}).file)?),
        None => None,
    };
    let mut head = Head { command: "carve", list: "carved", titles: &TITLES, ..Head::default() };
    head.artifact.insert("path".into(), source.name().into());
    head.artifact.insert("revision".into(), scan.current().into());
    head.artifact.insert("compacted".into(), json!(scan.facts.compacted()));
    head.line = line("LABEL", "SURE", "FOUND BY", "PAGE", "OFFSET", "WHAT");
    let verdict = verdict(ui);
    let mut rows = Rows::begin(ui.out(), args.output.format(), &head)?;
    let mut failed: Result<(), Error> = Ok(());
    let tally = carve(&scan, &Pool, &progress, |carved| {
        if failed.is_ok() && chosen.wants(&carved) {
            failed = give(&carved, &mut rows, evidence.as_mut());
        }
    });
    failed?;
    drop(meter);
    source.check_unchanged()?;
    let mut after = Fields::default();
    after.add("summary", &summary(&tally))?;
    let mut lines = summary_lines(&tally, args.all);
    if let Some(evidence) = evidence {
        let (files, bytes) = (count(evidence.files, "file"), Size(evidence.bytes));
        evidence.finish()?;
        lines.push(format!("{files} of {bytes} written, and manifest.json: they hold secrets"));
    }
    rows.finish(&after, &lines, verdict)?;
    Ok(ui.outcome())
}

/// What was asked for.
struct Chosen {
    selection: Selection,
    labels: Vec<Label>,
    /// Whether raft positions of earlier roots are asked for, too.
    positions: bool,
    /// Whether keys are chosen, so that entries of other buckets are not.
    keys_only: bool,
}

impl Chosen {
    fn of(args: &CarveArgs) -> Result<Self, Error> {
        let selection = args.keys.selection(args.prefix.as_ref())?;
        let labels = match (args.all, args.label.as_slice()) {
            (true, _) => Label::ALL.to_vec(),
            (false, []) => Label::ALL.into_iter().filter(|label| *label != Label::Identical).collect(),
            (false, some) => some.iter().copied().map(label).collect(),
        };
        let keys_only = !selection.is_everything();
        Ok(Self { selection, labels, positions: args.all, keys_only })
    }

    fn wants(&self, carved: &Carved<'_>) -> bool {
        self.labels.contains(&carved.label)
            && match carved.content {
                Content::Entry { .. } => !self.keys_only && (self.positions || !carved.content.is_raft_position()),
                Content::Record { kv, .. } => self.selection.matches(kv.key),
            }
    }
}

/// Takes a resource that is named for what the snapshot has, or what was carved.
fn resolve(selection: &mut Selection, source: &Source, scan: &Scan<'_>) -> Result<(), Error> {
    objects::resolve_by(selection, source, |resources| {
        resources.look_through(&Reader::open(scan.report.db.clone(), &Pool), &Pool, &|_| {});
        objects::see_carved(resources, scan);
        Ok(())
    })
}

fn label(label: LabelArg) -> Label {
    match label {
        LabelArg::Identical => Label::Identical,
        LabelArg::Older => Label::Older,
        LabelArg::Deleted => Label::Deleted,
        LabelArg::Compacted => Label::Compacted,
        LabelArg::Newer => Label::Newer,
        LabelArg::Inconsistent => Label::Inconsistent,
        LabelArg::Undetermined => Label::Undetermined,
    }
}

fn give(carved: &Carved<'_>, rows: &mut Rows<'_>, evidence: Option<&mut Evidence>) -> Result<(), Error> {
    let mut row = CarvedRow::of(carved);
    let value = match carved.content {
        Content::Record { tombstone: true, .. } => None,
        Content::Record { kv, .. } => Some(kv.value),
        Content::Entry { value, .. } => Some(value),
    };
    if let (Some(value), Some(evidence)) = (value, evidence) {
        row.file = Some(evidence.add(value, &row)?);
    }
    rows.row(&row)
}

#[derive(Serialize)]
struct CarvedRow<'a> {
    label: &'static str,
    confidence: &'static str,
    trace: &'static str,
    bucket: Key<'a>,
    page: u64,
    element: Option<u16>,
    offset: u64,
    fields: Map<String, Value>,
    problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip)]
    text: String,
    #[serde(skip)]
    key: String,
}

impl<'a> CarvedRow<'a> {
    fn of(carved: &Carved<'a>) -> Self {
        let (bucket, key, said) = match carved.content {
            Content::Record { revision, tombstone, kv, .. } => {
                let mut fields = Map::new();
                fields.insert("revision".into(), revision.main.into());
                fields.insert("sub".into(), revision.sub.into());
                fields.insert("tombstone".into(), tombstone.into());
                let text = record_fields(&kv, tombstone, &mut fields);
                let shown = kube_objects::ShownKey::of(kv.key);
                let key = escape(shown.key()).into_owned();
                (&b"key"[..], key, Meaning { fields, text: format!("{revision} {text}"), problem: None })
            }
            Content::Entry { bucket, key, value } => {
                let mut said = meaning(Some(bucket), key, value);
                said.fields.insert("key".into(), json!(Key(key)));
                said.text = format!("{}: {}", escape(bucket), said.text);
                (bucket, escape(key).into_owned(), said)
            }
        };
        Self {
            label: carved.label.word(),
            confidence: carved.confidence.word(),
            trace: carved.trace.word(),
            bucket: Key(bucket),
            page: carved.page.0,
            element: carved.element,
            offset: carved.offset,
            fields: said.fields,
            problem: said.problem,
            file: None,
            text: said.text,
            key,
        }
    }
}

fn line(label: &str, sure: &str, trace: &str, page: &str, offset: &str, what: &str) -> String {
    format!("{label:<12}  {sure:<6}  {trace:<12}  {page:>8}  {offset:>12}  {what}")
}

impl Row for CarvedRow<'_> {
    fn cells(&self) -> Vec<String> {
        vec![
            self.label.to_owned(),
            self.confidence.to_owned(),
            self.trace.to_owned(),
            cell(self.bucket.0),
            self.page.to_string(),
            self.element.map_or_else(String::new, |element| element.to_string()),
            self.offset.to_string(),
            self.key.clone(),
            self.text.clone(),
            self.file.clone().unwrap_or_default(),
        ]
    }

    fn line(&self) -> String {
        let (page, offset) = (self.page.to_string(), format!("{:#x}", self.offset));
        let file = self.file.as_ref().map_or_else(String::new, |file| format!("  -> {file}"));
        let what = format!("{}{file}", self.text);
        line(self.label, self.confidence, self.trace, &page, &offset, &what)
    }
}

fn summary(tally: &Tally) -> Value {
    let by_label = |of: &dyn Fn(Label) -> u64| -> Map<String, Value> {
        Label::ALL.into_iter().map(|label| (label.word().to_owned(), of(label).into())).collect()
    };
    json!({
        "pages": tally.pages,
        "wholeLeaves": tally.whole_leaves,
        "partialLeaves": tally.partial_leaves,
        "branches": tally.branches,
        "rawPages": tally.raw_pages,
        "copies": tally.copies,
        "records": by_label(&|label| tally.records_of(label)),
        "entries": by_label(&|label| tally.entries_of(label)),
    })
}

fn summary_lines(tally: &Tally, all: bool) -> Vec<String> {
    let list = |of: &dyn Fn(Label) -> u64| {
        let some = Label::ALL.into_iter().filter(|label| of(*label) > 0);
        let words: Vec<String> = some.map(|label| format!("{} {}", group_digits(of(label)), label.word())).collect();
        if words.is_empty() { "none".to_owned() } else { words.join(", ") }
    };
    let Tally { whole_leaves, partial_leaves, branches, raw_pages, .. } = tally;
    let left_out = tally.records_of(Label::Identical) + tally.entries_of(Label::Identical) > 0 && !all;
    let mut lines = vec![
        format!(
            "{}: {whole_leaves} stale leaves, {partial_leaves} overwritten in part, {branches} stale branches, \
             {raw_pages} pages that say nothing of themselves",
            count(tally.pages, "free page")
        ),
        format!("records: {}", list(&|label| tally.records_of(label))),
        format!("entries of etcd's own buckets: {}", list(&|label| tally.entries_of(label))),
    ];
    if left_out {
        lines.push("what is identical to the snapshot is left out; --all shows it".to_owned());
    }
    lines
}
