//! Which keys open a backup: given, its own, or those in an escrow.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact::{Archive, Contents, Entry, Looks, Opened, Reading, Walk};
use backup_facts::configuration::{self, InForce, Origin, Why, named_member, revision_of};
use backup_facts::opening::{read_all, read_hosted};
use encryption_config::{EncryptionConfig, Token};
use key_escrow::{Identities, Manifest, ThresholdInfo};

use crate::database::intact_database;
use crate::directory;
use crate::error::{Error, KeysError};
use crate::pool::Pool;
use crate::tarball::Tarball;
use crate::watch::{Note, Phase, Watch};

/// Which keys to use. Shared, not cloned; wiped when the last holder goes. No `Debug`.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Keys {
    /// Those that a restored cluster reads with: of the tarball, as its config.yaml names them; in an escrow beside it,
    /// where [`crate::Question::unlock`] opens it; or, without a tarball, in files beside the snapshot.
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

    /// Reads keys out of a tarball, an EncryptionConfiguration, whatever else holds one ([`read_all`]), the manifest of a
    /// static pod that names one, or the snapshot of a cluster that hosts others.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no keys that can be.
    pub fn read(file: Contents, reading: &Reading, watch: &dyn Watch) -> Result<Self, Error> {
        watch.before_keys();
        watch.phase(Phase::Reading, None);
        let advance = |bytes| watch.advance(bytes);
        let contents = match Opened::of(file, reading, &advance)? {
            Opened::File(contents) => contents.ready(reading, &advance)?,
            Opened::Archive(archive) => return Self::of_archive(archive, reading, watch),
        };
        let given = if contents.is_archive() {
            Self::of_tarball(contents, reading, watch)
        } else {
            Self::of_document(&contents)
        };
        watch.done();
        given
    }

    /// Of an archive: the keys of the tarball in it, or of whatever else holds some, as of a directory.
    fn of_archive(archive: Archive, reading: &Reading, watch: &dyn Watch) -> Result<Self, Error> {
        let walk = Walk::of(Box::new(archive))?;
        let is_tarball =
            |entry: &&Entry| matches!(walk.look(entry, reading), Some(Looks::Tar { static_resources: true, .. }));
        let mut tarballs = walk.entries().iter().filter(is_tarball);
        if let (Some(one), None) = (tarballs.next(), tarballs.next()) {
            return Self::of_tarball(walk.open(&one.name, reading)?, reading, watch);
        }
        Self::of_folder(&walk, reading)
    }

    fn of_document(source: &Contents) -> Result<Self, Error> {
        if source.expect_snapshot().is_ok() {
            return Self::of_snapshot(source);
        }
        let mut configs = read_all(source.bytes());
        if configs.is_err()
            && let Some(named) = source.path().and_then(|path| named_by_pod(path, source.bytes()))
        {
            configs = Ok(named);
        }
        let configs = configs.map_err(|error| KeysError::NoKeys { display: source.display().to_owned(), error })?;
        source.check_unchanged()?;
        Ok(Self::several(configs, source.name()))
    }

    /// The keys of hosted control planes, as the snapshot of their management cluster has them.
    fn of_snapshot(source: &Contents) -> Result<Self, Error> {
        let display = || source.display().to_owned();
        let db = intact_database(source)?;
        let options = etcd_snapshot::Options { without_hashes: true, ..etcd_snapshot::Options::default() };
        let mut configs = read_hosted(&etcd_snapshot::scan(db, options, &Pool));
        source.check_unchanged()?;
        if configs.is_empty() {
            return Err(KeysError::Snapshot { display: display() }.into());
        }
        for config in &mut configs {
            config.from = config.from.take().map(|key| format!("{}: {key}", source.name()));
        }
        Ok(Self::several(configs, source.name()))
    }

    /// Keys of a directory: every file that may hold some is tried, and those that open values are used.
    ///
    /// # Errors
    /// Where it cannot be read, or none of its files holds keys.
    pub fn of_directory(path: &Path, reading: &Reading, watch: &dyn Watch) -> Result<Self, Error> {
        watch.before_keys();
        Self::of_folder(&directory::walk(path)?, reading)
    }

    fn of_folder(walk: &Walk, reading: &Reading) -> Result<Self, Error> {
        let path = walk.path();
        let configs = of_files(&directory::key_files_of(walk, reading));
        if configs.iter().all(|config| config.token().is_some()) {
            return Err(KeysError::NoneIn { path: path.to_path_buf() }.into());
        }
        let from = KeysFrom { holder: Holder::File, path: path.to_string_lossy().into_owned() };
        Ok(Self { in_force: InForce::Several(configs), from })
    }

    /// The keys that a snapshot of k3s holds sealed with its server token.
    ///
    /// # Errors
    /// Where the file cannot be read, or holds no token.
    pub fn of_token(file: Contents, reading: &Reading, watch: &dyn Watch) -> Result<Self, Error> {
        watch.before_keys();
        let contents = file.ready(reading, &|bytes| watch.advance(bytes))?;
        let display = || contents.display().to_owned();
        let token = Token::read(contents.bytes()).ok_or_else(|| KeysError::NoToken { display: display() })?;
        contents.check_unchanged()?;
        Ok(Self::config(EncryptionConfig::of_token(token), contents.name()))
    }

    /// What one file holds.
    fn several(mut configs: Vec<EncryptionConfig>, path: String) -> Self {
        if configs.len() == 1
            && let Some(config) = configs.pop()
        {
            let path = config.from.clone().unwrap_or(path);
            return Self::config(config, path);
        }
        let from = KeysFrom { holder: Holder::File, path: path.clone() };
        configs.iter_mut().for_each(|config| config.from = config.from.take().or_else(|| Some(path.clone())));
        Self { in_force: InForce::Several(configs.into_iter().map(Arc::new).collect()), from }
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
            folder = halves.directory.map(|directory| directory.path.as_path());
            halves.directory.map(|directory| of_files(directory.key_files(halves.reading))).unwrap_or_default()
        },
    )?;
    if from.is_none() {
        let held = |holder, path| Some(KeysFrom { holder, path });
        from = match &in_force {
            InForce::Config { origin: Origin::Escrow, .. } => {
                beside.and_then(|(path, _)| held(Holder::Escrow, text(&path)))
            }
            InForce::Several(_) => folder.and_then(|path| held(Holder::File, text(path))),
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

/// The keys in files that may hold some, each with the name of its file.
fn of_files(files: &[directory::KeyFile]) -> Vec<Arc<EncryptionConfig>> {
    let configs = files.iter().map(|file| {
        let mut configs = read_all(&file.bytes).unwrap_or_default();
        if configs.iter().all(EncryptionConfig::has_bare) {
            configs.extend(Token::read(&file.bytes).map(EncryptionConfig::of_token));
        }
        let path = file.path.to_string_lossy().into_owned();
        configs.iter_mut().for_each(|config| config.from = Some(path.clone()));
        configs
    });
    // what says that it is a configuration comes before what may be a token, as any line may
    let (configs, tokens): (Vec<_>, Vec<_>) = configs.flatten().partition(|config| config.token().is_none());
    configs.into_iter().take(MOST_CONFIGS).chain(tokens.into_iter().take(MOST_CONFIGS)).map(Arc::new).collect()
}

/// Configurations that are tried; a directory may hold those of many clusters.
const MOST_CONFIGS: usize = 256;

/// The configuration that the manifest of kube-apiserver's static pod names, where it lies beside the manifest or at its own
/// place below one of the directories above.
fn named_by_pod(manifest: &Path, bytes: &[u8]) -> Option<Vec<EncryptionConfig>> {
    const FLAG: &str = "--encryption-provider-config=";
    let text = std::str::from_utf8(bytes).ok()?;
    let (_, rest) = text.split_once(FLAG)?;
    let named = rest.split(|end: char| end.is_whitespace() || "\"',]".contains(end)).next()?;
    let named = Path::new(named);
    let folder = manifest.parent()?;
    let beside = std::iter::once(folder.join(named.file_name()?));
    let below = folder.ancestors().map(|above| above.join(named.strip_prefix("/").unwrap_or(named)));
    let found = beside.chain(below).filter(|path| path != manifest).find_map(|path| {
        let file = directory::small(Contents::open(&path).ok()?)?;
        let mut configs = read_all(&file).ok()?;
        configs.iter_mut().for_each(|config| config.from = Some(path.to_string_lossy().into_owned()));
        Some(configs)
    });
    found.filter(|configs| !configs.is_empty())
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
