//! Writing, opening and looking at age files (c2sp.org/age).

use std::cell::RefCell;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::stream::StreamReader;
use age::{DecryptError, Decryptor, EncryptError, Encryptor};

use crate::digest::{Digest, HashingWriter};
use crate::error::{Error, Result};
use crate::identities::MAX_WORK_FACTOR;
use crate::infile;
use crate::recipients::{Recipients, Reopen, Tap};

/// Longest header accepted; age's own parser re-reads the whole header for every line of it.
const MAX_HEADER: usize = 128 * 1024;
/// age encrypts in pieces of this size, each with a tag.
const PIECE: u64 = 64 * 1024;
const TAG: u64 = 16;
const NONCE: u64 = 16;

/// The decrypted content of an age file, authenticated piece by piece.
pub(crate) type Opened = StreamReader<BufReader<ArmoredReader<BufReader<File>>>>;

/// What can be seen of an age file without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeHeader {
    /// Whether it is ASCII-armored.
    pub armored: bool,
    /// The recipient stanzas in order.
    pub stanzas: Vec<AgeStanza>,
    /// Bytes of the header, unarmored, MAC line included.
    pub len: u64,
}

/// One recipient stanza.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgeStanza {
    /// Its type: `X25519`, `ssh-ed25519`, `ssh-rsa`, `scrypt`, a plugin's, or random grease.
    pub tag: String,
    /// Its arguments; for ssh the first is a short tag of the public key.
    pub args: Vec<String>,
}

impl AgeStanza {
    /// Whether it is the random stanza some age implementations add so that readers stay tolerant.
    pub fn is_grease(&self) -> bool {
        self.tag.ends_with("-grease")
    }
}

impl AgeHeader {
    /// Size of an unarmored file with this header around `payload` bytes.
    pub(crate) fn file_size(&self, payload: u64) -> u64 {
        let pieces = payload.div_ceil(PIECE).max(1);
        self.len + NONCE + payload + pieces * TAG
    }

    /// Whether a passphrase opens it.
    pub fn is_passphrase(&self) -> bool {
        matches!(&self.stanzas[..], [one] if one.tag == "scrypt")
    }
}

/// Reads the header of an age file.
///
/// # Errors
/// If the file cannot be read, is not an age file, or has a malformed or overlong header.
pub fn read_age_header(path: &Path) -> Result<AgeHeader> {
    header_of(&mut infile::open(path)?, path)
}

fn header_of(file: &mut File, path: &Path) -> Result<AgeHeader> {
    let fault = |what: &str| Error::Age { path: path.to_path_buf(), what: what.to_owned() };
    let mut start = [0; 11];
    let armored = file.read_exact(&mut start).is_ok() && &start == b"-----BEGIN ";
    rewind(file, path)?;
    let mut bytes = Vec::new();
    let mut reader = ArmoredReader::new(BufReader::new(&mut *file)).take(MAX_HEADER as u64);
    let end = loop {
        let before = bytes.len();
        let mut chunk = [0; 4096];
        let n = reader.read(&mut chunk).map_err(|e| match e.raw_os_error() {
            Some(_) => Error::io("read", path)(e),
            None => fault(&e.to_string()),
        })?;
        bytes.extend_from_slice(chunk.get(..n).unwrap_or_default());
        if let Some(end) = header_end(&bytes, before) {
            break end;
        }
        if n == 0 {
            return Err(fault("no complete age header"));
        }
    };
    drop(reader);
    rewind(file, path)?;
    let header =
        std::str::from_utf8(bytes.get(..end).unwrap_or_default()).map_err(|_| fault("the header is not text"))?;
    let stanzas = parse_stanzas(header).ok_or_else(|| fault("malformed header"))?;
    Ok(AgeHeader { armored, stanzas, len: end as u64 })
}

fn rewind(file: &mut File, path: &Path) -> Result<()> {
    file.seek(SeekFrom::Start(0)).map(|_| ()).map_err(Error::io("seek in", path))
}

/// Where the line `--- <mac>` ends, if it is there; `searched` bytes held no such line.
fn header_end(bytes: &[u8], searched: usize) -> Option<usize> {
    let from = bytes.get(..searched)?.iter().rposition(|b| *b == b'\n').unwrap_or(0);
    let from = bytes.get(..from)?.iter().rposition(|b| *b == b'\n').unwrap_or(0);
    let rest = bytes.get(from..)?;
    let mac = rest.windows(5).position(|w| w == b"\n--- ")?;
    let line = rest.get(mac + 1..)?;
    Some(from + mac + 1 + line.iter().position(|b| *b == b'\n')? + 1)
}

fn parse_stanzas(header: &str) -> Option<Vec<AgeStanza>> {
    let mut lines = header.strip_suffix('\n')?.split('\n').peekable();
    if lines.next()? != "age-encryption.org/v1" {
        return None;
    }
    let mut stanzas = Vec::new();
    loop {
        let line = lines.next()?;
        if line.starts_with("--- ") {
            return (!stanzas.is_empty() && lines.next().is_none()).then_some(stanzas);
        }
        let mut words = line.strip_prefix("-> ")?.split(' ').map(str::to_owned);
        stanzas.push(AgeStanza { tag: words.next()?, args: words.collect() });
        while lines.peek().is_some_and(|l| !l.starts_with("-> ") && !l.starts_with("--- ")) {
            if lines.next()?.len() > 64 {
                return None;
            }
        }
    }
}

/// A sealed file's digests, and the means to read it back once.
pub(crate) struct Sealed {
    pub(crate) file: Digest,
    pub(crate) payload: Digest,
    pub(crate) reopen: Reopen,
}

/// Writes an age file whose content `write` produces.
pub(crate) fn seal<W: Write>(
    out: W,
    path: &Path,
    recipients: &Recipients,
    armor: bool,
    write: impl FnOnce(&mut dyn Write) -> Result<()>,
) -> Result<Sealed> {
    let kept = RefCell::new(None);
    let taps: Vec<Tap<'_>> = recipients.keys().map(|inner| Tap { inner, kept: &kept }).collect();
    let encryptor = Encryptor::with_recipients(taps.iter().map(|t| t as &dyn age::Recipient)).map_err(seal_error)?;
    let reopen = kept.take().ok_or_else(|| Error::Recipients { what: "there are none".to_owned() })?;

    let io = || Error::io("write", path);
    let format = if armor { Format::AsciiArmor } else { Format::Binary };
    let out = ArmoredWriter::wrap_output(HashingWriter::new(out), format).map_err(io())?;
    let mut out = HashingWriter::new(encryptor.wrap_output(out).map_err(io())?);
    write(&mut out)?;
    let (out, payload) = out.finish();
    let mut out = out.finish().and_then(ArmoredWriter::finish).map_err(io())?;
    out.flush().map_err(io())?;
    Ok(Sealed { file: out.finish().1, payload, reopen })
}

fn seal_error(e: EncryptError) -> Error {
    let what = match e {
        EncryptError::MissingRecipients => "there are none".to_owned(),
        EncryptError::MixedRecipientAndPassphrase => "a passphrase must be the only recipient".to_owned(),
        other => other.to_string(),
    };
    Error::Recipients { what }
}

/// Opens an age file with the first identity that fits.
pub(crate) fn open<'a>(path: &Path, keys: impl Iterator<Item = &'a dyn age::Identity>) -> Result<Opened> {
    let mut file = infile::open(path)?;
    header_of(&mut file, path)?;
    let reader = BufReader::new(ArmoredReader::new(file));
    let decryptor = Decryptor::new_buffered(reader).map_err(|e| open_error(e, path))?;
    decryptor.decrypt(keys).map_err(|e| open_error(e, path))
}

fn open_error(e: DecryptError, path: &Path) -> Error {
    let path = path.to_path_buf();
    match e {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            Error::NoMatchingIdentity { path }
        }
        // what the disk says is not said of the file
        DecryptError::Io(source) if source.raw_os_error().is_some() => Error::Io { action: "read", path, source },
        DecryptError::ExcessiveWork { required, .. } => Error::Age {
            path,
            what: format!(
                "to try a passphrase on it takes 2^{required} rounds of scrypt; a run spends 2^{MAX_WORK_FACTOR}, and age and \
                 assay seal with 2^18: if you trust the file, open it with age"
            ),
        },
        other => Error::Age { path, what: other.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Result<AgeHeader> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        std::fs::write(&path, bytes).unwrap();
        read_age_header(&path)
    }

    fn sealed(recipients: &Recipients, armor: bool, len: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let content = vec![7; len];
        seal(&mut out, Path::new("x"), recipients, armor, |w| {
            w.write_all(&content).map_err(Error::io("write", Path::new("x")))
        })
        .unwrap();
        out
    }

    #[test]
    fn the_header_is_what_was_sealed_and_gives_the_size() {
        let key = age::x25519::Identity::generate();
        let recipients = Recipients::of_identity(&key);
        for len in [0, 1, 65_535, 65_536, 65_537, 200_000] {
            let bytes = sealed(&recipients, false, len);
            let header = parse(&bytes).unwrap();
            assert_eq!(
                header.stanzas.iter().filter(|s| !s.is_grease()).map(|s| s.tag.as_str()).collect::<Vec<_>>(),
                ["X25519"]
            );
            assert_eq!(header.file_size(len as u64), bytes.len() as u64, "{len}");
        }
        assert!(parse(&sealed(&recipients, true, 10)).unwrap().armored);
    }

    #[test]
    fn malformed_and_endless_headers_are_errors() {
        let mut endless = b"age-encryption.org/v1\n".to_vec();
        while endless.len() < 4 * MAX_HEADER {
            endless.extend_from_slice(b"-> X25519 abc\n\n");
        }
        for bad in [
            &b""[..],
            b"age-encryption.org/v1\n--- mac\n",
            b"age-encryption.org/v2\n-> a b\n\n--- mac\n",
            b"age-encryption.org/v1\nbody\n--- mac\n",
            b"age-encryption.org/v1\n-> X25519 abc\n\n---",
            &endless,
        ] {
            assert!(matches!(parse(bad), Err(Error::Age { .. })), "{:?}", bad.get(..60));
        }
    }
}
