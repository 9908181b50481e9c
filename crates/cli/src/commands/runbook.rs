//! `assay runbook`: the documented procedure, filled in with what the backup says of its cluster.

mod folder;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact::Reading;
use assay::rehearse::Rehearse;
use assay::runbook::{Asked, Task};
use assay::{Backup, Question, Watch as _, documents};
use checks::Verdict;
use document::{Artifact, Document, Runbook};
use report::runbook::{BookForm, render};
use wording::{count, escape, escape_path};

use super::question;
use super::rehearse::Rehearser;
use crate::args::{BookFormat, RunbookArgs};
use crate::exit::{Ending, Error};
use crate::ui::{Ui, Watcher};
use folder::Folder;

pub(super) fn run(args: &RunbookArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let watch = ui.watcher();
    watch.before_keys();
    let folder = args.out.as_deref().map(Folder::at).transpose()?;
    let question = asked(args, reading, ui, &watch)?;
    let document = document(args, &question, reading, ui, &watch)?;
    let failed = document.verdict == Verdict::Fail;
    if let Some(folder) = folder {
        let written = folder.write(&document)?;
        if args.format().is_none() {
            for path in &written {
                writeln!(ui.out(), "{}", escape_path(path))?;
            }
        }
    }
    ui.settle(if failed { Ending::Findings } else { Ending::Clean });
    match args.format() {
        None => {}
        Some(BookFormat::Markdown) => ui.out().write_all(render(BookForm::Markdown, &document).as_bytes())?,
        Some(BookFormat::Html) => ui.out().write_all(render(BookForm::Html, &document).as_bytes())?,
        Some(BookFormat::Json) => document.write(ui.out())?,
    }
    Ok(ui.ending())
}

/// What verify asks, for a restore that is spoken of.
fn asked(args: &RunbookArgs, reading: &Reading, ui: &Ui, watch: &Watcher) -> Result<Question, Error> {
    let mut question = Question::at(ui.now());
    question.target = question::target(&args.onto)?;
    (question.keys, question.unlock) = question::keys(&args.keys, reading, watch)?;
    question.platform = args.of.platform;
    question.restore_on = Some(args.restore_date.unwrap_or(ui.now()));
    question.live_revision = question::live_revision(args.live_revision.as_ref(), reading)?;
    question.escrow_manifest.clone_from(&args.escrow_manifest);
    question.vouch = super::vouching::of_backup(&args.vouch, args.escrow_manifest.as_ref(), &args.keys)?;
    if args.rehearsal.rehearse {
        let rehearser = Rehearser::of(&args.rehearsal, reading, ui, watch)?;
        question.rehearse = rehearser.map(|rehearser| Arc::new(rehearser) as Arc<dyn Rehearse>);
    }
    Ok(question)
}

/// The book of the one backup that is meant.
fn document(
    args: &RunbookArgs,
    question: &Question,
    reading: &Reading,
    ui: &mut Ui,
    watch: &Watcher,
) -> Result<Document, Error> {
    let meant = meant(args, reading, ui)?;
    let backups = assay::open_with(super::given::input(&args.backup), reading)?;
    let mut made: Option<Result<Document, Error>> = None;
    let is_meant = |backup: &Backup| {
        meant.as_ref().is_none_or(|path| backup.files().snapshot.as_ref().is_some_and(|file| file == path))
    };
    let unread = backups.read_each(watch, &mut |backup| {
        if !is_meant(backup) {
            return ControlFlow::Continue(());
        }
        made = Some(book(args, backup, question, watch));
        ControlFlow::Break(())
    });
    watch.done();
    match (made, unread.into_iter().next_back()) {
        (Some(made), _) => made,
        (None, Some((_, error))) => Err(error.into()),
        (None, None) => Err(unanswerable(args, "there is no backup in it".to_owned(), "name a backup")),
    }
}

/// The backup of a directory that is meant where it holds several: the one that a restore takes, by its snapshot.
fn meant(args: &RunbookArgs, reading: &Reading, ui: &mut Ui) -> Result<Option<PathBuf>, Error> {
    let path = Path::new(&args.backup);
    if !path.is_dir() {
        return Ok(None);
    }
    let assay::directory::Looked::Backups(found) = assay::directory::Backups::at(path, reading)? else {
        let backups = assay::open_with(super::given::input(&args.backup), reading)?;
        let mut names = Vec::new();
        let silent = assay::Silent;
        let _ = backups.read_each(&silent, &mut |backup| {
            names.push(backup.name().to_owned());
            ControlFlow::Continue(())
        });
        return if names.len() > 1 { Err(several(args, &names)) } else { Ok(None) };
    };
    if found.backups.len() < 2 {
        return Ok(None);
    }
    let Some(file) = found.restorable() else {
        let names: Vec<_> = found.backups.iter().map(|backup| found.name_of(backup)).collect();
        return Err(several(args, &names));
    };
    let others = count(found.backups.len() as u64, "backup");
    ui.tell(&format!("of the {others} in the directory, a restore takes `{}`", escape_path(&file)));
    Ok(Some(file))
}

fn several(args: &RunbookArgs, names: &[String]) -> Error {
    let names = escape(names.join(", ").as_bytes()).into_owned();
    unanswerable(args, format!("a book is of one backup, and it holds {names}"), "name the snapshot, or its directory")
}

fn unanswerable(args: &RunbookArgs, reason: String, hint: &str) -> Error {
    let display = format!("`{}`", escape_path(Path::new(&args.backup)));
    Error::Unanswerable { display, reason, hint: Some(hint.to_owned()) }
}

/// The book of a backup, and what stands against it.
fn book(args: &RunbookArgs, backup: &Backup, question: &Question, watch: &Watcher) -> Result<Document, Error> {
    let task = args.task.task();
    let asked = Asked {
        task,
        target: question.target.as_ref().map(|target| target.target.version().clone()),
        recovery_host: args.recovery_host.clone(),
        lost: args.lost.clone(),
        restore_on: args.restore_date,
        at_step: args.at_step.clone(),
    };
    let judged = backup.judge(question, watch)?;
    if task == Task::Restore && asked.target.is_none() && judged.facts.platform().has_operators() {
        let release = judged.compat.release.backup.describe();
        return Err(Error::Usage(format!(
            "a backup is restored onto the release that it is of, and nothing says what the cluster runs: \
             give `--target VERSION`; the backup is of {release}"
        )));
    }
    let book = assay::runbook::book(&judged, question, &asked, watch)?;
    at_step(&book)?;
    let verdict = if book.refusals.is_empty() { judged.verdict } else { Verdict::Fail };
    let findings = judged.parts.iter().flat_map(|part| documents::findings(&part.findings, &part.name)).collect();
    Ok(documents::document("runbook", vec![Artifact::Runbook(Box::new(book))], findings, verdict))
}

/// Makes sure that there is the step to go on at.
fn at_step(book: &Runbook) -> Result<(), Error> {
    let Some(at) = &book.at_step else { return Ok(()) };
    let is_it = |id: &str| id.eq_ignore_ascii_case(at);
    let there = book
        .steps
        .iter()
        .any(|step| is_it(&step.id) || step.blocks.iter().any(|block| block.id.as_deref().is_some_and(is_it)));
    if there {
        return Ok(());
    }
    let shown = escape(at.as_bytes());
    // what a step leaves out, its parts leave out
    let is_of = |id: &str| at.get(..id.len()).is_some_and(|start| start.eq_ignore_ascii_case(id));
    let left_out = book.omitted.iter().find(|step| is_it(&step.id));
    if let Some(step) = left_out.or_else(|| book.omitted.iter().find(|step| is_of(&step.id))) {
        return Err(Error::Usage(format!("`--at-step {shown}`: that step is not to be done here: {}", step.because)));
    }
    let ids: Vec<&str> = book.steps.iter().map(|step| &*step.id).collect();
    let known = if ids.is_empty() { "none".to_owned() } else { ids.join(", ") };
    Err(Error::Usage(format!("`--at-step {shown}`: the book has no such step; it has {known}")))
}
