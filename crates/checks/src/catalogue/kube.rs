//! What Kubernetes keeps in etcd.

use super::Entry;
use crate::finding::Severity::Low;

/// Kubernetes asked for a compaction that etcd did not do.
pub static COMPACTION_NOT_DONE: Entry = Entry {
    id: "KUBE-001",
    name: "compaction-not-done",
    severity: Low,
    title: "Kubernetes asked for a compaction that etcd did not do",
    cause: "The API server notes in compact_rev_key the revision that it is about to compact at; the \
        compaction then failed or had not begun.",
    consequence: "History grows until the next compaction, five minutes later. For long: the database grows \
        without end.",
    remedy: "Look whether compactions work (etcd_debugging_mvcc_db_compaction metrics, API server log) if the \
        two revisions lie far apart.",
    source: "kubernetes staging/src/k8s.io/apiserver/pkg/storage/etcd3/compact.go",
};

pub(super) const ALL: &[&Entry] = &[&COMPACTION_NOT_DONE];
