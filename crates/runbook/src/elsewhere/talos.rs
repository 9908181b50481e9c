//! Talos Linux: one node is bootstrapped from the snapshot, the others join it.

use super::servers::{Server, Servers, path_word};
use crate::draft::Draft;
use crate::known::Known;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};

pub(super) fn write(known: &Known<'_>, servers: &Servers, draft: &mut Draft) {
    draft.add("T-01", at_hand(servers));
    draft.add("T-02", reset(servers));
    draft.add("T-03", recover(known, servers));
    draft.add("T-04", look(servers));
}

/// `talosctl` for one node.
fn at(server: &Server, rest: &str) -> String {
    format!("talosctl -n {} {rest}", word(&server.address))
}

fn at_hand(servers: &Servers) -> Written {
    Ok(Step::new("T-01")
        .say("This brings the whole cluster back to the moment of the backup: what was written since is gone.")
        .say("The nodes of the control plane need the machine configuration with the same secrets as then: certificates and the keys of encrypted values come from there, not from the snapshot.")
        .say("No node may be of type `init`: `talosctl get machinetype` shows `controlplane`. Where one is `init`, change its configuration first.")
        .parts(servers.alive().map(|server| Part::whole().titled(format!("`{}`", server.node)).run(at(server, "get machinetype")).run(at(server, "service etcd"))))
        .shows("machine type `controlplane`; etcd in state `Preparing`, on every node of the control plane"))
}

fn reset(servers: &Servers) -> Written {
    let line = "reset --graceful=false --reboot --system-labels-to-wipe=EPHEMERAL";
    Ok(Step::new("T-02")
        .only_if("etcd of a node is not `Preparing`, and holds old data")
        .say("It wipes the node's data of etcd and its images, and reboots it; its configuration stays.")
        .parts(servers.alive().map(|server| Part::whole().titled(format!("`{}`", server.node)).run(at(server, line))))
        .wait("some minutes", "`talosctl service etcd` shows `Preparing` on each", ""))
}

fn recover(known: &Known<'_>, servers: &Servers) -> Written {
    let first = servers.first();
    let path = known.snapshot.as_ref().map_or("<snapshot>", |file| &file.path);
    let raw = known.findings.iter().any(|finding| matches!(finding.entry().id, "SNAP-002" | "SNAP-008"));
    let mut line = at(&first, &format!("bootstrap --recover-from={}", path_word(path)));
    if raw {
        line.push_str(" --recover-skip-hash-check");
    }
    let packed = [".gz", ".zst", ".bz2", ".lz4"].iter().any(|end| path.ends_with(end));
    Ok(Step::new("T-03")
        .say("Once, and on one node only; the others join by themselves.")
        .say_if(raw, "The file has no integrity hash, as a copy of a data directory: the hash is not looked at.")
        .say_if(packed, "The file is compressed: unpack it first, and name what comes out.")
        .part(Part::whole().run(line))
        .shows("the log of the node (`talosctl dmesg -f`) shows that etcd was recovered")
        .wait("some minutes", "etcd runs", &at(&first, "service etcd")))
}

fn look(servers: &Servers) -> Written {
    let first = servers.first();
    Ok(Step::new("T-04")
        .at(Place::Workstation)
        .part(Part::whole().run(at(&first, "etcd status")).run(at(&first, "etcd members")).run("kubectl get nodes"))
        .shows("every node of the control plane is a member; all nodes `Ready`")
        .wait("some minutes", "all members are there", ""))
}
