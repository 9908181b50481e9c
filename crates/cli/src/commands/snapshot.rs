//! What all commands on a snapshot do first: open the file, look through it, and say what is wrong.

use artifact::{Contents, Reading};
use assay::{Note, Pool};
use bbolt_page::Db;
use checks::Finding;
use etcd_snapshot::{Options, Scan};

use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::ui::Ui;

/// Opens what should be a snapshot.
pub(super) fn open(input: &Input, reading: &Reading, ui: &mut Ui) -> Result<Contents, Error> {
    ready(input.open(reading)?, reading, ui)
}

/// All bytes of what should be a snapshot and is open.
pub(super) fn ready(contents: Contents, reading: &Reading, ui: &mut Ui) -> Result<Contents, Error> {
    let meter = ui.meter("reading", None);
    let source = contents.whole(reading, &|bytes| meter.add(bytes))?;
    drop(meter);
    source.expect_snapshot()?;
    Ok(source)
}

/// The database in it, opened as etcd does.
pub(super) fn database(source: &Contents) -> Result<Db<'_>, Error> {
    Ok(assay::intact_database(source)?)
}

/// Looks through the database once, in the view of a revision.
pub(super) fn scan<'a>(
    source: &Contents,
    db: Db<'a>,
    at: Option<i64>,
    without_hashes: bool,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Scan<'a>, Error> {
    let options = Options { at, without_hashes, progress: Some(progress) };
    let scan = etcd_snapshot::scan(db, options, &Pool);
    source.check_unchanged()?;
    if let Some(asked) = at {
        scan.answerable(asked).map_err(|error| Error::Unanswerable {
            display: source.display().to_owned(),
            reason: error.to_string(),
            hint: None,
        })?;
    }
    Ok(scan)
}

/// Whether what the scan gives is all that the snapshot held; if not, says so, settles for findings and gives them.
///
/// A list that damage made shorter must not pass for the whole one.
pub(super) fn check_complete(source: &Contents, scan: &Scan<'_>, ui: &mut Ui) -> Vec<Finding> {
    let (faults, records) = assay::lost(scan);
    if faults > 0 || records > 0 {
        ui.warn(&Note::Damaged { display: source.display().to_owned(), faults, records }.to_string());
        if let Some(cause) = source.transferred() {
            ui.warn(&format!("{cause}; {}", cause.hint().unwrap_or_default()));
        }
        ui.settle(Ending::Findings);
    }
    checks::snapshot::losses(scan).into_sorted()
}

/// Does `work` for every path. One that cannot be read does not keep the others from being looked at; it is reported,
/// and the last such error is given back.
pub(super) fn each<T>(
    paths: impl IntoIterator<Item = T>,
    ui: &mut Ui,
    mut work: impl FnMut(T, &mut Ui) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut failed: Option<Error> = None;
    for path in paths {
        match work(path, ui) {
            Err(error) if error.is_closed_pipe() => return Err(error),
            Err(error) => {
                if let Some(before) = failed.replace(error) {
                    ui.error(&before.to_string(), before.hint().as_deref());
                }
            }
            Ok(()) => {}
        }
    }
    failed.map_or(Ok(()), Err)
}
