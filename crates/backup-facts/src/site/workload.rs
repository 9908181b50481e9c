//! What keeps data of the API in memory, and looks at a cluster that is not there any more until it is restarted.

use crate::hazards::{Field, Object, ObjectName, SPEC, View};

/// What a workload is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A router of `openshift-ingress`.
    Router,
    /// An operator of the platform.
    Operator,
    /// Somebody else's.
    #[default]
    ThirdParty,
}

/// A Deployment or a DaemonSet that keeps data of the API in memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Workload {
    /// What it is.
    pub role: Role,
    /// `deployment` or `daemonset`.
    pub kind: String,
    /// Namespace and name.
    pub name: ObjectName,
}

/// A pod's template in a Deployment, and in a DaemonSet.
const TEMPLATE: [Field; 2] = [Field(3, "template"), Field(2, "template")];
const POD_SPEC: Field = Field(2, "spec");
const SERVICE_ACCOUNT: Field = Field(8, "serviceAccountName");

impl Workload {
    /// What a Deployment or a DaemonSet is; `None` where it keeps nothing of the API: another part of the platform, which
    /// starts anew with it, or something that has no account of its own to ask the API with.
    pub(super) fn of(key: &Object<'_>, value: &[u8]) -> Option<Self> {
        let name = key.object_name();
        let role = match name.namespace.as_str() {
            "openshift-ingress" => Role::Router,
            "openshift-operators" => Role::Operator,
            namespace if namespace.ends_with("-operator") => Role::Operator,
            namespace if is_of_platform(namespace) => return None,
            _ => {
                let stored = key.read(value)?;
                has_account(key, stored.view()).then_some(Role::ThirdParty)?
            }
        };
        let kind = if key.resource() == b"daemonsets" { "daemonset" } else { "deployment" };
        Some(Self { role, kind: kind.to_owned(), name })
    }
}

fn is_of_platform(namespace: &str) -> bool {
    namespace.starts_with("openshift-") || namespace.starts_with("kube-") || namespace == "openshift"
}

/// Whether its pods run under an account that was made for them: the account `default` may ask for nothing.
fn has_account(key: &Object<'_>, object: View<'_>) -> bool {
    let [deployment, daemon_set] = TEMPLATE;
    let template = if key.resource() == b"daemonsets" { daemon_set } else { deployment };
    let account = object.path(&[SPEC, template, POD_SPEC]).map(|pod| pod.text(SERVICE_ACCOUNT));
    account.is_some_and(|account| !matches!(account.as_str(), "" | "default"))
}
