//! What is true of every book, whatever the cluster.

use crate::cases;
use crate::laws::{self, blocks};
use crate::world::{CANARY, NO_PROXY};

/// Checks 1, 3, 5, 7, 14, and every numbered step of the procedure.
#[test]
fn what_is_true_of_every_book_is_true_of_these() {
    for world in cases::all() {
        laws::hold(&world.book(), world.name);
    }
}

/// Check 1.
#[test]
fn no_command_touches_the_machine_or_the_node_of_the_recovery_host() {
    for world in cases::all() {
        let book = world.book();
        let Some(host) = &book.recovery_host else { continue };
        let machine = world.site.machines.iter().find(|machine| machine.node == host.node);
        let forbidden = [Some(host.node.as_str()), machine.map(|machine| machine.name.as_str())];
        for (step, block) in blocks(&book) {
            for line in block.commands.iter().filter(|line| line.contains("delete") || line.contains("apply -f")) {
                for name in forbidden.into_iter().flatten().filter(|_| !line.contains("--field-selector")) {
                    assert!(!line.contains(name), "{}, {}: {line}", world.name, step.id);
                }
            }
        }
    }
}

/// Check 2.
#[test]
fn a_lost_host_has_no_session_and_nothing_to_stop() {
    for world in cases::all().into_iter().filter(|world| !world.asked.lost.is_empty()) {
        let book = world.book();
        let lost = |name: &str| world.asked.lost.iter().any(|lost| lost == name);
        let nodes = &world.hazards.nodes.nodes.items;
        let addresses: Vec<&String> =
            nodes.iter().filter(|node| lost(&node.name)).flat_map(|node| &node.addresses).collect();
        for (step, block) in blocks(&book) {
            assert!(!block.host.as_deref().is_some_and(lost), "{}, {}", world.name, step.id);
            let text = block.commands.join("\n");
            assert!(!addresses.iter().any(|ip| text.contains(&format!("core@{ip}"))), "{}, {}", world.name, step.id);
        }
        let said = book.steps.iter().find(|step| step.id == "R-05").unwrap();
        assert!(said.text.iter().any(|line| world.asked.lost.iter().all(|lost| line.contains(lost))), "{said:?}");
    }
}

/// Check 4.
#[test]
fn nothing_secret_is_in_a_book() {
    for world in cases::all() {
        assert!(!format!("{:?}", world.book()).contains(CANARY), "{}", world.name);
    }
}

/// Check 7.
#[test]
fn no_old_reason_is_repeated() {
    for world in cases::all() {
        let book = world.book();
        let text: String = blocks(&book).flat_map(|(_, block)| block.commands.clone()).collect();
        for operator in world.site.operators.iter().filter(|operator| !operator.redeployment_reason.is_empty()) {
            assert!(!text.contains(&operator.redeployment_reason), "{}", world.name);
        }
    }
}

/// Check 14.
#[test]
fn a_proxy_is_exported_exactly_where_there_is_one() {
    for world in cases::all() {
        let book = world.book();
        let exports: Vec<&str> = blocks(&book)
            .filter(|(_, block)| block.commands.iter().any(|line| line.contains("_PROXY=")))
            .map(|(step, _)| step.id.as_str())
            .collect();
        let manual = book.procedure == "manual";
        match &world.site.proxy {
            Some(_) if !manual => assert_eq!(exports, ["R-09", "B-04"], "{}", world.name),
            Some(_) => assert_eq!(exports, ["B-04"], "{}", world.name),
            None => assert!(exports.is_empty(), "{}: {exports:?}", world.name),
        }
        let lines = || blocks(&book).flat_map(|(_, block)| &block.commands);
        assert!(world.site.proxy.is_none() || lines().any(|line| *line == format!("export NO_PROXY='{NO_PROXY}'")));
    }
}

/// Check 15, its end.
#[test]
fn the_same_input_gives_the_same_book() {
    for (one, other) in cases::all().into_iter().zip(cases::all()) {
        assert_eq!(one.book(), other.book(), "{}", one.name);
    }
}

#[test]
fn every_file_that_a_command_reads_is_one_of_the_backup() {
    for world in cases::all() {
        let book = world.book();
        for (step, block) in blocks(&book) {
            for line in block.commands.iter().filter(|line| line.contains("/backups/")) {
                let files = [&world.snapshot, &world.tarball].into_iter().flatten().map(|file| file.path.as_str());
                let known = files.chain(["/backups/of today'"]).any(|path| line.contains(path));
                assert!(known, "{}, {}: {line}", world.name, step.id);
            }
        }
    }
}
