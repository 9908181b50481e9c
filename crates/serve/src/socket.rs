//! A socket of its owner's: the same answers without TLS and token, to whoever the file's mode lets in.

use std::fs::{DirBuilder, Metadata, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use tokio::net::{UnixListener, UnixStream};

use crate::error::Error;
use crate::own::Own;

/// A socket, removed when it goes unless another took its place.
pub(crate) struct Socket {
    listener: UnixListener,
    own: Own,
}

impl Socket {
    /// Makes one for its owner alone.
    ///
    /// # Errors
    /// Where there is such a file already: nobody's is touched.
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let failed = |error: io::Error| {
            let error = Error::new(format!("`{}`: {error}", wording::escape_path(path)));
            error.hinted("name another place with --socket; a file that is there is never changed")
        };
        let (listener, made) = private(path).map_err(failed)?;
        Ok(Self { listener, own: Own::new(path, &made) })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.own.path()
    }

    /// The next connection of its owner; others' are ended without a word.
    pub(crate) async fn accept(&self) -> io::Result<UnixStream> {
        loop {
            let (stream, _) = self.listener.accept().await?;
            if stream.peer_cred().is_ok_and(|peer| peer.uid() == self.own.owner()) {
                return Ok(stream);
            }
        }
    }
}

/// Listens in a folder that nobody else can enter, and gives the socket its name when its mode is right: between the two
/// nobody can have opened it. A link, unlike a renaming, replaces nothing.
fn private(path: &Path) -> io::Result<(UnixListener, Metadata)> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = parent.join(format!(".assay-{}", std::process::id()));
    DirBuilder::new().mode(0o700).create(&folder)?;
    let inside = folder.join("s");
    let made = UnixListener::bind(&inside).and_then(|listener| {
        std::fs::set_permissions(&inside, Permissions::from_mode(0o600))?;
        let made = inside.symlink_metadata()?;
        std::fs::hard_link(&inside, path)?;
        Ok((listener, made))
    });
    let _ = std::fs::remove_file(&inside);
    let _ = std::fs::remove_dir(&folder);
    made
}
