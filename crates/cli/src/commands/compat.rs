//! `assay compat`: is this backup of the release that the cluster runs?

use std::ops::ControlFlow;
use std::slice;

use artifact::Reading;
use assay::{Answer, Asks, Watch as _};
use checks::Verdict;

use super::question;
use crate::args::{CompatArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::compat;
use crate::ui::Ui;

pub(super) fn run(args: &CompatArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let watch = ui.watcher();
    watch.before_keys();
    let mut question = question::at(ui, Asks::Release);
    question.target = question::target(&args.onto)?;
    question.document = args.output.format() == ReportFormat::Json;
    let mut shown = Ok(());
    let backups = assay::open_with(question::inputs(slice::from_ref(&args.backup)), reading)?;
    let judgement = backups.judge_each(&question, &watch, &mut |answer| {
        let Answer::Backup(judged) = answer else { return ControlFlow::Continue(()) };
        if judged.verdict == Verdict::Fail || !judged.facts.complete {
            ui.settle(Ending::Findings);
        }
        if !question.document {
            let name = judged.parts.first().map_or(judged.name(), |part| &part.name);
            shown = compat::write(name, &judged.compat, ui);
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
