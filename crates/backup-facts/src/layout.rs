//! What the name of a directory, and the names in it, say about the backup that it holds.

/// What the name of a directory says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectoryName {
    /// `upgrade-backup-[<version>-]<timestamp>`: made before an update, releases 4.8 to 4.14.
    Upgrade {
        /// The release that was running; since 4.10.
        version: Option<String>,
        /// `YYYY-MM-DD_HHMMSS`.
        timestamp: String,
    },
    /// `backup-<name>-<timestamp>`: made by the etcd operator on a schedule.
    Automated {
        /// Name of the EtcdBackup.
        name: String,
        /// `YYYY-MM-DD_HHMMSS`.
        timestamp: String,
    },
    /// `<deployment>.<n>_<boot>`: made by MicroShift at the start of a new deployment.
    MicroShift,
}

impl DirectoryName {
    /// Reads the name of a directory; `None` for any other.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(rest) = name.strip_prefix("upgrade-backup-") {
            let (version, timestamp) = cut_timestamp(rest)?;
            let version = version.strip_suffix('-').or(Some(version).filter(|version| version.is_empty()))?;
            let version = Some(version.to_owned()).filter(|version| !version.is_empty());
            return Some(Self::Upgrade { version, timestamp });
        }
        if let Some(rest) = name.strip_prefix("backup-") {
            let (name, timestamp) = cut_timestamp(rest)?;
            let name = name.strip_suffix('-').filter(|name| !name.is_empty())?.to_owned();
            return Some(Self::Automated { name, timestamp });
        }
        is_microshift(name).then_some(Self::MicroShift)
    }

    /// The release that the name speaks of.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        match self {
            Self::Upgrade { version, .. } => version.as_deref(),
            Self::Automated { .. } | Self::MicroShift => None,
        }
    }
}

/// Splits `<rest><YYYY-MM-DD_HHMMSS>`.
fn cut_timestamp(text: &str) -> Option<(&str, String)> {
    let (rest, timestamp) = text.split_at_checked(text.len().checked_sub(17)?)?;
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d_%H%M%S", timestamp);
    let shape = timestamp.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'_',
        _ => byte.is_ascii_digit(),
    });
    (shape && time.is_ok()).then(|| (rest, timestamp.to_owned()))
}

/// `^[\w-]+-[\d\w]{64}\.\d+_[\d\w]{32}$`, as MicroShift's own code has it.
fn is_microshift(name: &str) -> bool {
    let word = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let Some((head, boot)) = name.rsplit_once('_') else { return false };
    let Some((deployment, number)) = head.rsplit_once('.') else { return false };
    let Some((os, checksum)) = deployment.rsplit_once('-') else { return false };
    boot.len() == 32
        && word(boot)
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && checksum.len() == 64
        && word(checksum)
        && !os.is_empty()
        && os.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// What a directory is, by the names in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Files of `cluster-backup.sh`, or of the operator's backups.
    Files,
    /// A copy of `/var/lib/microshift`: its database is `etcd/member/snap/db`, and there is no tarball.
    MicroShift,
    /// A hosted control plane's backup: `snapshot.db` and `secrets/`, and there is no tarball.
    HostedControlPlane,
    /// An etcd member's data directory, or the `member` in it, by the place of its database.
    Data(&'static str),
}

/// Where the database of a data directory stands, and the write-ahead log beside it.
pub const DATA: [(&str, &str); 3] =
    [("member/snap/db", "member/wal"), ("snap/db", "wal"), ("etcd/member/snap/db", "etcd/member/wal")];

impl Layout {
    /// The database, where it has a fixed place.
    #[must_use]
    pub fn database(self) -> Option<&'static str> {
        match self {
            Self::Files => None,
            Self::MicroShift => Some("etcd/member/snap/db"),
            Self::HostedControlPlane => Some("snapshot.db"),
            Self::Data(database) => Some(database),
        }
    }

    /// Recognises a directory. `exists` tells of paths below it.
    #[must_use]
    pub fn of(exists: impl Fn(&str) -> bool) -> Self {
        if exists("etcd/member/snap/db") && ["version", "certs", "resources"].iter().any(|name| exists(name)) {
            Self::MicroShift
        } else if exists("snapshot.db") && exists("secrets") {
            Self::HostedControlPlane
        } else {
            DATA.iter().find(|(database, _)| exists(database)).map_or(Self::Files, |(database, _)| Self::Data(database))
        }
    }
}

/// The version in MicroShift's file `version`: `{"version":"4.18.7","deployment_id":"...","boot_id":"..."}`.
#[must_use]
pub fn microshift_version(file: &str) -> Option<String> {
    let object: serde_json::Value = serde_json::from_str(file).ok()?;
    object.get("version")?.as_str().filter(|version| version.len() <= 200).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_told_by_their_names() {
        let upgrade = |version: Option<&str>| {
            let version = version.map(str::to_owned);
            Some(DirectoryName::Upgrade { version, timestamp: "2026-11-23_010203".to_owned() })
        };
        let automated = |name: &str| {
            Some(DirectoryName::Automated { name: name.to_owned(), timestamp: "2026-11-23_010203".to_owned() })
        };
        let microshift = format!("rhel-{}.0_{}", "a1".repeat(32), "b".repeat(32));
        for (name, expected) in [
            ("upgrade-backup-2026-11-23_010203", upgrade(None)),
            ("upgrade-backup-4.12.7-2026-11-23_010203", upgrade(Some("4.12.7"))),
            ("upgrade-backup-4.13.0-rc.2-2026-11-23_010203", upgrade(Some("4.13.0-rc.2"))),
            ("backup-nightly-2026-11-23_010203", automated("nightly")),
            ("backup-etcd-daily-29384756-2026-11-23_010203", automated("etcd-daily-29384756")),
            (microshift.as_str(), Some(DirectoryName::MicroShift)),
            ("upgrade-backup-4.12.7-2026-13-23_010203", None),
            ("upgrade-backup-4.12.72026-11-23_010203", None),
            ("backup-2026-11-23_010203", None),
            ("backup--2026-11-23_010203", None),
            ("backup-ä-2026-11-23_01020ä", None),
            ("rhel-a.0_b", None),
            ("backups", None),
            ("", None),
        ] {
            assert_eq!(DirectoryName::parse(name), expected, "{name}");
        }
        assert_eq!(upgrade(Some("4.12.7")).unwrap().version(), Some("4.12.7"));
        assert_eq!(automated("x").unwrap().version(), None);
    }

    #[test]
    fn layouts_are_told_by_what_is_in_them() {
        let of = |names: &[&str]| Layout::of(|name| names.contains(&name));
        assert_eq!(of(&["etcd/member/snap/db", "version", "certs"]), Layout::MicroShift);
        assert_eq!(of(&["etcd/member/snap/db", "certs"]), Layout::MicroShift);
        assert_eq!(of(&["etcd/member/snap/db"]), Layout::Data("etcd/member/snap/db"));
        assert_eq!(of(&["member/snap/db"]).database(), Some("member/snap/db"));
        assert_eq!(of(&["snap/db", "wal"]).database(), Some("snap/db"));
        assert_eq!(of(&["snapshot.db", "secrets"]), Layout::HostedControlPlane);
        assert_eq!(of(&["snapshot.db"]), Layout::Files);
        assert_eq!(Layout::MicroShift.database(), Some("etcd/member/snap/db"));
        assert_eq!(Layout::HostedControlPlane.database(), Some("snapshot.db"));
        assert_eq!(Layout::Files.database(), None);
    }

    #[test]
    fn microshift_names_its_version() {
        assert_eq!(microshift_version(r#"{"version":"4.18.7","boot_id":"b"}"#).as_deref(), Some("4.18.7"));
        for bad in ["", "4.18.7", "{}", r#"{"version":7}"#] {
            assert_eq!(microshift_version(bad), None, "{bad}");
        }
    }
}
