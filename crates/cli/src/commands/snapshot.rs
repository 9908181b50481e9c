//! What all commands on a snapshot do first: open the file, look through it, and say what is wrong.

use artifact::{Contents, Reading};
use assay::{Note, Pool};
use backup_facts::snapshot::Opened;
use bbolt_page::Db;
use checks::Finding;
use etcd_snapshot::{Options, Scan};
use wording::count;

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

/// The database in it, or what is left of it, for commands that say what may be missing: see [`say_remains`].
pub(super) fn remains(source: &Contents) -> Result<Db<'_>, Error> {
    Ok(assay::database(source)?.0)
}

/// Says what the records that were found stand on, where that is less than a tree of their own, and settles for findings;
/// `salvaged` is how many there are, where pages alone had them. Whether there was anything to say.
pub(super) fn say_remains(source: &Contents, salvaged: Option<usize>, ui: &mut Ui) -> Result<bool, Error> {
    let found = assay::database(source)?.1;
    match (salvaged, found) {
        (Some(records), _) => say_salvaged(source, records, ui),
        (None, Opened::FoundRoot(root)) => ui.warn(&format!(
            "{}: neither meta is valid; what follows was read from page {root}, which looks most like the root, and may \
             not be the newest; `assay verify` tells more",
            source.display(),
        )),
        (None, _) => return Ok(false),
    }
    ui.settle(Ending::Findings);
    Ok(true)
}

/// Says what records of intact pages are worth; where a transfer explains why there is no more, that first.
pub(super) fn say_salvaged(source: &Contents, records: usize, ui: &mut Ui) {
    let what = format!(
        "{} salvaged from intact pages. Pages no longer in use are among them, and lost ones are not: \
         keys may be missing, outdated or long deleted",
        count(records as u64, "revision"),
    );
    match source.transferred() {
        Some(cause) => {
            let hint = cause.hint().map_or_else(String::new, |hint| format!("; {hint}"));
            ui.warn(&format!("{cause}{hint}. What follows are {what}"));
        }
        None => ui.warn(&format!("{}: {what}", source.display())),
    }
}

/// Says once what is wrong with a damaged file and what to do about it: where a transfer explains it, that.
pub(super) fn say_damaged(source: &Contents, faults: u64, records: u64, ui: &mut Ui) {
    match source.transferred() {
        Some(cause) => {
            let hint = cause.hint().map_or_else(String::new, |hint| format!("; {hint}"));
            ui.warn(&format!("{cause}{hint}. What follows may not be all of it"));
        }
        None => ui.warn(&Note::Damaged { display: source.display().to_owned(), faults, records }.to_string()),
    }
    ui.settle(Ending::Findings);
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
    let options = Options { at, without_hashes, progress: Some(progress), ..Options::default() };
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
        say_damaged(source, faults, records, ui);
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
