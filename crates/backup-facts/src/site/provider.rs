//! What the cluster runs on.

use serde_json::Value;

use crate::hazards::{at, words};

/// What the cluster runs on: its Infrastructure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Provider {
    /// `AWS`, `BareMetal`, `VSphere`, `None`, ...; empty where none is noted.
    pub platform: String,
    /// `HighlyAvailable`, `SingleReplica`, `DualReplica`, `HighlyAvailableArbiter`, ...; empty where none is noted.
    pub topology: String,
    /// Name prefix of its cloud resources.
    pub name: String,
    /// URL of the API for clients on the nodes.
    pub api_internal_url: String,
    /// Addresses that keepalived holds for the API.
    pub api_vips: Vec<String>,
    /// Addresses that keepalived holds for the routers.
    pub ingress_vips: Vec<String>,
}

/// Platforms whose addresses keepalived holds.
const WITH_VIPS: [&str; 5] = ["baremetal", "vsphere", "openstack", "ovirt", "nutanix"];

impl Provider {
    /// What an Infrastructure says.
    pub(super) fn of(object: &Value) -> Self {
        let platform = match at(object, "/status/platformStatus/type") {
            none if none.is_empty() => at(object, "/status/platform"), // before 4.5
            platform => platform,
        };
        Self {
            platform,
            topology: at(object, "/status/controlPlaneTopology"),
            name: at(object, "/status/infrastructureName"),
            api_internal_url: at(object, "/status/apiServerInternalURI"),
            api_vips: vips(object, "apiServerInternalIP"),
            ingress_vips: vips(object, "ingressIP"),
        }
    }
}

/// Addresses under `<name>s`, and the one under `<name>` of old, each once.
fn vips(object: &Value, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    for platform in WITH_VIPS {
        let one = format!("/status/platformStatus/{platform}/{name}");
        let all = words(object, &format!("{one}s")).into_iter().chain([at(object, &one)]);
        for address in all.filter(|address| !address.is_empty()) {
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    found
}
