//! `assay keys check`: do these keys open every encrypted value of this snapshot?

use std::ops::ControlFlow;
use std::slice;

use artifact::Reading;
use assay::{Answer, Asks};
use checks::Verdict;

use super::super::question;
use crate::args::{KeysCheckArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::keys_check;
use crate::ui::Ui;

pub(super) fn run(args: &KeysCheckArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let watch = ui.watcher();
    let mut question = question::at(ui, Asks::Keys);
    (question.keys, question.unlock) = question::keys(&args.keys, reading, &watch)?;
    question.fail_on = question::limit(args.fail_on);
    question.sample = args.sample;
    question.document = args.output.format() == ReportFormat::Json;
    let mut shown = Ok(());
    let backups = assay::open_with(question::inputs(slice::from_ref(&args.backup)), reading)?;
    let judgement = backups.judge_each(&question, &watch, &mut |answer| {
        let Answer::Backup(judged) = answer else { return ControlFlow::Continue(()) };
        if judged.verdict == Verdict::Fail || !judged.facts.complete {
            ui.settle(Ending::Findings);
        }
        if !question.document {
            shown = keys_check::write(judged, ui);
        }
        if shown.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    shown?;
    if question.document && !judgement.is_empty() {
        judgement.document().write(ui.out())?;
    }
    question::end(judgement, ui)?;
    Ok(ui.ending())
}
