//! A platform without a procedure here: one page of only what is true.

use super::kubeadm::{Snapshot, tool};
use super::servers::{Servers, shown};
use crate::draft::Draft;
use crate::known::Known;
use crate::shell::word;
use crate::step::{Part, Place, Step, Written};
use backup_facts::platform::{Platform, rules};

pub(super) fn write(known: &Known<'_>, servers: &Servers, platform: Platform, draft: &mut Draft) {
    draft.add("X-01", known_of(known, platform));
    draft.add("X-02", members(known, servers));
    let plain = matches!(platform, Platform::Kubernetes | Platform::Etcd | Platform::Unknown);
    let written = if plain {
        restore(known, servers)
    } else {
        Err(format!("{} has a restore of its own: {}", platform.title(), rules(platform).restore.by))
    };
    draft.add("X-03", written);
}

fn known_of(known: &Known<'_>, platform: Platform) -> Written {
    let rules = rules(platform);
    let which = match platform {
        Platform::Unknown => "Nothing in the snapshot tells which platform it is of: `--platform NAME` says so.".to_owned(),
        Platform::K3sOrRke2 => {
            "The snapshot is of k3s or of RKE2, and nothing tells which: `--platform k3s` or `--platform rke2` gives the steps.".to_owned()
        }
        Platform::Kubernetes => {
            "It is of Kubernetes, and nothing tells whose: `--platform kubeadm`, for one, gives steps.".to_owned()
        }
        other => format!("The backup is of {}; no procedure of it is written down here. What follows is what is known.", other.title()),
    };
    Ok(Step::new("X-01")
        .at(Place::Site)
        .say(which)
        .say(format!("What restores it: `{}`.", rules.restore.by))
        .say(format!("What a whole backup is: {}.", rules.complete))
        .say(format!("Where the keys of encrypted values are: {}.", rules.keys))
        .say_if(known.encrypted, "Values of this snapshot are encrypted: without those keys they stay closed."))
}

fn members(known: &Known<'_>, servers: &Servers) -> Written {
    if known.site.members.is_empty() {
        return Err("the snapshot lists no members".to_owned());
    }
    let told = servers.alive().chain(servers.lost()).map(|server| {
        let lost = if server.lost { ", said to be lost" } else { "" };
        format!("- {}: {}{lost}", shown(&server.member), shown(&server.peer_url))
    });
    let step = Step::new("X-02")
        .at(Place::Site)
        .say("Members of etcd and their addresses for each other, at the time of the backup:");
    Ok(told.fold(step, |step, line| step.say(line)))
}

fn restore(known: &Known<'_>, servers: &Servers) -> Written {
    let (tool, bumps) = tool(known);
    let snapshot = Snapshot::of(known);
    let part = |server: &super::servers::Server| {
        let mut lines = vec![
            format!("{tool} snapshot restore {} \\", word(&snapshot.ready)),
            format!("  --name {} \\", word(&server.member)),
            format!("  --initial-cluster {} \\", word(&servers.initial_cluster())),
            "  --initial-cluster-token '<uuid>' \\".to_owned(),
            format!("  --initial-advertise-peer-urls {} \\", word(&server.peer_url)),
        ];
        if bumps {
            lines.push("  --bump-revision 1000000000 --mark-compacted \\".to_owned());
        }
        lines.push("  --data-dir '<data-dir>'".to_owned());
        Part::whole().on_node(&server.node).run_all(lines)
    };
    Ok(Step::new("X-03")
        .at(Place::EveryHost)
        .say("Every client stopped first, then every member, and its data directory moved away. The same snapshot and token on every host; then start all members, then the clients.")
        .say(format!("The snapshot lies at {} on every host.", shown(&snapshot.ready)))
        .parts(servers.alive().map(part))
        .shows("`restored snapshot`, and `added member` with the same ids on every host"))
}
