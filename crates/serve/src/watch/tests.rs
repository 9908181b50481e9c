use std::collections::BTreeMap;

use artifact::Reading;
use assay::Question;
use jiff::Timestamp;

use super::*;
use crate::source::Source;
use crate::world::Showing;

const SHOWING: Showing = Showing { reveal: false, ages_to_now: false };

fn source(name: &str) -> &'static Source {
    let question = Question::at(Timestamp::UNIX_EPOCH);
    let opened = Source::open(&fixtures::named(name).snapshot(), &Reading::default(), &question);
    Box::leak(Box::new(opened.unwrap_or_else(|error| panic!("{error}"))))
}

/// Events as a client reads them.
fn events(world: &Arc<World>, resource: &Resource, query: &str, form: Form) -> Vec<Value> {
    let target = Target { resource: resource.name.clone(), ..Target::default() };
    let query = Query::read(query).unwrap_or_else(|status| panic!("{status:?}"));
    let watch =
        Watch::of(Arc::clone(world), resource, &target, form, &query).unwrap_or_else(|status| panic!("{status:?}"));
    let mut lines = Vec::new();
    watch.run(&mut |line| {
        assert!(line.ends_with(b"\n"));
        lines.push(serde_json::from_slice(&line).unwrap());
        true
    });
    lines
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Names of objects with their revisions.
type State = BTreeMap<String, String>;

fn name(object: &Value) -> String {
    format!("{}/{}", text(object, "/metadata/namespace"), text(object, "/metadata/name"))
}

fn listed(world: &World, resource: &Resource, query: &str) -> State {
    let query = Query::read(query).unwrap_or_else(|status| panic!("{status:?}"));
    let selector = Selector::of(resource, &query).unwrap_or_else(|status| panic!("{status:?}"));
    let versions = world.objects(resource, None, None);
    let objects = versions.map(|version| show(world, resource, &version, &mut Hidden::default()));
    let meant = objects.filter(|object| selector.matches(object));
    meant.map(|object| (name(&object), text(&object, "/metadata/resourceVersion").to_owned())).collect()
}

/// Plays events on a state; each must fit it.
fn folded(mut state: State, events: &[Value]) -> State {
    let mut last = 0;
    for event in events {
        let (object, kind) = (&event["object"], text(event, "/type"));
        let revision = text(object, "/metadata/resourceVersion").to_owned();
        let number: i64 = revision.parse().unwrap();
        assert!(number >= last, "{number} behind {last}");
        last = number;
        let before = match kind {
            "DELETED" => state.remove(&name(object)),
            _ => state.insert(name(object), revision),
        };
        assert_eq!(before.is_some(), kind != "ADDED", "{kind} {}", name(object));
    }
    state
}

/// From any revision on, what is listed there and all that a watch sends make what is listed at the end.
#[test]
fn campaign_what_is_replayed_leads_from_any_list_to_the_last() {
    let mut changes = 0;
    for fixture in ["plain-etcd34", "plain-etcd36"] {
        let source = source(fixture);
        let end = Arc::new(World::new(source, source.index.current(), SHOWING));
        let step = fixtures::rounds(41, 1);
        for (group, version, plural, selection) in [
            ("", "v1", "pods", ""),
            ("", "v1", "pods", "fieldSelector=status.phase%3DRunning"),
            ("", "v1", "pods", "labelSelector=app%3Dweb-2"),
            ("", "v1", "nodes", "fieldSelector=spec.unschedulable%3Dtrue"),
            ("apps", "v1", "deployments", ""),
        ] {
            let resource = end.resource(group, version, plural).unwrap();
            let last = listed(&end, resource, selection);
            let first = source.index.compacted().max(1);
            for at in (first..=source.index.current()).step_by(step) {
                let world = Arc::new(World::new(source, at, SHOWING));
                let events = events(&world, resource, &format!("resourceVersion={at}&{selection}"), Form::Whole);
                changes += events.len();
                assert_eq!(
                    folded(listed(&world, resource, selection), &events),
                    last,
                    "{plural} {selection} from {at}"
                );
            }
        }
    }
    assert!(changes > 1000, "{changes}");
}

#[test]
fn what_is_there_comes_first_where_no_revision_is_named() {
    let source = source("plain-etcd34");
    let world = Arc::new(World::new(source, source.index.current(), SHOWING));
    let nodes = world.resource("", "v1", "nodes").unwrap();
    let query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan";
    let said = events(&world, nodes, query, Form::Whole);
    assert_eq!(said.len(), 8);
    assert!(said[..6].iter().all(|event| event["type"] == "ADDED"));
    assert_eq!(said[6]["object"]["metadata"]["annotations"][INITIAL_END], "true");
    assert_eq!(
        (&said[7]["type"], &said[7]["object"]["metadata"]["resourceVersion"]),
        (&json!("BOOKMARK"), &json!("1289"))
    );

    let rows = events(&world, nodes, "", Form::Table("v1"));
    assert_eq!(rows.len(), 6);
    let columns: Vec<bool> = rows.iter().map(|row| row["object"]["columnDefinitions"].is_array()).collect();
    assert_eq!(columns, [true, false, false, false, false, false]);
    assert_eq!(rows[0]["object"]["rows"][0]["cells"][0], "master-0");
}

#[test]
fn a_listener_that_leaves_ends_it() {
    let source = source("plain-etcd34");
    let world = Arc::new(World::new(source, source.index.current(), SHOWING));
    let nodes = world.resource("", "v1", "nodes").unwrap();
    let query = Query::read("").unwrap_or_else(|status| panic!("{status:?}"));
    let watch = Watch::of(Arc::clone(&world), nodes, &Target::default(), Form::Whole, &query);
    let mut many = 0;
    watch.unwrap_or_else(|status| panic!("{status:?}")).run(&mut |_| {
        many += 1;
        many < 2
    });
    assert_eq!(many, 2);
}

#[test]
fn what_is_not_held_is_told() {
    let source = source("peer-35");
    assert!(source.index.compacted() > 1);
    let world = Arc::new(World::new(source, source.index.current(), SHOWING));
    let nodes = world.resource("", "v1", "nodes").unwrap();
    let said = events(&world, nodes, "resourceVersion=1", Form::Whole);
    assert_eq!((said.len(), &said[0]["type"], &said[0]["object"]["code"]), (1, &json!("ERROR"), &json!(410)));
    let query = Query::read("resourceVersion=99999999").unwrap_or_else(|status| panic!("{status:?}"));
    let refused = Watch::of(Arc::clone(&world), nodes, &Target::default(), Form::Whole, &query).err();
    assert_eq!(refused.unwrap().json()["code"], 504);
}
