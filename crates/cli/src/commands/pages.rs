//! `assay pages`: every page, what uses it and how full it is.

use std::os::unix::ffi::OsStrExt;

use artifact::Reading;
use assay::{Pool, documents};
use bbolt_page::Spread;
use bbolt_page::view::{PageMap, PageRun};
use document::KeyBuf;

use super::bytes::{check_faults, database, fold_rows, open};
use crate::args::PagesArgs;
use crate::exit::{Ending, Error};
use crate::output::bytes::{self, PageLine};
use crate::output::rows::{Fields, Rows};
use crate::ui::Ui;
use wording::escape;

/// Runs of pages looked at in one piece of work.
const PIECE: usize = 512;

pub(super) fn run(args: &PagesArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let source = open(&args.snapshot, reading, ui)?;
    let map = PageMap::of(database(&source, ui)?, &Pool);
    check_faults(&source, &map.walked.faults, ui);
    let names: Vec<KeyBuf> = map.buckets().iter().map(|bucket| documents::bucket_name(&bucket.path)).collect();
    let chosen: Vec<&PageRun> = map.runs().iter().filter(|run| wanted(args, run, &names)).collect();
    if chosen.is_empty() {
        check_names(args, &names)?;
    }
    let verdict = ui.ending().verdict();
    fold_rows(args.output.format(), ui);
    let mut rows = Rows::begin(ui.out(), args.output.format(), &bytes::pages_head(source.name()))?;
    let measured = |piece: usize| {
        let some = chosen.chunks(PIECE).nth(piece).unwrap_or_default();
        some.iter().map(|run| PageLine(documents::page_row(&map, run))).collect::<Vec<_>>()
    };
    let pieces = chosen.len().div_ceil(PIECE);
    Pool.map_fold(pieces, measured, |some| some.iter().for_each(|row| rows.pour(row)));
    source.check_unchanged()?;
    let summary = documents::page_counts(&map.count());
    let mut after = Fields::default();
    after.add("summary", &summary)?;
    rows.finish(&after, &[bytes::page_counts(&summary)], verdict)?;
    Ok(ui.ending())
}

fn wanted(args: &PagesArgs, run: &PageRun, names: &[KeyBuf]) -> bool {
    let name = run.role.bucket().and_then(|number| names.get(number));
    (!args.free || run.role.residue().is_some())
        && (args.types.is_empty() || args.types.iter().any(|wanted| wanted.word() == run.role.word()))
        && (args.bucket.is_empty()
            || args.bucket.iter().any(|wanted| name.is_some_and(|name| wanted.as_bytes() == name.0)))
}

/// A bucket that is asked for and not there must not pass for one without pages.
fn check_names(args: &PagesArgs, names: &[KeyBuf]) -> Result<(), Error> {
    let unknown = args.bucket.iter().find(|wanted| !names.iter().any(|name| name.0 == wanted.as_bytes()));
    unknown.map_or(Ok(()), |name| Err(Error::Usage(format!("there is no bucket `{}`", escape(name.as_bytes())))))
}
