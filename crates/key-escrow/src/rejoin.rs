//! Keyless tar and payload back into the original bytes; used by join, by the drill, and by split to prove itself.

use std::io::{self, BufReader, Cursor, Read, Write};
use std::path::Path;

use age::secrecy::SecretString;
use age::{Decryptor, Encryptor, scrypt};
use hmac::Mac as _;
use zeroize::{Zeroize as _, Zeroizing};

use crate::digest::{Digest, HashingReader, HashingWriter, HmacSha256, keyed};
use crate::error::{Error, Result};
use crate::gz::Gunzip;
use crate::infile;
use crate::manifest::RejoinMethod;
use crate::payload::{Front, Key, PayloadReader};
use crate::recipe;

/// The passphrase has 256 bits; scrypt is only the envelope that plain `age` understands.
const SEAL_WORK_FACTOR: u8 = 10;
/// A sealed original's header is far shorter.
const MAX_SEAL_HEADER: u64 = 1024;

/// The tar inside `path`, which may be gzipped or not.
pub(crate) fn tar_of(path: &Path) -> Result<Box<dyn Read>> {
    let mut file = infile::open(path)?;
    let mut start = [0; 2];
    let n = file.read(&mut start).map_err(Error::io("read", path))?;
    let whole = Cursor::new(start).take(n as u64).chain(file);
    Ok(if start == [0x1f, 0x8b] { Box::new(Gunzip::new(whole)) } else { Box::new(BufReader::new(whole)) })
}

/// Digest of a file.
pub(crate) fn digest_file(path: &Path) -> Result<Digest> {
    let file = infile::open(path)?;
    HashingReader::new(BufReader::with_capacity(64 * 1024, file)).drain().map_err(Error::io("read", path))
}

/// Digest of the keyless tar, and the passphrase that its content and `seal_key` give.
fn scan(keyless: &Path, seal_key: &Key) -> Result<(Digest, SecretString)> {
    struct Both<R>(R, HmacSha256);
    impl<R: Read> Read for Both<R> {
        fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
            let n = self.0.read(buf)?;
            self.1.update(buf.get(..n).unwrap_or_default());
            Ok(n)
        }
    }
    let mut reader = HashingReader::new(Both(tar_of(keyless)?, keyed(seal_key)));
    io::copy(&mut reader, &mut io::sink()).map_err(Error::io("read", keyless))?;
    let (both, digest) = reader.finish();
    Ok((digest, passphrase(both.1)))
}

/// The passphrase of the sealed original: the keyed digest of the keyless tar in hex.
pub(crate) fn passphrase(mac: HmacSha256) -> SecretString {
    let mut bytes = mac.finalize().into_bytes();
    let text = wording::hex(&bytes);
    bytes.as_mut_slice().zeroize();
    SecretString::from(text)
}

fn seal_recipient(passphrase: SecretString) -> scrypt::Recipient {
    let mut recipient = scrypt::Recipient::new(passphrase);
    recipient.set_work_factor(SEAL_WORK_FACTOR);
    recipient
}

/// Size of the age file that [`seal_original`] writes around `len` bytes.
pub(crate) fn sealed_size(len: u64) -> Result<u64> {
    let empty = HashingWriter::new(io::sink());
    let size = seal_into(empty, SecretString::from(String::new()), &mut io::empty())?.size();
    Ok(size + len + len.div_ceil(64 * 1024).max(1).saturating_sub(1) * 16)
}

/// Seals the original under the passphrase.
pub(crate) fn seal_original(out: &mut dyn Write, passphrase: SecretString, original: &mut dyn Read) -> Result<()> {
    seal_into(out, passphrase, original).map(|_| ())
}

fn seal_into<W: Write>(out: W, passphrase: SecretString, original: &mut dyn Read) -> Result<W> {
    let recipient = seal_recipient(passphrase);
    let encryptor = Encryptor::with_recipients(std::iter::once(&recipient as _))
        .map_err(|e| Error::Recipients { what: e.to_string() })?;
    let io = || Error::io("seal", Path::new("the original"));
    let mut writer = encryptor.wrap_output(out).map_err(io())?;
    io::copy(original, &mut writer).map_err(io())?;
    writer.finish().map_err(io())
}

/// The digests of what was put together.
pub(crate) struct Rejoined {
    pub(crate) original: Digest,
    pub(crate) inner_tar: Digest,
}

/// Reads the rest of a payload behind its front, joins it with the keyless tar and writes the original.
///
/// The caller compares the digests with the manifest's.
pub(crate) fn rejoin<R: Read>(
    mut payload: PayloadReader<R>,
    front: &Front,
    keyless: &Path,
    out: &mut dyn Write,
) -> Result<Rejoined> {
    let (tar, passphrase) = scan(keyless, &front.plan.seal_key)?;
    check_keyless(&tar, front, keyless)?;
    let removed = front.plan.removed_bytes()?;
    let mut out = HashingWriter::new(out);
    let inner_tar = match front.plan.method {
        RejoinMethod::Corrections => {
            let recipe = payload.recipe()?;
            let mut merged =
                HashingReader::new(Merge::new(tar_of(keyless)?, payload.removed(removed), &front.plan.runs));
            recipe::recreate(&recipe, &mut merged, &mut out)?;
            merged.drain()
        }
        RejoinMethod::SealedOriginal => {
            payload.original(|sealed| open_original(sealed, passphrase, &mut out))?;
            HashingReader::new(Merge::new(tar_of(keyless)?, payload.removed(removed), &front.plan.runs)).drain()
        }
    };
    let inner_tar = inner_tar.map_err(Error::io("read", keyless))?;
    payload.finish()?;
    Ok(Rejoined { original: out.finish().1, inner_tar })
}

/// Like [`rejoin`], but writes the tar inside, and applies no corrections; gives its digest.
pub(crate) fn rejoin_tar<R: Read>(
    mut payload: PayloadReader<R>,
    front: &Front,
    keyless: &Path,
    out: &mut dyn Write,
) -> Result<Digest> {
    check_keyless(&scan(keyless, &front.plan.seal_key)?.0, front, keyless)?;
    match front.plan.method {
        RejoinMethod::Corrections => drop(payload.recipe()?),
        RejoinMethod::SealedOriginal => payload.original(|_| Ok(()))?,
    }
    let removed = payload.removed(front.plan.removed_bytes()?);
    let mut merged = HashingReader::new(Merge::new(tar_of(keyless)?, removed, &front.plan.runs));
    let mut buf = Zeroizing::new(vec![0; 64 * 1024]);
    loop {
        match merged.read(&mut buf).map_err(Error::io("read", keyless))? {
            0 => break,
            n => out.write_all(buf.get(..n).unwrap_or_default()).map_err(Error::io("write", Path::new("the tar")))?,
        }
    }
    let digest = merged.finish().1;
    payload.finish()?;
    Ok(digest)
}

/// Refuses a keyless tar that is not the one split off.
fn check_keyless(tar: &Digest, front: &Front, keyless: &Path) -> Result<()> {
    if *tar == front.manifest.keyless.inner_tar && tar.size == front.plan.kept_bytes()? {
        return Ok(());
    }
    Err(Error::WrongKeyless { path: keyless.to_path_buf(), what: "its tar has another digest than the one split off" })
}

fn open_original(sealed: &mut dyn Read, passphrase: SecretString, out: &mut impl Write) -> Result<()> {
    let bad = |_| Error::Payload { what: "the sealed original does not open with this keyless tarball" };
    let mut start = Vec::new();
    (&mut *sealed)
        .take(MAX_SEAL_HEADER)
        .read_to_end(&mut start)
        .map_err(Error::io("decrypt", Path::new("the sealed original")))?;
    if !start.windows(5).any(|w| w == b"\n--- ") {
        return Err(Error::Payload { what: "the sealed original has no sound header" });
    }
    let mut identity = scrypt::Identity::new(passphrase);
    identity.set_max_work_factor(SEAL_WORK_FACTOR);
    let decryptor = Decryptor::new_buffered(BufReader::new(Cursor::new(start).chain(sealed))).map_err(bad)?;
    let mut reader = decryptor.decrypt(std::iter::once(&identity as _)).map_err(bad)?;
    let mut buf = Zeroizing::new(vec![0; 64 * 1024]);
    loop {
        match reader.read(&mut buf).map_err(Error::io("decrypt", Path::new("the sealed original")))? {
            0 => return Ok(()),
            n => {
                out.write_all(buf.get(..n).unwrap_or_default()).map_err(Error::io("write", Path::new("the output")))?
            }
        }
    }
}

/// Interleaves kept and removed blocks as the block map says.
struct Merge<'a, K, R> {
    kept: K,
    removed: R,
    runs: std::slice::Iter<'a, (u64, u64)>,
    left: (u64, u64),
}

impl<'a, K: Read, R: Read> Merge<'a, K, R> {
    fn new(kept: K, removed: R, runs: &'a [(u64, u64)]) -> Self {
        Self { kept, removed, runs: runs.iter(), left: (0, 0) }
    }
}

impl<K: Read, R: Read> Read for Merge<'_, K, R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.left == (0, 0) {
            let Some((kept, removed)) = self.runs.next() else {
                return Ok(0);
            };
            // the plan's totals were checked not to overflow
            self.left = (kept.saturating_mul(512), removed.saturating_mul(512));
        }
        let (source, left): (&mut dyn Read, &mut u64) =
            if self.left.0 > 0 { (&mut self.kept, &mut self.left.0) } else { (&mut self.removed, &mut self.left.1) };
        let len = usize::try_from(*left).unwrap_or(usize::MAX).min(buf.len());
        let n = source.read(buf.get_mut(..len).unwrap_or_default())?;
        if n == 0 && len > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        *left -= n as u64;
        Ok(n)
    }
}
