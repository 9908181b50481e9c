//! Which keys and objects are meant, the way people name them.

mod globs;
mod inside;
mod name;
mod resources;
mod target;

use etcd_snapshot::Record;
use kube_objects::StorageKey;
use serde_json::Value;

use crate::newest::Newest;
use crate::object::{Object, Unseen, View};
use crate::open::Opener;
use globs::KeyGlobs;

pub use inside::{Fields, Labels, SelectorError};
pub use name::ResourceName;
pub use resources::{Resources, UnknownResource};
pub use target::Target;
use target::{in_namespace, is_in_or_of_none};

/// Why a selection cannot be made of a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SelectionError {
    /// A glob that is none.
    #[error("`{glob}` is not a glob: {reason}")]
    Glob {
        /// What was given.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A selector of labels or fields that is none.
    #[error(transparent)]
    Selector(#[from] SelectorError),
}

/// Which keys are meant, and with labels and fields which objects. A new one means everything; each thing that is added
/// narrows it down. Of several names, prefixes, resources, namespaces or globs any will do; of labels and fields all must
/// hold.
///
/// A resource may be named in ways that only the snapshot knows: ask [`Self::needs_resources`], gather them with
/// [`Self::resources_to_see`], and [`Self::resolve`], before the first key is matched.
///
/// ```
/// let mut selection = lens::Selection::default();
/// selection.resource("po,deploy.apps").namespace("prod").glob("/**/web-*")?;
/// assert!(selection.matches(b"/kubernetes.io/pods/prod/web-0"));
/// assert!(!selection.matches(b"/kubernetes.io/pods/dev/web-0"));
/// # Ok::<(), lens::SelectionError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Selection {
    targets: Vec<Target>,
    prefix: Vec<u8>,
    resources: Vec<ResourceName>,
    namespaces: Vec<Vec<u8>>,
    globs: KeyGlobs,
    labels: Labels,
    fields: Fields,
}

impl Selection {
    /// Adds what is named as for kubectl: `/full/key`, `/prefix/`, `TYPE/NAME`..., `TYPE NAME...`, or `TYPE[,TYPE]`.
    pub fn name(&mut self, arguments: &[Vec<u8>]) -> &mut Self {
        self.targets.extend(Target::read(arguments));
        self
    }

    /// Adds a key, byte for byte. A full key is meant whatever its namespace.
    pub fn key(&mut self, key: impl Into<Vec<u8>>) -> &mut Self {
        self.targets.push(Target::Key(key.into()));
        self
    }

    /// Sets what every key must begin with.
    pub fn prefix(&mut self, prefix: impl Into<Vec<u8>>) -> &mut Self {
        self.prefix = prefix.into();
        self
    }

    /// Adds a resource, or several with commas between: see [`ResourceName`].
    pub fn resource(&mut self, names: &str) -> &mut Self {
        self.resources.extend(ResourceName::list(names));
        self
    }

    /// Adds a namespace. As for kubectl, what has none is in each, where its resource is named.
    pub fn namespace(&mut self, name: impl Into<Vec<u8>>) -> &mut Self {
        self.namespaces.push(name.into());
        self
    }

    /// Adds a glob. As for git and ripgrep, one with a `/` is held against the whole key and one without against the last
    /// part; `*`, `?` and classes never match a `/`, `**` does.
    ///
    /// # Errors
    /// [`SelectionError::Glob`].
    pub fn glob(&mut self, glob: &str) -> Result<&mut Self, SelectionError> {
        self.globs.add(glob)?;
        Ok(self)
    }

    /// Adds a selector of labels: see [`Labels`].
    ///
    /// # Errors
    /// [`SelectionError::Selector`].
    pub fn labels(&mut self, selector: &str) -> Result<&mut Self, SelectionError> {
        self.labels.add(selector)?;
        Ok(self)
    }

    /// Adds a selector of fields: see [`Fields`].
    ///
    /// # Errors
    /// [`SelectionError::Selector`].
    pub fn fields(&mut self, selector: &str) -> Result<&mut Self, SelectionError> {
        self.fields.add(selector)?;
        Ok(self)
    }

    /// Whether a resource is named that not every API server has, so that what is meant is known only when the snapshot's
    /// own resources are.
    #[must_use]
    pub fn needs_resources(&self) -> bool {
        self.named().any(|(name, _)| !name.is_built_in())
    }

    /// Where the snapshot's resources are gathered for [`Self::resolve`].
    #[must_use]
    pub fn resources_to_see(&self) -> Resources {
        Resources::with_texts(self.named().filter_map(|(_, text)| text.map(<[u8]>::to_vec)))
    }

    /// Takes resources for what the snapshot's definitions call so. What is built in is that, whatever they say.
    ///
    /// # Errors
    /// [`UnknownResource`]: neither built in, nor defined, nor of any key.
    pub fn resolve(&mut self, resources: &Resources) -> Result<(), UnknownResource> {
        let targets = self.targets.iter_mut().filter_map(Target::resource_mut);
        for name in targets.chain(&mut self.resources).filter(|name| !name.is_built_in()) {
            name.define(resources.defined(name));
        }
        let is_unknown = |(name, text): &(&ResourceName, Option<&[u8]>)| {
            let is_key = text.is_some_and(|text| resources.is_key(text));
            !(is_key || name.is_built_in() || name.is_defined() || resources.occurs(name))
        };
        match self.named().find(is_unknown) {
            Some((name, _)) => Err(resources.unknown(name)),
            None => Ok(()),
        }
    }

    /// The resources that are named, each with the text where it may be a key.
    fn named(&self) -> impl Iterator<Item = (&ResourceName, Option<&[u8]>)> {
        let targets = self.targets.iter().filter_map(|target| Some((target.resource()?, Some(target.typed()))));
        targets.chain(self.resources.iter().map(|resource| (resource, None)))
    }

    /// Whether a key is meant.
    #[must_use]
    pub fn matches(&self, key: &[u8]) -> bool {
        key.starts_with(&self.prefix) && self.is_named(key) && self.globs.passes(key)
    }

    fn is_named(&self, key: &[u8]) -> bool {
        let Self { targets, resources, namespaces, .. } = self;
        if !targets.is_empty() && !targets.iter().any(|target| target.matches(key, namespaces)) {
            return false;
        }
        if resources.is_empty() {
            return !targets.is_empty() || in_namespace(key, namespaces);
        }
        let parsed = StorageKey::parse(key);
        resources.iter().any(|resource| resource.matches(&parsed))
            && (!targets.is_empty() || is_in_or_of_none(&parsed, namespaces))
    }

    /// Whether a key is that of a namespace which is asked for as a whole, and of which it is the frame.
    #[must_use]
    pub fn is_own_namespace(&self, key: &[u8]) -> bool {
        let Self { targets, resources, namespaces, globs, prefix, .. } = self;
        let is_whole = targets.is_empty() && resources.is_empty() && globs.is_empty() && prefix.is_empty();
        if !is_whole || namespaces.is_empty() {
            return false;
        }
        let parsed = StorageKey::parse(key);
        (parsed.group, parsed.resource) == (&b""[..], &b"namespaces"[..])
            && namespaces.iter().any(|wanted| wanted == parsed.name)
    }

    /// Whether an object must be seen to know whether it is meant.
    #[must_use]
    pub fn looks_inside(&self) -> bool {
        !self.labels.is_empty() || !self.fields.is_empty()
    }

    /// Whether an object is meant, as far as its inside tells.
    #[must_use]
    pub fn matches_object(&self, object: &Value) -> bool {
        self.labels.matches(object) && self.fields.matches(object)
    }

    /// Whether a key is meant of which these are the versions, as far as their insides tell: one that matches will do.
    ///
    /// # Errors
    /// Why a version cannot be looked into, where it may have been the one that matches.
    pub fn matches_any(
        &self,
        key: &[u8],
        versions: impl IntoIterator<Item = Result<Value, Unseen>>,
    ) -> Result<bool, Unseen> {
        let mut unseen = None;
        for version in versions {
            match version {
                Ok(object) if self.matches_object(&object) => return Ok(true),
                Ok(_) => {}
                // What no API server wrote has neither labels nor fields.
                Err(Unseen::NotAnObject(_)) if StorageKey::parse(key).resource.is_empty() => {}
                Err(why) => unseen = Some(why),
            }
        }
        unseen.map_or(Ok(false), Err)
    }

    /// The objects of the live keys that were found, as far as they are meant; of one that is not seen, why, as it may be.
    pub fn objects<'n, 'a: 'n>(
        &'n self,
        newest: &'n Newest<'a>,
        opener: &'n dyn Opener,
        view: View,
    ) -> impl Iterator<Item = (Record<'a>, Result<Object, Unseen>)> {
        let live = newest.live().map(|found| found.record).filter(|record| self.matches(record.kv.key));
        let read = move |record: Record<'a>| {
            let kv = &record.kv;
            (record, Object::read(opener, kv.key, kv.value, kv.mod_revision, view))
        };
        live.map(read).filter(|(_, object)| match object {
            Ok(object) => !self.looks_inside() || self.matches_object(object.shown()),
            Err(_) => true,
        })
    }

    /// What was named one by one and is not among the keys that are there.
    pub fn missing<'k>(&self, there: impl Iterator<Item = &'k [u8]>) -> Vec<&Target> {
        let mut missing: Vec<&Target> = self.targets.iter().filter(|target| target.is_single()).collect();
        for key in there {
            if missing.is_empty() {
                break;
            }
            missing.retain(|target| !target.matches(key, &self.namespaces));
        }
        missing
    }

    /// The one key or object that is asked for; none for a selection.
    #[must_use]
    pub fn single(&self) -> Option<&Target> {
        let is_plain =
            self.resources.is_empty() && self.globs.is_empty() && self.prefix.is_empty() && !self.looks_inside();
        match &self.targets[..] {
            [one] if one.is_single() && is_plain => Some(one),
            _ => None,
        }
    }

    /// The namespaces that were added.
    #[must_use]
    pub fn namespaces(&self) -> &[Vec<u8>] {
        &self.namespaces
    }

    /// Whether nothing narrows it down.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        let Self { targets, prefix, resources, namespaces, globs, .. } = self;
        targets.is_empty()
            && prefix.is_empty()
            && resources.is_empty()
            && namespaces.is_empty()
            && globs.is_empty()
            && !self.looks_inside()
    }
}

#[cfg(test)]
mod tests;
