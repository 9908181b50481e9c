//! Every key at hand by name, ready to use: looking one up for a value allocates nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use encryption_config::{Cipher, GroupResource, Key, Provider, ProviderKind, Standing, body_under, name_ends};
use kube_objects::StorageKey;

use super::source::ServerConfig;

/// Keys made ready in all; a configuration has a handful.
const MOST_KEYS: usize = 4096;
/// Keys of one name; a value tries them all.
const MOST_OF_A_NAME: usize = 32;

/// The keys at hand.
#[derive(Default)]
pub(super) struct Doors {
    by_name: HashMap<Vec<u8>, Named>,
    /// For each configuration the resources that it names, sorted.
    scopes: Vec<Vec<GroupResource>>,
    plugins: Vec<(String, bool)>,
    count: usize,
    /// The most bytes and the most colons of a name.
    longest: usize,
    colons: usize,
}

/// The keys of one name.
#[derive(Default)]
struct Named {
    doors: Vec<Door>,
    /// The place of the one in use that opened a value last: most likely it opens the next, too.
    last: AtomicUsize,
}

/// One key of one configuration.
struct Door {
    provider: ProviderKind,
    /// `None` where there are no usable bytes.
    cipher: Option<Cipher>,
    source: usize,
    in_use: bool,
    /// The resources that it is for, sorted, and what it is there.
    serves: Vec<(GroupResource, Standing)>,
}

/// A key that may open a value.
pub(super) struct Candidate<'d, 'v> {
    pub(super) cipher: &'d Option<Cipher>,
    /// What follows its name.
    pub(super) body: &'v [u8],
    pub(super) source: usize,
    pub(super) standing: Standing,
    last: Option<(&'d AtomicUsize, usize)>,
}

impl Candidate<'_, '_> {
    /// To be told when it opened a value.
    pub(super) fn opened(&self) {
        if let Some((last, place)) = self.last {
            last.store(place, Ordering::Relaxed);
        }
    }
}

impl Doors {
    /// Makes the keys of the last configuration ready.
    pub(super) fn add(&mut self, configs: &[ServerConfig]) {
        let Some(source) = configs.last() else { return };
        let own = self.scopes.len();
        let mut patterns: Vec<GroupResource> =
            source.config.entries.iter().flat_map(|entry| &entry.resources).cloned().collect();
        patterns.sort_unstable();
        patterns.dedup();
        for pattern in &patterns {
            for (provider_index, provider) in source.config.providers_for(pattern).into_iter().enumerate() {
                if let Provider::Kms(kms) = provider
                    && self.plugins.len() < MOST_KEYS
                {
                    self.plugins.push((kms.name.clone(), kms.v2));
                }
                for (key_index, key) in provider.keys().iter().enumerate() {
                    let first = provider_index == 0 && key_index == 0;
                    let standing = if first { Standing::Write } else { Standing::Read };
                    self.add_key(own, source, provider.kind(), key, (pattern, standing));
                }
            }
        }
        self.scopes.push(patterns);
    }

    fn add_key(
        &mut self,
        own: usize,
        source: &ServerConfig,
        provider: ProviderKind,
        key: &Key,
        (pattern, standing): (&GroupResource, Standing),
    ) {
        self.longest = self.longest.max(key.name().len());
        self.colons = self.colons.max(key.name().bytes().filter(|byte| *byte == b':').count());
        let doors = &mut self.by_name.entry(key.name().as_bytes().to_vec()).or_default().doors;
        let full = doors.len() >= MOST_OF_A_NAME || self.count >= MOST_KEYS;
        let same_bytes = |door: &Door| match &door.cipher {
            Some(cipher) => cipher.is_of(key),
            None => key.bits().is_none(),
        };
        let twin = doors.iter_mut().find(|door| {
            let own = door.source == own || serves(&door.serves, pattern).is_some();
            door.provider == provider && own && same_bytes(door)
        });
        match twin {
            // patterns come sorted, so the list stays sorted
            Some(door) if door.source == own && serves(&door.serves, pattern).is_none() => {
                door.serves.push((pattern.clone(), standing));
            }
            Some(_) => {}
            None if key.is_bookkeeping() || full => {}
            None => {
                self.count += 1;
                let serves = vec![(pattern.clone(), standing)];
                let cipher = key.cipher(provider);
                doors.push(Door { provider, cipher, source: own, in_use: source.in_use, serves });
                doors.sort_by_key(|door| !door.in_use); // stable: otherwise in the order of the configurations
            }
        }
    }

    /// The keys for the resource of an etcd key that are named in what follows the provider's prefix of a value, those
    /// in use first where several have one name. Of names that begin alike a value may be under either: both are given.
    pub(super) fn of<'d, 'v>(
        &'d self,
        provider: ProviderKind,
        rest: &'v [u8],
        key: &StorageKey<'d>,
    ) -> impl Iterator<Item = Candidate<'d, 'v>> {
        let (group, resource) = (key.group, key.resource);
        let named = name_ends(rest, self.colons, self.longest).filter_map(move |end| {
            let (name, body) = rest.split_at_checked(end)?;
            Some((self.by_name.get(name)?, body.strip_prefix(b":")?))
        });
        let doors =
            named.flat_map(|(named, body)| named.in_turn().map(move |(place, door)| (named, place, door, body)));
        doors.filter(move |(_, _, door, _)| door.provider == provider).filter_map(move |(named, place, door, body)| {
            let pattern = covering(self.scopes.get(door.source)?, group, resource)?;
            let standing = serves(&door.serves, pattern)?;
            let last = door.in_use.then_some((&named.last, place));
            Some(Candidate { cipher: &door.cipher, body, source: door.source, standing, last })
        })
    }

    /// The names that keys and plugins at hand have, for whatever resource, of which a value may be under each.
    pub(super) fn names<'v>(&self, provider: ProviderKind, rest: &'v [u8]) -> Vec<&'v str> {
        let text = |end: usize| std::str::from_utf8(rest.get(..end)?).ok();
        if matches!(provider, ProviderKind::KmsV1 | ProviderKind::KmsV2) {
            let fitting = self.plugins.iter().filter(|(_, v2)| *v2 == (provider == ProviderKind::KmsV2));
            let plugin =
                fitting.filter(|(name, _)| body_under(name, rest).is_some()).max_by_key(|(name, _)| name.len());
            return plugin.and_then(|(name, _)| text(name.len())).into_iter().collect();
        }
        let has = |end: &usize| {
            let named = rest.get(..*end).and_then(|name| self.by_name.get(name));
            named.is_some_and(|named| named.doors.iter().any(|door| door.provider == provider))
        };
        name_ends(rest, self.colons, self.longest).filter(has).filter_map(text).collect()
    }

    /// Whether a configuration names this KMS plugin.
    pub(super) fn has_plugin(&self, name: &str, v2: bool) -> bool {
        self.plugins.iter().any(|(plugin, version)| plugin == name && *version == v2)
    }
}

impl Named {
    /// The one that opened a value last, then the others in their order.
    fn in_turn(&self) -> impl Iterator<Item = (usize, &Door)> {
        let last = self.last.load(Ordering::Relaxed);
        let first = self.doors.get(last).map(|door| (last, door));
        first.into_iter().chain(self.doors.iter().enumerate().filter(move |(place, _)| *place != last))
    }
}

fn serves(list: &[(GroupResource, Standing)], pattern: &GroupResource) -> Option<Standing> {
    let at = list.binary_search_by(|(own, _)| own.cmp(pattern)).ok()?;
    list.get(at).map(|(_, standing)| *standing)
}

/// The pattern of a configuration that counts for a resource: its own name, else `*.<group>`, else `*.*`.
fn covering<'s>(scope: &'s [GroupResource], group: &[u8], resource: &[u8]) -> Option<&'s GroupResource> {
    let find = |resource: &[u8], group: &[u8]| {
        let order = |own: &GroupResource| (own.resource.as_bytes(), own.group.as_bytes()).cmp(&(resource, group));
        scope.binary_search_by(order).ok().and_then(|at| scope.get(at))
    };
    find(resource, group).or_else(|| find(b"*", group)).or_else(|| find(b"*", b"*"))
}
