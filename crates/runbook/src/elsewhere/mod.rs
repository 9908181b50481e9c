//! Procedures of other platforms than OpenShift with its operators, with the names and addresses of their cluster.

mod generic;
mod hosted;
mod kubeadm;
mod microshift;
mod reset;
mod seed;
mod servers;
mod talos;

use crate::asked::Asked;
use crate::draft::Draft;
use crate::known::Known;
use backup_facts::platform::Platform;
use document::RecoveryHost;
use servers::Servers;

/// Part of the book that the steps stand in.
const SECTION: &str = "Restore";

/// Writes the steps of a platform's own restore.
pub(crate) fn write(known: &Known<'_>, asked: &Asked, platform: Platform, draft: &mut Draft) {
    let servers = Servers::of(known, asked);
    draft.section(SECTION);
    match platform {
        Platform::Kubeadm => kubeadm::write(known, &servers, draft),
        Platform::K3s => reset::write(known, &servers, &reset::K3S, draft),
        Platform::Rke2 => reset::write(known, &servers, &reset::RKE2, draft),
        Platform::MicroShift => microshift::write(known, draft),
        Platform::HyperShift => hosted::write(known, &servers, draft),
        Platform::Talos => talos::write(known, &servers, draft),
        Platform::Gardener => seed::write(known, draft),
        other => generic::write(known, &servers, other, draft),
    }
}

/// The server that is restored on, where a platform restores on one and the others join it.
pub(crate) fn recovery_host(known: &Known<'_>, asked: &Asked, platform: Platform) -> Option<RecoveryHost> {
    if !matches!(platform, Platform::K3s | Platform::Rke2 | Platform::Talos) {
        return None;
    }
    let first = Servers::of(known, asked).first();
    let proposed = asked.recovery_host.as_ref() != Some(&first.node);
    let because = if proposed {
        "the first by name that is not said to be lost. Look whether it is alive; else name another with --recovery-host"
    } else {
        "asked for"
    };
    let ip = (!first.address.starts_with('<')).then_some(first.address);
    Some(RecoveryHost { node: first.node, ip, proposed, because: because.to_owned() })
}
