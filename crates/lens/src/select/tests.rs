//! Names, labels and fields as kubectl takes them.

use serde_json::json;

use super::*;

fn selection(arguments: &[&str], namespaces: &[&str]) -> Selection {
    let arguments: Vec<Vec<u8>> = arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
    let mut selection = Selection::default();
    selection.name(&arguments);
    for namespace in namespaces {
        selection.namespace(*namespace);
    }
    selection
}

#[test]
fn objects_are_named_as_kubectl_names_them() {
    let db = "/kubernetes.io/secrets/prod/db";
    let route = "/openshift.io/routes/prod/web";
    let node = "/kubernetes.io/minions/w1";
    let cr = "/kubernetes.io/config.openshift.io/clusterversions/version";
    for (arguments, namespaces, key, meant) in [
        (&[db][..], &[][..], db, true),
        (&[db], &["other"], db, true),
        (&["/kubernetes.io/secrets/"], &[], db, true),
        (&["/kubernetes.io/secrets/"], &["dev"], db, false),
        (&["/kubernetes.io/secrets/prod/d"], &[], db, false),
        (&["secrets/db"], &["prod"], db, true),
        (&["secret/db"], &[], db, true),
        (&["Secret", "x", "db"], &["prod"], db, true),
        (&["secrets/db"], &["dev"], db, false),
        (&["pods,secrets", "db"], &["prod"], db, true),
        (&["secrets.v1", "db"], &[], db, true),
        (&["secrets.v1.apps", "db"], &[], db, false),
        (&["routes.v1.route.openshift.io"], &[], route, true),
        (&["routes.v1beta1.route.openshift.io"], &[], route, true),
        (&["routes.vx.route.openshift.io"], &[], route, false),
        (&["node/w1"], &["shop"], node, true),
        (&["nodes"], &["shop"], node, true),
        (&["all"], &[], "/kubernetes.io/pods/a/b", true),
        (&["all"], &[], db, false),
        (&["scc"], &[], "/kubernetes.io/security.openshift.io/securitycontextconstraints/privileged", true),
        (&["secrets/b"], &[], db, false),
        (&["pods/db"], &[], db, false),
        (&["secrets"], &["prod"], db, true),
        (&["pods,secrets"], &[], db, true),
        (&["pods", "db"], &[], db, false),
        (&["route/web"], &[], route, true),
        (&["routes.route.openshift.io/web"], &["prod"], route, true),
        (&["routes.example.com/web"], &[], route, false),
        (&["node/w1"], &[], node, true),
        (&["no", "w1"], &[], node, true),
        (&["clusterversion", "version"], &[], cr, true),
        (&["netpol"], &[], "/kubernetes.io/networkpolicies/a/b", true),
        (&["networkpolicy"], &[], "/kubernetes.io/networkpolicies/a/b", true),
        (&["ingress/x"], &[], "/kubernetes.io/ingress/a/x", true),
        (&["compact_rev_key"], &[], "compact_rev_key", true),
        (&["registry/secrets/default/odd"], &[], "registry/secrets/default/odd", true),
    ] {
        assert_eq!(
            selection(arguments, namespaces).matches(key.as_bytes()),
            meant,
            "{arguments:?} {namespaces:?} {key}"
        );
    }
}

#[test]
fn what_every_server_has_is_told_from_a_slip() {
    for (name, built_in) in [
        ("pods", true),
        ("job", true),
        ("networkpolicy", true),
        ("podz", false),
        ("foo", false),
        ("controllers", false),
    ] {
        assert_eq!(ResourceName::parse(name).is_built_in(), built_in, "{name}");
    }
    let elsewhere = ["all", "svc", "ep", "no", "crd", "oauthclient", "identity", "route"];
    for name in elsewhere.into_iter().flat_map(ResourceName::list) {
        assert!(name.is_built_in(), "{name:?}");
    }
}

const DEFINITION: &str = "/kubernetes.io/apiextensions.k8s.io/customresourcedefinitions/";

/// Snapshots of definitions: of one that can be read, of one that is encrypted, and a resource without any.
fn resources(selection: &Selection) -> Resources {
    let mut resources = selection.resources_to_see();
    let oxen = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "oxen.farm.io"},
        "spec": {"group": "farm.io", "names": {
            "plural": "oxen", "singular": "ox", "kind": "Bovine", "shortNames": ["bv", "po"]}},
    });
    resources.see(format!("{DEFINITION}oxen.farm.io").as_bytes(), Some(oxen.to_string().as_bytes()));
    resources.see(format!("{DEFINITION}vaults.safe.io").as_bytes(), Some(b"k8s:enc:aescbc:v1:1:closed"));
    resources.see(b"/kubernetes.io/lost.io/widgets/a/b", None);
    resources.see(b"compact_rev_key", Some(b"7"));
    resources
}

#[test]
fn a_resource_is_known_by_the_names_that_the_snapshot_has_for_it() {
    let (ox, vault) = ("/kubernetes.io/farm.io/oxen/a/b", "/kubernetes.io/safe.io/vaults/a/b");
    let widget = "/kubernetes.io/lost.io/widgets/a/b";
    for (name, key) in [
        ("oxen", ox),
        ("ox", ox),
        ("Bovine", ox),
        ("bv", ox),
        ("bv.farm.io", ox),
        ("bv.v1.farm.io", ox),
        ("po.farm.io", ox),
        ("po", "/kubernetes.io/pods/a/b"),
        ("vaults", vault),
        ("vault.safe.io", vault),
        ("widget", widget),
        ("widgets.lost.io", widget),
        ("bv/b", ox),
        ("compact_rev_key", "compact_rev_key"),
    ] {
        let mut selection = selection(&[name], &[]);
        let resources = resources(&selection);
        selection.resolve(&resources).unwrap();
        assert!(selection.matches(key.as_bytes()), "{name} {key}");
        let others = [ox, vault, widget, "/kubernetes.io/pods/a/b"].into_iter().filter(|other| *other != key);
        assert!(!others.into_iter().any(|other| selection.matches(other.as_bytes())), "{name}");
    }
}

#[test]
fn an_unknown_resource_is_named_with_what_is_like_it() {
    for (name, near) in [
        ("podz", &["pods"][..]),
        ("bovin", &["bovine"]),
        ("widgetz", &["widgets"]),
        ("deploy.ap", &["deployments.apps"]),
        ("bv.example.com", &["bv.farm.io"]),
        ("ox.farm.i", &["ox.farm.io", "oxen.farm.io"]),
        ("qqqq/b", &[]),
    ] {
        let mut selection = selection(&[name], &[]);
        assert!(selection.needs_resources(), "{name}");
        let resources = resources(&selection);
        let unknown = selection.resolve(&resources).unwrap_err();
        assert_eq!(unknown.near, near, "{unknown}");
    }
    assert!(!selection(&["po,deploy.apps", "b"], &[]).needs_resources());
}

#[test]
fn every_kind_of_filter_must_let_a_key_pass() {
    type Narrow = fn(&mut Selection) -> Result<&mut Selection, SelectionError>;
    let key = b"/kubernetes.io/secrets/prod/db";
    let cases: [(Narrow, bool); 10] = [
        (|s| Ok(s.prefix("/kubernetes.io/")), true),
        (|s| Ok(s.prefix("/openshift.io/")), false),
        (|s| Ok(s.resource("secrets.")), true),
        (|s| Ok(s.resource("secrets.example.com")), false),
        (|s| Ok(s.resource("po").resource("secret")), true),
        (|s| Ok(s.resource("po,secret").namespace("dev")), false),
        (|s| Ok(s.namespace("dev").namespace("prod")), true),
        (|s| s.namespace("prod").glob("d*"), true),
        (|s| s.glob("x*")?.glob("/*/secrets/**"), true),
        (|s| s.resource("secrets").glob("x*"), false),
    ];
    for (at, (narrow, is_meant)) in cases.into_iter().enumerate() {
        let mut selection = Selection::default();
        assert!(selection.is_everything() && selection.matches(key));
        narrow(&mut selection).unwrap();
        assert_eq!((selection.matches(key), selection.is_everything()), (is_meant, false), "case {at}");
    }
    let error = Selection::default().glob("[x").map(drop).unwrap_err();
    assert!(error.to_string().starts_with("`[x` is not a glob: "), "{error}");
}

#[test]
fn one_object_is_told_from_a_selection() {
    for (arguments, single) in [
        (&["/a/b"][..], true),
        (&["secret/db"], true),
        (&["secret", "db"], true),
        (&["/a/"], false),
        (&["secrets"], false),
        (&["secret", "a", "b"], false),
        (&[], false),
    ] {
        assert_eq!(selection(arguments, &[]).single().is_some(), single, "{arguments:?}");
    }
}

#[test]
fn labels_are_selected_as_kubectl_selects_them() {
    let object = json!({"metadata": {"labels": {"app": "web", "env": "prod", "replica": "4"}}});
    for (selector, matches) in [
        ("app=web", true),
        ("app==web,env!=dev", true),
        ("app", true),
        ("!app", false),
        ("!legacy", true),
        ("env in (dev, prod)", true),
        ("env notin (dev,prod)", false),
        ("tier notin (x)", true),
        ("tier!=x", true),
        ("tier=", false),
        ("app=web,env=dev", false),
        ("", true),
        ("app in(web)", true),
        ("app notin(web)", false),
        ("replica>3", true),
        ("replica > 4", false),
        ("replica<5", true),
        ("replica<4", false),
        ("app>1", false),
        ("nothing<1", false),
    ] {
        let mut labels = Labels::default();
        labels.add(selector).unwrap();
        assert_eq!(labels.matches(&object), matches, "{selector}");
    }
    for broken in ["a in b", "=x", "a b", "a in (b", "a>b", "a<", ",a"] {
        assert!(Labels::default().add(broken).is_err(), "{broken}");
    }
}

#[test]
fn any_field_is_selected() {
    let object =
        json!({"metadata": {"name": "n", "labels": {"a.b/c": "d"}}, "spec": {"replicas": 3, "items": [{"a": "x"}]}});
    for (selector, matches) in [
        ("metadata.name=n", true),
        (".metadata.name==n", true),
        ("metadata.name!=n", false),
        ("spec.replicas=3,metadata.name=n", true),
        ("spec.items.0.a=x", true),
        ("spec.nodeName=", true),
        ("spec.nodeName!=w1", true),
        ("spec.items[0].a=x", true),
        ("spec.items[1].a=x", false),
        ("spec.paused=false", true),
        ("spec.paused!=false", false),
        ("spec.paused=true", false),
        ("metadata.labels.a.b/c=d", true),
        ("metadata.labels.a\\.b/c=d", true),
        ("metadata.labels[\"a.b/c\"]=d", true),
        ("metadata.labels['a.b/c']==d", true),
    ] {
        let mut fields = Fields::default();
        fields.add(selector).unwrap();
        assert_eq!(fields.matches(&object), matches, "{selector}");
    }
    for broken in ["name", "=x", "a..b=x", "a.=x", "a[x]=y", "a[0=y", "a[0]b=y", "a[\"b]=y", "[0].a=y"] {
        assert!(Fields::default().add(broken).is_err(), "{broken}");
    }
}
