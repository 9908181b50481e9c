//! From a store into the spool: whole, as it was planned, with its SHA-256 taken on the way.

use std::ffi::OsString;
use std::fs::File as Local;
use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use backup_name::{FileName, PACKED};
use futures::StreamExt as _;
use object_store::path::Path as Key;
use object_store::{GetOptions, ObjectStore};
use sha2::{Digest as _, Sha256};

use super::spool::new_file;
use crate::address::Address;
use crate::error::Error;
use crate::item::{File, MANIFEST};
use crate::outcome::State;
use crate::stamp::stamp;
use crate::store::{self, Fault};

/// Why there is nothing to judge.
#[derive(Debug)]
pub(super) enum Missed {
    /// It is told in the row, and others go on.
    Told(State, String),
    /// The store refused it; where it refuses everything, nothing is told.
    Refused(String),
    /// Another attempt may have it.
    Again(Error),
}

/// A client, and what of it is meant.
pub(super) type Object = (Arc<dyn ObjectStore>, Key);

/// The clients of the buckets that items are in, made once each.
pub(super) struct Stores {
    retries: usize,
    open: Vec<(String, Arc<dyn ObjectStore>)>,
}

impl Stores {
    /// No client yet.
    pub(super) fn new(retries: usize) -> Self {
        Self { retries, open: Vec::new() }
    }

    /// The client and the key of an address; `None` for a file.
    pub(super) fn of(&mut self, uri: &str) -> Result<Option<Object>, Missed> {
        let Some((start, rest)) = uri.split_once("://") else { return Ok(None) };
        if start == "file" {
            return Ok(None);
        }
        let unreadable = || Missed::Told(State::Unreadable, "an address that this release does not read".to_owned());
        let (bucket, key) = rest.split_once('/').ok_or_else(unreadable)?;
        let key = Key::parse(key).map_err(|_| unreadable())?;
        let name = format!("{start}://{bucket}");
        if let Some((_, store)) = self.open.iter().find(|(open, _)| *open == name) {
            return Ok(Some((Arc::clone(store), key)));
        }
        let Ok(Address::Bucket { scheme, bucket, .. }) = name.parse() else { return Err(unreadable()) };
        let store = store::open(scheme, &bucket, self.retries).map_err(Missed::Again)?;
        self.open.push((name, Arc::clone(&store)));
        Ok(Some((store, key)))
    }
}

/// What a file is called in the spool. A key never becomes a path: the names of the files of a backup have one shape each,
/// and all others are `snapshot`.
pub(super) fn local_name(uri: &str) -> String {
    let name = uri.rsplit('/').next().unwrap_or_default();
    let tarball = name.strip_suffix(MANIFEST).map(|stem| format!("{stem}.tar.gz"));
    if FileName::parse(tarball.as_deref().unwrap_or(name)).is_some() {
        return name.to_owned();
    }
    let packed = PACKED.iter().find(|end| name.ends_with(**end)).copied().unwrap_or_default();
    format!("snapshot.db{packed}")
}

/// The path of a file that is judged where it lies; it must be the one that was planned.
pub(super) fn in_place(file: &File) -> Result<OsString, Missed> {
    opened(file).map(|(path, _)| path)
}

/// The same, and the file, open.
#[expect(clippy::disallowed_methods, reason = "asks whether it may be read, and looks at pages; `assay` judges it")]
pub(super) fn opened(file: &File) -> Result<(OsString, Local), Missed> {
    let path = Path::new(file.uri.strip_prefix("file://").unwrap_or(&file.uri));
    let meta = match std::fs::symlink_metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Missed::Told(State::Vanished, "it is gone since it was listed".to_owned()));
        }
        Err(error) => return Err(Missed::Told(State::Unreadable, reason(&error))),
    };
    if file.etag.as_deref() != Some(stamp(&meta).as_str()) {
        return Err(Missed::Told(State::Changed, "it was written to since it was listed".to_owned()));
    }
    let open = Local::open(path).map_err(|error| Missed::Told(State::Unreadable, reason(&error)))?;
    Ok((path.as_os_str().to_owned(), open))
}

/// The kind alone: the number and the words of a system differ, rows must not.
fn reason(error: &std::io::Error) -> String {
    error.kind().to_string()
}

/// Puts an object down; gives its SHA-256.
pub(super) async fn fetch(store: &dyn ObjectStore, key: &Key, file: &File, into: &Path) -> Result<String, Missed> {
    let options = GetOptions { if_match: file.etag.clone(), version: file.version.clone(), ..GetOptions::default() };
    let got = store.get_opts(key, options).await.map_err(|error| missed(Fault::of(&error)))?;
    if !store::is_planned(&got.meta, file) {
        return Err(missed(Fault::Changed));
    }
    let mut local = new_file(into).map_err(full)?;
    let (mut hash, mut length) = (Sha256::new(), 0_u64);
    let mut stream = got.into_stream();
    while let Some(bytes) = stream.next().await {
        let bytes = match bytes {
            Ok(bytes) => bytes,
            Err(error) => return Err(broken(store, key, file, &error).await),
        };
        length += bytes.len() as u64;
        if length > file.size {
            return Err(missed(Fault::Changed));
        }
        hash.update(&bytes);
        local.write_all(&bytes).map_err(full)?;
    }
    if length != file.size {
        return Err(missed(Fault::Unavailable("the answer was cut short".to_owned())));
    }
    Ok(wording::hex(&hash.finalize()))
}

/// Why a body broke off. Where the object was replaced meanwhile the client's first error is the broken body: it is asked
/// again what is there.
async fn broken(store: &dyn ObjectStore, key: &Key, file: &File, error: &object_store::Error) -> Missed {
    let fault = Fault::of(error);
    let options = GetOptions { head: true, version: file.version.clone(), ..GetOptions::default() };
    match store.get_opts(key, options).await.map(|got| got.meta).map_err(|error| Fault::of(&error)) {
        Ok(meta) if !store::is_planned(&meta, file) => missed(Fault::Changed),
        Err(Fault::Gone) => missed(Fault::Gone),
        _ => missed(fault),
    }
}

fn full(error: std::io::Error) -> Missed {
    Missed::Again(Error::again(format!("the spool: {error}")))
}

/// What a refusal means for an item.
pub(super) fn missed(fault: Fault) -> Missed {
    match fault {
        Fault::Gone => Missed::Told(State::Vanished, "it is gone since it was listed".to_owned()),
        Fault::Changed | Fault::Exists => {
            Missed::Told(State::Changed, "it is another object than was listed".to_owned())
        }
        Fault::Archived(code) => Missed::Told(State::Archived, format!("it must be brought back first ({code})")),
        Fault::Refused(code) => Missed::Refused(code),
        fault @ (Fault::Credentials(_) | Fault::Unavailable(_)) => Missed::Again(fault.into_error("an object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_never_becomes_a_path() {
        for (uri, name) in [
            ("s3://b/x/snapshot_2026-11-23_090915.db.gz", "snapshot_2026-11-23_090915.db.gz"),
            ("s3://b/x/static_kuberesources_2026-11-23_090915.tar.gz", "static_kuberesources_2026-11-23_090915.tar.gz"),
            (
                "s3://b/static_kuberesources_2026-11-23_090915.manifest.json",
                "static_kuberesources_2026-11-23_090915.manifest.json",
            ),
            ("s3://b/x.manifest.json", "snapshot.db"),
            ("s3://b/etcd-snapshot-n-1.zip", "snapshot.db.zip"),
            ("s3://b/..", "snapshot.db"),
            ("s3://b/-rf\u{1b}[2J.db", "snapshot.db"),
            ("s3://b/Full-1-2-3/../../x.gz", "snapshot.db.gz"),
        ] {
            assert_eq!(local_name(uri), name);
        }
    }
}
