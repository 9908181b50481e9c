//! JUnit XML, as Jenkins takes it: a suite for each backup, a case for each kind of finding about one of its files.
//!
//! For each file there is a case `judged`, which passes where it was read and judged, and fails where it could not be. Kinds
//! of finding that fail the verdict are failures, those that do not are passes with their text, waived ones are skipped.
//! That something could not be judged is an error. Checks that found nothing are not listed as passed: the document
//! does not say which of them applied.

use std::collections::BTreeSet;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use document::{Document, Finding};
use wording::inert;

use crate::Context;
use crate::parts::key_in_words;

/// What came of a case.
enum Status {
    Passed,
    Failed(String),
    Error(String),
    Skipped(String),
}

struct Case {
    /// What it is about: the backup, or one of its files.
    class: String,
    name: String,
    status: Status,
    /// What was found, over several lines.
    text: String,
}

struct Suite {
    name: String,
    cases: Vec<Case>,
}

pub(crate) fn render(document: &Document, context: &Context<'_>) -> String {
    let rows = document.rows();
    let mut suites: Vec<Suite> = Vec::new();
    let mut told: BTreeSet<&str> = BTreeSet::new();
    for row in &rows {
        let names: Vec<&str> = document.names_of(row).into_iter().filter(|name| told.insert(name)).collect();
        suites.extend(suite(row.name, &names, document, context));
    }
    // directories, and what a later assay tells of
    for name in document.names() {
        if told.insert(name) {
            suites.extend(suite(name, &[name], document, context));
        }
    }
    let inputs = if document.is_cut_short() {
        Status::Error("the run was cut short: not every input was judged".to_owned())
    } else if document.is_incomplete() {
        Status::Error("something could not be read or judged".to_owned())
    } else {
        Status::Passed
    };
    let (class, name) = ("assay verify".to_owned(), "every input was judged".to_owned());
    let all = Case { class, name, status: inputs, text: String::new() };
    suites.push(Suite { name: "assay verify".to_owned(), cases: vec![all] });
    let mut out = Vec::new();
    // a vector takes everything
    let _ = write(&mut Writer::new_with_indent(&mut out, b' ', 2), &suites);
    out.push(b'\n');
    String::from_utf8(out).unwrap_or_default()
}

/// A suite of all that is said of artifacts of these names; `None` where that is nothing.
fn suite(name: &str, artifacts: &[&str], document: &Document, context: &Context<'_>) -> Option<Suite> {
    let cases: Vec<Case> = artifacts.iter().flat_map(|artifact| cases(artifact, document, context)).collect();
    (!cases.is_empty()).then(|| Suite { name: shown(name), cases })
}

fn shown(name: &str) -> String {
    if name.is_empty() { "?".to_owned() } else { name.to_owned() }
}

fn cases(name: &str, document: &Document, context: &Context<'_>) -> Vec<Case> {
    let class = shown(name);
    let mut cases = Vec::new();
    let unread = document.unread().find(|unread| unread.path == name);
    if unread.is_some() || document.artifacts.iter().any(|artifact| artifact.name() == name) {
        let status = unread.map_or(Status::Passed, |it| Status::Failed(format!("unreadable: {}", inert(&it.error))));
        cases.push(Case { class: class.clone(), name: "judged".to_owned(), status, text: String::new() });
    }
    for kind in document.kinds(name) {
        let waived = kind.iter().all(|finding| finding.waived.is_some());
        let failing = kind.iter().find(|finding| document.fails(finding));
        let Some(first) = failing.or_else(|| kind.first()) else { continue };
        let status = match (failing, &first.waived) {
            (Some(finding), _) => Status::Failed(headline(finding, context)),
            (None, Some(waiver)) if waived => {
                Status::Skipped(format!("waived until {}: {}", inert(&waiver.until), inert(&waiver.reason)))
            }
            _ => Status::Passed,
        };
        let name = format!("{} {}", first.id, first.name);
        cases.push(Case { class: class.clone(), name, status, text: details(&kind) });
    }
    cases
}

fn headline(finding: &Finding, context: &Context<'_>) -> String {
    let title = context.rule(&finding.id).map_or(&*finding.name, |rule| rule.title);
    format!("{}: {}", finding.severity.name(), inert(title))
}

/// Each finding in a line, then what to do.
fn details(kind: &[&Finding]) -> String {
    let mut text = String::new();
    for finding in kind {
        // messages tell pages and offsets themselves
        let key = finding.location.key.as_ref();
        let place = key.map_or_else(String::new, |key| format!(" (key {})", key_in_words(key)));
        let waived = if finding.waived.is_some() { ", waived" } else { "" };
        text += &format!("{}{waived}: {}{place}\n", finding.severity.name(), inert(&finding.message));
    }
    if let Some(first) = kind.first() {
        text += &format!("do: {}\n", inert(&first.remedy));
    }
    text
}

impl Suite {
    fn count(&self, of: impl Fn(&Status) -> bool) -> String {
        self.cases.iter().filter(|case| of(&case.status)).count().to_string()
    }
}

fn write(xml: &mut Writer<&mut Vec<u8>>, suites: &[Suite]) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", "assay"))
        .write_inner_content(|xml| suites.iter().try_for_each(|suite| write_suite(xml, suite)))?;
    Ok(())
}

fn write_suite(xml: &mut Writer<&mut Vec<u8>>, suite: &Suite) -> io::Result<()> {
    let name = inert(&suite.name);
    xml.create_element("testsuite")
        .with_attribute(("name", name.as_ref()))
        .with_attribute(("tests", suite.cases.len().to_string().as_str()))
        .with_attribute(("failures", suite.count(|status| matches!(status, Status::Failed(_))).as_str()))
        .with_attribute(("errors", suite.count(|status| matches!(status, Status::Error(_))).as_str()))
        .with_attribute(("skipped", suite.count(|status| matches!(status, Status::Skipped(_))).as_str()))
        .write_inner_content(|xml| suite.cases.iter().try_for_each(|case| write_case(xml, case)))?;
    Ok(())
}

fn write_case(xml: &mut Writer<&mut Vec<u8>>, case: &Case) -> io::Result<()> {
    let (name, class) = (inert(&case.name), inert(&case.class));
    let element = xml
        .create_element("testcase")
        .with_attribute(("name", name.as_ref()))
        .with_attribute(("classname", class.as_ref()));
    let (tag, message) = match &case.status {
        Status::Passed if case.text.is_empty() => return element.write_empty().map(drop),
        Status::Passed => {
            let text = |xml: &mut Writer<_>| write_text(xml, "system-out", &case.text);
            return element.write_inner_content(text).map(drop);
        }
        Status::Failed(message) => ("failure", message),
        Status::Error(message) => ("error", message),
        Status::Skipped(message) => ("skipped", message),
    };
    element
        .write_inner_content(|xml| {
            let inner = xml.create_element(tag).with_attribute(("message", message.as_str()));
            inner.write_text_content(BytesText::new(&legal(&case.text))).map(drop)
        })
        .map(drop)
}

fn write_text(xml: &mut Writer<&mut Vec<u8>>, tag: &str, text: &str) -> io::Result<()> {
    xml.create_element(tag).write_text_content(BytesText::new(&legal(text))).map(drop)
}

/// Text in which every character that XML or a terminal minds is escaped, but line feeds.
fn legal(text: &str) -> String {
    text.split('\n').map(inert).collect::<Vec<_>>().join("\n")
}
