//! What the restored cluster goes on with, and what goes on without it.

use crate::findings::Entry;
use crate::findings::platforms::EVERY;
use crate::severity::Severity::Medium;

/// The revision goes back.
pub static REVISION_BACK: Entry = Entry {
    id: "HAZ-032",
    name: "revision-back",
    severity: Medium,
    platforms: EVERY,
    title: "The revision goes back",
    cause: "A restore goes on with the revision of the backup, and gives numbers out a second time. Whatever watches the \
        cluster remembers later ones.",
    consequence: "Clients that were not restarted hold what they remember for newer than what is there: controllers, \
        kubelets and operators miss changes, or act on objects that are gone, until the revision has passed where it was.",
    remedy: "Raise the revision as you restore: --bump-revision N --mark-compacted of etcdutl snapshot restore, with N no \
        less than what was written since (etcdctl endpoint status -w json tells how far the cluster is; --live-revision). \
        Where the restore has no such option, stop all API servers before it and restart all that watches after it: \
        controller managers, schedulers, kubelets, operators and other pods that talk to the API.",
    source: "etcd issue 16028, etcdutl 3.6, 3.5.10 and etcdctl 3.4.27; cluster-etcd-operator cluster-restore.sh; \
        kubernetes issue 95958",
};
