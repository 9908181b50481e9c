//! The tar layer: from one header to the next, believing nothing.
//!
//! The `tar` crate's structs name the fields of a header. Its archive reader is not used: it
//! reads long names of any size into memory, hides extension headers, and gives no offsets.
use std::io::Read;

use crate::fault::{Fault, FaultKind, Sparse};
use crate::gzip::Inner;
use crate::header::{BLOCK, checksum, dialect, number, pax_records};
use crate::limits::{Limit, Limits};
use crate::member::{Dialect, MemberKind};
use crate::path::MemberPath;
use crate::stop::Stop;

/// A member's header with its extensions applied.
pub(crate) struct Entry {
    pub(crate) path: MemberPath,
    pub(crate) kind: MemberKind,
    pub(crate) sparse: Option<Sparse>,
    pub(crate) dialect: Dialect,
    pub(crate) size: u64,
    pub(crate) mode: u64,
    pub(crate) uid: u64,
    pub(crate) gid: u64,
    pub(crate) mtime: u64,
    pub(crate) link: Option<MemberPath>,
    pub(crate) header_offset: u64,
    pub(crate) data_offset: u64,
}

/// What extension headers say about the member that follows.
#[derive(Default)]
struct Pending {
    first: Option<u64>,
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<Vec<u8>>,
    sparse: bool,
}

pub(crate) struct Walker<R: Read> {
    pub(crate) inner: Inner<R>,
    limits: Limits,
    entries: u64,
    /// Bytes of the current member and its padding that were not read yet.
    data_left: u64,
    padding_left: u64,
    pub(crate) faults: Vec<Fault>,
    pub(crate) pax_headers: u64,
}

impl<R: Read> Walker<R> {
    pub(crate) fn new(inner: Inner<R>, limits: Limits) -> Self {
        Self { inner, limits, entries: 0, data_left: 0, padding_left: 0, faults: Vec::new(), pax_headers: 0 }
    }

    fn fault(&mut self, offset: u64, kind: FaultKind) {
        self.faults.push(Fault { offset, member: None, kind });
    }

    /// Returns the next member, or `None` at the end of the archive.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>, Stop> {
        let mut pending = Pending::default();
        loop {
            let offset = self.inner.offset();
            let Some(block) = self.header_block()? else {
                if let Some(first) = pending.first {
                    self.fault(first, FaultKind::OrphanExtension);
                }
                return Ok(None);
            };
            self.entries = self.entries.saturating_add(1);
            if self.entries > self.limits.entries {
                return Err(limit(offset, Limit::Entries));
            }
            let header = tar::Header::from_byte_slice(&block);
            let stored = number(&header.as_old().cksum);
            let computed = checksum(&block);
            if stored != Some(computed) {
                return Err(stop(offset, FaultKind::Checksum { stored, computed }));
            }
            let size = field(offset, "size", &header.as_old().size)?;
            let flag = header.entry_type().as_byte();
            match flag {
                b'L' | b'K' | b'x' | b'X' | b'g' => self.extension(offset, flag, size, &mut pending)?,
                _ => return self.member(offset, header, size, pending).map(Some),
            }
        }
    }

    /// Reads a header block; `None` at the end, with the end's own faults reported.
    fn header_block(&mut self) -> Result<Option<[u8; BLOCK]>, Stop> {
        let offset = self.inner.offset();
        let mut block = [0; BLOCK];
        match self.inner.read_full(&mut block)? {
            0 => {
                self.fault(offset, FaultKind::NoEnd);
                return Ok(None);
            }
            BLOCK => {}
            length => return Err(truncated(offset, BLOCK.saturating_sub(length))),
        }
        if block.iter().any(|byte| *byte != 0) {
            return Ok(Some(block));
        }
        if self.entries == 0 {
            self.inner.give_up();
            return Err(stop(offset, FaultKind::NoMembers));
        }
        let mut nonzero = 0_u64;
        match self.inner.read_full(&mut block)? {
            BLOCK if block.iter().all(|byte| *byte == 0) => {}
            _ => {
                self.fault(offset, FaultKind::LoneZeroBlock);
                nonzero = count_nonzero(&block);
            }
        }
        self.trailing(nonzero)?;
        Ok(None)
    }

    /// Reads what follows the end of the archive: tape padding, or something hidden.
    fn trailing(&mut self, mut nonzero: u64) -> Result<(), Stop> {
        let offset = self.inner.offset();
        let mut chunk = vec![0; 64 << 10];
        loop {
            let length = self.inner.read_full(&mut chunk)?;
            if length == 0 {
                break;
            }
            nonzero = nonzero.saturating_add(count_nonzero(chunk.get(..length).unwrap_or_default()));
        }
        if nonzero > 0 {
            self.fault(offset, FaultKind::TrailingData { bytes: nonzero });
        }
        Ok(())
    }

    fn extension(&mut self, offset: u64, flag: u8, size: u64, pending: &mut Pending) -> Result<(), Stop> {
        let cap = u64::try_from(self.limits.extension).unwrap_or(u64::MAX);
        if size > cap {
            return Err(limit(offset, Limit::Extension));
        }
        self.begin_data(size);
        let mut bytes = vec![0; usize::try_from(size).unwrap_or(0)];
        self.read_data(&mut bytes)?;
        self.finish_data()?;
        pending.first = pending.first.or(Some(offset));
        match flag {
            b'L' | b'K' => {
                while bytes.last() == Some(&0) {
                    bytes.pop();
                }
                let slot = if flag == b'L' { &mut pending.path } else { &mut pending.link };
                if slot.replace(bytes).is_some() {
                    self.fault(offset, FaultKind::BadExtension { what: "given twice" });
                }
            }
            _ => self.pax(offset, flag == b'g', &bytes, pending),
        }
        Ok(())
    }

    fn pax(&mut self, offset: u64, global: bool, bytes: &[u8], pending: &mut Pending) {
        self.pax_headers = self.pax_headers.saturating_add(1);
        if global {
            self.fault(offset, FaultKind::GlobalPax);
        }
        let Some(records) = pax_records(bytes) else {
            return self.fault(offset, FaultKind::BadExtension { what: "pax records" });
        };
        for (key, value) in records {
            let slot = match key {
                b"path" | b"GNU.sparse.name" => &mut pending.path,
                b"linkpath" => &mut pending.link,
                b"size" => &mut pending.size,
                _ => {
                    pending.sparse |= key.starts_with(b"GNU.sparse.");
                    continue;
                }
            };
            pending.sparse |= key.starts_with(b"GNU.sparse.");
            if global {
                // it would rename or resize every member that follows
                self.faults.push(Fault {
                    offset,
                    member: None,
                    kind: FaultKind::BadExtension { what: "a global pax path or size" },
                });
            }
            *slot = Some(value.to_vec());
        }
    }

    fn member(&mut self, offset: u64, header: &tar::Header, size: u64, pending: Pending) -> Result<Entry, Stop> {
        let old = header.as_old();
        let path = MemberPath::new(pending.path.unwrap_or_else(|| header.path_bytes().into_owned()));
        let flag = header.entry_type().as_byte();
        let link = pending.link.or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned));
        for text in [Some(path.as_bytes()), link.as_deref()].into_iter().flatten() {
            if text.len() > self.limits.path {
                return Err(limit(offset, Limit::Path));
            }
        }
        if let Some(pax) = pending.size {
            let same = std::str::from_utf8(&pax).ok().and_then(|text| text.parse().ok()) == Some(size);
            if !same {
                let pax = String::from_utf8_lossy(pax.get(..pax.len().min(32)).unwrap_or_default()).into_owned();
                let kind = FaultKind::SizeConflict { pax, header: size };
                return Err(Stop::Fault(Fault { offset, member: Some(path), kind }));
            }
        }
        let (kind, sparse) = kind_of(flag, path.as_bytes(), pending.sparse);
        if size > 0 && !matches!(kind, MemberKind::File | MemberKind::Sparse | MemberKind::Other(_)) {
            return Err(Stop::Fault(Fault { offset, member: Some(path), kind: FaultKind::DataWithoutFile { size } }));
        }
        let is_link = matches!(kind, MemberKind::Symlink | MemberKind::HardLink);
        let (mode, uid) = (field(offset, "mode", &old.mode)?, field(offset, "uid", &old.uid)?);
        let (gid, mtime) = (field(offset, "gid", &old.gid)?, field(offset, "mtime", &old.mtime)?);
        if kind == MemberKind::Sparse && sparse == Some(Sparse::Gnu) {
            self.skip_sparse_maps(header)?;
        }
        self.begin_data(size);
        Ok(Entry {
            path,
            kind,
            sparse,
            dialect: dialect(header),
            size,
            mode,
            uid,
            gid,
            mtime,
            link: link.filter(|_| is_link).map(MemberPath::new),
            header_offset: pending.first.unwrap_or(offset),
            data_offset: self.inner.offset(),
        })
    }

    /// GNU sparse maps that do not fit the header go on in blocks of their own.
    fn skip_sparse_maps(&mut self, header: &tar::Header) -> Result<(), Stop> {
        let mut more = header.as_gnu().is_some_and(tar::GnuHeader::is_extended);
        while more {
            let offset = self.inner.offset();
            self.entries = self.entries.saturating_add(1);
            if self.entries > self.limits.entries {
                return Err(limit(offset, Limit::Entries));
            }
            let mut block = [0_u8; BLOCK];
            let length = self.inner.read_full(&mut block)?;
            if length < BLOCK {
                return Err(truncated(offset, BLOCK.saturating_sub(length)));
            }
            more = block.get(504).is_some_and(|byte| *byte != 0);
        }
        Ok(())
    }

    fn begin_data(&mut self, size: u64) {
        let block = u64::try_from(BLOCK).unwrap_or(512);
        self.data_left = size;
        self.padding_left = (block.saturating_sub(size % block)) % block;
    }

    /// Reads the next bytes of the current member; 0 at its end.
    pub(crate) fn read_data(&mut self, buffer: &mut [u8]) -> Result<usize, Stop> {
        let wanted = buffer.len().min(usize::try_from(self.data_left).unwrap_or(usize::MAX));
        let offset = self.inner.offset();
        let length = self.inner.read_full(buffer.get_mut(..wanted).unwrap_or_default())?;
        self.data_left = self.data_left.saturating_sub(u64::try_from(length).unwrap_or(u64::MAX));
        if length < wanted {
            return Err(stop(
                offset,
                FaultKind::Truncated { missing: self.data_left.saturating_add(self.padding_left) },
            ));
        }
        Ok(length)
    }

    /// Reads the padding; the member's data must have been read.
    pub(crate) fn finish_data(&mut self) -> Result<(), Stop> {
        let mut padding = [0; BLOCK];
        let wanted = usize::try_from(self.padding_left).unwrap_or(0);
        let offset = self.inner.offset();
        let length = self.inner.read_full(padding.get_mut(..wanted).unwrap_or_default())?;
        self.padding_left = 0;
        if length < wanted {
            return Err(truncated(offset, wanted.saturating_sub(length)));
        }
        Ok(())
    }
}

fn kind_of(flag: u8, path: &[u8], pax_sparse: bool) -> (MemberKind, Option<Sparse>) {
    let kind = match flag {
        b'0' | 0 | b'7' if pax_sparse => return (MemberKind::Sparse, Some(Sparse::Pax)),
        // Version 7 marks a directory by its slash alone
        b'0' | 0 if path.ends_with(b"/") => MemberKind::Directory,
        b'0' | 0 | b'7' => MemberKind::File,
        b'1' => MemberKind::HardLink,
        b'2' => MemberKind::Symlink,
        b'3' => MemberKind::CharDevice,
        b'4' => MemberKind::BlockDevice,
        b'5' => MemberKind::Directory,
        b'6' => MemberKind::Fifo,
        b'S' => return (MemberKind::Sparse, Some(Sparse::Gnu)),
        other => MemberKind::Other(other),
    };
    (kind, None)
}

fn count_nonzero(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.iter().filter(|byte| **byte != 0).count()).unwrap_or(u64::MAX)
}

fn field(offset: u64, name: &'static str, bytes: &[u8]) -> Result<u64, Stop> {
    number(bytes).ok_or_else(|| stop(offset, FaultKind::Field { field: name }))
}

fn stop(offset: u64, kind: FaultKind) -> Stop {
    Stop::Fault(Fault { offset, member: None, kind })
}

fn limit(offset: u64, limit: Limit) -> Stop {
    stop(offset, FaultKind::Limit { limit })
}

fn truncated(offset: u64, missing: usize) -> Stop {
    stop(offset, FaultKind::Truncated { missing: u64::try_from(missing).unwrap_or(u64::MAX) })
}
