//! One page, byte for byte: every field named, every element, and whatever no field explains.

use std::ops::ControlFlow;

use super::map::run_bytes;
use crate::branch::BranchPage;
use crate::bucket::InBucket;
use crate::cursor::{array_at, offset, u16_at, u32_at, u64_at};
use crate::db::Db;
use crate::fault::FaultKind;
use crate::leaf::{Bounds, LeafPage, Span};
use crate::meta::{META_LEN, Meta};
use crate::page::{PageHeader, PageKind, Pgid};

/// A number at a known place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// bbolt's word for it.
    pub name: &'static str,
    /// File offset, in bytes.
    pub offset: u64,
    /// The bytes as stored.
    pub bytes: &'a [u8],
    /// What they say.
    pub value: u64,
    /// What that means, or what is wrong with it.
    pub note: Option<String>,
}

/// Bytes at a known place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// File offset, in bytes.
    pub offset: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

impl Part<'_> {
    /// Whether there is nothing but zeros.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.bytes.iter().fold(0, |sum: u8, byte| sum | byte) == 0
    }
}

/// Where a branch element or a bucket leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child(pub Pgid);

/// The value of a bucket element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketView<'a> {
    /// `root` and `sequence`.
    pub fields: Vec<Field<'a>>,
    /// The inline page, where the bucket has one.
    pub inline: Option<Box<PageView<'a>>>,
}

/// An element of a leaf or of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ElementView<'a> {
    /// Position in the page.
    pub index: u16,
    /// File offset of the element, in bytes.
    pub offset: u64,
    /// Its fields.
    pub fields: Vec<Field<'a>>,
    /// The key; `None` where it leaves the page.
    pub key: Option<Part<'a>>,
    /// The value; `None` in a branch, and where it leaves the page.
    pub value: Option<Part<'a>>,
    /// The child, of a branch element.
    pub child: Option<Child>,
    /// What the value says, where it is a bucket.
    pub bucket: Option<BucketView<'a>>,
    /// The element keeps to its page and to its place behind the one before it: its key is a key.
    pub sound: bool,
}

/// A page, or an inline page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageView<'a> {
    /// The page (for an inline page: the page that holds it).
    pub page: Pgid,
    /// File offset, in bytes.
    pub offset: u64,
    /// The bytes looked at, continuation pages included.
    pub bytes: &'a [u8],
    /// What the flags say.
    pub kind: Option<PageKind>,
    /// Header, meta and freelist count.
    pub fields: Vec<Field<'a>>,
    /// Elements of a leaf or a branch, as far as the page holds them.
    pub elements: Vec<ElementView<'a>>,
    /// Ids in a freelist, each with its file offset.
    pub ids: Vec<(u64, Pgid)>,
    /// Bytes that no field and no element explains, in order.
    pub unknown: Vec<Part<'a>>,
    /// What is wrong with the page, with the element it is in.
    pub faults: Vec<(FaultKind, Option<u16>)>,
}

/// Faults kept; a page has 65535 elements at most, each may have several.
const FAULT_CAP: usize = 1000;

impl<'a> PageView<'a> {
    /// Looks at page `id` and the continuation pages behind it, `pages` in all, as far as the file holds them.
    ///
    /// What the page is, its own header says; `None` where the file does not reach it.
    #[must_use]
    pub fn of(db: &Db<'a>, id: Pgid, pages: u64) -> Option<Self> {
        let bytes = run_bytes(db, id, pages.max(1));
        (!bytes.is_empty()).then(|| Self::read(bytes, id, db.offset_of(id), Some(id), true))
    }

    /// Looks at pages that have no header of their own: continuation pages by themselves.
    #[must_use]
    pub fn of_continuation(db: &Db<'a>, id: Pgid) -> Option<Self> {
        let bytes = run_bytes(db, id, 1);
        let at = db.offset_of(id);
        (!bytes.is_empty()).then(|| Self { unknown: vec![Part { offset: at, bytes }], ..Self::empty(bytes, id, at) })
    }

    fn empty(bytes: &'a [u8], page: Pgid, offset: u64) -> Self {
        let (fields, elements, ids) = (Vec::new(), Vec::new(), Vec::new());
        Self { page, offset, bytes, kind: None, fields, elements, ids, unknown: Vec::new(), faults: Vec::new() }
    }

    /// `own` is the id that the header should have; an inline page has 0. Only a page is looked into for inline pages.
    fn read(bytes: &'a [u8], page: Pgid, at: u64, own: Option<Pgid>, is_page: bool) -> Self {
        let mut view = Self::empty(bytes, page, at);
        let Some(header) = PageHeader::read(bytes) else {
            view.unknown.push(Part { offset: at, bytes });
            return view;
        };
        view.kind = header.kind();
        view.fields.extend(header_fields(bytes, at, &header, own.unwrap_or_default()));
        let mut covered = vec![(0, PageHeader::LEN)];
        match view.kind {
            Some(PageKind::Meta) => view.read_meta(&mut covered),
            Some(PageKind::Freelist) => view.read_freelist(&header, &mut covered),
            Some(PageKind::Leaf) => view.read_leaf(&header, is_page, &mut covered),
            Some(PageKind::Branch) => view.read_branch(&header, &mut covered),
            None => {}
        }
        view.unknown = uncovered(bytes, at, covered);
        view
    }

    fn read_meta(&mut self, covered: &mut Vec<(usize, usize)>) {
        let body = self.bytes.get(PageHeader::LEN..).unwrap_or_default();
        let Some(raw) = body.get(..META_LEN) else { return };
        let note = Meta::read(raw).err().map(|fault| fault.to_string());
        let at = self.offset + offset(PageHeader::LEN);
        let none = u64_at(raw, 32) == Some(u64::MAX);
        let notes = [
            ("magic", 4, None),
            ("version", 4, None),
            ("pageSize", 4, None),
            ("flags", 4, None),
            ("root", 8, Some("page of the root bucket".to_owned())),
            ("sequence", 8, None),
            ("freelist", 8, none.then(|| "not persisted".to_owned())),
            ("highWaterMark", 8, Some("first page never allocated".to_owned())),
            ("txid", 8, None),
            ("checksum", 8, Some(note.unwrap_or_else(|| "valid".to_owned()))),
        ];
        let mut from = 0;
        for (name, len, note) in notes {
            self.fields.extend(field(name, raw, from, len, at, note));
            from += len;
        }
        covered.push((PageHeader::LEN, PageHeader::LEN + META_LEN));
    }

    fn read_freelist(&mut self, header: &PageHeader, covered: &mut Vec<(usize, usize)>) {
        let mut from = PageHeader::LEN;
        let mut count = u64::from(header.count);
        if header.count == u16::MAX {
            count = u64_at(self.bytes, from).unwrap_or(0);
            let note = Some("the true count".to_owned());
            self.fields.extend(field("freelistCount", self.bytes, from, 8, self.offset, note));
            from += 8;
        }
        let room = self.bytes.len().saturating_sub(from) / 8;
        let count = usize::try_from(count).unwrap_or(usize::MAX).min(room);
        let place = |n: usize| Some((self.offset + offset(from + 8 * n), Pgid(u64_at(self.bytes, from + 8 * n)?)));
        self.ids = (0..count).map_while(place).collect();
        covered.push((PageHeader::LEN, from + 8 * count));
    }

    fn read_leaf(&mut self, header: &PageHeader, is_page: bool, covered: &mut Vec<(usize, usize)>) {
        let leaf = LeafPage::new(self.bytes, header.count, self.page, self.offset);
        let mut faults = Vec::new();
        leaf.check(Bounds::default(), |kind, element| faults.push((kind, element)));
        faults.truncate(FAULT_CAP);
        let mut floor = PageHeader::LEN + usize::from(header.count) * 16;
        for (index, flags, span) in (0..header.count).map_while(|index| leaf.raw(index)) {
            let from = PageHeader::LEN + usize::from(index) * 16;
            covered.push((from, from + 16));
            let note = (flags == 1).then(|| "the value is a bucket".to_owned());
            let names = [("flags", note), ("pos", None), ("ksize", None), ("vsize", None)];
            let fields = names.into_iter().enumerate();
            let fields =
                fields.filter_map(|(n, (name, note))| field(name, self.bytes, from + 4 * n, 4, self.offset, note));
            let mut element = self.element(index, from, fields.collect());
            if let Ok(span) = span {
                let end = self.note(&mut element, &span, &mut floor, covered);
                let value = Part { offset: self.offset + offset(end - span.value.len()), bytes: span.value };
                element.value = Some(value);
                // Only what keeps to its place: inline pages that overlap would be read again and again.
                let look_inside = is_page && element.sound;
                element.bucket = (flags & 1 != 0).then(|| self.bucket(value, look_inside));
            }
            self.elements.push(element);
        }
        self.faults = faults;
    }

    fn read_branch(&mut self, header: &PageHeader, covered: &mut Vec<(usize, usize)>) {
        let branch = BranchPage::new(self.bytes, header);
        let mut faults = Vec::new();
        let report = |kind, element| faults.push((kind, element));
        branch.check(Bounds::default(), report, |_| ControlFlow::Continue(()));
        faults.truncate(FAULT_CAP);
        let mut floor = PageHeader::LEN + usize::from(header.count) * 16;
        for index in 0..header.count {
            let Some((child, span)) = branch.raw(index) else { break };
            let from = PageHeader::LEN + usize::from(index) * 16;
            covered.push((from, from + 16));
            let names = [("pos", 0, 4), ("ksize", 4, 4), ("pgid", 8, 8)];
            let fields =
                names.into_iter().filter_map(|(n, at, len)| field(n, self.bytes, from + at, len, self.offset, None));
            let mut element = self.element(index, from, fields.collect());
            element.child = Some(Child(child));
            if let Ok(span) = span {
                self.note(&mut element, &span, &mut floor, covered);
            }
            self.elements.push(element);
        }
        self.faults = faults;
    }

    fn element(&self, index: u16, from: usize, fields: Vec<Field<'a>>) -> ElementView<'a> {
        let offset = self.offset + offset(from);
        ElementView { index, offset, fields, key: None, value: None, child: None, bucket: None, sound: false }
    }

    /// Notes where the data of an element lies; gives where it ends in the page.
    fn note(
        &self,
        element: &mut ElementView<'a>,
        span: &Span<'a>,
        floor: &mut usize,
        covered: &mut Vec<(usize, usize)>,
    ) -> usize {
        let start = usize::try_from(span.start).unwrap_or(usize::MAX);
        let end = usize::try_from(span.end()).unwrap_or(usize::MAX);
        element.key = Some(Part { offset: self.offset.saturating_add(span.start), bytes: span.key });
        element.sound = start == *floor;
        *floor = end;
        covered.push((start, end));
        end
    }

    fn bucket(&self, value: Part<'a>, look_inside: bool) -> BucketView<'a> {
        let inner = InBucket::read(value.bytes);
        let inline = inner.is_some_and(|inner| inner.root.0 == 0);
        let note = if inline { "inline: the page follows" } else { "root page" };
        let fields = [("root", 0, Some(note.to_owned())), ("sequence", 8, None)];
        let fields =
            fields.into_iter().filter_map(|(name, at, note)| field(name, value.bytes, at, 8, value.offset, note));
        let rest = value.bytes.get(InBucket::LEN..).filter(|rest| inline && look_inside && !rest.is_empty());
        let at = value.offset + offset(InBucket::LEN);
        let inline = rest.map(|rest| Box::new(Self::read(rest, self.page, at, None, false)));
        BucketView { fields: fields.collect(), inline }
    }
}

fn header_fields<'a>(bytes: &'a [u8], at: u64, header: &PageHeader, own: Pgid) -> impl Iterator<Item = Field<'a>> {
    let id = (header.id != own).then(|| format!("expected {own}"));
    let flags = header.kind().map_or("no known kind of page", PageKind::name).to_owned();
    let note = (header.overflow > 0).then(|| "continuation pages".to_owned());
    let fields = [("id", 0, 8, id), ("flags", 8, 2, Some(flags)), ("count", 10, 2, None), ("overflow", 12, 4, note)];
    fields.into_iter().filter_map(move |(name, from, len, note)| field(name, bytes, from, len, at, note))
}

/// The field of `len` bytes at `from` of `data`, which itself lies at file offset `at`.
fn field<'a>(
    name: &'static str,
    data: &'a [u8],
    from: usize,
    len: usize,
    at: u64,
    note: Option<String>,
) -> Option<Field<'a>> {
    let bytes = data.get(from..)?.get(..len)?;
    let value = match len {
        2 => u64::from(u16_at(bytes, 0)?),
        4 => u64::from(u32_at(bytes, 0)?),
        _ => u64::from_le_bytes(*array_at::<8>(bytes, 0)?),
    };
    Some(Field { name, offset: at + offset(from), bytes, value, note })
}

/// What no range covers.
fn uncovered(bytes: &[u8], at: u64, mut covered: Vec<(usize, usize)>) -> Vec<Part<'_>> {
    covered.sort_unstable();
    covered.push((bytes.len(), bytes.len()));
    let mut unknown = Vec::new();
    let mut floor = 0;
    for (start, end) in covered {
        if let Some(gap) = bytes.get(floor..start).filter(|gap| !gap.is_empty()) {
            unknown.push(Part { offset: at + offset(floor), bytes: gap });
        }
        floor = floor.max(end);
    }
    unknown
}
