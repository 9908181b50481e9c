//! One symmetric key: the only place that holds key bytes.
use std::sync::{Arc, OnceLock};

use zeroize::Zeroizing;

use crate::fingerprint::{Fingerprint, fingerprint};

/// Key bytes, shared by all entries of one file that carry the same bytes, so that a slow
/// fingerprint is computed once.
pub(crate) struct Material {
    bytes: Zeroizing<Vec<u8>>,
    fingerprint: OnceLock<Fingerprint>,
}

impl Material {
    pub(crate) fn new(bytes: Zeroizing<Vec<u8>>) -> Self {
        Self { bytes, fingerprint: OnceLock::new() }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// A named key of one provider.
///
/// Deliberately without `Debug`, `Display`, `Serialize` and `Clone`: a key can be named and
/// fingerprinted, its bytes stay inside this crate and are wiped on drop.
pub struct Key {
    name: String,
    material: Option<Arc<Material>>,
    bookkeeping: bool,
}

/// How a key came by its name, which tells who made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyNaming {
    /// A decimal generation number, as OpenShift's operators write it.
    Generation(u64),
    /// `key-<decimal>`, HyperShift's 32-bit FNV-1 of the key bytes. `matches` says whether the
    /// number really is the hash of these bytes; `None` where the bytes are unusable.
    HyperShift {
        /// The number equals the hash of the key bytes.
        matches: Option<bool>,
    },
    /// Any other name.
    Other,
}

impl Key {
    pub(crate) fn new(name: String, material: Option<Arc<Material>>, bookkeeping: bool) -> Self {
        Self { name, material, bookkeeping }
    }

    /// Returns the name, which is part of the prefix of every value written with this key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the size in bits, or `None` where the file holds no usable bytes for this name.
    #[must_use]
    pub fn bits(&self) -> Option<usize> {
        self.material.as_ref().map(|material| material.bytes().len().saturating_mul(8))
    }

    /// Says whether this is library-go's placeholder for an identity generation (an `aesgcm`
    /// entry of 16 zero bytes). It is no key material: it never opens a value.
    #[must_use]
    pub fn is_bookkeeping(&self) -> bool {
        self.bookkeeping
    }

    /// Returns the fingerprint, or `None` for a placeholder or an unusable key.
    ///
    /// The first call costs about a tenth of a second and 32 MiB, on purpose; see
    /// [`Fingerprint`]. The same bytes under several names of one file are computed once.
    #[must_use]
    pub fn fingerprint(&self) -> Option<&Fingerprint> {
        if self.bookkeeping {
            return None;
        }
        let material = self.material.as_ref()?;
        if let Some(known) = material.fingerprint.get() {
            return Some(known);
        }
        let computed = fingerprint(material.bytes())?;
        Some(material.fingerprint.get_or_init(|| computed))
    }

    /// Says how the name was chosen.
    #[must_use]
    pub fn naming(&self) -> KeyNaming {
        if let Some(number) = decimal(&self.name) {
            return KeyNaming::Generation(number);
        }
        let Some(hash) = self.name.strip_prefix("key-").and_then(decimal) else {
            return KeyNaming::Other;
        };
        let matches = self.material.as_ref().map(|material| u64::from(fnv1_32(material.bytes())) == hash);
        KeyNaming::HyperShift { matches }
    }

    /// The generation number, where the name is one.
    pub(crate) fn generation(&self) -> Option<u64> {
        decimal(&self.name)
    }

    /// Says whether both keys hold the same bytes (false where either is unusable).
    pub(crate) fn same_material(&self, other: &Key) -> bool {
        match (&self.material, &other.material) {
            (Some(a), Some(b)) => a.bytes() == b.bytes(),
            _ => false,
        }
    }

    /// The material to open values with: none for a placeholder.
    pub(crate) fn opening_material(&self) -> Option<&Arc<Material>> {
        self.material.as_ref().filter(|_| !self.bookkeeping)
    }

    /// The bytes of any key, a placeholder's too.
    pub(crate) fn all_bytes(&self) -> Option<&[u8]> {
        self.material.as_ref().map(|material| material.bytes())
    }

    /// Its bytes.
    pub(crate) fn opening_bytes(&self) -> Option<&[u8]> {
        self.opening_material().map(|material| material.bytes())
    }
}

/// Reads a plain decimal number: digits only, no sign.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// 32-bit FNV-1 (multiply, then xor), as Go's `hash/fnv.New32`.
fn fnv1_32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash: u32, byte| hash.wrapping_mul(0x0100_0193) ^ u32::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1_is_the_published_hash() {
        // the reference values of draft-eastlake-fnv, FNV-1 (not 1a)
        assert_eq!(fnv1_32(b""), 0x811c_9dc5);
        assert_eq!(fnv1_32(b"a"), 0x050c_5d7e);
        assert_eq!(fnv1_32(b"foobar"), 0x31f0_b262);
    }

    #[test]
    fn names_tell_their_maker() {
        let key = |name: &str| {
            Key::new(name.into(), Some(Arc::new(Material::new(Zeroizing::new(b"foobar".to_vec())))), false).naming()
        };
        assert_eq!(key("12"), KeyNaming::Generation(12));
        assert_eq!(key("key-837857890"), KeyNaming::HyperShift { matches: Some(true) });
        assert_eq!(key("key-1"), KeyNaming::HyperShift { matches: Some(false) });
        for other in ["", "+1", "key-", "key1", "key--1", "99999999999999999999999"] {
            assert_eq!(key(other), KeyNaming::Other, "{other}");
        }
    }
}
