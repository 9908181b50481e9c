//! The record in which k3s and rke2 keep certificates and keys of a cluster, sealed with its server token.

use std::sync::Arc;

use encryption_config::{EncryptionConfig, RecordError, Token, is_record};
use etcd_snapshot::Scan;

/// What records are named by; the beginning of the SHA-256 of the token follows.
const PREFIX: &[u8] = b"/bootstrap/";

/// A record, as far as it can be told without a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrap {
    /// The beginning of the SHA-256 of the token that seals it: 12 hexadecimal digits.
    pub hash: String,
    /// What a token came to.
    pub token: Held,
}

/// What holding a token against a record came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// None was given.
    NotGiven,
    /// It is of another cluster, or of another time.
    Other {
        /// The beginning of its SHA-256.
        hash: String,
    },
    /// It is the one, and the record does not open.
    Broken(RecordError),
    /// It opens the record.
    Opens {
        /// The names of what is in it.
        files: Vec<String>,
        /// How many encryption configurations are among them.
        configs: usize,
    },
}

impl Bootstrap {
    /// A record that no token was held against.
    pub(crate) fn sealed(hash: String) -> Self {
        Self { hash, token: Held::NotGiven }
    }
}

/// The records of a snapshot, where no token was given.
#[must_use]
pub fn of(scan: &Scan<'_>) -> Vec<Bootstrap> {
    hold(scan, None).0
}

/// The records of a snapshot; a cluster has one.
pub(crate) fn records<'a>(scan: &Scan<'a>) -> Vec<(String, &'a [u8])> {
    scan.store.live().filter_map(|live| record(live.kv.key, live.kv.value)).collect()
}

/// The record that a live key is, if it is one: the beginning of the SHA-256 of its token, and what is sealed.
pub(crate) fn record<'a>(key: &[u8], value: &'a [u8]) -> Option<(String, &'a [u8])> {
    let name = key.strip_prefix(PREFIX)?;
    let digits = name.len() == 12 && name.iter().all(u8::is_ascii_hexdigit);
    (digits && is_record(value)).then(|| (String::from_utf8_lossy(name).into_owned(), value))
}

/// Holds a token, where there is one, against the records of a snapshot; gives what they hold, too.
pub(crate) fn hold(scan: &Scan<'_>, token: Option<&Token>) -> (Vec<Bootstrap>, Vec<Arc<EncryptionConfig>>) {
    let mut configs = Vec::new();
    let records = records(scan).into_iter().map(|(hash, value)| {
        let token = match token {
            None => Held::NotGiven,
            Some(token) if !token.seals(&hash) => Held::Other { hash: token.hash() },
            Some(token) => match token.open(&hash, value) {
                Ok(record) => {
                    let (files, count) = (record.files, record.configs.len());
                    configs.extend(record.configs.into_iter().map(Arc::new));
                    Held::Opens { files, configs: count }
                }
                Err(error) => Held::Broken(error),
            },
        };
        Bootstrap { hash, token }
    });
    (records.collect(), configs)
}
