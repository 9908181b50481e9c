use super::resources::{KUBERNETES, OPENSHIFT};
use super::*;

type Row = (&'static str, &'static str, &'static str, &'static str, Option<&'static str>, &'static str);

/// key, stored resource, group, resource, namespace, name
const WELL_FORMED: &[Row] = &[
    ("/kubernetes.io/secrets/ns/a", "kubernetes.io/secrets", "", "secrets", Some("ns"), "a"),
    ("/kubernetes.io/minions/w0", "kubernetes.io/minions", "", "nodes", None, "w0"),
    ("/kubernetes.io/services/specs/ns/a", "kubernetes.io/services/specs", "", "services", Some("ns"), "a"),
    ("/kubernetes.io/services/endpoints/ns/a", "kubernetes.io/services/endpoints", "", "endpoints", Some("ns"), "a"),
    ("/kubernetes.io/controllers/ns/a", "kubernetes.io/controllers", "", "replicationcontrollers", Some("ns"), "a"),
    ("/registry/ingress/ns/a", "registry/ingress", "networking.k8s.io", "ingresses", Some("ns"), "a"),
    ("/registry/podsecuritypolicy/p", "registry/podsecuritypolicy", "policy", "podsecuritypolicies", None, "p"),
    (
        "/kubernetes.io/apiextensions.k8s.io/customresourcedefinitions/dnses.config.openshift.io",
        "kubernetes.io/apiextensions.k8s.io/customresourcedefinitions",
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        None,
        "dnses.config.openshift.io",
    ),
    (
        "/kubernetes.io/apiregistration.k8s.io/apiservices/v1.",
        "kubernetes.io/apiregistration.k8s.io/apiservices",
        "apiregistration.k8s.io",
        "apiservices",
        None,
        "v1.",
    ),
    (
        "/kubernetes.io/config.openshift.io/clusterversions/version",
        "kubernetes.io/config.openshift.io/clusterversions",
        "config.openshift.io",
        "clusterversions",
        None,
        "version",
    ),
    (
        "/kubernetes.io/machine.openshift.io/machines/openshift-machine-api/m-0",
        "kubernetes.io/machine.openshift.io/machines",
        "machine.openshift.io",
        "machines",
        Some("openshift-machine-api"),
        "m-0",
    ),
    (
        "/openshift.io/oauth/accesstokens/sha256~x",
        "openshift.io/oauth/accesstokens",
        "oauth.openshift.io",
        "oauthaccesstokens",
        None,
        "sha256~x",
    ),
    (
        "/openshift.io/useridentities/idp:ann",
        "openshift.io/useridentities",
        "user.openshift.io",
        "identities",
        None,
        "idp:ann",
    ),
    (
        "/openshift.io/registry/sdnsubnets/w0",
        "openshift.io/registry/sdnsubnets",
        "network.openshift.io",
        "hostsubnets",
        None,
        "w0",
    ),
    ("/hosted/routes/ns/a", "hosted/routes", "route.openshift.io", "routes", Some("ns"), "a"),
    ("/hosted/pods/ns/a", "hosted/pods", "", "pods", Some("ns"), "a"),
];

#[test]
fn takes_keys_of_every_shape_apart() {
    for &(key, stored, group, resource, namespace, name) in WELL_FORMED {
        let parsed = StorageKey::parse(key.as_bytes());
        assert_eq!(parsed.stored_resource, stored.as_bytes(), "{key}");
        assert_eq!(parsed.group, group.as_bytes(), "{key}");
        assert_eq!(parsed.resource, resource.as_bytes(), "{key}");
        assert_eq!(parsed.namespace, namespace.map(str::as_bytes), "{key}");
        assert_eq!(parsed.name, name.as_bytes(), "{key}");
        assert!(parsed.well_formed, "{key}");
        let class = if group.contains("config.") || group.starts_with("machine.") {
            ResourceClass::Custom
        } else {
            ResourceClass::BuiltIn
        };
        assert_eq!(parsed.class, class, "{key}");
    }
}

#[test]
fn names_what_the_api_server_keeps_for_itself() {
    for (key, stored, name) in [
        ("compact_rev_key", "", "compact_rev_key"),
        ("/kubernetes.io/ranges/serviceips", "kubernetes.io/ranges", "serviceips"),
        ("/kubernetes.io/ranges/servicenodeports", "kubernetes.io/ranges", "servicenodeports"),
        ("/kubernetes.io/masterleases/10.0.0.1", "kubernetes.io/masterleases", "10.0.0.1"),
        ("/kubernetes.io/peerserverleases/a", "kubernetes.io/peerserverleases", "a"),
    ] {
        let parsed = StorageKey::parse(key.as_bytes());
        assert_eq!(parsed.class, ResourceClass::Internal, "{key}");
        assert_eq!(parsed.stored_resource, stored.as_bytes(), "{key}");
        assert_eq!(parsed.name, name.as_bytes(), "{key}");
        assert!(parsed.well_formed, "{key}");
    }
}

#[test]
fn odd_keys_keep_all_their_bytes() {
    for key in [
        &b""[..],
        b"\0",
        b"/",
        b"//",
        b"///",
        b"/a",
        b"/a/",
        b"/kubernetes.io",
        b"/kubernetes.io/",
        b"/kubernetes.io//",
        b"/kubernetes.io/secrets",
        b"/kubernetes.io/secrets/",
        b"/kubernetes.io/secrets//",
        b"/kubernetes.io/secrets/ns",
        b"/kubernetes.io/secrets/ns/",
        b"/kubernetes.io/secrets//a",
        b"/kubernetes.io/secrets/ns/a/b",
        b"/kubernetes.io/minions/",
        b"/kubernetes.io/minions/a/b",
        b"/kubernetes.io/services/",
        b"/kubernetes.io/services/specs",
        b"/kubernetes.io/services/other/ns/a",
        b"/kubernetes.io/x.y/",
        b"/kubernetes.io/x.y/z",
        b"/kubernetes.io/x.y/z/",
        b"/kubernetes.io/x.y//n",
        b"/kubernetes.io/x.y/z/ns/",
        b"/kubernetes.io/x.y/z/ns/a/b",
        b"/kubernetes.io/unheard/ns/a",
        b"\xff\xfe\xfd/binary",
        b"registry/secrets/default/no-slash",
    ] {
        let parsed = StorageKey::parse(key);
        assert!(!parsed.well_formed, "{key:?}");
        let mut rebuilt = Vec::new();
        if parsed.prefix != Prefix::None {
            rebuilt.push(b'/');
            rebuilt.extend(parsed.stored_resource);
            rebuilt.push(b'/');
        }
        if let Some(namespace) = parsed.namespace {
            rebuilt.extend(namespace);
            rebuilt.push(b'/');
        }
        rebuilt.extend(parsed.name);
        if rebuilt.len() == key.len() + 1 && parsed.name.is_empty() {
            rebuilt.pop(); // the path ended without a slash
        }
        assert_eq!(rebuilt, key, "{key:?}");
    }
}

#[test]
fn old_oauth_tokens_are_secret_names() {
    let secret = |key: &str| StorageKey::parse(key.as_bytes()).name_is_token();
    assert!(secret("/openshift.io/oauth/accesstokens/Zm9v"));
    assert!(secret("/openshift.io/oauth/authorizetokens/Zm9v"));
    assert!(!secret("/openshift.io/oauth/accesstokens/sha256~Zm9v"));
    assert!(!secret("/openshift.io/oauth/clients/console"));
}

#[test]
fn stored_path_is_the_resource_without_the_prefix() {
    let path = |key: &'static str| StorageKey::parse(key.as_bytes()).stored_path();
    assert_eq!(path("/kubernetes.io/services/specs/a/b"), b"services/specs");
    assert_eq!(path("/x/pods/a/b"), b"pods");
    assert_eq!(path("compact_rev_key"), b"");
}

#[test]
fn tables_are_sorted_so_that_every_row_is_found() {
    for table in [KUBERNETES, OPENSHIFT] {
        for (row, next) in table.iter().zip(table.iter().skip(1)) {
            assert!(row.path < next.path, "{} {}", row.path, next.path);
        }
        for row in table {
            let found = resources::find(table, row.path.as_bytes()).expect(row.path);
            assert_eq!(found.path, row.path);
        }
    }
}

#[test]
fn what_an_api_server_leases_is_known_by_its_key() {
    for (key, leased) in [
        ("/registry/masterleases/192.0.2.114", true),
        ("/kubernetes.io/masterleases/192.0.2.114", true),
        ("/registry/peerserverleases/apiserver-x", true),
        ("/kubernetes.io/events/default/web.17d0", true),
        ("/kubernetes.io/leases/kube-node-lease/w0", false),
        ("/kubernetes.io/example.com/masterleases/a", false),
        ("/kubernetes.io/example.com/events/default/a", false),
        ("masterleases", false),
    ] {
        assert_eq!(StorageKey::parse(key.as_bytes()).is_leased(), leased, "{key}");
    }
}
