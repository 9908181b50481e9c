//! What the manifests and configurations say about the cluster and the backup.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::member::MemberKind;
use crate::path::MemberPath;
use crate::version::VersionClaims;

mod json;
mod named;
use json::{configuration, containers, environment, first, strings};

/// What the static pods of one tarball say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaticPods {
    /// The static pods, in the order of the archive.
    pub pods: Vec<Pod>,
    /// The node the backup was taken on, and the member that says so.
    pub node: Option<Stated>,
    /// etcd, from `etcd-pod.yaml`.
    pub etcd: Etcd,
    /// kube-apiserver, from its `config.yaml`.
    pub apiserver: ApiServer,
    /// `cluster-name` of the controller manager: the infrastructure name of the cluster.
    pub infrastructure_name: Option<String>,
    /// What tells the version.
    pub version: VersionClaims,
    /// Members that manifests, configurations and kubeconfigs name, by path, and the members that name them.
    pub named: BTreeMap<String, BTreeSet<String>>,
}

/// A statement and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// What is stated.
    pub value: String,
    /// The member and field that state it.
    pub source: String,
}

/// One static pod directory, `<name>-pod-<revision>`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pod {
    /// The name, such as `kube-apiserver`.
    pub name: String,
    /// The static pod revision of the directory name.
    pub revision: u64,
    /// Tar members below (and including) the directory. The shell script writes directory
    /// entries, the Go command does not: compare [`Pod::files`] across producers.
    pub members: u64,
    /// Regular files among them.
    pub files: u64,
    /// The manifest `<name>-pod.yaml` directly in the directory.
    pub manifest: Option<Manifest>,
    /// A startup monitor's manifest lies in the directory.
    pub startup_monitor: bool,
    /// Members of an interrupted installation (`staging/...`).
    pub staging: u64,
}

/// What a static pod manifest says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    /// Label `revision`.
    pub revision_label: Option<String>,
    /// `STATIC_POD_VERSION` or `ETCD_STATIC_POD_VERSION` of a container.
    pub revision_env: Option<String>,
    /// The revision at the end of the host path `.../static-pod-resources/<name>-pod-<N>`.
    pub revision_path: Option<u64>,
    /// The images of all containers, each once, in their order.
    pub images: Vec<String>,
}

impl Pod {
    /// Says whether the manifest's revisions are those of the directory; `None` where the
    /// manifest is missing or says nothing.
    #[must_use]
    pub fn revision_agrees(&self) -> Option<bool> {
        let manifest = self.manifest.as_ref()?;
        let texts = [&manifest.revision_label, &manifest.revision_env].into_iter().flatten();
        let said: Vec<String> = texts.cloned().chain(manifest.revision_path.map(|n| n.to_string())).collect();
        (!said.is_empty()).then(|| said.iter().all(|text| *text == self.revision.to_string()))
    }
}

/// What `etcd-pod.yaml` and `etcd-endpoints` say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Etcd {
    /// `ALL_ETCD_ENDPOINTS`.
    pub endpoints: Vec<String>,
    /// `ETCD_QUOTA_BACKEND_BYTES`.
    pub quota_bytes: Option<u64>,
    /// `ETCD_IMAGE`.
    pub image: Option<String>,
    /// `NODE_<x>_ETCD_NAME` and `NODE_<x>_IP`: etcd member name to address.
    pub nodes: BTreeMap<String, Option<String>>,
    /// Names in `etcd-all-certs/etcd-peer-<node>.crt` (or `etcd-all-peer`): all control plane
    /// nodes, where the manifest names only its own.
    pub certificate_nodes: BTreeSet<String>,
    /// The keys and values of configmap `etcd-endpoints`: key (by release a member ID, a node
    /// name or an address in base64url) to address.
    pub configured_endpoints: BTreeMap<String, String>,
}

/// What the kube-apiserver's configuration says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiServer {
    /// The revision whose `config.yaml` says it: the newest that can be read. `None` where none can.
    pub revision: Option<u64>,
    /// `etcd-servers`.
    pub etcd_servers: Vec<String>,
    /// `etcd-prefix`, `kubernetes.io` in OpenShift.
    pub etcd_prefix: Option<String>,
    /// `encryption-provider-config`: if set and the file is absent, kube-apiserver does not start.
    pub encryption_provider_config: Option<String>,
    /// The member that this path leads to; `None` where it leads out of the tarball.
    pub encryption_config_member: Option<String>,
    /// `service-account-issuer`.
    pub service_account_issuer: Vec<String>,
    /// `feature-gates`.
    pub feature_gates: Vec<String>,
}

/// What was taken from a member.
pub(crate) struct Taken {
    /// Bytes that the facts cost to remember.
    pub(crate) cost: usize,
    /// It parses, and is no pod with containers, or no configuration of any kind.
    pub(crate) hollow: bool,
}

/// The place of a member below a pod directory.
struct Place<'p> {
    pod: &'p str,
    revision: u64,
    rest: Vec<&'p str>,
}

/// Splits `static-pod-resources/<name>-pod-<N>/...`.
fn place(path: &MemberPath) -> Option<Place<'_>> {
    let text: Option<Vec<&str>> = path.components().map(|part| std::str::from_utf8(part).ok()).collect();
    let text = text?;
    let [_, directory, rest @ ..] = text.as_slice() else { return None };
    let (pod, revision) = split_revision(directory)?;
    Some(Place { pod, revision, rest: rest.to_vec() })
}

/// Splits `<name>-pod-<N>`.
fn split_revision(directory: &str) -> Option<(&str, u64)> {
    let (pod, revision) = directory.rsplit_once("-pod-")?;
    let digits = !revision.is_empty() && revision.bytes().all(|byte| byte.is_ascii_digit());
    Some((pod, revision.parse().ok().filter(|_| digits && !pod.is_empty())?))
}

impl StaticPods {
    /// Counts a member. Returns what it costs to remember.
    pub(crate) fn count(&mut self, path: &MemberPath, kind: MemberKind) -> usize {
        let Some(place) = place(path) else { return 0 };
        let known = self.pods.len();
        let staging = place.rest.first() == Some(&"staging");
        let peer = place.rest.last().and_then(|file| file.strip_prefix("etcd-peer-")?.strip_suffix(".crt"));
        let node = peer.filter(|_| !staging).map(str::to_owned);
        let monitor = matches!(place.rest.as_slice(), [file] if file.ends_with("-startup-monitor-pod.yaml"));
        self.with_pod(place.pod, place.revision, |pod| {
            pod.members = pod.members.saturating_add(1);
            pod.files = pod.files.saturating_add(u64::from(kind == MemberKind::File));
            pod.staging = pod.staging.saturating_add(u64::from(staging));
            pod.startup_monitor |= monitor;
        });
        let mut cost = if self.pods.len() > known { 256_usize.saturating_add(path.as_bytes().len()) } else { 0 };
        if let Some(node) = node {
            cost = cost.saturating_add(node.len());
            self.etcd.certificate_nodes.insert(node);
        }
        cost
    }

    fn with_pod(&mut self, name: &str, revision: u64, change: impl FnOnce(&mut Pod)) {
        let is_it = |pod: &Pod| pod.revision == revision && pod.name == name;
        if !self.pods.iter().any(is_it) {
            self.pods.push(Pod { name: name.to_owned(), revision, ..Pod::default() });
        }
        if let Some(pod) = self.pods.iter_mut().find(|pod| is_it(pod)) {
            change(pod);
        }
    }

    /// Says whether this member's content is one that facts are taken from.
    pub(crate) fn wants(path: &MemberPath) -> bool {
        place(path).is_some_and(|place| match place.rest.as_slice() {
            [file] => *file == format!("{}-pod.yaml", place.pod),
            ["configmaps", _, "config.yaml" | "kubeconfig"] => true,
            ["configmaps", object, "version"] => *object == format!("{}-pod", place.pod),
            ["configmaps", "etcd-endpoints", _] => true,
            _ => false,
        })
    }

    /// Takes facts from a member. `None` if it does not parse.
    pub(crate) fn take(&mut self, path: &MemberPath, bytes: &[u8]) -> Option<Taken> {
        let place = place(path)?;
        let mut hollow = false;
        match place.rest.as_slice() {
            [_] => {
                let pod = configuration(bytes)?;
                hollow = pod.get("kind").and_then(Value::as_str) != Some("Pod") || containers(&pod).next().is_none();
                self.take_manifest(path, &place, &pod);
            }
            ["configmaps", object, "config.yaml"] => {
                let config = configuration(bytes)?;
                hollow = !config.get("kind").is_some_and(Value::is_string);
                match (place.pod, *object) {
                    ("kube-apiserver", "config") => self.take_apiserver(&place, &config),
                    ("kube-controller-manager", "config") => {
                        self.infrastructure_name = first(&config, "/extendedArguments/cluster-name");
                    }
                    _ => {}
                }
            }
            ["configmaps", _, "version"] => {
                self.version.add_build(std::str::from_utf8(bytes).ok()?.trim(), path);
            }
            ["configmaps", "etcd-endpoints", key] => {
                let address = std::str::from_utf8(bytes).ok()?.trim().to_owned();
                self.etcd.configured_endpoints.insert((*key).to_owned(), address);
            }
            _ => {}
        }
        let mut cost = 0_usize;
        if matches!(place.rest.as_slice(), [_] | ["configmaps", _, "config.yaml" | "kubeconfig"]) {
            for member in named::members(bytes, place.pod, place.revision) {
                cost = cost.saturating_add(member.len()).saturating_add(path.as_bytes().len()).saturating_add(128);
                self.named.entry(member).or_default().insert(path.to_string());
            }
        }
        // facts are parts of the member; what is shared or dropped makes them smaller still
        Some(Taken { cost: cost.saturating_add(bytes.len()).saturating_add(path.as_bytes().len()), hollow })
    }

    fn take_manifest(&mut self, path: &MemberPath, place: &Place<'_>, pod: &Value) {
        let mut manifest = Manifest {
            revision_label: pod.pointer("/metadata/labels/revision").and_then(Value::as_str).map(str::to_owned),
            revision_path: host_path_revision(pod, place.pod),
            ..Manifest::default()
        };
        let mut images = BTreeSet::new();
        let mut nodes = BTreeMap::new();
        for container in containers(pod) {
            if let Some(image) = container.get("image").and_then(Value::as_str).filter(|image| images.insert(*image)) {
                manifest.images.push(image.to_owned());
            }
            for (name, value) in environment(container) {
                match name {
                    "STATIC_POD_VERSION" | "ETCD_STATIC_POD_VERSION" => manifest.revision_env = Some(value.to_owned()),
                    "OPERATOR_IMAGE_VERSION" => self.version.add_payload(value, path),
                    _ if place.pod == "etcd" => {
                        note_node(&mut nodes, name, value);
                        self.take_etcd(path, name, value);
                    }
                    _ => {}
                }
            }
        }
        let named =
            nodes.into_values().filter_map(|(name, address)| Some((name?.to_owned(), address.map(str::to_owned))));
        self.etcd.nodes.extend(named);
        self.with_pod(place.pod, place.revision, |pod| pod.manifest = Some(manifest));
    }

    fn take_etcd(&mut self, path: &MemberPath, name: &str, value: &str) {
        match name {
            "ALL_ETCD_ENDPOINTS" => {
                self.etcd.endpoints = value.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect();
            }
            "ETCD_QUOTA_BACKEND_BYTES" => self.etcd.quota_bytes = value.parse().ok(),
            "ETCD_IMAGE" => self.etcd.image = Some(value.to_owned()),
            "ETCDCTL_CERT" if self.node.is_none() => {
                let file = value.rsplit('/').next().and_then(|file| file.strip_suffix(".crt"));
                let node = file.and_then(|file| file.strip_prefix("etcd-peer-").or(file.strip_prefix("etcd-client-")));
                self.node =
                    node.map(|node| Stated { value: node.to_owned(), source: format!("{path} env ETCDCTL_CERT") });
            }
            _ => {}
        }
    }

    fn take_apiserver(&mut self, place: &Place<'_>, config: &Value) {
        if self.apiserver.revision > Some(place.revision) {
            return;
        }
        let argument = |name: &str| format!("/apiServerArguments/{name}");
        let encryption = first(config, &argument("encryption-provider-config"));
        let member = encryption.as_deref().and_then(|path| named::member(path, place.pod, place.revision));
        self.apiserver = ApiServer {
            revision: Some(place.revision),
            etcd_servers: strings(config, &argument("etcd-servers")),
            etcd_prefix: first(config, &argument("etcd-prefix")),
            encryption_provider_config: encryption,
            encryption_config_member: member,
            service_account_issuer: strings(config, &argument("service-account-issuer")),
            feature_gates: strings(config, &argument("feature-gates")),
        };
    }
}

/// Notes the name of `NODE_<id>_ETCD_NAME` and the address of `NODE_<id>_IP` under their id.
fn note_node<'p>(nodes: &mut BTreeMap<&'p str, (Option<&'p str>, Option<&'p str>)>, name: &'p str, value: &'p str) {
    let Some(name) = name.strip_prefix("NODE_") else { return };
    if let Some(id) = name.strip_suffix("_ETCD_NAME") {
        nodes.entry(id).or_default().0 = Some(value);
    } else if let Some(id) = name.strip_suffix("_IP") {
        nodes.entry(id).or_default().1 = Some(value);
    }
}

fn host_path_revision(pod: &Value, name: &str) -> Option<u64> {
    let volumes = pod.pointer("/spec/volumes")?.as_array()?;
    let paths = volumes.iter().filter_map(|volume| volume.pointer("/hostPath/path")?.as_str());
    paths
        .filter_map(|path| split_revision(path.trim_end_matches('/').rsplit('/').next()?))
        .find(|(pod, _)| *pod == name)
        .map(|(_, n)| n)
}
