//! `assay compat`: is this backup of the release that the cluster runs?

use std::slice;

use artifact::Reading;
use assay::{Asks, Watch as _};

use super::question;
use crate::args::{CompatArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::compat;
use crate::ui::Ui;

pub(super) fn run(args: &CompatArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    ui.watcher().before_keys();
    let mut question = question::at(ui, Asks::Release);
    question.target = question::target(&args.onto)?;
    question.platform = args.of.platform;
    question.document = args.output.format() == ReportFormat::Json;
    question::answer(slice::from_ref(&args.backup), &question, reading, ui, compat::write)
}
