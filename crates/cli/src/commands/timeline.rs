//! `assay timeline`: who changed what around a moment.

use std::collections::HashSet;

use etcd_snapshot::Record;
use lens::{Clock, Compared, Follow, Object, Reader, Selection, Unseen, View};
use serde_json::{Map, Value};

use super::objects::{self, Closed, Keys};
use super::snapshot;
use crate::args::{Moment, TimelineArgs};
use crate::exit::{Error, Outcome};
use crate::input::{Input, Reading, Source};
use crate::output::steps::{StepLook, Steps};
use crate::spread::Pool;
use crate::ui::Ui;
use wording::count;

pub(super) fn run(args: TimelineArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let mut selection = args.select.selection(args.what)?;
    let mut keys = Keys::given(&args.keys, reading, ui)?;
    let source = snapshot::open(&Input::from(args.snapshot.as_os_str()), reading, ui)?;
    keys.follow(&source, ui)?;
    objects::resolve(&mut selection, &[&source])?;
    let reader = objects::reader(&source, None)?;
    let window = Window::of(args.since, args.until, &source, &reader, ui)?;
    let view = View { reveal: args.output.reveal.reveal, ..View::default() };
    let compared = Compared { managed_fields: args.output.all };
    let look = StepLook { format: args.output.format(), values: args.output.values, with_key: true };
    // What is known to be missing is said before the first line, and what is found missing on the way after the last.
    objects::check_complete(&source, &reader, 0, ui);
    let mut list = Steps::begin(look, "timeline", artifact(&source, &reader, &window), ui)?;
    let mut follow = Follow::default();
    let mut failed: Result<(), Error> = Ok(());
    let judge = Judge { selection: &selection, keys: &keys, view };
    let (mut closed, mut unseen) = (Closed::default(), HashSet::new());
    let (mut bare, mut unshown) = (0, 0);
    let is_named = !selection.missing(std::iter::empty()).is_empty();
    let mut met = HashSet::new();
    let wanted = |record: &Record<'_>| record.revision.main <= window.last && selection.matches(record.kv.key);
    // No meter: lines are written as they come, and would run into it.
    let damaged = reader.records(wanted, &Pool, &|_| {}, |record| {
        if failed.is_err() {
            return;
        }
        if is_named {
            met.insert(record.kv.key);
        }
        if record.revision.main < window.first {
            return follow.pass(record);
        }
        match judge.is_meant(&record, follow.last(record.kv.key)) {
            Ok(true) => {
                let step = follow.step(record, &keys, view, compared);
                unshown += usize::from(objects::wants_keys(step.object.as_ref()));
                failed = list.step(&step, None, ui);
            }
            Ok(false) => {
                bare += u64::from(record.tombstone && selection.looks_inside() && follow.last(record.kv.key).is_none());
                follow.pass(record);
            }
            Err(why) => {
                if unseen.insert(record.kv.key) {
                    closed.add(record.kv.key, &why, ui);
                }
                follow.pass(record);
            }
        }
    });
    if damaged > 0 {
        let records = count(damaged, "unreadable record");
        ui.warn(&format!("{} is damaged: {records}, so this may not be all of it", source.display()));
        ui.settle(Outcome::Findings);
    }
    // A reader who stops reading gets the code of a damaged file all the same.
    failed?;
    source.check_unchanged()?;
    if bare > 0 {
        let deletions = count(bare, "deletion");
        ui.warn(&format!(
            "{deletions} not shown: what was deleted is not retained, so nothing tells whether it was asked for; name the \
             resource or the key instead of labels and fields"
        ));
        ui.settle(Outcome::Findings);
    }
    if list.written() == 0 && bare == 0 && closed.is_empty() {
        ui.warn(&format!("{}: no revision that is asked for is retained", source.display()));
    }
    objects::check_found(&selection, met.into_iter(), &source, ui);
    closed.finish(ui);
    list.finish(ui)?;
    objects::hint_at_keys(unshown, ui);
    Ok(ui.outcome())
}

/// Says which revisions are meant, where objects must be seen for that.
struct Judge<'j> {
    selection: &'j Selection,
    keys: &'j Keys,
    view: View,
}

impl Judge<'_> {
    /// Whether a revision made, changed or ended what is meant. A deletion has no object: the version before it tells, as
    /// it does of a change by which an object leaves the selection.
    fn is_meant(&self, record: &Record<'_>, before: Option<&Record<'_>>) -> Result<bool, Unseen> {
        if !self.selection.looks_inside() {
            return Ok(true);
        }
        let read = |record: &Record<'_>| {
            let kv = &record.kv;
            Object::read(self.keys, kv.key, kv.value, kv.mod_revision, self.view).map(Object::into_shown)
        };
        let versions = [Some(record), before].into_iter().flatten().filter(|record| !record.tombstone);
        self.selection.matches_any(record.kv.key, versions.map(read))
    }
}

/// Main revisions, both ends included.
struct Window {
    first: i64,
    last: i64,
}

impl Window {
    fn of(
        since: Option<Moment>,
        until: Option<Moment>,
        source: &Source,
        reader: &Reader<'_>,
        ui: &mut Ui,
    ) -> Result<Self, Error> {
        let has_time = [since, until].iter().any(|moment| matches!(moment, Some(Moment::Time(_))));
        let clock = if has_time {
            let meter = ui.meter("reading times", Some(source.bytes().len() as u64));
            let clock = Clock::read(reader, &Pool, &|bytes| meter.add(bytes));
            drop(meter);
            if clock.span().is_none() {
                let reason = "no object says when it was written, so a moment has no revision";
                return Err(objects::unanswerable(source, &reason, Some("give revisions instead".to_owned())));
            }
            clock
        } else {
            Clock::default()
        };
        let first = match since {
            None => 0,
            Some(Moment::Revision(main)) => main,
            Some(Moment::Time(time)) => clock.first_since(time).unwrap_or(i64::MAX),
        };
        let last = match until {
            None => i64::MAX,
            Some(Moment::Revision(main)) => main,
            Some(Moment::Time(time)) => clock.last_until(time).unwrap_or(0),
        };
        Ok(Self { first, last })
    }
}

fn artifact(source: &Source, reader: &Reader<'_>, window: &Window) -> Map<String, Value> {
    let mut artifact = Map::new();
    artifact.insert("path".into(), source.name().into());
    artifact.insert("current".into(), reader.current().into());
    artifact.insert("compacted".into(), reader.compacted().into());
    artifact.insert("since".into(), window.first.into());
    artifact.insert("until".into(), window.last.min(reader.current()).into());
    artifact
}
