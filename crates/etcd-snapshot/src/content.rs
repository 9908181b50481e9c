//! The content digest: equal for two snapshots with the same live keys and values.

use bbolt_page::Spread;
use sha2::{Digest, Sha256};

use crate::scan::Scan;
use crate::store::Live;
use crate::trailer::Sha256Digest;

/// First bytes of what is digested: the name and the version of this digest.
const DOMAIN: &[u8] = b"assay-content/1\n";
/// Entries digested in one piece of work.
const ENTRIES_AT_ONCE: usize = 256;
/// Entries that are looked up before they are digested.
const TOGETHER: usize = ENTRIES_AT_ONCE * 64;

impl Scan<'_> {
    /// Digests the live keys and values of the view.
    ///
    /// Version 1: SHA-256 over the line `assay-content/1` and, for each live key in byte order, the SHA-256 of: length
    /// of the key in bytes (u64, big-endian), the key, length of the value, the value. Nothing else goes in: not
    /// revisions, versions or leases, not the member, the page size, free pages or history. The marker of a bumped
    /// restore is not a key.
    #[must_use]
    pub fn content_digest(&self, spread: &impl Spread) -> Sha256Digest {
        let mut entries = self.store.live_sorted(|_| true, spread);
        let mut digest = ContentDigest::default();
        let mut some: Vec<Live<'_>> = Vec::with_capacity(TOGETHER.min(entries.len()));
        while entries.len() > 0 {
            some.clear();
            some.extend(entries.by_ref().take(TOGETHER));
            let piece = |at: usize| {
                let piece = some.iter().skip(at * ENTRIES_AT_ONCE).take(ENTRIES_AT_ONCE);
                piece.map(|live| entry_digest(live.kv.key, live.kv.value)).collect::<Vec<_>>()
            };
            spread.map_fold(some.len().div_ceil(ENTRIES_AT_ONCE), piece, |digests| {
                digests.iter().for_each(|entry| digest.0.update(entry));
            });
        }
        digest.finish()
    }
}

/// The same digest, of live keys that come one by one, in byte order: from a server, say.
#[derive(Clone, Debug)]
pub struct ContentDigest(Sha256);

impl Default for ContentDigest {
    fn default() -> Self {
        Self(Sha256::new_with_prefix(DOMAIN))
    }
}

impl ContentDigest {
    /// Adds the next key.
    pub fn push(&mut self, key: &[u8], value: &[u8]) {
        self.0.update(entry_digest(key, value));
    }

    /// Of all that were added.
    #[must_use]
    pub fn finish(self) -> Sha256Digest {
        self.0.finalize().into()
    }
}

fn entry_digest(key: &[u8], value: &[u8]) -> Sha256Digest {
    let mut digest = Sha256::new();
    for part in [key, value] {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
