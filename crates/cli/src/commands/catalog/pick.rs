//! `assay catalog pick`: which backup to restore, and why not each other one.

use std::path::Path;

use artifact::Reading;
use assay::directory::Backups;
use catalog::{Access, Backup, Catalog, Keys, Ranked, State, Wanted, pick};
use checks::Verdict;
use jiff::SignedDuration;

use super::disk::outermost;
use super::show::whole;
use super::{Here, cluster, document, of};
use crate::args::{CatalogPickArgs, ReportFormat};
use crate::commands::question;
use crate::exit::{Ending, Error};
use crate::output::catalog::picked::{self, Picked, RUNNERS_UP};
use crate::ui::Ui;

/// Backups that are read at a time.
const AT_ONCE: u32 = 400;

pub(super) fn run(args: &CatalogPickArgs, here: &Here, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let catalog = here.open(Access::Read)?;
    let target = question::target(&args.onto)?.map(|target| target.target);
    let cluster = cluster(&catalog, args.cluster.as_deref(), here)?;
    let wanted = Wanted {
        cluster: cluster.as_deref(),
        target: target.as_ref(),
        before: args.before,
        rpo: SignedDuration::from_secs(args.rpo),
        platform: args.on.platform.map(|platform| platform.name()),
        topology: args.topology.as_deref(),
        now: ui.now(),
    };
    let (all, rest) = match args.output.format() {
        ReportFormat::Json => {
            let mut all = catalog.backups(None).map_err(of)?;
            look_again(&mut all, &wanted, here);
            (all, 0)
        }
        ReportFormat::Human => enough(&catalog, &wanted, here)?,
    };
    let told = here.told(&catalog, &all)?;
    let answer = pick(&all, &wanted);
    let mut backups = answer.told();
    let found = !answer.ranked.is_empty();
    if let Some(first) = backups.first_mut().filter(|_| found) {
        let mut shown = whole(&catalog, first.clone())?;
        shown.judgements = None;
        *first = shown;
    }
    ui.settle(if found { Ending::Clean } else { Ending::Findings });
    match args.output.format() {
        ReportFormat::Human => {
            let target = wanted.target.map(|target| target.version().to_string());
            let first = backups.first().filter(|_| found);
            let runbook = first.map(|first| place(&first.path, reading)).unwrap_or_default();
            let picked = Picked { answer: &answer, first, runbook, target, rest, now: ui.now() };
            picked::write(&picked, ui)?;
        }
        ReportFormat::Json => {
            let verdict = if found { Verdict::Pass } else { Verdict::Fail };
            document("catalog pick", told, backups, verdict).write(ui.out())?;
        }
    }
    Ok(ui.ending())
}

/// As many of the newest as it takes to know the first and those that are shown behind it; and how many older ones there
/// are, of which none could come before them.
fn enough(catalog: &Catalog, wanted: &Wanted<'_>, here: &Here) -> Result<(Vec<Backup>, u64), Error> {
    let mut all: Vec<Backup> = Vec::new();
    loop {
        // those of other clusters are counted among the rejected
        let next = catalog.next(None, all.last(), AT_ONCE).map_err(of)?;
        let at_end = next.len() < AT_ONCE as usize;
        all.extend(next);
        look_again(&mut all, wanted, here);
        let answer = pick(&all, wanted);
        let near = |it: &Ranked<'_>| matches!(it.backup.keys, Keys::NotNeeded | Keys::AtHand);
        let known = answer.ranked.get(RUNNERS_UP).zip(all.last());
        let settled =
            known.is_some_and(|(last, oldest)| last.backup.tells_time() && wanted.is_older(oldest, last.backup));
        if at_end || settled && answer.ranked.iter().any(near) {
            let rest = catalog.count().map_err(of)?.saturating_sub(all.len() as u64);
            return Ok((all, rest));
        }
    }
}

/// What `assay runbook` takes for a backup: its directory, where a restore from that takes this very snapshot; only then
/// is the other half found.
fn place(snapshot: &str, reading: &Reading) -> String {
    let path = Path::new(snapshot);
    let folder = path.parent().filter(|folder| folder.is_dir());
    let takes = folder.and_then(|folder| Backups::of(folder, reading).ok()?.restorable());
    match (folder, takes) {
        (Some(folder), Some(taken)) if taken == path => folder.to_string_lossy().into_owned(),
        _ => snapshot.to_owned(),
    }
}

/// Takes no file for present that has gone since it was last read: the best is looked at, until it is there. Nothing is
/// written down; `catalog check` does that.
fn look_again(all: &mut [Backup], wanted: &Wanted<'_>, here: &Here) {
    loop {
        let best = pick(&*all, wanted).ranked.first().map(|best| best.backup.id.clone());
        let Some(backup) = best.and_then(|id| all.iter_mut().find(|backup| backup.id == id)) else { return };
        let mut changed = false;
        for place in backup.places.iter_mut().filter(|place| place.state == State::Unchanged) {
            let file = outermost(Path::new(&place.path));
            if place.host == here.host.label && file.is_none() {
                place.state = State::Missing;
                changed = true;
            }
        }
        if !changed {
            return;
        }
    }
}
