//! `assay catalog keep`: a backup that stays, whatever the rules let go.

use catalog::Access;
use checks::Verdict;
use wording::inert;

use super::{Here, document, of, one, say_head};
use crate::args::{CatalogKeepArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::ui::Ui;

pub(super) fn run(args: &CatalogKeepArgs, here: &Here, ui: &mut Ui) -> Result<Ending, Error> {
    // one that is not there is not made to find nothing in it
    here.open(Access::Read)?;
    let mut catalog = here.open(Access::Write)?;
    let id = one(&catalog, &args.id, here)?;
    let reason = args.reason.as_deref();
    let (_, head) = catalog.write(&here.author, |writing| writing.keep(&id, reason)).map_err(of)?;
    match args.output.format() {
        ReportFormat::Human => {
            match reason {
                Some(reason) => writeln!(ui.out(), "{id} stays: {}", inert(reason))?,
                None => writeln!(ui.out(), "{id}: the rules decide again")?,
            }
            say_head(head, ui)?;
        }
        ReportFormat::Json => {
            let all = catalog.backups(None).map_err(of)?;
            let told = all.iter().filter(|backup| backup.id == id).map(catalog::Backup::told).collect();
            document("catalog keep", here.told(&catalog, &all)?, told, Verdict::Pass).write(ui.out())?;
        }
    }
    Ok(Ending::Clean)
}
