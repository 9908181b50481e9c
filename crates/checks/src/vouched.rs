//! Who vouches for the manifest of an escrow: its signatures, or a digest that was kept elsewhere.

use wording::number_of;

use crate::finding::Finding;
use crate::findings::{
    Entry, MANIFEST_NOT_EXPECTED, MANIFEST_SIGNATURE_WRONG, MANIFEST_UNSIGNED, MANIFEST_UNVOUCHED, MANIFEST_VOUCHED,
    SIGNATURE_UNREADABLE, SIGNER_NOT_TRUSTED, SIGNER_REVOKED, TOO_FEW_SIGNERS,
};
use crate::severity::Severity;

/// What came of holding a manifest against what vouches for it.
#[derive(Debug, Clone, Default)]
pub struct Vouching<'f> {
    /// Name of the manifest.
    pub manifest: &'f str,
    /// The signatures, where a list of signers was given.
    pub signatures: Option<Signatures>,
    /// The digest that was kept elsewhere, where one was given.
    pub expected: Option<Expected>,
}

/// What the signatures come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signatures {
    /// How many people have to have signed.
    pub need: usize,
    /// How many did.
    pub people: usize,
    /// Who they are, a signature each.
    pub signed: Vec<String>,
    /// Signatures that are not of these bytes, in words.
    pub changed: Vec<String>,
    /// Signatures by keys that were revoked.
    pub revoked: Vec<String>,
    /// Signatures by those whom the list does not let sign it.
    pub not_trusted: Vec<String>,
    /// What could not be read as a signature.
    pub unreadable: Vec<String>,
}

/// A digest that was kept elsewhere, and that of the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// What was kept, hex.
    pub kept: String,
    /// What the manifest has, hex.
    pub found: String,
}

/// Judges it. Where enough people signed, a further signature that does not count is worth a look and no more.
#[must_use]
pub fn check_vouching(held: &Vouching<'_>) -> Vec<Finding> {
    let name = held.manifest;
    if held.signatures.is_none() && held.expected.is_none() {
        return vec![Finding::new(&MANIFEST_UNVOUCHED, format!("{name}: neither signed for, nor held to a digest"))];
    }
    let mut found = Vec::new();
    let mut vouch = Vec::new();
    if let Some(Expected { kept, found: got }) = &held.expected {
        if kept == got {
            vouch.push("its SHA-256 is the one that was kept".to_owned());
        } else {
            let message = format!("{name}: expected sha256 {kept}, got {got}");
            found.push(Finding::new(&MANIFEST_NOT_EXPECTED, message));
        }
    }
    if let Some(signatures) = &held.signatures {
        if signatures.is_enough() {
            vouch.push(format!("signed by {}", signatures.signed.join(", ")));
        }
        signed(name, signatures, &mut found);
    }
    if !found.iter().any(|finding| finding.severity >= Severity::High) {
        found.push(Finding::new(&MANIFEST_VOUCHED, format!("{name}: {}", vouch.join("; "))));
    }
    found
}

/// Signers were asked for, and there is not even a manifest that they could have signed.
#[must_use]
pub fn no_manifest(escrow: &str) -> Finding {
    Finding::new(&MANIFEST_UNSIGNED, format!("{escrow}: no manifest lies beside it"))
}

impl Signatures {
    fn is_enough(&self) -> bool {
        self.people >= self.need.max(1)
    }
}

fn signed(name: &str, signatures: &Signatures, found: &mut Vec<Finding>) {
    let mut tell = |entry: &'static Entry, what: &[String]| {
        for one in what {
            let mut finding = Finding::new(entry, format!("{name}: {one}"));
            if signatures.is_enough() {
                finding.severity = Severity::Low;
            }
            found.push(finding);
        }
    };
    tell(&MANIFEST_SIGNATURE_WRONG, &signatures.changed);
    tell(&SIGNER_REVOKED, &signatures.revoked);
    tell(&SIGNER_NOT_TRUSTED, &signatures.not_trusted);
    tell(&SIGNATURE_UNREADABLE, &signatures.unreadable);
    if signatures.is_enough() {
        return;
    }
    let none = [&signatures.signed, &signatures.changed, &signatures.revoked, &signatures.not_trusted]
        .iter()
        .all(|list| list.is_empty());
    if none && signatures.unreadable.is_empty() {
        found.push(Finding::new(&MANIFEST_UNSIGNED, format!("{name}: no signature lies beside it")));
    } else if signatures.people > 0 {
        let who = signatures.signed.join(", ");
        let people = number_of(signatures.people as u64, "person", "people");
        let message = format!("{name}: signed by {people} ({who}), and it takes {}", signatures.need);
        found.push(Finding::new(&TOO_FEW_SIGNERS, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn some(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    fn ids(signatures: Option<Signatures>, expected: Option<(&str, &str)>) -> Vec<(&'static str, Severity)> {
        let expected = expected.map(|(kept, found)| Expected { kept: kept.to_owned(), found: found.to_owned() });
        let held = Vouching { manifest: "m.json", signatures, expected };
        let found = check_vouching(&held);
        assert!(found.iter().all(|finding| finding.message.starts_with("m.json: ")));
        found.iter().map(|finding| (finding.entry.id, finding.severity)).collect()
    }

    #[test]
    fn each_way_in_which_nobody_vouches_has_its_own_finding() {
        use Severity::{Critical, High, Info, Low};
        let none = || Signatures { need: 1, ..Signatures::default() };
        let mut covered = std::collections::BTreeSet::new();
        let alice = || Signatures { people: 1, signed: some(&["alice"]), ..none() };
        for (signatures, expected, told) in [
            (None, None, vec![("KEY-039", Info)]),
            (Some(none()), None, vec![("KEY-040", High)]),
            (Some(Signatures { changed: some(&["x"]), ..none() }), None, vec![("KEY-041", Critical)]),
            (Some(Signatures { unreadable: some(&["x"]), ..none() }), None, vec![("KEY-042", High)]),
            (Some(Signatures { not_trusted: some(&["x"]), ..none() }), None, vec![("KEY-043", High)]),
            (Some(Signatures { revoked: some(&["x"]), ..none() }), None, vec![("KEY-044", High)]),
            (Some(Signatures { need: 2, ..alice() }), None, vec![("KEY-045", High)]),
            (None, Some(("a", "b")), vec![("KEY-046", Critical)]),
            (Some(alice()), None, vec![("KEY-047", Info)]),
            (None, Some(("a", "a")), vec![("KEY-047", Info)]),
            // both are given: both have to hold
            (Some(alice()), Some(("a", "b")), vec![("KEY-046", Critical)]),
            (Some(none()), Some(("a", "a")), vec![("KEY-040", High)]),
            // enough signed: another one that does not count fails nothing
            (Some(Signatures { changed: some(&["x"]), ..alice() }), None, vec![("KEY-041", Low), ("KEY-047", Info)]),
            (Some(Signatures { revoked: some(&["x"]), ..alice() }), None, vec![("KEY-044", Low), ("KEY-047", Info)]),
            // nobody is asked for: still one has to sign
            (Some(Signatures { need: 0, ..none() }), None, vec![("KEY-040", High)]),
        ] {
            assert_eq!(ids(signatures.clone(), expected), told, "{signatures:?} {expected:?}");
            covered.extend(told.into_iter().map(|(id, _)| id));
        }
        let all = crate::findings::all().into_iter().map(|entry| entry.id);
        assert!(all.filter(|id| ("KEY-039".."KEY-999").contains(id)).eq(covered), "each has a case");
    }
}
