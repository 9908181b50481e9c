//! What lies under a source: objects of a bucket, or files of a folder.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use jiff::Timestamp;

use crate::address::Address;
use crate::error::Error;
use crate::stamp::stamp;
use crate::store;

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
        let key = meta.location.as_ref();
        let (folder, name) = key.rsplit_once('/').map_or(("", key), |(folder, name)| (folder, name));
        let folder = if folder.is_empty() { source.of("") } else { format!("{}/", source.of(folder)) };
        Object {
            folder,
            name: name.to_owned(),
            etag: store::etag(&meta),
            version: meta.version,
            size: meta.size,
            modified: second(meta.last_modified.timestamp()),
        }
    };
    Ok(listed.into_iter().map(object).collect())
}

fn second(unix: i64) -> String {
    Timestamp::from_second(unix).unwrap_or(Timestamp::UNIX_EPOCH).to_string()
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
            found.push(Object { folder, name, etag: Some(stamp(&meta)), version: None, size, modified });
        }
    }
    Ok(found)
}
