//! The made clusters whose books are looked at.

use backup_facts::hazards::{Attachment, Claim, CredentialsRequest, LocalOwner, Volume, VolumeSource};
use backup_facts::hazards::{Csr, ObjectName, Webhook};
use backup_facts::platform::Platform;
use backup_facts::site::PeerMember;
use runbook::Task;

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
        World::new("manual of 4.13", "4.13.9", 3).made_by_hand(),
        World::new("by hand, one lost", "4.14.9", 3).made_by_hand().lost(&["master-1.example.com"]),
        World::new("by hand of 4.19", "4.19.0", 3).made_by_hand(),
        World::new("keyless", "4.18.9", 3).with(|world| {
            (world.keys_apart, world.encrypted) = (true, true);
            let tarball = world.tarball.as_mut().unwrap();
            tarball.name = "static_kuberesources_1.keyless.tar.gz".to_owned();
            tarball.path = format!("/backups/of today/{}", tarball.name);
        }),
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

/// A cluster of another platform, its members called as `name` makes it of the node.
fn of(platform: Platform, name: impl Fn(usize, &str) -> String) -> World {
    World::new(platform.name(), "1.31.2", 3).topology(platform).with(|world| {
        world.tarball = None;
        world.pods = None;
        world.site.etcd_version = "3.5.0".to_owned();
        let masters = world.hazards.nodes.nodes.items.iter().filter(|node| node.control_plane).enumerate();
        let member = |at: usize, node: &str| PeerMember {
            id: at as u64,
            name: name(at, node),
            peer_urls: vec![if platform == Platform::HyperShift {
                format!("https://etcd-{at}.etcd-discovery.clusters-shop.svc:2380")
            } else {
                format!("https://10.0.0.{}:2380", 10 + at)
            }],
            is_learner: false,
        };
        world.site.members = masters.map(|(at, node)| member(at, &node.name)).collect();
    })
}

/// One of every other platform, and some that are odd.
pub(crate) fn elsewhere() -> Vec<World> {
    let named = |_: usize, node: &str| node.to_owned();
    let mut all: Vec<World> = Platform::ALL
        .into_iter()
        .filter(|platform| !platform.has_operators())
        .map(|platform| match platform {
            Platform::K3s | Platform::Rke2 => of(platform, |at, node| format!("{node}-1f3a9c0{at}")),
            Platform::HyperShift => of(platform, |at, _| format!("etcd-{at}")),
            other => of(other, named),
        })
        .collect();
    let odd = |platform| {
        of(platform, |at, _| format!("$(reboot) '{at}")).with(|world| {
            world.encrypted = true;
            for member in &mut world.site.members {
                member.peer_urls = vec!["https://[fd00::1]:2380/$(id)".to_owned()];
            }
            if let Some(snapshot) = &mut world.snapshot {
                (snapshot.name, snapshot.path) = ("-s $(id).db.gz".to_owned(), "-s $(id).db.gz".to_owned());
            }
        })
    };
    all.extend([Platform::Kubeadm, Platform::K3s, Platform::HyperShift, Platform::Talos, Platform::Etcd].map(odd));
    all.extend(
        Platform::ALL
            .into_iter()
            .filter(|platform| !platform.has_operators())
            .map(|platform| nothing_known().topology(platform)),
    );
    all
}

/// Every other task, at clusters with volumes and without.
pub(crate) fn tasks() -> Vec<World> {
    let task = |world: World, task| world.with(|world| world.asked.task = task);
    let mut all = Vec::new();
    for of in [Task::Defragment, Task::Encryption, Task::Storage] {
        all.push(task(World::new("of 4.18", "4.18.9", 3).with(stored), of));
        all.push(task(World::new("of 4.5", "4.5.20", 3), of));
        all.push(task(World::new("single", "4.18.9", 1).topology(Platform::SingleNode).with(stored), of));
        all.push(task(nothing_known(), of));
        all.extend(elsewhere().into_iter().map(|world| task(world, of)));
    }
    all
}

/// Volumes of every kind, and a name that a shell would see something in.
fn stored(world: &mut World) {
    let storage = &mut world.hazards.storage;
    let local = VolumeSource::Local { path: "/mnt/local-storage/fast/$(id)".to_owned() };
    let csi = VolumeSource::Csi { driver: "ebs.csi.aws.com".to_owned(), handle: "vol-0".to_owned() };
    for (name, source) in [("pv-local $(id)", local), ("pv-0", csi)] {
        storage.volumes.push(Volume {
            name: name.to_owned(),
            source,
            reclaim_policy: "Delete".to_owned(),
            nodes: vec!["worker-0.example.com".to_owned()],
            ..Volume::default()
        });
    }
    storage.attachments.push(Attachment {
        name: "csi-1".to_owned(),
        attacher: "ebs.csi.aws.com".to_owned(),
        volume: "pv-0".to_owned(),
        node: "worker-0.example.com".to_owned(),
        exclusive: true,
        ..Attachment::default()
    });
    storage.claims.push(Claim { name: ObjectName::new("shop", "db"), phase: "Pending".to_owned(), ..Claim::default() });
    storage.local_owners.push(LocalOwner {
        kind: "LocalVolumeSet".to_owned(),
        name: ObjectName::new("openshift-local-storage", "fast"),
        ..LocalOwner::default()
    });
    world.hazards.credentials.requests.push(CredentialsRequest {
        name: ObjectName::new("openshift-cloud-credential-operator", "aws-ebs"),
        secret: ObjectName::new("openshift-cluster-csi-drivers", "ebs-cloud-credentials"),
        ..CredentialsRequest::default()
    });
    (world.hazards.space.size, world.hazards.space.in_use) = (104 << 20, 41 << 20);
    (world.hazards.space.quota, world.hazards.space.free_share) = (8 << 30, 6057);
}

/// One of them.
pub(crate) fn named(name: &str) -> World {
    all().into_iter().find(|world| world.name == name).unwrap()
}
