//! `assay bucket`: the buckets and the room they take, or the entries of one.

use std::os::unix::ffi::OsStrExt;

use artifact::{Contents, Reading};
use assay::{Pool, documents};
use bbolt_page::Db;
use bbolt_page::view::{PageMap, find_bucket, read_leaves};
use lens::entry::PlacedEntry;

use super::bytes::{check_faults, database, fold_rows, open};
use crate::args::BucketArgs;
use crate::exit::{Ending, Error};
use crate::output::bytes::{self, BucketLine, EntryLine, bucket_label};
use crate::output::rows::{Fields, Rows};
use crate::ui::Ui;
use wording::group_digits;

pub(super) fn run(args: &BucketArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let source = open(&args.snapshot, reading, ui)?;
    let db = database(&source, ui)?;
    if args.name.is_empty() {
        list(args, &source, db, ui)?;
    } else {
        entries(args, &source, db, ui)?;
    }
    source.check_unchanged()?;
    Ok(ui.ending())
}

fn list(args: &BucketArgs, source: &Contents, db: Db<'_>, ui: &mut Ui) -> Result<(), Error> {
    let map = PageMap::of(db, &Pool);
    check_faults(source, &map.walked.faults, ui);
    let verdict = ui.ending().verdict();
    fold_rows(args.output.format(), ui);
    let mut rows = Rows::begin(ui.out(), args.output.format(), &bytes::buckets_head(source.name()))?;
    for bucket in map.buckets() {
        rows.row(&BucketLine::of(bucket, map.walked.db.page_size()))?;
    }
    rows.finish(&Fields::default(), &[], verdict)
}

fn entries(args: &BucketArgs, source: &Contents, db: Db<'_>, ui: &mut Ui) -> Result<(), Error> {
    let names: Vec<&[u8]> = args.name.iter().map(|name| name.as_bytes()).collect();
    let (walked, found) = find_bucket(db, &names, &Pool);
    check_faults(source, &walked.faults, ui);
    let bucket = found.ok_or_else(|| Error::Unanswerable {
        display: source.display().to_owned(),
        reason: format!("there is no bucket `{}`", bucket_label(&names)),
        hint: Some("`assay bucket` lists the buckets".to_owned()),
    })?;
    let verdict = ui.ending().verdict();
    let head = bytes::entries_head(source.name(), &documents::bucket_name(&bucket.path));
    fold_rows(args.output.format(), ui);
    let mut rows = Rows::begin(ui.out(), args.output.format(), &head)?;
    let read = |page: &_| {
        let entries = PlacedEntry::all(&bucket.path, page, args.reveal);
        entries.iter().map(EntryLine::from).collect::<Vec<_>>()
    };
    read_leaves(&walked.db, &bucket, &Pool, read, |some| some.iter().for_each(|row| rows.pour(row)));
    let total = match rows.written() {
        1 => "1 entry".to_owned(),
        number => format!("{} entries", group_digits(number)),
    };
    rows.finish(&Fields::default(), &[total], verdict)
}
