//! How far encryption has come, resource by resource: from the values themselves, held against what operators say.
//!
//! A configuration alone cannot tell whether a migration has finished, and an operator's word is as old as its last
//! look. The values cannot lie: [`Coverage`] is theirs. What the key Secrets' annotations (`migrated-timestamp`,
//! `migrated-resources`) and the operators' `Encrypted` conditions say is [`Migration`].

use bbolt_page::Spread;
use encryption_config::{GroupResource, Provider, ProviderKind, Standing};
use etcd_snapshot::Scan;
use kube_objects::{DecodeOptions, StorageKey, StoredObject};
use serde_json::Value;

use crate::chain::Chain;
use crate::opening::{ApiServer, KeyTally, ResourceTally, Unlocked};

/// How far the encryption of a resource has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coverage {
    /// There are no values.
    Empty,
    /// No value is encrypted, and no key is for it.
    NeverEncrypted,
    /// No value is encrypted any more, and there are still keys for it.
    Decrypted,
    /// No value is encrypted yet: a key is handed out or writes, and the migration of what is there has not begun.
    Migrating,
    /// Some values are encrypted, others are plaintext, and a key writes.
    PartiallyEncrypted,
    /// All values are encrypted, some of them still under an older key than the one that writes.
    RotationUnfinished,
    /// Plaintext writes, and some values are still encrypted.
    Decrypting,
    /// All values are encrypted under the key that writes.
    Complete,
}

impl Coverage {
    /// The word that reports use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NeverEncrypted => "never-encrypted",
            Self::Decrypted => "decrypted",
            Self::Migrating => "migrating",
            Self::PartiallyEncrypted => "partially-encrypted",
            Self::RotationUnfinished => "rotation-unfinished",
            Self::Decrypting => "decrypting",
            Self::Complete => "complete",
        }
    }
}

/// What the operator says of the migration to the key that writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Migration {
    /// Nothing that can be read.
    Unknown,
    /// It goes on.
    UnderWay,
    /// It is done.
    Finished,
}

impl Migration {
    /// The word that reports use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::UnderWay => "under-way",
            Self::Finished => "finished",
        }
    }
}

/// Who says how far a migration has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToldBy {
    /// The Secret of the key that writes: its annotations name what was migrated to that key.
    KeySecret,
    /// Condition `Encrypted` of the operator. It tells nothing of a rotation that has begun since its last transition.
    Operator,
}

/// What writes new values of a resource, by the configuration that a restored API server uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Writer {
    /// No configuration at hand names the resource.
    Unknown,
    /// Plaintext.
    Plaintext,
    /// A key, or a KMS plugin.
    Key {
        /// The provider.
        provider: ProviderKind,
        /// Its name.
        name: String,
    },
}

/// What the cluster says of its encryption: objects that are never encrypted themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// `spec.encryption.type` of `apiservers/cluster`: `aescbc`, `aesgcm`, `KMS`; empty or `identity` for none. `None`
    /// where there is no such object.
    pub wanted: Option<String>,
    /// The `Encrypted` conditions.
    pub conditions: Vec<EncryptedCondition>,
}

/// Condition `Encrypted` of an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptedCondition {
    /// Whose values it speaks of.
    pub server: ApiServer,
    /// `EncryptionCompleted`, `EncryptionInProgress`, `EncryptionDisabled`, `DecryptionInProgress` or
    /// `DecryptionCompleted`.
    pub reason: String,
    /// For people.
    pub message: String,
}

/// Operators and the server whose encryption they report on.
const OPERATORS: [(&[u8], ApiServer); 3] = [
    (b"kubeapiservers", ApiServer::Kube),
    (b"openshiftapiservers", ApiServer::OpenShift),
    (b"authentications", ApiServer::OAuth),
];

impl Said {
    /// Reads what the live objects say.
    pub(crate) fn read(scan: &Scan<'_>, spread: &impl Spread) -> Self {
        let mut said = Self::default();
        for live in scan.store.live_sorted(|key| Self::speaks(&StorageKey::parse(key)).is_some(), spread) {
            let object = StoredObject::decode(live.kv.value, &DecodeOptions::default());
            let (Some(server), Ok(object)) = (Self::speaks(&StorageKey::parse(live.kv.key)), object) else { continue };
            match server {
                Some(server) => said.conditions.extend(condition(server, object.json())),
                None => {
                    let kind = object.json().pointer("/spec/encryption/type").and_then(Value::as_str);
                    said.wanted = Some(kind.unwrap_or_default().to_owned());
                }
            }
        }
        said
    }

    /// Whether an object is one of those, and of which server an operator's speaks.
    fn speaks(key: &StorageKey<'_>) -> Option<Option<ApiServer>> {
        match (key.group, key.resource, key.name) {
            (b"config.openshift.io", b"apiservers", b"cluster") => Some(None),
            (b"operator.openshift.io", resource, b"cluster") => {
                OPERATORS.iter().find(|(name, _)| *name == resource).map(|(_, server)| Some(*server))
            }
            _ => None,
        }
    }

    /// Whether the cluster is told to encrypt.
    #[must_use]
    pub fn wants_encryption(&self) -> bool {
        self.wanted.as_deref().is_some_and(|wanted| !matches!(wanted, "" | "identity"))
    }

    /// The condition of a server's operator.
    #[must_use]
    pub fn condition(&self, server: ApiServer) -> Option<&EncryptedCondition> {
        self.conditions.iter().find(|condition| condition.server == server)
    }
}

impl EncryptedCondition {
    /// What it says of the migration.
    #[must_use]
    pub fn migration(&self) -> Migration {
        match self.reason.as_str() {
            "EncryptionInProgress" | "DecryptionInProgress" => Migration::UnderWay,
            "EncryptionCompleted" | "DecryptionCompleted" => Migration::Finished,
            _ => Migration::Unknown,
        }
    }
}

fn condition(server: ApiServer, object: &Value) -> Option<EncryptedCondition> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    let found = conditions.iter().find(|condition| condition["type"] == "Encrypted")?;
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    Some(EncryptedCondition { server, reason: text("reason"), message: text("message") })
}

/// What writes a resource: the first provider of the first configuration in use that names it.
pub(crate) fn writer(unlocked: &Unlocked, resource: &GroupResource) -> Writer {
    let mut in_use = unlocked.configs().iter().filter(|source| source.in_use);
    let providers = in_use.find_map(|source| {
        let providers = source.config.providers_for(resource);
        (!providers.is_empty()).then_some(providers)
    });
    match providers.and_then(|providers| providers.into_iter().next()) {
        None => Writer::Unknown,
        Some(Provider::Identity) => Writer::Plaintext,
        Some(Provider::Kms(kms)) => {
            let provider = if kms.v2 { ProviderKind::KmsV2 } else { ProviderKind::KmsV1 };
            Writer::Key { provider, name: kms.name.clone() }
        }
        Some(provider) => match provider.keys().first() {
            Some(key) => Writer::Key { provider: provider.kind(), name: key.name().to_owned() },
            None => Writer::Unknown,
        },
    }
}

/// Whether a configuration in use has a key for the resource, to write or to read.
pub(crate) fn has_keys(unlocked: &Unlocked, resource: &GroupResource) -> bool {
    unlocked.configs().iter().filter(|source| source.in_use).any(|source| {
        let providers = source.config.providers_for(resource);
        providers.iter().any(|provider| {
            matches!(provider, Provider::Kms(_)) || provider.keys().iter().any(|key| !key.is_bookkeeping())
        })
    })
}

/// How far the encryption of a resource has come.
pub(crate) fn coverage(tally: &ResourceTally, writer: &Writer, has_keys: bool, said: Migration) -> Coverage {
    let keys: Vec<&KeyTally> = tally.keys.iter().filter(|key| key.live > 0).collect();
    match (tally.live, tally.encrypted(), tally.plain) {
        (0, ..) => Coverage::Empty,
        (_, 0, _) => match writer {
            Writer::Key { .. } => Coverage::Migrating,
            _ if !has_keys => Coverage::NeverEncrypted,
            _ if said == Migration::UnderWay => Coverage::Migrating,
            _ => Coverage::Decrypted,
        },
        _ if *writer == Writer::Plaintext => Coverage::Decrypting,
        (.., 0) => match (writer, &keys[..]) {
            (Writer::Key { .. }, keys) if keys.iter().all(|key| key.standing == Some(Standing::Write)) => {
                Coverage::Complete
            }
            (Writer::Key { .. }, _) => Coverage::RotationUnfinished,
            (_, [_]) => Coverage::Complete,
            _ => Coverage::RotationUnfinished,
        },
        _ => Coverage::PartiallyEncrypted,
    }
}

/// What the operator says of the migration of a resource.
///
/// The annotations of the key that writes come first: the `Encrypted` condition says nothing of a rotation that has
/// begun since its last transition.
pub(crate) fn migration(
    server: ApiServer,
    resource: &GroupResource,
    writer: &Writer,
    chain: &Chain,
    said: &Said,
) -> (Migration, Option<ToldBy>) {
    if let Writer::Key { name, .. } = writer {
        let id = name.split_once('_').map_or(name.as_str(), |(id, _)| id).parse::<u64>().ok();
        if let Some(secret) = id.and_then(|id| chain.key(server, id)) {
            let migration = if secret.has_migrated(resource) { Migration::Finished } else { Migration::UnderWay };
            return (migration, Some(ToldBy::KeySecret));
        }
    }
    match said.condition(server).map(EncryptedCondition::migration) {
        None | Some(Migration::Unknown) => (Migration::Unknown, None),
        Some(migration) => (migration, Some(ToldBy::Operator)),
    }
}
