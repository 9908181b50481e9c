//! The made clusters whose books are looked at.

use backup_facts::hazards::{Csr, ObjectName, Webhook};
use backup_facts::platform::Platform;

use crate::world::{CANARY, World};

/// Every one of them, by name.
pub(crate) fn all() -> Vec<World> {
    let mut all = vec![
        World::new("short", "4.18.9", 3).proxy().checked(),
        World::new("long", "4.16.3", 3).machine_set("Inactive").checked(),
        World::new("long, two lost", "4.16.3", 3).lost(&["master-0.example.com", "master-2.example.com"]),
        World::new("long, all lost but one by name", "4.17.1", 3).with(|world| {
            world.asked.recovery_host = Some("master-2.example.com".to_owned());
            world.asked.lost = vec!["master-0.example.com".to_owned()];
        }),
        World::new("keepalived", "4.14.9", 3).keepalived(),
        World::new("ovn of 4.12", "4.12.9", 3).proxy(),
        World::new("sdn of 4.10", "4.10.20", 3)
            .with(|world| world.hazards.control_plane.network_type = "OpenShiftSDN".to_owned()),
        World::new("old", "4.5.20", 3).with(|world| world.hazards.control_plane.network_type = String::new()),
        World::new("bare metal", "4.15.2", 3).with(|world| world.site.infrastructure.platform = "BareMetal".to_owned()),
        World::new("active set", "4.16.3", 4).machine_set("Active"),
        World::new("five", "4.20.1", 5).machine_set("Active").lost(&["master-4.example.com"]),
        World::new("single", "4.18.9", 1).topology(Platform::SingleNode).proxy(),
        World::new("single of 4.14", "4.14.9", 1).topology(Platform::SingleNode),
        World::new("fenced", "4.22.3", 2).topology(Platform::Fenced),
        World::new("manual", "4.14.9", 3).made_by_hand(),
        World::new("manual of 4.12", "4.12.9", 3).made_by_hand(),
        World::new("by hand, one lost", "4.14.9", 3).made_by_hand().lost(&["master-1.example.com"]),
        World::new("by hand of 4.19", "4.19.0", 3).made_by_hand(),
        World::new("keyless", "4.18.9", 3).with(|world| (world.keys_apart, world.encrypted) = (true, true)),
        World::new("arbiter", "4.20.3", 2).arbiter(),
        World::new("other release", "4.18.9", 3).with(|world| world.asked.target = Some("4.18.10".parse().unwrap())),
    ];
    all.extend([hostile(), packed(), nothing_known()]);
    all
}

/// Names that a shell would see something in, and a webhook, a request, overrides.
fn hostile() -> World {
    World::new("hostile", "4.16.3", 3).with(|world| {
        for node in world.hazards.nodes.nodes.items.iter_mut().filter(|node| !node.control_plane) {
            node.name = format!("$(reboot) '; rm -rf / #{}", node.name);
        }
        world.hazards.webhooks.push(Webhook {
            configuration: "-o yaml $(id)".to_owned(),
            name: "w.example.com".to_owned(),
            service: ObjectName::new("w", "w"),
            resources: vec!["pods".to_owned()],
        });
        world.hazards.nodes.pending_csrs.push(Csr { name: "csr-old".to_owned(), ..Csr::default() });
        let forced = ("etcds".to_owned(), "recovery-2026-01-01".to_owned());
        world.hazards.control_plane.forced_redeployments.push(forced);
        for operator in &mut world.site.operators {
            operator.overrides = vec!["somethingElse".to_owned()];
            operator.redeployment_reason = "recovery-2026-01-01".to_owned();
        }
        for machine in &mut world.site.machines {
            machine.object = CANARY.into();
        }
    })
}

/// A snapshot that is packed, and addresses of the sixth version.
fn packed() -> World {
    World::new("packed", "4.14.9", 3).with(|world| {
        if let Some(snapshot) = &mut world.snapshot {
            snapshot.name.push_str(".gz");
            snapshot.path.push_str(".gz");
        }
        for (at, node) in world.hazards.nodes.nodes.items.iter_mut().enumerate() {
            node.addresses = vec![format!("fd00::{at}")];
        }
    })
}

/// A tarball without a snapshot: no node, no machine, nothing.
fn nothing_known() -> World {
    World::new("nothing known", "4.18.9", 0).with(|world| {
        world.hazards = Default::default();
        world.site = Default::default();
        world.pods = None;
        world.snapshot = None;
        world.asked.target = None;
    })
}

/// One of them.
pub(crate) fn named(name: &str) -> World {
    all().into_iter().find(|world| world.name == name).unwrap()
}
