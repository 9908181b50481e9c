//! What opens an escrow: age identity files, ssh keys, plugins, a passphrase, or enough shares.

use std::sync::{Arc, Mutex, PoisonError};

use age::encrypted::EncryptedIdentity;
use age::secrecy::SecretString;
use age::{Callbacks, DecryptError, Decryptor, IdentityFile, armor, scrypt, ssh, x25519};
use age_core::format::{FileKey, Stanza};

use crate::error::{Error, Result};
use crate::recipients::copy;

/// log2 of the largest N of scrypt that is tried: four times what age and assay seal with, 1 GiB and some four seconds. A
/// file claims its own, and anybody may have written it. What opens depends on the file alone: a limit measured here,
/// age's default, refuses a good passphrase where the machine is slower than the one that sealed, or only busy.
pub(crate) const MAX_WORK_FACTOR: u8 = 20;

/// What all passphrases and files of a run may cost together, in units of scrypt's N: one of the largest.
const BUDGET: u64 = 1 << MAX_WORK_FACTOR;

/// Keys to try, in order. Has no `Debug`.
#[derive(Default)]
pub struct Identities {
    keys: Vec<Box<dyn age::Identity>>,
    public: Vec<String>,
    work: Arc<Mutex<Work>>,
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
        self.keys.push(Box::new(Passphrase { key, work: Arc::clone(&self.work) }));
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
            self.public.extend(ssh::Recipient::try_from(key.clone()).ok().map(|public| public.to_string()));
            self.keys.push(Box::new(key.with_callbacks(callbacks)));
            return Ok(());
        }
        let file = IdentityFile::from_buffer(content).map_err(|e| fault(e.to_string()))?;
        self.add_native(file.with_callbacks(callbacks), &fault)
    }

    fn add_native<C: Callbacks>(&mut self, file: IdentityFile<C>, fault: &dyn Fn(String) -> Error) -> Result<()> {
        let mut public = Vec::new();
        // of a plugin's identities only the plugin can tell
        if file.write_recipients_file(&mut public).is_ok() {
            self.public.extend(String::from_utf8_lossy(&public).lines().map(str::to_owned));
        }
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

    /// The public halves of what was given, as recipients are written: of native identities and of ssh keys, without
    /// their comments. Of a passphrase and of plugins there is none.
    pub fn recipients(&self) -> &[String] {
        &self.public
    }

    pub(crate) fn of_identity(key: x25519::Identity) -> Self {
        Self { keys: vec![Box::new(key)], ..Self::default() }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &dyn age::Identity> {
        self.keys.iter().map(|k| &**k)
    }
}

/// What passphrases have cost so far, and what came of it.
#[derive(Default)]
struct Work {
    spent: u64,
    tried: Vec<Tried>,
}

/// A stanza that a passphrase was tried on; no key where it did not open.
struct Tried {
    args: Vec<String>,
    body: Vec<u8>,
    key: Option<FileKey>,
}

/// A passphrase, within the budget of the run; a file that is opened twice costs once.
struct Passphrase {
    key: scrypt::Identity,
    work: Arc<Mutex<Work>>,
}

impl age::Identity for Passphrase {
    fn unwrap_stanza(&self, stanza: &Stanza) -> Option<Result<FileKey, DecryptError>> {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let known = work.tried.iter().find(|tried| tried.args == stanza.args && tried.body == stanza.body);
        if let Some(known) = known {
            return Some(known.key.as_ref().map(copy).ok_or(DecryptError::DecryptionFailed));
        }
        // what has no factor, or too large a one, costs nothing: it is refused
        let factor = stanza.args.get(1).and_then(|factor| factor.parse::<u8>().ok()).filter(|n| *n <= MAX_WORK_FACTOR);
        if let Some(required) = factor.filter(|_| stanza.tag == "scrypt") {
            let spent = work.spent.saturating_add(1_u64 << required);
            if spent > BUDGET {
                return Some(Err(DecryptError::ExcessiveWork { required, target: MAX_WORK_FACTOR }));
            }
            work.spent = spent;
        }
        let opened = self.key.unwrap_stanza(stanza)?;
        let key = match &opened {
            Ok(key) => Some(copy(key)),
            Err(DecryptError::DecryptionFailed) => None,
            Err(_) => return Some(opened),
        };
        work.tried.push(Tried { args: stanza.args.clone(), body: stanza.body.clone(), key });
        Some(opened)
    }
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret as _;
    use age::{NoCallbacks, Recipient as _};

    use super::*;

    #[test]
    fn reads_native_files_and_never_repeats_content() {
        let key = x25519::Identity::generate().to_string();
        let mut ids = Identities::new();
        ids.add_file("k", format!("# created: today\n{}\n", key.expose_secret()).as_bytes(), NoCallbacks).unwrap();
        assert!(!ids.is_empty());
        let public = key.expose_secret().parse::<x25519::Identity>().unwrap().to_public().to_string();
        assert_eq!(ids.recipients(), [public]);
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

    fn sealed(passphrase: &str, factor: u8) -> (FileKey, Stanza) {
        let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
        recipient.set_work_factor(factor);
        let key = FileKey::init_with_mut(|bytes| bytes.fill(factor));
        let stanza = recipient.wrap_file_key(&key).unwrap().0.remove(0);
        (key, stanza)
    }

    /// On counts, not on time: what a stanza costs is what it claims.
    #[test]
    fn passphrases_have_one_budget_and_a_file_costs_once() {
        let mut ids = Identities::new();
        ids.add_passphrase(SecretString::from("open sesame".to_owned()));
        let spent = |ids: &Identities| ids.work.lock().unwrap().spent;
        let (key, stanza) = sealed("open sesame", 4);
        let (_, foreign) = sealed("another", 5);
        for _ in 0..100 {
            let opened = ids.keys[0].unwrap_stanza(&stanza).unwrap().unwrap();
            assert_eq!(opened.expose_secret(), key.expose_secret());
            let wrong = ids.keys[0].unwrap_stanza(&foreign).unwrap();
            assert!(matches!(wrong, Err(DecryptError::DecryptionFailed)));
        }
        assert_eq!(spent(&ids), (1 << 4) + (1 << 5));
        // claims beyond the limit cost nothing, and of others no more than the budget is taken
        let claims = |factor: u8, salt: usize| {
            let (_, mut stanza) = sealed("open sesame", 1);
            stanza.args[1] = factor.to_string();
            stanza.body[0] ^= u8::try_from(salt).unwrap();
            stanza
        };
        for factor in [21, 22, 30, 63] {
            let refused = ids.keys[0].unwrap_stanza(&claims(factor, 1)).unwrap();
            assert!(matches!(refused, Err(DecryptError::ExcessiveWork { required, .. }) if required == factor));
        }
        assert_eq!(spent(&ids), (1 << 4) + (1 << 5));
        ids.work.lock().unwrap().spent = BUDGET - (1 << 10);
        let mut refused = 0;
        for salt in 0..20 {
            let outcome = ids.keys[0].unwrap_stanza(&claims(7, salt)).unwrap();
            refused += usize::from(matches!(outcome, Err(DecryptError::ExcessiveWork { required: 7, .. })));
        }
        assert_eq!((refused, spent(&ids)), (12, BUDGET));
        assert!(ids.keys[0].unwrap_stanza(&stanza).unwrap().is_ok(), "what was opened before stays open");
    }
}
