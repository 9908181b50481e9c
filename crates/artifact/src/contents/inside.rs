//! What an archive holds, for those who want one file of it.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::{Backing, Bytes, Contents, HEAD, Raw, look};
use crate::members::{Member, Members, Stored};
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

    /// Takes a zip archive of one file, and of nothing else, for what that is: it is a way to compress it. What is wrong with
    /// the archive is told when it is read.
    pub(super) fn look_into(&mut self, bytes: Bytes) {
        let Ok(members) = Members::of_zip(bytes) else { return };
        let mut files = members.files();
        let (Some((_, one)), None, []) = (files.next(), files.next(), &members.ignored[..]) else { return };
        let Ok(Stored::Packed(packed)) = &one.stored else { return };
        let Ok(unpacked) = packed.unpack(&members.bytes) else { return };
        let mut head = Vec::new();
        // what ends too soon is told when it is read
        let _ = unpacked.take(HEAD as u64).read_to_end(&mut head);
        let (looks, inner) = look(&head, |compression| expand::beginning(&head[..], compression, HEAD as u64));
        if inner == Compression::None && !matches!(looks, Looks::Tar { .. } | Looks::Zip) {
            (self.looks, self.compression, self.sole) = (looks, Compression::Zip, Some(packed.clone()));
        }
    }

    /// Takes a member of this archive.
    pub(crate) fn member(&self, members: &Members, name: &Path, member: &Member) -> Result<Self, InputError> {
        let mut contents = Self::named(Some(&self.path.as_deref().unwrap_or(Path::new("-")).join(name)));
        contents.file.clone_from(&self.file);
        contents.on_disk = Some(member.size);
        contents.backing = Backing::Unread;
        let faulty = |fault| InputError::Archive { display: contents.display.clone(), fault };
        contents.raw = match member.stored.clone().map_err(faulty)? {
            Stored::Part(range) => Raw::Part(members.bytes.clone(), range),
            Stored::Packed(packed) => Raw::Packed(members.bytes.clone(), packed),
            Stored::Memory(bytes) => Raw::Part(Bytes::Memory(Arc::clone(&bytes)), 0..bytes.len() as u64),
            Stored::Again(compression, at) => {
                Raw::Again(members.bytes.clone(), compression, at..at.saturating_add(member.size))
            }
            Stored::Nothing => {
                let (display, looks, compression) = (contents.display, Looks::Unknown, Compression::None);
                return Err(InputError::NotASnapshot { display, looks, compression, says: Vec::new() });
            }
        };
        (contents.looks, contents.compression) = contents.looked_at()?;
        Ok(contents)
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
    pub(super) fn below(path: &Path, error: io::Error, reading: &Reading) -> Result<Self, InputError> {
        let not_there = |error| InputError::opening(path, error);
        let Some(above) = path.ancestors().skip(1).find(|above| above.is_file()) else { return Err(not_there(error)) };
        let archive = Self::open_with(above, reading)?;
        let name = path.strip_prefix(above).unwrap_or(path);
        if !archive.is_container() && archive.sole.is_none() {
            return Err(not_there(error));
        }
        let (archive, members) = archive.members(reading, &|_| {})?;
        match members.all.get(name.as_os_str()) {
            Some(member) => archive.member(&members, name, member),
            None => Err(not_there(io::ErrorKind::NotFound.into())),
        }
    }
}
