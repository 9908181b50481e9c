//! A rehearsal as a part of a verdict: restored where nobody else looks, and gone when it is judged.

use std::error::Error as StdError;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use artifact::{Contents, Reading};
use assay::rehearse::Rehearse;
use document::Boot;
use jiff::Timestamp;
use restore::{Cluster, Flags, Release};

use super::directory::NewDirectory;
use crate::args::JudgedBootArgs;
use crate::commands::booting::{Booting, Restored};
use crate::exit::Error;
use crate::ui::{Ui, Voice, Watcher};
use crate::unproven::{is_left, remove};

/// What directories for it are called; the number of the process follows.
const NAME: &str = "assay-rehearsal-";

/// Restores snapshots as a member of its own, and starts the etcd that is given on them.
pub(in crate::commands) struct Rehearser {
    booting: Booting,
    folder: PathBuf,
    reading: Reading,
    now: Timestamp,
    voice: Arc<Voice>,
}

impl Rehearser {
    /// Where the line asks for it. What killed runs left behind is told, and removed with `--sweep`.
    pub(in crate::commands) fn of(
        args: &JudgedBootArgs,
        reading: &Reading,
        ui: &Ui,
        watch: &Watcher,
    ) -> Result<Option<Self>, Error> {
        let Some(booting) = Booting::of(&args.boot)? else { return Ok(None) };
        let folder = args.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let voice = Arc::clone(watch.voice());
        for left in left(&folder) {
            let shown = wording::escape_path(&left);
            if args.sweep {
                remove(&left);
                voice.tell(&format!("`{shown}` is removed: a run that was killed had left it"));
            } else {
                voice.warn(&format!("`{shown}` was left by a run that was killed; `--sweep` removes it"));
            }
        }
        Ok(Some(Self { booting, folder, reading: *reading, now: ui.now(), voice }))
    }

    fn made(&self, source: &Contents) -> Result<Boot, Error> {
        let out = self.folder.join(format!("{NAME}{}", std::process::id()));
        let new = NewDirectory::begin(&out, false)?;
        self.booting.announce(new.place(), source.bytes().len() as u64, &self.voice)?;
        let cluster = Cluster::plan(&Flags::default()).map_err(|error| Error::Usage(error.to_string()))?;
        let made = match new.make(source, &cluster, Release::default(), None, &self.reading, &|_| {}) {
            Ok(made) => made,
            // a backup that cannot be restored is an answer, and no good one
            Err(Error::Unanswerable { reason, .. }) => {
                return Ok(Boot {
                    failure: Some(format!("it cannot be restored: {reason}")),
                    ..self.booting.record(self.now)
                });
            }
            Err(error) => return Err(error),
        };
        let files = made.files.iter().map(|file| &*file.path).collect();
        let (path, place, name) = (new.path(""), new.place(), new.name());
        let restored = Restored { path, files, cluster: &cluster, place, name };
        self.booting.boot(&restored, false, &self.reading, self.now, &self.voice)
    }
}

impl Rehearse for Rehearser {
    fn rehearse(&self, source: &Contents) -> Result<Boot, Box<dyn StdError + Send + Sync>> {
        self.made(source).map_err(Into::into)
    }
}

/// What lies in a folder under such a name, and no run is using.
#[expect(clippy::disallowed_methods, reason = "a folder for what is thrown away, and no input")]
fn left(folder: &Path) -> Vec<PathBuf> {
    let ours = |name: &OsStr| name.to_str().is_some_and(|name| name.starts_with(&format!(".{NAME}")));
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut left: Vec<PathBuf> = entries.filter(|entry| ours(&entry.file_name())).map(|entry| entry.path()).collect();
    left.retain(|path| is_left(path));
    left.sort();
    left
}
