//! Whom an escrow is sealed to.
//!
//! `ssh-rsa` stands on the `rsa` crate, which has RUSTSEC-2023-0071 (Marvin: a timing side channel in private-key
//! operations; no fixed release). It is offered all the same, weighed so: sealing uses the public key only and is not
//! affected; opening runs one private-key operation, offline, on the custodian's own machine, at the custodian's
//! request, on a file whose digest the manifest pins, so there is no oracle that an attacker could time over a
//! network or query at will. X25519, ssh-ed25519 and plugin recipients do not touch that crate.

use std::collections::HashSet;

use age::secrecy::SecretString;
use age::{Callbacks, EncryptError, plugin, scrypt, ssh, tag, tagpq, x25519};
use age_core::format::{FileKey, Stanza};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// log2 of the N of scrypt that a passphrase is sealed with: that of age. Not what is measured to take a second, which
/// is age's default in Rust: on a busy machine that is a passphrase that is cheap to guess.
const WORK_FACTOR: u8 = 18;

/// The kind of a recipient, in age's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecipientKind {
    /// age's own, `age1...`.
    X25519,
    /// Hardware-backed P-256, `age1tag1...` and its post-quantum form.
    Tag,
    /// An OpenSSH Ed25519 key.
    SshEd25519,
    /// An OpenSSH RSA key; see this module's note on RUSTSEC-2023-0071.
    SshRsa,
    /// A plugin's, `age1<name>1...`.
    Plugin,
    /// A passphrase; always alone.
    Passphrase,
}

/// A recipient as the manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecipientInfo {
    /// Its kind.
    pub kind: RecipientKind,
    /// The public string, comment included; empty for a passphrase.
    pub recipient: String,
}

struct Entry {
    info: RecipientInfo,
    key: Box<dyn age::Recipient>,
}

/// The recipients of one age file. Has no `Debug`: it may hold a passphrase.
#[derive(Default)]
pub struct Recipients {
    entries: Vec<Entry>,
}

impl Recipients {
    /// No recipients yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A passphrase, which is always the only recipient. `work_factor` is log2 of scrypt's N; without one it is age's
    /// own, 18: 256 MiB and about a second for each guess, however busy the machine that seals.
    ///
    /// # Errors
    /// If the work factor is not in 1..=30.
    pub fn passphrase(passphrase: SecretString, work_factor: Option<u8>) -> Result<Self> {
        let mut key = scrypt::Recipient::new(passphrase);
        match work_factor.unwrap_or(WORK_FACTOR) {
            n @ 1..=30 => key.set_work_factor(n),
            n => return Err(Error::Usage { what: format!("scrypt work factor {n} is not in 1..=30") }),
        }
        let info = RecipientInfo { kind: RecipientKind::Passphrase, recipient: String::new() };
        Ok(Self { entries: vec![Entry { info, key: Box::new(key) }] })
    }

    /// Adds one recipient: `age1...`, `age1<plugin>1...`, `ssh-ed25519 ...` or `ssh-rsa ...`.
    ///
    /// A plugin recipient needs its `age-plugin-<name>` binary in `PATH` as soon as it is added.
    ///
    /// # Errors
    /// If it is none of these, or the plugin cannot be found. The string is not repeated in the error: people paste
    /// private keys by mistake.
    pub fn add(&mut self, text: &str, callbacks: impl Callbacks) -> Result<()> {
        let position = self.entries.len() + 1;
        let entry = parse(text.trim(), callbacks).map_err(|what| Error::Recipient { position, what })?;
        if self.entries.iter().any(|e| same_key(&e.info.recipient, &entry.info.recipient)) {
            return Err(Error::Recipient { position, what: "the same recipient is given twice".to_owned() });
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Adds every recipient of a recipients file: one a line, `#` starts a comment line.
    ///
    /// # Errors
    /// As [`Recipients::add`].
    pub fn add_file(&mut self, text: &str, callbacks: impl Callbacks) -> Result<()> {
        for line in text.lines().map(str::trim).filter(|l| !l.is_empty() && !l.starts_with('#')) {
            self.add(line, callbacks.clone())?;
        }
        Ok(())
    }

    /// What the manifest says of them.
    pub fn info(&self) -> Vec<RecipientInfo> {
        self.entries.iter().map(|e| e.info.clone()).collect()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Each recipient as a set of its own.
    pub(crate) fn one_by_one(self) -> impl Iterator<Item = Self> {
        self.entries.into_iter().map(|entry| Self { entries: vec![entry] })
    }

    pub(crate) fn of_identity(key: &x25519::Identity) -> Self {
        let key = key.to_public();
        let info = RecipientInfo { kind: RecipientKind::X25519, recipient: key.to_string() };
        Self { entries: vec![Entry { info, key: Box::new(key) }] }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &dyn age::Recipient> {
        self.entries.iter().map(|e| &*e.key)
    }
}

/// Equal but for an ssh key's comment.
fn same_key(a: &str, b: &str) -> bool {
    !a.is_empty() && a.split_whitespace().take(2).eq(b.split_whitespace().take(2))
}

fn parse(text: &str, callbacks: impl Callbacks) -> Result<Entry, String> {
    let entry = |kind, key| Entry { info: RecipientInfo { kind, recipient: text.to_owned() }, key };
    if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") || text.starts_with("-----BEGIN") {
        return Err("this is a private key, not a recipient; treat it as disclosed if it was typed on a command line"
            .to_owned());
    }
    if text.starts_with("ssh-") {
        return match text.parse::<ssh::Recipient>() {
            Ok(key @ ssh::Recipient::SshEd25519(..)) => Ok(entry(RecipientKind::SshEd25519, Box::new(key))),
            Ok(key @ ssh::Recipient::SshRsa(..)) => Ok(entry(RecipientKind::SshRsa, Box::new(key))),
            Err(ssh::ParseRecipientKeyError::RsaModulusTooSmall) => {
                Err("the RSA key has fewer than 2048 bits".to_owned())
            }
            Err(ssh::ParseRecipientKeyError::RsaModulusTooLarge) => Err("the RSA key is too long".to_owned()),
            Err(_) => Err("not an ssh-ed25519 or ssh-rsa public key".to_owned()),
        };
    }
    if let Ok(key) = text.parse::<x25519::Recipient>() {
        return Ok(entry(RecipientKind::X25519, Box::new(key)));
    }
    if let Ok(key) = text.parse::<tag::Recipient>() {
        return Ok(entry(RecipientKind::Tag, Box::new(key)));
    }
    if let Ok(key) = text.parse::<tagpq::Recipient>() {
        return Ok(entry(RecipientKind::Tag, Box::new(key)));
    }
    if let Ok(key) = text.parse::<plugin::Recipient>() {
        let name = key.plugin().to_owned();
        let key = plugin::RecipientPluginV1::new(&name, &[key], &[], callbacks)
            .map_err(|_| format!("needs the plugin `age-plugin-{name}`, which is not in PATH"))?;
        return Ok(entry(RecipientKind::Plugin, Box::new(key)));
    }
    Err("not an age, ssh or plugin recipient".to_owned())
}

/// Passes a recipient through and keeps a copy of the file key, so that what was written can be read back and
/// compared before anybody is told that it is safe, without a second recipient in the file.
pub(crate) struct Tap<'a> {
    pub(crate) inner: &'a dyn age::Recipient,
    pub(crate) kept: &'a std::cell::RefCell<Option<Reopen>>,
}

impl age::Recipient for Tap<'_> {
    fn wrap_file_key(&self, file_key: &FileKey) -> Result<(Vec<Stanza>, HashSet<String>), EncryptError> {
        *self.kept.borrow_mut() = Some(Reopen(copy(file_key)));
        self.inner.wrap_file_key(file_key)
    }
}

/// Opens the one file whose key was tapped. Wiped on drop.
pub(crate) struct Reopen(FileKey);

impl age::Identity for Reopen {
    fn unwrap_stanza(&self, _: &Stanza) -> Option<Result<FileKey, age::DecryptError>> {
        Some(Ok(copy(&self.0)))
    }
}

/// A copy, wiped on drop as the key is.
pub(crate) fn copy(key: &FileKey) -> FileKey {
    use age::secrecy::ExposeSecret as _;
    FileKey::init_with_mut(|to| to.copy_from_slice(key.expose_secret()))
}

#[cfg(test)]
mod tests {
    use age::NoCallbacks;

    use super::*;

    const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsKLqeplhpW+uObz5dvMgjz1OxfM/XXUB+VHtZ6isGN alice@host";

    #[test]
    fn knows_each_kind_and_keeps_private_keys_out_of_errors() {
        let mut r = Recipients::new();
        let x = x25519::Identity::generate();
        r.add(&x.to_public().to_string(), NoCallbacks).unwrap();
        r.add(ED25519, NoCallbacks).unwrap();
        let kinds: Vec<_> = r.info().into_iter().map(|i| i.kind).collect();
        assert_eq!(kinds, [RecipientKind::X25519, RecipientKind::SshEd25519]);

        use age::secrecy::ExposeSecret as _;
        let secret = x.to_string();
        for bad in [secret.expose_secret(), &secret.expose_secret().to_lowercase(), "age1xyz", "ssh-dss AAAA", ""] {
            let e = r.add(bad, NoCallbacks).unwrap_err().to_string();
            assert!(bad.is_empty() || !e.contains(bad), "{e}");
            assert!(e.starts_with("recipient 3: "), "{e}");
        }
        let twice = r.add(ED25519.trim_end_matches("alice@host"), NoCallbacks).unwrap_err();
        assert!(twice.to_string().contains("twice"));
    }

    #[test]
    fn recipients_file_has_comments() {
        let mut r = Recipients::new();
        let x = x25519::Identity::generate().to_public();
        r.add_file(&format!("# us\n\n{x}\n  {ED25519}\n"), NoCallbacks).unwrap();
        assert_eq!(r.len(), 2);
    }
}
