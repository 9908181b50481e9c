//! What findings of keys say, word for word.

use checks::{Evidence, Finding};

use super::world::{Tarball, World, config, field, key};
use super::{A, findings, ids};

fn messages(found: &[Finding], id: &str) -> Vec<String> {
    found.iter().filter(|finding| finding.entry().id == id).map(|finding| finding.message().to_owned()).collect()
}

fn found(change: impl FnOnce(&mut World)) -> Vec<Finding> {
    let mut world = World::sound();
    change(&mut world);
    findings(&world.build(), world.held())
}

/// A value as KMS v2 stores it.
fn of_kms(key_id: &str) -> Vec<u8> {
    let body = [field(1, &[7; 40]), field(2, key_id.as_bytes()), field(3, &[8; 40])].concat();
    [b"k8s:enc:kms:v2:vault:", &body[..]].concat()
}

#[test]
fn only_what_is_live_and_sealed_waits_for_keys() {
    let without = |change: &dyn Fn(&mut World)| {
        messages(
            &found(|world| {
                change(world);
                world.tarball = Tarball::None;
            }),
            "KEY-032",
        )
    };
    let all = "no keys were at hand, and 3 values are encrypted: 1 configmaps, 2 secrets";
    assert_eq!(without(&|_| {}), [all]);
    // what was encrypted once and is plaintext now waits for nothing
    let past = "no keys were at hand, and 2 values are encrypted: 2 secrets";
    assert_eq!(
        without(&|world| {
            world.plain("configmaps", "c");
        }),
        [past]
    );
    // nor does what is no envelope at all
    let broken = |world: &mut World| {
        world.put("/kubernetes.io/configmaps/ns/c", b"k8s:enc:");
    };
    assert_eq!(without(&broken), [past]);
}

#[test]
fn a_plugin_is_named_with_its_keys_for_live_values_alone() {
    const B: &str = "/kubernetes.io/secrets/ns/b";
    let one = found(|world| {
        world.put(A, &of_kms("id-1")).put(B, &of_kms("id-1"));
    });
    assert_eq!(messages(&one, "KEY-030"), ["2 values of secrets need plugin `vault`, key ID `id-1`"]);
    let ids_of = |found: &[Finding]| {
        let finding = found.iter().find(|finding| finding.entry().id == "KEY-030").unwrap();
        let ids = finding.evidence().iter().find(|(name, _)| *name == "keyIds");
        ids.map(|(_, evidence)| format!("{evidence:?}"))
    };
    assert_eq!(ids_of(&one), Some(format!("{:?}", Evidence::Text("id-1".to_owned()))));
    let two = found(|world| {
        world.put(A, &of_kms("id-1")).put(B, &of_kms("id-2"));
    });
    assert_eq!(messages(&two, "KEY-030"), ["2 values of secrets need plugin `vault`, 2 key IDs"]);
    assert_eq!(ids_of(&two), Some(format!("{:?}", Evidence::Text("id-1, id-2".to_owned()))));
    let none = found(|world| {
        world.put(A, b"k8s:enc:kms:v2:vault:");
    });
    assert_eq!(messages(&none, "KEY-030"), ["1 value of secrets need plugin `vault`"]);
    assert_eq!(ids_of(&none), None);
    let past = found(|world| {
        world.put(A, &of_kms("id-1")).sealed("secrets", "a", 2);
    });
    assert!(!ids(&past).contains("KEY-030"), "{past:?}");
}

#[test]
fn a_rotation_is_told_by_what_is_left_to_do() {
    let half = found(|world| {
        world.with_keys(&[3, 2]).sealed("secrets", "a", 3).sealed("configmaps", "c", 3);
    });
    assert_eq!(messages(&half, "KEY-025"), ["1 of 2 values of secrets are not under the key that writes"]);
    // without a configuration nobody knows which of them writes; keys of the past do not count
    let unknown = found(|world| {
        world.sealed("secrets", "a", 4).sealed("secrets", "a", 3).tarball = Tarball::None;
    });
    let expected = "2 values of secrets are under 2 keys, and which one writes is not known";
    assert_eq!(messages(&unknown, "KEY-025"), [expected]);
}

#[test]
fn the_past_is_told_where_something_live_is_encrypted() {
    // nothing of it is live any more: what it held is no news
    let gone = found(|world| {
        world.plain("configmaps", "c").deleted("configmaps", "c");
    });
    assert_eq!(messages(&gone, "KEY-029"), [""; 0]);
    // a key that live values need, too, is missing, not gone
    let needed = found(|world| {
        world.sealed("secrets", "a", 3).sealed("secrets", "a", 3);
    });
    assert!(ids(&needed).contains("KEY-020") && !ids(&needed).contains("KEY-028"), "{needed:?}");
}

#[test]
fn a_key_that_nothing_needs_is_told_from_one_that_the_past_needs() {
    let unused = |world: &mut World| {
        world.with_keys(&[2, 1]);
    };
    let begin = "aescbc key `1` of the configuration at hand reads nothing that is live";
    assert_eq!(messages(&found(unused), "KEY-027"), [begin]);
    let past = |world: &mut World| {
        world.with_keys(&[2, 1]).sealed("secrets", "a", 1).sealed("secrets", "a", 2);
    };
    assert_eq!(messages(&found(past), "KEY-027"), [format!("{begin}; values of the past need it")]);
    let writes = |world: &mut World| {
        world.tarball = Tarball::Config(config(&["configmaps", "secrets"], &[("aescbc", "7", key(7))], false));
    };
    let expected = "aescbc key `7` of the configuration at hand writes, and has written nothing that is live";
    assert_eq!(messages(&found(writes), "KEY-027"), [expected]);
}
