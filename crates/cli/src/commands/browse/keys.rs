//! The keys of a session. What the snapshot itself holds of them is read after its names are.

use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

use browse::Look;
use encryption_config::Plaintext;
use etcd_snapshot::Scan;
use kube_objects::Envelope;
use lens::{NoKeys, NotOpened, Opener};

use crate::args::KeysInput;
use crate::commands::objects;
use crate::exit::Error;
use crate::input::Reading;
use crate::ui::Ui;

/// Keys that were given, and those that the snapshot holds sealed under them. No `Debug`: see [`objects::Keys`].
pub(super) struct Keys {
    /// What they came in; `None` where none were given.
    file: Option<Vec<u8>>,
    given: Mutex<Option<objects::Keys>>,
    /// None in it: reading them has failed.
    ready: OnceLock<Option<objects::Keys>>,
}

impl Keys {
    pub(super) fn given(args: &KeysInput, reading: &Reading, ui: &mut Ui) -> Result<Self, Error> {
        let given = objects::Keys::given(args, reading, ui)?;
        let file = args.keys.as_deref().or(args.escrow.as_deref().map(Path::as_os_str));
        let file = file.map(|file| Path::new(file).file_name().unwrap_or(file).as_encoded_bytes().to_vec());
        Ok(Self { file, given: Mutex::new(Some(given)), ready: OnceLock::new() })
    }

    /// Which keys there are, for the status line.
    pub(super) fn text(&self, look: Look) -> String {
        self.file.as_ref().map_or_else(|| "no keys".to_owned(), |file| format!("keys of {}", (look.escape)(file)))
    }

    /// Reads the keys that the snapshot holds, where there are any to open them with. Until then, [`Opener::open`] waits
    /// when it comes by an encrypted value.
    pub(super) fn follow<'a>(&self, scan: impl FnOnce() -> Scan<'a>) {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(keys) = given.as_mut().filter(|_| self.file.is_some()) {
            keys.follow_in(&scan());
        }
        // Set once; what is there already is as good.
        let _ = self.ready.set(given);
    }

    /// Lets nobody wait for keys for ever, whatever becomes of the thread that reads them.
    pub(super) fn release(&self) -> impl Drop {
        Release(self)
    }
}

struct Release<'k>(&'k Keys);

impl Drop for Release<'_> {
    fn drop(&mut self) {
        let _ = self.0.ready.set(None);
    }
}

impl Opener for Keys {
    fn open<'v>(&self, key: &[u8], stored: &'v [u8]) -> Result<Plaintext<'v>, NotOpened> {
        if self.file.is_none() || !matches!(Envelope::of(stored), Envelope::Encrypted(_)) {
            return NoKeys.open(key, stored);
        }
        self.ready.wait().as_ref().map_or_else(|| NoKeys.open(key, stored), |keys| keys.open(key, stored))
    }
}
