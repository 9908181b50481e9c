//! What of a tarball is taken out of it, and kept elsewhere.

use std::collections::BTreeMap;

use encryption_config::Finder;
use key_escrow::{MemberLabel, RemovalPolicy, Search, Sighting};
use static_resources::{Class, KnownBy, Member, MemberPath};

use crate::error::Error;
use crate::key_material::KeyMaterial;

/// What leaves: every encryption key wherever it stands, and the classes that `asked` tells.
///
/// # Errors
/// Where the path of such a member is no text: it could not be put back.
pub fn policy(key_material: &KeyMaterial, asked: impl Fn(Class) -> bool) -> Result<RemovalPolicy, Error> {
    let leaves = |class| matches!(class, Class::EncryptionConfig | Class::KmsCredential) || asked(class);
    let mut policy = RemovalPolicy::encryption_config();
    for member in key_material.resources.members.iter().filter(|member| leaves(member.class)) {
        let Some(path) = member.path.as_str() else {
            return Err(Error::Unnameable { member: member.path.to_string() });
        };
        policy = policy.with_member(path, label(key_material, member));
    }
    let mut remaining = BTreeMap::new();
    for member in key_material.resources.members.iter().filter(|member| member.class.is_secret()) {
        if policy.removes(&String::from_utf8_lossy(member.path.as_bytes())).is_none() {
            *remaining.entry(member.class).or_insert(0) += 1;
        }
    }
    Ok(remaining.into_iter().fold(policy, |policy, (class, members)| policy.with_remaining(class.as_str(), members)))
}

/// Looks for keys in what a split leaves.
pub struct KeySearch<'f>(pub &'f mut Finder);

impl Search for KeySearch<'_> {
    fn look(&mut self, bytes: &[u8]) -> Option<Sighting> {
        let found = self.0.look(bytes)?;
        Some(Sighting { what: format!("encryption key `{}`", found.key), form: found.form, offset: found.offset })
    }

    fn restart(&mut self) {
        self.0.restart();
    }
}

/// What the manifest says of a member: its class, and fingerprints of what is in it.
fn label(key_material: &KeyMaterial, member: &Member) -> MemberLabel {
    let keys = key_material.keys_in(&member.path);
    let mut label = MemberLabel::class(member.class.as_str());
    label.key_names = keys.iter().map(|key| key.name.clone()).collect();
    let of_keys = keys.iter().filter_map(|key| key.fingerprint.clone()).collect::<Vec<_>>();
    let material = key_material.resources.material.iter().filter(|material| material.member == member.path);
    let of_others = material.filter_map(|material| material.fingerprint.map(|print| print.to_string()));
    let all: Vec<String> = of_keys.into_iter().chain(of_others).collect();
    label.fingerprint = (!all.is_empty()).then(|| all.join(" "));
    label
}

/// Members with keys where none belong: what leaves with them is more than the keys.
pub fn odd_places<'i>(key_material: &'i KeyMaterial, policy: &RemovalPolicy) -> impl Iterator<Item = &'i MemberPath> {
    let material = key_material.resources.material.iter().filter(|material| {
        let path = String::from_utf8_lossy(material.member.as_bytes());
        let key = matches!(material.class, Class::EncryptionConfig | Class::KmsCredential);
        key && material.known_by == KnownBy::Content && policy.removes(&path).is_some()
    });
    material.map(|material| &material.member)
}
