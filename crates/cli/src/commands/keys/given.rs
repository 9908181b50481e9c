//! Keys that the command line gives, in memory: out of a tarball, a file, or an escrow.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use backup_facts::configuration::{self, InForce, Origin, Why, revision_of};
use backup_facts::opening::{KeysError, hypershift_config, read_keys};
use backup_facts::platform::Platform;
use encryption_config::EncryptionConfig;

use super::{failure, forbid_dumps, open, phases};
use crate::args::{IdentityArgs, KeysInput};
use crate::exit::Error;
use crate::input::{Backups, Contents, Input, Reading, Source};
use crate::tarball::{self, is_marked};
use crate::ui::Ui;
use wording::{escape, escape_path, inert};

/// Keys and what they came in. No `Debug`: see [`EncryptionConfig`].
pub(in crate::commands) struct Given {
    /// The configuration that kube-apiserver would use; none where the tarball of a cluster without encryption was
    /// given.
    pub(in crate::commands) in_force: InForce,
    /// What it came in.
    pub(in crate::commands) holder: Holder,
    /// Its path, or `-`.
    pub(in crate::commands) name: String,
}

/// What keys came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Holder {
    /// The tarball of a backup.
    Tarball,
    /// A configuration, or a Secret.
    File,
    /// An escrow.
    Escrow,
}

/// What decides which keys a backup has, beside those that the command line gives.
pub(in crate::commands) struct Halves<'h> {
    /// Its tarball, read.
    pub(in crate::commands) tarball: Option<OfTarball<'h>>,
    /// The directory that it is the only backup of.
    pub(in crate::commands) directory: Option<&'h Backups>,
    /// How it was made.
    pub(in crate::commands) platform: Platform,
}

/// What a tarball says of keys.
pub(in crate::commands) struct OfTarball<'t> {
    /// Its path; `None` for a stream.
    pub(in crate::commands) path: Option<&'t Path>,
    /// The configuration in force by it alone.
    pub(in crate::commands) in_force: &'t InForce,
    /// The member that its `config.yaml` names.
    pub(in crate::commands) named: Option<&'t str>,
}

/// Keys, decided upon, and what they came in.
pub(in crate::commands) struct Decided {
    pub(in crate::commands) in_force: InForce,
    pub(in crate::commands) from: Option<(Holder, String)>,
}

/// Decides which keys a restored cluster reads a backup with. Identities without an escrow are for the one that may lie
/// beside a tarball without its keys.
///
/// # Errors
/// When keys were given, or lie in an escrow, and cannot be had.
pub(in crate::commands) fn decide(
    args: &KeysInput,
    halves: &Halves<'_>,
    reading: &Reading,
    ui: &mut Ui,
) -> Result<Decided, Error> {
    let tarball = halves.tarball.as_ref();
    let asked = args.keys.is_some() || args.escrow.is_some();
    let named = tarball.and_then(|tarball| tarball.named);
    let given = if asked { given(args, named, reading, ui)? } else { None };
    let mut from = given.as_ref().map(|given| (given.holder, given.name.clone()));
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let beside = tarball.and_then(|tarball| escrow_beside(tarball.path?)).filter(|_| opens(&args.open));
    let mut folder = None;
    let in_force = configuration::in_force(
        given.map(|given| given.in_force),
        tarball.map(|tarball| tarball.in_force),
        || match &beside {
            Some(escrow) => from_escrow(escrow, &args.open, named, ui).map(Some),
            None => Ok(None),
        },
        || {
            folder = halves.directory.map(Backups::key_folder);
            halves.directory.map(|directory| beside_snapshot(directory, reading)).unwrap_or_default()
        },
        halves.platform,
    )?;
    if from.is_none() {
        from = match &in_force {
            InForce::Config { origin: Origin::Escrow, .. } => beside.map(|path| (Holder::Escrow, text(&path))),
            InForce::Several(_) => folder.map(|path| (Holder::File, text(&path))),
            InForce::Config { .. } | InForce::NotConfigured => {
                tarball.map(|tarball| (Holder::Tarball, tarball.path.map_or_else(|| "-".to_owned(), text)))
            }
            InForce::HeldApart | InForce::Unknown { .. } => None,
        };
    }
    Ok(Decided { in_force, from })
}

/// Whether something was given that may open an escrow.
fn opens(args: &IdentityArgs) -> bool {
    !args.identities.is_empty() || !args.share_files.is_empty()
}

/// The escrow that a split wrote beside its tarball.
fn escrow_beside(tarball: &Path) -> Option<PathBuf> {
    let name = tarball.file_name()?.to_str()?;
    let stem = name.strip_suffix(".keyless.tar.gz")?;
    Some(tarball.with_file_name(format!("{stem}.escrow.age"))).filter(|escrow| escrow.is_file())
}

/// Keys that lie beside the snapshot of a hosted control plane.
fn beside_snapshot(directory: &Backups, reading: &Reading) -> Vec<Arc<EncryptionConfig>> {
    directory.key_files(reading).iter().filter_map(|file| of_bytes(file).ok()).map(Arc::new).collect()
}

/// Reads the keys that were given; `None` where none were. Of an escrow, `named` is the member that counts, where a
/// tarball tells.
///
/// # Errors
/// When the file cannot be read, or holds no keys that can be.
pub(in crate::commands) fn given(
    args: &KeysInput,
    named: Option<&str>,
    reading: &Reading,
    ui: &mut Ui,
) -> Result<Option<Given>, Error> {
    match (&args.keys, &args.escrow) {
        (Some(file), _) => {
            forbid_dumps(ui);
            from_file(&Input::from(file.as_os_str()), reading, ui).map(Some)
        }
        (None, Some(escrow)) => {
            forbid_dumps(ui);
            let config = from_escrow(escrow, &args.open, named, ui)?;
            let name = escrow.to_string_lossy().into_owned();
            Ok(Some(Given { in_force: InForce::given(config), holder: Holder::Escrow, name }))
        }
        (None, None) if !opens(&args.open) => Ok(None),
        (None, None) => Err(Error::Usage("an identity or share opens an escrow: name it with `--escrow`".to_owned())),
    }
}

fn from_file(input: &Input, reading: &Reading, ui: &mut Ui) -> Result<Given, Error> {
    let meter = ui.meter("reading", None);
    let contents = input.open()?.ready(reading, &|bytes| meter.add(bytes))?;
    drop(meter);
    if contents.is_archive() { from_tarball(contents, reading, ui) } else { from_source(&contents) }
}

fn from_source(source: &Source) -> Result<Given, Error> {
    let name = source.name();
    if source.expect_snapshot().is_ok() {
        let what = format!("{} is a snapshot: keys come with the tarball of the same backup", source.display());
        return Err(failure::told(what, Some("name the tarball, or an EncryptionConfiguration")));
    }
    let config = of_bytes(source.bytes()).map_err(|error| {
        let what = format!("no keys in {}: {}", source.display(), inert(&error.to_string()));
        failure::told(what, Some("name the tarball of the backup, or an EncryptionConfiguration"))
    })?;
    source.check_unchanged()?;
    Ok(Given { in_force: InForce::given(config), holder: Holder::File, name })
}

/// Keys as they lie beside the snapshot of a hosted control plane, or as somebody gives them.
///
/// # Errors
/// For what holds none.
pub(in crate::commands) fn of_bytes(bytes: &[u8]) -> Result<EncryptionConfig, KeysError> {
    // A HyperShift AES key as it is: 32 bytes and nothing else. No configuration is so short.
    if bytes.len() == 32 { hypershift_config(bytes) } else { read_keys(bytes) }
}

fn from_tarball(mut packed: Contents, reading: &Reading, ui: &mut Ui) -> Result<Given, Error> {
    let facts = tarball::read(&mut packed, reading, ui)?;
    let in_force = InForce::of_tarball(&facts, is_marked(packed.file_name()));
    let display = packed.display();
    let told = |what: String, hint| Err(failure::told(what, Some(hint)));
    match &in_force {
        InForce::HeldApart => {
            let hint = "give their escrow: `--escrow FILE` with `-i IDENTITY`";
            return told(format!("{display} holds no keys: they were split off"), hint);
        }
        InForce::Unknown { why: Why::Unreadable(error) } => {
            return Err(failure::told(format!("{display}: {error}"), None));
        }
        InForce::Unknown { why } => {
            let what = if *why == Why::BreaksOff {
                format!("{display} breaks off before any keys")
            } else {
                format!("{display}: {why}")
            };
            return told(what, "`assay verify` tells what is wrong with it");
        }
        InForce::NotConfigured if !facts.configurations.is_empty() => ui.warn(&unnamed(display)),
        InForce::NotConfigured | InForce::Config { .. } | InForce::Several(_) => {}
    }
    Ok(Given { in_force, holder: Holder::Tarball, name: packed.name() })
}

/// What is to be said of a tarball with keys in it that nothing names.
pub(super) fn unnamed(display: &str) -> String {
    format!(
        "{display} holds an encryption configuration that its kube-apiserver is not told to use: \
         a restored cluster reads without it, and so does this; to read with it, take it out and name it with `--keys`"
    )
}

/// The configuration that an escrow holds: the one that is named, else that of the newest revision. It never touches a
/// disk.
fn from_escrow(
    escrow: &Path,
    args: &IdentityArgs,
    named: Option<&str>,
    ui: &mut Ui,
) -> Result<Arc<EncryptionConfig>, Error> {
    let manifest = open::manifest(None, escrow)?;
    let threshold = manifest.as_ref().and_then(|(_, manifest)| manifest.threshold.clone());
    let identities = open::escrow(args, escrow, threshold, ui)?;
    let path = manifest.as_ref().map(|(path, _)| path.as_path());
    let mut progress = phases::shown(ui);
    let members =
        key_escrow::read_members(escrow, path, &identities, |path| revision_of(path).is_some(), &mut progress);
    drop(progress);
    let (_, members) = members.map_err(|error| failure::of(&error))?;
    let named = named.and_then(|named| members.iter().find(|member| member.path.trim_start_matches("./") == named));
    let chosen = named.or_else(|| members.iter().max_by_key(|member| revision_of(&member.path)));
    let Some(chosen) = chosen else {
        let what = format!("`{}` holds no encryption configuration", escape_path(escrow));
        return Err(failure::told(what, Some("`assay keys verify-escrow` tells what it holds")));
    };
    let config = EncryptionConfig::parse(&chosen.bytes).map_err(|error| {
        failure::told(format!("`{}`, `{}`: {error}", escape_path(escrow), escape(chosen.path.as_bytes())), None)
    })?;
    Ok(Arc::new(config))
}
