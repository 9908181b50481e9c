//! What lies under a source: objects of a bucket, or files of a folder.

use std::collections::HashMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use jiff::Timestamp;

use crate::address::{Address, Scheme};
use crate::error::Error;
use crate::item::{Over, OverKind};
use crate::stamp::stamp;
use crate::store;
use crate::store::versions::{self, Version};

/// Files below one folder that is listed; more is no store of backups.
const FILES: usize = 10_000_000;

/// An object, or a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Object {
    /// The address that it lies under, with a slash at its end.
    pub(super) folder: String,
    /// The last part of its name.
    pub(super) name: String,
    /// What the store says changes with it.
    pub(super) etag: Option<String>,
    /// Its version.
    pub(super) version: Option<String>,
    /// Bytes.
    pub(super) size: u64,
    /// When it was stored, RFC 3339, to the second.
    pub(super) modified: String,
    /// What lies on top of it; none of what a request without a version finds.
    pub(super) over: Option<Over>,
    /// How many versions of the same object are newer: the store lists the newest first, and its times may be equal.
    pub(super) newer: usize,
}

impl Object {
    /// Its address.
    pub(super) fn uri(&self) -> String {
        format!("{}{}", self.folder, self.name)
    }
}

/// Lists a source.
pub(super) async fn list(source: &Address, retries: usize) -> Result<Vec<Object>, Error> {
    let (scheme, bucket, prefix) = match source {
        Address::Folder(path) => return folder(path),
        Address::Bucket { scheme, bucket, prefix } => (*scheme, bucket, prefix),
    };
    let client = store::open(scheme, bucket, retries)?;
    let listed = store::list(&*client, prefix).await;
    let listed = listed.map_err(|fault| fault.into_error(&format!("{source}: list")))?;
    let object = |meta: object_store::ObjectMeta| {
        let (folder, name) = parts(source, meta.location.as_ref());
        let (etag, modified) = (store::etag(&meta), second(meta.last_modified.timestamp()));
        Object { folder, name, etag, version: meta.version, size: meta.size, modified, over: None, newer: 0 }
    };
    Ok(listed.into_iter().map(object).collect())
}

/// Lists every version in a source; names what a delete marker hides.
pub(super) async fn all_versions(source: &Address, retries: usize) -> Result<(Vec<Object>, Vec<String>), Error> {
    let Address::Bucket { scheme: Scheme::S3, bucket, prefix } = source else {
        return Err(Error::new(format!("{source}: no versions can be listed here"))
            .hinted("`--versions` is for `s3://`: plan other sources without it, in a run of their own"));
    };
    let listed = versions::list(bucket, prefix, retries).await?;
    let tops = versions::tops(&listed);
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut objects = Vec::new();
    for it in &listed {
        let Some(size) = it.size else { continue };
        let top = tops.get(it.key.as_str()).filter(|_| !it.is_latest);
        let count = seen.entry(&it.key).or_insert_with(|| top.map_or(0, |top| usize::from(top.is_marker())));
        let newer = std::mem::replace(count, *count + 1);
        let ((folder, name), version, modified) = (parts(source, &it.key), Some(it.id.clone()), moment(&it.modified));
        let over = top.map(|top| over(top));
        objects.push(Object { folder, name, etag: it.etag.clone(), version, size, modified, over, newer });
    }
    let hidden = listed.iter().filter(|it| it.is_latest && it.is_marker()).map(|it| source.of(&it.key)).collect();
    Ok((objects, hidden))
}

fn over(top: &Version) -> Over {
    let kind = if top.is_marker() { OverKind::DeleteMarker } else { OverKind::Version };
    Over { kind, version: top.id.clone(), modified: moment(&top.modified) }
}

/// The address that a key lies under, with a slash at its end, and the last part of its name.
fn parts(source: &Address, key: &str) -> (String, String) {
    let (folder, name) = key.rsplit_once('/').unwrap_or(("", key));
    let folder = if folder.is_empty() { source.of("") } else { format!("{}/", source.of(folder)) };
    (folder, name.to_owned())
}

fn second(unix: i64) -> String {
    Timestamp::from_second(unix).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
}

fn moment(told: &str) -> String {
    second(told.parse().map_or(0, Timestamp::as_second))
}

/// The regular files below a folder; links are not followed, and a name that is no text is passed over.
#[expect(clippy::disallowed_methods, reason = "lists names, as a store does; `assay` opens what is judged")]
fn folder(root: &Path) -> Result<Vec<Object>, Error> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let failed = |error: std::io::Error| {
            Error::new(format!("`{}`: cannot be listed: {error}", wording::escape_path(&folder)))
        };
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let meta = entry.metadata().map_err(failed)?;
            if meta.is_dir() {
                folders.push(entry.path());
            }
            let (Some(name), Some(below)) = (entry.file_name().to_str().map(str::to_owned), folder.to_str()) else {
                continue;
            };
            if !meta.is_file() {
                continue;
            }
            if found.len() >= FILES {
                return Err(Error::new(format!("`{}`: more than {FILES} files", wording::escape_path(root))));
            }
            let folder = format!("file://{}/", below.trim_end_matches('/'));
            let (size, modified) = (meta.len(), second(meta.mtime()));
            let etag = Some(stamp(&meta));
            found.push(Object { folder, name, etag, version: None, size, modified, over: None, newer: 0 });
        }
    }
    Ok(found)
}
