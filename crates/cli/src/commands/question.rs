//! Arguments made a question of, and the end of its answer.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use artifact::Reading;
use assay::rehearse::Rehearse;
use assay::{Answer, Asks, Expectation, Input, Judged, Judgement, Question};
use backup_facts::version::TargetCluster;
use checks::{Severity, Verdict};

use super::given::input;
pub(super) use super::given::{given, keys};
use super::rehearse::Rehearser;
use super::vouching;
use crate::args::{FailOn, LiveRevision, TargetArgs, VerifyArgs};
use crate::exit::{Ending, Error};
use crate::ui::{Ui, Watcher};

/// Paths as they were given; `-` is standard input.
pub(super) fn inputs(paths: &[OsString]) -> Input {
    Input::Several(paths.iter().map(input).collect())
}

/// What `assay verify` asks.
pub(super) fn of_verify(args: &VerifyArgs, reading: &Reading, ui: &Ui, watch: &Watcher) -> Result<Question, Error> {
    read_once(args)?;
    let policy = args.policy.as_deref();
    let policy = policy.map(|path| Ok::<_, Error>((Arc::new(super::policy::read(path)?), path.to_path_buf())));
    let mut question = Question::at(ui.now());
    question.target = target(&args.onto)?;
    question.policy = policy.transpose()?;
    (question.keys, question.unlock) = keys(&args.keys, reading, watch)?;
    question.platform = args.of.platform;
    question.restore_on = args.restore_date;
    question.live_revision = live_revision(args.live_revision.as_ref(), reading)?;
    question.escrow_manifest.clone_from(&args.escrow_manifest);
    question.vouch = vouching::of_backup(&args.vouch, args.escrow_manifest.as_ref(), &args.keys)?;
    question.max_age = args.max_age;
    question.fail_on = limit(args.fail_on);
    let expected = args
        .expect
        .as_deref()
        .map(|path| Expectation::read((path.as_os_str() != "-").then_some(path), args.paths.len()));
    question.expected = expected.transpose()?.map(Arc::new);
    if args.rehearsal.rehearse {
        let rehearser = Rehearser::of(&args.rehearsal, reading, ui, watch)?;
        question.rehearse = rehearser.map(|rehearser| Arc::new(rehearser) as Arc<dyn Rehearse>);
    }
    Ok(question)
}

/// What `--newest` passes over: found out on backups that are opened for that alone.
pub(super) fn pass_over(
    args: &VerifyArgs,
    reading: &Reading,
    question: &Question,
    watch: &Watcher,
) -> Result<BTreeSet<String>, Error> {
    let Some(keep) = args.newest else { return Ok(BTreeSet::new()) };
    if args.paths.iter().any(|path| path == "-") {
        let what = "`--newest` looks at backups twice, and standard input can be read once: give files or directories";
        return Err(Error::Usage(what.to_owned()));
    }
    Ok(assay::open_with(inputs(&args.paths), reading)?.but_newest(keep.get(), question, watch))
}

/// Where the cluster is, or was last.
pub(super) fn live_revision(given: Option<&LiveRevision>, reading: &Reading) -> Result<Option<u64>, Error> {
    Ok(match given {
        None => None,
        Some(LiveRevision::At(revision)) => Some(*revision),
        Some(LiveRevision::Of(path)) => Some(assay::revision_of(path, reading)?),
    })
}

/// Standard input can be one thing.
fn read_once(args: &VerifyArgs) -> Result<(), Error> {
    let files = [args.onto.target_file.as_deref(), args.expect.as_deref()].into_iter().flatten().map(Path::as_os_str);
    let given = args.paths.iter().map(OsString::as_os_str).chain(files).chain(args.keys.path());
    match given.filter(|path| *path == "-").count() {
        0 | 1 => Ok(()),
        _ => Err(Error::Usage("`-` stands for standard input, which can be read once: name the others".to_owned())),
    }
}

/// A question of another kind, at the time of the run.
pub(super) fn at(ui: &Ui, asks: Asks) -> Question {
    let mut question = Question::at(ui.now());
    question.asks = asks;
    question
}

/// The cluster to restore onto; `None` where nothing was given about it.
pub(super) fn target(args: &TargetArgs) -> Result<Option<TargetCluster>, Error> {
    if let Some(version) = &args.target {
        return Ok(Some(assay::target::of_release(version.clone())));
    }
    let file = args.target_file.as_deref();
    let read = file.map(|path| assay::target::read((path.as_os_str() != "-").then_some(path)));
    Ok(read.transpose()?)
}

/// The severity that fails; `None` never fails.
pub(super) fn limit(fail_on: FailOn) -> Option<Severity> {
    match fail_on {
        FailOn::Critical => Some(Severity::Critical),
        FailOn::High => Some(Severity::High),
        FailOn::Medium => Some(Severity::Medium),
        FailOn::Low => Some(Severity::Low),
        FailOn::Info => Some(Severity::Info),
        FailOn::Never => None,
    }
}

/// Asks of backups what is no verdict for a restore: each is shown by `show`, or told in one document.
pub(super) fn answer(
    paths: &[OsString],
    question: &Question,
    reading: &Reading,
    ui: &mut Ui,
    show: impl Fn(&Judged<'_>, &mut Ui) -> Result<(), Error>,
) -> Result<Ending, Error> {
    let mut shown = Ok(());
    let backups = assay::open_with(inputs(paths), reading)?;
    let watch = ui.watcher();
    let judgement = backups.judge_each(question, &watch, &mut |answer| {
        let Answer::Backup(judged) = answer else { return ControlFlow::Continue(()) };
        // What is said of the rest of a damaged file must not pass for what the whole would say.
        if judged.verdict == Verdict::Fail || !judged.facts.complete {
            ui.settle(Ending::Findings);
        }
        if !question.document {
            shown = show(judged, ui);
        }
        if shown.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    shown?;
    if question.document {
        judgement.document().write(ui.out())?;
    }
    end(judgement, ui)?;
    Ok(ui.ending())
}

/// Tells of all that could not be read; the last of it is the error of the run. A run that was cut short is one, too.
pub(super) fn end(judgement: Judgement, ui: &mut Ui) -> Result<(), Error> {
    let cut = judgement.run().cut_short.then(|| {
        let what = "the run was cut short by a signal: what came after it was not judged";
        crate::failure::told(what, Some("the reports say so, and are whole as far as they go"))
    });
    let mut failed: Option<Error> = cut;
    for unread in judgement.into_unread() {
        if let Some(before) = failed.replace(unread.error.into()) {
            ui.error(&before.to_string(), before.hint().as_deref());
        }
    }
    failed.map_or(Ok(()), Err)
}
