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
    /// Reads an archive from one end to the other. Of encryption configurations no more than [`CONFIGURATIONS`] are
    /// read: each is held, and a megabyte of zipped archive can hold thousands. The others are there as unread.
    ///
    /// # Errors
    /// [`ReadError`] where the input cannot be read or is empty; what is wrong with the content is in the result.
    pub fn read(input: impl Read, limits: &Limits) -> Result<Self, ReadError> {
        let mut configurations: Vec<Configuration> = Vec::new();
        let resources = read_each(input, limits, |member, bytes| {
            let found = if configurations.len() < CONFIGURATIONS {
                Configuration::of(member, bytes)
            } else {
                Configuration::unread(member)
            };
            configurations.extend(found);
        })?;
        Ok(Self { resources, configurations })
    }
}

/// So many encryption configurations of a tarball are read; a real one has one, or one for each revision.
pub const CONFIGURATIONS: usize = 64;

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
        let (in_place, promised) = Self::place(member);
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

    /// One too many, if its place or its keys say that it is one.
    fn unread(member: &Member) -> Option<Self> {
        let (in_place, promised) = Self::place(member);
        let parsed = Err(ParseError::TooMany { limit: CONFIGURATIONS });
        (promised || member.class == Class::EncryptionConfig).then(|| Self {
            member: member.path.clone(),
            in_place,
            parsed,
        })
    }

    /// Whether a member stands where kube-apiserver looks for a configuration, and whether its path promises one at all.
    fn place(member: &Member) -> (bool, bool) {
        let in_place = member.kind == MemberKind::File && is_in_place(&member.path);
        (in_place, in_place || Class::by_path(&member.path) == Class::EncryptionConfig)
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
