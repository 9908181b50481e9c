//! Rust's client, with its types and without.

use futures::{StreamExt as _, TryStreamExt as _};
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use k8s_openapi::api::core::v1::{Node, Pod, Secret};
use kube::api::{DeleteParams, ListParams, PostParams, WatchEvent, WatchParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::DynamicObject;
use kube::discovery::{Discovery, Scope};
use kube::runtime::watcher::{self, watcher};
use kube::{Api, Client, Config, ResourceExt as _};

use crate::served::Served;

async fn client(served: &Served, context: &str) -> Client {
    let kubeconfig = Kubeconfig::read_from(served.kubeconfig()).unwrap();
    let options = KubeConfigOptions { context: Some(context.to_owned()), ..KubeConfigOptions::default() };
    Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap()
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test);
}

#[test]
fn typed_objects_are_listed_in_pages_and_read() {
    let served = Served::fixture("plain-etcd34", &[]);
    run(async {
        let client = client(&served, "backup").await;
        let version = client.apiserver_version().await.unwrap();
        assert!(version.git_version.ends_with("+assay-backup"), "{}", version.git_version);
        let pods: Api<Pod> = Api::all(client.clone());
        let all = pods.list(&ListParams::default()).await.unwrap();
        assert_eq!((all.items.len(), all.metadata.resource_version.as_deref()), (84, Some("1289")));
        let (mut paged, mut page) = (Vec::new(), ListParams::default().limit(30));
        loop {
            let list = pods.list(&page).await.unwrap();
            let next = list.metadata.continue_.clone().filter(|next| !next.is_empty());
            paged.extend(list.items);
            let Some(next) = next else { break };
            page = page.continue_token(&next);
        }
        assert_eq!(paged, all.items);
        let metadata = pods.list_metadata(&ListParams::default().labels("app=web-2")).await.unwrap();
        assert!(!metadata.items.is_empty() && metadata.iter().all(|pod| pod.labels()["app"] == "web-2"));
        let pod = Api::<Pod>::namespaced(client.clone(), "analytics").get("web-2-e382000df-6ccw5").await.unwrap();
        assert_eq!(pod.spec.unwrap().node_name.as_deref(), Some("master-0"));
        let missing = Api::<Pod>::default_namespaced(client.clone()).get_opt("nosuch").await.unwrap();
        assert_eq!(missing, None);
    });
}

/// Masked values have types, too: bytes, as many as there are.
#[test]
fn secrets_are_masked_and_nothing_is_deleted() {
    let served = Served::fixture("plain-etcd34", &[]);
    run(async {
        let client = client(&served, "backup").await;
        let secrets: Api<Secret> = Api::namespaced(client.clone(), "analytics");
        let secret = secrets.get("app-18-credentials").await.unwrap();
        assert_eq!(secret.data.unwrap()["password"].0, b"*".repeat(31));
        let refused = secrets.delete("app-18-credentials", &DeleteParams::default()).await.unwrap_err();
        let kube::Error::Api(status) = refused else { panic!("{refused}") };
        assert_eq!((status.code, &*status.reason), (405, "MethodNotAllowed"));
        let asked = ResourceAttributes {
            verb: Some("list".to_owned()),
            resource: Some("secrets".to_owned()),
            ..ResourceAttributes::default()
        };
        let spec = SelfSubjectAccessReviewSpec { resource_attributes: Some(asked), ..Default::default() };
        let review = SelfSubjectAccessReview { spec, ..SelfSubjectAccessReview::default() };
        let answer = Api::<SelfSubjectAccessReview>::all(client).create(&PostParams::default(), &review).await.unwrap();
        assert!(answer.status.unwrap().allowed);
    });
}

/// Each kind that either form of discovery names can be listed, and both name the same.
#[test]
fn kinds_without_types_are_discovered_and_listed() {
    let served = Served::fixture("plain-etcd34", &[]);
    run(async {
        let client = client(&served, "backup").await;
        let mut told = Vec::new();
        let aggregated = Discovery::new(client.clone()).run_aggregated().await.unwrap();
        let legacy = Discovery::new(client.clone()).run().await.unwrap();
        for discovery in [aggregated, legacy] {
            let (mut objects, mut kinds) = (0, Vec::new());
            for group in discovery.groups() {
                for (resource, capabilities) in group.recommended_resources() {
                    if !capabilities.supports_operation("list") {
                        continue;
                    }
                    let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
                    objects += api.list(&ListParams::default()).await.unwrap().items.len();
                    kinds.push((resource.api_version, resource.kind, capabilities.scope == Scope::Namespaced));
                }
            }
            kinds.sort();
            told.push((kinds, objects));
        }
        assert_eq!(told[0], told[1]);
        let (kinds, objects) = &told[0];
        assert!(kinds.len() > 70 && *objects > 1000, "{} kinds, {objects} objects", kinds.len());
        assert!(kinds.contains(&("config.openshift.io/v1".to_owned(), "ClusterVersion".to_owned(), false)));
    });
}

#[test]
fn history_is_watched() {
    let served = Served::fixture("plain-etcd34", &["--at", "790"]);
    run(async {
        let pods: Api<Pod> = Api::all(client(&served, "backup@790").await);
        let then = pods.list(&ListParams::default()).await.unwrap();
        assert_eq!(then.items.len(), 5);
        let from = then.metadata.resource_version.unwrap();
        let events = pods.watch(&WatchParams::default(), &from).await.unwrap().take(159);
        let events: Vec<WatchEvent<Pod>> = events.try_collect().await.unwrap();
        let many = |is_it: fn(&WatchEvent<Pod>) -> bool| events.iter().filter(|event| is_it(event)).count();
        let added = many(|event| matches!(event, WatchEvent::Added(_)));
        assert_eq!((added, many(|event| matches!(event, WatchEvent::Modified(_)))), (79, 80));
    });
}

/// What controllers watch with: a list and a watch, or one stream that begins with what is there.
#[test]
fn watchers_begin_with_what_is_there() {
    let served = Served::fixture("plain-etcd34", &[]);
    run(async {
        for config in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
            let nodes: Api<Node> = Api::all(client(&served, "backup").await);
            let mut events = std::pin::pin!(watcher(nodes, config));
            let mut names = Vec::new();
            loop {
                match events.next().await.unwrap().unwrap() {
                    watcher::Event::Init => names.clear(),
                    watcher::Event::InitApply(node) => names.push(node.name_any()),
                    watcher::Event::InitDone => break,
                    event => panic!("{event:?}"),
                }
            }
            assert_eq!(names, ["master-0", "master-1", "master-2", "worker-0", "worker-1", "worker-2"]);
        }
    });
}
