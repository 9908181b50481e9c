//! `assay diff`: two snapshots side by side.

use etcd_snapshot::{HashKv, Live, Scan};
use lens::{Comparison, Difference, Pair, Selection, Unseen, agreement, merge, moves, shown};

use super::objects::{self, Closed, Keys};
use super::snapshot;
use crate::args::{DiffArgs, KeysInput};
use crate::exit::{Error, Outcome};
use crate::input::{Input, Reading, Source};
use crate::output::diff::{Change, Found, Open, Report, Side, Summary, Values};
use crate::spread::Pool;
use crate::ui::Ui;

pub(super) fn run(args: DiffArgs, reading: &Reading, ui: &mut Ui) -> Result<Outcome, Error> {
    let format = args.format();
    if args.old.as_os_str() == "-" && args.new.as_os_str() == "-" {
        return Err(Error::Usage("standard input can be one of the two snapshots, not both".to_owned()));
    }
    let old_keys = match &args.old_keys {
        Some(file) => KeysInput { keys: Some(file.clone()), escrow: None, open: args.keys.open.clone() },
        None => args.keys.clone(),
    };
    let (mut new_keys, mut old_keys) = (Keys::given(&args.keys, reading, ui)?, Keys::given(&old_keys, reading, ui)?);
    let mut selection = args.select.selection(args.what)?;
    let old_source = snapshot::open(&Input::from(args.old.as_os_str()), reading, ui)?;
    let new_source = snapshot::open(&Input::from(args.new.as_os_str()), reading, ui)?;
    objects::resolve(&mut selection, &[&new_source, &old_source])?;
    let old = look_through(&old_source, args.old_rev, ui)?;
    let new = look_through(&new_source, args.new_rev, ui)?;
    old_keys.follow_in(&old);
    new_keys.follow_in(&new);
    let is_whole = selection.is_everything();
    let wanted = |key: &[u8]| selection.matches(key);
    let diff = Diff {
        comparison: Comparison { old: &old_keys, new: &new_keys, all: args.all, reveal: args.reveal.reveal },
        selection: &selection,
        values: args.values,
    };
    let sides = [side(&old_source, &old), side(&new_source, &new)];
    let mut pairs = merge(old.store.live_sorted(wanted, &Pool), new.store.live_sorted(wanted, &Pool)).peekable();
    let is_empty = pairs.peek().is_none();
    let mut report = Report::begin(format, &sides, args.values, ui)?;
    if is_empty && !is_whole {
        ui.warn("nothing that is asked for is in either snapshot: check names and namespaces against `assay ls`");
        ui.settle(Outcome::Findings);
        report.leave_open(Open::Nothing);
    }
    let mut closed = Closed::default();
    let summary = diff.all_of(pairs, &mut report, &mut closed, ui)?;
    if !closed.is_empty() {
        report.leave_open(Open::Closed);
    }
    closed.finish(ui);
    let views_are_newest = args.old_rev.is_none() && args.new_rev.is_none();
    let agreement = (is_whole && views_are_newest).then(|| agreement(&old, &new));
    if summary.differs() || matches!(agreement, Some(lens::Agreement::Diverged(_))) {
        ui.settle(Outcome::Findings);
    }
    report.finish(&summary, agreement.as_ref(), ui)?;
    old_source.check_unchanged()?;
    new_source.check_unchanged()?;
    Ok(ui.outcome())
}

fn look_through<'a>(source: &'a Source, at: Option<i64>, ui: &mut Ui) -> Result<Scan<'a>, Error> {
    let db = snapshot::database(source)?;
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let scan = snapshot::scan(source, db, at, false, &|bytes| meter.add(bytes))?;
    drop(meter);
    snapshot::check_complete(source, &scan, ui);
    Ok(scan)
}

fn side(source: &Source, scan: &Scan<'_>) -> Side {
    let hash = scan.hash_kv(&Pool).ok();
    Side {
        path: source.name(),
        revision: scan.view,
        compacted: scan.facts.compacted(),
        consistent_index: scan.facts.consistent_index,
        hash_kv: hash.map(|HashKv { hash, .. }| hash),
    }
}

struct Diff<'o> {
    comparison: Comparison<'o>,
    selection: &'o Selection,
    values: bool,
}

impl Diff<'_> {
    /// Compares pair after pair; nothing is kept of one once it is written.
    fn all_of<'p>(
        &self,
        pairs: impl Iterator<Item = Pair<'p, 'p>>,
        report: &mut Report,
        closed: &mut Closed,
        ui: &mut Ui,
    ) -> Result<Summary, Error> {
        let mut summary = Summary::default();
        for pair in pairs {
            if !self.comparison.all && moves(pair.key()) {
                summary.ignored += u64::from(!self.is_same(&pair));
                continue;
            }
            match self.is_meant(&pair) {
                Ok(true) => {}
                Ok(false) => continue,
                Err(why) => {
                    closed.add(pair.key(), &why, ui);
                    continue;
                }
            }
            let found = match pair {
                Pair::Added(new) => Some(self.alone(Change::Added, new)),
                Pair::Removed(old) => Some(self.alone(Change::Removed, old)),
                Pair::Both(old, new) => self.both(old, new, &mut summary),
            };
            if let Some(found) = found {
                summary.count(&found);
                // before it is written: a reader who closes the pipe gets the code all the same
                ui.settle(Outcome::Findings);
                report.found(&found, ui)?;
            }
        }
        Ok(summary)
    }

    /// Whether a pair is meant, as far as the insides tell; a pair that is the same bytes is no matter.
    fn is_meant(&self, pair: &Pair<'_, '_>) -> Result<bool, Unseen> {
        if !self.selection.looks_inside() || self.is_same(pair) {
            return Ok(true);
        }
        let (old, new) = match pair {
            Pair::Added(new) => (None, Some(new)),
            Pair::Removed(old) => (Some(old), None),
            Pair::Both(old, new) => (Some(old), Some(new)),
        };
        let Comparison { reveal, .. } = self.comparison;
        let old = old.map(|live| shown(self.comparison.old, live, reveal));
        let new = new.map(|live| shown(self.comparison.new, live, reveal));
        self.selection.matches_any(pair.key(), old.into_iter().chain(new))
    }

    fn is_same(&self, pair: &Pair<'_, '_>) -> bool {
        matches!(pair, Pair::Both(old, new) if self.comparison.is_same(old, new))
    }

    fn alone<'p>(&self, change: Change, live: Live<'p>) -> Found<'p> {
        let is_added = matches!(change, Change::Added);
        let opener = if is_added { self.comparison.new } else { self.comparison.old };
        let object = self.values.then(|| shown(opener, &live, self.comparison.reveal).ok()).flatten();
        let values = object.map_or(Values::None, Values::Whole);
        let (old, new) = if is_added { (None, Some(live)) } else { (Some(live), None) };
        Found { change, old, new, values }
    }

    fn both<'p>(&self, old: Live<'p>, new: Live<'p>, summary: &mut Summary) -> Option<Found<'p>> {
        let values = match self.comparison.of(&old, &new) {
            Difference::None => return None,
            Difference::Resealed => {
                summary.resealed += 1;
                return None;
            }
            Difference::Moved => {
                summary.ignored += 1;
                return None;
            }
            Difference::Fields(fields) => Values::Fields(fields),
            Difference::Bytes => Values::Bytes,
            Difference::Lease => Values::Lease,
            Difference::Closed(why) => Values::Closed(why.to_string()),
        };
        Some(Found { change: Change::Changed, old: Some(old), new: Some(new), values })
    }
}
