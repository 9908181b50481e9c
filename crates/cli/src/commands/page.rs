//! `assay page`: one page, byte for byte.

use std::io::Write;

use bbolt_page::view::{ElementView, Field, PageMap, PageRole, PageView, Part};
use bbolt_page::{Db, PageKind, Pgid};
use etcd_snapshot::BucketKey;
use etcd_snapshot::facts::bucket;
use serde::Serialize;
use serde_json::{Map, Value};

use super::bytes::{bucket_label, bucket_name, check_faults, database, open, verdict};
use super::pages::{residue_word, word};
use crate::args::{PageArgs, ReportFormat};
use crate::exit::{Error, Outcome};
use crate::input::{Reading, Source};
use crate::output::entry::{hex_preview, is_public, meaning};
use crate::output::json::{Envelope, HexBytes, Key};
use crate::spread::Pool;
use crate::ui::Ui;
use wording::{Size, escape};

/// Bytes of a key that people are shown in hex.
const KEY_SHOWN: usize = 32;
/// Ids of a freelist on one line.
const IDS_A_LINE: usize = 12;
/// Bytes on one line of a dump.
const DUMP_LINE: usize = 32;

pub(super) fn run(args: &PageArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let source = open(&args.snapshot, reading, ui)?;
    let db = database(&source, ui)?;
    let map = PageMap::of(db, &Pool);
    check_faults(&source, &map.report.faults, ui);
    let page = Looked::at(&map, Pgid(args.id)).ok_or_else(|| missing(&source, &map.report.db, args.id))?;
    if args.raw {
        ui.out().write_all(page.view.bytes)?;
    } else if args.output.format() == ReportFormat::Json {
        let name = source.name();
        let document = Document::of(&page, &name, args.reveal);
        Envelope::<_, ()>::new("page", &[document], &[], verdict(ui)).write(ui.out())?;
    } else {
        page.print(&source, args.reveal, ui)?;
    }
    source.check_unchanged()?;
    Ok(ui.outcome())
}

fn missing(source: &Source, db: &Db<'_>, id: u64) -> Error {
    let pages = source.bytes().len() as u64 / db.page_size();
    Error::Unanswerable {
        display: source.display().to_owned(),
        reason: format!("page {id} is not in the file, which holds pages 0 to {}", pages.saturating_sub(1)),
        hint: Some("`assay pages` lists them".to_owned()),
    }
}

/// The bucket whose entries a page holds; where the tree does not say, revisions do.
fn bucket_of<'a>(view: &PageView<'a>, path: Option<&[&'a [u8]]>) -> Option<&'a [u8]> {
    match path {
        Some([name]) => Some(name),
        Some(_) => None,
        None => {
            let mut keys = view.elements.iter().filter_map(|element| element.key);
            keys.any(|key| BucketKey::decode(key.bytes).is_ok()).then_some(bucket::KEY)
        }
    }
}

/// A page, or an inline page, and what the tree says of it.
struct Looked<'a> {
    view: PageView<'a>,
    role: Option<PageRole>,
    /// Names that lead to the bucket that uses the page.
    path: Option<Vec<&'a [u8]>>,
    /// The bucket whose entries the page holds: of a page in use its own, of another what its keys look like.
    bucket: Option<&'a [u8]>,
    /// The run that the page is in.
    first: u64,
    pages: u64,
}

impl<'a> Looked<'a> {
    fn at(map: &PageMap<'a>, id: Pgid) -> Option<Self> {
        let db = &map.report.db;
        let end = id.0.checked_add(1)?.checked_mul(db.page_size())?;
        if end > db.bytes().len() as u64 {
            return None;
        }
        let run = map.run_of(id);
        let path = run.and_then(|run| run.role.bucket()).and_then(|number| map.bucket(number));
        let view = match run {
            Some(run) if run.page != id => PageView::of_continuation(db, id),
            Some(run) => PageView::of(db, id, run.pages),
            None => PageView::of(db, id, 1),
        };
        let (view, path) = (view?, path.map(|bucket| bucket.path.clone()));
        Some(Self {
            bucket: bucket_of(&view, path.as_deref()),
            role: run.map(|run| run.role),
            view,
            path,
            first: run.map_or(id.0, |run| run.page.0),
            pages: run.map_or(1, |run| run.pages),
        })
    }

    /// The inline page in the value of an element, whose key is the name of its bucket.
    fn inline(&self, element: &ElementView<'a>) -> Option<Self> {
        let view = element.bucket.as_ref()?.inline.as_ref()?;
        let name = element.key.map(|key| key.bytes)?;
        let known = self.path.as_ref().is_some_and(Vec::is_empty) || bucket::ALL.contains(&name);
        let path = known.then(|| vec![name]);
        let bucket = bucket_of(view, path.as_deref());
        Some(Self { view: (**view).clone(), path, bucket, role: self.role, first: self.first, pages: self.pages })
    }

    /// Whether what passes for a key is one, wherever the page does not say otherwise.
    fn sound(&self) -> bool {
        self.path.is_some() && self.view.faults.is_empty()
    }

    fn state(&self) -> String {
        let kind = match (self.role, self.view.kind) {
            (Some(PageRole::Free(_)), kind) => {
                let holds = self.role.and_then(residue_word).unwrap_or_default();
                let says = kind.map_or_else(String::new, |kind| format!("; its header says {kind}"));
                return format!("free, holds {holds}{says}");
            }
            (None, kind) => {
                let says = kind.map_or_else(String::new, |kind| format!("; its header says {kind}"));
                return format!("beyond the high-water mark, never allocated{says}");
            }
            (Some(role), _) => word(role),
        };
        match &self.path {
            Some(path) => format!("{kind} of bucket {}", bucket_label(path)),
            None => kind.to_owned(),
        }
    }

    fn print(&self, source: &Source, reveal: bool, ui: &mut Ui) -> Result<(), Error> {
        let view = &self.view;
        let out = ui.out();
        writeln!(out, "page {} of {}: {}", view.page, escape(source.name().as_bytes()), self.state())?;
        let many = if self.pages > 1 {
            format!(" (pages {} to {})", self.first, self.first + self.pages - 1)
        } else {
            String::new()
        };
        writeln!(out, "  offset {:#x} ({}), {} bytes{many}", view.offset, view.offset, view.bytes.len())?;
        if self.first != view.page.0 {
            writeln!(out, "  a continuation page of page {}: it has no header of its own", self.first)?;
        }
        print_view(self, "  ", reveal, out)
    }
}

fn print_view(page: &Looked<'_>, indent: &str, reveal: bool, out: &mut dyn Write) -> Result<(), Error> {
    let view = &page.view;
    for field in &view.fields {
        writeln!(out, "{indent}{}", field_line(field))?;
    }
    for (fault, element) in &view.faults {
        let element = element.map_or_else(String::new, |element| format!("element {element}: "));
        writeln!(out, "{indent}FAULT {element}{fault}")?;
    }
    for element in &view.elements {
        print_element(page, element, indent, reveal, out)?;
    }
    for ids in view.ids.chunks(IDS_A_LINE) {
        let list: Vec<String> = ids.iter().map(|(_, id)| id.to_string()).collect();
        writeln!(out, "{indent}{:#010x}  free {}", ids.first().map_or(0, |(at, _)| *at), list.join(" "))?;
    }
    for part in &view.unknown {
        print_unknown(part, indent, reveal, out)?;
    }
    Ok(())
}

fn field_line(field: &Field<'_>) -> String {
    let note = field.note.as_ref().map_or_else(String::new, |note| format!("  {note}"));
    format!(
        "{:#010x}  {:<14} {:<16}  {}{note}",
        field.offset,
        field.name,
        HexBytes(field.bytes).to_string(),
        field.value
    )
}

fn print_element(
    page: &Looked<'_>,
    element: &ElementView<'_>,
    indent: &str,
    reveal: bool,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let fields: Vec<String> = element
        .fields
        .iter()
        .map(|field| format!("{} {} = {}", field.name, HexBytes(field.bytes), field.value))
        .collect();
    writeln!(out, "{indent}{:#010x}  element {}: {}", element.offset, element.index, fields.join(", "))?;
    let said = Said::of(page, element, reveal);
    match (element.key, said.key) {
        (Some(key), Some(bytes)) => {
            let text = said.key_text.map_or_else(String::new, |text| format!("  {text}"));
            writeln!(out, "{indent}{:#010x}    key {}{text}", key.offset, hex_preview(bytes, KEY_SHOWN))?;
        }
        (Some(key), None) => {
            writeln!(
                out,
                "{indent}{:#010x}    key of {} bytes, not shown without --reveal",
                key.offset,
                key.bytes.len()
            )?;
        }
        (None, _) => writeln!(out, "{indent}              its key and value leave the page")?,
    }
    if let Some(value) = element.value {
        let size = Size(value.bytes.len() as u64);
        writeln!(out, "{indent}{:#010x}    value of {size}: {}", value.offset, said.meaning)?;
        if let Some(problem) = said.problem {
            writeln!(out, "{indent}              PROBLEM {problem}")?;
        }
        if let Some(bucket) = &element.bucket {
            for field in &bucket.fields {
                writeln!(out, "{indent}    {}", field_line(field))?;
            }
        }
        if reveal && element.bucket.is_none() {
            dump(&value, indent, out)?;
        }
    }
    if let Some(inline) = page.inline(element) {
        print_view(&inline, &format!("{indent}    "), reveal, out)?;
    }
    Ok(())
}

fn print_unknown(part: &Part<'_>, indent: &str, reveal: bool, out: &mut dyn Write) -> Result<(), Error> {
    let len = part.bytes.len();
    if part.is_zero() {
        writeln!(out, "{indent}{:#010x}  {len} bytes, all zero", part.offset)?;
    } else if reveal {
        writeln!(out, "{indent}{:#010x}  {len} bytes that nothing explains:", part.offset)?;
        dump(part, indent, out)?;
    } else {
        writeln!(
            out,
            "{indent}{:#010x}  {len} bytes that nothing explains, not zero; --reveal shows them",
            part.offset
        )?;
    }
    Ok(())
}

fn dump(part: &Part<'_>, indent: &str, out: &mut dyn Write) -> Result<(), Error> {
    let mut at = part.offset;
    for line in part.bytes.chunks(DUMP_LINE) {
        let plain = |byte: &u8| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' };
        let text: String = line.iter().map(plain).collect();
        writeln!(out, "{indent}{at:#010x}      {:<64}  {text}", HexBytes(line).to_string())?;
        at += line.len() as u64;
    }
    Ok(())
}

/// What of an element may be said.
struct Said<'a> {
    key: Option<&'a [u8]>,
    /// The key in words, where they say more than its bytes.
    key_text: Option<String>,
    meaning: String,
    fields: Map<String, Value>,
    problem: Option<String>,
}

impl<'a> Said<'a> {
    fn of(page: &Looked<'_>, element: &ElementView<'a>, reveal: bool) -> Self {
        let key = element.key.map(|key| key.bytes).unwrap_or_default();
        let value = element.value.map(|value| value.bytes).unwrap_or_default();
        let bucket = page.bucket.filter(|_| element.bucket.is_none());
        let in_branch = page.view.kind == Some(PageKind::Branch);
        let public = reveal || is_public(bucket, key, value, page.sound() && element.sound);
        let revision = BucketKey::decode(key).ok().filter(|_| bucket == Some(b"key"));
        let key_text = match revision {
            Some(key) => Some(format!("{}{}", key.revision, if key.tombstone { " tombstone" } else { "" })),
            None => std::str::from_utf8(key).ok().map(|text| escape(text.as_bytes()).into_owned()),
        };
        let said = if in_branch || element.value.is_none() {
            crate::output::entry::Meaning::default()
        } else {
            meaning(bucket, key, value)
        };
        Self {
            key: element.key.map(|key| key.bytes).filter(|_| public),
            key_text: key_text.filter(|text| !text.is_empty()),
            meaning: if element.bucket.is_some() { "a bucket".to_owned() } else { said.text },
            fields: said.fields,
            problem: said.problem,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'d> {
    path: &'d str,
    page: u64,
    offset: u64,
    size: usize,
    first_page: u64,
    pages: u64,
    r#use: &'static str,
    holds: Option<&'static str>,
    bucket: Option<String>,
    r#type: Option<&'static str>,
    #[serde(flatten)]
    content: Content<'d>,
}

/// What stands on a page, or on an inline page.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Content<'d> {
    fields: Vec<FieldJson<'d>>,
    elements: Vec<ElementJson<'d>>,
    free_ids: Vec<u64>,
    unknown: Vec<UnknownJson<'d>>,
    faults: Vec<FaultJson>,
}

#[derive(Serialize)]
struct FieldJson<'d> {
    name: &'static str,
    offset: u64,
    hex: HexBytes<'d>,
    value: u64,
    note: Option<&'d str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ElementJson<'d> {
    element: u16,
    offset: u64,
    fields: Vec<FieldJson<'d>>,
    key: Option<Key<'d>>,
    key_hex: Option<HexBytes<'d>>,
    key_offset: Option<u64>,
    value_offset: Option<u64>,
    value_size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<HexBytes<'d>>,
    meaning: Map<String, Value>,
    problem: Option<String>,
    bucket: Option<BucketJson<'d>>,
}

#[derive(Serialize)]
struct BucketJson<'d> {
    fields: Vec<FieldJson<'d>>,
    inline: Option<Value>,
}

#[derive(Serialize)]
struct UnknownJson<'d> {
    offset: u64,
    size: usize,
    zero: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hex: Option<HexBytes<'d>>,
}

#[derive(Serialize)]
struct FaultJson {
    element: Option<u16>,
    message: String,
}

impl<'d> Document<'d> {
    fn of(page: &'d Looked<'_>, name: &'d str, reveal: bool) -> Self {
        Self {
            path: name,
            page: page.view.page.0,
            offset: page.view.offset,
            size: page.view.bytes.len(),
            first_page: page.first,
            pages: page.pages,
            r#use: page.role.map_or("beyond", word),
            holds: page.role.and_then(residue_word),
            bucket: page.path.as_ref().map(|path| String::from_utf8_lossy(&bucket_name(path)).into_owned()),
            r#type: page.view.kind.map(PageKind::name),
            content: Content::of(page, reveal),
        }
    }
}

impl<'d> Content<'d> {
    fn of(page: &'d Looked<'_>, reveal: bool) -> Self {
        let view = &page.view;
        let unknown = |part: &Part<'d>| UnknownJson {
            offset: part.offset,
            size: part.bytes.len(),
            zero: part.is_zero(),
            hex: reveal.then_some(HexBytes(part.bytes)),
        };
        let faults = view.faults.iter();
        Self {
            fields: view.fields.iter().map(FieldJson::of).collect(),
            elements: view.elements.iter().map(|element| ElementJson::of(page, element, reveal)).collect(),
            free_ids: view.ids.iter().map(|(_, id)| id.0).collect(),
            unknown: view.unknown.iter().map(unknown).collect(),
            faults: faults.map(|(kind, element)| FaultJson { element: *element, message: kind.to_string() }).collect(),
        }
    }
}

impl<'d> FieldJson<'d> {
    fn of(field: &'d Field<'_>) -> Self {
        let Field { name, offset, bytes, value, note } = field;
        Self { name, offset: *offset, hex: HexBytes(bytes), value: *value, note: note.as_deref() }
    }
}

impl<'d> ElementJson<'d> {
    fn of<'a: 'd>(page: &'d Looked<'a>, element: &'d ElementView<'a>, reveal: bool) -> Self {
        let said = Said::of(page, element, reveal);
        let inline = page.inline(element).map(|inline| serde_json::json!(Content::of(&inline, reveal)));
        let fields = |bucket: &'d bbolt_page::view::BucketView<'a>| bucket.fields.iter().map(FieldJson::of).collect();
        Self {
            element: element.index,
            offset: element.offset,
            fields: element.fields.iter().map(FieldJson::of).collect(),
            key: said.key.filter(|key| BucketKey::decode(key).is_err()).map(Key),
            key_hex: said.key.map(HexBytes),
            key_offset: element.key.map(|key| key.offset),
            value_offset: element.value.map(|value| value.offset),
            value_size: element.value.map(|value| value.bytes.len()),
            value: element.value.filter(|_| reveal).map(|value| HexBytes(value.bytes)),
            meaning: said.fields,
            problem: said.problem,
            bucket: element.bucket.as_ref().map(|bucket| BucketJson { fields: fields(bucket), inline }),
        }
    }
}
