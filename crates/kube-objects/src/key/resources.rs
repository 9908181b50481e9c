//! Where each built-in resource is stored, as a table.
//!
//! Kubernetes stores a built-in resource under its plural without the group. The exceptions are
//! `SpecialDefaultResourcePrefixes` in Kubernetes' `pkg/kubeapiserver`, the two API servers that
//! are compiled into kube-apiserver (CRDs and `APIService`s, stored under their group), and the
//! overrides of openshift-apiserver and oauth-apiserver. The rows span Kubernetes 1.17 to 1.36,
//! so they hold resources that have been removed since.

use std::sync::OnceLock;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::Scope::{self, Cluster, Namespaced};

/// One stored path and the API resource behind it.
pub(super) struct Stored {
    /// Path below the prefix, without slashes at the ends.
    pub(super) path: &'static str,
    /// API group; empty for the core group and for what no API serves.
    pub(super) group: &'static str,
    /// Plural as the API calls it.
    pub(super) resource: &'static str,
    /// Whether a namespace segment follows the path.
    pub(super) scope: Scope,
    /// The API server keeps it for itself; no client can ask for it.
    pub(super) internal: bool,
}

const fn api(path: &'static str, group: &'static str, scope: Scope) -> Stored {
    renamed(path, group, path, scope)
}

const fn renamed(path: &'static str, group: &'static str, resource: &'static str, scope: Scope) -> Stored {
    Stored { path, group, resource, scope, internal: false }
}

const fn internal(path: &'static str) -> Stored {
    Stored { path, group: "", resource: path, scope: Cluster, internal: true }
}

const ADMISSION: &str = "admissionregistration.k8s.io";
const APPS: &str = "apps";
const BATCH: &str = "batch";
const CERTIFICATES: &str = "certificates.k8s.io";
const COORDINATION: &str = "coordination.k8s.io";
const CORE: &str = "";
const FLOWCONTROL: &str = "flowcontrol.apiserver.k8s.io";
const NETWORKING: &str = "networking.k8s.io";
const POLICY: &str = "policy";
const RBAC: &str = "rbac.authorization.k8s.io";
const RESOURCE: &str = "resource.k8s.io";
const SCHEDULING: &str = "scheduling.k8s.io";
const STORAGE: &str = "storage.k8s.io";

/// kube-apiserver's resources, sorted by path.
pub(super) static KUBERNETES: &[Stored] = &[
    renamed(
        "apiextensions.k8s.io/customresourcedefinitions",
        "apiextensions.k8s.io",
        "customresourcedefinitions",
        Cluster,
    ),
    renamed("apiregistration.k8s.io/apiservices", "apiregistration.k8s.io", "apiservices", Cluster),
    api("auditsinks", "auditregistration.k8s.io", Cluster),
    api("certificatesigningrequests", CERTIFICATES, Cluster),
    api("clustercidrs", NETWORKING, Cluster),
    api("clusterresourcequotas", "quota.openshift.io", Cluster),
    api("clusterrolebindings", RBAC, Cluster),
    api("clusterroles", RBAC, Cluster),
    api("clustertrustbundles", CERTIFICATES, Cluster),
    api("compositepodgroups", SCHEDULING, Namespaced),
    api("configmaps", CORE, Namespaced),
    api("controllerrevisions", APPS, Namespaced),
    renamed("controllers", CORE, "replicationcontrollers", Namespaced),
    api("cronjobs", BATCH, Namespaced),
    api("csidrivers", STORAGE, Cluster),
    api("csinodes", STORAGE, Cluster),
    api("csistoragecapacities", STORAGE, Namespaced),
    api("daemonsets", APPS, Namespaced),
    api("deployments", APPS, Namespaced),
    api("deviceclasses", RESOURCE, Cluster),
    api("devicetaintrules", RESOURCE, Cluster),
    api("endpointslices", "discovery.k8s.io", Namespaced),
    api("events", CORE, Namespaced),
    api("evictionrequests", "lifecycle.k8s.io", Namespaced),
    api("evictions", "lifecycle.k8s.io", Namespaced),
    api("flowschemas", FLOWCONTROL, Cluster),
    api("horizontalpodautoscalers", "autoscaling", Namespaced),
    renamed("ingress", NETWORKING, "ingresses", Namespaced),
    api("ingressclasses", NETWORKING, Cluster),
    api("ipaddresses", NETWORKING, Cluster),
    api("jobs", BATCH, Namespaced),
    api("leasecandidates", COORDINATION, Namespaced),
    api("leases", COORDINATION, Namespaced),
    api("limitranges", CORE, Namespaced),
    internal("masterleases"),
    renamed("minions", CORE, "nodes", Cluster),
    api("mutatingadmissionpolicies", ADMISSION, Cluster),
    api("mutatingadmissionpolicybindings", ADMISSION, Cluster),
    api("mutatingwebhookconfigurations", ADMISSION, Cluster),
    api("namespaces", CORE, Cluster),
    api("networkpolicies", NETWORKING, Namespaced),
    internal("peerserverleases"),
    api("persistentvolumeclaims", CORE, Namespaced),
    api("persistentvolumes", CORE, Cluster),
    api("podcertificaterequests", CERTIFICATES, Namespaced),
    api("poddisruptionbudgets", POLICY, Namespaced),
    api("podgroups", SCHEDULING, Namespaced),
    api("podpresets", "settings.k8s.io", Namespaced),
    api("pods", CORE, Namespaced),
    api("podschedulingcontexts", RESOURCE, Namespaced),
    api("podschedulings", RESOURCE, Namespaced),
    renamed("podsecuritypolicy", POLICY, "podsecuritypolicies", Cluster),
    api("podtemplates", CORE, Namespaced),
    api("priorityclasses", SCHEDULING, Cluster),
    api("prioritylevelconfigurations", FLOWCONTROL, Cluster),
    internal("ranges"),
    api("replicasets", APPS, Namespaced),
    api("resourceclaimparameters", RESOURCE, Namespaced),
    api("resourceclaims", RESOURCE, Namespaced),
    api("resourceclaimtemplates", RESOURCE, Namespaced),
    api("resourceclasses", RESOURCE, Cluster),
    api("resourceclassparameters", RESOURCE, Namespaced),
    api("resourcepoolstatusrequests", RESOURCE, Cluster),
    api("resourcequotas", CORE, Namespaced),
    api("resourceslices", RESOURCE, Cluster),
    api("rolebindingrestrictions", "authorization.openshift.io", Namespaced),
    api("rolebindings", RBAC, Namespaced),
    api("roles", RBAC, Namespaced),
    api("runtimeclasses", "node.k8s.io", Cluster),
    api("secrets", CORE, Namespaced),
    api("securitycontextconstraints", "security.openshift.io", Cluster),
    api("serviceaccounts", CORE, Namespaced),
    api("servicecidrs", NETWORKING, Cluster),
    renamed("services/endpoints", CORE, "endpoints", Namespaced),
    renamed("services/specs", CORE, "services", Namespaced),
    api("statefulsets", APPS, Namespaced),
    api("storageclasses", STORAGE, Cluster),
    api("storageversionmigrations", "storagemigration.k8s.io", Cluster),
    api("storageversions", "internal.apiserver.k8s.io", Cluster),
    api("validatingadmissionpolicies", ADMISSION, Cluster),
    api("validatingadmissionpolicybindings", ADMISSION, Cluster),
    api("validatingwebhookconfigurations", ADMISSION, Cluster),
    api("volumeattachments", STORAGE, Cluster),
    api("volumeattributesclasses", STORAGE, Cluster),
    api("workloads", SCHEDULING, Namespaced),
];

const IMAGE: &str = "image.openshift.io";
const NETWORK: &str = "network.openshift.io";
const OAUTH: &str = "oauth.openshift.io";
const TEMPLATE: &str = "template.openshift.io";
const USER: &str = "user.openshift.io";

/// openshift-apiserver's and oauth-apiserver's resources, sorted by path.
pub(super) static OPENSHIFT: &[Stored] = &[
    api("brokertemplateinstances", TEMPLATE, Cluster),
    api("buildconfigs", "build.openshift.io", Namespaced),
    api("builds", "build.openshift.io", Namespaced),
    api("clusterresourcequotas", "quota.openshift.io", Cluster),
    api("deploymentconfigs", "apps.openshift.io", Namespaced),
    api("groups", USER, Cluster),
    api("images", IMAGE, Cluster),
    api("imagestreams", IMAGE, Namespaced),
    renamed("oauth/accesstokens", OAUTH, "oauthaccesstokens", Cluster),
    renamed("oauth/authorizetokens", OAUTH, "oauthauthorizetokens", Cluster),
    renamed("oauth/clientauthorizations", OAUTH, "oauthclientauthorizations", Cluster),
    renamed("oauth/clients", OAUTH, "oauthclients", Cluster),
    api("rangeallocations", "security.openshift.io", Cluster),
    renamed("registry/egressnetworkpolicy", NETWORK, "egressnetworkpolicies", Namespaced),
    renamed("registry/sdnnetnamespaces", NETWORK, "netnamespaces", Cluster),
    renamed("registry/sdnnetworks", NETWORK, "clusternetworks", Cluster),
    renamed("registry/sdnsubnets", NETWORK, "hostsubnets", Cluster),
    api("rolebindingrestrictions", "authorization.openshift.io", Namespaced),
    api("routes", "route.openshift.io", Namespaced),
    api("securitycontextconstraints", "security.openshift.io", Cluster),
    api("templateinstances", TEMPLATE, Namespaced),
    api("templates", TEMPLATE, Namespaced),
    renamed("useridentities", USER, "identities", Cluster),
    api("users", USER, Cluster),
];

/// Rows by path. Every key of a snapshot asks several times: a search by halves was a seventh of a whole `verify`. Nothing
/// of a snapshot is put in, so that its keys cannot make it slow.
type Index = HashMap<&'static [u8], &'static Stored, FixedState>;

/// The row of `path`, if the table has one.
pub(super) fn find(table: &'static [Stored], path: &[u8]) -> Option<&'static Stored> {
    static INDICES: [OnceLock<Index>; 2] = [OnceLock::new(), OnceLock::new()];
    let [of_kubernetes, of_openshift] = &INDICES;
    let index = if std::ptr::eq(table, KUBERNETES) { of_kubernetes } else { of_openshift };
    index.get_or_init(|| table.iter().map(|row| (row.path.as_bytes(), row)).collect()).get(path).copied()
}

/// Group and plural of each resource that a client can ask for.
pub(super) fn served() -> impl Iterator<Item = (&'static str, &'static str)> {
    [KUBERNETES, OPENSHIFT].into_iter().flatten().filter(|row| !row.internal).map(|row| (row.group, row.resource))
}

/// The scope of a resource that a client can ask for.
pub(super) fn scope(group: &str, resource: &str) -> Option<Scope> {
    let mut rows = [KUBERNETES, OPENSHIFT].into_iter().flatten().filter(|row| !row.internal);
    rows.find(|row| row.group == group && row.resource == resource).map(|row| row.scope)
}
