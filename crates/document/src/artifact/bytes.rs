//! The bytes of a snapshot, as `pages`, `page`, `bucket` and `carve` tell of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::any::Fields;
use crate::values::{KeyBuf, Word, by_name};

/// `pages`: what uses each page, and how full it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pages {
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// The pages asked for, by number.
    pub pages: Vec<PageRow>,
    /// All pages of the file by type, whatever was asked for.
    pub summary: PageCounts,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// A page with the continuation pages behind it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PageRow {
    /// Its number: offset divided by page size.
    pub page: u64,
    /// How many pages, itself counted.
    pub pages: u64,
    /// `meta`, `freelist`, `branch`, `leaf` or `free`.
    pub r#type: Word,
    /// The bucket that uses it; empty for the root bucket, names with `/` between for a bucket in a bucket.
    pub bucket: Option<KeyBuf>,
    /// Of a free page: `zeros`, `stale-leaf`, `stale-branch`, `stale-overflow` or `other`.
    pub holds: Option<Word>,
    /// Elements, as its header says.
    pub count: Option<u16>,
    /// Continuation pages, as its header says.
    pub overflow: Option<u32>,
    /// Bytes of header, elements, keys and values.
    pub used: Option<u64>,
    /// The same in percent of all its bytes.
    pub fill_percent: Option<f64>,
    /// Offset in the uncompressed file, in bytes.
    pub offset: u64,
}

/// Pages by type. Of branches and leaves, the first pages count; their continuation pages stand beside them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PageCounts {
    /// Branches in use.
    pub branch: u64,
    /// Pages that nothing uses.
    pub free: u64,
    /// Freelists.
    pub freelist: u64,
    /// Leaves in use.
    pub leaf: u64,
    /// Metas.
    pub meta: u64,
    /// Continuation pages in use.
    pub overflow: u64,
    /// Bytes in a page.
    pub page_size: u64,
    /// Pages below the high-water mark that the file holds.
    pub pages: u64,
}

/// `page`: one page, byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Page {
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// The page.
    pub page: u64,
    /// Offset in the uncompressed file, in bytes.
    pub offset: u64,
    /// Bytes shown: the page, and its continuation pages where it is the first of them.
    pub size: u64,
    /// The first page of the run that it belongs to.
    pub first_page: u64,
    /// Pages of that run.
    pub pages: u64,
    /// What uses it, as in `pages`; or `beyond` the high-water mark.
    pub r#use: Word,
    /// What a free page holds, as in `pages`.
    pub holds: Option<Word>,
    /// The bucket that uses it.
    pub bucket: Option<String>,
    /// What its own header says.
    pub r#type: Option<Word>,
    /// What stands on it.
    #[serde(flatten)]
    pub content: PageContent,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// What stands on a page, or on an inline page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PageContent {
    /// Header, and meta where it is one.
    pub fields: Vec<PageField>,
    /// Elements of a leaf or a branch.
    pub elements: Vec<PageElement>,
    /// Page numbers in a freelist.
    pub free_ids: Vec<u64>,
    /// Bytes that no field and no element explains.
    pub unknown: Vec<Unexplained>,
    /// What is wrong with the page.
    pub faults: Vec<PageFault>,
}

/// A number at a known place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageField {
    /// bbolt's word for it.
    pub name: Word,
    /// Offset in the uncompressed file, in bytes.
    pub offset: u64,
    /// The bytes as they stand.
    pub hex: String,
    /// What they say.
    pub value: u64,
    /// What that means.
    pub note: Option<String>,
}

/// An element of a leaf or a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PageElement {
    /// Place in the page.
    pub element: u16,
    /// Offset of the element in the uncompressed file, in bytes.
    pub offset: u64,
    /// Its fields.
    pub fields: Vec<PageField>,
    /// Its key, where it is text and may be shown.
    pub key: Option<KeyBuf>,
    /// Its key; `None` where it may be a piece of a value.
    pub key_hex: Option<String>,
    /// Where the key lies; `None` where it leaves the page.
    pub key_offset: Option<u64>,
    /// Where the value lies.
    pub value_offset: Option<u64>,
    /// Bytes of the value.
    pub value_size: Option<u64>,
    /// The value, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// What the entry says.
    pub meaning: Map<String, Value>,
    /// Why the entry is not what its bucket should hold.
    pub problem: Option<String>,
    /// Of a bucket: where its entries are.
    pub bucket: Option<PageBucket>,
}

/// The value of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageBucket {
    /// `root` and `sequence`.
    pub fields: Vec<PageField>,
    /// The inline page.
    #[serde(serialize_with = "by_name")]
    pub inline: Option<Box<PageContent>>,
}

/// Bytes that nothing explains.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unexplained {
    /// Offset in the uncompressed file, in bytes.
    pub offset: u64,
    /// How many.
    pub size: u64,
    /// Whether all of them are zero.
    pub zero: bool,
    /// The bytes, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hex: Option<String>,
}

/// What is wrong with a page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageFault {
    /// The element.
    pub element: Option<u16>,
    /// What is wrong.
    pub message: String,
}

/// `bucket` without a name: the buckets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Buckets {
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// The root bucket, then all others.
    pub buckets: Vec<BucketRow>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// A bucket, and the room it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BucketRow {
    /// Its name; empty for the root bucket.
    pub bucket: KeyBuf,
    /// Entries, buckets in it counted.
    pub entries: u64,
    /// `inline`: in the value that names it; `pages`; `lost`.
    pub place: Word,
    /// Its root page, or the page it is inline in.
    pub page: Option<u64>,
    /// As stored; 0 in etcd.
    pub sequence: u64,
    /// Levels of its tree; 0 for an inline bucket.
    pub levels: u64,
    /// Branches, continuation pages not counted.
    pub branch_pages: u64,
    /// Continuation pages of branches.
    pub branch_overflow: u64,
    /// Leaves, continuation pages not counted.
    pub leaf_pages: u64,
    /// Continuation pages of leaves.
    pub leaf_overflow: u64,
    /// Bytes of branches in use.
    pub branch_used: u64,
    /// Bytes of leaves in use, or of an inline bucket in its value.
    pub leaf_used: u64,
    /// Bytes of all its pages.
    pub allocated: u64,
}

/// `bucket` with a name: its entries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entries {
    /// Its name.
    pub bucket: KeyBuf,
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// Its entries, in the order of their keys.
    pub entries: Vec<EntryRow>,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// An entry of a bucket.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EntryRow {
    /// The page it lies on.
    pub page: u64,
    /// Place in the page.
    pub element: u16,
    /// Offset of the element in the uncompressed file, in bytes.
    pub offset: u64,
    /// Its key; `None` for a revision, and where it may be a piece of a value.
    pub key: Option<KeyBuf>,
    /// Its key's bytes.
    pub key_hex: Option<String>,
    /// Whether it is a bucket.
    pub is_bucket: bool,
    /// What it says.
    pub fields: Map<String, Value>,
    /// Why it is not what its bucket should hold.
    pub problem: Option<String>,
    /// The value, where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// `carve`: what pages that nothing uses still hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Carved {
    /// The last compaction.
    pub compacted: Option<i64>,
    /// The input, as given; `-` for standard input.
    pub path: String,
    /// Newest main revision of the snapshot.
    pub revision: i64,
    /// What was found, of what was asked for.
    pub carved: Vec<CarvedRow>,
    /// All that was found, whatever was asked for.
    pub summary: CarvedCounts,
    /// What a later assay says besides.
    #[serde(flatten)]
    pub more: Fields,
}

/// Something carved.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CarvedRow {
    /// How it stands to the snapshot: `older`, `deleted`, ...
    pub label: Word,
    /// How sure that is.
    pub confidence: Word,
    /// How it was found.
    pub trace: Word,
    /// The bucket that it was of.
    pub bucket: KeyBuf,
    /// The page on which its stored key begins.
    pub page: u64,
    /// Its element, where it was found by one.
    pub element: Option<u16>,
    /// Offset of its stored key in the uncompressed file, in bytes.
    pub offset: u64,
    /// What it says.
    pub fields: Map<String, Value>,
    /// Why it is not what its bucket should hold.
    pub problem: Option<String>,
    /// The file that its value was written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// What a carving looked at, and what it found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CarvedCounts {
    /// Branch pages among the free ones.
    pub branches: u64,
    /// Records and entries found, every copy counted.
    pub copies: u64,
    /// Entries of etcd's own buckets, each counted once, by label.
    pub entries: BTreeMap<Word, u64>,
    /// Free pages.
    pub pages: u64,
    /// Leaf pages among them whose end was overwritten.
    pub partial_leaves: u64,
    /// Pages among them that do not say what they are.
    pub raw_pages: u64,
    /// Records, each counted once, by label.
    pub records: BTreeMap<Word, u64>,
    /// Leaf pages among them that are whole.
    pub whole_leaves: u64,
}
