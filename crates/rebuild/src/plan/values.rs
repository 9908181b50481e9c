//! Values that are written in another form than the source has them.

use std::fmt;

use etcd_snapshot::{KeyValue, Record};
use zeroize::Zeroizing;

use super::Plan;
use crate::RebuildError;

/// Why a value cannot be written in another form.
pub type Refusal = Box<dyn std::error::Error + Send + Sync>;

/// Bytes that may be secret, used again and again.
pub(crate) type Room = Zeroizing<Vec<u8>>;

/// What becomes of values. Nothing else of a record changes.
pub trait Values: Sync {
    /// Puts into `room`, which may hold anything, the value that is written in the place of a record's; `false` where the
    /// value stays as it is. Never asked of a deletion.
    ///
    /// # Errors
    /// Whatever keeps it from being written; then nothing is.
    fn value(&self, record: &Record<'_>, room: &mut Zeroizing<Vec<u8>>) -> Result<bool, Refusal>;

    /// What is written in the place of an entry of another bucket than `key`; `None` where it stays.
    fn entry(&self, _bucket: &[u8], _key: &[u8], _value: &[u8]) -> Option<Vec<u8>> {
        None
    }
}

pub(crate) struct Rewritten<'a>(&'a dyn Values);

impl fmt::Debug for Rewritten<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rewritten")
    }
}

impl<'a> Plan<'a> {
    /// Writes values as `values` has them.
    #[must_use]
    pub fn with_values(self, values: &'a dyn Values) -> Self {
        Self { values: Some(Rewritten(values)), ..self }
    }

    /// The records that are written, in order, as the source has them.
    pub fn kept(&self) -> impl Iterator<Item = Record<'a>> + '_ {
        self.scan.records().filter(|record| self.keeps(record))
    }

    /// What is written in the place of an entry of another bucket than `key`.
    pub(crate) fn rewritten_entry(&self, bucket: &[u8], key: &[u8], value: &[u8]) -> Option<Vec<u8>> {
        self.values.as_ref().and_then(|Rewritten(values)| values.entry(bucket, key, value))
    }

    /// The entries of another bucket than `key` that the source has: names and values.
    pub fn entries_of(&self, bucket: &[u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + '_ {
        let bucket = self.scan.bucket(bucket).into_iter();
        bucket.flat_map(|bucket| self.scan.elements(bucket)).map(|element| (element.key, element.value))
    }

    /// What is written of a record.
    pub(crate) fn rewritten<'r>(
        &self,
        record: &Record<'r>,
        value: &'r mut Room,
        message: &'r mut Room,
    ) -> Result<&'r [u8], RebuildError> {
        let Some(Rewritten(values)) = &self.values else { return Ok(record.raw) };
        if record.tombstone || record.is_bump_marker() {
            return Ok(record.raw);
        }
        let refused = |reason| RebuildError::Value {
            key: record.kv.key.to_vec(),
            revision: record.revision,
            live: self.scan.is_live(record),
            reason,
        };
        if !values.value(record, value).map_err(refused)? {
            return Ok(record.raw);
        }
        message.clear();
        // to grow it while it is written would leave what it held behind
        let most = value.len().saturating_add(record.kv.key.len()).saturating_add(64);
        if message.capacity() < most {
            *message = Zeroizing::new(Vec::with_capacity(most.next_power_of_two()));
        }
        KeyValue { value, ..record.kv }.encode(message);
        Ok(message)
    }
}
