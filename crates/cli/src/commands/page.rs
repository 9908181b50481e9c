//! `assay page`: one page, byte for byte.

use artifact::{Contents, Reading};
use assay::{Pool, documents};
use bbolt_page::view::{Looked, PageMap};
use bbolt_page::{Db, Pgid};
use document::Artifact;

use super::bytes::{check_faults, database, open};
use crate::args::{PageArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::page::print;
use crate::ui::Ui;

pub(super) fn run(args: &PageArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let source = open(&args.snapshot, reading, ui)?;
    let map = PageMap::of(database(&source, ui)?, &Pool);
    check_faults(&source, &map.walked.faults, ui);
    let page = Looked::at(&map, Pgid(args.id)).ok_or_else(|| missing(&source, &map.walked.db, args.id))?;
    if args.raw {
        ui.out().write_all(page.view.bytes)?;
    } else if args.output.format() == ReportFormat::Json {
        let artifact = Artifact::Page(Box::new(documents::page(&page, source.name(), args.reveal)));
        let document = documents::document("page", vec![artifact], Vec::new(), ui.ending().verdict());
        document.write(ui.out())?;
    } else {
        print(&page, &source.name(), args.reveal, ui.out())?;
    }
    source.check_unchanged()?;
    Ok(ui.ending())
}

fn missing(source: &Contents, db: &Db<'_>, id: u64) -> Error {
    let pages = source.bytes().len() as u64 / db.page_size();
    Error::Unanswerable {
        display: source.display().to_owned(),
        reason: format!("page {id} is not in the file, which holds pages 0 to {}", pages.saturating_sub(1)),
        hint: Some("`assay pages` lists them".to_owned()),
    }
}
