//! Opening values one by one, and the chain of keys.

use backup_facts::chain::{Chain, Reach};
use backup_facts::opening::{ApiServer, OpenFailure, Reason, Unlocked, read_keys};
use bbolt_page::{Db, Serial};
use encryption_config::StoredAs;
use etcd_snapshot::{Options, Scan, scan};
use sha2::{Digest, Sha256};

use crate::fixture;

pub(crate) fn scanned(bytes: &[u8]) -> Scan<'_> {
    scan(Db::open(bytes).unwrap(), Options { without_hashes: true, ..Options::default() }, &Serial)
}

/// The keys of a fixture, and what the chain of a snapshot gives with them.
pub(crate) fn unlock(config: &str, scan: &Scan<'_>, reach: Reach) -> (Unlocked, Chain) {
    let mut unlocked = Unlocked::new(fixture::config(config).map(|config| read_keys(&config).unwrap()));
    let chain = unlocked.follow(scan, reach, &Serial);
    (unlocked, chain)
}

#[test]
fn every_live_value_opens_to_what_real_api_servers_read() {
    let (mut opened, mut encrypted) = (0, 0);
    for name in fixture::all() {
        let Some(truth) = fixture::truth(&name) else { continue };
        let bytes = fixture::snapshot(&name);
        let scan = scanned(&bytes);
        let (unlocked, _) = unlock(&name, &scan, Reach::Live);
        let mut seen = 0;
        for live in scan.store.live() {
            let key = String::from_utf8(live.kv.key.to_vec()).unwrap();
            let Some(known) = truth.get(&key) else { continue };
            seen += 1;
            let value =
                unlocked.open(live.kv.key, live.kv.value).unwrap_or_else(|error| panic!("{name} {key}: {error}"));
            assert_eq!(format!("{:x}", Sha256::digest(&*value.plaintext)), known.plain, "{name} {key}");
            match &value.stored_as {
                StoredAs::Plain => assert!(known.stored.starts_with("plain"), "{name} {key} {}", known.stored),
                StoredAs::Encrypted { provider, key_name, .. } => {
                    assert_eq!(format!("k8s:enc:{provider}:v1:{key_name}"), known.stored, "{name} {key}");
                    assert!(unlocked.configs()[value.source.unwrap()].in_use, "{name} {key}");
                    encrypted += 1;
                }
            }
        }
        assert_eq!(seen, truth.len(), "{name}");
        opened += seen;
    }
    assert!(opened > 6000 && encrypted == 333 + 333 + 333 + 94, "{opened} {encrypted}");
}

#[test]
fn the_chain_leads_to_the_keys_of_every_server() {
    for name in ["aescbc-rotated", "aesgcm-rotated", "page-size-64k"] {
        let bytes = fixture::snapshot(name);
        let scan = scanned(&bytes);
        let (unlocked, chain) = unlock(name, &scan, Reach::Live);
        let current: Vec<usize> = ApiServer::ALL.iter().map(|server| chain.current(*server).count()).collect();
        assert_eq!(current, [3, 3, 3], "{name}");
        assert!(chain.links.iter().all(|link| link.content.is_ok()), "{name}: {:?}", chain.links);
        assert_eq!(chain.links.len(), 9 + 6, "{name}");
        // annotations: the older key of each server is done with, the newer is not
        for (server, older, newer) in [(ApiServer::Kube, 1, 2), (ApiServer::OpenShift, 3, 4), (ApiServer::OAuth, 5, 6)]
        {
            let [older, newer] = [older, newer].map(|id| chain.key(server, id).unwrap());
            assert_eq!(older.migrated_at.as_deref(), Some("2026-11-17T06:00:00Z"), "{name} {server}");
            assert!(!older.migrated.is_empty() && older.reason.contains('-'), "{name} {server}: {older:?}");
            assert_eq!((newer.migrated_at.as_deref(), newer.migrated.len()), (None, 0), "{name} {server}");
        }
        assert_eq!(unlocked.configs().len(), 1 + 15);
    }
}

#[test]
fn without_keys_nothing_opens_and_the_chain_says_where_it_breaks() {
    let bytes = fixture::snapshot("aescbc-rotated");
    let scan = scanned(&bytes);
    let mut unlocked = Unlocked::default();
    let chain = unlocked.follow(&scan, Reach::History, &Serial);
    assert!(!unlocked.has_keys());
    assert!(chain.links.len() >= 15 && chain.links.iter().all(|link| link.content.is_err()));
    let live = scan.store.live().find(|live| live.kv.key.starts_with(b"/openshift.io/routes/")).unwrap();
    let failure = unlocked.open(live.kv.key, live.kv.value).err().unwrap();
    assert_eq!(failure.reason(), Reason::MissingKey);
    assert!(matches!(failure, OpenFailure::NoKey { resource, .. } if resource == "routes.route.openshift.io"));
}

/// Key names are small numbers: the tarball of another cluster has the same ones.
#[test]
fn keys_of_another_cluster_by_the_same_names_open_nothing() {
    let bytes = fixture::snapshot("aescbc-rotated");
    let scan = scanned(&bytes);
    let (unlocked, chain) = unlock("page-size-64k", &scan, Reach::History);
    assert!(chain.links.iter().all(|link| link.content.is_err()));
    let mut failed = 0;
    for live in scan.store.live().filter(|live| live.kv.value.starts_with(b"k8s:enc:")) {
        let reason = unlocked.open(live.kv.key, live.kv.value).err().unwrap().reason();
        let of_kube = live.kv.key.starts_with(b"/kubernetes.io/");
        assert_eq!(reason, if of_kube { Reason::WrongKey } else { Reason::MissingKey });
        failed += 1;
    }
    assert_eq!(failed, 333);
}
