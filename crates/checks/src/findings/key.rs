//! Encryption keys, as far as a tarball alone shows.

use super::Entry;
use crate::findings::platforms::OPERATORS;
use crate::severity::Severity::{Critical, High, Info, Low, Medium};

/// The encryption configuration is named and not there.
pub static CONFIG_MISSING: Entry = Entry {
    id: "KEY-001",
    name: "encryption-config-missing",
    severity: High,
    platforms: OPERATORS,
    title: "The encryption configuration is named and not there",
    cause: "kube-apiserver's config.yaml has encryption-provider-config, and the file it names is not in the tarball: it \
        was taken out without a trace in the name, or never archived.",
    consequence: "kube-apiserver does not start from this tarball, and without the keys every encrypted Secret and \
        ConfigMap of the snapshot is lost.",
    remedy: "Find the keys: an escrow of `assay keys split`, another copy of the tarball, or a node's \
        /etc/kubernetes/static-pod-resources/kube-apiserver-pod-*/secrets/encryption-config.",
    source: "kube-apiserver --encryption-provider-config; configmaps/config/config.yaml",
};

/// The keys are held apart, on purpose.
pub static KEYLESS: Entry = Entry {
    id: "KEY-002",
    name: "keyless",
    severity: Info,
    platforms: OPERATORS,
    title: "The encryption keys are held apart from this tarball",
    cause: "`assay keys split` wrote it and marked its name `.keyless`.",
    consequence: "It cannot be restored from as it is: kube-apiserver needs the keys.",
    remedy: "Before a restore: assay keys join. Its escrow must be at hand, and somebody able to open it.",
    source: "the name, and config.yaml naming a configuration that is not there",
};

/// No encryption at all.
pub static NO_ENCRYPTION: Entry = Entry {
    id: "KEY-003",
    name: "no-encryption",
    severity: Info,
    platforms: OPERATORS,
    title: "There are no encryption keys: etcd is not encrypted",
    cause: "Encryption of etcd was never switched on when this revision of kube-apiserver was made.",
    consequence: "The snapshot that belongs to it holds every Secret as plaintext.",
    remedy: "Protect the snapshot as you would protect its Secrets.",
    source: "no encryption-provider-config in config.yaml, no secrets/encryption-config",
};

/// The encryption configuration cannot be read.
pub static CONFIG_UNREADABLE: Entry = Entry {
    id: "KEY-004",
    name: "encryption-config-unreadable",
    severity: Critical,
    platforms: OPERATORS,
    title: "The encryption configuration cannot be read",
    cause: "The file is empty, cut off, or was changed.",
    consequence: "kube-apiserver does not start with it, and the keys in it are lost as far as this backup goes.",
    remedy: "Use another backup of the same key generation, or the file on a control plane node.",
    source: "kube-apiserver reads an EncryptionConfiguration as JSON or YAML",
};

/// A configuration that nothing names.
pub static CONFIG_UNUSED: Entry = Entry {
    id: "KEY-005",
    name: "encryption-config-unused",
    severity: High,
    platforms: OPERATORS,
    title: "There is an encryption configuration that kube-apiserver does not use",
    cause: "config.yaml has no encryption-provider-config: files of two revisions were mixed, or the setting was removed.",
    consequence: "A kube-apiserver started from this tarball reads no encrypted value: listing Secrets fails in every \
        namespace.",
    remedy: "Compare with the kube-apiserver revision of the snapshot; use another backup if they differ.",
    source: "kube-apiserver --encryption-provider-config; configmaps/config/config.yaml",
};

/// A key that is no base64.
pub static KEY_NOT_BASE64: Entry = Entry {
    id: "KEY-006",
    name: "key-not-base64",
    severity: Critical,
    platforms: OPERATORS,
    title: "The bytes of a key are not standard base64",
    cause: "The configuration was edited or damaged.",
    consequence: "kube-apiserver refuses the whole configuration (illegal base64 data); values under this key are lost as \
        far as this backup goes.",
    remedy: "Use another backup of the same key generation, or the file on a control plane node.",
    source: "kube-apiserver encryptionconfig; cluster-kube-apiserver-operator PR 761",
};

/// A key of the wrong length.
pub static KEY_LENGTH: Entry = Entry {
    id: "KEY-007",
    name: "key-length",
    severity: Critical,
    platforms: OPERATORS,
    title: "A key has a length that its provider cannot use",
    cause: "The configuration was edited by hand, or the key was cut off. OpenShift makes keys of 32 bytes.",
    consequence: "kube-apiserver refuses the whole configuration; values under this key are lost as far as this backup goes.",
    remedy: "Use another backup of the same key generation, or the file on a control plane node.",
    source: "AES takes 16, 24 or 32 bytes, secretbox 32",
};

/// A key of zeros.
pub static KEY_ZERO: Entry = Entry {
    id: "KEY-008",
    name: "key-zero",
    severity: High,
    platforms: OPERATORS,
    title: "A key consists of zero bytes only",
    cause: "A placeholder was never replaced, or the key was wiped.",
    consequence: "What is encrypted with it is as good as plaintext; if the key was wiped, values are lost.",
    remedy: "Rotate the key on the live cluster. Find the real key if the snapshot does not open with this one.",
    source: "library-go's own placeholder is an aesgcm entry of 16 zero bytes, which is not meant here",
};

/// Nothing can write.
pub static WRITE_KEY_MISSING: Entry = Entry {
    id: "KEY-009",
    name: "write-key-missing",
    severity: Critical,
    platforms: OPERATORS,
    title: "The key that writes new values is missing",
    cause: "The list of providers or of keys is empty, or the first key has no usable bytes.",
    consequence: "kube-apiserver does not start with this configuration. The newest values are under the key that is missing.",
    remedy: "Use another backup of the same key generation, or the file on a control plane node.",
    source: "library-go encryptiondata: the write key stands first",
};

/// The configuration breaks the rules of the API server.
pub static CONFIG_INVALID: Entry = Entry {
    id: "KEY-010",
    name: "encryption-config-invalid",
    severity: High,
    platforms: OPERATORS,
    title: "The encryption configuration breaks the rules of the API server",
    cause: "It was edited by hand, or written for another version.",
    consequence: "A strict kube-apiserver refuses it and does not start.",
    remedy: "Compare with the file on a control plane node; OpenShift's operator never writes this.",
    source: "apiserver.config.k8s.io/v1 EncryptionConfiguration and its validation",
};

/// Two keys share a name.
pub static KEY_NAME_TWICE: Entry = Entry {
    id: "KEY-011",
    name: "key-name-twice",
    severity: Medium,
    platforms: OPERATORS,
    title: "Two keys of one provider have the same name",
    cause: "Configurations were merged by hand. Operators number keys.",
    consequence: "Values name their key: which of the two it is must be tried out.",
    remedy: "If their bytes are the same, nothing. Otherwise keep both until every value is written anew.",
    source: "stored values begin k8s:enc:<provider>:v1:<name>:",
};

/// A provider that is not known.
pub static UNKNOWN_PROVIDER: Entry = Entry {
    id: "KEY-012",
    name: "unknown-provider",
    severity: High,
    platforms: OPERATORS,
    title: "A provider of the encryption configuration is not known",
    cause: "A newer Kubernetes, or a mistake in the name.",
    consequence: "Values under it cannot be opened or judged here; a kube-apiserver that does not know it does not start.",
    remedy: "Look for a newer assay; compare the name with the documentation of this Kubernetes version.",
    source: "known: identity, aescbc, aesgcm, secretbox, kms",
};

/// A name that should be the hash of its key.
pub static NAME_NOT_HASH: Entry = Entry {
    id: "KEY-013",
    name: "key-name-not-hash",
    severity: Medium,
    platforms: OPERATORS,
    title: "A key's name says that it is the hash of other bytes",
    cause: "HyperShift names a key after a hash of its bytes. Name or bytes were exchanged.",
    consequence: "Values under this name were written with another key and will not open.",
    remedy: "Find the key that has this hash: the Secret <cluster>-etcd-encryption-key of the hosted cluster.",
    source: "hypershift aescbc.go: key-<FNV-1 of the bytes>",
};

/// New values are stored as plaintext.
pub static WRITES_PLAINTEXT: Entry = Entry {
    id: "KEY-014",
    name: "writes-plaintext",
    severity: Low,
    platforms: OPERATORS,
    title: "Keys are there, and new values are stored as plaintext",
    cause: "Encryption is being switched on (the key is handed out first) or was switched off again.",
    consequence: "Some or all values of the snapshot are plaintext; older ones may still need the keys.",
    remedy: "Keep the keys with the backup, and take another one when the migration is done.",
    source: "library-go encryptiondata: the first provider writes",
};

/// Plaintext cannot be read.
pub static NO_IDENTITY: Entry = Entry {
    id: "KEY-015",
    name: "no-identity",
    severity: Medium,
    platforms: OPERATORS,
    title: "Values that are still plaintext cannot be read with this configuration",
    cause: "The provider identity is missing. OpenShift's operator always writes it.",
    consequence: "One plaintext value makes the list of its resource fail in every namespace.",
    remedy: "Make sure that the snapshot has no plaintext value of this resource: assay inspect SNAPSHOT counts them.",
    source: "kube-apiserver encryption: providers are tried in their order",
};

/// A placeholder, not a key.
pub static BOOKKEEPING_KEY: Entry = Entry {
    id: "KEY-016",
    name: "bookkeeping-key",
    severity: Info,
    platforms: OPERATORS,
    title: "The configuration has a placeholder that looks like a key",
    cause: "The operator carries a time without encryption as an aesgcm entry of 16 zero bytes.",
    consequence: "None: it opens nothing and protects nothing.",
    remedy: "Do not count it as a key or put it into an escrow as one.",
    source: "library-go encryptiondata: identity generations",
};

/// A newer key is handed out and does not write yet.
pub static ROTATION_BEGUN: Entry = Entry {
    id: "KEY-017",
    name: "rotation-begun",
    severity: Low,
    platforms: OPERATORS,
    title: "A newer key is there and does not write yet",
    cause: "The backup was taken in the first step of a key rotation.",
    consequence: "Other API servers may already write with the newer key by the time the snapshot is saved.",
    remedy: "Keep all keys. Take another backup when the rotation is done.",
    source: "library-go encryption state machine: distribute as read key, then write, then migrate",
};

/// An external key service holds the keys.
pub static EXTERNAL_KMS: Entry = Entry {
    id: "KEY-018",
    name: "external-kms",
    severity: Info,
    platforms: OPERATORS,
    title: "The keys are held by an external key management service",
    cause: "The provider kms is configured.",
    consequence: "Neither this tarball nor the snapshot can be opened without that service and the key versions it had then.",
    remedy: "Make sure that the service keeps those keys as long as this backup, and that a restored cluster reaches it.",
    source: "Kubernetes KMS v1 and v2: only wrapped keys are stored",
};

pub(super) const ALL: &[&Entry] = &[
    &CONFIG_MISSING,
    &KEYLESS,
    &NO_ENCRYPTION,
    &CONFIG_UNREADABLE,
    &CONFIG_UNUSED,
    &KEY_NOT_BASE64,
    &KEY_LENGTH,
    &KEY_ZERO,
    &WRITE_KEY_MISSING,
    &CONFIG_INVALID,
    &KEY_NAME_TWICE,
    &UNKNOWN_PROVIDER,
    &NAME_NOT_HASH,
    &WRITES_PLAINTEXT,
    &NO_IDENTITY,
    &BOOKKEEPING_KEY,
    &ROTATION_BEGUN,
    &EXTERNAL_KMS,
];
