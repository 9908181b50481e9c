//! What Kubernetes keeps in etcd.

use super::Entry;
use crate::severity::Severity::{Critical, Low};

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

/// Live values that no API server can decode.
pub static OBJECT_NOT_READABLE: Entry = Entry {
    id: "KUBE-002",
    name: "object-not-readable",
    severity: Critical,
    title: "Live objects are damaged: no API server can decode them",
    cause: "Bytes of the value were changed, cut or zeroed before the snapshot was hashed, or after, by something that made \
        the hash right again; or a program other than an API server wrote under the API server's keys.",
    consequence: "The API server fails to list the whole resource as soon as one of its objects cannot be decoded: its \
        controllers stand still, in every namespace. What the values held is lost.",
    remedy: "Use another backup. If this one is all there is, the named objects must be deleted from etcd after the restore, \
        and made anew.",
    source: "kubernetes staging/src/k8s.io/apiserver/pkg/storage/etcd3/store.go (a decoding error fails the list), \
        staging/src/k8s.io/apimachinery/pkg/runtime/serializer/protobuf",
};

pub(super) const ALL: &[&Entry] = &[&COMPACTION_NOT_DONE, &OBJECT_NOT_READABLE];
