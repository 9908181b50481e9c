//! Watches: the history of a backup, replayed from a revision to its end, then silence.

use std::sync::Arc;
use std::time::Duration;

use lens::Version;
use serde_json::{Value, json};

use crate::accept::Form;
use crate::field::put;
use crate::list::{Include, Look};
use crate::path::{Query, Target};
use crate::select::Selector;
use crate::shown::{Hidden, show};
use crate::status::Status;
use crate::table::Table;
use crate::world::{Resource, World};

/// A watch that no client has ended by then ends.
const LONGEST: Duration = Duration::from_secs(3600);
/// What a client of streaming lists waits for.
const INITIAL_END: &str = "k8s.io/initial-events-end";

/// A watch, ready to run.
pub(crate) struct Watch {
    world: Arc<World>,
    resource: Resource,
    namespace: Option<String>,
    selector: Selector,
    form: Form,
    include: Include,
    /// The revision behind which it begins; none for what is there, first.
    after: Option<i64>,
    bookmarks: bool,
    /// Whether the end of what is there is to be told.
    initial_end: bool,
    /// How long it stays open.
    pub(crate) lasts: Duration,
}

/// Takes an event; says whether anybody still listens.
pub(crate) type Sink<'s> = &'s mut dyn FnMut(Vec<u8>) -> bool;

impl Watch {
    /// As a query asks for.
    ///
    /// # Errors
    /// What cannot be understood, and revisions that are not written yet.
    pub(crate) fn of(
        world: Arc<World>,
        resource: &Resource,
        target: &Target,
        form: Form,
        query: &Query,
    ) -> Result<Self, Status> {
        let selector = Selector::of(resource, query)?.named(target.name.as_deref());
        let asked = query.number("resourceVersion")?.filter(|asked| *asked > 0);
        let current = world.source.index.current();
        if let Some(asked) = asked.filter(|asked| *asked > current) {
            return Err(Status::too_new(asked, current));
        }
        let initial = query.is_true("sendInitialEvents");
        let lasts = query.number("timeoutSeconds")?.and_then(|seconds| u64::try_from(seconds).ok());
        Ok(Self {
            resource: resource.clone(),
            namespace: target.namespace.clone(),
            selector,
            form,
            include: Include::of(query),
            after: asked.filter(|_| !initial),
            bookmarks: query.is_true("allowWatchBookmarks"),
            initial_end: initial,
            lasts: lasts.filter(|seconds| *seconds > 0).map_or(LONGEST, Duration::from_secs).min(LONGEST),
            world,
        })
    }

    /// What a client should say besides.
    pub(crate) fn warnings(&self) -> Vec<String> {
        self.world.source.faults()
    }

    /// Sends all events that there are.
    pub(crate) fn run(&self, sink: Sink<'_>) {
        let _ = self.events(sink);
    }

    /// None where nobody listens any more.
    fn events(&self, sink: Sink<'_>) -> Option<()> {
        let index = &self.world.source.index;
        if let Some(asked) = self.after
            && asked < index.compacted()
        {
            let gone = json!({"type": "ERROR", "object": Status::expired(asked, index.compacted()).json()});
            return sent(sink, &gone);
        }
        let mut head = true;
        if self.after.is_none() {
            for version in self.world.objects(&self.resource, self.namespace.as_deref(), None) {
                let object = self.shown(&version);
                if self.selector.matches(&object) {
                    self.event(sink, "ADDED", object, &mut head)?;
                }
            }
        }
        if self.initial_end {
            let annotated = json!({"resourceVersion": self.world.at.to_string(), "annotations": {INITIAL_END: "true"}});
            self.bookmark(sink, annotated)?;
        }
        for version in index.between(self.after.unwrap_or(self.world.at), index.current()) {
            if self.resource.holds(version.key, self.namespace.as_deref()) {
                self.change(sink, &version, &mut head)?;
            }
        }
        if self.bookmarks {
            self.bookmark(sink, json!({"resourceVersion": index.current().to_string()}))?;
        }
        Some(())
    }

    /// What a revision did to what is selected.
    fn change(&self, sink: Sink<'_>, version: &Version<'static>, head: &mut bool) -> Option<()> {
        let now = (!version.tombstone).then(|| self.shown(version)).filter(|object| self.selector.matches(object));
        // nothing of what was there before needs to be decoded where everything is selected and it is still there
        if let (Some(now), true) = (&now, self.selector.is_empty()) {
            let kind = if self.before(version).is_some() { "MODIFIED" } else { "ADDED" };
            return self.event(sink, kind, now.clone(), head);
        }
        let before = self.before(version).map(|before| self.shown(&before));
        let before = before.filter(|object| self.selector.matches(object));
        match (before, now) {
            (None, None) => Some(()),
            (None, Some(now)) => self.event(sink, "ADDED", now, head),
            (Some(_), Some(now)) => self.event(sink, "MODIFIED", now, head),
            (Some(mut gone), None) => {
                if let Some(metadata) = gone.get_mut("metadata") {
                    put(metadata, "resourceVersion", version.revision.to_string());
                }
                self.event(sink, "DELETED", gone, head)
            }
        }
    }

    fn before(&self, version: &Version<'static>) -> Option<Version<'static>> {
        self.world.source.index.get(version.key, version.revision.checked_sub(1)?)
    }

    fn shown(&self, version: &Version<'_>) -> Value {
        show(&self.world, &self.resource, version, &mut Hidden::default())
    }

    fn event(&self, sink: Sink<'_>, kind: &str, object: Value, head: &mut bool) -> Option<()> {
        let look = Look { world: &self.world, resource: &self.resource, form: self.form, include: self.include };
        let object = look.one(object, std::mem::take(head));
        sent(sink, &json!({"type": kind, "object": object}))
    }

    fn bookmark(&self, sink: Sink<'_>, metadata: Value) -> Option<()> {
        let object = match self.form {
            Form::Table(version) => {
                let columns = Table::of(&self.world, &self.resource).columns();
                json!({"kind": "Table", "apiVersion": format!("meta.k8s.io/{version}"), "metadata": metadata,
                    "columnDefinitions": columns, "rows": []})
            }
            Form::Metadata(version) => {
                json!({"kind": "PartialObjectMetadata", "apiVersion": format!("meta.k8s.io/{version}"), "metadata": metadata})
            }
            _ => json!({"kind": self.resource.kind, "apiVersion": self.resource.api_version(), "metadata": metadata}),
        };
        sent(sink, &json!({"type": "BOOKMARK", "object": object}))
    }
}

fn sent(sink: Sink<'_>, event: &Value) -> Option<()> {
    let mut line = serde_json::to_vec(event).unwrap_or_default();
    line.push(b'\n');
    sink(line).then_some(())
}

#[cfg(test)]
mod tests;
