//! The first pass over a tarball: writes the keyless one and learns everything about the tar.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use hmac::Mac as _;
use zeroize::Zeroizing;

use crate::blocks::{self, Fate, Limits, Member, Sink};
use crate::digest::{Digest, Hasher, HashingReader, HashingWriter, HmacSha256, keyed};
use crate::error::{Error, Result};
use crate::gz::Gunzip;
use crate::infile;
use crate::manifest::{EncryptionState, RemovedMember};
use crate::outfile::OutSet;
use crate::payload::Key;
use crate::policy::{MemberLabel, RemovalPolicy, Search, Sighting, is_encryption_config, normal_form};
use crate::progress::{Phase, ProgressFn, Watched};
use crate::rejoin::digest_file;
use crate::sealing::same;
use crate::tar_header::BLOCK;

/// What the first pass found.
pub(crate) struct Cut {
    pub(crate) original: Digest,
    pub(crate) inner_tar: Digest,
    pub(crate) keyless: Digest,
    pub(crate) keyless_tar: Digest,
    pub(crate) removed: Vec<RemovedMember>,
    pub(crate) key_names: Vec<String>,
    pub(crate) encryption: EncryptionState,
    pub(crate) runs: Vec<(u64, u64)>,
    pub(crate) member_key: Key,
    pub(crate) seal_key: Key,
    pub(crate) keyless_mac: HmacSha256,
}

/// How a tarball is cut.
pub(crate) struct How<'a, 's> {
    pub(crate) policy: &'a RemovalPolicy,
    pub(crate) limits: Limits,
    /// Looks for secrets in what stays.
    pub(crate) search: Option<&'a mut (dyn Search + 's)>,
    /// Bytes of the tarball.
    pub(crate) size: u64,
}

/// The first pass: writes the keyless tarball and learns everything about the tar.
pub(crate) fn cut(
    tarball: &Path,
    how: How<'_, '_>,
    set: &OutSet,
    name: &str,
    progress: &mut ProgressFn<'_>,
) -> Result<Cut> {
    let How { policy, limits, search, size } = how;
    let (member_key, seal_key) = (random_key()?, random_key()?);
    let path = set.path(name);
    let file = BufWriter::with_capacity(64 * 1024, set.create(name)?);
    let mut sink = Cutter {
        policy,
        limits,
        path: &path,
        keyless: GzBuilder::new().mtime(0).write(HashingWriter::new(file), Compression::default()),
        inner: Hasher::default(),
        keyless_tar: Hasher::default(),
        keyless_mac: keyed(&seal_key),
        member_key: &member_key,
        member_mac: keyed(&member_key),
        runs: Vec::new(),
        removed: Vec::new(),
        key_names: Vec::new(),
        missing: policy.members().map(str::to_owned).collect(),
        keys_removed: false,
        keys_remain: false,
        search,
        now: String::new(),
    };
    let source = Watched {
        inner: infile::open(tarball)?,
        phase: Phase::Splitting,
        done: 0,
        total: Some(size),
        report: progress,
    };
    let mut source = HashingReader::new(source);
    blocks::walk(Gunzip::new(&mut source), limits, &mut sink)?;
    let original = source.drain().map_err(Error::io("read", tarball))?;

    if let Some(member) = sink.missing.pop_first() {
        return Err(Error::MemberNotFound { member });
    }
    let io = || Error::io("write", &path);
    let mut file = sink.keyless.finish().map_err(io())?;
    file.flush().map_err(io())?;
    let keyless = file.finish().1;
    same("the keyless tarball as written", &keyless, &digest_file(&set.staged(name))?)?;
    let encryption = match (sink.keys_remain, sink.keys_removed) {
        (true, _) => EncryptionState::KeysRemain,
        (false, true) => EncryptionState::KeysRemoved,
        (false, false) => EncryptionState::NoKeys,
    };
    Ok(Cut {
        original,
        inner_tar: sink.inner.finish(),
        keyless,
        keyless_tar: sink.keyless_tar.finish(),
        removed: sink.removed,
        key_names: sink.key_names,
        encryption,
        runs: sink.runs,
        keyless_mac: sink.keyless_mac,
        member_key,
        seal_key,
    })
}

fn random_key() -> Result<Key> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *key).map_err(|e| Error::Usage { what: format!("no random numbers: {e}") })?;
    Ok(key)
}

struct Cutter<'a, 's> {
    policy: &'a RemovalPolicy,
    limits: Limits,
    path: &'a Path,
    keyless: GzEncoder<HashingWriter<BufWriter<File>>>,
    inner: Hasher,
    keyless_tar: Hasher,
    keyless_mac: HmacSha256,
    member_key: &'a Key,
    member_mac: HmacSha256,
    runs: Vec<(u64, u64)>,
    removed: Vec<RemovedMember>,
    key_names: Vec<String>,
    missing: BTreeSet<String>,
    keys_removed: bool,
    keys_remain: bool,
    search: Option<&'a mut (dyn Search + 's)>,
    /// The member whose blocks come.
    now: String,
}

impl Cutter<'_, '_> {
    /// The label under which the member leaves by any of its names, or because it links to one that does.
    fn label(&self, member: &Member) -> Result<Option<MemberLabel>> {
        let own = member.names().find_map(|name| self.policy.removes(&name));
        let is_link = matches!(member.kind, b'1' | b'2');
        if !is_link {
            return Ok(own);
        }
        let target = member.link_target();
        let linked = target.as_deref().and_then(|t| self.policy.removes(t));
        match (own, linked) {
            (Some(_), None) => Err(Error::LinkKeepsContent {
                member: member.path(),
                target: target.unwrap_or_else(|| "outside".to_owned()),
            }),
            // a symbolic link that stays is harmless; a hard link without its target would not unpack
            (None, Some(_)) if member.kind == b'2' => Ok(None),
            (own, linked) => Ok(own.or(linked)),
        }
    }

    /// The member whose blocks come, unless its name is what holds the secret.
    fn now_shown(&mut self) -> String {
        let now = std::mem::take(&mut self.now);
        let holds = self.search.as_mut().is_some_and(|search| {
            search.restart();
            search.look(now.as_bytes()).is_some()
        });
        if holds { "(a member whose name holds it)".to_owned() } else { now }
    }

    fn account(&mut self, blocks: u64, fate: Fate) {
        match (self.runs.last_mut(), fate) {
            (Some((kept, 0)), Fate::Keep) => *kept += blocks,
            (Some((_, removed)), Fate::Remove) => *removed += blocks,
            (_, Fate::Keep) => self.runs.push((blocks, 0)),
            (None, Fate::Remove) => self.runs.push((0, blocks)),
        }
    }
}

impl Sink for Cutter<'_, '_> {
    fn member(&mut self, member: &Member) -> Result<Fate> {
        self.now = member.path();
        for name in member.names() {
            self.missing.remove(&normal_form(&name));
        }
        let in_config = member.names().any(|n| is_encryption_config(&normal_form(&n)));
        let Some(label) = self.label(member)? else {
            self.keys_remain |= in_config;
            return Ok(Fate::Keep);
        };
        self.keys_removed |= in_config;
        if self.removed.len() as u64 >= self.limits.removed {
            return Err(Error::Limit { what: "removed members", limit: self.limits.removed });
        }
        for name in label.key_names {
            if !self.key_names.contains(&name) {
                self.key_names.push(name);
            }
        }
        self.removed.push(RemovedMember {
            path: member.path(),
            size: member.size,
            class: label.class,
            fingerprint: label.fingerprint,
            hmac_sha256: String::new(),
        });
        self.member_mac = keyed(self.member_key);
        Ok(Fate::Remove)
    }

    fn blocks(&mut self, bytes: &[u8], fate: Fate) -> Result<()> {
        self.inner.update(bytes);
        self.account((bytes.len() / BLOCK) as u64, fate);
        if fate == Fate::Keep {
            self.keyless_tar.update(bytes);
            self.keyless_mac.update(bytes);
            if let Some(Sighting { what, form, offset }) = self.search.as_mut().and_then(|search| search.look(bytes)) {
                return Err(Error::SecretStays { what, form, member: self.now_shown(), offset });
            }
            self.keyless.write_all(bytes).map_err(Error::io("write", self.path))?;
        }
        Ok(())
    }

    fn outside(&mut self) {
        self.now = "between members".to_owned();
    }

    fn content(&mut self, bytes: &[u8]) -> Result<()> {
        self.member_mac.update(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        let mac = self.member_mac.clone().finalize().into_bytes();
        if let Some(member) = self.removed.last_mut() {
            member.hmac_sha256 = wording::hex(&mac);
        }
        Ok(())
    }
}
