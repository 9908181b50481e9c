//! The text of a secret and the lengths a key may have.
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

/// The key lengths of a provider, as kube-apiserver's validation has them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sizes {
    Aes,
    AesOrFake,
    SecretBox,
}

impl Sizes {
    pub(super) fn take(self, length: usize) -> bool {
        match self {
            Sizes::Aes | Sizes::AesOrFake => matches!(length, 16 | 24 | 32),
            Sizes::SecretBox => length == 32,
        }
    }

    pub(super) fn expected(self) -> &'static str {
        match self {
            Sizes::Aes | Sizes::AesOrFake => "16, 24 or 32",
            Sizes::SecretBox => "32",
        }
    }
}

/// Decodes as Go's `base64.StdEncoding` does: padded, line breaks ignored, loose trailing bits.
pub(super) fn decode_secret(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    const ENGINE: GeneralPurpose =
        GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));
    let mut packed = Zeroizing::new(Vec::with_capacity(text.len()));
    packed.extend(text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')));
    let mut bytes = Zeroizing::new(vec![0; text.len()]);
    let length = ENGINE.decode_slice(packed.as_slice(), &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}
