//! Which members leave the tarball. Data from the caller; this crate classifies nothing.

use std::collections::BTreeMap;

/// What the caller knows of a member; goes into the manifest as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberLabel {
    /// The class of key material, in the inventory's words (`encryption-config`, `private-key`, ...).
    pub class: String,
    /// A fingerprint that cannot be used to test guesses, if the inventory has one.
    pub fingerprint: Option<String>,
    /// Names of the encryption keys inside, never their material.
    pub key_names: Vec<String>,
}

impl MemberLabel {
    /// A label of a class, with nothing else known.
    pub fn class(class: impl Into<String>) -> Self {
        Self { class: class.into(), fingerprint: None, key_names: Vec::new() }
    }
}

/// Looks for secrets in bytes that go by, piece after piece: what a split leaves behind is shown to it.
pub trait Search {
    /// Looks at the bytes that follow those before, and tells a secret that ends in them.
    fn look(&mut self, bytes: &[u8]) -> Option<Sighting>;

    /// Begins anew, with other bytes.
    fn restart(&mut self);
}

/// A secret where none may be. Holds nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Which secret, in words.
    pub what: String,
    /// In which form: `in base64`.
    pub form: &'static str,
    /// Where it begins, in bytes from the beginning of what went by.
    pub offset: u64,
}

/// The members to remove: a rule for the encryption configuration, and a list.
///
/// The rule covers everything below `static-pod-resources/kube-apiserver-pod-*/secrets/encryption-config/`, the
/// directory included: newer KMS set-ups keep plugin credentials beside the configuration.
#[derive(Debug, Clone, Default)]
pub struct RemovalPolicy {
    encryption_config: bool,
    members: BTreeMap<String, MemberLabel>,
    remaining: BTreeMap<String, u64>,
}

impl RemovalPolicy {
    /// The default: the whole `secrets/encryption-config/` directory of every kube-apiserver revision.
    pub fn encryption_config() -> Self {
        Self { encryption_config: true, ..Self::default() }
    }

    /// Labels a member, and removes it whether or not the rule covers it.
    ///
    /// `path` is compared without leading `./`, doubled slashes and trailing slash.
    #[must_use]
    pub fn with_member(mut self, path: &str, label: MemberLabel) -> Self {
        self.members.insert(normal_form(path), label);
        self
    }

    /// Says how many members of a class stay secret in the keyless tarball; goes into the manifest.
    #[must_use]
    pub fn with_remaining(mut self, class: &str, count: u64) -> Self {
        self.remaining.insert(class.to_owned(), count);
        self
    }

    pub(crate) fn remaining(&self) -> &BTreeMap<String, u64> {
        &self.remaining
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// The label under which a member named `path` leaves, or nothing if it stays.
    ///
    /// A link also leaves with the member that it points at; that only a split knows.
    pub fn removes(&self, path: &str) -> Option<MemberLabel> {
        let path = normal_form(path);
        if let Some(label) = self.members.get(&path) {
            return Some(label.clone());
        }
        (self.encryption_config && is_encryption_config(&path)).then(|| MemberLabel::class("encryption-config"))
    }
}

/// Whether a normalised path lies in an encryption configuration directory of the static pod resources.
pub(crate) fn is_encryption_config(path: &str) -> bool {
    let mut parts = path.split('/');
    parts.next() == Some("static-pod-resources")
        && parts.next().is_some_and(|pod| pod.starts_with("kube-apiserver-pod-"))
        && parts.next() == Some("secrets")
        && parts.next() == Some("encryption-config")
}

/// The path without `.` and empty components, so that two spellings of one place are one string.
pub(crate) fn normal_form(path: &str) -> String {
    path.split('/').filter(|part| !part.is_empty() && *part != ".").collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_takes_the_whole_directory_in_any_spelling() {
        let policy = RemovalPolicy::encryption_config();
        let dir = "static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config";
        for path in [
            dir.to_owned(),
            format!("{dir}/"),
            format!("{dir}/encryption-config"),
            format!("./{dir}/kms-plugin-secret-vault_role-1"),
            format!("{dir}//sub/./deep").replace("secrets", "secrets/"),
        ] {
            assert!(policy.removes(&path).is_some(), "{path}");
        }
        for path in [
            "static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config-9/x",
            "static-pod-resources/kube-controller-manager-pod-7/secrets/encryption-config/x",
            "static-pod-resources/kube-apiserver-pod-9/secrets",
            "other/static-pod-resources/kube-apiserver-pod-9/secrets/encryption-config",
        ] {
            assert!(policy.removes(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_listed_member_leaves_with_its_label() {
        let policy = RemovalPolicy::default().with_member("a/b", MemberLabel::class("token"));
        assert_eq!(policy.removes("./a//b").map(|l| l.class), Some("token".to_owned()));
        assert_eq!(policy.removes("a/b/c"), None);
    }
}
