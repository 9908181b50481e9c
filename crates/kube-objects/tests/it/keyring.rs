//! The keys that open the values of a backup.

use encryption_config::{EncryptionConfig, Keyring};
use fixtures::Fixture;

/// Those that the API servers of this backup ran with.
pub(crate) fn keyring(backup: &Fixture) -> Keyring {
    let mut keyring = Keyring::default();
    for config in backup.encryption_configs() {
        keyring.add(EncryptionConfig::parse(&config).expect("configuration"));
    }
    keyring
}
