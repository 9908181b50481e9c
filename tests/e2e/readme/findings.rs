//! docs/findings.md is the table of findings.

use std::fmt::Write as _;

use backup_facts::platform::Platform;
use checks::findings;

use super::page::hold;

/// Every family there is or will be, in the order of the page; one without entries has no section yet.
const FAMILIES: [(&str, &str); 13] = [
    ("SNAP", "the snapshot file as a whole"),
    ("PAGE", "the structure of pages and buckets"),
    ("MVCC", "revisions and records"),
    ("ETCD", "etcd's own state"),
    ("KUBE", "objects of Kubernetes and OpenShift"),
    ("TAR", "the tarball of static pod resources"),
    ("KEY", "encryption and its keys"),
    ("PAIR", "the two files of a backup, and their directory"),
    ("VER", "versions"),
    ("HAZ", "hazards of a restore"),
    ("SAID", "what was said when the backup was made"),
    ("POL", "what a policy asks"),
    ("CAT", "the catalog, and reading its backups again"),
];

/// Text as Markdown shows it: what could be read as markup is escaped.
fn plain(text: &str) -> String {
    text.replace('_', "\\_").replace('*', "\\*").replace('<', "\\<").replace('|', "\\|")
}

fn page_of_findings() -> String {
    let mut page = String::new();
    let mut shown = 0;
    for (family, about) in FAMILIES {
        let prefix = format!("{family}-");
        let entries: Vec<_> = findings::all().into_iter().filter(|entry| entry.id.starts_with(&prefix)).collect();
        if entries.is_empty() {
            continue;
        }
        writeln!(page, "\n## {family}: {about}\n\n| ID | severity | what it is |\n|---|---|---|").unwrap();
        for entry in &entries {
            let anchor = format!("{}-{}", entry.id, entry.name).to_lowercase();
            writeln!(page, "| [{}](#{anchor}) | {} | {} |", entry.id, entry.severity, plain(entry.title)).unwrap();
        }
        for entry in &entries {
            let [title, cause, consequence, remedy, source] =
                [entry.title, entry.cause, entry.consequence, entry.remedy, entry.source].map(plain);
            writeln!(page, "\n### {} {}\n\n**{title}.** Severity: {}.", entry.id, entry.name, entry.severity).unwrap();
            writeln!(page, "\n- How it comes about: {cause}\n- What it leads to: {consequence}").unwrap();
            writeln!(page, "- What to do: {remedy}").unwrap();
            if let Some(elsewhere) = entry.platforms.remedy(Platform::Unknown) {
                writeln!(page, "- What to do off OpenShift: {}", plain(elsewhere)).unwrap();
            }
            writeln!(page, "- Meaningful for: {}\n- Source: {source}", entry.platforms.words()).unwrap();
        }
        shown += entries.len();
    }
    assert_eq!(shown, findings::all().len(), "a family of findings is missing from FAMILIES");
    page
}

#[test]
fn the_page_of_findings_is_their_table() {
    hold("docs/findings.md", "findings", &page_of_findings());
}
