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

pub(super) fn run(args: &ExplainArgs, ui: &mut Ui) -> Result<Ending, Error> {
    if args.schema {
        ui.out().write_all(document::JSON_SCHEMA.as_bytes())?;
        return Ok(Ending::Clean);
    }
    let chosen: Vec<Vec<&Entry>> = args.ids.iter().map(|asked| meant(asked)).collect::<Result<_, _>>()?;
    // what is asked for by more than its name is a list
    let is_list = args.ids.is_empty() || args.ids.iter().any(|asked| findings::find(asked).is_none());
    let entries = if args.ids.is_empty() { findings::all() } else { chosen.concat() };
    if args.output.format() == ReportFormat::Json {
        let explained = entries.into_iter().map(|entry| Artifact::Explained(Box::new(entry.into()))).collect();
        documents::document("explain", explained, Vec::new(), Verdict::Pass).write(ui.out())?;
    } else if is_list {
        list(&entries, ui)?;
    } else {
        for entry in entries {
            print(entry, ui)?;
        }
    }
    Ok(Ending::Clean)
}

/// The finding of an ID or a name, or all of a family such as `HAZ`.
fn meant(asked: &str) -> Result<Vec<&'static Entry>, Error> {
    let is_of = |entry: &&Entry| entry.id.split_once('-').is_some_and(|(family, _)| family.eq_ignore_ascii_case(asked));
    let found =
        findings::find(asked).map_or_else(|| findings::all().into_iter().filter(is_of).collect(), |entry| vec![entry]);
    if found.is_empty() {
        let asked = escape(asked.as_bytes());
        return Err(Error::Usage(format!("there is no finding `{asked}`; `assay explain` lists all there are")));
    }
    Ok(found)
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
