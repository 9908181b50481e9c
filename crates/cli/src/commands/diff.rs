//! `assay diff`: two snapshots side by side.

use std::sync::Arc;

use artifact::{Contents, Reading};
use assay::Pool;
use document::Side;
use etcd_snapshot::{HashKv, Live, Scan};
use lens::{Comparison, Diff, Met, Selection, agreement, merge};

use super::chain;
use super::members::Several;
use super::objects::{self, Closed};
use super::snapshot;
use crate::args::{DiffArgs, KeysInput};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::output::diff::{Differences, Open};
use crate::ui::Ui;

pub(super) fn run(args: DiffArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let format = args.format();
    let all = [&args.old, &args.new].into_iter().chain(&args.member);
    if all.filter(|name| name.as_os_str() == "-").count() > 1 {
        let which = if args.member.is_empty() { "one of the two snapshots, not both" } else { "one of the snapshots" };
        return Err(Error::Usage(format!("standard input can be {which}")));
    }
    let old_keys = match &args.old_keys {
        Some(file) => {
            KeysInput { keys: Some(file.clone()), token_file: None, escrow: None, open: args.keys.open.clone() }
        }
        None => args.keys.clone(),
    };
    let (mut new_keys, mut old_keys) =
        (objects::keys(&args.keys, reading, ui)?, objects::keys(&old_keys, reading, ui)?);
    let mut selection = args.select.selection(args.what)?;
    let old_source = Arc::new(chain::open(&Input::from(args.old.as_os_str()), args.old_rev, reading, ui)?);
    let new_source = Arc::new(chain::open(&Input::from(args.new.as_os_str()), args.new_rev, reading, ui)?);
    objects::resolve(&mut selection, &[&*new_source, &*old_source])?;
    let old = Looked::through(&old_source, args.old_rev, &selection, ui)?;
    let new = Looked::through(&new_source, args.new_rev, &selection, ui)?;
    old.scan().into_iter().for_each(|scan| old_keys.follow(scan));
    new.scan().into_iter().for_each(|scan| new_keys.follow(scan));
    let is_whole = selection.is_everything();
    let diff = Diff {
        comparison: Comparison { old: &old_keys, new: &new_keys, all: args.all, reveal: args.reveal.reveal },
        selection: &selection,
        values: args.values,
    };
    let sides = [old.side(&old_source), new.side(&new_source)];
    let mut pairs = merge(old.live(&selection), new.live(&selection)).peekable();
    let is_empty = pairs.peek().is_none();
    let mut differences = Differences::begin(format, &sides, args.values, ui)?;
    if is_empty && !is_whole {
        ui.warn("nothing that is asked for is in either snapshot: check names and namespaces against `assay ls`");
        ui.settle(Ending::Findings);
        differences.leave_open(Open::Nothing);
    }
    let mut closed = Closed::default();
    let summary = diff.run(pairs, |met| match met {
        Met::Unseen(key, why) => {
            closed.add(key, &why, ui);
            Ok(())
        }
        Met::Differs(found) => {
            // before it is written: a reader who closes the pipe gets the code all the same
            ui.settle(Ending::Findings);
            differences.found(&found, ui)
        }
    })?;
    if !closed.is_empty() {
        differences.leave_open(Open::Closed);
    }
    closed.finish(ui);
    let views_are_newest = args.old_rev.is_none() && args.new_rev.is_none();
    let scans = old.scan().zip(new.scan()).filter(|_| is_whole && views_are_newest);
    let agreement = scans.map(|(old, new)| agreement(old, new));
    if summary.differs() || matches!(agreement, Some(lens::Agreement::Diverged(_))) {
        ui.settle(Ending::Findings);
    }
    if !args.member.is_empty() {
        let mut several = Several::default();
        // where a tree is lost, nothing tells how far the member was
        old.scan().into_iter().for_each(|scan| several.add(&old_source, scan));
        new.scan().into_iter().for_each(|scan| several.add(&new_source, scan));
        for member in &args.member {
            several.open(&Input::from(member.as_os_str()), reading, ui)?;
        }
        differences.members(several.compare(), ui);
    }
    differences.finish(&summary, agreement.as_ref(), ui)?;
    old_source.check_unchanged()?;
    new_source.check_unchanged()?;
    Ok(ui.ending())
}

/// One of the two, as far as it can be read.
enum Looked<'a> {
    /// By its tree.
    Whole(Box<Scan<'a>>),
    /// By intact pages, where damage has cost the tree above them: the last record of each key, and the last revision.
    Salvaged(Vec<Live<'a>>, i64),
}

impl<'a> Looked<'a> {
    fn through(source: &'a Contents, at: Option<i64>, selection: &Selection, ui: &mut Ui) -> Result<Self, Error> {
        let reader = objects::reader(source, at)?;
        if let Some(records) = reader.salvaged() {
            snapshot::say_remains(source, Some(records), ui)?;
            let newest = reader.newest(|key| selection.matches(key), at, usize::MAX, &Pool, &|_| {});
            let live = newest.live().map(|found| Live { kv: found.record.kv, revision: found.record.revision });
            return Ok(Self::Salvaged(live.collect(), reader.current()));
        }
        drop(reader);
        let meter = ui.meter("reading", Some(source.bytes().len() as u64));
        let scan = snapshot::scan(source, snapshot::remains(source)?, at, false, &|bytes| meter.add(bytes))?;
        drop(meter);
        if !snapshot::say_remains(source, None, ui)? {
            snapshot::check_complete(source, &scan, ui);
        }
        Ok(Self::Whole(Box::new(scan)))
    }

    fn scan(&self) -> Option<&Scan<'a>> {
        match self {
            Self::Whole(scan) => Some(scan),
            Self::Salvaged(..) => None,
        }
    }

    /// What is live of what is meant, by key.
    fn live<'s>(&'s self, selection: &'s Selection) -> Box<dyn Iterator<Item = Live<'a>> + 's> {
        match self {
            Self::Whole(scan) => Box::new(scan.store.live_sorted(|key| selection.matches(key), &Pool)),
            Self::Salvaged(live, _) => Box::new(live.iter().copied()),
        }
    }

    fn side(&self, source: &Contents) -> Side {
        let named = Side { path: source.name(), ..Side::default() };
        match self {
            Self::Whole(scan) => Side {
                revision: scan.view,
                compacted: scan.state.compacted(),
                consistent_index: scan.state.consistent_index,
                hash_kv: scan.hash_kv(&Pool).ok().map(|HashKv { hash, .. }| hash),
                ..named
            },
            Self::Salvaged(_, revision) => Side { revision: *revision, ..named },
        }
    }
}
