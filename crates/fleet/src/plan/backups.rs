//! Objects to backups: by the names of each folder, as `assay` reads a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backup_name::{BackupFile, BackupFiles, FileName, Listed, PACKED, StoredName, grouped};
use globset::GlobSet;

use super::list::Object;
use crate::item::{File, MANIFEST, Over, Role};

/// Names of what is told of, where much is passed over.
pub(super) const EXAMPLES: usize = 10;

/// One backup, before it is known whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backup {
    /// The address that it lies under, with a slash at its end.
    pub(super) folder: String,
    /// Its files, the snapshot first.
    pub(super) files: Vec<File>,
    /// When it was taken, by its name (`2026-11-23_090915`), else when it was stored; RFC 3339.
    pub(super) taken: String,
    /// Whether its name says that there is another half, which is not there.
    pub(super) half: bool,
    /// Whether it is wrapped in something, so that pages of it cannot be looked at.
    pub(super) packed: bool,
    /// What lies on top of it; none where it is the newest of its object.
    pub(super) over: Option<Over>,
    /// How many versions of its object are newer.
    pub(super) newer: usize,
}

/// What is no backup.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct PassedOver {
    /// How many.
    pub(super) count: u64,
    /// Addresses of some.
    pub(super) such_as: Vec<String>,
}

/// Whether a name is that of a snapshot that stands alone: `.db`, compressed or not, k3s's and rke2's, and what
/// etcd-backup-restore calls full.
fn is_snapshot(name: &str) -> bool {
    let plain = PACKED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let of_k3s = ["etcd-snapshot-", "on-demand-"].iter().any(|start| plain.starts_with(start));
    plain.ends_with(".db") || of_k3s || StoredName::parse(name).is_some_and(|stored| !stored.delta)
}

fn listed(object: &Object, more: &GlobSet) -> Listed {
    let by_name = FileName::parse(&object.name).map(|said| said.file);
    let alone = (by_name.is_none() && (is_snapshot(&object.name) || more.is_match(object.uri())))
        .then_some(BackupFile::Snapshot);
    // what marks a folder is empty and has no ending; an empty snapshot is one that was never written
    let regular = object.size > 0 || object.name.contains('.');
    Listed { path: PathBuf::from(&object.name), regular, by_content: alone }
}

/// What is joined to backups: a folder; of versions that lie beneath, each for itself, as no name tells which of two belong
/// together.
type Together = (String, Option<(String, Option<String>)>);

fn together(object: &Object) -> Together {
    (object.folder.clone(), object.over.as_ref().map(|_| (object.name.clone(), object.version.clone())))
}

/// The backups among objects, in the order of their addresses; what matches `more` is taken for a snapshot, too.
pub(super) fn backups(objects: Vec<Object>, more: &GlobSet) -> (Vec<Backup>, PassedOver) {
    let mut folders: BTreeMap<Together, BTreeMap<String, Object>> = BTreeMap::new();
    for object in objects {
        folders.entry(together(&object)).or_default().insert(object.name.clone(), object);
    }
    let (mut found, mut over) = (Vec::new(), PassedOver::default());
    for ((folder, _), mut objects) in folders {
        let hidden = objects.values().next().map_or((None, 0), |object| (object.over.clone(), object.newer));
        let names: Vec<Listed> = objects.values().map(|object| listed(object, more)).collect();
        for group in grouped(&names).backups {
            let mut files: Vec<File> =
                group.files().filter_map(|path| file(&mut objects, path, &group.snapshot)).collect();
            files.extend(
                manifest(&group, &objects)
                    .and_then(|name| objects.remove(&name))
                    .map(|it| with_role(it, Role::Manifest)),
            );
            found.extend(backup(&folder, files, group.timestamp.as_deref(), hidden.clone()));
        }
        over.count += objects.len() as u64;
        let room = EXAMPLES.saturating_sub(over.such_as.len());
        over.such_as.extend(objects.values().take(room).map(Object::uri));
    }
    found.sort_by(|a, b| place(a).cmp(&place(b)));
    (found, over)
}

/// Where it stands in a plan: by address, the newest of an object first.
fn place(backup: &Backup) -> (Option<&str>, usize) {
    (backup.files.first().map(|file| file.uri.as_str()), backup.newer)
}

fn file(objects: &mut BTreeMap<String, Object>, path: &Path, snapshot: &Option<PathBuf>) -> Option<File> {
    let object = objects.remove(path.to_str()?)?;
    let role = if snapshot.as_deref() == Some(path) { Role::Snapshot } else { role(&object.name) };
    Some(with_role(object, role))
}

fn with_role(object: Object, role: Role) -> File {
    let uri = object.uri();
    File { role, uri, etag: object.etag, version: object.version, size: object.size, modified: object.modified }
}

/// The manifest of a split, where a snapshot has no other tarball than one without its keys, or none: then it says that there
/// was one. The sealed files of the split are nobody's to carry about.
fn manifest(group: &BackupFiles, objects: &BTreeMap<String, Object>) -> Option<String> {
    group.snapshot.as_ref()?;
    let Some(tarball) = &group.tarball else {
        let start = format!("static_kuberesources_{}", group.timestamp.as_deref()?);
        let names = objects.range(start.clone()..).map(|(name, _)| name).take_while(|name| name.starts_with(&start));
        return names.filter(|name| name.ends_with(MANIFEST)).min().cloned();
    };
    let name = tarball.to_str()?;
    let (stem, _) = name.split_once(".keyless.").filter(|_| FileName::parse(name).is_some_and(|said| said.keyless))?;
    Some(format!("{stem}{MANIFEST}"))
}

fn role(name: &str) -> Role {
    match FileName::parse(name).map(|said| said.file) {
        Some(BackupFile::StaticKubeResources) => Role::Tarball,
        _ => Role::Snapshot,
    }
}

fn backup(
    folder: &str,
    files: Vec<File>,
    timestamp: Option<&str>,
    (over, newer): (Option<Over>, usize),
) -> Option<Backup> {
    let main = files.first()?;
    let name = main.uri.rsplit('/').next().unwrap_or_default();
    let has = |role| files.iter().any(|file| file.role == role);
    // a version that lies beneath is alone on purpose
    let half = over.is_none() && FileName::parse(name).is_some() && !(has(Role::Snapshot) && has(Role::Tarball));
    let packed = PACKED.iter().any(|end| name.ends_with(end)) || !has(Role::Snapshot);
    let taken = timestamp.and_then(moment).unwrap_or_else(|| main.modified.clone());
    Some(Backup { folder: folder.to_owned(), taken, half, packed, files, over, newer })
}

/// The moment that a name tells. It is the node's own time, which is UTC on OpenShift's nodes.
fn moment(timestamp: &str) -> Option<String> {
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d_%H%M%S", timestamp).ok()?;
    Some(jiff::tz::Offset::UTC.to_timestamp(time).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::OverKind;

    fn object(folder: &str, name: &str, size: u64) -> Object {
        let modified = "2026-11-29T00:00:00Z".to_owned();
        let (folder, name, etag) = (folder.to_owned(), name.to_owned(), Some("e".to_owned()));
        Object { folder, name, etag, version: None, size, modified, over: None, newer: 0 }
    }

    #[test]
    fn pairs_are_joined_by_folder_and_time_and_halves_are_told() {
        let (t1, t2) = ("2026-11-23_090915", "2026-11-24_090915");
        let objects = vec![
            object("s3://b/a/", &format!("static_kuberesources_{t1}.tar.gz"), 5),
            object("s3://b/a/", &format!("snapshot_{t1}.db"), 9),
            object("s3://b/a/", &format!("snapshot_{t2}.db.gz"), 9),
            object("s3://b/c/", &format!("static_kuberesources_{t1}.tar.gz"), 5),
            object("s3://b/e/", &format!("snapshot_{t1}.db"), 9),
            object("s3://b/e/", &format!("static_kuberesources_{t1}.keyless.tar.gz"), 5),
            object("s3://b/e/", &format!("static_kuberesources_{t1}.manifest.json"), 2),
            object("s3://b/e/", &format!("static_kuberesources_{t1}.escrow.age"), 2),
            object("s3://b/e/", &format!("static_kuberesources_{t2}.manifest.json"), 2),
            object("s3://b/f/", &format!("snapshot_{t1}.db"), 9),
            object("s3://b/f/", &format!("static_kuberesources_{t1}.manifest.json"), 2),
            object("s3://b/k/", "etcd-snapshot-node1-1700000000", 7),
            object("s3://b/k/", "on-demand-node1-1700000000.zip", 7),
            object("s3://b/k/", "Full-00000000-00001234-1700000000.gz", 7),
            object("s3://b/k/", "Incr-00001235-00002345-1700000001.gz", 7),
            object("s3://b/k/", "odd.etcd", 7),
            object("s3://b/k/", "notes.txt", 7),
            object("s3://b/", "etcd-snapshot-node", 0),
            object("s3://b/z/", "empty.db", 0),
        ];
        let more = globset::GlobSetBuilder::new().add(globset::Glob::new("**/*.etcd").unwrap()).build().unwrap();
        let (found, over) = backups(objects, &more);
        let told: Vec<(&str, usize, bool, bool)> =
            found.iter().map(|it| (it.files[0].uri.as_str(), it.files.len(), it.half, it.packed)).collect();
        assert_eq!(
            told,
            [
                ("s3://b/a/snapshot_2026-11-23_090915.db", 2, false, false),
                ("s3://b/a/snapshot_2026-11-24_090915.db.gz", 1, true, true),
                ("s3://b/c/static_kuberesources_2026-11-23_090915.tar.gz", 1, true, true),
                ("s3://b/e/snapshot_2026-11-23_090915.db", 3, false, false),
                ("s3://b/f/snapshot_2026-11-23_090915.db", 2, true, false),
                ("s3://b/k/Full-00000000-00001234-1700000000.gz", 1, false, true),
                ("s3://b/k/etcd-snapshot-node1-1700000000", 1, false, false),
                ("s3://b/k/odd.etcd", 1, false, false),
                ("s3://b/k/on-demand-node1-1700000000.zip", 1, false, true),
                ("s3://b/z/empty.db", 1, false, false),
            ]
        );
        assert_eq!(found[0].taken, "2026-11-23T09:09:15Z");
        assert_eq!(over.count, 5, "nothing sealed, and no manifest of another time");
        let roles: Vec<Role> = found[3].files.iter().map(|file| file.role).collect();
        assert_eq!(roles, [Role::Snapshot, Role::Tarball, Role::Manifest]);
        assert!(over.such_as.contains(&"s3://b/k/notes.txt".to_owned()));
        assert_eq!(found[0].files[1].role, Role::Tarball);
    }

    #[test]
    fn a_version_that_lies_beneath_is_alone_and_comes_after_what_lies_on_top() {
        let (folder, t) = ("s3://b/a/", "2026-11-23_090915");
        let (snapshot, tarball) = (format!("snapshot_{t}.db"), format!("static_kuberesources_{t}.tar.gz"));
        let beneath = |name: &str, version: &str, newer: usize| {
            let over = Over { kind: OverKind::Version, version: "top".into(), modified: String::new() };
            Object { version: Some(version.to_owned()), over: Some(over), newer, ..object(folder, name, 9) }
        };
        let objects = vec![
            beneath(&snapshot, "old", 1),
            beneath(&snapshot, "even older", 2),
            object(folder, &snapshot, 9),
            object(folder, &tarball, 5),
            beneath(&tarball, "old", 1),
            beneath("notes.txt", "old", 1),
        ];
        let (found, over) = backups(objects, &GlobSet::empty());
        let told: Vec<(usize, Option<&str>, bool)> =
            found.iter().map(|it| (it.files.len(), it.files[0].version.as_deref(), it.half)).collect();
        assert_eq!(
            told,
            [(2, None, false), (1, Some("old"), false), (1, Some("even older"), false), (1, Some("old"), false)]
        );
        assert_eq!((found[3].files[0].role, over.count), (Role::Tarball, 1));
    }
}
