//! Which keys open a backup: given, its own, or those in an escrow.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact::{Contents, Reading};
use backup_facts::configuration::{self, InForce, Origin, Why, named_member, revision_of};
use backup_facts::opening::{self, hypershift_config, read_keys};
use backup_facts::platform::Platform;
use encryption_config::EncryptionConfig;
use key_escrow::{Identities, Manifest, ThresholdInfo};

use crate::directory;
use crate::error::{Error, KeysError};
use crate::tarball::Tarball;
use crate::watch::{Note, Phase, Watch};

/// Which keys to use. Shared, not cloned; wiped when the last holder goes. No `Debug`.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Keys {
    /// Those that a restored cluster reads with: of the tarball, as its config.yaml names them; in an escrow beside it,
    /// where [`crate::Question::unlock`] opens it; or beside the snapshot of a hosted control plane.
    #[default]
    OfTheBackup,
    /// These.
    Given(Given),
    /// Those in this escrow, which [`crate::Question::unlock`] opens.
    Escrow(PathBuf),
    /// None: nothing is opened.
    None,
}

/// Opens an escrow: with identities, shares, a passphrase. A program asks people for them here.
pub trait Unlock: Send + Sync {
    /// What opens the escrow at a path; `threshold` is what its manifest says of shares.
    ///
    /// # Errors
    /// Whatever keeps them from being had: it comes back as [`KeysError::Unlock`].
    fn identities(
        &self,
        escrow: &Path,
        threshold: Option<ThresholdInfo>,
    ) -> Result<Identities, Box<dyn std::error::Error + Send + Sync>>;
}

/// What keys came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The tarball of a backup.
    Tarball,
    /// A configuration, or a Secret.
    File,
    /// An escrow.
    Escrow,
}

impl Holder {
    /// The word of the document.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Tarball => "static-kuberesources",
            Self::File => "file",
            Self::Escrow => "key-escrow",
        }
    }
}

/// Where keys came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysFrom {
    /// What they came in.
    pub holder: Holder,
    /// Its path, or `-`.
    pub path: String,
}

/// Keys that somebody gave. No `Debug`: see [`EncryptionConfig`].
#[derive(Clone)]
pub struct Given {
    /// The configuration that kube-apiserver would use; none where the tarball of a cluster without encryption was
    /// given.
    pub in_force: InForce,
    /// What it came in.
    pub from: KeysFrom,
}

impl Given {
    /// A configuration that is at hand, under the name of where it came from.
    #[must_use]
    pub fn config(config: impl Into<Arc<EncryptionConfig>>, path: impl Into<String>) -> Self {
        Self { in_force: InForce::given(config), from: KeysFrom { holder: Holder::File, path: path.into() } }
    }

    /// Reads keys out of a tarball, an EncryptionConfiguration, a Secret that holds one, or an AES key as it is.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no keys that can be.
    pub fn read(file: Contents, reading: &Reading, watch: &dyn Watch) -> Result<Self, Error> {
        watch.before_keys();
        watch.phase(Phase::Reading, None);
        let contents = file.ready(reading, &|bytes| watch.advance(bytes))?;
        let given = if contents.is_archive() {
            Self::of_tarball(contents, reading, watch)
        } else {
            Self::of_document(&contents)
        };
        watch.done();
        given
    }

    fn of_document(source: &Contents) -> Result<Self, Error> {
        if source.expect_snapshot().is_ok() {
            return Err(KeysError::Snapshot { display: source.display().to_owned() }.into());
        }
        let config = of_bytes(source.bytes())
            .map_err(|error| KeysError::NoKeys { display: source.display().to_owned(), error })?;
        source.check_unchanged()?;
        Ok(Self::config(config, source.name()))
    }

    fn of_tarball(packed: Contents, reading: &Reading, watch: &dyn Watch) -> Result<Self, Error> {
        let display = packed.display().to_owned();
        let Tarball { path, in_force, facts, .. } = Tarball::read(packed, reading, Arc::default(), watch)?;
        match &in_force {
            InForce::HeldApart => return Err(KeysError::HeldApart { display }.into()),
            InForce::Unknown { why } => return Err(KeysError::Unknown { display, why: why.clone() }.into()),
            InForce::NotConfigured if !facts.configurations.is_empty() => watch.note(&Note::NotNamed { display }),
            InForce::NotConfigured | InForce::Config { .. } | InForce::Several(_) => {}
        }
        Ok(Self { in_force, from: KeysFrom { holder: Holder::Tarball, path } })
    }

    /// The configuration that an escrow holds: the one that is `named`, else that of the newest revision. It never
    /// touches a disk.
    ///
    /// # Errors
    /// When the escrow cannot be opened, or holds no configuration that can be read.
    pub fn of_escrow(
        escrow: &Path,
        unlock: &dyn Unlock,
        named: Option<&str>,
        watch: &dyn Watch,
    ) -> Result<Self, Error> {
        watch.before_keys();
        let config = in_escrow(escrow, unlock, named)?;
        let path = escrow.to_string_lossy().into_owned();
        Ok(Self { in_force: InForce::given(config), from: KeysFrom { holder: Holder::Escrow, path } })
    }
}

/// Keys, decided upon, and what they came in.
pub(crate) struct Decided {
    pub(crate) in_force: InForce,
    pub(crate) from: Option<KeysFrom>,
}

/// What decides which keys a backup has, beside those that are given.
pub(crate) struct Halves<'h> {
    /// Its tarball, read.
    pub(crate) tarball: Option<&'h Tarball>,
    /// Where that is a file.
    pub(crate) tarball_path: Option<&'h Path>,
    /// The directory that it is the only backup of.
    pub(crate) directory: Option<&'h directory::Backups>,
    /// How it was made.
    pub(crate) platform: Platform,
    /// How files are read.
    pub(crate) reading: &'h Reading,
}

/// Decides which keys a restored cluster reads a backup with.
pub(crate) fn decide(
    halves: &Halves<'_>,
    keys: &Keys,
    unlock: Option<&dyn Unlock>,
    watch: &dyn Watch,
) -> Result<Decided, Error> {
    let tarball = halves.tarball;
    let named = tarball.and_then(|tarball| named_member(&tarball.facts.resources));
    let given = match (keys, unlock) {
        (Keys::OfTheBackup, _) => None,
        (Keys::None, _) => {
            return Ok(Decided { in_force: InForce::Unknown { why: Why::Absent }, from: None });
        }
        (Keys::Given(given), _) => Some(given.clone()),
        (Keys::Escrow(path), Some(unlock)) => Some(Given::of_escrow(path, unlock, named, watch)?),
        (Keys::Escrow(path), None) => return Err(KeysError::NoUnlock { path: path.clone() }.into()),
    };
    let mut from = given.as_ref().map(|given| given.from.clone());
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let beside = tarball.and_then(|_| escrow_beside(halves.tarball_path?)).zip(unlock);
    let mut folder = None;
    let in_force = configuration::in_force(
        given.map(|given| given.in_force),
        tarball.map(|tarball| &tarball.in_force),
        || beside.as_ref().map(|(escrow, unlock)| in_escrow(escrow, *unlock, named)).transpose(),
        || {
            folder = halves.directory.map(directory::Backups::key_folder);
            halves.directory.map(|directory| beside_snapshot(directory, halves.reading)).unwrap_or_default()
        },
        halves.platform,
    )?;
    if from.is_none() {
        let held = |holder, path| Some(KeysFrom { holder, path });
        from = match &in_force {
            InForce::Config { origin: Origin::Escrow, .. } => {
                beside.and_then(|(path, _)| held(Holder::Escrow, text(&path)))
            }
            InForce::Several(_) => folder.and_then(|path| held(Holder::File, text(&path))),
            InForce::Config { .. } | InForce::NotConfigured => {
                tarball.and_then(|tarball| held(Holder::Tarball, tarball.path.clone()))
            }
            InForce::HeldApart | InForce::Unknown { .. } => None,
        };
    }
    Ok(Decided { in_force, from })
}

/// What is to be said of a tarball whose keys were not used, though nobody gave others.
pub(crate) fn remark(tarball: &Tarball, in_force: &InForce) -> Option<Note> {
    let display = tarball.display().to_owned();
    match in_force {
        InForce::HeldApart => Some(Note::HeldApart { display }),
        InForce::Unknown { why } => Some(Note::KeysUnknown { display, why: why.clone() }),
        InForce::NotConfigured if !tarball.facts.configurations.is_empty() => Some(Note::NotNamed { display }),
        InForce::NotConfigured | InForce::Config { .. } | InForce::Several(_) => None,
    }
}

/// The escrow that a split wrote beside its tarball.
fn escrow_beside(tarball: &Path) -> Option<PathBuf> {
    let name = tarball.file_name()?.to_str()?;
    let stem = name.strip_suffix(".keyless.tar.gz")?;
    Some(tarball.with_file_name(format!("{stem}.escrow.age"))).filter(|escrow| escrow.is_file())
}

/// The manifest that a split wrote beside its escrow, and what it says.
///
/// # Errors
/// When it is there and cannot be read.
pub fn manifest_beside(escrow: &Path) -> Result<Option<(PathBuf, Manifest)>, KeysError> {
    let name = escrow.file_name().and_then(|name| name.to_str());
    let Some(stem) = name.and_then(|name| name.strip_suffix(".escrow.age")) else { return Ok(None) };
    let path = escrow.with_file_name(format!("{stem}.manifest.json"));
    if !path.is_file() {
        return Ok(None);
    }
    match Manifest::read(&path) {
        Ok(manifest) => Ok(Some((path, manifest))),
        Err(error) => Err(KeysError::Manifest { path, error }),
    }
}

/// Keys that lie beside the snapshot of a hosted control plane.
fn beside_snapshot(directory: &directory::Backups, reading: &Reading) -> Vec<Arc<EncryptionConfig>> {
    directory.key_files(reading).iter().filter_map(|file| of_bytes(file).ok()).map(Arc::new).collect()
}

/// Keys as they lie beside the snapshot of a hosted control plane, or as somebody gives them.
fn of_bytes(bytes: &[u8]) -> Result<EncryptionConfig, opening::KeysError> {
    // a HyperShift AES key as it is: 32 bytes and nothing else; no configuration is so short
    if bytes.len() == 32 { hypershift_config(bytes) } else { read_keys(bytes) }
}

fn in_escrow(escrow: &Path, unlock: &dyn Unlock, named: Option<&str>) -> Result<Arc<EncryptionConfig>, KeysError> {
    let manifest = manifest_beside(escrow)?;
    let threshold = manifest.as_ref().and_then(|(_, manifest)| manifest.threshold.clone());
    let identities = unlock.identities(escrow, threshold).map_err(KeysError::Unlock)?;
    let path = manifest.as_ref().map(|(path, _)| path.as_path());
    let wanted = |path: &str| revision_of(path).is_some();
    let (_, members) = key_escrow::read_members(escrow, path, &identities, wanted, &mut |_, _, _| {})?;
    let named = named.and_then(|named| members.iter().find(|member| member.path.trim_start_matches("./") == named));
    let chosen = named.or_else(|| members.iter().max_by_key(|member| revision_of(&member.path)));
    let Some(chosen) = chosen else { return Err(KeysError::Empty { path: escrow.to_path_buf() }) };
    let config = EncryptionConfig::parse(&chosen.bytes).map_err(|error| {
        let (path, member) = (escrow.to_path_buf(), chosen.path.clone());
        KeysError::Config { path, member, error }
    })?;
    Ok(Arc::new(config))
}
