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

use checks::Finding;
use checks::pair::{AgainstEscrow, check_escrow, check_unread};
use checks::required::{Known, Subject};
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

/// A finding as the checks make it: info, high or critical.
fn finding(id: &str) -> Finding {
    let manifest = |failed: &[&str]| {
        let failed = failed.iter().map(|what| (*what).to_owned()).collect();
        check_escrow(&AgainstEscrow { manifest: "m.json", failed, ..AgainstEscrow::default() }, &mut [])
    };
    match id {
        "PAIR-032" => manifest(&["another tarball"]),
        "PAIR-033" => manifest(&[]),
        "PAIR-040" => check_unread("snapshot.db", "cut off"),
        other => panic!("no finding {other} here"),
    }
}

fn ids(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.entry().id).collect()
}
