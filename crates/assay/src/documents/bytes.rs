//! Pages, buckets and their entries, and what was carved.

use bbolt_page::view::{BucketPlace, BucketSummary, ElementView, Field, Looked, PageCounts, PageMap, PageRun, Part};
use bbolt_page::{PageKind, Residue};
use document::{
    BucketRow, CarvedCounts, CarvedRow, EntryRow, KeyBuf, Page, PageBucket, PageContent, PageElement, PageFault,
    PageField, PageRow, Unexplained,
};
use etcd_snapshot::BucketKey;
use etcd_snapshot::carve::{Carved, Content, Label, Tally};
use lens::entry::{self, Entry, PlacedEntry};

use super::{bucket_name, entry as says};

/// A page with the continuation pages behind it. Reads the page.
#[must_use]
pub fn page_row(map: &PageMap<'_>, run: &PageRun) -> PageRow {
    let measure = map.measure(run);
    let bucket = run.role.bucket().and_then(|number| map.bucket(number));
    PageRow {
        page: run.page.0,
        pages: run.pages,
        r#type: run.role.word().into(),
        bucket: bucket.map(|bucket| bucket_name(&bucket.path)),
        holds: run.role.residue().map(|residue| residue.word().into()),
        count: measure.count,
        overflow: measure.overflow,
        used: measure.used,
        fill_percent: measure.fill_percent,
        offset: map.walked.db.offset_of(run.page),
    }
}

/// Pages by type.
#[must_use]
pub fn page_counts(counts: &PageCounts) -> document::PageCounts {
    let PageCounts { page_size, pages, meta, freelist, branch, leaf, overflow, free } = *counts;
    document::PageCounts { page_size, pages, meta, freelist, branch, leaf, overflow, free }
}

/// One page of the input `path`; with `reveal` with keys, values and bytes that may be secret.
#[must_use]
pub fn page(page: &Looked<'_>, path: String, reveal: bool) -> Page {
    let name = |path: &Vec<&[u8]>| String::from_utf8_lossy(&bucket_name(path).0).into_owned();
    Page {
        path,
        page: page.view.page.0,
        offset: page.view.offset,
        size: page.view.bytes.len() as u64,
        first_page: page.first,
        pages: page.pages,
        r#use: page.role.map_or("beyond", |role| role.word()).into(),
        holds: page.role.and_then(|role| role.residue()).map(Residue::word).map(Into::into),
        bucket: page.path.as_ref().map(name),
        r#type: page.view.kind.map(PageKind::name).map(Into::into),
        content: content(page, reveal),
        ..Page::default()
    }
}

fn content(page: &Looked<'_>, reveal: bool) -> PageContent {
    let view = &page.view;
    let unknown = |part: &Part<'_>| Unexplained {
        offset: part.offset,
        size: part.bytes.len() as u64,
        zero: part.is_zero(),
        hex: reveal.then(|| wording::hex(part.bytes)),
    };
    let faults = view.faults.iter();
    PageContent {
        fields: view.fields.iter().map(field).collect(),
        elements: view.elements.iter().map(|it| element(page, it, reveal)).collect(),
        free_ids: view.ids.iter().map(|(_, id)| id.0).collect(),
        unknown: view.unknown.iter().map(unknown).collect(),
        faults: faults.map(|(kind, element)| PageFault { element: *element, message: kind.to_string() }).collect(),
    }
}

fn field(field: &Field<'_>) -> PageField {
    PageField {
        name: field.name.into(),
        offset: field.offset,
        hex: wording::hex(field.bytes),
        value: field.value,
        note: field.note.clone(),
    }
}

fn element<'a>(page: &Looked<'a>, element: &ElementView<'a>, reveal: bool) -> PageElement {
    let read = entry::PageElement::read(page, element, reveal);
    let bucket = element.bucket.as_ref().map(|bucket| PageBucket {
        fields: bucket.fields.iter().map(field).collect(),
        inline: entry::inline(page, element).map(|inline| Box::new(content(&inline, reveal))),
    });
    PageElement {
        element: element.index,
        offset: element.offset,
        fields: element.fields.iter().map(field).collect(),
        // A revision says itself among the fields; its bytes are no text.
        key: read.key.filter(|key| BucketKey::decode(key).is_err()).map(KeyBuf::from),
        key_hex: read.key.map(wording::hex),
        key_offset: element.key.map(|key| key.offset),
        value_offset: element.value.map(|value| value.offset),
        value_size: element.value.map(|value| value.bytes.len() as u64),
        value: element.value.filter(|_| reveal).map(|value| wording::hex(value.bytes)),
        meaning: says::fields(&read.entry),
        problem: says::problem(&read.entry),
        bucket,
    }
}

/// A bucket, and the room it takes.
#[must_use]
pub fn bucket_row(bucket: &BucketSummary<'_>, page_size: u64) -> BucketRow {
    let (place, page) = match bucket.place {
        BucketPlace::Inline(page) => ("inline", Some(page.0)),
        BucketPlace::Pages(root) => ("pages", root.map(|root| root.0)),
        BucketPlace::Lost => ("lost", None),
    };
    BucketRow {
        bucket: KeyBuf::from(bucket.path.last().copied().unwrap_or_default()),
        entries: bucket.elements,
        place: place.into(),
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
    }
}

/// An entry of a bucket.
#[must_use]
pub fn entry_row(placed: &PlacedEntry<'_>) -> EntryRow {
    EntryRow {
        page: placed.page,
        element: placed.element,
        offset: placed.offset,
        // A revision says itself as a field; its bytes are no text.
        key: placed.key.filter(|_| !placed.is_record).map(KeyBuf::from),
        key_hex: placed.key.map(wording::hex),
        is_bucket: placed.is_bucket,
        fields: says::fields(&placed.entry),
        problem: says::problem(&placed.entry),
        value: placed.value.map(wording::hex),
    }
}

/// Something carved, and what it says.
#[must_use]
pub fn carved_row<'a>(carved: &Carved<'a>) -> (CarvedRow, Entry<'a>) {
    let (bucket, entry) = Entry::carved(carved);
    let mut fields = says::fields(&entry);
    if let Content::Entry { key, .. } = carved.content {
        fields.insert("key".into(), serde_json::json!(document::Key(key)));
    }
    let row = CarvedRow {
        label: carved.label.word().into(),
        confidence: carved.confidence.word().into(),
        trace: carved.trace.word().into(),
        bucket: KeyBuf::from(bucket),
        page: carved.page.0,
        element: carved.element,
        offset: carved.offset,
        fields,
        problem: says::problem(&entry),
        file: None,
    };
    (row, entry)
}

/// What a carving looked at, and what it found.
#[must_use]
pub fn carved_counts(tally: &Tally) -> CarvedCounts {
    let by_label = |of: fn(&Tally, Label) -> u64| {
        Label::ALL.into_iter().map(|label| (label.word().into(), of(tally, label))).collect()
    };
    CarvedCounts {
        branches: tally.branches,
        copies: tally.copies,
        entries: by_label(Tally::entries_of),
        pages: tally.pages,
        partial_leaves: tally.partial_leaves,
        raw_pages: tally.raw_pages,
        records: by_label(Tally::records_of),
        whole_leaves: tally.whole_leaves,
    }
}
