//! MicroShift: its whole directory is put back.

use std::path::Path;

use crate::draft::Draft;
use crate::known::Known;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

/// Where backups lie on the host.
const BACKUPS: &str = "/var/lib/microshift-backups";
const KUBECONFIG: &str = "/var/lib/microshift/resources/kubeadmin/kubeconfig";

pub(super) fn write(known: &Known<'_>, draft: &mut Draft) {
    let name = Path::new(known.path).file_name().map_or_else(|| "<backup>".into(), |name| name.to_string_lossy());
    let place = format!("{BACKUPS}/{name}");
    draft.add("U-01", at_hand(known, &place));
    draft.add("U-02", stop());
    draft.add("U-03", restore(&place));
    draft.add("U-04", start());
}

fn at_hand(known: &Known<'_>, place: &str) -> Written {
    let path = super::servers::path_word(known.path.trim_end_matches('/'));
    let copy = format!("tar -C {path} -cf - . | ssh '<microshift-host>' {}", word(&into(place)));
    Ok(Step::new("U-01")
        .say("The backup is the whole directory `/var/lib/microshift`, with its certificates and keys: keep copies of it closed.")
        .say("MicroShift takes no backup of a newer release than itself: `microshift version`.")
        .part(Part::whole().titled("Copy it to the host, where it is not there yet; modes and owners are kept").run(copy))
        .part(Part::whole().titled("See it there").run(format!("ssh '<microshift-host>' {}", word(&format!("sudo ls -l {}", word(place))))))
        .shows("`certs`, `etcd`, `kubelet-plugins`, `resources`, `version`, ..."))
}

/// What unpacks a copy into a directory that is not there yet.
fn into(place: &str) -> String {
    let place = word(place);
    format!("sudo mkdir -m 700 {place} && sudo tar -C {place} -xpf -")
}

fn stop() -> Written {
    Ok(Step::new("U-02")
        .at(Place::Node)
        .part(Part::whole().on_node("<microshift-host>").run("sudo systemctl stop microshift")))
}

fn restore(place: &str) -> Written {
    Ok(Step::new("U-03")
        .at(Place::Node)
        .say("It replaces `/var/lib/microshift`. Systems of ostree do so by themselves when the system is rolled back.")
        .part(Part::whole().on_node("<microshift-host>").run(format!("sudo microshift restore {}", word(place))))
        .shows("it ends without an error"))
}

fn start() -> Written {
    Ok(Step::new("U-04")
        .at(Place::Node)
        .part(
            Part::whole()
                .on_node("<microshift-host>")
                .run("sudo systemctl start microshift")
                .run(format!("sudo oc get pods -A --kubeconfig {KUBECONFIG}")),
        )
        .wait("some minutes", "all pods are Running or Completed", "")
        .trouble(
            "It does not come up: `sudo journalctl -u microshift -e`; a backup of a newer release is refused there.",
        ))
}
