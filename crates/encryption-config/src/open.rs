//! The three ciphers, as kube-apiserver's transformers use them.
use aes::{Aes128, Aes192, Aes256};
use aes_gcm::aead::consts::U12;
use aes_gcm::aead::generic_array::GenericArray;
use aes_gcm::{AeadInPlace, Aes128Gcm, Aes256Gcm, AesGcm, KeyInit};
use cbc::cipher::block_padding::NoPadding;
use cbc::cipher::{BlockDecryptMut, KeyIvInit};
use crypto_secretbox::XSalsa20Poly1305;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::config::ProviderKind;

const BLOCK: usize = 16;
const GCM_NONCE: usize = 12;
const SECRETBOX_NONCE: usize = 24;
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

/// Opens a body with one key.
pub(crate) fn open_body(
    kind: ProviderKind,
    key: &[u8],
    etcd_key: &[u8],
    body: &[u8],
) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    match kind {
        ProviderKind::AesCbc => open_aescbc(key, body),
        ProviderKind::AesGcm => open_aesgcm(key, etcd_key, body),
        ProviderKind::SecretBox => open_secretbox(key, body),
        ProviderKind::Identity | ProviderKind::KmsV1 | ProviderKind::KmsV2 | ProviderKind::Unknown => {
            Err(BodyError::KeyLength)
        }
    }
}

/// IV 16 ‖ AES-CBC. The writer always pads, so the least body is IV and one block.
fn open_aescbc(key: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    let short = BodyError::TooShort { got: body.len(), least: 2 * BLOCK };
    let (iv, blocks) = body.split_first_chunk::<BLOCK>().ok_or(short)?;
    if blocks.is_empty() {
        return Err(short);
    }
    if blocks.len() % BLOCK != 0 {
        return Err(BodyError::NotWholeBlocks { got: body.len() });
    }
    let mut plain = Zeroizing::new(blocks.to_vec());
    match key.len() {
        16 => decrypt_cbc::<Aes128>(key, iv, &mut plain)?,
        24 => decrypt_cbc::<Aes192>(key, iv, &mut plain)?,
        32 => decrypt_cbc::<Aes256>(key, iv, &mut plain)?,
        _ => return Err(BodyError::KeyLength),
    }
    let unpadded = pkcs7_length(&plain).ok_or(BodyError::Padding)?;
    plain.truncate(unpadded);
    Ok(plain)
}

fn decrypt_cbc<C>(key: &[u8], iv: &[u8; BLOCK], blocks: &mut [u8]) -> Result<(), BodyError>
where
    C: cbc::cipher::BlockCipher + cbc::cipher::BlockDecryptMut,
    cbc::Decryptor<C>: KeyIvInit,
    C: cbc::cipher::KeyInit,
{
    let decryptor = cbc::Decryptor::<C>::new_from_slices(key, iv).map_err(|_| BodyError::KeyLength)?;
    decryptor.decrypt_padded_mut::<NoPadding>(blocks).map_err(|_| BodyError::Padding)?;
    Ok(())
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
fn open_aesgcm(key: &[u8], etcd_key: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    let short = BodyError::TooShort { got: body.len(), least: GCM_NONCE + TAG };
    let (nonce, sealed) = body.split_first_chunk::<GCM_NONCE>().ok_or(short)?;
    let (ciphertext, tag) = sealed.split_last_chunk::<TAG>().ok_or(short)?;
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    let (nonce, tag) = (GenericArray::from_slice(nonce), GenericArray::from_slice(tag));
    let outcome = match key.len() {
        16 => Aes128Gcm::new_from_slice(key).map(|c| c.decrypt_in_place_detached(nonce, etcd_key, &mut plain, tag)),
        24 => AesGcm::<Aes192, U12>::new_from_slice(key)
            .map(|c| c.decrypt_in_place_detached(nonce, etcd_key, &mut plain, tag)),
        32 => Aes256Gcm::new_from_slice(key).map(|c| c.decrypt_in_place_detached(nonce, etcd_key, &mut plain, tag)),
        _ => return Err(BodyError::KeyLength),
    };
    outcome.map_err(|_| BodyError::KeyLength)?.map_err(|_| BodyError::Authentication)?;
    Ok(plain)
}

/// Nonce 24 ‖ tag 16 ‖ ciphertext.
fn open_secretbox(key: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, BodyError> {
    let short = BodyError::TooShort { got: body.len(), least: SECRETBOX_NONCE + TAG };
    let (nonce, sealed) = body.split_first_chunk::<SECRETBOX_NONCE>().ok_or(short)?;
    let (tag, ciphertext) = sealed.split_first_chunk::<TAG>().ok_or(short)?;
    let mut plain = Zeroizing::new(ciphertext.to_vec());
    let cipher = XSalsa20Poly1305::new_from_slice(key).map_err(|_| BodyError::KeyLength)?;
    let (nonce, tag) = (GenericArray::from_slice(nonce), GenericArray::from_slice(tag));
    cipher.decrypt_in_place_detached(nonce, b"", &mut plain, tag).map_err(|_| BodyError::Authentication)?;
    Ok(plain)
}
