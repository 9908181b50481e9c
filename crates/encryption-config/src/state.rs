//! What the order of providers means.
use crate::config::{EncryptionConfig, GroupResource, Kms, Provider};
use crate::key::Key;
use crate::kind::ProviderKind;

/// One resource of a configuration, read as library-go's state machine writes it.
pub struct ResourceState<'c> {
    /// The resource or wildcard.
    pub resource: &'c GroupResource,
    /// What writes new values; `None` where the list of providers is empty.
    pub writer: Option<KeyUse<'c>>,
    /// What reads values besides the writer, in the order it is tried; no bookkeeping entries.
    pub readers: Vec<KeyUse<'c>>,
    /// What this order means.
    pub state: State,
    /// Writer and readers are of different kinds: the mode was changed.
    pub mode_change: bool,
}

/// One thing that writes or reads values.
#[derive(Clone, Copy)]
pub enum KeyUse<'c> {
    /// Plaintext.
    Identity,
    /// A symmetric key.
    Key {
        /// Its provider.
        provider: ProviderKind,
        /// The key.
        key: &'c Key,
    },
    /// A KMS plugin.
    Kms(&'c Kms),
    /// A provider this crate does not know, by its name.
    Unknown(&'c str),
}

impl KeyUse<'_> {
    /// Returns the provider's kind.
    #[must_use]
    pub fn provider(&self) -> ProviderKind {
        match self {
            KeyUse::Identity => ProviderKind::Identity,
            KeyUse::Key { provider, .. } => *provider,
            KeyUse::Kms(kms) if kms.v2 => ProviderKind::KmsV2,
            KeyUse::Kms(_) => ProviderKind::KmsV1,
            KeyUse::Unknown(_) => ProviderKind::Unknown,
        }
    }

    /// Returns the name of the key, plugin or unknown provider; empty for plaintext.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            KeyUse::Identity => "",
            KeyUse::Key { key, .. } => key.name(),
            KeyUse::Kms(kms) => &kms.name,
            KeyUse::Unknown(name) => name,
        }
    }

    fn generation(&self) -> Option<u64> {
        match self {
            KeyUse::Key { key, .. } => key.generation(),
            KeyUse::Kms(kms) => kms.generation(),
            KeyUse::Identity | KeyUse::Unknown(_) => None,
        }
    }

    fn is_real(&self) -> bool {
        !matches!(self, KeyUse::Identity)
    }
}

/// What an order of providers means. Whether a migration has finished cannot be told from a
/// configuration: count the prefixes of the snapshot, or read the key secrets' annotations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Only `identity`, or nothing: never encrypted, or not yet.
    NeverEncrypted,
    /// `identity` writes and a new key only reads: the first step of enabling (or re-enabling)
    /// encryption. The data is still plaintext.
    ReadKeyDistributed,
    /// One key writes, `identity` reads: encryption was enabled; the migration of older values
    /// is running or finished.
    Writing,
    /// The key writes and a newer one only reads: the first step of a rotation.
    RotationReadKeyDistributed,
    /// The newest key writes and older ones read: a rotation whose migration is running or
    /// finished. This is the steady state between rotations.
    Rotated,
    /// `identity` writes and older keys read: decrypting, or decrypted.
    Decrypting,
    /// A key writes after a time of plaintext, of which a bookkeeping entry is left.
    ReEnabled,
    /// A key writes and others read, but their names do not tell which one is newer.
    WritingOrderUnknown,
}

impl EncryptionConfig {
    /// Says for each resource of the file what its providers mean, in the order of the file; a
    /// resource that stands twice is reported once, with the providers of both places.
    #[must_use]
    pub fn states(&self) -> Vec<ResourceState<'_>> {
        let mut resources: Vec<&GroupResource> = Vec::new();
        for resource in self.entries.iter().flat_map(|entry| &entry.resources) {
            if !resources.contains(&resource) {
                resources.push(resource);
            }
        }
        resources.into_iter().map(|resource| state_of(resource, &self.providers_for(resource))).collect()
    }
}

fn state_of<'c>(resource: &'c GroupResource, providers: &[&'c Provider]) -> ResourceState<'c> {
    let uses: Vec<KeyUse<'c>> = providers.iter().flat_map(|provider| uses_of(provider)).collect();
    let fake = uses.iter().filter(|used| is_bookkeeping(used)).filter_map(KeyUse::generation).max();
    let has_fake = uses.iter().any(is_bookkeeping);
    let mut real = uses.into_iter().filter(|used| !is_bookkeeping(used));
    let writer = real.next();
    let readers: Vec<KeyUse<'c>> = real.collect();
    let state = classify(writer.as_ref(), &readers, has_fake, fake);
    let mode_change = writer.as_ref().is_some_and(|writer| {
        writer.is_real() && readers.iter().any(|reader| reader.is_real() && reader.provider() != writer.provider())
    });
    ResourceState { resource, writer, readers, state, mode_change }
}

fn uses_of<'c>(provider: &'c Provider) -> Vec<KeyUse<'c>> {
    match provider {
        Provider::Identity => vec![KeyUse::Identity],
        Provider::Kms(kms) => vec![KeyUse::Kms(kms)],
        Provider::Unknown { name } => vec![KeyUse::Unknown(name)],
        Provider::AesCbc { keys } | Provider::AesGcm { keys } | Provider::SecretBox { keys } => {
            keys.iter().map(|key| KeyUse::Key { provider: provider.kind(), key }).collect()
        }
    }
}

fn is_bookkeeping(used: &KeyUse<'_>) -> bool {
    matches!(used, KeyUse::Key { key, .. } if key.is_bookkeeping())
}

fn classify(writer: Option<&KeyUse<'_>>, readers: &[KeyUse<'_>], has_fake: bool, fake: Option<u64>) -> State {
    let real: Vec<&KeyUse<'_>> = readers.iter().filter(|reader| reader.is_real()).collect();
    let newest_reader = real.iter().filter_map(|reader| reader.generation()).max();
    match writer {
        None => State::NeverEncrypted,
        Some(KeyUse::Identity) if real.is_empty() => State::NeverEncrypted,
        Some(KeyUse::Identity) => match (has_fake, fake, newest_reader) {
            // the bookkeeping entry is the generation that writes plaintext now
            (true, Some(fake), Some(newest)) if newest > fake => State::ReadKeyDistributed,
            (true, ..) => State::Decrypting,
            (false, ..) if real.len() == 1 => State::ReadKeyDistributed,
            (false, ..) => State::Decrypting,
        },
        Some(_) if real.is_empty() && has_fake => State::ReEnabled,
        Some(_) if real.is_empty() => State::Writing,
        Some(writer) => match (writer.generation(), newest_reader) {
            (Some(own), Some(newest)) if newest > own => State::RotationReadKeyDistributed,
            // older keys only from before the time of plaintext
            (Some(_), Some(newest)) if fake.is_some_and(|fake| newest < fake) => State::ReEnabled,
            (Some(_), Some(_)) => State::Rotated,
            _ => State::WritingOrderUnknown,
        },
    }
}
