//! A cipher made ready with a key, its schedule computed once: to open values, or to seal them.
use aes::{Aes128Dec, Aes128Enc, Aes192, Aes192Dec, Aes192Enc, Aes256Dec, Aes256Enc};
use aes_gcm::aead::consts::U12;
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm, KeyInit};
use crypto_secretbox::{KeyInit as _, XSalsa20Poly1305};

use crate::kind::{ProviderKind, Suite};

/// Which way values go: the schedules of AES-CBC are not the same for both.
pub(crate) trait Way {
    type Aes128: KeyInit;
    type Aes192: KeyInit;
    type Aes256: KeyInit;
}

/// Values are opened.
pub(crate) enum Opening {}
/// Values are sealed.
pub(crate) enum Sealing {}

impl Way for Opening {
    type Aes128 = Aes128Dec;
    type Aes192 = Aes192Dec;
    type Aes256 = Aes256Dec;
}

impl Way for Sealing {
    type Aes128 = Aes128Enc;
    type Aes192 = Aes192Enc;
    type Aes256 = Aes256Enc;
}

/// A cipher with its key. Boxed, because the schedules are of very different sizes.
pub(crate) enum Ready<W: Way> {
    Cbc128(Box<W::Aes128>),
    Cbc192(Box<W::Aes192>),
    Cbc256(Box<W::Aes256>),
    Gcm128(Box<Aes128Gcm>),
    Gcm192(Box<AesGcm<Aes192, U12>>),
    Gcm256(Box<Aes256Gcm>),
    SecretBox(Box<XSalsa20Poly1305>),
}

impl<W: Way> Ready<W> {
    /// `None` where the provider takes no key of this length.
    pub(crate) fn new(provider: ProviderKind, key: &[u8]) -> Option<Self> {
        fn ready<T: KeyInit, R>(key: &[u8], of: impl Fn(Box<T>) -> R) -> Option<R> {
            T::new_from_slice(key).ok().map(|cipher| of(Box::new(cipher)))
        }
        match Suite::of(provider, key.len())? {
            Suite::Cbc128 => ready(key, Self::Cbc128),
            Suite::Cbc192 => ready(key, Self::Cbc192),
            Suite::Cbc256 => ready(key, Self::Cbc256),
            Suite::Gcm128 => ready(key, Self::Gcm128),
            Suite::Gcm192 => ready(key, Self::Gcm192),
            Suite::Gcm256 => ready(key, Self::Gcm256),
            Suite::SecretBox => Some(Self::SecretBox(Box::new(XSalsa20Poly1305::new_from_slice(key).ok()?))),
        }
    }
}
