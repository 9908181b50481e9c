//! One pass over a tarball.
use std::collections::HashMap;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::certificate::rfc3339;
use crate::class::Class;
use crate::content::{Contents, Found, MarkerSearch, examine};
use crate::fault::{Fault, FaultKind};
use crate::gzip::Inner;
use crate::limits::{Limit, Limits};
use crate::member::{Digest, Member, MemberKind};
use crate::path::MemberPath;
use crate::report::{Archive, KnownBy, Material, Producer, StaticResources};
use crate::static_pods::StaticPods;
use crate::stop::Stop;
use crate::walk::{Entry, Walker};

/// Why nothing can be said about a file.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// Reading failed: the disk, the network, the pipe; not the content.
    #[error("reading the tarball failed")]
    Io(#[source] io::Error),
    /// The file is empty, as the operator's backup job leaves it when it fails unnoticed.
    #[error("the tarball is empty (0 bytes)")]
    Empty,
}

/// Reads a tarball, compressed or not, in one pass.
///
/// Whatever is wrong with the content is a fault in the result; after a fault that
/// [stops](FaultKind::stops) the reading, `complete` is false and the members before it stand.
/// Memory is bounded by the caps, not by the file: at most one member of up to [`Limits::keep`]
/// bytes is held at a time, in a wiped buffer.
///
/// # Errors
/// [`ReadError`] where the input cannot be read or is empty.
pub fn read(input: impl Read, limits: &Limits) -> Result<StaticResources, ReadError> {
    read_each(input, limits, |_, _| {})
}

/// As [`read`], and shows every member with its bytes, for callers that need the content of
/// some (the EncryptionConfiguration, say). The bytes are `None` for members that are no regular
/// file or larger than [`Limits::keep`]; they live in a buffer that is wiped right after the
/// call, so copy what must stay into a type that is wiped too.
///
/// # Errors
/// As [`read`].
pub fn read_each(
    input: impl Read,
    limits: &Limits,
    mut visit: impl FnMut(&Member, Option<&[u8]>),
) -> Result<StaticResources, ReadError> {
    let inner = Inner::new(input, limits.expansion).map_err(ReadError::Io)?.ok_or(ReadError::Empty)?;
    let mut walker = Walker::new(inner, *limits);
    let mut reader = Reader::new(*limits);
    let stopped = loop {
        match reader.step(&mut walker, &mut visit) {
            Ok(true) => {}
            Ok(false) => break None,
            Err(Stop::Fault(fault)) => break Some(fault),
            Err(Stop::Io(error)) => return Err(ReadError::Io(error)),
        }
    };
    reader.finish(walker, stopped)
}

/// The bytes of a small regular file, wiped on drop.
type Held = Option<Zeroizing<Vec<u8>>>;

struct Reader {
    limits: Limits,
    spent: usize,
    members: Vec<Member>,
    seen: HashMap<Vec<u8>, u64>,
    out: StaticResources,
}

impl Reader {
    fn new(limits: Limits) -> Self {
        Self { limits, spent: 0, members: Vec::new(), seen: HashMap::new(), out: StaticResources::default() }
    }

    /// Reads one member; false at the end.
    fn step<R: Read>(
        &mut self,
        walker: &mut Walker<R>,
        visit: &mut impl FnMut(&Member, Option<&[u8]>),
    ) -> Result<bool, Stop> {
        let next = walker.next_entry();
        self.collect(walker)?;
        let Some(entry) = next? else { return Ok(false) };
        self.spend(entry.header_offset, entry.path.as_bytes().len().saturating_mul(3).saturating_add(384))?;
        self.check_path(&entry)?;
        self.check_kind(&entry)?;
        let (sha256, contents, held) = self.read_content(walker, &entry)?;
        walker.finish_data()?;
        let cost = self.out.static_pods.count(&entry.path, entry.kind);
        self.spend(entry.header_offset, cost)?;
        if let Some(bytes) = held.as_deref().filter(|_| StaticPods::wants(&entry.path)) {
            match self.out.static_pods.take(&entry.path, bytes) {
                Some(taken) => {
                    self.spend(entry.header_offset, taken.cost)?;
                    if taken.hollow {
                        self.member_fault(&entry, FaultKind::Hollow)?;
                    }
                }
                None => self.member_fault(&entry, FaultKind::Unreadable)?,
            }
        }
        if held.as_deref().is_some_and(|bytes| is_blank(bytes)) {
            self.spend(entry.header_offset, entry.path.as_bytes().len().saturating_add(64))?;
            self.out.blank.push(entry.path.clone());
        }
        let class = self.classify(&entry, contents)?;
        let member = Member {
            path: entry.path,
            kind: entry.kind,
            dialect: entry.dialect,
            size: entry.size,
            mode: entry.mode,
            uid: entry.uid,
            gid: entry.gid,
            mtime: entry.mtime,
            link: entry.link,
            header_offset: entry.header_offset,
            data_offset: entry.data_offset,
            end_offset: walker.inner.offset(),
            sha256,
            class,
        };
        visit(&member, held.as_deref().map(Vec::as_slice));
        self.members.push(member);
        Ok(true)
    }

    /// Takes over the faults of the lower layers, within the budget.
    fn collect<R: Read>(&mut self, walker: &mut Walker<R>) -> Result<(), Stop> {
        let mut faults = std::mem::take(&mut walker.inner.faults);
        faults.append(&mut walker.faults);
        for fault in faults {
            self.spend(fault.offset, 128)?;
            self.out.faults.push(fault);
        }
        Ok(())
    }

    fn spend(&mut self, offset: u64, bytes: usize) -> Result<(), Stop> {
        self.spent = self.spent.saturating_add(bytes);
        if self.spent > self.limits.metadata {
            let kind = FaultKind::Limit { limit: Limit::Metadata };
            return Err(Stop::Fault(Fault { offset, member: None, kind }));
        }
        Ok(())
    }

    fn member_fault(&mut self, entry: &Entry, kind: FaultKind) -> Result<(), Stop> {
        self.spend(entry.header_offset, entry.path.as_bytes().len().saturating_add(128))?;
        self.out.faults.push(Fault { offset: entry.header_offset, member: Some(entry.path.clone()), kind });
        Ok(())
    }

    fn check_path(&mut self, entry: &Entry) -> Result<(), Stop> {
        let path = entry.path.as_bytes();
        let mut parts = path.split(|byte| *byte == b'/');
        let root = entry.path.components().next() == Some(b"static-pod-resources");
        let trimmed = path.strip_suffix(b"/").unwrap_or(path);
        let plain = trimmed.split(|byte| *byte == b'/').all(|part| !part.is_empty() && part != b".");
        let absolute = path.starts_with(b"/");
        for (wrong, kind) in [
            (path.is_empty(), FaultKind::PathEmpty),
            (absolute, FaultKind::PathAbsolute),
            (parts.any(|part| part == b".."), FaultKind::PathEscapes),
            (path.iter().any(u8::is_ascii_control), FaultKind::PathControl),
            (std::str::from_utf8(path).is_err(), FaultKind::PathNotText),
            (!plain && !absolute && !path.is_empty(), FaultKind::PathNotPlain),
            (!root, FaultKind::OutsideRoot),
        ] {
            if wrong {
                self.member_fault(entry, kind)?;
            }
        }
        let first = self.seen.get(&entry.path.normal()).copied();
        match first {
            Some(first) => self.member_fault(entry, FaultKind::Duplicate { first })?,
            None => {
                self.seen.insert(entry.path.normal(), entry.header_offset);
            }
        }
        Ok(())
    }

    fn check_kind(&mut self, entry: &Entry) -> Result<(), Stop> {
        let kind = match (entry.kind, entry.sparse) {
            (MemberKind::File | MemberKind::Directory, _) => return Ok(()),
            (MemberKind::Symlink | MemberKind::HardLink, _) => {
                let target = entry.link.clone().unwrap_or_else(|| MemberPath::new(Vec::new()));
                FaultKind::Link { target }
            }
            (MemberKind::CharDevice | MemberKind::BlockDevice | MemberKind::Fifo, _) => FaultKind::Special,
            (_, Some(flavour)) => FaultKind::SparseFile(flavour),
            (MemberKind::Sparse, None) => FaultKind::UnknownType { flag: b'S' },
            (MemberKind::Other(flag), None) => FaultKind::UnknownType { flag },
        };
        self.member_fault(entry, kind)
    }

    /// Reads and hashes the data. A small regular file is held; of a large one only marks are
    /// looked for.
    fn read_content<R: Read>(
        &mut self,
        walker: &mut Walker<R>,
        entry: &Entry,
    ) -> Result<(Digest, Contents, Held), Stop> {
        let small = usize::try_from(entry.size).ok().filter(|size| *size <= self.limits.keep);
        if let Some(size) = small {
            let mut bytes = Zeroizing::new(vec![0; size]);
            walker.read_data(&mut bytes)?;
            let digest = Digest(Sha256::digest(bytes.as_slice()).into());
            let contents = examine(&entry.path, &bytes);
            let held = (entry.kind == MemberKind::File).then_some(bytes);
            return Ok((digest, contents, held));
        }
        self.member_fault(entry, FaultKind::NotExamined { size: entry.size })?;
        let mut chunk = Zeroizing::new(vec![0; 64 << 10]);
        let (mut hash, mut search) = (Sha256::new(), MarkerSearch::new());
        loop {
            let length = walker.read_data(&mut chunk)?;
            if length == 0 {
                break;
            }
            let bytes = chunk.get(..length).unwrap_or_default();
            hash.update(bytes);
            search.update(bytes);
        }
        Ok((Digest(hash.finalize().into()), search.finish(), None))
    }

    /// Joins what the path promises with what the bytes hold.
    fn classify(&mut self, entry: &Entry, contents: Contents) -> Result<Class, Stop> {
        if entry.kind == MemberKind::Directory {
            return Ok(Class::Config);
        }
        let promised = Class::by_path(&entry.path);
        let mut class = None;
        let mut kept_promise = false;
        for found in contents.found {
            let actual = refine(promised, found.class);
            class = Some(class.map_or(actual, |class: Class| class.min(actual)));
            kept_promise |= actual == promised;
            let known_by = if actual == promised { KnownBy::PathAndContent } else { KnownBy::Content };
            if found.class != Class::Certificate {
                self.material(entry, actual, known_by, found)?;
            }
        }
        for index in contents.bad_certificates {
            self.member_fault(entry, FaultKind::BadCertificate { index })?;
        }
        for certificate in contents.certificates {
            self.spend(entry.header_offset, certificate.cost())?;
            self.out.certificates.push(certificate);
        }
        let harmless_kubeconfig = promised == Class::KubeconfigCredential && contents.is_kubeconfig;
        // Certificates in a Secret of unknown purpose explain what it holds.
        let explained = promised == Class::OtherSecret && class.is_some();
        if promised.is_secret() && !kept_promise && entry.size > 0 && !harmless_kubeconfig && !explained {
            self.material(entry, promised, KnownBy::Path, Found::promised(promised))?;
            class = Some(class.map_or(promised, |class| class.min(promised)));
        }
        let fallback = match promised {
            _ if harmless_kubeconfig => Class::Kubeconfig,
            secret if secret.is_secret() => Class::Config,
            public => public,
        };
        Ok(class.unwrap_or(fallback))
    }

    fn material(&mut self, entry: &Entry, class: Class, known_by: KnownBy, found: Found) -> Result<(), Stop> {
        let text = found
            .algorithm
            .as_ref()
            .map_or(0, String::len)
            .saturating_add(found.subject.as_ref().map_or(0, String::len));
        self.spend(entry.header_offset, entry.path.as_bytes().len().saturating_add(text).saturating_add(192))?;
        self.out.material.push(Material {
            member: entry.path.clone(),
            class,
            known_by,
            offset: found.offset,
            encoded: found.encoded,
            algorithm: found.algorithm,
            fingerprint: found.fingerprint,
            subject: found.subject,
            not_after: found.expires.and_then(rfc3339),
        });
        Ok(())
    }

    fn finish<R: Read>(mut self, mut walker: Walker<R>, stopped: Option<Fault>) -> Result<StaticResources, ReadError> {
        // the gzip layer may have met its own end while the last header was read
        let late = self.collect(&mut walker).err();
        let stopped = stopped.or(match late {
            Some(Stop::Fault(fault)) => Some(fault),
            Some(Stop::Io(error)) => return Err(ReadError::Io(error)),
            None => None,
        });
        let pax_headers = walker.pax_headers;
        let (gzip, gzip_members) = (walker.inner.header(), walker.inner.members());
        let totals = walker.inner.finish().map_err(ReadError::Io)?;
        self.out.complete = stopped.is_none();
        self.out.faults.extend(stopped);
        self.out.producer = Producer::of(&self.members, pax_headers, gzip);
        self.out.members = self.members;
        self.out.archive = Archive {
            compressed_size: totals.compressed_size,
            compressed_sha256: totals.compressed_sha256,
            inner_size: totals.inner.map(|(size, _)| size),
            inner_sha256: totals.inner.map(|(_, digest)| digest),
            gzip,
            gzip_members,
            remembered: self.spent,
        };
        Ok(self.out)
    }
}

/// Nothing but NUL and white space.
fn is_blank(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0 || byte.is_ascii_whitespace())
}

/// A private key where one is promised is the promised kind of key.
fn refine(promised: Class, found: Class) -> Class {
    match (promised, found) {
        (Class::TlsKey | Class::SigningKey, Class::PrivateKey) => promised,
        _ => found,
    }
}
