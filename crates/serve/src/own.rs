//! A file that this run made: taken away at the end, unless another took its place.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A file of this run's, removed when it goes.
pub(crate) struct Own {
    path: PathBuf,
    device: u64,
    inode: u64,
    owner: u32,
}

impl Own {
    /// The file that was made there, as whoever made it knows it: what lies there by now may be another's.
    pub(crate) fn new(path: &Path, made: &Metadata) -> Self {
        Self { path: path.to_owned(), device: made.dev(), inode: made.ino(), owner: made.uid() }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whose it is.
    pub(crate) fn owner(&self) -> u32 {
        self.owner
    }

    fn is(&self, metadata: &Metadata) -> bool {
        (metadata.dev(), metadata.ino()) == (self.device, self.inode)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // another run may have been started in the same place
        if self.path.symlink_metadata().is_ok_and(|there| self.is(&there)) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
