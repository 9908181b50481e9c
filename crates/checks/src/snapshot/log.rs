//! The write-ahead log beside the database of a data directory.

use etcd_snapshot::wal::{Log, LogFault};
use wording::number_of;

use crate::finding::{Finding, Findings};
use crate::findings::{LOG_AHEAD, LOG_BROKEN};
use crate::severity::Severity;

/// Holds a log against the database beside it, whose raft index is known.
#[must_use]
pub fn check_log(log: &Log, index: u64) -> Findings {
    let mut findings = Findings::default();
    if let Some(last) = log.last.filter(|last| *last > index) {
        let more = number_of(last - index, "entry", "entries");
        let message = format!(
            "it goes on to index {last}, the database to {index}: a member that starts here applies {more} more, and a restore \
             of the database alone goes without"
        );
        findings.push(Finding::new(&LOG_AHEAD, message).with("entries", last - index));
    }
    if let Some(first) = log.first.filter(|first| *first > index.saturating_add(1)) {
        let message = format!("it begins at index {first}, behind the database's {index}: etcd does not start on that");
        findings.push(Finding::new(&LOG_BROKEN, message));
    }
    match log.fault {
        Some(LogFault { at, torn: true }) => {
            let message =
                format!("it ends within a record at offset {at:#x}, as when the power goes: etcd cuts that off");
            findings.push(Finding { severity: Severity::Info, ..Finding::new(&LOG_BROKEN, message) });
        }
        Some(LogFault { at, torn: false }) => {
            let segment = log.segments;
            let message = format!("it is damaged at offset {at:#x} of segment {segment}: etcd does not start on that");
            findings.push(Finding::new(&LOG_BROKEN, message));
        }
        None => {}
    }
    findings
}
