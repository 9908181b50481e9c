//! The names that OpenShift's own tools give to the two files of a backup.

/// The two kinds of files of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BackupFile {
    /// `snapshot_<timestamp>.db`
    Snapshot,
    /// `static_kuberesources_<timestamp>.tar.gz`
    StaticKubeResources,
}

/// A file name that `cluster-backup.sh` or the operator's `cluster-backup` wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupName {
    /// Which file.
    pub file: BackupFile,
    /// `YYYY-MM-DD_HHMMSS` as written: the node's local time, without a zone (RHCOS: UTC).
    pub timestamp: String,
    /// `__POSSIBLY_DIRTY__`: taken with `--force`, without the operators' progress checks.
    pub dirty: bool,
}

impl BackupName {
    /// Reads a file name (not a path). `None` for any other name, and for a timestamp that is no
    /// date and time.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (file, rest) = if let Some(rest) = name.strip_prefix("snapshot_") {
            (BackupFile::Snapshot, rest.strip_suffix(".db")?)
        } else {
            let rest = name.strip_prefix("static_kuberesources_")?;
            (BackupFile::StaticKubeResources, rest.strip_suffix(".tar.gz")?)
        };
        let (timestamp, dirty) = match rest.strip_suffix("__POSSIBLY_DIRTY__") {
            Some(timestamp) => (timestamp, true),
            None => (rest, false),
        };
        is_timestamp(timestamp).then(|| Self { file, timestamp: timestamp.to_owned(), dirty })
    }
}

fn is_timestamp(text: &str) -> bool {
    // exactly the shape first: strptime alone takes unpadded numbers
    let shape = text.len() == 17
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b'_',
            _ => byte.is_ascii_digit(),
        });
    shape && jiff::civil::DateTime::strptime("%Y-%m-%d_%H%M%S", text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_or_refused() {
        let name = |file, timestamp: &str, dirty| Some(BackupName { file, timestamp: timestamp.into(), dirty });
        use BackupFile::*;
        for (text, expected) in [
            ("snapshot_2026-11-23_090915.db", name(Snapshot, "2026-11-23_090915", false)),
            ("static_kuberesources_2026-11-23_090915.tar.gz", name(StaticKubeResources, "2026-11-23_090915", false)),
            (
                "static_kuberesources_2024-02-29_235959__POSSIBLY_DIRTY__.tar.gz",
                name(StaticKubeResources, "2024-02-29_235959", true),
            ),
            ("snapshot_2026-11-23_090915__POSSIBLY_DIRTY__.db", name(Snapshot, "2026-11-23_090915", true)),
            ("snapshot_2026-02-29_090915.db", None),
            ("snapshot_2026-13-01_090915.db", None),
            ("snapshot_2026-11-23_240000.db", None),
            ("snapshot_2026-11-23_9915.db", None),
            ("snapshot_2026-11-23_090915.db.part", None),
            ("snapshot_old.db", None),
            ("snapshot_2026-11-23_090915.tar.gz", None),
            ("static_kuberesources_2026-11-23_090915.keyless.tar.gz", None),
            ("dir/snapshot_2026-11-23_090915.db", None),
            ("", None),
        ] {
            assert_eq!(BackupName::parse(text), expected, "{text}");
        }
    }
}
