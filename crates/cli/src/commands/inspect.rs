//! `assay inspect`: what is this?

use artifact::Reading;
use assay::{Asks, Watch as _};

use super::question;
use crate::args::{InspectArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::inspect;
use crate::ui::Ui;

pub(super) fn run(args: &InspectArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    ui.watcher().before_keys();
    let mut question = question::at(ui, Asks::Contents);
    question.platform = args.of.platform;
    question.document = args.output.format() == ReportFormat::Json;
    question::answer(&args.paths, &question, reading, ui, inspect::write)
}
