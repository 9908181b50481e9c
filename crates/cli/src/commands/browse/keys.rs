//! The keys of a session. What the snapshot itself holds of them is read after its names are.

use std::path::Path;
use std::sync::{OnceLock, PoisonError, RwLock};

use artifact::Reading;
use assay::SnapshotKeys;
use browse::Look;
use encryption_config::Plaintext;
use etcd_snapshot::Scan;
use kube_objects::Envelope;
use lens::{NoKeys, NotOpened, Opener};

use crate::args::KeysInput;
use crate::commands::objects;
use crate::exit::Error;
use crate::ui::Ui;

/// Keys that were given, and those that the snapshot holds sealed under them. No `Debug`: see [`SnapshotKeys`].
pub(super) struct Keys {
    /// What they came in; `None` where none were given.
    file: Option<Vec<u8>>,
    keys: RwLock<SnapshotKeys>,
    /// Whether the snapshot's own are among them, or never will be.
    followed: OnceLock<()>,
}

impl Keys {
    pub(super) fn given(args: &KeysInput, reading: &Reading, ui: &mut Ui) -> Result<Self, Error> {
        let given = objects::keys(args, reading, ui)?;
        let file = args.path().map(|file| Path::new(file).file_name().unwrap_or(file).as_encoded_bytes().to_vec());
        Ok(Self { file, keys: RwLock::new(given), followed: OnceLock::new() })
    }

    /// Which keys there are, for the status line.
    pub(super) fn text(&self, look: Look) -> String {
        self.file.as_ref().map_or_else(
            || "no decryption keys".to_owned(),
            |file| format!("decryption keys of {}", (look.escape)(file)),
        )
    }

    /// Reads the keys that the snapshot holds, where there are any to open them with. Until then, [`Opener::open`] waits
    /// when it comes by a value that those which were given do not open.
    pub(super) fn follow<'a>(&self, scan: impl FnOnce() -> Scan<'a>) {
        if self.file.is_some() {
            let scan = scan();
            self.keys.write().unwrap_or_else(PoisonError::into_inner).follow(&scan);
        }
        let _ = self.followed.set(());
    }

    /// Lets nobody wait for keys for ever, whatever becomes of the thread that reads them.
    pub(super) fn release(&self) -> impl Drop {
        Release(self)
    }
}

struct Release<'k>(&'k Keys);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        // What is set already is as good.
        let _ = self.0.followed.set(());
    }
}

impl Opener for Keys {
    fn open<'v>(&self, key: &[u8], stored: &'v [u8]) -> Result<Plaintext<'v>, NotOpened> {
        if self.file.is_none() || !matches!(Envelope::of(stored), Envelope::Encrypted(_)) {
            return NoKeys.open(key, stored);
        }
        let open = || self.keys.read().unwrap_or_else(PoisonError::into_inner).open(key, stored);
        // A value counts as opened only where it is the object that its key names: another key would not do better.
        let early = open();
        if early.is_ok() || self.followed.get().is_some() {
            return early;
        }
        self.followed.wait();
        open()
    }
}
