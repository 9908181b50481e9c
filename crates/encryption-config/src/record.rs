//! What the servers of k3s and rke2 seal in etcd with their token.
use crate::config::EncryptionConfig;
use crate::parse::Limits;
use crate::token::{RecordError, Token};

/// What was sealed in a record.
pub struct Record {
    /// The encryption configurations in it; none where the cluster does not encrypt.
    pub configs: Vec<EncryptionConfig>,
    /// What its files are called there, such as `ServerCA`.
    pub files: Vec<String>,
}

impl Token {
    /// Opens the record of that name.
    ///
    /// # Errors
    /// [`RecordError`] where it is none, or is not sealed with this token.
    pub fn open(&self, name: &str, value: &[u8]) -> Result<Record, RecordError> {
        let opened = self.unsealed(name, value)?;
        let configs = EncryptionConfig::find_all(&opened, &Limits::of_holders()).map_err(|_| RecordError::Content)?;
        let files = names(&opened).ok_or(RecordError::Content)?;
        Ok(Record { configs, files })
    }
}

/// The names of what is in a record.
fn names(opened: &[u8]) -> Option<Vec<String>> {
    let files: std::collections::BTreeMap<String, serde::de::IgnoredAny> = serde_json::from_slice(opened).ok()?;
    Some(files.into_keys().collect())
}
