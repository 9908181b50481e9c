//! `assay keys check`: do these keys open every encrypted value of this snapshot?

use std::slice;

use artifact::Reading;
use assay::Asks;

use super::super::{question, vouching};
use crate::args::{KeysCheckArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::keys_check;
use crate::ui::Ui;

pub(super) fn run(args: &KeysCheckArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let mut question = question::at(ui, Asks::Keys);
    (question.keys, question.unlock) = question::keys(&args.keys, reading, &ui.watcher())?;
    question.vouch = vouching::of_backup(&args.vouch, None, &args.keys)?;
    question.fail_on = question::limit(args.fail_on);
    question.sample = args.sample;
    question.platform = args.of.platform;
    question.document = args.output.format() == ReportFormat::Json;
    question::answer(slice::from_ref(&args.backup), &question, reading, ui, keys_check::write)
}
