//! What reading known backups again comes to.

use checks::reread::{self, Reread};
use checks::{Severity, findings};

#[test]
fn each_outcome_is_a_finding_of_its_own() {
    let backups = ["3f2a".to_owned(), "77b0".to_owned()];
    let mut found = Vec::new();
    for (became, id, severity, words) in [
        (Reread::Rotten, "CAT-001", Severity::Critical, "the snapshot has other bytes than when it was added"),
        (Reread::Replaced, "CAT-002", Severity::High, "the snapshot was written over"),
        (Reread::Missing, "CAT-003", Severity::High, "the snapshot is gone"),
        (Reread::Unreadable("Input/output error"), "CAT-004", Severity::High, "cannot be read: Input/output error"),
        (Reread::Moved("/vault/a.db"), "CAT-005", Severity::Info, "lies at /vault/a.db now"),
    ] {
        let finding = reread::file(became, "the snapshot", &backups);
        assert_eq!((finding.entry().id, finding.severity()), (id, severity));
        assert!(finding.message().contains(words), "{}", finding.message());
        assert_eq!(finding.evidence()[0], ("backups", "3f2a 77b0".into()));
        found.push(id);
    }
    for (finding, id) in [
        (reread::log_broken("entry 3 of the log is missing"), "CAT-006"),
        (reread::log_rewritten("3:ab", "2:cd"), "CAT-007"),
        (reread::head_unvouched("head.json: no signature lies beside it"), "CAT-009"),
        (reread::row("what the catalog says of backup 3f2a is not what was judged of it"), "CAT-008"),
    ] {
        assert_eq!((finding.entry().id, finding.severity()), (id, Severity::Critical));
        found.push(id);
    }
    found.sort_unstable();
    let all = findings::all().into_iter().map(|entry| entry.id).filter(|id| id.starts_with("CAT"));
    assert_eq!(all.collect::<Vec<_>>(), found, "each has a case");
}
