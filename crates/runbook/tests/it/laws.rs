//! What is true of every book, whatever the cluster. Test binaries of two crates hold it: over clusters that are made as
//! facts, and over clusters that are made as backups.

use document::{Block, BookStep, Runbook};

/// Steps and lettered parts of a restore, of a backup, of the quorum and of the manual way; those of the seed's table, too.
pub(crate) const IDS: [&str; 89] = [
    "R-01",
    "R-02",
    "R-03",
    "R-04",
    "R-05",
    "R-06",
    "R-07",
    "R-07a",
    "R-07b",
    "R-07c",
    "R-07d",
    "R-07e",
    "R-07f",
    "R-07g",
    "R-07h",
    "R-07x",
    "R-08",
    "R-09",
    "R-10",
    "R-11",
    "R-11a",
    "R-11b",
    "R-12",
    "R-12a",
    "R-12b",
    "R-13",
    "R-13a",
    "R-13b",
    "R-13c",
    "R-13d",
    "R-14",
    "R-14a",
    "R-14b",
    "R-14c",
    "R-15",
    "R-15a",
    "R-15b",
    "R-15c",
    "R-15d",
    "R-15e",
    "R-15f",
    "R-16",
    "R-17",
    "R-17a",
    "R-17b",
    "R-17c",
    "R-17c.i",
    "R-17c.ii",
    "R-17c.iii",
    "R-17c.iv",
    "R-17c.v",
    "R-17d",
    "R-17e",
    "R-17f",
    "R-17g",
    "R-17h",
    "R-18",
    "R-19",
    "R-20",
    "R-21",
    "R-22",
    "R-23",
    "R-24",
    "R-25",
    "R-26",
    "R-27",
    "R-28",
    "R-29",
    "B-01",
    "B-02",
    "B-03",
    "B-04",
    "B-05",
    "Q-01",
    "Q-02",
    "Q-03",
    "Q-04",
    "Q-05",
    "Q-06",
    "M-01",
    "M-02",
    "M-03",
    "M-04",
    "M-05",
    "M-06",
    "M-07",
    "M-08",
    "M-09",
    "M-10",
];

/// Whether a step or a part is there, or is left out with a reason, itself or with its step.
fn stands(book: &Runbook, id: &str) -> bool {
    let step = book.steps.iter().any(|step| step.id == id);
    let part = book.steps.iter().flat_map(|step| &step.blocks).any(|block| block.id.as_deref() == Some(id));
    let omitted = book.omitted.iter().any(|one| !one.because.is_empty() && of(id, &one.id));
    step || part || omitted
}

/// Whether `id` is `whole` or a part of it.
fn of(id: &str, whole: &str) -> bool {
    let rest = id.strip_prefix(whole);
    rest.is_some_and(|rest| {
        rest.is_empty() || rest != "x" && rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '.')
    })
}

/// Holds a book to all of it.
pub(crate) fn hold(book: &Runbook, name: &str) {
    every_id_stands(book, name);
    no_id_stands_twice(book, name);
    parts_belong_to_their_step(book, name);
    blanks_are_quoted_and_listed(book, name);
    order_holds(book, name);
    guard_is_turned_on_again(book, name);
    recovery_host_is_left_alone(book, name);
    no_sentence_stands_twice(book, name);
    scripts_keep_the_environment(book, name);
}

/// Every block, with its step.
pub(crate) fn blocks(book: &Runbook) -> impl Iterator<Item = (&BookStep, &Block)> {
    book.steps.iter().flat_map(|step| step.blocks.iter().map(move |block| (step, block)))
}

fn position(book: &Runbook, id: &str) -> Option<usize> {
    book.steps.iter().position(|step| step.id == id)
}

fn every_id_stands(book: &Runbook, name: &str) {
    for id in IDS {
        assert!(stands(book, id), "{name}: {id} is missing");
    }
}

fn no_id_stands_twice(book: &Runbook, name: &str) {
    let mut ids: Vec<&str> = book.steps.iter().map(|step| step.id.as_str()).collect();
    ids.extend(book.omitted.iter().map(|one| one.id.as_str()));
    for id in &ids {
        assert!(IDS.contains(id), "{name}: {id}");
        assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{name}: {id}");
    }
    assert!(
        book.omitted.iter().all(|one| !one.title.is_empty() && !one.because.is_empty()),
        "{name}: {:?}",
        book.omitted
    );
}

fn parts_belong_to_their_step(book: &Runbook, name: &str) {
    for step in &book.steps {
        assert!(!step.title.is_empty() && !step.section.is_empty() && !step.place.is_empty(), "{name}: {}", step.id);
        for block in &step.blocks {
            let Some(part) = block.id.as_deref() else { continue };
            assert!(IDS.contains(&part) && of(part, &step.id), "{name}: {part} in {}", step.id);
            assert!(!book.omitted.iter().any(|one| one.id == part), "{name}: {part} is there and left out");
            assert!(!block.title.is_empty() || block.host.is_some(), "{name}: {part} has no title");
        }
    }
}

/// Check 3, but for what bash says.
fn blanks_are_quoted_and_listed(book: &Runbook, name: &str) {
    for (step, block) in blocks(book) {
        for line in &block.commands {
            for blank in &book.blanks {
                for (at, _) in line.match_indices(&blank.placeholder) {
                    let quotes = line.get(..at).map_or(0, |before| before.matches('\'').count());
                    assert!(quotes % 2 == 1, "{name}, {}: {line}", step.id);
                }
            }
            let known = book.blanks.iter().fold(line.clone(), |line, blank| line.replace(&blank.placeholder, ""));
            assert!(!known.contains('<'), "{name}, {}: {line}", step.id);
        }
    }
    for blank in &book.blanks {
        let used = |block: &Block| {
            let at = block.host.as_deref().is_some_and(|host| host.contains(&blank.placeholder));
            at || block.commands.iter().any(|line| line.contains(&blank.placeholder))
        };
        assert!(!blank.means.is_empty() && blocks(book).any(|(_, block)| used(block)), "{name}: {blank:?}");
    }
}

/// Check 5.
fn order_holds(book: &Runbook, name: &str) {
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
        if let (Some(first_at), Some(then_at)) = (position(book, first), position(book, then)) {
            assert!(first_at < then_at, "{name}: {first} before {then}");
        }
    }
}

/// Check 7.
fn guard_is_turned_on_again(book: &Runbook, name: &str) {
    assert_eq!(position(book, "R-19").is_some(), position(book, "R-21").is_some(), "{name}");
}

/// Check 1, for the Node; that of the Machine needs to know its name.
fn recovery_host_is_left_alone(book: &Runbook, name: &str) {
    let Some(host) = &book.recovery_host else { return };
    for (step, block) in blocks(book) {
        let mut lines =
            block.commands.iter().filter(|line| line.contains("delete node") || line.contains("delete machine"));
        assert!(!lines.any(|line| line.split_whitespace().any(|word| word == host.node)), "{name}, {}", step.id);
    }
}

fn no_sentence_stands_twice(book: &Runbook, name: &str) {
    let texts: Vec<&String> = book.steps.iter().flat_map(|step| &step.text).collect();
    for text in &texts {
        assert_eq!(texts.iter().filter(|other| other == &text).count(), 1, "{name}: {text}");
        assert!(text.len() < 240, "{name}: {text}");
    }
}

/// Check 14, its end.
fn scripts_keep_the_environment(book: &Runbook, name: &str) {
    let mut lines = blocks(book).flat_map(|(_, block)| &block.commands).filter(|line| line.contains("-restore.sh"));
    assert!(lines.all(|line| line.starts_with("sudo -E ")), "{name}");
}
