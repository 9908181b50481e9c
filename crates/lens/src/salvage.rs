//! Records of intact pages, whatever became of the tree above them.

use std::collections::BTreeMap;

use bbolt_page::{Db, salvage};
use etcd_snapshot::{Place, Record, Revision};

/// Records by revision, a deletion behind what is put at the same one. The same record on several pages counts once.
pub type Salvaged<'a> = BTreeMap<(Revision, bool), Record<'a>>;

/// Looks through every page that says it is itself and a leaf, for records of keys that are wanted. Pages no longer in use
/// are among them, and lost ones are not: keys may be missing, outdated or long deleted.
///
/// `None` where no page says of itself what page it is.
pub fn salvaged<'a>(bytes: &'a [u8], wanted: impl Fn(&[u8]) -> bool) -> Option<Salvaged<'a>> {
    let known = Db::open(bytes).ok().map(|db| db.meta().page_size);
    let page_size = known.or_else(|| salvage::guess_page_size(bytes))?;
    let mut records = Salvaged::new();
    for page in salvage::leaf_pages(bytes, page_size) {
        for element in page.elements().filter(|element| !element.is_bucket()) {
            let place = Place { page: page.page(), element: element.index, offset: page.offset_of(element.index) };
            if let Ok(record) = Record::decode(&element, place)
                && !record.is_bump_marker()
                && wanted(record.kv.key)
            {
                records.entry((record.revision, record.tombstone)).or_insert(record);
            }
        }
    }
    Some(records)
}

/// The last record of each key, by key.
#[must_use]
pub fn last_of_each<'r, 'a>(records: &'r Salvaged<'a>) -> BTreeMap<&'a [u8], &'r Record<'a>> {
    // In order of revision, so a later one takes the place of an earlier one.
    records.values().map(|record| (record.kv.key, record)).collect()
}
