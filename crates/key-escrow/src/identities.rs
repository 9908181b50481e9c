//! What opens an escrow: age identity files, ssh keys, plugins, a passphrase, or enough shares.

use age::encrypted::EncryptedIdentity;
use age::secrecy::SecretString;
use age::{Callbacks, Decryptor, IdentityFile, armor, scrypt, ssh, x25519};

use crate::error::{Error, Result};

/// log2 of the largest N of scrypt that is tried: age's own limit, 4 GiB and some ten seconds. What opens depends on the
/// file alone: a limit measured here, age's default, refuses a good passphrase where the machine is slower than the one
/// that sealed, or only busy.
const MAX_WORK_FACTOR: u8 = 22;

/// Keys to try, in order. Has no `Debug`.
#[derive(Default)]
pub struct Identities {
    keys: Vec<Box<dyn age::Identity>>,
}

impl Identities {
    /// No keys yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a passphrase.
    pub fn add_passphrase(&mut self, passphrase: SecretString) {
        let mut key = scrypt::Identity::new(passphrase);
        key.set_max_work_factor(MAX_WORK_FACTOR);
        self.keys.push(Box::new(key));
    }

    /// Adds the content of an identity file: native and plugin identities, the same encrypted to a passphrase, or an
    /// OpenSSH private key. Passphrases are asked for through `callbacks`. `name` appears in errors and prompts.
    ///
    /// # Errors
    /// If it is none of these. Never repeats the content.
    pub fn add_file<C: Callbacks>(&mut self, name: &str, content: &[u8], callbacks: C) -> Result<()> {
        let fault = |what: String| Error::Identity { name: name.to_owned(), what };
        if content.starts_with(b"age-encryption.org/")
            || content.trim_ascii_start().starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
        {
            let sealed = Decryptor::new(armor::ArmoredReader::new(content.trim_ascii_start()))
                .map_err(|e| fault(e.to_string()))?;
            let sealed = EncryptedIdentity::new(sealed, callbacks, Some(MAX_WORK_FACTOR))
                .ok_or_else(|| fault("is an age file that no passphrase opens".to_owned()))?;
            let file = sealed.decrypt(Some(name)).map_err(|e| fault(e.to_string()))?;
            return self.add_native(file, &fault);
        }
        if content.trim_ascii_start().starts_with(b"-----BEGIN") {
            let key = ssh::Identity::from_buffer(content.trim_ascii_start(), Some(name.to_owned()))
                .map_err(|_| fault("not an OpenSSH private key that can be used".to_owned()))?;
            if let ssh::Identity::Unsupported(_) = key {
                return Err(fault("an ssh key of a type or cipher that age does not support".to_owned()));
            }
            self.keys.push(Box::new(key.with_callbacks(callbacks)));
            return Ok(());
        }
        let file = IdentityFile::from_buffer(content).map_err(|e| fault(e.to_string()))?;
        self.add_native(file.with_callbacks(callbacks), &fault)
    }

    fn add_native<C: Callbacks>(&mut self, file: IdentityFile<C>, fault: &dyn Fn(String) -> Error) -> Result<()> {
        let keys = file.into_identities().map_err(|e| fault(e.to_string()))?;
        if keys.is_empty() {
            return Err(fault("holds no identity".to_owned()));
        }
        self.keys.extend(keys.into_iter().map(|k| k as Box<dyn age::Identity>));
        Ok(())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn of_identity(key: x25519::Identity) -> Self {
        Self { keys: vec![Box::new(key)] }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.keys.iter().map(|k| &**k)
    }
}

#[cfg(test)]
mod tests {
    use age::NoCallbacks;
    use age::secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn reads_native_files_and_never_repeats_content() {
        let key = x25519::Identity::generate().to_string();
        let mut ids = Identities::new();
        ids.add_file("k", format!("# created: today\n{}\n", key.expose_secret()).as_bytes(), NoCallbacks).unwrap();
        assert!(!ids.is_empty());
        for bad in [
            "",
            "# only a comment\n",
            "hunter2-not-a-key",
            "-----BEGIN hunter2-----\n",
            "age-encryption.org/v1\nhunter2",
        ] {
            let e = ids.add_file("k", bad.as_bytes(), NoCallbacks).unwrap_err().to_string();
            assert!(e.starts_with("identity `k`: ") && !e.contains("hunter2"), "{e}");
        }
    }
}
