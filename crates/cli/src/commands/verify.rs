//! `assay verify`: will it restore?

use std::ops::ControlFlow;

use artifact::Reading;
use assay::{Judgement, Watch as _};
use checks::{Entry, Verdict, findings};
use report::{Context, Format, Rule};

use super::question;
use crate::args::{VerdictFormat, VerifyArgs};
use crate::exit::{Ending, Error};
use crate::output::verdict::Screen;
use crate::ui::Ui;

pub(super) fn run(args: &VerifyArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let watch = ui.watcher();
    watch.before_keys();
    let mut question = question::of_verify(args, reading, ui, &watch)?;
    let format = args.output.format();
    question.document = format != VerdictFormat::Human;
    let mut shown = Ok(());
    let backups = assay::open_with(question::inputs(&args.paths), reading)?;
    let judgement = backups.judge_each(&question, &watch, &mut |answer| {
        let screen = Screen::of(answer, question.fail_on, ui.now());
        ui.settle(if screen.verdict == Verdict::Fail { Ending::Findings } else { Ending::Clean });
        if format == VerdictFormat::Human {
            shown = screen.write(ui);
        }
        if shown.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    shown?;
    write(&judgement, format, ui)?;
    question::end(judgement, ui)?;
    Ok(ui.ending())
}

/// Writes all in a form for programs or browsers; people have had theirs already.
///
/// Where nothing could be judged there is no JSON, but a report there is: a collector or a CI server would else take an
/// old file, or none, for approval.
fn write(judgement: &Judgement, format: VerdictFormat, ui: &mut Ui) -> Result<(), Error> {
    let format = match format {
        VerdictFormat::Human => return Ok(()),
        VerdictFormat::Json if judgement.is_empty() => return Ok(()),
        VerdictFormat::Json => return Ok(judgement.document().write(ui.out())?),
        VerdictFormat::Sarif => Format::Sarif,
        VerdictFormat::Junit => Format::Junit,
        VerdictFormat::Html => Format::Html,
        VerdictFormat::Prometheus => Format::Prometheus,
    };
    let rules: Vec<Rule<'_>> = findings::all().into_iter().map(rule).collect();
    let context = Context { rules: &rules, now: Some(ui.now()) };
    ui.out().write_all(report::render(format, &judgement.document(), &context).as_bytes())?;
    Ok(())
}

fn rule(entry: &'static Entry) -> Rule<'static> {
    let Entry { id, name, severity, title, cause, consequence, remedy, source, .. } = *entry;
    Rule { id, name, severity: severity.name(), title, cause, consequence, remedy, source }
}
