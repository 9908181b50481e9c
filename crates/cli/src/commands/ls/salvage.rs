//! `ls --salvage`: what intact pages hold, whatever became of the tree above them.

use artifact::Contents;
use checks::Verdict;
use lens::{Salvaged, last_of_each, salvaged};

use super::rows::Entry;
use super::{Request, give_out, meant, table};
use crate::args::{ListForm, View};
use crate::commands::{objects, snapshot};
use crate::exit::Error;
use crate::output::rows::keys::KeysHead;
use crate::ui::Ui;

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
    snapshot::say_salvaged(source, records.len(), ui);
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

/// Records of keys that are wanted, from whatever pages are intact.
fn records<'a>(source: &'a Contents, wanted: impl Fn(&[u8]) -> bool) -> Result<Salvaged<'a>, Error> {
    salvaged(source.bytes(), wanted).ok_or_else(|| Error::Unanswerable {
        display: source.display().to_owned(),
        reason: "no page says of itself what page it is, so there is nothing to salvage".to_owned(),
        hint: None,
    })
}
