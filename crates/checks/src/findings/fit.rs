//! Encryption keys held against the values of a snapshot.

use super::Entry;
use crate::findings::platforms::{EVERY, KUBERNETES, OPENSHIFT, OPERATORS};
use crate::severity::Severity::{Critical, High, Info, Low, Medium};

/// Encrypted values that are damaged or moved.
pub static VALUE_NOT_OPENED: Entry = Entry {
    id: "KEY-019",
    name: "value-not-opened",
    severity: Critical,
    platforms: KUBERNETES,
    title: "Encrypted values are damaged: no key opens them",
    cause: "The prefix k8s:enc: does not go on as it must, the body is cut short, the provider is unknown, or what comes \
        out is another object than the etcd key names, or one that breaks off inside: bytes were changed, or a value was \
        moved to another key.",
    consequence: "The API server cannot read these objects. One of them is enough to make listing its resource fail, for \
        every namespace and every controller that watches it.",
    remedy: "Use another backup. If this one is all there is, the named objects must be deleted from etcd after the restore, \
        and made anew.",
    source: "kube-apiserver value transformers: a value with an unknown or broken prefix fails the whole list",
};

/// A key that values need and no configuration has.
pub static MISSING_KEY: Entry = Entry {
    id: "KEY-020",
    name: "missing-key",
    severity: Critical,
    platforms: KUBERNETES
        .elsewhere("Find the encryption configuration of that time. The name of the key tells the generation."),
    title: "Values need a key that is not there",
    cause: "The tarball is of an older or newer key generation than the snapshot, a key was removed from the configuration \
        before its values were migrated, or the Secret with the keys of openshift-apiserver or oauth-apiserver is gone.",
    consequence: "A restored API server cannot read these values, and fails to list their resource.",
    remedy: "Find what holds the keys of that time: the tarball of the same backup or an escrow of it, elsewhere the file that \
        kube-apiserver's --encryption-provider-config names. On OpenShift the name of the key is its generation: the static \
        pods of a node may still have its configuration.",
    source: "Kubernetes: the provider and key name in a value's prefix choose the key that reads it",
};

/// A key of the right name and other bytes.
pub static WRONG_KEY: Entry = Entry {
    id: "KEY-021",
    name: "wrong-key-same-name",
    severity: Critical,
    platforms: KUBERNETES
        .elsewhere("Find the encryption configuration of this very cluster, of the time of the backup."),
    title: "A key of the right name does not open the values: its bytes are others",
    cause: "The keys are those of another cluster, or of a cluster that was installed anew: key names are small numbers that \
        every cluster counts from 1. If only a few values are concerned, those are damaged.",
    consequence: "A restored API server cannot read these values, and fails to list their resource.",
    remedy: "Find the tarball or configuration that belongs to this snapshot: same cluster, same time.",
    source: "library-go encryption: keys are named by a counter; aescbc has no authentication, so kind, namespace and name \
        of what came out are compared with the etcd key",
};

/// A link of the chain is missing or does not open.
pub static CHAIN_BROKEN: Entry = Entry {
    id: "KEY-022",
    name: "chain-broken",
    severity: Critical,
    platforms: OPENSHIFT,
    title: "The keys of routes or OAuth tokens cannot be reached",
    cause: "openshift-apiserver and oauth-apiserver keep their keys in Secrets of the snapshot, which kube-apiserver's keys \
        open. The Secret is missing, does not open, or holds no configuration.",
    consequence: "Routes or OAuth tokens cannot be read after a restore: no ingress, or nobody can log in.",
    remedy: "Mend what keeps the Secret closed first: the finding about kube-apiserver's keys tells. If the Secret is gone, \
        use another backup.",
    source: "library-go encryptionconfig: openshift-config-managed/encryption-config-<component> and its copies",
};

/// Plaintext and encrypted values side by side.
pub static PARTIALLY_ENCRYPTED: Entry = Entry {
    id: "KEY-023",
    name: "partially-encrypted",
    severity: Medium,
    platforms: KUBERNETES.elsewhere(
        "Write all objects of these kinds anew (kubectl get -A -o json | kubectl replace -f -), then take \
        another backup. Protect this one as plaintext.",
    ),
    title: "The backup is only partially encrypted",
    cause: "It was taken while etcd was being encrypted, or the migration stopped half way.",
    consequence: "It restores. But whoever reads the file reads the plaintext values, keys or no keys, and after a restore \
        the cluster may believe that all is encrypted.",
    remedy: "Wait until the operators report EncryptionCompleted, then take another backup. Protect this one as plaintext.",
    source: "OpenShift documentation, Encrypting etcd data: do not take a backup until encryption is complete",
};

/// A key is there, and nothing is encrypted yet.
pub static MIGRATION_NOT_BEGUN: Entry = Entry {
    id: "KEY-024",
    name: "migration-not-begun",
    severity: Medium,
    platforms: KUBERNETES.elsewhere(
        "Write all objects of these kinds anew (kubectl get -A -o json | kubectl replace -f -), then take \
        another backup. Protect this one as plaintext.",
    ),
    title: "Encryption is being switched on, and nothing is encrypted yet",
    cause: "The backup was taken after the first key was made and before existing values were written anew.",
    consequence: "It restores. All values in it are plaintext, although there are keys.",
    remedy: "Wait until the operators report EncryptionCompleted, then take another backup. Protect this one as plaintext.",
    source: "library-go encryption state machine: distribute as read key, then write, then migrate",
};

/// Values under an older key than the one that writes.
pub static ROTATION_UNFINISHED: Entry = Entry {
    id: "KEY-025",
    name: "rotation-unfinished",
    severity: Low,
    platforms: KUBERNETES.elsewhere("Keep this snapshot and all keys of its encryption configuration together."),
    title: "A key rotation was not finished: older keys are still needed",
    cause: "The backup was taken while values were being written anew under a newer key.",
    consequence: "It restores with this tarball. A tarball taken later may lack the older key, and then does not fit.",
    remedy: "Keep this snapshot and this tarball together, or its keys in one escrow.",
    source: "library-go encryption state machine; prefixes of the values",
};

/// Plaintext writes, and values are still encrypted.
pub static DECRYPTING: Entry = Entry {
    id: "KEY-026",
    name: "decrypting",
    severity: Low,
    platforms: KUBERNETES
        .elsewhere("Keep the keys as long as this snapshot. Take another backup when all values are plain."),
    title: "Encryption was switched off, and values are still encrypted",
    cause: "The backup was taken while etcd was being decrypted, or the migration stopped half way.",
    consequence: "It restores with this tarball: the keys still read. Without them, the encrypted values are lost.",
    remedy: "Keep the keys as long as this snapshot. Take another backup when the operators report DecryptionCompleted.",
    source: "library-go encryption state machine: identity writes, older keys read until all is migrated",
};

/// A key that no live value needs.
pub static UNUSED_KEY: Entry = Entry {
    id: "KEY-027",
    name: "unused-key",
    severity: Info,
    platforms: KUBERNETES,
    title: "A key of the configuration is not needed by any live value",
    cause: "After a rotation, the operator keeps one older key; a key that has just been made has written nothing yet.",
    consequence: "None for a restore.",
    remedy: "Nothing. Values of the past may still need it: see history-needs-key.",
    source: "library-go encryption: one older read key is retained",
};

/// Values of the past under keys that are not at hand.
pub static HISTORY_NEEDS_KEY: Entry = Entry {
    id: "KEY-028",
    name: "history-needs-key",
    severity: Info,
    platforms: KUBERNETES
        .elsewhere("Nothing, unless those values matter: then find an older encryption configuration."),
    title: "Past values need a key that is not there",
    cause: "Earlier revisions, or records on free pages, were written under a key that has since been removed.",
    consequence: "None for a restore: API servers read live values. These cannot be opened for an investigation.",
    remedy: "Nothing, unless those values matter: then find an older tarball.",
    source: "prefixes of earlier revisions and of records on pages that nothing uses",
};

/// Plaintext copies of values that are encrypted now.
pub static PLAINTEXT_LEFT: Entry = Entry {
    id: "KEY-029",
    name: "plaintext-left-in-file",
    severity: Medium,
    platforms: KUBERNETES,
    title: "The file still holds plaintext of values that are encrypted now",
    cause: "Encryption writes every value anew. What was there before stays in history until it is compacted, and on free \
        pages of the file until they are used again or the database is defragmented.",
    consequence: "It restores. But whoever reads the file finds Secrets in plaintext, without any key.",
    remedy: "Protect this backup as plaintext. On the cluster: rotate what must not be known, wait for a compaction, \
        defragment each member, then take another backup.",
    source: "bbolt: pages are freed, not wiped; etcd: compaction keeps older revisions for a while",
};

/// Values that open only through a key management service.
pub static KMS_DEPENDENCY: Entry = Entry {
    id: "KEY-030",
    name: "kms-dependency",
    severity: Info,
    platforms: KUBERNETES,
    title: "Values open only with an external key management service",
    cause: "They were written by the provider kms: their data keys are wrapped by a key that never leaves the service.",
    consequence: "Whether they can be opened cannot be proven offline. A restored cluster must reach the service, and the \
        service must still have the key IDs named.",
    remedy: "Make sure that the service keeps these keys as long as this backup.",
    source: "Kubernetes KMS v1 and v2; EncryptedObject.keyID",
};

/// Encryption is asked for, and there is none.
pub static WANTED_NOT_ENCRYPTED: Entry = Entry {
    id: "KEY-031",
    name: "wanted-not-encrypted",
    severity: Medium,
    platforms: OPENSHIFT,
    title: "The cluster is told to encrypt, and nothing is encrypted",
    cause: "apiservers/cluster asks for encryption, and no value is encrypted nor any key there: it was asked for a moment \
        before the backup, or the operator cannot do it.",
    consequence: "It restores. All values in it are plaintext, against what was asked for.",
    remedy: "Look at condition Encrypted of the operators. Protect this backup as plaintext.",
    source: "apiservers.config.openshift.io/cluster spec.encryption.type",
};

/// Nobody looked whether keys fit.
pub static FIT_NOT_CHECKED: Entry = Entry {
    id: "KEY-032",
    name: "fit-not-checked",
    severity: High,
    platforms: KUBERNETES,
    title: "Values are encrypted, and there were no keys to try",
    cause: "No tarball came with the snapshot, or its keys are held apart.",
    consequence: "That a restore will be able to read Secrets, ConfigMaps, routes and tokens is not proven.",
    remedy: "Give the keys: --keys FILE, or --escrow FILE with -i IDENTITY. They are not written anywhere.",
    source: "prefixes of the values",
};

/// Encrypted values beside a tarball without encryption.
pub static NOT_CONFIGURED: Entry = Entry {
    id: "KEY-033",
    name: "encrypted-without-configuration",
    severity: Critical,
    platforms: KUBERNETES
        .elsewhere("Find the encryption configuration of the time of the backup, and name it to kube-apiserver."),
    title: "Values are encrypted, and kube-apiserver is not told to decrypt",
    cause: "The tarball is of another cluster, of a time before encryption, or of a time after it was switched off.",
    consequence: "kube-apiserver refuses every value that begins k8s:enc:, so listing Secrets and ConfigMaps fails and \
        nothing that needs them starts.",
    remedy: "Find the tarball of the same backup.",
    source: "Kubernetes identity transformer: a value with an encryption prefix is an error",
};

/// Values that open only with spare keys.
pub static KEY_ONLY_IN_SNAPSHOT: Entry = Entry {
    id: "KEY-034",
    name: "key-only-in-snapshot",
    severity: High,
    platforms: KUBERNETES.elsewhere("Put the key into the encryption configuration before the API server starts."),
    title: "Values open only with keys that no restored API server will use by itself",
    cause: "The key is missing in the configuration that the API server reads with, and still lies in the snapshot: in a \
        copy of another generation, or in the Secret of that key.",
    consequence: "A restored API server cannot read these values by itself. The data is not lost.",
    remedy: "Find the tarball of the same backup. If there is none, put the key into the encryption configuration of the \
        control plane nodes before the API server starts.",
    source: "library-go encryption: encryption-config-* and encryption-key-* Secrets",
};

/// A record that only a server token opens, and none was given.
pub static TOKEN_NEEDED: Entry = Entry {
    id: "KEY-035",
    name: "server-token-needed",
    severity: Low,
    platforms: EVERY,
    title: "A restore needs the server token, which is not in the snapshot",
    cause: "k3s and rke2 keep certificates, keys and the encryption configuration of a cluster in etcd, sealed with its \
        server token.",
    consequence: "Without that token a restored server does not start: it cannot read the certificates of the cluster. \
        Another token is refused.",
    remedy: "Keep the file server/token of the data directory with the backup. assay ... --token-file FILE proves that it is \
        the right one, and opens values with the keys in the record.",
    source: "k3s pkg/cluster: /bootstrap/ and the first 12 digits of the SHA-256 of the token",
};

/// A token of another cluster.
pub static TOKEN_OTHER: Entry = Entry {
    id: "KEY-036",
    name: "server-token-other",
    severity: High,
    platforms: EVERY,
    title: "The server token is not the one that this snapshot was made with",
    cause: "The token is of another cluster, or was rotated before or after the snapshot.",
    consequence: "A server that is restored with it refuses to start: bootstrap data already found and encrypted with \
        different token.",
    remedy: "Find the token whose SHA-256 begins as the record's name says.",
    source: "k3s pkg/cluster: /bootstrap/ and the first 12 digits of the SHA-256 of the token",
};

/// A record that its own token does not open.
pub static RECORD_BROKEN: Entry = Entry {
    id: "KEY-037",
    name: "bootstrap-record-damaged",
    severity: Critical,
    platforms: EVERY,
    title: "The record with the certificates of the cluster does not open with its token",
    cause: "Its value was changed or cut off.",
    consequence: "A restored server does not start from it: certificates and keys of the cluster are in no other place of \
        the snapshot.",
    remedy: "Use another snapshot, or keep the directories server/tls and server/cred of a server with this one.",
    source: "k3s pkg/cluster: AES-GCM under a key that PBKDF2 makes of the token",
};

/// A key that should have been rotated long ago.
pub static KEY_OLD: Entry = Entry {
    id: "KEY-038",
    name: "key-not-rotated",
    severity: Low,
    platforms: OPERATORS,
    title: "The newest encryption key is much older than a rotation",
    cause: "OpenShift makes a new key about every week. It stops when an operator is degraded, or when a migration never ends.",
    consequence: "It restores. One key protects all that was written since, and the operator may be stuck.",
    remedy: "Look at condition Encrypted and at the conditions EncryptionKeyController... of the operators on the live \
        cluster.",
    source: "library-go encryption controllers: encryptionSecretMigrationInterval of one week",
};

pub(super) const ALL: &[&Entry] = &[
    &VALUE_NOT_OPENED,
    &MISSING_KEY,
    &WRONG_KEY,
    &CHAIN_BROKEN,
    &PARTIALLY_ENCRYPTED,
    &MIGRATION_NOT_BEGUN,
    &ROTATION_UNFINISHED,
    &DECRYPTING,
    &UNUSED_KEY,
    &HISTORY_NEEDS_KEY,
    &PLAINTEXT_LEFT,
    &KMS_DEPENDENCY,
    &WANTED_NOT_ENCRYPTED,
    &FIT_NOT_CHECKED,
    &NOT_CONFIGURED,
    &KEY_ONLY_IN_SNAPSHOT,
    &TOKEN_NEEDED,
    &TOKEN_OTHER,
    &RECORD_BROKEN,
    &KEY_OLD,
];
