//! Objects, one or many, whole, as rows, or their metadata alone.

use assay::Pool;
use assay::parts::bbolt_page::Spread as _;
use lens::{Version, View};
use serde_json::{Value, json};

use crate::accept::Form;
use crate::answer::{Answer, JSON};
use crate::field::put;
use crate::page;
use crate::path::Query;
use crate::select::Selector;
use crate::shown::{Hidden, show, show_in};
use crate::status::Status;
use crate::table::Table;
use crate::world::{Resource, World};

/// How rows carry their objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Include {
    /// Metadata alone.
    Metadata,
    /// The whole object.
    Object,
    /// Nothing.
    None,
}

impl Include {
    /// What a query asks for.
    pub(crate) fn of(query: &Query) -> Self {
        match query.get("includeObject") {
            Some("Object") => Self::Object,
            Some("None") => Self::None,
            _ => Self::Metadata,
        }
    }
}

/// The form of single objects in an answer.
pub(crate) struct Look<'w> {
    /// The backup.
    pub(crate) world: &'w World,
    /// What they are of.
    pub(crate) resource: &'w Resource,
    /// The form that was asked for.
    pub(crate) form: Form,
    /// What rows carry.
    pub(crate) include: Include,
}

impl<'w> Look<'w> {
    /// As a query and an `Accept` ask for.
    pub(crate) fn of(world: &'w World, resource: &'w Resource, form: Form, query: &Query) -> Self {
        Self { world, resource, form, include: Include::of(query) }
    }

    /// A whole answer of one object: also what an event of a watch holds. `head` is whether a table says its columns.
    pub(crate) fn one(&self, mut object: Value, head: bool) -> Value {
        match self.form {
            Form::Table(version) => {
                let table = Table::of(self.world, self.resource);
                let revision = object.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
                let row = table.row(&object, self.row_object(&object, version));
                let mut answer = json!({"kind": "Table", "apiVersion": format!("meta.k8s.io/{version}"),
                    "metadata": {"resourceVersion": revision}});
                put(&mut answer, "columnDefinitions", if head { table.columns() } else { Value::Null });
                put(&mut answer, "rows", json!([row]));
                answer
            }
            Form::Metadata(version) => partial(&object, version),
            _ => {
                if object.get("kind").is_none() {
                    put(&mut object, "kind", json!(self.resource.kind));
                }
                object
            }
        }
    }

    fn row_object(&self, object: &Value, version: &str) -> Option<Value> {
        match self.include {
            Include::Metadata => {
                let mut partial = partial(object, version);
                if let Some(metadata) = partial.get_mut("metadata").and_then(Value::as_object_mut) {
                    metadata.remove("managedFields");
                }
                Some(partial)
            }
            Include::Object => Some(object.clone()),
            Include::None => None,
        }
    }
}

fn partial(object: &Value, version: &str) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": format!("meta.k8s.io/{version}"), "metadata": object.get("metadata")})
}

/// One object.
pub(crate) fn get(look: &Look<'_>, namespace: Option<&str>, name: &str) -> Result<Answer, Status> {
    let missing = || Status::not_found(&look.resource.name, &look.resource.group, name);
    let version = look.world.object(look.resource, namespace, name).ok_or_else(missing)?;
    let mut hidden = Hidden::default();
    let object = show(look.world, look.resource, &version, &mut hidden);
    let answer = Answer::json(200, &look.one(object, true));
    Ok(Answer { warnings: hidden.warnings(), ..answer })
}

/// A list, or a page of one.
pub(crate) fn list(look: &Look<'_>, namespace: Option<&str>, query: &Query) -> Result<Answer, Status> {
    let selector = Selector::of(look.resource, query)?;
    let limit = query.number("limit")?.filter(|limit| *limit > 0).and_then(|limit| usize::try_from(limit).ok());
    let after =
        query.get("continue").map(|text| page::after(look.world, look.resource, namespace, text)).transpose()?;
    let table = matches!(look.form, Form::Table(_)).then(|| Table::of(look.world, look.resource));
    // rows do not have managedFields, which are a third of an object and more
    let managed_fields = table.is_none() || look.include == Include::Object;
    let view = View { managed_fields, ..look.world.view };
    let mut page = Page { look, selector: &selector, view, table, out: Vec::new(), many: 0, hidden: Hidden::default() };
    let mut versions: Box<dyn Iterator<Item = Version<'static>>> = match look.resource.name.as_str() {
        // a page goes on behind a key, and so has the order of keys
        "flowschemas" if page.table.is_some() && after.is_none() && limit.is_none_or(|limit| fits(look, limit)) => {
            Box::new(by_precedence(look).into_iter())
        }
        _ => Box::new(look.world.objects(look.resource, namespace, after)),
    };
    let mut last = None;
    loop {
        let room = limit.map_or(BATCH, |limit| (limit - page.many).min(BATCH));
        let batch: Vec<Version<'static>> = versions.by_ref().take(room).collect();
        let Some(end) = batch.last() else { break };
        last = Some(*end);
        page.add_all(&batch);
    }
    let rest = versions.next().map_or(0, |_| 1);
    let mut metadata = json!({"resourceVersion": look.world.at.to_string()});
    if let Some(last) = last.filter(|_| rest > 0) {
        put(&mut metadata, "continue", json!(page::next(look.world, last.key)));
        if selector.is_empty() {
            put(&mut metadata, "remainingItemCount", json!(rest + versions.count() as u64));
        }
    }
    Ok(page.finish(&metadata))
}

/// Whether all objects of a resource are in one page.
fn fits(look: &Look<'_>, limit: usize) -> bool {
    look.world.objects(look.resource, None, None).nth(limit).is_none()
}

/// FlowSchemas in the order in which they are tried: the one table that is not in the order of keys.
fn by_precedence(look: &Look<'_>) -> Vec<Version<'static>> {
    let all = look.world.objects(look.resource, None, None);
    let mut all: Vec<(i64, Version<'static>)> = all
        .map(|version| {
            let object = show(look.world, look.resource, &version, &mut Hidden::default());
            (object.pointer("/spec/matchingPrecedence").and_then(Value::as_i64).unwrap_or(0), version)
        })
        .collect();
    all.sort_by_key(|(precedence, version)| (*precedence, version.key));
    all.into_iter().map(|(_, version)| version).collect()
}

/// Versions that are worked on before the next are looked for, and those that one thread takes at a time.
const BATCH: usize = 2048;
const PIECE: usize = 32;

struct Page<'l, 'w> {
    look: &'l Look<'w>,
    selector: &'l Selector,
    view: View,
    table: Option<Table<'w>>,
    /// Items, each behind a comma but for the first.
    out: Vec<u8>,
    many: usize,
    hidden: Hidden,
}

/// What came of some versions.
#[derive(Default)]
struct Items {
    /// Each with a comma before it.
    bytes: Vec<u8>,
    many: usize,
    hidden: Hidden,
}

impl Page<'_, '_> {
    /// Adds what is selected of some versions, in their order, whichever thread works on which.
    fn add_all(&mut self, versions: &[Version<'static>]) {
        let pieces: Vec<&[Version<'static>]> = versions.chunks(PIECE).collect();
        let (mut out, mut many, mut hidden) = (std::mem::take(&mut self.out), self.many, self.hidden);
        let work = |at: usize| {
            let mut items = Items::default();
            pieces.get(at).copied().unwrap_or_default().iter().for_each(|version| self.add(version, &mut items));
            items
        };
        Pool.map_fold(pieces.len(), work, |items| {
            out.extend_from_slice(if many == 0 { items.bytes.get(1..).unwrap_or_default() } else { &items.bytes });
            many += items.many;
            hidden.masked += items.hidden.masked;
            hidden.unreadable += items.hidden.unreadable;
        });
        (self.out, self.many, self.hidden) = (out, many, hidden);
    }

    fn add(&self, version: &Version<'_>, items: &mut Items) {
        let mut hidden = Hidden::default();
        let mut object = show_in(self.view, self.look.world, self.look.resource, version, &mut hidden);
        if !self.selector.matches(&object) {
            return;
        }
        items.hidden.masked += hidden.masked;
        items.hidden.unreadable += hidden.unreadable;
        let item = match (&self.table, self.look.form) {
            (Some(table), Form::Table(version)) => table.row(&object, self.look.row_object(&object, version)),
            (_, Form::Metadata(version)) => partial(&object, version),
            _ => {
                // as the API has it: the list says the kind of its items, but for custom ones
                if self.look.resource.definition.is_none()
                    && let Some(object) = object.as_object_mut()
                {
                    object.remove("kind");
                    object.remove("apiVersion");
                }
                object
            }
        };
        items.bytes.push(b',');
        items.many += 1;
        let _ = serde_json::to_writer(&mut items.bytes, &item);
    }

    fn finish(self, metadata: &Value) -> Answer {
        let resource = self.look.resource;
        let (kind, api_version, list, columns) = match (self.look.form, &self.table) {
            (Form::Table(version), Some(table)) => {
                ("Table".to_owned(), format!("meta.k8s.io/{version}"), "rows", Some(table.columns()))
            }
            (Form::Metadata(version), _) => {
                ("PartialObjectMetadataList".to_owned(), format!("meta.k8s.io/{version}"), "items", None)
            }
            _ => (format!("{}List", resource.kind), resource.api_version(), "items", None),
        };
        let text = |value: &str| Value::from(value).to_string();
        let mut body =
            format!("{{\"kind\":{},\"apiVersion\":{},\"metadata\":{metadata},", text(&kind), text(&api_version));
        if let Some(columns) = columns {
            body.push_str(&format!("\"columnDefinitions\":{columns},"));
        }
        body.push_str(&format!("\"{list}\":["));
        let mut body = body.into_bytes();
        body.extend(self.out);
        body.extend(b"]}\n");
        Answer { warnings: self.hidden.warnings(), ..Answer::of(200, JSON, body) }
    }
}
