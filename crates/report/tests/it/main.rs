//! Reports on recorded documents: as they should be, and as those who read them take them.
//!
//! `documents/` holds what `assay verify --json` printed (`pair`, `damaged`) and what no assay prints (`hostile`,
//! `unread`), and of a run that was cut short and could not read all (`mixed`). `golden/` holds the reports on them; `ASSAY_UPDATE_SCREENS=1` writes them anew.
#![allow(clippy::disallowed_methods, reason = "tests make and read files of their own")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod golden;
mod html;
mod junit;
mod kept;
mod many;
mod peer;
mod prometheus;
mod runbook;
mod sarif;

use std::fs;
use std::path::{Path, PathBuf};

use document::Document;
use report::{Context, Format, Rule};
use serde_json::Value;

/// Every document.
const DOCUMENTS: [&str; 5] = ["pair", "damaged", "hostile", "unread", "mixed"];

/// Texts as the table of findings has them, for two kinds of finding; the others have none.
const RULES: [Rule<'static>; 2] = [
    Rule {
        id: "SNAP-003",
        name: "trailer-mismatch",
        severity: "critical",
        title: "The integrity hash is not that of the file",
        cause: "At least one byte changed after etcd wrote the snapshot.",
        consequence: "etcdutl snapshot restore refuses the file.",
        remedy: "Fetch the file again.",
        source: "etcd maintenance.go",
    },
    Rule {
        id: "PAGE-002",
        name: "wrong-page",
        severity: "critical",
        title: "A page is not what its place says it is",
        cause: "The page was overwritten <b>&amp;</b>.",
        consequence: "Records are lost.",
        remedy: "Use another backup.",
        source: "bbolt page.go",
    },
];

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it").join(name)
}

fn document(name: &str) -> Value {
    let text = fs::read_to_string(folder("documents").join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn typed(document: &Value) -> Document {
    serde_json::from_value(document.clone()).unwrap()
}

fn report(name: &str, format: Format) -> String {
    let now = "2026-12-24T18:00:00Z".parse().unwrap();
    report::render(format, &typed(&document(name)), &Context { rules: &RULES, now: Some(now) })
}

/// The findings of a document, those that are objects.
fn findings(document: &Value) -> Vec<&Value> {
    document["findings"].as_array().unwrap().iter().filter(|finding| finding.is_object()).collect()
}
