//! A real pair, to be changed object by object and member by member.

use backup_facts::opening::Unlocked;
use backup_facts::pair::ClusterFacts;
use backup_facts::platform::Platform;
use backup_facts::snapshot::Quota;
use backup_facts::tarball::TarballFacts;
use bbolt_page::{Db, Serial};
use checks::pair::{Comparison, Names, Pair, Stamp};
use etcd_snapshot::state::Member;
use kube_objects::{Inventory, StorageKey};
use static_resources::Limits;

use crate::tarballs::archive::{Archive, of};

/// A snapshot's objects and a tarball's members.
pub(crate) struct World {
    pub(crate) file: Vec<u8>,
    /// Key, value, revision of creation.
    pub(crate) objects: Vec<(Vec<u8>, Vec<u8>, i64)>,
    pub(crate) members: Vec<Member>,
    pub(crate) archive: Archive,
    pub(crate) timestamps: [String; 2],
    pub(crate) dirty: [bool; 2],
    pub(crate) keyless: bool,
    pub(crate) release: Option<(u64, u64)>,
}

impl World {
    pub(crate) fn of(name: &str) -> Self {
        let backup = fixtures::named(name);
        let file = backup.bytes();
        let timestamp = backup.snapshot().to_str().unwrap().rsplit_once("snapshot_").unwrap().1[..17].to_owned();
        let scan = etcd_snapshot::scan(Db::open(&file).unwrap(), etcd_snapshot::Options::default(), &Serial);
        let live = scan.store.live();
        let objects = live.map(|it| (it.kv.key.to_vec(), it.kv.value.to_vec(), it.kv.create_revision)).collect();
        let members = scan.state.members.clone();
        drop(scan);
        Self {
            file,
            objects,
            members,
            archive: of(name),
            timestamps: [timestamp.clone(), timestamp],
            dirty: [false; 2],
            keyless: false,
            release: Some((4, 18)),
        }
    }

    pub(crate) fn replace_object(&mut self, key: &str, from: &str, to: &str) {
        let key = format!("/kubernetes.io/{key}").into_bytes();
        let (_, value, _) = self.objects.iter_mut().find(|(known, ..)| *known == key).expect("the object");
        let text = String::from_utf8(value.clone()).expect("a custom resource");
        assert!(text.contains(from), "no {from}: {text}");
        *value = text.replace(from, to).into_bytes();
    }

    pub(crate) fn remove_object(&mut self, prefix: &str) {
        let before = self.objects.len();
        self.objects.retain(|(key, ..)| !key.starts_with(format!("/kubernetes.io/{prefix}").as_bytes()));
        assert!(self.objects.len() < before, "no {prefix}");
    }

    pub(crate) fn check(&self) -> Comparison {
        let (mut inventory, mut cluster) = (Inventory::default(), ClusterFacts::default());
        for (key, value, created) in &self.objects {
            let parsed = StorageKey::parse(key);
            inventory.add(&parsed, value);
            cluster.add(key, &parsed, value, *created);
        }
        let TarballFacts { resources: tarball, configurations } =
            TarballFacts::read(&self.archive.gzip()[..], &Limits::default()).unwrap();
        let unlocked = Unlocked::new(configurations.into_iter().filter_map(|found| found.parsed.ok()));
        let [snapshot, of_tarball] = [0, 1].map(|at| Stamp {
            timestamp: &self.timestamps[at],
            dirty: self.dirty[at],
            keyless: at == 1 && self.keyless,
        });
        checks::pair::check(&Pair {
            cluster: &cluster,
            inventory: &inventory,
            members: &self.members,
            size: self.file.len() as u64,
            quota: Quota::of(None, tarball.static_pods.etcd.quota_bytes, None, None, Platform::OpenShift),
            tarball: &tarball,
            names: Names { snapshot: Some(snapshot), tarball: Some(of_tarball) },
            release: self.release,
            keys: unlocked.has_keys().then_some(&unlocked),
        })
    }
}
