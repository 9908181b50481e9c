//! Where a run is kept: plan, parts and results, in a folder or below a prefix.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};

use crate::address::Address;
use crate::error::Error;
use crate::store::{self, Fault};

/// The items of a run.
pub(crate) const ITEMS: &str = "plan.ndjson.zst";
/// What is true of all of them; it is written last.
pub(crate) const PLAN: &str = "plan.json";
/// The policy that is judged by.
pub(crate) const POLICY: &str = "policy.toml";
/// Rows of an earlier run that still hold.
pub(crate) const CARRIED: &str = "parts/carried.ndjson.zst";
/// What came of each item.
pub(crate) const VERDICTS: &str = "verdicts.ndjson.zst";
/// What stands against them.
pub(crate) const FINDINGS: &str = "findings.ndjson.zst";
/// Both again, for those who query.
pub(crate) const VERDICTS_TABLE: &str = "verdicts.parquet";
/// See [`VERDICTS_TABLE`].
pub(crate) const FINDINGS_TABLE: &str = "findings.parquet";
/// What came of the run.
pub(crate) const RUN: &str = "run.json";

/// The rows of a shard.
pub(crate) fn part(shard: u32) -> String {
    format!("parts/{shard:05}.ndjson.zst")
}

/// A run's folder or prefix.
pub(crate) struct Place {
    address: Address,
    store: Option<Arc<dyn ObjectStore>>,
}

/// What came of writing what must be there once.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Created {
    /// It was written.
    New,
    /// Another attempt was first, with the same bytes.
    Same,
    /// There is something else under that name.
    Other,
}

impl Place {
    /// A run's place; nothing is asked yet.
    pub(crate) fn open(address: Address, retries: usize) -> Result<Self, Error> {
        let store = match &address {
            Address::Folder(_) => None,
            Address::Bucket { scheme, bucket, .. } => Some(store::open(*scheme, bucket, retries)?),
        };
        Ok(Self { address, store })
    }

    /// The address of what has this name.
    pub(crate) fn shown(&self, name: &str) -> String {
        format!("{}{}{name}", self.address, if self.address.to_string().ends_with('/') { "" } else { "/" })
    }

    fn key(&self, name: &str) -> Path {
        match &self.address {
            Address::Bucket { prefix, .. } if !prefix.is_empty() => Path::from(format!("{prefix}/{name}")),
            _ => Path::from(name),
        }
    }

    fn file(&self, name: &str) -> PathBuf {
        match &self.address {
            Address::Folder(folder) => folder.join(name),
            Address::Bucket { .. } => PathBuf::from(name),
        }
    }

    /// What has this name; `None` where there is nothing.
    #[expect(clippy::disallowed_methods, reason = "a run's own file, not a backup")]
    pub(crate) async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(store) = &self.store else {
            return match std::fs::read(self.file(name)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(Error::new(format!("{}: {error}", self.shown(name)))),
            };
        };
        let got = match store.get(&self.key(name)).await {
            Ok(got) => got.bytes().await,
            Err(error) => Err(error),
        };
        match got.map_err(|error| Fault::of(&error)) {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(Fault::Gone) => Ok(None),
            Err(fault) => Err(fault.into_error(&self.shown(name))),
        }
    }

    /// Writes what must be there once: only if there is nothing under that name. What is there is compared.
    pub(crate) async fn create(&self, name: &str, bytes: Vec<u8>) -> Result<Created, Error> {
        let exists = match &self.store {
            None => !self.link(name, &bytes)?,
            Some(store) => {
                let options = PutOptions::from(PutMode::Create);
                let put = store.put_opts(&self.key(name), PutPayload::from(bytes.clone()), options).await;
                match put.map_err(|error| Fault::of(&error)) {
                    Ok(_) => false,
                    Err(Fault::Exists | Fault::Changed) => true,
                    Err(fault) => return Err(fault.into_error(&self.shown(name))),
                }
            }
        };
        if !exists {
            return Ok(Created::New);
        }
        let there = self.read(name).await?;
        Ok(if there.is_some_and(|there| there == bytes) { Created::Same } else { Created::Other })
    }

    /// A file under a name that it has only once it is whole; `false` where the name is taken.
    fn link(&self, name: &str, bytes: &[u8]) -> Result<bool, Error> {
        let path = self.file(name);
        let failed = |error: std::io::Error| Error::again(format!("{}: {error}", self.shown(name)));
        let folder = path.parent().unwrap_or(&path);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut file = tempfile::Builder::new().prefix(".part-").tempfile_in(folder).map_err(failed)?;
        file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
        match file.persist_noclobber(&path) {
            Ok(_) => Ok(true),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(failed(error.error)),
        }
    }

    /// Writes a result, over an earlier one.
    pub(crate) async fn replace(&self, name: &str, bytes: Vec<u8>) -> Result<(), Error> {
        let Some(store) = &self.store else {
            let path = self.file(name);
            let failed = |error: std::io::Error| Error::again(format!("{}: {error}", self.shown(name)));
            let folder = path.parent().unwrap_or(&path);
            std::fs::create_dir_all(folder).map_err(failed)?;
            let mut file = tempfile::Builder::new().prefix(".part-").tempfile_in(folder).map_err(failed)?;
            file.write_all(&bytes).and_then(|()| file.as_file().sync_all()).map_err(failed)?;
            return file.persist(&path).map(drop).map_err(|error| failed(error.error));
        };
        let put = store.put(&self.key(name), PutPayload::from(bytes)).await;
        put.map(drop).map_err(|error| Fault::of(&error).into_error(&self.shown(name)))
    }

    /// Names of all parts that are there.
    #[expect(clippy::disallowed_methods, reason = "a run's own parts, not backups")]
    pub(crate) async fn parts(&self) -> Result<Vec<String>, Error> {
        let Some(store) = &self.store else {
            let Ok(entries) = std::fs::read_dir(self.file("parts")) else { return Ok(Vec::new()) };
            return Ok(entries
                .flatten()
                .map(|entry| format!("parts/{}", entry.file_name().to_string_lossy()))
                .collect());
        };
        let listed = store::list(&**store, self.key("parts").as_ref()).await;
        let listed = listed.map_err(|fault| fault.into_error(&self.shown("parts")))?;
        Ok(listed.iter().filter_map(|meta| Some(format!("parts/{}", meta.location.filename()?))).collect())
    }

    /// Whether the place takes "only if absent": the second of two different writes must be refused.
    pub(crate) async fn creates_only_once(&self) -> Result<bool, Error> {
        if self.store.is_none() {
            return Ok(true);
        }
        const NAME: &str = "create-only";
        let first = self.create(NAME, b"1\n".to_vec()).await?;
        Ok(first != Created::New || self.create(NAME, b"2\n".to_vec()).await? == Created::Other)
    }
}
