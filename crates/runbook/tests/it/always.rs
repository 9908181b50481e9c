//! What is true of every book, whatever the cluster.

use document::{Block, BookStep, Runbook};

use crate::cases;
use crate::world::{CANARY, NO_PROXY};

fn blocks(book: &Runbook) -> impl Iterator<Item = (&BookStep, &Block)> {
    book.steps.iter().flat_map(|step| step.blocks.iter().map(move |block| (step, block)))
}

fn position(book: &Runbook, id: &str) -> Option<usize> {
    book.steps.iter().position(|step| step.id == id)
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

/// Check 3, but for what bash says: see [`crate::bash`].
#[test]
fn every_blank_in_a_command_is_quoted_and_listed() {
    for world in cases::all() {
        let book = world.book();
        for (step, block) in blocks(&book) {
            for line in &block.commands {
                for blank in &book.blanks {
                    for (at, _) in line.match_indices(&blank.placeholder) {
                        let quotes = line.get(..at).unwrap().matches('\'').count();
                        assert!(quotes % 2 == 1, "{}, {}: {line}", world.name, step.id);
                    }
                }
                let known = book.blanks.iter().fold(line.clone(), |line, blank| line.replace(&blank.placeholder, ""));
                assert!(!known.contains('<') || known.contains("(?<="), "{}, {}: {line}", world.name, step.id);
            }
        }
        for blank in &book.blanks {
            assert!(!blank.means.is_empty());
            let used = |block: &Block| {
                let at = block.host.as_deref().is_some_and(|host| host.contains(&blank.placeholder));
                at || block.commands.iter().any(|line| line.contains(&blank.placeholder))
            };
            assert!(blocks(&book).any(|(_, block)| used(block)), "{}: {blank:?} is not used", world.name);
        }
    }
}

/// Check 4.
#[test]
fn nothing_secret_is_in_a_book() {
    for world in cases::all() {
        assert!(!format!("{:?}", world.book()).contains(CANARY), "{}", world.name);
    }
}

/// Check 5.
#[test]
fn the_order_holds() {
    for world in cases::all() {
        let book = world.book();
        let before = |first: &str, then: &str| {
            if let (Some(first_at), Some(then_at)) = (position(&book, first), position(&book, then)) {
                assert!(first_at < then_at, "{}: {first} before {then}", world.name);
            }
        };
        for (first, then) in [
            ("R-05", "R-07"),
            ("R-05", "R-07x"),
            ("R-06", "R-10"),
            ("R-07", "R-10"),
            ("R-07x", "R-10"),
            ("R-09", "R-10"),
            ("R-10", "R-11"),
            ("R-19", "R-21"),
            ("R-22", "R-23"),
            ("R-23", "R-24"),
            ("R-24", "R-25"),
            ("M-01", "M-03"),
            ("M-03", "M-06"),
            ("Q-06", "R-01"),
            ("R-29", "B-01"),
        ] {
            before(first, then);
        }
    }
}

/// Check 7.
#[test]
fn a_guard_that_is_turned_off_is_turned_on_again_and_no_old_reason_is_repeated() {
    for world in cases::all() {
        let book = world.book();
        assert_eq!(position(&book, "R-19").is_some(), position(&book, "R-21").is_some(), "{}", world.name);
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
        assert!(lines().filter(|line| line.contains("cluster-restore.sh")).all(|line| line.starts_with("sudo -E ")));
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

#[test]
fn no_sentence_stands_in_a_book_again_and_again() {
    for world in cases::all() {
        let book = world.book();
        let texts: Vec<&String> = book.steps.iter().flat_map(|step| &step.text).collect();
        for text in &texts {
            assert_eq!(texts.iter().filter(|other| other == &text).count(), 1, "{}: {text}", world.name);
        }
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or_default();
        assert!(longest < 240, "{}: {longest}", world.name);
    }
}
