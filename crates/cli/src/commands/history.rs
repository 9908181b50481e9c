//! `assay history`: every retained revision of a key.

use etcd_snapshot::carve::{Carved, Content, Label, carve};
use etcd_snapshot::{Place, Record};
use kube_objects::ShownKey;
use lens::{Compared, Follow, Reader, Selection, Step, View};
use serde_json::{Map, Value};

use super::objects::{self, Keys};
use super::snapshot;
use crate::args::{HistoryArgs, KeyArgs, SelectArgs, StepFormat};
use crate::exit::{Error, Outcome};
use crate::input::{Input, Reading, Source};
use crate::output::json::Key;
use crate::output::steps::{CarvedFrom, StepLook, Steps};
use crate::spread::Pool;
use crate::ui::{Ui, style};
use wording::{count, escape};

/// Namesakes that an error lists.
const NAMESAKES: usize = 10;

pub(super) fn run(args: HistoryArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let exact = args.exact.into_iter().collect();
    let keys = KeyArgs { namespace: args.namespace, ..KeyArgs::default() };
    let mut selection = SelectArgs { keys, exact, ..SelectArgs::default() }.selection(args.what)?;
    let Some(target) = selection.single().cloned() else {
        return Err(Error::Usage(
            "give one key: /full/key, TYPE/NAME or TYPE NAME; `assay timeline` shows several".to_owned(),
        ));
    };
    let mut keys = Keys::given(&args.keys, reading, ui)?;
    let source = snapshot::open(&Input::from(args.snapshot.as_os_str()), reading, ui)?;
    keys.follow(&source, ui)?;
    resolve(&mut selection, &source, args.carve)?;
    let reader = objects::reader(&source, None)?;
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let mut records: Vec<Record<'_>> = Vec::new();
    let damaged = reader.records(
        |record| selection.matches(record.kv.key),
        &Pool,
        &|bytes| meter.add(bytes),
        |record| records.push(record),
    );
    drop(meter);
    source.check_unchanged()?;
    objects::check_complete(&source, &reader, damaged, ui);
    let retained = records.len();
    let mut found: Vec<(Record<'_>, Option<CarvedFrom>)> = records.into_iter().map(|record| (record, None)).collect();
    if args.carve {
        found.extend(carved(&source, &selection, ui)?);
        // Where both claim a revision, what is retained goes first.
        found.sort_by_key(|(record, carved)| (record.revision, carved.is_some()));
    }
    let key = one_key(&source, target.typed(), found.iter().map(|(record, _)| record.kv.key), ui)?;
    let view = View { reveal: args.output.reveal.reveal, ..View::default() };
    let compared = Compared { managed_fields: args.output.all };
    let mut follow = Follow::default();
    let mut with_step = |(record, carved)| (follow.step(record, &keys, view, compared), carved);
    let steps: Vec<(Step<'_>, Option<CarvedFrom>)> = found.into_iter().map(&mut with_step).collect();
    let look = StepLook { format: args.output.format(), values: args.output.values, with_key: false };
    give_out(&source, &reader, key, &steps, look, ui)?;
    let closed = steps.iter().filter(|(step, _)| objects::wants_keys(step.object.as_ref())).count();
    objects::hint_at_keys(closed, ui);
    if retained == 0 {
        ui.warn("nothing of it is retained: all of this was carved from pages that nothing uses");
    }
    Ok(ui.outcome())
}

/// Takes a resource that is named for what the snapshot has, or pages that nothing uses still hold, where these count.
fn resolve(selection: &mut Selection, source: &Source, carved: bool) -> Result<(), Error> {
    if !carved {
        return objects::resolve(selection, &[source]);
    }
    objects::resolve_by(selection, source, |resources| {
        resources.look_through(&objects::reader(source, None)?, &Pool, &|_| {});
        let scan = snapshot::scan(source, snapshot::database(source)?, None, true, &|_| {})?;
        objects::see_carved(resources, &scan);
        Ok(())
    })
}

/// What pages that nothing uses still hold of the keys that are meant, and the snapshot does not.
fn carved<'a>(
    source: &'a Source,
    selection: &Selection,
    ui: &mut Ui,
) -> Result<Vec<(Record<'a>, Option<CarvedFrom>)>, Error> {
    let meter = ui.meter("carving", Some(source.bytes().len() as u64 * 2));
    let progress = |bytes| meter.add(bytes);
    let scan = snapshot::scan(source, snapshot::database(source)?, None, true, &progress)?;
    let mut found = Vec::new();
    carve(&scan, &Pool, &progress, |carved: Carved<'a>| {
        let Content::Record { revision, tombstone, kv, raw } = carved.content else { return };
        if carved.label == Label::Identical || !selection.matches(kv.key) {
            return;
        }
        let place = Place { page: carved.page, element: carved.element.unwrap_or(u16::MAX), offset: carved.offset };
        let from = CarvedFrom {
            label: carved.label.word(),
            confidence: carved.confidence.word(),
            page: carved.page.0,
            offset: carved.offset,
        };
        found.push((Record { revision, tombstone, kv, raw, place }, Some(from)));
    });
    drop(meter);
    Ok(found)
}

/// The one key that the records are of.
fn one_key<'a>(
    source: &Source,
    typed: &[u8],
    keys: impl Iterator<Item = &'a [u8]>,
    ui: &Ui,
) -> Result<&'a [u8], Error> {
    let mut keys: Vec<&[u8]> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    match keys[..] {
        [one] => Ok(one),
        [] => Err(objects::not_found(
            source,
            format!("no revision of `{}` is retained", objects::shown(typed)),
            "it never was, or it was deleted before the last compaction; `--carve` looks in free pages",
            ui,
        )),
        _ => {
            let names: Vec<String> = keys.iter().take(NAMESAKES).map(|key| objects::shown(key)).collect();
            let names = names.join(", ");
            let reason = format!("`{}` names {}: {names}", escape(typed), count(keys.len() as u64, "object"));
            Err(objects::unanswerable(source, &reason, Some("add `-n NAMESPACE`, or give the full key".to_owned())))
        }
    }
}

fn give_out(
    source: &Source,
    reader: &Reader<'_>,
    key: &[u8],
    all: &[(Step<'_>, Option<CarvedFrom>)],
    look: StepLook,
    ui: &mut Ui,
) -> Result<(), Error> {
    let shown = ShownKey::of(key);
    let steps: Vec<&Step<'_>> = all.iter().filter(|(_, carved)| carved.is_none()).map(|(step, _)| step).collect();
    let steps = &steps[..];
    if look.format == StepFormat::Human {
        let title = ui.paint(style::HEAD, escape(shown.key())).to_string();
        writeln!(ui.out(), "{title}\n  {}\n", summary(reader, steps))?;
    }
    let mut artifact = Map::new();
    artifact.insert("path".into(), source.name().into());
    artifact.insert("key".into(), serde_json::to_value(Key(shown.key())).unwrap_or_default());
    artifact.insert("current".into(), reader.current().into());
    artifact.insert("compacted".into(), reader.compacted().into());
    artifact.insert("removedVersions".into(), removed(steps).into());
    artifact.insert("live".into(), Value::Bool(steps.last().is_some_and(|step| !step.record.tombstone)));
    let mut list = Steps::begin(look, "history", artifact, ui)?;
    for (step, carved) in all {
        list.step(step, carved.as_ref(), ui)?;
    }
    list.finish(ui)
}

/// Versions of the first retained generation that compaction has removed.
fn removed(steps: &[&Step<'_>]) -> i64 {
    steps.first().map_or(0, |step| step.missing)
}

fn summary(reader: &Reader<'_>, steps: &[&Step<'_>]) -> String {
    let (first, last) = (steps.first(), steps.last());
    let span = first
        .zip(last)
        .map_or_else(String::new, |(first, last)| format!(" ({} to {})", first.record.revision, last.record.revision));
    let end = match last {
        Some(last) if last.record.tombstone => format!("deleted at {}", last.record.revision),
        Some(last) => {
            format!("live, created at {}, version {}", last.record.kv.create_revision, last.record.kv.version)
        }
        None => "never written".to_owned(),
    };
    let compacted = match (reader.compacted(), removed(steps), first.is_some_and(|first| first.record.tombstone)) {
        (None, ..) => "never compacted".to_owned(),
        (Some(at), _, true) => format!("compacted at {at}: what was deleted first is gone"),
        (Some(at), 0, _) => format!("compacted at {at}: nothing of it was removed since its creation"),
        (Some(at), removed, _) => {
            format!("compacted at {at}: {} removed", count(removed.unsigned_abs(), "earlier version"))
        }
    };
    format!("{} retained{span}; {end}; {compacted}", count(steps.len() as u64, "revision"))
}
