//! `assay catalog ls`: the backups that are known.

use catalog::{Access, Backup};
use checks::Verdict;
use document::{Artifact, write_compact};

use super::{Here, cluster, document, of};
use crate::args::{CatalogFormat, CatalogLsArgs, RowFormat};
use crate::exit::{Ending, Error};
use crate::output::catalog as output;
use crate::output::rows::record;
use crate::ui::Ui;

pub(super) fn run(args: &CatalogLsArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    let catalog = here.open(Access::Read)?;
    let cluster = cluster(&catalog, args.cluster.as_deref(), here)?;
    let all = catalog.backups(cluster.as_deref()).map_err(of)?;
    let told = here.told(&catalog, &all)?;
    let shown: Vec<Backup> = all.into_iter().filter(|it| !args.restorable || it.restorable()).collect();
    match args.format() {
        CatalogFormat::Human => output::list(&told, &shown, ui)?,
        CatalogFormat::Json => {
            let backups = shown.iter().map(Backup::told).collect();
            document("catalog ls", told, backups, Verdict::Pass).write(ui.out())?;
        }
        CatalogFormat::Ndjson => {
            for backup in &shown {
                write_compact(ui.out(), &Artifact::Catalogued(Box::new(backup.told())))?;
                writeln!(ui.out())?;
            }
        }
        CatalogFormat::Csv => csv(&shown, ui)?,
        CatalogFormat::Name => {
            for backup in &shown {
                writeln!(ui.out(), "{}", backup.id)?;
            }
        }
    }
    Ok(Ending::Clean)
}

/// The list as comma-separated values.
pub(super) fn csv(backups: &[Backup], ui: &mut Ui) -> Result<(), Error> {
    record(ui.out(), RowFormat::Csv, &output::TITLES)?;
    for backup in backups {
        record(ui.out(), RowFormat::Csv, &output::cells(&backup.told()))?;
    }
    Ok(())
}
