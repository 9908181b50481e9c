//! `assay verify`: will it restore?

use std::ffi::OsString;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use artifact::Reading;
use assay::{Judgement, Watch as _};
use checks::{Entry, Verdict, findings};
use document::Document;
use report::{Context, Format, Rule};

use super::question;
use crate::args::{VerdictFormat, VerdictTo, VerifyArgs};
use crate::exit::{Ending, Error};
use crate::interrupt;
use crate::output::many::Answers;
use crate::report_file::ReportFile;
use crate::ui::{Look, Ui};

pub(super) fn run(args: &VerifyArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let forms = args.output.forms().map_err(Error::Usage)?;
    let files = begin(&forms, &args.paths)?;
    let watch = ui.watcher();
    watch.before_keys();
    let mut question = question::of_verify(args, reading, ui, &watch)?;
    question.document = forms.iter().any(|form| form.format != VerdictFormat::Human);
    let mut answers = Answers::new(question.fail_on, ui.now(), ui.look().verbose > 0);
    if is_over_many(args) {
        interrupt::after_this_one();
    }
    question.pass_over = question::pass_over(args, reading, &question, &watch)?;
    let backups = assay::open_with(question::inputs(&args.paths), reading)?;
    let judgement = backups.judge_each(&question, &watch, &mut |answer| {
        let verdict = answers.take(answer);
        ui.settle(if verdict == Verdict::Fail { Ending::Findings } else { Ending::Clean });
        ControlFlow::Continue(())
    });
    interrupt::at_once();
    let reports = Reports { judgement: &judgement, answers: &answers, document: judgement.document() };
    let stdout = forms.iter().find(|form| form.file.is_none());
    let shown = stdout.map_or(Ok(()), |form| reports.show(form.format, ui));
    // who reads no further has the files all the same
    let written = reports.write(files, ui);
    shown?;
    written?;
    question::end(judgement, ui)?;
    Ok(ui.ending())
}

/// Whether a signal lets the backup be finished that is under way: not where there is but one file, nor where an etcd is
/// started, which the same signal reaches.
fn is_over_many(args: &VerifyArgs) -> bool {
    let one = args.paths.len() == 1 && args.paths.iter().all(|path| !Path::new(path).is_dir());
    !one && !args.rehearsal.rehearse
}

/// Begins the files: what cannot be written is known before anything is judged.
fn begin(forms: &[VerdictTo], inputs: &[OsString]) -> Result<Vec<(VerdictFormat, ReportFile)>, Error> {
    let mut files = Vec::new();
    for form in forms {
        let Some(path) = &form.file else { continue };
        if inputs.iter().any(|input| Path::new(input) == path) {
            let path = wording::escape_path(path);
            return Err(Error::Usage(format!("`{path}` is to be judged: write the report to another file")));
        }
        files.push((form.format, ReportFile::begin(path)?));
    }
    Ok(files)
}

/// All that is told of one run: every form from one document.
struct Reports<'r> {
    judgement: &'r Judgement,
    answers: &'r Answers,
    document: Document,
}

impl Reports<'_> {
    /// Writes a form to standard output.
    ///
    /// Where nothing could be judged there is a report, too: a collector or a CI server would else take an old file, or
    /// none, for approval.
    fn show(&self, format: VerdictFormat, ui: &mut Ui) -> Result<(), Error> {
        let format = match format {
            VerdictFormat::Human => return self.answers.write(self.judgement, ui),
            VerdictFormat::Json => return Ok(self.document.write(ui.out())?),
            VerdictFormat::Sarif => Format::Sarif,
            VerdictFormat::Junit => Format::Junit,
            VerdictFormat::Html => Format::Html,
            VerdictFormat::Prometheus => Format::Prometheus,
        };
        let rules: Vec<Rule<'_>> = findings::all().into_iter().map(rule).collect();
        let context = Context { rules: &rules, now: Some(ui.now()) };
        ui.out().write_all(report::render(format, &self.document, &context).as_bytes())?;
        Ok(())
    }

    /// Writes the files; one that cannot be written keeps no other from it.
    fn write(&self, files: Vec<(VerdictFormat, ReportFile)>, ui: &mut Ui) -> Result<(), Error> {
        let mut failed = None;
        for (format, file) in files {
            let sheet = Sheet::default();
            let look = Look { out_color: false, width: None, ..ui.look() };
            let mut page = Ui::new(Box::new(sheet.clone()), Box::new(io::sink()), look, ui.now());
            let written = self.show(format, &mut page).and_then(|()| file.finish(&sheet.text()));
            if let Err(error) = written
                && let Some(before) = failed.replace(error)
            {
                ui.error(&before.to_string(), before.hint().as_deref());
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// A stream into memory.
#[derive(Clone, Default)]
struct Sheet(Arc<Mutex<Vec<u8>>>);

impl Sheet {
    fn text(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn rule(entry: &'static Entry) -> Rule<'static> {
    let Entry { id, name, severity, title, cause, consequence, remedy, source, .. } = *entry;
    Rule { id, name, severity: severity.name(), title, cause, consequence, remedy, source }
}
