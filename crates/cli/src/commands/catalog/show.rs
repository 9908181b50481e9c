//! `assay catalog show`: all that is known of a backup.

use catalog::{Access, Catalog};
use checks::Verdict;
use document::Catalogued;

use super::{Here, document, of, one};
use crate::args::{CatalogShowArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::catalog as output;
use crate::ui::Ui;

pub(super) fn run(args: &CatalogShowArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    let catalog = here.open(Access::Read)?;
    let id = one(&catalog, &args.id, here)?;
    let backup = catalog.backup(&id).map_err(of)?;
    let told = backup.map(|backup| whole(&catalog, backup.told())).transpose()?.unwrap_or_default();
    match args.output.format() {
        ReportFormat::Human => output::show(&told, ui)?,
        ReportFormat::Json => {
            let all = catalog.backups(None).map_err(of)?;
            document("catalog show", here.told(&catalog, &all)?, vec![told], Verdict::Pass).write(ui.out())?;
        }
    }
    Ok(Ending::Clean)
}

/// With its files, its escrows and its judgements.
pub(super) fn whole(catalog: &Catalog, told: Catalogued) -> Result<Catalogued, Error> {
    let (files, escrows) = (catalog.files(&told.id).map_err(of)?, catalog.escrows(&told.id).map_err(of)?);
    let judgements = catalog.judgements(&told.id).map_err(of)?;
    Ok(Catalogued {
        files: Some(files.iter().map(|it| it.told()).collect()),
        escrows: Some(escrows.iter().map(|it| it.told()).collect()),
        judgements: Some(judgements.iter().map(|it| it.told()).collect()),
        ..told
    })
}
