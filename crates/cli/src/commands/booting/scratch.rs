//! The copy that an etcd is started on: it writes to it, and nobody else reads it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use etcd_snapshot::Scan;
use etcd_snapshot::state::bucket;
use key_escrow::Place;

use crate::exit::Error;
use crate::failure;
use crate::interrupt;
use crate::unproven::{Begun, begin, failed};

/// Bytes that are copied at once.
const PIECE: usize = 1 << 20;

/// What the folder is called beside what was restored under this name.
pub(crate) fn hidden(name: &str) -> String {
    format!(".{name}.booted")
}

/// A folder beside what was restored, with a copy of it, a log, and a snapshot. It is removed when this is dropped, unless
/// it is to be kept.
pub(super) struct Scratch {
    path: PathBuf,
    /// The name that it gets when it is kept.
    keep: Option<PathBuf>,
    _begun: Begun,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

impl Scratch {
    /// Makes an empty folder.
    pub(super) fn begin(place: &Place, name: &str, keep: bool) -> Result<Self, Error> {
        let (hidden, kept) = (hidden(name), format!("{name}.booted"));
        if keep && place.has(&kept).map_err(|error| failure::of_place(&place.path(&kept), &error))? {
            return Err(Error::Output {
                path: wording::escape_path(&place.path(&kept)),
                reason: "there is one already".to_owned(),
                hint: Some("move it away".to_owned()),
            });
        }
        let ((), begun) = begin(place, &hidden, |place, name| place.create_dir(name, 0o700))?;
        let keep = keep.then(|| place.path(&kept));
        Ok(Self { path: place.path(&hidden), keep, _begun: begun })
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Copies files of a data directory; where `authentication` is stored, it is turned off.
    pub(super) fn copy(&self, from: &Path, files: &[&str], authentication: Option<u64>) -> Result<(), Error> {
        let data = self.path("data");
        for folder in ["member/snap", "member/wal"] {
            let made = fs::DirBuilder::new().mode(0o700).recursive(true).create(data.join(folder));
            made.map_err(|error| failed(&data.join(folder), &error))?;
        }
        for file in files {
            copy(&from.join(file), &data.join(file)).map_err(|error| failed(&data.join(file), &error))?;
        }
        if let Some(at) = authentication {
            let db = data.join("member/snap/db");
            let off = OpenOptions::new().write(true).open(&db).and_then(|file| file.write_all_at(&[0], at));
            off.map_err(|error| failed(&db, &error))?;
        }
        Ok(())
    }

    /// Gives it the name under which it is kept, if it is; where that is.
    pub(super) fn finish(mut self) -> Result<Option<String>, Error> {
        let Some(kept) = self.keep.take() else { return Ok(None) };
        // a signal would remove the one name or the other
        let _hold = interrupt::hold();
        fs::rename(&self.path, &kept).map_err(|error| failed(&kept, &error))?;
        Ok(Some(kept.to_string_lossy().into_owned()))
    }
}

/// Where the byte stands that says that authentication is on, if it does.
pub(super) fn authentication(scan: &Scan<'_>, bytes: &[u8]) -> Option<u64> {
    let bucket = scan.bucket(bucket::AUTH)?;
    let stated = scan.elements(bucket).find(|element| element.key == b"authEnabled" && element.value == [1])?;
    let at = stated.value.as_ptr().addr().checked_sub(bytes.as_ptr().addr())?;
    (bytes.get(at) == Some(&1)).then_some(at as u64)
}

/// Copies a file: in no time where the file system shares blocks, else without what is zero.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = artifact::open_regular(from)?;
    let out = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    if rustix::fs::ioctl_ficlone(&out, &source).is_ok() {
        return Ok(());
    }
    sparse(&mut source, out)
}

fn sparse(source: &mut File, mut out: File) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    let mut size = 0_u64;
    loop {
        let read = source.read(&mut piece)?;
        let read = piece.get(..read).unwrap_or_default();
        if read.is_empty() {
            return out.set_len(size);
        }
        if read.iter().any(|byte| *byte != 0) {
            out.seek(SeekFrom::Start(size))?;
            out.write_all(read)?;
        }
        size += read.len() as u64;
    }
}
