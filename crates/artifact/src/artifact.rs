//! An artifact of a backup of either kind, told apart by its first bytes.

use std::ffi::OsStr;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;

use super::{Advance, Compression, Counting, Input, InputError, Looks, RawFile, Reading, Source, expand, sniff};

/// So much of a file is looked at to tell what it is.
pub const HEAD: u64 = 64 << 10;

/// What a path or stream holds.
pub enum Artifact {
    /// Something for a reader of snapshots, or for nobody: all bytes at hand.
    Other(Source),
    /// A tar archive, bare or compressed with gzip: not read beyond its beginning.
    Tar(PackedTar),
}

/// A tar archive as it is stored. It is read once, in order, and never held whole.
pub struct PackedTar {
    raw: RawFile,
    head: Cursor<Vec<u8>>,
    looks: Looks,
    compression: Compression,
}

impl Artifact {
    /// Opens an artifact. A tar archive is left as it is stored, everything else opened as [`Source::open`] does.
    ///
    /// # Errors
    /// As [`Source::open`].
    pub fn open(input: &Input, reading: &Reading, advance: Advance<'_>) -> Result<Self, InputError> {
        // what cannot be an artifact is refused there, with all that can be said about it
        let refused = |path: &Path| path.is_dir() || path.extension() == Some(OsStr::new("part"));
        if matches!(input, Input::Path(path) if refused(path)) {
            return Source::open(input, reading, advance).map(Self::Other);
        }
        let mut raw = RawFile::open(input)?;
        let mut head = Vec::new();
        raw.by_ref().take(HEAD).read_to_end(&mut head).map_err(|error| raw.failed(error))?;
        let (looks, compression) = look(&head);
        if matches!(looks, Looks::Tar { .. }) && compression != Compression::Zstd {
            return Ok(Self::Tar(PackedTar { raw, head: Cursor::new(head), looks, compression }));
        }
        if raw.size().is_some() {
            drop(raw);
            return Source::open(input, reading, advance).map(Self::Other);
        }
        let (path, display) = (raw.path().map(ToOwned::to_owned), raw.display().to_owned());
        let stream = BufReader::with_capacity(1 << 16, Cursor::new(head).chain(raw));
        Source::from_stream(stream, path, display, reading, advance).map(Self::Other)
    }
}

/// What the beginning of a file is, beneath one layer of compression.
pub fn look(head: &[u8]) -> (Looks, Compression) {
    let compression = Compression::of(head);
    let looks = match compression {
        Compression::None => sniff::sniff(head),
        packed => sniff::sniff(&expand::beginning(head, packed, HEAD)),
    };
    (looks, compression)
}

impl PackedTar {
    /// The name for messages: the escaped path in backticks, or `standard input`.
    pub fn display(&self) -> &str {
        self.raw.display()
    }

    /// The name for data: the path with bytes that are not UTF-8 replaced, or `-`.
    pub fn name(&self) -> String {
        self.raw.name()
    }

    /// The last part of the path, if it is text.
    pub fn file_name(&self) -> Option<&str> {
        self.raw.path()?.file_name()?.to_str()
    }

    /// Bytes on disk; `None` for a stream.
    pub fn size(&self) -> Option<u64> {
        self.raw.size()
    }

    /// All bytes as they are stored, telling `advance` of those that pass.
    pub fn bytes<'a>(&'a mut self, advance: Advance<'a>) -> impl Read + 'a {
        Counting { inner: self.head.by_ref().chain(self.raw.by_ref()), advance }
    }

    /// The error for a read that failed.
    pub fn failed(&self, source: io::Error) -> InputError {
        self.raw.failed(source)
    }

    /// The error for an archive that holds something else than static pod resources.
    pub fn refused(&self) -> InputError {
        let display = self.raw.display().to_owned();
        InputError::NotASnapshot { display, looks: self.looks.clone(), compression: self.compression }
    }

    /// Whether the first member stands where static pod resources do.
    pub fn begins_as_expected(&self) -> bool {
        matches!(self.looks, Looks::Tar { static_resources: true, .. })
    }

    /// Makes sure that the file is what it was when it was opened.
    ///
    /// # Errors
    /// [`InputError::Changed`] when it was written to, or its metadata changed.
    pub fn check_unchanged(&self) -> Result<(), InputError> {
        self.raw.check_unchanged()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU64, Ordering};

    use flate2::write::GzEncoder;

    use super::*;

    fn tar() -> Vec<u8> {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        // bytes that do not compress, so that the file is larger than what is looked at
        let mut state = 1_u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state.to_be_bytes()[0]
        })
        .take(200_000)
        .collect();
        header.set_size(noise.len() as u64);
        builder.append_data(&mut header, "static-pod-resources/a", &noise[..]).unwrap();
        builder.into_inner().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn open(path: &Path) -> Artifact {
        Artifact::open(&Input::Path(path.to_path_buf()), &Reading::default(), &|_| {}).unwrap()
    }

    #[test]
    fn an_archive_comes_as_it_is_stored_whatever_its_name_and_way() {
        let folder = tempfile::tempdir().unwrap();
        for bytes in [tar(), gzip(&tar()), gzip(&tar())[..100_000].to_vec()] {
            let path = folder.path().join("snapshot.db");
            fs::write(&path, &bytes).unwrap();
            let pipe: PathBuf = folder.path().join("pipe");
            let _ = fs::remove_file(&pipe);
            assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
            std::thread::scope(|scope| {
                scope.spawn(|| fs::write(&pipe, &bytes).unwrap());
                for (path, size) in [(&path, Some(bytes.len() as u64)), (&pipe, None)] {
                    let Artifact::Tar(mut tar) = open(path) else { panic!("not seen as a tar") };
                    let (passed, mut read) = (AtomicU64::new(0), Vec::new());
                    let advance = |count| {
                        passed.fetch_add(count, Ordering::Relaxed);
                    };
                    tar.bytes(&advance).read_to_end(&mut read).unwrap();
                    assert!(read == bytes);
                    assert_eq!((passed.into_inner(), tar.size()), (bytes.len() as u64, size));
                    assert!(tar.begins_as_expected());
                    tar.check_unchanged().unwrap();
                }
            });
        }
    }

    #[test]
    fn everything_else_is_opened_as_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("static_kuberesources_x.tar.gz");
        for bytes in [b"{\"a\": 1}".to_vec(), vec![7; 300_000]] {
            for stored in [bytes.clone(), gzip(&bytes)] {
                fs::write(&path, &stored).unwrap();
                let Artifact::Other(source) = open(&path) else { panic!("seen as a tar") };
                assert!(source.bytes() == bytes);
                let pipe: PathBuf = folder.path().join("pipe");
                let _ = fs::remove_file(&pipe);
                assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
                std::thread::scope(|scope| {
                    scope.spawn(|| fs::write(&pipe, &stored).unwrap());
                    let Artifact::Other(source) = open(&pipe) else { panic!("seen as a tar") };
                    assert!(source.bytes() == bytes && source.path() == Some(&pipe));
                });
            }
        }
    }

    #[test]
    fn a_change_while_reading_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.tar");
        fs::write(&path, tar()).unwrap();
        let Artifact::Tar(tar) = open(&path) else { panic!("not seen as a tar") };
        fs::write(&path, b"other").unwrap();
        assert!(matches!(tar.check_unchanged(), Err(InputError::Changed { .. })));
    }
}
