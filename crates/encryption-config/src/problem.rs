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
    /// `kind` is not `EncryptionConfiguration`; empty where the file has none.
    #[error("{}, not `EncryptionConfiguration`", said("kind", got))]
    Kind {
        /// What the file says.
        got: String,
    },
    /// `apiVersion` is not one that a kube-apiserver reads with this kind; empty where the file has none.
    #[error("{}, not `apiserver.config.k8s.io/v1`", said("apiVersion", got))]
    ApiVersion {
        /// What the file says.
        got: String,
        /// The kind that it says.
        kind: String,
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
    /// The name of a KMS v2 plugin holds a colon. Those of keys and of KMS v1 may.
    #[error("name `{}` of a KMS v2 plugin holds a colon", inert(name))]
    ColonInName {
        /// The name.
        name: String,
    },
    /// A KMS v2 plugin has the name of another plugin.
    #[error("name `{}` of a KMS plugin stands more than once", inert(name))]
    PluginNameTwice {
        /// The name.
        name: String,
    },
    /// A setting of a KMS plugin that no API server takes.
    #[error("{field} of KMS plugin `{}` cannot be used", inert(name))]
    Plugin {
        /// The plugin's name.
        name: String,
        /// The setting.
        field: &'static str,
        /// What kube-apiserver says to it.
        refusal: String,
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
    /// The resource stands more than once; in lists of their own, the lists of providers follow one another.
    #[error("resource `{}` stands more than once", inert(resource))]
    DuplicateResource {
        /// The resource.
        resource: String,
        /// In one list, which an API server refuses.
        in_one_list: bool,
    },
    /// A resource and a wildcard over it stand in one list.
    #[error("resource `{}` is covered by `{}` in the same list", inert(resource), inert(by))]
    Overlap {
        /// The resource.
        resource: String,
        /// The wildcard.
        by: String,
    },
    /// A resource pattern that means nothing, such as `*` or `secrets.*`.
    #[error("resource pattern `{}` is not valid", inert(resource))]
    ResourcePattern {
        /// The pattern.
        resource: String,
        /// What kube-apiserver says to it; `None` where it starts all the same.
        refusal: Option<&'static str>,
    },
    /// More problems than the cap; the rest is not listed.
    #[error("more than {limit} problems; the rest is not listed")]
    TooMany {
        /// The cap.
        limit: usize,
    },
}

/// What a field says, or that it is not there.
fn said(field: &str, got: &str) -> String {
    if got.is_empty() { format!("{field} is missing") } else { format!("{field} is `{}`", inert(got)) }
}

impl Problem {
    /// What kube-apiserver says when it refuses the whole configuration for this, in its own words as far as it has any;
    /// `None` where it starts all the same. Unknown fields are refused by the releases that read strictly.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        use ProblemKind as K;
        let own = |words: &str| Some(words.to_owned());
        match &self.kind {
            K::Kind { got } if got.is_empty() => own("Object 'Kind' is missing"),
            K::Kind { got } => Some(format!("no kind \"{}\" is registered", inert(got))),
            K::ApiVersion { got, kind } => {
                Some(format!("no kind \"{}\" is registered for version \"{}\"", inert(kind), inert(got)))
            }
            K::UnknownField { name } => Some(unknown_field(&self.at, name)),
            K::UnknownProvider { .. } => Some(format!("strict decoding error: unknown field \"{}\"", inert(&self.at))),
            K::DuplicateField { name } => Some(format!("key \"{}\" already set in map", inert(name))),
            K::Type { expected, got } => Some(format!("cannot unmarshal {got} where {expected} belongs")),
            K::Missing { name: "provider" } => {
                own("provider does not contain any of the expected providers: KMS, AESGCM, AESCBC, Secretbox, Identity")
            }
            K::Missing { name: name @ ("name" | "secret") } => Some(format!("{name} is a mandatory field for a key")),
            K::Missing { name: "plugin name" } => own("name is a mandatory field for a provider"),
            K::Missing { name: "keys" } => own("at least one keys is required"),
            K::Missing { name } if self.at.is_empty() => Some(format!("at least one {name} is required")),
            K::Missing { name } => Some(format!("at least one {}.{name} is required", inert(&self.at))),
            K::SeveralProviders { .. } => {
                own("more than one provider specified in a single element, should split into different list elements")
            }
            K::Base64 { .. } => own("secrets must be base64 encoded"),
            K::KeyLength { got, expected, .. } => {
                let list = expected.replace(',', "").replace(" or", "");
                Some(format!("secret is not of the expected length, got {got}, expected one of [{list}]"))
            }
            K::ColonInName { name } => Some(format!("invalid KMS provider name {}, must not contain ':'", inert(name))),
            K::PluginNameTwice { name } => {
                Some(format!("duplicate KMS provider name {}, names must be unique", inert(name)))
            }
            K::Plugin { refusal, .. } => Some(refusal.clone()),
            K::MaskedResource { resource, by } => {
                Some(format!("resource \"{}\" is masked by earlier rule \"{}\"", inert(resource), inert(by)))
            }
            K::DuplicateResource { in_one_list: true, .. } => {
                own("the same resource cannot be specified multiple times")
            }
            K::Overlap { .. } => own(
                "using overlapping resources such as 'secrets' and '*.' in the same resource list is not allowed as they will be masked",
            ),
            K::ResourcePattern { refusal, .. } => refusal.map(str::to_owned),
            K::DuplicateResource { .. }
            | K::ZeroKey { .. }
            | K::DuplicateKeyName { .. }
            | K::NameIsNotHash { .. }
            | K::IdentityFirst { .. }
            | K::NoIdentity { .. }
            | K::TooMany { .. } => None,
        }
    }
}

fn unknown_field(at: &str, name: &str) -> String {
    let place = if at.is_empty() { String::new() } else { format!("{}.", inert(at)) };
    format!("strict decoding error: unknown field \"{place}{}\"", inert(name))
}
