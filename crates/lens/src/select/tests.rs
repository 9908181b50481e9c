//! Names, labels and fields as kubectl takes them.

use serde_json::json;

use super::*;

fn wanted(arguments: &[&str], namespaces: &[&str]) -> Wanted {
    let arguments: Vec<Vec<u8>> = arguments.iter().map(|argument| argument.as_bytes().to_vec()).collect();
    let namespaces = namespaces.iter().map(|name| name.as_bytes().to_vec()).collect();
    Wanted { targets: Target::read(&arguments), resources: Vec::new(), namespaces }
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
        assert_eq!(wanted(arguments, namespaces).matches(key.as_bytes()), meant, "{arguments:?} {namespaces:?} {key}");
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
    let elsewhere = ["svc", "ep", "no", "crd", "oauthclient", "identity", "route"];
    for name in ALL.into_iter().chain(elsewhere) {
        assert!(ResourceName::parse(name).is_built_in(), "{name}");
    }
    let definition = "/kubernetes.io/apiextensions.k8s.io/customresourcedefinitions/widgets.example.com";
    let definition = StorageKey::parse(definition.as_bytes());
    for (name, defined) in [("widget", true), ("widgets.example.com", true), ("widgets.other.com", false), ("w", false)]
    {
        assert_eq!(ResourceName::parse(name).is_defined_by(&definition), defined, "{name}");
    }
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
        assert_eq!(wanted(arguments, &[]).single().is_some(), single, "{arguments:?}");
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
