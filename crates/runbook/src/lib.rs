//! The documented procedures, filled in with what a backup says of its cluster.
//!
//! [`book`] takes what is [`Known`] of a backup and what is [`Asked`] for, and gives the document: every step with the
//! commands of this very cluster, the steps that do not apply with the reason, and what the backup cannot know as a blank
//! with the command that finds it. Nothing is read, written or guessed here; equal input gives equal bytes.
#![forbid(unsafe_code)]
#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod asked;
mod backup;
mod blanks;
mod defragment;
mod draft;
mod elsewhere;
mod encryption;
mod files;
mod hosts;
mod known;
mod manifest;
mod manual;
mod marks;
mod notes;
mod plan;
mod procedure;
mod quorum;
mod refusals;
mod restore;
pub mod shell;
mod step;
mod storage;
mod strangers;
mod titles;

pub use asked::{Asked, Task};
pub use known::{BackupFile, Known};
pub use procedure::Procedure;
pub use strangers::nameable;

use document::{BookFile, RecoveryHost, Runbook, Word};

use draft::Draft;
use plan::Plan;

/// The book of a task at the cluster that a backup is of.
#[must_use]
pub fn book(known: &Known<'_>, asked: &Asked) -> Runbook {
    let (procedure, because) = Procedure::of(known, asked);
    let book = Runbook {
        kind: Runbook::KIND,
        path: known.path.to_owned(),
        name: known.name.to_owned(),
        task: Word::Borrowed(asked.task.name()),
        platform: Word::Borrowed(known.platform.name()),
        procedure: Word::Borrowed(procedure.name()),
        because,
        release: known.release.clone(),
        target: asked.target.as_ref().map(ToString::to_string),
        verdict: Some(known.verdict),
        rehearsal: known.rehearsal.cloned(),
        at_step: asked.at_step.clone(),
        ..Runbook::default()
    };
    let plan = Plan::new(known, asked, procedure);
    match (asked.task, procedure) {
        (Task::Restore, Procedure::Elsewhere(platform)) => {
            let refusals = refusals::of(&plan);
            let recovery_host = elsewhere::recovery_host(known, asked, platform);
            let book = Runbook { notes: notes::of(&plan, &refusals), refusals, recovery_host, ..book };
            written(&plan, book, |draft| {
                elsewhere::write(known, asked, platform, draft);
                if platform.is_kubernetes() { storage::write(&plan, draft) } else { Vec::new() }
            })
        }
        (Task::Restore, _) => restored(&plan, book),
        (Task::Defragment, _) => written(&plan, book, |draft| {
            defragment::write(&plan, draft);
            Vec::new()
        }),
        (Task::Encryption, _) => written(&plan, book, |draft| {
            encryption::write(&plan, draft);
            Vec::new()
        }),
        (Task::Storage, _) => written(&plan, book, |draft| storage::write(&plan, draft)),
    }
}

/// The book with these steps.
fn written(plan: &Plan<'_>, book: Runbook, write: impl FnOnce(&mut Draft) -> Vec<BookFile>) -> Runbook {
    let mut draft = Draft::default();
    let mut files = write(&mut draft);
    let Draft { mut steps, omitted, .. } = draft;
    marks::put(plan.known.findings, &mut steps);
    files.extend(files::of(plan, &mut steps));
    let mut blanks = blanks::of(&steps);
    if !plan.known.platform.is_openshift() {
        for command in blanks.iter_mut().filter_map(|blank| blank.found_by.as_mut()) {
            if let Some(rest) = command.strip_prefix("oc ") {
                *command = format!("kubectl {rest}");
            }
        }
    }
    Runbook { blanks, steps, omitted, files, ..book }
}

/// The book of OpenShift's restore.
fn restored(plan: &Plan<'_>, book: Runbook) -> Runbook {
    let mut draft = Draft::default();
    quorum::write(plan, &mut draft);
    draft.section("Restore");
    restore::begin(plan, &mut draft);
    if plan.is_manual() {
        manual::write(plan, &mut draft);
        draft.section("Restore: the end of it");
    } else {
        manual::leave_out(plan, &mut draft);
    }
    restore::end(plan, &mut draft);
    backup::write(plan, &mut draft);
    let Draft { mut steps, omitted, .. } = draft;
    marks::put(plan.known.findings, &mut steps);
    let files = files::of(plan, &mut steps);
    let refusals = refusals::of(plan);
    Runbook {
        notes: notes::of(plan, &refusals),
        refusals,
        recovery_host: recovery_host(plan),
        blanks: blanks::of(&steps),
        steps,
        omitted,
        files,
        ..book
    }
}

fn recovery_host(plan: &Plan<'_>) -> Option<RecoveryHost> {
    (!plan.is_manual()).then(|| RecoveryHost {
        node: plan.recovery.node.clone(),
        ip: plan.recovery.ip.clone(),
        proposed: plan.proposed,
        because: plan.recovery_because.clone(),
    })
}
