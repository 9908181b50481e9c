//! A runbook for people, from the document that `assay runbook --json` prints: as Markdown, and as a page to be printed.

mod html;
mod markdown;
mod prose;

use document::{Artifact, Block, BookStep, Boot, Document, Runbook};
use jiff::Timestamp;

/// A box to write into: done, by whom, at what time.
const BOX: &str = "[ ] ____ at __:__";

/// Title of the steps that are not to be done.
const OMITTED: &str = "Not to be done here";

/// Title of the files that steps need.
const FILES: &str = "Files";
/// What a sentence of a step begins with that is an item of a list.
const ITEM: &str = "- ";

/// A form of a runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookForm {
    /// Markdown, to be read as it is or rendered; commands in blocks fenced `sh`.
    Markdown,
    /// One HTML file that fetches nothing, and can be printed.
    Html,
}

/// The runbooks of a document, in UTF-8, ended by a newline.
#[must_use]
pub fn render(form: BookForm, document: &Document) -> String {
    let books = document.artifacts.iter().filter_map(|artifact| match artifact {
        Artifact::Runbook(book) => Some(&**book),
        _ => None,
    });
    match form {
        BookForm::Markdown => books.map(markdown::render).collect::<Vec<_>>().join("\n"),
        BookForm::Html => html::render(books),
    }
}

/// What the book is of.
fn title(book: &Runbook) -> String {
    let task = match &*book.task {
        "restore" | "" => "Restore from a backup",
        "defragment" => "Defragmentation of etcd",
        "encryption" => "Encryption at rest",
        "storage" => "Persistent storage after a restore",
        other => other,
    };
    format!("Runbook: {task}")
}

/// The first words of a book that must not be followed.
fn refused(book: &Runbook) -> String {
    match &*book.task {
        "restore" | "" => "DO NOT restore this backup".to_owned(),
        _ => "DO NOT do what follows".to_owned(),
    }
}

/// Where a step is done.
fn place(step: &BookStep) -> &str {
    match &*step.place {
        "workstation" => "on the workstation",
        "recovery-host" => "on the recovery host",
        "other-hosts" => "on the other control-plane hosts",
        "every-host" => "on every control-plane host",
        "node" => "on a node",
        "management-cluster" => "at the management cluster",
        "site" => "on site",
        other => other,
    }
}

/// The part of the book that a step stands in.
fn section(step: &BookStep) -> &str {
    if step.section.is_empty() { "Steps" } else { &step.section }
}

/// What a step does, and in which case alone.
fn in_case(step: &BookStep) -> String {
    let case = step.only_if.as_ref().map(|case| format!(" (only if {case})")).unwrap_or_default();
    format!("{}{case}", step.title)
}

/// What is said of a step that lies before the one that is gone on at: one that was for a case may not have been needed.
fn gone_by(step: &BookStep) -> &'static str {
    if step.only_if.is_some() { "done before, or not needed" } else { "done before" }
}

/// Facts about the book as a whole: what each is called, and a sentence.
fn facts(book: &Runbook) -> Vec<(&'static str, String)> {
    let or = |text: &str, none: &str| if text.is_empty() { none.to_owned() } else { text.to_owned() };
    let mut facts =
        vec![("backup", format!("`{}`", book.path)), ("its release", or(&book.release, "not told by anything in it"))];
    let restores = matches!(&*book.task, "restore" | "");
    if restores || book.target.is_some() {
        facts.push(("restored onto", book.target.clone().unwrap_or_else(|| "not said".to_owned())));
    }
    if let Some(verdict) = book.verdict {
        facts.push(("verdict on the backup", verdict.name().to_uppercase()));
    }
    if restores {
        facts.push(("procedure", format!("{}: {}", book.procedure, book.because)));
    }
    if let Some(host) = &book.recovery_host {
        let ip = host.ip.as_ref().map(|ip| format!(", {ip}")).unwrap_or_default();
        let how = if host.proposed { "proposed: " } else { "" };
        facts.push(("recovery host", format!("`{}`{ip} ({how}{})", host.node, host.because)));
    }
    facts.extend(book.rehearsal.as_ref().map(|boot| ("rehearsed", rehearsed(boot))));
    facts
}

/// What an etcd made of the backup.
fn rehearsed(boot: &Boot) -> String {
    let day = boot.at.parse::<Timestamp>().map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string());
    format!("on {}, {}", day.unwrap_or_else(|_| boot.at.clone()), boot.told())
}

/// Number of the step that the book goes on at, and how many of its blocks are done; none without one, or one that is not
/// in it.
fn resumed(book: &Runbook) -> (usize, usize) {
    let Some(at) = &book.at_step else { return (0, 0) };
    let is_it = |id: &str| id.eq_ignore_ascii_case(at);
    let by_step = book.steps.iter().position(|step| is_it(&step.id)).map(|step| (step, 0));
    let block = |step: &BookStep| step.blocks.iter().position(|block| block.id.as_deref().is_some_and(is_it));
    let by_block = || book.steps.iter().enumerate().find_map(|(number, step)| Some((number, block(step)?)));
    by_step.or_else(by_block).unwrap_or((0, 0))
}

/// Which block it is, and where it is done; empty where the step says both.
fn label(step: &BookStep, block: &Block) -> String {
    let mut label = block.id.clone().filter(|id| *id != step.id).unwrap_or_default();
    let away = step.place != "workstation";
    let place = match &block.host {
        Some(host) => format!("on `{host}`"),
        None if away && step.place != "site" && step.place != "management-cluster" => "on the workstation".to_owned(),
        None => String::new(),
    };
    for (between, part) in [(" ", &place), (": ", &block.title)] {
        if !part.is_empty() && !label.is_empty() {
            label.push_str(between);
        }
        label.push_str(part);
    }
    label
}

/// Steps that are not to be done, those together that follow each other for one reason.
fn left_out(book: &Runbook) -> Vec<(Vec<String>, &str)> {
    let mut found: Vec<(Vec<String>, &str)> = Vec::new();
    for step in &book.omitted {
        let told = format!("{} {}", step.id, step.title);
        match found.last_mut() {
            Some((steps, because)) if *because == step.because => steps.push(told),
            _ => found.push((vec![told], &step.because)),
        }
    }
    found
}

/// Lines as they are, without what a terminal obeys; cells that the file parts by tabs are two blanks apart.
fn verbatim(text: &str) -> String {
    let cells: Vec<_> = text.split('\t').map(wording::inert_lines).collect();
    cells.join("  ")
}

/// The marks of a block of text that is no command, by the end of a file's name.
fn language(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "yaml" | "yml")) => "yaml",
        Some((_, "json")) => "json",
        Some((_, "sh")) => "sh",
        _ => "text",
    }
}
