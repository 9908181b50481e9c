//! Walks a tar block by block and says of every block whether it stays or leaves.
//!
//! A block belongs to one member: its header, the pax and GNU headers that go with it, its data. Global pax headers,
//! the end mark and the padding stay. So the keyless tar is the original minus whole runs of blocks, and putting the
//! runs back gives the original. Whatever two tar readers could understand differently is refused: a member that one
//! of them sees in another place is a key that stays behind.

use std::collections::BTreeSet;
use std::io::Read;

use zeroize::Zeroizing;

use crate::error::{Error, Result};
use crate::policy::normal_form;
use crate::tar_header::{BLOCK, Header, pax_records, text};

/// Longest pax or GNU name header.
const MAX_EXTENSION: u64 = 1024 * 1024;
/// All headers of one member together.
const MAX_HEADERS: usize = 4 * 1024 * 1024;
const CHUNK: usize = 128 * BLOCK;

/// Caps on what a tarball may make us do.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the uncompressed tar.
    pub tar_bytes: u64,
    /// Members, directories included.
    pub members: u64,
    /// Members removed; each one takes a line in the manifest.
    pub removed: u64,
}

impl Default for Limits {
    /// 64 GiB, a million members, 65 536 of them removed.
    fn default() -> Self {
        Self { tar_bytes: 64 << 30, members: 1_000_000, removed: 65_536 }
    }
}

/// Whether blocks stay in the keyless tar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Keep,
    Remove,
}

/// A member as the walk meets it.
pub(crate) struct Member {
    /// Every name a tar reader could take it for; the last one is the name most readers use.
    names: Vec<Vec<u8>>,
    pub(crate) kind: u8,
    pub(crate) size: u64,
    link: Vec<u8>,
    pub(crate) offset: u64,
}

impl Member {
    /// The name, with bytes that are not UTF-8 replaced.
    pub(crate) fn path(&self) -> String {
        self.names.last().map(|n| lossy(n)).unwrap_or_default()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = String> {
        self.names.iter().map(|n| lossy(n))
    }

    fn is_link(&self) -> bool {
        matches!(self.kind, b'1' | b'2')
    }

    /// Where a link points, as a path from the root of the tar; nothing if it leaves it.
    pub(crate) fn link_target(&self) -> Option<String> {
        if !self.is_link() {
            return None;
        }
        let link = lossy(&self.link);
        if self.kind == b'1' {
            return Some(normal_form(&link));
        }
        if link.starts_with('/') {
            return None;
        }
        let path = normal_form(&self.path());
        let mut parts: Vec<&str> = path.split('/').collect();
        parts.pop();
        for part in link.split('/').filter(|p| !p.is_empty() && *p != ".") {
            if part == ".." {
                parts.pop()?;
            } else {
                parts.push(part);
            }
        }
        Some(parts.join("/"))
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What the walk hands out, in the order of the tar.
pub(crate) trait Sink {
    /// Decides over a member before any of its blocks.
    fn member(&mut self, member: &Member) -> Result<Fate>;
    /// Tells that the blocks which follow are of no member.
    fn outside(&mut self) {}
    /// Original blocks, whole and in order.
    fn blocks(&mut self, bytes: &[u8], fate: Fate) -> Result<()>;
    /// The data of a member that leaves, without padding.
    fn content(&mut self, bytes: &[u8]) -> Result<()>;
    /// The end of a member that leaves.
    fn end(&mut self) -> Result<()>;
}

/// Headers read ahead of a member.
#[derive(Default)]
struct Pending {
    blocks: Zeroizing<Vec<u8>>,
    names: Vec<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
}

struct Walker<'a, R, S> {
    input: R,
    sink: &'a mut S,
    limits: Limits,
    offset: u64,
    members: u64,
    symlinks: BTreeSet<String>,
}

/// Walks the whole tar. Returns its length in bytes.
pub(crate) fn walk<R: Read, S: Sink>(input: R, limits: Limits, sink: &mut S) -> Result<u64> {
    let mut walker = Walker { input, sink, limits, offset: 0, members: 0, symlinks: BTreeSet::new() };
    while walker.member()? {}
    walker.end_of_archive()?;
    Ok(walker.offset)
}

impl<R: Read, S: Sink> Walker<'_, R, S> {
    fn fault(&self, what: &'static str) -> Error {
        Error::Tar { what, offset: self.offset }
    }

    /// Fills `buf` as far as the input goes and returns the length.
    fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
        let mut have = 0;
        while let Some(rest) = buf.get_mut(have..).filter(|rest| !rest.is_empty()) {
            match self.input.read(rest) {
                Ok(0) => break,
                Ok(n) => have += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(Error::io("read", "the tar".as_ref())(e)),
            }
        }
        Ok(have)
    }

    /// The next block, or nothing at the end of the input.
    fn block(&mut self) -> Result<Option<Zeroizing<[u8; BLOCK]>>> {
        let mut block = Zeroizing::new([0; BLOCK]);
        match self.read(&mut *block)? {
            0 => Ok(None),
            BLOCK => {
                self.advance(BLOCK as u64)?;
                Ok(Some(block))
            }
            _ => Err(self.fault("the tar ends inside a block")),
        }
    }

    fn advance(&mut self, bytes: u64) -> Result<()> {
        self.offset = self.offset.saturating_add(bytes);
        if self.offset > self.limits.tar_bytes {
            return Err(Error::Limit { what: "the uncompressed tar, in bytes", limit: self.limits.tar_bytes });
        }
        Ok(())
    }

    /// One member with its headers; false at the end mark.
    fn member(&mut self) -> Result<bool> {
        let mut pending = Pending::default();
        loop {
            let offset = self.offset;
            let block = match self.block()? {
                None if pending.blocks.is_empty() => return Ok(false),
                None => return Err(self.fault("the tar ends after an extended header")),
                Some(block) => block,
            };
            if block.iter().all(|b| *b == 0) {
                if !pending.blocks.is_empty() {
                    return Err(self.fault("the end mark follows an extended header"));
                }
                self.sink.outside();
                self.sink.blocks(&*block, Fate::Keep)?;
                return Ok(false);
            }
            let header = Header::parse(&block).map_err(|what| Error::Tar { what, offset })?;
            let size = header.size().ok_or(Error::Tar { what: "a member without a readable size", offset })?;
            match header.kind() {
                b'g' => self.global(&block, size, offset)?,
                kind @ (b'x' | b'X' | b'L' | b'K') => self.extension(&mut pending, &block, kind, size)?,
                kind => {
                    self.plain(pending, &block, header, kind, size, offset)?;
                    return Ok(true);
                }
            }
        }
    }

    /// The body of an extended header, padding stripped, and its blocks.
    fn extension_body(&mut self, size: u64) -> Result<(Zeroizing<Vec<u8>>, usize)> {
        if size > MAX_EXTENSION {
            return Err(Error::Limit { what: "an extended tar header, in bytes", limit: MAX_EXTENSION });
        }
        let len = usize::try_from(size).unwrap_or(usize::MAX);
        let mut body = Zeroizing::new(vec![0; len.next_multiple_of(BLOCK)]);
        if self.read(&mut body)? != body.len() {
            return Err(self.fault("the tar ends inside an extended header"));
        }
        self.advance(body.len() as u64)?;
        Ok((body, len))
    }

    /// A global pax header stays, unless it would rename or resize what follows.
    fn global(&mut self, block: &[u8; BLOCK], size: u64, offset: u64) -> Result<()> {
        let (body, len) = self.extension_body(size)?;
        let mut renames = false;
        pax_records(body.get(..len).unwrap_or_default(), |key, _| {
            renames |= matches!(key, b"path" | b"linkpath" | b"size") || key.starts_with(b"GNU.sparse");
        })
        .map_err(|what| Error::Tar { what, offset })?;
        if renames {
            return Err(Error::Tar { what: "a global pax header that renames or resizes members", offset });
        }
        self.sink.outside();
        self.sink.blocks(block, Fate::Keep)?;
        self.sink.blocks(&body, Fate::Keep)
    }

    fn extension(&mut self, pending: &mut Pending, block: &[u8; BLOCK], kind: u8, size: u64) -> Result<()> {
        let offset = self.offset;
        let (body, len) = self.extension_body(size)?;
        let data = body.get(..len).unwrap_or_default();
        match kind {
            b'L' => pending.names.push(text(data).to_vec()),
            b'K' => pending.link = Some(text(data).to_vec()),
            _ => {
                let mut sizes = Vec::new();
                pax_records(data, |key, value| match key {
                    b"path" | b"GNU.sparse.name" => pending.names.push(value.to_vec()),
                    b"linkpath" => pending.link = Some(value.to_vec()),
                    b"size" => sizes.push(std::str::from_utf8(value).ok().and_then(|v| v.parse::<u64>().ok())),
                    _ => {}
                })
                .map_err(|what| Error::Tar { what, offset })?;
                for size in sizes {
                    if size.is_none() || pending.size.is_some() {
                        return Err(Error::Tar { what: "an ambiguous size in a pax header", offset });
                    }
                    pending.size = size;
                }
            }
        }
        pending.blocks.extend_from_slice(block);
        pending.blocks.extend_from_slice(&body);
        if pending.blocks.len() > MAX_HEADERS {
            return Err(Error::Limit { what: "the headers of one member, in bytes", limit: MAX_HEADERS as u64 });
        }
        Ok(())
    }

    fn plain(
        &mut self,
        mut pending: Pending,
        block: &[u8; BLOCK],
        header: Header<'_>,
        kind: u8,
        size: u64,
        offset: u64,
    ) -> Result<()> {
        let size = pending.size.unwrap_or(size);
        let mut names = vec![header.name().to_vec()];
        names.extend(header.prefixed_name());
        // a long name's header block holds the same name cut short, possibly inside `..` or a directory
        if pending.names.is_empty() {
            names.drain(..names.len() - 1);
        } else {
            names = std::mem::take(&mut pending.names);
        }
        let member =
            Member { names, kind, size, link: pending.link.take().unwrap_or_else(|| header.link().to_vec()), offset };
        self.check(&member)?;
        pending.blocks.extend_from_slice(block);
        if kind == b'S' {
            self.sparse_blocks(&mut pending, header.sparse_extended())?;
        }
        self.members += 1;
        if self.members > self.limits.members {
            return Err(Error::Limit { what: "members", limit: self.limits.members });
        }
        let fate = self.sink.member(&member)?;
        self.sink.blocks(&pending.blocks, fate)?;
        self.data(size, fate)
    }

    fn sparse_blocks(&mut self, pending: &mut Pending, mut more: bool) -> Result<()> {
        while more {
            let block = self.block()?.ok_or_else(|| self.fault("the tar ends inside a sparse header"))?;
            more = block.get(504).is_some_and(|b| *b != 0);
            pending.blocks.extend_from_slice(&*block);
            if pending.blocks.len() > MAX_HEADERS {
                return Err(Error::Limit { what: "the headers of one member, in bytes", limit: MAX_HEADERS as u64 });
            }
        }
        Ok(())
    }

    fn check(&mut self, member: &Member) -> Result<()> {
        let offset = member.offset;
        let fault = |what| Err(Error::Tar { what, offset });
        match member.kind {
            0 | b'0' | b'7' if member.size > 0 && member.names.iter().any(|n| n.ends_with(b"/")) => {
                return fault("a directory with data");
            }
            0 | b'0' | b'7' | b'S' => {}
            b'1'..=b'6' | b'V' if member.size > 0 => {
                return fault("a link, directory or device with data");
            }
            b'1'..=b'6' | b'V' => {}
            _ => return fault("a member of a type this tool does not know"),
        }
        for name in member.names() {
            if name.is_empty()
                || name.starts_with('/')
                || name.contains('\0')
                || name.split('/').any(|part| part == "..")
            {
                return Err(Error::UnsafeMember { member: name, offset });
            }
            let name = normal_form(&name);
            let below_link =
                name.match_indices('/').any(|(at, _)| name.get(..at).is_some_and(|dir| self.symlinks.contains(dir)));
            if below_link {
                return fault("a member below a symbolic link");
            }
            if member.kind == b'2' {
                self.symlinks.insert(name);
            }
        }
        Ok(())
    }

    fn data(&mut self, size: u64, fate: Fate) -> Result<()> {
        let mut left = size;
        let mut chunk = Zeroizing::new(vec![0; CHUNK]);
        while left > 0 {
            let data = usize::try_from(left).unwrap_or(usize::MAX).min(CHUNK);
            let whole = data.next_multiple_of(BLOCK);
            let part = chunk.get_mut(..whole).unwrap_or_default();
            if self.read(part)? != whole {
                return Err(self.fault("the tar ends inside a member"));
            }
            self.advance(whole as u64)?;
            self.sink.blocks(chunk.get(..whole).unwrap_or_default(), fate)?;
            if fate == Fate::Remove {
                self.sink.content(chunk.get(..data).unwrap_or_default())?;
            }
            left -= data as u64;
        }
        if fate == Fate::Remove {
            self.sink.end()?;
        }
        Ok(())
    }

    /// Everything behind the end mark must be zeros: what is hidden there, no tar lists.
    fn end_of_archive(&mut self) -> Result<()> {
        while let Some(block) = self.block()? {
            if block.iter().any(|b| *b != 0) {
                return Err(self.fault("data after the end of the archive"));
            }
            self.sink.blocks(&*block, Fate::Keep)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
