//! `assay catalog export` and `import`: a catalog written out, and taken in by another.

use std::io::{BufRead, BufReader, Read as _};

use artifact::{Contents, Reading};
use catalog::{Access, Backup, Foreign, LONGEST_LINE};
use checks::Verdict;
use wording::{count, inert, inert_json};

use super::ls::csv;
use super::{Here, document, of, say_head};
use crate::args::{CatalogExportArgs, CatalogImportArgs, ExportFormat, ReportFormat};
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::ui::Ui;

pub(super) fn export(args: &CatalogExportArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    let catalog = here.open(Access::Read)?;
    match args.output {
        ExportFormat::Ndjson => catalog.export(&mut |line| {
            // the same JSON; of what a manifest's names hold, nothing has power over a terminal
            writeln!(ui.out(), "{}", inert_json(line)).map_err(Failed::Out)
        })?,
        ExportFormat::Json => {
            let all = catalog.backups(None).map_err(of)?;
            let backups = all.iter().map(Backup::told).collect();
            document("catalog export", here.told(&catalog, &all)?, backups, Verdict::Pass).write(ui.out())?;
        }
        ExportFormat::Csv => csv(&catalog.backups(None).map_err(of)?, ui)?,
    }
    Ok(Ending::Clean)
}

/// What ends an export: the catalog, or whoever reads what is written.
enum Failed {
    Catalog(catalog::Error),
    Out(std::io::Error),
}

impl From<catalog::Error> for Failed {
    fn from(error: catalog::Error) -> Self {
        Self::Catalog(error)
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Catalog(error) => of(error),
            Failed::Out(error) => error.into(),
        }
    }
}

pub(super) fn import(args: &CatalogImportArgs, here: &Here, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let mut source = Input::from(args.file.as_os_str()).open(reading)?;
    let display = source.display().to_owned();
    let read = Foreign::read(lines(&mut source));
    let foreign = read.map_err(|reason| Error::Unanswerable {
        display,
        reason: inert(&reason).into_owned(),
        hint: Some("`assay catalog export` writes what can be taken in".to_owned()),
    })?;
    let mut catalog = here.open(Access::Write)?;
    let (taken, head) = catalog.write(&here.author, |writing| writing.import(&foreign)).map_err(of)?;
    let all = catalog.backups(None).map_err(of)?;
    match args.output.format() {
        ReportFormat::Human => {
            let from = taken.head.map_or_else(String::new, |head| head.to_string());
            writeln!(ui.out(), "{} taken in, of a catalog at log {from}", count(taken.rows, "row"))?;
            say_head(head, ui)?;
        }
        ReportFormat::Json => {
            let mut told = here.told(&catalog, &all)?;
            told.rows = Some(taken.rows);
            document("catalog import", told, Vec::new(), Verdict::Pass).write(ui.out())?;
        }
    }
    Ok(Ending::Clean)
}

/// The lines of a file or a stream, none longer than a catalog writes.
fn lines(source: &mut Contents) -> impl Iterator<Item = Result<String, String>> + '_ {
    let mut read = BufReader::new(source.stored(&|_| {}));
    std::iter::from_fn(move || {
        let mut line = Vec::new();
        let most = LONGEST_LINE as u64 + 1;
        match read.by_ref().take(most).read_until(b'\n', &mut line) {
            Ok(0) => None,
            Ok(_) if line.len() > LONGEST_LINE => Some(Err("it is longer than any that is written".to_owned())),
            Ok(_) => Some(String::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())),
            Err(error) => Some(Err(error.to_string())),
        }
    })
}
