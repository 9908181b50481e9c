//! Keys held against values: a case for every finding, and silence without.

mod told;
mod world;

use std::collections::BTreeSet;

use backup_facts::configuration::InForce;
use backup_facts::examine::{Encryption, Options, examine};
use backup_facts::opening::read_keys;
use bbolt_page::{Db, Serial};
use checks::{Finding, Severity, findings};
use encryption_config::Keyring;

use world::{Tarball, World, config, field, key, made, made_pod, made_secret, object, seal, seal_with, secret};

fn examined(file: &[u8], held: InForce) -> Encryption {
    let scan = etcd_snapshot::scan(Db::open(file).unwrap(), etcd_snapshot::Options::default(), &Serial);
    examine(&scan, &held, &Options::default(), &Serial)
}

fn findings(file: &[u8], held: InForce) -> Vec<Finding> {
    checks::keys_fit::check(&examined(file, held)).into_sorted()
}

fn ids(findings: &[Finding]) -> BTreeSet<&'static str> {
    findings.iter().map(|finding| finding.entry().id).collect()
}

/// A backup that must bring up exactly these findings, and whether its keys fit.
struct Case {
    what: &'static str,
    file: Vec<u8>,
    held: InForce,
    ids: &'static [&'static str],
    fit: Option<bool>,
}

fn spoilt(
    what: &'static str,
    ids: &'static [&'static str],
    fit: Option<bool>,
    spoil: impl FnOnce(&mut World) -> &mut World,
) -> Case {
    let mut world = World::sound();
    spoil(&mut world);
    Case { what, file: world.build(), held: world.held(), ids, fit }
}

const A: &str = "/kubernetes.io/secrets/ns/a";
const MANAGED: &str = "openshift-config-managed";
const ROUTES: &str = "routes.route.openshift.io";

fn route_keys() -> String {
    config(&[ROUTES], &[("aescbc", "4", key(4))], false)
}

fn values() -> Vec<Case> {
    let sealed = |name: &str| seal(&key(2), "2", &object("Secret", "ns", name));
    vec![
        spoilt("a body cut short", &["KEY-019"], Some(false), |world| world.put(A, &sealed("a")[..60])),
        spoilt("half a block", &["KEY-019"], Some(false), |world| world.put(A, &sealed("a")[..sealed("a").len() - 7])),
        spoilt("a value moved", &["KEY-019"], Some(false), |world| world.put(A, &sealed("b"))),
        spoilt("of another namespace", &["KEY-019"], Some(false), |world| {
            world.put(A, &seal(&key(2), "2", &object("Secret", "other", "a")))
        }),
        spoilt("of another kind", &["KEY-019"], Some(false), |world| {
            world.put(A, &seal(&key(2), "2", &object("ConfigMap", "ns", "a")))
        }),
        spoilt("a prefix broken", &["KEY-019", "KEY-025"], Some(false), |world| world.put(A, b"k8s:enc:aescbc:v1")),
        spoilt("a provider of no version", &["KEY-019", "KEY-025"], Some(false), |world| {
            world.put(A, b"k8s:enc:rot13:v1:2:body")
        }),
        spoilt("damage behind the name", &["KEY-019"], Some(false), |world| {
            let cut = b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12\x0b\x0a\x07\x0a\x01a\x1a\x02ns\x12\x28";
            world.put(A, &seal(&key(2), "2", cut))
        }),
        spoilt("a changed byte", &["KEY-019"], Some(false), |world| {
            let mut value = sealed("a");
            value["k8s:enc:aescbc:v1:2:".len()] ^= 1; // the first byte of the object
            world.put(A, &value)
        }),
    ]
}

fn keys() -> Vec<Case> {
    let unusable = config(&["configmaps", "secrets"], &[("aescbc", "2", key(2)), ("aescbc", "1", key(1))], false)
        .replace("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", "!!!!");
    vec![
        spoilt("nothing wrong", &[], Some(true), |world| world),
        spoilt("a newer key", &["KEY-020", "KEY-025"], Some(false), |world| world.sealed("secrets", "a", 3)),
        spoilt("a key without bytes", &["KEY-006", "KEY-020", "KEY-025"], Some(false), |world| {
            world.tarball = Tarball::Config(unusable);
            world.sealed("secrets", "a", 1)
        }),
        spoilt("the bytes of another cluster", &["KEY-021"], Some(false), |world| {
            world.tarball = Tarball::Config(config(&["configmaps", "secrets"], &[("aescbc", "2", key(9))], false));
            world
        }),
        spoilt("no tarball", &["KEY-032"], None, |world| {
            world.tarball = Tarball::None;
            world
        }),
        spoilt("no tarball, and a broken prefix", &["KEY-019", "KEY-025", "KEY-032"], None, |world| {
            world.tarball = Tarball::None;
            world.put(A, b"k8s:enc:")
        }),
        spoilt("a tarball that does not encrypt", &["KEY-033"], Some(false), |world| {
            world.tarball = Tarball::NotEncrypted;
            world
        }),
        spoilt("a key that only the snapshot has", &["KEY-025", "KEY-034"], Some(false), |world| {
            let copy = config(&["secrets"], &[("aescbc", "2", key(2)), ("aescbc", "1", key(1))], false);
            world.secret("openshift-kube-apiserver", "encryption-config-9", "encryption-config", copy.as_bytes());
            world.sealed("secrets", "a", 1)
        }),
        spoilt("a key in the Secret of that key", &["KEY-025", "KEY-034"], Some(false), |world| {
            let entry = "encryption.apiserver.operator.openshift.io-key";
            world.secret(MANAGED, "encryption-key-openshift-kube-apiserver-1", entry, &key(1));
            world.sealed("secrets", "a", 1)
        }),
        spoilt("a key that only history has", &["KEY-025", "KEY-034"], Some(false), |world| {
            let copy = |names: &[(&str, &str, [u8; 32])]| config(&["secrets"], names, false);
            let old = copy(&[("aescbc", "2", key(2)), ("aescbc", "1", key(1))]);
            let new = copy(&[("aescbc", "2", key(2))]);
            for config in [old, new] {
                world.secret("openshift-kube-apiserver", "encryption-config", "encryption-config", config.as_bytes());
            }
            world.sealed("secrets", "a", 1)
        }),
        spoilt("a key that nothing needs", &["KEY-027"], Some(true), |world| world.with_keys(&[2, 1])),
        spoilt("a key that the past needs", &["KEY-027"], Some(true), |world| {
            world.with_keys(&[2, 1]).sealed("secrets", "a", 1).sealed("secrets", "a", 2)
        }),
        spoilt("a key of the past that is gone", &["KEY-028"], Some(true), |world| {
            world.sealed("secrets", "a", 1).sealed("secrets", "a", 2)
        }),
        spoilt("names with colons, half rotated", &["KEY-025"], Some(true), |world| {
            let names = ["aescbckey-2026-03-09T09:46:54+01:00", "aescbckey", "2", "2:b"];
            let keys = (5..).zip(names).map(|(bytes, name)| ("aescbc", name, key(if name == "2" { 2 } else { bytes })));
            world.tarball = Tarball::Config(config(&["configmaps", "secrets"], &keys.collect::<Vec<_>>(), false));
            for (bytes, name) in (5..).zip(names).filter(|(_, name)| *name != "2") {
                let place = format!("/kubernetes.io/secrets/ns/{bytes}");
                world.put(&place, &seal(&key(bytes), name, &object("Secret", "ns", &bytes.to_string())));
            }
            world
        }),
        spoilt(
            "a configuration that no API server starts with",
            &["KEY-007", "KEY-010", "KEY-027"],
            Some(true),
            |world| {
                // the key in question opens nothing, and no value needs it
                let text =
                    config(&["configmaps", "secrets"], &[("aescbc", "2", key(2)), ("aescbc", "1", key(1))], false);
                let short = text.replace("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=", "AQEBAQ==");
                world.tarball = Tarball::Config(short.replace("\"providers\"", "\"pandas\":1,\"providers\""));
                world
            },
        ),
        spoilt("a key that is for others", &["KEY-020"], Some(false), |world| {
            world.tarball = Tarball::Config(config(&["configmaps"], &[("aescbc", "2", key(2))], false));
            world
        }),
        spoilt("a name with colons that is not there", &["KEY-020", "KEY-025"], Some(false), |world| {
            world.put(A, &seal(&key(5), "aescbckey-2026-03-09T09:46:54+01:00", &object("Secret", "ns", "a")))
        }),
        spoilt("an external service", &["KEY-028", "KEY-030"], None, |world| {
            let body = [field(1, &[7; 40]), field(2, b"key-id-1"), field(3, &[8; 40])].concat();
            let value = [b"k8s:enc:kms:v2:vault:", &body[..]].concat();
            let kms = r#"{"kms":{"name":"vault","apiVersion":"v2","endpoint":"unix:///x"}}"#;
            let entry = format!(r#"{{"resources":["secrets"],"providers":[{kms},{{"identity":{{}}}}]}}"#);
            let Tarball::Config(config) = &world.tarball else { panic!("a configuration") };
            let at = config.find(r#"{"resources":["secrets"]"#).unwrap();
            world.tarball = Tarball::Config(format!("{}{entry}]}}", &config[..at]));
            world.put(A, &value).put("/kubernetes.io/secrets/ns/b", &value)
        }),
    ]
}

/// A record that k3s seals with the token `the-password-of-a-test`: see the tests of `encryption-config`.
const RECORD: &[u8] = include_bytes!("../../../../encryption-config/tests/data/k3s-record.txt");
const PLACE: &str = "/bootstrap/b9280240937f";

/// Keys that lie elsewhere than in a tarball, and old ones.
fn held() -> Vec<Case> {
    let aged = |day: u64| {
        let (mut world, id) = (World::sound(), "encryption-key-openshift-kube-apiserver-2");
        let entry = "encryption.apiserver.operator.openshift.io-key";
        let value = seal(&key(2), "2", &made_secret(MANAGED, id, entry, &key(2), &made(0)));
        world.put(&format!("/kubernetes.io/secrets/{MANAGED}/{id}"), &value);
        world.put("/kubernetes.io/pods/ns/p", &made_pod("p", day));
        (world.build(), world.held())
    };
    let ((young, of_young), (old, of_old)) = (aged(27), aged(28));
    vec![
        Case { what: "a young key", file: young, held: of_young, ids: &[], fit: Some(true) },
        Case { what: "an old key", file: old, held: of_old, ids: &["KEY-038"], fit: Some(true) },
        spoilt("a record of k3s", &["KEY-035"], Some(true), |world| world.put(PLACE, RECORD)),
        spoilt("what is no record", &[], Some(true), |world| world.put(PLACE, b"other").put("/bootstrap/x", RECORD)),
        spoilt("a token that opens the record", &["KEY-028"], Some(true), |world| {
            world.tarball = Tarball::Token("K10::server:the-password-of-a-test");
            let own: Vec<u8> = (0..32).collect();
            for name in ["a", "b"] {
                let sealed = seal(&own.clone().try_into().unwrap(), "aescbckey", &object("Secret", "ns", name));
                world.put(&format!("/kubernetes.io/secrets/ns/{name}"), &sealed);
            }
            world.deleted("configmaps", "c").put(PLACE, RECORD)
        }),
        spoilt("the token of another cluster", &["KEY-032", "KEY-036"], None, |world| {
            world.tarball = Tarball::Token("another");
            world.put(PLACE, RECORD)
        }),
        spoilt("a record that is damaged", &["KEY-032", "KEY-037"], None, |world| {
            world.tarball = Tarball::Token("the-password-of-a-test");
            let mut damaged = RECORD.to_vec();
            damaged[40] ^= 1;
            world.put(PLACE, &damaged)
        }),
    ]
}

fn chain() -> Vec<Case> {
    vec![
        spoilt("a whole chain", &[], Some(true), |world| {
            world.secret(
                MANAGED,
                "encryption-config-openshift-apiserver",
                "encryption-config",
                route_keys().as_bytes(),
            );
            world.route(4)
        }),
        spoilt("no Secret", &["KEY-022"], Some(false), |world| world.route(4)),
        spoilt("a Secret without the entry", &["KEY-022"], Some(false), |world| {
            world.secret("openshift-apiserver", "encryption-config-3", "other", b"x").route(4)
        }),
        spoilt("a Secret with something else", &["KEY-022"], Some(false), |world| {
            world.secret("openshift-apiserver", "encryption-config-3", "encryption-config", b"x: [").route(4)
        }),
        spoilt("a Secret that does not open", &["KEY-020", "KEY-022", "KEY-025"], Some(false), |world| {
            let value =
                secret("openshift-apiserver", "encryption-config", "encryption-config", route_keys().as_bytes());
            let value = seal(&key(3), "3", &value);
            world.put("/kubernetes.io/secrets/openshift-apiserver/encryption-config", &value).route(4)
        }),
        spoilt("a chain that lacks the key", &["KEY-020", "KEY-025", "KEY-027"], Some(false), |world| {
            world.secret(
                MANAGED,
                "encryption-config-openshift-apiserver",
                "encryption-config",
                route_keys().as_bytes(),
            );
            world.route(5)
        }),
        spoilt("an older generation has the key", &["KEY-025", "KEY-027", "KEY-034"], Some(false), |world| {
            let older = config(&[ROUTES], &[("aescbc", "3", key(3))], false);
            let entry = "encryption-config";
            world.secret("openshift-apiserver", "encryption-config-8", entry, older.as_bytes());
            world.secret("openshift-apiserver", "encryption-config-11", entry, route_keys().as_bytes());
            world.route(3)
        }),
    ]
}

fn apiserver(kind: &str) -> String {
    format!(r#"{{"kind":"APIServer","metadata":{{"name":"cluster"}},"spec":{{"encryption":{{"type":"{kind}"}}}}}}"#)
}

fn coverage() -> Vec<Case> {
    const CLUSTER: &str = "/kubernetes.io/config.openshift.io/apiservers/cluster";
    let all = ["configmaps", "secrets"];
    let plain = |tarball: Tarball| {
        let mut world = World::sound();
        for (resource, name) in [("secrets", "a"), ("secrets", "b"), ("configmaps", "c")] {
            world.plain(resource, name);
        }
        world.tarball = tarball;
        world
    };
    let case = |what, world: World, ids| Case { what, file: world.build(), held: world.held(), ids, fit: Some(true) };
    let mut wanted = plain(Tarball::NotEncrypted);
    wanted.put(CLUSTER, apiserver("aescbc").as_bytes());
    let mut unwanted = plain(Tarball::NotEncrypted);
    unwanted.put(CLUSTER, apiserver("identity").as_bytes());
    let identity_first = Tarball::Config(config(&all, &[("aescbc", "2", key(2))], true));
    let mut decrypting = World::sound();
    decrypting.plain("secrets", "a").tarball = identity_first.clone();
    vec![
        spoilt("half of it plaintext", &["KEY-023"], Some(true), |world| world.plain("secrets", "z")),
        case(
            "nothing encrypted yet",
            plain(Tarball::Config(config(&all, &[("aescbc", "2", key(2))], false))),
            &["KEY-024", "KEY-027"],
        ),
        spoilt("a rotation half done", &["KEY-025"], Some(true), |world| {
            world.with_keys(&[3, 2]).sealed("secrets", "a", 3).sealed("configmaps", "c", 3)
        }),
        case("plaintext writes", decrypting, &["KEY-026"]),
        case("all is decrypted", plain(identity_first), &["KEY-027"]),
        case("wanted and not there", wanted, &["KEY-031"]),
        case("neither wanted nor there", unwanted, &[]),
        spoilt("plaintext of the past", &["KEY-029"], Some(true), |world| {
            world.plain("secrets", "a").sealed("secrets", "a", 2)
        }),
    ]
}

#[test]
fn every_finding_has_a_case_that_brings_it_up_and_nothing_else() {
    let mut covered = BTreeSet::new();
    for case in values().into_iter().chain(keys()).chain(held()).chain(chain()).chain(coverage()) {
        let encryption = examined(&case.file, case.held);
        let found = checks::keys_fit::check(&encryption).into_sorted();
        assert_eq!(ids(&found), BTreeSet::from_iter(case.ids.iter().copied()), "{}: {found:#?}", case.what);
        assert_eq!(encryption.keys_fit(), case.fit, "{}: {encryption:#?}", case.what);
        for finding in &found {
            assert!(!finding.message().contains('\n') && finding.message().len() < 500, "{finding:?}");
            assert_eq!(finding.severity(), finding.entry().severity, "{finding:?}");
        }
        covered.extend(case.ids.iter().copied());
    }
    // who vouches for a manifest is behind them: `vouched.rs` has a case for each of those
    let of_fit = findings::all().into_iter().map(|entry| entry.id).filter(|id| ("KEY-019".."KEY-039").contains(id));
    let missing: Vec<_> = of_fit.filter(|id| !covered.contains(id)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}

/// A wrong aescbc key passes the padding check about once in 256 times: such a value must not count as opened.
#[test]
fn a_wrong_key_that_passes_the_padding_check_is_a_wrong_key() {
    let wrong = config(&["configmaps", "secrets"], &[("aescbc", "2", key(9))], false);
    let mut keyring = Keyring::default();
    keyring.add(read_keys(wrong.as_bytes()).unwrap());
    let lucky = (0_u64..100_000).map(|n| {
        let mut iv = [0; 16];
        iv[..8].copy_from_slice(&n.to_le_bytes());
        seal_with(&key(2), "2", &object("Secret", "ns", "a"), iv)
    });
    let passes =
        |value: &Vec<u8>| keyring.open("secrets", A.as_bytes(), value).is_ok_and(|opened| opened.magic.is_none());
    let value = lucky.into_iter().find(passes).expect("one in 256");
    let mut world = World::sound();
    world.put(A, &value).tarball = Tarball::Config(wrong);
    let found = findings(&world.build(), world.held());
    assert_eq!(ids(&found), BTreeSet::from(["KEY-021"]), "{found:?}");
    let of_secrets = found.iter().find(|finding| finding.message().contains("secrets")).unwrap();
    assert!(of_secrets.message().starts_with("2 values of secrets do not open with aescbc key `2`"), "{of_secrets:?}");
    assert_eq!(of_secrets.location().key.as_deref(), Some(A.as_bytes()));
}

/// A page is freed, not wiped: what stood on it before encryption is still in the file.
#[test]
fn plaintext_on_a_page_that_nothing_uses_is_counted() {
    let padding = "x".repeat(1500);
    let mut before = World::sound();
    before.plain("secrets", "a").plain("secrets", &padding);
    let mut after = World::sound();
    after.sealed("secrets", &padding, 2);
    let sound = findings(&after.build(), after.held());
    assert_eq!(ids(&sound), BTreeSet::new(), "{sound:?}");
    let found = findings(&after.build_over(&before, padding.as_bytes()), after.held());
    assert_eq!(ids(&found), BTreeSet::from(["KEY-029"]), "{found:?}");
    assert!(
        found[0].message().ends_with("on free pages") && !found[0].message().contains(" 0 values on free"),
        "{found:?}"
    );
}

/// Findings that the fixtures truly have.
#[test]
fn real_backups_have_the_findings_of_their_ground_truth() {
    use Severity::{Critical, Low, Medium};
    let mut seen = 0;
    for backup in fixtures::all() {
        seen += 1;
        let name = &backup.name;
        let held = match backup.encryption_config() {
            Some(config) => InForce::given(read_keys(&config).unwrap()),
            None => InForce::NotConfigured,
        };
        let encryption = examined(&backup.bytes(), held);
        let found = checks::keys_fit::check(&encryption).into_sorted();
        let table: Vec<_> = found.iter().map(|finding| (finding.entry().id, finding.severity())).collect();
        let (expected, fit): (&[_], _) = match name.as_str() {
            "partially-encrypted" => (&[("KEY-023", Medium); 2], true),
            "aescbc-rotated" | "aesgcm-rotated" | "page-size-64k" => (&[("KEY-025", Low); 5], true),
            // values made malformed on purpose: no API server reads them
            "odd-keys" => {
                (&[("KEY-033", Critical), ("KEY-019", Critical), ("KEY-019", Critical), ("KEY-023", Medium)], false)
            }
            _ => (&[], true),
        };
        assert_eq!(table, expected, "{name}: {found:#?}");
        assert_eq!(encryption.keys_fit(), Some(fit), "{name}");
    }
    assert_eq!(seen, 14);
}

#[test]
fn no_finding_shows_a_key() {
    for case in values().into_iter().chain(keys()).chain(chain()).chain(coverage()) {
        let text = format!("{:?}", examined(&case.file, case.held));
        for name in 1..10 {
            let raw = format!("{:?}", key(name));
            let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, key(name));
            assert!(!text.contains(&base64) && !text.contains(&raw), "{}", case.what);
        }
    }
}
