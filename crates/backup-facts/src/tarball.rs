//! One tarball of static pod resources, read once: what stands in it, and the encryption configurations with their keys.

use std::io::Read;
use std::sync::Arc;

use encryption_config::{EncryptionConfig, ParseError};
use static_resources::{Class, Limits, Member, MemberKind, MemberPath, ReadError, StaticResources, read_each};

/// A tarball, read. No `Debug`: its configurations hold keys.
pub struct TarballFacts {
    /// Members, faults and facts.
    pub resources: StaticResources,
    /// Every encryption configuration, in the order of the archive.
    pub configurations: Vec<Configuration>,
}

impl TarballFacts {
    /// Reads an archive from one end to the other.
    ///
    /// # Errors
    /// [`ReadError`] where the input cannot be read or is empty; what is wrong with the content is in the result.
    pub fn read(input: impl Read, limits: &Limits) -> Result<Self, ReadError> {
        let mut configurations = Vec::new();
        let resources = read_each(input, limits, |member, bytes| {
            configurations.extend(Configuration::of(member, bytes));
        })?;
        Ok(Self { resources, configurations })
    }
}

/// An encryption configuration, read or not. No `Debug`: see [`EncryptionConfig`].
pub struct Configuration {
    /// Where it stands.
    pub member: MemberPath,
    /// It stands where kube-apiserver looks for one, whether it is told to or not.
    pub in_place: bool,
    /// The configuration, or why it is none. Shared, not copied.
    pub parsed: Result<Arc<EncryptionConfig>, ParseError>,
}

impl Configuration {
    /// Reads a member, if it is an encryption configuration: by its place, or by its bytes. `bytes` is `None` for a
    /// member too large to hold.
    #[must_use]
    pub fn of(member: &Member, bytes: Option<&[u8]>) -> Option<Self> {
        let in_place = member.kind == MemberKind::File && is_in_place(&member.path);
        let promised = in_place || Class::by_path(&member.path) == Class::EncryptionConfig;
        let parsed = match bytes {
            Some(bytes) if promised || member.class == Class::EncryptionConfig => EncryptionConfig::parse(bytes),
            None if in_place => {
                let limit = encryption_config::Limits::default().bytes;
                Err(ParseError::TooLarge { got: usize::try_from(member.size).unwrap_or(usize::MAX), limit })
            }
            _ => return None,
        };
        // elsewhere than in its own place a text with keys in it need not be a configuration
        (promised || parsed.is_ok()).then(|| Self {
            member: member.path.clone(),
            in_place,
            parsed: parsed.map(Arc::new),
        })
    }
}

/// `static-pod-resources/kube-apiserver-pod-<N>/secrets/encryption-config/encryption-config`
fn is_in_place(path: &MemberPath) -> bool {
    path.as_str()
        .and_then(below_apiserver)
        .is_some_and(|(_, rest)| rest == ["secrets", "encryption-config", "encryption-config"])
}

/// Splits `static-pod-resources/kube-apiserver-pod-<N>/...`: what stands for the revision, and the parts behind it.
pub(crate) fn below_apiserver(path: &str) -> Option<(&str, Vec<&str>)> {
    let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != ".");
    (parts.next()? == "static-pod-resources").then_some(())?;
    let revision = parts.next()?.strip_prefix("kube-apiserver-pod-")?;
    Some((revision, parts.collect()))
}
