//! Objects to backups: by the names of each folder, as `assay` reads a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backup_name::{BackupFile, BackupFiles, FileName, Listed, PACKED, StoredName, grouped};
use globset::GlobSet;

use super::list::Object;
use crate::item::{File, MANIFEST, Role};

/// Names of what is told of, where much is passed over.
const EXAMPLES: usize = 10;

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

/// The backups among objects, in the order of their addresses; what matches `more` is taken for a snapshot, too.
pub(super) fn backups(objects: Vec<Object>, more: &GlobSet) -> (Vec<Backup>, PassedOver) {
    let mut folders: BTreeMap<String, BTreeMap<String, Object>> = BTreeMap::new();
    for object in objects {
        folders.entry(object.folder.clone()).or_default().insert(object.name.clone(), object);
    }
    let (mut found, mut over) = (Vec::new(), PassedOver::default());
    for (folder, mut objects) in folders {
        let names: Vec<Listed> = objects.values().map(|object| listed(object, more)).collect();
        for group in grouped(&names).backups {
            let mut files: Vec<File> =
                group.files().filter_map(|path| file(&mut objects, path, &group.snapshot)).collect();
            files.extend(
                manifest(&group).and_then(|name| objects.remove(&name)).map(|it| with_role(it, Role::Manifest)),
            );
            found.extend(backup(&folder, files, group.timestamp.as_deref()));
        }
        over.count += objects.len() as u64;
        let room = EXAMPLES.saturating_sub(over.such_as.len());
        over.such_as.extend(objects.values().take(room).map(Object::uri));
    }
    found.sort_by(|a, b| uri(a).cmp(uri(b)));
    (found, over)
}

fn uri(backup: &Backup) -> &str {
    backup.files.first().map_or("", |file| &file.uri)
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

/// How the manifest of a split is called, where a backup has no other tarball than one without its keys. The sealed files
/// of the split are nobody's to carry about.
fn manifest(group: &BackupFiles) -> Option<String> {
    let name = group.tarball.as_ref().filter(|_| group.snapshot.is_some())?.to_str()?;
    let (stem, _) = name.split_once(".keyless.").filter(|_| FileName::parse(name).is_some_and(|said| said.keyless))?;
    Some(format!("{stem}{MANIFEST}"))
}

fn role(name: &str) -> Role {
    match FileName::parse(name).map(|said| said.file) {
        Some(BackupFile::StaticKubeResources) => Role::Tarball,
        _ => Role::Snapshot,
    }
}

fn backup(folder: &str, files: Vec<File>, timestamp: Option<&str>) -> Option<Backup> {
    let main = files.first()?;
    let name = main.uri.rsplit('/').next().unwrap_or_default();
    let has = |role| files.iter().any(|file| file.role == role);
    let half = FileName::parse(name).is_some() && !(has(Role::Snapshot) && has(Role::Tarball));
    let packed = PACKED.iter().any(|end| name.ends_with(end)) || !has(Role::Snapshot);
    let taken = timestamp.and_then(moment).unwrap_or_else(|| main.modified.clone());
    Some(Backup { folder: folder.to_owned(), taken, half, packed, files })
}

/// The moment that a name tells. It is the node's own time, which is UTC on OpenShift's nodes.
fn moment(timestamp: &str) -> Option<String> {
    let time = jiff::civil::DateTime::strptime("%Y-%m-%d_%H%M%S", timestamp).ok()?;
    Some(jiff::tz::Offset::UTC.to_timestamp(time).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(folder: &str, name: &str, size: u64) -> Object {
        let modified = "2026-11-29T00:00:00Z".to_owned();
        Object { folder: folder.into(), name: name.into(), etag: Some("e".into()), version: None, size, modified }
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
}
