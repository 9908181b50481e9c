//! Live values that no API server can decode, or that are another object than their key says.

use std::collections::BTreeMap;

use bbolt_page::Spread;
use etcd_snapshot::Scan;
use kube_objects::{Envelope, ObjectFault, Prefix, Provider, ShownKey, StorageKey, check_structure};

/// Values that are handed out at once: what bounds the memory.
const AT_ONCE: usize = 1 << 16;
/// Values of one piece of work.
const PIECE: usize = 1 << 9;
/// Resources told apart; a hostile store may name millions.
const RESOURCES: usize = 200;

/// Values of one resource that cannot be decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The resource as the API calls it, `plural.group`; `others` for what is beyond the first two hundred.
    pub resource: String,
    /// How many of its live values cannot be decoded.
    pub count: u64,
    /// Its live values.
    pub live: u64,
    /// The first of them by etcd key.
    pub example: Vec<u8>,
    /// What is wrong with that one.
    pub reason: ObjectFault,
}

/// A live object that is another than its key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfiled {
    /// Its etcd key.
    pub key: Vec<u8>,
    /// The first field that says something else: `metadata.name`, `metadata.namespace` or `kind`.
    pub field: &'static str,
    /// What the field says, cut to a line; `None` where that is a secret, as the name of an OAuth token is.
    pub said: Option<String>,
}

/// What is wrong with live values.
#[derive(Debug, Default)]
pub struct Values {
    /// Those that no API server can decode, by resource.
    pub unreadable: Vec<Unreadable>,
    /// Those that are another object than their key says, in order of their keys; the first [`MISFILED`].
    pub misfiled: Vec<Misfiled>,
    /// How many of those there are.
    pub misfiled_in_all: u64,
}

/// So many objects under wrong keys are named.
pub const MISFILED: usize = 100;

/// What is wrong with one value.
enum Wrong {
    Broken(ObjectFault),
    Misfiled(&'static str, Option<String>),
}

/// Whether [`values`] has nothing to say of a value.
pub(crate) fn is_sound(key: &[u8], value: &[u8]) -> bool {
    fault(key, value).is_none()
}

/// Goes through every live value that lies under a key of an API server, all threads at once, and gives those that are
/// no whole object, or another than their key says: of a scan that has looked by `is_sound`, through those alone that
/// are not. Where the store is no cluster's, what is no object is none of an API
/// server's. What is encrypted is left to whoever has its keys.
pub fn values(scan: &Scan<'_>, spread: &impl Spread) -> Values {
    let mut found: BTreeMap<&[u8], Unreadable> = BTreeMap::new();
    let (mut misfiled, mut misfiled_in_all) = (Vec::new(), 0);
    let mut values = scan.store.suspects().map(|live| (live.kv.key, live.kv.value));
    let mut room = Vec::new();
    loop {
        room.clear();
        room.extend(values.by_ref().take(AT_ONCE));
        if room.is_empty() {
            break;
        }
        let pieces: Vec<&[(&[u8], &[u8])]> = room.chunks(PIECE).collect();
        let piece = |at: usize| {
            let values = pieces.get(at).copied().unwrap_or_default().iter();
            values.filter_map(|(key, value)| Some((*key, fault(key, value)?))).collect::<Vec<_>>()
        };
        spread.map_fold(pieces.len(), piece, |broken| {
            for (key, wrong) in broken {
                match wrong {
                    Wrong::Broken(why) => count(&mut found, key, why),
                    Wrong::Misfiled(field, said) => {
                        misfiled_in_all += 1;
                        if misfiled.len() < MISFILED {
                            misfiled.push(Misfiled { key: key.to_vec(), field, said });
                        }
                    }
                }
            }
        });
    }
    if !found.is_empty() && !count_live(scan, &mut found) {
        found.clear();
    }
    misfiled.sort_by(|a, b| a.key.cmp(&b.key));
    Values { unreadable: found.into_values().collect(), misfiled, misfiled_in_all }
}

/// What is wrong with a value; `None` also for what an API server does not read, or reads with a key.
fn fault(key: &[u8], value: &[u8]) -> Option<Wrong> {
    let parsed = StorageKey::parse(key);
    if !of_api_server(&parsed) {
        return None;
    }
    match Envelope::of(value) {
        Envelope::Encrypted(sealed) if !matches!(sealed.provider, Provider::Other(_)) => None,
        _ => match check_structure(value) {
            Ok(identity) => identity.differs_from(&parsed).map(|(field, said)| {
                let shown = ShownKey::of(key).key() == key;
                Wrong::Misfiled(field, shown.then(|| text(said)))
            }),
            Err(fault) => Some(Wrong::Broken(fault)),
        },
    }
}

/// Under another prefix anything may lie that is no object of Kubernetes.
fn of_api_server(key: &StorageKey<'_>) -> bool {
    matches!(key.prefix, Prefix::Kubernetes | Prefix::OpenShift | Prefix::Registry)
}

fn count<'a>(found: &mut BTreeMap<&'a [u8], Unreadable>, key: &'a [u8], reason: ObjectFault) {
    let parsed = StorageKey::parse(key);
    let known = found.len() < RESOURCES || found.contains_key(parsed.stored_resource);
    let (path, resource) =
        if known { (parsed.stored_resource, name(&parsed)) } else { (&b""[..], "others".to_owned()) };
    let fresh = || Unreadable { resource, count: 0, live: 0, example: key.to_vec(), reason: reason.clone() };
    let broken = found.entry(path).or_insert_with(fresh);
    broken.count += 1;
    if key < broken.example.as_slice() {
        (broken.example, broken.reason) = (key.to_vec(), reason);
    }
}

/// Counts the live values of the resources in question, and says whether the store is a cluster's: every one has
/// namespaces. Without them it is an etcd that something else fills, under keys that only look like Kubernetes'.
fn count_live<'a>(scan: &Scan<'a>, found: &mut BTreeMap<&'a [u8], Unreadable>) -> bool {
    let mut of_cluster = false;
    for live in scan.store.live() {
        let key = StorageKey::parse(live.kv.key);
        let path = if found.contains_key(key.stored_resource) { key.stored_resource } else { b"" };
        if let Some(broken) = found.get_mut(path).filter(|_| of_api_server(&key)) {
            broken.live += 1;
        }
        of_cluster |= key.group.is_empty() && key.resource == b"namespaces";
    }
    of_cluster
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(120).collect()
}

fn name(key: &StorageKey<'_>) -> String {
    if key.group.is_empty() { text(key.resource) } else { format!("{}.{}", text(key.resource), text(key.group)) }
}
