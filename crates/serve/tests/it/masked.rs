//! What is secret, and what no key opens, in each form of an answer.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::client::{ask, get, prefix};
use crate::served::Served;

const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io";
const FORMS: [&str; 3] =
    ["application/json", TABLE, "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"];

/// Paths of all lists.
fn lists(served: &Served) -> Vec<String> {
    let mut paths = Vec::new();
    for (root, core) in [("/api", true), ("/apis", false)] {
        let accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
        for group in get(served, root, accept).json()["items"].as_array().unwrap() {
            for version in group["versions"].as_array().unwrap() {
                let of = version["version"].as_str().unwrap();
                let base = if core {
                    format!("/api/{of}")
                } else {
                    format!("/apis/{}/{of}", group["metadata"]["name"].as_str().unwrap())
                };
                for resource in version["resources"].as_array().unwrap() {
                    if resource["verbs"].as_array().unwrap().iter().any(|verb| verb == "list") {
                        paths.push(format!("{base}/{}", resource["resource"].as_str().unwrap()));
                    }
                }
            }
        }
    }
    assert!(paths.len() > 70, "{paths:?}");
    paths
}

/// Secret values as they are stored and as they are in base64: what is long enough to be told from chance.
fn secrets(revealed: &Served) -> BTreeSet<String> {
    let list = get(revealed, "/api/v1/secrets", "application/json").json();
    let mut found = BTreeSet::new();
    for secret in list["items"].as_array().unwrap() {
        for (name, value) in secret["data"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap();
            // a namespace and the cluster's certificate are in every ServiceAccount's
            if value.len() >= 20 && !["namespace", "ca.crt", "service-ca.crt", "username"].contains(&name.as_str()) {
                found.insert(value.to_owned());
                found.extend(String::from_utf8(STANDARD.decode(value).unwrap()).ok());
            }
        }
    }
    found
}

#[test]
fn no_secret_is_in_any_answer() {
    let keys = fixtures::named("aescbc-rotated").tarball();
    let keys = ["--keys", keys.to_str().unwrap()];
    for (fixture, args) in [("plain-etcd34", &[][..]), ("aescbc-rotated", &keys[..])] {
        let revealed = Served::fixture(fixture, &[args, &["--reveal"]].concat());
        let planted = secrets(&revealed);
        assert!(planted.len() > 100, "{fixture}: {}", planted.len());
        let served = Served::fixture(fixture, args);
        let mut bytes = 0;
        for path in lists(&served) {
            for form in FORMS {
                let paths = match (form, path.ends_with("/secrets")) {
                    (TABLE, _) => vec![format!("{path}?includeObject=Object")],
                    ("application/json", true) => vec![path.clone(), format!("{path}?watch=true&timeoutSeconds=1")],
                    _ => vec![path.clone()],
                };
                for path in paths {
                    let answer = get(&served, &path, form);
                    assert_eq!(answer.code, 200, "{path}");
                    bytes += answer.body.len();
                    let body = String::from_utf8(answer.body).unwrap();
                    let leaked = planted.iter().filter(|secret| body.contains(secret.as_str())).count();
                    assert_eq!(leaked, 0, "{fixture} {path} {form}");
                }
            }
        }
        assert!(bytes > 1_000_000, "{bytes}");
    }
}

#[test]
fn a_masked_object_says_so_with_a_key_that_no_cluster_takes() {
    let served = Served::fixture("plain-etcd34", &[]);
    let answer = get(&served, "/api/v1/namespaces/analytics/secrets/app-18-credentials", "application/json");
    assert!(
        answer.headers["warning"].starts_with("299 assay \"secret values of 1 object are masked"),
        "{:?}",
        answer.headers
    );
    let object = answer.json();
    let annotations = object["metadata"]["annotations"].as_object().unwrap();
    let key = annotations.keys().find(|key| key.starts_with("assay")).unwrap();
    let is_valid = |char: char| char.is_ascii_alphanumeric() || "-_./".contains(char);
    assert!(!key.chars().all(is_valid), "{key}");
    for value in object["data"].as_object().unwrap().values() {
        let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
        assert!(!bytes.is_empty() && bytes.iter().all(|byte| *byte == b'*'));
    }
    let open = get(&served, "/api/v1/namespaces/analytics/configmaps", "application/json");
    assert!(!open.headers.contains_key("warning"));
}

#[test]
fn what_no_key_opens_is_there_by_name() {
    let closed = Served::fixture("aescbc-rotated", &[]);
    let keys = fixtures::named("aescbc-rotated").tarball();
    let opened = Served::fixture("aescbc-rotated", &["--keys", keys.to_str().unwrap()]);
    let told = "warning: 333 values cannot be read: encrypted under 6 keys, and none was given\nhint: --keys TARBALL";
    assert!(closed.banner.contains(told), "{}", closed.banner);
    assert!(!opened.banner.contains("warning"), "{}", opened.banner);
    let others = fixtures::named("aesgcm-rotated").tarball();
    let refused = Served::fixture("aescbc-rotated", &["--keys", others.to_str().unwrap()]);
    let told = "warning: 333 values cannot be read, encrypted under 6 keys; the first: ";
    assert!(refused.banner.contains(told), "{}", refused.banner);
    let secrets = |served: &Served| get(served, "/api/v1/secrets", "application/json");
    let (answer, read) = (secrets(&closed), secrets(&opened).json());
    assert!(answer.headers["warning"].contains("cannot be read; --keys opens"), "{:?}", answer.headers);
    let (closed, opened) = (answer.json(), read);
    let named = |list: &Value| -> Vec<Value> {
        let items = list["items"].as_array().unwrap().iter();
        items.map(|item| item["metadata"]["name"].clone()).collect()
    };
    assert_eq!(named(&closed), named(&opened));
    let first = &closed["items"][0];
    let why = first["metadata"]["annotations"]["assay.dev/unreadable"].as_str().unwrap();
    assert!(why.starts_with("encrypted by aescbc:v1 under key `"), "{why}");
    assert!(first.get("data").is_none() && first["metadata"]["creationTimestamp"].is_null());
    let unreadable = |list: &Value| {
        let items = list["items"].as_array().unwrap().iter();
        items.filter(|item| item["metadata"]["annotations"].get("assay.dev/unreadable").is_some()).count()
    };
    assert_eq!((unreadable(&closed), unreadable(&opened)), (175, 0));
}

/// Pages end and go on, whatever is asked for, and nothing comes twice or not at all.
#[test]
fn pages_make_the_list() {
    let served = Served::fixture("plain-etcd34", &[]);
    for (path, selection) in [
        ("/api/v1/secrets", ""),
        ("/api/v1/pods", "&fieldSelector=spec.nodeName%3Dworker-0"),
        ("/apis/oauth.openshift.io/v1/oauthaccesstokens", ""),
    ] {
        let whole = get(&served, &format!("{path}?{selection}"), "application/json").json();
        let (mut items, mut next, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let page = get(&served, &format!("{path}?limit=3{selection}{next}"), "application/json").json();
            assert_eq!(page["metadata"]["resourceVersion"], whole["metadata"]["resourceVersion"]);
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            pages += 1;
            let Some(token) = page["metadata"]["continue"].as_str() else { break };
            let remaining = page["metadata"]["remainingItemCount"].as_u64();
            let expected = whole["items"].as_array().unwrap().len() - items.len();
            assert_eq!(remaining, selection.is_empty().then_some(expected as u64));
            // a name may be a token: a page tells of none
            assert!(
                STANDARD.decode(token).is_ok_and(|token| !String::from_utf8_lossy(&token).contains("sha256"))
                    || token.len() < 60
            );
            next = format!("&continue={token}");
        }
        assert_eq!(Value::Array(items), whole["items"]);
        assert!(pages > 1 || whole["items"].as_array().unwrap().len() <= 3, "{path}");
    }
    // rows of FlowSchemas are in the order in which they are tried where all are in one page, and come once in any case
    let rows = |query: &str| {
        let path = format!("/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas?{query}");
        get(&served, &path, TABLE).json()
    };
    let names = |page: &Value| -> Vec<String> {
        page["rows"].as_array().unwrap().iter().map(|row| row["cells"][0].as_str().unwrap().to_owned()).collect()
    };
    let whole = names(&rows(""));
    assert_eq!(names(&rows("limit=500")), whole);
    let (mut paged, mut page) = (BTreeSet::new(), rows("limit=2"));
    for _ in 0..whole.len() {
        paged.extend(names(&page));
        let Some(next) = page["metadata"]["continue"].as_str() else { break };
        page = rows(&format!("limit=2&continue={next}"));
    }
    assert!(page["metadata"]["continue"].is_null() && paged == whole.into_iter().collect());
    // what goes on is the list that it was told of
    let next = get(&served, "/api/v1/secrets?limit=3", "application/json").json()["metadata"]["continue"].clone();
    for other in ["pods", "namespaces/billing/secrets", "nodes"] {
        let answer = get(&served, &format!("/api/v1/{other}?continue={}", next.as_str().unwrap()), "application/json");
        assert_eq!(answer.code, 400, "{other}");
    }
    // a page of another revision is gone
    let token = get(&served, "/api/v1/pods?limit=3", "application/json").json()["metadata"]["continue"]
        .as_str()
        .unwrap()
        .to_owned();
    let other =
        ask(&served, "GET", &format!("{}/rev/1200/api/v1/pods?continue={token}", prefix(&served, "backup")), &[], b"");
    assert_eq!(other.code, 410);
}

#[test]
fn other_moments_have_their_own_paths() {
    let served = Served::fixture("plain-etcd34", &["--at", "790", "--at", "2026-11-23T09:08:50Z"]);
    let at = |prefix: &str, path: &str| ask(&served, "GET", &format!("{prefix}{path}"), &[], b"");
    let early = at(&prefix(&served, "backup@790"), "/api/v1/pods").json();
    assert_eq!(
        (early["items"].as_array().unwrap().len(), &early["metadata"]["resourceVersion"]),
        (5, &Value::from("790"))
    );
    let timed = at(&prefix(&served, "backup@2026-11-23T09:08:50Z"), "/api/v1/pods").json();
    assert_eq!(timed["items"].as_array().unwrap().len(), 0, "{}", timed["metadata"]);
    let exact = get(&served, "/api/v1/pods?resourceVersion=790&resourceVersionMatch=Exact", "application/json").json();
    assert_eq!(exact, early);
    let base = prefix(&served, "backup");
    assert_eq!(at(&format!("{base}/rev/9999"), "/api/v1/pods").code, 504);
    assert_eq!(at(&format!("{base}/rev/x"), "/api/v1/pods").code, 404);
    // definitions are those of that revision
    let groups = |prefix: &str| at(prefix, "/apis").json()["groups"].as_array().unwrap().len();
    assert!(groups(&format!("{base}/rev/2")) < groups(&base));
}

/// Keys out of an escrow open what the tarball's own do; what holds the escrow's secrets prints none.
#[test]
fn an_escrow_opens_what_it_holds_the_keys_of() {
    let data = fixtures::root().join("crates/key-escrow/tests/data/escrow-v1");
    let escrow = data.join("corrections/static_kuberesources_2026-11-23_090915.escrow.age");
    let identities = data.join("identities.txt");
    let args = ["--escrow", escrow.to_str().unwrap(), "-i", identities.to_str().unwrap()];
    let served = Served::fixture("aescbc-rotated", &args);
    let secrets = get(&served, "/api/v1/secrets", "application/json").json();
    let items = secrets["items"].as_array().unwrap();
    let closed = |item: &&Value| item["metadata"]["annotations"].get("assay.dev/unreadable").is_some();
    assert_eq!((items.len(), items.iter().filter(closed).count()), (175, 0));
    let routes = get(&served, "/apis/route.openshift.io/v1/routes", "application/json").json();
    assert!(
        routes["items"].as_array().unwrap().iter().all(|route| route.get("spec").is_some()),
        "under keys in the snapshot"
    );
}

/// Two backups in one process: each has its own kinds, roles, revisions and path.
#[test]
fn two_backups_share_nothing() {
    let other = fixtures::named("aescbc-rotated").snapshot();
    let served = Served::fixture("plain-etcd34", &[other.to_str().unwrap(), "--at", "1200"]);
    let prefixes: BTreeSet<String> =
        ["backup", "backup@1200", "backup-2", "backup-2@1200"].iter().map(|context| prefix(&served, context)).collect();
    assert_eq!(prefixes.len(), 4, "{prefixes:?}");
    let at =
        |context: &str| ask(&served, "GET", &format!("{}/api/v1/secrets", prefix(&served, context)), &[], b"").json();
    let (first, second) = (at("backup"), at("backup-2"));
    assert_eq!(first["metadata"]["resourceVersion"], "1289");
    assert_ne!(first["metadata"]["resourceVersion"], second["metadata"]["resourceVersion"]);
    assert!(first["items"][0].get("data").is_some() && second["items"][0].get("data").is_none());
}
