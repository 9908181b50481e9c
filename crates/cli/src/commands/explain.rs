//! `assay explain`: what a finding means.

use assay::documents;
use checks::{Entry, Verdict, findings};
use document::Artifact;

use crate::args::{ExplainArgs, ReportFormat};
use crate::exit::{Ending, Error};
use crate::output::finding::wrap;
use crate::output::human::{Align, Table};
use crate::ui::{Ui, style};
use wording::escape;

/// The published schema of every document.
const SCHEMA: &str = include_str!("../../../../docs/assay-1.schema.json");

pub(super) fn run(args: &ExplainArgs, ui: &mut Ui) -> Result<Ending, Error> {
    if args.schema {
        ui.out().write_all(SCHEMA.as_bytes())?;
        return Ok(Ending::Clean);
    }
    let find = |id: &String| {
        findings::find(id).ok_or_else(|| {
            let id = escape(id.as_bytes());
            Error::Usage(format!("there is no finding `{id}`; `assay explain` lists all there are"))
        })
    };
    let chosen: Vec<&Entry> = args.ids.iter().map(find).collect::<Result<_, _>>()?;
    let entries = if args.ids.is_empty() { findings::all() } else { chosen };
    if args.output.format() == ReportFormat::Json {
        let explained = entries.into_iter().map(|entry| Artifact::Explained(Box::new(entry.into()))).collect();
        documents::document("explain", explained, Vec::new(), Verdict::Pass).write(ui.out())?;
    } else if args.ids.is_empty() {
        list(&entries, ui)?;
    } else {
        for entry in entries {
            print(entry, ui)?;
        }
    }
    Ok(Ending::Clean)
}

fn list(entries: &[&Entry], ui: &mut Ui) -> Result<(), Error> {
    let columns = [("ID", Align::Left), ("severity", Align::Left), ("what it is", Align::Left)];
    let mut table = Table::new(&columns).elastic(2);
    for entry in entries {
        table.row([entry.id.to_owned(), entry.severity.to_string(), entry.title.to_owned()]);
    }
    let look = ui.look();
    Ok(table.write(ui.out(), look)?)
}

fn print(entry: &Entry, ui: &mut Ui) -> Result<(), Error> {
    let head = ui.paint(style::HEAD, format_args!("{} {}", entry.id, entry.name)).to_string();
    writeln!(ui.out(), "{head} ({})\n{}.\n", entry.severity, entry.title)?;
    for (name, text) in [
        ("How it comes about", entry.cause),
        ("What it leads to", entry.consequence),
        ("What to do", entry.remedy),
        ("Meaningful for", entry.platforms.words()),
        ("Source", entry.source),
    ] {
        let name = ui.paint(style::HEAD, name).to_string();
        writeln!(ui.out(), "{name}")?;
        wrap(text, 2, ui)?;
    }
    writeln!(ui.out())?;
    Ok(())
}
