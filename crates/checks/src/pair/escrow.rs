//! Keys that are kept elsewhere: what the manifest of their escrow proves.

use crate::finding::Finding;
use crate::findings::{ESCROW_MISMATCH, FIT_NOT_CHECKED, KEYS_IN_ESCROW};
use crate::severity::Severity;

/// What came of holding a backup against the manifest of an escrow.
#[derive(Debug, Clone, Default)]
pub struct AgainstEscrow<'f> {
    /// Name of the manifest.
    pub manifest: &'f str,
    /// What does not agree, in words.
    pub failed: Vec<String>,
    /// Whether the snapshot is proven to be the one that the keys were split for.
    pub snapshot_proven: bool,
    /// Names of the encryption keys in the escrow.
    pub key_names: Vec<&'f str>,
}

/// Judges it. Where everything agrees, a tarball without keys is no gap any more, and that the keys were not tried on the
/// snapshot that they were split for is only to be known.
pub fn check_escrow(held: &AgainstEscrow<'_>, others: &mut [Finding]) -> Finding {
    if !held.failed.is_empty() {
        let message = format!("against {}: {}", held.manifest, held.failed.join("; "));
        return Finding::new(&ESCROW_MISMATCH, message);
    }
    if held.snapshot_proven {
        for finding in others.iter_mut().filter(|finding| finding.entry == &FIT_NOT_CHECKED) {
            finding.severity = Severity::Info;
        }
    }
    let keys = if held.key_names.is_empty() { "no key".to_owned() } else { held.key_names.join(", ") };
    let files = if held.snapshot_proven { "both files" } else { "the tarball; it names no snapshot" };
    let message = format!("{} agrees with {files}; encryption keys in the escrow: {keys}", held.manifest);
    Finding::new(&KEYS_IN_ESCROW, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_agrees_settles_the_question_of_keys() {
        for (failed, snapshot_proven, id, left) in [
            (vec![], true, "PAIR-033", Severity::Info),
            (vec![], false, "PAIR-033", Severity::High),
            (vec!["the tarball is another".to_owned()], true, "PAIR-032", Severity::High),
        ] {
            let mut others = [Finding::new(&FIT_NOT_CHECKED, "").clone()];
            let held = AgainstEscrow { manifest: "m.json", failed, snapshot_proven, key_names: vec!["2", "1"] };
            let finding = check_escrow(&held, &mut others);
            assert_eq!((finding.entry.id, others[0].severity), (id, left), "{}", finding.message);
            assert!(finding.message.contains("m.json"));
        }
    }
}
