//! Nothing found: what each command says and how it ends then.
//!
//! | what was asked for | ends in |
//! |---|---|
//! | a list, and nothing is on it | 0: the empty list is the answer |
//! | a key or an object by its name, and it is not there | 1: the answer, and no good one |
//! | the same of a file that damage has cost records | 2: it is not known whether it was there |
//! | a resource that nothing has | 2: a slip of the pen, which must not look like an answer |

use artifact::Contents;
use kube_objects::StorageKey;
use lens::{Found, Reader, Selection, UnknownResource};

use super::advice::{on, on_named, shown};
use crate::exit::{Ending, Error};
use crate::failure::unanswerable;
use crate::ui::Ui;
use wording::{count, escape, inert};

/// Things that are not there are named up to so many; the rest is counted.
const NAMED: usize = 5;

/// Says of a list that nothing is on it: `what` of the file.
pub(super) fn empty(source: &Contents, what: &str, ui: &mut Ui) {
    ui.warn(&format!("{}: {what}", source.display()));
}

/// Says which of the things that were named one by one are not among the keys that are there, and settles for findings.
/// What was not seen in a file that is damaged may have been lost.
pub(super) fn check_named<'k>(
    selection: &Selection,
    there: impl Iterator<Item = &'k [u8]>,
    source: &Contents,
    ui: &mut Ui,
) {
    let missing = selection.missing(there);
    for target in missing.iter().take(NAMED) {
        ui.warn(&format!("{}: there is no `{}`", source.display(), shown(target.typed())));
    }
    if !missing.is_empty() {
        if missing.len() > NAMED {
            ui.warn(&format!("{} that were named are not there", count(missing.len() as u64, "object")));
        }
        ui.settle(Ending::Findings);
    }
}

/// The error of a resource that nothing has.
pub(super) fn unknown_resource(source: &Contents, unknown: &UnknownResource) -> Error {
    let near: Vec<String> = unknown.near.iter().map(|near| format!("`{}`", escape(near.as_bytes()))).collect();
    let hint = match &near[..] {
        [] => format!("{} lists what is there", on(source, "ls", &[])),
        [one] => format!("did you mean {one}?"),
        [some @ .., last] => format!("did you mean {} or {last}?", some.join(", ")),
    };
    unanswerable(source, &inert(&unknown.to_string()), Some(hint))
}

/// The error of one key of which nothing is retained; `carved` tells that free pages were looked through, too.
pub(super) fn unretained(source: &Contents, selection: &Selection, carved: bool, ui: &Ui) -> Error {
    let typed = selection.single().map(|target| shown(target.typed())).unwrap_or_default();
    let reason = format!("no revision of `{typed}` is retained");
    let hint = if carved {
        "no page that nothing uses holds one, either: it never was, or its pages were used anew".to_owned()
    } else {
        let command = on_named(source, "history", selection, &["--carve"]);
        format!("it never was, or it was deleted before the last compaction; {command} looks in free pages")
    };
    not_found(source, reason, hint, ui)
}

/// The error of an object that is deleted in the view.
pub(super) fn deleted(source: &Contents, reader: &Reader<'_>, selection: &Selection, gone: &Found<'_>) -> Error {
    let main = gone.record.revision.main;
    let reason = format!("`{}` was deleted at revision {}", shown(gone.record.kv.key), gone.record.revision);
    let before = main.saturating_sub(1);
    let hint = if reader.answerable(before).is_ok() {
        let command = on_named(source, "get", selection, &["--rev", &before.to_string()]);
        format!("{command} shows it as it was before")
    } else {
        let command = on_named(source, "history", selection, &["--carve", "--values"]);
        format!("what it was before is compacted; {command} looks in free pages")
    };
    absent(source, reason, hint)
}

/// The error of an object that is not in the view.
pub(super) fn missing(source: &Contents, selection: &Selection, at: Option<i64>, ui: &Ui) -> Error {
    let typed = selection.single().map(|target| target.typed()).unwrap_or_default();
    let parsed = StorageKey::parse(typed);
    let typed = if parsed.name_is_token() { shown(typed) } else { escape(typed).into_owned() };
    let at = at.map_or_else(String::new, |at| format!(" at revision {at}"));
    let reason = format!("there is no `{typed}`{at}");
    let hint = if typed.contains('\\') {
        "`--exact` takes a key as `assay ls` shows it, with its `\\n` and `\\xff`".to_owned()
    } else {
        format!(
            "{} lists keys; a prefix ends with a slash; if it was deleted, {} looks in free pages",
            on(source, "ls", &[]),
            on_named(source, "history", selection, &["--carve"]),
        )
    };
    not_found(source, reason, hint, ui)
}

/// The error of one that was not found: not there, or, in a file that damage has cost some of its records, not known.
fn not_found(source: &Contents, reason: String, hint: String, ui: &Ui) -> Error {
    match ui.ending() {
        Ending::Findings => unanswerable(source, &reason, Some(lost_hint(source))),
        Ending::Clean => absent(source, reason, hint),
    }
}

fn absent(source: &Contents, reason: String, hint: String) -> Error {
    Error::Absent { display: source.display().to_owned(), reason, hint: Some(hint) }
}

/// What to do where something is not there, and may have been lost.
fn lost_hint(source: &Contents) -> String {
    if let Some(hint) = source.transferred().and_then(|cause| cause.hint()) {
        return hint;
    }
    let (salvage, carve) = (on(source, "ls --salvage", &[]), on(source, "carve", &[]));
    format!("the file is damaged: {salvage} and {carve} may still find it")
}
