//! What an archive holds, for those who want one file of it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Backing, Bytes, Contents, Raw};
use crate::members::Members;
use crate::{Advance, Compression, InputError, Looks, Reading, expand};

impl Contents {
    /// Whether it is an archive of other files: a zip archive, or a tar archive of something else than static pod resources.
    pub fn is_container(&self) -> bool {
        let is_archive = match &self.looks {
            Looks::Zip => self.compression == Compression::None,
            Looks::Tar { static_resources, .. } => !static_resources,
            _ => false,
        };
        is_archive && matches!(self.backing, Backing::Unread | Backing::Stream(_))
    }

    /// What it holds, if it is an archive. A stream is had whole for that, as it is stored.
    pub(crate) fn members(mut self, reading: &Reading, advance: Advance<'_>) -> Result<(Self, Members), InputError> {
        if let Backing::Stream(_) = self.backing {
            self = self.settled(reading, advance)?;
        }
        let bytes = match &self.raw {
            Raw::Part(bytes, range) if *range == (0..bytes.size()) => bytes.clone(),
            // an archive in an archive
            _ => return Err(self.refused()),
        };
        let looks = if self.sole.is_some() { &Looks::Zip } else { &self.looks };
        let members = Members::of((bytes, looks, self.compression), &self.display, reading, advance)?;
        self.check_unchanged()?;
        Ok((self, members))
    }

    /// A stream, had whole as it is stored.
    fn settled(mut self, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        let display = self.display.clone();
        let bytes = expand::read_stored(self.stored(advance), reading.max_expanded, &display)?;
        let size = bytes.len() as u64;
        let mut settled = self.of_bytes(Bytes::Memory(Arc::new(bytes)), size)?;
        settled.on_disk = None;
        Ok(settled)
    }

    /// The only snapshot in an archive, whole.
    pub(super) fn only_snapshot(self, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        let (archive, members) = self.members(reading, advance)?;
        // of a stream, that is known now
        if !archive.is_container() {
            return archive.whole(reading, advance);
        }
        let (mut snapshots, mut why) = (Vec::new(), None);
        for (name, member) in members.files() {
            match archive.member(&members, Path::new(name), member) {
                Ok(contents) if contents.looks.is_bbolt() => snapshots.push(contents),
                Ok(_) => {}
                Err(InputError::NotASnapshot { .. }) => {}
                Err(error) => why = why.or(Some(error)),
            }
        }
        if snapshots.len() > 1 {
            let snapshots = snapshots.into_iter().filter_map(|one| one.path).collect();
            return Err(InputError::Several { display: archive.display, snapshots });
        }
        match (snapshots.pop(), why) {
            (Some(one), _) => one.whole(reading, advance),
            (None, Some(why)) => Err(why),
            (None, None) => Err(archive.refused()),
        }
    }

    /// What a path leads to of which a name above is a file's: a member of an archive.
    pub(super) fn below(path: &Path, error: io::Error) -> Result<Self, InputError> {
        let not_there = |error| InputError::opening(path, error);
        let Some(above) = path.ancestors().skip(1).find(|above| above.is_file()) else { return Err(not_there(error)) };
        let archive = Self::open(above)?;
        let name = path.strip_prefix(above).unwrap_or(path);
        if !archive.is_container() && archive.sole.is_none() {
            return Err(not_there(error));
        }
        let reading = Reading::default();
        let (archive, members) = archive.members(&reading, &|_| {})?;
        match members.all.get(name.as_os_str()) {
            Some(member) => archive.member(&members, name, member),
            None => Err(not_there(io::ErrorKind::NotFound.into())),
        }
    }
}
