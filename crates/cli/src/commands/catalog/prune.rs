//! `assay catalog prune`: which backups may go, and letting them go.

use std::collections::BTreeMap;

use artifact::Reading;
use assay::documents;
use catalog::{Access, Applied, Asked, Catalog, Period, Plan, Purged, Refused, Rules};
use checks::Verdict;
use document::{
    Artifact, FailedFile, MovedFile, PlanBackup, PlanFile, PlanGroup, PlanReason, PrunePlan, TrashFile, TrashPurge,
};
use jiff::SignedDuration;
use wording::inert;

use super::disk::Local;
use super::{Here, of};
use crate::args::{CatalogPruneArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::failure::told;
use crate::output::catalog::kept as output;
use crate::ui::Ui;

/// What was written so shortly ago may still be written.
const YOUNG: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn run(args: &CatalogPruneArgs, here: &Here, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let disk = Local { reading };
    if args.purge {
        return purge(args, here, &disk, ui);
    }
    let asked = asked(args, here);
    if asked.rules.is_empty() {
        return Err(Error::Usage(
            "no rule says what is to be kept, and all but the floor would go: give one, such as `--keep-daily 7` or \
             `--keep-within 30d`"
                .to_owned(),
        ));
    }
    let mut catalog = here.existing(if args.apply { Access::Write } else { Access::Read })?;
    let plan = catalog.plan(&asked, &disk).map_err(of)?;
    let done = match args.apply {
        true => Some(apply(&mut catalog, &asked, args, here, &disk)?),
        false => None,
    };
    let shown = shown(&plan, done.as_ref(), here);
    let failed = shown.failed.len();
    match args.output.format() {
        ReportFormat::Human => output::plan(&shown, &words(args), ui)?,
        ReportFormat::Json => {
            let verdict = if failed > 0 { Verdict::Fail } else { Verdict::Pass };
            let artifacts = vec![Artifact::PrunePlan(Box::new(shown))];
            documents::document("catalog prune", artifacts, Vec::new(), verdict).write(ui.out())?;
        }
    }
    all_done(failed, "moved", "those stay where they are; the same command tries again")
}

fn all_done(failed: usize, what: &str, hint: &str) -> Result<Ending, Error> {
    match failed {
        0 => Ok(Ending::Clean),
        _ => Err(told(format!("{} could not be {what}", wording::count(failed as u64, "file")), Some(hint))),
    }
}

fn asked(args: &CatalogPruneArgs, here: &Here) -> Asked {
    let counts = [args.keep_hourly, args.keep_daily, args.keep_weekly, args.keep_monthly, args.keep_yearly];
    let periods: BTreeMap<Period, u32> = Period::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0).collect();
    let rules = Rules {
        last: args.keep_last,
        periods,
        within: args.keep_within.map(SignedDuration::from_secs),
        floor: args.min_restorable,
        failed: SignedDuration::from_secs(args.keep_failed),
        zone: args.timezone.clone(),
    };
    Asked { rules, orphans: args.orphans, young: YOUNG, host: here.host.id.clone(), now: here.author.at }
}

/// The rules, as they are given again with `--apply`.
fn words(args: &CatalogPruneArgs) -> String {
    let mut words = String::new();
    let mut say = |option: &str, value: String| {
        words.push_str(&format!(" {option} {value}"));
    };
    for (option, count) in [
        ("--keep-last", args.keep_last),
        ("--keep-hourly", args.keep_hourly),
        ("--keep-daily", args.keep_daily),
        ("--keep-weekly", args.keep_weekly),
        ("--keep-monthly", args.keep_monthly),
        ("--keep-yearly", args.keep_yearly),
    ] {
        if count > 0 {
            say(option, count.to_string());
        }
    }
    if let Some(within) = args.keep_within {
        say("--keep-within", format!("{}m", within / 60));
    }
    if args.min_restorable != 3 {
        say("--min-restorable", args.min_restorable.to_string());
    }
    if args.keep_failed != 14 * 86_400 {
        say("--keep-failed", format!("{}m", args.keep_failed / 60));
    }
    match args.timezone.iana_name() {
        Some("UTC") => {}
        Some(name) => say("--timezone", name.to_owned()),
        None => {
            let offset = args.timezone.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds();
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.abs() / 60;
            say("--timezone", format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        }
    }
    if args.orphans {
        words.push_str(" --orphans");
    }
    words
}

fn apply(
    catalog: &mut Catalog,
    asked: &Asked,
    args: &CatalogPruneArgs,
    here: &Here,
    disk: &Local<'_>,
) -> Result<Applied, Error> {
    let done = catalog.prune(asked, args.plan, &here.author, disk).map_err(of)?;
    done.map_err(|refused| match refused {
        Refused::Differs(is) => told(
            format!("nothing was moved: the plan is another by now, {}", wording::hex(&is)),
            Some("look at it again, without `--apply`"),
        ),
        Refused::Unproven { backup, path, error } => {
            let what = error.map_or_else(|| "its bytes have changed".to_owned(), |error| error.to_string());
            told(
                format!("nothing was moved: `{}` of {backup}, the newest that would stay: {what}", inert(&path)),
                Some("`assay catalog check` reads all files again and writes down what became of them"),
            )
        }
        Refused::NothingHere(cluster) => told(
            format!(
                "nothing was moved: of cluster {} nothing that would stay lies on this host and could be read again",
                cluster.as_deref().map_or_else(|| "unknown".into(), inert)
            ),
            Some("keep one here, too"),
        ),
    })
}

fn shown(plan: &Plan, done: Option<&Applied>, here: &Here) -> PrunePlan {
    let all = || plan.groups.iter().flat_map(|group| &group.backups);
    let going = all().filter(|it| it.goes()).count() as u64;
    PrunePlan {
        kind: PrunePlan::KIND,
        path: here.path.to_string_lossy().into_owned(),
        plan: wording::hex(&plan.digest),
        applied: done.is_some(),
        going,
        staying: all().count() as u64 - going,
        bytes: all().flat_map(|it| &it.moves).fold(0, |sum, file| sum + file.size()),
        groups: plan
            .groups
            .iter()
            .map(|group| PlanGroup {
                cluster: group.cluster.clone(),
                backups: group.backups.iter().map(backup).collect(),
            })
            .collect(),
        moved: done
            .iter()
            .flat_map(|done| &done.moved)
            .map(|(from, to)| MovedFile { from: from.clone(), to: to.clone() })
            .collect(),
        failed: done.iter().flat_map(|done| failures(&done.failed)).collect(),
        log: done.and_then(|done| done.head).map(|head| head.to_string()),
        ..PrunePlan::default()
    }
}

fn failures(failed: &[catalog::Failed]) -> Vec<FailedFile> {
    failed.iter().map(|it| FailedFile { path: it.path.clone(), error: it.error.to_string() }).collect()
}

fn backup(it: &catalog::Planned) -> PlanBackup {
    let reason = |name: &'static str, text: String| PlanReason { reason: name.into(), text };
    let against = || it.unfit.iter().map(|unfit| reason(unfit.name(), unfit.to_string())).collect();
    let stays = || it.stays.iter().map(|why| reason(why.name(), why.to_string())).collect();
    let moves = it.moves.iter().map(|file| PlanFile {
        kind: file.kind.name().into(),
        path: file.from.clone(),
        moves: true,
        ..PlanFile::default()
    });
    let left = it.left.iter().map(|file| {
        let (needed_by, key) = match &file.because {
            catalog::Because::Needed { backup, key } => (Some(backup.clone()), Some(key.clone())),
            _ => (None, None),
        };
        let because = Some(file.because.to_string());
        PlanFile { kind: file.kind.name().into(), path: file.path.clone(), moves: false, because, needed_by, key }
    });
    PlanBackup {
        id: it.id.clone(),
        taken: it.taken.to_string(),
        restorable: it.unfit.is_empty(),
        orphan: it.orphan,
        goes: it.goes(),
        reasons: if it.goes() { against() } else { stays() },
        files: moves.chain(left).collect(),
    }
}

fn purge(args: &CatalogPruneArgs, here: &Here, disk: &Local<'_>, ui: &mut Ui) -> Result<Ending, Error> {
    let older = SignedDuration::from_secs(args.older_than);
    let mut catalog = here.existing(if args.apply { Access::Write } else { Access::Read })?;
    let done = match args.apply {
        true => catalog.purge(older, &here.author, disk).map_err(of)?,
        false => {
            let deleted = catalog.trash(&here.host.id, older, here.author.at).map_err(of)?;
            Purged { deleted, ..Purged::default() }
        }
    };
    let shown = TrashPurge {
        kind: TrashPurge::KIND,
        path: here.path.to_string_lossy().into_owned(),
        applied: args.apply,
        bytes: done.deleted.iter().fold(0, |sum, (_, bytes)| sum + bytes),
        files: done.deleted.iter().map(|(path, bytes)| TrashFile { path: path.clone(), bytes: *bytes }).collect(),
        failed: failures(&done.failed),
        log: done.head.map(|head| head.to_string()),
        ..TrashPurge::default()
    };
    let failed = shown.failed.len();
    match args.output.format() {
        ReportFormat::Human => output::purge(&shown, ui)?,
        ReportFormat::Json => {
            let verdict = if failed > 0 { Verdict::Fail } else { Verdict::Pass };
            let artifacts = vec![Artifact::TrashPurge(Box::new(shown))];
            documents::document("catalog prune", artifacts, Vec::new(), verdict).write(ui.out())?;
        }
    }
    all_done(failed, "deleted", "the same command tries again")
}
