//! Why something was taken away.

/// A rule, by what it takes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Events: free text of anybody.
    Event,
    /// Tokens of OAuth, whose names once were the tokens.
    OAuthToken,
    /// Keys under which a distribution keeps what starts a cluster.
    Bootstrap,
    /// The data of a Secret.
    SecretData,
    /// A value that stays encrypted.
    Encrypted,
    /// A value that is no object which can be read.
    Undecodable,
    /// A value under a key of no API server.
    Foreign,
    /// An annotation that repeats an object or its token.
    Annotation,
    /// Who set which field, with values among the names.
    ManagedFields,
    /// The content of a file of a MachineConfig.
    FileContents,
    /// The value of a parameter of a Template.
    Parameter,
    /// A text whose field, entry or variable is named as secrets are.
    SecretName,
    /// A private key.
    PrivateKey,
    /// A token: of a service account, OAuth, a cloud, a forge.
    Token,
    /// A password's hash.
    PasswordHash,
    /// A user and a password in a URL.
    UrlPassword,
    /// What logs in to a registry of images.
    RegistryLogin,
    /// A text in which something named as secrets are is set.
    Assignment,
    /// Bytes that are no text.
    Binary,
    /// Fields that no table knows.
    UnknownField,
    /// A text with something in it that was taken away elsewhere.
    Repeated,
    /// The password of a user of etcd.
    EtcdPassword,
}

impl Rule {
    /// Its word, in documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::OAuthToken => "oauth-token",
            Self::Bootstrap => "bootstrap",
            Self::SecretData => "secret-data",
            Self::Encrypted => "encrypted",
            Self::Undecodable => "undecodable",
            Self::Foreign => "foreign",
            Self::Annotation => "annotation",
            Self::ManagedFields => "managed-fields",
            Self::FileContents => "file-contents",
            Self::Parameter => "parameter",
            Self::SecretName => "secret-name",
            Self::PrivateKey => "private-key",
            Self::Token => "token",
            Self::PasswordHash => "password-hash",
            Self::UrlPassword => "url-password",
            Self::RegistryLogin => "registry-login",
            Self::Assignment => "assignment",
            Self::Binary => "binary",
            Self::UnknownField => "unknown-field",
            Self::Repeated => "repeated",
            Self::EtcdPassword => "etcd-password",
        }
    }
}
