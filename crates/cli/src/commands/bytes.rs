//! What the commands that look at bytes do first: open the file, metas or not, and say what is wrong with it.

use artifact::{Contents, Reading};
use bbolt_page::{Db, Faults};

use super::snapshot;
use crate::args::RowFormat;
use crate::exit::{Ending, Error};
use crate::input::Input;
use crate::ui::Ui;
use backup_facts::snapshot::Opened;
use wording::count;

/// Opens what should be a snapshot.
pub(super) fn open(path: &std::ffi::OsStr, reading: &Reading, ui: &mut Ui) -> Result<Contents, Error> {
    snapshot::open(&Input::from(path), reading, ui)
}

/// The database in it, by its metas, or else by what looks most like the root, or else as pages alone.
pub(super) fn database<'a>(source: &'a Contents, ui: &mut Ui) -> Result<Db<'a>, Error> {
    let (db, opened) = assay::database(source)?;
    let how = match opened {
        Opened::Meta => return Ok(db),
        Opened::FoundRoot(root) => {
            format!("what follows was read from page {root}, which looks most like the root")
        }
        Opened::PagesAlone => {
            "and no page looks like the root; there are pages, and nothing says which are in use".into()
        }
    };
    ui.warn(&format!("{}: neither meta is valid; {how}", source.display()));
    ui.settle(Ending::Findings);
    Ok(db)
}

/// Says that a damaged tree may hide some of what is asked for, and settles for findings.
pub(super) fn check_faults(source: &Contents, faults: &Faults, ui: &mut Ui) {
    let kept = faults.kept().iter().filter(|fault| !fault.kind.is_harmless()).count() as u64;
    let faults = kept + faults.dropped();
    if faults > 0 {
        let faults = count(faults, "structural fault");
        ui.warn(&format!("{} is damaged ({faults}); `assay verify` tells more", source.display()));
        ui.settle(Ending::Findings);
    }
}

/// Breaks long rows for people where words end.
pub(super) fn fold_rows(format: RowFormat, ui: &mut Ui) {
    if format == RowFormat::Human {
        ui.fold();
    }
}
