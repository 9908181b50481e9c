//! `assay inspect`: what is this?

use std::ops::ControlFlow;

use artifact::Reading;
use assay::{Answer, Asks, Watch as _};
use checks::Verdict;

use super::question;
use crate::args::{InspectArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::inspect;
use crate::ui::Ui;

pub(super) fn run(args: &InspectArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let watch = ui.watcher();
    watch.before_keys();
    let mut question = question::at(ui, Asks::Contents);
    question.document = args.output.format() == ReportFormat::Json;
    let mut shown = Ok(());
    let backups = assay::open_with(question::inputs(&args.paths), reading)?;
    let judgement = backups.judge_each(&question, &watch, &mut |answer| {
        let Answer::Backup(judged) = answer else { return ControlFlow::Continue(()) };
        // A description of what is left must not pass for one of the whole.
        if judged.verdict == Verdict::Fail || !judged.facts.complete {
            ui.settle(Ending::Findings);
        }
        if !question.document {
            shown = inspect::write(judged, ui);
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
