//! Writing values as an API server does that runs with a configuration: the first key of the first provider.
use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::{AeadCore, AeadInOut};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockCipherEncrypt, BlockModeEncrypt, BlockSizeUser, InnerIvInit};
use crypto_secretbox::XSalsa20Poly1305;
use crypto_secretbox::aead::AeadInPlace;
use crypto_secretbox::aead::generic_array::GenericArray;
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::config::{EncryptionConfig, GroupResource, Provider};
use crate::kind::ProviderKind;
use crate::open::{BLOCK, GCM_NONCE, SECRETBOX_NONCE};
use crate::ready::{Ready, Sealing};

/// Why nothing can be written as a configuration says. Names come from it: escape them before printing.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SealError {
    /// Only the service itself can seal.
    #[error("new values are sealed by KMS plugin `{plugin}`, which only the service that holds the key can do")]
    Kms {
        /// The plugin's name.
        plugin: String,
    },
    /// A provider that this crate does not know.
    #[error("new values are sealed by the unknown provider `{name}`")]
    UnknownProvider {
        /// Its name in the file.
        name: String,
    },
    /// The key that writes has no usable bytes: broken base64, a wrong length, library-go's bookkeeping entry, no key.
    #[error("new values are sealed by {provider} key `{key_name}`, of which the configuration holds no usable bytes")]
    UnusableKey {
        /// The provider.
        provider: ProviderKind,
        /// The key's name; empty where there is none.
        key_name: String,
    },
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    NoRandom(String),
    /// The value is longer than the cipher takes.
    #[error("the value is too long to be sealed")]
    TooLong,
}

/// What writes new values of a resource. Without `Debug` and `Clone`, and its key is wiped on drop.
pub struct Sealer {
    provider: ProviderKind,
    key_name: String,
    prefix: Vec<u8>,
    /// `None` for plaintext.
    ready: Option<Ready<Sealing>>,
}

impl EncryptionConfig {
    /// What writes new values of a resource; `None` where the configuration does not name it.
    #[must_use]
    pub fn sealer(&self, resource: &GroupResource) -> Option<Result<Sealer, SealError>> {
        let writer = *self.providers_for(resource).first()?;
        Some(match writer {
            Provider::Identity => Ok(Sealer {
                provider: ProviderKind::Identity,
                key_name: String::new(),
                prefix: Vec::new(),
                ready: None,
            }),
            Provider::Kms(kms) => Err(SealError::Kms { plugin: kms.name.clone() }),
            Provider::Unknown { name } => Err(SealError::UnknownProvider { name: name.clone() }),
            Provider::AesCbc { .. } | Provider::AesGcm { .. } | Provider::SecretBox { .. } => Sealer::of(writer),
        })
    }
}

impl Sealer {
    fn of(writer: &Provider) -> Result<Self, SealError> {
        let (provider, key) = (writer.kind(), writer.keys().first());
        let key_name = key.map(|key| key.name().to_owned()).unwrap_or_default();
        let ready = key.and_then(|key| Ready::new(provider, key.opening_bytes()?));
        let prefix = format!("k8s:enc:{provider}:v1:{key_name}:").into_bytes();
        match ready {
            Some(_) => Ok(Self { provider, key_name, prefix, ready }),
            None => Err(SealError::UnusableKey { provider, key_name }),
        }
    }

    /// The provider.
    #[must_use]
    pub fn provider(&self) -> ProviderKind {
        self.provider
    }

    /// Name of the key; empty for plaintext.
    #[must_use]
    pub fn key_name(&self) -> &str {
        &self.key_name
    }

    /// Puts the value into `room` as it is stored under `etcd_key`, with a nonce that the system draws. What `room` held is
    /// gone; its memory is used again.
    ///
    /// # Errors
    /// [`SealError::NoRandom`], [`SealError::TooLong`]; `room` is empty then.
    pub fn seal(&self, etcd_key: &[u8], plain: &[u8], room: &mut Zeroizing<Vec<u8>>) -> Result<(), SealError> {
        let mut nonce = [0; SECRETBOX_NONCE];
        let nonce = nonce.get_mut(..self.ready.as_ref().map_or(0, Ready::nonce)).unwrap_or_default();
        getrandom::fill(nonce).map_err(|error| SealError::NoRandom(error.to_string()))?;
        self.seal_with(nonce, etcd_key, plain, room).inspect_err(|_| room.zeroize())
    }

    fn seal_with(
        &self,
        nonce: &[u8],
        etcd_key: &[u8],
        plain: &[u8],
        room: &mut Zeroizing<Vec<u8>>,
    ) -> Result<(), SealError> {
        let most = self.prefix.len().saturating_add(plain.len()).saturating_add(SECRETBOX_NONCE + 2 * BLOCK);
        // to grow it later would leave what it held behind
        if room.capacity() < most {
            *room = Zeroizing::new(Vec::with_capacity(most.next_power_of_two()));
        }
        room.clear();
        room.extend_from_slice(&self.prefix);
        room.extend_from_slice(nonce);
        let Some(ready) = &self.ready else {
            room.extend_from_slice(plain);
            return Ok(());
        };
        let sealed = match ready {
            Ready::Cbc128(cipher) => seal_aescbc(&**cipher, nonce, plain, room),
            Ready::Cbc192(cipher) => seal_aescbc(&**cipher, nonce, plain, room),
            Ready::Cbc256(cipher) => seal_aescbc(&**cipher, nonce, plain, room),
            Ready::Gcm128(cipher) => seal_aesgcm(&**cipher, nonce, etcd_key, plain, room),
            Ready::Gcm192(cipher) => seal_aesgcm(&**cipher, nonce, etcd_key, plain, room),
            Ready::Gcm256(cipher) => seal_aesgcm(&**cipher, nonce, etcd_key, plain, room),
            Ready::SecretBox(cipher) => seal_secretbox(cipher, nonce, plain, room),
        };
        sealed.ok_or(SealError::TooLong)
    }
}

impl Ready<Sealing> {
    /// Bytes of the nonce.
    fn nonce(&self) -> usize {
        match self {
            Self::Cbc128(_) | Self::Cbc192(_) | Self::Cbc256(_) => BLOCK,
            Self::Gcm128(_) | Self::Gcm192(_) | Self::Gcm256(_) => GCM_NONCE,
            Self::SecretBox(_) => SECRETBOX_NONCE,
        }
    }
}

/// IV 16 ‖ AES-CBC, padded as PKCS#7 pads: by 1 to 16 bytes.
fn seal_aescbc<C>(cipher: &C, iv: &[u8], plain: &[u8], room: &mut Vec<u8>) -> Option<()>
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    let (at, padding) = (room.len(), BLOCK - plain.len() % BLOCK);
    room.extend_from_slice(plain);
    room.extend(std::iter::repeat_n(u8::try_from(padding).ok()?, padding));
    let blocks = room.get_mut(at..)?;
    let (iv, length) = (iv.first_chunk::<BLOCK>()?, blocks.len());
    let encryptor = cbc::Encryptor::<&C>::inner_iv_init(cipher, iv.into());
    encryptor.encrypt_padded::<NoPadding>(blocks, length).ok().map(drop)
}

/// Nonce 12 ‖ ciphertext ‖ tag 16; the full etcd key is associated data.
fn seal_aesgcm<C>(cipher: &C, nonce: &[u8], etcd_key: &[u8], plain: &[u8], room: &mut Vec<u8>) -> Option<()>
where
    C: AeadInOut + AeadCore<NonceSize = U12, TagSize = U16>,
{
    let at = room.len();
    room.extend_from_slice(plain);
    let nonce = nonce.first_chunk::<GCM_NONCE>()?;
    let tag = cipher.encrypt_inout_detached(nonce.into(), etcd_key, room.get_mut(at..)?.into()).ok()?;
    room.extend_from_slice(&tag);
    Some(())
}

/// Nonce 24 ‖ tag 16 ‖ ciphertext.
fn seal_secretbox(cipher: &XSalsa20Poly1305, nonce: &[u8], plain: &[u8], room: &mut Vec<u8>) -> Option<()> {
    let at = room.len();
    room.extend_from_slice(&[0; BLOCK]);
    room.extend_from_slice(plain);
    let nonce = GenericArray::from_slice(nonce.first_chunk::<SECRETBOX_NONCE>()?);
    let (tag, ciphertext) = room.get_mut(at..)?.split_first_chunk_mut::<BLOCK>()?;
    tag.copy_from_slice(&cipher.encrypt_in_place_detached(nonce, b"", ciphertext).ok()?);
    Some(())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::Value;

    use super::*;
    use crate::{Keyring, StoredValue};

    /// Values that real API servers sealed, sealed again under the nonces that they drew: the same bytes.
    #[test]
    fn a_value_is_sealed_as_an_api_server_seals_it() {
        let list: Vec<Value> = serde_json::from_str(include_str!("../tests/data/recorded.json")).unwrap();
        let mut providers = Vec::new();
        for value in &list {
            let text = |field: &str| value[field].as_str().unwrap();
            let config = || {
                let config = fixtures::named(text("fixture")).read(text("config")).unwrap();
                EncryptionConfig::parse(&config).unwrap()
            };
            let stored = STANDARD.decode(text("stored")).unwrap();
            let mut ring = Keyring::default();
            ring.add(config());
            let opened = ring.open(text("resource"), text("etcdKey").as_bytes(), &stored).unwrap();
            let config = config();
            let provided = config.providers_for(&GroupResource::parse(text("resource")));
            let keys =
                provided.iter().flat_map(|provider| provider.keys().iter().map(move |key| (provider.kind(), key)));
            let StoredValue::Encrypted { kind, name, body, .. } = StoredValue::read(&stored).unwrap() else { panic!() };
            let (_, key) = keys.into_iter().find(|(of, key)| *of == kind && key.name() == name).unwrap();
            let ready = Ready::<Sealing>::new(kind, key.opening_bytes().unwrap()).unwrap();
            let nonce = &body[..ready.nonce()];
            let prefix = format!("k8s:enc:{kind}:v1:{name}:").into_bytes();
            let sealer = Sealer { provider: kind, key_name: name.to_owned(), prefix, ready: Some(ready) };
            let mut room = Zeroizing::new(Vec::new());
            sealer.seal_with(nonce, text("etcdKey").as_bytes(), &opened.plaintext, &mut room).unwrap();
            assert!(*room == stored, "{}", text("etcdKey"));
            providers.push(kind.as_str());
        }
        providers.sort_unstable();
        providers.dedup();
        assert_eq!(providers, ["aescbc", "aesgcm"]);
    }
}
