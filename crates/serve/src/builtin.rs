//! What the API calls its built-in resources besides their plural: kind and scope are `kube_objects`' tables'.

/// A resource that is served whether anything of it is stored or not, as Kubernetes 1.36 does.
pub(crate) struct BuiltIn {
    /// API group, empty for the core group.
    pub(crate) group: &'static str,
    /// Plural.
    pub(crate) resource: &'static str,
    /// Short names.
    pub(crate) short: &'static [&'static str],
    /// Categories, such as `all`.
    pub(crate) categories: &'static [&'static str],
}

const fn row(
    group: &'static str,
    resource: &'static str,
    short: &'static [&'static str],
    categories: &'static [&'static str],
) -> BuiltIn {
    BuiltIn { group, resource, short, categories }
}

const ADMISSION: &str = "admissionregistration.k8s.io";
const NETWORKING: &str = "networking.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const STORAGE: &str = "storage.k8s.io";
const ALL: &[&str] = &["all"];
const EXTENSIONS: &[&str] = &["api-extensions"];

/// Of Kubernetes.
pub(crate) static KUBERNETES: &[BuiltIn] = &[
    row("", "configmaps", &["cm"], &[]),
    row("", "endpoints", &["ep"], &[]),
    row("", "events", &["ev"], &[]),
    row("", "limitranges", &["limits"], &[]),
    row("", "namespaces", &["ns"], &[]),
    row("", "nodes", &["no"], &[]),
    row("", "persistentvolumeclaims", &["pvc"], &[]),
    row("", "persistentvolumes", &["pv"], &[]),
    row("", "pods", &["po"], ALL),
    row("", "podtemplates", &[], &[]),
    row("", "replicationcontrollers", &["rc"], ALL),
    row("", "resourcequotas", &["quota"], &[]),
    row("", "secrets", &[], &[]),
    row("", "serviceaccounts", &["sa"], &[]),
    row("", "services", &["svc"], ALL),
    row(ADMISSION, "mutatingadmissionpolicies", &[], EXTENSIONS),
    row(ADMISSION, "mutatingadmissionpolicybindings", &[], EXTENSIONS),
    row(ADMISSION, "mutatingwebhookconfigurations", &[], EXTENSIONS),
    row(ADMISSION, "validatingadmissionpolicies", &[], EXTENSIONS),
    row(ADMISSION, "validatingadmissionpolicybindings", &[], EXTENSIONS),
    row(ADMISSION, "validatingwebhookconfigurations", &[], EXTENSIONS),
    row("apiextensions.k8s.io", "customresourcedefinitions", &["crd", "crds"], EXTENSIONS),
    row("apiregistration.k8s.io", "apiservices", &[], EXTENSIONS),
    row("apps", "controllerrevisions", &[], &[]),
    row("apps", "daemonsets", &["ds"], ALL),
    row("apps", "deployments", &["deploy"], ALL),
    row("apps", "replicasets", &["rs"], ALL),
    row("apps", "statefulsets", &["sts"], ALL),
    row("autoscaling", "horizontalpodautoscalers", &["hpa"], ALL),
    row("batch", "cronjobs", &["cj"], ALL),
    row("batch", "jobs", &[], ALL),
    row("certificates.k8s.io", "certificatesigningrequests", &["csr"], &[]),
    row("coordination.k8s.io", "leases", &[], &[]),
    row("discovery.k8s.io", "endpointslices", &[], &[]),
    row("flowcontrol.apiserver.k8s.io", "flowschemas", &[], &[]),
    row("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", &[], &[]),
    row(NETWORKING, "ingressclasses", &[], &[]),
    row(NETWORKING, "ingresses", &["ing"], &[]),
    row(NETWORKING, "ipaddresses", &["ip"], &[]),
    row(NETWORKING, "networkpolicies", &["netpol"], &[]),
    row(NETWORKING, "servicecidrs", &[], &[]),
    row("node.k8s.io", "runtimeclasses", &[], &[]),
    row("policy", "poddisruptionbudgets", &["pdb"], &[]),
    row(RBAC, "clusterrolebindings", &[], &[]),
    row(RBAC, "clusterroles", &[], &[]),
    row(RBAC, "rolebindings", &[], &[]),
    row(RBAC, "roles", &[], &[]),
    row("resource.k8s.io", "deviceclasses", &[], &[]),
    row("resource.k8s.io", "resourceclaims", &[], &[]),
    row("resource.k8s.io", "resourceclaimtemplates", &[], &[]),
    row("resource.k8s.io", "resourceslices", &[], &[]),
    row("scheduling.k8s.io", "priorityclasses", &["pc"], &[]),
    row(STORAGE, "csidrivers", &[], &[]),
    row(STORAGE, "csinodes", &[], &[]),
    row(STORAGE, "csistoragecapacities", &[], &[]),
    row(STORAGE, "storageclasses", &["sc"], &[]),
    row(STORAGE, "volumeattachments", &[], &[]),
    row(STORAGE, "volumeattributesclasses", &["vac"], &[]),
];

/// Of OpenShift's own API servers: a group is served where a backup has anything of it.
pub(crate) static OPENSHIFT: &[BuiltIn] = &[
    row("apps.openshift.io", "deploymentconfigs", &["dc"], ALL),
    row("build.openshift.io", "buildconfigs", &["bc"], ALL),
    row("build.openshift.io", "builds", &[], ALL),
    row("image.openshift.io", "images", &[], &[]),
    row("image.openshift.io", "imagestreams", &["is"], ALL),
    row("oauth.openshift.io", "oauthaccesstokens", &[], &[]),
    row("oauth.openshift.io", "oauthauthorizetokens", &[], &[]),
    row("oauth.openshift.io", "oauthclientauthorizations", &[], &[]),
    row("oauth.openshift.io", "oauthclients", &[], &[]),
    row("route.openshift.io", "routes", &[], ALL),
    row("template.openshift.io", "brokertemplateinstances", &[], &[]),
    row("template.openshift.io", "templateinstances", &[], &[]),
    row("template.openshift.io", "templates", &[], &[]),
    row("user.openshift.io", "groups", &[], &[]),
    row("user.openshift.io", "identities", &[], &[]),
    row("user.openshift.io", "users", &[], &[]),
];

/// A resource that stores nothing: its objects are questions.
pub(crate) struct Review {
    /// API group; all are of version `v1`.
    pub(crate) group: &'static str,
    /// Plural.
    pub(crate) name: &'static str,
    /// Kind.
    pub(crate) kind: &'static str,
    /// Whether it is asked in a namespace.
    pub(crate) namespaced: bool,
}

const fn review(group: &'static str, name: &'static str, kind: &'static str, namespaced: bool) -> Review {
    Review { group, name, kind, namespaced }
}

const AUTHENTICATION: &str = "authentication.k8s.io";
/// The group of questions about others.
pub(crate) const AUTHORIZATION: &str = "authorization.k8s.io";

/// Questions that can be asked.
pub(crate) static REVIEWS: &[Review] = &[
    review(AUTHENTICATION, "selfsubjectreviews", "SelfSubjectReview", false),
    review(AUTHORIZATION, "localsubjectaccessreviews", "LocalSubjectAccessReview", true),
    review(AUTHORIZATION, "selfsubjectaccessreviews", "SelfSubjectAccessReview", false),
    review(AUTHORIZATION, "selfsubjectrulesreviews", "SelfSubjectRulesReview", false),
    review(AUTHORIZATION, "subjectaccessreviews", "SubjectAccessReview", false),
];
