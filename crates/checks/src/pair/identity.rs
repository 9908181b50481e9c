//! Whether both halves are of one cluster.

use std::collections::BTreeSet;
use std::net::IpAddr;

use backup_facts::site::host;
use backup_facts::snapshot::QuotaSource;
use wording::clip;

use super::{Comparison, LONGEST, Pair, list};
use crate::finding::Finding;
use crate::findings::{
    ENDPOINTS_DIFFER, ETCD_ADDRESSES_DIFFER, ETCD_CERTIFICATES_DIFFER, NO_CLUSTER, NODE_UNKNOWN, OTHER_CLUSTER_PAIR,
    PREFIX_DIFFERS, QUOTA_OF_TARBALL, TOPOLOGY_UNEXPECTED,
};
use crate::severity::Severity;

/// Shares of the quota, in percent, from which OpenShift's alerts are critical, a warning, for information.
const QUOTA_ALERTS: [(u64, Severity); 3] = [(85, Severity::High), (75, Severity::Medium), (65, Severity::Low)];

pub(super) fn check(pair: &Pair<'_>, comparison: &mut Comparison) {
    check_infrastructure(pair, comparison);
    check_servers(pair, comparison);
    check_prefix(pair, comparison);
    check_addresses(pair, comparison);
    check_certificates(pair, comparison);
    check_endpoints(pair, comparison);
    check_topology(pair, comparison);
    check_node(pair, comparison);
    check_quota(pair, comparison);
}

/// 12: the cluster's name.
fn check_infrastructure(pair: &Pair<'_>, comparison: &mut Comparison) {
    let infrastructure = pair.inventory.openshift().and_then(|openshift| openshift.infrastructure.as_ref());
    let ours = infrastructure.map(|it| it.infrastructure_name.as_str()).filter(|name| !name.is_empty());
    let theirs = pair.tarball.static_pods.infrastructure_name.as_deref();
    if pair.inventory.openshift().is_none() && !pair.tarball.static_pods.pods.is_empty() {
        let of = theirs.map(|name| format!(" of cluster {}", clip(name, LONGEST))).unwrap_or_default();
        let message =
            format!("no ClusterVersion and no Infrastructure in the snapshot, static pods{of} in the tarball");
        comparison.findings.push(Finding::new(&NO_CLUSTER, message));
    }
    let (Some(ours), Some(theirs)) = (ours, theirs) else {
        let why = "one of the two does not tell it";
        return comparison.skip_or_lack(theirs.is_none(), "the name of the cluster", why);
    };
    comparison.made();
    if ours != theirs {
        let message = format!(
            "the snapshot is of cluster {}, the tarball of cluster {}",
            clip(ours, LONGEST),
            clip(theirs, LONGEST)
        );
        let finding = Finding::new(&OTHER_CLUSTER_PAIR, message).with("snapshot", clip(ours, LONGEST));
        comparison.findings.push(finding.with("tarball", clip(theirs, LONGEST)));
    }
}

/// 12: the addresses of etcd that kube-apiserver is told.
fn check_servers(pair: &Pair<'_>, comparison: &mut Comparison) {
    let nodes = pair.cluster.addresses();
    let servers = &pair.tarball.static_pods.apiserver.etcd_servers;
    let hosts: BTreeSet<&str> = servers.iter().filter_map(|url| host(url)).filter(|it| !is_loopback(it)).collect();
    if nodes.is_empty() || hosts.is_empty() {
        return comparison.skip_or_lack(hosts.is_empty(), "the addresses of etcd", "one of the two does not tell them");
    }
    comparison.made();
    if hosts.is_disjoint(&nodes) && hosts.iter().all(|host| host.contains(|c: char| c.is_ascii_digit())) {
        let message = format!(
            "kube-apiserver of the tarball talks to etcd at {}; control plane nodes of the snapshot are at {}",
            list(hosts.iter().copied()),
            list(nodes.iter().copied())
        );
        comparison.findings.push(Finding::new(&OTHER_CLUSTER_PAIR, message));
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host == "::1" || host.starts_with("127.")
}

/// Where kube-apiserver looks for its objects.
fn check_prefix(pair: &Pair<'_>, comparison: &mut Comparison) {
    let Some(prefix) = pair.tarball.static_pods.apiserver.etcd_prefix.as_deref() else {
        return comparison.lack("the prefix of the keys", "the tarball does not tell it");
    };
    comparison.made();
    let prefix = prefix.trim_matches('/');
    let below = |path: &[u8]| path.strip_prefix(prefix.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'/'));
    let paths = || pair.inventory.resources().filter(|(path, count)| !path.is_empty() && count.live > 0);
    if paths().next().is_some() && !paths().any(|(path, _)| below(path)) {
        let first: BTreeSet<String> = paths()
            .filter_map(|(path, _)| path.split(|byte| *byte == b'/').next())
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .collect();
        let there = list(first.iter().map(String::as_str));
        let message =
            format!("kube-apiserver looks below `/{}`; the live keys begin with {there}", clip(prefix, LONGEST));
        comparison.findings.push(Finding::new(&PREFIX_DIFFERS, message).with("prefix", clip(prefix, LONGEST)));
    }
}

/// 9: addresses that etcd and its certificates are given, against those of the nodes.
fn check_addresses(pair: &Pair<'_>, comparison: &mut Comparison) {
    let parse = |text: &str| text.parse::<IpAddr>().ok().filter(|address| !address.is_loopback());
    let nodes: BTreeSet<IpAddr> = pair.cluster.addresses().into_iter().filter_map(parse).collect();
    let etcd = &pair.tarball.static_pods.etcd;
    // without addresses of nodes, or etcd's own, the checks beside this one say so
    if nodes.is_empty() {
        return;
    }
    comparison.made();
    let told = etcd.nodes.values().flatten().map(String::as_str);
    let told = told.chain(etcd.endpoints.iter().filter_map(|url| host(url))).filter_map(parse);
    let strange: BTreeSet<String> =
        told.filter(|address| !nodes.contains(address)).map(|address| address.to_string()).collect();
    if !strange.is_empty() {
        let strange = list(strange.iter().map(String::as_str));
        let message = format!("etcd-pod.yaml names {strange}, which is no address of a control plane node");
        comparison.findings.push(Finding::new(&ETCD_ADDRESSES_DIFFER, message));
    }
    let mut others: BTreeSet<&str> = BTreeSet::new();
    for (name, node) in pair.cluster.control_plane() {
        let own: BTreeSet<IpAddr> = node.addresses.iter().filter_map(|address| parse(address)).collect();
        let of_node = |path: &str| {
            let file = path.rsplit('/').next().unwrap_or_default();
            let known = ["etcd-peer-", "etcd-serving-"].iter().any(|kind| {
                let rest = file.strip_prefix(kind).and_then(|rest| rest.strip_suffix(".crt"));
                rest == Some(name)
            });
            known && path.contains("/etcd-pod-") && path.contains("/secrets/") && !path.contains("/staging/")
        };
        for leaf in pair.tarball.certificates.iter().filter(|leaf| leaf.index == 0) {
            if !leaf.member.as_str().is_some_and(of_node) {
                continue;
            }
            let certified: BTreeSet<IpAddr> =
                leaf.sans.iter().filter_map(|name| parse(name.strip_prefix("IP:")?)).collect();
            if !own.is_empty() && !certified.is_empty() && own.is_disjoint(&certified) {
                others.insert(name);
            }
        }
    }
    if !others.is_empty() {
        let message = format!("certificates of etcd for {} are of other addresses than the node has", list(others));
        comparison.findings.push(Finding::new(&ETCD_ADDRESSES_DIFFER, message));
    }
}

/// 9: certificates of etcd for every control plane node, and for no other.
fn check_certificates(pair: &Pair<'_>, comparison: &mut Comparison) {
    let certified = &pair.tarball.static_pods.etcd.certificate_nodes;
    let nodes: BTreeSet<&str> = pair.cluster.control_plane().map(|(name, _)| name).collect();
    if certified.is_empty() || nodes.is_empty() {
        let why = "one of the two names no control plane node";
        return comparison.skip_or_lack(certified.is_empty(), "certificates of etcd", why);
    }
    comparison.made();
    let certified: BTreeSet<&str> = certified.iter().map(String::as_str).collect();
    let gone: Vec<&str> = certified.difference(&nodes).copied().collect();
    let new: Vec<&str> = nodes.difference(&certified).copied().collect();
    let members = pair.members.iter().map(|member| member.name.as_str());
    let strangers: Vec<&str> = members.filter(|name| !name.is_empty() && !certified.contains(name)).collect();
    let parts = [
        (!gone.is_empty()).then(|| format!("certificates of {}, which is no node of the snapshot", list(gone))),
        (!new.is_empty()).then(|| format!("no certificate of node {}", list(new))),
        (!strangers.is_empty()).then(|| format!("no certificate of etcd member {}", list(strangers))),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if !parts.is_empty() {
        comparison.findings.push(Finding::new(&ETCD_CERTIFICATES_DIFFER, parts.join("; ")));
    }
}

/// 11: endpoints of etcd as configured, and their member IDs where the keys are such.
fn check_endpoints(pair: &Pair<'_>, comparison: &mut Comparison) {
    let configured = &pair.tarball.static_pods.etcd.configured_endpoints;
    let nodes = pair.cluster.addresses();
    if configured.is_empty() || nodes.is_empty() {
        return comparison.skip("endpoints of etcd", "one of the two does not tell them");
    }
    comparison.made();
    let strange: Vec<&str> = configured.values().map(String::as_str).filter(|it| !nodes.contains(it)).collect();
    if !strange.is_empty() {
        let message = format!("endpoint {} is no address of a control plane node in the snapshot", list(strange));
        comparison.findings.push(Finding::new(&ENDPOINTS_DIFFER, message));
        return;
    }
    let is_id = |key: &str| key.len() >= 14 && key.len() <= 16 && key.bytes().all(|byte| byte.is_ascii_hexdigit());
    let ids: Vec<u64> =
        configured.keys().filter(|key| is_id(key)).filter_map(|key| u64::from_str_radix(key, 16).ok()).collect();
    let known = |id: &u64| pair.members.iter().any(|member| member.id == *id);
    let unknown: Vec<String> = ids.iter().filter(|id| !known(id)).map(|id| format!("{id:x}")).collect();
    if !unknown.is_empty() {
        let message =
            format!("endpoint of member {}, which etcd does not have", list(unknown.iter().map(String::as_str)));
        comparison.findings.push(Finding::new(&ENDPOINTS_DIFFER, message));
    }
}

/// 20: what the control plane's topology lets one expect.
fn check_topology(pair: &Pair<'_>, comparison: &mut Comparison) {
    let infrastructure = pair.inventory.openshift().and_then(|openshift| openshift.infrastructure.as_ref());
    let Some(topology) = infrastructure.map(|it| it.control_plane_topology.as_str()) else {
        return comparison.skip("the topology", "the snapshot does not tell it");
    };
    comparison.made();
    let certified = pair.tarball.static_pods.etcd.certificate_nodes.len();
    let message = match topology {
        "External" => {
            "the control plane is hosted elsewhere: it has no static pods, so the tarball is of another cluster"
                .to_owned()
        }
        "SingleReplica" if certified > 1 => {
            format!("the control plane has one node, and the tarball certificates of {certified} members of etcd")
        }
        _ => return,
    };
    comparison.findings.push(Finding::new(&TOPOLOGY_UNEXPECTED, message).with("topology", clip(topology, LONGEST)));
}

/// 21: the node that the tarball was taken on.
fn check_node(pair: &Pair<'_>, comparison: &mut Comparison) {
    let (Some(node), true) = (&pair.tarball.static_pods.node, pair.cluster.control_plane().next().is_some()) else {
        let lacking = pair.tarball.static_pods.node.is_none();
        return comparison.skip_or_lack(lacking, "the node of the tarball", "one of the two names none");
    };
    comparison.made();
    if pair.cluster.control_plane().all(|(name, _)| name != node.value) {
        let name = clip(&node.value, LONGEST);
        let what = if pair.cluster.nodes.contains_key(&node.value) { "no control plane node" } else { "no node" };
        let message = format!("the tarball was taken on {name}, which is {what} of the snapshot");
        comparison
            .findings
            .push(Finding::new(&NODE_UNKNOWN, message).with("node", name).with("source", clip(&node.source, LONGEST)));
    }
}

/// 19: the size against the quota that etcd really has.
fn check_quota(pair: &Pair<'_>, comparison: &mut Comparison) {
    let quota = pair.quota.bytes;
    if pair.quota.source != QuotaSource::Tarball {
        return comparison.lack("the space quota", "the tarball does not tell it");
    }
    comparison.made();
    if quota == pair.quota.default {
        return; // held against the snapshot by itself
    }
    let percent = pair.size.saturating_mul(100).checked_div(quota).unwrap_or(0);
    if let Some(&(_, severity)) = QUOTA_ALERTS.iter().find(|&&(from, _)| percent > from) {
        let message = format!("the database takes {percent} % of the {quota} bytes that etcd may use by this tarball");
        let finding = Finding::new(&QUOTA_OF_TARBALL, message).with("size", pair.size).with("quota", quota);
        comparison.findings.push(Finding { severity, ..finding });
    }
}
