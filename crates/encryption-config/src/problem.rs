//! What is wrong with a configuration that could still be read.
use thiserror::Error;
use wording::inert;

/// A flaw of the configuration and its place.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{kind} (at `{}`)", inert(at))]
pub struct Problem {
    /// The place, such as `resources[0].providers[1].aescbc.keys[0]`; empty for the document.
    pub at: String,
    /// What is wrong.
    pub kind: ProblemKind,
}

/// The kinds of flaws. None carries a part of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// `kind` is not `EncryptionConfiguration`.
    #[error("kind is `{}`, not `EncryptionConfiguration`", inert(got))]
    Kind {
        /// What the file says.
        got: String,
    },
    /// `apiVersion` is not one that a kube-apiserver reads.
    #[error("apiVersion `{}` is not `apiserver.config.k8s.io/v1`", inert(got))]
    ApiVersion {
        /// What the file says.
        got: String,
    },
    /// A field this crate does not know; a strict API server refuses it.
    #[error("unknown field `{}`", inert(name))]
    UnknownField {
        /// Its name.
        name: String,
    },
    /// A provider this crate does not know; values under its prefix cannot be opened.
    #[error("unknown provider `{}`", inert(name))]
    UnknownProvider {
        /// Its name.
        name: String,
    },
    /// A field stands twice in one object; the last one counts.
    #[error("field `{}` stands more than once", inert(name))]
    DuplicateField {
        /// Its name.
        name: String,
    },
    /// A field is of the wrong type and was passed over.
    #[error("expected {expected}, got {got}")]
    Type {
        /// What belongs here.
        expected: &'static str,
        /// What stands here.
        got: &'static str,
    },
    /// A field that must be there is missing or empty.
    #[error("`{name}` is missing or empty")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// One element of `providers` names several providers; all are taken, in their order.
    #[error("one provider element names {count} providers")]
    SeveralProviders {
        /// How many.
        count: usize,
    },
    /// The key bytes are not standard base64; the text is not repeated here.
    #[error("the secret of key `{}` is not standard base64", inert(key))]
    Base64 {
        /// The key's name.
        key: String,
    },
    /// The key has a length its provider cannot use.
    #[error("key `{}` has {got} bytes, expected {expected}", inert(key))]
    KeyLength {
        /// The key's name.
        key: String,
        /// Its length in bytes.
        got: usize,
        /// The lengths the provider takes.
        expected: &'static str,
    },
    /// All bytes of the key are zero, and it is not library-go's bookkeeping entry.
    #[error("key `{}` consists of zero bytes only", inert(key))]
    ZeroKey {
        /// The key's name.
        key: String,
    },
    /// Two keys of one provider share a name for one resource.
    #[error(
        "key name `{}` stands more than once for resource `{}`, with {} bytes",
        inert(key), inert(resource), if *.same_material { "the same" } else { "different" }
    )]
    DuplicateKeyName {
        /// The resource.
        resource: String,
        /// The key's name.
        key: String,
        /// Both have the same bytes.
        same_material: bool,
    },
    /// A key or KMS plugin name holds a colon, so the prefix of its values cannot be split.
    #[error("name `{}` holds a colon", inert(name))]
    ColonInName {
        /// The name.
        name: String,
    },
    /// A name in HyperShift's form whose number is not the hash of the key bytes.
    #[error("key `{}` is named as HyperShift names keys, but its number is not the hash of its bytes", inert(key))]
    NameIsNotHash {
        /// The key's name.
        key: String,
    },
    /// `identity` is the first provider: new values are stored as plaintext.
    #[error("`identity` comes first for resource `{}`: new values are stored as plaintext", inert(resource))]
    IdentityFirst {
        /// The resource.
        resource: String,
    },
    /// `identity` is missing: values that are still plaintext cannot be read.
    #[error("no `identity` provider for resource `{}`: values still in plaintext cannot be read", inert(resource))]
    NoIdentity {
        /// The resource.
        resource: String,
    },
    /// A wildcard earlier in the file already covers this resource; an API server refuses it.
    #[error("resource `{}` is masked by the earlier `{}`", inert(resource), inert(by))]
    MaskedResource {
        /// The resource.
        resource: String,
        /// The wildcard.
        by: String,
    },
    /// The resource stands more than once; the lists of providers follow one another.
    #[error("resource `{}` stands more than once", inert(resource))]
    DuplicateResource {
        /// The resource.
        resource: String,
    },
    /// A resource pattern no API server accepts, such as `*` or `secrets.*`.
    #[error("resource pattern `{}` is not valid", inert(resource))]
    ResourcePattern {
        /// The pattern.
        resource: String,
    },
    /// More problems than the cap; the rest is not listed.
    #[error("more than {limit} problems; the rest is not listed")]
    TooMany {
        /// The cap.
        limit: usize,
    },
}
