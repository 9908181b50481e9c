use super::*;
use crate::manifest::{NamedDigest, ShareInfo};
use crate::recipients::{RecipientInfo, RecipientKind};

fn collect(texts: &[(&str, &str)], expected: Option<ThresholdInfo>) -> (Result<x25519::Identity>, Vec<String>) {
    let mut set = ShareSet::new(expected);
    let errors = texts.iter().filter_map(|(name, text)| set.add(name, text).err()).map(|e| e.to_string()).collect();
    (set.identity(), errors)
}

fn dealt(threshold: u8, total: u8) -> (x25519::Identity, Vec<Zeroizing<String>>) {
    let identity = x25519::Identity::generate();
    let texts = deal(&identity, threshold, total).unwrap().iter().map(Share::to_text).collect();
    (identity, texts)
}

fn public(identity: &x25519::Identity) -> String {
    identity.to_public().to_string()
}

fn error(result: Result<x25519::Identity>) -> String {
    result.err().map(|e| e.to_string()).unwrap_or_default()
}

#[test]
fn any_threshold_of_the_shares_and_no_fewer() {
    let (identity, texts) = dealt(3, 5);
    for mask in 0_u32..32 {
        let some: Vec<_> =
            texts.iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1).map(|(_, t)| ("s", t.as_str())).collect();
        match collect(&some, None).0 {
            Ok(got) => assert!(some.len() >= 3 && public(&got) == public(&identity)),
            Err(e) => assert!(some.len() < 3, "{e}"),
        }
    }
}

#[test]
fn two_shares_of_three_say_nothing_about_the_third() {
    // every byte of a share alone is uniform: over many deals of one secret all values occur
    let identity = x25519::Identity::generate();
    let mut seen = [false; 256];
    for _ in 0..40 {
        for share in deal(&identity, 3, 3).unwrap() {
            share.value.iter().for_each(|b| seen[usize::from(*b)] = true);
        }
    }
    assert!(seen.iter().all(|s| *s));
}

#[test]
fn every_altered_character_is_noticed_and_named() {
    let (_, texts) = dealt(2, 3);
    let text = texts[0].as_str();
    let facts = text.find("\n\n").unwrap();
    for at in 0..facts {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
        let altered = String::from_utf8(bytes).unwrap();
        let (result, errors) = collect(&[("alice", &altered), ("bob", &texts[1])], None);
        // an altered set number gives a foreign set only if the check value did not already catch it
        assert!(error(result).contains("alice"), "at {at}");
        assert!(errors[0].contains("alice"), "at {at}");
    }
}

#[test]
fn foreign_repeated_and_forged_shares_are_named() {
    let (identity, texts) = dealt(2, 3);
    let (_, other) = dealt(2, 3);
    let (result, _) = collect(&[("a", &texts[0]), ("foreign", &other[1]), ("b", &texts[2])], None);
    assert_eq!(public(&result.unwrap()), public(&identity));
    let (result, _) = collect(&[("a", &texts[0]), ("b", &texts[1]), ("foreign", &other[1])], None);
    assert_eq!(public(&result.unwrap()), public(&identity));
    let (result, errors) = collect(&[("a", &texts[0]), ("again", &texts[0])], None);
    assert!(errors[0].contains("again") && error(result).contains("1 good share of 2"));

    // a forger who recomputes the check value is caught by the public key, and outvoted by good shares
    let mut forged = Share::parse(&texts[0]).unwrap();
    forged.value[5] ^= 1;
    let forged = forged.to_text();
    assert!(error(collect(&[("mallory", &forged), ("b", &texts[1])], None).0).contains("mallory"));
    let (result, _) = collect(&[("mallory", &forged), ("b", &texts[1]), ("c", &texts[2])], None);
    assert_eq!(public(&result.unwrap()), public(&identity));
}

#[test]
fn the_manifest_knows_its_shares() {
    let identity = x25519::Identity::generate();
    let shares = deal(&identity, 2, 2).unwrap();
    let info = |share: &Share| ShareInfo {
        index: share.index,
        recipient: RecipientInfo { kind: RecipientKind::X25519, recipient: String::new() },
        file: NamedDigest { name: String::new(), digest: crate::Digest { size: 0, sha256: String::new() } },
        check: share.check(),
        drill_key: share.drill.as_ref().map(Seed::public),
    };
    let first = &shares[0];
    let expected = ThresholdInfo {
        set: first.set.clone(),
        threshold: 2,
        recipient: first.recipient.clone(),
        shares: shares.iter().map(info).collect(),
    };
    let mut forged = Share::parse(&shares[0].to_text()).unwrap();
    forged.value[0] ^= 1;
    let (_, other) = dealt(2, 2);
    let (result, errors) =
        collect(&[("mallory", &forged.to_text()), ("foreign", &other[0]), ("b", &shares[1].to_text())], Some(expected));
    assert!(errors[0].contains("mallory") && errors[0].contains("manifest"), "{errors:?}");
    assert!(errors[1].contains("foreign") && errors[1].contains("belongs to set"), "{errors:?}");
    let e = error(result);
    assert!(e.contains("1 good share of 2") && e.contains("mallory") && e.contains("foreign"), "{e}");
}

#[test]
fn thresholds_that_make_no_sense() {
    for (k, n) in [(0, 3), (1, 3), (4, 3), (2, 0)] {
        assert!(matches!(deal(&x25519::Identity::generate(), k, n), Err(Error::Usage { .. })), "{k} of {n}");
    }
    assert_eq!(deal(&x25519::Identity::generate(), 255, 255).unwrap().len(), 255);
}

#[test]
fn hostile_share_text_is_an_error() {
    for text in
        ["", TITLE, &format!("{TITLE}\nset: x\nshare: 0 of 0\nthreshold: 0\nopens: x\nvalue: \ncheck: \n"), "\u{0}"]
    {
        assert!(Share::parse(text).is_err());
    }
}
