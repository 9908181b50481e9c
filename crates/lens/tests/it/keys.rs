//! The keys that open the values of a backup.

use encryption_config::{EncryptionConfig, Keyring, Plaintext};
use fixtures::Fixture;
use kube_objects::StorageKey;
use lens::{NotOpened, Opener};

/// Opens with the keys of a backup.
pub(crate) struct Keys(Keyring);

impl Opener for Keys {
    fn open<'v>(&self, key: &[u8], stored: &'v [u8]) -> Result<Plaintext<'v>, NotOpened> {
        let parsed = StorageKey::parse(key);
        let (resource, group) = (String::from_utf8_lossy(parsed.resource), String::from_utf8_lossy(parsed.group));
        let resource = if group.is_empty() { resource.into_owned() } else { format!("{resource}.{group}") };
        let opened = self.0.open(&resource, key, stored);
        opened.map(|opened| opened.plaintext).map_err(|error| NotOpened::Refused(error.to_string()))
    }
}

impl Keys {
    /// Those that the API servers of this backup ran with.
    pub(crate) fn of(backup: &Fixture) -> Self {
        let mut keyring = Keyring::default();
        backup.encryption_configs().iter().for_each(|config| keyring.add(EncryptionConfig::parse(config).unwrap()));
        Self(keyring)
    }
}
