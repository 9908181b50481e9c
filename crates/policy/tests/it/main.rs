//! Policies: what is read and refused, what they make of findings.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail by panicking"
)]

mod apply;
mod parse;
mod require;

use checks::required::{Known, Subject};
use checks::{Finding, catalogue};
use jiff::Timestamp;
use policy::Policy;

fn policy(text: &str) -> Policy {
    Policy::parse(&format!("version = 1\n{text}")).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn now() -> Timestamp {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

fn known(kind: Subject) -> Known {
    Known::unknown(kind, "backup/snapshot_2026-11-23_090915.db", now())
}

fn finding(id: &str) -> Finding {
    Finding::new(catalogue::find(id).unwrap(), "found")
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.entry.id).collect()
}
