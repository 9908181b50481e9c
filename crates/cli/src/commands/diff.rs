//! `assay diff`: two snapshots side by side.

use std::sync::Arc;

use artifact::{Contents, Reading};
use assay::Pool;
use document::Side;
use etcd_snapshot::{HashKv, Scan};
use lens::{Comparison, Diff, Met, agreement, merge};

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
    let old = look_through(&old_source, args.old_rev, ui)?;
    let new = look_through(&new_source, args.new_rev, ui)?;
    old_keys.follow(&old);
    new_keys.follow(&new);
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
    let agreement = (is_whole && views_are_newest).then(|| agreement(&old, &new));
    if summary.differs() || matches!(agreement, Some(lens::Agreement::Diverged(_))) {
        ui.settle(Ending::Findings);
    }
    if !args.member.is_empty() {
        let mut several = Several::default();
        several.add(&old_source, &old);
        several.add(&new_source, &new);
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

fn look_through<'a>(source: &'a Contents, at: Option<i64>, ui: &mut Ui) -> Result<Scan<'a>, Error> {
    let db = snapshot::database(source)?;
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let scan = snapshot::scan(source, db, at, false, &|bytes| meter.add(bytes))?;
    drop(meter);
    snapshot::check_complete(source, &scan, ui);
    Ok(scan)
}

fn side(source: &Contents, scan: &Scan<'_>) -> Side {
    let hash = scan.hash_kv(&Pool).ok();
    Side {
        path: source.name(),
        revision: scan.view,
        compacted: scan.state.compacted(),
        consistent_index: scan.state.consistent_index,
        hash_kv: hash.map(|HashKv { hash, .. }| hash),
        ..Side::default()
    }
}
