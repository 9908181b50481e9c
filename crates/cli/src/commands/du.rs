//! `assay du`: where the bytes of a snapshot are.

use artifact::{Contents, Reading};
use assay::{Pool, documents};
use document::{Artifact, Document};
use lens::Reader;
use lens::usage::Usage;

use super::bytes::{check_faults, database, open};
use super::objects;
use crate::args::{DuArgs, RowFormat, UsageBy, UsageFormat};
use crate::exit::{Ending, Error};
use crate::output::usage as output;
use crate::ui::Ui;
use wording::{count, escape};

pub(super) fn run(args: &DuArgs, reading: &Reading, ui: &mut Ui) -> Result<Ending, Error> {
    let source = open(&args.snapshot, reading, ui)?;
    let db = database(&source, ui)?;
    let mut selection = args.keys.selection(args.prefix.as_ref())?;
    objects::resolve_by(&mut selection, &source, |resources| {
        resources.look_through(&Reader::open(db.clone(), &Pool), &Pool, &|_| {});
        Ok(())
    })?;
    let meter = ui.meter("reading", Some(source.bytes().len() as u64));
    let mut usage = Usage::of(db, &Pool, &|bytes| meter.add(bytes));
    drop(meter);
    source.check_unchanged()?;
    check_complete(&source, &usage, ui);
    usage.narrow(&selection);
    if !selection.is_everything() && usage.keys.is_empty() {
        let prefix = args.prefix.as_ref().filter(|_| args.keys.is_empty());
        let none = prefix.map_or_else(
            || "no key is what was asked for".to_owned(),
            |prefix| format!("no key begins with `{}`", escape(prefix.as_encoded_bytes())),
        );
        ui.warn(&format!("{}: {none}", source.display()));
    }
    give_out(args, &source, &usage, ui)?;
    Ok(ui.ending())
}

fn check_complete(source: &Contents, usage: &Usage<'_>, ui: &mut Ui) {
    check_faults(source, &usage.faults, ui);
    if usage.unreadable > 0 {
        ui.warn(&format!("{}: {} in bucket `key`", source.display(), count(usage.unreadable, "unreadable record")));
        ui.settle(Ending::Findings);
    }
}

fn give_out(args: &DuArgs, source: &Contents, usage: &Usage<'_>, ui: &mut Ui) -> Result<(), Error> {
    let by = args.by.or(args.churn.then_some(UsageBy::Key));
    let table = |by| (by, usage.table(args.by(by), args.churn, args.top));
    match (args.format(), by) {
        (UsageFormat::Human, Some(by)) => output::table(&table(by), args.churn, usage, ui),
        (UsageFormat::Human, None) => {
            output::account(&source.name(), usage, ui)?;
            output::table(&table(UsageBy::Resource), false, usage, ui)?;
            writeln!(ui.out())?;
            output::table(&table(UsageBy::Key), false, usage, ui)
        }
        (UsageFormat::Json, _) => {
            let document = document(args, source, usage, ui);
            Ok(document.write(ui.out())?)
        }
        (UsageFormat::Csv, by) => output::csv(&table(by.unwrap_or(UsageBy::Resource)).1, RowFormat::Csv, ui),
        (UsageFormat::CsvExact, by) => output::csv(&table(by.unwrap_or(UsageBy::Resource)).1, RowFormat::CsvExact, ui),
        (UsageFormat::Html, _) => {
            let page = report::usage(&document(args, source, usage, ui));
            Ok(ui.out().write_all(page.as_bytes())?)
        }
    }
}

fn document(args: &DuArgs, source: &Contents, usage: &Usage<'_>, ui: &Ui) -> Document {
    let usage = documents::usage(usage, source.name(), args.depth.get(), args.churn, args.top);
    let artifacts = vec![Artifact::Usage(Box::new(usage))];
    documents::document("du", artifacts, Vec::new(), ui.ending().verdict())
}
