//! Which files `cluster-restore.sh` takes from a directory.
//!
//! Every release of the script does the same: `ls -vd "$DIR"/static_kuberesources*.tar.gz | tail -1`, and apart from it
//! `ls -vd "$DIR"/snapshot*.db | tail -1`. Nothing holds the two together but that they sort alike.

use std::cmp::Ordering;

use static_resources::BackupFile;

/// What the script takes, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Picks {
    /// The last of `snapshot*.db`.
    pub snapshot: Option<String>,
    /// The last of `static_kuberesources*.tar.gz`.
    pub tarball: Option<String>,
    /// All that match `snapshot*.db`, in the order of the sort.
    pub snapshots: Vec<String>,
    /// All that match `static_kuberesources*.tar.gz`, in the order of the sort.
    pub tarballs: Vec<String>,
}

impl Picks {
    /// What the script takes of these names.
    pub fn of<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let (mut snapshots, mut tarballs) = (Vec::new(), Vec::new());
        for name in names {
            match matches(name) {
                Some(BackupFile::Snapshot) => snapshots.push(name.to_owned()),
                Some(BackupFile::StaticKubeResources) => tarballs.push(name.to_owned()),
                None => {}
            }
        }
        snapshots.sort_by(|a, b| version_order(a.as_bytes(), b.as_bytes()));
        tarballs.sort_by(|a, b| version_order(a.as_bytes(), b.as_bytes()));
        Self { snapshot: snapshots.last().cloned(), tarball: tarballs.last().cloned(), snapshots, tarballs }
    }
}

/// Whether a glob of the script matches a name. A name with a leading dot is not matched by either.
#[must_use]
pub fn matches(name: &str) -> Option<BackupFile> {
    // the parts must not overlap: `static_kuberesources.tar.gz` matches, `snapshot.d` does not
    let glob = |begin: &str, end: &str| name.strip_prefix(begin).is_some_and(|rest| rest.ends_with(end));
    if glob("snapshot", ".db") {
        Some(BackupFile::Snapshot)
    } else if glob("static_kuberesources", ".tar.gz") {
        Some(BackupFile::StaticKubeResources)
    } else {
        None
    }
}

/// The order of `ls -v`: gnulib's `filevercmp`, then the bytes. Names are those of one directory, without its path.
#[must_use]
pub fn version_order(a: &[u8], b: &[u8]) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    let (stem_a, stem_b) = (stem(a), stem(b));
    let by_version = if stem_a == stem_b { verrevcmp(a, b) } else { verrevcmp(stem_a, stem_b) };
    by_version.then_with(|| a.cmp(b))
}

/// The name without its suffixes: `(\.[A-Za-z~][A-Za-z0-9~]*)*$`.
fn stem(name: &[u8]) -> &[u8] {
    let mut end = name.len();
    loop {
        let head = name.get(..end).unwrap_or_default();
        let Some(dot) = head.iter().rposition(|&byte| byte == b'.') else { return head };
        let suffix = head.get(dot + 1..).unwrap_or_default();
        let first = suffix.first().is_some_and(|&byte| byte.is_ascii_alphabetic() || byte == b'~');
        let rest = suffix.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'~');
        if !first || !rest || dot == 0 {
            return head;
        }
        end = dot;
    }
}

/// Where a character sorts among those that are no digits; digits and the end of the name come between `~` and letters.
fn weight(byte: Option<u8>) -> i32 {
    match byte {
        None => 0,
        Some(byte) if byte.is_ascii_digit() => 0,
        Some(byte) if byte.is_ascii_alphabetic() => i32::from(byte),
        Some(b'~') => -1,
        Some(byte) => i32::from(byte) + 256,
    }
}

/// Runs of other characters by weight, runs of digits by value.
fn verrevcmp(a: &[u8], b: &[u8]) -> Ordering {
    let (mut at, mut bt) = (0, 0);
    let is_digit = |name: &[u8], place: usize| name.get(place).is_some_and(u8::is_ascii_digit);
    let is_other = |name: &[u8], place: usize| name.get(place).is_some_and(|byte| !byte.is_ascii_digit());
    while at < a.len() || bt < b.len() {
        while is_other(a, at) || is_other(b, bt) {
            let order = weight(a.get(at).copied()).cmp(&weight(b.get(bt).copied()));
            if order.is_ne() {
                return order;
            }
            at += 1;
            bt += 1;
        }
        while a.get(at) == Some(&b'0') {
            at += 1;
        }
        while b.get(bt) == Some(&b'0') {
            bt += 1;
        }
        let mut first = Ordering::Equal;
        while is_digit(a, at) && is_digit(b, bt) {
            first = first.then(a.get(at).cmp(&b.get(bt)));
            at += 1;
            bt += 1;
        }
        match (is_digit(a, at), is_digit(b, bt)) {
            (true, _) => return Ordering::Greater,
            (_, true) => return Ordering::Less,
            _ if first.is_ne() => return first,
            _ => {}
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {

    use super::*;

    /// Names that people and scripts leave in a directory of backups, in the order in which GNU `ls -v` (coreutils 8.32
    /// of RHEL 9, 9.x elsewhere) lists them.
    const SNAPSHOTS: [&str; 14] = [
        "snapshot.db",
        "snapshot1.db",
        "snapshot2.db",
        "snapshot10.db",
        "snapshot-1.db",
        "snapshot-10.db",
        "snapshot_2025-12-31_235959.db",
        "snapshot_2026-1-2_000000.db",
        "snapshot_2026-11-22_010203.db",
        "snapshot_2026-11-23_010203.bak.db",
        "snapshot_2026-11-23_010203.db",
        "snapshot_2026-11-23_010203__POSSIBLY_DIRTY__.db",
        "snapshot_2026-11-23_010204.db",
        "snapshot_old.db",
    ];
    const TARBALLS: [&str; 5] = [
        "static_kuberesources.tar.gz",
        "static_kuberesources_2026-11-23_010203.keyless.tar.gz",
        "static_kuberesources_2026-11-23_010203.tar.gz",
        "static_kuberesources_2026-11-23_010203__POSSIBLY_DIRTY__.tar.gz",
        "static_kuberesources_copy.tar.gz",
    ];

    #[test]
    fn names_sort_as_ls_sorts_them() {
        for order in [&SNAPSHOTS[..], &TARBALLS] {
            for (at, a) in order.iter().enumerate() {
                for (bt, b) in order.iter().enumerate() {
                    assert_eq!(version_order(a.as_bytes(), b.as_bytes()), at.cmp(&bt), "{a} {b}");
                }
            }
        }
    }

    /// The list above is what this machine's `ls -vd` says, with the very globs of the script.
    #[test]
    fn the_recorded_order_is_that_of_a_real_ls() {
        let folder = std::env::temp_dir().join(format!("assay-picks-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        for name in SNAPSHOTS.iter().chain(&TARBALLS) {
            std::fs::write(folder.join(name), "").unwrap();
        }
        for (glob, expected) in [("snapshot*.db", &SNAPSHOTS[..]), ("static_kuberesources*.tar.gz", &TARBALLS)] {
            let script = format!("ls -vd \"$1\"/{glob}");
            let Some(mut bash) = fixtures::tool("bash") else { return };
            let said = bash.args(["-c", &script, "bash"]).arg(&folder).output().unwrap();
            let text = String::from_utf8(said.stdout).unwrap();
            let names: Vec<_> = text.lines().map(|line| line.rsplit('/').next().unwrap()).collect();
            assert_eq!(names, expected);
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn the_last_of_each_is_taken_on_its_own() {
        let picks = Picks::of(SNAPSHOTS.into_iter().chain(TARBALLS).chain(["notes.txt", "snapshot_2027.db.gz"]));
        assert_eq!(picks.snapshot.as_deref(), Some("snapshot_old.db"));
        assert_eq!(picks.tarball.as_deref(), Some("static_kuberesources_copy.tar.gz"));
        assert_eq!((picks.snapshots.len(), picks.tarballs.len()), (SNAPSHOTS.len(), TARBALLS.len()));
        let clean = "snapshot_2026-11-23_010203.db";
        let dirty = "snapshot_2026-11-23_010203__POSSIBLY_DIRTY__.db";
        assert_eq!(Picks::of([dirty, clean]).snapshot.as_deref(), Some(dirty), "the forced one sorts last");
        assert_eq!(Picks::of([]), Picks::default());
    }

    #[test]
    fn globs_are_those_of_the_script() {
        for (name, expected) in [
            ("snapshot.db", Some(BackupFile::Snapshot)),
            ("snapshot_x.db.gz", None),
            (".snapshot.db", None),
            ("snapshot.d", None),
            ("static_kuberesources.tar.gz", Some(BackupFile::StaticKubeResources)),
            ("static_kuberesources_x.tar", None),
            ("", None),
        ] {
            assert_eq!(matches(name), expected, "{name}");
        }
    }

    #[test]
    fn odd_names_have_an_order_too() {
        let odd =
            ["", ".", "..", "...", "~", "0", "00", "a", "a.", ".a", "a.~", "a.b.c", "ä", "a0", "a00", "a01", "\u{1b}"];
        for a in odd {
            for b in odd {
                assert_eq!(
                    version_order(a.as_bytes(), b.as_bytes()),
                    version_order(b.as_bytes(), a.as_bytes()).reverse()
                );
            }
        }
        let long = "9".repeat(100_000);
        assert_eq!(version_order(long.as_bytes(), b"8"), Ordering::Greater);
    }
}
