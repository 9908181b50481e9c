//! Storage keys of real backups.

use std::collections::BTreeMap;

use kube_objects::{Prefix, ResourceClass, StorageKey};

/// Lines of `live-keys.txt`. A key with a newline gives two; neither half is a key that an API
/// server wrote.
fn keys(listing: &[u8]) -> impl Iterator<Item = &[u8]> {
    listing.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())
}

#[test]
fn every_live_key_parses_and_counts_agree_with_the_live_server() {
    let mut counted = 0;
    for fixture in fixtures::all() {
        let Some(truth) = fixture.json("truth-live.json") else {
            continue;
        };
        let listing = fixture.read("live-keys.txt").expect("keys beside the truth");
        let mut by_resource = BTreeMap::<String, u64>::new();
        for key in keys(&listing) {
            let parsed = StorageKey::parse(key);
            let shown = key.escape_ascii();
            assert!(parsed.well_formed, "{}: {shown}", fixture.name);
            assert_ne!(parsed.class, ResourceClass::Unknown, "{}: {shown}", fixture.name);
            let resource = String::from_utf8_lossy(parsed.stored_resource).into_owned();
            *by_resource.entry(resource).or_default() += 1;
        }
        let expected: BTreeMap<String, u64> = serde_json::from_value(truth["by_resource"].clone()).expect("counts");
        assert_eq!(by_resource, expected, "{}", fixture.name);
        counted += 1;
    }
    assert!(counted >= 5, "only {counted} fixtures count their keys by resource");
}

#[test]
fn etcd_test_data_and_odd_keys_parse_too() {
    for fixture in fixtures::all() {
        let listing = fixture.read("live-keys.txt").expect("live keys");
        for key in keys(&listing) {
            let parsed = StorageKey::parse(key);
            assert!(key.ends_with(parsed.name), "{}", key.escape_ascii());
            assert!(parsed.name.len() <= key.len());
        }
    }
}

#[test]
fn odd_keys_are_what_they_look_like() {
    let truth = fixtures::named("odd-keys").json("odd-truth.json").expect("truth");
    let keys: Vec<Vec<u8>> = truth
        .as_array()
        .expect("list")
        .iter()
        .filter(|row| row["key_len"].as_u64() < Some(100))
        .map(|row| unhex(row["key_hex"].as_str().expect("hex")))
        .collect();
    let mut classes = BTreeMap::<&str, usize>::new();
    for key in &keys {
        let parsed = StorageKey::parse(key);
        let class = match (parsed.prefix, parsed.class) {
            (Prefix::None, ResourceClass::Unknown) => "bare",
            (Prefix::Kubernetes, ResourceClass::BuiltIn) => "kubernetes",
            (Prefix::Registry, ResourceClass::BuiltIn) => "registry",
            _ => "other",
        };
        *classes.entry(class).or_default() += 1;
    }
    // \0, fffefd/binary and registry/... without its slash; ten configmaps and secrets; one vanilla
    assert_eq!(classes, BTreeMap::from([("bare", 3), ("kubernetes", 9), ("registry", 1)]));
    let newline = keys.iter().find(|key| key.contains(&b'\n')).expect("newline");
    assert_eq!(StorageKey::parse(newline).name, b"new\nline");
}

fn unhex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex")).collect()
}
