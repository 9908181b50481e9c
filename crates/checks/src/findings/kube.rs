//! What Kubernetes keeps in etcd.

use super::Entry;
use crate::findings::platforms::KUBERNETES;
use crate::severity::Severity::{Critical, Low, Medium};

/// Kubernetes asked for a compaction that etcd did not do.
pub static COMPACTION_NOT_DONE: Entry = Entry {
    id: "KUBE-001",
    name: "compaction-not-done",
    severity: Low,
    platforms: KUBERNETES,
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
    platforms: KUBERNETES,
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

/// Live values that should end by themselves and will not.
pub static NO_LEASE: Entry = Entry {
    id: "KUBE-003",
    name: "no-lease",
    severity: Medium,
    platforms: KUBERNETES,
    title: "Objects that should end by themselves have no lease",
    cause: "API servers write masterleases, peerserverleases and events under a lease of etcd. A lease was lost, or a program \
        copied the values without it.",
    consequence: "They stay for ever. An API server that is gone remains an endpoint of the Service kubernetes, and a share of \
        the connections inside the cluster goes nowhere; events pile up.",
    remedy: "After the restore, delete the named keys from etcd (etcdctl del); API servers that run write theirs anew within \
        seconds.",
    source: "kubernetes pkg/controlplane/reconcilers/lease.go; pkg/registry/core/event/storage (TTL); issue 86812",
};

/// A live object is another than its key says.
pub static MISFILED: Entry = Entry {
    id: "KUBE-004",
    name: "object-misfiled",
    severity: Medium,
    platforms: KUBERNETES,
    title: "A live object is another than its key says",
    cause: "Bytes of the key or of the object were changed, or a program other than an API server wrote it.",
    consequence: "The API server serves the object under a name that leads nowhere: it can be listed, and neither be read \
        nor deleted.",
    remedy: "Use another backup, or the snapshot of another member. If this one is all there is, delete the named keys from \
        etcd after the restore, and make the objects anew.",
    source: "kubernetes staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go: the key is made of namespace \
        and name",
};

pub(super) const ALL: &[&Entry] = &[&COMPACTION_NOT_DONE, &OBJECT_NOT_READABLE, &NO_LEASE, &MISFILED];
