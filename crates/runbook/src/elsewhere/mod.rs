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
