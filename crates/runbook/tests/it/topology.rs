//! What differs from cluster to cluster.

use document::{BookStep, Runbook};

use crate::cases::{self, named};
use crate::world::World;

fn step<'b>(book: &'b Runbook, id: &str) -> Option<&'b BookStep> {
    book.steps.iter().find(|step| step.id == id)
}

fn text(book: &Runbook) -> String {
    let lines = book.steps.iter().flat_map(|step| &step.blocks).flat_map(|block| block.commands.clone());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_procedure_goes_by_release_and_topology() {
    for (name, procedure) in [
        ("short", "short"),
        ("long", "long"),
        ("single", "single-node"),
        ("single of 4.14", "single-node"),
        ("fenced", "fenced"),
        ("manual", "manual"),
        ("by hand, one lost", "long"),
        ("by hand of 4.19", "short"),
        ("nothing known", "short"),
    ] {
        assert_eq!(named(name).book().procedure, procedure, "{name}");
    }
}

/// Check 6, its end.
#[test]
fn fencing_and_single_nodes_have_nothing_of_a_quorum() {
    let fenced = named("fenced").book();
    assert!(step(&fenced, "R-19").is_none() && step(&fenced, "R-21").is_none() && step(&fenced, "R-17").is_none());
    assert!(!text(&fenced).contains("static_kuberesources"));
    for name in ["single", "single of 4.14"] {
        let book = named(name).book();
        for id in ["R-04", "R-07", "R-07x", "R-17", "R-19", "R-21", "Q-01", "M-01"] {
            assert!(step(&book, id).is_none(), "{name}: {id}");
        }
        let hosts: Vec<&str> =
            book.steps.iter().flat_map(|step| &step.blocks).filter_map(|block| block.host.as_deref()).collect();
        assert!(hosts.iter().all(|host| *host == "master-0.example.com" || *host == "<node>"), "{name}: {hosts:?}");
    }
}

/// Check 8.
#[test]
fn machines_are_not_re_created_where_there_are_none_or_on_bare_metal() {
    for name in ["manual", "by hand, one lost", "by hand of 4.19", "bare metal"] {
        let book = named(name).book();
        let text = text(&book);
        assert!(!text.contains("oc delete machine") && !text.contains("oc apply"), "{name}");
        assert!(book.omitted.iter().any(|one| one.id.starts_with("R-17") && !one.because.is_empty()), "{name}");
    }
    let lost = named("by hand, one lost").book();
    let step = step(&lost, "R-17").unwrap();
    let lines: Vec<&String> = step.blocks.iter().flat_map(|block| &block.commands).collect();
    assert_eq!(lines, ["oc delete node master-1.example.com"]);
}

/// Check 8, its end, and 9 as far as it is done by hand.
#[test]
fn an_active_set_makes_the_machine_and_an_inactive_one_does_not() {
    for (name, old) in [("active set", "c-x7kq2-master-0"), ("five", "c-x7kq2-master-4")] {
        let text = text(&named(name).book());
        assert!(text.contains(&format!("oc delete machine -n openshift-machine-api {old}\n")), "{name}");
        assert!(!text.contains("oc apply") && !text.contains(".yaml > "), "{name}");
    }
    let book = named("long, two lost").book();
    let step = step(&book, "R-17").unwrap();
    assert_eq!(step.only_if, None);
    let parts: Vec<(&str, &str)> = step
        .blocks
        .iter()
        .filter_map(|block| Some((block.id.as_deref()?, block.commands.first()?.as_str())))
        .filter(|(id, _)| ["R-17b", "R-17d", "R-17f"].contains(id))
        .collect();
    assert_eq!(
        parts,
        [
            ("R-17b", "oc get machine c-x7kq2-master-0 -n openshift-machine-api -o yaml > c-x7kq2-master-3.yaml"),
            ("R-17b", "oc get machine c-x7kq2-master-2 -n openshift-machine-api -o yaml > c-x7kq2-master-4.yaml"),
            ("R-17d", "oc delete machine -n openshift-machine-api c-x7kq2-master-0"),
            ("R-17f", "oc apply -f c-x7kq2-master-3.yaml"),
            ("R-17d", "oc delete machine -n openshift-machine-api c-x7kq2-master-2"),
            ("R-17f", "oc apply -f c-x7kq2-master-4.yaml"),
        ]
    );
}

/// Check 12.
#[test]
fn so_many_hosts_are_stopped_that_no_quorum_is_left_and_each_once() {
    for (masters, down) in [(3, 2), (4, 3), (5, 3)] {
        let world = World::new("some", "4.18.9", masters);
        let book = world.book();
        let stop = step(&book, "R-07x").unwrap();
        let said = format!("At least {down} of the {masters} members must be down");
        assert!(stop.text.iter().any(|line| line.starts_with(&said)), "{:?}", stop.text);
        let mut hosts: Vec<&str> = stop.blocks.iter().filter_map(|block| block.host.as_deref()).collect();
        hosts.sort_unstable();
        let nodes = &world.hazards.nodes.nodes.items;
        let known: Vec<&str> = nodes.iter().filter(|node| node.control_plane).map(|node| node.name.as_str()).collect();
        assert_eq!(hosts, known);
    }
    let book = named("long").book();
    let stop = step(&book, "R-07").unwrap();
    let moved = stop.blocks.iter().filter(|block| block.id.as_deref() == Some("R-07f"));
    let hosts: Vec<&str> = moved.filter_map(|block| block.host.as_deref()).collect();
    assert_eq!(hosts, ["master-0.example.com", "master-2.example.com"], "the recovery host is not among them");
}

#[test]
fn an_arbiter_is_stopped_and_never_restored_on() {
    let arbiter = "arbiter-0.example.com";
    let book = named("arbiter").lost(&["master-0.example.com"]).book();
    let stop = step(&book, "R-07x").unwrap();
    assert!(stop.text.iter().any(|line| line.starts_with("At least 2 of the 3 members")), "{:?}", stop.text);
    assert!(stop.blocks.iter().any(|block| block.host.as_deref() == Some(arbiter)));
    assert_eq!(book.recovery_host.unwrap().node, "master-1.example.com");
    let named = named("arbiter").with(|world| world.asked.recovery_host = Some(arbiter.to_owned())).book();
    assert!(named.refusals.iter().any(|refusal| refusal.text.contains("no control-plane node")));
}

#[test]
fn the_recovery_host_is_proposed_by_the_rule() {
    let book = named("long").book();
    let host = book.recovery_host.unwrap();
    assert!(host.proposed && host.node == "master-1.example.com" && host.ip.as_deref() == Some("10.0.0.11"));
    assert!(host.because.starts_with("it was Ready in the backup, it made the backup, the tarball has certificates"));
    let not_ready = named("long").with(|world| {
        let made = world.hazards.nodes.nodes.items.iter_mut().find(|node| node.name == "master-1.example.com");
        made.unwrap().ready = "False".to_owned();
    });
    assert_eq!(not_ready.book().recovery_host.unwrap().node, "master-0.example.com");
    let lost = named("long").lost(&["master-0.example.com", "master-1.example.com"]).book();
    assert_eq!(lost.recovery_host.unwrap().node, "master-2.example.com");
}

/// An address that is the beginning of another one is not that other one, which would be taken off its host.
#[test]
fn addresses_are_looked_for_whole() {
    let text = text(&named("keepalived").book());
    assert!(text.contains("ip -o address | grep -w -E '10.0.0.2|10.0.0.3'\n"), "{text}");
    let text = self::text(&named("ovn of 4.12").book());
    assert!(text.contains("ds/ovnkube-master -o yaml | grep -w -E '10.0.0.10|10.0.0.12'\n"), "{text}");
}

#[test]
fn a_packed_snapshot_is_unpacked_on_its_way() {
    let text = text(&named("packed").book());
    let line = "gzip -dc '/backups/of today/snapshot_2026-11-20_080000.db.gz' | ssh -i '<ssh-key-path>' core@fd00::1 \
                'cat > /home/core/backup/snapshot_2026-11-20_080000.db'";
    assert!(text.contains(line), "{text}");
    assert!(text.contains("core@'[fd00::1]:/home/core/backup/'"), "{text}");
}

#[test]
fn a_snapshot_of_another_name_gets_the_one_that_the_script_looks_for() {
    let book = named("short").with(|world| {
        let snapshot = world.snapshot.as_mut().unwrap();
        (snapshot.name, snapshot.path) = ("etcd.db".to_owned(), "/backups/etcd.db".to_owned());
    });
    let line = "scp -i '<ssh-key-path>' /backups/etcd.db core@10.0.0.11:/home/core/backup/snapshot_restore.db";
    assert!(text(&book.book()).contains(line));
}

#[test]
fn keys_that_are_apart_are_put_back_first() {
    let book = named("keyless").book();
    assert!(book.notes.iter().any(|note| note.about == "keys" && note.text.contains("put them back first")));
    let step = step(&book, "R-03").unwrap();
    let joined = "assay keys join '/backups/of today/static_kuberesources_1.keyless.tar.gz' --escrow '<escrow>' \
                  -i '<identity>' --out static_kuberesources_1.tar.gz";
    assert!(step.blocks.iter().any(|block| block.commands.iter().any(|line| line == joined)), "{step:?}");
    let copied = "scp -i '<ssh-key-path>' static_kuberesources_1.tar.gz core@10.0.0.11:/home/core/backup/";
    assert!(text(&book).contains(copied), "what is copied is what was put together");
    assert!(
        cases::all().iter().filter(|world| !world.keys_apart).all(|world| !text(&world.book()).contains("keys join"))
    );
}

#[test]
fn findings_stand_at_the_steps_that_they_hit() {
    let world = named("hostile").checked();
    let book = world.book();
    for (id, at) in [("HAZ-012", "R-13"), ("HAZ-019", "R-16"), ("HAZ-021", "R-20")] {
        assert!(world.findings.iter().any(|finding| finding.entry().id == id), "{id}");
        let hit = step(&book, at).unwrap().findings.iter().any(|finding| finding.id == id);
        assert!(hit, "{id} at {at}");
    }
}
