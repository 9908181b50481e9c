use kube_objects::StorageKey;

use super::*;

/// A snapshot's signs by its live keys, JSON where the value is not said.
fn of(objects: &[(&str, &str)], beside: &Beside) -> Recognised {
    let mut signs = Signs::default();
    for (key, value) in objects {
        signs.add(key.as_bytes(), &StorageKey::parse(key.as_bytes()), value.as_bytes());
    }
    Recognised::of(signs, beside)
}

fn node(annotation: &str, kubelet: &str, image: &str) -> String {
    format!(
        r#"{{"apiVersion":"v1","kind":"Node","metadata":{{"name":"n","annotations":{{"{annotation}":"x"}}}},
        "status":{{"nodeInfo":{{"kubeletVersion":"{kubelet}","osImage":"{image}"}}}}}}"#
    )
}

fn topology(topology: &str) -> String {
    format!(r#"{{"status":{{"controlPlaneTopology":"{topology}"}}}}"#)
}

const INFRASTRUCTURE: &str = "/kubernetes.io/config.openshift.io/infrastructures/cluster";
const NODE: &str = "/registry/minions/n";

#[test]
fn each_platform_is_told_by_its_own_objects() {
    let nodes = |annotation: &str, kubelet: &str, image: &str| vec![(NODE, node(annotation, kubelet, image))];
    let one = |key: &'static str| vec![(key, "{}".to_owned())];
    for (objects, expected) in [
        (vec![(INFRASTRUCTURE, topology("HighlyAvailable"))], Platform::OpenShift),
        (vec![(INFRASTRUCTURE, topology("SingleReplica"))], Platform::SingleNode),
        (vec![(INFRASTRUCTURE, topology("DualReplica"))], Platform::Fenced),
        (vec![(INFRASTRUCTURE, topology("External"))], Platform::HyperShift),
        (one("/kubernetes.io/config.openshift.io/clusterversions/version"), Platform::OpenShift),
        (one("/kubernetes.io/operator.openshift.io/etcds/cluster"), Platform::OpenShift),
        (one("/kubernetes.io/configmaps/kube-public/microshift-version"), Platform::MicroShift),
        (one("/registry/configmaps/kube-system/kubeadm-config"), Platform::Kubeadm),
        (nodes("kubeadm.alpha.kubernetes.io/cri-socket", "v1.31.4", "Debian"), Platform::Kubeadm),
        (one("/registry/secrets/kube-system/k3s-serving"), Platform::K3s),
        (nodes("k3s.io/node-args", "v1.31.4", "Debian"), Platform::K3s),
        (nodes("a", "v1.31.4+k3s1", "Debian"), Platform::K3s),
        (one("/registry/secrets/kube-system/s1.node-password.rke2"), Platform::Rke2),
        (nodes("rke2.io/node-args", "v1.31.4", "Debian"), Platform::Rke2),
        (one("/bootstrap/0123456789ab"), Platform::K3sOrRke2),
        (one("/registry/k3s.cattle.io/addons/kube-system/coredns"), Platform::K3sOrRke2),
        (one("/registry/configmaps/kube-system/full-cluster-state"), Platform::Rke1),
        (nodes("rke.cattle.io/internal-ip", "v1.20.4", "Debian"), Platform::Rke1),
        (nodes("networking.talos.dev/self-ips", "v1.31.4", "x"), Platform::Talos),
        (nodes("a", "v1.31.4", "Talos (v1.9.0)"), Platform::Talos),
        (nodes("kops.k8s.io/instancegroup", "v1.31.4", "Debian"), Platform::Kops),
        (one("/registry/configmaps/kube-system/shoot-info"), Platform::Gardener),
        (nodes("worker.gardener.cloud/pool", "v1.31.4", "x"), Platform::Gardener),
        (one("/registry/configmaps/default/mine"), Platform::Kubernetes),
        (one("/kubernetes.io/configmaps/default/mine"), Platform::OpenShift),
        (vec![("/app/leader", "node-1".to_owned())], Platform::Etcd),
        (vec![("/registry/pods/a/b", "no object any more".to_owned())], Platform::Kubernetes),
        (vec![("/k8s/pods/a/b", r#"{"kind":"Pod","apiVersion":"v1"}"#.to_owned())], Platform::Kubernetes),
        (vec![("/app/pods/a/b", r#"{"mine":1}"#.to_owned())], Platform::Etcd),
        (vec![("/app/db.internal/hosts", r#"{"mine":1}"#.to_owned())], Platform::Etcd),
        (Vec::new(), Platform::Unknown),
    ] {
        let objects: Vec<_> = objects.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let found = of(&objects, &Beside::default());
        assert_eq!(found.platform, expected, "{objects:?}");
        assert!(expected == Platform::Unknown || !found.signs[0].place.is_empty(), "{objects:?}");
    }
}

#[test]
fn what_tools_leave_behind_decides_over_nothing_of_the_platform() {
    for (objects, expected) in [
        // Rancher labels the nodes that it makes, whatever runs on them
        (vec![(NODE, node("rke.cattle.io/machine", "v1.31.4+rke2r1", "SLES"))], Platform::Rke2),
        (
            vec![
                ("/registry/configmaps/kube-system/kubeadm-config", String::from("{}")),
                ("/bootstrap/0123456789ab", String::new()),
            ],
            Platform::K3sOrRke2,
        ),
        (
            vec![("/bootstrap/0123456789ab", String::new()), (NODE, node("rke2.io/hostname", "v1.31.4", "x"))],
            Platform::Rke2,
        ),
        // definitions of OpenShift's kinds, and annotations of its machines, are not OpenShift
        (
            vec![
                (
                    "/registry/apiextensions.k8s.io/customresourcedefinitions/infrastructures.config.openshift.io",
                    String::from("{}"),
                ),
                (NODE, node("machineconfiguration.openshift.io/state", "v1.31.4", "x")),
            ],
            Platform::Kubernetes,
        ),
        // the text of a name, in a value, is none
        (vec![(NODE, node("mine", "v1.31.4", "k3s.io/ rke2.io/ talos.dev/"))], Platform::Kubernetes),
        (vec![("/bootstrap/not-a-hash", String::from("x"))], Platform::Etcd),
    ] {
        let objects: Vec<_> = objects.iter().map(|(key, value)| (*key, value.as_str())).collect();
        assert_eq!(of(&objects, &Beside::default()).platform, expected, "{objects:?}");
    }
}

#[test]
fn encrypted_objects_tell_by_their_keys() {
    let sealed = "k8s:enc:aescbc:v1:key1:0123456789abcdef0123456789abcdef";
    let found = of(&[("/registry/configmaps/kube-system/kubeadm-config", sealed)], &Beside::default());
    assert_eq!(found.platform, Platform::Kubeadm);
    assert_eq!(found.signs[0].place, "/registry/configmaps/kube-system/kubeadm-config");
}

#[test]
fn what_lies_beside_a_snapshot_is_a_sign_and_the_caller_has_the_last_word() {
    let kubeadm = ("/registry/configmaps/kube-system/kubeadm-config", "{}");
    let directory = |layout, version: Option<&str>| Beside {
        layout: Some(layout),
        version_file: version.map(str::to_owned),
        ..Beside::default()
    };
    let tarball = Beside { tarball: true, ..Beside::default() };
    let asked = Beside { asked: Some(Platform::Talos), ..tarball.clone() };
    let microshift = directory(Layout::MicroShift, Some("4.18.3"));
    let pods = ("/kubernetes.io/pods/a/b", "{}");
    for (objects, beside, expected) in [
        (&[kubeadm][..], &tarball, Platform::OpenShift),
        (&[(INFRASTRUCTURE, r#"{"status":{"controlPlaneTopology":"SingleReplica"}}"#)], &tarball, Platform::SingleNode),
        (&[kubeadm], &asked, Platform::Talos),
        (&[pods], &microshift, Platform::MicroShift),
        (&[pods], &directory(Layout::MicroShift, None), Platform::MicroShift),
        (&[pods], &directory(Layout::HostedControlPlane, None), Platform::HyperShift),
        // names in a directory say less than objects
        (&[kubeadm], &directory(Layout::MicroShift, None), Platform::Kubeadm),
        (&[kubeadm], &directory(Layout::HostedControlPlane, None), Platform::Kubeadm),
        (&[(INFRASTRUCTURE, "{}")], &directory(Layout::HostedControlPlane, None), Platform::OpenShift),
        (&[], &directory(Layout::Files, None), Platform::Unknown),
    ] {
        let found = of(objects, beside);
        assert_eq!(found.platform, expected, "{objects:?} {beside:?}");
        assert_eq!(found.asked, beside.asked.is_some());
    }
}

#[test]
fn a_token_in_a_key_stays_out_of_the_place() {
    let found = of(&[("/openshift.io/oauth/accesstokens/kX9secretsecretsecret", "{}")], &Beside::default());
    assert_eq!(found.platform, Platform::OpenShift);
    assert!(found.signs.iter().all(|sign| !sign.place.contains("secretsecret")), "{:?}", found.signs);
}

#[test]
fn control_planes_that_a_cluster_hosts_are_counted() {
    let hosted = |name| ("/kubernetes.io/hypershift.openshift.io/hostedclusters/clusters/", name);
    let keys = [format!("{}a", hosted("").0), format!("{}b", hosted("").0)];
    let objects: Vec<_> = keys.iter().map(|key| (key.as_str(), "{}")).chain([(INFRASTRUCTURE, "{}")]).collect();
    let found = of(&objects, &Beside::default());
    assert_eq!((found.platform, found.hosts), (Platform::OpenShift, 2));
}

#[test]
fn every_platform_has_a_name_and_rules() {
    for platform in Platform::ALL {
        assert_eq!(Platform::named(platform.name()), Some(platform));
        let rules = rules(platform);
        assert_eq!(rules.platform, platform);
        assert!(!rules.sources.is_empty() && rules.quota.0 >= 2 << 30, "{platform:?}");
        assert_eq!(platform.has_operators(), rules.restore.names.is_some(), "{platform:?}");
    }
    assert_eq!(Platform::named("OpenShift"), None);
}
