//! How a stored value is wrapped, from its first bytes.
//!
//! An encrypted value begins `k8s:enc:<provider>:<version>:<key name>:` and goes on in binary.
//! Where the name ends is told by [`likely_name`], for whoever has no configuration: a name may
//! hold colons. An unencrypted one begins `k8s\0` (protobuf), or with `{` after white space
//! (JSON), or with CBOR's self-describe tag.

use encryption_config::{ProviderKind, likely_name};

/// What every encrypted value begins with.
const ENCRYPTED: &[u8] = b"k8s:enc:";
/// What nothing but an encrypted value begins with.
const TRANSFORMED: &[u8] = b"k8s:";
/// What every protobuf value begins with; a `runtime.Unknown` message follows.
pub(crate) const PROTOBUF: &[u8] = b"k8s\0";
/// CBOR tag 55799, "self-described CBOR", which Kubernetes always writes.
pub(crate) const CBOR: &[u8] = &[0xd9, 0xd9, 0xf7];
/// How far the colons of an encryption prefix are looked for. Names in a real prefix are tens of
/// bytes long; the rest of a value can be megabytes without a colon.
const PREFIX_REACH: usize = 320;

/// The provider that encrypted a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider<'v> {
    /// AES in CBC mode with PKCS#7 padding, no authentication.
    AesCbc,
    /// AES in Galois/counter mode, bound to the etcd key.
    AesGcm,
    /// XSalsa20-Poly1305.
    SecretBox,
    /// An envelope under a key that a key-management service holds.
    Kms,
    /// A provider that Kubernetes does not have.
    Other(&'v [u8]),
}

impl<'v> Provider<'v> {
    /// The provider's name as it stands in the value and in an EncryptionConfiguration.
    #[must_use]
    pub fn as_bytes(&self) -> &'v [u8] {
        match self {
            Self::AesCbc => b"aescbc",
            Self::AesGcm => b"aesgcm",
            Self::SecretBox => b"secretbox",
            Self::Kms => b"kms",
            Self::Other(name) => name,
        }
    }

    fn of(name: &'v [u8]) -> Self {
        match name {
            b"aescbc" => Self::AesCbc,
            b"aesgcm" => Self::AesGcm,
            b"secretbox" => Self::SecretBox,
            b"kms" => Self::Kms,
            other => Self::Other(other),
        }
    }
}

/// The clear prefix of an encrypted value, and where its body begins.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Encrypted<'v> {
    /// Who encrypted it.
    pub provider: Provider<'v>,
    /// Version of the provider's format: `v1`, or `v2` for the newer KMS envelope.
    pub version: &'v [u8],
    /// Name of the key (of the plugin, for KMS). Not secret.
    pub key_name: &'v [u8],
    /// The prefix with both ends: `k8s:enc:aescbc:v1:1:`.
    pub prefix: &'v [u8],
    /// Everything after the prefix: initialisation vector and ciphertext.
    pub body: &'v [u8],
}

impl<'v> Encrypted<'v> {
    /// `aescbc:v1:1`: provider, version and key name in one, for grouping.
    #[must_use]
    pub fn label(&self) -> &'v [u8] {
        let label = self.prefix.strip_prefix(ENCRYPTED).unwrap_or(self.prefix);
        label.strip_suffix(b":").unwrap_or(label)
    }
}

impl std::fmt::Debug for Encrypted<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encrypted({}, {} bytes)", self.label().escape_ascii(), self.body.len())
    }
}

/// Why a value that begins `k8s:` is no encrypted value. No API server can read it: `identity` refuses what begins
/// `k8s:enc:`, and the rest is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MalformedEncryption {
    /// The value ends, or goes on too long, before the fifth colon.
    Unfinished,
    /// The provider, the version or the key name is empty.
    EmptyName,
    /// Another word than `enc` follows `k8s:`.
    OtherWord,
}

/// How a stored value is wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Envelope<'v> {
    /// No bytes at all.
    Empty,
    /// Encrypted at rest.
    Encrypted(Encrypted<'v>),
    /// Begins like an encrypted value but is none.
    MalformedEncryption(MalformedEncryption),
    /// Kubernetes protobuf: `k8s\0` and a `runtime.Unknown` message.
    Protobuf,
    /// JSON, as custom resources are stored.
    Json,
    /// CBOR with the self-describe tag, as custom resources are stored under the
    /// `CBORServingAndStorage` gate.
    Cbor,
    /// None of these.
    Other,
}

impl<'v> Envelope<'v> {
    /// Classifies `value` by its first bytes; nothing is decoded or copied.
    #[must_use]
    pub fn of(value: &'v [u8]) -> Self {
        if value.is_empty() {
            Self::Empty
        } else if let Some(rest) = value.strip_prefix(ENCRYPTED) {
            encrypted(value, rest)
        } else if value.starts_with(TRANSFORMED) {
            Self::MalformedEncryption(MalformedEncryption::OtherWord)
        } else if value.starts_with(PROTOBUF) {
            Self::Protobuf
        } else if value.starts_with(CBOR) {
            Self::Cbor
        } else if begins_like_json(value) {
            Self::Json
        } else {
            Self::Other
        }
    }

    /// The word for this envelope in output: `protobuf`, `json`, `cbor`, `encrypted`,
    /// `malformed-encryption`, `empty` or `other`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Encrypted(_) => "encrypted",
            Self::MalformedEncryption(_) => "malformed-encryption",
            Self::Protobuf => "protobuf",
            Self::Json => "json",
            Self::Cbor => "cbor",
            Self::Other => "other",
        }
    }
}

fn encrypted<'v>(value: &'v [u8], rest: &'v [u8]) -> Envelope<'v> {
    let reach = rest.get(..PREFIX_REACH).unwrap_or(rest);
    let mut parts = reach.splitn(3, |&byte| byte == b':');
    let (Some(provider), Some(version), Some(named)) = (parts.next(), parts.next(), parts.next()) else {
        return Envelope::MalformedEncryption(MalformedEncryption::Unfinished);
    };
    let word = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
    let kind = ProviderKind::from_prefix(word(provider), word(version));
    let whole = rest.get(provider.len() + version.len() + 2..).filter(|_| named.contains(&b':'));
    let Some(key_name) = whole.and_then(|whole| named.get(..likely_name(kind, whole)?)) else {
        return Envelope::MalformedEncryption(MalformedEncryption::Unfinished);
    };
    if provider.is_empty() || version.is_empty() || key_name.is_empty() {
        return Envelope::MalformedEncryption(MalformedEncryption::EmptyName);
    }
    // three colons after the names
    let names = provider.len() + version.len() + key_name.len() + 3;
    match value.split_at_checked(ENCRYPTED.len() + names) {
        Some((prefix, body)) => {
            Envelope::Encrypted(Encrypted { provider: Provider::of(provider), version, key_name, prefix, body })
        }
        None => Envelope::MalformedEncryption(MalformedEncryption::Unfinished),
    }
}

/// As Kubernetes tells JSON: white space, then `{`. White space longer than a prefix would be is
/// not looked through.
fn begins_like_json(value: &[u8]) -> bool {
    let reach = value.get(..PREFIX_REACH).unwrap_or(value);
    reach.trim_ascii_start().first() == Some(&b'{')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encrypted_values_split_at_the_fifth_colon_only() {
        let value = b"k8s:enc:aesgcm:v1:my-key:\x00:\xff::";
        let Envelope::Encrypted(found) = Envelope::of(value) else {
            panic!("not encrypted");
        };
        assert_eq!(found.provider, Provider::AesGcm);
        assert_eq!(found.version, b"v1");
        assert_eq!(found.key_name, b"my-key");
        assert_eq!(found.prefix, b"k8s:enc:aesgcm:v1:my-key:");
        assert_eq!(found.label(), b"aesgcm:v1:my-key");
        assert_eq!(found.body, b"\x00:\xff::");
    }

    #[test]
    fn every_provider_is_known_by_its_name() {
        for (name, provider) in [
            ("aescbc", Provider::AesCbc),
            ("aesgcm", Provider::AesGcm),
            ("secretbox", Provider::SecretBox),
            ("kms", Provider::Kms),
            ("rot13", Provider::Other(b"rot13")),
        ] {
            let value = format!("k8s:enc:{name}:v2:1_secrets:");
            let Envelope::Encrypted(found) = Envelope::of(value.as_bytes()) else {
                panic!("{name}");
            };
            assert_eq!(found.provider, provider);
            assert_eq!(found.provider.as_bytes(), name.as_bytes());
            assert_eq!(found.key_name, b"1_secrets");
            assert!(found.body.is_empty());
        }
    }

    #[test]
    fn values_are_told_apart_by_their_first_bytes() {
        let endless = [b"k8s:enc:aescbc:v1:".as_slice(), &[b'x'; 4096], b":"].concat();
        let cases: [(&[u8], &str); 18] = [
            (b"", "empty"),
            (b"k8s:enc:", "malformed-encryption"),
            (b"k8s:enc:aescbc", "malformed-encryption"),
            (b"k8s:enc:aescbc:v1:", "malformed-encryption"),
            (b"k8s:enc:aescbc:v1:1", "malformed-encryption"),
            (b"k8s:enc:aescbc:v1::body", "malformed-encryption"),
            (b"k8s:enc::v1:1:body", "malformed-encryption"),
            (&endless, "malformed-encryption"),
            (b"k8s:en", "malformed-encryption"),
            (b"k8s:eXc:aescbc:v1:1:body", "malformed-encryption"),
            (b"k9s:enc:aescbc:v1:1:body", "other"),
            (b"k8s\0", "protobuf"),
            (b"k8s", "other"),
            (b"{", "json"),
            (b" \n\t{\"a\":1}", "json"),
            (b"[]", "other"),
            (b"\xd9\xd9\xf7\xa0", "cbor"),
            (b"\xd9\xd9", "other"),
        ];
        for (value, word) in cases {
            assert_eq!(Envelope::of(value).word(), word, "{}", value.escape_ascii());
        }
        assert_eq!(
            Envelope::of(b"k8s:enc:aescbc:v1::body"),
            Envelope::MalformedEncryption(MalformedEncryption::EmptyName)
        );
    }

    #[test]
    fn debug_shows_no_ciphertext() {
        let Envelope::Encrypted(found) = Envelope::of(b"k8s:enc:aescbc:v1:1:cipher") else {
            panic!("not encrypted");
        };
        assert_eq!(format!("{found:?}"), "Encrypted(aescbc:v1:1, 6 bytes)");
    }
}
