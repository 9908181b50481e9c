//! Every numbered step of the written procedure stands in the book, or is named there with the reason.

use document::Runbook;

use crate::cases;

/// Steps and lettered parts of a restore, of a backup, of the quorum and of the manual way; those of the seed's table, too.
const IDS: [&str; 89] = [
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

#[test]
fn every_step_and_part_stands_in_every_book_or_is_left_out_with_a_reason() {
    for world in cases::all() {
        let book = world.book();
        for id in IDS {
            assert!(stands(&book, id), "{}: {id} is missing", world.name);
        }
    }
}

#[test]
fn no_id_is_there_twice_nor_unknown_nor_without_a_title() {
    for world in cases::all() {
        let book = world.book();
        let mut ids: Vec<&str> = book.steps.iter().map(|step| step.id.as_str()).collect();
        ids.extend(book.omitted.iter().map(|one| one.id.as_str()));
        for id in &ids {
            assert!(IDS.contains(id), "{}: {id}", world.name);
            assert_eq!(ids.iter().filter(|other| *other == id).count(), 1, "{}: {id}", world.name);
        }
        for step in &book.steps {
            assert!(!step.title.is_empty() && !step.section.is_empty() && !step.place.is_empty(), "{}", step.id);
            for part in step.blocks.iter().filter_map(|block| block.id.as_deref()) {
                assert!(IDS.contains(&part) && of(part, &step.id), "{}: {part} in {}", world.name, step.id);
                assert!(!book.omitted.iter().any(|one| one.id == part), "{}: {part} is there and left out", world.name);
            }
        }
        assert!(book.omitted.iter().all(|one| !one.title.is_empty() && !one.because.is_empty()), "{:?}", book.omitted);
    }
}
