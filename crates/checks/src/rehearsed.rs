//! A backup that was restored, and a real etcd started on it.

use crate::finding::Finding;
use crate::findings::REHEARSAL_FAILED;

/// What is said of a rehearsal that did not hold: `told` is what came of it.
#[must_use]
pub fn failed(told: &str, etcd_version: &str, foretold: &[String]) -> Finding {
    let finding = Finding::new(&REHEARSAL_FAILED, told.to_owned()).with("etcd", etcd_version.to_owned());
    if foretold.is_empty() { finding } else { finding.with("foretold", foretold.join(", ")) }
}
