//! Names of a backup's files, compressed or with their keys split off.

use crate::openshift::{BackupFile, BackupName};

/// What names of compressed files end in.
pub const PACKED: [&str; 6] = [".gz", ".zst", ".xz", ".bz2", ".lz4", ".zip"];

/// What the name of a backup's file says, compressed or with its keys split off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// Which file.
    pub file: BackupFile,
    /// `YYYY-MM-DD_HHMMSS` as written: the node's local time.
    pub timestamp: String,
    /// Taken with `--force`.
    pub dirty: bool,
    /// `.keyless`: written by a split.
    pub keyless: bool,
}

impl FileName {
    /// Reads a file name; `None` for any other.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let stem = PACKED.iter().find_map(|end| name.strip_suffix(end)?.strip_suffix(".db"));
        if let Some(stem) = stem {
            return Self::plain(&format!("{stem}.db"), false);
        }
        let stem = [".tar.gz", ".tar", ".tgz"].iter().find_map(|end| name.strip_suffix(end));
        let Some(stem) = stem else { return Self::plain(name, false) };
        let keyless = stem.strip_suffix(".keyless");
        Self::plain(&format!("{}.tar.gz", keyless.unwrap_or(stem)), keyless.is_some())
    }

    fn plain(name: &str, keyless: bool) -> Option<Self> {
        let BackupName { file, timestamp, dirty } = BackupName::parse(name)?;
        Some(Self { file, timestamp, dirty, keyless })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_time_and_state() {
        use BackupFile::{Snapshot, StaticKubeResources};
        let ts = "2026-11-23_090915";
        for (name, expected) in [
            (format!("snapshot_{ts}.db"), Some((Snapshot, false, false))),
            (format!("snapshot_{ts}.db.gz"), Some((Snapshot, false, false))),
            (format!("snapshot_{ts}__POSSIBLY_DIRTY__.db.zst"), Some((Snapshot, true, false))),
            (format!("snapshot_{ts}.db.xz"), Some((Snapshot, false, false))),
            (format!("snapshot_{ts}.db.bz2"), Some((Snapshot, false, false))),
            (format!("snapshot_{ts}.db.lz4"), Some((Snapshot, false, false))),
            (format!("snapshot_{ts}.db.zip"), Some((Snapshot, false, false))),
            (format!("static_kuberesources_{ts}.tar.gz"), Some((StaticKubeResources, false, false))),
            (format!("static_kuberesources_{ts}.tar"), Some((StaticKubeResources, false, false))),
            (
                format!("static_kuberesources_{ts}__POSSIBLY_DIRTY__.keyless.tar.gz"),
                Some((StaticKubeResources, true, true)),
            ),
            (format!("static_kuberesources_{ts}.keyless.tar"), Some((StaticKubeResources, false, true))),
            (format!("static_kuberesources_{ts}.escrow.age"), None),
            (format!("snapshot_{ts}.gz"), None),
            (format!("snapshot_{ts}.db.part"), None),
            ("snapshot_yesterday.db".to_owned(), None),
            (".tar.gz".to_owned(), None),
            (".db.gz".to_owned(), None),
        ] {
            let parsed = FileName::parse(&name);
            assert!(parsed.as_ref().is_none_or(|parsed| parsed.timestamp == ts), "{name}");
            assert_eq!(parsed.map(|parsed| (parsed.file, parsed.dirty, parsed.keyless)), expected, "{name}");
        }
    }
}
