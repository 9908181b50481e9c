//! Many random snapshots through each kind of damage.

use mend::{Diagnosis, Proof, diagnose};

use crate::damage::{irreversible, reversible};
use crate::mended;
use crate::random::{Random, snapshot};

fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    let from = number("ASSAY_SEED").unwrap_or(0);
    from..from + number("ASSAY_SEEDS").unwrap_or(fixtures::rounds(400, 10_000) as u64)
}

/// Kinds that leave bytes what they are, so that lines may come amid them. Lines in two places of one page are not told
/// apart, nor those in the last page from what is behind it.
const ON_BYTES: &[&str] = &["CR LF", "CR LF twice", "before"];

#[test]
fn campaign_what_can_be_undone_comes_back_byte_for_byte() {
    for seed in seeds() {
        let mut random = Random::new(seed);
        let original = snapshot(&mut random);
        let (mut kinds, mut damaged) = (Vec::new(), original.clone());
        for _ in 0..if random.below(3) == 0 { 2 } else { 1 } {
            let encoded = kinds.iter().any(|kind| !ON_BYTES.contains(kind));
            let (kind, bytes) = reversible(&damaged, encoded, &mut random);
            if kind == "behind" && kinds.contains(&"amid") {
                break;
            }
            kinds.push(kind);
            damaged = bytes;
        }
        if damaged == original {
            continue;
        }
        match diagnose(&damaged) {
            Diagnosis::Mendable(mend) => {
                assert!(matches!(mend.proof, Proof::Hash(_)), "seed {seed}: {kinds:?}: {mend:?}");
                let came = mended(&mend, &damaged);
                assert!(came == original, "seed {seed}: {kinds:?}: {:?}", mend.steps);
                assert_eq!(mend.size, original.len() as u64, "seed {seed}: {kinds:?}: {:?}", mend.steps);
            }
            other => panic!("seed {seed}: {kinds:?} of {} bytes: {other:?}", original.len()),
        }
    }
}

#[test]
fn campaign_what_cannot_be_undone_is_never_said_to_be() {
    for seed in seeds() {
        let mut random = Random::new(!seed);
        let original = snapshot(&mut random);
        let (kind, damaged) = irreversible(&original, &mut random);
        match diagnose(&damaged) {
            Diagnosis::Intact => assert!(damaged == original, "seed {seed}: {kind}"),
            // so little was lost that there was one way alone to have it back, and the hash proved it
            Diagnosis::Mendable(mend) if matches!(mend.proof, Proof::Hash(_)) => {
                assert!(mended(&mend, &damaged) == original, "seed {seed}: {kind}: {:?}", mend.steps);
            }
            Diagnosis::Mendable(mend) => panic!("seed {seed}: {kind}: {:?}", mend.steps),
            _ => {}
        }
    }
}

#[test]
fn campaign_what_is_intact_is_said_to_be() {
    for seed in seeds().take(fixtures::rounds(100, 10_000)) {
        assert_eq!(diagnose(&snapshot(&mut Random::new(seed))), Diagnosis::Intact, "seed {seed}");
    }
}
