//! `assay ls`: the names of keys.

mod rows;
mod salvage;

use artifact::{Contents, Reading};
use assay::Pool;
use etcd_snapshot::Scan;
use kube_objects::ShownKey;
use lens::Selection;

use super::{chain, objects, snapshot};
use crate::args::{ListForm, LsArgs, View};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::rows::keys::{self, KeysHead};
use crate::output::sqlite::snapshot as table;
use crate::ui::Ui;
use rows::{Entry, meant};
use wording::count;

/// What is listed, and how.
struct Request {
    selection: Selection,
    view: View,
    form: ListForm,
}

impl Request {
    /// The revision that is looked at; `None` for the last, or for all.
    fn at(&self) -> Option<i64> {
        match self.view {
            View::Live(at) | View::Deleted(at) => at,
            View::AllRevisions => None,
        }
    }
}

pub(super) fn run(args: LsArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let mut request =
        Request { selection: args.selection()?, view: args.view(), form: args.form().map_err(Error::Usage)? };
    let source = chain::open(&Input::from(args.snapshot.as_os_str()), request.at(), reading, ui)?;
    if args.salvage {
        salvage::run(&mut request, &source, ui)?;
    } else {
        objects::resolve(&mut request.selection, &[&source])?;
        list(&request, &source, ui)?;
    }
    source.check_unchanged()?;
    Ok(ui.ending())
}

fn list(request: &Request, source: &Contents, ui: &mut Ui) -> Result<(), Error> {
    let db = snapshot::database(source)?;
    let at = request.at();
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let scan = snapshot::scan(source, db, at, true, &|bytes| meter.add(bytes))?;
    drop(meter);
    let findings = snapshot::check_complete(source, &scan, ui);
    if let ListForm::Sqlite { out, force } = &request.form {
        let file = table::File { out, force: *force, created: ui.now() };
        return table::write(&request.selection, source, scan, &file);
    }
    let entries = entries(request, &scan, ui);
    let head = KeysHead {
        greatest_revision: scan.current(),
        verdict: ui.ending().verdict(),
        ..KeysHead::of(&source.name(), Some(scan.view), &findings)
    };
    give_out(request, head, ui, entries)
}

/// The entries that are asked for, in the order of the view.
fn entries<'a>(request: &'a Request, scan: &'a Scan<'a>, ui: &mut Ui) -> Box<dyn Iterator<Item = Entry<'a>> + 'a> {
    let selection = &request.selection;
    let wanted = |key: &[u8]| selection.matches(key);
    match request.view {
        View::Live(_) if selection.looks_inside() => {
            let live = meant(selection, scan.store.live_sorted(wanted, &Pool), ui);
            Box::new(live.into_iter().map(Entry::Live))
        }
        View::Live(_) if request.form.is_of_names() => Box::new(scan.store.live_names(wanted, &Pool).map(Entry::Name)),
        View::Live(_) => Box::new(scan.store.live_sorted(wanted, &Pool).map(Entry::Live)),
        View::Deleted(_) => Box::new(scan.store.deleted_sorted(wanted, &Pool).map(Entry::Deleted)),
        View::AllRevisions => Box::new(
            scan.records().filter(move |record| !record.is_bump_marker() && wanted(record.kv.key)).map(Entry::Record),
        ),
    }
}

fn give_out<'a>(
    request: &Request,
    head: KeysHead,
    ui: &mut Ui,
    entries: impl Iterator<Item = Entry<'a>>,
) -> Result<(), Error> {
    let revisions = !matches!(request.view, View::Live(_));
    let head = KeysHead { revisions, titled: ui.look().width.is_some(), ..head };
    let mut redacted = 0;
    if let Some(mut sink) = keys::sink(&request.form, ui.out(), head)? {
        for entry in entries {
            let shown = ShownKey::of(entry.key());
            redacted += u64::from(shown.is_redacted());
            entry.give(&shown, &mut *sink)?;
        }
        sink.finish()?;
    }
    if redacted > 0 {
        ui.warn(&format!(
            "{} that is an OAuth token in clear (as before OpenShift 4.6) was replaced by a digest",
            count(redacted, "name")
        ));
    }
    Ok(())
}
