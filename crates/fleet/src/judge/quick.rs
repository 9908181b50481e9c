//! A quick look: a few blocks of a file, so that much can be looked at for little. What is seen in them is
//! [`etcd_snapshot::look`]'s.

use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use etcd_snapshot::look::{Look, Step};
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore};

use crate::item::File;
use crate::store::{self, Fault, has_no_ranges};

/// What a look came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing; the newest revision, where there is one.
    Plausible(Option<i64>),
    /// It is bad, or at least odd: it is to be judged whole.
    Suspect(String),
}

/// Where bytes come from.
pub(super) enum Bytes {
    /// A file.
    File(std::fs::File),
    /// An object, as it was planned.
    Object(Arc<dyn ObjectStore>, Key),
}

/// Looks at a snapshot.
///
/// # Errors
/// What keeps it from being read: nothing is known of it then.
pub(super) async fn look(bytes: Bytes, file: &File) -> Result<Seen, Fault> {
    let mut look = Look::new(file.size);
    loop {
        let range = match look.step() {
            Step::Wants(range) => range,
            Step::Plausible(revision) => return Ok(Seen::Plausible(revision)),
            Step::Suspect(what) => return Ok(Seen::Suspect(what)),
        };
        match bytes.get(file, range.clone()).await? {
            Some(block) => look.give(&range, block),
            None => return Ok(Seen::Suspect("the store gives out no parts of an object".to_owned())),
        }
    }
}

impl Bytes {
    /// A part of the file as it was planned; `None` where the store gives out whole objects alone.
    async fn get(&self, file: &File, range: Range<u64>) -> Result<Option<Vec<u8>>, Fault> {
        let length = usize::try_from(range.end - range.start).unwrap_or(0);
        let (store, key) = match self {
            Self::File(local) => {
                let mut bytes = vec![0; length];
                let read = local.read_exact_at(&mut bytes, range.start);
                return read.map(|()| Some(bytes)).map_err(|error| Fault::Refused(error.kind().to_string()));
            }
            Self::Object(store, key) => (store, key),
        };
        let options = GetOptions {
            if_match: file.etag.clone(),
            version: file.version.clone(),
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let got = match store.get_opts(key, options).await {
            Ok(got) => got,
            Err(error) if has_no_ranges(&error) => return Ok(None),
            Err(error) => return Err(Fault::of(&error)),
        };
        if !store::is_planned(&got.meta, file) {
            return Err(Fault::Changed);
        }
        let bytes = got.bytes().await.map_err(|error| Fault::of(&error))?;
        if bytes.len() != length {
            return Err(Fault::Unavailable("another range".to_owned()));
        }
        Ok(Some(bytes.to_vec()))
    }
}
