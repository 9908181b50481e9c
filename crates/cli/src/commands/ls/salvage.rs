//! `ls --salvage`: what intact pages hold, whatever became of the tree above them.

use std::collections::BTreeMap;

use artifact::Contents;
use bbolt_page::{Db, salvage};
use checks::Verdict;
use etcd_snapshot::{Place, Record, Revision};

use super::rows::Entry;
use super::{Request, give_out, meant, table};
use crate::args::{ListForm, View};
use crate::commands::objects;
use crate::exit::Error;
use crate::output::rows::keys::KeysHead;
use crate::ui::Ui;
use wording::count;

pub(super) fn run(request: &mut Request, source: &Contents, ui: &mut Ui) -> Result<(), Error> {
    objects::resolve_by(&mut request.selection, source, |resources| {
        for record in records(source, |_| true)?.values() {
            resources.see(record.kv.key, (!record.tombstone).then_some(record.kv.value));
        }
        Ok(())
    })?;
    let records = records(source, |key| request.selection.matches(key))?;
    source.check_unchanged()?;
    let greatest = records.keys().next_back().map_or(0, |(revision, _)| revision.main);
    ui.warn(&format!(
        "{}: {} salvaged from intact pages. Pages no longer in use are among them, and lost ones are not: \
         keys may be missing, outdated or long deleted",
        source.display(),
        count(records.len() as u64, "revision"),
    ));
    if let ListForm::Sqlite { out, force } = &request.form {
        let file = table::File { out, force: *force, created: ui.now() };
        return table::write_salvaged(source, records.values(), last_of_each(&records), &file);
    }
    let entries: Vec<Entry<'_>> = match request.view {
        View::AllRevisions => records.into_values().map(Entry::Record).collect(),
        View::Deleted(_) => {
            let last = last_of_each(&records);
            last.into_values().filter(|record| record.tombstone).copied().map(Entry::Record).collect()
        }
        View::Live(_) => {
            let last = last_of_each(&records);
            let live = last.into_values().filter(|record| !record.tombstone).map(table::live_of);
            meant(&request.selection, live, ui).into_iter().map(Entry::Live).collect()
        }
    };
    let head =
        KeysHead { greatest_revision: greatest, verdict: Verdict::Warn, ..KeysHead::of(&source.name(), None, &[]) };
    give_out(request, head, ui, entries.into_iter())
}

/// Records by revision. The same record on several pages counts once.
pub(super) type Records<'a> = BTreeMap<(Revision, bool), Record<'a>>;

fn records<'a>(source: &'a Contents, wanted: impl Fn(&[u8]) -> bool) -> Result<Records<'a>, Error> {
    let bytes = source.bytes();
    let known = Db::open(bytes).ok().map(|db| db.meta().page_size);
    let page_size = known.or_else(|| salvage::guess_page_size(bytes)).ok_or_else(|| Error::Unanswerable {
        display: source.display().to_owned(),
        reason: "no page says of itself what page it is, so there is nothing to salvage".to_owned(),
        hint: None,
    })?;
    let mut records = Records::new();
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
    Ok(records)
}

/// The last record of each key, by key.
fn last_of_each<'r, 'a>(records: &'r Records<'a>) -> BTreeMap<&'a [u8], &'r Record<'a>> {
    // In order of revision, so a later one takes the place of an earlier one.
    records.values().map(|record| (record.kv.key, record)).collect()
}
