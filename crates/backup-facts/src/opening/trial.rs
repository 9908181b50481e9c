//! Which of several keys a snapshot was written with: each is tried on a few values before any is tried on all.

use std::collections::BTreeMap;
use std::sync::Arc;

use encryption_config::{EncryptionConfig, GroupResource, ProviderKind, StoredValue, Token, name_ends};
use etcd_snapshot::Scan;
use kube_objects::StorageKey;
use zeroize::Zeroizing;

use super::source::{Origin, ServerConfig, group_resource};
use super::{Unlocked, fit};
use crate::bootstrap;

/// Groups of values that samples are taken of; a hostile store may name millions.
const MOST_GROUPS: usize = 1000;
/// Colons and bytes of a name that nobody told.
const COLONS: usize = 6;
const LONGEST: usize = 256;

/// Live encrypted values, the first and the last of each resource under each key.
#[derive(Default)]
pub(crate) struct Samples<'a> {
    values: Vec<Sample<'a>>,
}

struct Sample<'a> {
    etcd_key: &'a [u8],
    stored: &'a [u8],
}

impl<'a> Samples<'a> {
    pub(crate) fn of(scan: &Scan<'a>) -> Self {
        let mut groups: BTreeMap<(&[u8], ProviderKind, &str), [Sample<'a>; 2]> = BTreeMap::new();
        for live in scan.store.live() {
            let Ok(StoredValue::Encrypted { kind, name, .. }) = StoredValue::read(live.kv.value) else { continue };
            let sample = || Sample { etcd_key: live.kv.key, stored: live.kv.value };
            let group = (StorageKey::parse(live.kv.key).stored_resource, kind, name);
            if let Some([_, last]) = groups.get_mut(&group) {
                *last = sample();
            } else if groups.len() < MOST_GROUPS {
                groups.insert(group, [sample(), sample()]);
            }
        }
        Self { values: groups.into_values().flatten().collect() }
    }
}

impl Unlocked {
    /// Finds provider and name of the keys that came without: those of a value that one opens.
    pub(crate) fn name_bare(&mut self, samples: &Samples<'_>) {
        let bare: Vec<Arc<EncryptionConfig>> = self
            .configs
            .iter()
            .filter(|source| source.config.has_bare())
            .map(|source| Arc::clone(&source.config))
            .collect();
        for config in bare {
            let mut named: Vec<(ProviderKind, String, Vec<GroupResource>)> = Vec::new();
            for sample in &samples.values {
                let Some((kind, name)) = opens_bare(&config, sample) else { continue };
                let resource = group_resource(&StorageKey::parse(sample.etcd_key));
                match named.iter_mut().find(|(own, of, _)| (*own, of.as_str()) == (kind, name)) {
                    Some((.., resources)) if resources.contains(&resource) => {}
                    Some((.., resources)) => resources.push(resource),
                    None => named.push((kind, name.to_owned(), vec![resource])),
                }
            }
            for (kind, name, resources) in named {
                for config in config.assigned(kind, &name, &resources) {
                    let (server, origin, config) = (None, Origin::Given, Arc::new(config));
                    self.add(ServerConfig { server, origin, in_use: true, config });
                }
            }
        }
    }

    /// How many samples open.
    fn opens(&self, samples: &Samples<'_>) -> Vec<bool> {
        samples.values.iter().map(|sample| self.open(sample.etcd_key, sample.stored).is_ok()).collect()
    }
}

/// The provider and the name of a value that one of these keys opens.
fn opens_bare<'a>(config: &EncryptionConfig, sample: &Sample<'a>) -> Option<(ProviderKind, &'a str)> {
    let sealed = StoredValue::read(sample.stored).ok()?;
    let StoredValue::Encrypted { kind, rest, .. } = sealed else { return None };
    let key = StorageKey::parse(sample.etcd_key);
    let mut room = Zeroizing::new(Vec::new());
    let ends = name_ends(rest, COLONS, LONGEST);
    let names = ends.filter_map(|end| std::str::from_utf8(rest.get(..end)?).ok());
    let mut under = names.filter_map(|name| match sealed.under(name) {
        Some(StoredValue::Encrypted { name, body, .. }) => Some((name, body)),
        _ => None,
    });
    let mut opens = |body: &[u8]| {
        config
            .bare_ciphers(kind)
            .any(|cipher| cipher.open(sample.etcd_key, body, &mut room).is_ok() && fit::check(&key, &room).is_ok())
    };
    under.find(|(_, body)| opens(body)).map(|(name, _)| (kind, name))
}

/// Those of several configurations that it takes to open what can be opened, in their order: the fewest that do. Where
/// none opens anything, all that say what they are for.
pub(crate) fn chosen(scan: &Scan<'_>, configs: &[Arc<EncryptionConfig>]) -> Vec<Arc<EncryptionConfig>> {
    let samples = Samples::of(scan);
    let opened: Vec<Vec<bool>> = configs
        .iter()
        .map(|config| {
            let mut unlocked = Unlocked::new([Arc::clone(config)]);
            unlocked.name_bare(&samples);
            unlocked.opens(&samples)
        })
        .collect();
    let mut covered = vec![false; samples.values.len()];
    let mut kept: Vec<usize> = Vec::new();
    loop {
        let news = |own: &Vec<bool>| own.iter().zip(&covered).filter(|(own, known)| **own && !**known).count();
        let best = opened.iter().map(news).enumerate().max_by_key(|(at, count)| (*count, std::cmp::Reverse(*at)));
        let Some((at, own)) = best.filter(|(_, count)| *count > 0).and_then(|(at, _)| Some((at, opened.get(at)?)))
        else {
            break;
        };
        covered.iter_mut().zip(own).for_each(|(known, own)| *known |= own);
        kept.push(at);
    }
    kept.sort_unstable();
    let mut own: Vec<Arc<EncryptionConfig>> = kept.iter().filter_map(|at| configs.get(*at).cloned()).collect();
    if own.is_empty() {
        own.extend(configs.iter().filter(|config| !config.entries.is_empty()).cloned());
    }
    // a token is known by its digest, and by nothing that it opens
    let records = bootstrap::of(scan);
    let seals = |token: &Token| records.iter().any(|record| token.seals(&record.hash));
    own.extend(configs.iter().filter(|config| config.token().is_some_and(seals)).cloned());
    own
}
