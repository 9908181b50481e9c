//! `assay history`: every retained revision of a key.

use artifact::{Contents, Reading};
use assay::Pool;
use etcd_snapshot::Record;
use etcd_snapshot::carve::Carved;
use lens::{Compared, Follow, Reader, Selection, Step, Target, View, carved_records};

use super::{chain, nothing, objects, snapshot};
use crate::args::{HistoryArgs, KeyArgs, SelectArgs};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::steps::{self, StepLook};
use crate::ui::Ui;

pub(super) fn run(args: HistoryArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let exact = args.exact.into_iter().collect();
    let keys = KeyArgs { namespace: args.namespace, ..KeyArgs::default() };
    let mut selection = SelectArgs { keys, exact, ..SelectArgs::default() }.selection(args.what)?;
    if selection.single().is_none() {
        return Err(Error::Usage(
            "give one key: /full/key, TYPE/NAME or TYPE NAME; `assay timeline` shows several".to_owned(),
        ));
    }
    let mut keys = objects::keys(&args.keys, reading, ui)?;
    let source = chain::open(&Input::from(args.snapshot.as_os_str()), None, reading, ui)?;
    objects::follow(&mut keys, &source, ui)?;
    resolve(&mut selection, &source, args.carve)?;
    let reader = objects::reader(&source, None)?;
    let mut found: Vec<_> = retained(&source, &reader, &selection, ui)?.into_iter().map(|it| (it, None)).collect();
    let retained = found.len();
    // of what was salvaged, free pages are a part
    if args.carve && reader.salvaged().is_none() {
        let meter = ui.meter("carving", Some(source.bytes().len() as u64 * 2));
        let progress = |bytes| meter.add(bytes);
        let scan = snapshot::scan(&source, snapshot::remains(&source)?, None, true, &progress)?;
        let carved = carved_records(&scan, &selection, &Pool, &progress);
        found.extend(carved.into_iter().map(|(record, carved)| (record, Some(carved))));
        // Where both claim a revision, what is retained goes first.
        found.sort_by_key(|(record, carved)| (record.revision, carved.is_some()));
    }
    let key = one_key(&source, &selection, found.iter().map(|(record, _)| record.kv.key), args.carve, ui)?;
    let view = View { reveal: args.output.reveal.reveal, ..View::default() };
    let compared = Compared { managed_fields: args.output.all };
    let mut follow = Follow::default();
    let mut with_step = |(record, carved)| (follow.step(record, &keys, view, compared), carved);
    let steps: Vec<(Step<'_>, Option<Carved<'_>>)> = found.into_iter().map(&mut with_step).collect();
    let look = StepLook { format: args.output.format(), values: args.output.values, with_key: false };
    steps::history(&source.name(), &reader, key, &steps, look, ui)?;
    let closed = steps.iter().filter(|(step, _)| objects::wants_keys(step.object.as_ref())).count();
    objects::hint_at_keys(closed, ui);
    if retained == 0 {
        ui.warn("nothing of it is retained: all of this was carved from pages that nothing uses");
    }
    Ok(ui.ending())
}

/// The records that the snapshot retains of the keys that are meant.
fn retained<'a>(
    source: &Contents,
    reader: &Reader<'a>,
    selection: &Selection,
    ui: &mut Ui,
) -> Result<Vec<Record<'a>>, Error> {
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let (mut records, wanted) = (Vec::new(), |record: &Record<'_>| selection.matches(record.kv.key));
    let damaged = reader.records(wanted, &Pool, &|bytes| meter.add(bytes), |record| records.push(record));
    drop(meter);
    source.check_unchanged()?;
    objects::check_complete(source, reader, damaged, ui)?;
    Ok(records)
}

/// Takes a resource that is named for what the snapshot has, or pages that nothing uses still hold, where these count.
fn resolve(selection: &mut Selection, source: &Contents, carved: bool) -> Result<(), Error> {
    if !carved {
        return objects::resolve(selection, &[source]);
    }
    objects::resolve_by(selection, source, |resources| {
        resources.look_through(&objects::reader(source, None)?, &Pool, &|_| {});
        let scan = snapshot::scan(source, snapshot::remains(source)?, None, true, &|_| {})?;
        objects::see_carved(resources, &scan);
        Ok(())
    })
}

/// The one key that the records are of.
fn one_key<'a>(
    source: &Contents,
    selection: &Selection,
    keys: impl Iterator<Item = &'a [u8]>,
    carved: bool,
    ui: &Ui,
) -> Result<&'a [u8], Error> {
    let mut keys: Vec<&[u8]> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    match keys[..] {
        [one] => Ok(one),
        [] => Err(nothing::unretained(source, selection, carved, ui)),
        _ => Err(objects::several(source, selection.single().map(Target::typed).unwrap_or_default(), &keys)),
    }
}
