//! Keys that the command line gives, in memory: out of a tarball, a file, or an escrow.

use std::path::Path;

use backup_facts::opening::{KeysError, hypershift_config, read_keys};
use checks::tarball::{Configuration, Facts, Name};
use encryption_config::EncryptionConfig;
use static_resources::{Limits, ReadError};

use super::{failure, forbid_dumps, open, phases};
use crate::args::{IdentityArgs, KeysInput};
use crate::exit::Error;
use crate::input::{Artifact, FileName, Input, PackedTar, Reading, Source};
use crate::text::{escape, escape_path};
use crate::ui::Ui;

/// Keys and what they came in. No `Debug`: see [`EncryptionConfig`].
pub(in crate::commands) struct Given {
    /// The configuration that kube-apiserver would use; `None` where the tarball of a cluster without encryption was
    /// given.
    pub(in crate::commands) config: Option<EncryptionConfig>,
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

/// Reads the keys that were given; `None` where none were.
///
/// # Errors
/// When the file cannot be read, or holds no keys that can be.
pub(in crate::commands) fn given(args: &KeysInput, reading: &Reading, ui: &mut Ui) -> Result<Option<Given>, Error> {
    match (&args.keys, &args.escrow) {
        (Some(file), _) => {
            forbid_dumps(ui);
            from_file(&Input::from(file.as_os_str()), reading, ui).map(Some)
        }
        (None, Some(escrow)) => {
            forbid_dumps(ui);
            from_escrow(escrow, &args.open, ui).map(Some)
        }
        (None, None) if args.open.identities.is_empty() && args.open.share_files.is_empty() => Ok(None),
        (None, None) => Err(Error::Usage("an identity or share opens an escrow: name it with `--escrow`".to_owned())),
    }
}

fn from_file(input: &Input, reading: &Reading, ui: &mut Ui) -> Result<Given, Error> {
    let meter = ui.meter("reading", None);
    let artifact = Artifact::open(input, reading, &|bytes| meter.add(bytes))?;
    drop(meter);
    match artifact {
        Artifact::Tar(packed) => from_tarball(packed, reading, ui),
        Artifact::Other(source) => from_source(&source),
    }
}

fn from_source(source: &Source) -> Result<Given, Error> {
    let name = source.name();
    if source.expect_snapshot().is_ok() {
        let what = format!("{} is a snapshot: keys come with the tarball of the same backup", source.display());
        return Err(failure::told(what, Some("name the tarball, or an EncryptionConfiguration")));
    }
    let config = of_bytes(source.bytes()).map_err(|error| {
        let what = format!("no keys in {}: {}", source.display(), escape(error.to_string().as_bytes()));
        failure::told(what, Some("name the tarball of the backup, or an EncryptionConfiguration"))
    })?;
    source.check_unchanged()?;
    Ok(Given { config: Some(config), holder: Holder::File, name })
}

/// Keys as they lie beside the snapshot of a hosted control plane, or as somebody gives them.
///
/// # Errors
/// For what holds none.
pub(in crate::commands) fn of_bytes(bytes: &[u8]) -> Result<EncryptionConfig, KeysError> {
    // A HyperShift AES key as it is: 32 bytes and nothing else. No configuration is so short.
    if bytes.len() == 32 { hypershift_config(bytes) } else { read_keys(bytes) }
}

/// What a tarball says about keys.
pub(super) enum InTarball {
    /// Its configuration, or that there is none.
    Keys(Given),
    /// There is one, and it was split off.
    HeldApart,
}

fn from_tarball(packed: PackedTar, reading: &Reading, ui: &mut Ui) -> Result<Given, Error> {
    let display = packed.display().to_owned();
    match read_tarball(packed, reading, ui)? {
        InTarball::Keys(given) => Ok(given),
        InTarball::HeldApart => Err(failure::told(
            format!("{display} holds no keys: they were split off"),
            Some("give their escrow: `--escrow FILE` with `-i IDENTITY`"),
        )),
    }
}

/// The configuration of a tarball that kube-apiserver would use.
pub(super) fn read_tarball(mut packed: PackedTar, reading: &Reading, ui: &mut Ui) -> Result<InTarball, Error> {
    let limits = Limits { expansion: reading.max_expanded, ..Limits::default() };
    let meter = ui.meter("reading", packed.size());
    let advance = |bytes| meter.add(bytes);
    let mut configurations = Vec::new();
    let outcome = static_resources::read_each(packed.bytes(&advance), &limits, |member, bytes| {
        configurations.extend(Configuration::of(member, bytes));
    });
    drop(meter);
    let resources = match outcome {
        Ok(resources) => resources,
        Err(ReadError::Io(error)) => return Err(packed.failed(error).into()),
        Err(_) => return Err(packed.refused().into()),
    };
    packed.check_unchanged()?;
    if resources.facts.pods.is_empty() && !packed.begins_as_expected() {
        return Err(packed.refused().into());
    }
    let facts = Facts { resources: &resources, configurations: &configurations, name: Name::default(), now: i64::MIN };
    let (keyless, complete) = (facts.is_keyless(), resources.complete);
    let chosen = facts.configuration().map(|found| found.member.clone());
    let chosen = chosen.and_then(|member| configurations.into_iter().find(|found| found.member == member));
    let marked = packed.file_name().and_then(FileName::parse).is_some_and(|name| name.keyless);
    let config = match chosen.map(|found| found.parsed) {
        Some(Ok(config)) => Some(config),
        Some(Err(error)) => return Err(failure::told(format!("{}: {error}", packed.display()), None)),
        None if keyless || marked => return Ok(InTarball::HeldApart),
        None if !complete => {
            return Err(failure::told(
                format!("{} breaks off before any keys", packed.display()),
                Some("`assay verify` tells what is wrong with it"),
            ));
        }
        None => None,
    };
    Ok(InTarball::Keys(Given { config, holder: Holder::Tarball, name: packed.name() }))
}

/// The configuration that an escrow holds. It never touches a disk.
pub(super) fn from_escrow(escrow: &Path, args: &IdentityArgs, ui: &mut Ui) -> Result<Given, Error> {
    let manifest = open::manifest(None, escrow)?;
    let threshold = manifest.as_ref().and_then(|(_, manifest)| manifest.threshold.clone());
    let identities = open::escrow(args, escrow, threshold, ui)?;
    let path = manifest.as_ref().map(|(path, _)| path.as_path());
    let mut progress = phases::shown(ui);
    let members = key_escrow::read_members(escrow, path, &identities, |path| revision(path).is_some(), &mut progress);
    drop(progress);
    let (_, members) = members.map_err(|error| failure::of(&error))?;
    let newest = members.iter().max_by_key(|member| revision(&member.path));
    let Some(newest) = newest else {
        let what = format!("`{}` holds no encryption configuration", escape_path(escrow));
        return Err(failure::told(what, Some("`assay keys verify-escrow` tells what it holds")));
    };
    let config = EncryptionConfig::parse(&newest.bytes).map_err(|error| {
        failure::told(format!("`{}`, `{}`: {error}", escape_path(escrow), escape(newest.path.as_bytes())), None)
    })?;
    Ok(Given { config: Some(config), holder: Holder::Escrow, name: escrow.to_string_lossy().into_owned() })
}

/// The revision of kube-apiserver that a member is the configuration of:
/// `static-pod-resources/kube-apiserver-pod-<N>/secrets/encryption-config/encryption-config`.
fn revision(path: &str) -> Option<u64> {
    let path = path.strip_prefix("./").unwrap_or(path);
    let rest = path.strip_prefix("static-pod-resources/kube-apiserver-pod-")?;
    rest.strip_suffix("/secrets/encryption-config/encryption-config")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_known_by_its_place() {
        for (path, expected) in [
            ("static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config/encryption-config", Some(9)),
            ("./static-pod-resources/kube-apiserver-pod-12/secrets/encryption-config/encryption-config", Some(12)),
            ("static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config/kms-plugin-config-1", None),
            ("static-pod-resources/kube-apiserver-pod-x/secrets/encryption-config/encryption-config", None),
            ("static-pod-resources/etcd-pod-9/secrets/encryption-config/encryption-config", None),
        ] {
            assert_eq!(revision(path), expected, "{path}");
        }
    }
}
