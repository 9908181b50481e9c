//! The three ciphers, as kube-apiserver's transformers use them.
use std::sync::Arc;

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadCore, AeadInOut};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, BlockSizeUser, InnerIvInit};
use crypto_secretbox::XSalsa20Poly1305;
use crypto_secretbox::aead::AeadInPlace;
use crypto_secretbox::aead::generic_array::GenericArray;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::key::{Key, Material};
use crate::kind::ProviderKind;
use crate::ready::{Opening, Ready};
use crate::stored::Magic;

pub(crate) const BLOCK: usize = 16;
pub(crate) const GCM_NONCE: usize = 12;
pub(crate) const SECRETBOX_NONCE: usize = 24;
const TAG: usize = 16;

/// Why a body does not open with a key of the right name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Shorter than the least a writer produces.
    #[error("the encrypted body has {got} bytes, the least is {least}: the value is truncated")]
    TooShort {
        /// Its length.
        got: usize,
        /// The least length of this provider.
        least: usize,
    },
    /// aescbc: the body is not whole blocks.
    #[error("the encrypted body has {got} bytes, not a multiple of 16: the value is truncated")]
    NotWholeBlocks {
        /// Its length.
        got: usize,
    },
    /// aescbc: the padding is wrong. A wrong key of the same name is the usual reason.
    #[error("the padding is wrong: another key of the same name, or damage")]
    Padding,
    /// aesgcm, secretbox: the tag does not fit. A wrong key, damage, or (aesgcm) another etcd key.
    #[error(
        "the authentication tag does not fit: another key of the same name, damage, or a value moved from another etcd key"
    )]
    Authentication,
    /// The key has a length the cipher does not take.
    #[error("the key length does not fit the provider")]
    KeyLength,
}

/// A key made ready to open many values: its schedule is computed once.
///
/// Without `Debug` and `Clone`, and wiped on drop, as [`Key`](crate::Key) is.
pub struct Cipher {
    ready: Ready<Opening>,
    key: Arc<Material>,
}

impl Key {
    /// Makes the key ready to open values of a provider; `None` for a placeholder, a key without usable bytes, and a
    /// provider that takes no key.
    #[must_use]
    pub fn cipher(&self, provider: ProviderKind) -> Option<Cipher> {
        Cipher::new(provider, self.opening_material()?)
    }
}

impl Cipher {
    /// Prepares a key; `None` where the provider takes no key of this length.
    fn new(provider: ProviderKind, key: &Arc<Material>) -> Option<Self> {
        Some(Self { ready: Ready::new(provider, key.bytes())?, key: Arc::clone(key) })
    }

    /// Says whether this was made of the same bytes as `key`, by whatever name.
    #[must_use]
    pub fn is_of(&self, key: &Key) -> bool {
        key.opening_bytes().is_some_and(|bytes| bytes == self.key.bytes())
    }

    /// Whether it is worth while to open a body: of aescbc, whether the first block opens to the beginning of an object. That
    /// turns a wrong key away without the rest; of a body that is cut short, [`Cipher::open`] tells.
    #[must_use]
    pub fn may_open(&self, body: &[u8]) -> bool {
        let begins = match &self.ready {
            Ready::Cbc128(cipher) => first_block(&**cipher, body),
            Ready::Cbc192(cipher) => first_block(&**cipher, body),
            Ready::Cbc256(cipher) => first_block(&**cipher, body),
            Ready::Gcm128(_) | Ready::Gcm192(_) | Ready::Gcm256(_) | Ready::SecretBox(_) => None,
        };
        begins.is_none_or(|block| Magic::of(&*block).is_some())
    }

    /// Opens the body of a value, which is what follows the prefix, into `room`. What `room` held is gone; its memory
    /// is used again, so one buffer serves many values.
    ///
    /// # Errors
    /// [`BodyError`]; `room` then holds nothing that may be used.
    pub fn open(&self, etcd_key: &[u8], body: &[u8], room: &mut Zeroizing<Vec<u8>>) -> Result<(), BodyError> {
        self.ready.open(etcd_key, body, room)
    }
}

impl Ready<Opening> {
    fn open(&self, etcd_key: &[u8], body: &[u8], room: &mut Zeroizing<Vec<u8>>) -> Result<(), BodyError> {
        match self {
            Ready::Cbc128(cipher) => open_aescbc(&**cipher, body, room),
            Ready::Cbc192(cipher) => open_aescbc(&**cipher, body, room),
            Ready::Cbc256(cipher) => open_aescbc(&**cipher, body, room),
            Ready::Gcm128(cipher) => open_aesgcm(&**cipher, etcd_key, body, room),
            Ready::Gcm192(cipher) => open_aesgcm(&**cipher, etcd_key, body, room),
            Ready::Gcm256(cipher) => open_aesgcm(&**cipher, etcd_key, body, room),
            Ready::SecretBox(cipher) => open_secretbox(cipher, body, room),
        }
    }
}

/// Opens a body with one key.
pub(crate) fn open_body(
    kind: ProviderKind,
    key: &[u8],
    etcd_key: &[u8],
    body: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    let mut plain = Zeroizing::new(Vec::new());
    Ready::<Opening>::new(kind, key).ok_or(BodyError::KeyLength)?.open(etcd_key, body, &mut plain)?;
    Ok(plain)
}

/// Makes `room` so long; what it holds is to be written over. A buffer that is too small is wiped and replaced: to grow it
/// would leave its content behind in freed memory.
fn make_room(room: &mut Zeroizing<Vec<u8>>, length: usize) {
    if room.capacity() < length {
        *room = Zeroizing::new(Vec::with_capacity(length.next_power_of_two()));
    }
    room.resize(length, 0);
}

/// IV 16 ‖ AES-CBC. The writer always pads, so the least body is IV and one block.
fn open_aescbc<C>(cipher: &C, body: &[u8], room: &mut Zeroizing<Vec<u8>>) -> Result<(), BodyError>
where
    C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>,
{
    let short = BodyError::TooShort { got: body.len(), least: 2 * BLOCK };
    let (iv, blocks) = body.split_first_chunk::<BLOCK>().ok_or(short)?;
    if blocks.is_empty() {
        return Err(short);
    }
    if blocks.len() % BLOCK != 0 {
        return Err(BodyError::NotWholeBlocks { got: body.len() });
    }
    make_room(room, blocks.len());
    let decryptor = cbc::Decryptor::<&C>::inner_iv_init(cipher, iv.into());
    decryptor.decrypt_padded_b2b::<NoPadding>(blocks, room).map_err(|_| BodyError::Padding)?;
    let unpadded = pkcs7_length(room).ok_or(BodyError::Padding)?;
    room.truncate(unpadded);
    Ok(())
}

/// The first block of an AES-CBC body; `None` where it has no whole blocks.
fn first_block<C: BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>>(
    cipher: &C,
    body: &[u8],
) -> Option<Zeroizing<[u8; BLOCK]>> {
    let (iv, blocks) = body.split_first_chunk::<BLOCK>()?;
    let first = blocks.first_chunk::<BLOCK>().filter(|_| blocks.len() % BLOCK == 0)?;
    let mut block = Zeroizing::new(*first);
    cipher.decrypt_block((&mut *block).into());
    block.iter_mut().zip(iv).for_each(|(byte, iv)| *byte ^= iv);
    Some(block)
}

/// The length without PKCS#7 padding: 1 to 16 bytes, each holding the count.
///
/// kube-apiserver takes counts above 16 as well; no writer produces them, and to refuse them
/// turns a wrong key away more often.
fn pkcs7_length(plain: &[u8]) -> Option<usize> {
    let count = usize::from(*plain.last()?);
    if !(1..=BLOCK).contains(&count) {
        return None;
    }
    let unpadded = plain.len().checked_sub(count)?;
    let padding = plain.get(unpadded..)?;
    padding.iter().all(|byte| usize::from(*byte) == count).then_some(unpadded)
}

/// Nonce 12 ‖ ciphertext ‖ tag 16; the full etcd key is associated data.
fn open_aesgcm<C>(cipher: &C, etcd_key: &[u8], body: &[u8], room: &mut Zeroizing<Vec<u8>>) -> Result<(), BodyError>
where
    C: AeadInOut + AeadCore<NonceSize = U12, TagSize = U16>,
{
    let short = BodyError::TooShort { got: body.len(), least: GCM_NONCE + TAG };
    let (nonce, sealed) = body.split_first_chunk::<GCM_NONCE>().ok_or(short)?;
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG>().ok_or(short)?;
    make_room(room, ciphertext.len());
    let bytes = InOutBuf::new(ciphertext, room).map_err(|_| BodyError::Authentication)?;
    cipher.decrypt_inout_detached(nonce.into(), etcd_key, bytes, tag.into()).map_err(|_| BodyError::Authentication)
}

/// Nonce 24 ‖ tag 16 ‖ ciphertext.
fn open_secretbox(cipher: &XSalsa20Poly1305, body: &[u8], room: &mut Zeroizing<Vec<u8>>) -> Result<(), BodyError> {
    let short = BodyError::TooShort { got: body.len(), least: SECRETBOX_NONCE + TAG };
    let (nonce, sealed) = body.split_first_chunk::<SECRETBOX_NONCE>().ok_or(short)?;
    let (tag, ciphertext) = sealed.split_first_chunk::<TAG>().ok_or(short)?;
    make_room(room, ciphertext.len());
    room.copy_from_slice(ciphertext);
    let (nonce, tag) = (GenericArray::from_slice(nonce), GenericArray::from_slice(tag));
    cipher.decrypt_in_place_detached(nonce, b"", room, tag).map_err(|_| BodyError::Authentication)
}
