//! The book as one HTML file that fetches nothing, runs nothing, and can be printed: a step is not parted between sheets
//! where it fits on one.

use document::{Blank, Block, BookFile, BookStep, Runbook, Wait};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use wording::inert;

use super::prose::{Piece, pieces};
use super::{
    BOX, FILES, ITEM, OMITTED, facts, gone_by, in_case, label, left_out, place, refused, resumed, section, title,
    verbatim,
};
use crate::html::policy_of;

const STYLE: &str = include_str!("style.css");

pub(super) fn render<'b>(books: impl Iterator<Item = &'b Runbook>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy_of(STYLE));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { "Runbook · assay" }
                // the style sheet is ours and has no `<`; escaped, its digest would not be that of the policy
                style { (PreEscaped(STYLE)) }
            }
            body { @for book in books { (self::book(book)) } }
        }
    };
    page.into_string() + "\n"
}

fn book(book: &Runbook) -> Markup {
    let (at, blocks) = resumed(book);
    html! {
        main {
            (refusals(book))
            h1 { (sentence(&title(book))) }
            dl.facts { @for (what, told) in facts(book) { dt { (what) } dd { (sentence(&told)) } } }
            @if !book.notes.is_empty() {
                section { h2 { "Know before you begin" } ul { @for note in &book.notes { li { (sentence(&note.text)) } } } }
            }
            (blanks(&book.blanks))
            (contents(book, at))
            @for (number, step) in book.steps.iter().enumerate().skip(at) {
                @if number == at || begins(book, number) { h2.part { (sentence(section(step))) } }
                (self::step(step, if number == at { blocks } else { 0 }))
            }
            @if !book.omitted.is_empty() {
                section {
                    h2 id="omitted" { (OMITTED) }
                    ul { @for (steps, because) in left_out(book) { li { (sentence(&steps.join("; "))) ": " (sentence(because)) } } }
                }
            }
            (files(&book.files))
        }
    }
}

/// Why nothing of it must be done: before everything else.
fn refusals(book: &Runbook) -> Markup {
    html! {
        @if !book.refusals.is_empty() {
            section.refused {
                h1 { (refused(book)) }
                ul {
                    @for refusal in &book.refusals {
                        li {
                            (sentence(&refusal.text))
                            @if let Some(id) = &refusal.finding { " (" (text(id)) ")" }
                            @if !refusal.instead.is_empty() { br; "Instead: " (sentence(&refusal.instead)) }
                        }
                    }
                }
            }
        }
    }
}

/// What the backup cannot know.
fn blanks(blanks: &[Blank]) -> Markup {
    html! {
        @if !blanks.is_empty() {
            section {
                h2 { "To fill in" }
                ul.blanks {
                    @for blank in blanks {
                        li {
                            code { (text(&blank.placeholder)) } ": " (sentence(&blank.means))
                            span.line {}
                            @if let Some(command) = &blank.found_by { br; "found by: " code { (text(command)) } }
                        }
                    }
                }
            }
        }
    }
}

/// What comes, in order.
fn contents(book: &Runbook, at: usize) -> Markup {
    html! {
        @if !book.steps.is_empty() {
            nav {
                h2 { "Contents" }
                ul {
                    @for (number, step) in book.steps.iter().enumerate() {
                        @if begins(book, number) { li.part { (sentence(section(step))) } }
                        li {
                            @if number < at { (text(&step.id)) " " (sentence(&step.title)) ": " (gone_by(step)) }
                            @else { a href={ "#" (step.id) } { (text(&step.id)) } " " (sentence(&in_case(step))) }
                        }
                    }
                    @if !book.omitted.is_empty() { li { a href="#omitted" { (OMITTED) } } }
                    @if !book.files.is_empty() { li { a href="#files" { (FILES) } } }
                }
            }
        }
    }
}

/// Whether a part of the book begins with a step.
fn begins(book: &Runbook, number: usize) -> bool {
    let before = number.checked_sub(1).and_then(|before| book.steps.get(before));
    before.map(section) != book.steps.get(number).map(section)
}

fn step(step: &BookStep, done: usize) -> Markup {
    html! {
        section.step id=(step.id) {
            h3 { (text(&step.id)) " " (sentence(&step.title)) }
            p.box { code { (BOX) } " " (sentence(place(step))) }
            @if let Some(case) = &step.only_if { p { b { "Only if " (sentence(case)) "." } } }
            @for finding in &step.findings {
                p class={ "finding " (finding.severity.name()) } {
                    b { (text(&finding.id)) } " (" (finding.severity.name()) "): " (sentence(&finding.message))
                }
            }
            @for told in &step.text {
                @match told.strip_prefix(ITEM) {
                    Some(item) => p.item { (sentence(item)) },
                    None => p { (sentence(told)) },
                }
            }
            @for (number, block) in step.blocks.iter().enumerate() {
                @if number < done { p.done { (sentence(&label(step, block))) ": done before" } }
                @else { (self::block(step, block)) }
            }
            ul.ends {
                @for expect in &step.expect { li { b { "expect" } " " (sentence(expect)) } }
                @if let Some(wait) = &step.wait { (self::wait(wait)) }
                @for trouble in &step.trouble { li { b { "trouble" } " " (sentence(trouble)) } }
                @if !step.files.is_empty() {
                    li { b { "files" } @for name in &step.files { " " code { (text(name)) } } }
                }
            }
        }
    }
}

fn block(step: &BookStep, block: &Block) -> Markup {
    let label = label(step, block);
    html! {
        div.block {
            @if !label.is_empty() { p.label { code { "[ ] " } (sentence(&label)) } }
            @if !block.commands.is_empty() { (lines(&block.commands.join("\n"))) }
            @if !block.expect.is_empty() {
                ul.ends { @for expect in &block.expect { li { b { "expect" } " " (sentence(expect)) } } }
            }
        }
    }
}

fn wait(wait: &Wait) -> Markup {
    html! {
        li {
            b { "wait" } " " (sentence(&wait.time))
            @if !wait.until.is_empty() { ", until " (sentence(&wait.until)) }
            @if !wait.poll.is_empty() { "; ask again and again:" (lines(&wait.poll)) }
        }
    }
}

/// The files, with their text: whoever has the page has all of it.
fn files(files: &[BookFile]) -> Markup {
    html! {
        @if !files.is_empty() {
            section {
                h2 id="files" { (FILES) }
                @for file in files {
                    h3 { (text(&file.name)) }
                    p { (sentence(&file.purpose)) }
                    p { "SHA-256 " code { (text(&file.sha256)) } }
                    (lines(&file.text))
                }
            }
        }
    }
}

/// Lines as they are.
fn lines(text: &str) -> Markup {
    html! { pre { code { (verbatim(text.trim_end_matches('\n'))) } } }
}

/// A sentence, what stands between backticks as code.
fn sentence(told: &str) -> Markup {
    html! {
        @for piece in pieces(told) {
            @match piece {
                Piece::Words(words) => (text(words)),
                Piece::Code(code) => code { (text(code)) },
            }
        }
    }
}

/// Text that may hold names of a file.
fn text(text: &str) -> Markup {
    html! { (inert(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_sheet_fetches_nothing_and_holds_no_tag() {
        for word in ["url(", "@import", "<", "http", "expression("] {
            assert!(!STYLE.contains(word), "{word}");
        }
    }
}
