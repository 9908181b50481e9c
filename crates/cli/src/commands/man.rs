//! `assay man`: manual pages, made from the same text as `--help`.

mod tidy;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use super::Cli;
use crate::args::ManArgs;
use crate::exit::{Ending, Error};
use crate::ui::Ui;
use tidy::tidy;
use wording::escape_path;

pub(super) fn run(args: &ManArgs, ui: &mut Ui) -> Result<Ending, Error> {
    let pages = pages();
    if let Some(folder) = &args.out {
        for (name, page) in pages {
            let roff = render(&name, page)?;
            write_page(&folder.join(format!("{name}.1")), roff.as_bytes())?;
        }
        return Ok(Ending::Clean);
    }
    let name = std::iter::once("assay").chain(args.page.iter().map(String::as_str)).collect::<Vec<_>>().join("-");
    let Some((_, page)) = pages.into_iter().find(|(page, _)| *page == name) else {
        return Err(Error::Usage(format!(
            "there is no command `{}`; `assay --help` lists them",
            wording::escape(args.page.join(" ").as_bytes())
        )));
    };
    ui.out().write_all(render(&name, page)?.as_bytes())?;
    Ok(Ending::Clean)
}

/// Every page with its name, assay's own first; each command before the commands under it.
fn pages() -> Vec<(String, Command)> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    collect("assay".to_owned(), &root, &mut pages);
    pages
}

/// The commands are this program's own, and nest as deep as they were written.
fn collect(name: String, command: &Command, pages: &mut Vec<(String, Command)>) {
    pages.push((name.clone(), command.clone()));
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        collect(format!("{name}-{}", below.get_name()), below, pages);
    }
}

fn render(name: &str, page: Command) -> Result<String, Error> {
    let mut roff = Vec::new();
    Man::new(page).render(&mut roff)?;
    Ok(tidy(name, &String::from_utf8_lossy(&roff)))
}

fn write_page(path: &Path, roff: &[u8]) -> Result<(), Error> {
    let failed =
        |error: std::io::Error| Error::Output { path: escape_path(path), reason: error.to_string(), hint: None };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .and_then(|mut file| file.write_all(roff))
        .map_err(failed)
}
