//! Reading one tarball.

use artifact::{Advance, Contents, InputError, Reading};
use backup_facts::directory::FileName;
use backup_facts::tarball::TarballFacts;
use checks::tarball::Name;
use static_resources::{BackupFile, Limits, ReadError};

/// Reads an archive from one end to the other.
///
/// # Errors
/// When reading fails, the file changed meanwhile, or it holds no static pod resources.
pub fn read(packed: &mut Contents, reading: &Reading, advance: Advance<'_>) -> Result<TarballFacts, InputError> {
    let limits = Limits { expansion: reading.max_expanded, ..Limits::default() };
    let outcome = TarballFacts::read(packed.stored(advance), &limits);
    let facts = match outcome {
        Ok(facts) => facts,
        Err(ReadError::Io(error)) => return Err(packed.failed(error)),
        Err(_) => return Err(packed.refused()),
    };
    packed.check_unchanged()?;
    // an archive that breaks off at once has no pod, and its first header says what it was
    if facts.resources.facts.pods.is_empty() && !packed.begins_as_expected() {
        return Err(packed.refused());
    }
    Ok(facts)
}

/// What the name of a file says of a tarball.
#[must_use]
pub fn name(file_name: Option<&str>) -> Name {
    let named = file_name.and_then(FileName::parse).filter(|named| named.file == BackupFile::StaticKubeResources);
    Name {
        dirty: named.as_ref().is_some_and(|named| named.dirty),
        keyless: named.as_ref().is_some_and(|named| named.keyless),
        restorable: file_name.is_some_and(|name| name.starts_with("static_kuberesources") && name.ends_with(".tar.gz")),
    }
}
