//! `assay carve`: what pages that nothing uses still hold.

mod folder;

use artifact::Reading;
use assay::{Pool, documents};
use checks::Verdict;
use etcd_snapshot::carve::{Carved, carve};
use etcd_snapshot::{Options, trailer};
use lens::{Carving, NoKeys, Reader};

use super::bytes::{check_faults, database, fold_rows, open};
use super::objects;
use crate::args::CarveArgs;
use crate::exit::{Ending, Error};
use crate::output::bytes::{CarvedLine, carved_head, tally};
use crate::output::rows::{Fields, Rows};
use crate::ui::Ui;
use folder::CarvedFolder;
use wording::{Size, count};

pub(super) fn run(args: CarveArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let source = open(&args.snapshot, reading, ui)?;
    let mut carving = carving(&args)?;
    let db = database(&source, ui)?;
    let meter = ui.meter("carving", Some(source.bytes().len() as u64));
    let progress = |bytes| meter.add(bytes);
    let options = Options { progress: Some(&progress), without_hashes: true, ..Options::default() };
    let scan = etcd_snapshot::scan(db, options, &Pool);
    source.check_unchanged()?;
    objects::resolve_by(&mut carving.selection, &source, |resources| {
        resources.look_through(&Reader::open(scan.walked.db.clone(), &Pool), &Pool, &|_| {});
        objects::see_carved(resources, &scan);
        Ok(())
    })?;
    check_faults(&source, &scan.walked.faults, ui);
    let sha256 = || trailer::read(source.bytes(), |_| {}).file;
    let begin = |dir| CarvedFolder::begin(dir, &source.name(), &sha256());
    let mut folder = args.out.as_deref().map(begin).transpose()?;
    let verdict = ui.ending().verdict();
    let head = carved_head(source.name(), scan.current(), scan.state.compacted());
    fold_rows(args.output.format(), ui);
    let mut rows = Rows::begin(ui.out(), args.output.format(), &head)?;
    let (mut failed, mut closed, mut bare) = (Ok(()), Vec::new(), 0);
    let found = carve(&scan, &Pool, &progress, |carved| {
        if failed.is_ok() && carving.matches(&carved) {
            match carving.matches_object(&carved, &NoKeys) {
                Ok(Some(true)) => failed = give(&carved, &mut rows, folder.as_mut()),
                Ok(Some(false)) => {}
                Ok(None) => bare += 1,
                Err(why) => closed.push((carved.content.key(), why)),
            }
        }
    });
    failed?;
    drop(meter);
    source.check_unchanged()?;
    let mut after = Fields::default();
    after.add("summary", &documents::carved_counts(&found))?;
    let mut lines = tally(&found, args.all);
    if let Some(folder) = folder {
        let (files, bytes) = (count(folder.files, "file"), Size(folder.bytes));
        folder.finish()?;
        lines.push(format!("{files} of {bytes} written, and manifest.json: they hold secrets"));
    }
    let is_all = closed.is_empty() && bare == 0;
    rows.finish(&after, &lines, if is_all { verdict } else { Verdict::Fail })?;
    objects::say_closed(&closed, ui);
    objects::say_bare(bare, ui);
    Ok(ui.ending())
}

fn carving(args: &CarveArgs) -> Result<Carving, Error> {
    let mut selection = args.keys.selection(args.prefix.as_ref())?;
    args.selector.iter().try_for_each(|labels| selection.labels(labels).map(drop))?;
    Ok(match args.label.as_slice() {
        _ if args.all => Carving::everything(selection),
        [] => Carving::beside_the_snapshot(selection),
        some => Carving { labels: some.iter().copied().map(Into::into).collect(), selection, positions: false },
    })
}

fn give(carved: &Carved<'_>, rows: &mut Rows<'_>, folder: Option<&mut CarvedFolder>) -> Result<(), Error> {
    let mut row = CarvedLine::from(carved);
    if let (Some(value), Some(folder)) = (carved.content.value(), folder) {
        row.written_to(folder.add(value, &row)?);
    }
    rows.row(&row)
}
