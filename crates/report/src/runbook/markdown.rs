//! The book as Markdown: read in a terminal as it is, or rendered.

use document::{Blank, Block, BookFile, BookStep, Runbook, Wait};
use wording::inert;

use super::prose::{longest_run, span, wrapped};
use super::{
    BOX, FILES, ITEM, OMITTED, facts, gone_by, in_case, label, language, left_out, place, refused, resumed, section,
    title, verbatim,
};

pub(super) fn render(book: &Runbook) -> String {
    let mut page = Page::default();
    refusals(book, &mut page);
    page.heading(1, &title(book));
    head(book, &mut page);
    blanks(&book.blanks, &mut page);
    contents(book, &mut page);
    let (at, blocks) = resumed(book);
    let mut part = None;
    for (number, step) in book.steps.iter().enumerate().skip(at) {
        if part != Some(section(step)) {
            part = Some(section(step));
            page.heading(2, section(step));
        }
        self::step(step, if number == at { blocks } else { 0 }, &mut page);
    }
    if !book.omitted.is_empty() {
        page.heading(2, OMITTED);
        for (steps, because) in left_out(book) {
            page.item("- ", &format!("{}: {because}", steps.join("; ")));
        }
    }
    files(&book.files, &mut page);
    if !book.steps.is_empty() {
        links(book, &mut page);
    }
    page.text
}

/// The text, as it grows.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    /// An empty line, unless there is one; between the items of a list there is none.
    fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    fn heading(&mut self, depth: usize, text: &str) {
        self.gap();
        let mark = "#".repeat(depth);
        self.text.push_str(&format!("{mark} {}\n\n", wrapped("", text).replace('\n', " ").trim_end()));
    }

    fn paragraph(&mut self, text: &str) {
        if !text.is_empty() {
            self.gap();
            self.text.push_str(&wrapped("", text));
            self.text.push('\n');
        }
    }

    fn item(&mut self, mark: &str, text: &str) {
        self.text.push_str(&wrapped(mark, text));
    }

    /// Lines as they are.
    fn fence(&mut self, language: &str, lines: &str) {
        self.gap();
        let ticks = "`".repeat(longest_run(lines, '`').max(2) + 1);
        let lines = verbatim(lines);
        self.text.push_str(&format!("{ticks}{language}\n{}\n{ticks}\n\n", lines.trim_end_matches('\n')));
    }
}

/// Why nothing of it must be done: before everything else.
fn refusals(book: &Runbook, page: &mut Page) {
    if book.refusals.is_empty() {
        return;
    }
    page.heading(1, &refused(book));
    for refusal in &book.refusals {
        let id = refusal.finding.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        page.item("- ", &format!("{}{id}", refusal.text));
        if !refusal.instead.is_empty() {
            page.item("  ", &format!("Instead: {}", refusal.instead));
        }
    }
}

/// What one must know before anything else.
fn head(book: &Runbook, page: &mut Page) {
    for (what, told) in facts(book) {
        page.item("- ", &format!("{what}: {told}"));
    }
    if !book.notes.is_empty() {
        page.heading(2, "Know before you begin");
        for note in &book.notes {
            page.item("- ", &note.text);
        }
    }
}

/// What the backup cannot know.
fn blanks(blanks: &[Blank], page: &mut Page) {
    if blanks.is_empty() {
        return;
    }
    page.heading(2, "To fill in");
    for blank in blanks {
        page.item("- ", &format!("`[ ]` `{}`: {}", blank.placeholder, blank.means));
        if let Some(command) = &blank.found_by {
            page.text.push_str(&format!("  found by: {}\n", span(&inert(command))));
        }
    }
}

/// What comes, in order.
fn contents(book: &Runbook, page: &mut Page) {
    if book.steps.is_empty() {
        return;
    }
    page.heading(2, "Contents");
    let (at, _) = resumed(book);
    let mut part = None;
    for (number, step) in book.steps.iter().enumerate() {
        if part != Some(section(step)) {
            part = Some(section(step));
            page.item("- ", section(step));
        }
        if number < at {
            page.item("  - ", &format!("`[x]` {} {}: {}", step.id, step.title, gone_by(step)));
        } else {
            page.item("  - ", &format!("[{}] {}", step.id, in_case(step)));
        }
    }
    for (there, name) in [(!book.omitted.is_empty(), OMITTED), (!book.files.is_empty(), FILES)] {
        if there {
            page.item("- ", &format!("[{name}]"));
        }
    }
}

/// Where the contents lead to. At the end, where it is in nobody's way who reads the text as it is.
fn links(book: &Runbook, page: &mut Page) {
    let (at, _) = resumed(book);
    let named = |step: &BookStep| (step.id.clone(), anchor(&format!("{} {}", step.id, step.title)));
    let steps = book.steps.iter().skip(at).map(named);
    let rest = [(!book.omitted.is_empty(), OMITTED), (!book.files.is_empty(), FILES)];
    let rest = rest.into_iter().filter(|(there, _)| *there).map(|(_, name)| (name.to_owned(), anchor(name)));
    page.gap();
    for (name, anchor) in steps.chain(rest) {
        page.text.push_str(&format!("[{}]: #{anchor}\n", wrapped("", &name).trim_end()));
    }
}

/// What a heading is called where Markdown is rendered: lower case, blanks as hyphens, and nothing but letters and digits.
fn anchor(heading: &str) -> String {
    let heading = heading.to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn step(step: &BookStep, done: usize, page: &mut Page) {
    page.heading(3, &format!("{} {}", step.id, step.title));
    page.text.push_str(&format!("`{BOX}` {}\n", place(step)));
    if let Some(case) = &step.only_if {
        page.paragraph(&format!("Only if {case}."));
    }
    for finding in &step.findings {
        page.paragraph(&format!("! {} ({}): {}", finding.id, finding.severity.name(), finding.message));
    }
    for sentence in &step.text {
        match sentence.strip_prefix(ITEM) {
            Some(item) => page.item(ITEM, item),
            None => page.paragraph(sentence),
        }
    }
    for (number, block) in step.blocks.iter().enumerate() {
        if number < done {
            page.gap();
            page.item("- ", &format!("`[x]` {}: done before", label(step, block)));
        } else {
            self::block(step, block, page);
        }
    }
    // what one block leads to goes on in the same list
    if step.blocks.len() != 1 {
        page.gap();
    }
    for expect in &step.expect {
        page.item("- ", &format!("expect: {expect}"));
    }
    if let Some(wait) = &step.wait {
        self::wait(wait, page);
    }
    for trouble in &step.trouble {
        page.item("- ", &format!("trouble: {trouble}"));
    }
    if !step.files.is_empty() {
        let names: Vec<String> = step.files.iter().map(|name| format!("`{name}`")).collect();
        page.item("- ", &format!("files: {}", names.join(", ")));
    }
}

fn block(step: &BookStep, block: &Block, page: &mut Page) {
    let label = label(step, block);
    if !label.is_empty() {
        page.paragraph(&format!("`[ ]` {label}"));
    }
    if !block.commands.is_empty() {
        page.fence("sh", &block.commands.join("\n"));
    }
    for expect in &block.expect {
        page.item("- ", &format!("expect: {expect}"));
    }
}

fn wait(wait: &Wait, page: &mut Page) {
    let until = if wait.until.is_empty() { String::new() } else { format!(", until {}", wait.until) };
    page.item("- ", &format!("wait: {}{until}", wait.time));
    if !wait.poll.is_empty() {
        page.text.push_str("  and ask again and again:\n");
        page.fence("sh", &wait.poll);
    }
}

/// The files, with their text: whoever has the page has all of it.
fn files(files: &[BookFile], page: &mut Page) {
    if files.is_empty() {
        return;
    }
    page.heading(2, FILES);
    for file in files {
        page.heading(3, &file.name);
        page.paragraph(&file.purpose);
        page.text.push_str(&format!("SHA-256 `{}`\n", inert(&file.sha256)));
        page.fence(language(&file.name), &file.text);
    }
}
