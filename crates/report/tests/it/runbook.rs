//! A book in which every text is hostile, and one that goes on in the middle.

use document::{
    Artifact, Blank, Block, BookFile, BookNote, BookStep, Document, OmittedStep, RecoveryHost, Refusal, Runbook,
    StepFinding, Wait,
};
use report::runbook::{BookForm, render};

/// Text that would run, fetch, hide or break something.
const HOSTILE: &str =
    "a</code></pre><script>alert(1)</script> ``` [x](http://y) <img src=x> \u{202e}\u{1b}[2J **b** 'q' \"d\"";

fn book() -> Runbook {
    let text = || HOSTILE.to_owned();
    let block = |id: &str| Block {
        id: Some(id.to_owned()),
        title: text(),
        host: Some(text()),
        commands: vec!["oc get nodes".to_owned(), "echo '```'".to_owned(), text()],
        expect: vec![text()],
    };
    let step = |id: &str| BookStep {
        id: id.to_owned(),
        section: "Restore".to_owned(),
        title: format!("Step {id}"),
        only_if: Some(text()),
        place: "every-host".into(),
        text: vec![text(), format!("`{HOSTILE}`")],
        blocks: vec![block(&format!("{id}a")), block(&format!("{id}b"))],
        expect: vec![text()],
        wait: Some(Wait { time: text(), until: text(), poll: text() }),
        trouble: vec![text()],
        findings: vec![StepFinding { id: "HAZ-001".to_owned(), message: text(), ..StepFinding::default() }],
        files: vec![text()],
    };
    Runbook {
        kind: Runbook::KIND,
        path: text(),
        refusals: vec![Refusal { finding: Some("VER-001".to_owned()), text: text(), instead: text() }],
        notes: vec![BookNote { about: "age".into(), text: text() }],
        recovery_host: Some(RecoveryHost { node: text(), ip: Some(text()), proposed: true, because: text() }),
        blanks: vec![Blank { placeholder: "<a>".to_owned(), means: text(), found_by: Some(text()) }],
        steps: vec![step("R-01"), step("R-02"), step("R-03")],
        omitted: vec![OmittedStep { id: "R-17".to_owned(), title: text(), because: text() }],
        files: vec![BookFile { name: "x.yaml".to_owned(), purpose: text(), sha256: "00".to_owned(), text: text() }],
        ..Runbook::default()
    }
}

fn document(book: Runbook) -> Document {
    Document::new("runbook", "0", vec![Artifact::Runbook(Box::new(book))], Vec::new(), checks::Verdict::Fail)
}

/// Tags of a page, each closed after those in it.
fn balanced(page: &str) -> Vec<String> {
    let (mut open, mut all) = (Vec::new(), Vec::new());
    for rest in page.split('<').skip(1) {
        let (tag, _) = rest.split_once('>').unwrap();
        let name: String = tag.chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        match tag.strip_prefix('/') {
            Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed), "{closed}"),
            None if tag.starts_with('!') || ["meta", "br"].contains(&&*name) => {}
            None => open.push(name),
        }
        all.push(tag.to_owned());
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

#[test]
fn a_page_runs_and_fetches_nothing_whatever_names_say() {
    let page = render(BookForm::Html, &document(book()));
    for tag in balanced(&page) {
        let name: String = tag.trim_start_matches('/').chars().take_while(|c| c.is_ascii_alphanumeric()).collect();
        assert!(!["script", "img", "link", "iframe", "object"].contains(&&*name), "{tag}");
        let bare: String = tag.split('"').step_by(2).collect();
        assert!(!bare.contains(" src=") && !bare.contains(" style=") && !bare.contains(" on"), "{tag}");
        assert!(!tag.contains("href") || tag.contains("href=\"#"), "{tag}");
    }
    assert!(!page.contains('\u{202e}') && !page.contains('\u{1b}'));
    for word in
        ["DO NOT restore this backup", "default-src 'none'; style-src 'sha256-", "id=\"R-02\"", "href=\"#R-02\""]
    {
        assert!(page.contains(word), "{word}");
    }
}

/// Lines outside of blocks of code.
fn prose(text: &str) -> Vec<&str> {
    let (mut fence, mut found) = (None, Vec::new());
    for line in text.lines() {
        let ticks = line.chars().take_while(|c| *c == '`').count();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            None => found.push(line),
            Some(open) if line.len() == open && ticks == open => fence = None,
            Some(_) => {}
        }
    }
    assert_eq!(fence, None, "a block is left open");
    found
}

/// Text without its spans of code: rows of backticks that are closed by rows as long.
fn without_spans(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '\\']) {
        let (before, behind) = rest.split_at(at);
        left.push_str(before);
        if behind.starts_with('\\') {
            left.extend(behind.chars().take(2));
            rest = behind.get(2..).unwrap_or_default();
            continue;
        }
        let ticks = behind.chars().take_while(|c| *c == '`').count();
        let inner = &behind[ticks..];
        let closing = inner
            .match_indices(&"`".repeat(ticks))
            .find(|(at, _)| !inner[..*at].ends_with('`') && !inner[at + ticks..].starts_with('`'));
        let (at, _) = closing.unwrap_or_else(|| panic!("a span is left open: {inner:.60}"));
        rest = &inner[at + ticks..];
    }
    left + rest
}

#[test]
fn names_have_no_power_over_markdown() {
    let text = render(BookForm::Markdown, &document(book()));
    assert!(text.starts_with("# DO NOT restore this backup\n"), "{text}");
    assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'));
    let outside = prose(&text).join("\n");
    let words = without_spans(&outside);
    for power in ["\n#DO", "\n```", "[x](", " <img", "\n<", " **b**"] {
        assert!(!words.contains(power), "{power}");
    }
    for heading in ["# Runbook: Restore from a backup", "## To fill in", "### R-02 Step R-02", "## Not to be done here"]
    {
        assert!(outside.lines().any(|line| line == heading), "{heading}");
    }
}

#[test]
fn what_was_done_before_is_a_line_each() {
    for (at, left, done) in [("R-02", 2, 1), ("r-02B", 2, 2), ("R-03", 1, 2)] {
        let book = Runbook { at_step: Some(at.to_owned()), refusals: Vec::new(), ..book() };
        let document = document(book);
        let text = render(BookForm::Markdown, &document);
        assert_eq!(text.lines().filter(|line| line.starts_with("### R-")).count(), left, "{at}");
        assert_eq!(text.matches("done before").count(), done, "{at}");
        let page = render(BookForm::Html, &document);
        assert_eq!((page.matches("class=\"step\"").count(), page.matches("done before").count()), (left, done), "{at}");
    }
    let mut conditional = Runbook { at_step: Some("R-02".to_owned()), refusals: Vec::new(), ..book() };
    conditional.steps[0].only_if = Some("the API is gone".to_owned());
    let document = document(conditional);
    for form in [BookForm::Markdown, BookForm::Html] {
        assert!(render(form, &document).contains(": done before, or not needed"));
    }
}
