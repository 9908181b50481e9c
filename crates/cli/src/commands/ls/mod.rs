//! `assay ls`: the names of keys.

mod rows;
mod salvage;
mod table;

use checks::Finding;
use etcd_snapshot::Scan;
use kube_objects::ShownKey;
use lens::Selection;
use serde_json::{Map, Value};

use super::{objects, snapshot};
use crate::args::{ListForm, LsArgs, View};
use crate::exit::{Error, Outcome};
use crate::input::{Input, Reading, Source};
use crate::output::json::Verdict;
use crate::output::rows::keys::{self, KeySink, KeysHead};
use crate::spread::Pool;
use crate::ui::Ui;
use rows::Entry;
use wording::count;

/// What is listed, and how.
struct Request {
    selection: Selection,
    view: View,
    form: ListForm,
}

pub(super) fn run(args: LsArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let mut request = Request {
        selection: args.keys.selection(args.prefix.as_ref())?,
        view: args.view(),
        form: args.form().map_err(Error::Usage)?,
    };
    let source = snapshot::open(&Input::from(args.snapshot.as_os_str()), reading, ui)?;
    if args.salvage {
        salvage::run(&mut request, &source, ui)?;
    } else {
        objects::resolve(&mut request.selection, &[&source])?;
        list(&request, &source, ui)?;
    }
    source.check_unchanged()?;
    Ok(ui.outcome())
}

fn list(request: &Request, source: &Source, ui: &mut Ui) -> Result<(), Error> {
    let db = snapshot::database(source)?;
    let at = match request.view {
        View::Live(at) | View::Deleted(at) => at,
        View::AllRevisions => None,
    };
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let scan = snapshot::scan(source, db, at, true, &|bytes| meter.add(bytes))?;
    drop(meter);
    let findings = snapshot::check_complete(source, &scan, ui);
    if let ListForm::Sqlite { out, force } = &request.form {
        let file = table::File { out, force: *force, created: ui.now() };
        return table::write(request, source, scan, &file);
    }
    let verdict = if ui.outcome() == Outcome::Clean { Verdict::Pass } else { Verdict::Fail };
    let listed = Listed { source, revision: scan.view, greatest: scan.current(), verdict, findings, salvaged: false };
    give_out(request, &listed, ui, entries(request, &scan))
}

/// The entries that are asked for, in the order of the view.
fn entries<'a>(request: &'a Request, scan: &'a Scan<'a>) -> Box<dyn Iterator<Item = Entry<'a>> + 'a> {
    let wanted = |key: &[u8]| request.selection.matches(key);
    match request.view {
        View::Live(_) if request.form.is_of_names() => {
            Box::new(scan.store.live_names(wanted, &Pool).into_iter().map(Entry::Name))
        }
        View::Live(_) => Box::new(scan.store.live_sorted(wanted, &Pool).map(Entry::Live)),
        View::Deleted(_) => Box::new(scan.store.deleted_sorted(wanted, &Pool).map(Entry::Deleted)),
        View::AllRevisions => Box::new(
            scan.records().filter(move |record| !record.is_bump_marker() && wanted(record.kv.key)).map(Entry::Record),
        ),
    }
}

/// What is listed, for the head of the list.
struct Listed<'a> {
    source: &'a Source,
    revision: i64,
    greatest: i64,
    verdict: Verdict,
    findings: Vec<Finding>,
    salvaged: bool,
}

fn give_out<'a>(
    request: &Request,
    listed: &Listed<'_>,
    ui: &mut Ui,
    entries: impl Iterator<Item = Entry<'a>>,
) -> Result<(), Error> {
    let head = KeysHead {
        artifact: artifact(listed),
        greatest_revision: listed.greatest,
        verdict: listed.verdict,
        findings: findings(listed)?,
        revisions: !matches!(request.view, View::Live(_)),
        titled: ui.look().width.is_some(),
    };
    let mut redacted = 0;
    if let Some(mut sink) = keys::sink(&request.form, ui.out(), head)? {
        redacted = feed(&mut *sink, entries)?;
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

/// Gives entries to a sink; tells how many names had to be hidden.
fn feed<'a>(sink: &mut dyn KeySink, entries: impl Iterator<Item = Entry<'a>>) -> Result<u64, Error> {
    let mut redacted = 0;
    for entry in entries {
        let shown = ShownKey::of(entry.key());
        redacted += u64::from(shown.is_redacted());
        entry.give(&shown, sink)?;
    }
    Ok(redacted)
}

fn findings(listed: &Listed<'_>) -> Result<Vec<Value>, Error> {
    let name = listed.source.name();
    let values = listed.findings.iter().map(|finding| serde_json::to_value(document::Finding::of(finding, &name)));
    Ok(values.collect::<Result<_, _>>().map_err(std::io::Error::from)?)
}

fn artifact(listed: &Listed<'_>) -> Map<String, Value> {
    let mut artifact = Map::new();
    artifact.insert("path".into(), listed.source.name().into());
    if listed.salvaged {
        artifact.insert("salvaged".into(), true.into());
    } else {
        artifact.insert("revision".into(), listed.revision.into());
    }
    artifact
}
