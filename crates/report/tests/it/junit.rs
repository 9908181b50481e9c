//! JUnit XML against the schema that Jenkins' xUnit plugin has for it, which pytest's source distribution carries.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use report::Format;

use crate::{DOCUMENTS, peer, report};

/// Elements with the attribute asked for, in order.
fn elements(xml: &str, tag: &str, attribute: &str) -> Vec<String> {
    let mut reader = Reader::from_str(xml);
    let mut found = Vec::new();
    let mut note = |element: &BytesStart<'_>| {
        if element.name().as_ref() == tag {
            let value = element.try_get_attribute(attribute).unwrap();
            found.push(value.map_or(String::new(), |value| {
                value.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap().into_owned()
            }));
        }
    };
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => note(&element),
            Event::Eof => return found,
            _ => {}
        }
    }
}

#[test]
fn suites_are_valid() {
    let test = "suites_are_valid";
    let Some(schema) = peer::file("junit-10.xsd", test) else { return };
    if fixtures::tool("xmllint").is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let check = |name: &str, xml: &str| {
        let path = dir.path().join(name);
        std::fs::write(&path, xml).unwrap();
        peer::run(fixtures::tool("xmllint").unwrap().args(["--nonet", "--noout", "--schema"]).arg(&schema).arg(path))
    };
    for name in DOCUMENTS {
        let (content, said) = check(name, &report(name, Format::Junit));
        assert!(content, "{name}: {said}");
    }
    let (content, said) = check("wrong", &report("damaged", Format::Junit).replace("<failure", "<fault"));
    assert!(!content && said.contains("fault"), "the schema refuses nothing: {said}");
}

#[test]
fn failing_kinds_fail_and_no_others() {
    let damaged = report("damaged", Format::Junit);
    assert_eq!(elements(&damaged, "testsuite", "name"), ["damaged.db", "assay verify"]);
    let cases = elements(&damaged, "testcase", "name");
    assert_eq!(cases[0], "judged");
    let wanted = ["SNAP-003 trailer-mismatch", "PAGE-002 wrong-page", "MVCC-004 revision-gap"];
    assert!(wanted.iter().all(|name| cases.contains(&(*name).to_owned())), "{cases:?}");
    // as many failures as kinds at or above `high`, which is the limit where the document names none
    assert_eq!(elements(&damaged, "failure", "message").len(), 3);
    assert_eq!(elements(&damaged, "testsuite", "failures"), ["3", "0"]);
    assert_eq!(elements(&damaged, "failure", "message")[0], "critical: The integrity hash is not that of the file");

    let hostile = report("hostile", Format::Junit);
    assert_eq!(elements(&hostile, "skipped", "message").len(), 1, "what is waived is skipped");
    assert_eq!(elements(&hostile, "failure", "message").len(), 2 + 1, "one kind of the snapshot, two of no artifact");

    let pair = report("pair", Format::Junit);
    assert!(elements(&pair, "failure", "message").is_empty() && elements(&pair, "error", "message").is_empty());
    let mixed = report("mixed", Format::Junit);
    let suites = ["/mnt/backup/2026-11-23_090915", "/mnt/backup/2026-11-22_090915", "/mnt/old.db", "assay verify"];
    assert_eq!(elements(&mixed, "testsuite", "name"), suites, "a suite for each backup");
    assert_eq!(elements(&mixed, "testsuite", "failures"), ["2", "1", "1", "0"], "{mixed}");
    let message = "unreadable: `/mnt/old.db`: Input/output error (os error 5)";
    assert!(elements(&mixed, "failure", "message").contains(&message.to_owned()), "{mixed}");
    assert_eq!(elements(&mixed, "error", "message"), ["the run was cut short: not every input was judged"]);
    let unread = report("unread", Format::Junit);
    assert_eq!(elements(&unread, "error", "message").len(), 1, "what was not judged is an error");
}
