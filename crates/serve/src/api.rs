//! From a request to an answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hyper::Method;
use serde_json::json;

use crate::accept::{self, Form};
use crate::answer::Answer;
use crate::discovery;
use crate::dry_run;
use crate::list::{Look, get, list};
use crate::openapi;
use crate::path::{self, Query, Route, Target};
use crate::request::Request;
use crate::review::{self, Rbac};
use crate::source::Source;
use crate::status::Status;
use crate::watch::Watch;
use crate::world::{Showing, World};

/// Worlds that are kept; the least lately asked for goes first.
const WORLDS: usize = 8;

/// A backup at a revision, and what is asked of it.
type Asked<'s> = (Arc<World>, &'s [String]);

/// What a request is answered with.
pub(crate) enum Reply {
    /// An answer that is there.
    Whole(Answer),
    /// Events, as they come.
    Watch(Box<Watch>),
}

/// All that is served.
pub(crate) struct Api {
    sources: Vec<&'static Source>,
    showing: Showing,
    worlds: Mutex<Vec<Kept>>,
}

/// A world, and who could do what there, once that was asked.
#[derive(Clone)]
struct Kept(Arc<World>, Arc<OnceLock<Rbac>>);

impl Api {
    /// Of backups.
    pub(crate) fn new(sources: Vec<&'static Source>, showing: Showing) -> Self {
        Self { sources, showing, worlds: Mutex::default() }
    }

    /// The answer to a request.
    pub(crate) fn answer(&self, request: &Request) -> Reply {
        self.answered(request).unwrap_or_else(|status| Reply::Whole(status.into()))
    }

    fn answered(&self, request: &Request) -> Result<Reply, Status> {
        let Some(segments) = path::segments(&request.path) else { return Ok(Reply::Whole(nobodys())) };
        let Some((world, rest)) = self.context(&segments)? else { return Ok(Reply::Whole(nobodys())) };
        let (source, route) = (world.source, Route::of(rest));
        let is_of_objects = matches!(route, Route::Objects(_));
        let reply = self.asked(world, rest, route, request);
        let mut reply = reply.unwrap_or_else(|status| Reply::Whole(status.into()));
        if let (Reply::Whole(answer), true) = (&mut reply, is_of_objects) {
            answer.warnings.extend(source.faults());
        }
        Ok(reply)
    }

    /// What is asked of a backup at a revision.
    fn asked(&self, world: Arc<World>, rest: &[String], route: Route, request: &Request) -> Result<Reply, Status> {
        let query = Query::read(&request.query)?;
        if let ([openapi, words @ ..], &Method::GET) = (rest, &request.method)
            && openapi == "openapi"
        {
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let accept = request.accept.as_deref().unwrap_or_default();
            return Ok(Reply::Whole(openapi::answer(&world, &words, accept).unwrap_or_else(nobodys)));
        }
        let form = accept::form(request.accept.as_deref()).ok_or_else(Status::not_acceptable)?;
        if let (&Method::POST, Route::Objects(target)) = (&request.method, &route)
            && review::is_review(target)
        {
            let rbac = self.rbac(&world);
            return review::answer(rbac.get_or_init(|| Rbac::of(&world)), target, request).map(Reply::Whole);
        }
        if let Route::Objects(target) = &route
            && dry_run::is_one(request, target, &query)
            && let Some(resource) = world.resource(&target.group, &target.version, &target.resource)
        {
            let look = Look::of(&world, resource, form, &query);
            return dry_run::answer(&look, target, request).map(Reply::Whole);
        }
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return Err(self.not_read(&world, &route));
        }
        if let Route::Objects(target) = &route
            && query.is_true("watch")
        {
            return watch(world, target, form, &query);
        }
        let whole = |form| matches!(form, Form::Whole | Form::Discovery(_));
        let answer = match (route, form) {
            (Route::Root { core }, Form::Discovery(form)) => Ok(discovery::aggregated(&world, core, form)),
            (Route::Root { core }, _) => Ok(discovery::root(&world, core)),
            (Route::Group(group), _) => discovery::group(&world, &group),
            (Route::Version { group, version }, _) => {
                Ok(discovery::version(&world, &group, &version).unwrap_or_else(nobodys))
            }
            (Route::Objects(target), form) => self.objects(world, &target, form, &query),
            (Route::Other(words), form) if whole(form) => {
                Ok(self.other(&world, &words, &query).unwrap_or_else(nobodys))
            }
            (Route::Other(_), _) => Ok(nobodys()),
        };
        answer.map(Reply::Whole)
    }

    /// The backup and the revision that a path begins with, and what is asked of it.
    fn context<'s>(&self, segments: &'s [String]) -> Result<Option<Asked<'s>>, Status> {
        let Some((id, rest)) = segments.split_first() else { return Ok(None) };
        let Some(source) = self.sources.iter().find(|source| source.id == *id) else { return Ok(None) };
        let (at, rest) = match rest {
            [rev, at, rest @ ..] if rev == "rev" => {
                let Ok(at) = at.parse::<i64>() else { return Ok(None) };
                (at, rest)
            }
            rest => (source.index.current(), rest),
        };
        Ok(Some((self.world(source, at)?, rest)))
    }

    /// A backup at a revision: kept, since clients come back.
    fn world(&self, source: &'static Source, at: i64) -> Result<Arc<World>, Status> {
        if at > source.index.current() {
            return Err(Status::too_new(at, source.index.current()));
        }
        if at < source.index.compacted().max(1) {
            return Err(Status::expired(at, source.index.compacted()));
        }
        let is_it = |Kept(world, _): &Kept| std::ptr::eq(world.source, source) && world.at == at;
        let mut worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        let known = worlds.iter().position(is_it).map(|place| worlds.remove(place));
        let made = || Kept(Arc::new(World::new(source, at, self.showing)), Arc::default());
        let kept = known.unwrap_or_else(made);
        worlds.insert(0, kept.clone());
        worlds.truncate(WORLDS);
        Ok(kept.0)
    }

    /// Who could do what in a world, read when it is first asked.
    fn rbac(&self, world: &Arc<World>) -> Arc<OnceLock<Rbac>> {
        let worlds = self.worlds.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = worlds.iter().find(|Kept(other, _)| Arc::ptr_eq(other, world));
        kept.map(|Kept(_, rbac)| Arc::clone(rbac)).unwrap_or_default()
    }

    fn objects(&self, world: Arc<World>, target: &Target, form: Form, query: &Query) -> Result<Answer, Status> {
        let world = self.at_asked_revision(world, target, query)?;
        let Target { group, version, resource, namespace, name, subresource } = target;
        if (group.as_str(), resource.as_str(), name.as_deref()) == ("user.openshift.io", "users", Some("~")) {
            return Ok(review::whoami());
        }
        let resource = world.resource(group, version, resource).ok_or_else(Status::no_resource)?;
        let form = if matches!(form, Form::Discovery(_)) { Form::Whole } else { form };
        let look = Look::of(&world, resource, form, query);
        if let Some(subresource) = subresource {
            return self.subresource(&look, namespace.as_deref(), name.as_deref().unwrap_or_default(), subresource);
        }
        match name {
            Some(name) if resource.namespaced == namespace.is_some() => get(&look, namespace.as_deref(), name),
            Some(_) => Err(Status::no_resource()),
            None if namespace.is_some() && !resource.namespaced => Err(Status::no_resource()),
            None => list(&look, namespace.as_deref(), query),
        }
    }

    /// What `resourceVersion` asks for: exactly that one, or that it is there.
    fn at_asked_revision(&self, world: Arc<World>, target: &Target, query: &Query) -> Result<Arc<World>, Status> {
        let Some(asked) = query.get("resourceVersion").filter(|asked| *asked != "0") else { return Ok(world) };
        let wrong = |_| Status::bad_request(format!("invalid resource version \"{asked}\""));
        let asked: i64 = asked.parse().map_err(wrong)?;
        if asked > world.at {
            return Err(Status::too_new(asked, world.at));
        }
        let exact = query.get("resourceVersionMatch") == Some("Exact") && target.name.is_none();
        if exact { self.world(world.source, asked) } else { Ok(world) }
    }

    fn subresource(
        &self,
        look: &Look<'_>,
        namespace: Option<&str>,
        name: &str,
        subresource: &str,
    ) -> Result<Answer, Status> {
        match subresource {
            "status" => get(look, namespace, name),
            "log" | "attach" | "exec" | "portforward" | "proxy" => {
                Err(Status::not_held("a backup of etcd holds no logs and runs nothing"))
            }
            _ if subresource.starts_with("proxy/") => {
                Err(Status::not_held("a backup of etcd holds no logs and runs nothing"))
            }
            _ => Err(Status::no_resource()),
        }
    }

    /// What is neither GET nor HEAD.
    fn not_read(&self, world: &World, route: &Route) -> Status {
        let Route::Objects(target) = route else { return Status::read_only(world.at) };
        match world.resource(&target.group, &target.version, &target.resource) {
            None => Status::no_resource(),
            Some(_) => Status::read_only(world.at),
        }
    }

    fn other(&self, world: &World, words: &[String], query: &Query) -> Option<Answer> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Some(match words.as_slice() {
            [] => {
                let paths: Vec<String> = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/readyz", "/version"]
                    .iter()
                    .map(|path| (*path).to_owned())
                    .chain(
                        world
                            .groups
                            .iter()
                            .filter(|(group, _)| !group.is_empty())
                            .map(|(group, _)| format!("/apis/{group}")),
                    )
                    .collect();
                Answer::json(200, &json!({"paths": paths}))
            }
            ["version"] => Answer::json(200, &version(world, self.showing.reveal)),
            [check @ ("healthz" | "livez" | "readyz")] if query.has("verbose") => {
                Answer::text(200, &format!("{}{check} check passed\n", world.source.checks()))
            }
            ["healthz" | "livez" | "readyz", ..] => Answer::text(200, "ok"),
            _ => return None,
        })
    }
}

fn watch(world: Arc<World>, target: &Target, form: Form, query: &Query) -> Result<Reply, Status> {
    let resource = world.resource(&target.group, &target.version, &target.resource).cloned();
    let resource = resource.filter(|_| target.subresource.is_none()).ok_or_else(Status::no_resource)?;
    if target.namespace.is_some() && !resource.namespaced {
        return Err(Status::no_resource());
    }
    let form = if matches!(form, Form::Discovery(_)) { Form::Whole } else { form };
    Ok(Reply::Watch(Box::new(Watch::of(world, &resource, target, form, query)?)))
}

fn nobodys() -> Answer {
    Answer::text(404, "404 page not found\n")
}

/// `/version`: the release of the cluster, as far as the backup tells it.
fn version(world: &World, reveal: bool) -> serde_json::Value {
    let minor = world.minor.map_or_else(|| "0".to_owned(), |minor| minor.to_string());
    let revealed = if reveal { ".revealed" } else { "" };
    let proven = world.source.proof().suffix();
    let fields = BTreeMap::from([
        ("major", "1".to_owned()),
        ("gitVersion", format!("v1.{minor}.0+assay-backup{revealed}{proven}")),
        ("minor", minor),
        ("gitCommit", String::new()),
        ("gitTreeState", "archive".to_owned()),
        ("buildDate", "1970-01-01T00:00:00Z".to_owned()),
        ("goVersion", String::new()),
        ("compiler", String::new()),
        ("platform", String::new()),
    ]);
    json!(fields)
}
